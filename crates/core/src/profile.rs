//! What is known of a user.

use std::time::Duration;

use crate::face_data::FaceData;
use crate::id::{EnrolmentId, FaceId};
use crate::reset::Reset;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long a sign-up may stay unconfirmed before its record is swept. Cognito's code is good for
/// a day and may be sent again; an account that is confirmed later than this begins with a password
/// reset.
pub const PENDING_KEPT: Duration = Duration::from_hours(30 * 24);

/// How far an account has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Signed up; nobody has proven anything yet.
    Pending,
    /// One party has proven mailbox and password, and may enrol while [`Profile::binding`] stands.
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

/// Who agreed to the consent text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentBy {
    /// Whoever signed up. It does not count: whose the mailbox is was not proven yet.
    SignUp,
    /// The person who proved the mailbox.
    Person,
    /// An operator, who states that the person has agreed.
    Operator,
}

impl ConsentBy {
    /// The name that the table holds.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "SIGN_UP",
            Self::Person => "PERSON",
            Self::Operator => "OPERATOR",
        }
    }

    /// Reads what [`ConsentBy::name`] wrote.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::SignUp, Self::Person, Self::Operator]
            .into_iter()
            .find(|by| by.name() == name)
    }
}

/// A consent on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// The version of the text.
    pub version: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: ConsentBy,
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
    /// An operator's upload whose face waits for the person's consent.
    pub waiting: Option<EnrolmentId>,
    /// The consent on record.
    pub consent: Option<Consent>,
    /// The digest of the secret by which one may enrol; none where nobody may, or a face is active.
    pub binding: Option<Sha256Digest>,
    /// The last password reset.
    pub reset: Option<Reset>,
}

impl Profile {
    /// Whether an enrolment may begin, as far as the account goes: somebody proved mailbox and
    /// password, and there is no active face.
    pub fn may_enrol(&self) -> bool {
        self.state == Some(State::MayEnrol) && self.faces.is_empty()
    }

    /// Whether whoever brings this secret with the password may enrol.
    pub fn lets_enrol(&self, secret: Option<Sha256Digest>) -> bool {
        self.may_enrol() && self.binding.is_some() && self.binding == secret
    }

    /// Whether an operator's upload waits for the person's consent. Once something else is active, it
    /// waits for nothing any more.
    pub fn awaits_consent_for(&self, upload: &EnrolmentId) -> bool {
        self.waiting.as_ref() == Some(upload) && !self.is_active()
    }

    /// Whether a face, or face data, are active.
    pub fn is_active(&self) -> bool {
        self.state == Some(State::Active) || !self.faces.is_empty()
    }

    /// Whether a consent that counts is on record: one of the party who proved the mailbox, or the
    /// operator's word for it.
    pub fn has_consent(&self) -> bool {
        let by = self.consent.as_ref().map(|consent| consent.by);
        matches!(by, Some(ConsentBy::Person | ConsentBy::Operator))
    }

    /// When the password was last reset.
    pub fn reset_at(&self) -> Option<Timestamp> {
        self.reset.map(|reset| reset.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ChallengeId;

    #[test]
    fn an_upload_waits_only_while_nothing_else_is_active() {
        let upload = |number| EnrolmentId::from(&ChallengeId::from_random([number; 16]));
        let waits = Profile {
            state: Some(State::MayEnrol),
            waiting: Some(upload(1)),
            ..Profile::default()
        };
        assert!(waits.awaits_consent_for(&upload(1)));
        assert!(!waits.awaits_consent_for(&upload(2)));
        let active = Profile {
            state: Some(State::Active),
            ..waits
        };
        assert!(!active.awaits_consent_for(&upload(1)));
        assert!(!Profile::default().awaits_consent_for(&upload(1)));
    }
}
