//! Distances as percentages.

/// A distance between descriptors as a similarity from 0 to 100, such that a threshold of 99 is
/// met at distance 0.50; 91 at 0.55 and 50 at 0.60.
///
/// `100 / (1 + exp((d − 0.6) × 46))`: a convention of this project's, chosen so that the usual
/// thresholds mean something sensible here. It is not Amazon Rekognition's scale, and no rate of
/// false matches follows from a value.
///
/// ```
/// assert!(face_engine::similarity::from_distance(0.5) > 98.9);
/// assert!((face_engine::similarity::from_distance(0.6) - 50.0).abs() < 1e-3);
/// ```
pub fn from_distance(distance: f32) -> f32 {
    100.0 / (1.0 + ((distance - 0.6) * 46.0).exp())
}
