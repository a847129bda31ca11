//! Tokens only after a full pass: what pre-token-generation decides.
//!
//! verify-auth-challenge records a pass of the user's when the last step of a sign-in has passed.
//! Issuing tokens uses it up. So whatever else may ask Cognito for tokens (another flow, another
//! app client, a changed setting) finds no pass, and gets none.
//!
//! Cognito does not say whose sign-in it wants tokens for. Two at once, one by somebody who has a
//! photograph and one by the owner with password and face, are told apart by the nonces of their
//! clients, and by nothing else. So each nonce has a pass of its own, and a pass without one is worth
//! what the policy asks of everybody, whatever its session has proved: it may be another session that
//! uses it up.
//!
//! A refresh token knows no session. So a refresh is decided by the account as it stands.

use std::str::FromStr;
use std::time::Duration;

use crate::factor::{Enrols, Factor};
use crate::id::ClientId;
use crate::policy::{PASSWORD, Policy};
use crate::reset::Opening;
use crate::secret::Sha256Digest;
use crate::step::Step;
use crate::time::Timestamp;

/// How long after its last step a pass is worth tokens. Cognito asks for them within moments.
pub const GOOD_FOR: Duration = Duration::from_mins(1);

/// How long a request counts as a repeat of the one that used a pass up: Cognito calls again after
/// 5 seconds. One that carries the pass's nonce gets the same answer; any other gets nothing, since
/// it could be a stranger's as well.
pub const REPEATS_WITHIN: Duration = Duration::from_secs(10);

/// The claim of the identity token that names the steps passed.
pub const CLAIM: &str = "signin_steps";

/// The steps that a session has passed, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Whether Cognito checked the password.
    pub password: bool,
    /// Whether an enrolment was made on the way, directly before the first factor that takes one.
    pub enrolled: bool,
    /// The factors.
    pub factors: Vec<Factor>,
}

impl Steps {
    /// Whether tokens may change the account (its address, its password, its existence): only where
    /// the session has proved more than a face, which a photograph can.
    pub fn open_the_account(&self) -> bool {
        let mut factors = self.factors.iter();
        self.password || factors.any(|factor| factor.proves_the_mailbox())
    }

    /// Whether they are all that some chain of a policy asks for.
    pub fn satisfy(&self, policy: &Policy) -> bool {
        policy
            .chains()
            .iter()
            .any(|chain| self.factors == chain.factors() && (self.password || !chain.password()))
    }

    /// What every chain of a policy asks for.
    fn of_every_chain(policy: &Policy) -> Self {
        Self {
            password: policy.always_asks_for_the_password(),
            enrolled: false,
            factors: policy
                .factors()
                .filter(|factor| policy.always_asks_for(*factor))
                .collect(),
        }
    }

    /// Whether there is none to name.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl std::fmt::Display for Steps {
    /// The steps' names with `+` between them, as policies are written.
    ///
    /// ```
    /// use signin_core::{factor::Factor, pass::Steps};
    /// let steps = Steps { password: true, enrolled: true, factors: vec![Factor::Face] };
    /// assert_eq!(steps.to_string(), "PASSWORD+ENROL+FACE");
    /// assert_eq!("PASSWORD+ENROL+FACE".parse(), Ok(steps));
    /// ```
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut steps: Vec<&str> = self.factors.iter().map(|factor| factor.name()).collect();
        if self.enrolled {
            let first = self
                .factors
                .iter()
                .position(|factor| factor.enrols().is_some());
            steps.insert(first.unwrap_or(steps.len()), Step::Enrol.name());
        }
        if self.password {
            steps.insert(0, PASSWORD);
        }
        f.write_str(&steps.join("+"))
    }
}

/// A text that names no steps a session can pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected steps such as PASSWORD+FACE, found something else")]
pub struct UnknownSteps;

impl FromStr for Steps {
    type Err = UnknownSteps;

    fn from_str(text: &str) -> Result<Self, UnknownSteps> {
        let mut steps = Self::default();
        for name in text.split('+') {
            match Factor::parse(name) {
                Some(factor) => steps.factors.push(factor),
                None if name == PASSWORD => steps.password = true,
                None if name == Step::Enrol.name() => steps.enrolled = true,
                None => return Err(UnknownSteps),
            }
        }
        // An enrolment needs the password in the same session. Only the order in which they are written
        // is one in which they can pass.
        let possible = !steps.factors.is_empty() && (steps.password || !steps.enrolled);
        if possible && steps.to_string() == text {
            Ok(steps)
        } else {
            Err(UnknownSteps)
        }
    }
}

