//! S3's events: which objects were created.

use aws_lambda_events::event::s3::S3Event;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use signin_core::round::Created;

use crate::Refusal;

/// Reads all records of an event that tell of a new object. A record that tells of anything
/// else, or names no object, is passed over; an event without any records (S3's test event) is
/// none at all.
pub fn parse(event: Value) -> Result<Vec<Created>, Refusal> {
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    let event: S3Event = serde_json::from_value(event).map_err(|_| Refusal::unexpected_event())?;
    let created = event.records.into_iter().filter_map(|record| {
        if !record.event_name?.starts_with("ObjectCreated:") {
            return None;
        }
        // S3 writes keys as HTML forms do: percent-encoded UTF-8, with `+` for a space.
        let encoded = record.s3.object.key?.replace('+', " ");
        Some(Created {
            bucket: record.s3.bucket.name?,
            key: percent_decode_str(&encoded)
                .decode_utf8()
                .ok()?
                .into_owned(),
            version: record
                .s3
                .object
                .version_id
                .filter(|version| !version.is_empty()),
        })
    });
    Ok(created.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(name: &str, key: &str, version: Option<&str>) -> Value {
        json!({
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "us-east-1",
            "eventTime": "2026-11-20T12:00:00.000Z",
            "eventName": name,
            "userIdentity": {"principalId": "P"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": "R", "x-amz-id-2": "I"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "C",
                "bucket": {"name": "documents", "ownerIdentity": {"principalId": "P"}, "arn": "A"},
                "object": {"key": key, "size": 1, "eTag": "e", "sequencer": "0", "versionId": version},
            },
        })
    }

    #[test]
    fn every_record_is_read_and_its_key_decoded() {
        let event = json!({"Records": [
            record("ObjectCreated:Put", "bulk/ada/my+passport%2B%C3%A4.jpg", Some("v1")),
            record("ObjectCreated:Post", "enrolments/01", None),
        ]});
        let created = parse(event).unwrap();
        assert_eq!(created[0].key, "bulk/ada/my passport+ä.jpg");
        assert_eq!(created[0].version.as_deref(), Some("v1"));
        assert_eq!(created[1].bucket, "documents");
        assert_eq!(created[1].version, None);
    }

    #[test]
    fn records_that_tell_of_no_new_object_are_passed_over() {
        let event = json!({"Records": [
            record("ObjectRemoved:Delete", "enrolments/01", None),
            record("ObjectCreated:Put", "%ff", None),
        ]});
        assert_eq!(parse(event), Ok(vec![]));
        let test = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "documents"});
        assert_eq!(parse(test), Ok(vec![]));
    }

    #[test]
    fn what_is_no_event_of_s3_is_refused() {
        for event in [
            json!(null),
            json!({}),
            json!({"Records": null}),
            json!({"Records": [{}]}),
        ] {
            assert!(parse(event.clone()).is_err(), "{event}");
        }
    }
}
