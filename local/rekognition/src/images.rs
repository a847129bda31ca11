//! Pictures from requests and from S3.

use std::{fmt, time::Duration};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use face_engine::{Picture, PictureError};
use local_guard::{Credentials as Key, StackKey};

use crate::{clock, error::Refusal, validation::Validation, wire};

/// Most bytes of a picture inside a request, as the service documents it.
pub(crate) const MAX_INLINE: usize = 5 * 1024 * 1024;

/// Most bytes of a picture in a bucket, as the service documents it.
const MAX_OBJECT: usize = 15 * 1024 * 1024;

/// An object that takes longer than this is not coming.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Who calls: with whose rights objects are read, as the service does it. Nobody where requests are
/// not signed, and then nothing is read.
pub(crate) type Caller<'a> = Option<&'a Key>;

/// Where objects are read from. `Debug` shows the address alone.
#[derive(Clone)]
pub struct ObjectStore {
    /// Base address, with `http`, such as `http://127.0.0.1:4566`; buckets are the first part of
    /// the path.
    pub endpoint: String,
    /// The region that requests are signed for.
    pub region: String,
    /// The key of the stack whose callers are served: their own keys follow from it.
    pub key: StackKey,
}

impl fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectStore")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

/// Fetches pictures' bytes.
pub(crate) struct Images {
    http: reqwest::Client,
    store: Option<ObjectStore>,
}

impl Images {
    pub(crate) fn new(store: Option<ObjectStore>) -> Self {
        Self {
            http: reqwest::Client::new(),
            store,
        }
    }

    /// The bytes of the picture at `place` of a request.
    pub(crate) async fn bytes(
        &self,
        image: Option<wire::Image>,
        place: &str,
        caller: Caller<'_>,
    ) -> Result<Vec<u8>, Refusal> {
        let mut validation = Validation::default();
        let image = validation.required(image, place);
        validation.finish()?;
        match (image.bytes, image.s3_object) {
            (Some(text), None) => inline(&text, place),
            (None, Some(object)) => self.object(object, caller).await,
            _ => Err(Refusal::invalid_parameter("Request has invalid parameters")),
        }
    }

    async fn object(&self, object: wire::S3Object, caller: Caller<'_>) -> Result<Vec<u8>, Refusal> {
        let (Some(bucket), Some(name)) = (object.bucket, object.name) else {
            return Err(Refusal::invalid_parameter("Request has invalid parameters"));
        };
        let (Some(store), Some(caller)) = (&self.store, caller) else {
            tracing::warn!("no S3 endpoint or credentials in the environment");
            return Err(unreadable());
        };
        let path = [encoded(&bucket, false), encoded(&name, true)].join("/");
        let mut url = format!("{}/{path}", store.endpoint.trim_end_matches('/'));
        if let Some(version) = object.version {
            url = format!("{url}?versionId={}", encoded(&version, false));
        }
        let mut request = self.http.get(&url).timeout(TIMEOUT);
        for (name, value) in signature(store, caller, &url)? {
            request = request.header(name, value);
        }
        let unreachable = |error: reqwest::Error| {
            tracing::warn!("S3 cannot be read: {}", error.without_url());
            unreadable()
        };
        let mut response = request.send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(unreadable());
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > MAX_OBJECT {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn inline(text: &str, place: &str) -> Result<Vec<u8>, Refusal> {
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|_| Refusal::serialization("Image bytes are not in base64"))?;
    let mut validation = Validation::default();
    validation.length(bytes.len(), &format!("{place}.bytes"), (1, MAX_INLINE));
    validation.finish().map(|()| bytes)
}

/// Decodes a picture.
pub(crate) fn decode(bytes: &[u8]) -> Result<Picture, Refusal> {
    Picture::decode(bytes).map_err(|error| match error {
        PictureError::TooLarge { .. } | PictureError::TooManyBytes { .. } => too_large(),
        _ => Refusal::new(
            "InvalidImageFormatException",
            "Request has invalid image format",
        ),
    })
}

fn too_large() -> Refusal {
    Refusal::new("ImageTooLargeException", "Image size is too large")
}

fn unreadable() -> Refusal {
    Refusal::new(
        "InvalidS3ObjectException",
        "Unable to get object metadata from S3. Check object key, region and/or access \
         permissions.",
    )
}

/// Every byte percent-encoded but those that S3 leaves as they are.
fn encoded(text: &str, keep_slashes: bool) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        b'/' if keep_slashes => "/".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The headers that sign the reading of `url`.
fn signature(
    store: &ObjectStore,
    caller: &Key,
    url: &str,
) -> Result<Vec<(String, String)>, Refusal> {
    let failed = |error: &dyn fmt::Display| {
        tracing::error!("a request to S3 cannot be signed: {error}");
        Refusal::internal()
    };
    let identity = Credentials::new(
        &caller.access_key_id,
        &caller.secret_access_key,
        caller.session_token.clone(),
        None,
        "caller",
    )
    .into();
    let mut settings = SigningSettings::default();
    // As S3 wants it: the path is signed as it is sent.
    settings.percent_encoding_mode = PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(&store.region)
        .name("s3")
        .time(clock::now())
        .settings(settings)
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let request = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b""))
        .map_err(|error| failed(&error))?;
    let (instructions, _) = sign(request, &parameters)
        .map_err(|error| failed(&error))?
        .into_parts();
    Ok(instructions
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_signs_them() {
        assert_eq!(encoded("a b/ü+.jpg", true), "a%20b/%C3%BC%2B.jpg");
        assert_eq!(encoded("a/b", false), "a%2Fb");
    }

    #[test]
    fn inline_pictures_are_bounded() {
        assert_eq!(inline("AAEC", "image"), Ok(vec![0, 1, 2]));
        for text in [
            String::new(),
            BASE64_STANDARD.encode(vec![0; MAX_INLINE + 1]),
        ] {
            let refusal = inline(&text, "image").expect_err("outside the bounds");
            assert_eq!(refusal.name, "ValidationException");
        }
        let refusal = inline("not base64!", "image").expect_err("not base64");
        assert_eq!(refusal.name, "SerializationException");
    }

    #[test]
    fn nothing_of_the_credentials_is_shown() {
        let store = ObjectStore {
            endpoint: "http://127.0.0.1:4566".into(),
            region: "us-east-1".into(),
            key: StackKey::new("AKIDEXAMPLE".into(), "hidden".into()),
        };
        let shown = format!("{store:?}");
        assert!(
            !shown.contains("hidden") && !shown.contains("AKID"),
            "{shown}"
        );
    }
}
