//! What can go wrong with a call, and when it does.

use serde::{Deserialize, Serialize};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The service says that it is too busy, in its own words.
    Throttle,
    /// The service says that it failed: status 500.
    Error,
    /// The connection ends without an answer, and the service never hears of the call.
    Reset,
    /// The service never hears of the call, and nothing comes back for ten seconds.
    Stall,
    /// The service does what it was asked; of its answer only half arrives.
    Half,
    /// The service does what it was asked; its answer does not arrive.
    Lost,
    /// The call waits until it is released, and then goes on as if nothing had been.
    Hold,
    /// The service does what it was asked; its answer waits until it is released.
    HoldAnswer,
    /// A search of a collection finds as many faces as a list can hold, and none that is known.
    Crowd,
}

/// Which calls meet which fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The operation, as [`Call::operation`](crate::Call::operation) names it; one that ends with
    /// `*` stands for all that begin so.
    pub operation: String,
    /// Texts that must all stand in path or body.
    #[serde(default)]
    pub containing: Vec<String>,
    /// Texts of which one must stand there, where there are any.
    #[serde(default)]
    pub any_of: Vec<String>,
    /// The access key id that they are signed with, which is a function's own; anybody's where this is
    /// absent.
    #[serde(default)]
    pub signer: Option<String>,
    /// How many of the calls that fit go through first.
    #[serde(default)]
    pub skip: u32,
    /// How many of them meet the fault; all further ones where this is absent.
    #[serde(default)]
    pub times: Option<u32>,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// Whether a call is one that the rule speaks of.
    pub(crate) fn fits(&self, operation: &str, signer: Option<&str>, text: &str) -> bool {
        let named = match self.operation.strip_suffix('*') {
            Some(beginning) => operation.starts_with(beginning),
            None => operation == self.operation,
        };
        let own = self.signer.is_none() || self.signer.as_deref() == signer;
        named && own && holds(text, &self.containing, &self.any_of)
    }
}

/// Whether a text holds all of some parts, and one of others where there are others.
pub(crate) fn holds(text: &str, all: &[String], any: &[String]) -> bool {
    all.iter().all(|part| text.contains(part))
        && (any.is_empty() || any.iter().any(|part| text.contains(part)))
}
