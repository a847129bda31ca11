//! Files and folders that nobody but the developer may read: they hold the stack's key.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::cannot;

/// A folder for its owner alone.
const FOLDER: u32 = 0o700;
/// A file for its owner alone.
const FILE: u32 = 0o600;

/// Makes a folder, and those above it that are missing; one that is there keeps its mode.
pub(crate) fn folder(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER)
        .create(path)
        .with_context(|| cannot("create", path))
}

/// Takes a folder that is there from everybody else.
pub(crate) fn close(path: &Path) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(FOLDER))
        .with_context(|| cannot("change the mode of", path))
}

/// Begins a file anew.
pub(crate) fn file(path: &Path) -> io::Result<File> {
    // One that is left from before may have another mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(FILE)
        .open(path)
}

/// Writes a file at once, so that nobody reads half of it.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    file(&unfinished)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| cannot("write", &unfinished))?;
    fs::rename(&unfinished, path).with_context(|| cannot("move", &unfinished))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::paths::Scratch;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn what_is_written_is_its_owners_alone_whatever_was_there() {
        let scratch = Scratch::new("private");
        let path = scratch.path().join("outputs.json");
        fs::write(&path, "{}").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let unfinished = path.with_extension("unfinished");
        fs::write(&unfinished, "left over").unwrap();
        fs::set_permissions(&unfinished, Permissions::from_mode(0o666)).unwrap();

        write(&path, "{\"SecretAccessKey\": \"\"}").unwrap();

        assert_eq!(mode(&path), 0o600);
        assert!(!unfinished.exists());
    }

    #[test]
    fn a_folder_is_its_owners_alone() {
        let scratch = Scratch::new("private-folder");
        let path = scratch.path().join("a/b");
        folder(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        close(scratch.path()).unwrap();
        assert_eq!(mode(scratch.path()), 0o700);
    }
}
