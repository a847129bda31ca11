//! What a request asks for, in the services' own words.

use hyper::{HeaderMap, Method};
use serde_json::Value;

/// The header with which the local user pool marks what it asks the stack's IAM.
const RELAYED: &str = "x-relayed-by";

/// SES's operation and its path.
const MAIL: (&str, &str) = ("SendEmail", "/v2/email/outbound-emails");

/// The operation of a request: `TransactWriteItems`, `SearchFacesByImage`, `GetObject`, `SendEmail`,
/// `Invoke:<function>`.
pub(crate) fn operation(method: &Method, path: &str, query: &str, headers: &HeaderMap) -> String {
    if let Some(target) = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
    {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    if is_mail(path) {
        return MAIL.0.to_owned();
    }
    let function = path
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"));
    if let Some(function) = function {
        return format!("Invoke:{function}");
    }
    let asks = |name: &str| {
        query
            .split('&')
            .any(|part| part.split('=').next() == Some(name))
    };
    let has_key = path
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    let name = match (method.as_str(), has_key) {
        ("GET", false) if asks("versions") => "ListObjectVersions",
        ("GET", false) => "ListObjectsV2",
        ("GET", true) => "GetObject",
        ("HEAD", _) => "HeadObject",
        ("PUT", true) => "PutObject",
        ("DELETE", true) => "DeleteObject",
        ("POST", false) if asks("delete") => "DeleteObjects",
        ("POST", false) => "PostObject",
        _ => "Other",
    };
    name.to_owned()
}

/// The actions that IAM asks about for an operation, as policies name them: `s3:GetObjectVersion`,
/// and for a transaction those of its parts.
pub(crate) fn actions(
    operation: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Vec<String> {
    let target = headers.get("x-amz-target");
    let target = target.and_then(|target| target.to_str().ok());
    let service = match target.and_then(|target| target.split(['.', '_']).next()) {
        Some("DynamoDB") if operation == "TransactWriteItems" => return parts(body),
        Some("DynamoDB") => "dynamodb",
        Some("RekognitionService") => "rekognition",
        Some("AWSCognitoIdentityProviderService") => "cognito-idp",
        Some(_) => return Vec::new(),
        None if operation == MAIL.0 => "ses",
        None => "s3",
    };
    let versioned = query
        .split('&')
        .any(|part| part.split('=').next() == Some("versionId"));
    let action = match (service, operation) {
        ("s3", "ListObjectsV2") => "ListBucket",
        ("s3", "ListObjectVersions") => "ListBucketVersions",
        ("s3", "GetObject") if versioned => "GetObjectVersion",
        ("s3", "DeleteObject") if versioned => "DeleteObjectVersion",
        ("s3", "GetObject" | "DeleteObject" | "PutObject") => operation,
        ("s3", _) => return Vec::new(),
        _ => operation,
    };
    vec![format!("{service}:{action}")]
}

/// The actions of a transaction's parts.
fn parts(body: &[u8]) -> Vec<String> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let parts = request["TransactItems"].as_array().into_iter().flatten();
    let kinds = parts.filter_map(|part| part.as_object()?.keys().next());
    let actions = kinds.map(|kind| match kind.as_str() {
        "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
        kind => format!("dynamodb:{kind}Item"),
    });
    actions.collect()
}

/// Whether it is the recognition service's.
pub(crate) fn is_recognition(headers: &HeaderMap) -> bool {
    headers
        .get("x-amz-target")
        .is_some_and(|target| target.as_bytes().starts_with(b"RekognitionService."))
}

/// Whether it is for SES.
pub(crate) fn is_mail(path: &str) -> bool {
    path == MAIL.1
}

/// Whether the user pool's server takes it: an administrator's operation or mail, and not what that
/// server asks the stack's IAM about one.
pub(crate) fn is_for_cognito(path: &str, headers: &HeaderMap) -> bool {
    let target = headers.get("x-amz-target");
    let is_administration = target.is_some_and(|target| {
        target
            .as_bytes()
            .starts_with(b"AWSCognitoIdentityProviderService.Admin")
    });
    !headers.contains_key(RELAYED) && (is_administration || is_mail(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_the_actions_that_policies_name() {
        let none = HeaderMap::new();
        for (operation, query, action) in [
            ("GetObject", "x-id=GetObject", Some("s3:GetObject")),
            ("GetObject", "versionId=1", Some("s3:GetObjectVersion")),
            (
                "DeleteObject",
                "versionId=1",
                Some("s3:DeleteObjectVersion"),
            ),
            ("ListObjectsV2", "list-type=2", Some("s3:ListBucket")),
            (
                "ListObjectVersions",
                "versions",
                Some("s3:ListBucketVersions"),
            ),
            ("Invoke:verify", "", None),
            ("SendEmail", "", Some("ses:SendEmail")),
        ] {
            let actions = actions(operation, query, &none, b"");
            assert_eq!(actions, action.as_slice(), "{operation}");
        }
        let mut headers = HeaderMap::new();
        let target = "DynamoDB_20120810.TransactWriteItems";
        headers.insert("x-amz-target", target.parse().expect("a header"));
        let body = br#"{"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}, {"Update": {}}]}"#;
        let actions = actions("TransactWriteItems", "", &headers, body);
        assert_eq!(
            actions,
            ["PutItem", "ConditionCheckItem", "UpdateItem"].map(|item| format!("dynamodb:{item}"))
        );
    }

    #[test]
    fn every_call_of_the_functions_has_its_name() {
        let none = HeaderMap::new();
        let named = |method: &str, path: &str, query: &str| {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            operation(&method, path, query, &none)
        };
        assert_eq!(named("GET", "/bucket/key/x", "versionId=1"), "GetObject");
        assert_eq!(
            named("GET", "/bucket", "versions&prefix=a"),
            "ListObjectVersions"
        );
        assert_eq!(
            named("GET", "/bucket/", "versions=&prefix=a"),
            "ListObjectVersions"
        );
        assert_eq!(named("PUT", "/bucket/key", "x-id=PutObject"), "PutObject");
        assert_eq!(
            named("DELETE", "/bucket/key", "versionId=1"),
            "DeleteObject"
        );
        assert_eq!(named("POST", "/bucket", ""), "PostObject");
        assert_eq!(
            named("POST", "/2015-03-31/functions/verify/invocations", ""),
            "Invoke:verify"
        );
        assert_eq!(named("POST", MAIL.1, ""), "SendEmail");
        let mut json = HeaderMap::new();
        json.insert(
            "x-amz-target",
            "RekognitionService.IndexFaces".parse().expect("a header"),
        );
        assert_eq!(operation(&Method::POST, "/", "", &json), "IndexFaces");
        assert!(is_recognition(&json) && !is_recognition(&none));
        let target = "AWSCognitoIdentityProviderService.AdminUserGlobalSignOut";
        json.insert("x-amz-target", target.parse().expect("a header"));
        assert!(is_for_cognito("/", &json) && !is_recognition(&json));
        assert!(is_for_cognito(MAIL.1, &none) && !is_for_cognito("/", &none));
        json.insert(RELAYED, "local-cognito".parse().expect("a header"));
        assert!(!is_for_cognito("/", &json) && !is_for_cognito(MAIL.1, &json));
    }
}