/// What the table knows of an account when tokens are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The pass that a request may use up: the last one with its nonce, or the last one without.
    pub pass: Option<Pass>,
    /// Whether a face is active.
    pub face: bool,
    /// Whether face data are active.
    pub face_data: bool,
    /// When the password was last reset, if it was.
    pub reset_at: Option<Timestamp>,
    /// Since when a sign-out everywhere is owed: a reset has happened, or a face or a consent went,
    /// and Cognito has not revoked the refresh tokens from before.
    pub sign_out_owed: Option<Timestamp>,
}

impl Account {
    /// Whether a chain of the policy is open to the account: what the chain compares is enrolled.
    pub fn opens(&self, policy: &Policy) -> bool {
        let mut chains = policy.chains().iter();
        chains.any(|chain| self.has(chain.factors()))
    }

    /// Whether all is enrolled that these factors compare with.
    fn has(&self, factors: &[Factor]) -> bool {
        factors.iter().all(|factor| match factor.enrols() {
            None => true,
            Some(Enrols::Picture) => self.face,
            Some(Enrols::Data) => self.face_data,
        })
    }
}

/// A pass, as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// When the last step passed.
    pub at: Timestamp,
    /// Which steps.
    pub steps: Steps,
    /// The app client whose session it was.
    pub client: ClientId,
    /// How that session began.
    pub session: Opening,
    /// The digest of the session's nonce, where the client sent one.
    pub nonce: Option<Sha256Digest>,
    /// What used it up, if anything has.
    pub used: Option<Use>,
}

impl Pass {
    /// The steps that tokens may claim for it.
    fn worth(&self, policy: &Policy) -> Steps {
        match self.nonce {
            Some(_) => self.steps.clone(),
            None => Steps::of_every_chain(policy),
        }
    }
}

/// A pass was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// By what a repeat is known: [`TokenRequest::known_by`].
    pub by: Sha256Digest,
}

/// The longest nonce that a client may send, in bytes.
pub const MAX_NONCE: usize = 256;

/// The digest of a nonce, as a client sends it in `ClientMetadata.passNonce`; none where it is
/// empty or longer than 256 bytes.
///
/// ```
/// use signin_core::pass::nonce;
/// assert!(nonce("b3a1").is_some());
/// assert!(nonce("").is_none() && nonce(&"x".repeat(257)).is_none());
/// ```
pub fn nonce(text: &str) -> Option<Sha256Digest> {
    let fits = (1..=MAX_NONCE).contains(&text.len());
    fits.then(|| Sha256Digest::of(text.as_bytes()))
}

/// A request for tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// The app client that asks.
    pub client: ClientId,
    /// Why Cognito wants tokens.
    pub cause: Cause,
    /// The digest of the nonce that it carries.
    pub nonce: Option<Sha256Digest>,
    /// The request's digest.
    pub digest: Sha256Digest,
}

impl TokenRequest {
    /// By what a repeat of the request is known: its nonce, or all of it.
    pub fn known_by(&self) -> Sha256Digest {
        self.nonce.unwrap_or(self.digest)
    }
}

/// Why Cognito wants tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A refresh token was shown; it was issued after a pass.
    Refresh,
    /// Anything else: somebody signs in, by whatever flow.
    SignIn,
}

/// What a request for tokens needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A pass, which it uses up: [`Guard::admit`].
    Pass,
    /// An account that may go on: [`Guard::refresh`].
    Account,
    /// Nothing, by the operator's decision.
    Nothing,
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
    /// Its session may have begun before the last password reset.
    BeforeReset,
    /// The request does not carry the nonce of the session that passed.
    AnotherNonce,
    /// The request that used it up was sent again, as Cognito does where the answer is late, or as
    /// somebody else could.
    Repeat,
    /// Another request has used it up, or the repeat comes too late.
    UsedUp,
    /// A refresh, while a sign-out everywhere is owed.
    SignOutOwed,
    /// Nothing is enrolled, or any more, that the policy compares.
    NothingEnrolled,
}

impl Refused {
    /// What the log says.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPass => "no pass on record",
            Self::AnotherClient => "the pass is another app client's",
            Self::TooOld => "the pass is too old",
            Self::OtherSteps => "the pass has other steps than the policy",
            Self::BeforeReset => "the session may be older than the last reset",
            Self::AnotherNonce => "the pass has another nonce",
            Self::Repeat => "the request that used the pass up came again",
            Self::UsedUp => "the pass is used up",
            Self::SignOutOwed => "a sign-out is owed",
            Self::NothingEnrolled => "nothing is enrolled",
        }
    }

    /// Whether somebody may be trying to get past the policy. Repeats and refreshes are what honest
    /// clients and Cognito send as well, and wake nobody.
    pub const fn alarms(self) -> bool {
        match self {
            Self::NoPass
            | Self::AnotherClient
            | Self::TooOld
            | Self::OtherSteps
            | Self::BeforeReset
            | Self::AnotherNonce
            | Self::UsedUp => true,
            Self::Repeat | Self::SignOutOwed | Self::NothingEnrolled => false,
        }
    }
}

