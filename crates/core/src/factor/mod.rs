//! The factors: what a chain of a policy asks for besides the password, a room each.
//!
//! A new one is a variant of [`Factor`] and of [`Secret`], and a module beside this one. The compiler
//! names every place that has to know it; `ARCHITECTURE.md` has the rest.

pub mod email_code;
pub mod face;
pub mod face_data;

use serde::{Deserialize, Serialize};

use crate::enrolment::Enrolment;
use crate::face_data::Model;
use crate::id::{ChallengeId, EnrolmentId};
use crate::profile::Profile;
use crate::time::Timestamp;

/// What a step of a policy's checks.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Factor {
    /// A picture, compared with the enrolled one: exactly one good face, and it is this user's.
    Face,
    /// Face data that the client computed, close enough to this user's.
    FaceData,
    /// The code that was mailed for this session.
    EmailCode,
}

/// What an account enrols for a factor. It enrols once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrols {
    /// The picture of a document, whose face goes into the collection.
    Picture,
    /// Face data, which the table holds.
    Data,
}

/// What a challenge tells the client beside what all of them do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Where to put a picture.
    Picture,
    /// These public parameters, by name.
    Parameters(Vec<(&'static str, String)>),
}

/// Who is asked, in which challenge.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The user.
    pub profile: &'a Profile,
    /// The challenge that is about to be.
    pub challenge: &'a ChallengeId,
    /// The code that was mailed for the session, if one was.
    pub code: Option<&'a email_code::Issued>,
    /// The time.
    pub now: Timestamp,
}

/// What an answer is compared with, by its factor. It travels in the private parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Secret {
    /// Of [`Factor::Face`].
    Face(face::Secret),
    /// Of [`Factor::FaceData`].
    FaceData(face_data::Secret),
    /// Of [`Factor::EmailCode`].
    EmailCode(email_code::Secret),
}

impl Factor {
    /// The name that policies, clients, the challenge's metadata and the table use.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Whether something is mailed for it.
    pub fn is_mailed(self) -> bool {
        match self {
            Self::Face | Self::FaceData => false,
            Self::EmailCode => true,
        }
    }

    /// Whether a pass of it proves that the mailbox is the person's.
    pub const fn proves_the_mailbox(self) -> bool {
        match self {
            Self::Face | Self::FaceData => false,
            Self::EmailCode => true,
        }
    }

    /// Reads a factor's name.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// What an account has to enrol before it can pass; none where nothing.
    pub const fn enrols(self) -> Option<Enrols> {
        match self {
            Self::Face => Some(Enrols::Picture),
            Self::FaceData => Some(Enrols::Data),
            Self::EmailCode => None,
        }
    }

    /// What everybody is asked with: compared with what is active, and with nothing for whoever has
    /// nothing active.
    pub fn ordinary(self, asking: Asking<'_>) -> Secret {
        match self {
            Self::Face => Secret::Face(face::Secret::ordinary(asking.profile)),
            Self::FaceData => Secret::FaceData(face_data::Secret::ordinary(asking.profile)),
            Self::EmailCode => Secret::EmailCode(email_code::Secret::ordinary(asking)),
        }
    }

    /// What an enrolling session is asked with: compared with what it has enrolled, which a pass makes
    /// active. None where that is not there any more, or the factor enrols nothing.
    pub fn activating(
        self,
        profile: &Profile,
        record: Option<&Enrolment>,
        running: &EnrolmentId,
    ) -> Option<Secret> {
        match self {
            Self::Face => face::Secret::activating(record, running).map(Secret::Face),
            Self::FaceData => face_data::Secret::activating(profile, running).map(Secret::FaceData),
            Self::EmailCode => None,
        }
    }
}

impl Secret {
    /// Whose it is.
    pub fn factor(&self) -> Factor {
        match self {
            Self::Face(_) => Factor::Face,
            Self::FaceData(_) => Factor::FaceData,
            Self::EmailCode(_) => Factor::EmailCode,
        }
    }

    /// The enrolment that a pass makes active.
    pub fn activates(&self) -> Option<&EnrolmentId> {
        match self {
            Self::Face(secret) => secret.activates.as_ref(),
            Self::FaceData(secret) => secret.activating_enrolment(),
            Self::EmailCode(_) => None,
        }
    }

    /// The code that was mailed, which the session's later challenges ask for again.
    pub fn code(&self) -> Option<&email_code::Issued> {
        match self {
            Self::Face(_) | Self::FaceData(_) => None,
            Self::EmailCode(secret) => Some(&secret.code),
        }
    }

    /// What the client is told, where face data are of this model.
    pub fn wants(&self, model: Model) -> Wants {
        match self {
            Self::Face(_) => Wants::Picture,
            Self::FaceData(_) => face_data::wants(model),
            Self::EmailCode(_) => Wants::Parameters(Vec::new()),
        }
    }
}
