//! AWS's Signature Version 4, from the side that checks it: in the `Authorization` header, in the
//! query string ("presigned"), and over the policy of a form that a browser posts to a bucket.

use std::borrow::Cow;

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use hmac::Mac;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use time::format_description::FormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

use crate::keys::{Credentials, StackKey, keyed};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const SECURITY_TOKEN: &str = "x-amz-security-token";

/// How far a request's clock may be from ours, as AWS has it.
const SKEW: Duration = Duration::minutes(15);
/// The longest that an address may be presigned for, as S3 has it.
const LONGEST: i64 = 7 * 24 * 60 * 60;

/// `20261126T175100Z`.
const TIME: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// What `SigV4` leaves as it is (RFC 3986, "unreserved").
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
/// The same in a path, whose slashes stay.
const ENCODED_PATH: &AsciiSet = &ENCODED.remove(b'/');

/// Why a request's signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// There is no signature, or more than one.
    #[error("the request is not signed")]
    Missing,
    /// The signature's parts do not read as `SigV4` has them.
    #[error("the signature cannot be read")]
    Unreadable,
    /// The access key is neither the stack's nor a function's of it.
    #[error("the access key is not this stack's; its key is in outputs.json")]
    UnknownKey,
    /// It was signed too long ago, or is for later.
    #[error("the signature's time has passed, or is yet to come")]
    Time,
    /// The key, or something that was signed, is another.
    #[error("the signature does not fit the request and the stack's key")]
    Mismatch,
}

/// Checks the signature of a request; whose it is.
///
/// # Errors
/// When it is not signed with the stack's key or a function's.
pub fn verify(
    key: &StackKey,
    request: &Parts,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Credentials, Invalid> {
    let query: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        pairs(request.uri.query().unwrap_or_default()).collect();
    let mut authorizations = request.headers.get_all(AUTHORIZATION).iter();
    let in_query = query.iter().any(|(name, _)| name == "X-Amz-Signature");
    match (authorizations.next(), authorizations.next(), in_query) {
        (Some(header), None, false) => {
            let header = header.to_str().map_err(|_| Invalid::Unreadable)?;
            in_header(key, request, &query, header, body, now)
        }
        (None, None, true) => presigned(key, request, &query, body, now),
        _ => Err(Invalid::Missing),
    }
}

fn in_header(
    key: &StackKey,
    request: &Parts,
    query: &[(Cow<'_, str>, Cow<'_, str>)],
    header: &str,
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Credentials, Invalid> {
    let rest = header.strip_prefix(ALGORITHM).ok_or(Invalid::Missing)?;
    let rest = rest.strip_prefix(' ').ok_or(Invalid::Unreadable)?;
    let field = |wanted: &str| -> Result<&str, Invalid> {
        let mut values = rest
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
            .filter(|(name, _)| *name == wanted);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(Invalid::Unreadable),
        }
    };
    let scope = Scope::read(field("Credential")?)?;
    let caller = key.caller(scope.access_key_id).ok_or(Invalid::UnknownKey)?;
    let at = text(&request.headers, "x-amz-date").ok_or(Invalid::Unreadable)?;
    if (moment(at)? - now).abs() > SKEW {
        return Err(Invalid::Time);
    }
    if text(&request.headers, SECURITY_TOKEN) != caller.session_token.as_deref() {
        return Err(Invalid::Mismatch);
    }
    let digest = match text(&request.headers, CONTENT_DIGEST.as_str()) {
        Some(named) if scope.service == "s3" && is_unsigned(named) => named.to_owned(),
        Some(named) if named == hex::encode(Sha256::digest(body)) => named.to_owned(),
        Some(_) => return Err(Invalid::Mismatch),
        None => hex::encode(Sha256::digest(body)),
    };
    let signed = Signed {
        at,
        scope: &scope,
        headers: field("SignedHeaders")?,
        digest: &digest,
    };
    signed.hold(&caller, request, query, field("Signature")?)?;
    Ok(caller)
}

fn presigned(
    key: &StackKey,
    request: &Parts,
    query: &[(Cow<'_, str>, Cow<'_, str>)],
    body: &[u8],
    now: OffsetDateTime,
) -> Result<Credentials, Invalid> {
    let field = |wanted: &str| -> Result<&str, Invalid> {
        let mut values = query.iter().filter(|(name, _)| name == wanted);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(Invalid::Unreadable),
        }
    };
    if field("X-Amz-Algorithm")? != ALGORITHM {
        return Err(Invalid::Unreadable);
    }
    let scope = Scope::read(field("X-Amz-Credential")?)?;
    let caller = key.caller(scope.access_key_id).ok_or(Invalid::UnknownKey)?;
    let at = field("X-Amz-Date")?;
    let signed_at = moment(at)?;
    let seconds: i64 = field("X-Amz-Expires")?
        .parse()
        .map_err(|_| Invalid::Unreadable)?;
    let lasts = (0..=LONGEST)
        .contains(&seconds)
        .then(|| Duration::seconds(seconds))
        .ok_or(Invalid::Unreadable)?;
    if signed_at - SKEW > now || signed_at + lasts < now {
        return Err(Invalid::Time);
    }
    let token = field("X-Amz-Security-Token").ok();
    if token != caller.session_token.as_deref() {
        return Err(Invalid::Mismatch);
    }
    let digest = if scope.service == "s3" {
        UNSIGNED.to_owned()
    } else {
        hex::encode(Sha256::digest(body))
    };
    let signed = Signed {
        at,
        scope: &scope,
        headers: field("X-Amz-SignedHeaders")?,
        digest: &digest,
    };
    signed.hold(&caller, request, query, field("X-Amz-Signature")?)?;
    Ok(caller)
}

