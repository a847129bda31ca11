//! An enrolment: one document, one face, found and finished or undone whatever happens.
//!
//! ```text
//! AWAITED ──► INDEXING ──► INDEXED ──► ACTIVE
//!    ▲           │  ▲         │
//!    │           ▼  │ another picture
//!    │        REJECTED        │
//!    └───────────┴────────────┴──► REPLACED ──► undone: no face, no document, no record
//! ```
//!
//! Whoever indexes holds a lease. verify-auth-challenge does it while the user waits;
//! index-images does it for uploads that nobody answered for. Whoever comes second finds it
//! done; whoever finds a lease that ran out takes over. The face that the dead call may have
//! indexed is found by the picture that it looked at, which lies in the bucket until a record
//! stands, and by its `ExternalImageId`, which is the enrolment's id.
//!
//! An enrolment that another one took the place of is marked as replaced and undone later, by
//! itself: nobody who waits for an answer waits for that.

use std::time::Duration;

use crate::id::{CallId, EnrolmentId, UserName};
use crate::key::DocumentKey;
use crate::profile::EnrolledFace;
use crate::reason::Reason;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long a call may take to index before it counts as dead. Longer than any of the
/// functions may run for an enrolment's picture within a sign-in.
pub const LEASE: Duration = Duration::from_secs(6);

/// How long an enrolment that never became active is kept.
pub const KEPT: Duration = Duration::from_hours(168);

/// How long after its lease a call that has not recorded what came of it counts as given up by
/// whoever could have gone on: S3's event is brought again for at most six hours, but a session
/// that could answer again is over after a quarter of one, and every further picture takes over.
pub const GIVEN_UP: Duration = Duration::from_hours(1);

/// How often the pictures of one enrolment are looked at, answers and upload events together. A
/// session has ten rounds of `ENROL`; two more are for calls that died.
pub const MAX_RECOGNITIONS: u32 = 12;

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
    /// Another one has taken its place, or nobody finished it: it is to be undone.
    Replaced(Remains),
}

/// What a replaced enrolment may have left outside the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remains {
    /// Its face in the collection.
    pub face: Option<EnrolledFace>,
    /// The lease of a call that was at it and has not recorded what came of it: while that may
    /// still run, and a face may still come, nothing can be undone.
    pub lease: Option<Timestamp>,
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
            Self::Replaced(_) => "REPLACED",
        }
    }
}

/// The record of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// Whose it is.
    pub user: UserName,
    /// Its id.
    pub id: EnrolmentId,
    /// Where its document lies.
    pub key: DocumentKey,
    /// Where it stands.
    pub state: State,
    /// The digest of the secret by which it began; none for an operator's upload.
    pub binding: Option<Sha256Digest>,
    /// The version of the object that was looked at last.
    pub version: Option<String>,
    /// How often a picture of it was looked at.
    pub recognitions: u32,
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
    /// It has had as many looks as an enrolment gets.
    UsedUp,
    /// Another enrolment has taken its place.
    Replaced,
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
        let died = match &self.state {
            State::Indexing { .. } => true,
            State::Replaced(remains) => remains.lease.is_some(),
            State::Awaited | State::Indexed(_) | State::Active(_) | State::Rejected(_) => false,
        };
        died.then(|| Orphan {
            version: self.version.clone(),
        })
    }

    /// The face on record.
    pub fn face(&self) -> Option<&EnrolledFace> {
        match &self.state {
            State::Indexed(face) | State::Active(face) => Some(face),
            State::Awaited | State::Indexing { .. } | State::Rejected(_) | State::Replaced(_) => {
                None
            }
        }
    }

    /// What a call does that brings this version of the object; none where nothing lies there.
    pub fn work(&self, version: Option<&str>, now: Timestamp) -> Work {
        match &self.state {
            State::Indexed(face) | State::Active(face) => Work::Done(face.clone()),
            State::Indexing { lease, .. } if now <= *lease => Work::Busy,
            State::Rejected(reason) if version.is_some() && self.version.as_deref() == version => {
                Work::Rejected(*reason)
            }
            State::Replaced(_) => Work::Replaced,
            State::Indexing { .. } | State::Awaited | State::Rejected(_)
                if self.recognitions >= MAX_RECOGNITIONS =>
            {
                Work::UsedUp
            }
            State::Indexing { .. } | State::Awaited | State::Rejected(_) => Work::Index {
                orphan: self.orphan(),
            },
        }
    }

    /// Whether a version of its document stays where it is: because it is kept with the face, or
    /// because a face that a dead call may have left is searched for with it.
    pub fn needs(&self, version: &str) -> bool {
        let named = match &self.state {
            State::Indexed(face) | State::Active(face) => {
                let kept = face.document.as_ref();
                kept.map(|document| document.version.as_str())
            }
            State::Indexing { .. } | State::Replaced(_) => self.version.as_deref(),
            State::Awaited | State::Rejected(_) => None,
        };
        named == Some(version)
    }

    /// Whether its document has been looked at, and what came of that is on record.
    pub fn is_decided(&self) -> bool {
        match &self.state {
            State::Indexed(_) | State::Active(_) | State::Rejected(_) => true,
            State::Awaited | State::Indexing { .. } | State::Replaced(_) => false,
        }
    }

    /// Whether nobody will finish it any more, so that it is to be undone: its face has waited for
    /// as long as one is kept, or the call that was at it died long ago.
    pub fn is_left_over(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Indexed(face) => face.indexed_at.plus(KEPT) <= now,
            State::Indexing { lease, .. } => lease.plus(GIVEN_UP) <= now,
            State::Awaited | State::Active(_) | State::Rejected(_) | State::Replaced(_) => false,
        }
    }
}

