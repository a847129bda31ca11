//! The stacks that `cargo xtask test e2e` has deployed, as an operator reaches them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use local_guard::StackKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use signin_client::{Outputs, SignInClient};

use crate::clock;
use crate::proxy::Proxy;

/// Every byte of a key that S3 wants encoded in an address.
const KEY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// The template with one set of parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    /// The template's own defaults.
    Default,
    /// `SignInPolicy=PASSWORD+FACE` and `BulkConsent=1`.
    Password,
    /// `MatchMode=COMPARE`, `KeepDocuments=true` and `BulkConsent=1`.
    Compare,
    /// `SignInPolicy=FACE_DATA`, `FaceDataModel=descriptor-128` and `AllowFaceDataOnly=true`.
    Data,
    /// `SignInPolicy=PASSWORD+FACE_DATA` and `FaceDataModel=mesh-468`.
    Mesh,
    /// `SignInPolicy=FACE,PASSWORD+FACE_DATA`, with `PASSWORD+` each factor that no other variant asks for,
    /// and `FaceDataModel=descriptor-128`.
    Chains,
    /// `SignInPolicy=FACE,PASSWORD+EMAIL_CODE,EMAIL_CODE+FACE_DATA`, and mail.
    Mailed,
    /// `UserPoolTier=LITE` and `SelfSignUp=false`.
    Lite,
    /// Functions from which defences can be taken away, with all that any variant needs.
    Mutated,
}

impl Variant {
    /// The stack's name in CloudFormation: `face-sign-in`, and the variant's after it.
    pub fn stack_name(self) -> String {
        format!("face-sign-in{}", self.suffix())
    }

    fn suffix(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::Password => "-password",
            Self::Compare => "-compare",
            Self::Data => "-data",
            Self::Mesh => "-mesh",
            Self::Chains => "-chains",
            Self::Mailed => "-mailed",
            Self::Lite => "-lite",
            Self::Mutated => "-mutated",
        }
    }

    /// Where the files of this variant lie: one from which defences can be taken away has servers of
    /// its own.
    fn folder(self) -> PathBuf {
        folder(match self {
            Self::Mutated => "FACE_SIGNIN_MUTATED",
            _ => "FACE_SIGNIN_OUTPUTS",
        })
    }

    /// Where a file of this variant lies.
    fn file(self, kind: &str) -> PathBuf {
        self.folder().join(format!("{kind}{}.json", self.suffix()))
    }
}

/// A deployed stack.
#[derive(Clone, Debug)]
pub struct Stack {
    /// What it tells its clients.
    pub outputs: Outputs,
    /// The same, by the outputs' names.
    pub by_name: BTreeMap<String, String>,
    /// Where the environments of its functions stand, as `sam local invoke --env-vars` reads them.
    pub environments: PathBuf,
    /// Where its servers' logs lie.
    pub logs: PathBuf,
}

impl Stack {
    /// Reads the outputs of a variant.
    pub fn read(variant: Variant) -> Self {
        let path = variant.file("outputs");
        let outputs = Outputs::read(&path).unwrap_or_else(|error| panic!("{error}"));
        Self {
            outputs,
            by_name: read(&path),
            environments: variant.file("env"),
            logs: variant.folder().join("logs"),
        }
    }

    /// The proxy between its functions, its Cognito and what they call.
    pub fn proxy(&self) -> Proxy {
        Proxy::of(self)
    }

    /// An app of this stack.
    pub fn client(&self) -> SignInClient {
        SignInClient::new(&self.outputs).expect("a client can be made for the stack")
    }

    /// The environment of a function: the stack's file of environments, and what `sam local invoke`
    /// takes from the shell, which is the operator's key.
    pub fn environment(&self, function: &str) -> BTreeMap<String, String> {
        let mut environments: BTreeMap<String, BTreeMap<String, String>> = read(&self.environments);
        let name = logical_name(function);
        let environment = environments.remove(&name);
        let mut environment = environment.unwrap_or_else(|| panic!("{name} has no environment"));
        let outputs = &self.outputs;
        for (name, value) in [
            ("AWS_REGION", &outputs.region),
            ("AWS_ACCESS_KEY_ID", &outputs.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &outputs.secret_access_key),
        ] {
            environment.insert(name.to_owned(), value.clone());
        }
        environment
    }

