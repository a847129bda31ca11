//! A Cognito trigger's event: read with care, answered by filling in its `response`.
//!
//! The event itself goes back unchanged but for the response, as Cognito wants it, unknown
//! fields included.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use signin_core::id::{ClientId, UserName, UserPoolId};
use signin_core::secret::Sha256Digest;
use signin_core::session::Entry;
use signin_core::step::Metadata;

use aws_lambda_events::event::cognito::CognitoEventUserPoolsChallengeResult as ChallengeResult;

use crate::Refusal;

/// The most entries of a session that are read. The longest that can be of use has 13 (SRP's
/// two, nine that did not pass, a passed enrolment, a passed face); a longer one is passed on as
/// one entry that nothing knows.
const MAX_SESSION: usize = 32;

/// A trigger's event. It has no `Debug`: it carries answers, attributes and metadata.
pub struct Event(Map<String, Value>);

impl Event {
    /// Takes an event that is a JSON object; anything else cannot be answered.
    pub fn new(event: Value) -> Result<Self, Refusal> {
        match event {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(Refusal::unexpected_event()),
        }
    }

    /// `triggerSource`; empty where there is none.
    pub fn trigger_source(&self) -> &str {
        self.text("triggerSource").unwrap_or_default()
    }

    /// `version`; empty where there is none.
    pub(crate) fn version(&self) -> &str {
        self.text("version").unwrap_or_default()
    }

    /// An entry of `request.clientMetadata`: what a client sends beside a call.
    pub(crate) fn client_metadata(&self, name: &str) -> Option<&str> {
        let metadata = self.0.get("request")?.get("clientMetadata")?;
        metadata.get(name)?.as_str()
    }

    /// `userPoolId`.
    pub(crate) fn pool(&self) -> Result<UserPoolId, Refusal> {
        self.text("userPoolId")
            .and_then(|pool| UserPoolId::parse(pool).ok())
            .ok_or_else(Refusal::unexpected_event)
    }

    /// `userName`.
    pub fn user(&self) -> Result<UserName, Refusal> {
        self.text("userName")
            .and_then(|name| UserName::parse(name).ok())
            .ok_or_else(Refusal::unexpected_event)
    }

    /// The app client: `callerContext.clientId`.
    pub(crate) fn client(&self) -> Result<ClientId, Refusal> {
        let context = self.0.get("callerContext");
        context
            .and_then(|context| context.get("clientId")?.as_str())
            .and_then(|client| ClientId::parse(client).ok())
            .ok_or_else(Refusal::unexpected_event)
    }

    /// The digest of what is asked, by which a repeat is known.
    pub(crate) fn digest(&self) -> Sha256Digest {
        let asked = ["triggerSource", "userName", "callerContext", "request"];
        let asked = asked.map(|field| self.0.get(field).unwrap_or(&Value::Null));
        Sha256Digest::of(
            Value::from_iter(asked.map(Value::clone))
                .to_string()
                .as_bytes(),
        )
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str)
    }

    /// `request`, in the type that the library has for it.
    pub(crate) fn request<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(self.0.get("request")?).ok()
    }

    /// The event with these fields of its response set.
    pub(crate) fn respond<const N: usize>(mut self, fields: [(&str, Value); N]) -> Value {
        let response = self.0.entry("response").or_insert(Value::Null);
        if !response.is_object() {
            *response = Value::Object(Map::new());
        }
        if let Value::Object(response) = response {
            response.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        }
        Value::Object(self.0)
    }
}

/// Reads a session's entries. What is not exactly an entry that the rules know (nulls and
/// missing fields included) becomes [`Entry::Unknown`], which ends a session.
pub(crate) fn entries(session: &[Option<ChallengeResult>]) -> Vec<Entry> {
    if session.len() > MAX_SESSION {
        return vec![Entry::Unknown];
    }
    session
        .iter()
        .map(|result| result.as_ref().map_or(Entry::Unknown, entry))
        .collect()
}

fn entry(result: &ChallengeResult) -> Entry {
    let passed = result.challenge_result;
    match result.challenge_name.as_deref() {
        Some("SRP_A") => Entry::SrpA { passed },
        Some("PASSWORD_VERIFIER") => Entry::PasswordVerifier { passed },
        Some("CUSTOM_CHALLENGE") => match result.challenge_metadata.as_deref().map(Metadata::parse)
        {
            Some(Some(metadata)) => Entry::Custom { passed, metadata },
            _ => Entry::Unknown,
        },
        _ => Entry::Unknown,
    }
}

/// A session as the example events write it, for the tests of this crate.
#[cfg(test)]
pub(crate) fn custom_entry(step: &str, number: u8, passed: bool) -> Value {
    let id = signin_core::id::ChallengeId::from_random([number; 16]);
    serde_json::json!({
        "challengeName": "CUSTOM_CHALLENGE",
        "challengeResult": passed,
        "challengeMetadata": format!("{step}:{id}:0:0"),
    })
}
