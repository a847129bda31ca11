//! Which step is due, and what the client needs for it.

use serde_json::Value;
use signin_aws::client::Config;
use signin_aws::fault::{Fault, in_time};
use signin_aws::grants::grant;
use signin_aws::pictures::Bucket;
use signin_aws::stopwatch::{Stopwatch, TRIGGER_BUDGET};
use signin_aws::table::{Standing, UserTable};
use signin_core::challenge::{
    self, Due, LIFETIME, PrivateChallenge, PublicChallenge, Task, Wanted,
};
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::lockout::{Counter, Path};
use signin_core::policy::Factor;
use signin_core::profile::Profile;
use signin_core::reason::Verdict;
use signin_core::session::Progress;
use signin_edge::create_auth_challenge::{Asked, asked, respond};
use signin_edge::settings::SignIn;
use signin_edge::{Event, Refusal, clock, random};

/// Creates challenges.
pub(crate) struct Creator {
    pub(crate) sign_in: SignIn,
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
        Asked { user, progress }: &Asked,
        id: ChallengeId,
        watch: Stopwatch,
    ) -> Result<(PublicChallenge, PrivateChallenge), Fault> {
        let last = progress.last().map(|last| &last.id);
        let standing = self
            .table
            .standing(user, last, progress.enrolment().as_ref())
            .await?;
        let path = challenge::path(progress);
        let counter = self.counter(user, path, &standing, progress, watch).await;
        let now = watch.now();
        let factor = self.sign_in.policy.factor;
        let profile = &standing.profile;
        let due = challenge::due(factor, progress, profile, standing.enrolment.as_ref());
        let (uploaded, task, wait) = match due {
            Due::Enrol { running } => {
                let enrolment = match running {
                    Some(running) => running,
                    None => self.begin(user, &id, profile, watch).await?,
                };
                let key = DocumentKey::Enrolment {
                    user: user.clone(),
                    enrolment: enrolment.clone(),
                };
                let uploaded = Some((&self.documents, key.to_string()));
                (uploaded, Task::Enrol { enrolment }, None)
            }
            Due::Face { faces, activates } => {
                let uploaded = Some((&self.sign_ins, key::sign_in(user, &id)));
                let task = Task::Face {
                    path,
                    counter,
                    faces,
                    activates,
                };
                (uploaded, task, counter.wait(now))
            }
            Due::EnrolData { running, expected } => {
                let enrolment = match running {
                    Some(running) => running,
                    None => self.begin(user, &id, profile, watch).await?,
                };
                let task = Task::EnrolData {
                    enrolment,
                    expected,
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
        let (reason, retry_after) = challenge::advice(refused, wait);
        let private = PrivateChallenge {
            id: id.clone(),
            expires_at,
            key,
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
        };
        Ok((public, private))
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
