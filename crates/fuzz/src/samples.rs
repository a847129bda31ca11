//! Seeds from the repository's sample events.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex_lite::{Captures, Regex};
use serde_json::{Value, json};

/// An id, wherever a sample leaves room for one.
pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef";

/// Every sample event, with what it leaves open filled in.
pub(crate) fn events() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let open = Regex::new(r"\$\{(\w+)\}").expect("an expression of ours");
    let filled = |sample: &Captures| match &sample[1] {
        "ChallengeId" | "EnrolmentId" => ID.to_owned(),
        "Binding" => ID.repeat(2),
        "ResponseUrl" => "http://127.0.0.1/answer".to_owned(),
        name if name.ends_with("Picture") => "/9j/".to_owned(),
        // Inside a text of JSON.
        name if name.ends_with("FaceData") => {
            let data = json!({"model": "descriptor-128", "values": vec![0.125; 128]});
            data.to_string().replace('"', "\\\"")
        }
        "SignedUpData" | "EnrolledData" => STANDARD.encode(0.125_f32.to_le_bytes().repeat(128)),
        name => name.to_lowercase(),
    };
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a sample event can be read");
        open.replace_all(&text, filled).into_owned().into_bytes()
    };
    let mut paths: Vec<PathBuf> = entries(&folder)
        .filter(|path| path.is_dir())
        .flat_map(|folder| entries(&folder))
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"))
        .collect();
    paths.sort();
    paths.into_iter().map(read).collect()
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(folder).expect("the folder of sample events");
    entries.map(|entry| entry.expect("a sample event").path())
}

/// The private challenges of the sample events.
pub(crate) fn private_challenges() -> impl Iterator<Item = String> {
    events().into_iter().filter_map(|event| {
        let event: Value = serde_json::from_slice(&event).ok()?;
        let parameters = &event["request"]["privateChallengeParameters"];
        Some(parameters["challenge"].as_str()?.to_owned())
    })
}
