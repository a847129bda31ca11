//! What a session has shown so far, and what comes next: the whole of define-auth-challenge.
//!
//! It is a whitelist. A session is read entry by entry into a [`Session`]; an entry that is not
//! known, that is false where only true can stand, or that comes in an order that cannot be,
//! ends it. Tokens are due only in [`Session::Complete`].

use crate::id::ChallengeId;
use crate::policy::Policy;
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
    /// Every step of the policy stands in the session: issue tokens.
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
    /// Nothing stands in it yet.
    Opened,
    /// It opened with `SRP_A`; the password is not proven.
    PasswordDue,
    /// The policy's factor is due, perhaps after an enrolment.
    FactorDue(Progress),
    /// Every step of the policy has passed, in order.
    Complete,
    /// It cannot come to a pass any more, or never could have come about.
    Ended,
}

/// What the custom steps of a running session have shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whether Cognito checked the password in this session.
    pub password_proven: bool,
    tried: Vec<Metadata>,
    enrolled: bool,
    false_entries: usize,
}

/// How far a session is with an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password is proven, and no custom challenge was answered yet: one may begin.
    Opened,
    /// Rounds of one were answered, and none has passed.
    Enrolling,
    /// One has passed; the factor decides.
    Enrolled,
    /// There is none in this session and will be none.
    Factor,
}

impl Progress {
    /// Comparisons that this session has refused, where the last answer was, or was not, refused
    /// for what it was compared with. Cognito tells no more than that it did not pass.
    pub fn wrong(&self, last_compared: bool) -> u8 {
        self.last_at_factor().map_or(0, |last| {
            last.wrong
                .saturating_add(last_compared.into())
                .min(MAX_WRONG)
        })
    }

    /// Tries that are left in this session after so many refused comparisons: until the third of
    /// those (the published design's three), or until ten entries have not passed for any reason.
    pub fn attempts_left(&self, wrong: u8) -> usize {
        let comparisons = usize::from(MAX_WRONG.saturating_sub(wrong)) + 1;
        comparisons.min(MAX_FALSE_ENTRIES - self.false_entries)
    }

    /// The last challenge that was no enrolment's.
    fn last_at_factor(&self) -> Option<&Metadata> {
        self.last().filter(|last| last.step != Step::Enrol)
    }

    /// Whether a note of this many refused comparisons may come next: it repeats the last one, or
    /// has one more.
    fn goes_on_to(&self, wrong: u8) -> bool {
        let last = self.last_at_factor();
        last.map_or(wrong == 0, |last| {
            (0..=1).contains(&wrong.wrapping_sub(last.wrong))
        })
    }

    /// The last custom challenge that was answered.
    pub fn last(&self) -> Option<&Metadata> {
        self.tried.last()
    }

    /// The challenges that were answered, the last one first.
    pub fn answered(&self) -> impl Iterator<Item = &ChallengeId> {
        self.tried.iter().rev().map(|tried| &tried.id)
    }

    /// Whether the last answer did not pass, in a session that goes on.
    pub fn last_refused(&self) -> bool {
        // Of the steps that a session goes on after, only an enrolment can have passed.
        self.last()
            .is_some_and(|last| last.step != Step::Enrol || !self.enrolled)
    }

    /// Whether a round of enrolment may come next, as far as the session goes: the password is
    /// proven, no round has passed and the factor has not been tried.
    pub fn may_enrol(&self) -> bool {
        self.password_proven && !self.enrolled && self.tried.iter().all(|t| t.step == Step::Enrol)
    }

    /// How far the session is with an enrolment.
    pub fn stage(&self) -> Stage {
        if self.enrolled {
            Stage::Enrolled
        } else if !self.may_enrol() {
            Stage::Factor
        } else if self.tried.is_empty() {
            Stage::Opened
        } else {
            Stage::Enrolling
        }
    }
}

impl Session {
    /// Reads a whole session under a policy.
    pub fn read(policy: Policy, entries: &[Entry]) -> Self {
        entries
            .iter()
            .fold(Self::Opened, |session, entry| session.then(policy, entry))
    }

    fn then(self, policy: Policy, entry: &Entry) -> Self {
        match (self, entry) {
            (Self::Opened, Entry::SrpA { passed: true }) => Self::PasswordDue,
            (Self::PasswordDue, Entry::PasswordVerifier { passed: true }) => {
                Self::FactorDue(Progress {
                    password_proven: true,
                    ..Progress::default()
                })
            }
            (Self::Opened, Entry::Custom { passed, metadata }) if !policy.password => {
                custom(policy, Progress::default(), *passed, metadata)
            }
            (Self::FactorDue(progress), Entry::Custom { passed, metadata }) => {
                custom(policy, progress, *passed, metadata)
            }
            _ => Self::Ended,
        }
    }
}

