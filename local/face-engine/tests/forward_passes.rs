//! Parity with the JavaScript library: for the same pixels, the same numbers within 1e-4.
//!
//! `parity/reference.mjs` runs the library on the pictures of its own npm package and writes what
//! it saw and what it made of it. Needs Node and npm.

#![allow(clippy::unwrap_used)]

mod common;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use face_engine::{
    Picture, Point,
    descriptor::Describer,
    detect::{Detection, Detector, InputSize},
    landmarks::Landmarker,
};
use serde_json::Value;

const TOLERANCE: f32 = 1e-4;

/// A folder of this test's own that goes away with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("parity-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let bytes = std::fs::read(self.0.join(name)).unwrap();
        bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| f32::from_le_bytes(*word))
            .collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; Node and npm must be installed"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {complaint}");
}

/// The library's results, and the inputs they belong to in the scratch folder.
fn reference(scratch: &Scratch) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity");
    for file in [
        "package.json",
        "package-lock.json",
        ".npmrc",
        "reference.mjs",
    ] {
        std::fs::copy(script.join(file), scratch.0.join(file)).unwrap();
    }
    run(Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&scratch.0));
    run(Command::new("node")
        .arg("reference.mjs")
        .arg(&scratch.0)
        .current_dir(&scratch.0));
    let text = std::fs::read(scratch.0.join("reference.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn number(value: &Value) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "they were 32-bit floats")]
    let number = value.as_f64().unwrap() as f32;
    number
}

fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(number).collect()
}

/// The greatest difference between two lists of numbers.
fn difference(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// The greatest difference between detections in scores and in boxes, which `scale` brings to
/// units of the padded square's side.
fn detection_difference(found: &[Detection], expected: &[Value], scale: f32) -> f32 {
    assert_eq!(found.len(), expected.len(), "another number of faces");
    let each = found.iter().zip(expected).map(|(found, expected)| {
        let bounds = found.bounds;
        let found_box = [bounds.left, bounds.top, bounds.width, bounds.height].map(|v| v * scale);
        let score = (found.score - number(&expected["score"])).abs();
        difference(&found_box, &numbers(&expected["box"])).max(score)
    });
    each.fold(0.0, f32::max)
}

#[test]
fn forward_passes_agree_with_the_javascript_library() {
    // Given the library's results for its own pictures
    let models = common::models();
    let detector = Detector::load(&models).unwrap();
    let landmarker = Landmarker::load(&models).unwrap();
    let describer = Describer::load(&models).unwrap();
    let scratch = Scratch::new();
    let reference = reference(&scratch);

    // When the engine is given the same raw pixels and the same crops
    let mut worst = [0.0_f32; 4];
    let (mut pictures, mut faces) = (0, 0);
    for entry in &reference {
        let name = entry["name"].as_str().unwrap();
        let side = |key: &str| usize::try_from(entry[key].as_u64().unwrap()).unwrap();
        let (width, height) = (side("width"), side("height"));
        let rgb = std::fs::read(scratch.0.join(format!("{name}.rgb"))).unwrap();
        let picture = Picture::from_rgb(width, height, rgb).unwrap();
        #[expect(clippy::cast_precision_loss, reason = "a picture's side")]
        let longer = width.max(height) as f32;
        for size in [InputSize::Small, InputSize::Large] {
            let expected = entry["detections"][size.pixels().to_string()]
                .as_array()
                .unwrap();
            let input = scratch.floats(&format!("{name}-{}.input", size.pixels()));
            let found = detector.detect_in(&input, size).unwrap();
            worst[0] = worst[0].max(detection_difference(&found, expected, 1.0));
            if size == InputSize::Large {
                let found = detector.detect_at(&picture, size, 0.0);
                let scale = 1.0 / longer;
                worst[1] = worst[1].max(detection_difference(&found, expected, scale));
            }
        }
        for (index, expected) in entry["faces"].as_array().unwrap().iter().enumerate() {
            let crop = scratch.floats(&format!("{name}-{index}.landmarks"));
            let points = landmarker.landmarks_in(&crop).unwrap();
            let found: Vec<f32> = points.iter().flat_map(|&Point { x, y }| [x, y]).collect();
            worst[2] = worst[2].max(difference(&found, &numbers(&expected["landmarks"])));
            let crop = scratch.floats(&format!("{name}-{index}.descriptor"));
            let found = describer.describe_in(&crop).unwrap();
            worst[3] = worst[3].max(difference(
                found.values(),
                &numbers(&expected["descriptor"]),
            ));
            faces += 1;
        }
        pictures += 1;
    }

    // Then all numbers agree
    println!("{pictures} pictures, {faces} faces; greatest differences:");
    let names = [
        "detections, same input",
        "detections, same pixels",
        "landmarks",
        "descriptors",
    ];
    for (name, worst) in names.iter().zip(worst) {
        println!("{name:<24} {worst:.1e}");
        assert!(worst < TOLERANCE, "{name}: {worst}");
    }
    assert!(
        pictures == 6 && faces >= 12,
        "{pictures} pictures, {faces} faces"
    );
}
