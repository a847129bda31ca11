//! What the service's API model says of requests: which members they have, and what each may be.
//!
//! It is looked at before anything else of a request, as Cognito does, and all that is wrong is said
//! at once. The source is the model `cognito-idp` of 2016-04-18, as botocore carries it; that every
//! operation's members are here and held to their bounds is shown against the model itself by
//! `tests/conformance/constraints.py`.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::Regex;
use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult, ErrorCode};

/// What a value may be.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Text(Text),
    /// One of these.
    Word(&'static [&'static str]),
    /// A whole number from the first to the second.
    Number(i64, i64),
    Flag,
    List(&'static Shape),
    /// Strings by strings, each of which is of this shape.
    Map(Text),
    Structure(&'static [Member]),
}

/// A string.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    /// The fewest characters, where the model says so.
    least: Option<usize>,
    /// The most.
    most: Option<usize>,
    /// All of it must be so: a regular expression as Java reads it.
    pattern: Option<&'static str>,
    /// Whether a refusal repeats the value.
    sensitive: bool,
}

/// A structure's member.
#[derive(Clone, Copy)]
pub(crate) struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// A member that must be there.
pub(crate) const fn required(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

/// A member that need not be there.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

/// A string: the fewest and the most characters, a pattern, and whether a refusal keeps the value to
/// itself.
pub(crate) const fn text(
    least: Option<usize>,
    most: Option<usize>,
    pattern: Option<&'static str>,
    sensitive: bool,
) -> Shape {
    Shape::Text(Text {
        least,
        most,
        pattern,
        sensitive,
    })
}

/// Users that one page of `ListUsers` may hold.
pub(crate) const MAX_LISTED: u8 = 60;

/// What a user name is made of.
const NAME_PATTERN: &str = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+";

/// Characters that a value of a map of strings may have.
pub(crate) const MAX_STRING: usize = 131_072;

/// The model's `StringType`.
const STRING: Text = Text {
    least: Some(0),
    most: Some(MAX_STRING),
    pattern: None,
    sensitive: false,
};

pub(crate) const ACCESS_TOKEN: Shape = text(None, None, Some("[A-Za-z0-9-_=.]+"), true);
pub(crate) const ANALYTICS_METADATA: Shape =
    Shape::Structure(&[optional("AnalyticsEndpointId", Shape::Text(STRING))]);
pub(crate) const ATTRIBUTE_NAME: Shape = text(
    Some(1),
    Some(32),
    Some(r"[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+"),
    false,
);
pub(crate) const ATTRIBUTES: Shape = Shape::List(&Shape::Structure(&[
    required("Name", ATTRIBUTE_NAME),
    optional("Value", text(None, Some(2_048), None, true)),
]));
pub(crate) const AUTH_FLOW: Shape = Shape::Word(&[
    "USER_SRP_AUTH",
    "REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN",
    "CUSTOM_AUTH",
    "ADMIN_NO_SRP_AUTH",
    "USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "USER_AUTH",
]);
pub(crate) const CHALLENGE_NAME: Shape = Shape::Word(&[
    "SMS_MFA",
    "EMAIL_OTP",
    "SOFTWARE_TOKEN_MFA",
    "SELECT_MFA_TYPE",
    "MFA_SETUP",
    "PASSWORD_VERIFIER",
    "CUSTOM_CHALLENGE",
    "SELECT_CHALLENGE",
    "DEVICE_SRP_AUTH",
    "DEVICE_PASSWORD_VERIFIER",
    "ADMIN_NO_SRP_AUTH",
    "NEW_PASSWORD_REQUIRED",
    "SMS_OTP",
    "PASSWORD",
    "WEB_AUTHN",
    "PASSWORD_SRP",
]);
pub(crate) const CLIENT_ID: Shape = text(Some(1), Some(128), Some(r"[\w+]+"), true);
pub(crate) const CLIENT_SECRET: Shape = text(Some(24), Some(64), Some(r"[\w+]+"), true);
pub(crate) const CODE: Shape = text(Some(1), Some(2_048), Some(r"[\S]+"), false);
pub(crate) const CONTEXT_DATA: Shape = Shape::Structure(&[
    required("IpAddress", Shape::Text(STRING)),
    required("ServerName", Shape::Text(STRING)),
    required("ServerPath", Shape::Text(STRING)),
    required(
        "HttpHeaders",
        Shape::List(&Shape::Structure(&[
            optional("headerName", Shape::Text(STRING)),
            optional("headerValue", Shape::Text(STRING)),
        ])),
    ),
    optional("EncodedData", Shape::Text(STRING)),
]);
pub(crate) const DELIVERY_MEDIUMS: Shape = Shape::List(&Shape::Word(&["SMS", "EMAIL"]));
pub(crate) const DEVICE_KEY: Shape = text(Some(1), Some(55), Some(r"[\w-]+_[0-9a-f-]+"), false);
pub(crate) const FILTER: Shape = text(None, Some(256), None, false);
pub(crate) const LIMIT: Shape = Shape::Number(0, MAX_LISTED as i64);
pub(crate) const MESSAGE_ACTION: Shape = Shape::Word(&["RESEND", "SUPPRESS"]);
pub(crate) const PAGINATION_TOKEN: Shape = text(Some(1), None, Some(r"[\S]+"), false);
/// The model has `[\S]+`; the service's own refusals quote this, and it takes spaces in the middle.
pub(crate) const PASSWORD: Shape = text(None, Some(256), Some(r"^[\S]+.*[\S]+$"), true);
pub(crate) const POOL_ID: Shape = text(Some(1), Some(55), Some(r"[\w-]+_[0-9a-zA-Z]+"), false);
pub(crate) const REVOKED_SESSIONS: Shape = Shape::Word(&["NONE", "LINKED"]);
pub(crate) const SECRET_HASH: Shape = text(Some(1), Some(128), Some(r"[\w+=/]+"), true);
pub(crate) const SESSION: Shape = text(Some(20), Some(4_096), None, true);
pub(crate) const STRINGS: Shape = Shape::Map(STRING);
pub(crate) const USER_CONTEXT_DATA: Shape = Shape::Structure(&[
    optional("IpAddress", Shape::Text(STRING)),
    optional("EncodedData", Shape::Text(STRING)),
]);
pub(crate) const USER_NAME: Shape = text(Some(1), Some(128), Some(NAME_PATTERN), true);

/// Holds a request to its members.
pub(crate) fn check(members: &[Member], request: &Value) -> ApiResult<()> {
    let mut found = Violations::default();
    found.structure(members, request, "")?;
    found.finish()
}

/// Holds a name that came as a parameter of a sign-in to what a user name may be. Cognito names it
/// twice, by members of a request of its own.
pub(crate) fn check_alias(name: &str) -> ApiResult<()> {
    let mut found = Violations::default();
    let Shape::Text(shape) = USER_NAME else {
        return Ok(());
    };
    for place in ["userName", "userAlias"] {
        found.text(shape, name, place);
    }
    found.finish()
}

/// What is wrong with a request.
#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn finish(self) -> ApiResult<()> {
        let Self(found) = self;
        if found.is_empty() {
            return Ok(());
        }
        let plural = if found.len() == 1 { "" } else { "s" };
        Err(ApiError::invalid_parameter(format!(
            "{} validation error{plural} detected: {}",
            found.len(),
            found.join("; ")
        )))
    }

    fn add(&mut self, value: &str, place: &str, constraint: &str) {
        self.0.push(format!(
            "Value {value}at '{place}' failed to satisfy constraint: {constraint}"
        ));
    }

    /// Looks at a value; one that is of another type cannot be read at all.
    fn value(&mut self, shape: Shape, value: &Value, place: &str) -> ApiResult<()> {
        match (shape, value) {
            (Shape::Text(shape), Value::String(value)) => self.text(shape, value, place),
            (Shape::Word(words), Value::String(value)) => {
                if !words.contains(&value.as_str()) {
                    self.add(&format!("'{value}' "), place, &one_of(words));
                }
            }
            (Shape::Number(least, most), Value::Number(value)) => {
                let value = value.as_i64().ok_or_else(|| unreadable("a whole number"))?;
                let shown = format!("'{value}' ");
                if value < least {
                    let least = format!("Member must have value greater than or equal to {least}");
                    self.add(&shown, place, &least);
                } else if value > most {
                    let most = format!("Member must have value less than or equal to {most}");
                    self.add(&shown, place, &most);
                }
            }
            (Shape::Flag, Value::Bool(_)) => {}
            (Shape::List(shape), Value::Array(values)) => self.list(*shape, values, place)?,
            (Shape::Map(shape), Value::Object(values)) => self.map(shape, values, place)?,
            (Shape::Structure(members), value) => self.structure(members, value, place)?,
            (Shape::Text(_) | Shape::Word(_), _) => return Err(unreadable("a string")),
            (Shape::Number(..), _) => return Err(unreadable("a number")),
            (Shape::Flag, _) => return Err(unreadable("true or false")),
            (Shape::List(_), _) => return Err(unreadable("a list")),
            (Shape::Map(_), _) => return Err(unreadable("a map")),
        }
        Ok(())
    }

    fn structure(&mut self, members: &[Member], value: &Value, place: &str) -> ApiResult<()> {
        let values = value.as_object().ok_or_else(|| unreadable("a structure"))?;
        for member in members {
            let place = member.place(place);
            match values.get(member.name) {
                Some(Value::Null) | None if member.required => {
                    self.add("null ", &place, "Member must not be null");
                }
                Some(Value::Null) | None => {}
                Some(value) => self.value(member.shape, value, &place)?,
            }
        }
        Ok(())
    }

    fn text(&mut self, shape: Text, value: &str, place: &str) {
        let shown = if shape.sensitive {
            String::new()
        } else {
            format!("'{value}' ")
        };
        for constraint in shape.broken_by(value) {
            self.add(&shown, place, &constraint);
        }
    }

    /// What the elements of a list of strings must be is said of the list; structures have places
    /// of their own.
    fn list(&mut self, shape: Shape, values: &[Value], place: &str) -> ApiResult<()> {
        let mut broken = false;
        let constraints = match shape {
            Shape::Text(shape) => {
                for value in values {
                    broken |= !shape.broken_by(string(value)?).is_empty();
                }
                shape.constraints()
            }
            Shape::Word(words) => {
                for value in values {
                    broken |= !words.contains(&string(value)?);
                }
                vec![one_of(words)]
            }
            shape => {
                for (index, value) in values.iter().enumerate() {
                    self.value(shape, value, &format!("{place}.{}.member", index + 1))?;
                }
                return Ok(());
            }
        };
        if broken {
            let constraints = constraints.join(", ");
            let constraint = format!("Member must satisfy constraint: [{constraints}]");
            self.add("", place, &constraint);
        }
        Ok(())
    }

    fn map(&mut self, shape: Text, values: &Map<String, Value>, place: &str) -> ApiResult<()> {
        let constraints = shape.constraints().join(", ");
        let mut broken = [("Map keys", false), ("Map value", false)];
        for (key, value) in values {
            broken[0].1 |= !shape.broken_by(key).is_empty();
            broken[1].1 |= !shape.broken_by(string(value)?).is_empty();
        }
        for (what, _) in broken.iter().filter(|(_, broken)| *broken) {
            let constraint = format!("{what} must satisfy constraint: [{constraints}]");
            self.add("", place, &constraint);
        }
        Ok(())
    }
}

