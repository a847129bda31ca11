//! What a session has shown so far, and what comes next: the whole of define-auth-challenge.
//!
//! It is a whitelist. A session is read entry by entry into a [`Session`]; an entry that is not
//! known, that is false where only true can stand, or that comes in an order that cannot be,
//! ends it. Tokens are due only in [`Session::Complete`].
//!
//! Where several chains are open, the first custom step asks which one is walked; every later challenge
//! names it in its metadata, since chains may begin alike. Turning to another chain is a new session.

use crate::factor::{Enrols, Factor};
use crate::id::ChallengeId;
use crate::policy::{Chain, Policy};
use crate::step::{MAX_WRONG, Metadata, Step};

/// Entries that did not pass, of whatever step and for whatever reason, that end a session.
pub const MAX_FALSE_ENTRIES: usize = 10;

/// One entry of a session as Cognito hands it in, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The client began SRP. Cognito always marks it true; it proves nothing.
    SrpA {
        /// `challengeResult`.
        passed: bool,
    },
    /// Cognito checked the password.
    PasswordVerifier {
        /// `challengeResult`.
        passed: bool,
    },
    /// verify-auth-challenge checked a custom challenge.
    Custom {
        /// `challengeResult`.
        passed: bool,
        /// `challengeMetadata`: which step and which challenge.
        metadata: Metadata,
    },
    /// Anything else: another challenge, missing fields, metadata that are not ours.
    Unknown,
}

/// What Cognito is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Every step of a chain stands in the session: issue tokens.
    IssueTokens,
    /// End the session without tokens.
    Fail,
    /// Run the rest of SRP.
    PasswordVerifier,
    /// Ask create-auth-challenge for the next step.
    CustomChallenge,
}

/// Where a session stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// It opened with `SRP_A`; the password is not proven.
    PasswordDue,
    /// A custom step is due.
    StepDue(Progress),
    /// Every step of a chain has passed, in order.
    Complete,
    /// It cannot come to a pass any more, or never could have come about.
    Ended,
}

/// What a running session has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Whether Cognito checked the password in this session.
    pub password_proven: bool,
    policy: Policy,
    answered: Vec<Answered>,
}

/// A custom challenge that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answered {
    metadata: Metadata,
    passed: bool,
}

/// Which chain a session walks, as far as it shows that itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walked {
    /// None yet: several are open, and none is chosen.
    ToChoose,
    /// The one that the last answer has chosen, which stands in that challenge's record.
    Chosen,
    /// The one at this place of the policy.
    Chain(u8),
}

/// How far a session is with an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// One may begin: the password is proven, and the factor that is due takes an enrolment and was not
    /// tried yet.
    Opened(Enrols),
    /// Rounds of one were answered, and none has passed.
    Enrolling(Enrols),
    /// One has passed; the factor decides.
    Enrolled,
    /// There is none for the factor that is due, and will be none.
    Factor,
}

/// A session on a chain.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    progress: &'a Progress,
    chain: &'a Chain,
    place: u8,
    /// The place in the chain of the factor that is due.
    due: usize,
}

impl Progress {
    fn new(policy: &Policy, password_proven: bool) -> Self {
        Self {
            password_proven,
            policy: policy.clone(),
            answered: Vec::new(),
        }
    }

    /// The policy that the session is read under.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Comparisons that this session has refused, where the last answer was, or was not, refused
    /// for what it was compared with. Cognito tells no more than that it did not pass.
    pub fn wrong(&self, last_compared: bool) -> u8 {
        self.answered.last().map_or(0, |last| {
            let more = last_compared && last.is_refused_factor();
            let wrong = last.metadata.wrong.saturating_add(more.into());
            wrong.min(MAX_WRONG)
        })
    }

    /// Attempts that are left in this session after so many refused comparisons: until the third of
    /// those (the published design's three), or until ten entries have not passed for any reason.
    pub fn attempts_left(&self, wrong: u8) -> usize {
        let comparisons = usize::from(MAX_WRONG.saturating_sub(wrong)) + 1;
        comparisons.min(MAX_FALSE_ENTRIES - self.false_entries())
    }

    /// Whether a factor has passed that proves that the mailbox is the person's.
    pub fn mailbox_proven(&self) -> bool {
        let mut passed = self.answered.iter().filter(|answered| answered.passed);
        passed.any(|answered| match answered.metadata.step {
            Step::Verify(factor) => factor.proves_the_mailbox(),
            Step::Select | Step::Enrol => false,
        })
    }

    /// The challenges that were answered, the last one first.
    pub fn answered(&self) -> impl Iterator<Item = &ChallengeId> {
        self.answered
            .iter()
            .rev()
            .map(|answered| &answered.metadata.id)
    }

    /// Whether the last answer did not pass, in a session that goes on.
    pub fn last_refused(&self) -> bool {
        self.answered.last().is_some_and(|last| !last.passed)
    }

