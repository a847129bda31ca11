//! Which attributes there are, and how they are read.

use std::collections::BTreeMap;

use crate::error::{ApiError, ApiResult};
use crate::requests::Attribute;
use crate::settings::PoolSettings;

/// Attributes of the OpenID Connect standard, which every pool has.
const STANDARD_ATTRIBUTES: &[&str] = &[
    "address",
    "birthdate",
    "email",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "picture",
    "preferred_username",
    "profile",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Attributes as a request gives them, told apart by what becomes of them.
pub(super) struct Given {
    /// Folded.
    pub(super) email: Option<String>,
    /// Given by administrators alone.
    pub(super) email_verified: Option<bool>,
    pub(super) others: BTreeMap<String, String>,
}

impl Given {
    /// Reads what an administrator gives, who may write everything that the schema has.
    pub(super) fn by_administrator(
        settings: &PoolSettings,
        attributes: Vec<Attribute>,
    ) -> ApiResult<Self> {
        Self::read(settings, attributes, true, |_| true)
    }

    /// Reads what a user gives through an app that may write these.
    pub(super) fn by_user(
        settings: &PoolSettings,
        attributes: Vec<Attribute>,
        writes: impl Fn(&str) -> bool,
    ) -> ApiResult<Self> {
        Self::read(settings, attributes, false, writes)
    }

    fn read(
        settings: &PoolSettings,
        attributes: Vec<Attribute>,
        administrator: bool,
        writes: impl Fn(&str) -> bool,
    ) -> ApiResult<Self> {
        let mut given = Self {
            email: None,
            email_verified: None,
            others: BTreeMap::new(),
        };
        for Attribute { name, value } in attributes {
            let value = value.unwrap_or_default();
            // Nobody may, whatever the app's permissions.
            if name == "sub" {
                return Err(ApiError::invalid_parameter(
                    "Cannot modify the non-mutable attribute sub",
                ));
            }
            if !writes(&name) {
                return Err(unwritable());
            }
            match (name.as_str(), value.as_str()) {
                ("email", _) => given.email = Some(settings.fold(&value)),
                ("email_verified", "true" | "True") if administrator => {
                    given.email_verified = Some(true);
                }
                ("email_verified", "false" | "False") if administrator => {
                    given.email_verified = Some(false);
                }
                ("email_verified", _) if administrator => {
                    return Err(ApiError::invalid_parameter(
                        "Invalid value for attribute email_verified.",
                    ));
                }
                (known, _) if STANDARD_ATTRIBUTES.contains(&known) => {
                    given.others.insert(name, value);
                }
                _ => return Err(not_in_the_schema()),
            }
        }
        if let Some(email) = &given.email
            && !looks_like_an_address(email)
        {
            return Err(ApiError::invalid_parameter("Invalid email address format."));
        }
        Ok(given)
    }
}

/// Whether an attribute can be taken away: all but those that make the account.
pub(super) fn check_removable(name: &str) -> ApiResult<()> {
    if matches!(name, "email" | "email_verified" | "sub") {
        Err(ApiError::invalid_parameter(format!(
            "Cannot delete the attribute {name}, by which users sign in."
        )))
    } else if STANDARD_ATTRIBUTES.contains(&name) {
        Ok(())
    } else {
        Err(not_in_the_schema())
    }
}

/// Something before and after one `@`, nothing blank: what mail can be sent to is for the mail to
/// show.
pub(super) fn looks_like_an_address(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    matches!(text.split_once('@'), Some((user, host))
        if !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.contains(blank)
}

/// The refusal of an account whose attributes have another address than its name.
pub(super) fn another_address() -> ApiError {
    ApiError::invalid_parameter(
        "User email should be empty or same as username, since username attribute is email.",
    )
}

pub(super) fn unwritable() -> ApiError {
    ApiError::not_authorized("A client attempted to write unauthorized attribute")
}

fn not_in_the_schema() -> ApiError {
    ApiError::invalid_parameter(
        "Attributes did not conform to the schema: Attribute does not exist in the schema.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_sides_and_no_blank() {
        assert!(looks_like_an_address("ada@example.org"));
        for text in ["", "ada", "@example.org", "ada@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!looks_like_an_address(text), "{text:?}");
        }
    }
}
