//! The engine's faces in the service's terms.

use std::collections::BTreeSet;

use face_engine::{Face, Landmarks, Picture, Point};

use crate::{
    error::Refusal,
    wire::{BoundingBox, FaceDetail, FaceOccluded, Landmark, Pose, Quality, QualityFilter},
};

/// What may be asked for beyond the default attributes. The engine measures `FACE_OCCLUDED` only
/// in name; the others are left out of answers, as attributes that were not asked for are.
const ATTRIBUTES: [&str; 14] = [
    "DEFAULT",
    "ALL",
    "AGE_RANGE",
    "BEARD",
    "EMOTIONS",
    "EYE_DIRECTION",
    "EYEGLASSES",
    "EYES_OPEN",
    "GENDER",
    "MOUTH_OPEN",
    "MUSTACHE",
    "FACE_OCCLUDED",
    "SMILE",
    "SUNGLASSES",
];

/// What is told of each face.
#[derive(Clone, Copy, Default)]
pub(crate) struct Detail {
    /// All landmarks rather than five.
    all: bool,
    occluded: bool,
}

impl Detail {
    /// By a request's list of attributes.
    pub(crate) fn of(attributes: Option<Vec<String>>) -> Result<Self, Refusal> {
        let asked: BTreeSet<String> = attributes.unwrap_or_default().into_iter().collect();
        if asked
            .iter()
            .any(|name| !ATTRIBUTES.contains(&name.as_str()))
        {
            return Err(Refusal::invalid_parameter("Request has invalid parameters"));
        }
        let all = asked.contains("ALL");
        Ok(Self {
            all,
            occluded: all || asked.contains("FACE_OCCLUDED"),
        })
    }
}

/// The size of a picture, by which places in it are divided.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    width: f32,
    height: f32,
}

impl Frame {
    pub(crate) fn of(picture: &Picture) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "sides are at most 16,384")]
        let side = |side: usize| side as f32;
        Self {
            width: side(picture.width()),
            height: side(picture.height()),
        }
    }

    pub(crate) fn bounding_box(self, face: &Face) -> BoundingBox {
        BoundingBox {
            width: face.bounds.width / self.width,
            height: face.bounds.height / self.height,
            left: face.bounds.left / self.width,
            top: face.bounds.top / self.height,
        }
    }

    pub(crate) fn detail(self, face: &Face, detail: Detail) -> FaceDetail {
        let landmark = |(kind, point): (&'static str, Point)| Landmark {
            kind,
            x: point.x / self.width,
            y: point.y / self.height,
        };
        let mut landmarks: Vec<Landmark> = main_landmarks(&face.landmarks)
            .into_iter()
            .map(landmark)
            .collect();
        if detail.all {
            landmarks.extend(more_landmarks(&face.landmarks).into_iter().map(landmark));
        }
        FaceDetail {
            bounding_box: self.bounding_box(face),
            landmarks,
            pose: Pose {
                roll: face.pose.roll,
                yaw: face.pose.yaw,
                pitch: face.pose.pitch,
            },
            quality: Quality {
                brightness: face.quality.brightness,
                sharpness: face.quality.sharpness,
            },
            confidence: confidence(face),
            // The engine cannot tell: "no", with the confidence of a coin.
            face_occluded: detail.occluded.then_some(FaceOccluded {
                value: false,
                confidence: 50.0,
            }),
        }
    }
}

/// The detector's score as a percentage.
pub(crate) fn confidence(face: &Face) -> f32 {
    (face.score * 100.0).clamp(0.0, 100.0)
}

fn middle(points: &[Point]) -> Point {
    let (x, y, count) = points.iter().fold((0.0, 0.0, 0.0), |(x, y, count), point| {
        (x + point.x, y + point.y, count + 1.0)
    });
    Point {
        x: x / count,
        y: y / count,
    }
}

/// The landmarks that every answer has.
fn main_landmarks(landmarks: &Landmarks) -> [(&'static str, Point); 5] {
    let (mouth_left, mouth_right) = landmarks.mouth_corners();
    [
        ("eyeLeft", middle(landmarks.left_eye())),
        ("eyeRight", middle(landmarks.right_eye())),
        ("mouthLeft", mouth_left),
        ("mouthRight", mouth_right),
        ("nose", landmarks.nose_tip()),
    ]
}

/// The landmarks that answers with all attributes have besides.
fn more_landmarks(landmarks: &Landmarks) -> [(&'static str, Point); 25] {
    let points = landmarks.points();
    [
        ("leftEyeBrowLeft", points[17]),
        ("leftEyeBrowUp", points[19]),
        ("leftEyeBrowRight", points[21]),
        ("rightEyeBrowLeft", points[22]),
        ("rightEyeBrowUp", points[24]),
        ("rightEyeBrowRight", points[26]),
        ("leftEyeLeft", points[36]),
        ("leftEyeRight", points[39]),
        ("leftEyeUp", middle(&points[37..39])),
        ("leftEyeDown", middle(&points[40..42])),
        ("rightEyeLeft", points[42]),
        ("rightEyeRight", points[45]),
        ("rightEyeUp", middle(&points[43..45])),
        ("rightEyeDown", middle(&points[46..48])),
        ("noseLeft", points[31]),
        ("noseRight", points[35]),
        ("mouthUp", points[51]),
        ("mouthDown", points[57]),
        ("leftPupil", middle(landmarks.left_eye())),
        ("rightPupil", middle(landmarks.right_eye())),
        ("upperJawlineLeft", points[0]),
        ("midJawlineLeft", points[4]),
        ("chinBottom", points[8]),
        ("midJawlineRight", points[12]),
        ("upperJawlineRight", points[16]),
    ]
}

/// Why the filter leaves this face out; empty where it does not. The limits are this server's
/// own: the service does not publish its.
pub(crate) fn filtered(face: &Face, filter: QualityFilter) -> Vec<&'static str> {
    // Brightness, sharpness, degrees of yaw or pitch, pixels of width.
    let (brightness, sharpness, angle, width) = match filter {
        QualityFilter::None => return Vec::new(),
        QualityFilter::Auto | QualityFilter::Low => (10.0, 10.0, 60.0, 40.0),
        QualityFilter::Medium => (20.0, 20.0, 45.0, 60.0),
        QualityFilter::High => (30.0, 35.0, 30.0, 80.0),
    };
    let turned = face.pose.yaw.abs().max(face.pose.pitch.abs());
    let checks = [
        (turned > angle, "EXTREME_POSE"),
        (face.quality.brightness < brightness, "LOW_BRIGHTNESS"),
        (face.quality.sharpness < sharpness, "LOW_SHARPNESS"),
        (face.bounds.width < width, "SMALL_BOUNDING_BOX"),
    ];
    checks
        .into_iter()
        .filter_map(|(failed, reason)| failed.then_some(reason))
        .collect()
}
