//! CloudFormation's custom resources: a request, and a response that must always be sent, since
//! a stack otherwise waits until its time is up.
//!
//! Three resources are asked for: the face collection, the decoy in the bucket of documents, and the key
//! from which the codes follow that are mailed. With the
//! collection comes the sign-in policy: a template's rules cannot say all that makes no sense of a list,
//! so that here is where a deployment ends whose functions would not start.

use serde_json::{Value, json};
use signin_core::face::Threshold;
use signin_core::factor::email_code::CodeKey;
use signin_core::key::DECOY;
use signin_core::policy::Policy;

use crate::Refusal;
use crate::settings::SignIn;

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
    /// The decoy shall lie in the bucket of documents.
    LayDecoy {
        /// The bucket.
        bucket: String,
    },
    /// The decoy shall be gone, in all its versions.
    RemoveDecoy {
        /// The bucket.
        bucket: String,
    },
    /// A key shall be drawn. It stays what it is until the resource is asked for anew.
    DrawKey,
    /// A resource shall be gone of which nothing lies anywhere: a key, or one that was never made.
    RemoveNothing,
}

/// What a resource stands for when its request was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// For nothing any more.
    Nothing,
    /// The collection of this id.
    Collection(String),
    /// The decoy, which the template asks for by `Version`.
    Decoy {
        /// The bucket it lies in.
        bucket: String,
        /// Its version.
        version: String,
    },
    /// A key, which the template asks for by `Key`. CloudFormation hands it to the functions that need it.
    Key(CodeKey),
}

/// The type that the template gives the key, and its physical id.
const KEY_TYPE: &str = "Custom::CodeKey";

/// The type that the template gives the decoy.
const DECOY_TYPE: &str = "Custom::Decoy";

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
            requested: if is_decoy(event) {
                bucket(event).map(decoy_id)
            } else {
                collection_id(event).map(str::to_owned)
            },
        })
    }

    /// The body of the answer: what the resource now stands for. A failure's reason is one of
    /// ours, for the operator who reads the stack's events.
    pub fn answer(&self, outcome: Result<&Made, &str>) -> String {
        let (status, reason) = match outcome {
            Ok(_) => ("SUCCESS", None),
            Err(reason) => ("FAILED", Some(reason)),
        };
        let (made, data) = match outcome {
            Ok(Made::Collection(id)) => (Some(id.clone()), None),
            Ok(Made::Decoy { bucket, version }) => {
                (Some(decoy_id(bucket)), Some(json!({"Version": version})))
            }
            Ok(Made::Key(key)) => (
                Some(KEY_TYPE.to_owned()),
                Some(json!({"Key": key.to_hex().as_str()})),
            ),
            Ok(Made::Nothing) | Err(_) => (None, None),
        };
        // A creation that failed may have come far enough to leave something, so it stands for
        // what it was asked for, and the stack's rollback removes that.
        let physical = made
            .as_deref()
            .or(self.physical_resource_id.as_deref())
            .or(self.requested.as_deref())
            .unwrap_or(NOTHING);
        let mut answer = json!({
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": physical,
            "StackId": self.stack_id,
            "RequestId": self.request_id,
            "LogicalResourceId": self.logical_resource_id,
        });
        if let Some(data) = data {
            answer["Data"] = data;
        }
        if let Ok(Made::Key(_)) = outcome {
            // It is shown to nobody who looks at the stack.
            answer["NoEcho"] = json!(true);
        }
        answer.to_string()
    }
}

