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
//! done; whoever finds a lease that ran out takes over, and notes the version of the picture that
//! the call before looked at as unsettled.
//!
//! **A face leaves the collection only for a reason that stays true**: another face of its enrolment
//! is on record, or the enrolment is replaced. The service gives one face to one picture under one
//! `ExternalImageId`, which is the enrolment's id, so whatever two calls that look at the same picture
//! are given may be one face; one that takes "its own" face out while nothing is decided may take it
//! from whoever records it next. So a late call leaves its face where it is. Faces that no record
//! names are searched for with the unsettled pictures, which lie in the bucket until then, when no
//! call that had looked at one can be alive.
//!
//! An enrolment that another one took the place of is marked as replaced and undone later, by
//! itself: nobody who waits for an answer waits for that.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::budget;
use crate::id::{EnrolmentId, InvocationId, UserName};
use crate::key::DocumentKey;
use crate::profile::EnrolledFace;
use crate::reason::Reason;
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

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
        call: InvocationId,
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
    /// The versions of the object that calls looked at which lost their lease: by these, faces are
    /// searched for that no record names. One for each lease at most, so at most
    /// [`MAX_RECOGNITIONS`].
    pub unsettled: BTreeSet<String>,
    /// From when on something is owed of it, if something is.
    pub owed_at: Option<Timestamp>,
}

/// What a call that holds a picture for an enrolment does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Take the lease and index.
    Index,
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

/// What is owed of an enrolment that has come up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Debt {
    /// Nothing yet.
    NotYet,
    /// Nothing any more.
    Nothing,
    /// To search for the faces that calls which lost their lease have left beside the one on record.
    Settle,
    /// To give it up, since nobody will finish it, and to undo it then.
    GiveUp,
    /// To undo it: it was replaced.
    Undo,
}

impl Enrolment {
    /// The versions of the object by which faces that no record names are searched for.
    pub fn searched_by(&self) -> BTreeSet<&str> {
        let running = match &self.state {
            State::Indexing { .. } => true,
            State::Replaced(remains) => remains.lease.is_some(),
            State::Awaited | State::Indexed(_) | State::Active(_) | State::Rejected(_) => false,
        };
        let running = self.version.as_deref().filter(|_| running);
        let unsettled = self.unsettled.iter().map(String::as_str);
        unsettled.chain(running).collect()
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
            State::Indexing { .. } | State::Awaited | State::Rejected(_) => Work::Index,
        }
    }

    /// Whether a version of its document stays where it is: because it is kept with the face, or
    /// because faces are searched for with it.
    pub fn needs(&self, version: &str) -> bool {
        let kept = self.face().and_then(|face| face.document.as_ref());
        kept.is_some_and(|kept| kept.version == version) || self.searched_by().contains(version)
    }

    /// Whether its document has been looked at, and what came of that is on record.
    pub fn is_decided(&self) -> bool {
        match &self.state {
            State::Indexed(_) | State::Active(_) | State::Rejected(_) => true,
            State::Awaited | State::Indexing { .. } | State::Replaced(_) => false,
        }
    }

    /// What is owed of it.
    pub fn debt(&self, now: Timestamp) -> Debt {
        if self.owed_at.is_some_and(|at| now < at) {
            return Debt::NotYet;
        }
        match &self.state {
            State::Replaced(_) => Debt::Undo,
            // Its face has waited for as long as one is kept.
            State::Indexed(face) if face.indexed_at.plus(KEPT) <= now => Debt::GiveUp,
            State::Indexed(_) | State::Active(_) if !self.unsettled.is_empty() => Debt::Settle,
            // The call that was at it died long ago.
            State::Indexing { lease, .. } if lease.plus(GIVEN_UP) <= now => Debt::GiveUp,
            // No picture was accepted since, and a call that lost its lease may have left a face.
            State::Rejected(_) if !self.unsettled.is_empty() => Debt::GiveUp,
            State::Indexed(_) | State::Indexing { .. } => Debt::NotYet,
            State::Awaited | State::Active(_) | State::Rejected(_) => Debt::Nothing,
        }
    }
}

