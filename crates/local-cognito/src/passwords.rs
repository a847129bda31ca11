//! What a password must look like.

use serde::Deserialize;

use crate::error::{ApiError, ApiResult, ErrorCode};

/// Characters that count as symbols, as the developer guide lists them.
const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";

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
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum_length: 8,
            require_uppercase: true,
            require_lowercase: true,
            require_numbers: true,
            require_symbols: true,
        }
    }
}

impl PasswordPolicy {
    /// Refuses a password that does not conform, and says in what.
    pub(crate) fn check(&self, password: &str) -> ApiResult<()> {
        let has = |wanted: fn(char) -> bool| password.chars().any(wanted);
        let complaint = if password.chars().count() < self.minimum_length {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_demand_of_the_policy_is_made() {
        let policy = PasswordPolicy::default();
        for (password, complaint) in [
            ("Aa1!", "not long enough"),
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
