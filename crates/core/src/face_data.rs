//! Face data: numbers that describe a face, computed by the client, instead of a picture.

use serde::Deserialize;
use zeroize::Zeroizing;

/// The longest document of face data, in bytes: what one of Cognito's parameters holds.
pub const MAX_DOCUMENT: usize = 131_072;

/// How many numbers `descriptor-128` has.
pub const DESCRIPTOR_LENGTH: usize = 128;

/// A number of a descriptor lies within one of zero: the descriptors that the network yields
/// have a length of about 1.4, no number of theirs above 0.6.
pub const DESCRIPTOR_RANGE: f64 = 1.0;

/// Face data of the model `descriptor-128`: the face's descriptor, whose Euclidean distance to
/// another one of the same person is below 0.6 (dlib's published operating point). `Debug`
/// shows nothing of it.
#[derive(Clone, PartialEq)]
pub struct FaceData(Zeroizing<Vec<f64>>);

/// Face data that are not understood; the message names what was expected and repeats nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFaceData {
    /// Too long to be face data.
    #[error("expected at most {MAX_DOCUMENT} bytes of face data")]
    TooLong,
    /// Not the JSON document.
    #[error("expected face data as {{\"model\": \"…\", \"values\": […]}}")]
    NotTheDocument,
    /// A model that is not known.
    #[error("expected the model descriptor-128")]
    UnknownModel,
    /// Not as many numbers as the model has.
    #[error("expected {DESCRIPTOR_LENGTH} values, found {0}")]
    WrongLength(usize),
    /// A number outside the model's range.
    #[error("expected values from -1 to 1")]
    OutOfRange,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    model: String,
    values: Zeroizing<Vec<f64>>,
}

impl FaceData {
    /// Reads `{"model": "descriptor-128", "values": [...]}`.
    pub fn parse(document: &str) -> Result<Self, InvalidFaceData> {
        if document.len() > MAX_DOCUMENT {
            return Err(InvalidFaceData::TooLong);
        }
        let document: Document =
            serde_json::from_str(document).map_err(|_| InvalidFaceData::NotTheDocument)?;
        if document.model != "descriptor-128" {
            return Err(InvalidFaceData::UnknownModel);
        }
        if document.values.len() != DESCRIPTOR_LENGTH {
            return Err(InvalidFaceData::WrongLength(document.values.len()));
        }
        if !document
            .values
            .iter()
            .all(|value| value.abs() <= DESCRIPTOR_RANGE)
        {
            return Err(InvalidFaceData::OutOfRange);
        }
        Ok(Self(document.values))
    }

    /// The Euclidean distance to other face data of the same model; 0 is the same, 0.6 dlib's
    /// published limit for one person.
    pub fn distance(&self, other: &Self) -> f64 {
        let squares = self
            .0
            .iter()
            .zip(other.0.iter())
            .map(|(a, b)| (a - b) * (a - b));
        squares.sum::<f64>().sqrt()
    }
}

impl std::fmt::Debug for FaceData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaceData(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(value: &str) -> String {
        let values = vec![value; DESCRIPTOR_LENGTH].join(",");
        format!(r#"{{"model":"descriptor-128","values":[{values}]}}"#)
    }

    #[test]
    fn the_distance_is_euclidean() {
        let zero = FaceData::parse(&document("0")).unwrap();
        let quarter = FaceData::parse(&document("0.25")).unwrap();
        assert!(zero.distance(&zero).abs() < f64::EPSILON);
        assert!((zero.distance(&quarter) - (128.0_f64 / 16.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn face_data_that_are_not_understood_are_refused_with_a_reason() {
        for (text, expected) in [
            ("", InvalidFaceData::NotTheDocument),
            ("null", InvalidFaceData::NotTheDocument),
            ("[1,2]", InvalidFaceData::NotTheDocument),
            (
                r#"{"model":"descriptor-128"}"#,
                InvalidFaceData::NotTheDocument,
            ),
            (
                r#"{"model":"descriptor-128","values":null}"#,
                InvalidFaceData::NotTheDocument,
            ),
            (
                r#"{"model":"descriptor-128","values":["1"]}"#,
                InvalidFaceData::NotTheDocument,
            ),
            (
                r#"{"model":"other","values":[]}"#,
                InvalidFaceData::UnknownModel,
            ),
            (
                r#"{"model":"descriptor-128","values":[0]}"#,
                InvalidFaceData::WrongLength(1),
            ),
        ] {
            assert_eq!(FaceData::parse(text), Err(expected), "{text}");
        }
        assert_eq!(
            FaceData::parse(&document("1.5")),
            Err(InvalidFaceData::OutOfRange)
        );
        assert_eq!(
            FaceData::parse(&document("1e400")),
            Err(InvalidFaceData::NotTheDocument)
        );
        assert_eq!(
            FaceData::parse(&document("NaN")),
            Err(InvalidFaceData::NotTheDocument)
        );
        let deep = "[".repeat(100_000);
        assert_eq!(FaceData::parse(&deep), Err(InvalidFaceData::NotTheDocument));
        assert_eq!(
            FaceData::parse(&" ".repeat(200_000)),
            Err(InvalidFaceData::TooLong)
        );
    }

    #[test]
    fn debug_shows_nothing_of_face_data() {
        let shown = format!("{:?}", FaceData::parse(&document("0.123")).unwrap());
        assert_eq!(shown, "FaceData(hidden)");
    }
}