impl Remains {
    /// Whether a call may still be at it, so that a face may still come.
    pub fn are_still_made(&self, now: Timestamp) -> bool {
        self.lease
            .is_some_and(|lease| now <= lease.plus(budget::ENDED))
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
            unsettled: BTreeSet::new(),
            owed_at: None,
        }
    }

    fn unsettled(state: State, version: &str) -> Enrolment {
        Enrolment {
            unsettled: BTreeSet::from([version.to_owned()]),
            ..enrolment(state, Some("last"))
        }
    }

    fn indexing(lease: Timestamp) -> State {
        let call = InvocationId::from_random([1; 16]);
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
        assert_eq!(rejected.work(Some("v2"), at(0)), Work::Index);
        let inline = enrolment(State::Rejected(Reason::Blurred), None);
        assert_eq!(inline.work(None, at(0)), Work::Index);
    }

    #[test]
    fn a_lease_that_ran_out_is_taken_over() {
        let running = enrolment(indexing(at(6)), Some("v1"));
        assert_eq!(running.work(Some("v2"), at(6)), Work::Busy);
        assert_eq!(running.work(Some("v2"), at(7)), Work::Index);
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
            assert_eq!(twelfth, Work::Index);
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
            // What a call looked at that lost its lease is needed in every state.
            let unsettled = unsettled(enrolment.state, "v2");
            assert!(unsettled.needs("v2"), "{unsettled:?}");
        }
    }

    #[test]
    fn what_is_owed_of_an_enrolment() {
        let week = at(0).plus(KEPT);
        let before = |moment: Timestamp| moment.minus(Duration::from_millis(1));
        let indexed = State::Indexed(face());
        let active = State::Active(face());
        let rejected = State::Rejected(Reason::Blurred);
        let given_up = at(6).plus(GIVEN_UP);
        for (enrolment, now, debt) in [
            (enrolment(indexed.clone(), None), before(week), Debt::NotYet),
            (enrolment(indexed.clone(), None), week, Debt::GiveUp),
            (unsettled(indexed.clone(), "v1"), before(week), Debt::Settle),
            (unsettled(indexed, "v1"), week, Debt::GiveUp),
            (enrolment(active.clone(), None), week, Debt::Nothing),
            (unsettled(active, "v1"), week, Debt::Settle),
            (
                enrolment(indexing(at(6)), None),
                before(given_up),
                Debt::NotYet,
            ),
            (
                unsettled(indexing(at(6)), "v1"),
                before(given_up),
                Debt::NotYet,
            ),
            (enrolment(indexing(at(6)), None), given_up, Debt::GiveUp),
            (enrolment(rejected.clone(), None), week, Debt::Nothing),
            (unsettled(rejected, "v1"), at(0), Debt::GiveUp),
            (enrolment(State::Awaited, None), week, Debt::Nothing),
            (
                enrolment(State::Replaced(Remains::default()), None),
                at(0),
                Debt::Undo,
            ),
        ] {
            assert_eq!(enrolment.debt(now), debt, "{enrolment:?}");
            // Whatever it is, not before it is due: the index that it was found by may be behind.
            let due = Enrolment {
                owed_at: Some(now),
                ..enrolment
            };
            assert_eq!(due.debt(now), debt, "{due:?}");
            if now > at(0) {
                assert_eq!(due.debt(before(now)), Debt::NotYet, "{due:?}");
            }
        }
    }

    #[test]
    fn faces_are_searched_for_by_the_picture_of_every_call_that_recorded_nothing() {
        let remains = Remains {
            face: None,
            lease: Some(at(6)),
        };
        let ended = at(6).plus(budget::ENDED);
        assert!(remains.are_still_made(ended));
        assert!(!remains.are_still_made(ended.plus(Duration::from_millis(1))));
        assert!(!Remains::default().are_still_made(at(0)));
        for (state, running) in [
            (State::Replaced(remains), true),
            (indexing(at(6)), true),
            (State::Replaced(Remains::default()), false),
            (State::Indexed(face()), false),
            (State::Active(face()), false),
            (State::Rejected(Reason::Blurred), false),
        ] {
            let enrolment = unsettled(state, "v1");
            let mut versions = BTreeSet::from(["v1"]);
            versions.extend(running.then_some("last"));
            assert_eq!(enrolment.searched_by(), versions, "{enrolment:?}");
        }
    }
}
