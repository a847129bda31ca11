//! Values that never reach a log: their `Debug` says what they are and shows nothing of them.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// The bytes of a picture that a user sent. `Debug` shows the length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct PictureBytes(Zeroizing<Vec<u8>>);

impl PictureBytes {
    /// Takes the bytes over; they are overwritten when the value is dropped.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to be measured or sent on.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The bytes' SHA-256, under which a picture is remembered.
    pub fn digest(&self) -> Sha256Digest {
        Sha256Digest::of(self.as_slice())
    }
}

impl std::fmt::Debug for PictureBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PictureBytes({} bytes)", self.0.len())
    }
}

/// A SHA-256, kept where the thing itself must not be. `Debug` shows nothing of it: the digest
/// of a picture tells whoever holds the picture that it was used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Sha256Digest([u8; 32]);

impl Sha256Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads 64 hexadecimal digits of either case; nothing else is a digest.
    ///
    /// ```
    /// use signin_core::secret::Sha256Digest;
    /// let digest = Sha256Digest::of(b"abc");
    /// assert_eq!(Sha256Digest::from_hex(&digest.to_hex()), Some(digest));
    /// assert_eq!(Sha256Digest::from_hex("abc"), None);
    /// ```
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        hex::encode(self.0)
    }
}

impl serde::Serialize for Sha256Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_hex())
    }
}

impl<'de> serde::Deserialize<'de> for Sha256Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let expected = || serde::de::Error::custom("expected 64 hexadecimal digits");
        Self::from_hex(&text).ok_or_else(expected)
    }
}

impl std::fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sha256Digest(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_a_picture_or_a_digest() {
        let picture = PictureBytes::new(b"canary-bytes".to_vec());
        let shown = format!("{picture:?} {:?}", picture.digest());
        assert!(!shown.contains("canary") && !shown.contains(&picture.digest().to_hex()[..8]));
        assert_eq!(shown, "PictureBytes(12 bytes) Sha256Digest(hidden)");
    }
}
