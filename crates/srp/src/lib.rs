//! The Secure Remote Password protocol (SRP-6a) as Amazon Cognito speaks it, both sides.
//!
//! Cognito uses the 3072-bit group of RFC 5054, SHA-256, and shows its own derivation of the
//! session key: HKDF with the info string `Caldera Derived Key`, cut to 16 bytes. The client proves
//! the password by an HMAC over pool name, user id, the server's secret block and a time stamp; the
//! server proves nothing back. AWS publishes no specification: the constants and the padding of
//! numbers are those of its `amazon-cognito-identity-js`.
//!
//! Everything here is a pure function: randomness, time and names are arguments.
//!
//! ```
//! use cognito_srp::{Challenge, Client, Identity, Server, Verifier};
//!
//! let identity = Identity { pool_id: "us-east-1_Example", user_id: "7d3c" };
//! let verifier = Verifier::new(identity, "correct horse", [7; 16]);
//!
//! // Client and server swap public values, each a hexadecimal number.
//! let client = Client::new([1; 32]);
//! let server = Server::new(verifier, &client.public_value(), [2; 32])?;
//! let challenge = Challenge {
//!     salt: &server.salt(),
//!     public_value: &server.public_value(),
//!     secret_block: b"opaque to the client",
//! };
//!
//! let now = "Sat Nov 21 0:00:00 UTC 2026";
//! let signature = client.sign(identity, &challenge, "correct horse", now)?;
//! assert!(server.accepts(identity, challenge.secret_block, now, &signature)?);
//! # Ok::<(), cognito_srp::SrpError>(())
//! ```
//!
//! The arithmetic is not constant-time. That is good enough for a client of its own, for tests and
//! for a server on one's own machine, and for nothing else.

mod client;
mod group;
mod key;
mod server;

pub use client::{Challenge, Client};
pub use server::{Server, Verifier};

/// Random bytes behind a public value, `a` or `b`: 256 bits, the least that RFC 5054 (2.5.4)
/// recommends.
pub const SECRET_LENGTH: usize = 32;

/// Random bytes of a salt, as Cognito's own.
pub const SALT_LENGTH: usize = 16;

/// Whose password it is.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The user pool's id, `<region>_<name>`. Only the name enters the computation.
    pub pool_id: &'a str,
    /// What Cognito calls `USER_ID_FOR_SRP`: the pool's own name for the user, not an alias.
    pub user_id: &'a str,
}

impl<'a> Identity<'a> {
    /// The part of the pool id after the region; the whole of it where there is no region.
    fn pool_name(self) -> &'a str {
        self.pool_id
            .split_once('_')
            .map_or(self.pool_id, |(_, name)| name)
    }
}

/// Why the other side's contribution was refused. All of these are attacks or gross faults: a
/// password that is merely wrong is no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrpError {
    /// A public value or salt was no hexadecimal number of at most 3072 bits.
    #[error("expected a hexadecimal number of at most 768 digits")]
    NotANumber,
    /// A public value was a multiple of the modulus, which fixes the session key whatever the
    /// password is.
    #[error("the public value is a multiple of the modulus")]
    ZeroPublicValue,
    /// The scrambling parameter came out as zero, which takes the password out of the computation.
    #[error("the scrambling parameter is zero")]
    ZeroScrambler,
}
