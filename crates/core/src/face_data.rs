//! Face data: numbers that describe a face, computed by the client, instead of a picture.
//!
//! A stack takes the data of one [`Model`], which its operator has chosen. What is read here is
//! whole, finite and within the model's range; everything else is refused with words that repeat
//! nothing of it. Numbers are kept as 32-bit floats, and two documents are equal where those are.

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use nalgebra::{Matrix3, SVD, Vector3};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::face::Threshold;
use crate::secret::Sha256Digest;

/// The longest document of face data, in bytes: what one of Cognito's parameters holds.
pub const MAX_DOCUMENT: usize = 131_072;

/// How many numbers `descriptor-128` has.
pub const DESCRIPTOR_LENGTH: usize = 128;

/// A number of a descriptor lies within this of zero: the descriptors that the network yields
/// have a length of about 1.4, no number of theirs above 0.6.
pub const DESCRIPTOR_RANGE: f32 = 1.0;

/// How many numbers `mesh-468` has: x, y and z of 468 points, one point after the other.
pub const MESH_LENGTH: usize = 468 * 3;

/// A number of a mesh lies within this of zero. Face meshes count in parts of the picture, mostly
/// from 0 to 1, also beyond its edges; pixels are refused.
pub const MESH_RANGE: f32 = 10.0;

/// The least size of a mesh: the root of its points' squared distances from their centre. A face
/// that fills a tenth of the picture has about 0.6; below this, rounding makes the shape.
pub const MESH_SIZE: f64 = 0.01;

/// The largest distance at which two meshes count as one person's, whatever the similarity
/// threshold is.
///
/// No value of it tells people apart. Measured with the page's own mesh on 18 portraits of six
/// people: 29 pairs of one person have a median of 0.158 (from 0.039 to 0.256), 124 pairs of two a
/// median of 0.145 (from 0.054 to 0.266); at 0.15 half of the owners are kept out and half of the
/// strangers let in.
pub const MESH_LIMIT: f64 = 0.15;

/// The least similarity threshold under which face data may be compared. Pictures leave less to
/// choose: who sends numbers sends any, and an average of other people's descriptors passed, at 95,
/// for 9 of 27 people whom it was not made of, and for none at 99 (measured, 116 portraits).
pub const LEAST_THRESHOLD: f64 = 99.0;

/// What face data are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Model {
    /// The face's descriptor: 128 numbers, whose Euclidean distance to another one of the same
    /// person is below 0.6 (dlib's published operating point).
    #[serde(rename = "descriptor-128")]
    Descriptor128,
    /// The face's mesh: 468 points in space, compared by shape alone.
    #[serde(rename = "mesh-468")]
    Mesh468,
}

impl Model {
    /// Every model, in the order in which messages name them.
    pub const ALL: [Self; 2] = [Self::Descriptor128, Self::Mesh468];

    /// The name that documents, clients and the setting use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Descriptor128 => "descriptor-128",
            Self::Mesh468 => "mesh-468",
        }
    }

    /// How many numbers it has.
    pub const fn length(self) -> usize {
        match self {
            Self::Descriptor128 => DESCRIPTOR_LENGTH,
            Self::Mesh468 => MESH_LENGTH,
        }
    }

    /// How far from zero each of them may be.
    pub const fn range(self) -> f32 {
        match self {
            Self::Descriptor128 => DESCRIPTOR_RANGE,
            Self::Mesh468 => MESH_RANGE,
        }
    }
}

impl std::fmt::Display for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A model that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected descriptor-128 or mesh-468, found {found:?}")]
pub struct UnknownModel {
    found: String,
}

impl FromStr for Model {
    type Err = UnknownModel;

    /// Reads a model's name, exactly as [`Model::name`] writes it.
    ///
    /// ```
    /// use signin_core::face_data::Model;
    /// assert_eq!("mesh-468".parse(), Ok(Model::Mesh468));
    /// assert!("mesh".parse::<Model>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, UnknownModel> {
        Self::ALL
            .into_iter()
            .find(|model| model.name() == text)
            .ok_or_else(|| UnknownModel {
                found: text.to_owned(),
            })
    }
}

/// Face data of a model: as many numbers as it has, each within its range. `Debug` shows nothing
/// of them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Packed", into = "Packed")]
pub struct FaceData {
    model: Model,
    values: Zeroizing<Vec<f32>>,
}

