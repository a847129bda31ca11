//! A custom challenge: which one is due, what the client sees of it, and what
//! verify-auth-challenge is told about it behind the client's back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::Value;

use crate::enrolment::{self, Enrolment};
use crate::face_data::FaceData;
use crate::factor::email_code::Issued;
use crate::factor::face_data::accepted;
use crate::factor::{Asking, Enrols, Factor, Secret, Wants};
use crate::id::{ChallengeId, EnrolmentId};
use crate::lockout::{Attempts, Path, Scope, Wait};
use crate::pass::Steps;
use crate::policy::Chain;
use crate::profile::Profile;
use crate::reason::{Reason, Verdict};
use crate::reset::{self, Opening};
use crate::secret::Sha256Digest;
use crate::session::{Progress, Stage, Walk};
use crate::step::{Metadata, Step};
use crate::time::Timestamp;

/// The name under which the private parameters carry a [`PrivateChallenge`].
pub const PRIVATE_PARAMETER: &str = "challenge";

/// What the next custom challenge on a chain asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A picture of a document.
    Enrol {
        /// The enrolment that goes on; none where one is to begin.
        running: Option<EnrolmentId>,
    },
    /// Face data, to be the user's.
    EnrolData {
        /// The enrolment that goes on; none where one is to begin.
        running: Option<EnrolmentId>,
        /// What sign-up has brought, where it has: they must be repeated.
        expected: Option<FaceData>,
    },
    /// The factor, to be compared with this.
    Compare(Secret),
    /// The factor, as everybody is asked for it; but whatever the answer is, it is not looked at.
    Refuse {
        /// Why.
        reason: Reason,
        /// How long to wait before a session like this one counts, where waiting helps.
        retry_after: Option<Duration>,
    },
}

/// A chain on offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// Its place in the policy.
    pub place: u8,
    /// The chain. An answer names it exactly as a policy does.
    pub chain: Chain,
}

/// What the choice of the next step rests on.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What the session has shown.
    pub progress: &'a Progress,
    /// The walk on its chain.
    pub walk: Walk<'a>,
    /// How it began.
    pub opening: Opening,
    /// The digest of the secret that came with the password, where nothing but a choice of the chain or
    /// a factor without an enrolment was answered since; none in later rounds.
    pub secret: Option<Sha256Digest>,
    /// The session's own enrolment, by the record of its last round; none before the first.
    pub enrolment: Option<&'a EnrolmentId>,
    /// The record of that enrolment; before the first round, of the one that is under way.
    pub record: Option<&'a Enrolment>,
    /// Who is asked.
    pub asking: Asking<'a>,
}

/// Decides which custom step is due on the session's chain. A factor for which nothing is enrolled is
/// asked of everybody.
///
/// A session with a password counts for nothing that began before the account's last reset, and
/// for sixteen minutes after it only with the reset's secret ([`crate::reset`]). The right to enrol
/// is the party's who brings, with the password, the secret of the sign-up or reset that proved the
/// mailbox; from then on the session is known by its enrolment's id. That goes on while it is the
/// one under way: no other session has begun another, none has made its own active, no reset has
/// ended it. A session without a password is asked for the factor, whatever the profile says.
pub fn due(known: Known<'_>) -> Due {
    let Known {
        progress,
        opening,
        walk,
        asking,
        ..
    } = known;
    let profile = asking.profile;
    let factor = walk.factor();
    if !progress.password_proven {
        return Due::Compare(factor.ordinary(asking));
    }
    if let Some(reset) = profile.reset_at()
        && !opening.outlives(true, Some(reset))
    {
        let wait = reset::wait(reset, asking.now);
        return Due::Refuse {
            reason: Reason::TryLater,
            retry_after: (!wait.is_zero()).then_some(wait),
        };
    }
    let refused = |reason| Due::Refuse {
        reason,
        retry_after: None,
    };
    let running = known
        .enrolment
        .filter(|id| profile.may_enrol() && profile.enrolment.as_ref() == Some(*id));
    match (walk.stage(), running) {
        (Stage::Factor, _) if factor.enrols().is_none() => Due::Compare(factor.ordinary(asking)),
        (Stage::Opened(kind), _) if profile.lets_enrol(known.secret) => {
            enrol(kind, profile, taken_up(kind, known))
        }
        (Stage::Enrolling(kind), Some(running)) => enrol(kind, profile, Some(running.clone())),
        (Stage::Enrolled, Some(running)) => factor
            .activating(profile, known.record, running)
            .map_or(refused(Reason::Superseded), Due::Compare),
        // Another session has begun an enrolment since, or made its own face active.
        (Stage::Enrolled, None) => refused(Reason::Superseded),
        (Stage::Opened(_) | Stage::Enrolling(_) | Stage::Factor, _) if profile.is_active() => {
            Due::Compare(factor.ordinary(asking))
        }
        // The same before a document was accepted: start again.
        (Stage::Enrolling(_), None) => refused(Reason::TryLater),
        (Stage::Opened(_) | Stage::Factor, _) => refused(Reason::EnrolmentNeedsReset),
    }
}

/// The chains that a session is offered: those that it can complete by what it has proved, whatever the
/// profile says.
pub fn offered(progress: &Progress) -> Vec<Offered> {
    let chain = |place| {
        let chain = progress.policy().chain(place)?.clone();
        Some(Offered { place, chain })
    };
    progress.open().filter_map(chain).collect()
}

/// The enrolment under way, where a new session of the party that began it takes it up again: one
/// that nothing has come of yet. Any other is replaced.
fn taken_up(kind: Enrols, known: Known<'_>) -> Option<EnrolmentId> {
    let running = known.asking.profile.enrolment.as_ref()?;
    let untouched = match kind {
        Enrols::Picture => known.record.is_some_and(|record| {
            record.id == *running
                && record.state == enrolment::State::Awaited
                && record.binding.is_some()
                && record.binding == known.secret
        }),
        // A new binding ends the enrolment in the profile; so it is this party's. One with a record is a
        // face's, by another chain.
        Enrols::Data => {
            known.record.is_none()
                && accepted(known.asking.profile).is_none_or(|data| data.of != *running)
        }
    };
    untouched.then(|| running.clone())
}

