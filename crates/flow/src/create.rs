//! Which step is due, and what the client needs for it.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::pictures::Pictures as _;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::{Standing, UserTable};
use signin_core::budget;
use signin_core::challenge::{
    self, Due, Known, PrivateChallenge, PublicChallenge, Stake, Task, Wanted,
};
use signin_core::face_data::Model;
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::lockout::{Scope, Tries};
use signin_core::policy::Policy;
use signin_core::profile::Profile;
use signin_core::reason::Unavailable;
use signin_core::reset::Opening;
use signin_core::round::{Asked, Invocation};
use signin_core::step::Factor;
use signin_core::time::Timestamp;

use crate::services::{Aws, Services};

/// Creates challenges.
pub struct Creator<S: Services = Aws> {
    /// The policy.
    pub policy: Policy,
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
    /// How many comparisons the session has had refused.
    pub wrong: u8,
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
        let factor = self.policy.factor;
        // Before the profile is read: a reset that is not in it yet is later than this.
        let began = watch.now();
        let standing = self.table.standing(user, progress, factor).await?;
        let path = challenge::path(progress);
        let scope = Scope { path, factor };
        let seen = self.tries(user, scope, &standing.on(path).tries, watch);
        let seen = seen.await;
        let now = watch.now();
        let wait = seen.judged().wait(now);
        let to_empty = path
            .others()
            .filter(|path| standing.on(*path).to_empty(now));
        let stake = Stake {
            path,
            seen,
            empties: to_empty.collect(),
        };
        let profile = &standing.profile;
        let opening = opening(asked, &standing, began);
        let known = Known {
            progress,
            opening,
            secret: asked.secret,
            enrolment: standing
                .session
                .as_ref()
                .and_then(|session| session.enrolment.as_ref()),
            record: standing.enrolment.as_ref(),
            profile,
            now,
        };
        let due = challenge::due(factor, known);
        let refusal = match due {
            Due::Refuse {
                reason,
                retry_after,
            } => Some((Some(reason), retry_after)),
            Due::Enrol { .. } | Due::Face { .. } | Due::EnrolData { .. } | Due::FaceData { .. } => {
                None
            }
        };
        let (uploaded, task) = self.asks(due, stake, asked, &id, profile, watch).await?;
        let expires_at = now.plus(budget::CHALLENGE);
        let (wanted, key) = match uploaded {
            Some((bucket, key)) => {
                let upload = bucket.grant(&key, now, expires_at).await?;
                (Wanted::Picture(upload), key)
            }
            None => (Wanted::FaceData(self.model), String::new()),
        };
        let compared = standing.last.as_ref().is_some_and(|last| last.compared);
        let wrong = progress.wrong(compared);
        let verdict = standing.last.and_then(|last| last.verdict);
        let refused = challenge::refusal(progress, verdict);
        // Where nothing is compared, nothing is waited for.
        let wait = task.stake().and(wait);
        let (reason, retry_after) = refusal.unwrap_or_else(|| challenge::advice(refused, wait));
        let private = PrivateChallenge {
            id: id.clone(),
            expires_at,
            key,
            session: opening,
            task,
        };
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
            wrong,
        })
    }

    /// What is asked for, and where its picture goes, where it takes one. An enrolment that is due
    /// and not running begins.
    async fn asks(
        &self,
        due: Due,
        stake: Stake,
        Asked { user, .. }: &Asked,
        id: &ChallengeId,
        profile: &Profile,
        watch: Stopwatch,
    ) -> Result<(Option<(&S::Pictures, String)>, Task), Fault> {
        let consent = (!profile.has_consent()).then(|| self.consent.clone());
        let running = async |running: Option<EnrolmentId>| match running {
            Some(running) => Ok(running),
            None => self.begin(user, id, profile, watch).await,
        };
        Ok(match due {
            Due::Enrol { running: found } => {
                let enrolment = running(found).await?;
                let key = DocumentKey::Enrolment(enrolment.clone());
                let uploaded = Some((&self.documents, key.to_string()));
                (uploaded, Task::Enrol { enrolment, consent })
            }
            Due::Face { faces, activates } => {
                let task = Task::Face {
                    stake,
                    faces,
                    activates,
                };
                (Some(self.sign_in_picture(id)), task)
            }
            Due::EnrolData {
                running: found,
                expected,
            } => {
                let task = Task::EnrolData {
                    enrolment: running(found).await?,
                    expected,
                    consent,
                };
                (None, task)
            }
            Due::FaceData {
                enrolled,
                activates,
            } => {
                let task = Task::FaceData {
                    stake,
                    enrolled,
                    activates,
                };
                (None, task)
            }
            Due::Refuse { reason, .. } => {
                let factor = self.policy.factor;
                let uploaded = match factor {
                    Factor::Face => Some(self.sign_in_picture(id)),
                    Factor::FaceData => None,
                };
                (uploaded, Task::Refuse { factor, reason })
            }
        })
    }

    /// Where a picture of the user goes.
    fn sign_in_picture(&self, id: &ChallengeId) -> (&S::Pictures, String) {
        (&self.sign_ins, key::sign_in(id))
    }

    /// The tries of the path without those whose calls died before they had judged the answer.
    /// Only such a one costs more than the batch read; a fault here leaves the tries as they are.
    async fn tries(&self, user: &UserName, scope: Scope, found: &Tries, watch: Stopwatch) -> Tries {
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
        seen: &Profile,
        watch: Stopwatch,
    ) -> Result<EnrolmentId, Fault> {
        let (table, enrolment) = (&self.table, EnrolmentId::from(first));
        let begun = match self.policy.factor {
            Factor::Face => {
                table
                    .begin_enrolment(user, &enrolment, seen, watch.now())
                    .await?
            }
            Factor::FaceData => table.begin_data_enrolment(user, &enrolment, seen).await?,
        };
        if begun {
            Ok(enrolment)
        } else {
            Err(Fault::new("BeginEnrolment", "another session was quicker"))
        }
    }
}

/// How the session began: now, where this is its first custom challenge; otherwise as it has
/// carried, or as old as it can be.
fn opening(asked: &Asked, standing: &Standing, began: Timestamp) -> Opening {
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
