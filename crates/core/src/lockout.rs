//! What wrong attempts cost, across sessions.
//!
//! An attempt is **reserved** before anything is compared, under a condition that makes concurrent
//! attempts line up, and settled together with its verdict: a comparison that failed stays counted,
//! a picture that could not be compared is counted elsewhere, and a pass or a service's fault
//! gives its own reservation back and nothing else. So there are never more comparisons than the
//! levels say, however many run at once, and a sign-in leaves no trace in them.
//!
//! Levels leak: they fall by one in a fixed time, computed here from a count and a moment. Nothing
//! but time lowers them, alike for everybody, save a complete sign-in on another path, a password
//! reset (its own path) and an operator.
//!
//! The figures keep within NIST SP 800-63B-4, section 3.2.3 (at most 5 consecutive failed
//! attempts without a delay of at least 30 seconds); ours lock at 25 instead of 50, and go on with
//! one attempt a day where the standard wants another factor first.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget;
use crate::factor::Factor;
use crate::id::ChallengeId;
use crate::reason::Reason;
use crate::time::Timestamp;

/// Failures on the fast level that are free of waiting.
pub const FREE_FAILURES: u32 = 5;

/// The wait after the fifth failure; each further one doubles it.
pub const FIRST_WAIT: Duration = Duration::from_secs(30);

/// The longest wait.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// How long it takes the fast level to fall by one.
pub const FAST_FALLS: Duration = Duration::from_mins(30);

/// Failures on the slow level that lock a path: then it is one attempt a day.
pub const FAILURES_TO_LOCK: u32 = 25;

/// How long it takes the slow level to fall by one.
pub const SLOW_FALLS: Duration = Duration::from_hours(24);

/// Pictures without a usable face (ISO/IEC 2382-37's failure to acquire) that are looked at
/// before a wait is due.
pub const UNUSABLE_FREE: u32 = 30;

/// How long it takes the level of unusable pictures to fall by one: 30 an hour.
pub const UNUSABLE_FALLS: Duration = Duration::from_mins(2);

/// How often a complete sign-in on another path, and how often a password reset, may empty a path's
/// levels. Without it, each of an owner's sign-ins would give a stranger 25 more guesses, and each
/// reset would give them to whoever reads the owner's mail.
pub const EMPTIED_EVERY: Duration = Duration::from_hours(24);

/// How long the record of a path's attempts is kept after the last one. Every level is at zero long
/// before, so that a record that was swept says the same as one that was not.
pub const KEPT: Duration = Duration::from_hours(400 * 24);

/// What a session has proved before the face is tried. Each path has levels of its own, so that a
/// stranger's attempts on an address never delay the owner's sign-ins with the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Path {
    /// Nothing.
    Open,
    /// That the mailbox is theirs.
    Mailbox,
    /// The password.
    Password,
}

impl Path {
    /// Every path.
    pub const ALL: [Self; 3] = [Self::Open, Self::Mailbox, Self::Password];

    /// The name that the table holds.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Mailbox => "MAILBOX",
            Self::Password => "PASSWORD",
        }
    }

    /// Every path but this one.
    pub fn others(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| *other != self)
    }
}

/// What a user's attempts are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// The path.
    pub path: Path,
    /// What is tried on it.
    pub factor: Factor,
}

/// A level that falls by one in a fixed time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// How high it stood at `since`.
    pub count: u32,
    /// The moment from which its next fall is counted; zero where the count is.
    pub since: Timestamp,
}

impl Level {
    /// The level as it stands at `now`, if it falls by one every so often. A clock that is behind
    /// the one that wrote it lets it stand.
    ///
    /// ```
    /// use signin_core::{lockout::{FAST_FALLS, Level}, time::Timestamp};
    /// let level = Level { count: 3, since: Timestamp::from_millis(1) };
    /// assert_eq!(level.at(FAST_FALLS, level.since.plus(FAST_FALLS)).count, 2);
    /// assert_eq!(level.at(FAST_FALLS, level.since.plus(FAST_FALLS * 3)), Level::default());
    /// ```
    #[must_use]
    pub fn at(self, falls_every: Duration, now: Timestamp) -> Self {
        let falls = now.since(self.since).as_millis() / falls_every.as_millis();
        match u32::try_from(falls) {
            Ok(falls) if falls < self.count => Self {
                count: self.count - falls,
                since: self.since.plus(falls_every * falls),
            },
            _ => Self::default(),
        }
    }

