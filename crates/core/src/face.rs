//! What a face in a picture must be, and what makes it this user's.

use std::str::FromStr;

use crate::id::FaceId;
use crate::picture::Header;
use crate::reason::Reason;

/// The smallest face, in pixels (the root of its box's area, which an EXIF orientation does not
/// change). Under 50 pixels a descriptor drifts by 0.27 to 0.40 of the 0.60 that separate two
/// people (measured, see `face-engine`); 80 leaves a margin.
pub const MIN_SIZE: f64 = 80.0;

/// The least brightness, 0 to 100: a mean of about 50 of 255 grey levels.
pub const MIN_BRIGHTNESS: f64 = 20.0;

/// The least sharpness, 0 to 100. A face blurred by 2 % of its width stays below.
pub const MIN_SHARPNESS: f64 = 20.0;

/// The most a face may be turned to a side or up or down, in degrees from the camera.
pub const MAX_TURN: f64 = 45.0;

/// How sure the recognition service must be, 0 to 100, that something covers a face.
pub const SURELY_OCCLUDED: f64 = 90.0;

/// A second face counts where it is wider than this part of the widest: identity documents
/// carry a small ghost portrait, and people pass in the background.
pub const SECOND_FACE: f64 = 0.5;

/// The most matches that a search returns (the most Rekognition offers). A list as long as this
/// may have left the user's own face out.
pub const MAX_MATCHES: usize = 4096;

/// A face that was found in a picture, in the recognition service's measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedFace {
    /// The box's width as a part of the picture's.
    pub width: f64,
    /// The box's height as a part of the picture's.
    pub height: f64,
    /// Brightness, 0 to 100.
    pub brightness: f64,
    /// Sharpness, 0 to 100.
    pub sharpness: f64,
    /// Turned to a side, degrees from the camera.
    pub yaw: f64,
    /// Turned up or down, degrees from the camera.
    pub pitch: f64,
    /// How sure the service is that something covers the face, 0 to 100.
    pub occluded: f64,
}

/// Decides whether a picture shows exactly one face that can be compared, and returns it: the
/// widest, where no other is wider than half of it. The rule is the same for an enrolment and a
/// sign-in. A measure that is not a number refuses the face.
pub fn assess(faces: &[DetectedFace], picture: Header) -> Result<&DetectedFace, Reason> {
    let widest = faces
        .iter()
        .max_by(|a, b| a.width.total_cmp(&b.width))
        .ok_or(Reason::NoFace)?;
    let rivals = faces
        .iter()
        .filter(|face| !fits_beside(face, widest))
        .count();
    if rivals > 1 {
        return Err(Reason::ManyFaces);
    }
    let pixels = f64::from(picture.width) * f64::from(picture.height);
    let size = (widest.width * widest.height * pixels).sqrt();
    let demands = [
        (size >= MIN_SIZE, Reason::TooSmall),
        (widest.brightness >= MIN_BRIGHTNESS, Reason::TooDark),
        (widest.sharpness >= MIN_SHARPNESS, Reason::Blurred),
        (
            widest.yaw.abs() <= MAX_TURN && widest.pitch.abs() <= MAX_TURN,
            Reason::TurnedAway,
        ),
        (widest.occluded < SURELY_OCCLUDED, Reason::Occluded),
    ];
    match demands.into_iter().find(|(met, _)| !met) {
        Some((_, reason)) => Err(reason),
        None => Ok(widest),
    }
}

/// Whether a face is small enough to be no second person's; not so where a width is no number.
fn fits_beside(face: &DetectedFace, widest: &DetectedFace) -> bool {
    face.width <= SECOND_FACE * widest.width
}

/// From which similarity on two faces are one person's: 80 to 100 on the recognition service's
/// scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold(f64);

/// A threshold that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a similarity from 80 to 100, such as 99; found {found:?}")]
pub struct InvalidThreshold {
    found: String,
}

impl FromStr for Threshold {
    type Err = InvalidThreshold;

    fn from_str(text: &str) -> Result<Self, InvalidThreshold> {
        match text.parse::<f64>() {
            Ok(value) if (80.0..=100.0).contains(&value) => Ok(Self(value)),
            _ => Err(InvalidThreshold {
                found: text.to_owned(),
            }),
        }
    }
}

impl Threshold {
    /// The similarity, 80 to 100.
    pub const fn value(self) -> f64 {
        self.0
    }

    /// Whether a similarity reaches it; what is not a number does not.
    pub fn reached_by(self, similarity: f64) -> bool {
        similarity >= self.0
    }
}

/// A face of the collection that resembles the probe.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// Whose face it is is for the user table to say; this is only its id.
    pub face: FaceId,
    /// 0 to 100.
    pub similarity: f64,
}

/// What a search says of one user.
#[derive(Clone, Debug, PartialEq)]
pub enum Search {
    /// The probe is this user's face.
    Matched(FaceId),
    /// It is not.
    NotMatched,
    /// The list was full and the user's face not in it: nothing can be said. An operator must
    /// look, since somebody crowds the collection.
    Crowded,
}