fn enrol(kind: Enrols, profile: &Profile, running: Option<EnrolmentId>) -> Due {
    match kind {
        Enrols::Picture => Due::Enrol { running },
        Enrols::Data => {
            let stored = profile.data.as_ref();
            let expected = stored.filter(|_| profile.data_from_sign_up);
            if profile.data_from_sign_up && expected.is_none() {
                // Data that sign-up has brought and that cannot be read are repeated by nobody.
                return Due::Refuse {
                    reason: Reason::EnrolmentNeedsReset,
                    retry_after: None,
                };
            }
            Due::EnrolData {
                running,
                expected: expected.map(|stored| stored.data.clone()),
            }
        }
    }
}

/// What verify-auth-challenge is told. It travels as a private challenge parameter: from
/// create-auth-challenge through Cognito, never to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivateChallenge {
    /// The challenge's id.
    pub id: ChallengeId,
    /// Not good after this moment.
    pub expires_at: Timestamp,
    /// Where the picture lies, if it was uploaded; empty where none is asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub key: String,
    /// How the session began.
    pub session: Opening,
    /// The digest of the secret that came with the password, where an enrolment may still begin after
    /// this challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Sha256Digest>,
    /// What is asked for.
    pub task: Task,
}

/// What a challenge asks verify-auth-challenge to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Task {
    /// Note which chain was chosen.
    Select {
        /// Those on offer.
        offered: Vec<Offered>,
    },
    /// Index the document's face.
    Enrol {
        /// For this enrolment.
        enrolment: EnrolmentId,
        /// The version of the consent text that the answer must agree to; none where a consent that
        /// counts is on record.
        consent: Option<String>,
    },
    /// Take the face data for the user's.
    EnrolData {
        /// In this enrolment.
        enrolment: EnrolmentId,
        /// Only where they equal these; where there are none, any will do.
        expected: Option<FaceData>,
        /// The version of the consent text that the answer must agree to; none where a consent that
        /// counts is on record.
        consent: Option<String>,
    },
    /// Look at nothing: use the challenge up and say why. Nothing is read, compared or counted.
    Refuse {
        /// The factor that was asked for.
        factor: Factor,
        /// Why.
        reason: Reason,
    },
    /// Compare the answer.
    #[serde(untagged)]
    Compare(Comparison),
}

/// A comparison. Its text is the secret's, with the reservation among its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What the attempt reserves, and what a pass is worth.
    pub reservation: Reservation,
    /// What the answer is compared with.
    pub secret: Secret,
}

/// The member of a secret's text that is the reservation.
const STAKE: &str = "stake";

impl Serialize for Comparison {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = serde_json::to_value(&self.secret).map_err(ser::Error::custom)?;
        let reservation = serde_json::to_value(&self.reservation).map_err(ser::Error::custom)?;
        let named = text
            .as_object_mut()
            .and_then(|text| text.values_mut().next());
        if let Some(Value::Object(members)) = named {
            members.insert(STAKE.to_owned(), reservation);
        }
        text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Comparison {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = Value::deserialize(deserializer)?;
        let named = text
            .as_object_mut()
            .and_then(|text| text.values_mut().next());
        let reservation = named.and_then(|members| members.as_object_mut()?.remove(STAKE));
        let reservation = reservation.ok_or_else(|| de::Error::missing_field(STAKE))?;
        Ok(Self {
            reservation: serde_json::from_value(reservation).map_err(de::Error::custom)?,
            secret: serde_json::from_value(text).map_err(de::Error::custom)?,
        })
    }
}

/// What an attempt reserves, and what a pass is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The path that a failure counts on.
    pub path: Path,
    /// Its attempts as create-auth-challenge read them; the reservation is conditional on them.
    pub seen: Attempts,
    /// The other paths on which there was something to empty, at this factor.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empties: Vec<Path>,
    /// The same at other factors of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empties_at_others: Vec<Scope>,
    /// What a pass is worth.
    #[serde(default, skip_serializing_if = "OnPass::is_default")]
    pub on_pass: OnPass,
    /// When the password was last reset, if it was: since then no browser is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_reset: Option<Timestamp>,
}

/// What a pass of the factor is worth. verify-auth-challenge sees no session, so it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum OnPass {
    /// Other steps of the chain are due: the comparison is recorded, and no pass.
    GoesOn,
    /// The chain is complete.
    Completes {
        /// The factors that have passed before.
        before: Vec<Factor>,
        /// Whether an enrolment has, too.
        enrolled: bool,
    },
}

impl Default for OnPass {
    /// What it is where a chain has one factor; texts of the first version say nothing of it.
    fn default() -> Self {
        Self::Completes {
            before: Vec::new(),
            enrolled: false,
        }
    }
}

impl OnPass {
    /// What the factor is worth that is due on a chain.
    pub fn of(walk: Walk<'_>) -> Self {
        if !walk.ends_with_factor() {
            return Self::GoesOn;
        }
        Self::Completes {
            before: walk.passed().to_vec(),
            // Where the factor makes the enrolment active itself, its own task says so.
            enrolled: walk.enrolled() && walk.stage() == Stage::Factor,
        }
    }

    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The steps of a session whose factor passes on a path, making an enrolment active or not; none
    /// where others are due.
    pub fn steps(&self, path: Path, activates: bool, factor: Factor) -> Option<Steps> {
        match self {
            Self::GoesOn => None,
            Self::Completes { before, enrolled } => Some(Steps {
                password: path == Path::Password,
                enrolled: *enrolled || activates,
                factors: before.iter().copied().chain([factor]).collect(),
            }),
        }
    }
}

impl Task {
    /// The code that was mailed for the session, if it asks for one.
    pub fn code(&self) -> Option<&Issued> {
        match self {
            Self::Compare(comparison) => comparison.secret.code(),
            Self::Select { .. }
            | Self::Enrol { .. }
            | Self::EnrolData { .. }
            | Self::Refuse { .. } => None,
        }
    }

    /// What an attempt reserves; nothing where nothing is compared.
    pub fn reservation(&self) -> Option<&Reservation> {
        match self {
            Self::Select { .. }
            | Self::Enrol { .. }
            | Self::EnrolData { .. }
            | Self::Refuse { .. } => None,
            Self::Compare(comparison) => Some(&comparison.reservation),
        }
    }
}

impl Task {
    /// Whether a session without an enrolment may still begin one after this challenge.
    pub fn may_precede_an_enrolment(&self) -> bool {
        match self {
            Self::Select { .. } => true,
            // An enrolment comes directly before the factor that takes it.
            Self::Compare(comparison) => comparison.secret.factor().enrols().is_none(),
            Self::Enrol { .. } | Self::EnrolData { .. } | Self::Refuse { .. } => false,
        }
    }
}