    /// The level after one more at `now`.
    pub(crate) fn raised(self, falls_every: Duration, now: Timestamp) -> Self {
        match self.at(falls_every, now) {
            Self { count: 0, .. } => Self {
                count: 1,
                since: now,
            },
            Self { count, since } => Self {
                count: count.saturating_add(1),
                since,
            },
        }
    }
}

/// What keeps an attempt from being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not before this long.
    For(Duration),
    /// Not until the slow level has fallen, or has been emptied.
    Locked,
}

impl Wait {
    /// Why an attempt is refused that finds the wait.
    pub const fn reason(self) -> Reason {
        match self {
            Self::For(_) => Reason::TryLater,
            Self::Locked => Reason::Locked,
        }
    }
}

/// The levels of one path and factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// Failures of late, which cost waits.
    pub fast: Level,
    /// Failures in the long run, which lock.
    pub slow: Level,
    /// No try is compared before this moment.
    pub not_before: Timestamp,
    /// Pictures that could not be compared.
    pub unusable: Level,
}

impl Levels {
    /// What keeps the next attempt from being made at `now`, if anything does: comparisons and
    /// unusable pictures must both have room, since which of them it will be shows only then.
    pub fn wait(&self, now: Timestamp) -> Option<Wait> {
        if self.slow.at(SLOW_FALLS, now).count >= FAILURES_TO_LOCK {
            return Some(Wait::Locked);
        }
        let unusable = self.unusable.at(UNUSABLE_FALLS, now);
        let room = if unusable.count < UNUSABLE_FREE {
            now
        } else {
            let too_many = unusable.count - UNUSABLE_FREE + 1;
            unusable.since.plus(UNUSABLE_FALLS * too_many)
        };
        match self.not_before.max(room).since(now) {
            Duration::ZERO => None,
            wait => Some(Wait::For(wait)),
        }
    }

    fn are_zero(&self) -> bool {
        *self == Self::default()
    }

    /// Whether there is something to empty: a failure that still counts, or a wait.
    pub fn hold_something(&self, now: Timestamp) -> bool {
        self.slow.at(SLOW_FALLS, now).count > 0 || self.wait(now).is_some()
    }

    fn compared(self, at: Timestamp) -> Self {
        let fast = self.fast.raised(FAST_FALLS, at);
        let waited = match wait_after(fast.count) {
            Duration::ZERO => Timestamp::default(),
            wait => at.plus(wait),
        };
        Self {
            fast,
            slow: self.slow.raised(SLOW_FALLS, at),
            not_before: self.not_before.max(waited),
            ..self
        }
    }

    fn not_acquired(self, at: Timestamp) -> Self {
        Self {
            unusable: self.unusable.raised(UNUSABLE_FALLS, at),
            ..self
        }
    }
}

/// An attempt that is not in the levels yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When it was reserved.
    pub at: Timestamp,
    /// What has become of it.
    pub state: State,
}

/// What has become of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// It is being judged, or the call that was to judge it died.
    Reserved,
    /// It was compared and did not match.
    Compared,
    /// It showed nothing that could be compared.
    NotAcquired,
}

impl State {
    /// The name that the table holds.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Compared => "COMPARED",
            Self::NotAcquired => "NOT_ACQUIRED",
        }
    }

    /// Reads a state's name. One that is not known counts as a failed comparison.
    pub fn parse(name: &str) -> Self {
        match name {
            "RESERVED" => Self::Reserved,
            "NOT_ACQUIRED" => Self::NotAcquired,
            _ => Self::Compared,
        }
    }
}

/// What a verdict makes of the reservation behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// It is given back: a pass, a service's fault, an answer that nobody had to look at.
    Nothing,
    /// It was a comparison that failed.
    Comparison,
    /// The recogniser found nothing to compare.
    Acquisition,
}

