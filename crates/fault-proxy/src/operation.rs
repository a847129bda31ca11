//! What a request asks for, in the services' own words.

use hyper::{HeaderMap, Method};

/// The header with which the local user pool marks what it asks the stack's IAM.
const RELAYED: &str = "x-relayed-by";

/// The operation of a request: `TransactWriteItems`, `SearchFacesByImage`, `GetObject`,
/// `Invoke:<function>`.
pub(crate) fn operation(method: &Method, path: &str, query: &str, headers: &HeaderMap) -> String {
    if let Some(target) = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
    {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
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

/// Whether it is the recognition service's.
pub(crate) fn is_recognition(headers: &HeaderMap) -> bool {
    headers
        .get("x-amz-target")
        .is_some_and(|target| target.as_bytes().starts_with(b"RekognitionService."))
}

/// Whether it is an administrator's operation on the user pool, and not one by which the pool asks
/// the stack's IAM about it.
pub(crate) fn is_administration(headers: &HeaderMap) -> bool {
    let target = headers.get("x-amz-target");
    !headers.contains_key(RELAYED)
        && target.is_some_and(|target| {
            target
                .as_bytes()
                .starts_with(b"AWSCognitoIdentityProviderService.Admin")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut json = HeaderMap::new();
        json.insert(
            "x-amz-target",
            "RekognitionService.IndexFaces".parse().expect("a header"),
        );
        assert_eq!(operation(&Method::POST, "/", "", &json), "IndexFaces");
        assert!(is_recognition(&json) && !is_recognition(&none));
        let target = "AWSCognitoIdentityProviderService.AdminUserGlobalSignOut";
        json.insert("x-amz-target", target.parse().expect("a header"));
        assert!(is_administration(&json) && !is_recognition(&json));
        json.insert(RELAYED, "local-cognito".parse().expect("a header"));
        assert!(!is_administration(&json) && !is_administration(&none));
    }
}
