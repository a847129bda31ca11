//! `PICTURE#<sha256>`: a picture, or face data, that must not pass again.

use std::time::Duration;

use signin_core::id::UserName;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::super::attribute::TTL;
use super::super::item::{Write, ttl};
use super::super::picture_key;

/// How long the digest of a picture, or of face data, that passed or was enrolled is remembered.
pub(crate) const PICTURE_KEPT: Duration = Duration::from_hours(400 * 24);

/// Remembers a picture.
pub(crate) fn remembered(user: &UserName, digest: Sha256Digest, now: Timestamp) -> Write {
    Write::to(picture_key(user, digest)).set(TTL, ttl(now.plus(PICTURE_KEPT)))
}