impl Member {
    /// What refusals call it: `userAttributes`, `userContextData.ipAddress`.
    fn place(&self, within: &str) -> String {
        let (first, rest) = self.name.split_at(1);
        let name = format!("{}{rest}", first.to_ascii_lowercase());
        if within.is_empty() {
            name
        } else {
            format!("{within}.{name}")
        }
    }
}

impl Text {
    /// The constraints that a value does not satisfy.
    fn broken_by(&self, value: &str) -> Vec<String> {
        let characters = value.chars().count();
        let Self {
            least,
            most,
            pattern,
            sensitive: _,
        } = *self;
        let too_long = most.filter(|most| characters > *most).map(at_most);
        let too_short = least.filter(|least| characters < *least).map(at_least);
        let unlike = pattern.filter(|pattern| !fits(pattern, value)).map(like);
        [too_long, too_short, unlike]
            .into_iter()
            .flatten()
            .collect()
    }

    /// All its constraints.
    fn constraints(&self) -> Vec<String> {
        let lengths = [self.most.map(at_most), self.least.map(at_least)];
        lengths
            .into_iter()
            .chain([self.pattern.map(like)])
            .flatten()
            .collect()
    }
}

fn at_most(most: usize) -> String {
    format!("Member must have length less than or equal to {most}")
}

