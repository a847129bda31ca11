//! Who signed an administrator's request, and what they may do.
//!
//! The stack's own key is known here, so its signature is computed anew and compared. Any other key
//! is a role's or user's of the stack, whose secret the stack's IAM alone knows: it is handed the
//! very request that it would have got, checks signature and policies, and answers that it knows no
//! such user, since all users are here. Anything else that it answers is a refusal. Operations that
//! would leave something behind in the stack are the stack's own key's alone.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::clock::machine_time;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::stack::{Relayed, Stack, StackAccess};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "cognito-idp";
const TERMINATOR: &str = "aws4_request";

/// How `X-Amz-Date` is written.
const AMZ_DATE: &[FormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// How far a signature's time may lie from ours (AWS's own allowance).
const SKEW: Duration = Duration::from_mins(5);

/// What begins the ids of the keys that IAM and STS hand out. Others would be the root of the
/// stack's account, whose signature its IAM does not look at.
const ISSUED_KEYS: [&str; 2] = ["AKIA", "ASIA"];

/// Operations on one user, which the stack's own pool can be asked about without a trace.
const RELAYED: &[&str] = &[
    "AdminConfirmSignUp",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminSetUserPassword",
    "AdminUpdateUserAttributes",
    "AdminUserGlobalSignOut",
    "ListUsers",
];

/// The parts of an `Authorization` header.
struct Authorization<'a> {
    key_id: &'a str,
    /// The day, region and service that the signing key is for.
    day: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Authorization<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            match part.trim().split_once('=')? {
                ("Credential", value) => credential = Some(value),
                ("SignedHeaders", value) => signed_headers = Some(value),
                ("Signature", value) => signature = Some(value),
                _ => return None,
            }
        }
        let mut scope = credential?.split('/');
        let mut next = || scope.next();
        let (key_id, day, region, service) = (next()?, next()?, next()?, next()?);
        if next() != Some(TERMINATOR) || next().is_some() {
            return None;
        }
        Some(Self {
            key_id,
            day,
            region,
            service,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }

    /// The signature that this request would have under this secret; `None` where it lacks a
    /// header that it names, or names too few.
    fn expected(&self, secret: &str, headers: &HeaderMap, body: &[u8]) -> Option<Hmac<Sha256>> {
        let names: Vec<&str> = self.signed_headers.split(';').collect();
        if !names.contains(&"host") || !names.contains(&"x-amz-date") {
            return None;
        }
        let mut canonical = "POST\n/\n\n".to_owned();
        for name in &names {
            let values = headers.get_all(*name).iter();
            let values: Option<Vec<String>> = values
                .map(|value| {
                    let words = value.to_str().ok()?.split(' ');
                    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
                    Some(words.join(" "))
                })
                .collect();
            let values = values.filter(|values| !values.is_empty())?.join(",");
            canonical.extend([*name, ":", values.as_str(), "\n"]);
        }
        let body = hex(&Sha256::digest(body));
        canonical.extend(["\n", self.signed_headers, "\n", body.as_str()]);
        let date = headers.get("x-amz-date")?.to_str().ok()?;
        let canonical = hex(&Sha256::digest(canonical.as_bytes()));
        let Self {
            day,
            region,
            service,
            ..
        } = self;
        let text =
            format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/{TERMINATOR}\n{canonical}");
        let key = [*day, *region, *service, TERMINATOR]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
                mac(&key, part).finalize().into_bytes().to_vec()
            });
        Some(mac(&key, &text))
    }
}

/// Refuses a request that no administrator of this stack signed for this operation.
pub(crate) async fn check(
    stack: &Stack,
    operation: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> ApiResult<()> {
    let header = headers.get(AUTHORIZATION).ok_or_else(|| {
        ApiError::new(
            ErrorCode::MissingAuthenticationToken,
            "Missing Authentication Token",
        )
    })?;
    let header = header.to_str().ok().and_then(Authorization::read);
    let authorization = header.ok_or_else(|| {
        ApiError::new(
            ErrorCode::IncompleteSignature,
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.",
        )
    })?;
    if authorization.key_id == stack.access().access_key_id {
        return check_own_key(stack.access(), &authorization, headers, body);
    }
    if !ISSUED_KEYS
        .iter()
        .any(|prefix| authorization.key_id.starts_with(prefix))
    {
        return Err(unrecognized());
    }
    if !RELAYED.contains(&operation) {
        return Err(ApiError::new(
            ErrorCode::AccessDenied,
            format!("{operation} is for the local stack's own key."),
        ));
    }
    match stack.relay(headers, body).await {
        Ok(Relayed::Admitted) => Ok(()),
        Ok(Relayed::Denied(message)) => Err(ApiError::new(ErrorCode::AccessDenied, message)),
        Ok(Relayed::Unknown) => Err(unrecognized()),
        Err(error) => {
            tracing::error!(%error, "the stack's IAM could not be asked");
            Err(ApiError::new(
                ErrorCode::InternalError,
                "The deployed stack did not answer.",
            ))
        }
    }
}

fn check_own_key(
    access: &StackAccess,
    authorization: &Authorization<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> ApiResult<()> {
    let invalid = |message: &str| ApiError::new(ErrorCode::InvalidSignature, message);
    let date = headers
        .get("x-amz-date")
        .and_then(|date| date.to_str().ok())
        .filter(|date| date.starts_with(authorization.day))
        .and_then(|date| time::PrimitiveDateTime::parse(date, AMZ_DATE).ok())
        .ok_or_else(|| invalid("Date in Credential scope does not match X-Amz-Date."))?;
    if date.assume_utc() - OffsetDateTime::from(machine_time()) > SKEW
        || OffsetDateTime::from(machine_time()) - date.assume_utc() > SKEW
    {
        return Err(invalid("Signature expired or not yet current."));
    }
    if authorization.region != access.region || authorization.service != SERVICE {
        return Err(invalid(
            "Credential should be scoped to this region and service.",
        ));
    }
    let signature = unhex(authorization.signature);
    let expected = authorization.expected(&access.secret_access_key, headers, body);
    let right = expected
        .zip(signature)
        .is_some_and(|(expected, signature)| expected.verify_slice(&signature).is_ok());
    if right {
        Ok(())
    } else {
        Err(invalid(
            "The request signature we calculated does not match the signature you provided.",
        ))
    }
}

fn unrecognized() -> ApiError {
    ApiError::new(
        ErrorCode::UnrecognizedClient,
        "The security token included in the request is invalid.",
    )
}

fn mac(key: &[u8], message: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message.as_bytes());
    mac
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}
