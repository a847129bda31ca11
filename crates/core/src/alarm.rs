//! What raises an alarm: lines of the log that the template's metric filters find by their words.
//!
//! Whoever writes such a line takes its words from here, and a test holds the template's filters and
//! alarms to them, so that neither changes without the other.

/// The message of a line which says that something did not go as it should.
pub const FAULT: &str = "fault";

/// The message of a line which says that tokens were asked for without a full pass.
pub const NO_TOKENS: &str = "no tokens";

/// The kind of a fault: more faces resemble a picture than a search lists, the user's not among them.
pub const CROWDED: &str = "result limit reached";

/// The operation of a fault: Cognito did not revoke somebody's tokens.
pub const SIGN_OUT: &str = "AdminUserGlobalSignOut";

/// What is counted, each by a metric of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Every fault.
    Faults,
    /// Searches whose list was full.
    CrowdedSearches,
    /// Sign-outs that Cognito did not carry out.
    OwedSignOuts,
    /// Tokens that were refused.
    RefusedTokens,
}

impl Alarm {
    /// Every one.
    pub const ALL: [Self; 4] = [
        Self::Faults,
        Self::CrowdedSearches,
        Self::OwedSignOuts,
        Self::RefusedTokens,
    ];

    /// The metric's name.
    pub const fn metric(self) -> &'static str {
        match self {
            Self::Faults => "Faults",
            Self::CrowdedSearches => "CrowdedSearches",
            Self::OwedSignOuts => "OwedSignOuts",
            Self::RefusedTokens => "RefusedTokens",
        }
    }

    /// The members of a line that is counted, each with its value.
    pub const fn line(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Faults => &[("message", FAULT)],
            Self::CrowdedSearches => &[("message", FAULT), ("kind", CROWDED)],
            Self::OwedSignOuts => &[("message", FAULT), ("operation", SIGN_OUT)],
            Self::RefusedTokens => &[("message", NO_TOKENS)],
        }
    }

    /// The pattern by which `CloudWatch` finds such a line.
    ///
    /// ```
    /// use signin_core::alarm::Alarm;
    /// assert_eq!(Alarm::RefusedTokens.pattern(), r#"{ $.message = "no tokens" }"#);
    /// ```
    pub fn pattern(self) -> String {
        let members = self.line().iter();
        let terms = members.map(|(name, value)| format!("$.{name} = \"{value}\""));
        format!("{{ {} }}", terms.collect::<Vec<_>>().join(" && "))
    }
}