/// No value is other than itself: what is not a number is refused.
impl Eq for FaceData {}

/// Face data that are not understood; the message names what was expected and repeats nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFaceData {
    /// Too long to be face data.
    #[error("expected at most {MAX_DOCUMENT} bytes of face data")]
    TooLong,
    /// Not the JSON document.
    #[error("expected face data as {{\"model\": \"{0}\", \"values\": […]}}")]
    NotTheDocument(Model),
    /// Another model.
    #[error("expected face data of the model {0}")]
    OtherModel(Model),
    /// Not as many numbers as the model has.
    #[error("expected {expected} values of face data, found {found}")]
    WrongLength {
        /// As many as the model has.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// A number outside the model's range.
    #[error("expected values of face data from -{range} to {range}", range = .0.range())]
    OutOfRange(Model),
    /// Points that are all in one place.
    #[error("expected a mesh of points that are not all in one place")]
    Degenerate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    model: String,
    values: Zeroizing<Vec<f32>>,
}

/// Face data as one function hands them to another.
#[derive(Serialize, Deserialize)]
struct Packed {
    model: Model,
    data: Zeroizing<String>,
}

impl From<FaceData> for Packed {
    fn from(data: FaceData) -> Self {
        Self {
            model: data.model,
            data: Zeroizing::new(STANDARD.encode(data.to_bytes())),
        }
    }
}

impl TryFrom<Packed> for FaceData {
    type Error = InvalidFaceData;

    fn try_from(packed: Packed) -> Result<Self, InvalidFaceData> {
        let bytes = STANDARD.decode(packed.data.as_bytes()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| InvalidFaceData::NotTheDocument(packed.model))?;
        Self::from_bytes(packed.model, &bytes)
    }
}

impl FaceData {
    /// Takes numbers over that are face data of a model.
    pub fn new(model: Model, values: Vec<f32>) -> Result<Self, InvalidFaceData> {
        let mut values = Zeroizing::new(values);
        if values.len() != model.length() {
            return Err(InvalidFaceData::WrongLength {
                expected: model.length(),
                found: values.len(),
            });
        }
        // What is not a number is within no range.
        if !values.iter().all(|value| value.abs() <= model.range()) {
            return Err(InvalidFaceData::OutOfRange(model));
        }
        // There are two zeros, which are equal and have different bytes.
        values.iter_mut().for_each(|value| *value += 0.0);
        if model == Model::Mesh468 && shape(&values).is_none() {
            return Err(InvalidFaceData::Degenerate);
        }
        Ok(Self { model, values })
    }

    /// Reads `{"model": "…", "values": […]}` of the model that is expected.
    pub fn parse(expected: Model, document: &str) -> Result<Self, InvalidFaceData> {
        if document.len() > MAX_DOCUMENT {
            return Err(InvalidFaceData::TooLong);
        }
        let mut document: Document = serde_json::from_str(document)
            .map_err(|_| InvalidFaceData::NotTheDocument(expected))?;
        if document.model != expected.name() {
            return Err(InvalidFaceData::OtherModel(expected));
        }
        Self::new(expected, std::mem::take(&mut *document.values))
    }

    /// Reads what [`FaceData::to_bytes`] wrote.
    pub fn from_bytes(model: Model, bytes: &[u8]) -> Result<Self, InvalidFaceData> {
        let (values, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(InvalidFaceData::WrongLength {
                expected: model.length(),
                found: values.len(),
            });
        }
        let values = values.iter().map(|bytes| f32::from_le_bytes(*bytes));
        Self::new(model, values.collect())
    }

