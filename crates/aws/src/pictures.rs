//! Pictures in S3: read once, and deleted.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use signin_core::picture::MAX_BYTES;
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;

use crate::client::Config;
use crate::fault::Fault;

/// A bucket that holds pictures.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    name: String,
}

/// A picture that was read.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its bytes.
    pub bytes: PictureBytes,
    /// The object's version, in a versioned bucket.
    pub version: Option<String>,
}

/// What lies at a key.
#[derive(Clone, Debug)]
pub enum Found {
    /// A picture, of a size that is accepted; whether it is one at all is not known yet.
    Picture(Picture),
    /// Nothing.
    Nothing,
    /// Something that is larger than a picture may be.
    TooLarge,
}

impl Found {
    /// The bytes, or why there are none to compare.
    pub fn into_bytes(self) -> Result<PictureBytes, Reason> {
        match self {
            Self::Picture(picture) => Ok(picture.bytes),
            Self::Nothing => Err(Reason::NotAnImage),
            Self::TooLarge => Err(Reason::TooLarge),
        }
    }
}

impl Bucket {
    /// The bucket of this name.
    pub fn open(config: &Config, name: String) -> Self {
        Self {
            client: Client::new(config),
            name,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client it is reached through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Reads what lies at a key: this version of it, or the newest.
    pub async fn read(&self, key: &str, version: Option<&str>) -> Result<Found, Fault> {
        let request = self.client.get_object().bucket(&self.name).key(key);
        let object = match request
            .set_version_id(version.map(str::to_owned))
            .send()
            .await
        {
            Ok(object) => object,
            Err(error) => {
                let gone = ["NoSuchKey", "NoSuchVersion", "MethodNotAllowed"];
                let code = error.as_service_error().and_then(|error| error.code());
                return match code {
                    Some(code) if gone.contains(&code) => Ok(Found::Nothing),
                    _ => Err(Fault::of("GetObject", &error)),
                };
            }
        };
        let length = object
            .content_length()
            .and_then(|length| u64::try_from(length).ok());
        if length.is_none_or(|length| length > MAX_BYTES) {
            return Ok(Found::TooLarge);
        }
        let version = object
            .version_id()
            .filter(|version| *version != "null")
            .map(str::to_owned);
        let body = object.body.collect().await;
        let body = body.map_err(|_| Fault::new("GetObject", "body broken off"))?;
        Ok(Found::Picture(Picture {
            bytes: PictureBytes::new(body.to_vec()),
            version,
        }))
    }

    /// Writes a picture and returns its version, in a versioned bucket.
    pub async fn write(
        &self,
        key: &str,
        picture: &PictureBytes,
        media_type: &str,
    ) -> Result<Option<String>, Fault> {
        let body = ByteStream::from(picture.as_slice().to_vec());
        let request = self
            .client
            .put_object()
            .bucket(&self.name)
            .key(key)
            .body(body);
        let written = request.content_type(media_type).send().await;
        let written = written.map_err(|error| Fault::of("PutObject", &error))?;
        Ok(written.version_id().map(str::to_owned))
    }

    /// Deletes what lies at a key of an unversioned bucket.
    pub async fn delete(&self, key: &str) -> Result<(), Fault> {
        let request = self.client.delete_object().bucket(&self.name).key(key);
        request
            .send()
            .await
            .map_err(|error| Fault::of("DeleteObject", &error))?;
        Ok(())
    }

    /// Deletes one version of what lies at a key.
    pub async fn delete_version(&self, key: &str, version: &str) -> Result<(), Fault> {
        let request = self.client.delete_object().bucket(&self.name).key(key);
        let deleted = request.version_id(version).send().await;
        deleted.map_err(|error| Fault::of("DeleteObjectVersion", &error))?;
        Ok(())
    }

    /// Deletes every version of what lies at a key, but for one that is to be kept.
    pub async fn delete_versions(&self, key: &str, keep: Option<&str>) -> Result<(), Fault> {
        let request = self
            .client
            .list_object_versions()
            .bucket(&self.name)
            .prefix(key);
        let listed = request.send().await;
        let listed = listed.map_err(|error| Fault::of("ListObjectVersions", &error))?;
        let versions = listed.versions().iter().map(|v| (v.key(), v.version_id()));
        let markers = listed
            .delete_markers()
            .iter()
            .map(|m| (m.key(), m.version_id()));
        for (found, version) in versions.chain(markers) {
            // The listing goes by prefix; another key may begin with this one.
            if let (Some(found), Some(version)) = (found, version)
                && found == key
                && Some(version) != keep
            {
                self.delete_version(key, version).await?;
            }
        }
        Ok(())
    }
}
