//! The names of the table's attributes, each once. Only this module makes one, so that whatever
//! writes to an item, asks for a condition on it or reads it goes by the same names: the fields of
//! the records are held to them by a test.

/// The name of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attribute(&'static str);

impl Attribute {
    /// The name, as the table has it.
    pub(crate) const fn name(self) -> &'static str {
        self.0
    }
}

impl std::fmt::Display for Attribute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! attributes {
    ($($constant:ident = $name:literal;)*) => {
        $(pub(super) const $constant: Attribute = Attribute($name);)*

        /// Every attribute there is.
        pub(super) const ALL: &[Attribute] = &[$($constant),*];
    };
}

attributes! {
    // The key, when the service sweeps an item, and what is owed of it.
    PK = "PK";
    SK = "SK";
    TTL = "ttl";
    OWED = "owed";
    OWED_AT = "owedAt";

    // A profile. An enrolment has a state and a binding too, an attempt of the latest a state, and a
    // challenge an enrolment.
    STATE = "state";
    BINDING = "binding";
    ENROLMENT = "enrolment";
    WAITING = "waiting";
    FACES = "faces";
    FACE_DATA = "faceData";
    FACE_DATA_MODEL = "faceDataModel";
    DATA_OF = "dataOf";
    DATA_FROM_SIGN_UP = "dataFromSignUp";
    CONSENT = "consent";
    CONSENT_AT = "consentAt";
    CONSENT_BY = "consentBy";
    RESET_AT = "resetAt";
    RESET_BINDING = "resetBinding";
    SIGN_OUT_OWED = "signOutOwed";

    // A face, in a profile and in an enrolment.
    FACE_ID = "faceId";
    COLLECTION = "collection";
    MODEL_VERSION = "modelVersion";
    INDEXED_AT = "indexedAt";
    DOCUMENT_KEY = "documentKey";
    DOCUMENT_VERSION = "documentVersion";

    // An enrolment. A challenge has a call and a lease too.
    KEY = "key";
    VERSION = "version";
    CALL = "call";
    LEASE = "lease";
    REASON = "reason";
    RECOGNITIONS = "recognitions";
    UNSETTLED = "unsettled";

    // A challenge. Whose an enrolment is has the same name.
    USER = "user";
    CONSUMED_AT = "consumedAt";
    ANSWER = "answer";
    TAKEN_OVER = "takenOver";
    VERDICT = "verdict";
    COMPARED = "compared";
    PICTURE = "picture";
    CHOSEN = "chosen";
    SECRET = "secret";
    CODE_FOR = "codeFor";
    CODE_UNTIL = "codeUntil";

    // How a session began, in a challenge and in a pass.
    BEGAN = "began";
    BOUND = "bound";

    // A pass. An attempt of the latest has a moment too.
    AT = "at";
    STEPS = "steps";
    CLIENT = "client";
    NONCE = "nonce";
    USED_AT = "usedAt";
    USED_BY = "usedBy";

    // Attempts: levels, each a count and the moment from which its next fall is counted, and the latest
    // ones by challenge.
    FAST = "fast";
    FAST_SINCE = "fastSince";
    SLOW = "slow";
    SLOW_SINCE = "slowSince";
    UNUSABLE = "unusable";
    UNUSABLE_SINCE = "unusableSince";
    NOT_BEFORE = "notBefore";
    RECENT = "recent";
    EMPTIED_AT = "emptiedAt";
    EMPTIED_BY_RESET_AT = "emptiedByResetAt";

    // A code that is to be mailed. How many were has levels, as attempts have.
    UNTIL = "until";
    PATH = "path";
    MAILED_AT = "mailedAt";
    FAILED_AT = "failedAt";

    // What the owner is to hear has a moment, as a pass has, and where it goes. A browser has whether its
    // first sign-in was an enrolment, of which the owner hears anyway.
    TO = "to";
    ENROLLED = "enrolled";
}