    /// The numbers, each in four bytes, the lowest first; equal data have equal bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let bytes = self.values.iter().flat_map(|value| value.to_le_bytes());
        Zeroizing::new(bytes.collect())
    }

    /// The document that [`FaceData::parse`] reads, as a client sends it.
    pub fn to_document(&self) -> Zeroizing<String> {
        let values: Vec<String> = self.values.iter().map(ToString::to_string).collect();
        Zeroizing::new(format!(
            r#"{{"model":"{}","values":[{}]}}"#,
            self.model,
            values.join(",")
        ))
    }

    /// The model.
    pub fn model(&self) -> Model {
        self.model
    }

    /// The SHA-256 of model and numbers, under which data are remembered.
    pub fn digest(&self) -> Sha256Digest {
        let name = self.model.name().as_bytes();
        Sha256Digest::of(&Zeroizing::new([name, &self.to_bytes()].concat()))
    }

    /// How far these data are from others: the Euclidean distance of descriptors, the difference
    /// in shape of meshes, from 0 to 1; infinitely far where the models differ.
    pub fn distance(&self, other: &Self) -> f64 {
        match (self.model, other.model) {
            (Model::Descriptor128, Model::Descriptor128) => euclidean(&self.values, &other.values),
            (Model::Mesh468, Model::Mesh468) => procrustes(&self.values, &other.values),
            _ => f64::INFINITY,
        }
    }

    /// Whether these data are of the same person as others, as far as their model tells.
    pub fn resembles(&self, enrolled: &Self, threshold: Threshold) -> bool {
        let distance = self.distance(enrolled);
        match self.model {
            Model::Descriptor128 => threshold.reached_by(similarity(distance)),
            Model::Mesh468 => distance <= MESH_LIMIT,
        }
    }
}

impl std::fmt::Debug for FaceData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaceData(hidden)")
    }
}

/// The similarity in per cent for a distance of two descriptors, so that one threshold serves
/// pictures and data: 99 at 0.50, 50 at 0.60.
///
/// `100 / (1 + exp((d − 0.6) × 46))`, the convention of face-engine's `similarity`; it is ours and
/// not Rekognition's scale.
pub fn similarity(distance: f64) -> f64 {
    100.0 / (1.0 + ((distance - 0.6) * 46.0).exp())
}

/// The Euclidean distance; 0 is the same, 0.6 dlib's published limit for one person.
fn euclidean(one: &[f32], other: &[f32]) -> f64 {
    let differences = one
        .iter()
        .zip(other)
        .map(|(a, b)| f64::from(*a) - f64::from(*b));
    differences.map(|d| d * d).sum::<f64>().sqrt()
}

/// The full Procrustes distance of two meshes: what is left between them, from 0 to 1, when one
/// is moved, scaled and turned onto the other as well as can be. A mirror image is another shape.
///
/// With both centred and of size 1, the best turn and scale leave `1 − (s₁ + s₂ ± s₃)²` of the
/// squares, where s are the singular values of the points' cross-covariance and the sign is its
/// determinant's.
fn procrustes(one: &[f32], other: &[f32]) -> f64 {
    let distance = || {
        let (one, other) = (shape(one)?, shape(other)?);
        let covariance = one
            .iter()
            .zip(&other)
            .map(|(a, b)| a * b.transpose())
            .sum::<Matrix3<f64>>();
        let values = SVD::try_new(covariance, false, false, f64::EPSILON, 1_000)?.singular_values;
        let smallest = values[2].copysign(covariance.determinant());
        let overlap = (values[0] + values[1] + smallest).clamp(0.0, 1.0);
        Some((1.0 - overlap * overlap).sqrt())
    };
    // Further than anything, where there is none.
    distance()
        .filter(|distance| distance.is_finite())
        .unwrap_or(f64::INFINITY)
}

