//! An answer and its verdict. Whatever happens, Cognito gets a verdict within four seconds: a
//! trigger that fails or is late would be called again.

use serde_json::Value;
use signin_aws::fault::in_time;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::EmptiedBy;
use signin_core::budget;
use signin_core::challenge::Task;
use signin_core::lockout::Scope;
use signin_core::reason::Reason;
use signin_edge::verify_auth_challenge::{Answered, answered, respond};
use signin_edge::{Event, Refusal, clock, random};

use crate::verifier::Verifier;

impl Verifier {
    /// Answers a VerifyAuthChallengeResponse event.
    pub(crate) async fn verify(&self, event: Value) -> Result<Value, Refusal> {
        let call = Call {
            id: random::call_id()?,
            watch: Stopwatch::start(clock::now()),
        };
        let event = Event::new(event)?;
        let correct = match answered(&event) {
            Some(answered) => self.judge(&answered, call).await,
            None => false,
        };
        Ok(respond(event, correct))
    }

    async fn judge(&self, answered: &Answered, call: Call) -> bool {
        let late = call.watch.now() > answered.challenge.expires_at;
        let unfit = late.then_some(Reason::Expired).or(answered.unfit);
        let judged = async {
            // It uses the challenge up as any answer does, so that the session goes on from it.
            if let Some(reason) = unfit {
                return self.refuse_unread(answered, reason, call).await;
            }
            match &answered.challenge.task {
                Task::Enrol { enrolment, consent } => {
                    self.enrol(answered, enrolment, consent.as_deref(), call)
                        .await
                }
                Task::Face {
                    stake,
                    faces,
                    activates,
                } => {
                    let asked = crate::face::Asked {
                        stake,
                        faces,
                        activates: activates.as_ref(),
                    };
                    self.face(answered, asked, call).await
                }
                Task::EnrolData {
                    enrolment,
                    expected,
                    consent,
                } => {
                    let asked = crate::face_data::AskedToEnrol {
                        enrolment,
                        expected: expected.as_ref(),
                        consent: consent.as_deref(),
                    };
                    self.enrol_data(answered, asked, call).await
                }
                Task::FaceData {
                    stake,
                    enrolled,
                    activates,
                } => {
                    let asked = crate::face_data::Asked {
                        stake,
                        enrolled: enrolled.as_ref(),
                        activates: *activates,
                    };
                    self.face_data(answered, asked, call).await
                }
                Task::Refuse { reason, .. } => self.refuse_unread(answered, *reason, call).await,
            }
        };
        let judged = in_time("Verify", call.watch.after(budget::TRIGGER), judged).await;
        let step = answered.challenge.step().name();
        match judged {
            Ok(Some(verdict)) => {
                tracing::info!(target: "signin", step, verdict = verdict.name(), "judged");
                if verdict.passed() {
                    self.empty_other_paths(answered, call).await;
                }
                verdict.passed()
            }
            Ok(None) => {
                tracing::info!(target: "signin", step, "refused: used before");
                false
            }
            Err(fault) => {
                fault.log();
                false
            }
        }
    }
}

impl Verifier {
    /// What a complete sign-in does for the paths that it was not on. The sign-in stands whatever
    /// becomes of this, and a repeat finds it done.
    async fn empty_other_paths(&self, answered: &Answered, call: Call) {
        let Some(stake) = answered.challenge.task.stake() else {
            return;
        };
        let Some(factor) = answered.challenge.step().factor() else {
            return;
        };
        for path in stake.empties.iter().copied() {
            let scope = Scope { path, factor };
            let table = &self.indexer.table;
            let now = call.watch.now();
            let emptied = table.empty_tries(&answered.user, scope, EmptiedBy::OtherPath, now);
            let until = call.watch.after(budget::TRIGGER);
            if let Err(fault) = in_time("EmptyTries", until, emptied).await {
                fault.log();
            }
        }
    }
}
