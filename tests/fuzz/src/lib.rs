//! What strangers can send, sent in every form: the places where bytes from outside are read, and
//! what must hold there whatever they are.
//!
//! A [`Target`] is one such place. It is run in two ways: by this package's own tests, which
//! replay the corpus and a fixed number of mutations of it, the same ones every time; and by
//! `cargo xtask fuzz <target>`, which lets libFuzzer search, guided by coverage, as long as one
//! likes. Both run on the project's own toolchain.
//!
//! A target panics where a promise is broken, and so a crash of the code under test is found as
//! well. `corpus/<target>` keeps what a search found worth keeping; the first inputs, the seeds,
//! are the repository's sample events and what is drawn or written here in code. An input that
//! broke something becomes a test where the mend is, since every search makes the corpus as
//! small as it can be again.

pub mod mutation;
mod picture;
mod samples;
mod targets;

pub use targets::{TARGETS, Target};

use std::path::{Path, PathBuf};

/// Where the inputs of a target are kept.
pub fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name)
}