    /// The places of the chains that the session can still complete by what it has proved.
    pub fn open(&self) -> impl Iterator<Item = u8> {
        self.policy.open(self.password_proven)
    }

    /// Which chain is walked.
    pub fn walked(&self) -> Walked {
        let mut steps = self.answered.iter().rev();
        let walked = steps.find(|answered| answered.metadata.step != Step::Select);
        let mut open = self.open();
        match (walked, open.next(), open.next()) {
            (Some(walked), ..) => Walked::Chain(walked.metadata.chain),
            (None, Some(only), None) => Walked::Chain(only),
            (None, ..) if self.answered.last().is_some_and(|last| last.passed) => Walked::Chosen,
            (None, ..) => Walked::ToChoose,
        }
    }

    /// The walk on the session's chain; `chosen` is the place that the answer to `SELECT` named. None
    /// where no chain is chosen, or one that is not open.
    pub fn walk(&self, chosen: Option<u8>) -> Option<Walk<'_>> {
        let place = match self.walked() {
            Walked::ToChoose => None,
            Walked::Chosen => chosen,
            Walked::Chain(place) => Some(place),
        };
        let place = place.filter(|place| self.open().any(|open| open == *place))?;
        let chain = self.policy.chain(place)?;
        let passed = self
            .answered
            .iter()
            .filter(|answered| answered.is_passed_factor());
        let due = passed.count();
        (due < chain.factors().len()).then_some(Walk {
            progress: self,
            chain,
            place,
            due,
        })
    }

    fn false_entries(&self) -> usize {
        self.answered
            .iter()
            .filter(|answered| !answered.passed)
            .count()
    }

    /// Whether a challenge may come next: it is new, its step is due on the chain that it names, and its
    /// note of the refused comparisons repeats the last one, or has one more where that was refused.
    fn goes_on_to(&self, metadata: &Metadata) -> bool {
        let new = self.answered().all(|id| *id != metadata.id);
        let last = self.answered.last();
        let before = last.map_or(0, |last| last.metadata.wrong);
        let refused = last.is_some_and(Answered::is_refused_factor);
        let counts = metadata.wrong == before || refused && metadata.wrong == before + 1;
        let walk = || {
            let walk = self.walk(Some(metadata.chain));
            walk.filter(|walk| walk.place == metadata.chain)
        };
        let due = match metadata.step {
            Step::Select => self.walked() == Walked::ToChoose && metadata.chain == 0,
            Step::Enrol => walk().is_some_and(Walk::may_enrol),
            Step::Verify(factor) => walk().is_some_and(|walk| walk.factor() == factor),
        };
        new && counts && due
    }

    /// What an answer makes of the session.
    fn then(mut self, passed: bool, metadata: &Metadata) -> Session {
        if !self.goes_on_to(metadata) {
            return Session::Ended;
        }
        self.answered.push(Answered {
            metadata: metadata.clone(),
            passed,
        });
        let ended = !passed && metadata.wrong == MAX_WRONG;
        if ended || self.false_entries() == MAX_FALSE_ENTRIES {
            return Session::Ended;
        }
        match metadata.step {
            Step::Select => Session::StepDue(self),
            Step::Enrol | Step::Verify(_) if self.walk(None).is_some() => Session::StepDue(self),
            // No factor of the chain is left.
            Step::Enrol | Step::Verify(_) => Session::Complete,
        }
    }
}

impl Answered {
    fn is_passed_factor(&self) -> bool {
        matches!(self.metadata.step, Step::Verify(_)) && self.passed
    }

    fn is_refused_factor(&self) -> bool {
        matches!(self.metadata.step, Step::Verify(_)) && !self.passed
    }
}

impl<'a> Walk<'a> {
    /// What the session has shown.
    pub fn progress(self) -> &'a Progress {
        self.progress
    }

    /// The chain's place in the policy.
    pub fn place(self) -> u8 {
        self.place
    }

    /// The factor that is due, perhaps after an enrolment.
    pub fn factor(self) -> Factor {
        self.chain.factors()[self.due]
    }

    /// The factors that have passed.
    pub fn passed(&self) -> &[Factor] {
        &self.chain.factors()[..self.due]
    }

    /// Whether the chain is complete once the factor that is due has passed.
    pub fn ends_with_factor(self) -> bool {
        self.due + 1 == self.chain.factors().len()
    }

    /// Whether an enrolment has passed in this session.
    pub fn enrolled(self) -> bool {
        let mut answered = self.progress.answered.iter();
        answered.any(|answered| answered.metadata.step == Step::Enrol && answered.passed)
    }

    /// Whether a round of enrolment may come next, as far as the session goes.
    fn may_enrol(self) -> bool {
        let factor = self.factor();
        let tried = |answered: &Answered| answered.metadata.step == Step::Verify(factor);
        self.progress.password_proven
            && factor.enrols().is_some()
            && !self.enrolled()
            && !self.progress.answered.iter().any(tried)
    }

    /// How far the session is with an enrolment for the factor that is due.
    pub fn stage(self) -> Stage {
        let since = |answered: &&Answered| !answered.is_passed_factor();
        let mut since = self.progress.answered.iter().rev().take_while(since);
        let last = self.progress.answered.last();
        let enrols = |answered: &Answered| answered.metadata.step == Step::Enrol;
        if since.any(|answered| enrols(answered) && answered.passed) {
            return Stage::Enrolled;
        }
        match self.factor().enrols().filter(|_| self.may_enrol()) {
            None => Stage::Factor,
            Some(kind) if last.is_some_and(enrols) => Stage::Enrolling(kind),
            Some(kind) => Stage::Opened(kind),
        }
    }
}

