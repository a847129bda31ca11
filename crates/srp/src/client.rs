//! The side that knows the password.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;

use crate::group::{K, N, parse, parse_public_value, power_of_generator};
use crate::key::{SessionKey, private_exponent, scrambler};
use crate::{Identity, SECRET_LENGTH, SrpError};

/// A client's part of one sign-in.
pub struct Client {
    secret: BigUint,
    public: BigUint,
}

/// What Cognito answers to `SRP_A`.
#[derive(Clone, Copy, Debug)]
pub struct Challenge<'a> {
    /// `SALT`, hexadecimal.
    pub salt: &'a str,
    /// `SRP_B`, hexadecimal.
    pub public_value: &'a str,
    /// `SECRET_BLOCK`, decoded from Base64.
    pub secret_block: &'a [u8],
}

impl Client {
    /// Begins a sign-in with fresh random bytes.
    pub fn new(random: [u8; SECRET_LENGTH]) -> Self {
        let secret = BigUint::from_bytes_be(&random);
        let public = power_of_generator(&secret);
        Self { secret, public }
    }

    /// `SRP_A`, hexadecimal.
    pub fn public_value(&self) -> String {
        self.public.to_str_radix(16)
    }

    /// `PASSWORD_CLAIM_SIGNATURE`, Base64, over a time stamp of the form
    /// `Tue Sep 5 00:09:40 UTC 2026` (no zero before the day).
    ///
    /// # Errors
    /// When the server's numbers are none, or would make the password irrelevant.
    pub fn sign(
        &self,
        identity: Identity<'_>,
        challenge: &Challenge<'_>,
        password: &str,
        timestamp: &str,
    ) -> Result<String, SrpError> {
        let salt = parse(challenge.salt)?;
        let server_public = parse_public_value(challenge.public_value)?;
        let scrambler = scrambler(&self.public, &server_public)?;
        let exponent = private_exponent(identity, password, &salt);

        // S = (B - k * g^x) ^ (a + u * x), kept above zero by one more N.
        let masked = &*K * power_of_generator(&exponent) % &*N;
        let base = (server_public % &*N + &*N - masked) % &*N;
        let shared_secret = base.modpow(&(&self.secret + &scrambler * exponent), &N);

        let signature = SessionKey::derive(&shared_secret, &scrambler).sign(
            identity,
            challenge.secret_block,
            timestamp,
        );
        Ok(STANDARD.encode(signature))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").finish_non_exhaustive()
    }
}
