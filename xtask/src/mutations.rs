//! A copy of the sources in which defences can be switched off, so that the suites of attacks and
//! faults can show that they would notice.
//!
//! `tests/mutations.toml` says what is changed. All changes are made at once and each asks
//! `mutated("its name")`, so that one build serves them all; the environment variable `MUTATION`
//! of a function chooses one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::command::{cannot, output_of};
use crate::paths::Paths;

/// What the copy's `signin-core` has more than the original.
const SWITCH: &str = r#"
/// Whether the environment asks for this change; see `tests/mutations.toml`.
pub fn mutated(name: &str) -> bool {
    std::env::var("MUTATION").is_ok_and(|asked| asked == name)
}
"#;

/// The file that is given the switch.
const CORE: &str = "crates/core/src/lib.rs";

/// The file that gives the packages their version, and where in it. Cargo knows a workspace's
/// packages by name and version, wherever the workspace lies: the original's would be taken for
/// built where only the copy's have been, and what is tested would be the copy twice.
const MANIFEST: &str = "Cargo.toml";
const VERSION: &str = "[workspace.package]\nversion = \"";

#[derive(Deserialize)]
struct File {
    mutation: Vec<Mutation>,
}

/// One defence less.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    name: String,
    /// For readers.
    #[serde(rename = "why")]
    _why: String,
    edit: Vec<Edit>,
}

/// A text of a file that becomes another.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: PathBuf,
    find: String,
    replace: String,
}

/// Makes the copy, or brings it up to date. Files that have not changed are not touched, so that
/// nothing is built anew without need.
pub(crate) fn copy(paths: &Paths) -> Result<Paths> {
    let folder = paths.root.join(".local/mutated");
    let listed = output_of(
        std::process::Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(&paths.root),
    )
    .context("the sources are listed by git")?;
    let files: BTreeSet<PathBuf> = listed
        .split('\0')
        .filter(|name| !name.is_empty() && paths.root.join(name).is_file())
        .map(PathBuf::from)
        .collect();
    let text = read(&paths.root.join("tests/mutations.toml"))?;
    let File { mutation } = toml::from_str(&text).context("tests/mutations.toml")?;
    for mutation in &mutation {
        for edit in &mutation.edit {
            ensure!(
                files.contains(&edit.file),
                "the mutation {} edits {}, which is not there",
                mutation.name,
                edit.file.display()
            );
        }
    }
    remove_others(&folder, &folder, &files)?;
    for file in &files {
        let original = paths.root.join(file);
        let bytes = fs::read(&original).with_context(|| cannot("read", &original))?;
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => edited(file, text, &mutation)?.into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        write(&folder.join(file), &bytes)?;
    }
    Ok(Paths { root: folder })
}

/// A file's text with every edit of it made.
fn edited(file: &Path, mut text: String, mutations: &[Mutation]) -> Result<String> {
    for mutation in mutations {
        for edit in mutation.edit.iter().filter(|edit| edit.file == file) {
            let found = text.matches(&edit.find).count();
            if found != 1 {
                bail!(
                    "the mutation {} does not fit {} any more: its text stands there {found} times, \
                     expected once; mend tests/mutations.toml. It reads:\n{}",
                    mutation.name,
                    file.display(),
                    edit.find
                );
            }
            text = text.replacen(&edit.find, &edit.replace, 1);
        }
    }
    if file == Path::new(CORE) {
        text.push_str(SWITCH);
    }
    if file == Path::new(MANIFEST) {
        let (before, after) = text
            .split_once(VERSION)
            .context("the version is in Cargo.toml")?;
        let (version, after) = after
            .split_once('"')
            .context("a version ends with a quote")?;
        text = format!("{before}{VERSION}{version}+mutated\"{after}");
    }
    Ok(text)
}

/// Removes what an earlier copy had and the sources have no more.
fn remove_others(root: &Path, folder: &Path, files: &BTreeSet<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| cannot("read", folder))? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(root, &path, files)?;
        } else if path
            .strip_prefix(root)
            .is_ok_and(|name| !files.contains(name))
        {
            fs::remove_file(&path).with_context(|| cannot("remove", &path))?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| cannot("read", path))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    }
    fs::write(path, bytes).with_context(|| cannot("write", path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn mutation(find: &str) -> [Mutation; 1] {
        [Mutation {
            name: "open-door".to_owned(),
            _why: String::new(),
            edit: vec![Edit {
                file: PathBuf::from("a.rs"),
                find: find.to_owned(),
                replace: "true".to_owned(),
            }],
        }]
    }

    #[test]
    fn a_mutation_changes_one_place_of_one_file() {
        let text = || "locked && paid".to_owned();
        let file = Path::new("a.rs");
        let changed = edited(file, text(), &mutation("locked")).unwrap();
        assert_eq!(changed, "true && paid");
        let other = edited(Path::new("b.rs"), text(), &mutation("locked")).unwrap();
        assert_eq!(other, text());
    }

    /// All texts in a folder.
    fn texts(folder: &Path) -> String {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let texts = entries.map(|path| {
            if path.is_dir() {
                texts(&path)
            } else {
                read(&path).unwrap()
            }
        });
        texts.collect()
    }

    #[test]
    fn every_mutation_fits_the_sources_and_proves_some_row() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = read(&root.join("tests/mutations.toml")).unwrap();
        let File { mutation } = toml::from_str(&text).unwrap();
        let edits = mutation.iter().flat_map(|mutation| &mutation.edit);
        let files: BTreeSet<&Path> = edits.map(|edit| edit.file.as_path()).collect();
        for file in files {
            let text = read(&root.join(file)).unwrap();
            edited(file, text, &mutation).unwrap();
        }
        let rows = texts(&root.join("tests/src/bin"));
        let unused = mutation.iter().map(|mutation| mutation.name.as_str());
        let unused: Vec<&str> = unused
            .filter(|name| !rows.contains(&format!("\"{name}\"")))
            .collect();
        assert_eq!(unused, [""; 0]);
    }

    #[test]
    fn a_mutation_that_fits_no_more_is_named() {
        let file = Path::new("a.rs");
        for text in ["unlocked", "open open"] {
            let error = edited(file, text.to_owned(), &mutation("open")).unwrap_err();
            assert!(error.to_string().contains("open-door"), "{error}");
        }
    }

    #[test]
    fn the_copys_packages_are_not_taken_for_the_originals() {
        let manifest = format!("[workspace]\n{VERSION}0.1.0\"\nedition = \"2024\"\n");
        let text = edited(Path::new(MANIFEST), manifest, &[]).unwrap();
        assert!(text.contains("version = \"0.1.0+mutated\"\nedition"));
    }

    #[test]
    fn the_copy_can_be_asked_for_a_mutation() {
        let text = edited(Path::new(CORE), String::new(), &[]).unwrap();
        assert!(text.contains("pub fn mutated"));
    }
}