/// Looks for one of the user's own faces among all that resemble the probe. Other people's
/// faces count for nothing, better matches among them included.
pub fn search(found: &[Match], own: &[FaceId], threshold: Threshold) -> Search {
    let matched = found
        .iter()
        .find(|found| own.contains(&found.face) && threshold.reached_by(found.similarity));
    match matched {
        Some(matched) => Search::Matched(matched.face.clone()),
        None if found.len() >= MAX_MATCHES => Search::Crowded,
        None => Search::NotMatched,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Format;

    const PICTURE: Header = Header {
        format: Format::Jpeg,
        width: 640,
        height: 480,
    };

    fn good() -> DetectedFace {
        DetectedFace {
            width: 0.3,
            height: 0.5,
            brightness: 60.0,
            sharpness: 80.0,
            yaw: 3.0,
            pitch: -4.0,
            occluded: 1.0,
        }
    }

    #[test]
    fn one_good_face_is_accepted() {
        assert_eq!(assess(&[good()], PICTURE), Ok(&good()));
    }

    #[test]
    fn no_face_and_a_second_face_are_told_apart_from_a_ghost_portrait() {
        let ghost = DetectedFace {
            width: 0.15,
            sharpness: 0.0,
            ..good()
        };
        let second = DetectedFace {
            width: 0.16,
            ..good()
        };
        assert_eq!(assess(&[], PICTURE), Err(Reason::NoFace));
        assert_eq!(assess(&[ghost, good(), ghost], PICTURE), Ok(&good()));
        assert_eq!(assess(&[second, good()], PICTURE), Err(Reason::ManyFaces));
        assert_eq!(assess(&[good(); 12], PICTURE), Err(Reason::ManyFaces));
    }

    #[test]
    fn each_measure_has_its_reason() {
        for (face, reason) in [
            (
                DetectedFace {
                    width: 0.1,
                    height: 0.1,
                    ..good()
                },
                Reason::TooSmall,
            ),
            (
                DetectedFace {
                    brightness: 19.9,
                    ..good()
                },
                Reason::TooDark,
            ),
            (
                DetectedFace {
                    sharpness: 19.9,
                    ..good()
                },
                Reason::Blurred,
            ),
            (
                DetectedFace {
                    yaw: -45.1,
                    ..good()
                },
                Reason::TurnedAway,
            ),
            (
                DetectedFace {
                    pitch: 45.1,
                    ..good()
                },
                Reason::TurnedAway,
            ),
            (
                DetectedFace {
                    occluded: 99.0,
                    ..good()
                },
                Reason::Occluded,
            ),
        ] {
            assert_eq!(assess(&[face], PICTURE), Err(reason));
        }
    }

    #[test]
    fn what_is_not_a_number_never_passes() {
        let nan = f64::NAN;
        for face in [
            DetectedFace {
                width: nan,
                ..good()
            },
            DetectedFace {
                height: nan,
                ..good()
            },
            DetectedFace {
                brightness: nan,
                ..good()
            },
            DetectedFace {
                sharpness: nan,
                ..good()
            },
            DetectedFace { yaw: nan, ..good() },
            DetectedFace {
                pitch: nan,
                ..good()
            },
            DetectedFace {
                occluded: nan,
                ..good()
            },
        ] {
            assert!(assess(&[face], PICTURE).is_err(), "{face:?}");
        }
        assert!("NaN".parse::<Threshold>().is_err());
        let threshold: Threshold = "99".parse().unwrap();
        assert!(!threshold.reached_by(nan));
    }

    #[test]
    fn a_threshold_that_would_let_strangers_in_is_refused() {
        for wrong in ["", "79.9", "101", "ninety", "-99", "inf"] {
            assert!(wrong.parse::<Threshold>().is_err(), "{wrong}");
        }
        assert!("90".parse::<Threshold>().unwrap().reached_by(90.0));
    }

    #[test]
    fn only_the_users_own_faces_count() {
        let threshold: Threshold = "99".parse().unwrap();
        let found = |face: &str, similarity| Match {
            face: FaceId::new(face),
            similarity,
        };
        let own = [FaceId::new("own")];
        let crowd = [found("other", 100.0), found("own", 99.2)];
        assert_eq!(
            search(&crowd, &own, threshold),
            Search::Matched(FaceId::new("own"))
        );
        assert_eq!(search(&crowd[..1], &own, threshold), Search::NotMatched);
        assert_eq!(search(&crowd, &[], threshold), Search::NotMatched);
        assert_eq!(
            search(&[found("own", 98.9)], &own, threshold),
            Search::NotMatched
        );
    }

    #[test]
    fn a_full_list_without_the_users_face_says_nothing() {
        let threshold: Threshold = "99".parse().unwrap();
        let crowd = vec![
            Match {
                face: FaceId::new("other"),
                similarity: 100.0
            };
            MAX_MATCHES
        ];
        assert_eq!(
            search(&crowd, &[FaceId::new("own")], threshold),
            Search::Crowded
        );
        assert_eq!(
            search(&crowd[1..], &[FaceId::new("own")], threshold),
            Search::NotMatched
        );
    }
}