    /// Puts an object into a bucket, as an operator would; its version, in a versioned bucket.
    pub async fn put_object(&self, bucket: &str, key: &str, body: Vec<u8>) -> Option<String> {
        let endpoint = self.outputs.s3_endpoint.trim_end_matches('/');
        let url = format!("{endpoint}/{bucket}/{}", utf8_percent_encode(key, KEY));
        let mut request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("an HTTP client can be made")
            .put(&url);
        for (name, value) in self.signature("s3", "PUT", &url, &body) {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.expect("S3 answers");
        let status = response.status();
        assert!(status.is_success(), "S3 answered {status} to PutObject");
        let version = response.headers().get("x-amz-version-id")?;
        Some(version.to_str().expect("a version is text").to_owned())
    }

    /// Deletes what lies at a key, so that no version of it is left.
    pub async fn delete_object(&self, bucket: &str, key: &str) {
        let version = self.newest_version(bucket, key).await;
        let endpoint = self.outputs.s3_endpoint.trim_end_matches('/');
        let key = utf8_percent_encode(key, KEY);
        let url = format!("{endpoint}/{bucket}/{key}?versionId={version}");
        let http = reqwest::Client::builder().no_proxy().build();
        let mut request = http.expect("an HTTP client can be made").delete(&url);
        for (name, value) in self.signature("s3", "DELETE", &url, b"") {
            request = request.header(name, value);
        }
        let status = request.send().await.expect("S3 answers").status();
        assert!(status.is_success(), "S3 answered {status} to DeleteObject");
    }

    /// The headers that sign a request to a service with the operator's credentials.
    pub(crate) fn signature(
        &self,
        service: &str,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let operator = self.key_of(&self.outputs.access_key_id);
        self.signature_of(&operator, service, method, url, body)
    }

    /// The key behind an access key id: the operator's, or a function's, as local Lambda makes it.
    pub(crate) fn key_of(&self, access_key_id: &str) -> local_guard::Credentials {
        let caller = self.key().caller(access_key_id);
        caller.expect("the key is the stack's or a function's")
    }

    /// The stack's key.
    pub(crate) fn key(&self) -> StackKey {
        let (id, secret) = (&self.outputs.access_key_id, &self.outputs.secret_access_key);
        StackKey::new(id.clone(), secret.clone())
    }

    /// The headers that sign a request to a service with somebody's key.
    pub(crate) fn signature_of(
        &self,
        caller: &local_guard::Credentials,
        service: &str,
        method: &str,
        url: &str,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let identity = Credentials::new(
            &caller.access_key_id,
            &caller.secret_access_key,
            caller.session_token.clone(),
            None,
            "outputs",
        )
        .into();
        let mut settings = SigningSettings::default();
        // As S3 wants it: the path is signed as it is sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.outputs.region)
            .name(service)
            .time(clock::now())
            .settings(settings)
            .build()
            .expect("all parameters are set above")
            .into();
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new(method, url, std::iter::empty(), body)
            .expect("the address is well formed");
        let (instructions, _signature) = sign(request, &parameters)
            .expect("the request can be signed")
            .into_parts();
        instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

/// The executable of a function, as it goes to Lambda.
pub fn executable(function: &str) -> PathBuf {
    let path = folder("FACE_SIGNIN_BINARIES").join(function);
    assert!(
        path.is_file(),
        "{} was not built; run: cargo xtask test e2e",
        path.display()
    );
    path
}

/// The name that a function has in the template: `pre-signup` is `PreSignupFunction`.
pub(crate) fn logical_name(function: &str) -> String {
    let mut name: String = function
        .split('-')
        .flat_map(|word| [word[..1].to_uppercase(), word[1..].to_owned()])
        .collect();
    name.push_str("Function");
    name
}

fn read<T: DeserializeOwned>(path: &Path) -> T {
    let shown = path.display();
    let text = fs::read(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

/// An e-mail address that nobody has used.
pub fn fresh_email() -> String {
    format!("e2e-{}@example.com", hex::encode(rand::random::<[u8; 8]>()))
}

fn folder(variable: &str) -> PathBuf {
    env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set; run: cargo xtask test e2e"))
        .into()
}
