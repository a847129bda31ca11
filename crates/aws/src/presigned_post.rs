//! Leave to upload one picture: a presigned S3 POST, which the SDK cannot make.
//!
//! The grant's policy fixes bucket, key and content type, bounds the size, and ends with the
//! challenge. It carries the rights of the function's own role, which may write to the two
//! prefixes and nowhere else.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use signin_core::challenge::PresignedPost;
use signin_core::picture::MAX_BYTES;
use signin_core::time::Timestamp;

use crate::client::Config;
use crate::fault::Fault;
use crate::pictures::{Bucket, Pictures as _};

/// The only content type that an upload may declare. What the bytes are is found out from the
/// bytes; a page scales its picture down and so makes JPEG of it anyway.
pub const CONTENT_TYPE: &str = "image/jpeg";

/// Gives leave to upload one picture to `key` of a bucket until `expires_at`.
pub(crate) async fn presign(
    config: &Config,
    bucket: &Bucket,
    key: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<PresignedPost, Fault> {
    let missing = |what: &str| Fault::new("GrantUpload", what);
    let provider = config
        .credentials_provider()
        .ok_or_else(|| missing("no credentials"))?;
    let credentials = provider.provide_credentials().await;
    let credentials = credentials.map_err(|_| missing("no credentials"))?;
    let region = config
        .region()
        .ok_or_else(|| missing("no region"))?
        .as_ref();
    let url = form_url(bucket).await?;
    let fields = form_fields(&credentials, region, bucket.name(), key, now, expires_at);
    Ok(PresignedPost { url, fields })
}

/// Where a form for this bucket goes: wherever the SDK would send a request for it, whichever
/// endpoint and addressing style it has been told to use.
async fn form_url(bucket: &Bucket) -> Result<String, Fault> {
    // Any key does that needs no encoding; it is cut off again.
    let key = "form";
    let fault = |kind: &str| Fault::new("GrantUpload", kind);
    let period = PresigningConfig::expires_in(Duration::from_secs(1));
    let period = period.map_err(|_| fault("period not accepted"))?;
    let request = bucket.client().get_object().bucket(bucket.name()).key(key);
    let presigned = request.presigned(period).await;
    let presigned = presigned.map_err(|error| Fault::of("GrantUpload", &error))?;
    let address = presigned.uri().split('?').next().unwrap_or_default();
    let address = address
        .strip_suffix(key)
        .ok_or_else(|| fault("address without the key"))?;
    Ok(address.to_owned())
}

/// The fields of the form, in the terms of "Browser-based uploads using POST (AWS Signature
/// Version 4)".
fn form_fields(
    credentials: &Credentials,
    region: &str,
    bucket: &str,
    key: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> BTreeMap<String, String> {
    let moment = now.to_basic();
    let (date, _) = moment.split_once('T').unwrap_or_default();
    let scope = format!(
        "{}/{date}/{region}/s3/aws4_request",
        credentials.access_key_id()
    );
    let mut fields = BTreeMap::from([
        ("key", key.to_owned()),
        ("Content-Type", CONTENT_TYPE.to_owned()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential", scope),
        ("x-amz-date", moment.clone()),
    ]);
    if let Some(token) = credentials.session_token() {
        fields.insert("x-amz-security-token", token.to_owned());
    }
    let mut conditions = vec![
        json!({"bucket": bucket}),
        json!(["content-length-range", 1, MAX_BYTES]),
    ];
    conditions.extend(fields.iter().map(|(name, value)| json!({*name: value})));
    let policy = json!({"expiration": expires_at.to_rfc3339(), "conditions": conditions});
    let policy = STANDARD.encode(policy.to_string());
    let signed_at = UNIX_EPOCH + Duration::from_millis(now.as_millis());
    let secret = credentials.secret_access_key();
    let signing_key = generate_signing_key(secret, signed_at, region, "s3");
    fields.insert(
        "x-amz-signature",
        calculate_signature(signing_key, policy.as_bytes()),
    );
    fields.insert("policy", policy);
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> BTreeMap<String, String> {
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            Some("token".to_owned()),
            None,
            "tests",
        );
        let now = Timestamp::from_millis(1_800_000_000_000);
        let until = now.plus(Duration::from_mins(14));
        form_fields(
            &credentials,
            "us-east-1",
            "documents",
            "enrolments/01",
            now,
            until,
        )
    }

    #[test]
    fn a_grant_fixes_everything_that_the_form_sends() {
        let fields = fields();
        let policy = STANDARD.decode(&fields["policy"]).unwrap();
        let policy: serde_json::Value = serde_json::from_slice(&policy).unwrap();
        let conditions = policy["conditions"].as_array().unwrap();
        assert!(conditions.contains(&json!({"bucket": "documents"})));
        assert!(conditions.contains(&json!(["content-length-range", 1, 5_242_880])));
        for (name, value) in &fields {
            if name != "policy" && name != "x-amz-signature" {
                assert!(conditions.contains(&json!({name: value})), "{name}");
            }
        }
        assert_eq!(conditions.len(), fields.len());
        assert_eq!(fields["key"], "enrolments/01");
        assert_eq!(fields["Content-Type"], "image/jpeg");
        assert_eq!(policy["expiration"], "2027-01-15T08:14:00Z");
    }

    #[test]
    fn a_grant_is_signed_for_its_day_and_region() {
        let fields = fields();
        let scope = "AKIDEXAMPLE/20270115/us-east-1/s3/aws4_request";
        assert_eq!(fields["x-amz-credential"], scope);
        assert_eq!(fields["x-amz-date"], "20270115T080000Z");
        assert_eq!(fields["x-amz-signature"].len(), 64);
    }
}
