//! `FACE`: with which faces the picture is compared. What a picture and a face must be, and when two
//! faces match, is in [`crate::face`].

use serde::{Deserialize, Serialize};

use crate::enrolment::{Enrolment, State};
use crate::id::{EnrolmentId, FaceId};
use crate::profile::{EnrolledFace, Profile, StoredDocument};

/// What the picture is compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// The faces of which one must match; none for a user who cannot pass.
    pub faces: Vec<ExpectedFace>,
    /// The enrolment that a pass makes active.
    pub activates: Option<EnrolmentId>,
}

/// A face that the probe may match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedFace {
    /// Its id in the collection.
    pub id: FaceId,
    /// The document to compare with, where documents are kept.
    pub document: Option<StoredDocument>,
}

impl Secret {
    /// The active faces.
    pub fn ordinary(profile: &Profile) -> Self {
        Self {
            faces: profile.faces.iter().map(ExpectedFace::of).collect(),
            activates: None,
        }
    }

    /// The face that this enrolment has put into the collection.
    pub fn activating(record: Option<&Enrolment>, running: &EnrolmentId) -> Option<Self> {
        let record = record.filter(|record| record.id == *running)?;
        let State::Indexed(face) = &record.state else {
            return None;
        };
        Some(Self {
            faces: vec![ExpectedFace::of(face)],
            activates: Some(running.clone()),
        })
    }
}

impl ExpectedFace {
    fn of(face: &EnrolledFace) -> Self {
        Self {
            id: face.id.clone(),
            document: face.document.clone(),
        }
    }
}
