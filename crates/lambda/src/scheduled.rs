//! `EventBridge`'s scheduled events: when a run is due.

use serde_json::Value;
use signin_core::time::Timestamp;

use crate::Refusal;

/// Reads the moment for which a run was scheduled. Anything but a schedule's event is refused.
pub fn parse(event: &Value) -> Result<Timestamp, Refusal> {
    let member = |name: &str| event.get(name).and_then(Value::as_str);
    let scheduled =
        member("source") == Some("aws.events") && member("detail-type") == Some("Scheduled Event");
    let time = member("time").filter(|_| scheduled);
    time.and_then(Timestamp::from_rfc3339)
        .ok_or_else(Refusal::unexpected_event)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event() -> Value {
        json!({
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": "2026-11-20T12:00:00Z",
            "region": "us-east-1",
            "resources": ["arn:aws:events:us-east-1:123456789012:rule/sweep"],
            "detail": {},
        })
    }

    #[test]
    fn a_schedules_event_says_when() {
        let due = parse(&event()).unwrap();
        assert_eq!(due.to_rfc3339(), "2026-11-20T12:00:00Z");
    }

    #[test]
    fn anything_else_is_refused() {
        for (name, value) in [
            ("source", json!("aws.s3")),
            ("detail-type", json!("Object Created")),
            ("time", json!("now")),
            ("time", Value::Null),
        ] {
            let mut changed = event();
            changed[name] = value;
            assert_eq!(parse(&changed), Err(Refusal::unexpected_event()), "{name}");
        }
        assert_eq!(parse(&Value::Null), Err(Refusal::unexpected_event()));
    }
}
