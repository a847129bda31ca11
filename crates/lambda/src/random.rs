//! The one place of a function where random numbers are drawn.

use signin_core::id::{ChallengeId, InvocationId};

use crate::Refusal;

/// A challenge id nobody has seen.
pub fn challenge_id() -> Result<ChallengeId, Refusal> {
    Ok(ChallengeId::from_random(bits()?))
}

/// What tells this call from every other.
pub fn call_id() -> Result<InvocationId, Refusal> {
    Ok(InvocationId::from_random(bits()?))
}

/// 128 of the operating system's random bits.
fn bits() -> Result<[u8; 16], Refusal> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).map_err(|error| {
        tracing::error!(target: "signin", %error, "no random numbers to be had");
        Refusal::unavailable()
    })?;
    Ok(bits)
}
