//! Faces in pictures and in a collection: the recognition service.

use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::retry::RetryConfig;
use aws_sdk_rekognition::config::timeout::TimeoutConfig;
use aws_sdk_rekognition::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rekognition::operation::search_faces_by_image::SearchFacesByImageOutput;
use aws_sdk_rekognition::primitives::Blob;
use aws_sdk_rekognition::types::{
    Attribute, BoundingBox, CompareFacesMatch, FaceDetail, Image, QualityFilter, S3Object,
};
use signin_core::budget;
use signin_core::face::{DetectedFace, MAX_MATCHES, Match, Place, Resembling, Threshold};
use signin_core::id::{EnrolmentId, FaceId};
use signin_core::profile::StoredDocument;
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;

use crate::client::Config;
use crate::fault::Fault;

/// From which similarity on a face comes from the very picture that is searched with.
const SAME_PICTURE: f64 = 99.0;

/// The recognition service.
#[derive(Clone, Debug)]
pub struct Recognition {
    client: Client,
}

/// Why the service said nothing of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecognitionError {
    /// It is the picture's fault.
    Unusable(Reason),
    /// The service did not work.
    Service(Fault),
}

impl From<Fault> for RecognitionError {
    fn from(fault: Fault) -> Self {
        Self::Service(fault)
    }
}

/// A face that the service has put into a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedFace {
    /// Its id.
    pub id: FaceId,
    /// The version of the model that described it.
    pub model_version: String,
}

/// What finds faces in pictures, and those of a collection that resemble them.
pub trait Recogniser {
    /// Finds the faces in a picture.
    fn detect(
        &self,
        picture: &PictureBytes,
    ) -> impl Future<Output = Result<Vec<DetectedFace>, RecognitionError>>;

    /// Searches a collection for the largest face of a picture; empty where it has none.
    fn search(
        &self,
        collection: &str,
        picture: &PictureBytes,
        threshold: Threshold,
    ) -> impl Future<Output = Result<Vec<Match>, RecognitionError>>;

    /// The faces of the probe that resemble the largest face of a document in a bucket; none where
    /// either shows no face.
    ///
    /// The document is the source: of a source the service takes the largest face alone, so that
    /// somebody in its background is compared with nobody. It reads the document with the rights
    /// of whoever calls it.
    fn compare(
        &self,
        bucket: &str,
        document: &StoredDocument,
        probe: &PictureBytes,
        threshold: Threshold,
    ) -> impl Future<Output = Result<Vec<Resembling>, RecognitionError>>;

