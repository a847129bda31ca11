//! Face data of people, each time other numbers, as a client computes them.
//!
//! Descriptors are computed from the samples, by the engine that stands behind the local recognition
//! service. Meshes are made up: nothing here finds 468 points in a picture.

use std::collections::HashMap;
use std::sync::LazyLock;

use face_engine::{Engine, Picture};
use signin_client::samples::{Sample, parts};
use signin_core::face_data::{FaceData, MESH_LENGTH, MESH_LIMIT, Model};

/// A person's, as they sign up with them.
pub fn document(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(Sample::Enrolment),
        Model::Mesh468 => mesh(0.618),
    }
}

/// The same person's another time.
pub fn live(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(Sample::SignIn),
        Model::Mesh468 => mesh(0.618),
    }
}

/// Somebody else's.
pub fn other(model: Model) -> FaceData {
    match model {
        Model::Descriptor128 => descriptor(Sample::Impostor),
        Model::Mesh468 => mesh(0.414),
    }
}

/// How many people [`population`] has; as many as were measured.
pub const PEOPLE: usize = 27;

/// How many other people an average is made of that is to pass for a certain one.
pub const LOOK_ALIKES: usize = 5;

/// Descriptors of people who do not exist, always the same, with the geometry of real ones.
///
/// What was measured, with 116 portraits of 27 people through our engine, and what these have: two
/// people are 0.62 to 1.04 apart, 0.79 in the middle (measured: 0.6 to 1.1), one person at two times
/// about 0.3 ([`again`]). The mean of all others and the means of four clusters of them pass for 3
/// people at 99, 8 at 95 and 11 at 90 (measured: 0, 9 and 12), the mean of a person's five nearest
/// for 6 at 99 (measured: 7). People differ along all axes, along the first ones more.
pub fn population() -> Vec<Vec<f32>> {
    const APART: f64 = 0.8;
    let mut state = 1;
    let spread = |axis: u32| 1.0 / f64::from(axis + 8).sqrt();
    let whole: f64 = (0..128).map(|axis| spread(axis).powi(2)).sum();
    let scale = APART / (2.0 * whole).sqrt();
    let mut person = || {
        let value = |axis: u32| {
            let middle = if axis.is_multiple_of(2) { -0.1 } else { 0.1 };
            middle + scale * spread(axis) * normal(&mut state)
        };
        #[expect(clippy::cast_possible_truncation, reason = "as a client has them")]
        let values = (0..128).map(value).map(|value| value as f32).collect();
        values
    };
    (0..PEOPLE).map(|_| person()).collect()
}

/// A number whose mean is 0 and variance 1, nearly normal, and the same on every machine.
fn normal(state: &mut u64) -> f64 {
    let mut uniform = || {
        // SplitMix64.
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "24 bits")]
        let part = (mixed >> 40) as f64 / f64::from(1_u32 << 24);
        part
    };
    (0..12).map(|_| uniform()).sum::<f64>() - 6.0
}

/// A descriptor as face data.
pub fn data(values: &[f32]) -> FaceData {
    FaceData::new(Model::Descriptor128, values.to_vec()).expect("a descriptor is face data")
}

/// The same person's descriptor another time, about 0.3 away.
pub fn again(person: &[f32]) -> FaceData {
    let noise = || rand::random_range(-0.046..0.046);
    data(
        &person
            .iter()
            .map(|value| value + noise())
            .collect::<Vec<f32>>(),
    )
}

/// The Euclidean distance of two descriptors.
pub fn distance(one: &[f32], other: &[f32]) -> f64 {
    data(one).distance(&data(other))
}

/// What somebody sends who knows other people's descriptors: the mean of all, and the means of four
/// clusters of them.
pub fn averages(others: &[Vec<f32>]) -> Vec<Vec<f32>> {
    const CLUSTERS: usize = 4;
    let start = |cluster: usize| others[cluster * others.len() / CLUSTERS].clone();
    let mut middles: Vec<Vec<f32>> = (0..CLUSTERS).map(start).collect();
    for _ in 0..10 {
        let mut clusters: Vec<Vec<&[f32]>> = vec![Vec::new(); CLUSTERS];
        for one in others {
            let far = |cluster: &usize| distance(&middles[*cluster], one);
            let nearest = (0..CLUSTERS).min_by(|a, b| far(a).total_cmp(&far(b)));
            clusters[nearest.expect("there are clusters")].push(one);
        }
        for (middle, cluster) in middles.iter_mut().zip(&clusters) {
            if !cluster.is_empty() {
                *middle = mean(cluster);
            }
        }
    }
    let all: Vec<&[f32]> = others.iter().map(Vec::as_slice).collect();
    middles.insert(0, mean(&all));
    middles
}

/// What somebody sends who also knows whom a person resembles: the mean of the nearest.
pub fn average_of_the_nearest(person: &[f32], others: &[Vec<f32>]) -> Vec<f32> {
    let mut nearest: Vec<&[f32]> = others.iter().map(Vec::as_slice).collect();
    nearest.sort_by(|a, b| distance(a, person).total_cmp(&distance(b, person)));
    mean(&nearest[..LOOK_ALIKES])
}