impl Guard {
    /// What a request needs.
    pub fn needs(&self, request: &TokenRequest) -> Need {
        match request.cause {
            Cause::Refresh => Need::Account,
            Cause::SignIn if self.unguarded.contains(&request.client) => Need::Nothing,
            Cause::SignIn => Need::Pass,
        }
    }

    /// Whether a refresh may go on, for an account as it stands now. An app client whose users sign
    /// in without a face needs none for a refresh either.
    pub fn refresh(&self, request: &TokenRequest, account: &Account) -> Result<(), Refused> {
        if account.sign_out_owed.is_some() {
            return Err(Refused::SignOutOwed);
        }
        if account.opens(&self.policy) || self.unguarded.contains(&request.client) {
            Ok(())
        } else {
            Err(Refused::NothingEnrolled)
        }
    }

    /// The steps that a request gets tokens for: it may use the pass up, or has used it up already as
    /// its own repeat.
    ///
    /// A pass is worth tokens once. Only a request that carries the nonce of the session may be
    /// repeated: nobody but that client and Cognito knows it.
    pub fn admit(
        &self,
        request: &TokenRequest,
        account: &Account,
        now: Timestamp,
    ) -> Result<Steps, Refused> {
        let pass = account.pass.as_ref().ok_or(Refused::NoPass)?;
        if pass.client != request.client {
            return Err(Refused::AnotherClient);
        }
        if !pass.steps.satisfy(&self.policy) {
            return Err(Refused::OtherSteps);
        }
        if !pass.session.outlives(pass.steps.password, account.reset_at) {
            return Err(Refused::BeforeReset);
        }
        if pass.nonce != request.nonce {
            return Err(Refused::AnotherNonce);
        }
        // After the checks that raise an alarm: the face that passed may have been removed since. That
        // another chain is open by now is worth nothing.
        if !account.has(&pass.steps.factors) {
            return Err(Refused::NothingEnrolled);
        }
        match pass.used {
            None if now > pass.at.plus(GOOD_FOR) => Err(Refused::TooOld),
            None => Ok(pass.worth(&self.policy)),
            Some(used) if used.by != request.known_by() => Err(Refused::UsedUp),
            Some(used) if now > used.at.plus(REPEATS_WITHIN) => Err(Refused::UsedUp),
            Some(_) if pass.nonce.is_some() => Ok(pass.steps.clone()),
            Some(_) => Err(Refused::Repeat),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            nonce: None,
            digest: Sha256Digest::of(b"request"),
        }
    }

    fn with_nonce(text: &str) -> TokenRequest {
        TokenRequest {
            nonce: nonce(text),
            ..request()
        }
    }

    fn pass(steps: &str) -> Pass {
        Pass {
            at: PASSED,
            steps: steps.parse().unwrap(),
            client: client("app"),
            session: Opening {
                began: PASSED,
                bound: false,
            },
            nonce: None,
            used: None,
        }
    }

    fn with(pass: Pass) -> Account {
        Account {
            pass: Some(pass),
            face: true,
            face_data: true,
            ..Account::default()
        }
    }

    fn after(seconds: u64) -> Timestamp {
        PASSED.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn only_a_refresh_and_a_client_that_the_operator_named_need_no_pass() {
        for (name, cause, needed) in [
            ("app", Cause::SignIn, Need::Pass),
            ("kiosk", Cause::SignIn, Need::Nothing),
            ("app", Cause::Refresh, Need::Account),
            ("kiosk", Cause::Refresh, Need::Account),
        ] {
            let request = TokenRequest {
                client: client(name),
                cause,
                ..request()
            };
            assert_eq!(guard("FACE").needs(&request), needed, "{name} {cause:?}");
        }
    }

    #[test]
    fn tokens_need_a_pass_that_is_fresh_and_this_clients() {
        let guard = guard("FACE");
        let face = pass("FACE");
        let none = guard.admit(&request(), &Account::default(), after(0));
        assert_eq!(none, Err(Refused::NoPass));
        let admitted = guard.admit(&request(), &with(face.clone()), after(60));
        assert_eq!(admitted, Ok(face.steps.clone()));
        let late = guard.admit(&request(), &with(face.clone()), after(61));
        assert_eq!(late, Err(Refused::TooOld));
        let foreign = Pass {
            client: client("other"),
            ..face
        };
        let admitted = guard.admit(&request(), &with(foreign), after(0));
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
            let with_nonce = with_nonce("mine");
            for request in [request(), with_nonce] {
                let pass = Pass {
                    nonce: request.nonce,
                    ..pass(steps)
                };
                let found = guard(policy).admit(&request, &with(pass), after(1));
                // Without a nonce, anybody's session may ask.
                let claimed = if request.nonce.is_some() {
                    steps
                } else {
                    policy
                };
                let claimed = claimed.parse().unwrap();
                let expected = admitted.then_some(claimed).ok_or(Refused::OtherSteps);
                assert_eq!(found, expected, "{steps} under {policy}");
            }
        }
    }