/// What a custom entry makes of a running session.
fn custom(policy: Policy, mut progress: Progress, passed: bool, metadata: &Metadata) -> Session {
    let again = progress.tried.iter().any(|tried| tried.id == metadata.id);
    // A policy has one chain so far.
    if again || metadata.chain != 0 || !progress.goes_on_to(metadata.wrong) {
        return Session::Ended;
    }
    let enrols = metadata.step == Step::Enrol;
    if enrols && !progress.may_enrol() || !enrols && metadata.step != policy.factor.step() {
        return Session::Ended;
    }
    match (metadata.step, passed) {
        (Step::Enrol, true) => progress.enrolled = true,
        (Step::Face | Step::FaceData, true) => return Session::Complete,
        (Step::Face | Step::FaceData, false) if metadata.wrong == MAX_WRONG => {
            return Session::Ended;
        }
        (Step::Enrol | Step::Face | Step::FaceData, false) => progress.false_entries += 1,
    }
    progress.tried.push(metadata.clone());
    if progress.false_entries < MAX_FALSE_ENTRIES {
        Session::FactorDue(progress)
    } else {
        Session::Ended
    }
}

/// Decides what comes next: a pure function of policy, session and whether Cognito knows the
/// user. An unknown user goes through the same steps as everybody and never gets tokens.
///
/// ```
/// use signin_core::session::{define, Entry, Next};
/// let policy = "FACE".parse().unwrap();
/// assert_eq!(define(policy, &[], false), Next::CustomChallenge);
/// // SRP_A is always "true": it opens the password check and is worth no token.
/// assert_eq!(define(policy, &[Entry::SrpA { passed: true }], false), Next::PasswordVerifier);
/// ```
pub fn define(policy: Policy, entries: &[Entry], user_not_found: bool) -> Next {
    match Session::read(policy, entries) {
        Session::Opened if policy.password => Next::Fail,
        Session::Opened | Session::FactorDue(_) => Next::CustomChallenge,
        Session::PasswordDue => Next::PasswordVerifier,
        Session::Complete if !user_not_found => Next::IssueTokens,
        Session::Complete | Session::Ended => Next::Fail,
    }
}

