//! What both sides compute from the shared secret: the scrambler, the session key, the signature.

use hmac::{Hmac, KeyInit, Mac};
use num_bigint::BigUint;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::group::{hash, hash_number, padded};
use crate::{Identity, SrpError};

/// Cognito's HKDF info string, with the block counter that HKDF appends.
const KEY_INFO: &[u8] = b"Caldera Derived Key\x01";

/// Bytes that Cognito keeps of HKDF's first block.
const KEY_LENGTH: usize = 16;

/// The key that signs the password claim.
pub(crate) struct SessionKey(Zeroizing<[u8; KEY_LENGTH]>);

impl SessionKey {
    /// HKDF-SHA-256 of the shared secret `S`, salted with the scrambler `u`.
    pub(crate) fn derive(shared_secret: &BigUint, scrambler: &BigUint) -> Self {
        let shared_secret = Zeroizing::new(padded(shared_secret));
        let extracted = Zeroizing::new(hmac(&padded(scrambler), &[&shared_secret]));
        let expanded = Zeroizing::new(hmac(&*extracted, &[KEY_INFO]));
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        key.copy_from_slice(&expanded[..KEY_LENGTH]);
        Self(key)
    }

    /// `PASSWORD_CLAIM_SIGNATURE`.
    pub(crate) fn sign(
        &self,
        identity: Identity<'_>,
        secret_block: &[u8],
        timestamp: &str,
    ) -> [u8; 32] {
        hmac(
            &*self.0,
            &claim(identity, secret_block, timestamp.as_bytes()),
        )
    }

    /// Whether `signature` is this key's, compared in constant time.
    pub(crate) fn verifies(
        &self,
        identity: Identity<'_>,
        secret_block: &[u8],
        timestamp: &str,
        signature: &[u8],
    ) -> bool {
        mac(
            &*self.0,
            &claim(identity, secret_block, timestamp.as_bytes()),
        )
        .verify_slice(signature)
        .is_ok()
    }
}

/// The scrambler `u = H(A | B)`.
pub(crate) fn scrambler(a: &BigUint, b: &BigUint) -> Result<BigUint, SrpError> {
    let scrambler = hash_number(&[&padded(a), &padded(b)]);
    if scrambler == BigUint::ZERO {
        return Err(SrpError::ZeroScrambler);
    }
    Ok(scrambler)
}

/// The private exponent `x = H(salt | H(pool name | user id | ":" | password))`.
pub(crate) fn private_exponent(identity: Identity<'_>, password: &str, salt: &BigUint) -> BigUint {
    let inner = Zeroizing::new(hash(&[
        identity.pool_name().as_bytes(),
        identity.user_id.as_bytes(),
        b":",
        password.as_bytes(),
    ]));
    hash_number(&[&padded(salt), &*inner])
}

/// What is signed, in order.
fn claim<'a>(identity: Identity<'a>, secret_block: &'a [u8], timestamp: &'a [u8]) -> [&'a [u8]; 4] {
    [
        identity.pool_name().as_bytes(),
        identity.user_id.as_bytes(),
        secret_block,
        timestamp,
    ]
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}
