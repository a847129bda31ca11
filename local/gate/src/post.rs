//! Forms that are posted to a bucket, refused as S3 refuses them where MiniStack would not, or not
//! with S3's words.
//!
//! The rules are those of "Browser-based uploads using POST (AWS Signature Version 4)" and "POST
//! policy" in S3's API reference; codes and messages are those that are recorded of the service,
//! which the reference's list of errors does not always have. Whether the form does what its policy
//! asks, and until when that is good, is checked by MiniStack; `tests/conformance/forms.py` holds
//! both to S3's answers.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local_guard::StackKey;
use local_guard::signature::{Invalid, SignedPolicy, verify_policy};
use serde_json::Value;
use time::PrimitiveDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::form::Form;

/// What a form may have before its file: "The form data and boundaries (excluding the contents of
/// the file) cannot exceed 20 KB".
const MOST_BEFORE_THE_FILE: usize = 20_480;

/// The fields that sign a form, as S3 calls them, in the order in which it misses them.
const SIGNING: [&str; 5] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Signature",
    "Policy",
];

/// The field that goes with a key for a while.
const TOKEN: &str = "X-Amz-Security-Token";

/// How a policy says until when it is good: in UTC, with or without fractions of a second.
const EXPIRATIONS: [&[FormatItem<'_>]; 2] = [
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond]Z"),
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"),
];

/// An answer of S3's.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    code: &'static str,
    message: String,
    /// What else the error has.
    more: Vec<(&'static str, String)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            more: Vec::new(),
        }
    }

    fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    fn policy(message: impl std::fmt::Display) -> Self {
        Self::bad(
            "InvalidPolicyDocument",
            format!("Invalid Policy: {message}"),
        )
    }

    /// The answer's body.
    pub(crate) fn xml(&self) -> String {
        let members = [
            ("Code", self.code.to_owned()),
            ("Message", self.message.clone()),
        ];
        let members = members.into_iter().chain(self.more.clone());
        let members: Vec<String> = members
            .map(|(name, value)| format!("<{name}>{}</{name}>", escaped(&value)))
            .collect();
        let members = members.concat();
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{members}</Error>")
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Reads a form that is posted to a bucket and checks what is the gate's to check; what is to be
/// passed on instead.
pub(crate) fn check(
    key: &StackKey,
    bucket: &str,
    content_type: &str,
    body: &[u8],
) -> Result<(String, Vec<u8>), Refusal> {
    if !content_type
        .to_ascii_lowercase()
        .starts_with("multipart/form-data")
    {
        let message = "At least one of the pre-conditions you specified did not hold";
        let condition = "Bucket POST must be of the enclosure-type multipart/form-data";
        let status = StatusCode::PRECONDITION_FAILED;
        return Err(
            Refusal::new(status, "PreconditionFailed", message).with("Condition", condition)
        );
    }
    let form = Form::read(content_type, body).ok_or_else(|| {
        Refusal::bad(
            "MalformedPOSTRequest",
            "The body of your POST request is not well-formed multipart/form-data.",
        )
    })?;
    if form.before_the_file > MOST_BEFORE_THE_FILE {
        let message = "Your POST request fields preceeding the upload file was too large.";
        return Err(Refusal::bad("MaxPostPreDataLengthExceeded", message).with(
            "MaxPostPreDataLengthBytes",
            MOST_BEFORE_THE_FILE.to_string(),
        ));
    }
    if form.files != 1 {
        let message = "POST requires exactly one file upload per request.";
        return Err(Refusal::bad("InvalidArgument", message)
            .with("ArgumentName", "file")
            .with("ArgumentValue", form.files.to_string()));
    }
    let policy = signed_policy(&form)?;
    verify_policy(key, &policy).map_err(|invalid| unsigned(invalid, &policy))?;
    read_policy(policy.policy, bucket)?;
    Ok(form.written())
}

/// What signs a form. All of it must be there, before the file; a form with none of it is
/// anybody's, whom no bucket of the stack is open to.
fn signed_policy<'a>(form: &Form<'a>) -> Result<SignedPolicy<'a>, Refusal> {
    let field = |name: &'static str| {
        let value = form.field(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| {
            let message = format!(
                "Bucket POST must contain a field named '{name}'.  If it is specified, please \
                 check the order of the fields."
            );
            Refusal::bad("InvalidArgument", message)
                .with("ArgumentName", name)
                .with("ArgumentValue", "")
        })
    };
    field("key")?;
    // Which of two would count is not known.
    let signing = SIGNING.iter().chain(&["key", TOKEN]);
    if let Some(name) = signing.copied().find(|name| form.count(name) > 1) {
        let message = format!("Bucket POST must contain the field '{name}' once.");
        return Err(Refusal::bad("InvalidArgument", message).with("ArgumentName", name));
    }
    let [algorithm, credential, date, signature, policy] = SIGNING;
    let signs = |name: &&str| form.field(name).is_some();
    if ![algorithm, credential, date, signature].iter().any(signs) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "Access Denied",
        ));
    }
    let signed = SignedPolicy {
        algorithm: field(algorithm)?,
        credential: field(credential)?,
        token: form.field(TOKEN),
        signature: {
            field(date)?;
            field(signature)?
        },
        policy: field(policy)?,
    };
    Ok(signed)
}

