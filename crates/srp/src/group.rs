//! The group, and numbers as the two sides write them.

use std::sync::LazyLock;

use num_bigint::BigUint;
use sha2::{Digest, Sha256};

use crate::SrpError;

/// RFC 5054, appendix A, the 3072-bit group (its prime is that of RFC 3526, group 15).
const MODULUS: &str = concat!(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74",
    "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437",
    "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed",
    "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05",
    "98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb",
    "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b",
    "e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718",
    "3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33",
    "a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7db3970f85a6e1e4c7",
    "abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864",
    "d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e2",
    "08e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff",
);

/// RFC 5054 names 5 as this group's generator. Cognito takes 2.
const GENERATOR: u32 = 2;

/// Digits of the largest number that a peer may send.
const MAX_DIGITS: usize = MODULUS.len();

pub(crate) static N: LazyLock<BigUint> = LazyLock::new(|| {
    BigUint::parse_bytes(MODULUS.as_bytes(), 16).expect("the modulus is a hexadecimal constant")
});

/// The multiplier `k = H(N | g)`, where `g` counts as one byte.
pub(crate) static K: LazyLock<BigUint> =
    LazyLock::new(|| hash_number(&[&padded(&N), &padded(&BigUint::from(GENERATOR))]));

/// `g^exponent mod N`.
pub(crate) fn power_of_generator(exponent: &BigUint) -> BigUint {
    BigUint::from(GENERATOR).modpow(exponent, &N)
}

/// Big-endian bytes with a zero before a set top bit. Cognito's numbers are Java's signed ones.
pub(crate) fn padded(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    bytes
}

/// SHA-256 over the parts, one after another.
pub(crate) fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// [`hash`], taken as a number.
pub(crate) fn hash_number(parts: &[&[u8]]) -> BigUint {
    BigUint::from_bytes_be(&hash(parts))
}

/// A number as a peer wrote it: hexadecimal, no sign, no longer than the modulus (padding aside).
pub(crate) fn parse(text: &str) -> Result<BigUint, SrpError> {
    let digits = text.trim_start_matches('0');
    if text.is_empty()
        || digits.len() > MAX_DIGITS
        || !digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return Err(SrpError::NotANumber);
    }
    Ok(BigUint::parse_bytes(digits.as_bytes(), 16).unwrap_or_default())
}

/// A peer's public value, which must not vanish modulo N.
pub(crate) fn parse_public_value(text: &str) -> Result<BigUint, SrpError> {
    let value = parse(text)?;
    if &value % &*N == BigUint::ZERO {
        return Err(SrpError::ZeroPublicValue);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_top_bit_gets_a_zero_before_it() {
        assert_eq!(padded(&BigUint::from(0x7f_u32)), [0x7f]);
        assert_eq!(padded(&BigUint::from(0x80_u32)), [0x00, 0x80]);
        assert_eq!(padded(&N).len(), 385);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "xyz", "-1", "+1", "1 2", "é", &"f".repeat(769)] {
            assert_eq!(parse(text), Err(SrpError::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_multiple_of_the_modulus_is_no_public_value() {
        let zero = "0".repeat(800);
        for text in ["0", MODULUS, &zero] {
            assert_eq!(
                parse_public_value(text),
                Err(SrpError::ZeroPublicValue),
                "{text}"
            );
        }
    }
}