/// A mesh's points around their centre, scaled to size 1; none where they are all in one place.
fn shape(values: &[f32]) -> Option<Vec<Vector3<f64>>> {
    let (points, _) = values.as_chunks::<3>();
    let points: Vec<Vector3<f64>> = points
        .iter()
        .map(|point| Vector3::from(point.map(f64::from)))
        .collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "there are fewer points than any float misses"
    )]
    let centre = points.iter().sum::<Vector3<f64>>() / points.len() as f64;
    let squares = points.iter().map(|point| (point - centre).norm_squared());
    let size = squares.sum::<f64>().sqrt();
    (size >= MESH_SIZE).then(|| {
        points
            .into_iter()
            .map(|point| (point - centre) / size)
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use nalgebra::{Rotation3, Unit};
    use proptest::prelude::*;

    use super::*;

    fn document(model: Model, value: &str) -> String {
        let values = vec![value; model.length()].join(",");
        format!(r#"{{"model":"{model}","values":[{values}]}}"#)
    }

    fn descriptor(value: f32) -> FaceData {
        FaceData::new(Model::Descriptor128, vec![value; DESCRIPTOR_LENGTH]).unwrap()
    }

    /// Points that are no face, and neither flat nor like their mirror image.
    fn points() -> Vec<Vector3<f64>> {
        (0..468)
            .map(|n| {
                let n = f64::from(n);
                let (a, b) = (n * 0.618, n * 0.414);
                Vector3::new(
                    0.5 + 0.2 * a.sin(),
                    0.5 + 0.3 * b.cos(),
                    0.1 * (a * b).sin(),
                )
            })
            .collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "as a client has them")]
    fn mesh(points: &[Vector3<f64>]) -> FaceData {
        let values = points
            .iter()
            .flat_map(|p| [p.x as f32, p.y as f32, p.z as f32]);
        FaceData::new(Model::Mesh468, values.collect()).unwrap()
    }

    #[test]
    fn the_distance_of_descriptors_is_euclidean() {
        let (zero, quarter) = (descriptor(0.0), descriptor(0.25));
        assert!(zero.distance(&zero).abs() < f64::EPSILON);
        assert!((zero.distance(&quarter) - (128.0_f64 / 16.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn descriptors_are_held_to_the_stacks_threshold() {
        let threshold = "99".parse().unwrap();
        let enrolled = descriptor(0.1);
        // 128 differences of this make up the distance.
        let apart = |distance: f32| descriptor(0.1 + distance / 128_f32.sqrt());
        assert!(apart(0.49).resembles(&enrolled, threshold));
        assert!(!apart(0.51).resembles(&enrolled, threshold));
        assert!(apart(0.51).resembles(&enrolled, "90".parse().unwrap()));
    }

    #[test]
    fn similarity_is_99_at_a_half_and_50_at_dlibs_limit() {
        assert!((similarity(0.6) - 50.0).abs() < 1e-9);
        assert!((similarity(0.5) - 99.0).abs() < 0.01);
        assert!(similarity(f64::INFINITY) < 1e-9);
    }

    #[test]
    fn data_of_two_models_never_resemble_each_other() {
        let (one, other) = (descriptor(0.1), mesh(&points()));
        for (a, b) in [(&one, &other), (&other, &one)] {
            assert!(a.distance(b).is_infinite());
            assert!(!a.resembles(b, "80".parse().unwrap()));
        }
    }

    #[test]
    fn a_mirror_image_is_another_shape() {
        let mirrored: Vec<_> = points()
            .iter()
            .map(|p| Vector3::new(-p.x, p.y, p.z))
            .collect();
        assert!(mesh(&points()).distance(&mesh(&mirrored)) > MESH_LIMIT);
    }

    #[test]
    fn a_mesh_of_points_in_one_place_is_none() {
        for value in ["0", "0.5", "-9.75"] {
            let refused = FaceData::parse(Model::Mesh468, &document(Model::Mesh468, value));
            assert_eq!(refused, Err(InvalidFaceData::Degenerate));
        }
    }

    #[test]
    fn face_data_that_are_not_understood_are_refused_with_a_reason() {
        use InvalidFaceData::{NotTheDocument, OtherModel, OutOfRange, TooLong, WrongLength};
        let (one, mesh) = (Model::Descriptor128, Model::Mesh468);
        for (text, expected) in [
            ("", NotTheDocument(one)),
            ("null", NotTheDocument(one)),
            ("[1,2]", NotTheDocument(one)),
            (r#"{"model":"descriptor-128"}"#, NotTheDocument(one)),
            (
                r#"{"model":"descriptor-128","values":null}"#,
                NotTheDocument(one),
            ),
            (
                r#"{"model":"descriptor-128","values":["1"]}"#,
                NotTheDocument(one),
            ),
            (
                r#"{"model":"descriptor-128","values":[],"user":"ada"}"#,
                NotTheDocument(one),
            ),
            (r#"{"model":"other","values":[]}"#, OtherModel(one)),
            (
                r#"{"model":"descriptor-128","values":[0]}"#,
                WrongLength {
                    expected: 128,
                    found: 1,
                },
            ),
        ] {
            assert_eq!(FaceData::parse(one, text), Err(expected), "{text}");
        }
        for (model, wrong) in [(one, "1.5"), (one, "-1.01"), (mesh, "10.1"), (mesh, "1e39")] {
            let refused = FaceData::parse(model, &document(model, wrong));
            assert_eq!(refused, Err(OutOfRange(model)), "{wrong}");
        }
        for no_number in ["1e400", "NaN", "Infinity", "null"] {
            let refused = FaceData::parse(one, &document(one, no_number));
            assert_eq!(refused, Err(NotTheDocument(one)), "{no_number}");
        }
        let of_another = FaceData::parse(one, &document(mesh, "0.5"));
        assert_eq!(of_another, Err(OtherModel(one)));
        let deep = "[".repeat(100_000);
        assert_eq!(FaceData::parse(one, &deep), Err(NotTheDocument(one)));
        assert_eq!(FaceData::parse(one, &" ".repeat(200_000)), Err(TooLong));
    }

    #[test]
    fn numbers_that_are_none_are_no_face_data_in_bytes_either() {
        let mut values = vec![0.1; DESCRIPTOR_LENGTH];
        for none in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            values[7] = none;
            let refused = FaceData::new(Model::Descriptor128, values.clone());
            assert_eq!(
                refused,
                Err(InvalidFaceData::OutOfRange(Model::Descriptor128))
            );
        }
        for length in [0, 511, 513, 516] {
            let refused = FaceData::from_bytes(Model::Descriptor128, &vec![0; length]);
            assert!(refused.is_err(), "{length} bytes");
        }
    }

    #[test]
    fn equal_data_have_one_digest_however_they_are_written() {
        let written = |value| {
            let document = document(Model::Descriptor128, value);
            FaceData::parse(Model::Descriptor128, &document).unwrap()
        };
        for (one, other) in [
            ("0.5", "5e-1"),
            ("0", "-0.0"),
            ("0.1", "0.10000000149011612"),
        ] {
            assert_eq!(written(one), written(other));
            assert_eq!(written(one).digest(), written(other).digest());
        }
        assert_ne!(written("0.5").digest(), written("0.25").digest());
    }

    #[test]
    fn data_read_back_as_they_were_written() {
        for data in [descriptor(-0.123), mesh(&points())] {
            let model = data.model();
            assert_eq!(
                FaceData::from_bytes(model, &data.to_bytes()),
                Ok(data.clone())
            );
            assert_eq!(
                FaceData::parse(model, &data.to_document()),
                Ok(data.clone())
            );
            let text = serde_json::to_string(&data).unwrap();
            assert!(text.len() < 8_000, "it fits a private parameter");
            assert_eq!(serde_json::from_str::<FaceData>(&text).unwrap(), data);
            let cut = text.replace("==", "").replace("\"}", "=\"}");
            assert!(serde_json::from_str::<FaceData>(&cut).is_err());
        }
    }

    #[test]
    fn debug_shows_nothing_of_face_data() {
        let shown = format!("{:?}", descriptor(0.123));
        assert_eq!(shown, "FaceData(hidden)");
    }

    fn coordinates() -> impl Strategy<Value = Vector3<f64>> {
        (-1.0..1.0, -1.0..1.0, -1.0..1.0).prop_map(|(x, y, z)| Vector3::new(x, y, z))
    }

    fn any_points() -> impl Strategy<Value = Vec<Vector3<f64>>> {
        proptest::collection::vec(coordinates(), 468)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_mesh_is_the_same_wherever_it_is_however_large_and_however_turned(
            points in any_points(),
            by in coordinates(),
            scale in 0.2..4.0,
            axis in coordinates(),
            angle in -3.2..3.2,
        ) {
            prop_assume!(axis.norm() > 0.01);
            let turn = Rotation3::from_axis_angle(&Unit::new_normalize(axis), angle);
            let moved: Vec<_> = points.iter().map(|p| turn * p * scale + by).collect();
            let distance = mesh(&points).distance(&mesh(&moved));
            prop_assert!(distance < 1e-5, "{}", distance);
        }

        #[test]
        fn a_mirrored_mesh_is_another_however_turned(
            points in any_points(),
            axis in coordinates(),
            angle in -3.2..3.2,
        ) {
            prop_assume!(axis.norm() > 0.01);
            let turn = Rotation3::from_axis_angle(&Unit::new_normalize(axis), angle);
            let mirror = |p: &Vector3<f64>| turn * Vector3::new(p.x, -p.y, p.z);
            let mirrored: Vec<_> = points.iter().map(mirror).collect();
            prop_assert!(mesh(&points).distance(&mesh(&mirrored)) > MESH_LIMIT);
        }

        #[test]
        fn meshes_are_as_far_from_each_other_either_way_and_never_further_than_one(
            one in any_points(),
            other in any_points(),
        ) {
            let (one, other) = (mesh(&one), mesh(&other));
            let distance = one.distance(&other);
            prop_assert!((0.0..=1.0).contains(&distance));
            prop_assert!((distance - other.distance(&one)).abs() < 1e-9);
        }
    }
}
