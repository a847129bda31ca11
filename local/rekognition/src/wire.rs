//! Requests and answers as they travel; names are the service's.

use serde::{Deserialize, Serialize};

/// Where the picture is: exactly one of the two.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Image {
    /// In base64.
    pub(crate) bytes: Option<String>,
    #[serde(rename = "S3Object")]
    pub(crate) s3_object: Option<S3Object>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct S3Object {
    pub(crate) bucket: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum QualityFilter {
    #[default]
    None,
    Auto,
    Low,
    Medium,
    High,
}

/// The parameters of all operations; each reads its own.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Request {
    pub(crate) attributes: Option<Vec<String>>,
    pub(crate) collection_id: Option<String>,
    pub(crate) detection_attributes: Option<Vec<String>>,
    pub(crate) external_image_id: Option<String>,
    pub(crate) face_ids: Option<Vec<String>>,
    pub(crate) face_match_threshold: Option<f32>,
    pub(crate) image: Option<Image>,
    pub(crate) max_faces: Option<i64>,
    pub(crate) max_results: Option<i64>,
    pub(crate) next_token: Option<String>,
    pub(crate) quality_filter: Option<QualityFilter>,
    pub(crate) similarity_threshold: Option<f32>,
    pub(crate) source_image: Option<Image>,
    pub(crate) target_image: Option<Image>,
    pub(crate) user_id: Option<String>,
}

/// In units of the picture's width and height.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BoundingBox {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) left: f32,
    pub(crate) top: f32,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "the service's name")]
pub(crate) struct Face {
    pub(crate) face_id: String,
    pub(crate) bounding_box: BoundingBox,
    pub(crate) image_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) external_image_id: Option<String>,
    pub(crate) confidence: f32,
    pub(crate) index_faces_model_version: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaceMatch {
    pub(crate) similarity: f32,
    pub(crate) face: Face,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Landmark {
    #[serde(rename = "Type")]
    pub(crate) kind: &'static str,
    pub(crate) x: f32,
    pub(crate) y: f32,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pose {
    pub(crate) roll: f32,
    pub(crate) yaw: f32,
    pub(crate) pitch: f32,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Quality {
    pub(crate) brightness: f32,
    pub(crate) sharpness: f32,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaceOccluded {
    pub(crate) value: bool,
    pub(crate) confidence: f32,
}

/// `FaceDetail` and `ComparedFace`: what is said of a face that is in no collection.
#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FaceDetail {
    pub(crate) bounding_box: BoundingBox,
    pub(crate) landmarks: Vec<Landmark>,
    pub(crate) pose: Pose,
    pub(crate) quality: Quality,
    pub(crate) confidence: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) face_occluded: Option<FaceOccluded>,
}
