//! What more than one test needs.

use std::path::{Path, PathBuf};

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folder with the models, which `cargo xtask setup` fills.
pub(crate) fn models() -> PathBuf {
    let folder = root().join(".local/parts/models");
    assert!(
        folder.is_dir(),
        "the models are not at {}; run: cargo xtask setup",
        folder.display()
    );
    folder
}
