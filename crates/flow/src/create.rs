//! Which step is due, and what the client needs for it.

use std::time::Duration;

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::pictures::Pictures as _;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::{SessionState, UserTable};
use signin_core::budget;
use signin_core::challenge::{
    self, Comparison, Due, Known, OnPass, PrivateChallenge, PublicChallenge, Reservation, Task,
    Wanted,
};
use signin_core::face_data::Model;
use signin_core::factor::{Asking, Enrols, Wants, face_data};
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::lockout::{Attempts, Path, Scope};
use signin_core::reason::{Reason, Unavailable};
use signin_core::reset::Opening;
use signin_core::round::{Asked, Invocation};
use signin_core::secret::Sha256Digest;
use signin_core::session::{Walk, Walked};
use signin_core::step::Metadata;
use signin_core::time::Timestamp;

use crate::factor::Prepared;
use crate::services::{Aws, Services};

/// Creates challenges.
pub struct Creator<S: Services = Aws> {
    /// The model of the face data that are taken.
    pub model: Model,
    /// The version of the consent text in force.
    pub consent: String,
    /// The user table.
    pub table: UserTable<S::Rows>,
    /// The bucket of documents.
    pub documents: S::Pictures,
    /// The bucket of pictures to sign in with.
    pub sign_ins: S::Pictures,
}

/// A challenge, for all who have to do with it.
#[derive(Clone, Debug)]
pub struct Created {
    /// What the client sees.
    pub public: PublicChallenge,
    /// What verify-auth-challenge is told.
    pub private: PrivateChallenge,
    /// The session's note of it.
    pub metadata: Metadata,
}

/// What a challenge asks for.
struct Asks<'a, P> {
    wanted: Wants,
    /// Where its picture goes, where it takes one.
    to: &'a P,
    /// Under which key.
    key: String,
    task: Task,
    /// Why it is refused whatever is answered, if it is, and the wait.
    refusal: Option<(Reason, Option<Duration>)>,
}

impl<S: Services> Creator<S> {
    /// Creates the challenge that is due, under this id.
    pub async fn create(
        &self,
        asked: &Asked,
        id: ChallengeId,
        invocation: Invocation,
    ) -> Result<Created, Unavailable> {
        let watch = Call::of(invocation).watch;
        let challenge = self.challenge(asked, id, watch);
        let until = watch.after(budget::TRIGGER);
        told(in_time("CreateChallenge", until, challenge).await)
    }

    async fn challenge(
        &self,
        asked: &Asked,
        id: ChallengeId,
        watch: Stopwatch,
    ) -> Result<Created, Fault> {
        let Asked { user, progress, .. } = asked;
        // Before the profile is read: a reset that is not in it yet is later than this.
        let began = watch.now();
        let standing = self.table.load_state(user, progress).await?;
        let session = standing.session.as_ref();
        let session = Session {
            opening: opening(asked, &standing, began),
            secret: asked.secret.or(session.and_then(|session| session.secret)),
        };
        let walk = match progress.walked() {
            Walked::ToChoose => None,
            Walked::Chosen | Walked::Chain(_) => {
                let walk = progress.walk(standing.chosen());
                Some(walk.ok_or_else(|| Fault::new("CreateChallenge", "no chain was chosen"))?)
            }
        };
        let asks = if let Some(walk) = walk {
            self.asks(walk, asked, &standing, session, &id, watch)
                .await?
        } else {
            let offered = challenge::offered(progress);
            Asks {
                wanted: challenge::choice(&offered),
                to: &self.sign_ins,
                key: String::new(),
                task: Task::Select { offered },
                refusal: None,
            }
        };
        let now = watch.now();
        let expires_at = now.plus(budget::CHALLENGE);
        let (wanted, key) = match asks.wanted {
            Wants::Picture => {
                let upload = asks.to.presign(&asks.key, now, expires_at).await?;
                (Wanted::Picture(upload), asks.key)
            }
            Wants::Parameters(named) => (Wanted::Parameters(named), String::new()),
        };
        let compared = standing.last.as_ref().is_some_and(|last| last.compared);
        let wrong = progress.wrong(compared);
        let verdict = standing.last.and_then(|last| last.verdict);
        let refused = challenge::refusal(progress, verdict);
        // Where nothing is compared, nothing is waited for.
        let reservation = asks.task.reservation();
        let wait = reservation.and_then(|reservation| reservation.seen.judged().wait(now));
        let (reason, retry_after) = match asks.refusal {
            Some((reason, retry_after)) => (Some(reason), retry_after),
            // Mail fails for those alone who have an account, so that nobody without its password hears of
            // it. The code is ordered, and may arrive.
            None if asks.task.code().is_some()
                && standing.sent.failed
                && challenge::path(progress) != Path::Open =>
            {
                (Some(Reason::TryLater), None)
            }
            None => challenge::advice(refused, wait),
        };
        let private = PrivateChallenge {
            id: id.clone(),
            expires_at,
            key,
            session: session.opening,
            secret: session
                .secret
                .filter(|_| asks.task.may_precede_an_enrolment()),
            task: asks.task,
        };
        let metadata = private.metadata(walk.map_or(0, Walk::place), wrong);
        let public = PublicChallenge {
            step: private.step(),
            id,
            wanted,
            expires_at,
            attempts_left: progress.attempts_left(wrong),
            reason,
            retry_after,
            consent: private.consent().map(str::to_owned),
        };
        Ok(Created {
            public,
            private,
            metadata,
        })
    }

