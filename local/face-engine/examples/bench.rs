//! The engine's budget on this machine: `cargo run --release -p face-engine --example bench --
//! MODELS PICTURE`, one thread, the best and the median of many runs.

use std::{path::Path, time::Instant};

use face_engine::{Engine, Picture};

fn measure<T>(what: &str, mut run: impl FnMut() -> T) -> T {
    let mut times: Vec<f64> = Vec::new();
    let last = loop {
        let start = Instant::now();
        let result = run();
        times.push(start.elapsed().as_secs_f64() * 1e3);
        if times.len() == 50 {
            break result;
        }
    };
    times.sort_by(f64::total_cmp);
    println!(
        "{what:<34} best {:6.2} ms, median {:6.2} ms",
        times[0],
        times[times.len() / 2]
    );
    last
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, models, picture] = arguments.as_slice() else {
        return Err("expected two arguments: the models' folder and a picture".into());
    };
    let start = Instant::now();
    let engine = Engine::load(Path::new(models))?;
    println!(
        "{:<34} once {:6.2} ms",
        "load the models",
        start.elapsed().as_secs_f64() * 1e3
    );
    let bytes = std::fs::read(picture)?;
    let picture = measure("decode", || Picture::decode(&bytes))?;
    println!("{} × {} pixels", picture.width(), picture.height());
    let faces = measure("detect, landmarks, pose, quality", || {
        engine.faces(&picture)
    });
    println!("{} faces", faces.len());
    if let Some(face) = faces.first() {
        measure("descriptor with mirror", || engine.describe(&picture, face));
    }
    measure("all of it", || -> Result<_, face_engine::PictureError> {
        let picture = Picture::decode(&bytes)?;
        let faces = engine.faces(&picture);
        Ok(faces.first().map(|face| engine.describe(&picture, face)))
    })?;
    Ok(())
}
