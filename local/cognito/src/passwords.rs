//! What a password must look like.

use rand::seq::SliceRandom as _;
use serde::Deserialize;

use crate::error::{ApiError, ApiResult, ErrorCode};

/// Characters that count as symbols, as the developer guide lists them.
const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";

/// What a password is made of here; nothing that looks like something else.
const UPPERCASE: &str = "ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWERCASE: &str = "abcdefghijkmnopqrstuvwxyz";
const DIGITS: &str = "23456789";

/// A pool's `PasswordPolicy`. The defaults are Cognito's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the service's own shape, one switch per kind of character"
)]
pub(crate) struct PasswordPolicy {
    minimum_length: usize,
    require_uppercase: bool,
    require_lowercase: bool,
    require_numbers: bool,
    require_symbols: bool,
    temporary_password_validity_days: Option<i64>,
}

/// Days that a temporary password is good for when the pool does not say.
const TEMPORARY_PASSWORD_DAYS: i64 = 7;

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum_length: 8,
            require_uppercase: true,
            require_lowercase: true,
            require_numbers: true,
            require_symbols: true,
            temporary_password_validity_days: None,
        }
    }
}

impl PasswordPolicy {
    /// Days that a temporary password is good for.
    pub(crate) fn temporary_validity_days(&self) -> i64 {
        // Zero means unset, as in the API.
        let days = self.temporary_password_validity_days;
        days.filter(|days| *days > 0)
            .unwrap_or(TEMPORARY_PASSWORD_DAYS)
    }

    /// A random password that conforms to every policy.
    pub(crate) fn generate(&self) -> String {
        let mut password: Vec<char> = [UPPERCASE, LOWERCASE, DIGITS, "!@#%&_-"]
            .iter()
            .flat_map(|kind| sample(kind, self.minimum_length.div_ceil(4).max(4)))
            .collect();
        password.shuffle(&mut rand::rng());
        password.into_iter().collect()
    }

    /// Refuses a password that does not conform, and says in what.
    pub(crate) fn check(&self, password: &str) -> ApiResult<()> {
        let has = |wanted: fn(char) -> bool| password.chars().any(wanted);
        let blank_at = |end: Option<char>| end.is_some_and(char::is_whitespace);
        let complaint =
            if blank_at(password.chars().next()) || blank_at(password.chars().next_back()) {
                r"Password must satisfy regular expression pattern: ^\S.*\S$"
            } else if password.chars().count() < self.minimum_length {
                "Password not long enough"
            } else if self.require_uppercase && !has(|c| c.is_ascii_uppercase()) {
                "Password must have uppercase characters"
            } else if self.require_lowercase && !has(|c| c.is_ascii_lowercase()) {
                "Password must have lowercase characters"
            } else if self.require_numbers && !has(|c| c.is_ascii_digit()) {
                "Password must have numeric characters"
            } else if self.require_symbols && !has(|c| SYMBOLS.contains(c)) {
                "Password must have symbol characters"
            } else {
                return Ok(());
            };
        Err(ApiError::new(
            ErrorCode::InvalidPassword,
            format!("Password did not conform with policy: {complaint}"),
        ))
    }
}

/// So many characters of a kind, at random.
fn sample(kind: &str, count: usize) -> Vec<char> {
    let kind: Vec<char> = kind.chars().collect();
    (0..count)
        .map(|_| kind[rand::random_range(0..kind.len())])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_made_conforms_to_the_policy_it_is_made_for() {
        for minimum_length in [6, 8, 12, 99] {
            let policy = PasswordPolicy {
                minimum_length,
                ..PasswordPolicy::default()
            };
            let password = policy.generate();
            assert_eq!(policy.check(&password), Ok(()));
            assert!(password.len() <= 256);
        }
    }

    #[test]
    fn each_demand_of_the_policy_is_made() {
        let policy = PasswordPolicy::default();
        for (password, complaint) in [
            ("Aa1!", "not long enough"),
            (" AAAAaaa1!", "pattern"),
            ("AAAAaaa1! ", "pattern"),
            ("aaaaaaa1!", "uppercase"),
            ("AAAAAAA1!", "lowercase"),
            ("AAAAaaaa!", "numeric"),
            ("AAAAaaaa1", "symbol"),
        ] {
            let refusal = policy.check(password).expect_err(password);
            assert!(
                refusal.message.contains(complaint),
                "{password}: {}",
                refusal.message
            );
        }
        assert_eq!(policy.check("AAAAaaa1!"), Ok(()));
    }
}
