//! `DynamoDB`'s stream: which items were written.

use serde_json::Value;

use crate::Refusal;

/// Reads the keys, partition and sort, of the items that an event says were put there. What tells of a
/// change or a removal is passed over; an event that is none of the stream's is refused.
pub fn parse(event: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let records = event.get("Records").and_then(Value::as_array);
    let records = records.ok_or_else(Refusal::unexpected_event)?;
    let keys = records
        .iter()
        .filter(|record| record["eventName"] == "INSERT")
        .map(|record| {
            let key = |name: &str| record["dynamodb"]["Keys"][name]["S"].as_str();
            let key = key("PK").zip(key("SK"));
            let (partition, sort) = key.ok_or_else(Refusal::unexpected_event)?;
            Ok((partition.to_owned(), sort.to_owned()))
        });
    keys.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(what: &str) -> Value {
        json!({
            "eventID": "1",
            "eventName": what,
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": "us-east-1",
            "dynamodb": {
                "Keys": {"PK": {"S": "USER#ada"}, "SK": {"S": "MAIL#01"}},
                "SequenceNumber": "1",
                "SizeBytes": 20,
                "StreamViewType": "KEYS_ONLY",
            },
            "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/users/stream/1",
        })
    }

    #[test]
    fn the_keys_of_new_items_are_read_and_whatever_else_happened_is_passed_over() {
        let event = json!({"Records": [record("REMOVE"), record("INSERT"), record("MODIFY")]});
        let key = ("USER#ada".to_owned(), "MAIL#01".to_owned());
        assert_eq!(parse(&event), Ok(vec![key]));
        assert_eq!(parse(&json!({"Records": []})), Ok(vec![]));
    }

    #[test]
    fn what_is_no_event_of_the_stream_is_refused() {
        let mut keyless = record("INSERT");
        keyless["dynamodb"] = json!({});
        for event in [
            json!(null),
            json!({}),
            json!({"Records": null}),
            json!({"Records": [keyless]}),
        ] {
            assert_eq!(parse(&event), Err(Refusal::unexpected_event()), "{event}");
        }
    }
}
