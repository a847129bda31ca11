//! `FACE_DATA`: with which face data the client's are compared. What face data must be, and when two of
//! them match, is in [`crate::face_data`].

use serde::{Deserialize, Serialize};

use super::Wants;
use crate::face_data::{FaceData, Model};
use crate::id::EnrolmentId;
use crate::profile::{Profile, State};

/// What the face data are compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The data that must be resembled; none for a user who cannot pass.
    pub enrolled: Option<EnrolledData>,
    /// Whether a pass makes them active.
    pub activates: bool,
}

/// Face data that the probe may resemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EnrolledData {
    /// The enrolment that they are from.
    pub of: EnrolmentId,
    /// The data.
    pub data: FaceData,
}

impl Secret {
    /// The active data.
    pub fn ordinary(profile: &Profile) -> Self {
        let active = profile.state == Some(State::Active);
        Self {
            enrolled: accepted(profile).filter(|_| active),
            activates: false,
        }
    }

    /// The data that this enrolment has accepted.
    pub fn activating(profile: &Profile, running: &EnrolmentId) -> Option<Self> {
        let own = accepted(profile).filter(|accepted| accepted.of == *running)?;
        Some(Self {
            enrolled: Some(own),
            activates: true,
        })
    }

    /// The enrolment that a pass makes active.
    pub fn activating_enrolment(&self) -> Option<&EnrolmentId> {
        let enrolled = self.enrolled.as_ref().filter(|_| self.activates);
        enrolled.map(|enrolled| &enrolled.of)
    }
}

/// The face data that an enrolment has accepted.
pub(crate) fn accepted(profile: &Profile) -> Option<EnrolledData> {
    let stored = profile.data.as_ref()?;
    Some(EnrolledData {
        of: stored.of.clone()?,
        data: stored.data.clone(),
    })
}

/// What the client is told wherever it is to send face data.
pub fn wants(model: Model) -> Wants {
    Wants::Parameters(vec![("model", model.name().to_owned())])
}
