//! The key of a stack's root user.

use std::fmt;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use rustix::rand::{GetRandomFlags, getrandom};

/// Random bytes in a secret: more than anybody guesses.
const SECRET: usize = 32;
/// Random bytes in an access key id, which only has to be another than the last stack's.
const ID: usize = 8;

/// A key, made for one stack at its start. It is written into the stack's outputs and nowhere
/// else; `Debug` shows nothing of its secret.
#[derive(Clone)]
pub(crate) struct Keys {
    id: String,
    secret: String,
}

impl Keys {
    /// A key that nobody has had before.
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            id: format!("LOCAL{}", random::<ID>()?.to_uppercase()),
            secret: random::<SECRET>()?,
        })
    }

    /// What a client needs of it.
    pub(crate) fn outputs(&self) -> [(String, String); 2] {
        [
            ("AccessKeyId".to_owned(), self.id.clone()),
            ("SecretAccessKey".to_owned(), self.secret.clone()),
        ]
    }

    /// Gives it to a program, which finds it where AWS's tools look first. Its arguments would be
    /// everybody's to read.
    pub(crate) fn give_to<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("AWS_ACCESS_KEY_ID", &self.id)
            .env("AWS_SECRET_ACCESS_KEY", &self.secret)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Keys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

fn random<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    let got = getrandom(&mut bytes, GetRandomFlags::empty())
        .context("cannot make a key: the system gives no random numbers")?;
    ensure!(
        got == N,
        "cannot make a key: the system gives too few random numbers"
    );
    Ok(hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_stack_has_a_key_of_its_own() {
        let (one, other) = (Keys::new().unwrap(), Keys::new().unwrap());
        assert_ne!(one.id, other.id);
        assert_ne!(one.secret, other.secret);
        assert_eq!(one.secret.len(), 2 * SECRET);
    }

    #[test]
    fn nothing_of_a_secret_is_printed() {
        let keys = Keys::new().unwrap();
        assert!(!format!("{keys:?}").contains(&keys.secret));
    }
}
