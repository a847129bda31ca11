//! Events: whatever calls a function, each function that reads events reads it.

use regex_lite::Regex;
use serde_json::{Value, json};
use signin_core::answer::Answer;
use signin_core::challenge::PrivateChallenge;
use signin_core::face_data::Model;
use signin_core::key::DocumentKey;
use signin_core::picture::inspect;
use signin_core::policy::Policy;
use signin_core::sign_up::Required;
use signin_lambda::pre_token_generation::UserPoolTier;
use signin_lambda::{
    Event, Refusal, create_auth_challenge, custom_resource, define_auth_challenge, object_created,
    post_confirmation, pre_signup, pre_token_generation, verify_auth_challenge,
};

use super::Target;
use crate::mutation::Form;
use crate::samples;

pub(super) const TARGET: Target = Target {
    name: "event",
    form: Form::Json,
    run,
    seeds,
    attempts: 10_000,
};

/// Sessions as [`earned`] spells them, at the limits of what is worth tokens and just beyond, each
/// with the step that its digits and letters stand for.
const SESSIONS: [(&str, &str); 22] = [
    ("FACE", ""),
    ("FACE", "S"),
    ("FACE", "SP"),
    ("FACE", "A"),
    ("FACE", "01C"),
    ("FACE", "012C"),
    ("FACE", "000000000A"),
    ("FACE", "0000000000A"),
    ("FACE", "0B1A"),
    ("FACE", "SA"),
    ("FACE", "PA"),
    ("FACE", "SPA"),
    ("FACE", "SP01C"),
    ("FACE", "SP012C"),
    ("FACE", "SPeEA"),
    ("FACE", "SPeEeA"),
    ("FACE", "eEA"),
    ("FACE", "SPeeeeeeeeeA"),
    ("FACE", "SPeeeeeeeE01C"),
    ("FACE", "SPeeeeeeeeeeA"),
    ("FACE_DATA", "01C"),
    ("FACE_DATA", "SPeE012C"),
];

fn seeds() -> Vec<Vec<u8>> {
    let sessions = SESSIONS.map(|(step, word)| session(step, word).to_string().into_bytes());
    samples::events().into_iter().chain(sessions).collect()
}

/// The event of define-auth-challenge with the session that a word spells.
fn session(step: &str, word: &str) -> Value {
    let entry = |(number, letter): (usize, char)| {
        let custom = |step: &str, wrong: u8| {
            let metadata = format!("{step}:{number:032x}:0:{wrong}");
            ("CUSTOM_CHALLENGE", Some(metadata))
        };
        let (name, metadata) = match letter {
            'S' => ("SRP_A", None),
            'P' => ("PASSWORD_VERIFIER", None),
            'e' | 'E' => custom("ENROL", 0),
            '1' | 'B' => custom(step, 1),
            '2' | 'C' => custom(step, 2),
            _ => custom(step, 0),
        };
        json!({
            "challengeName": name,
            "challengeResult": letter.is_ascii_uppercase(),
            "challengeMetadata": metadata,
        })
    };
    json!({
        "triggerSource": "DefineAuthChallenge_Authentication",
        "userName": "ada",
        "request": {"session": word.chars().enumerate().map(entry).collect::<Vec<Value>>()},
    })
}

/// Everything that a refusal ever says; all of it fixed, none of it taken from an event but how
/// many values of face data there were.
const REFUSALS: [&str; 12] = [
    "This event is not served here",
    "ClientMetadata.consent must be the version of the current consent text",
    "ClientMetadata.binding must be a SHA-256 in 64 hexadecimal digits",
    "ClientMetadata.faceData must not be sent: not every chain of the sign-in policy has FACE_DATA",
    "ClientMetadata.faceData must be face data of the model",
    "ClientMetadata.faceData: expected at most 131072 bytes of face data",
    "ClientMetadata.faceData: expected face data as {\"model\": \"",
    "ClientMetadata.faceData: expected face data of the model ",
    "ClientMetadata.faceData: expected 128 values of face data, found ",
    "ClientMetadata.faceData: expected 1404 values of face data, found ",
    "ClientMetadata.faceData: expected values of face data from -",
    "ClientMetadata.faceData: expected a mesh of points that are not all in one place",
];

