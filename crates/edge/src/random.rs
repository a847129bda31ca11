//! The one place of a function where random numbers are drawn.

use signin_core::id::ChallengeId;

use crate::Refusal;

/// A challenge id nobody has seen, from the operating system's random numbers.
pub fn challenge_id() -> Result<ChallengeId, Refusal> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| {
        tracing::error!(target: "signin", %error, "no random numbers to be had");
        Refusal::unavailable()
    })?;
    Ok(ChallengeId::from_random(bits))
}