    /// What is asked for on a chain. An enrolment that is due and not running begins.
    async fn asks(
        &self,
        walk: Walk<'_>,
        Asked { user, progress, .. }: &Asked,
        standing: &SessionState,
        session: Session,
        id: &ChallengeId,
        watch: Stopwatch,
    ) -> Result<Asks<'_, S::Pictures>, Fault> {
        let (profile, factor) = (&standing.profile, walk.factor());
        let reservation = self.reservation(user, walk, standing, watch).await;
        let own = standing.session.as_ref();
        let asking = Asking {
            profile,
            challenge: id,
            code: own.and_then(|session| session.code.as_ref()),
            now: watch.now(),
        };
        let due = challenge::due(Known {
            progress,
            walk,
            opening: session.opening,
            secret: session.secret,
            enrolment: own.and_then(|session| session.enrolment.as_ref()),
            record: standing.enrolment.as_ref(),
            asking,
        });
        let consent = (!profile.has_consent()).then(|| self.consent.clone());
        let running = async |running: Option<EnrolmentId>, kind| match running {
            Some(running) => Ok(running),
            None => self.begin(user, id, kind, standing, watch).await,
        };
        let asks = |wanted, task| Asks {
            wanted,
            to: &self.sign_ins,
            key: key::sign_in(id),
            task,
            refusal: None,
        };
        // As everybody is asked.
        let refuse = |reason, retry_after| Asks {
            refusal: Some((reason, retry_after)),
            ..asks(
                factor.ordinary(asking).wants(self.model),
                Task::Refuse { factor, reason },
            )
        };
        Ok(match due {
            Due::Enrol { running: found } => {
                let enrolment = running(found, Enrols::Picture).await?;
                Asks {
                    to: &self.documents,
                    key: DocumentKey::Enrolment(enrolment.clone()).to_string(),
                    ..asks(Wants::Picture, Task::Enrol { enrolment, consent })
                }
            }
            Due::EnrolData {
                running: found,
                expected,
            } => {
                let task = Task::EnrolData {
                    enrolment: running(found, Enrols::Data).await?,
                    expected,
                    consent,
                };
                asks(face_data::wants(self.model), task)
            }
            Due::Compare(secret) => {
                let comparison = Comparison {
                    reservation,
                    secret,
                };
                let prepared = self.prepare(user, id, &comparison, standing, watch);
                match prepared.await? {
                    Prepared::Ready => {
                        let wants = comparison.secret.wants(self.model);
                        asks(wants, Task::Compare(comparison))
                    }
                    Prepared::Refused(reason, retry_after) => refuse(reason, retry_after),
                }
            }
            Due::Refuse {
                reason,
                retry_after,
            } => refuse(reason, retry_after),
        })
    }

    /// What an attempt at the factor that is due reserves.
    async fn reservation(
        &self,
        user: &UserName,
        walk: Walk<'_>,
        standing: &SessionState,
        watch: Stopwatch,
    ) -> Reservation {
        let scope = Scope {
            path: challenge::path(walk.progress()),
            factor: walk.factor(),
        };
        let seen = self
            .attempts(user, scope, &standing.on(scope).attempts, watch)
            .await;
        let on_pass = OnPass::of(walk);
        // Only a complete sign-in empties anything.
        let elsewhere = standing.to_empty(scope.path, watch.now());
        let elsewhere = elsewhere.filter(|_| on_pass != OnPass::GoesOn);
        let (here, others): (Vec<Scope>, _) =
            elsewhere.partition(|found| found.factor == scope.factor);
        Reservation {
            path: scope.path,
            seen,
            empties: here.iter().map(|scope| scope.path).collect(),
            empties_at_others: others,
            on_pass,
            last_reset: standing.profile.reset_at(),
        }
    }

    /// The attempts of the path without those whose calls died before they had judged the answer.
    /// Only such a one costs more than the batch read; a fault here leaves the attempts as they are.
    async fn attempts(
        &self,
        user: &UserName,
        scope: Scope,
        found: &Attempts,
        watch: Stopwatch,
    ) -> Attempts {
        let given = self
            .table
            .give_back_abandoned(user, scope, found, watch.now());
        given.await.unwrap_or_else(|fault| {
            fault.log();
            found.clone()
        })
    }

    /// Begins the session's enrolment, named after its first round.
    async fn begin(
        &self,
        user: &UserName,
        first: &ChallengeId,
        kind: Enrols,
        standing: &SessionState,
        watch: Stopwatch,
    ) -> Result<EnrolmentId, Fault> {
        let (table, enrolment, now) = (&self.table, EnrolmentId::from(first), watch.now());
        let seen = &standing.profile;
        // One of face data has no record, and nothing of it is to be undone.
        let abandoned = standing.enrolment.as_ref().map(|record| &record.id);
        let begun = match kind {
            Enrols::Picture => {
                table
                    .begin_enrolment(user, &enrolment, seen, abandoned, now)
                    .await?
            }
            Enrols::Data => {
                table
                    .begin_data_enrolment(user, &enrolment, seen, abandoned, now)
                    .await?
            }
        };
        if begun {
            Ok(enrolment)
        } else {
            Err(Fault::new("BeginEnrolment", "another session was quicker"))
        }
    }
}

/// What a session carries from round to round.
#[derive(Clone, Copy)]
struct Session {
    /// How it began.
    opening: Opening,
    /// The digest of the secret that came with the password, while an enrolment may still begin.
    secret: Option<Sha256Digest>,
}

/// How the session began: now, where this is its first custom challenge; otherwise as it has
/// carried, or as old as it can be.
fn opening(asked: &Asked, standing: &SessionState, began: Timestamp) -> Opening {
    let rounds = asked.progress.answered().count();
    match &standing.session {
        Some(session) => session.opening,
        None if rounds == 0 => Opening {
            began,
            bound: standing
                .profile
                .reset
                .is_some_and(|reset| reset.binds(asked.secret)),
        },
        None => Opening::unknown(rounds, began),
    }
}
