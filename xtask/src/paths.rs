//! Where things lie.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// The checkout and the folders inside it.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    /// The checkout's root.
    pub(crate) root: PathBuf,
}

impl Paths {
    /// The folder that this program was built from.
    pub(crate) fn own() -> PathBuf {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        package.parent().unwrap_or(package).to_owned()
    }

    /// The checkout that this program was built from.
    pub(crate) fn find() -> Result<Self> {
        let root = Self::own();
        anyhow::ensure!(
            root.join("template.yaml").is_file(),
            "{} is no longer the checkout; run `cargo xtask` from within it",
            root.display()
        );
        Ok(Self { root })
    }

    /// The folder of a stack's state; a relative one is taken from the checkout's root.
    pub(crate) fn state(&self, dir: &Path) -> PathBuf {
        self.root.join(dir)
    }

    /// The folder of everything that is downloaded, built or written for the local machine.
    pub(crate) fn own_folder(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// A downloaded part.
    pub(crate) fn part(&self, name: &str) -> PathBuf {
        self.root.join(".local/parts").join(name)
    }

    /// The functions' packages, a zip each.
    pub(crate) fn packages(&self) -> PathBuf {
        self.root.join(".local/packages")
    }

    /// The same, built with the mutations that prove the tests.
    pub(crate) fn mutated_packages(&self) -> PathBuf {
        self.root.join(".local/packages-mutated")
    }

    /// Logs of what set-up and builds ran.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join(".local/logs")
    }

    /// A script or a list of requirements of the deployment on the local machine.
    pub(crate) fn deployment(&self, name: &str) -> PathBuf {
        self.root.join("local/deployment").join(name)
    }

    /// A path as a reader wants it: within the checkout, relative to it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }
}

/// A folder for one test, removed at its end.
#[cfg(test)]
pub(crate) struct Scratch(PathBuf);

#[cfg(test)]
impl Scratch {
    /// An empty folder; `name` is the test's own.
    pub(crate) fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("xtask-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary folder takes a folder");
        Self(path)
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(test)]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
