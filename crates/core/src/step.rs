//! The steps a sign-in is made of, and how a session remembers them.

use crate::id::ChallengeId;

/// A step that Cognito calls `CUSTOM_CHALLENGE` and that verify-auth-challenge checks.
/// (`PASSWORD`, which Cognito checks itself, stands in the session as `SRP_A` and
/// `PASSWORD_VERIFIER`.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The document picture (or, for face data, the data again) was accepted.
    Enrol,
    /// Exactly one good face, and it is this user's.
    Face,
    /// Face data close enough to this user's.
    FaceData,
}

impl Step {
    /// Every step, for parsing and for tests.
    pub const ALL: [Self; 3] = [Self::Enrol, Self::Face, Self::FaceData];

    /// The name that clients and the challenge's metadata see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enrol => "ENROL",
            Self::Face => "FACE",
            Self::FaceData => "FACE_DATA",
        }
    }

    /// Reads a step's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// Which step a custom challenge was and which try: `<STEP>:<challengeId>`, the challenge's
/// metadata.
///
/// ```
/// use signin_core::{id::ChallengeId, step::{Metadata, Step}};
/// let metadata = Metadata { step: Step::Face, id: ChallengeId::from_random([7; 16]) };
/// assert_eq!(metadata.to_string(), "FACE:07070707070707070707070707070707");
/// assert_eq!(Metadata::parse(&metadata.to_string()), Some(metadata));
/// assert_eq!(Metadata::parse("FACE"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// The step asked for.
    pub step: Step,
    /// The challenge that asked for it.
    pub id: ChallengeId,
}

impl Metadata {
    /// Reads `<STEP>:<challengeId>`; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (step, id) = text.split_once(':')?;
        Some(Self {
            step: Step::parse(step)?,
            id: ChallengeId::parse(id).ok()?,
        })
    }
}

impl std::fmt::Display for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.step.name(), self.id)
    }
}