impl PrivateChallenge {
    /// The step this challenge is.
    pub fn step(&self) -> Step {
        match self.task {
            Task::Select { .. } => Step::Select,
            Task::Enrol { .. } | Task::EnrolData { .. } => Step::Enrol,
            Task::Compare(ref comparison) => Step::Verify(comparison.secret.factor()),
            Task::Refuse { factor, .. } => Step::Verify(factor),
        }
    }

    /// The session's enrolment, by which its later rounds are known; none where there is none.
    pub fn enrolment(&self) -> Option<&EnrolmentId> {
        match &self.task {
            Task::Enrol { enrolment, .. } | Task::EnrolData { enrolment, .. } => Some(enrolment),
            Task::Compare(comparison) => comparison.secret.activates(),
            Task::Select { .. } | Task::Refuse { .. } => None,
        }
    }

    /// The code that was mailed for the session, if the challenge asks for one.
    pub fn code(&self) -> Option<&Issued> {
        self.task.code()
    }

    /// The session's note of this challenge, on the chain at this place, where so many comparisons were
    /// refused before.
    pub fn metadata(&self, chain: u8, wrong: u8) -> Metadata {
        Metadata {
            step: self.step(),
            id: self.id.clone(),
            chain,
            wrong,
        }
    }

    /// The version of the consent text that the answer must agree to, if any.
    pub fn consent(&self) -> Option<&str> {
        match &self.task {
            Task::Enrol { consent, .. } | Task::EnrolData { consent, .. } => consent.as_deref(),
            Task::Select { .. } | Task::Compare(_) | Task::Refuse { .. } => None,
        }
    }
}

/// Leave to upload one picture to one key: a presigned POST.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedPost {
    /// Where the form goes.
    pub url: String,
    /// The form's fields, to be sent before the file. They are as good as a password until they
    /// expire: `Debug` hides them.
    pub fields: BTreeMap<String, String>,
}

impl std::fmt::Debug for PresignedPost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PresignedPost(hidden)")
    }
}

/// What a challenge asks the client for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A picture, with leave to upload it.
    Picture(PresignedPost),
    /// What these parameters say, by name.
    Parameters(Vec<(&'static str, String)>),
}

/// What the client is told where it is to choose between these chains.
pub fn choice(offered: &[Offered]) -> Wants {
    let chains = offered.iter().map(|offered| offered.chain.to_string());
    let chains = chains.collect::<Vec<_>>().join(",");
    Wants::Parameters(vec![("chains", chains)])
}

/// What the client sees of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicChallenge {
    /// The step.
    pub step: Step,
    /// The challenge's id.
    pub id: ChallengeId,
    /// What the answer must be.
    pub wanted: Wanted,
    /// When the challenge ends, and the grant with it.
    pub expires_at: Timestamp,
    /// Attempts that are left in this session.
    pub attempts_left: usize,
    /// Why the last attempt did not pass, or why the next one could not.
    pub reason: Option<Reason>,
    /// How long to wait before the next attempt, where a wait is due.
    pub retry_after: Option<Duration>,
    /// The version of the consent text that the answer must agree to, where no consent that counts
    /// is on record.
    pub consent: Option<String>,
}

impl PublicChallenge {
    /// The public challenge parameters, strings all; Cognito takes nothing else.
    pub fn to_parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = BTreeMap::from([
            ("step".to_owned(), self.step.name().to_owned()),
            ("challengeId".to_owned(), self.id.to_string()),
            ("expiresAt".to_owned(), self.expires_at.to_rfc3339()),
            ("attemptsLeft".to_owned(), self.attempts_left.to_string()),
        ]);
        match &self.wanted {
            Wanted::Picture(upload) => parameters.extend([
                ("uploadUrl".to_owned(), upload.url.clone()),
                ("uploadFields".to_owned(), json(&upload.fields)),
            ]),
            Wanted::Parameters(named) => {
                let named = named
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.clone()));
                parameters.extend(named);
            }
        }
        if let Some(reason) = self.reason {
            parameters.insert("reason".to_owned(), reason.name().to_owned());
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1000);
            parameters.insert("retryAfter".to_owned(), seconds.to_string());
        }
        if let Some(version) = &self.consent {
            parameters.insert("consent".to_owned(), version.clone());
        }
        parameters
    }
}

fn json(fields: &BTreeMap<String, String>) -> String {
    serde_json::to_string(fields).expect("a map of strings is always JSON")
}

/// Why the last answer of a session did not pass, by the verdict on record; none where nothing was
/// answered yet, or the answer passed. Where no refusal is on record, a fault kept it from there, or
/// from Cognito.
pub fn refusal(progress: &Progress, verdict: Option<Verdict>) -> Option<Reason> {
    progress.last_refused().then_some(match verdict {
        Some(Verdict::Refused(reason)) => reason,
        Some(Verdict::Passed) | None => Reason::TryLater,
    })
}

/// Why the last attempt did not pass, and how long to wait before the next: a wait that is due now
/// outweighs what the last picture lacked, since the next one would not be looked at. That a path
/// is locked is said by its attempts as they are now, and not by what the last answer met.
pub fn advice(last: Option<Reason>, wait: Option<Wait>) -> (Option<Reason>, Option<Duration>) {
    match wait {
        Some(Wait::For(wait)) => (Some(Reason::TryLater), Some(wait)),
        Some(Wait::Locked) => (Some(Reason::Locked), None),
        None => (last.filter(|last| *last != Reason::Locked), None),
    }
}

/// The place of the chain that an answer to `SELECT` names; none where it names none of those on offer.
pub fn chosen(offered: &[Offered], answer: &str) -> Option<u8> {
    let named = offered
        .iter()
        .find(|offered| offered.chain.to_string() == answer);
    named.map(|offered| offered.place)
}