impl Session {
    /// Reads a whole session under a policy.
    pub fn read(policy: &Policy, entries: &[Entry]) -> Self {
        let opened = |entries: &[Entry], password_proven| {
            let progress = Progress::new(policy, password_proven);
            if progress.open().next().is_none() {
                return Self::Ended;
            }
            entries
                .iter()
                .fold(Self::StepDue(progress), |session, entry| {
                    match (session, entry) {
                        (Self::StepDue(progress), Entry::Custom { passed, metadata }) => {
                            progress.then(*passed, metadata)
                        }
                        _ => Self::Ended,
                    }
                })
        };
        match entries {
            [Entry::SrpA { passed: true }] => Self::PasswordDue,
            [
                Entry::SrpA { passed: true },
                Entry::PasswordVerifier { passed: true },
                entries @ ..,
            ] => opened(entries, true),
            entries => opened(entries, false),
        }
    }
}

/// Decides what comes next: a pure function of policy, session and whether Cognito knows the
/// user. An unknown user goes through the same steps as everybody and never gets tokens.
///
/// ```
/// use signin_core::session::{define, Entry, Next};
/// let policy = "FACE".parse().unwrap();
/// assert_eq!(define(&policy, &[], false), Next::CustomChallenge);
/// // SRP_A is always "true": it opens the password check and is worth no token.
/// assert_eq!(define(&policy, &[Entry::SrpA { passed: true }], false), Next::PasswordVerifier);
/// ```
pub fn define(policy: &Policy, entries: &[Entry], user_not_found: bool) -> Next {
    match Session::read(policy, entries) {
        Session::StepDue(_) => Next::CustomChallenge,
        Session::PasswordDue => Next::PasswordVerifier,
        Session::Complete if !user_not_found => Next::IssueTokens,
        Session::Complete | Session::Ended => Next::Fail,
    }
}

