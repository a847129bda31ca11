//! Tokens only after a full pass: what pre-token-generation decides.
//!
//! verify-auth-challenge records a pass with the user when the last step of a sign-in has passed.
//! Issuing tokens uses it up. So whatever else may ask Cognito for tokens (another flow, another
//! app client, a changed setting) finds no pass, and gets none.

use std::str::FromStr;
use std::time::Duration;

use crate::id::ClientId;
use crate::lockout::Path;
use crate::policy::{Factor, Policy};
use crate::secret::Sha256Digest;
use crate::time::Timestamp;

/// How long after its last step a pass is worth tokens. Cognito asks for them within moments.
pub const GOOD_FOR: Duration = Duration::from_mins(1);

/// How long a repeat of the request that used a pass up gets the same answer: Cognito calls again
/// after 5 seconds.
pub const REPEATS_WITHIN: Duration = Duration::from_secs(10);

/// The claim of the identity token that names the steps passed.
pub const CLAIM: &str = "signin_steps";

/// The steps that a session has passed, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Whether Cognito checked the password.
    pub password: bool,
    /// Whether a document was enrolled on the way.
    pub enrolled: bool,
    /// The factor that passed in the end.
    pub factor: Factor,
}

impl Steps {
    /// The steps of a session whose factor has passed on a path.
    pub fn passed(path: Path, enrolled: bool, factor: Factor) -> Self {
        Self {
            password: path == Path::Password,
            enrolled,
            factor,
        }
    }

    /// Whether they are all that a policy asks for.
    pub fn satisfy(self, policy: Policy) -> bool {
        self.factor == policy.factor && (self.password || !policy.password)
    }
}

impl std::fmt::Display for Steps {
    /// The steps' names with `+` between them, as policies are written.
    ///
    /// ```
    /// use signin_core::{lockout::Path, pass::Steps, policy::Factor};
    /// let steps = Steps::passed(Path::Password, true, Factor::Face);
    /// assert_eq!(steps.to_string(), "PASSWORD+ENROL+FACE");
    /// assert_eq!("PASSWORD+ENROL+FACE".parse(), Ok(steps));
    /// ```
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.password {
            f.write_str("PASSWORD+")?;
        }
        if self.enrolled {
            f.write_str("ENROL+")?;
        }
        f.write_str(self.factor.step().name())
    }
}

/// A text that names no steps a session can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected steps such as PASSWORD+FACE, found something else")]
pub struct UnknownSteps;

impl FromStr for Steps {
    type Err = UnknownSteps;

    fn from_str(text: &str) -> Result<Self, UnknownSteps> {
        let (password, text) = optional(text, "PASSWORD+");
        let (enrolled, text) = optional(text, "ENROL+");
        let factor = [Factor::Face, Factor::FaceData]
            .into_iter()
            .find(|factor| factor.step().name() == text)
            .ok_or(UnknownSteps)?;
        // An enrolment needs the password in the same session.
        if enrolled && !password {
            return Err(UnknownSteps);
        }
        Ok(Self {
            password,
            enrolled,
            factor,
        })
    }
}

fn optional<'a>(text: &'a str, prefix: &str) -> (bool, &'a str) {
    match text.strip_prefix(prefix) {
        Some(rest) => (true, rest),
        None => (false, text),
    }
}

/// The last pass of a user, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// When the last step passed.
    pub at: Timestamp,
    /// Which steps.
    pub steps: Steps,
    /// The app client whose session it was.
    pub client: ClientId,
    /// What used it up, if anything has.
    pub used: Option<Use>,
}

/// A pass was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// The digest of the request that did it, by which a repeat is known.
    pub request: Sha256Digest,
}

/// A request for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The app client that asks.
    pub client: ClientId,
    /// Why Cognito wants tokens.
    pub cause: Cause,
    /// The request's digest.
    pub digest: Sha256Digest,
}

/// Why Cognito wants tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A refresh token was shown; it was issued after a pass.
    Refresh,
    /// Anything else: somebody signs in, by whatever flow.
    SignIn,
}

/// Which requests need a pass, and of which steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The policy that a pass must satisfy.
    pub policy: Policy,
    /// App clients whose users sign in without a face, by the operator's decision.
    pub unguarded: Vec<ClientId>,
}

/// Why no tokens are issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No pass is on record.
    NoPass,
    /// It was another app client's.
    AnotherClient,
    /// It is older than [`GOOD_FOR`].
    TooOld,
    /// Its steps are not the policy's.
    OtherSteps,
    /// Another request has used it up, or the repeat comes too late.
    UsedUp,
}

impl Refused {
    /// What the log says.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPass => "no pass on record",
            Self::AnotherClient => "the pass is another app client's",
            Self::TooOld => "the pass is too old",
            Self::OtherSteps => "the pass has other steps than the policy",
            Self::UsedUp => "the pass is used up",
        }
    }
}