/// The path that a session's attempts are counted on.
pub fn path(progress: &Progress) -> Path {
    if progress.password_proven {
        Path::Password
    } else if progress.mailbox_proven() {
        Path::Mailbox
    } else {
        Path::Open
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::face_data::Model;
    use crate::factor::email_code::GOOD_FOR;
    use crate::factor::{face, face_data};
    use crate::id::FaceId;
    use crate::id::UserName;
    use crate::key::DocumentKey;
    use crate::lockout::{Attempt, FAILURES_TO_LOCK, State as AttemptState, UNUSABLE_FREE};
    use crate::policy::made::policy;
    use crate::profile::{EnrolledFace, State, StoredData};
    use crate::reset::Reset;
    use crate::session::{self, Entry};

    const PICTURES: &str = "FACE";
    const THE_FACE: Step = Step::Verify(Factor::Face);
    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    /// The secret of the party who proved mailbox and password.
    fn secret() -> Sha256Digest {
        Sha256Digest::of(b"secret")
    }

    fn progress(name: &str, password: bool, entries: &[(Step, bool)]) -> Progress {
        let mut session = Vec::new();
        if password {
            session.push(Entry::SrpA { passed: true });
            session.push(Entry::PasswordVerifier { passed: true });
        }
        for ((step, passed), number) in entries.iter().zip(1..) {
            let id = ChallengeId::from_random([number; 16]);
            let metadata = Metadata {
                step: *step,
                id,
                chain: 0,
                wrong: 0,
            };
            session.push(Entry::Custom {
                passed: *passed,
                metadata,
            });
        }
        session::progress(&policy(name), &session).unwrap()
    }

    fn asking(profile: &Profile) -> Asking<'_> {
        static CHALLENGE: LazyLock<ChallengeId> =
            LazyLock::new(|| ChallengeId::from_random([9; 16]));
        Asking {
            profile,
            challenge: &CHALLENGE,
            code: None,
            now: NOW,
        }
    }

    /// What a session is asked for next.
    struct Session {
        progress: Progress,
        opening: Opening,
        secret: Option<Sha256Digest>,
        enrolment: Option<EnrolmentId>,
        record: Option<Enrolment>,
    }

    impl Session {
        /// One with a password and what belongs to it, after these custom challenges.
        fn with_password(policy: &'static str, entries: &[(Step, bool)]) -> Self {
            let first = entries.is_empty();
            Self {
                progress: progress(policy, true, entries),
                opening: Opening {
                    began: NOW,
                    bound: false,
                },
                secret: Some(secret()).filter(|_| first),
                enrolment: (!first).then(|| id(1)),
                record: None,
            }
        }

        fn with(policy: &'static str, entries: &[(Step, bool)], record: enrolment::State) -> Self {
            Self {
                record: Some(enrolment(record)),
                ..Self::with_password(policy, entries)
            }
        }

        fn open(policy: &'static str) -> Self {
            Self {
                progress: progress(policy, false, &[]),
                secret: None,
                ..Self::with_password(policy, &[])
            }
        }

        fn due(&self, profile: &Profile) -> Due {
            let known = Known {
                progress: &self.progress,
                walk: self.progress.walk(None).unwrap(),
                opening: self.opening,
                secret: self.secret,
                enrolment: self.enrolment.as_ref(),
                record: self.record.as_ref(),
                asking: asking(profile),
            };
            due(known)
        }
    }

    fn id(number: u8) -> EnrolmentId {
        EnrolmentId::from_random([number; 16])
    }

    fn refused(reason: Reason) -> Due {
        Due::Refuse {
            reason,
            retry_after: None,
        }
    }

    fn face(id: &str) -> EnrolledFace {
        EnrolledFace {
            id: FaceId::new(id),
            collection: "faces".into(),
            model_version: "1".into(),
            indexed_at: Timestamp::default(),
            document: None,
        }
    }

    fn enrolment(state: enrolment::State) -> Enrolment {
        Enrolment {
            id: id(1),
            user: UserName::parse("ada").unwrap(),
            key: DocumentKey::Enrolment(EnrolmentId::from_random([1; 16])),
            state,
            binding: Some(secret()),
            version: None,
            recognitions: 0,
            unsettled: std::collections::BTreeSet::new(),
            owed_at: None,
        }
    }

    /// Somebody proved mailbox and password, and the enrolment 1 is under way.
    fn may_enrol() -> Profile {
        Profile {
            state: Some(State::MayEnrol),
            enrolment: Some(id(1)),
            binding: Some(secret()),
            ..Profile::default()
        }
    }

    fn active() -> Profile {
        Profile {
            state: Some(State::Active),
            faces: vec![face("own")],
            ..Profile::default()
        }
    }

    fn nobody() -> Due {
        let secret = face::Secret {
            faces: Vec::new(),
            activates: None,
        };
        Due::Compare(Secret::Face(secret))
    }

    /// Sessions with a password, at every stage, with what belongs to them on record.
    fn at_every_stage() -> [Session; 4] {
        let indexed = || enrolment::State::Indexed(face("new"));
        let awaited = enrolment::State::Awaited;
        [
            Session::with(PICTURES, &[], awaited.clone()),
            Session::with(PICTURES, &[(Step::Enrol, false)], awaited),
            Session::with(PICTURES, &[(Step::Enrol, true)], indexed()),
            Session::with(
                PICTURES,
                &[(Step::Enrol, true), (THE_FACE, false)],
                indexed(),
            ),
        ]
    }

    #[test]
    fn whoever_proved_mailbox_and_password_is_asked_for_a_document() {
        let fresh = Profile {
            enrolment: None,
            ..may_enrol()
        };
        let begins = Session::with_password(PICTURES, &[]).due(&fresh);
        assert_eq!(begins, Due::Enrol { running: None });
        let again = Session::with(PICTURES, &[(Step::Enrol, false)], enrolment::State::Awaited);
        let running = Some(id(1));
        assert_eq!(again.due(&may_enrol()), Due::Enrol { running });
    }

    #[test]
    fn the_password_without_the_secret_enrols_nobody_and_is_told_what_would() {
        for wrong in [None, Some(Sha256Digest::of(b"another"))] {
            for policy in ["FACE", "PASSWORD+FACE", "FACE_DATA", "PASSWORD+FACE_DATA"] {
                let session = Session {
                    secret: wrong,
                    ..Session::with_password(policy, &[])
                };
                let found = session.due(&may_enrol());
                assert_eq!(found, refused(Reason::EnrolmentNeedsReset));
            }
        }
        // The binding was spent, or void.
        let void = Profile {
            binding: None,
            ..may_enrol()
        };
        for secret in [None, Some(secret())] {
            let session = Session {
                secret,
                ..Session::with_password(PICTURES, &[])
            };
            assert_eq!(session.due(&void), refused(Reason::EnrolmentNeedsReset));
        }
        // Nor does what a later answer says help.
        let tried = Session {
            secret: Some(secret()),
            enrolment: None,
            ..Session::with_password(PICTURES, &[(THE_FACE, false)])
        };
        assert_eq!(
            tried.due(&may_enrol()),
            refused(Reason::EnrolmentNeedsReset)
        );
    }

    #[test]
    fn an_account_without_a_face_that_may_not_enrol_is_told_so_after_the_password_alone() {
        for state in [None, Some(State::Pending)] {
            let profile = Profile {
                state,
                ..may_enrol()
            };
            for policy in ["FACE", "PASSWORD+FACE", "FACE_DATA", "PASSWORD+FACE_DATA"] {
                let with_password = Session::with_password(policy, &[]).due(&profile);
                assert_eq!(with_password, refused(Reason::EnrolmentNeedsReset));
            }
            let pictures = Session::open(PICTURES).due(&profile);
            assert_eq!(pictures, nobody());
            let data = Session::open("FACE_DATA").due(&profile);
            assert_eq!(data, no_data());
        }
    }

    #[test]
    fn a_session_without_a_password_is_asked_for_the_factor_whatever_the_profile_says() {
        let reset = Some(Reset {
            at: NOW,
            binding: Some(secret()),
        });
        for profile in [Profile::default(), may_enrol()] {
            for profile in [
                Profile {
                    reset,
                    ..profile.clone()
                },
                profile,
            ] {
                assert_eq!(Session::open(PICTURES).due(&profile), nobody());
            }
        }
        let profile = Profile { reset, ..active() };
        let found = Session::open(PICTURES).due(&profile);
        assert_eq!(
            found,
            Due::Compare(Factor::Face.ordinary(asking(&active())))
        );
    }

    #[test]
    fn an_active_face_is_compared_and_never_replaced() {
        for session in &at_every_stage()[..2] {
            let Due::Compare(Secret::Face(face::Secret {
                faces,
                activates: None,
            })) = session.due(&active())
            else {
                panic!("an active user is asked for a face");
            };
            assert_eq!(faces[0].id, FaceId::new("own"));
        }
        let with_a_state_from_before = Profile {
            faces: vec![face("own")],
            ..may_enrol()
        };
        for session in at_every_stage() {
            let due = session.due(&with_a_state_from_before);
            let enrols = matches!(due, Due::Enrol { .. })
                || matches!(
                    &due,
                    Due::Compare(Secret::Face(face::Secret {
                        activates: Some(_),
                        ..
                    }))
                );
            assert!(!enrols, "{due:?}");
        }
    }

    #[test]
    fn after_an_enrolment_the_live_picture_is_compared_with_the_document() {
        for session in &at_every_stage()[2..] {
            let Due::Compare(Secret::Face(face::Secret { faces, activates })) =
                session.due(&may_enrol())
            else {
                panic!("a face is due");
            };
            assert_eq!(faces[0].id, FaceId::new("new"));
            assert_eq!(activates, Some(id(1)));
        }
    }

    #[test]
    fn an_enrolment_that_nothing_has_come_of_is_taken_up_by_the_party_that_began_it() {
        let taken_up = |record: Option<Enrolment>| {
            let session = Session {
                record,
                ..Session::with_password(PICTURES, &[])
            };
            session.due(&may_enrol())
        };
        let awaited = || enrolment(enrolment::State::Awaited);
        let running = Some(id(1));
        assert_eq!(taken_up(Some(awaited())), Due::Enrol { running });
        let anew = Due::Enrol { running: None };
        let anothers = Enrolment {
            binding: Some(Sha256Digest::of(b"another")),
            ..awaited()
        };
        let of_no_binding = Enrolment {
            binding: None,
            ..awaited()
        };
        let indexed = enrolment(enrolment::State::Indexed(face("new")));
        let rejected = enrolment(enrolment::State::Rejected(Reason::Blurred));
        for record in [
            None,
            Some(anothers),
            Some(of_no_binding),
            Some(indexed),
            Some(rejected),
        ] {
            assert_eq!(taken_up(record), anew);
        }
    }

    #[test]
    fn however_many_sign_ins_are_broken_off_they_are_about_one_enrolment() {
        let mut profile = Profile {
            enrolment: None,
            ..may_enrol()
        };
        let mut begun = 0;
        for _ in 0..1_300 {
            let session = Session::with(PICTURES, &[], enrolment::State::Awaited);
            match session.due(&profile) {
                Due::Enrol { running: None } => {
                    begun += 1;
                    profile.enrolment = Some(id(1));
                }
                Due::Enrol { running } => assert_eq!(running, Some(id(1))),
                other => panic!("an enrolment is due, not {other:?}"),
            }
        }
        assert_eq!(begun, 1);
    }

    #[test]
    fn a_session_whose_enrolment_another_one_replaced_is_told_so_once_it_had_passed() {
        let replaced = Profile {
            enrolment: Some(id(9)),
            ..may_enrol()
        };
        let ended = Profile {
            enrolment: None,
            ..may_enrol()
        };
        for profile in [replaced, ended] {
            let [_, enrolling, enrolled, tried] = at_every_stage();
            assert_eq!(enrolling.due(&profile), refused(Reason::TryLater));
            assert_eq!(enrolled.due(&profile), refused(Reason::Superseded));
            assert_eq!(tried.due(&profile), refused(Reason::Superseded));
        }
        // The other session has made its own face active.
        let [.., enrolled, tried] = at_every_stage();
        for session in [enrolled, tried] {
            assert_eq!(session.due(&active()), refused(Reason::Superseded));
        }
        // What is on record is not what the session has passed.
        for record in [
            None,
            Some(enrolment(enrolment::State::Awaited)),
            Some(Enrolment {
                id: id(9),
                ..enrolment(enrolment::State::Indexed(face("new")))
            }),
        ] {
            let session = Session {
                record,
                ..Session::with_password(PICTURES, &[(Step::Enrol, true)])
            };
            assert_eq!(session.due(&may_enrol()), refused(Reason::Superseded));
        }
    }

    #[test]
    fn a_session_that_lost_its_enrolments_id_enrols_nobody() {
        for session in at_every_stage().into_iter().skip(1) {
            let session = Session {
                enrolment: None,
                ..session
            };
            assert!(matches!(session.due(&may_enrol()), Due::Refuse { .. }));
        }
    }

    #[test]
    fn for_sixteen_minutes_after_a_reset_a_password_without_its_secret_waits() {
        let reset = Some(Reset {
            at: NOW.minus(Duration::from_mins(6)),
            binding: Some(secret()),
        });
        for profile in [
            Profile::default(),
            may_enrol(),
            active(),
            Profile {
                binding: None,
                ..may_enrol()
            },
        ] {
            let after_a_reset = Profile {
                reset,
                ..profile.clone()
            };
            for session in at_every_stage() {
                let found = session.due(&after_a_reset);
                let wait = Due::Refuse {
                    reason: Reason::TryLater,
                    retry_after: Some(Duration::from_mins(10)),
                };
                assert_eq!(found, wait);
                let bound = Session {
                    opening: Opening {
                        bound: true,
                        ..session.opening
                    },
                    ..session
                };
                assert_eq!(bound.due(&after_a_reset), bound.due(&profile));
            }
        }
    }

    #[test]
    fn a_session_that_began_before_a_reset_is_over_and_has_nothing_to_wait_for() {
        let profile = Profile {
            reset: Some(Reset {
                at: NOW.minus(Duration::from_mins(20)),
                binding: Some(secret()),
            }),
            ..may_enrol()
        };
        for session in at_every_stage() {
            let old = Session {
                opening: Opening {
                    began: NOW.minus(Duration::from_mins(30)),
                    bound: true,
                },
                ..session
            };
            assert_eq!(old.due(&profile), refused(Reason::TryLater));
        }
    }

    fn data(value: f32) -> FaceData {
        FaceData::new(Model::Descriptor128, vec![value; 128]).unwrap()
    }

    fn stored(of: Option<u8>) -> StoredData {
        let data = data(0.1);
        StoredData {
            data,
            of: of.map(id),
        }
    }

    fn no_data() -> Due {
        let secret = face_data::Secret {
            enrolled: None,
            activates: false,
        };
        Due::Compare(Secret::FaceData(secret))
    }

    fn data_session(entries: &[(Step, bool)]) -> Session {
        Session::with_password("FACE_DATA", entries)
    }

    #[test]
    fn whoever_may_enrol_is_asked_for_the_face_data_that_sign_up_brought() {
        let asked = |data, data_from_sign_up| {
            let profile = Profile {
                data,
                data_from_sign_up,
                enrolment: None,
                ..may_enrol()
            };
            data_session(&[]).due(&profile)
        };
        for (stored, from_sign_up, expected) in [
            (None, false, None),
            (Some(stored(None)), true, Some(data(0.1))),
            // One that was broken off changes nothing about what must be repeated.
            (Some(stored(Some(9))), true, Some(data(0.1))),
            (Some(stored(Some(9))), false, None),
        ] {
            let running = None;
            let expected = Due::EnrolData { running, expected };
            assert_eq!(asked(stored, from_sign_up), expected);
        }
        // What sign-up has brought cannot be read.
        let needs_reset = refused(Reason::EnrolmentNeedsReset);
        assert_eq!(asked(None, true), needs_reset);
    }

    #[test]
    fn an_enrolment_of_face_data_is_taken_up_until_they_are_accepted() {
        for (data, running) in [
            (None, Some(id(1))),
            (Some(stored(Some(9))), Some(id(1))),
            (Some(stored(Some(1))), None),
        ] {
            let profile = Profile {
                data,
                ..may_enrol()
            };
            let due = Due::EnrolData {
                running,
                expected: None,
            };
            assert_eq!(data_session(&[]).due(&profile), due);
        }
    }

    #[test]
    fn after_their_enrolment_face_data_are_compared_in_the_same_session_alone() {
        let accepted = Profile {
            data: Some(stored(Some(1))),
            ..may_enrol()
        };
        let passed = [(Step::Enrol, true)];
        let tried = [(Step::Enrol, true), (Step::Verify(Factor::FaceData), false)];
        for entries in [&passed[..], &tried] {
            let Due::Compare(Secret::FaceData(face_data::Secret {
                enrolled: Some(enrolled),
                activates: true,
            })) = data_session(entries).due(&accepted)
            else {
                panic!("the data are compared and become active");
            };
            assert_eq!(enrolled.of, id(1));
        }

        for data in [None, Some(stored(None)), Some(stored(Some(9)))] {
            let profile = Profile {
                data,
                ..may_enrol()
            };
            let found = data_session(&passed).due(&profile);
            assert_eq!(found, refused(Reason::Superseded));
        }
        let ended_by_a_new_password = Profile {
            enrolment: None,
            data: None,
            ..accepted.clone()
        };
        let found = data_session(&passed).due(&ended_by_a_new_password);
        assert_eq!(found, refused(Reason::Superseded));
        let open = Session::open("FACE_DATA");
        assert_eq!(open.due(&accepted), no_data());
    }

    #[test]
    fn active_face_data_are_compared_and_never_replaced() {
        let active = Profile {
            state: Some(State::Active),
            data: Some(stored(Some(1))),
            ..Profile::default()
        };
        for session in [Session::open("FACE_DATA"), data_session(&[])] {
            let Due::Compare(Secret::FaceData(face_data::Secret {
                enrolled: Some(enrolled),
                activates: false,
            })) = session.due(&active)
            else {
                panic!("the active data are compared");
            };
            assert_eq!(enrolled.of, id(1));
        }
        let enrolled = data_session(&[(Step::Enrol, true)]);
        assert_eq!(enrolled.due(&active), refused(Reason::Superseded));
    }

    fn opening() -> Opening {
        Opening {
            began: NOW,
            bound: false,
        }
    }

    /// As many attempts as can be on record at once.
    fn crowded_attempts() -> Attempts {
        let at = Timestamp::from_millis(1_800_000_000_000);
        let tried = Attempt {
            at,
            state: AttemptState::NotAcquired,
        };
        let recent = (0..FAILURES_TO_LOCK + UNUSABLE_FREE).map(|number| {
            let mut bits = [1; 16];
            bits[..4].copy_from_slice(&number.to_be_bytes());
            (ChallengeId::from_random(bits), tried)
        });
        Attempts {
            recent: recent.collect(),
            ..Attempts::default()
        }
    }

    #[test]
    fn a_private_challenge_for_a_mesh_has_room_enough() {
        let values = (0_u8..=255).cycle().take(1404);
        let values: Vec<f32> = values.map(|n| f32::from(n) / 255.0).collect();
        let challenge = PrivateChallenge {
            id: ChallengeId::from_random([1; 16]),
            expires_at: Timestamp::from_millis(5),
            key: String::new(),
            session: opening(),
            secret: None,
            task: Task::Compare(Comparison {
                reservation: Reservation {
                    path: Path::Password,
                    seen: crowded_attempts(),
                    empties: vec![Path::Open, Path::Mailbox],
                    empties_at_others: Vec::new(),
                    on_pass: OnPass::default(),
                    last_reset: None,
                },
                secret: Secret::FaceData(face_data::Secret {
                    enrolled: Some(face_data::EnrolledData {
                        of: EnrolmentId::from_random([1; 16]),
                        data: FaceData::new(Model::Mesh468, values).unwrap(),
                    }),
                    activates: true,
                }),
            }),
        };
        let text = challenge.to_parameter();
        assert!(text.len() < crate::envelope::LONGEST, "{}", text.len());
        let shown = format!("{challenge:?}");
        assert!(!shown.contains("AAAA"), "{shown}");
        assert_eq!(PrivateChallenge::from_parameter(&text), Ok(challenge));
    }

    #[test]
    fn a_private_challenge_reads_back_and_nothing_else_does() {
        let challenge = PrivateChallenge {
            id: ChallengeId::from_random([1; 16]),
            expires_at: Timestamp::from_millis(5),
            key: "sign-in/01".into(),
            session: opening(),
            secret: None,
            task: Task::Compare(Comparison {
                reservation: Reservation {
                    path: Path::Open,
                    seen: Attempts::default(),
                    empties: Vec::new(),
                    empties_at_others: Vec::new(),
                    on_pass: OnPass::default(),
                    last_reset: None,
                },
                secret: Secret::Face(face::Secret {
                    faces: vec![face::ExpectedFace {
                        id: FaceId::new("own"),
                        document: None,
                    }],
                    activates: None,
                }),
            }),
        };
        let text = challenge.to_parameter();
        assert_eq!(PrivateChallenge::from_parameter(&text), Ok(challenge));
        for wrong in ["", "null", "{}", &text.replace("own", &"x".repeat(20_000))] {
            let read = PrivateChallenge::from_parameter(wrong);
            assert_eq!(read, Err(crate::envelope::Unread::NotOurs));
        }
    }

    #[test]
    fn the_client_sees_strings_all() {
        let challenge = PublicChallenge {
            step: THE_FACE,
            id: ChallengeId::from_random([1; 16]),
            wanted: Wanted::Picture(PresignedPost {
                url: "http://127.0.0.1/bucket".into(),
                fields: BTreeMap::from([("key".into(), "sign-in/01".into())]),
            }),
            expires_at: Timestamp::from_millis(1_000),
            attempts_left: 2,
            reason: Some(Reason::TryLater),
            retry_after: Some(Duration::from_millis(29_001)),
            consent: Some("2".into()),
        };
        let parameters = challenge.to_parameters();
        let shown = |name: &str| parameters.get(name).map(String::as_str);
        assert_eq!(shown("step"), Some("FACE"));
        assert_eq!(shown("uploadFields"), Some(r#"{"key":"sign-in/01"}"#));
        assert_eq!(shown("expiresAt"), Some("1970-01-01T00:00:01Z"));
        assert_eq!(shown("attemptsLeft"), Some("2"));
        assert_eq!(shown("reason"), Some("TRY_LATER"));
        assert_eq!(shown("retryAfter"), Some("30"));
        assert_eq!(shown("consent"), Some("2"));
        assert_eq!(parameters.len(), 9);
        assert!(!format!("{challenge:?}").contains("sign-in/"));
    }

    #[test]
    fn whoever_is_asked_for_face_data_is_told_the_model_and_gets_no_grant() {
        let challenge = PublicChallenge {
            step: Step::Verify(Factor::FaceData),
            id: ChallengeId::from_random([1; 16]),
            wanted: Wanted::Parameters(vec![("model", "mesh-468".to_owned())]),
            expires_at: Timestamp::from_millis(1_000),
            attempts_left: 3,
            reason: None,
            retry_after: None,
            consent: None,
        };
        let parameters = challenge.to_parameters();
        let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
        let expected = ["attemptsLeft", "challengeId", "expiresAt", "model", "step"];
        assert_eq!(names, expected);
        assert_eq!(parameters["model"], "mesh-468");
    }

    #[test]
    fn where_several_chains_are_open_the_session_chooses_before_anything_else() {
        let either = "PASSWORD+FACE_DATA,FACE";
        let offered = offered(&progress(either, true, &[]));
        let chains: Vec<(u8, String)> = offered
            .iter()
            .map(|offered| (offered.place, offered.chain.to_string()))
            .collect();
        let expected = [(0, "PASSWORD+FACE_DATA".to_owned()), (1, "FACE".to_owned())];
        assert_eq!(chains, expected);
        // Exactly one of those on offer is a choice.
        assert_eq!(chosen(&offered, "FACE"), Some(1));
        for wrong in [
            "",
            "1",
            "face",
            "FACE ",
            "FACE_DATA",
            "PASSWORD+FACE",
            "FACE,FACE",
        ] {
            assert_eq!(chosen(&offered, wrong), None, "{wrong}");
        }
        assert_eq!(chosen(&offered[..1], "FACE"), None);
        // Without the password one chain is open, and nothing is chosen.
        assert_eq!(
            Session::open(either).due(&active()),
            Due::Compare(Factor::Face.ordinary(asking(&active())))
        );
    }

    #[test]
    fn a_choice_is_shown_as_policies_are_written() {
        let offered = |place, chain: &str| Offered {
            place,
            chain: chain.parse().unwrap(),
        };
        let Wants::Parameters(named) =
            choice(&[offered(0, "FACE"), offered(2, "PASSWORD+FACE_DATA")])
        else {
            panic!("nothing is uploaded")
        };
        let challenge = PublicChallenge {
            step: Step::Select,
            id: ChallengeId::from_random([1; 16]),
            wanted: Wanted::Parameters(named),
            expires_at: Timestamp::from_millis(1_000),
            attempts_left: 3,
            reason: None,
            retry_after: None,
            consent: None,
        };
        let parameters = challenge.to_parameters();
        assert_eq!(parameters["step"], "SELECT");
        assert_eq!(parameters["chains"], "FACE,PASSWORD+FACE_DATA");
    }

    #[test]
    fn a_code_is_asked_of_whoever_has_proved_the_password_whatever_is_enrolled() {
        let session = Session::with_password("PASSWORD+EMAIL_CODE", &[]);
        for profile in [Profile::default(), may_enrol(), active()] {
            let asked = asking(&profile);
            let code = Factor::EmailCode.ordinary(asked);
            assert_eq!(session.due(&profile), Due::Compare(code));
        }
        // But not in a session from before a reset.
        let reset = Profile {
            reset: Some(Reset {
                at: NOW,
                binding: None,
            }),
            ..active()
        };
        let refused = session.due(&reset);
        assert!(matches!(
            refused,
            Due::Refuse {
                reason: Reason::TryLater,
                retry_after: Some(_)
            }
        ));
    }

    #[test]
    fn a_session_has_one_code_until_that_is_too_old() {
        let (profile, first) = (Profile::default(), ChallengeId::from_random([1; 16]));
        let code = |until| Issued {
            challenge: first.clone(),
            until,
        };
        let asked = |code: &Issued| {
            let asking = Asking {
                code: Some(code),
                ..asking(&profile)
            };
            Factor::EmailCode.ordinary(asking).code().unwrap().clone()
        };
        let running = code(NOW.plus(Duration::from_millis(1)));
        assert_eq!(asked(&running), running);
        let new = asked(&code(NOW));
        assert_eq!(new.challenge, *asking(&profile).challenge);
        assert_eq!(new.until, NOW.plus(GOOD_FOR));
    }

    #[test]
    fn the_chain_that_was_chosen_is_enrolled_for_and_walked() {
        let chosen = progress("FACE,PASSWORD+FACE_DATA", true, &[(Step::Select, true)]);
        let due_on = |place, secret, profile: &Profile| {
            due(Known {
                progress: &chosen,
                walk: chosen.walk(Some(place)).unwrap(),
                opening: opening(),
                secret,
                enrolment: None,
                record: None,
                asking: asking(profile),
            })
        };
        let fresh = Profile {
            enrolment: None,
            ..may_enrol()
        };
        let face = due_on(0, Some(secret()), &fresh);
        assert_eq!(face, Due::Enrol { running: None });
        let data = due_on(1, Some(secret()), &fresh);
        assert_eq!(
            data,
            Due::EnrolData {
                running: None,
                expected: None
            }
        );
        // The secret came with the password, and was carried past the choice.
        let without = due_on(0, None, &fresh);
        assert_eq!(without, refused(Reason::EnrolmentNeedsReset));
        // An account enrols once, for one of them.
        assert_eq!(
            due_on(0, Some(secret()), &active()),
            Due::Compare(Factor::Face.ordinary(asking(&active())))
        );
        assert_eq!(due_on(1, Some(secret()), &active()), no_data());
    }

    #[test]
    fn face_data_do_not_take_up_what_began_as_an_enrolment_of_a_picture() {
        let session = Session::with("PASSWORD+FACE_DATA", &[], enrolment::State::Awaited);
        let found = session.due(&may_enrol());
        assert_eq!(
            found,
            Due::EnrolData {
                running: None,
                expected: None
            }
        );
    }

    #[test]
    fn a_pass_is_worth_a_sign_in_where_its_chain_is_complete() {
        let chain = Chain::new(true, vec![Factor::Face, Factor::FaceData]).unwrap();
        let policy = crate::policy::Policy::new(vec![chain]).unwrap();
        let on_pass = |entries: &[(Step, bool)]| {
            let mut session = vec![
                Entry::SrpA { passed: true },
                Entry::PasswordVerifier { passed: true },
            ];
            session.extend(entries.iter().zip(1..).map(|((step, passed), number)| {
                let metadata = Metadata {
                    step: *step,
                    id: ChallengeId::from_random([number; 16]),
                    chain: 0,
                    wrong: 0,
                };
                Entry::Custom {
                    passed: *passed,
                    metadata,
                }
            }));
            OnPass::of(
                session::progress(&policy, &session)
                    .unwrap()
                    .walk(None)
                    .unwrap(),
            )
        };
        assert_eq!(on_pass(&[]), OnPass::GoesOn);
        assert_eq!(on_pass(&[(Step::Enrol, true)]), OnPass::GoesOn);
        let last = on_pass(&[(THE_FACE, true)]);
        let steps = |on_pass: &OnPass, activates| {
            let steps = on_pass.steps(Path::Password, activates, Factor::FaceData);
            steps.map(|steps| steps.to_string())
        };
        assert_eq!(
            steps(&last, false).as_deref(),
            Some("PASSWORD+FACE+FACE_DATA")
        );
        let enrolled = on_pass(&[(Step::Enrol, true), (THE_FACE, true)]);
        let named = steps(&enrolled, false);
        assert_eq!(named.as_deref(), Some("PASSWORD+ENROL+FACE+FACE_DATA"));
        assert_eq!(steps(&OnPass::GoesOn, true), None);
        // One factor is what the first version of the text knew.
        let alone = progress(PICTURES, true, &[(Step::Enrol, true)]);
        assert!(OnPass::of(alone.walk(None).unwrap()).is_default());
        let named = OnPass::default().steps(Path::Open, false, Factor::Face);
        assert_eq!(named.unwrap().to_string(), "FACE");
    }

    #[test]
    fn an_answer_that_did_not_pass_always_has_a_reason() {
        let face = THE_FACE;
        let progress = |entries: &[(Step, bool)]| progress(PICTURES, true, entries);
        for (entries, verdict, reason) in [
            (Vec::new(), None, None),
            (
                vec![(face, false)],
                Some(Verdict::Refused(Reason::Blurred)),
                Some(Reason::Blurred),
            ),
            (vec![(face, false)], None, Some(Reason::TryLater)),
            // It stands, and Cognito never heard of it.
            (
                vec![(face, false)],
                Some(Verdict::Passed),
                Some(Reason::TryLater),
            ),
            (vec![(Step::Enrol, false)], None, Some(Reason::TryLater)),
            (vec![(Step::Enrol, true)], Some(Verdict::Passed), None),
            (
                vec![(Step::Enrol, true), (face, false)],
                None,
                Some(Reason::TryLater),
            ),
        ] {
            assert_eq!(refusal(&progress(&entries), verdict), reason, "{entries:?}");
        }
    }

    #[test]
    fn a_wait_outweighs_what_the_last_picture_lacked() {
        let wait = Duration::from_secs(30);
        let last = Some(Reason::Blurred);
        assert_eq!(advice(last, None), (last, None));
        assert_eq!(
            advice(last, Some(Wait::For(wait))),
            (Some(Reason::TryLater), Some(wait))
        );
        assert_eq!(
            advice(last, Some(Wait::Locked)),
            (Some(Reason::Locked), None)
        );
    }

    #[test]
    fn a_lock_that_was_opened_since_is_not_told_of() {
        assert_eq!(advice(Some(Reason::Locked), None), (None, None));
    }
}