/// What create-auth-challenge may build on: the progress of a session in which a custom
/// challenge is due, and none of any other.
pub fn progress(policy: &Policy, entries: &[Entry]) -> Option<Progress> {
    match Session::read(policy, entries) {
        Session::StepDue(progress) => Some(progress),
        Session::PasswordDue | Session::Complete | Session::Ended => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::policy::made::{policies, policy};

    const FACE: &str = "FACE";
    const PASSWORD_FACE: &str = "PASSWORD+FACE";
    /// Two chains, both open after the password.
    const EITHER: &str = "FACE,PASSWORD+FACE_DATA";
    const THE_FACE: Step = Step::Verify(Factor::Face);
    const THE_DATA: Step = Step::Verify(Factor::FaceData);
    const SRP_A: Entry = Entry::SrpA { passed: true };
    const PASSWORD: Entry = Entry::PasswordVerifier { passed: true };

    fn tried(step: Step, number: u8, passed: bool) -> Entry {
        noted(step, number, passed, 0)
    }

    /// The same in a session that has had so many comparisons refused.
    fn noted(step: Step, number: u8, passed: bool, wrong: u8) -> Entry {
        on(0, step, number, passed, wrong)
    }

    /// The same on this chain.
    fn on(chain: u8, step: Step, number: u8, passed: bool, wrong: u8) -> Entry {
        let metadata = Metadata {
            step,
            id: ChallengeId::from_random([number; 16]),
            chain,
            wrong,
        };
        Entry::Custom { passed, metadata }
    }

    fn known(name: &str, entries: &[Entry]) -> Next {
        define(&policy(name), entries, false)
    }

    fn running(name: &str, entries: &[Entry]) -> Progress {
        progress(&policy(name), entries).unwrap()
    }

    #[test]
    fn the_published_sign_in_needs_one_passed_face() {
        assert_eq!(known(FACE, &[]), Next::CustomChallenge);
        assert_eq!(
            known(FACE, &[tried(THE_FACE, 1, false)]),
            Next::CustomChallenge
        );
        assert_eq!(
            known(FACE, &[tried(THE_FACE, 1, false), tried(THE_FACE, 2, true)]),
            Next::IssueTokens
        );
    }

    #[test]
    fn three_refused_comparisons_end_a_session() {
        let wrong: Vec<_> = (0..3)
            .map(|wrong| noted(THE_FACE, wrong + 1, false, wrong))
            .collect();
        assert_eq!(known(FACE, &wrong[..2]), Next::CustomChallenge);
        assert_eq!(known(FACE, &wrong), Next::Fail);
        let late = [&wrong[..], &[noted(THE_FACE, 4, true, 2)]].concat();
        assert_eq!(known(FACE, &late), Next::Fail);
        let third_passes = [&wrong[..2], &[noted(THE_FACE, 3, true, 2)]].concat();
        assert_eq!(known(FACE, &third_passes), Next::IssueTokens);
    }

    #[test]
    fn pictures_that_could_not_be_compared_end_a_session_at_the_tenth() {
        let mut entries: Vec<_> = (1..=9).map(|n| tried(THE_FACE, n, false)).collect();
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
        entries.push(tried(THE_FACE, 10, true));
        assert_eq!(known(FACE, &entries), Next::IssueTokens);
        entries.pop();
        entries.push(tried(THE_FACE, 10, false));
        assert_eq!(known(FACE, &entries), Next::Fail);
        // Those of an enrolment among them.
        let mut entries = vec![SRP_A, PASSWORD];
        entries.extend((1..=8).map(|n| tried(Step::Enrol, n, false)));
        entries.push(tried(Step::Enrol, 9, true));
        entries.push(tried(THE_FACE, 10, false));
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
        entries.push(tried(THE_FACE, 11, false));
        assert_eq!(known(FACE, &entries), Next::Fail);
    }

    #[test]
    fn the_count_of_refused_comparisons_goes_up_by_one_at_a_time() {
        for (first, second, next) in [
            (0, 0, Next::CustomChallenge),
            (0, 1, Next::CustomChallenge),
            (0, 2, Next::Fail),
            (1, 1, Next::Fail),
        ] {
            let entries = [
                noted(THE_FACE, 1, false, first),
                noted(THE_FACE, 2, false, second),
            ];
            assert_eq!(known(FACE, &entries), next, "{first} {second}");
        }
        let down = [0, 1, 0].map(|wrong| noted(THE_FACE, wrong + 1, false, wrong));
        assert_eq!(known(FACE, &down), Next::Fail);
        let of_another_chain = on(1, THE_FACE, 1, true, 0);
        assert_eq!(known(FACE, &[of_another_chain]), Next::Fail);
    }

    #[test]
    fn what_is_left_is_what_both_bounds_leave() {
        let left = |entries: &[Entry], compared| {
            let progress = running(FACE, entries);
            let wrong = progress.wrong(compared);
            (wrong, progress.attempts_left(wrong))
        };
        assert_eq!(left(&[], false), (0, 3));
        let one = [tried(THE_FACE, 1, false)];
        assert_eq!(left(&one, false), (0, 3), "a picture without a face");
        assert_eq!(left(&one, true), (1, 2));
        let two = [tried(THE_FACE, 1, false), noted(THE_FACE, 2, false, 1)];
        assert_eq!(left(&two, false), (1, 2));
        assert_eq!(left(&two, true), (2, 1));
        let many: Vec<_> = (1..=8).map(|n| tried(THE_FACE, n, false)).collect();
        assert_eq!(left(&many, false), (0, 2));
        // An enrolment compares with nothing.
        let enrol = [SRP_A, PASSWORD, tried(Step::Enrol, 1, false)];
        assert_eq!(left(&enrol, true), (0, 3));
    }

    #[test]
    fn srp_alone_is_worth_nothing() {
        for policy in policies() {
            let known = |entries: &[Entry]| define(&policy, entries, false);
            assert_eq!(known(&[SRP_A]), Next::PasswordVerifier);
            assert_eq!(known(&[SRP_A, PASSWORD]), Next::CustomChallenge);
            for step in Step::all() {
                assert_eq!(known(&[SRP_A, tried(step, 1, true)]), Next::Fail);
            }
            assert_eq!(known(&[Entry::SrpA { passed: false }]), Next::Fail);
            let wrong = [SRP_A, Entry::PasswordVerifier { passed: false }];
            assert_eq!(known(&wrong), Next::Fail);
            assert_eq!(known(&[PASSWORD]), Next::Fail);
        }
    }

    #[test]
    fn a_policy_with_a_password_does_not_begin_without_one() {
        assert_eq!(known(PASSWORD_FACE, &[]), Next::Fail);
        assert_eq!(
            known(PASSWORD_FACE, &[tried(THE_FACE, 1, true)]),
            Next::Fail
        );
        assert_eq!(
            known(PASSWORD_FACE, &[SRP_A, PASSWORD, tried(THE_FACE, 1, true)]),
            Next::IssueTokens
        );
        assert_eq!(progress(&policy(PASSWORD_FACE), &[]), None);
    }

    #[test]
    fn an_enrolment_is_no_step_of_a_policy() {
        let enrolled = [SRP_A, PASSWORD, tried(Step::Enrol, 1, true)];
        assert_eq!(known(FACE, &enrolled), Next::CustomChallenge);
        let signed_in = [&enrolled[..], &[tried(THE_FACE, 2, true)]].concat();
        assert_eq!(known(FACE, &signed_in), Next::IssueTokens);
    }

    #[test]
    fn an_enrolment_needs_the_password_and_comes_before_the_face() {
        assert_eq!(known(FACE, &[tried(Step::Enrol, 1, false)]), Next::Fail);
        let after_a_face = [
            SRP_A,
            PASSWORD,
            tried(THE_FACE, 1, false),
            tried(Step::Enrol, 2, false),
        ];
        assert_eq!(known(FACE, &after_a_face), Next::Fail);
        let twice = [
            SRP_A,
            PASSWORD,
            tried(Step::Enrol, 1, true),
            tried(Step::Enrol, 2, true),
        ];
        assert_eq!(known(FACE, &twice), Next::Fail);
    }

    #[test]
    fn ten_rounds_of_enrolment_end_a_session() {
        let mut entries = vec![SRP_A, PASSWORD];
        entries.extend((1..=9).map(|n| tried(Step::Enrol, n, false)));
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
        entries.push(tried(Step::Enrol, 10, false));
        assert_eq!(known(FACE, &entries), Next::Fail);
        entries.pop();
        entries.push(tried(Step::Enrol, 10, true));
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
    }

    #[test]
    fn an_unknown_user_walks_the_same_way_and_never_arrives() {
        assert_eq!(define(&policy(FACE), &[], true), Next::CustomChallenge);
        assert_eq!(
            define(&policy(FACE), &[SRP_A], true),
            Next::PasswordVerifier
        );
        assert_eq!(
            define(&policy(FACE), &[tried(THE_FACE, 1, true)], true),
            Next::Fail
        );
    }

    #[test]
    fn a_session_says_how_far_it_is_with_an_enrolment() {
        let failed = [tried(Step::Enrol, 1, false), tried(Step::Enrol, 2, false)];
        let stage = |entries: &[Entry]| {
            let entries = [&[SRP_A, PASSWORD][..], entries].concat();
            running(FACE, &entries).walk(None).unwrap().stage()
        };
        assert_eq!(stage(&[]), Stage::Opened(Enrols::Picture));
        assert_eq!(stage(&failed), Stage::Enrolling(Enrols::Picture));
        assert_eq!(stage(&[tried(Step::Enrol, 1, true)]), Stage::Enrolled);
        let tried_the_face = [tried(Step::Enrol, 1, true), tried(THE_FACE, 2, false)];
        assert_eq!(stage(&tried_the_face), Stage::Enrolled);
        assert_eq!(stage(&[tried(THE_FACE, 1, false)]), Stage::Factor);
        let open = running(FACE, &[]);
        assert_eq!(open.walk(None).unwrap().stage(), Stage::Factor);
    }

    #[test]
    fn the_challenges_of_a_session_are_told_from_the_last_to_the_first() {
        let entries = [
            SRP_A,
            PASSWORD,
            tried(Step::Enrol, 1, false),
            tried(Step::Enrol, 2, false),
        ];
        let progress = running(FACE, &entries);
        let ids: Vec<&str> = progress.answered().map(ChallengeId::as_str).collect();
        assert_eq!(ids, ["02".repeat(16), "01".repeat(16)]);
        assert_eq!(progress.attempts_left(progress.wrong(false)), 3);
        assert_eq!(
            progress.walk(None).unwrap().stage(),
            Stage::Enrolling(Enrols::Picture)
        );
    }

    #[test]
    fn which_chain_is_walked_is_asked_where_several_are_open_and_once() {
        let selects = |number, passed| tried(Step::Select, number, passed);
        // Without the password one chain is open, and nothing is asked.
        assert_eq!(known(EITHER, &[selects(1, true)]), Next::Fail);
        assert_eq!(
            known(EITHER, &[tried(THE_FACE, 1, true)]),
            Next::IssueTokens
        );
        let of_the_other = [on(1, THE_DATA, 1, true, 0)];
        assert_eq!(known(EITHER, &of_the_other), Next::Fail);
        let after_the_password = |entries: &[Entry]| [&[SRP_A, PASSWORD], entries].concat();
        for (entries, walked, next) in [
            (vec![], Some(Walked::ToChoose), Next::CustomChallenge),
            (
                vec![selects(1, false)],
                Some(Walked::ToChoose),
                Next::CustomChallenge,
            ),
            (
                vec![selects(1, true)],
                Some(Walked::Chosen),
                Next::CustomChallenge,
            ),
            (vec![selects(1, true), selects(2, true)], None, Next::Fail),
            (vec![selects(1, true), selects(2, false)], None, Next::Fail),
            (vec![on(1, Step::Select, 1, true, 0)], None, Next::Fail),
            // Nothing before the choice, and a choice that was refused is none.
            (vec![tried(THE_FACE, 1, true)], None, Next::Fail),
            (vec![tried(Step::Enrol, 1, false)], None, Next::Fail),
            (
                vec![selects(1, false), tried(THE_FACE, 2, true)],
                None,
                Next::Fail,
            ),
            (
                vec![
                    selects(1, false),
                    selects(2, true),
                    on(1, THE_DATA, 3, true, 0),
                ],
                None,
                Next::IssueTokens,
            ),
            (
                vec![selects(1, true), on(1, Step::Enrol, 2, false, 0)],
                Some(Walked::Chain(1)),
                Next::CustomChallenge,
            ),
            // A chain's factor is its own, and nobody turns from one chain to the other.
            (
                vec![selects(1, true), on(1, THE_FACE, 2, true, 0)],
                None,
                Next::Fail,
            ),
            (
                vec![selects(1, true), on(2, THE_FACE, 2, true, 0)],
                None,
                Next::Fail,
            ),
            (
                vec![
                    selects(1, true),
                    tried(THE_FACE, 2, false),
                    on(1, THE_DATA, 3, true, 0),
                ],
                None,
                Next::Fail,
            ),
            (
                vec![
                    selects(1, true),
                    on(1, Step::Enrol, 2, true, 0),
                    tried(THE_FACE, 3, true),
                ],
                None,
                Next::Fail,
            ),
        ] {
            let session = after_the_password(&entries);
            assert_eq!(known(EITHER, &session), next, "{entries:?}");
            let progress = progress(&policy(EITHER), &session);
            assert_eq!(
                progress.map(|progress| progress.walked()),
                walked,
                "{entries:?}"
            );
        }
        // What was chosen stands in the record, and is one of those that are open.
        let chosen = running(EITHER, &after_the_password(&[selects(1, true)]));
        let factor = |place| chosen.walk(place).map(Walk::factor);
        assert_eq!(factor(Some(0)), Some(Factor::Face));
        assert_eq!(factor(Some(1)), Some(Factor::FaceData));
        assert_eq!((factor(Some(2)), factor(None)), (None, None));
    }

    #[test]
    fn a_chain_passes_whole_and_in_order() {
        let chain = Chain::new(true, vec![Factor::Face, Factor::FaceData]).unwrap();
        let policy = Policy::new(vec![chain]).unwrap();
        let known =
            |entries: &[Entry]| define(&policy, &[&[SRP_A, PASSWORD], entries].concat(), false);
        let face = |passed| tried(THE_FACE, 1, passed);
        let data = |passed| tried(THE_DATA, 2, passed);
        assert_eq!(known(&[face(true)]), Next::CustomChallenge);
        assert_eq!(known(&[face(true), data(true)]), Next::IssueTokens);
        assert_eq!(known(&[face(true), tried(THE_FACE, 2, true)]), Next::Fail);
        assert_eq!(known(&[face(false), data(true)]), Next::Fail);
        assert_eq!(known(&[data(true), face(true)]), Next::Fail);
        assert_eq!(known(&[data(true)]), Next::Fail);
        // The refused comparisons of one factor count on at the next.
        let later = |wrong| noted(THE_DATA, 4, false, wrong);
        let both = [face(false), noted(THE_FACE, 3, true, 1), later(1)];
        assert_eq!(known(&both), Next::CustomChallenge);
        let ended = [&both[..], &[noted(THE_DATA, 5, false, 2)]].concat();
        assert_eq!(known(&ended), Next::Fail);
        let forgotten = [face(false), noted(THE_FACE, 3, true, 1), later(0)];
        assert_eq!(known(&forgotten), Next::Fail);
        let after_a_pass = [face(true), noted(THE_DATA, 2, false, 1)];
        assert_eq!(known(&after_a_pass), Next::Fail, "a pass refused nothing");
        let session = [SRP_A, PASSWORD, face(true)];
        let progress = progress(&policy, &session).unwrap();
        let walk = progress.walk(None).unwrap();
        assert_eq!(
            (walk.passed(), walk.factor()),
            (&[Factor::Face][..], Factor::FaceData)
        );
        assert!(walk.ends_with_factor() && !walk.enrolled());
    }

    /// The alphabet of sessions: every entry there is, true and false, on these chains.
    fn alphabet(chains: u8) -> Vec<Entry> {
        let mut entries = vec![Entry::Unknown];
        for passed in [true, false] {
            entries.push(Entry::SrpA { passed });
            entries.push(Entry::PasswordVerifier { passed });
            for chain in 0..chains {
                for wrong in 0..=MAX_WRONG {
                    entries.extend(Step::all().map(|step| on(chain, step, 0, passed, wrong)));
                }
            }
        }
        entries
    }

    /// Gives each custom entry a challenge id of its own.
    fn numbered(entries: &mut [Entry]) {
        for (entry, number) in entries.iter_mut().zip(1..) {
            if let Entry::Custom { metadata, .. } = entry {
                metadata.id = ChallengeId::from_random([number; 16]);
            }
        }
    }

    /// What a session worth tokens looks like, said in another way than the state machine does: the
    /// steps as one text, a letter each, that matches what some chain asks for, and counts that add up.
    fn worth_tokens(policy: &Policy, entries: &[Entry]) -> bool {
        let (password, rest) = match entries {
            [
                Entry::SrpA { passed: true },
                Entry::PasswordVerifier { passed: true },
                rest @ ..,
            ] => (true, rest),
            rest => (false, rest),
        };
        let mut steps = Vec::new();
        for entry in rest {
            let Entry::Custom { passed, metadata } = entry else {
                return false;
            };
            steps.push((metadata, *passed));
        }
        // Letters: a lower one did not pass, an upper one did.
        let letter = |step: Step, passed: bool| {
            let letter = match step {
                Step::Select => 's',
                Step::Enrol => 'e',
                // None of them is an `s`: there are far fewer.
                Step::Verify(factor) => {
                    let place = Factor::iter().position(|one| one == factor);
                    char::from(b'f' + u8::try_from(place.expect("it is one")).unwrap())
                }
            };
            if passed {
                letter.to_ascii_uppercase()
            } else {
                letter
            }
        };
        let text: String = steps
            .iter()
            .map(|(metadata, passed)| letter(metadata.step, *passed))
            .collect();
        let open: Vec<usize> = (0..policy.chains().len())
            .filter(|place| password || !policy.chains()[*place].password())
            .collect();
        let chosen = if open.len() > 1 {
            text.trim_start_matches('s').strip_prefix('S')
        } else {
            Some(&*text)
        };
        let Some(after_the_choice) = chosen else {
            return false;
        };
        let choices = text.len() - after_the_choice.len();
        let walked = open.iter().any(|place| {
            let named = |(at, (metadata, _)): (usize, &(&Metadata, bool))| {
                usize::from(metadata.chain) == if at < choices { 0 } else { *place }
            };
            let mut left = after_the_choice;
            let mut may_enrol = password;
            let whole = policy.chains()[*place].factors().iter().all(|factor| {
                if may_enrol && factor.enrols().is_some() {
                    let rounds = left.trim_start_matches('e');
                    left = rounds.strip_prefix('E').unwrap_or(rounds);
                    may_enrol = left == rounds;
                }
                let letters = [false, true].map(|passed| letter(Step::Verify(*factor), passed));
                match left.trim_start_matches(letters[0]).strip_prefix(letters[1]) {
                    Some(rest) => left = rest,
                    None => return false,
                }
                true
            });
            whole && left.is_empty() && steps.iter().enumerate().all(named)
        });
        let failures = text.chars().filter(char::is_ascii_lowercase).count();
        let last_failures = steps
            .iter()
            .filter(|(metadata, passed)| !passed && metadata.wrong >= 2);
        let counts_up = steps.windows(2).all(|pair| {
            let [(before, passed), (after, _)] = pair else {
                unreachable!("windows of two")
            };
            let compared = !passed && matches!(before.step, Step::Verify(_));
            let up = after.wrong.checked_sub(before.wrong);
            up == Some(0) || compared && up == Some(1)
        });
        let from_zero = steps
            .first()
            .is_none_or(|(metadata, _)| metadata.wrong == 0);
        walked && failures < 10 && last_failures.count() == 0 && counts_up && from_zero
    }

    /// Walks through every session of so many entries that goes on, and one entry beyond each that has
    /// ended; returns how many.
    fn walk(policy: &Policy, entries: &mut Vec<Entry>, alphabet: &[Entry], depth: usize) -> u64 {
        let mut session = entries.clone();
        numbered(&mut session);
        let expected = worth_tokens(policy, &session);
        let next = define(policy, &session, false);
        assert_eq!(next == Next::IssueTokens, expected, "{policy} {session:?}");
        // Nothing comes after a session that failed, so its continuations cannot either; one level
        // deeper shows it.
        let depth = if next == Next::Fail {
            depth.min(1)
        } else {
            depth
        };
        let mut walked = 1;
        if depth > 0 {
            let last_level = if next == Next::Fail { 0 } else { depth - 1 };
            for entry in alphabet {
                entries.push(entry.clone());
                walked += walk(policy, entries, alphabet, last_level);
                entries.pop();
            }
        }
        walked
    }

    /// Every session of up to seven entries under a policy of one chain, and of up to six under one of
    /// two; below, at random, far longer ones.
    #[test]
    fn every_short_session_gets_tokens_exactly_when_it_has_earned_them() {
        let policies = policies();
        assert!(policies.len() > 20, "{}", policies.len());
        let mut walked = 0;
        for policy in &policies {
            let chains = policy.chains().len();
            let (depth, chains) = if chains == 1 { (7, 1) } else { (6, 2) };
            walked += walk(policy, &mut Vec::new(), &alphabet(chains), depth);
        }
        assert!(walked > 1_000_000, "{walked}");
    }

    fn any_policy() -> impl Strategy<Value = Policy> {
        proptest::sample::select(policies())
    }

    /// Mostly plausible sessions: random garbage alone would hardly ever get past two entries.
    fn any_session() -> impl Strategy<Value = (Policy, Vec<Entry>)> {
        let steps = (
            0_usize..3,
            proptest::sample::select(vec![0_usize, 0, 1, 2]),
            0_usize..12,
            any::<bool>(),
            proptest::collection::vec((0_usize..5, 0_u8..2), 3),
            proptest::collection::vec(proptest::sample::select(alphabet(2)), 0..3),
            any::<proptest::sample::Index>(),
        );
        (any_policy(), any::<bool>(), steps, 0_u8..3).prop_map(
            |(
                policy,
                password,
                (choices, rounds_before, rounds, enrolled, attempts, rest, place),
                chain,
            )| {
                let mut entries = Vec::new();
                if password {
                    entries.extend([SRP_A, PASSWORD]);
                }
                if policy.open(password).count() > 1 {
                    let refused = (0..choices).map(|_| tried(Step::Select, 0, false));
                    entries.extend(refused.chain([tried(Step::Select, 0, true)]));
                }
                let chain = if policy.chain(chain).is_some() {
                    chain
                } else {
                    0
                };
                if password && rounds_before > 0 {
                    let failed = (0..rounds).map(|_| on(chain, Step::Enrol, 0, false, 0));
                    entries.extend(failed);
                    entries.extend(enrolled.then(|| on(chain, Step::Enrol, 0, true, 0)));
                }
                let mut wrong = 0;
                let factors = policy.chains()[usize::from(chain)].factors();
                for (factor, (failed, more)) in factors.iter().zip(attempts) {
                    let step = Step::Verify(*factor);
                    for _ in 0..failed {
                        entries.push(on(chain, step, 0, false, wrong));
                        wrong = (wrong + more).min(MAX_WRONG);
                    }
                    entries.push(on(chain, step, 0, true, wrong));
                }
                for entry in rest {
                    entries.insert(place.index(entries.len() + 1), entry);
                }
                numbered(&mut entries);
                (policy, entries)
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn tokens_are_issued_only_when_every_step_of_a_chain_passed_in_order(
            (policy, entries) in any_session(),
        ) {
            let expected = worth_tokens(&policy, &entries);
            prop_assert_eq!(define(&policy, &entries, false) == Next::IssueTokens, expected);
            prop_assert_ne!(define(&policy, &entries, true), Next::IssueTokens);
        }

        #[test]
        fn an_entry_that_is_not_known_ends_a_session_wherever_it_stands(
            (policy, mut entries) in any_session(),
            place in any::<proptest::sample::Index>(),
        ) {
            entries.insert(place.index(entries.len() + 1), Entry::Unknown);
            prop_assert_eq!(define(&policy, &entries, false), Next::Fail);
        }

        #[test]
        fn a_session_that_failed_never_recovers(
            (policy, mut entries) in any_session(),
            (_, more) in any_session(),
        ) {
            if define(&policy, &entries, false) != Next::Fail {
                entries.push(Entry::Unknown);
            }
            let first = u8::try_from(entries.len()).unwrap();
            for (entry, number) in more.into_iter().zip(first..) {
                entries.push(match entry {
                    Entry::Custom { passed, metadata } => {
                        on(metadata.chain, metadata.step, number + 1, passed, metadata.wrong)
                    }
                    other => other,
                });
            }
            prop_assert_eq!(define(&policy, &entries, false), Next::Fail);
        }

        #[test]
        fn a_challenge_counts_once(policy in any_policy(), passed: bool) {
            let step = Step::Verify(policy.chains()[0].factors()[0]);
            let mut entries = vec![SRP_A, PASSWORD];
            if policy.chains().len() > 1 {
                entries.push(tried(Step::Select, 3, true));
            }
            entries.push(tried(step, 1, false));
            prop_assert_eq!(define(&policy, &entries, false), Next::CustomChallenge);
            entries.push(tried(step, 1, passed));
            prop_assert_eq!(define(&policy, &entries, false), Next::Fail);
        }
    }
}
