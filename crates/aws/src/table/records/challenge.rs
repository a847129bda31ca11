//! `CHALLENGE#<id>`: what became of a challenge that was answered.

use signin_core::consumption::{Consumption, Facts};
use signin_core::id::{CallId, UserName};
use signin_core::reason::Verdict;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;

use super::super::item::{Item, Key, Write, text};
use super::{digest, enrolment_id};

/// The same, by the call that the challenge is.
pub(crate) fn verdict_of_call(challenge: Key, call: CallId, verdict: Verdict) -> Write {
    Write::to(challenge)
        .set("verdict", text(verdict.name()))
        .if_equal("call", text(call.to_string()))
        .if_absent("verdict")
}

pub(crate) fn consumption(item: &Item) -> Option<Consumption> {
    Some(Consumption {
        user: UserName::parse(item.text("user")?).ok()?,
        at: item.time("consumedAt")?,
        answer: Sha256Digest::from_hex(item.text("answer")?)?,
        call: CallId::parse(item.text("call")?)?,
        lease: item.time("lease")?,
        taken_over: item.flag("takenOver"),
        verdict: item.text("verdict").and_then(Verdict::parse),
        compared: item.flag("compared"),
        picture: digest(item, "picture"),
        session: Facts {
            // Without a time it counts as older than every reset.
            opening: Opening {
                began: item.time("began").unwrap_or_default(),
                bound: item.flag("bound"),
            },
            enrolment: enrolment_id(item, "enrolment"),
        },
    })
}
