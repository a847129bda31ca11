//! The three networks' weights, read from TensorFlow.js files and from nowhere else.
//!
//! Every file is pinned by name, length and SHA-256 in [`FILES`]; a file that differs is refused
//! before a byte of it is interpreted.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// One file that the engine needs, exactly as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// File name inside the models folder and inside the package's folder `model/`.
    pub name: &'static str,
    /// SHA-256 of the whole file, in lower-case hexadecimal digits.
    pub sha256: &'static str,
    /// Length in bytes.
    pub length: u64,
}

/// The npm package that carries [`FILES`] in its folder `model/`, with its version.
pub const PACKAGE: &str = "@vladmandic/face-api@1.7.15";

/// All files of the three networks, from [`PACKAGE`].
pub const FILES: [ModelFile; 6] = [
    ModelFile {
        name: "tiny_face_detector_model-weights_manifest.json",
        sha256: "5d1af4849ac48d5b985f4a9b16010c512353ddd6fcc63d50fd0bc9e9e64296e5",
        length: 3_219,
    },
    ModelFile {
        name: "tiny_face_detector_model.bin",
        sha256: "b7503ce7df31039b1c43316a9b865cab6a70dd748cc602d3fa28b551503c3871",
        length: 193_321,
    },
    ModelFile {
        name: "face_landmark_68_model-weights_manifest.json",
        sha256: "ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9",
        length: 8_485,
    },
    ModelFile {
        name: "face_landmark_68_model.bin",
        sha256: "4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b",
        length: 356_840,
    },
    ModelFile {
        name: "face_recognition_model-weights_manifest.json",
        sha256: "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
        length: 19_615,
    },
    ModelFile {
        name: "face_recognition_model.bin",
        sha256: "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
        length: 6_444_032,
    },
];

/// Why the models could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file is missing or cannot be read.
    #[error("cannot read the model file {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not the published one.
    #[error(
        "the model file {} is not the pinned one: expected {} bytes with SHA-256 {}, \
         found {found_length} bytes{}",
        path.display(),
        expected.length,
        expected.sha256,
        found_sha256.as_deref().map(|hash| format!(" with SHA-256 {hash}")).unwrap_or_default()
    )]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What it should be.
        expected: ModelFile,
        /// Its length in bytes.
        found_length: u64,
        /// Its SHA-256; not computed where the length differs already.
        found_sha256: Option<String>,
    },
    /// A pinned file does not hold what the engine's code expects of it.
    #[error("the model file {file} does not fit this engine: {detail}")]
    Malformed {
        /// The file's name.
        file: &'static str,
        /// What is wrong with it.
        detail: String,
    },
}

/// Checks that `folder` holds all of [`FILES`], unchanged.
pub fn verify(folder: &Path) -> Result<(), LoadError> {
    FILES
        .iter()
        .try_for_each(|file| read(folder, *file).map(drop))
}

/// Reads one pinned file whole and checks it.
fn read(folder: &Path, expected: ModelFile) -> Result<Vec<u8>, LoadError> {
    let path = folder.join(expected.name);
    let unreadable = |source| LoadError::Unreadable {
        path: path.clone(),
        source,
    };
    let found_length = std::fs::metadata(&path).map_err(unreadable)?.len();
    if found_length != expected.length {
        return Err(LoadError::Mismatch {
            path,
            expected,
            found_length,
            found_sha256: None,
        });
    }
    let bytes = std::fs::read(&path).map_err(unreadable)?;
    let found = hex::encode(Sha256::digest(&bytes));
    if found != expected.sha256 {
        return Err(LoadError::Mismatch {
            path,
            expected,
            found_length: bytes.len() as u64,
            found_sha256: Some(found),
        });
    }
    Ok(bytes)
}

#[derive(Deserialize)]
struct Group {
    weights: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Deserialize)]
struct Quantization {
    dtype: String,
    scale: f64,
    min: f64,
}

/// A named array of numbers, row-major.
struct Tensor {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// The tensors of one network by name.
pub(crate) struct Weights {
    file: &'static str,
    tensors: HashMap<String, Tensor>,
}

impl Weights {
    /// Reads `<network>_model.bin` by its manifest.
    pub(crate) fn load(folder: &Path, network: &str) -> Result<Self, LoadError> {
        let pinned = |suffix: &str| {
            let wanted = format!("{network}_model{suffix}");
            FILES
                .into_iter()
                .find(|file| file.name == wanted)
                .expect("only pinned files are asked for")
        };
        let (manifest, data) = (pinned("-weights_manifest.json"), pinned(".bin"));
        let groups: Vec<Group> =
            serde_json::from_slice(&read(folder, manifest)?).map_err(|error| {
                LoadError::Malformed {
                    file: manifest.name,
                    detail: error.to_string(),
                }
            })?;
        let bytes = read(folder, data)?;
        let entries = groups.into_iter().flat_map(|group| group.weights);
        let tensors = parse(entries, &bytes).map_err(|detail| LoadError::Malformed {
            file: manifest.name,
            detail,
        })?;
        Ok(Self {
            file: manifest.name,
            tensors,
        })
    }

