//! Why an attempt did not pass, as far as that may be told.

use serde::{Deserialize, Serialize};

/// Why an attempt did not pass. Every reason speaks of the answer itself or of waiting, never of the
/// face that is enrolled: [`Reason::NoMatch`] is the same for a stranger's face, for a user
/// without one, for a picture that passed before and for face data that did.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// No face was found.
    NoFace,
    /// More than one face that could be meant.
    ManyFaces,
    /// The face has too few pixels.
    TooSmall,
    /// The face is too dark.
    TooDark,
    /// The face is out of focus or moved.
    Blurred,
    /// The face looks away from the camera.
    TurnedAway,
    /// Something covers the face.
    Occluded,
    /// Nothing was uploaded, or it is no picture that can be read.
    NotAnImage,
    /// It is no face data, or not of the model that was asked for.
    NotFaceData,
    /// It is no code: not six digits.
    NotACode,
    /// It names no chain that was offered.
    NotOffered,
    /// More bytes or pixels than are accepted.
    TooLarge,
    /// Enrolment is still running; answer again.
    Pending,
    /// It is not this user's face.
    NoMatch,
    /// Not compared: a wait is due, which is named; or, where none is, a service did not answer.
    TryLater,
    /// Not compared: this way in has had too many failures. It opens again after a day, by a sign-in
    /// on another way or a reset (the way with a password), each once a day, or by an operator. No
    /// wait that could be named ends it.
    Locked,
    /// Not compared: another session of the same user has begun an enrolment after this one passed
    /// its own; the sign-in begins anew.
    Superseded,
    /// Not compared: the password was proven and the right to enrol was not; a password reset gives
    /// that right to whoever completes it.
    EnrolmentNeedsReset,
    /// Not looked at: no consent that counts is on record, and the answer brought none.
    ConsentNeeded,
    /// Not looked at: the challenge's time was over. The next one can be answered.
    Expired,
    /// Not looked at: the answer came with a nonce that is none ([`crate::pass::nonce`]).
    NotANonce,
    /// Not looked at: the enrolment has had as many pictures as it may
    /// ([`crate::enrolment::MAX_RECOGNITIONS`]); another sign-in begins a new one.
    TooManyPictures,
}

impl Reason {
    /// The name that clients see and that the table holds.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a reason's name.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The step is passed.
    Passed,
    /// The step is not passed.
    Refused(Reason),
}

/// Something of a service's did not work, and the log says what. Trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This verdict stands.
    Verdict(Verdict),
    /// None: the challenge was used before, by another answer or too long ago, or another invocation
    /// has taken this one's place.
    AlreadyUsed,
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(verdict)
    }
}

impl Verdict {
    /// Whether the step is passed: what Cognito is told, and all it is told.
    pub fn passed(self) -> bool {
        self == Self::Passed
    }

    /// The name that the table holds: `PASSED` or the reason's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "PASSED",
            Self::Refused(reason) => reason.name(),
        }
    }

    /// Reads what [`Verdict::name`] wrote.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "PASSED" {
            Some(Self::Passed)
        } else {
            Reason::parse(name).map(Self::Refused)
        }
    }
}
