//! What events bring, read: Cognito's say who is asked and what was answered in a round of a session, who
//! signs up, and of whom something was proven; S3's, what was uploaded.

use crate::challenge::PrivateChallenge;
use crate::id::{ClientId, InvocationId, UserName, UserPoolId};
use crate::reason::Reason;
use crate::secret::Sha256Digest;
use crate::session::Progress;
use crate::sign_up::{Confirmation, SignUp};
use crate::time::Timestamp;

/// An invocation of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// Tells it from every other, its own repeat included.
    pub id: InvocationId,
    /// When it began.
    pub at: Timestamp,
}

/// Who is asked, and what the session has shown.
#[derive(Clone)]
pub struct Asked {
    /// The user's name, or an unknown user's dummy.
    pub user: UserName,
    /// Where the session stands.
    pub progress: Progress,
    /// The digest of the secret that came with the password; none in every other round.
    pub secret: Option<Sha256Digest>,
}

/// An answer to one of our challenges. It has no `Debug`: it may be a picture, or a face template.
#[derive(Clone)]
pub struct Answered {
    /// Who answered.
    pub user: UserName,
    /// The app client whose session it is.
    pub client: ClientId,
    /// The challenge as create-auth-challenge left it.
    pub challenge: PrivateChallenge,
    /// The version of the consent text that the answer agrees to, if any.
    pub consent: Option<String>,
    /// The digest of the nonce that the client sends beside its answers, if it does.
    pub nonce: Option<Sha256Digest>,
    /// The digest of what the client's browser is known by, if it says that.
    pub browser: Option<Sha256Digest>,
    /// Why the answer is refused unread, if it is.
    pub unfit: Option<Reason>,
    /// The client's words. They may be a picture or face data: never to be logged.
    pub answer: String,
}

/// Somebody who signs up, and brought what it takes.
#[derive(Debug)]
pub struct SigningUp {
    /// The account's name.
    pub user: UserName,
    /// Consent, binding and face data, checked.
    pub sign_up: SignUp,
}

/// An account of which something was proven.
#[derive(Debug)]
pub struct Confirmed {
    /// The account.
    pub user: UserName,
    /// The user pool that it is in.
    pub pool: UserPoolId,
    /// What was proven.
    pub confirmation: Confirmation,
}

/// An account whose address somebody who is signed in to it asks to change.
#[derive(Debug)]
pub struct AddressChange {
    /// The account.
    pub user: UserName,
    /// The user pool that it is in.
    pub pool: UserPoolId,
}

/// An object that S3 says was created. `Debug` hides the key, which names a user.
#[derive(Clone, PartialEq, Eq)]
pub struct Created {
    /// The bucket's name.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, in a versioned bucket.
    pub version: Option<String>,
}

impl std::fmt::Debug for Created {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Created(hidden)")
    }
}