/// What create-auth-challenge may build on: the progress of a session in which a custom
/// challenge is due, and none of any other.
pub fn progress(policy: Policy, entries: &[Entry]) -> Option<Progress> {
    match Session::read(policy, entries) {
        Session::Opened if !policy.password => Some(Progress::default()),
        Session::FactorDue(progress) => Some(progress),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::step::Factor;

    const FACE: Policy = Policy {
        password: false,
        factor: Factor::Face,
    };
    const PASSWORD_FACE: Policy = Policy {
        password: true,
        factor: Factor::Face,
    };
    const SRP_A: Entry = Entry::SrpA { passed: true };
    const PASSWORD: Entry = Entry::PasswordVerifier { passed: true };

    fn tried(step: Step, number: u8, passed: bool) -> Entry {
        noted(step, number, passed, 0)
    }

    /// The same in a session that has had so many comparisons refused.
    fn noted(step: Step, number: u8, passed: bool, wrong: u8) -> Entry {
        let metadata = Metadata {
            step,
            id: ChallengeId::from_random([number; 16]),
            chain: 0,
            wrong,
        };
        Entry::Custom { passed, metadata }
    }

    fn known(policy: Policy, entries: &[Entry]) -> Next {
        define(policy, entries, false)
    }

    #[test]
    fn the_published_sign_in_needs_one_passed_face() {
        assert_eq!(known(FACE, &[]), Next::CustomChallenge);
        assert_eq!(
            known(FACE, &[tried(Step::Face, 1, false)]),
            Next::CustomChallenge
        );
        assert_eq!(
            known(
                FACE,
                &[tried(Step::Face, 1, false), tried(Step::Face, 2, true)]
            ),
            Next::IssueTokens
        );
    }

    #[test]
    fn three_refused_comparisons_end_a_session() {
        let wrong: Vec<_> = (0..3)
            .map(|wrong| noted(Step::Face, wrong + 1, false, wrong))
            .collect();
        assert_eq!(known(FACE, &wrong[..2]), Next::CustomChallenge);
        assert_eq!(known(FACE, &wrong), Next::Fail);
        let late = [&wrong[..], &[noted(Step::Face, 4, true, 2)]].concat();
        assert_eq!(known(FACE, &late), Next::Fail);
        let third_passes = [&wrong[..2], &[noted(Step::Face, 3, true, 2)]].concat();
        assert_eq!(known(FACE, &third_passes), Next::IssueTokens);
    }

    #[test]
    fn pictures_that_could_not_be_compared_end_a_session_at_the_tenth() {
        let mut entries: Vec<_> = (1..=9).map(|n| tried(Step::Face, n, false)).collect();
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
        entries.push(tried(Step::Face, 10, true));
        assert_eq!(known(FACE, &entries), Next::IssueTokens);
        entries.pop();
        entries.push(tried(Step::Face, 10, false));
        assert_eq!(known(FACE, &entries), Next::Fail);
        // Those of an enrolment among them.
        let mut entries = vec![SRP_A, PASSWORD];
        entries.extend((1..=8).map(|n| tried(Step::Enrol, n, false)));
        entries.push(tried(Step::Enrol, 9, true));
        entries.push(tried(Step::Face, 10, false));
        assert_eq!(known(FACE, &entries), Next::CustomChallenge);
        entries.push(tried(Step::Face, 11, false));
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
                noted(Step::Face, 1, false, first),
                noted(Step::Face, 2, false, second),
            ];
            assert_eq!(known(FACE, &entries), next, "{first} {second}");
        }
        let down = [0, 1, 0].map(|wrong| noted(Step::Face, wrong + 1, false, wrong));
        assert_eq!(known(FACE, &down), Next::Fail);
        let of_another_chain = Entry::Custom {
            passed: true,
            metadata: Metadata {
                step: Step::Face,
                id: ChallengeId::from_random([1; 16]),
                chain: 1,
                wrong: 0,
            },
        };
        assert_eq!(known(FACE, &[of_another_chain]), Next::Fail);
    }

    #[test]
    fn what_is_left_is_what_both_bounds_leave() {
        let left = |entries: &[Entry], compared| {
            let progress = progress(FACE, entries).unwrap();
            let wrong = progress.wrong(compared);
            (wrong, progress.attempts_left(wrong))
        };
        assert_eq!(left(&[], false), (0, 3));
        let one = [tried(Step::Face, 1, false)];
        assert_eq!(left(&one, false), (0, 3), "a picture without a face");
        assert_eq!(left(&one, true), (1, 2));
        let two = [tried(Step::Face, 1, false), noted(Step::Face, 2, false, 1)];
        assert_eq!(left(&two, false), (1, 2));
        assert_eq!(left(&two, true), (2, 1));
        let many: Vec<_> = (1..=8).map(|n| tried(Step::Face, n, false)).collect();
        assert_eq!(left(&many, false), (0, 2));
        // An enrolment compares with nothing.
        let enrol = [SRP_A, PASSWORD, tried(Step::Enrol, 1, false)];
        assert_eq!(left(&enrol, true), (0, 3));
    }

    #[test]
    fn srp_alone_is_worth_nothing() {
        for policy in Policy::ALL {
            assert_eq!(known(policy, &[SRP_A]), Next::PasswordVerifier);
            assert_eq!(known(policy, &[SRP_A, PASSWORD]), Next::CustomChallenge);
            assert_eq!(
                known(policy, &[SRP_A, tried(policy.factor.step(), 1, true)]),
                Next::Fail
            );
            assert_eq!(known(policy, &[Entry::SrpA { passed: false }]), Next::Fail);
            let wrong = [SRP_A, Entry::PasswordVerifier { passed: false }];
            assert_eq!(known(policy, &wrong), Next::Fail);
            assert_eq!(known(policy, &[PASSWORD]), Next::Fail);
        }
    }

    #[test]
    fn a_policy_with_a_password_does_not_begin_without_one() {
        assert_eq!(known(PASSWORD_FACE, &[]), Next::Fail);
        assert_eq!(
            known(PASSWORD_FACE, &[tried(Step::Face, 1, true)]),
            Next::Fail
        );
        assert_eq!(
            known(
                PASSWORD_FACE,
                &[SRP_A, PASSWORD, tried(Step::Face, 1, true)]
            ),
            Next::IssueTokens
        );
        assert_eq!(progress(PASSWORD_FACE, &[]), None);
    }

    #[test]
    fn an_enrolment_is_no_step_of_a_policy() {
        let enrolled = [SRP_A, PASSWORD, tried(Step::Enrol, 1, true)];
        assert_eq!(known(FACE, &enrolled), Next::CustomChallenge);
        let signed_in = [&enrolled[..], &[tried(Step::Face, 2, true)]].concat();
        assert_eq!(known(FACE, &signed_in), Next::IssueTokens);
    }

    #[test]
    fn an_enrolment_needs_the_password_and_comes_before_the_face() {
        assert_eq!(known(FACE, &[tried(Step::Enrol, 1, false)]), Next::Fail);
        let after_a_face = [
            SRP_A,
            PASSWORD,
            tried(Step::Face, 1, false),
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
        assert_eq!(define(FACE, &[], true), Next::CustomChallenge);
        assert_eq!(define(FACE, &[SRP_A], true), Next::PasswordVerifier);
        assert_eq!(
            define(FACE, &[tried(Step::Face, 1, true)], true),
            Next::Fail
        );
    }

    #[test]
    fn a_session_says_how_far_it_is_with_an_enrolment() {
        let failed = [tried(Step::Enrol, 1, false), tried(Step::Enrol, 2, false)];
        let stage = |entries: &[Entry]| {
            let entries = [&[SRP_A, PASSWORD][..], entries].concat();
            progress(FACE, &entries).unwrap().stage()
        };
        assert_eq!(stage(&[]), Stage::Opened);
        assert_eq!(stage(&failed), Stage::Enrolling);
        assert_eq!(stage(&[tried(Step::Enrol, 1, true)]), Stage::Enrolled);
        let tried_the_face = [tried(Step::Enrol, 1, true), tried(Step::Face, 2, false)];
        assert_eq!(stage(&tried_the_face), Stage::Enrolled);
        assert_eq!(stage(&[tried(Step::Face, 1, false)]), Stage::Factor);
        let open = progress(FACE, &[]).unwrap();
        assert_eq!(open.stage(), Stage::Factor);
    }

    #[test]
    fn the_challenges_of_a_session_are_told_from_the_last_to_the_first() {
        let entries = [
            SRP_A,
            PASSWORD,
            tried(Step::Enrol, 1, false),
            tried(Step::Enrol, 2, false),
        ];
        let progress = progress(FACE, &entries).unwrap();
        let ids: Vec<&str> = progress.answered().map(ChallengeId::as_str).collect();
        assert_eq!(ids, ["02".repeat(16), "01".repeat(16)]);
        assert_eq!(progress.attempts_left(progress.wrong(false)), 3);
        assert!(progress.may_enrol());
    }

    /// The alphabet of sessions: every entry there is, true and false.
    fn alphabet() -> Vec<Entry> {
        let mut entries = vec![Entry::Unknown];
        for passed in [true, false] {
            entries.push(Entry::SrpA { passed });
            entries.push(Entry::PasswordVerifier { passed });
            for wrong in 0..=MAX_WRONG {
                entries.extend(Step::ALL.map(|step| noted(step, 0, passed, wrong)));
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

    /// What a session worth tokens looks like, said in another way than the state machine does.
    fn worth_tokens(policy: Policy, entries: &[Entry]) -> bool {
        let (password, rest) = match entries {
            [
                Entry::SrpA { passed: true },
                Entry::PasswordVerifier { passed: true },
                rest @ ..,
            ] => (true, rest),
            rest => (false, rest),
        };
        let steps: Option<Vec<(Step, bool, u8)>> = rest
            .iter()
            .map(|entry| match entry {
                Entry::Custom { passed, metadata } => {
                    Some((metadata.step, *passed, metadata.wrong))
                }
                _ => None,
            })
            .collect();
        let Some(steps) = steps else { return false };
        let rounds = steps
            .iter()
            .take_while(|(step, ..)| *step == Step::Enrol)
            .count();
        let (enrol, factor) = steps.split_at(rounds);
        let enrolment_fits = enrol.is_empty()
            || (password
                && enrol.iter().rev().skip(1).all(|(_, passed, _)| !passed)
                && enrol.iter().all(|(.., wrong)| *wrong == 0));
        let Some(((last, true, _), failed)) = factor.split_last().map(|(l, f)| (*l, f)) else {
            return false;
        };
        let mut wrong = 0;
        let counts_up = factor.iter().enumerate().all(|(place, (.., noted))| {
            let up = *noted == wrong || place > 0 && *noted == wrong + 1;
            wrong = *noted;
            up
        });
        let failures = steps.iter().filter(|(_, passed, _)| !passed).count();
        (password || !policy.password)
            && enrolment_fits
            && counts_up
            && last == policy.factor.step()
            && failed
                .iter()
                .all(|(step, passed, wrong)| *step == last && !passed && *wrong < 2)
            && failures < 10
    }

    /// Every session of up to seven entries; below, at random, far longer ones.
    #[test]
    fn every_short_session_gets_tokens_exactly_when_it_has_earned_them() {
        fn walk(policy: Policy, entries: &mut Vec<Entry>, alphabet: &[Entry], depth: usize) {
            let mut session = entries.clone();
            numbered(&mut session);
            let expected = worth_tokens(policy, &session);
            let next = known(policy, &session);
            assert_eq!(
                next == Next::IssueTokens,
                expected,
                "{policy:?} {session:?}"
            );
            // Nothing comes after a session that failed, so its continuations cannot either;
            // one level deeper shows it.
            let last_level = if next == Next::Fail { 1 } else { depth };
            if depth > 0 {
                for entry in alphabet {
                    entries.push(entry.clone());
                    walk(policy, entries, alphabet, (depth - 1).min(last_level));
                    entries.pop();
                }
            }
        }
        for policy in Policy::ALL {
            walk(policy, &mut Vec::new(), &alphabet(), 7);
        }
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![8 => Just(Step::Face), 2 => Just(Step::FaceData), 1 => Just(Step::Enrol)]
    }

    fn any_session() -> impl Strategy<Value = Vec<Entry>> {
        let any = proptest::collection::vec(proptest::sample::select(alphabet()), 0..16);
        // Mostly plausible ones: random garbage alone would hardly ever get past two entries.
        let plausible = (
            prop_oneof![Just(vec![]), Just(vec![SRP_A]), Just(vec![SRP_A, PASSWORD])],
            proptest::collection::vec(Just(tried(Step::Enrol, 0, false)), 0..12),
            proptest::collection::vec(
                (any_step(), proptest::sample::select(vec![0, 0, 0, 0, 1])),
                0..12,
            ),
            proptest::collection::vec(proptest::sample::select(alphabet()), 0..6),
        )
            .prop_map(|(start, rounds, failed, rest)| {
                let mut wrong = 0;
                let failed = failed.into_iter().map(|(step, more)| {
                    wrong = (wrong + more).min(MAX_WRONG);
                    noted(step, 0, false, wrong)
                });
                let failed = failed.collect();
                [start, rounds, failed, rest].concat()
            });
        prop_oneof![any, plausible].prop_map(|mut entries| {
            numbered(&mut entries);
            entries
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn tokens_are_issued_only_when_every_step_passed_in_order(
            policy in proptest::sample::select(Policy::ALL.to_vec()),
            entries in any_session(),
        ) {
            let expected = worth_tokens(policy, &entries);
            prop_assert_eq!(known(policy, &entries) == Next::IssueTokens, expected);
            prop_assert_ne!(define(policy, &entries, true), Next::IssueTokens);
        }

        #[test]
        fn an_entry_that_is_not_known_ends_a_session_wherever_it_stands(
            policy in proptest::sample::select(Policy::ALL.to_vec()),
            mut entries in any_session(),
            place in any::<proptest::sample::Index>(),
        ) {
            entries.insert(place.index(entries.len() + 1), Entry::Unknown);
            prop_assert_eq!(known(policy, &entries), Next::Fail);
        }

        #[test]
        fn a_session_that_failed_never_recovers(
            policy in proptest::sample::select(Policy::ALL.to_vec()),
            mut entries in any_session(),
            more in any_session(),
        ) {
            if entries.is_empty() || known(policy, &entries) != Next::Fail {
                entries.push(Entry::Unknown);
            }
            let first = u8::try_from(entries.len()).unwrap();
            for (entry, number) in more.into_iter().zip(first..) {
                entries.push(match entry {
                    Entry::Custom { passed, metadata } => {
                        noted(metadata.step, number + 1, passed, metadata.wrong)
                    }
                    other => other,
                });
            }
            prop_assert_eq!(known(policy, &entries), Next::Fail);
        }

        #[test]
        fn a_challenge_counts_once(
            policy in proptest::sample::select(Policy::ALL.to_vec()),
            passed: bool,
        ) {
            let step = policy.factor.step();
            let entries =
                [SRP_A, PASSWORD, tried(step, 1, false), tried(step, 1, passed)];
            prop_assert_eq!(known(policy, &entries), Next::Fail);
        }
    }
}
