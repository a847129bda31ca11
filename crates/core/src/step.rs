//! The steps a sign-in is made of, and how a session remembers them.

use strum::IntoEnumIterator as _;

use crate::factor::Factor;
use crate::id::ChallengeId;

/// A step that Cognito calls `CUSTOM_CHALLENGE` and that verify-auth-challenge checks.
/// (`PASSWORD`, which Cognito checks itself, stands in the session as `SRP_A` and
/// `PASSWORD_VERIFIER`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// A chain of the policy was chosen, where several are open.
    Select,
    /// The document picture (or, for face data, the data again) was accepted.
    Enrol,
    /// The factor passed.
    Verify(Factor),
}

impl Step {
    /// Every step, for parsing and for tests.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Select, Self::Enrol]
            .into_iter()
            .chain(Factor::iter().map(Self::Verify))
    }

    /// The name that clients and the challenge's metadata see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Enrol => "ENROL",
            Self::Verify(factor) => factor.name(),
        }
    }

    /// Reads a step's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|step| step.name() == name)
    }
}

/// The most refused comparisons that may precede a challenge in its session: at the next one the
/// session ends.
pub const MAX_WRONG: u8 = 2;

/// The session's note of a custom challenge, which Cognito keeps as its metadata:
/// `<STEP>:<challengeId>:<chain>:<wrong>`.
///
/// ```
/// use signin_core::{factor::Factor, id::ChallengeId, step::{Metadata, Step}};
/// let id = ChallengeId::from_random([7; 16]);
/// let metadata = Metadata { step: Step::Verify(Factor::Face), id, chain: 0, wrong: 1 };
/// assert_eq!(metadata.to_string(), "FACE:07070707070707070707070707070707:0:1");
/// assert_eq!(Metadata::parse(&metadata.to_string()), Some(metadata));
/// assert_eq!(Metadata::parse("FACE:07070707070707070707070707070707"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// The step asked for.
    pub step: Step,
    /// The challenge that asked for it.
    pub id: ChallengeId,
    /// The chain that is walked: its place in the policy, counted from 0. It is 0 where one is to be
    /// chosen.
    pub chain: u8,
    /// How many comparisons the session had refused before, 0 to [`MAX_WRONG`].
    pub wrong: u8,
}

impl Metadata {
    /// Reads `<STEP>:<challengeId>:<chain>:<wrong>`; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let metadata = Self {
            step: Step::parse(parts.next()?)?,
            id: ChallengeId::parse(parts.next()?).ok()?,
            chain: digit(parts.next()?)?,
            wrong: digit(parts.next()?).filter(|wrong| *wrong <= MAX_WRONG)?,
        };
        parts.next().is_none().then_some(metadata)
    }
}

/// Reads one decimal digit.
fn digit(text: &str) -> Option<u8> {
    match text.as_bytes() {
        [digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}

impl std::fmt::Display for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            step,
            id,
            chain,
            wrong,
        } = self;
        write!(f, "{}:{id}:{chain}:{wrong}", step.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_that_is_not_exactly_ours_is_none() {
        let id = "07".repeat(16);
        assert!(Metadata::parse(&format!("FACE:{id}:0:2")).is_some());
        for wrong in [
            String::new(),
            format!("FACE:{id}"),
            format!("FACE:{id}:0"),
            format!("FACE:{id}:0:"),
            format!("FACE:{id}:0:3"),
            format!("FACE:{id}:0:00"),
            format!("FACE:{id}:0:+1"),
            format!("FACE:{id}:10:0"),
            format!("FACE:{id}:0:0:"),
            format!("FACE:{id}:0:0:0"),
            format!("face:{id}:0:0"),
            format!("FACE:{}:0:0", &id[1..]),
        ] {
            assert_eq!(Metadata::parse(&wrong), None, "{wrong}");
        }
    }
}
