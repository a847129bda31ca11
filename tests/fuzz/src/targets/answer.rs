//! A client's answers: pictures as text, and face data.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use signin_core::answer::{Answer, MAX_ANSWER};
use signin_core::face_data::{DESCRIPTOR_LENGTH, FaceData, MAX_DOCUMENT, MESH_LENGTH, Model};
use signin_core::picture::inspect;
use signin_core::reason::Reason;

use super::Target;
use crate::mutation::Form;
use crate::picture::drawn;

pub(super) const TARGET: Target = Target {
    name: "answer",
    form: Form::Json,
    run,
    seeds,
    attempts: 5_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let face_data = |model: &str, value: f64, count: usize| {
        json!({"model": model, "values": vec![value; count]}).to_string()
    };
    let pictures = drawn().into_iter().flat_map(|picture| {
        ["jpeg", "png"]
            .map(|kind| format!("data:image/{kind};base64,{}", STANDARD.encode(&picture)))
    });
    let others = [
        "uploaded".to_owned(),
        face_data("descriptor-128", 0.125, DESCRIPTOR_LENGTH),
        face_data("descriptor-128", -1.0, DESCRIPTOR_LENGTH),
        face_data("descriptor-128", 0.5, 2),
        face_data("another", 0.5, 2),
        face_data("mesh-468", 0.5, MESH_LENGTH),
        mesh(),
    ];
    pictures.chain(others).map(String::into_bytes).collect()
}

/// A mesh of points that are not all in one place.
fn mesh() -> String {
    let values: Vec<usize> = (0..MESH_LENGTH).map(|place| place % 7).collect();
    json!({"model": "mesh-468", "values": values}).to_string()
}

/// An answer that is understood is exactly what was sent, and one that is refused is refused for
/// a reason that repeats nothing of it.
fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match Answer::parse(text) {
        Ok(Answer::Uploaded) => assert_eq!(text, "uploaded"),
        Ok(Answer::Inline(picture)) => {
            assert!(text.len() <= MAX_ANSWER);
            // However it was written, the picture is the one of the plain way to write it.
            let encoded = STANDARD.encode(picture.as_slice());
            let plain = Answer::parse(&format!("data:image/jpeg;base64,{encoded}"));
            assert!(
                encoded.len() > MAX_ANSWER - 40 || plain == Ok(Answer::Inline(picture.clone()))
            );
            // Nothing that is written in Base64 grows.
            assert!(picture.as_slice().len() <= text.len());
            let _ = inspect(picture.as_slice());
            let shown = format!("{picture:?}");
            assert_eq!(
                shown,
                format!("PictureBytes({} bytes)", picture.as_slice().len())
            );
        }
        Err(reason) if text.len() > MAX_ANSWER => assert_eq!(reason, Reason::TooLarge),
        Err(reason) => assert_eq!(reason, Reason::NotAnImage),
    }
    for model in Model::ALL {
        match FaceData::parse(model, text) {
            Ok(data) => {
                assert!(text.len() <= MAX_DOCUMENT);
                assert_eq!(data.model(), model);
                assert_eq!(format!("{data:?}"), "FaceData(hidden)");
                assert!(
                    data.distance(&data) < 1e-6,
                    "face data are at no distance from themselves"
                );
                let read = FaceData::from_bytes(model, &data.to_bytes());
                assert_eq!(read.as_ref(), Ok(&data));
                let read = FaceData::parse(model, &data.to_document());
                assert_eq!(read, Ok(data));
            }
            Err(refusal) => {
                // The only number that a refusal tells is how many values there were.
                let said = refusal.to_string();
                assert!(said.starts_with("expected "), "{said}");
            }
        }
    }
}