    /// Puts the largest face of a picture into a collection; none where the service finds none
    /// that is good enough.
    fn index(
        &self,
        collection: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> impl Future<Output = Result<Option<IndexedFace>, RecognitionError>>;

    /// Finds the faces that calls for an enrolment have indexed from this very picture: they carry the
    /// enrolment's id.
    fn faces_of(
        &self,
        collection: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> impl Future<Output = Result<Vec<FaceId>, RecognitionError>>;

    /// Takes a face out of a collection; one that is gone already is fine.
    fn forget(&self, collection: &str, face: &FaceId) -> impl Future<Output = Result<(), Fault>>;
}

impl Recognition {
    /// The service that the configuration names.
    ///
    /// A large picture takes the service longer than a row of the table takes; so one attempt
    /// may use up what a whole operation may, and only errors are tried again.
    pub fn open(config: &Config) -> Self {
        let mut timeouts = config
            .timeout_config()
            .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
        timeouts.set_operation_attempt_timeout(Some(budget::OPERATION));
        let timeouts = timeouts.build();
        let config = aws_sdk_rekognition::config::Builder::from(config).timeout_config(timeouts);
        Self {
            client: Client::from_conf(config.build()),
        }
    }

    /// All faces of a collection that resemble the largest one of a picture.
    async fn resembling(
        &self,
        collection: &str,
        picture: &PictureBytes,
        threshold: f64,
    ) -> Result<SearchFacesByImageOutput, RecognitionError> {
        let request = self
            .client
            .search_faces_by_image()
            .collection_id(collection)
            .image(image(picture))
            .max_faces(i32::try_from(MAX_MATCHES).unwrap_or(i32::MAX))
            .quality_filter(QualityFilter::None)
            .face_match_threshold(single(threshold));
        match request.send().await {
            Ok(found) => Ok(found),
            Err(error) if says_no_face(&error) => Ok(SearchFacesByImageOutput::builder().build()),
            Err(error) => Err(trouble("SearchFacesByImage", &error)),
        }
    }

    /// Makes sure that a collection exists.
    pub async fn ensure_collection(&self, collection: &str) -> Result<(), Fault> {
        match self
            .client
            .create_collection()
            .collection_id(collection)
            .send()
            .await
        {
            Err(error) if has_code(&error, "ResourceAlreadyExistsException") => Ok(()),
            Err(error) => Err(Fault::of("CreateCollection", &error)),
            Ok(_) => Ok(()),
        }
    }

    /// Makes sure that a collection, with all its faces, is gone.
    pub async fn remove_collection(&self, collection: &str) -> Result<(), Fault> {
        match self
            .client
            .delete_collection()
            .collection_id(collection)
            .send()
            .await
        {
            Err(error) if has_code(&error, "ResourceNotFoundException") => Ok(()),
            Err(error) => Err(Fault::of("DeleteCollection", &error)),
            Ok(_) => Ok(()),
        }
    }
}

impl Recogniser for Recognition {
    async fn detect(&self, picture: &PictureBytes) -> Result<Vec<DetectedFace>, RecognitionError> {
        let request = self
            .client
            .detect_faces()
            .image(image(picture))
            .attributes(Attribute::Default)
            .attributes(Attribute::FaceOccluded);
        match request.send().await {
            Ok(found) => Ok(found.face_details().iter().map(detected).collect()),
            Err(error) if says_no_face(&error) => Ok(Vec::new()),
            Err(error) => Err(trouble("DetectFaces", &error)),
        }
    }

    async fn search(
        &self,
        collection: &str,
        picture: &PictureBytes,
        threshold: Threshold,
    ) -> Result<Vec<Match>, RecognitionError> {
        let found = self
            .resembling(collection, picture, threshold.value())
            .await?;
        let matches = found.face_matches().iter().filter_map(|found| {
            let face = FaceId::new(found.face()?.face_id()?);
            Some(Match {
                face,
                similarity: f64::from(found.similarity()?),
            })
        });
        Ok(matches.collect())
    }

    async fn compare(
        &self,
        bucket: &str,
        document: &StoredDocument,
        probe: &PictureBytes,
        threshold: Threshold,
    ) -> Result<Vec<Resembling>, RecognitionError> {
        let source = S3Object::builder()
            .bucket(bucket)
            .name(&document.key)
            .version(&document.version)
            .build();
        let request = self
            .client
            .compare_faces()
            .source_image(Image::builder().s3_object(source).build())
            .target_image(image(probe))
            .quality_filter(QualityFilter::None)
            .similarity_threshold(single(threshold.value()));
        match request.send().await {
            Ok(found) => Ok(found.face_matches().iter().map(resembling).collect()),
            Err(error) if says_no_face(&error) => Ok(Vec::new()),
            Err(error) => Err(trouble("CompareFaces", &error)),
        }
    }

    async fn index(
        &self,
        collection: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> Result<Option<IndexedFace>, RecognitionError> {
        let request = self
            .client
            .index_faces()
            .collection_id(collection)
            .image(image(picture))
            .external_image_id(enrolment.as_str())
            .max_faces(1)
            .quality_filter(QualityFilter::None);
        // Documented to save no duplicate of a picture under an external id; should an attempt that was
        // given up save one all the same, it is one that nobody knows of.
        let once =
            aws_sdk_rekognition::config::Config::builder().retry_config(RetryConfig::disabled());
        let indexed = request
            .customize()
            .config_override(once)
            .send()
            .await
            .map_err(|error| trouble("IndexFaces", &error))?;
        let model_version = indexed.face_model_version().unwrap_or_default().to_owned();
        let face = indexed
            .face_records()
            .iter()
            .find_map(|record| record.face()?.face_id());
        Ok(face.map(|id| IndexedFace {
            id: FaceId::new(id),
            model_version,
        }))
    }

    async fn faces_of(
        &self,
        collection: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> Result<Vec<FaceId>, RecognitionError> {
        let found = self.resembling(collection, picture, SAME_PICTURE).await?;
        let matches = found.face_matches().iter();
        let faces = matches.filter_map(|found| found.face());
        let own = faces.filter(|face| face.external_image_id() == Some(enrolment.as_str()));
        Ok(own
            .filter_map(|face| face.face_id())
            .map(FaceId::new)
            .collect())
    }

    async fn forget(&self, collection: &str, face: &FaceId) -> Result<(), Fault> {
        let request = self.client.delete_faces().collection_id(collection);
        let deleted = request.face_ids(face.as_str()).send().await;
        deleted.map_err(|error| Fault::of("DeleteFaces", &error))?;
        Ok(())
    }
}

fn image(picture: &PictureBytes) -> Image {
    Image::builder()
        .bytes(Blob::new(picture.as_slice()))
        .build()
}

fn has_code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>, code: &str) -> bool {
    error.as_service_error().and_then(|error| error.code()) == Some(code)
}

/// The service has no error of its own for a picture without a face; it calls the parameter
/// invalid. Everything else that could be invalid about our requests is constant.
fn says_no_face<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    has_code(error, "InvalidParameterException")
}

fn trouble<E: ProvideErrorMetadata, R>(
    operation: &'static str,
    error: &SdkError<E, R>,
) -> RecognitionError {
    match error.as_service_error().and_then(|error| error.code()) {
        Some("InvalidImageFormatException") => RecognitionError::Unusable(Reason::NotAnImage),
        Some("ImageTooLargeException") => RecognitionError::Unusable(Reason::TooLarge),
        _ => RecognitionError::Service(Fault::of(operation, error)),
    }
}

/// A measure that the service left out is not a number, which no limit accepts.
fn number(value: Option<f32>) -> f64 {
    value.map_or(f64::NAN, f64::from)
}

fn place(frame: Option<&BoundingBox>) -> Place {
    Place {
        left: number(frame.and_then(BoundingBox::left)),
        top: number(frame.and_then(BoundingBox::top)),
        width: number(frame.and_then(BoundingBox::width)),
        height: number(frame.and_then(BoundingBox::height)),
    }
}

fn resembling(found: &CompareFacesMatch) -> Resembling {
    Resembling {
        place: place(found.face().and_then(|face| face.bounding_box())),
        similarity: number(found.similarity()),
    }
}

fn detected(face: &FaceDetail) -> DetectedFace {
    let (quality, pose) = (face.quality(), face.pose());
    let covered = face
        .face_occluded()
        .is_some_and(aws_sdk_rekognition::types::FaceOccluded::value);
    let sure = face
        .face_occluded()
        .and_then(aws_sdk_rekognition::types::FaceOccluded::confidence);
    DetectedFace {
        place: place(face.bounding_box()),
        brightness: number(quality.and_then(aws_sdk_rekognition::types::ImageQuality::brightness)),
        sharpness: number(quality.and_then(aws_sdk_rekognition::types::ImageQuality::sharpness)),
        yaw: number(pose.and_then(aws_sdk_rekognition::types::Pose::yaw)),
        pitch: number(pose.and_then(aws_sdk_rekognition::types::Pose::pitch)),
        occluded: if covered { number(sure) } else { 0.0 },
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a similarity from 80 to 100"
)]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use aws_sdk_rekognition::operation::compare_faces::CompareFacesOutput;
    use aws_sdk_rekognition::operation::search_faces_by_image::SearchFacesByImageError;
    use aws_sdk_rekognition::types::error::{
        InvalidImageFormatException, InvalidParameterException,
        ProvisionedThroughputExceededException,
    };
    use aws_sdk_rekognition::types::{
        BoundingBox, ComparedFace, Face, FaceMatch, ImageQuality, Pose,
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    use super::*;

    fn recognition(rules: &[&Rule]) -> Recognition {
        Recognition {
            client: mock_client!(aws_sdk_rekognition, RuleMode::MatchAny, rules),
        }
    }

    fn picture() -> PictureBytes {
        PictureBytes::new(b"canary picture".to_vec())
    }

    async fn search_failing_with(
        error: impl Fn() -> SearchFacesByImageError + Send + Sync + 'static,
    ) -> Result<Vec<Match>, RecognitionError> {
        let rule = mock!(Client::search_faces_by_image).then_error(error);
        recognition(&[&rule])
            .search("faces", &picture(), "99".parse().unwrap())
            .await
    }

    #[tokio::test]
    async fn a_search_hands_in_the_picture_itself_and_asks_for_all_that_resemble_it() {
        let rule = mock!(Client::search_faces_by_image)
            .match_requests(|request| {
                request.max_faces() == Some(4096)
                    && request.collection_id() == Some("faces")
                    && request.face_match_threshold() == Some(99.0)
                    && request
                        .image()
                        .is_some_and(|image| image.s3_object().is_none())
            })
            .then_output(|| {
                let face = Face::builder().face_id("own").build();
                let found = FaceMatch::builder().face(face).similarity(99.5).build();
                SearchFacesByImageOutput::builder()
                    .face_matches(found)
                    .build()
            });
        let found = recognition(&[&rule])
            .search("faces", &picture(), "99".parse().unwrap())
            .await;
        assert_eq!(
            found,
            Ok(vec![Match {
                face: FaceId::new("own"),
                similarity: 99.5
            }])
        );
    }

    #[tokio::test]
    async fn a_picture_without_a_face_matches_nobody() {
        let found = search_failing_with(|| {
            SearchFacesByImageError::InvalidParameterException(
                InvalidParameterException::builder()
                    .meta(code("InvalidParameterException"))
                    .build(),
            )
        });
        assert_eq!(found.await, Ok(Vec::new()));
    }

    #[tokio::test]
    async fn what_the_service_cannot_read_is_the_pictures_fault() {
        let found = search_failing_with(|| {
            SearchFacesByImageError::InvalidImageFormatException(
                InvalidImageFormatException::builder()
                    .meta(code("InvalidImageFormatException"))
                    .build(),
            )
        });
        assert_eq!(
            found.await,
            Err(RecognitionError::Unusable(Reason::NotAnImage))
        );
    }

    #[tokio::test]
    async fn a_service_that_is_too_busy_is_nobodys_fault_and_the_fault_names_nothing() {
        let found = search_failing_with(|| {
            SearchFacesByImageError::ProvisionedThroughputExceededException(
                ProvisionedThroughputExceededException::builder()
                    .message("canary message")
                    .meta(code("ProvisionedThroughputExceededException"))
                    .build(),
            )
        });
        let Err(RecognitionError::Service(fault)) = found.await else {
            panic!("expected a fault")
        };
        let shown = format!("{fault} {fault:?}");
        assert!(
            shown.contains("SearchFacesByImage: ProvisionedThroughputExceeded"),
            "{shown}"
        );
        assert!(!shown.contains("canary"), "{shown}");
    }

    fn compared_with(
        document: &StoredDocument,
        found: CompareFacesMatch,
    ) -> impl Future<Output = Result<Vec<Resembling>, RecognitionError>> {
        let wanted = document.clone();
        let rule = mock!(Client::compare_faces)
            .match_requests(move |request| {
                let source = request.source_image().and_then(|image| image.s3_object());
                let target = request.target_image().and_then(|image| image.bytes());
                target.is_some_and(|bytes| bytes.as_ref() == b"canary picture")
                    && source.is_some_and(|source| {
                        source.bucket() == Some("documents")
                            && source.name() == Some(&wanted.key)
                            && source.version() == Some(&wanted.version)
                    })
            })
            .then_output(move || {
                let found = found.clone();
                CompareFacesOutput::builder().face_matches(found).build()
            });
        let document = document.clone();
        async move {
            let threshold = "99".parse().unwrap();
            recognition(&[&rule])
                .compare("documents", &document, &picture(), threshold)
                .await
        }
    }

    #[tokio::test]
    async fn the_documents_largest_face_is_compared_and_each_match_says_where_it_is() {
        let document = StoredDocument {
            key: "enrolments/01".to_owned(),
            version: "v1".to_owned(),
        };
        let frame = BoundingBox::builder()
            .left(0.25)
            .top(-0.125)
            .width(0.5)
            .height(0.75)
            .build();
        let face = ComparedFace::builder().bounding_box(frame).build();
        let found = CompareFacesMatch::builder().similarity(99.5).face(face);
        let resembling = Resembling {
            place: Place {
                left: 0.25,
                top: -0.125,
                width: 0.5,
                height: 0.75,
            },
            similarity: 99.5,
        };
        let compared = compared_with(&document, found.build()).await;
        assert_eq!(compared, Ok(vec![resembling]));

        // A match that does not say where it is lies nowhere.
        let nowhere = CompareFacesMatch::builder().similarity(99.5).build();
        let compared = compared_with(&document, nowhere).await.unwrap();
        assert!(compared[0].place.left.is_nan() && compared[0].place.width.is_nan());
    }

    #[test]
    fn a_measure_that_is_missing_is_accepted_by_no_limit() {
        let whole = FaceDetail::builder()
            .bounding_box(BoundingBox::builder().width(0.5).height(0.5).build())
            .quality(
                ImageQuality::builder()
                    .brightness(80.0)
                    .sharpness(80.0)
                    .build(),
            )
            .pose(Pose::builder().yaw(0.0).pitch(0.0).build());
        assert!(detected(&whole.clone().build()).brightness > 79.0);
        let without = whole.clone().set_pose(None).build();
        assert!(detected(&without).yaw.is_nan());
        let without = whole
            .quality(ImageQuality::builder().brightness(80.0).build())
            .build();
        assert!(detected(&without).sharpness.is_nan());
    }

    fn code(code: &str) -> aws_smithy_types::error::ErrorMetadata {
        aws_smithy_types::error::ErrorMetadata::builder()
            .code(code)
            .build()
    }
}