    /// Takes the tensor `name`, which must have exactly `shape`.
    pub(crate) fn take(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, LoadError> {
        let malformed = |detail| LoadError::Malformed {
            file: self.file,
            detail,
        };
        let tensor = self
            .tensors
            .remove(name)
            .ok_or_else(|| malformed(format!("no tensor {name}")))?;
        if tensor.shape == shape {
            Ok(tensor.values)
        } else {
            let found = &tensor.shape;
            Err(malformed(format!(
                "tensor {name}: expected shape {shape:?}, found {found:?}"
            )))
        }
    }
}

/// Cuts `bytes` into tensors in the order of `entries`.
///
/// Quantized tensors hold one byte per value, `value = byte × scale + min`; the others hold
/// little-endian 32-bit floats.
fn parse(
    entries: impl Iterator<Item = Entry>,
    mut bytes: &[u8],
) -> Result<HashMap<String, Tensor>, String> {
    let mut tensors = HashMap::new();
    for Entry {
        name,
        shape,
        dtype,
        quantization,
    } in entries
    {
        if dtype != "float32" {
            return Err(format!(
                "tensor {name}: expected dtype float32, found {dtype}"
            ));
        }
        let count = shape
            .iter()
            .try_fold(1_usize, |count, &side| count.checked_mul(side))
            .ok_or_else(|| format!("tensor {name}: shape {shape:?} is too large"))?;
        let width = if quantization.is_some() { 1 } else { 4 };
        let (head, rest) = count
            .checked_mul(width)
            .and_then(|length| bytes.split_at_checked(length))
            .ok_or_else(|| format!("tensor {name}: the data end early"))?;
        bytes = rest;
        let values = match quantization {
            None => {
                let (words, _) = head.as_chunks::<4>();
                words.iter().map(|word| f32::from_le_bytes(*word)).collect()
            }
            Some(Quantization { dtype, scale, min }) if dtype == "uint8" => {
                #[expect(clippy::cast_possible_truncation, reason = "weights are 32-bit floats")]
                let value = |byte: u8| (f64::from(byte) * scale + min) as f32;
                let table: Vec<f32> = (0..=u8::MAX).map(value).collect();
                head.iter().map(|&byte| table[usize::from(byte)]).collect()
            }
            Some(Quantization { dtype, .. }) => {
                return Err(format!(
                    "tensor {name}: expected quantization uint8, found {dtype}"
                ));
            }
        };
        tensors.insert(name, Tensor { shape, values });
    }
    if bytes.is_empty() {
        Ok(tensors)
    } else {
        Err(format!("{} bytes are left over", bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn entry(name: &str, shape: &[usize], quantization: Option<Quantization>) -> Entry {
        Entry {
            name: name.into(),
            shape: shape.into(),
            dtype: "float32".into(),
            quantization,
        }
    }

    #[test]
    fn bytes_become_values_by_scale_and_minimum() {
        let quantization = Quantization {
            dtype: "uint8".into(),
            scale: 0.5,
            min: -1.0,
        };
        let bytes = [&[0, 2, 255][..], &1.25_f32.to_le_bytes()].concat();
        let entries = [
            entry("a", &[3], Some(quantization)),
            entry("b", &[1, 1], None),
        ];
        let tensors = parse(entries.into_iter(), &bytes).unwrap();
        assert_eq!(tensors["a"].values, [-1.0, 0.0, 126.5]);
        assert_eq!(tensors["b"].values, [1.25]);
    }

    #[test]
    fn data_that_end_early_or_late_are_refused() {
        assert!(parse([entry("a", &[2], None)].into_iter(), &[0; 7]).is_err());
        assert!(parse([entry("a", &[2], None)].into_iter(), &[0; 9]).is_err());
        assert!(parse([entry("a", &[usize::MAX, 2], None)].into_iter(), &[]).is_err());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = verify(Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.contains(FILES[0].name), "{error}");
    }

    #[test]
    fn a_changed_file_is_refused_with_both_hashes() {
        let folder =
            std::env::temp_dir().join(format!("face-engine-models-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = FILES[0];
        std::fs::write(
            folder.join(file.name),
            vec![0; usize::try_from(file.length).unwrap()],
        )
        .unwrap();
        let error = verify(&folder).unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        let text = error.to_string();
        assert!(
            matches!(
                error,
                LoadError::Mismatch {
                    found_sha256: Some(_),
                    ..
                }
            ),
            "{text}"
        );
        assert!(
            text.contains(file.name) && text.contains(file.sha256),
            "{text}"
        );
    }
}
