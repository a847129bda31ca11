//! The one place of a function where random numbers are drawn.

use signin_core::factor::email_code::CodeKey;
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

/// A key from which codes follow.
pub fn code_key() -> Result<CodeKey, Refusal> {
    Ok(CodeKey::from_random(bits()?))
}

/// So many of the operating system's random bytes.
fn bits<const BYTES: usize>() -> Result<[u8; BYTES], Refusal> {
    let mut bits = [0; BYTES];
    getrandom::fill(&mut bits).map_err(|error| {
        tracing::error!(target: "signin", %error, "no random numbers to be had");
        Refusal::unavailable()
    })?;
    Ok(bits)
}