/// Reads what is asked for; the error says what was expected.
pub fn parse(event: &Value) -> Result<Request, String> {
    let physical = event.get("PhysicalResourceId").and_then(Value::as_str);
    let collection = || {
        collection_id(event)
            .map(str::to_owned)
            .ok_or("expected CollectionId, 1 to 255 of letters, digits and _ . -")
    };
    match event.get("RequestType").and_then(Value::as_str) {
        Some("Create" | "Update") if is_decoy(event) => {
            let bucket = bucket(event).ok_or("expected Bucket, the name of a bucket")?;
            Ok(Request::LayDecoy {
                bucket: bucket.to_owned(),
            })
        }
        Some("Create" | "Update") if is_key(event) => Ok(Request::DrawKey),
        Some("Create" | "Update") => {
            has_a_policy(event)?;
            Ok(Request::Ensure {
                collection: collection()?,
            })
        }
        Some("Delete") if physical == Some(NOTHING) => Ok(Request::RemoveNothing),
        Some("Delete") if is_key(event) => Ok(Request::RemoveNothing),
        Some("Delete") if is_decoy(event) => {
            let bucket = physical
                .and_then(|id| id.strip_suffix(DECOY)?.strip_suffix('/'))
                .filter(|bucket| is_bucket(bucket))
                .ok_or("expected PhysicalResourceId, the decoy's bucket and key")?;
            Ok(Request::RemoveDecoy {
                bucket: bucket.to_owned(),
            })
        }
        Some("Delete") => {
            let keep = match property(event, "KeepOnDelete") {
                Some("true") => true,
                Some("false") => false,
                _ => return Err("expected KeepOnDelete, true or false".to_owned()),
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
        _ => Err("expected RequestType Create, Update or Delete".to_owned()),
    }
}

/// Whether the stack's sign-in policy is one that its functions start with; why not, otherwise.
fn has_a_policy(event: &Value) -> Result<(), String> {
    let given = |name| property(event, name).ok_or_else(|| format!("expected {name}"));
    let policy = given("SignInPolicy")?.parse::<Policy>();
    let policy = policy.map_err(|error| format!("SignInPolicy: {error}"))?;
    let threshold = given("SimilarityThreshold")?.parse::<Threshold>();
    let threshold = threshold.map_err(|error| format!("SimilarityThreshold: {error}"))?;
    let mails = !given("MailFrom")?.is_empty();
    SignIn::is_deployable(policy, threshold, mails).map_err(|error| error.to_string())
}

fn property<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    event.get("ResourceProperties")?.get(name)?.as_str()
}

/// The collection that the template asks for.
fn collection_id(event: &Value) -> Option<&str> {
    property(event, "CollectionId").filter(|id| is_collection_id(id))
}

fn is_decoy(event: &Value) -> bool {
    event.get("ResourceType").and_then(Value::as_str) == Some(DECOY_TYPE)
}

fn is_key(event: &Value) -> bool {
    event.get("ResourceType").and_then(Value::as_str) == Some(KEY_TYPE)
}

/// The bucket that the template asks for.
fn bucket(event: &Value) -> Option<&str> {
    property(event, "Bucket").filter(|name| is_bucket(name))
}

/// The physical id of the decoy in a bucket.
fn decoy_id(bucket: &str) -> String {
    format!("{bucket}/{DECOY}")
}

/// S3's own rule for a bucket's name.
fn is_bucket(name: &str) -> bool {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
    };
    (3..=63).contains(&name.len()) && name.bytes().all(allowed)
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

    /// Properties with those that a policy is checked with.
    fn with(mut properties: Value) -> Value {
        properties["SimilarityThreshold"] = json!("99");
        properties["MailFrom"] = json!("");
        properties
    }

    #[test]
    fn create_update_and_delete_are_understood() {
        let properties =
            with(json!({"CollectionId": "faces", "KeepOnDelete": "true", "SignInPolicy": "FACE"}));
        let ensure = Ok(Request::Ensure {
            collection: "faces".into(),
        });
        assert_eq!(parse(&event("Create", None, &properties)), ensure);
        assert_eq!(parse(&event("Update", Some("old"), &properties)), ensure);
        assert_eq!(
            parse(&event("Delete", Some("old"), &properties)),
            Ok(Request::Remove {
                collection: "old".into(),
                keep: true
            })
        );
    }

    #[test]
    fn the_removal_of_what_was_never_made_succeeds() {
        let gone = event("Delete", Some(NOTHING), &json!({}));
        assert_eq!(parse(&gone), Ok(Request::RemoveNothing));
        let failed = Envelope::read(&event("Create", None, &json!({}))).unwrap();
        assert!(failed.answer(Err("reason")).contains(NOTHING));
    }

    #[test]
    fn a_request_that_cannot_be_understood_is_answered_with_what_was_expected() {
        for (event, expected) in [
            (
                event("Create", None, &with(json!({"SignInPolicy": "FACE"}))),
                "CollectionId",
            ),
            (
                event(
                    "Create",
                    None,
                    &with(json!({"CollectionId": "a/b", "SignInPolicy": "FACE"})),
                ),
                "CollectionId",
            ),
            (
                event("Update", None, &json!({"CollectionId": "faces"})),
                "expected SignInPolicy",
            ),
            (
                event(
                    "Create",
                    None,
                    &with(json!({"CollectionId": "faces", "SignInPolicy": "FACE,PASSWORD+FACE"})),
                ),
                "SignInPolicy: FACE makes PASSWORD+FACE pointless",
            ),
            (
                event(
                    "Create",
                    None,
                    &with(json!({"CollectionId": "faces", "SignInPolicy": "PASSWORD+EMAIL_CODE"})),
                ),
                "set MailFrom and MailSourceArn as well",
            ),
            (
                event(
                    "Create",
                    None,
                    &json!({
                        "CollectionId": "faces",
                        "SignInPolicy": "PASSWORD+FACE_DATA+EMAIL_CODE",
                        "SimilarityThreshold": "98",
                        "MailFrom": "sign-in@example.com",
                    }),
                ),
                "setting SIMILARITY_THRESHOLD: expected 99 to 100",
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
            let reason = parse(&event).unwrap_err();
            assert!(reason.contains(expected), "{reason}");
            let answer = Envelope::read(&event).unwrap().answer(Err(&reason));
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["Status"], "FAILED");
            assert_eq!(answer["RequestId"], "request");
        }
    }

    #[test]
    fn a_resource_stands_for_its_collection() {
        let envelope = Envelope::read(&event("Update", Some("old"), &json!({}))).unwrap();
        let physical = |outcome: Result<&Made, &str>| {
            let answer: Value = serde_json::from_str(&envelope.answer(outcome)).unwrap();
            assert!(answer.get("Data").is_none());
            answer["PhysicalResourceId"].as_str().unwrap().to_owned()
        };
        assert_eq!(physical(Ok(&Made::Collection("new".to_owned()))), "new");
        assert_eq!(physical(Ok(&Made::Nothing)), "old");
        assert_eq!(physical(Err("reason")), "old");
        assert!(Envelope::read(&json!({"RequestType": "Create"})).is_err());
    }

    fn decoy(kind: &str, physical: Option<&str>, properties: &Value) -> Value {
        let mut event = event(kind, physical, properties);
        event["ResourceType"] = json!(DECOY_TYPE);
        event
    }

    #[test]
    fn the_decoy_stands_for_its_bucket_and_says_its_version() {
        let properties = json!({"Bucket": "documents"});
        for kind in ["Create", "Update"] {
            let lay = Request::LayDecoy {
                bucket: "documents".to_owned(),
            };
            assert_eq!(parse(&decoy(kind, None, &properties)), Ok(lay));
        }
        let created = Envelope::read(&decoy("Create", None, &properties)).unwrap();
        let made = Made::Decoy {
            bucket: "documents".to_owned(),
            version: "v1".to_owned(),
        };
        let read = |answer: String| serde_json::from_str::<Value>(&answer).unwrap();
        let answer = read(created.answer(Ok(&made)));
        assert_eq!(answer["Data"], json!({"Version": "v1"}));
        // One that failed stands for the same, so that a rollback finds what it may have laid.
        let failed = read(created.answer(Err("reason")));
        assert_eq!(failed["PhysicalResourceId"], answer["PhysicalResourceId"]);

        let id = answer["PhysicalResourceId"].as_str();
        let remove = Request::RemoveDecoy {
            bucket: "documents".to_owned(),
        };
        assert_eq!(parse(&decoy("Delete", id, &json!({}))), Ok(remove));
    }

    #[test]
    fn a_key_is_told_to_the_stack_alone() {
        let asked = |kind, physical| {
            let mut event = event(kind, physical, &json!({}));
            event["ResourceType"] = json!(KEY_TYPE);
            event
        };
        for kind in ["Create", "Update"] {
            assert_eq!(parse(&asked(kind, None)), Ok(Request::DrawKey));
        }
        let key = CodeKey::from_random([7; 32]);
        let envelope = Envelope::read(&asked("Create", None)).unwrap();
        let answer = envelope.answer(Ok(&Made::Key(key)));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["Data"], json!({"Key": "07".repeat(32)}));
        assert_eq!(answer["NoEcho"], json!(true));
        // Drawn anew, it is the same resource: nothing of the old one is to be removed.
        let id = answer["PhysicalResourceId"].as_str();
        assert_eq!(parse(&asked("Delete", id)), Ok(Request::RemoveNothing));
    }

    #[test]
    fn a_decoy_for_no_bucket_is_refused() {
        for properties in [json!({}), json!({"Bucket": "a/b"}), json!({"Bucket": "no"})] {
            let reason = parse(&decoy("Create", None, &properties)).unwrap_err();
            assert!(reason.contains("Bucket"), "{reason}");
        }
        for physical in [None, Some("documents"), Some("/decoy/drawn-face.jpg")] {
            let reason = parse(&decoy("Delete", physical, &json!({}))).unwrap_err();
            assert!(reason.contains("PhysicalResourceId"), "{reason}");
        }
    }
}
