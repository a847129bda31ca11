//! The stacks that `cargo xtask test e2e` has deployed, as an operator reaches them.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use local_guard::StackKey;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use signin_client::{Outputs, SignInClient};

use crate::clock;

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
    /// `UserPoolTier=LITE` and `SelfSignUp=false`.
    Lite,
    /// Functions from which defences can be taken away, with all that any variant needs.
    Mutated,
}

impl Variant {
    /// The stack's name in CloudFormation: `face-sign-in`, and the variant's after it.
    pub fn stack_name(self) -> String {
        let file = self.file();
        let variant = file.trim_start_matches("outputs").trim_end_matches(".json");
        format!("face-sign-in{variant}")
    }

    fn file(self) -> &'static str {
        match self {
            Self::Default => "outputs.json",
            Self::Password => "outputs-password.json",
            Self::Compare => "outputs-compare.json",
            Self::Data => "outputs-data.json",
            Self::Mesh => "outputs-mesh.json",
            Self::Lite => "outputs-lite.json",
            Self::Mutated => "outputs-mutated.json",
        }
    }
}

/// A deployed stack.
#[derive(Clone, Debug)]
pub struct Stack {
    /// What it tells its clients.
    pub outputs: Outputs,
    /// The same, by the outputs' names.
    pub by_name: BTreeMap<String, String>,
}

impl Stack {
    /// Reads the outputs of a variant.
    pub fn read(variant: Variant) -> Self {
        let path = folder("FACE_SIGNIN_OUTPUTS").join(variant.file());
        let outputs = Outputs::read(&path).unwrap_or_else(|error| panic!("{error}"));
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let by_name = serde_json::from_slice(&text).expect("the outputs are a flat object");
        Self { outputs, by_name }
    }

    /// An app of this stack.
    pub fn client(&self) -> SignInClient {
        SignInClient::new(&self.outputs).expect("a client can be made for the stack")
    }

    /// What the AWS SDKs need in the environment to reach this stack as its operator.
    pub fn environment(&self) -> BTreeMap<String, String> {
        let outputs = &self.outputs;
        [
            ("AWS_REGION", &outputs.region),
            ("AWS_ACCESS_KEY_ID", &outputs.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &outputs.secret_access_key),
            ("AWS_ENDPOINT_URL_DYNAMODB", &outputs.dynamo_db_endpoint),
            ("AWS_ENDPOINT_URL_S3", &outputs.s3_endpoint),
            (
                "AWS_ENDPOINT_URL_REKOGNITION",
                &outputs.rekognition_endpoint,
            ),
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                &outputs.cognito_endpoint,
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .into()
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
        let (id, secret) = (&self.outputs.access_key_id, &self.outputs.secret_access_key);
        StackKey::new(id.clone(), secret.clone())
            .caller(access_key_id)
            .expect("the key is the stack's or a function's")
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

/// An e-mail address that nobody has used.
pub fn fresh_email() -> String {
    format!("e2e-{}@example.com", hex::encode(rand::random::<[u8; 8]>()))
}

fn folder(variable: &str) -> PathBuf {
    env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set; run: cargo xtask test e2e"))
        .into()
}
