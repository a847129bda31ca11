//! Seeds from the repository's sample events.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// An id, such as challenges and enrolments have.
pub(crate) const ID: &str = "0123456789abcdef0123456789abcdef";

/// Every sample event.
pub(crate) fn events() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let mut paths: Vec<PathBuf> = entries(&folder)
        .filter(|path| path.is_dir())
        .flat_map(|folder| entries(&folder))
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| fs::read(path).expect("a sample event can be read");
    paths.iter().map(read).collect()
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