impl Cost {
    /// The state that it leaves the attempt in; none where the attempt is forgotten.
    pub const fn state(self) -> Option<State> {
        match self {
            Self::Nothing => None,
            Self::Comparison => Some(State::Compared),
            Self::Acquisition => Some(State::NotAcquired),
        }
    }
}

/// The attempts of one path and factor.
///
/// The latest stand beside the levels, each by the challenge that it answered, until every earlier
/// one is judged: so a reservation that is given back leaves the levels exactly as they would have
/// been without it, whoever else has tried meanwhile, and settling one touches no other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempts {
    /// The levels without the latest attempts.
    #[serde(default, skip_serializing_if = "Levels::are_zero")]
    pub levels: Levels,
    /// The latest attempts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub recent: BTreeMap<ChallengeId, Attempt>,
}

impl Attempts {
    /// The levels by what has been judged. This is what a client may be told of: an attempt that is
    /// still running may be the owner's, and leave no trace.
    pub fn judged(&self) -> Levels {
        self.in_order()
            .fold(self.levels, |levels, (_, tried)| match tried.state {
                State::Reserved => levels,
                State::Compared => levels.compared(tried.at),
                State::NotAcquired => levels.not_acquired(tried.at),
            })
    }

    /// The levels if whatever is still running fails, in either way: what a new attempt must find room
    /// beside.
    pub fn reserved(&self) -> Levels {
        self.in_order()
            .fold(self.levels, |levels, (_, tried)| match tried.state {
                State::Reserved => levels.compared(tried.at).not_acquired(tried.at),
                State::Compared => levels.compared(tried.at),
                State::NotAcquired => levels.not_acquired(tried.at),
            })
    }

    /// Reserves an attempt at `now` for the answer to a challenge, or says what keeps it: the attempts as
    /// they are then. The write that reserves is good only while they still are what they were.
    ///
    /// ```
    /// use signin_core::{id::ChallengeId, lockout::{Attempts, Wait}, time::Timestamp};
    /// let now = Timestamp::from_millis(1_800_000_000_000);
    /// let mut attempts = Attempts::default();
    /// for number in 0..5 {
    ///     attempts = attempts.reserve(&ChallengeId::from_random([number; 16]), now).unwrap();
    /// }
    /// let sixth = attempts.reserve(&ChallengeId::from_random([5; 16]), now);
    /// assert_eq!(sixth, Err(Wait::For(std::time::Duration::from_secs(30))));
    /// // None of the five is judged, so that nobody is told of a wait.
    /// assert_eq!(attempts.judged().wait(now), None);
    /// ```
    pub fn reserve(&self, challenge: &ChallengeId, now: Timestamp) -> Result<Self, Wait> {
        if let Some(wait) = self.reserved().wait(now) {
            return Err(wait);
        }
        let mut after = self.settled();
        let tried = Attempt {
            at: now,
            state: State::Reserved,
        };
        after.recent.insert(challenge.clone(), tried);
        Ok(after)
    }

    /// The attempts with one judged. One that is not known any more changes nothing: the levels were
    /// emptied meanwhile, and it with them.
    #[must_use]
    pub fn judge(mut self, challenge: &ChallengeId, cost: Cost) -> Self {
        match cost.state() {
            None => {
                self.recent.remove(challenge);
            }
            Some(state) => {
                if let Some(tried) = self.recent.get_mut(challenge) {
                    tried.state = state;
                }
            }
        }
        self
    }

    /// The attempts whose call has had its time and left no verdict: it died, or another has taken
    /// its place. The challenge's own record says which.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &ChallengeId> {
        let overdue = move |tried: &Attempt| {
            tried.state == State::Reserved && now > tried.at.plus(budget::CHALLENGE_LEASE)
        };
        self.recent
            .iter()
            .filter(move |(_, tried)| overdue(tried))
            .map(|(id, _)| id)
    }

    /// The same attempts with as many of them in the levels as can be: all that come before the first
    /// one that is not judged.
    fn settled(&self) -> Self {
        let mut settled = self.clone();
        for (id, tried) in self.in_order() {
            settled.levels = match tried.state {
                State::Reserved => break,
                State::Compared => settled.levels.compared(tried.at),
                State::NotAcquired => settled.levels.not_acquired(tried.at),
            };
            settled.recent.remove(id);
        }
        settled
    }

    fn in_order(&self) -> impl Iterator<Item = (&ChallengeId, &Attempt)> {
        let mut attempts: Vec<_> = self.recent.iter().collect();
        attempts.sort_by_key(|(id, tried)| (tried.at, *id));
        attempts.into_iter()
    }
}

