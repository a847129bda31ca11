//! A stack's key, and those of its functions, which follow from it.

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What the access key ids of temporary credentials begin with, as AWS has it.
const TEMPORARY: &str = "ASIA";

/// An access key. `Debug` shows its id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token, which temporary keys have.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The key of a stack's root user, who may do everything in it.
#[derive(Clone, Debug)]
pub struct StackKey(Credentials);

impl StackKey {
    /// The key that the stack was started with.
    pub fn new(access_key_id: String, secret_access_key: String) -> Self {
        Self(Credentials {
            access_key_id,
            secret_access_key,
            session_token: None,
        })
    }

    /// The root user's credentials.
    pub fn root(&self) -> Credentials {
        self.0.clone()
    }

    /// The credentials behind an access key id: the root user's, or those of a function's role,
    /// which `local/deployment/aws.py` makes by the same rule. Nothing for any other.
    pub fn caller(&self, access_key_id: &str) -> Option<Credentials> {
        if access_key_id == self.0.access_key_id {
            return Some(self.0.clone());
        }
        access_key_id.starts_with(TEMPORARY).then(|| Credentials {
            access_key_id: access_key_id.to_owned(),
            secret_access_key: self.derived("secret", access_key_id),
            session_token: Some(self.derived("token", access_key_id)),
        })
    }

    /// The access key id of a function's role, by both their names, as `local/deployment/aws.py`
    /// makes it.
    pub fn id_of_function(&self, function: &str, role: &str) -> String {
        let mut mac = self.keyed();
        mac.update(format!("function:{function}:{role}").as_bytes());
        let derived = hex::encode_upper(mac.finalize().into_bytes());
        format!("{TEMPORARY}{}", &derived[..16])
    }

    /// Whether an access key id is the root user's.
    pub fn is_root(&self, access_key_id: &str) -> bool {
        access_key_id == self.0.access_key_id
    }

    /// Whether a request shows the root user's secret: `Authorization: Bearer <secret>`.
    pub fn is_shown(&self, headers: &HeaderMap) -> bool {
        let mut shown = headers.get_all(AUTHORIZATION).iter();
        match (shown.next(), shown.next()) {
            (Some(only), None) => only
                .as_bytes()
                .strip_prefix(b"Bearer ")
                .is_some_and(|shown| {
                    // Compared as digests under a key, so that the time says nothing of the secret.
                    let mut mac = self.keyed();
                    mac.update(shown);
                    let mut own = self.keyed();
                    own.update(self.0.secret_access_key.as_bytes());
                    mac.verify(&own.finalize().into_bytes()).is_ok()
                }),
            _ => false,
        }
    }

    fn derived(&self, what: &str, access_key_id: &str) -> String {
        let mut mac = self.keyed();
        mac.update(format!("{what}:{access_key_id}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }

    fn keyed(&self) -> Hmac<Sha256> {
        keyed(self.0.secret_access_key.as_bytes())
    }
}

/// HMAC-SHA256 under a key.
pub(crate) fn keyed(key: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "it is so")]
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::HeaderValue;

    use super::*;

    fn key() -> StackKey {
        StackKey::new("LOCAL1".to_owned(), "s3cret".to_owned())
    }

    fn showing(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_secret_is_shown_whole_and_once() {
        assert!(key().is_shown(&showing(&["Bearer s3cret"])));
        for not in [
            &["Bearer s3cre"][..],
            &["Bearer s3cret2"],
            &["Bearer "],
            &["Bearer"],
            &["s3cret"],
            &["Basic s3cret"],
            &["bearer s3cret"],
            &["Bearer s3cret", "Bearer s3cret"],
            &[],
        ] {
            assert!(!key().is_shown(&showing(not)), "{not:?}");
        }
    }

    #[test]
    fn a_functions_key_follows_from_the_stacks_and_from_nothing_public() {
        let one = key().caller("ASIA0123456789ABCDEF").unwrap();
        let another_stack = StackKey::new("LOCAL1".to_owned(), "other".to_owned());
        let other = another_stack.caller("ASIA0123456789ABCDEF").unwrap();
        assert_ne!(one.secret_access_key, other.secret_access_key);
        assert_ne!(one.session_token, other.session_token);
        assert_ne!(Some(&one.secret_access_key), one.session_token.as_ref());
    }

    /// `local/deployment/aws.py` has the same rule; this is what Python's `hmac` makes of it.
    #[test]
    fn a_functions_key_is_the_one_that_the_local_aws_gives_it() {
        let credentials = key().caller("ASIA0123456789ABCDEF").unwrap();
        assert_eq!(credentials.secret_access_key, SECRET_OF_PYTHON);
        assert_eq!(credentials.session_token.unwrap(), TOKEN_OF_PYTHON);
    }

    const SECRET_OF_PYTHON: &str =
        "fc1e8819b67958d8bc493380c79c927746beab7a96e4553541e68b98388bf795";
    const TOKEN_OF_PYTHON: &str =
        "f21c91088ec690c6d0156ae8f4bc4495ffc38520b65d7da50f88a671b0e0cea1";

    #[test]
    fn published_keys_and_account_numbers_open_nothing() {
        for id in [
            "test",
            "",
            "000000000000",
            "local-developer",
            "LOCAL",
            "LOCAL11",
            "AKIALOCAL1",
        ] {
            assert_eq!(key().caller(id), None, "{id}");
        }
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert!(!format!("{:?}", key()).contains("s3cret"));
        let caller = key().caller("ASIA0123456789ABCDEF").unwrap();
        assert!(!format!("{caller:?}").contains(&caller.secret_access_key));
    }
}