fn at_least(least: usize) -> String {
    format!("Member must have length greater than or equal to {least}")
}

fn like(pattern: &str) -> String {
    format!("Member must satisfy regular expression pattern: {pattern}")
}

fn one_of(words: &[&str]) -> String {
    format!("Member must satisfy enum value set: [{}]", words.join(", "))
}

fn string(value: &Value) -> ApiResult<&str> {
    value.as_str().ok_or_else(|| unreadable("a string"))
}

/// The refusal of a value of another type.
fn unreadable(expected: &str) -> ApiError {
    ApiError::new(
        ErrorCode::Serialization,
        format!("A member is not what the API has there: expected {expected} or null."),
    )
}

/// Whether all of a text is as a pattern says. Java's classes are ASCII's alone, and its dot is no
/// end of a line.
fn fits(pattern: &'static str, text: &str) -> bool {
    static COMPILED: LazyLock<Mutex<BTreeMap<&'static str, Regex>>> = LazyLock::new(Mutex::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let regex = compiled.entry(pattern).or_insert_with(|| {
        let translated = pattern
            .replace(r"\w", "0-9A-Z_a-z")
            .replace(r"[\S]", r"[^ \t\n\x0B\f\r]")
            .replace(".*", r"[^\n\r\x{85}\x{2028}\x{2029}]*");
        Regex::new(&format!(r"\A(?:{translated})\z")).expect("every pattern above compiles")
    });
    regex.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(shape: Shape, text: &str) -> bool {
        let Shape::Text(shape) = shape else {
            panic!("a text")
        };
        shape.broken_by(text).is_empty()
    }

    #[test]
    fn patterns_are_read_as_java_reads_them() {
        for (shape, good, bad) in [
            (USER_NAME, "zoë+1@exämple.org", "a b"),
            (USER_NAME, "e\u{301}", "a\u{a0}b"),
            (USER_NAME, "…€5", "zero\u{200b}width"),
            (CLIENT_ID, "1a2_b+", "clïent"),
            (CODE, "12-34", "12\t34"),
            // White space by Unicode alone, which Java's class does not know.
            (CODE, "12\u{a0}34", "12\u{b}34"),
            (PASSWORD, "ab", "a"),
            (PASSWORD, "a b c", "a\nb"),
            (POOL_ID, "eu-central-1_Ab9", "eu-central-1_Ab_9-"),
            (POOL_ID, "a_b_c", "_c"),
            (ACCESS_TOKEN, "a-b_c.d=", "a+b"),
            (SECRET_HASH, "aB+/0_=", "a-b"),
            (DEVICE_KEY, "eu-central-1_0f-a", "eu-central-1_g"),
            (ATTRIBUTE_NAME, "custom: a\tb", "a\u{b}b"),
        ] {
            assert!(takes(shape, good), "{good:?}");
            assert!(!takes(shape, bad), "{bad:?}");
        }
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(takes(USER_NAME, &"é".repeat(128)));
        assert!(!takes(USER_NAME, &"é".repeat(129)));
        assert!(!takes(SESSION, &"é".repeat(19)));
    }
}
