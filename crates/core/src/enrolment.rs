//! An enrolment: one document, one face, found and finished or undone whatever happens.
//!
//! ```text
//! AWAITED ──► INDEXING ──► INDEXED ──► ACTIVE
//!                │  ▲
//!                ▼  │ another picture
//!             REJECTED
//! ```
//!
//! Whoever indexes holds a lease. verify-auth-challenge does it while the user waits;
//! index-images does it for uploads that nobody answered for. Whoever comes second finds it
//! done; whoever finds a lease that ran out takes over. The face that the dead call may have
//! indexed is found by the picture that it looked at, which lies in the bucket until a record
//! stands, and by its `ExternalImageId`, which is the enrolment's id.

use std::time::Duration;

use crate::id::{CallId, EnrolmentId, UserName};
use crate::profile::EnrolledFace;
use crate::reason::Reason;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long a call may take to index before it counts as dead. Longer than any of the
/// functions may run for an enrolment's picture within a sign-in.
pub const LEASE: Duration = Duration::from_secs(6);

/// How long an enrolment that never became active is kept.
pub const KEPT: Duration = Duration::from_hours(168);

/// Where an enrolment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its picture has not come.
    Awaited,
    /// Somebody is at it, until the lease runs out.
    Indexing {
        /// Who.
        call: CallId,
        /// Dead after this moment.
        lease: Timestamp,
    },
    /// Its face is in the collection and signs nobody in yet.
    Indexed(EnrolledFace),
    /// Its face is the user's.
    Active(EnrolledFace),
    /// Its last picture was not accepted.
    Rejected(Reason),
}

impl State {
    /// The name that the table holds.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Awaited => "AWAITED",
            Self::Indexing { .. } => "INDEXING",
            Self::Indexed(_) => "INDEXED",
            Self::Active(_) => "ACTIVE",
            Self::Rejected(_) => "REJECTED",
        }
    }
}

/// The record of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Its id.
    pub id: EnrolmentId,
    /// Whose it is.
    pub user: UserName,
    /// Where it stands.
    pub state: State,
    /// The digest of the secret by which it began; none for an operator's upload.
    pub binding: Option<Sha256Digest>,
    /// The version of the object that was looked at last.
    pub version: Option<String>,
    /// An abandoned enrolment whose face goes when this one's stands.
    pub replaces: Option<EnrolmentId>,
}

/// What a call that holds a picture for an enrolment does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Take the lease and index.
    Index {
        /// What a call before may have left behind, that died.
        orphan: Option<Orphan>,
    },
    /// Somebody else is at it: look again.
    Busy,
    /// It is done, with this face.
    Done(EnrolledFace),
    /// This very picture was looked at and not accepted.
    Rejected(Reason),
    /// It is somebody else's.
    Foreign,
}

/// A face that a call may have put into the collection before it died, and that no record tells
/// of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The version of the picture it would have come from.
    pub version: Option<String>,
}

impl Enrolment {
    /// What a call that died may have left behind, if one has.
    pub fn orphan(&self) -> Option<Orphan> {
        matches!(self.state, State::Indexing { .. }).then(|| Orphan {
            version: self.version.clone(),
        })
    }

    /// What a call does that brings this version of the object for this user; none where nothing
    /// lies there.
    pub fn work(&self, user: &UserName, version: Option<&str>, now: Timestamp) -> Work {
        if self.user != *user {
            return Work::Foreign;
        }
        match &self.state {
            State::Indexed(face) | State::Active(face) => Work::Done(face.clone()),
            State::Indexing { lease, .. } if now <= *lease => Work::Busy,
            State::Indexing { .. } => Work::Index {
                orphan: self.orphan(),
            },
            State::Rejected(reason) if version.is_some() && self.version.as_deref() == version => {
                Work::Rejected(*reason)
            }
            State::Awaited | State::Rejected(_) => Work::Index { orphan: None },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FaceId;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn user(name: &str) -> UserName {
        UserName::parse(name).unwrap()
    }

    fn enrolment(state: State, version: Option<&str>) -> Enrolment {
        Enrolment {
            id: EnrolmentId::from_random([1; 16]),
            user: user("ada"),
            state,
            binding: None,
            version: version.map(str::to_owned),
            replaces: None,
        }
    }

    fn indexing(lease: Timestamp) -> State {
        let call = CallId::from_random([1; 16]);
        State::Indexing { call, lease }
    }

    fn face() -> EnrolledFace {
        EnrolledFace {
            id: FaceId::new("face"),
            collection: "faces".into(),
            model_version: "1".into(),
            indexed_at: at(0),
            document: None,
        }
    }

    #[test]
    fn whoever_comes_second_finds_it_done() {
        for state in [State::Indexed(face()), State::Active(face())] {
            let found = enrolment(state, Some("v1")).work(&user("ada"), Some("v2"), at(0));
            assert_eq!(found, Work::Done(face()));
        }
        let rejected = enrolment(State::Rejected(Reason::Blurred), Some("v1"));
        let found = rejected.work(&user("ada"), Some("v1"), at(0));
        assert_eq!(found, Work::Rejected(Reason::Blurred));
    }

    #[test]
    fn a_new_picture_after_a_rejected_one_is_looked_at() {
        let rejected = enrolment(State::Rejected(Reason::Blurred), Some("v1"));
        let index = Work::Index { orphan: None };
        assert_eq!(rejected.work(&user("ada"), Some("v2"), at(0)), index);
        let inline = enrolment(State::Rejected(Reason::Blurred), None);
        assert_eq!(inline.work(&user("ada"), None, at(0)), index);
    }

    #[test]
    fn a_lease_that_ran_out_is_taken_over_and_an_orphan_looked_for() {
        let running = enrolment(indexing(at(6)), Some("v1"));
        assert_eq!(running.work(&user("ada"), Some("v2"), at(6)), Work::Busy);
        let orphan = Orphan {
            version: Some("v1".to_owned()),
        };
        let index = Work::Index {
            orphan: Some(orphan),
        };
        assert_eq!(running.work(&user("ada"), Some("v2"), at(7)), index);
    }

    #[test]
    fn nobody_works_on_somebody_elses_enrolment() {
        for state in [State::Awaited, State::Indexed(face()), indexing(at(0))] {
            let found = enrolment(state, None).work(&user("eve"), None, at(9));
            assert_eq!(found, Work::Foreign);
        }
    }
}
