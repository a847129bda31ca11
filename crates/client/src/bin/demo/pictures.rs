//! Which pictures are shown, and how they are read.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader};
use signin_client::samples::{self, Sample};

use crate::Stop;
use crate::arguments::Arguments;

/// The longest side of a picture that is sent, in pixels. Cameras give more; an app sends no more
/// than recognition can use.
const LONGEST_SIDE: u32 = 1_600;

/// The quality of a picture that is sent.
const QUALITY: u8 = 92;

/// The largest file that is read, in bytes: more than any camera's JPEG.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Where a picture comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// A file that was named, and the argument that named it.
    File(&'static str, PathBuf),
    /// A sample.
    Sample(Sample),
}

/// A picture that can be sent.
pub(crate) struct Picture {
    /// What a reader calls it.
    pub(crate) name: String,
    /// The argument that named it; none for a sample.
    pub(crate) argument: Option<&'static str>,
    /// The file.
    pub(crate) bytes: Vec<u8>,
}

/// All pictures of a demonstration.
pub(crate) struct Pictures {
    /// The one that is enrolled.
    pub(crate) enrolment: Picture,
    /// Another of the same person.
    pub(crate) sign_in: Picture,
    /// Somebody else's.
    pub(crate) impostor: Picture,
    /// One of two people.
    pub(crate) two_people: Picture,
}

/// Chooses a source for each picture. One picture of a person serves for enrolment and sign-in,
/// because no sample shows that person; everything else falls back to a sample of its own.
fn choose(arguments: &Arguments) -> [Source; 4] {
    let named = |argument, file: &Option<PathBuf>| {
        let file = file.clone()?;
        Some(Source::File(argument, file))
    };
    let enrolment = named("--enrol", &arguments.enrol);
    let sign_in = named("--sign-in", &arguments.sign_in);
    let or = |source: Option<Source>, sample| source.unwrap_or(Source::Sample(sample));
    [
        or(enrolment.clone().or(sign_in.clone()), Sample::Enrolment),
        or(sign_in.or(enrolment), Sample::SignIn),
        or(named("--impostor", &arguments.impostor), Sample::Impostor),
        Source::Sample(Sample::TwoPeople),
    ]
}

impl Pictures {
    /// Reads the pictures that the arguments name, and samples for the others.
    pub(crate) fn load(arguments: &Arguments) -> Result<Self, Stop> {
        let parts = arguments.parts.clone().unwrap_or_else(samples::parts);
        let [enrolment, sign_in, impostor, two_people] = choose(arguments);
        Ok(Self {
            enrolment: enrolment.load(&parts)?,
            sign_in: sign_in.load(&parts)?,
            impostor: impostor.load(&parts)?,
            two_people: two_people.load(&parts)?,
        })
    }

    /// Every picture with what it is for.
    pub(crate) fn all(&self) -> [(&'static str, &Picture); 4] {
        [
            ("enrolment", &self.enrolment),
            ("signIn", &self.sign_in),
            ("impostor", &self.impostor),
            ("twoPeople", &self.two_people),
        ]
    }
}

impl Source {
    fn load(self, parts: &Path) -> Result<Picture, Stop> {
        match self {
            Self::Sample(sample) => {
                let bytes = sample.read(parts);
                Ok(Picture {
                    name: format!("sample, from {}", sample.photograph()),
                    argument: None,
                    bytes: bytes.map_err(|error| Stop::Broken(error.to_string()))?,
                })
            }
            Self::File(argument, path) => {
                let wrong = |what: String| {
                    Stop::Usage(format!(
                        "{argument} {}: {what}; expected a JPEG or PNG picture of one person's \
                         face",
                        path.display()
                    ))
                };
                let length = fs::metadata(&path).map(|metadata| metadata.len());
                if length.is_ok_and(|length| length > MAX_FILE) {
                    return Err(wrong("the file is longer than 64 MiB".to_owned()));
                }
                let bytes = fs::read(&path)
                    .map_err(|error| wrong(format!("the file cannot be read ({error})")))?;
                let bytes = sendable(&bytes)
                    .map_err(|error| wrong(format!("the file is no such picture ({error})")))?;
                Ok(Picture {
                    name: path.display().to_string(),
                    argument: Some(argument),
                    bytes,
                })
            }
        }
    }
}

/// Makes of a file what an app would send: an upright JPEG that is not needlessly large.
fn sendable(file: &[u8]) -> Result<Vec<u8>, ImageError> {
    let mut decoder = ImageReader::new(Cursor::new(file))
        .with_guessed_format()?
        .into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.resize(LONGEST_SIDE, LONGEST_SIDE, FilterType::Triangle);
    }
    let mut jpeg = Vec::new();
    image
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY))?;
    Ok(jpeg)
}

