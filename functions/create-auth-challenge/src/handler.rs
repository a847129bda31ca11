//! Which step is due, and what the client needs for it.

use serde_json::Value;
use signin_aws::client::Config;
use signin_aws::fault::{Fault, in_time};
use signin_aws::grants::grant;
use signin_aws::pictures::Bucket;
use signin_aws::stopwatch::{Stopwatch, TRIGGER_BUDGET};
use signin_aws::table::{Standing, UserTable};
use signin_core::challenge::{self, Due, LIFETIME, PrivateChallenge, PublicChallenge, Task};
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::key::{self, DocumentKey};
use signin_core::lockout::{Counter, Path};
use signin_core::policy::{Factor, Policy};
use signin_core::profile::Profile;
use signin_core::reason::Verdict;
use signin_core::session::Progress;
use signin_edge::create_auth_challenge::{Asked, asked, respond};
use signin_edge::settings::{InvalidSetting, require, setting};
use signin_edge::{Event, Refusal, clock, random};

/// Reads the policy. This function asks for pictures only.
pub(crate) fn policy() -> Result<Policy, InvalidSetting> {
    let policy: Policy = setting("SIGN_IN_POLICY")?;
    let pictures = policy.factor == Factor::Face;
    require(
        "SIGN_IN_POLICY",
        pictures,
        "expected FACE or PASSWORD+FACE; face data are not served yet",
    )?;
    Ok(policy)
}

/// Creates challenges.
pub(crate) struct Creator {
    pub(crate) policy: Policy,
    pub(crate) table: UserTable,
    pub(crate) documents: Bucket,
    pub(crate) sign_ins: Bucket,
    pub(crate) config: Config,
}

impl Creator {
    /// Answers a CreateAuthChallenge event.
    pub(crate) async fn create(&self, event: Value) -> Result<Value, Refusal> {
        let event = Event::new(event)?;
        let asked = asked(self.policy, &event)?;
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
        let (bucket, key, task, wait) =
            match challenge::due(progress, &standing.profile, standing.enrolment.as_ref()) {
                Due::Enrol { running } => {
                    let enrolment = if let Some(running) = running {
                        running
                    } else {
                        self.begin(user, EnrolmentId::from(&id), &standing.profile, watch)
                            .await?
                    };
                    let key = DocumentKey::Enrolment {
                        user: user.clone(),
                        enrolment: enrolment.clone(),
                    };
                    (
                        &self.documents,
                        key.to_string(),
                        Task::Enrol { enrolment },
                        None,
                    )
                }
                Due::Face { faces, activates } => {
                    let task = Task::Face {
                        path,
                        counter,
                        faces,
                        activates,
                    };
                    (
                        &self.sign_ins,
                        key::sign_in(user, &id),
                        task,
                        counter.wait(now),
                    )
                }
            };
        let expires_at = now.plus(LIFETIME);
        let upload = grant(&self.config, bucket, &key, now, expires_at).await?;
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
            upload,
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

    async fn begin(
        &self,
        user: &UserName,
        enrolment: EnrolmentId,
        seen: &Profile,
        watch: Stopwatch,
    ) -> Result<EnrolmentId, Fault> {
        if self
            .table
            .begin_enrolment(user, &enrolment, seen, watch.now())
            .await?
        {
            Ok(enrolment)
        } else {
            Err(Fault::new("BeginEnrolment", "another session was quicker"))
        }
    }
}