/// The fields of a form that is posted to a bucket which say who signed its policy.
#[derive(Clone, Copy, Debug)]
pub struct SignedPolicy<'a> {
    /// `x-amz-algorithm`.
    pub algorithm: &'a str,
    /// `x-amz-credential`.
    pub credential: &'a str,
    /// `x-amz-security-token`, of a key that has one.
    pub token: Option<&'a str>,
    /// `policy`.
    pub policy: &'a str,
    /// `x-amz-signature`.
    pub signature: &'a str,
}

/// Checks the signature over the policy of a form that is posted to a bucket. What the policy
/// allows, and until when, is the bucket's to check.
///
/// # Errors
/// When the form is not signed with the stack's key or a function's.
pub fn verify_policy(key: &StackKey, signed: &SignedPolicy<'_>) -> Result<Credentials, Invalid> {
    if signed.algorithm != ALGORITHM {
        return Err(Invalid::Unreadable);
    }
    let scope = Scope::read(signed.credential)?;
    let caller = key.caller(scope.access_key_id).ok_or(Invalid::UnknownKey)?;
    if signed.token != caller.session_token.as_deref() {
        return Err(Invalid::Mismatch);
    }
    scope.hold(&caller, signed.policy, signed.signature)?;
    Ok(caller)
}

/// `<access key id>/<date>/<region>/<service>/aws4_request`.
struct Scope<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl<'a> Scope<'a> {
    fn read(credential: &'a str) -> Result<Self, Invalid> {
        let parts: Vec<&str> = credential.split('/').collect();
        match parts.as_slice() {
            &[access_key_id, date, region, service, TERMINATOR] => Ok(Self {
                access_key_id,
                date,
                region,
                service,
            }),
            _ => Err(Invalid::Unreadable),
        }
    }

    /// Holds a signature to what it is said to have signed.
    fn hold(&self, caller: &Credentials, message: &str, signature: &str) -> Result<(), Invalid> {
        let mut key = format!("AWS4{}", caller.secret_access_key).into_bytes();
        for part in [self.date, self.region, self.service, TERMINATOR] {
            let mut mac = keyed(&key);
            mac.update(part.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        let mut mac = keyed(&key);
        mac.update(message.as_bytes());
        let signature = hex::decode(signature).map_err(|_| Invalid::Unreadable)?;
        mac.verify_slice(&signature).map_err(|_| Invalid::Mismatch)
    }
}

/// What a signature covers beside the request's own line.
struct Signed<'a> {
    at: &'a str,
    scope: &'a Scope<'a>,
    /// The names of the signed headers.
    headers: &'a str,
    /// The digest of the body, or a word instead of it.
    digest: &'a str,
}

impl Signed<'_> {
    fn hold(
        &self,
        caller: &Credentials,
        request: &Parts,
        query: &[(Cow<'_, str>, Cow<'_, str>)],
        signature: &str,
    ) -> Result<(), Invalid> {
        let Scope {
            date,
            region,
            service,
            ..
        } = self.scope;
        if !self.at.starts_with(date) {
            return Err(Invalid::Mismatch);
        }
        // A signature that leaves the host open would be good at any server.
        if !self.headers.split(';').any(|name| name == "host") {
            return Err(Invalid::Unreadable);
        }
        let headers: Vec<String> = self
            .headers
            .split(';')
            .map(|name| format!("{name}:{}", canonical(&request.headers, name)))
            .collect();
        let headers = format!("{}\n", headers.join("\n"));
        let request = [
            request.method.as_str(),
            &path(service, request.uri.path()),
            &canonical_query(query),
            &headers,
            self.headers,
            self.digest,
        ]
        .join("\n");
        let message = [
            ALGORITHM,
            self.at,
            &format!("{date}/{region}/{service}/{TERMINATOR}"),
            &hex::encode(Sha256::digest(request)),
        ]
        .join("\n");
        self.scope.hold(caller, &message, signature)
    }
}