    #[test]
    fn a_pass_is_worth_nothing_once_its_face_is_gone() {
        let either = "FACE,PASSWORD+FACE_DATA";
        for (policy, steps) in [
            ("FACE", "FACE"),
            ("FACE_DATA", "FACE_DATA"),
            // Whatever else may open the account by now.
            (either, "FACE"),
            (either, "PASSWORD+FACE_DATA"),
        ] {
            let gone = Account {
                face: steps != "FACE",
                face_data: steps == "FACE",
                ..with(pass(steps))
            };
            let found = guard(policy).admit(&request(), &gone, after(1));
            assert_eq!(
                found,
                Err(Refused::NothingEnrolled),
                "{steps} under {policy}"
            );
        }
    }

    fn used_by(pass: Pass, request: &TokenRequest) -> Pass {
        Pass {
            used: Some(Use {
                at: after(2),
                by: request.known_by(),
            }),
            ..pass
        }
    }

    #[test]
    fn without_a_nonce_a_used_pass_is_worth_nothing_not_even_to_the_same_request() {
        let used = used_by(pass("FACE"), &request());
        let admit = |request: &TokenRequest, seconds| {
            let admitted = guard("FACE").admit(request, &with(used.clone()), after(seconds));
            admitted.map(|steps| steps.to_string())
        };
        assert_eq!(admit(&request(), 2), Err(Refused::Repeat));
        assert_eq!(admit(&request(), 12), Err(Refused::Repeat));
        assert_eq!(admit(&request(), 13), Err(Refused::UsedUp));
        let other = TokenRequest {
            digest: Sha256Digest::of(b"another request"),
            ..request()
        };
        assert_eq!(admit(&other, 3), Err(Refused::UsedUp));
        assert!(!Refused::Repeat.alarms() && Refused::UsedUp.alarms());
    }

    #[test]
    fn a_pass_with_a_nonce_is_worth_tokens_to_who_carries_it_and_again_for_ten_seconds() {
        let fresh = Pass {
            nonce: nonce("mine"),
            ..pass("FACE")
        };
        let used = used_by(fresh.clone(), &with_nonce("mine"));
        let admit = |request: &TokenRequest, pass: &Pass, seconds| {
            let admitted = guard("FACE").admit(request, &with(pass.clone()), after(seconds));
            admitted.map(|steps| steps.to_string())
        };
        for other in [request(), with_nonce("another")] {
            for pass in [&fresh, &used] {
                assert_eq!(admit(&other, pass, 3), Err(Refused::AnotherNonce));
            }
        }
        let anybodys = admit(&with_nonce("mine"), &pass("FACE"), 3);
        assert_eq!(anybodys, Err(Refused::AnotherNonce));
        let mine = with_nonce("mine");
        assert_eq!(admit(&mine, &fresh, 2), Ok("FACE".to_owned()));
        // The rest of the request may differ: Cognito may have changed it.
        let again = TokenRequest {
            digest: Sha256Digest::of(b"again"),
            ..mine
        };
        assert_eq!(admit(&again, &used, 12), Ok("FACE".to_owned()));
        assert_eq!(admit(&again, &used, 13), Err(Refused::UsedUp));
    }

    #[test]
    fn a_pass_of_a_session_that_may_be_older_than_the_last_reset_is_worth_nothing() {
        let minute = |n: u64| PASSED.minus(Duration::from_mins(n));
        for (steps, bound, reset, admitted) in [
            ("FACE", false, PASSED.minus(Duration::from_millis(1)), true),
            ("FACE", false, PASSED, false),
            ("PASSWORD+FACE", false, minute(17), true),
            ("PASSWORD+FACE", false, minute(16), false),
            ("PASSWORD+FACE", true, minute(1), true),
            ("PASSWORD+FACE", true, PASSED, false),
        ] {
            let mut account = with(pass(steps));
            account.reset_at = Some(reset);
            if let Some(pass) = &mut account.pass {
                pass.session.bound = bound;
            }
            let found = guard("FACE").admit(&request(), &account, after(1));
            let expected = if admitted {
                Ok("FACE".parse().unwrap())
            } else {
                Err(Refused::BeforeReset)
            };
            assert_eq!(found, expected, "{steps}, bound: {bound}, reset: {reset:?}");
        }
    }

