//! Which step is due, and what the client needs for it.

use serde_json::Value;
use signin_aws::client::Config;
use signin_aws::fault::{Fault, in_time};
use signin_aws::grants::grant;
use signin_aws::pictures::Bucket;
use signin_aws::stopwatch::{Stopwatch, TRIGGER_BUDGET};
use signin_aws::table::{Standing, UserTable};
use signin_core::challenge::{
    self, Due, Known, LIFETIME, PrivateChallenge, PublicChallenge, Task, Wanted,
};
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::lockout::{Counter, Path};
use signin_core::policy::Factor;
use signin_core::profile::Profile;
use signin_core::reason::Verdict;
use signin_core::reset::Opening;
use signin_core::session::Progress;
use signin_core::time::Timestamp;
use signin_edge::create_auth_challenge::{Asked, asked, respond};
use signin_edge::settings::SignIn;
use signin_edge::{Event, Refusal, clock, random};

/// Creates challenges.
pub(crate) struct Creator {
    pub(crate) sign_in: SignIn,
    /// The version of the consent text in force.
    pub(crate) consent: String,
    pub(crate) table: UserTable,
    pub(crate) documents: Bucket,
    pub(crate) sign_ins: Bucket,
    pub(crate) config: Config,
}

impl Creator {
    /// Answers a CreateAuthChallenge event.
    pub(crate) async fn create(&self, event: Value) -> Result<Value, Refusal> {
        let event = Event::new(event)?;
        let asked = asked(self.sign_in.policy, &event)?;
        let id = random::challenge_id()?;
        let watch = Stopwatch::start(clock::now());
        let challenge = self.challenge(&asked, id, watch);
        let challenge = in_time("CreateChallenge", watch.after(TRIGGER_BUDGET), challenge).await;
        let (public, private) = challenge.map_err(|fault| {
            fault.log();
            Refusal::unavailable()
        })?;
        Ok(respond(event, &public, &private))
    }

    async fn challenge(
        &self,
        asked: &Asked,
        id: ChallengeId,
        watch: Stopwatch,
    ) -> Result<(PublicChallenge, PrivateChallenge), Fault> {
        let Asked { user, progress, .. } = asked;
        // Before the profile is read: a reset that is not in it yet is later than this.
        let began = watch.now();
        let standing = self.table.standing(user, progress).await?;
        let path = challenge::path(progress);
        let counter = self.counter(user, path, &standing, progress, watch).await;
        let now = watch.now();
        let factor = self.sign_in.policy.factor;
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
        let consent = (!profile.has_consent()).then(|| self.consent.clone());
        let mut asks_consent = None;
        let mut refusal = None;
        let (uploaded, task, wait) = match challenge::due(factor, known) {
            Due::Enrol { running } => {
                let enrolment = match running {
                    Some(running) => running,
                    None => self.begin(user, &id, profile, watch).await?,
                };
                let key = DocumentKey::Enrolment(enrolment.clone());
                let uploaded = Some((&self.documents, key.to_string()));
                asks_consent.clone_from(&consent);
                (uploaded, Task::Enrol { enrolment, consent }, None)
            }
            Due::Face { faces, activates } => {
                let task = Task::Face {
                    path,
                    counter,
                    faces,
                    activates,
                };
                (self.sign_in_picture(&id), task, counter.wait(now))
            }
            Due::EnrolData { running, expected } => {
                let enrolment = match running {
                    Some(running) => running,
                    None => self.begin(user, &id, profile, watch).await?,
                };
                asks_consent.clone_from(&consent);
                let task = Task::EnrolData {
                    enrolment,
                    expected,
                    consent,
                };
                (None, task, None)
            }
            Due::FaceData {
                enrolled,
                activates,
            } => {
                let task = Task::FaceData {
                    path,
                    counter,
                    enrolled,
                    activates,
                };
                (None, task, counter.wait(now))
            }
            Due::Refuse {
                reason,
                retry_after,
            } => {
                let uploaded = match factor {
                    Factor::Face => self.sign_in_picture(&id),
                    Factor::FaceData => None,
                };
                refusal = Some((Some(reason), retry_after));
                (uploaded, Task::Refuse { factor, reason }, None)
            }
        };
        let expires_at = now.plus(LIFETIME);
        let (wanted, key) = match uploaded {
            Some((bucket, key)) => {
                let upload = grant(&self.config, bucket, &key, now, expires_at).await?;
                (Wanted::Picture(upload), key)
            }
            None => (Wanted::FaceData(self.sign_in.model), String::new()),
        };
        let refused = match standing.last.and_then(|last| last.verdict) {
            Some(Verdict::Refused(reason)) => Some(reason),
            Some(Verdict::Passed) | None => None,
        };
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
            attempts_left: progress.attempts_left(),
            reason,
            retry_after,
            consent: asks_consent,
        };
        Ok((public, private))
    }

    /// Where a picture of the user goes.
    fn sign_in_picture(&self, id: &ChallengeId) -> Option<(&Bucket, String)> {
        Some((&self.sign_ins, key::sign_in(id)))
    }

    /// The counter of the path, without a try whose call died before it had judged the answer. A
    /// user who has failed costs one more read, unless the session itself says how the last try
    /// ended; a fault here leaves the counter as it is.
    async fn counter(
        &self,
        user: &UserName,
        path: Path,
        standing: &Standing,
        progress: &Progress,
        watch: Stopwatch,
    ) -> Counter {
        let tries = standing.profile.tries(path);
        let Some(last) = &tries.last else {
            return tries.counter;
        };
        let own = progress.last().is_some_and(|own| own.id == *last);
        let mended = async {
            let found = if own {
                standing.last.clone()
            } else {
                self.table.consumption(last).await?
            };
            match found.filter(|found| found.is_abandoned(watch.now())) {
                None => Ok(tries.counter),
                Some(abandoned) => {
                    self.table
                        .give_back_abandoned(last, &abandoned, path)
                        .await?;
                    Ok(self.table.profile(user).await?.counter(path))
                }
            }
        };
        mended.await.unwrap_or_else(|fault: Fault| {
            fault.log();
            tries.counter
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
        let begun = match self.sign_in.policy.factor {
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
