//! The side that knows only a verifier of the password.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};

use crate::group::{K, N, padded, parse_public_value, power_of_generator};
use crate::key::{SessionKey, private_exponent, scrambler};
use crate::{Identity, SALT_LENGTH, SECRET_LENGTH, SrpError};

/// What a server stores instead of a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifier {
    #[serde(with = "hexadecimal")]
    salt: BigUint,
    #[serde(with = "hexadecimal")]
    verifier: BigUint,
}

impl Verifier {
    /// The verifier of a password, under fresh random bytes.
    pub fn new(identity: Identity<'_>, password: &str, salt: [u8; SALT_LENGTH]) -> Self {
        let salt = salt_number(salt);
        let verifier = power_of_generator(&private_exponent(identity, password, &salt));
        Self { salt, verifier }
    }

    /// Whether this is the verifier of a password, for flows that send the password itself.
    pub fn fits(&self, identity: Identity<'_>, password: &str) -> bool {
        power_of_generator(&private_exponent(identity, password, &self.salt)) == self.verifier
    }

    /// A verifier that no password is known to fit, for users who do not exist (RFC 5054, 2.5.1.3).
    /// The salt must be the same whenever the same name is asked for; the rest is random.
    pub fn decoy(salt: [u8; SALT_LENGTH], random: [u8; SECRET_LENGTH]) -> Self {
        Self {
            salt: salt_number(salt),
            verifier: power_of_generator(&BigUint::from_bytes_be(&random)),
        }
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").finish_non_exhaustive()
    }
}

/// A server's part of one sign-in. It can be written down between its two halves; what is written
/// is as secret as the password's verifier.
#[derive(Serialize, Deserialize)]
pub struct Server {
    verifier: Verifier,
    #[serde(with = "hexadecimal")]
    client_public: BigUint,
    #[serde(with = "hexadecimal")]
    secret: BigUint,
    #[serde(with = "hexadecimal")]
    public: BigUint,
}

impl Server {
    /// Answers a client's `SRP_A` with fresh random bytes.
    ///
    /// # Errors
    /// When `client_public` is no hexadecimal number or would make the password irrelevant.
    pub fn new(
        verifier: Verifier,
        client_public: &str,
        random: [u8; SECRET_LENGTH],
    ) -> Result<Self, SrpError> {
        let client_public = parse_public_value(client_public)?;
        let secret = BigUint::from_bytes_be(&random);
        let public = (&*K * &verifier.verifier + power_of_generator(&secret)) % &*N;
        Ok(Self {
            verifier,
            client_public,
            secret,
            public,
        })
    }

    /// The verifier that a proof is checked against.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// `SALT`, hexadecimal.
    pub fn salt(&self) -> String {
        hex::encode(padded(&self.verifier.salt))
    }

    /// `SRP_B`, hexadecimal.
    pub fn public_value(&self) -> String {
        self.public.to_str_radix(16)
    }

    /// Whether `signature` (`PASSWORD_CLAIM_SIGNATURE`, Base64) proves the password to this
    /// sign-in's secret block and the client's time stamp.
    ///
    /// # Errors
    /// When the two public values together would make the password irrelevant.
    pub fn accepts(
        &self,
        identity: Identity<'_>,
        secret_block: &[u8],
        timestamp: &str,
        signature: &str,
    ) -> Result<bool, SrpError> {
        let scrambler = scrambler(&self.client_public, &self.public)?;
        let Ok(signature) = STANDARD.decode(signature) else {
            return Ok(false);
        };
        // S = (A * v^u) ^ b
        let base = &self.client_public * self.verifier.verifier.modpow(&scrambler, &N) % &*N;
        let shared_secret = base.modpow(&self.secret, &N);
        let key = SessionKey::derive(&shared_secret, &scrambler);
        Ok(key.verifies(identity, secret_block, timestamp, &signature))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Some clients hash the salt's text, others its number; they agree only without leading zeros. A
/// set bit at the top costs one bit and settles it.
fn salt_number(mut salt: [u8; SALT_LENGTH]) -> BigUint {
    salt[0] |= 0x80;
    BigUint::from_bytes_be(&salt)
}

/// Numbers as hexadecimal text.
mod hexadecimal {
    use num_bigint::BigUint;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &BigUint, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&number.to_str_radix(16))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BigUint, D::Error> {
        let text = String::deserialize(from)?;
        BigUint::parse_bytes(text.as_bytes(), 16)
            .ok_or_else(|| D::Error::custom("expected a hexadecimal number"))
    }
}