    #[test]
    fn a_refresh_needs_an_enrolment_that_the_policy_compares_and_no_sign_out_owed() {
        let refresh = |policy: &str, client_id: &str, account: &Account| {
            let request = TokenRequest {
                client: client(client_id),
                cause: Cause::Refresh,
                ..request()
            };
            guard(policy).refresh(&request, account)
        };
        let face = Account {
            face: true,
            ..Account::default()
        };
        let data = Account {
            face_data: true,
            ..Account::default()
        };
        let nobody = Account::default();
        for policy in ["FACE", "PASSWORD+FACE"] {
            assert_eq!(refresh(policy, "app", &face), Ok(()));
            for without in [&data, &nobody] {
                let refused = refresh(policy, "app", without);
                assert_eq!(refused, Err(Refused::NothingEnrolled), "{policy}");
            }
        }
        assert_eq!(refresh("FACE_DATA", "app", &data), Ok(()));
        let refused = refresh("FACE_DATA", "app", &face);
        assert_eq!(refused, Err(Refused::NothingEnrolled));
        assert_eq!(refresh("FACE", "kiosk", &nobody), Ok(()));
        for client in ["app", "kiosk"] {
            let owed = Account {
                sign_out_owed: Some(after(0)),
                ..face.clone()
            };
            let refused = refresh("FACE", client, &owed);
            assert_eq!(refused, Err(Refused::SignOutOwed), "{client}");
        }
    }

    #[test]
    fn a_face_alone_does_not_open_the_account() {
        for (steps, opens) in [
            ("FACE", false),
            ("FACE_DATA", false),
            ("PASSWORD+FACE", true),
            ("PASSWORD+ENROL+FACE", true),
            ("PASSWORD+FACE_DATA", true),
        ] {
            let steps: Steps = steps.parse().unwrap();
            assert_eq!(steps.open_the_account(), opens, "{steps}");
        }
    }

    /// What the table does with a request: it marks the pass where its condition holds, and hands
    /// back what stood there before.
    fn use_up(pass: &mut Pass, request: &TokenRequest, now: Timestamp) -> Pass {
        let before = pass.clone();
        let good = now <= pass.at.plus(GOOD_FOR)
            && pass.client == request.client
            && pass.used.is_none()
            && pass.nonce == request.nonce;
        if good {
            pass.used = Some(Use {
                at: now,
                by: request.known_by(),
            });
        }
        before
    }

    proptest! {
        #[test]
        fn a_pass_admits_one_request_at_most_or_its_own_nonces_only(
            pass_nonce in proptest::option::of(0_u8..2),
            requests in proptest::collection::vec(
                (0_u64..80, proptest::option::of(0_u8..3), 0_u8..3, 0_u8..2),
                0..40,
            ),
        ) {
            let nonce_of = |number: Option<u8>| number.and_then(|number| nonce(&number.to_string()));
            let guard = guard("FACE");
            let mut on_record = Pass { nonce: nonce_of(pass_nonce), ..pass("FACE") };
            let mut now = 0;
            let mut admitted = Vec::new();
            for (wait, number, body, app) in requests {
                // Most follow each other at once.
                now += wait.saturating_sub(60);
                let request = TokenRequest {
                    client: client(["app", "other"][usize::from(app)]),
                    cause: Cause::SignIn,
                    nonce: nonce_of(number),
                    digest: Sha256Digest::of(&[body]),
                };
                let before = use_up(&mut on_record, &request, after(now));
                if guard.admit(&request, &with(before), after(now)).is_ok() {
                    admitted.push((request, now));
                }
            }
            prop_assert!(admitted.iter().all(|(request, _)| request.client == client("app")));
            match on_record.nonce {
                None => {
                    prop_assert!(admitted.len() <= 1);
                    prop_assert!(admitted.iter().all(|(request, _)| request.nonce.is_none()));
                }
                nonce => {
                    prop_assert!(admitted.iter().all(|(request, _)| request.nonce == nonce));
                    let first = admitted.first().map_or(0, |(_, at)| *at);
                    prop_assert!(admitted.iter().all(|(_, at)| *at <= first + 10));
                }
            }
        }
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