/// What S3 says of a signature that is not good.
fn unsigned(invalid: Invalid, policy: &SignedPolicy<'_>) -> Refusal {
    let forbidden = |code, message: &str| Refusal::new(StatusCode::FORBIDDEN, code, message);
    match invalid {
        Invalid::UnknownKey => forbidden(
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        Invalid::Missing | Invalid::Unreadable | Invalid::Time => Refusal::bad(
            "InvalidArgument",
            "The algorithm, the credential or the signature cannot be read.",
        ),
        Invalid::Mismatch => forbidden(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. \
             Check your key and signing method.",
        )
        .with("StringToSign", policy.policy)
        .with("SignatureProvided", policy.signature),
    }
}

/// Holds a policy to what S3 can read, and to the bucket that it is posted to. What else it asks of the
/// form is MiniStack's to check.
///
/// The bucket is the gate's: at a path that is no bucket's, MiniStack would take the form for a
/// request to another service, which checks no policy.
fn read_policy(encoded: &str, bucket: &str) -> Result<(), Refusal> {
    let no_json = || Refusal::policy("Invalid JSON.");
    let decoded = STANDARD.decode(encoded).map_err(|_| no_json())?;
    let policy: Value = serde_json::from_slice(&decoded).map_err(|_| no_json())?;
    let policy = policy.as_object().ok_or_else(no_json)?;
    let unexpected = policy
        .keys()
        .map(|name| name.to_lowercase())
        .find(|name| name != "expiration" && name != "conditions");
    if let Some(name) = unexpected {
        return Err(Refusal::policy(format!("Unexpected: '{name}'")));
    }
    let expiration = policy.get("expiration").and_then(Value::as_str);
    let expiration = expiration.unwrap_or_default();
    if !EXPIRATIONS
        .iter()
        .any(|format| PrimitiveDateTime::parse(expiration, format).is_ok())
    {
        let message = format!("Invalid 'expiration' value: '{expiration}'");
        return Err(Refusal::policy(message));
    }
    let conditions = policy.get("conditions").and_then(Value::as_array);
    let conditions = || conditions.into_iter().flatten();
    conditions().try_for_each(read_condition)?;
    let denied = |message: String| {
        let message = format!("Invalid according to Policy: {message}");
        Err(Refusal::new(StatusCode::FORBIDDEN, "AccessDenied", message))
    };
    match conditions().find_map(of_bucket) {
        Some(named) if named == bucket => Ok(()),
        Some(named) => denied(format!(
            "Policy Condition failed: [\"eq\", \"$bucket\", \"{named}\"]"
        )),
        None => denied("Extra input fields: bucket".to_owned()),
    }
}

/// The bucket that a condition wants the form to be for: `{"bucket": …}`, or
/// `["eq", "$bucket", …]`.
fn of_bucket(condition: &Value) -> Option<&str> {
    match condition {
        Value::Object(properties) => properties
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("bucket"))
            .and_then(|(_, value)| value.as_str()),
        Value::Array(parts) => match &parts[..] {
            [
                Value::String(operation),
                Value::String(name),
                Value::String(value),
            ] if operation.eq_ignore_ascii_case("eq") && name.eq_ignore_ascii_case("$bucket") => {
                Some(value)
            }
            _ => None,
        },
        _ => None,
    }
}

fn read_condition(condition: &Value) -> Result<(), Refusal> {
    let simple = |message: &str| {
        Err(Refusal::policy(format!(
            "Invalid Simple-Condition: {message}"
        )))
    };
    match condition {
        Value::Object(properties) if properties.len() != 1 => {
            simple("Simple-Conditions must have exactly one property specified.")
        }
        Value::Object(properties) => match properties.values().next() {
            Some(Value::String(_)) => Ok(()),
            Some(Value::Null) => Err(Refusal::policy("Invalid JSON.")),
            _ => simple("value must be a string."),
        },
        Value::Array(parts) if parts.is_empty() => Err(Refusal::policy(
            "Invalid Condition: missing operation identifier.",
        )),
        // The bounds of a file's length, as numbers or as strings.
        Value::Array(parts) if parts.iter().any(|part| part.is_f64() || part.is_null()) => {
            Err(Refusal::policy("Invalid JSON."))
        }
        // What else a condition may be, MiniStack knows.
        _ => Ok(()),
    }
}
