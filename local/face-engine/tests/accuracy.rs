//! Who is told from whom, on labelled portraits that are not part of the project. Where they are
//! not beside the checkout the tests say so and pass.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use face_engine::{Descriptor, Engine, Face, Picture, similarity};

fn engine() -> Engine {
    Engine::load(&common::models())
        .unwrap_or_else(|error| panic!("{error}; run: cargo xtask setup"))
}

/// The portraits' folder, if it is there.
fn photos() -> Option<PathBuf> {
    let folder = common::root().join("../shared/photos");
    let there = folder.join("labels.csv").is_file();
    if !there {
        eprintln!("{} is not there: nothing was tested", folder.display());
    }
    there.then_some(folder)
}

/// File, person and number of faces of every photograph.
fn labels(folder: &std::path::Path) -> Vec<(String, String, usize)> {
    let text = std::fs::read_to_string(folder.join("labels.csv")).unwrap();
    let fields = |line: &str| {
        let mut fields = line.split(',').map(str::to_owned);
        let mut field = || fields.next().unwrap();
        (field(), field(), field().parse().unwrap())
    };
    text.lines().skip(1).map(fields).collect()
}

fn faces(engine: &Engine, folder: &std::path::Path, file: &str) -> (Picture, Vec<Face>) {
    let picture = Picture::decode(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    let faces = engine.faces(&picture);
    (picture, faces)
}

#[test]
fn portraits_of_one_person_match_and_of_two_do_not() {
    let Some(folder) = photos() else { return };
    let engine = engine();
    let portraits: Vec<(String, String, Descriptor)> = labels(&folder)
        .into_iter()
        .filter(|(.., count)| *count == 1)
        .map(|(file, person, _)| {
            let (picture, faces) = faces(&engine, &folder, &file);
            let face = faces.first().unwrap_or_else(|| panic!("no face in {file}"));
            let descriptor = engine.describe(&picture, face);
            (file, person, descriptor)
        })
        .collect();
    let (mut genuine, mut passed, mut nearest_impostor) = (0, 0, f32::MAX);
    for (number, (file, person, descriptor)) in portraits.iter().enumerate() {
        for (other_file, other_person, other) in &portraits[number + 1..] {
            let distance = descriptor.distance(other);
            let similarity = similarity::from_distance(distance);
            if person == other_person {
                genuine += 1;
                passed += usize::from(similarity >= 99.0);
                println!("{file:<18} {other_file:<18} {distance:.3} {similarity:6.2}");
            } else {
                nearest_impostor = nearest_impostor.min(distance);
                assert!(
                    similarity < 99.0,
                    "{file} passed for {other_file}: {distance}"
                );
            }
        }
    }
    println!("{passed} of {genuine} genuine pairs pass; nearest impostors {nearest_impostor:.3}");
    assert_eq!(genuine, 29);
    assert!(passed >= 28, "{passed} of {genuine}");
}

#[test]
fn every_portrait_meets_the_limits_of_a_sign_in() {
    let Some(folder) = photos() else { return };
    let engine = engine();
    for (file, _, count) in labels(&folder) {
        let (picture, faces) = faces(&engine, &folder, &file);
        for (
            number,
            Face {
                bounds,
                score,
                pose,
                quality,
                ..
            },
        ) in faces.iter().enumerate()
        {
            println!(
                "{file:<26} {}×{} #{number} x {:.0} y {:.0} width {:.0} score {score:.2} yaw {:.0} pitch {:.0} roll {:.0} \
                 brightness {:.0} sharpness {:.4}",
                picture.width(),
                picture.height(),
                bounds.left,
                bounds.top,
                bounds.width,
                pose.yaw,
                pose.pitch,
                pose.roll,
                quality.brightness,
                quality.sharpness,
            );
        }
        if count == 1 {
            let Face {
                bounds,
                pose,
                quality,
                ..
            } = &faces[0];
            assert!(bounds.width >= 80.0, "{file} is too small");
            assert!(
                quality.brightness >= 20.0 && quality.sharpness >= 20.0,
                "{file}: {quality:?}"
            );
            assert!(
                pose.yaw.abs() <= 45.0 && pose.pitch.abs() <= 45.0,
                "{file}: {pose:?}"
            );
        }
        assert!(faces.len() >= count, "{file}: {} faces", faces.len());
        let second = faces.get(1).map_or(0.0, |second| second.bounds.width);
        let crowded = second > faces[0].bounds.width / 2.0;
        assert_eq!(crowded, count > 1, "{file}");
    }
}

#[test]
fn a_face_a_fifteenth_as_wide_as_the_picture_is_found() {
    let Some(folder) = photos() else { return };
    let engine = engine();
    let portraits = labels(&folder)
        .into_iter()
        .filter(|(.., count)| *count == 1)
        .map(|(file, ..)| file);
    let missed: Vec<String> = portraits
        .filter(|file| {
            let (picture, found) = faces(&engine, &folder, file);
            let whole = image::open(folder.join(file)).unwrap().into_rgb8();
            assert_eq!(picture.width(), whole.width() as usize);
            let (width, height) = (1200_u32, 900_u32);
            let scale = 80.0 / found[0].bounds.width;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "pixels"
            )]
            let scaled = |side: u32| ((side as f32 * scale) as u32).clamp(1, 900);
            let small = image::imageops::resize(
                &whole,
                scaled(whole.width()),
                scaled(whole.height()),
                image::imageops::FilterType::Triangle,
            );
            let mut page = image::RgbImage::from_pixel(width, height, image::Rgb([220, 220, 215]));
            let (x, y) = (width - small.width(), height - small.height());
            image::imageops::replace(&mut page, &small, i64::from(x / 2), i64::from(y / 2));
            let page = Picture::from_rgb(1200, 900, page.into_raw()).unwrap();
            engine.faces(&page).len() != 1
        })
        .collect();
    println!("not found: {missed:?}");
    assert!(missed.len() <= 1, "{missed:?}");
}
