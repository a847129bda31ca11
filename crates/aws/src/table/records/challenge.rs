//! `CHALLENGE#<id>`: what became of a challenge that was answered.

use serde::Deserialize;
use signin_core::factor::email_code::Issued;
use signin_core::id::{ChallengeId, EnrolmentId, InvocationId, UserName};
use signin_core::idempotency::{Facts, IdempotencyRecord};
use signin_core::reason::Verdict;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::{
    ANSWER, CALL, CODE_FOR, CODE_UNTIL, CONSUMED_AT, LEASE, USER, VERDICT,
};
use super::super::item::{Item, Key, Write, text};
use super::read::{self, Misread, Record, both, read, required};
use crate::fault::Fault;

/// The same, by the call that the challenge is.
pub(crate) fn verdict_of_call(challenge: Key, call: InvocationId, verdict: Verdict) -> Write {
    Write::to(challenge)
        .set(VERDICT, text(verdict.name()))
        .if_equal(CALL, text(call.to_string()))
        .if_absent(VERDICT)
}

/// What the table holds of a challenge.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ChallengeRecord {
    #[serde(deserialize_with = "read::text")]
    user: Option<UserName>,
    consumed_at: Option<Timestamp>,
    #[serde(deserialize_with = "read::text")]
    answer: Option<Sha256Digest>,
    #[serde(deserialize_with = "read::text")]
    call: Option<InvocationId>,
    lease: Option<Timestamp>,
    taken_over: Option<bool>,
    #[serde(deserialize_with = "read::text")]
    verdict: Option<Verdict>,
    compared: Option<bool>,
    #[serde(deserialize_with = "read::text")]
    picture: Option<Sha256Digest>,
    began: Option<Timestamp>,
    bound: Option<bool>,
    enrolment: Option<EnrolmentId>,
    chosen: Option<u8>,
    #[serde(deserialize_with = "read::text")]
    secret: Option<Sha256Digest>,
    code_for: Option<ChallengeId>,
    code_until: Option<Timestamp>,
}

impl Record for ChallengeRecord {
    const READ: &'static str = "ReadChallenge";
}

impl TryFrom<ChallengeRecord> for IdempotencyRecord {
    type Error = Misread;

    fn try_from(record: ChallengeRecord) -> Result<Self, Misread> {
        let code = both((record.code_for, CODE_FOR), (record.code_until, CODE_UNTIL))?;
        Ok(Self {
            user: required(record.user, USER)?,
            at: required(record.consumed_at, CONSUMED_AT)?,
            answer: required(record.answer, ANSWER)?,
            call: required(record.call, CALL)?,
            lease: required(record.lease, LEASE)?,
            // Written by a call that takes over, and by nobody else.
            taken_over: record.taken_over.unwrap_or_default(),
            // None before the verdict.
            verdict: record.verdict,
            // Written with a refusal after a comparison, and with nothing else.
            compared: record.compared.unwrap_or_default(),
            picture: record.picture,
            // Written where a chain was asked for and chosen.
            chosen: record.chosen,
            session: Facts {
                // Versions before wrote neither. Without a time it counts as older than every reset,
                // and without a word on the secret as one that did not bring it.
                opening: Opening {
                    began: record.began.unwrap_or_default(),
                    bound: record.bound.unwrap_or_default(),
                },
                // A session need not have one.
                enrolment: record.enrolment,
                // Written while an enrolment may still begin.
                secret: record.secret,
                // Written where a code was asked for.
                code: code.map(|(challenge, until)| Issued { challenge, until }),
            },
        })
    }
}

/// Reads what became of a challenge.
pub(crate) fn idempotency_record(item: &Item) -> Result<IdempotencyRecord, Fault> {
    read::<ChallengeRecord, _>(item)
}
