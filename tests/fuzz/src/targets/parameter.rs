//! What comes back to the functions from places they wrote it to: keys, names, the private
//! challenge, the session's notes.

use serde_json::json;
use signin_core::answer::MAX_ANSWER;
use signin_core::challenge::PrivateChallenge;
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::policy::Policy;
use signin_core::secret::Sha256Digest;
use signin_core::step::{MAX_WRONG, Metadata};

use super::Target;
use crate::mutation::Form;
use crate::samples::{ID, private_challenges};

pub(super) const TARGET: Target = Target {
    name: "parameter",
    form: Form::Json,
    run,
    seeds,
    attempts: 50_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let user = "b5a7c2de-0000-4000-8000-123456789abc";
    let texts = [
        format!("enrolments/{ID}"),
        format!("sign-in/{ID}"),
        "bulk/ada@example.org/my passport.jpg".to_owned(),
        format!("ENROL:{ID}"),
        format!("FACE:{ID}"),
        format!("FACE_DATA:{ID}"),
        "PASSWORD+FACE".to_owned(),
        user.to_owned(),
        ID.to_owned(),
        Sha256Digest::of(b"secret").to_hex(),
        json!({"id": ID, "expiresAt": 0, "key": "", "task": {}}).to_string(),
    ];
    let texts = texts.into_iter().chain(private_challenges());
    texts.map(String::into_bytes).collect()
}

/// Whatever is understood prints back to the very text it was read from: there are no two ways
/// to write the same key, and nothing is lost or made up between two functions.
fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.len() > MAX_ANSWER {
        return;
    }
    let same = |read: Option<String>| assert!(read.is_none_or(|read| read == text), "{text:?}");
    same(ChallengeId::parse(text).ok().map(|id| id.to_string()));
    same(EnrolmentId::parse(text).ok().map(|id| id.to_string()));
    same(
        UserName::parse(text)
            .ok()
            .map(|name| name.as_str().to_owned()),
    );
    same(Metadata::parse(text).map(|metadata| metadata.to_string()));
    // A chain that is named twice counts once.
    if let Ok(policy) = text.parse::<Policy>() {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    let digest = Sha256Digest::from_hex(text).map(Sha256Digest::to_hex);
    assert!(digest.is_none_or(|digest| digest.eq_ignore_ascii_case(text)));
    if let Some(key) = DocumentKey::parse(text) {
        same(Some(key.to_string()));
        // Each part stands alone: none holds what separates it from the next.
        let parts = match key {
            DocumentKey::Enrolment(_) => 2,
            DocumentKey::Bulk { .. } => 3,
        };
        assert_eq!(text.split('/').count(), parts);
        assert!(!text.starts_with(key::SIGN_INS));
    }
    if let Ok(challenge) = PrivateChallenge::from_parameter(text) {
        let read = PrivateChallenge::from_parameter(&challenge.to_parameter());
        assert_eq!(read.as_ref(), Ok(&challenge));
        let metadata = challenge.metadata(0, MAX_WRONG);
        assert_eq!(Metadata::parse(&metadata.to_string()), Some(metadata));
    }
}