/// Policies of one chain. (What several make of a session is searched by the rules' own tests.)
const POLICIES: [&str; 4] = ["FACE", "PASSWORD+FACE", "FACE_DATA", "PASSWORD+FACE_DATA"];

fn run(bytes: &[u8]) {
    // What is no JSON never reaches a function: the runtime refuses it.
    let Ok(sent) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    let policies = POLICIES.map(|policy| policy.parse::<Policy>().expect("it is one"));
    for policy in &policies {
        define(policy, &sent);
    }
    if let Ok(event) = Event::new(sent.clone()) {
        for policy in &policies {
            bland(create_auth_challenge::parse(policy, &event));
        }
        if let Some(answered) = verify_auth_challenge::parse(&event) {
            let parameter = answered.challenge.to_parameter();
            assert_eq!(
                PrivateChallenge::from_parameter(&parameter).as_ref(),
                Ok(&answered.challenge)
            );
            if let Ok(Answer::Inline(picture)) = Answer::parse(&answered.answer) {
                let _ = inspect(picture.as_slice());
            }
        }
        for face_data in [None, Some(Model::Descriptor128), Some(Model::Mesh468)] {
            let required = Required {
                consent: "1",
                optional: face_data.is_none(),
                face_data,
            };
            bland(pre_signup::parse(required, &event));
        }
        bland(post_confirmation::parse("1", &event));
        for tier in [UserPoolTier::Lite, UserPoolTier::Essentials] {
            bland(pre_token_generation::parse(&event, tier));
        }
        confirms_nothing(event);
    }
    if let Some(created) = bland(object_created::parse(sent.clone())) {
        for object in created {
            if let Some(key) = DocumentKey::parse(&object.key) {
                assert_eq!(key.to_string(), object.key);
            }
        }
    }
    resource(&sent);
}

/// A refusal says one of a few sentences, whatever was sent.
fn bland<T>(outcome: Result<T, Refusal>) -> Option<T> {
    match outcome {
        Ok(read) => Some(read),
        Err(refusal) => {
            let said = refusal.to_string();
            let known = REFUSALS.iter().any(|known| said.starts_with(known));
            assert!(known && said.len() < 100, "{said}");
            None
        }
    }
}

/// Tokens only for a session that the whitelist describes, one decision at most, and the event
/// back as it came.
fn define(policy: &Policy, sent: &Value) {
    let Some(mut back) = bland(define_auth_challenge::answer(policy, sent.clone())) else {
        assert!(!sent.is_object());
        return;
    };
    let response = back["response"].take();
    let issued = response["issueTokens"].as_bool().expect("a decision");
    let failed = response["failAuthentication"]
        .as_bool()
        .expect("a decision");
    let goes_on = match response["challengeName"].as_str() {
        None => false,
        Some(name) => ["PASSWORD_VERIFIER", "CUSTOM_CHALLENGE"].contains(&name),
    };
    let decisions = [issued, failed, goes_on];
    assert_eq!(
        decisions.iter().filter(|&&made| made).count(),
        1,
        "{response}"
    );
    assert!(!issued || earned(policy, sent), "{sent}");
    let mut expected = sent.clone();
    expected["response"] = Value::Null;
    assert_eq!(back, expected);
}