/// S3 signs a path as it is sent; the others without its dots, and encoded once more.
fn path<'a>(service: &str, sent: &'a str) -> Cow<'a, str> {
    if service == "s3" {
        return sent.into();
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in sent.split('/') {
        match segment {
            ".." => drop(segments.pop()),
            "" | "." => {}
            other => segments.push(other),
        }
    }
    // A dot at the end stands for a folder (RFC 3986, 5.2.4).
    let folder = matches!(sent.rsplit('/').next(), Some("" | "." | ".."));
    let end = if folder && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    let plain = format!("/{}{end}", segments.join("/"));
    utf8_percent_encode(&plain, ENCODED_PATH).to_string().into()
}

fn canonical_query(query: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let mut pairs: Vec<(String, String)> = query
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// A header's values as they are signed: without the spaces that do not count.
fn canonical(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    values.join(",")
}

fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let decode = |text| percent_decode_str(text).decode_utf8_lossy();
            (decode(name), decode(value))
        })
}

/// A header's text, where it is there once.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

fn moment(text: &str) -> Result<OffsetDateTime, Invalid> {
    PrimitiveDateTime::parse(text, TIME)
        .map(PrimitiveDateTime::assume_utc)
        .map_err(|_| Invalid::Unreadable)
}

/// Whether a body's digest is a word that says that the body is not signed, or piece by piece.
fn is_unsigned(named: &str) -> bool {
    named == UNSIGNED || named.starts_with("STREAMING-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::{Duration as StdDuration, SystemTime};

    use aws_credential_types::Credentials as SdkCredentials;
    use aws_sigv4::http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
        SigningSettings, UriPathNormalizationMode, sign,
    };
    use aws_sigv4::sign::v4;
    use axum::body::Body;
    use axum::http::Request;
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "LOCAL0123";
    /// 2026-11-26, 17:51 UTC.
    const SECONDS: u64 = 1_795_715_460;

    fn key() -> StackKey {
        StackKey::new(ID.to_owned(), "the stack's secret".to_owned())
    }

    fn at(seconds: i64) -> OffsetDateTime {
        let now = SystemTime::UNIX_EPOCH + StdDuration::from_secs(SECONDS);
        OffsetDateTime::from(now) + Duration::seconds(seconds)
    }

    /// How a request is signed.
    #[derive(Clone, Copy, Debug)]
    struct How<'a> {
        service: &'a str,
        method: &'a str,
        target: &'a str,
        body: &'a [u8],
        in_query: bool,
    }

    const PLAIN: How<'_> = How {
        service: "lambda",
        method: "POST",
        target: "/2015-03-31/functions/f/invocations?Qualifier=%24LATEST",
        body: b"{}",
        in_query: false,
    };

    /// A request as AWS's own SDK signs it.
    fn signed(how: How<'_>, caller: &Credentials) -> Parts {
        let url = format!("http://127.0.0.1:4566{}", how.target);
        let identity = SdkCredentials::new(
            &caller.access_key_id,
            &caller.secret_access_key,
            caller.session_token.clone(),
            None,
            "test",
        )
        .into();
        let mut settings = SigningSettings::default();
        if how.service == "s3" {
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let mut payload = SignableBody::Bytes(how.body);
        if how.in_query {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(StdDuration::from_mins(5));
            if how.service == "s3" {
                settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
                payload = SignableBody::UnsignedPayload;
            }
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name(how.service)
            .time(SystemTime::UNIX_EPOCH + StdDuration::from_secs(SECONDS))
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let headers = [("x-amz-target", "Two  spaces ")];
        let headers = headers.into_iter().filter(|_| !how.in_query);
        let signable = SignableRequest::new(how.method, &url, headers, payload).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        let mut request = Request::builder()
            .method(how.method)
            .uri(&url)
            .body(())
            .unwrap();
        if !how.in_query {
            let value = "Two  spaces ".parse().unwrap();
            request.headers_mut().insert("x-amz-target", value);
        }
        instructions.apply_to_request_http1x(&mut request);
        // As it comes over the wire.
        let target = request.uri().path_and_query().unwrap().to_string();
        let (mut parts, ()) = request.into_parts();
        parts.uri = target.parse().unwrap();
        parts
            .headers
            .insert("host", "127.0.0.1:4566".parse().unwrap());
        parts
    }

    fn root() -> Credentials {
        key().caller(ID).unwrap()
    }

    fn function() -> Credentials {
        key().caller("ASIA0123456789ABCDEF").unwrap()
    }

    #[test]
    fn what_the_sdk_signs_is_accepted_and_says_whose_it_is() {
        for caller in [root(), function()] {
            for in_query in [false, true] {
                for (service, method, target, body) in [
                    ("lambda", "POST", PLAIN.target, &b"{}"[..]),
                    (
                        "lambda",
                        "GET",
                        "/2015-03-31/functions/arn%3Aaws%3Alambda",
                        b"",
                    ),
                    ("dynamodb", "POST", "/", b"{\"TableName\":\"t\"}"),
                    (
                        "s3",
                        "GET",
                        "/bucket/a%20b/%C3%BC%2B.jpg?versionId=v%201",
                        b"",
                    ),
                    ("s3", "PUT", "/bucket/key", b"bytes"),
                    (
                        "s3",
                        "GET",
                        "/bucket?list-type=2&prefix=a%2Fb&delimiter",
                        b"",
                    ),
                    ("s3", "GET", "/bucket//a/./b/../c", b""),
                ] {
                    let how = How {
                        service,
                        method,
                        target,
                        body,
                        in_query,
                    };
                    let accepted = verify(&key(), &signed(how, &caller), body, at(60));
                    assert_eq!(accepted.as_ref(), Ok(&caller), "{how:?}");
                }
            }
        }
    }

    #[test]
    fn another_stacks_key_and_published_keys_are_refused() {
        let other = StackKey::new(ID.to_owned(), "another secret".to_owned());
        let function = "ASIA0123456789ABCDEF";
        for in_query in [false, true] {
            let how = How { in_query, ..PLAIN };
            for id in [ID, function] {
                let request = signed(how, &other.caller(id).unwrap());
                let refused = verify(&key(), &request, how.body, at(0));
                assert_eq!(refused, Err(Invalid::Mismatch), "{id}");
            }
            for id in [
                "test",
                "000000000000",
                "local-developer",
                "AKIAIOSFODNN7EXAMPLE",
            ] {
                let published = Credentials {
                    access_key_id: id.to_owned(),
                    secret_access_key: "test".to_owned(),
                    session_token: None,
                };
                let refused = verify(&key(), &signed(how, &published), how.body, at(0));
                assert_eq!(refused, Err(Invalid::UnknownKey), "{id}");
            }
        }
    }

    #[test]
    fn whatever_is_changed_after_signing_is_noticed() {
        for in_query in [false, true] {
            let how = How { in_query, ..PLAIN };
            let changes: [fn(&mut Parts); 4] = [
                |request| request.method = axum::http::Method::PUT,
                |request| {
                    let target = request.uri.to_string().replace("/f/", "/g/");
                    request.uri = target.parse().unwrap();
                },
                |request| {
                    let target = request.uri.to_string().replace("LATEST", "OTHER");
                    request.uri = target.parse().unwrap();
                },
                |request| {
                    request
                        .headers
                        .insert("host", "localhost:4566".parse().unwrap());
                },
            ];
            for change in changes {
                let mut request = signed(how, &root());
                change(&mut request);
                let refused = verify(&key(), &request, how.body, at(0));
                assert_eq!(refused, Err(Invalid::Mismatch), "{request:?}");
            }
            let refused = verify(&key(), &signed(how, &root()), b"other", at(0));
            assert_eq!(refused, Err(Invalid::Mismatch));
        }
        let mut function = signed(PLAIN, &function());
        function.headers.remove(SECURITY_TOKEN);
        let refused = verify(&key(), &function, PLAIN.body, at(0));
        assert_eq!(refused, Err(Invalid::Mismatch));
    }

    #[test]
    fn a_signature_is_good_for_its_time() {
        let request = signed(PLAIN, &root());
        for (seconds, good) in [(-899, true), (-901, false), (899, true), (901, false)] {
            let outcome = verify(&key(), &request, PLAIN.body, at(seconds));
            assert_eq!(outcome.is_ok(), good, "{seconds}");
        }
        let presigned = signed(
            How {
                in_query: true,
                ..PLAIN
            },
            &root(),
        );
        for (seconds, good) in [(299, true), (301, false), (-901, false)] {
            let outcome = verify(&key(), &presigned, PLAIN.body, at(seconds));
            assert_eq!(outcome.is_ok(), good, "{seconds}");
        }
    }

    #[test]
    fn a_request_is_signed_once_and_in_one_way() {
        let unsigned = Request::post("/")
            .body(Body::empty())
            .unwrap()
            .into_parts()
            .0;
        assert_eq!(verify(&key(), &unsigned, b"", at(0)), Err(Invalid::Missing));
        let mut twice = signed(PLAIN, &root());
        let header = twice.headers[AUTHORIZATION].clone();
        twice.headers.append(AUTHORIZATION, header);
        let refused = verify(&key(), &twice, PLAIN.body, at(0));
        assert_eq!(refused, Err(Invalid::Missing));
        let mut both = signed(
            How {
                in_query: true,
                ..PLAIN
            },
            &root(),
        );
        both.headers = signed(PLAIN, &root()).headers;
        assert_eq!(
            verify(&key(), &both, PLAIN.body, at(0)),
            Err(Invalid::Missing)
        );
        let mut hostless = signed(PLAIN, &root());
        let header = hostless.headers[AUTHORIZATION]
            .to_str()
            .unwrap()
            .replace("host;", "");
        hostless
            .headers
            .insert(AUTHORIZATION, header.parse().unwrap());
        let refused = verify(&key(), &hostless, PLAIN.body, at(0));
        assert_eq!(refused, Err(Invalid::Unreadable));
    }

    fn signature_of_policy(caller: &Credentials) -> String {
        let scope = Scope {
            access_key_id: "",
            date: "20261126",
            region: "us-east-1",
            service: "s3",
        };
        let mut key = format!("AWS4{}", caller.secret_access_key).into_bytes();
        for part in [scope.date, scope.region, scope.service, TERMINATOR, "e30="] {
            let mut mac = keyed(&key);
            mac.update(part.as_bytes());
            key = mac.finalize().into_bytes().to_vec();
        }
        hex::encode(key)
    }

    #[test]
    fn a_form_is_let_through_for_its_policys_signature_alone() {
        let caller = function();
        let credential = |id: &str| format!("{id}/20261126/us-east-1/s3/aws4_request");
        let (own, unknown) = (credential(&caller.access_key_id), credential("AKIAUNKNOWN"));
        let signature = signature_of_policy(&caller);
        let good = SignedPolicy {
            algorithm: ALGORITHM,
            credential: &own,
            token: caller.session_token.as_deref(),
            policy: "e30=",
            signature: &signature,
        };
        assert_eq!(verify_policy(&key(), &good), Ok(caller.clone()));
        for (bad, invalid) in [
            (
                SignedPolicy {
                    algorithm: "AWS4",
                    ..good
                },
                Invalid::Unreadable,
            ),
            (
                SignedPolicy {
                    credential: "id",
                    ..good
                },
                Invalid::Unreadable,
            ),
            (
                SignedPolicy {
                    credential: &unknown,
                    ..good
                },
                Invalid::UnknownKey,
            ),
            (
                SignedPolicy {
                    token: None,
                    ..good
                },
                Invalid::Mismatch,
            ),
            (
                SignedPolicy {
                    policy: "e30",
                    ..good
                },
                Invalid::Mismatch,
            ),
            (
                SignedPolicy {
                    signature: "00",
                    ..good
                },
                Invalid::Mismatch,
            ),
            (
                SignedPolicy {
                    signature: "no",
                    ..good
                },
                Invalid::Unreadable,
            ),
        ] {
            assert_eq!(verify_policy(&key(), &bad), Err(invalid), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_path_query_and_body_are_the_sdk_and_we_agree(
            segments in proptest::collection::vec("[a-zA-Z0-9 ü+/%:~.-]{1,8}", 0..4),
            query in proptest::collection::vec(("[a-zA-Z-]{1,6}", "[a-zA-Z0-9 /+=ü~-]{0,6}"), 0..3),
            body in proptest::collection::vec(any::<u8>(), 0..64),
            s3 in any::<bool>(),
            in_query in any::<bool>(),
        ) {
            let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
            let path: Vec<String> = segments.iter().map(|segment| encode(segment)).collect();
            let query: Vec<String> = query
                .iter()
                .map(|(name, value)| format!("{name}={}", encode(value)))
                .collect();
            let mut target = format!("/{}", path.join("/"));
            if !query.is_empty() {
                target = format!("{target}?{}", query.join("&"));
            }
            let service = if s3 { "s3" } else { "lambda" };
            let how = How { service, method: "PUT", target: &target, body: &body, in_query };
            let request = signed(how, &function());
            prop_assert_eq!(verify(&key(), &request, &body, at(0)), Ok(function()), "{}", target);
        }
    }
}