#[cfg(test)]
impl Pictures {
    /// Pictures that are never looked at.
    pub(crate) fn named(names: [&str; 4]) -> Self {
        let [enrolment, sign_in, impostor, two_people] = names.map(|name| Picture {
            name: name.to_owned(),
            argument: None,
            bytes: Vec::new(),
        });
        Self {
            enrolment,
            sign_in,
            impostor,
            two_people,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use image::{ImageFormat, RgbImage};

    use super::*;

    fn file(argument: &'static str, name: &str) -> Source {
        Source::File(argument, name.into())
    }

    fn usage(arguments: &Arguments) -> String {
        match Pictures::load(arguments) {
            Err(Stop::Usage(message)) => message,
            other => panic!("expected wrong usage, found {:?}", other.err()),
        }
    }

    #[test]
    fn what_is_missing_falls_back() {
        let samples = Sample::ALL.map(Source::Sample);
        let two = Source::Sample(Sample::TwoPeople);
        let stranger = Source::Sample(Sample::Impostor);
        let (enrol, sign_in) = (file("--enrol", "a"), file("--sign-in", "b"));

        assert_eq!(choose(&Arguments::of([])), samples);
        assert_eq!(
            choose(&Arguments::of(["--enrol", "a", "--sign-in", "b"])),
            [
                enrol.clone(),
                sign_in.clone(),
                stranger.clone(),
                two.clone()
            ]
        );
        assert_eq!(
            choose(&Arguments::of(["--enrol", "a"])),
            [enrol.clone(), enrol, stranger.clone(), two.clone()]
        );
        assert_eq!(
            choose(&Arguments::of(["--sign-in", "b"])),
            [sign_in.clone(), sign_in, stranger, two.clone()]
        );
        assert_eq!(
            choose(&Arguments::of(["--impostor", "c"])),
            [
                Source::Sample(Sample::Enrolment),
                Source::Sample(Sample::SignIn),
                file("--impostor", "c"),
                two
            ]
        );
    }

    #[test]
    fn the_samples_are_read_where_nothing_is_named() {
        let pictures = Pictures::load(&Arguments::of([])).unwrap_or_else(|stop| panic!("{stop}"));
        assert!(pictures.all().iter().all(|(_, picture)| {
            picture.argument.is_none() && image::load_from_memory(&picture.bytes).is_ok()
        }));
    }

    #[test]
    fn missing_samples_are_no_wrong_usage() {
        let Err(Stop::Broken(message)) = Pictures::load(&Arguments::of(["--parts", "no/such"]))
        else {
            panic!("expected missing samples");
        };
        assert!(message.contains("cargo xtask setup"), "{message}");
    }

    #[test]
    fn a_file_that_is_not_there_or_no_picture_is_wrong_usage() {
        let message = usage(&Arguments::of(["--enrol", "no/such/face.jpg"]));
        assert!(message.contains("--enrol no/such/face.jpg"), "{message}");
        assert!(message.contains("expected a JPEG or PNG"), "{message}");

        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let message = usage(&Arguments::of(["--impostor", path]));
        assert!(message.contains("--impostor"), "{message}");
        assert!(message.contains("no such picture"), "{message}");
    }

    #[test]
    fn a_picture_is_made_smaller_only_where_it_is_too_large() {
        for (width, height, expected) in [
            (1_600, 10, (1_600, 10)),
            (3_200, 800, (1_600, 400)),
            (100, 1_700, (94, 1_600)),
        ] {
            let mut png = Cursor::new(Vec::new());
            RgbImage::new(width, height)
                .write_to(&mut png, ImageFormat::Png)
                .unwrap();
            let sent = image::load_from_memory(&sendable(png.get_ref()).unwrap()).unwrap();
            assert_eq!((sent.width(), sent.height()), expected);
        }
    }
}
