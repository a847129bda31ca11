//! CloudFormation's custom resource: a request, and a response that must always be sent, since
//! a stack otherwise waits until its time is up.

use serde_json::{Value, json};

use crate::Refusal;

/// Where and to what an answer goes. It is read before anything else, so that even a request
/// that cannot be understood is answered.
pub struct Envelope {
    /// The presigned URL that the answer is put to. Whoever holds it can answer: never logged.
    pub response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
    physical_resource_id: Option<String>,
    requested: Option<String>,
}

/// What CloudFormation asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The collection shall exist.
    Ensure {
        /// Its id.
        collection: String,
    },
    /// The collection shall be gone, unless it is to be kept.
    Remove {
        /// Its id.
        collection: String,
        /// Whether it is to be kept.
        keep: bool,
    },
    /// A resource shall be gone that this function never made.
    RemoveNothing,
}

/// The physical id of a resource that could not be made, by which its removal is recognised.
const NOTHING: &str = "nothing-was-created";

impl Envelope {
    /// Reads where the answer goes; without that there is nobody to answer.
    pub fn read(event: &Value) -> Result<Self, Refusal> {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let required = |name: &str| text(name).ok_or_else(Refusal::unexpected_event);
        Ok(Self {
            response_url: required("ResponseURL")?,
            stack_id: required("StackId")?,
            request_id: required("RequestId")?,
            logical_resource_id: required("LogicalResourceId")?,
            physical_resource_id: text("PhysicalResourceId"),
            requested: collection_id(event).map(str::to_owned),
        })
    }

    /// The body of the answer. `made` is the collection that the resource now stands for;
    /// a failure's reason is one of ours, for the operator who reads the stack's events.
    pub fn answer(&self, outcome: Result<Option<&str>, &str>) -> String {
        let (status, reason, made) = match outcome {
            Ok(made) => ("SUCCESS", None, made),
            Err(reason) => ("FAILED", Some(reason), None),
        };
        // A creation that failed may have come far enough to leave a collection, so it stands for
        // the one it was asked for, and the stack's rollback removes that.
        let physical = made
            .or(self.physical_resource_id.as_deref())
            .or(self.requested.as_deref())
            .unwrap_or(NOTHING);
        json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": physical,
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
        })
        .to_string()
    }
}

/// Reads what is asked for; the error says what was expected.
pub fn request(event: &Value) -> Result<Request, &'static str> {
    let physical = event.get("PhysicalResourceId").and_then(Value::as_str);
    let collection = || {
        collection_id(event)
            .map(str::to_owned)
            .ok_or("expected CollectionId, 1 to 255 of letters, digits and _ . -")
    };
    match event.get("RequestType").and_then(Value::as_str) {
        Some("Create" | "Update") => Ok(Request::Ensure {
            collection: collection()?,
        }),
        Some("Delete") if physical == Some(NOTHING) => Ok(Request::RemoveNothing),
        Some("Delete") => {
            let keep = match property(event, "KeepOnDelete") {
                Some("true") => true,
                Some("false") => false,
                _ => return Err("expected KeepOnDelete, true or false"),
            };
            // What is removed is what the resource stands for: after a change of CollectionId
            // CloudFormation asks for the removal of the old one by its physical id.
            let collection = physical
                .filter(|id| is_collection_id(id))
                .ok_or("expected PhysicalResourceId, the collection's id")?;
            Ok(Request::Remove {
                collection: collection.to_owned(),
                keep,
            })
        }
        _ => Err("expected RequestType Create, Update or Delete"),
    }
}

fn property<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    event.get("ResourceProperties")?.get(name)?.as_str()
}

/// The collection that the template asks for.
fn collection_id(event: &Value) -> Option<&str> {
    property(event, "CollectionId").filter(|id| is_collection_id(id))
}

/// Rekognition's own rule for a collection's id.
fn is_collection_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=255).contains(&id.len()) && id.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, physical: Option<&str>, properties: &Value) -> Value {
        json!({
            "RequestType": kind,
            "ResponseURL": "http://127.0.0.1/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "FaceCollection",
            "ResourceType": "Custom::FaceCollection",
            "PhysicalResourceId": physical,
            "ResourceProperties": properties,
        })
    }

    #[test]
    fn create_update_and_delete_are_understood() {
        let properties = json!({"CollectionId": "faces", "KeepOnDelete": "true"});
        let ensure = Ok(Request::Ensure {
            collection: "faces".into(),
        });
        assert_eq!(request(&event("Create", None, &properties)), ensure);
        assert_eq!(request(&event("Update", Some("old"), &properties)), ensure);
        assert_eq!(
            request(&event("Delete", Some("old"), &properties)),
            Ok(Request::Remove {
                collection: "old".into(),
                keep: true
            })
        );
    }

    #[test]
    fn the_removal_of_what_was_never_made_succeeds() {
        let gone = event("Delete", Some(NOTHING), &json!({}));
        assert_eq!(request(&gone), Ok(Request::RemoveNothing));
        let failed = Envelope::read(&event("Create", None, &json!({}))).unwrap();
        assert!(failed.answer(Err("reason")).contains(NOTHING));
    }

    #[test]
    fn a_request_that_cannot_be_understood_is_answered_with_what_was_expected() {
        for (event, expected) in [
            (event("Create", None, &json!({})), "CollectionId"),
            (
                event("Create", None, &json!({"CollectionId": "a/b"})),
                "CollectionId",
            ),
            (
                event("Delete", Some("faces"), &json!({"CollectionId": "faces"})),
                "KeepOnDelete",
            ),
            (
                event("Delete", None, &json!({"KeepOnDelete": "true"})),
                "PhysicalResourceId",
            ),
            (event("Rename", None, &json!({})), "RequestType"),
        ] {
            let reason = request(&event).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
            let answer = Envelope::read(&event).unwrap().answer(Err(reason));
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["Status"], "FAILED");
            assert_eq!(answer["RequestId"], "request");
        }
    }

    #[test]
    fn a_resource_stands_for_its_collection() {
        let envelope = Envelope::read(&event("Update", Some("old"), &json!({}))).unwrap();
        let physical = |outcome| {
            let answer: Value = serde_json::from_str(&envelope.answer(outcome)).unwrap();
            answer["PhysicalResourceId"].as_str().unwrap().to_owned()
        };
        assert_eq!(physical(Ok(Some("new"))), "new");
        assert_eq!(physical(Err("reason")), "old");
        assert!(Envelope::read(&json!({"RequestType": "Create"})).is_err());
    }
}
