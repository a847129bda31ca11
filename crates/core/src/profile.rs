//! What is known of a user.

use std::time::Duration;

use crate::face_data::FaceData;
use crate::id::{ChallengeId, EnrolmentId, FaceId};
use crate::lockout::{Counter, Path};
use crate::time::Timestamp;

/// How long a sign-up may stay unconfirmed before its record is swept. Cognito's code is good for
/// a day and may be sent again; an account that is confirmed later than this has no consent on
/// record and cannot enrol.
pub const PENDING_KEPT: Duration = Duration::from_hours(30 * 24);

/// How far an account has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Signed up; nobody has proven anything yet.
    Pending,
    /// One party has proven mailbox and password.
    MayEnrol,
    /// A face is enrolled.
    Active,
}

impl State {
    /// The name that the table holds.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::MayEnrol => "MAY_ENROL",
            Self::Active => "ACTIVE",
        }
    }

    /// Reads a state's name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Pending, Self::MayEnrol, Self::Active]
            .into_iter()
            .find(|s| s.name() == name)
    }
}

/// A version of an object in the bucket of documents.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredDocument {
    /// The object's key.
    pub key: String,
    /// The object's version.
    pub version: String,
}

/// A face that a user signs in with, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledFace {
    /// Its id in the collection.
    pub id: FaceId,
    /// The collection.
    pub collection: String,
    /// The version of the model that described it.
    pub model_version: String,
    /// When it was indexed.
    pub indexed_at: Timestamp,
    /// The document it came from, where documents are kept.
    pub document: Option<StoredDocument>,
}

/// Face data that a profile holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredData {
    /// The data.
    pub data: FaceData,
    /// The enrolment in which they were accepted; none while sign-up alone has brought them.
    pub of: Option<EnrolmentId>,
}

/// A user as the table knows them. An unknown user and one without a record have the same
/// profile: the default one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// How far the account has come; none where there is no account.
    pub state: Option<State>,
    /// The active faces.
    pub faces: Vec<EnrolledFace>,
    /// The face data, active where the account is.
    pub data: Option<StoredData>,
    /// Whether sign-up has brought face data: then an enrolment must repeat them.
    pub data_from_sign_up: bool,
    /// The enrolment that is under way.
    pub enrolment: Option<EnrolmentId>,
    /// The enrolment that a new password has ended. Its face goes when the next one's stands.
    pub ended: Option<EnrolmentId>,
    /// Tries in sessions that proved the password.
    pub password: Tries,
    /// Tries in sessions that did not.
    pub open: Tries,
}

/// The tries of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// Failures in a row.
    pub counter: Counter,
    /// The challenge whose answer was counted last, while it counts.
    pub last: Option<ChallengeId>,
}

impl Profile {
    /// Whether an enrolment may begin, as far as the account goes.
    pub fn may_enrol(&self) -> bool {
        self.state == Some(State::MayEnrol) && self.faces.is_empty()
    }

    /// The tries of a path.
    pub fn tries(&self, path: Path) -> &Tries {
        match path {
            Path::Password => &self.password,
            Path::Open => &self.open,
        }
    }

    /// The counter of a path.
    pub fn counter(&self, path: Path) -> Counter {
        self.tries(path).counter
    }

    /// The enrolment that a new one takes the place of.
    pub fn abandoned(&self) -> Option<&EnrolmentId> {
        self.enrolment.as_ref().or(self.ended.as_ref())
    }
}