/// Whether an event describes a session that is worth tokens, said in another way than the
/// product says it: the session as a word, and a regular expression of the words allowed.
fn earned(policy: &Policy, event: &Value) -> bool {
    let request = &event["request"];
    let entries = request["session"].as_array().map_or(&[][..], Vec::as_slice);
    let step = if policy.to_string().ends_with("FACE_DATA") {
        "FACE_DATA"
    } else {
        "FACE"
    };
    let word: String = entries.iter().map(|entry| letter(step, entry)).collect();
    // Answers that did not pass before one or two comparisons were refused, and the one that did.
    let factor = "(0*A|0+1*B|0+1+C)";
    // The password, then rounds of enrolment that failed and one that did not.
    let password = "SPe*E?";
    let word_allowed = if policy.to_string().starts_with("PASSWORD") {
        format!("^{password}{factor}$")
    } else {
        format!("^({password})?{factor}$")
    };
    let allowed = Regex::new(&word_allowed).expect("an expression of ours");
    let mut ids: Vec<&str> = entries.iter().filter_map(id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    event["triggerSource"] == "DefineAuthChallenge_Authentication"
        && request["userNotFound"] != true
        && ids.len() == count
        && allowed.is_match(&word)
        // Ten entries that did not pass, for whatever reason, end a session.
        && word.matches(['e', '0', '1']).count() < 10
}

/// The id of a custom challenge; nothing else in a session has one.
fn id(entry: &Value) -> Option<&str> {
    if entry["challengeName"] != "CUSTOM_CHALLENGE" {
        return None;
    }
    entry["challengeMetadata"].as_str()?.split(':').nth(1)
}

/// An entry of a session as a letter, `?` for one that is not known: `e` and `E` for a round of
/// enrolment, `0` to `2` for an answer to the policy's step that did not pass after so many refused
/// comparisons, `A` to `C` for one that did.
fn letter(step: &str, entry: &Value) -> char {
    let Some(passed) = entry["challengeResult"].as_bool() else {
        return '?';
    };
    let known = |metadata: &str| {
        let parts: Vec<&str> = metadata.split(':').collect();
        let [name, id, "0", wrong] = parts[..] else {
            return None;
        };
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if id.len() != 32 || !id.bytes().all(hexadecimal) {
            return None;
        }
        let letters = match (name, wrong) {
            ("ENROL", "0") => ['e', 'E'],
            (name, "0") if name == step => ['0', 'A'],
            (name, "1") if name == step => ['1', 'B'],
            (name, "2") if name == step => ['2', 'C'],
            _ => return None,
        };
        Some(letters[usize::from(passed)])
    };
    match (
        entry["challengeName"].as_str(),
        entry["challengeMetadata"].as_str(),
        passed,
    ) {
        (Some("SRP_A"), _, true) => 'S',
        (Some("PASSWORD_VERIFIER"), _, true) => 'P',
        (Some("CUSTOM_CHALLENGE"), Some(metadata), _) => known(metadata).unwrap_or('?'),
        _ => '?',
    }
}

/// Whatever an event already claims as its response, pre-signup confirms nobody.
fn confirms_nothing(event: Event) {
    let response = pre_signup::respond(event)["response"].take();
    for claim in ["autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"] {
        assert_eq!(response[claim], json!(false));
    }
}

/// A custom resource whose sender can be told from the event gets an answer it can read.
fn resource(sent: &Value) {
    use custom_resource::{Made, Request};
    use signin_core::factor::email_code::CodeKey;

    let request = custom_resource::parse(sent);
    let Some(envelope) = bland(custom_resource::Envelope::read(sent)) else {
        return;
    };
    let outcome = request.map(|request| match request {
        Request::Ensure { collection } => Made::Collection(collection),
        Request::LayDecoy { bucket } => Made::Decoy {
            bucket,
            version: "1".to_owned(),
        },
        Request::DrawKey => Made::Key(CodeKey::from_random([7; 32])),
        Request::Remove { .. } | Request::RemoveDecoy { .. } | Request::RemoveNothing => {
            Made::Nothing
        }
    });
    let status = match outcome {
        Ok(_) => "SUCCESS",
        Err(_) => "FAILED",
    };
    let answer = envelope.answer(outcome.as_ref().map_err(String::as_str));
    let answer: Value = serde_json::from_str(&answer).expect("an answer is JSON");
    assert_eq!(answer["Status"], status);
    for (name, sent) in
        ["StackId", "RequestId", "LogicalResourceId"].map(|name| (name, &sent[name]))
    {
        assert_eq!(&answer[name], sent, "{name}");
    }
    assert!(answer["PhysicalResourceId"].is_string());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_session_is_spelt_as_it_is_read() {
        for (step, word) in SESSIONS {
            let event = session(step, word);
            let entries = event["request"]["session"].as_array().unwrap();
            let read: String = entries.iter().map(|entry| letter(step, entry)).collect();
            assert_eq!(read, word);
        }
        let policy = &"FACE".parse().unwrap();
        assert!(earned(policy, &session("FACE", "SPeE01C")));
        assert!(!earned(policy, &session("FACE", "012C")));
        assert!(!earned(policy, &session("FACE_DATA", "01C")));
    }
}
