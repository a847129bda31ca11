//! Pictures in S3: read once, and deleted.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use signin_core::challenge::PresignedPost;
use signin_core::picture::MAX_BYTES;
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;
use signin_core::time::Timestamp;

use crate::client::Config;
use crate::fault::Fault;
use crate::presigned_post;

/// A bucket that holds pictures.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    config: Config,
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

/// An object, or a version of one, as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its version; none in a listing of objects.
    pub version: Option<String>,
    /// When it was put there.
    pub since: Timestamp,
    /// Whether it is nothing but a mark that the object was deleted.
    pub is_mark: bool,
}

/// Some of what a bucket holds, and where to read on.
#[derive(Clone, Debug)]
pub struct Listing {
    /// What was found. Of versions, first those of pictures, then marks, each by key.
    pub found: Vec<Listed>,
    /// Where the next page begins; none after the last.
    pub next: Option<Marker>,
}

/// Where a page of a listing begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Behind this key, or this version of it.
    pub key: String,
    /// Behind this version, where one is named.
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

/// What keeps pictures by their keys.
pub trait Pictures {
    /// Its name.
    fn name(&self) -> &str;

    /// Gives leave to upload one picture to `key` until `expires_at`.
    fn presign(
        &self,
        key: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> impl Future<Output = Result<PresignedPost, Fault>>;

    /// Reads what lies at a key: this version of it, or the newest.
    fn read(&self, key: &str, version: Option<&str>) -> impl Future<Output = Result<Found, Fault>>;

    /// Writes a picture and returns its version, in a versioned bucket.
    fn write(
        &self,
        key: &str,
        picture: &PictureBytes,
        media_type: &str,
    ) -> impl Future<Output = Result<Option<String>, Fault>>;

    /// Deletes what lies at a key of an unversioned bucket.
    fn delete(&self, key: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Deletes one version of what lies at a key.
    fn delete_version(&self, key: &str, version: &str) -> impl Future<Output = Result<(), Fault>>;

    /// Lists objects whose keys begin with a prefix, in the order of their keys, a page at a time.
    fn objects(
        &self,
        prefix: &str,
        from: Option<&Marker>,
    ) -> impl Future<Output = Result<Listing, Fault>>;

    /// Lists the versions, delete markers among them, of objects whose keys begin with a prefix, in
    /// the order of their keys, a page at a time.
    fn versions(
        &self,
        prefix: &str,
        from: Option<&Marker>,
    ) -> impl Future<Output = Result<Listing, Fault>>;

    /// Deletes every version of what lies at a key, but for those that are to be kept.
    fn delete_versions(
        &self,
        key: &str,
        keep: impl Fn(&str) -> bool,
    ) -> impl Future<Output = Result<(), Fault>> {
        async move {
            let mut from = None;
            loop {
                let page = self.versions(key, from.as_ref()).await?;
                for found in page.found {
                    // The listing goes by prefix; another key may begin with this one.
                    if let Some(version) = &found.version
                        && found.key == key
                        && !keep(version)
                    {
                        self.delete_version(key, version).await?;
                    }
                }
                from = page.next;
                if from.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

impl Bucket {
    /// The bucket of this name.
    pub fn open(config: &Config, name: String) -> Self {
        Self {
            client: Client::new(config),
            config: config.clone(),
            name,
        }
    }

    /// The client it is reached through.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }
}

impl Pictures for Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    async fn presign(
        &self,
        key: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<PresignedPost, Fault> {
        presigned_post::presign(&self.config, self, key, now, expires_at).await
    }

    async fn read(&self, key: &str, version: Option<&str>) -> Result<Found, Fault> {
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

    async fn write(
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

    async fn delete(&self, key: &str) -> Result<(), Fault> {
        let request = self.client.delete_object().bucket(&self.name).key(key);
        request
            .send()
            .await
            .map_err(|error| Fault::of("DeleteObject", &error))?;
        Ok(())
    }

    async fn delete_version(&self, key: &str, version: &str) -> Result<(), Fault> {
        let request = self.client.delete_object().bucket(&self.name).key(key);
        let deleted = request.version_id(version).send().await;
        deleted.map_err(|error| Fault::of("DeleteObjectVersion", &error))?;
        Ok(())
    }

    async fn objects(&self, prefix: &str, from: Option<&Marker>) -> Result<Listing, Fault> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .set_start_after(from.map(|marker| marker.key.clone()));
        let page = request.send().await;
        let page = page.map_err(|error| Fault::of("ListObjects", &error))?;
        let found: Vec<Listed> = page
            .contents()
            .iter()
            .filter_map(|object| listed(object.key(), None, object.last_modified()))
            .collect();
        let last = page.contents().last().and_then(|object| object.key());
        let next = last.filter(|_| page.is_truncated() == Some(true));
        Ok(Listing {
            next: next.map(|key| Marker {
                key: key.to_owned(),
                version: None,
            }),
            found,
        })
    }

    async fn versions(&self, prefix: &str, from: Option<&Marker>) -> Result<Listing, Fault> {
        let request = self
            .client
            .list_object_versions()
            .bucket(&self.name)
            .prefix(prefix)
            .set_key_marker(from.map(|marker| marker.key.clone()))
            .set_version_id_marker(from.and_then(|marker| marker.version.clone()));
        let page = request.send().await;
        let page = page.map_err(|error| Fault::of("ListObjectVersions", &error))?;
        let versions = page
            .versions()
            .iter()
            .filter_map(|found| listed(found.key(), found.version_id(), found.last_modified()));
        let markers = page
            .delete_markers()
            .iter()
            .filter_map(|found| listed(found.key(), found.version_id(), found.last_modified()))
            .map(|mark| Listed {
                is_mark: true,
                ..mark
            });
        let found = versions.chain(markers).collect();
        let next = page
            .next_key_marker()
            .filter(|_| page.is_truncated() == Some(true));
        Ok(Listing {
            next: next.map(|key| Marker {
                key: key.to_owned(),
                version: page.next_version_id_marker().map(str::to_owned),
            }),
            found,
        })
    }
}

fn listed(key: Option<&str>, version: Option<&str>, since: Option<&DateTime>) -> Option<Listed> {
    let since = u64::try_from(since?.to_millis().ok()?).ok()?;
    Some(Listed {
        key: key?.to_owned(),
        version: version.map(str::to_owned),
        since: Timestamp::from_millis(since),
        is_mark: false,
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
    use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
    use aws_sdk_s3::types::error::NoSuchKey;
    use aws_sdk_s3::types::{DeleteMarkerEntry, ObjectVersion};
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    fn bucket(rules: &[&Rule]) -> Bucket {
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, rules);
        Bucket {
            client,
            config: Config::builder().build(),
            name: "documents".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_picture_comes_with_its_version() {
        let rule = mock!(Client::get_object).then_output(|| {
            GetObjectOutput::builder()
                .content_length(3)
                .version_id("v1")
                .body(ByteStream::from_static(b"abc"))
                .build()
        });
        let Ok(Found::Picture(picture)) = bucket(&[&rule]).read("key", None).await else {
            panic!("expected a picture");
        };
        assert_eq!(picture.bytes.as_slice(), b"abc");
        assert_eq!(picture.version.as_deref(), Some("v1"));
    }

    #[tokio::test]
    async fn nothing_at_the_key_is_no_fault() {
        let rule = mock!(Client::get_object).then_error(|| {
            let meta = ErrorMetadata::builder().code("NoSuchKey").build();
            GetObjectError::NoSuchKey(NoSuchKey::builder().meta(meta).build())
        });
        let found = bucket(&[&rule]).read("key", None).await.unwrap();
        assert_eq!(found.into_bytes(), Err(Reason::NotAnImage));
    }

    #[tokio::test]
    async fn an_object_that_is_too_large_is_not_read() {
        for length in [Some(5 * 1024 * 1024 + 1), None] {
            let rule = mock!(Client::get_object).then_output(move || {
                GetObjectOutput::builder()
                    .set_content_length(length)
                    .build()
            });
            let found = bucket(&[&rule]).read("key", None).await.unwrap();
            assert_eq!(found.into_bytes(), Err(Reason::TooLarge));
        }
    }

    #[tokio::test]
    async fn every_version_goes_but_the_kept_one_and_other_keys() {
        let version = |key: &str, id: &str| {
            ObjectVersion::builder()
                .key(key)
                .version_id(id)
                .last_modified(DateTime::from_secs(0))
                .build()
        };
        let listed = ListObjectVersionsOutput::builder()
            .versions(version("key", "v1"))
            .versions(version("key", "v2"))
            .versions(version("key-of-another", "v3"))
            .delete_markers(
                DeleteMarkerEntry::builder()
                    .key("key")
                    .version_id("v4")
                    .last_modified(DateTime::from_secs(0))
                    .build(),
            )
            .build();
        let list = mock!(Client::list_object_versions).then_output(move || listed.clone());
        let delete = mock!(Client::delete_object)
            .match_requests(|request| {
                request.key() == Some("key")
                    && ["v1", "v4"].contains(&request.version_id().unwrap_or_default())
            })
            .then_output(|| {
                aws_sdk_s3::operation::delete_object::DeleteObjectOutput::builder().build()
            });
        bucket(&[&list, &delete])
            .delete_versions("key", |version| version == "v2")
            .await
            .unwrap();
        assert_eq!(delete.num_calls(), 2);
    }
}