impl Remains {
    /// Whether a call may still be at it. A call that runs past its lease finds so when it records
    /// its face, and takes the face out itself where nobody else is at it; the second lease is for
    /// that.
    pub fn are_still_made(&self, now: Timestamp) -> bool {
        self.lease.is_some_and(|lease| now <= lease.plus(LEASE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::FaceId;
    use crate::profile::StoredDocument;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn enrolment(state: State, version: Option<&str>) -> Enrolment {
        let id = EnrolmentId::from_random([1; 16]);
        Enrolment {
            user: UserName::parse("ada").unwrap(),
            key: DocumentKey::Enrolment(id.clone()),
            id,
            state,
            binding: None,
            version: version.map(str::to_owned),
            recognitions: 0,
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
            let found = enrolment(state, Some("v1")).work(Some("v2"), at(0));
            assert_eq!(found, Work::Done(face()));
        }
        let rejected = enrolment(State::Rejected(Reason::Blurred), Some("v1"));
        let found = rejected.work(Some("v1"), at(0));
        assert_eq!(found, Work::Rejected(Reason::Blurred));
    }

    #[test]
    fn a_new_picture_after_a_rejected_one_is_looked_at() {
        let rejected = enrolment(State::Rejected(Reason::Blurred), Some("v1"));
        let index = Work::Index { orphan: None };
        assert_eq!(rejected.work(Some("v2"), at(0)), index);
        let inline = enrolment(State::Rejected(Reason::Blurred), None);
        assert_eq!(inline.work(None, at(0)), index);
    }

    #[test]
    fn a_lease_that_ran_out_is_taken_over_and_an_orphan_looked_for() {
        let running = enrolment(indexing(at(6)), Some("v1"));
        assert_eq!(running.work(Some("v2"), at(6)), Work::Busy);
        let orphan = Orphan {
            version: Some("v1".to_owned()),
        };
        let index = Work::Index {
            orphan: Some(orphan),
        };
        assert_eq!(running.work(Some("v2"), at(7)), index);
    }

    #[test]
    fn nothing_is_looked_at_for_a_replaced_enrolment() {
        let replaced = enrolment(State::Replaced(Remains::default()), Some("v1"));
        assert_eq!(replaced.work(Some("v2"), at(0)), Work::Replaced);
    }

    #[test]
    fn twelve_pictures_are_looked_at_and_no_more() {
        let states = [
            State::Awaited,
            State::Rejected(Reason::Blurred),
            indexing(at(0)),
        ];
        for state in states {
            let after = |recognitions| Enrolment {
                recognitions,
                ..enrolment(state.clone(), Some("v1"))
            };
            let twelfth = after(MAX_RECOGNITIONS - 1).work(Some("v2"), at(9));
            assert!(matches!(twelfth, Work::Index { .. }), "{twelfth:?}");
            let thirteenth = after(MAX_RECOGNITIONS).work(Some("v2"), at(9));
            assert_eq!(thirteenth, Work::UsedUp);
        }
        // What was found out before is still told.
        let done = Enrolment {
            recognitions: MAX_RECOGNITIONS,
            ..enrolment(State::Indexed(face()), Some("v1"))
        };
        assert_eq!(done.work(Some("v2"), at(9)), Work::Done(face()));
    }

    #[test]
    fn only_a_kept_document_and_one_to_search_with_are_needed() {
        let kept = EnrolledFace {
            document: Some(StoredDocument {
                key: "enrolments/01".into(),
                version: "v1".into(),
            }),
            ..face()
        };
        let remains = Remains {
            face: None,
            lease: Some(at(6)),
        };
        for (state, needed) in [
            (State::Indexed(kept.clone()), true),
            (State::Active(kept), true),
            (indexing(at(6)), true),
            (State::Replaced(remains), true),
            (State::Active(face()), false),
            (State::Indexed(face()), false),
            (State::Awaited, false),
            (State::Rejected(Reason::Blurred), false),
        ] {
            let enrolment = enrolment(state, Some("v1"));
            assert_eq!(enrolment.needs("v1"), needed, "{enrolment:?}");
            assert!(!enrolment.needs("v2"));
        }
    }

    #[test]
    fn only_what_nobody_can_finish_is_left_over() {
        let week = at(0).plus(KEPT);
        let indexed = enrolment(State::Indexed(face()), None);
        assert!(!indexed.is_left_over(week.minus(Duration::from_millis(1))));
        assert!(indexed.is_left_over(week));
        let died = enrolment(indexing(at(6)), None);
        assert!(!died.is_left_over(at(6).plus(LEASE)));
        assert!(died.is_left_over(at(6).plus(GIVEN_UP)));
        for state in [
            State::Awaited,
            State::Active(face()),
            State::Rejected(Reason::Blurred),
            State::Replaced(Remains::default()),
        ] {
            assert!(!enrolment(state, None).is_left_over(week.plus(KEPT)));
        }
    }

    #[test]
    fn a_replaced_enrolment_keeps_the_orphan_of_the_call_that_was_at_it() {
        let remains = Remains {
            face: None,
            lease: Some(at(6)),
        };
        assert!(remains.are_still_made(at(12)));
        assert!(!remains.are_still_made(at(13)));
        assert!(!Remains::default().are_still_made(at(0)));
        let version = Some("v1".to_owned());
        let replaced = enrolment(State::Replaced(remains), Some("v1"));
        assert_eq!(replaced.orphan(), Some(Orphan { version }));
        let quiet = enrolment(State::Replaced(Remains::default()), Some("v1"));
        assert_eq!(quiet.orphan(), None);
    }
}
