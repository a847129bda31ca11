//! State that survives a restart: one file, replaced as a whole before an answer goes out.
//!
//! The new state is written beside the old one, brought to the disk, and moved into its place; the
//! folder is brought to the disk as well. So whenever the process is killed, the file holds a state
//! at least as new as the last answer that a client has got.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::mailbox::Letter;
use crate::pool::Pool;

/// The form of the file. Another number is another program's.
const VERSION: u32 = 1;

/// Everything that a restart would forget otherwise. The clock's offset is not among it: time goes
/// on as the machine has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Snapshot<P = BTreeMap<String, Pool>> {
    version: u32,
    pub(crate) signing_key: Zeroizing<String>,
    pub(crate) decoy_key: [u8; 32],
    pub(crate) letters: VecDeque<Letter>,
    pub(crate) pools: P,
}

/// Why state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file or its folder cannot be read or written.
    #[error("the state in {path} cannot be read or written: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error(
        "{path} does not hold this version's state ({complaint}); move it away to start again, or \
         run the version that wrote it"
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        complaint: String,
    },
}

/// The file.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    /// What stands in it.
    written: Zeroizing<Vec<u8>>,
}

impl<P> Snapshot<P> {
    pub(crate) fn new(
        signing_key: &str,
        decoy_key: [u8; 32],
        letters: VecDeque<Letter>,
        pools: P,
    ) -> Self {
        Self {
            version: VERSION,
            signing_key: Zeroizing::new(signing_key.to_owned()),
            decoy_key,
            letters,
            pools,
        }
    }
}

impl StateFile {
    /// Opens a file, and reads the state that it holds; none where there is no file yet.
    pub(crate) fn open(path: PathBuf) -> Result<(Self, Option<Snapshot>), StateError> {
        let bytes = match fs::read(&path) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let written = Zeroizing::default();
                return Ok((Self { path, written }, None));
            }
            Err(source) => return Err(StateError::File { path, source }),
        };
        let foreign = |complaint: String| StateError::Foreign {
            path: path.clone(),
            complaint,
        };
        // The text of a parse error may quote the file.
        let snapshot: Snapshot = serde_json::from_slice(&bytes)
            .map_err(|error| foreign(format!("line {} column {}", error.line(), error.column())))?;
        if snapshot.version != VERSION {
            return Err(foreign(format!("version {}", snapshot.version)));
        }
        let file = Self {
            path,
            written: bytes,
        };
        Ok((file, Some(snapshot)))
    }

    /// Makes sure that this state stands in the file, whatever happens to the process from now on.
    pub(crate) fn keep(&mut self, state: Zeroizing<Vec<u8>>) -> Result<(), StateError> {
        if self.written == state {
            return Ok(());
        }
        replace(&self.path, &state).map_err(|source| StateError::File {
            path: self.path.clone(),
            source,
        })?;
        self.written = state;
        Ok(())
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    // It holds the signing key and the passwords' verifiers.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