impl Guard {
    /// Whether a request needs a pass at all.
    pub fn needs_pass(&self, request: &TokenRequest) -> bool {
        request.cause != Cause::Refresh && !self.unguarded.contains(&request.client)
    }

    /// The steps whose pass a request may use up, or has used up already as its own repeat.
    pub fn admit(
        &self,
        request: &TokenRequest,
        pass: Option<&Pass>,
        now: Timestamp,
    ) -> Result<Steps, Refused> {
        let pass = pass.ok_or(Refused::NoPass)?;
        if pass.client != request.client {
            return Err(Refused::AnotherClient);
        }
        if !pass.steps.satisfy(self.policy) {
            return Err(Refused::OtherSteps);
        }
        match pass.used {
            None if now > pass.at.plus(GOOD_FOR) => Err(Refused::TooOld),
            None => Ok(pass.steps),
            Some(used) if used.request == request.digest && now <= used.at.plus(REPEATS_WITHIN) => {
                Ok(pass.steps)
            }
            Some(_) => Err(Refused::UsedUp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: Timestamp = Timestamp::from_millis(1_000_000);

    fn client(name: &str) -> ClientId {
        ClientId::parse(name).unwrap()
    }

    fn guard(policy: &str) -> Guard {
        Guard {
            policy: policy.parse().unwrap(),
            unguarded: vec![client("kiosk")],
        }
    }

    fn request() -> TokenRequest {
        TokenRequest {
            client: client("app"),
            cause: Cause::SignIn,
            digest: Sha256Digest::of(b"request"),
        }
    }

    fn pass(steps: &str) -> Pass {
        Pass {
            at: PASSED,
            steps: steps.parse().unwrap(),
            client: client("app"),
            used: None,
        }
    }

    fn after(seconds: u64) -> Timestamp {
        PASSED.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn only_a_refresh_and_a_client_that_the_operator_named_need_no_pass() {
        let guard = guard("FACE");
        assert!(guard.needs_pass(&request()));
        let refresh = TokenRequest {
            cause: Cause::Refresh,
            ..request()
        };
        assert!(!guard.needs_pass(&refresh));
        let kiosk = TokenRequest {
            client: client("kiosk"),
            ..request()
        };
        assert!(!guard.needs_pass(&kiosk));
    }

    #[test]
    fn tokens_need_a_pass_that_is_fresh_and_this_clients() {
        let guard = guard("FACE");
        let face = pass("FACE");
        assert_eq!(
            guard.admit(&request(), None, after(0)),
            Err(Refused::NoPass)
        );
        let admitted = guard.admit(&request(), Some(&face), after(60));
        assert_eq!(admitted, Ok(face.steps));
        let late = guard.admit(&request(), Some(&face), after(61));
        assert_eq!(late, Err(Refused::TooOld));
        let foreign = Pass {
            client: client("other"),
            ..face
        };
        let admitted = guard.admit(&request(), Some(&foreign), after(0));
        assert_eq!(admitted, Err(Refused::AnotherClient));
    }

    #[test]
    fn a_pass_is_worth_tokens_under_the_policy_that_it_satisfies() {
        for (policy, steps, admitted) in [
            ("FACE", "FACE", true),
            ("FACE", "PASSWORD+FACE", true),
            ("FACE", "PASSWORD+ENROL+FACE", true),
            ("PASSWORD+FACE", "PASSWORD+ENROL+FACE", true),
            ("PASSWORD+FACE", "FACE", false),
            ("FACE", "FACE_DATA", false),
            ("FACE_DATA", "FACE", false),
        ] {
            let found = guard(policy).admit(&request(), Some(&pass(steps)), after(1));
            assert_eq!(found.is_ok(), admitted, "{steps} under {policy}");
        }
    }

    #[test]
    fn a_pass_is_used_up_once_and_only_the_same_request_repeats_it_for_ten_seconds() {
        let used = Pass {
            used: Some(Use {
                at: after(2),
                request: request().digest,
            }),
            ..pass("FACE")
        };
        let guard = guard("FACE");
        let admit = |request: &TokenRequest, seconds| {
            guard
                .admit(request, Some(&used), after(seconds))
                .map(|steps| steps.to_string())
        };
        assert_eq!(admit(&request(), 12), Ok("FACE".to_owned()));
        assert_eq!(admit(&request(), 13), Err(Refused::UsedUp));
        let other = TokenRequest {
            digest: Sha256Digest::of(b"another request"),
            ..request()
        };
        assert_eq!(admit(&other, 3), Err(Refused::UsedUp));
    }

    #[test]
    fn steps_that_cannot_be_passed_are_not_read() {
        for text in [
            "",
            "PASSWORD",
            "ENROL+FACE",
            "FACE+PASSWORD",
            "ENROL+PASSWORD+FACE",
            "face",
            "FACE+",
        ] {
            assert_eq!(text.parse::<Steps>(), Err(UnknownSteps), "{text}");
        }
    }
}
