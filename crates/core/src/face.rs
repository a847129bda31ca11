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

/// The least overlap, as a part of what the two cover together, at which two boxes are one face's.
/// The service finds a picture's faces anew for every call, and its boxes of one face differ by
/// little; of a face inside another's box, half as wide, it is a quarter at most.
pub const SAME_BOX: f64 = 0.5;

/// The most matches that a search returns (the most Rekognition offers). A list as long as this
/// may have left the user's own face out.
pub const MAX_MATCHES: usize = 4096;

/// Where a face is: its box, in parts of the picture's width and height. It may reach beyond the
/// picture's edges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The box's left edge.
    pub left: f64,
    /// The box's upper edge.
    pub top: f64,
    /// The box's width.
    pub width: f64,
    /// The box's height.
    pub height: f64,
}

impl Place {
    /// How much two boxes have in common, as a part of what they cover together: 1 where they are
    /// the same, 0 where they do not touch, and where anything about them is not a number.
    pub fn overlap(&self, other: &Self) -> f64 {
        let length = |(from, size): (f64, f64), (other_from, other_size): (f64, f64)| {
            (from + size).min(other_from + other_size) - from.max(other_from)
        };
        let across = length((self.left, self.width), (other.left, other.width));
        let down = length((self.top, self.height), (other.top, other.height));
        let numbers = [self, other].into_iter().all(|place| {
            [place.left, place.top, place.width, place.height]
                .into_iter()
                .all(f64::is_finite)
        });
        if !numbers || across <= 0.0 || down <= 0.0 {
            return 0.0;
        }
        let common = across * down;
        common / (self.width * self.height + other.width * other.height - common)
    }
}

/// A face that was found in a picture, in the recognition service's measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedFace {
    /// Where it is.
    pub place: Place,
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
        .max_by(|a, b| a.place.width.total_cmp(&b.place.width))
        .ok_or(Reason::NoFace)?;
    let rivals = faces
        .iter()
        .filter(|face| !fits_beside(face, widest))
        .count();
    if rivals > 1 {
        return Err(Reason::ManyFaces);
    }
    let pixels = f64::from(picture.width) * f64::from(picture.height);
    let size = (widest.place.width * widest.place.height * pixels).sqrt();
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
    face.place.width <= SECOND_FACE * widest.place.width
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

/// A face of the probe that resembles the largest face of the user's document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resembling {
    /// Where in the probe it is.
    pub place: Place,
    /// 0 to 100.
    pub similarity: f64,
}

/// Whether the face that was measured is the one on the document: `measured` is what [`assess`]
/// accepted among `faces`, all that the probe shows. What resembles the document elsewhere in the
/// probe counts for nothing, and neither does a box that lies as well on another face.
pub fn is_the_documents(
    found: &[Resembling],
    measured: &DetectedFace,
    faces: &[DetectedFace],
    threshold: Threshold,
) -> bool {
    let is_measured = |found: &Resembling| {
        let fit = found.place.overlap(&measured.place);
        let rivals = faces.iter().filter(|face| *face != measured);
        fit >= SAME_BOX
            && rivals
                .map(|face| found.place.overlap(&face.place))
                .all(|other| other < fit)
    };
    found
        .iter()
        .any(|found| threshold.reached_by(found.similarity) && is_measured(found))
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
            place: Place {
                left: 0.3,
                top: 0.2,
                width: 0.3,
                height: 0.5,
            },
            brightness: 60.0,
            sharpness: 80.0,
            yaw: 3.0,
            pitch: -4.0,
            occluded: 1.0,
        }
    }

    /// As wide as said, at the same corner.
    fn wide(width: f64) -> DetectedFace {
        let place = Place {
            width,
            ..good().place
        };
        DetectedFace { place, ..good() }
    }

    #[test]
    fn one_good_face_is_accepted() {
        assert_eq!(assess(&[good()], PICTURE), Ok(&good()));
    }

    #[test]
    fn no_face_and_a_second_face_are_told_apart_from_a_ghost_portrait() {
        let ghost = DetectedFace {
            sharpness: 0.0,
            ..wide(0.15)
        };
        let second = wide(0.16);
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
                    place: Place {
                        width: 0.1,
                        height: 0.1,
                        ..good().place
                    },
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
            wide(nan),
            DetectedFace {
                place: Place {
                    height: nan,
                    ..good().place
                },
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

    fn at(left: f64, top: f64, side: f64) -> DetectedFace {
        let place = Place {
            left,
            top,
            width: side,
            height: side,
        };
        DetectedFace { place, ..good() }
    }

    fn resembling(face: DetectedFace) -> Resembling {
        Resembling {
            place: face.place,
            similarity: 99.9,
        }
    }

    #[test]
    fn boxes_overlap_by_what_they_have_in_common() {
        let one = at(0.0, 0.0, 0.4).place;
        let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(close(one.overlap(&one), 1.0));
        assert!(close(one.overlap(&at(0.2, 0.0, 0.4).place), 1.0 / 3.0));
        assert!(close(one.overlap(&at(0.1, 0.1, 0.2).place), 0.25));
        for (apart, name) in [
            (at(0.4, 0.0, 0.4), "side by side"),
            (at(0.0, 0.5, 0.1), "below"),
            (at(0.1, 0.1, 0.0), "of no size"),
            (at(0.1, 0.1, -0.2), "inside out"),
            (at(f64::NAN, 0.0, 0.4), "nowhere"),
            (at(0.0, 0.0, f64::INFINITY), "without end"),
        ] {
            assert!(close(one.overlap(&apart.place), 0.0), "{name}");
            assert!(close(apart.place.overlap(&one), 0.0), "{name}");
        }
    }

    #[test]
    fn only_the_measured_face_can_be_the_documents() {
        let threshold: Threshold = "99".parse().unwrap();
        let (me, poster) = (at(0.3, 0.3, 0.4), at(0.05, 0.05, 0.15));
        let faces = [poster, me];
        let measured = assess(&faces, PICTURE).unwrap();
        let is_mine = |found: &[Resembling]| is_the_documents(found, measured, &faces, threshold);
        assert!(is_mine(&[resembling(me)]));
        assert!(is_mine(&[
            resembling(poster),
            resembling(at(0.31, 0.29, 0.41))
        ]));
        assert!(!is_mine(&[resembling(poster)]), "a face on a poster");
        assert!(!is_mine(&[]));
        for similarity in [98.9, f64::NAN] {
            let below = Resembling {
                similarity,
                ..resembling(me)
            };
            assert!(!is_mine(&[below]), "{similarity}");
        }
        let nowhere = at(f64::NAN, 0.3, 0.4);
        assert!(!is_mine(&[resembling(nowhere)]));
        assert!(
            !is_mine(&[resembling(at(0.4, 0.4, 0.2))]),
            "a face on a shirt"
        );
    }

    #[test]
    fn a_box_that_fits_another_face_as_well_is_nobodys() {
        let threshold: Threshold = "99".parse().unwrap();
        let (me, inside) = (at(0.3, 0.3, 0.4), at(0.3, 0.3, 0.25));
        let between = resembling(at(0.3, 0.3, 0.29));
        assert!(between.place.overlap(&me.place) >= SAME_BOX);
        assert!(is_the_documents(&[between], &me, &[me], threshold));
        assert!(!is_the_documents(&[between], &me, &[me, inside], threshold));
    }
}