fn mean(of: &[&[f32]]) -> Vec<f32> {
    let count = u16::try_from(of.len()).expect("few people");
    let sum = |axis: usize| of.iter().map(|one| one[axis]).sum::<f32>();
    (0..128).map(|axis| sum(axis) / f32::from(count)).collect()
}

/// Each person, with everybody else.
pub fn each_and_others() -> Vec<(Vec<f32>, Vec<Vec<f32>>)> {
    let people = population();
    let others = |place: usize| {
        let mut others = people.clone();
        let person = others.remove(place);
        (person, others)
    };
    (0..people.len()).map(others).collect()
}

/// What the engine computes of each sample that shows one person.
static DESCRIPTORS: LazyLock<HashMap<Sample, Vec<f32>>> = LazyLock::new(|| {
    let parts = parts();
    let engine = Engine::load(&parts.join("models"));
    let engine = engine.unwrap_or_else(|error| panic!("{error}; run: cargo xtask setup"));
    let described = |sample: Sample| {
        let picture = sample
            .read(&parts)
            .unwrap_or_else(|error| panic!("{error}"));
        let picture = Picture::decode(&picture).expect("a sample is a picture");
        let faces = engine.faces(&picture);
        let face = faces.first().expect("a sample shows a face");
        (sample, engine.describe(&picture, face).values().to_vec())
    };
    [Sample::Enrolment, Sample::SignIn, Sample::Impostor]
        .map(described)
        .into()
});

/// A measurement with noise of its own: no two are equal, and data that passed never pass again.
/// (Measuring pictures that were taken again is not enough: many of them have the same descriptor.)
fn descriptor(sample: Sample) -> FaceData {
    /// About 0.01 away from what was measured.
    const NOISE: f32 = 0.0015;
    let values = DESCRIPTORS[&sample].iter();
    data(
        &values
            .map(|value| value + rand::random_range(-NOISE..NOISE))
            .collect::<Vec<f32>>(),
    )
}

/// A shape of its own for each `twist`, with noise far below what counts as another shape.
fn mesh(twist: f64) -> FaceData {
    let noise = MESH_LIMIT / 10.0;
    let values = (0_u32..).take(MESH_LENGTH).map(|place| {
        let angle = f64::from(place * place) * twist;
        let value = 0.5 + 0.3 * (angle.sin() + noise * rand::random_range(-1.0..1.0));
        #[expect(clippy::cast_possible_truncation, reason = "as a client has them")]
        let value = value as f32;
        value
    });
    FaceData::new(Model::Mesh468, values.collect()).expect("a mesh is face data")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use signin_core::face::Threshold;
    use signin_core::face_data::similarity;

    use super::*;

    /// For how many people the best of some guesses passes.
    fn passes(threshold: &str, guesses: impl Fn(&[f32], &[Vec<f32>]) -> Vec<Vec<f32>>) -> usize {
        let threshold: Threshold = threshold.parse().expect("a threshold");
        let passes = |(person, others): &(Vec<f32>, Vec<Vec<f32>>)| {
            guesses(person, others)
                .iter()
                .any(|guess| data(guess).resembles(&data(person), threshold))
        };
        each_and_others().iter().filter(|one| passes(one)).count()
    }

    #[test]
    fn no_two_measurements_of_one_person_are_the_same() {
        for model in Model::ALL {
            for measured in [document, live, other] {
                let measured: Vec<_> = (0..200).map(|_| measured(model)).collect();
                let digests = measured.iter().map(|data| data.digest().to_hex());
                assert_eq!(digests.collect::<BTreeSet<_>>().len(), measured.len());
                let most = measured.iter().map(|one| one.distance(&measured[0]));
                assert!(most.fold(0.0, f64::max) < 0.05, "{model}");
            }
        }
    }

    #[test]
    fn people_who_do_not_exist_are_as_far_apart_as_real_ones() {
        let people = population();
        let pairs = people.iter().enumerate().flat_map(|(place, one)| {
            let before = &people[..place];
            before.iter().map(move |other| distance(one, other))
        });
        let mut pairs: Vec<f64> = pairs.collect();
        pairs.sort_by(f64::total_cmp);
        let (least, middle, most) = (pairs[0], pairs[pairs.len() / 2], pairs[pairs.len() - 1]);
        assert!((0.60..0.66).contains(&least), "{least}");
        assert!((0.76..0.82).contains(&middle), "{middle}");
        assert!((0.98..1.10).contains(&most), "{most}");
        for person in &people {
            let within = again(person).distance(&data(person));
            assert!((0.2..0.4).contains(&within), "{within}");
            assert!(similarity(within) > 99.0);
        }
    }

    #[test]
    fn averages_pass_for_as_many_as_they_did_for_real_people() {
        let averages = |_: &[f32], others: &[Vec<f32>]| averages(others);
        let nearest =
            |person: &[f32], others: &[Vec<f32>]| vec![average_of_the_nearest(person, others)];
        let counted = ["99", "95", "90"].map(|threshold| passes(threshold, averages));
        assert_eq!((counted, passes("99", nearest)), ([3, 8, 11], 6));
    }
}