/// The wait that this many failures cost.
pub fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(more) => FIRST_WAIT
            .saturating_mul(2_u32.saturating_pow(more))
            .min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn id(number: u32) -> ChallengeId {
        let mut bits = [0; 16];
        bits[..4].copy_from_slice(&number.to_be_bytes());
        ChallengeId::from_random(bits)
    }

    /// Attempts of which so many were made one after another, each as soon as it may, and ended so;
    /// and when the last one was.
    fn after(number: u32, cost: Cost) -> (Attempts, Timestamp) {
        let (mut attempts, mut now) = (Attempts::default(), NOW);
        for number in 0..number {
            match attempts.judged().wait(now) {
                None => {}
                Some(Wait::For(wait)) => now = now.plus(wait),
                Some(Wait::Locked) => panic!("locked after {number}"),
            }
            attempts = attempts.reserve(&id(number), now).unwrap();
            attempts = attempts.judge(&id(number), cost);
        }
        (attempts, now)
    }

    #[test]
    fn the_sixth_try_waits_thirty_seconds_and_each_further_one_twice_as_long_up_to_an_hour() {
        let waits: Vec<u64> = (0..15)
            .map(|failures| wait_after(failures).as_secs())
            .collect();
        assert_eq!(
            waits,
            [
                0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600
            ]
        );
        assert_eq!(wait_after(u32::MAX), LONGEST_WAIT);
    }

    #[test]
    fn a_try_during_a_wait_is_not_reserved() {
        let (attempts, now) = after(5, Cost::Comparison);
        let wait = |seconds| Err(Wait::For(Duration::from_secs(seconds)));
        let later = |seconds| now.plus(Duration::from_secs(seconds));
        assert_eq!(attempts.reserve(&id(9), now), wait(30));
        assert_eq!(attempts.reserve(&id(9), later(29)), wait(1));
        let sixth = attempts.reserve(&id(9), later(30)).unwrap();
        assert_eq!(sixth.reserved().fast.count, 6);
    }

    #[test]
    fn twenty_five_failures_lock_a_path_and_from_then_on_it_is_one_try_a_day() {
        let (mut attempts, mut now) = after(FAILURES_TO_LOCK, Cost::Comparison);
        assert!(now.since(NOW) < SLOW_FALLS, "all of them within a day");
        let first_falls = NOW.plus(SLOW_FALLS);
        for day in 0..10 {
            assert_eq!(attempts.judged().wait(now), Some(Wait::Locked));
            let falls = first_falls.plus(SLOW_FALLS * day);
            let just_before = falls.minus(Duration::from_millis(1));
            assert_eq!(attempts.reserve(&id(99), just_before), Err(Wait::Locked));
            now = falls;
            attempts = attempts.reserve(&id(100 + day), now).unwrap();
            attempts = attempts.judge(&id(100 + day), Cost::Comparison);
        }
    }

    #[test]
    fn unusable_pictures_cost_no_guess_and_have_a_bound_of_their_own() {
        let (attempts, now) = after(UNUSABLE_FREE, Cost::Acquisition);
        assert_eq!(now, NOW, "thirty without a wait");
        assert_eq!(attempts.judged().fast, Level::default());
        assert_eq!(attempts.judged().slow, Level::default());
        assert_eq!(
            attempts.reserve(&id(99), now),
            Err(Wait::For(UNUSABLE_FALLS)),
            "whatever the next one shows"
        );
        let (_, now) = after(UNUSABLE_FREE + 30, Cost::Acquisition);
        assert_eq!(now.since(NOW), Duration::from_hours(1), "thirty an hour");
    }

    #[test]
    fn what_runs_still_takes_room_in_both_and_nobody_is_told_of_it() {
        let (mut attempts, now) = after(UNUSABLE_FREE - 1, Cost::Acquisition);
        attempts = attempts.reserve(&id(99), now).unwrap();
        assert!(attempts.reserve(&id(100), now).is_err());
        assert_eq!(attempts.judged().wait(now), None);
        let passed = attempts.judge(&id(99), Cost::Nothing);
        assert!(passed.reserve(&id(100), now).is_ok());
    }

    #[test]
    fn a_pass_leaves_no_trace_although_others_failed_while_it_ran() {
        let seconds = |seconds| NOW.plus(Duration::from_secs(seconds));
        let failing = |attempts: Attempts, number, at| {
            let reserved = attempts.reserve(&id(number), at).unwrap();
            reserved.judge(&id(number), Cost::Comparison)
        };
        let owner = Attempts::default().reserve(&id(0), seconds(0)).unwrap();
        let with = failing(failing(owner, 1, seconds(1)), 2, seconds(2));
        let with = with.judge(&id(0), Cost::Nothing);
        let without = failing(failing(Attempts::default(), 1, seconds(1)), 2, seconds(2));
        assert_eq!(with.judged(), without.judged());
        // It is not that nothing would show: counted, it would be the first of three.
        assert_eq!(without.judged().fast.count, 2);
        assert_eq!(without.judged().fast.since, seconds(1));
    }

    #[test]
    fn a_try_that_was_emptied_while_it_ran_does_not_come_back() {
        let emptied = Attempts::default();
        for cost in [Cost::Nothing, Cost::Comparison, Cost::Acquisition] {
            assert_eq!(emptied.clone().judge(&id(1), cost), emptied);
        }
    }

    #[test]
    fn a_state_that_nobody_knows_counts() {
        for state in [State::Reserved, State::Compared, State::NotAcquired] {
            assert_eq!(State::parse(state.name()), state);
        }
        assert_eq!(State::parse(""), State::Compared);
    }

    #[test]
    fn a_try_is_overdue_when_its_calls_lease_is_over() {
        let reserved = Attempts::default().reserve(&id(1), NOW).unwrap();
        let over = NOW.plus(budget::CHALLENGE_LEASE);
        assert_eq!(reserved.overdue(over).count(), 0);
        let over = over.plus(Duration::from_millis(1));
        assert_eq!(reserved.overdue(over).collect::<Vec<_>>(), [&id(1)]);
        let judged = reserved.judge(&id(1), Cost::Comparison);
        assert_eq!(judged.overdue(over).count(), 0);
    }

    /// What somebody does to a user's attempts.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// Lets time pass.
        Wait(Duration),
        /// Answers another challenge.
        Answer,
        /// Judges one of the answers that are not judged.
        Judge(usize, Cost),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let cost = prop_oneof![
            Just(Cost::Nothing),
            Just(Cost::Comparison),
            Just(Cost::Comparison),
            Just(Cost::Acquisition),
        ];
        prop_oneof![
            2 => (0_u64..5_000).prop_map(|millis| Step::Wait(Duration::from_millis(millis))),
            2 => (0_u64..7_200).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
            1 => (0_u64..60).prop_map(|hours| Step::Wait(Duration::from_hours(hours))),
            6 => Just(Step::Answer),
            5 => (0_usize..8, cost).prop_map(|(place, cost)| Step::Judge(place, cost)),
        ]
    }

    /// A level said in another way: the moment at which it will be at zero.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    struct Zero(u64);

    impl Zero {
        fn raise(&mut self, falls_every: Duration, at: Timestamp) {
            let every = u64::try_from(falls_every.as_millis()).unwrap();
            self.0 = self.0.max(at.as_millis()) + every;
        }

        fn count(self, falls_every: Duration, now: Timestamp) -> u32 {
            let every = u64::try_from(falls_every.as_millis()).unwrap();
            let left = self.0.saturating_sub(now.as_millis());
            u32::try_from(left.div_ceil(every)).unwrap()
        }
    }

    /// Every answer there was: when, and what has become of it; none where it is not judged.
    type History = Vec<(Timestamp, Option<Cost>)>;

    /// Fast, slow and unusable levels and the wait, from a whole history.
    fn expected(history: &History, running: &[Cost], now: Timestamp) -> (u32, u32, u32, Duration) {
        let (mut fast, mut slow, mut unusable) = (Zero(0), Zero(0), Zero(0));
        let mut not_before = Timestamp::default();
        for (at, cost) in history {
            let own = cost.map(|cost| vec![cost]);
            for cost in own.as_deref().unwrap_or(running) {
                match cost {
                    Cost::Nothing => {}
                    Cost::Comparison => {
                        fast.raise(FAST_FALLS, *at);
                        slow.raise(SLOW_FALLS, *at);
                        let wait = wait_after(fast.count(FAST_FALLS, *at));
                        if wait > Duration::ZERO {
                            not_before = not_before.max(at.plus(wait));
                        }
                    }
                    Cost::Acquisition => unusable.raise(UNUSABLE_FALLS, *at),
                }
            }
        }
        (
            fast.count(FAST_FALLS, now),
            slow.count(SLOW_FALLS, now),
            unusable.count(UNUSABLE_FALLS, now),
            not_before.since(now),
        )
    }

    fn seen(levels: &Levels, now: Timestamp) -> (u32, u32, u32, Duration) {
        (
            levels.fast.at(FAST_FALLS, now).count,
            levels.slow.at(SLOW_FALLS, now).count,
            levels.unusable.at(UNUSABLE_FALLS, now).count,
            levels.not_before.since(now),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Whatever runs side by side and in whatever order it ends: each attempt counts exactly once
        /// and as what it was, what was given back leaves no trace, nothing is ever compared
        /// beyond the bounds, and time alone lowers a level.
        #[test]
        fn attempts_count_exactly_under_every_schedule(
            steps in proptest::collection::vec(any_step(), 1..120),
        ) {
            let (mut attempts, mut now) = (Attempts::default(), NOW);
            let mut history = History::new();
            for step in steps {
                match step {
                    Step::Wait(time) => now = now.plus(time),
                    Step::Answer => {
                        let number = u32::try_from(history.len()).unwrap();
                        let running = [Cost::Comparison, Cost::Acquisition];
                        let (_, slow, unusable, wait) = expected(&history, &running, now);
                        let room = slow < FAILURES_TO_LOCK
                            && unusable < UNUSABLE_FREE
                            && wait == Duration::ZERO;
                        let reserved = attempts.reserve(&id(number), now);
                        prop_assert_eq!(reserved.is_ok(), room);
                        if let Ok(reserved) = reserved {
                            attempts = reserved;
                            history.push((now, None));
                        }
                    }
                    Step::Judge(place, cost) => {
                        let mut open = history.iter_mut().enumerate();
                        let judged = open.by_ref().filter(|(_, (_, cost))| cost.is_none()).nth(place);
                        if let Some((number, (_, state))) = judged {
                            *state = Some(cost);
                            attempts = attempts.judge(&id(u32::try_from(number).unwrap()), cost);
                        }
                    }
                }
                prop_assert_eq!(seen(&attempts.judged(), now), expected(&history, &[], now));
                let running = [Cost::Comparison, Cost::Acquisition];
                let most = expected(&history, &running, now);
                prop_assert_eq!(seen(&attempts.reserved(), now), most);
                prop_assert!(most.1 <= FAILURES_TO_LOCK && most.2 <= UNUSABLE_FREE);
                prop_assert!(attempts.recent.len() <= FAILURES_TO_LOCK as usize + UNUSABLE_FREE as usize);
            }
        }

        #[test]
        fn a_level_falls_by_time_alone_and_however_often_it_is_looked_at(
            count in 0_u32..40,
            first in 0_u64..200_000_000,
            second in 0_u64..200_000_000,
        ) {
            let level = Level { count, since: NOW };
            let (one, other) = (NOW.plus(Duration::from_millis(first.min(second))), NOW.plus(Duration::from_millis(first.max(second))));
            let (once, twice) = (level.at(FAST_FALLS, other), level.at(FAST_FALLS, one).at(FAST_FALLS, other));
            prop_assert_eq!(once, twice);
            prop_assert!(once.count <= level.at(FAST_FALLS, one).count);
        }
    }
}
