//! A custom challenge: which one is due, what the client sees of it, and what
//! verify-auth-challenge is told about it behind the client's back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::enrolment::{self, Enrolment};
use crate::id::{ChallengeId, EnrolmentId, FaceId};
use crate::lockout::{Counter, Path, Wait};
use crate::profile::{EnrolledFace, Profile, StoredDocument};
use crate::reason::Reason;
use crate::session::Progress;
use crate::step::{Metadata, Step};
use crate::time::Timestamp;

/// How long a challenge and its upload grant are good. The user pool gives an answer 15 minutes
/// (`AuthSessionValidity`); the half minute less keeps the grant inside the session.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60 - 30);

/// The name under which the private parameters carry a [`PrivateChallenge`].
pub const PRIVATE_PARAMETER: &str = "challenge";

/// The longest private parameter that is read, in bytes.
const MAX_PRIVATE_PARAMETER: usize = 16 * 1024;

/// What the next custom challenge asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// A picture of a document.
    Enrol {
        /// The enrolment, one for all rounds of a session; none before its first round.
        running: Option<EnrolmentId>,
    },
    /// A picture of the user, to be compared with these faces.
    Face {
        /// The faces of which one must match; none for a user who cannot pass.
        faces: Vec<ExpectedFace>,
        /// The enrolment that a pass makes active.
        activates: Option<EnrolmentId>,
    },
}

/// A face that the probe may match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedFace {
    /// Its id in the collection.
    pub id: FaceId,
    /// The document to compare with, where documents are kept.
    pub document: Option<StoredDocument>,
}

/// Decides which custom step is due.
///
/// `enrolled` is the session's own enrolment as the table has it. It goes on, and its face counts,
/// only while the user has no other face, no later session has begun another enrolment, and no
/// new password has ended it.
pub fn due(progress: &Progress, profile: &Profile, enrolled: Option<&Enrolment>) -> Due {
    let expected = |face: &EnrolledFace| ExpectedFace {
        id: face.id.clone(),
        document: face.document.clone(),
    };
    let running = progress.enrolment();
    let goes_on = running.is_none() || running == profile.enrolment;
    if profile.may_enrol() && goes_on {
        if progress.may_enrol() {
            return Due::Enrol { running };
        }
        if let (Some(id), Some(enrolment)) = (running, enrolled)
            && enrolment.id == id
            && let enrolment::State::Indexed(face) = &enrolment.state
        {
            return Due::Face {
                faces: vec![expected(face)],
                activates: Some(id),
            };
        }
    }
    Due::Face {
        faces: profile.faces.iter().map(expected).collect(),
        activates: None,
    }
}

/// What verify-auth-challenge is told. It travels as a private challenge parameter: from
/// create-auth-challenge through Cognito, never to the client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrivateChallenge {
    /// The challenge's id.
    pub id: ChallengeId,
    /// Not good after this moment.
    pub expires_at: Timestamp,
    /// Where the picture lies, if it was uploaded.
    pub key: String,
    /// What is asked for.
    pub task: Task,
}

/// What a challenge asks verify-auth-challenge to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Task {
    /// Index the document's face.
    Enrol {
        /// For this enrolment.
        enrolment: EnrolmentId,
    },
    /// Compare the picture.
    Face {
        /// On whose counter a failure goes.
        path: Path,
        /// That counter as create-auth-challenge read it; the reservation is conditional on it.
        counter: Counter,
        /// The faces of which one must match.
        faces: Vec<ExpectedFace>,
        /// The enrolment that a pass makes active.
        activates: Option<EnrolmentId>,
    },
}

impl PrivateChallenge {
    /// The step this challenge is.
    pub fn step(&self) -> Step {
        match self.task {
            Task::Enrol { .. } => Step::Enrol,
            Task::Face { .. } => Step::Face,
        }
    }

    /// The session's note of this challenge.
    pub fn metadata(&self) -> Metadata {
        Metadata {
            step: self.step(),
            id: self.id.clone(),
        }
    }

    /// The text of the private parameter.
    pub fn to_parameter(&self) -> String {
        serde_json::to_string(self).expect("names and numbers only, which JSON can always hold")
    }

    /// Reads the private parameter; none where it is not exactly one of ours.
    pub fn from_parameter(text: &str) -> Option<Self> {
        if text.len() > MAX_PRIVATE_PARAMETER {
            return None;
        }
        serde_json::from_str(text).ok()
    }
}

/// Leave to upload one picture to one key: a presigned POST.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadGrant {
    /// Where the form goes.
    pub url: String,
    /// The form's fields, to be sent before the file. They are as good as a password until they
    /// expire: `Debug` hides them.
    pub fields: BTreeMap<String, String>,
}

impl std::fmt::Debug for UploadGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UploadGrant(hidden)")
    }
}

/// What the client sees of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicChallenge {
    /// The step.
    pub step: Step,
    /// The challenge's id.
    pub id: ChallengeId,
    /// Leave to upload the picture.
    pub upload: UploadGrant,
    /// When challenge and grant end.
    pub expires_at: Timestamp,
    /// Tries that are left in this session.
    pub attempts_left: usize,
    /// Why the last try did not pass, or why the next one could not.
    pub reason: Option<Reason>,
    /// How long to wait before the next try, where a wait is due.
    pub retry_after: Option<Duration>,
}

impl PublicChallenge {
    /// The public challenge parameters, strings all; Cognito takes nothing else.
    pub fn to_parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = BTreeMap::from([
            ("step".to_owned(), self.step.name().to_owned()),
            ("challengeId".to_owned(), self.id.to_string()),
            ("uploadUrl".to_owned(), self.upload.url.clone()),
            ("uploadFields".to_owned(), json(&self.upload.fields)),
            ("expiresAt".to_owned(), self.expires_at.to_rfc3339()),
            ("attemptsLeft".to_owned(), self.attempts_left.to_string()),
        ]);
        if let Some(reason) = self.reason {
            parameters.insert("reason".to_owned(), reason.name().to_owned());
        }
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_millis().div_ceil(1000);
            parameters.insert("retryAfter".to_owned(), seconds.to_string());
        }
        parameters
    }
}

fn json(fields: &BTreeMap<String, String>) -> String {
    serde_json::to_string(fields).expect("a map of strings is always JSON")
}

/// Why the last try did not pass, and how long to wait before the next: a wait that is due now
/// outweighs what the last picture lacked, since the next one would not be looked at.
pub fn advice(last: Option<Reason>, wait: Option<Wait>) -> (Option<Reason>, Option<Duration>) {
    match wait {
        Some(Wait::For(wait)) => (Some(Reason::TryLater), Some(wait)),
        Some(Wait::SwitchedOff) => (Some(Reason::TryLater), None),
        None => (last, None),
    }
}

/// The path that a session's tries are counted on.
pub fn path(progress: &Progress) -> Path {
    if progress.password_proven {
        Path::Password
    } else {
        Path::Open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::UserName;
    use crate::policy::Policy;
    use crate::profile::State;
    use crate::session::{self, Entry};

    fn session(entries: &[(Step, bool)]) -> Progress {
        let mut session = vec![
            Entry::SrpA { passed: true },
            Entry::PasswordVerifier { passed: true },
        ];
        for ((step, passed), number) in entries.iter().zip(1..) {
            let id = ChallengeId::from_random([number; 16]);
            session.push(Entry::Custom {
                passed: *passed,
                metadata: Metadata { step: *step, id },
            });
        }
        session::progress(Policy::ALL[0], &session).unwrap()
    }

    fn without_password() -> Progress {
        session::progress(Policy::ALL[0], &[]).unwrap()
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
            id: EnrolmentId::from_random([1; 16]),
            user: UserName::parse("ada").unwrap(),
            state,
            version: None,
            replaces: None,
        }
    }

    fn may_enrol() -> Profile {
        Profile {
            state: Some(State::MayEnrol),
            enrolment: Some(EnrolmentId::from_random([1; 16])),
            ..Profile::default()
        }
    }

    const NOBODY: Due = Due::Face {
        faces: Vec::new(),
        activates: None,
    };

    #[test]
    fn whoever_proved_mailbox_and_password_is_asked_for_a_document() {
        assert_eq!(
            due(&session(&[]), &may_enrol(), None),
            Due::Enrol { running: None }
        );
        let again = due(&session(&[(Step::Enrol, false)]), &may_enrol(), None);
        assert_eq!(
            again,
            Due::Enrol {
                running: Some(EnrolmentId::from_random([1; 16]))
            }
        );
    }

    #[test]
    fn nobody_else_is_asked_for_a_document() {
        assert_eq!(due(&without_password(), &may_enrol(), None), NOBODY);
        for state in [None, Some(State::Pending)] {
            let profile = Profile {
                state,
                ..may_enrol()
            };
            assert_eq!(due(&session(&[]), &profile, None), NOBODY);
        }
        let active = Profile {
            state: Some(State::Active),
            faces: vec![face("own")],
            ..Profile::default()
        };
        let Due::Face {
            faces,
            activates: None,
        } = due(&session(&[]), &active, None)
        else {
            panic!("an active user is asked for a face");
        };
        assert_eq!(faces[0].id, FaceId::new("own"));
    }

    #[test]
    fn after_an_enrolment_the_live_picture_is_compared_with_the_document() {
        let progress = session(&[(Step::Enrol, true)]);
        let indexed = enrolment(enrolment::State::Indexed(face("new")));
        let Due::Face { faces, activates } = due(&progress, &may_enrol(), Some(&indexed)) else {
            panic!("a face is due");
        };
        assert_eq!(faces[0].id, FaceId::new("new"));
        assert_eq!(activates, progress.enrolment());
    }

    #[test]
    fn an_enrolment_that_another_session_replaced_or_that_is_not_done_enrols_nobody() {
        let progress = session(&[(Step::Enrol, true)]);
        let indexed = enrolment(enrolment::State::Indexed(face("new")));
        let replaced = Profile {
            enrolment: Some(EnrolmentId::from_random([9; 16])),
            ..may_enrol()
        };
        assert_eq!(due(&progress, &replaced, Some(&indexed)), NOBODY);
        let rejected = session(&[(Step::Enrol, false)]);
        assert_eq!(due(&rejected, &replaced, None), NOBODY);
        let ended_by_a_new_password = Profile {
            enrolment: None,
            ended: progress.enrolment(),
            ..may_enrol()
        };
        assert_eq!(
            due(&progress, &ended_by_a_new_password, Some(&indexed)),
            NOBODY
        );
        assert_eq!(due(&rejected, &ended_by_a_new_password, None), NOBODY);
        assert_eq!(due(&progress, &may_enrol(), None), NOBODY);
        let awaited = enrolment(enrolment::State::Awaited);
        assert_eq!(due(&progress, &may_enrol(), Some(&awaited)), NOBODY);
        let active = Profile {
            state: Some(State::Active),
            faces: vec![face("own")],
            ..may_enrol()
        };
        let Due::Face {
            faces,
            activates: None,
        } = due(&progress, &active, Some(&indexed))
        else {
            panic!("an active face is never replaced");
        };
        assert_eq!(faces[0].id, FaceId::new("own"));
    }

    #[test]
    fn a_private_challenge_reads_back_and_nothing_else_does() {
        let challenge = PrivateChallenge {
            id: ChallengeId::from_random([1; 16]),
            expires_at: Timestamp::from_millis(5),
            key: "sign-in/ada/01".into(),
            task: Task::Face {
                path: Path::Open,
                counter: Counter::default(),
                faces: vec![ExpectedFace {
                    id: FaceId::new("own"),
                    document: None,
                }],
                activates: None,
            },
        };
        let text = challenge.to_parameter();
        assert_eq!(PrivateChallenge::from_parameter(&text), Some(challenge));
        for wrong in ["", "null", "{}", &text.replace("own", &"x".repeat(20_000))] {
            assert_eq!(PrivateChallenge::from_parameter(wrong), None);
        }
    }

    #[test]
    fn the_client_sees_strings_all() {
        let challenge = PublicChallenge {
            step: Step::Face,
            id: ChallengeId::from_random([1; 16]),
            upload: UploadGrant {
                url: "http://127.0.0.1/bucket".into(),
                fields: BTreeMap::from([("key".into(), "sign-in/ada/01".into())]),
            },
            expires_at: Timestamp::from_millis(1_000),
            attempts_left: 2,
            reason: Some(Reason::TryLater),
            retry_after: Some(Duration::from_millis(29_001)),
        };
        let parameters = challenge.to_parameters();
        let shown = |name: &str| parameters.get(name).map(String::as_str);
        assert_eq!(shown("step"), Some("FACE"));
        assert_eq!(shown("uploadFields"), Some(r#"{"key":"sign-in/ada/01"}"#));
        assert_eq!(shown("expiresAt"), Some("1970-01-01T00:00:01Z"));
        assert_eq!(shown("attemptsLeft"), Some("2"));
        assert_eq!(shown("reason"), Some("TRY_LATER"));
        assert_eq!(shown("retryAfter"), Some("30"));
        assert_eq!(parameters.len(), 8);
        assert!(!format!("{challenge:?}").contains("sign-in/ada"));
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
            advice(None, Some(Wait::SwitchedOff)),
            (Some(Reason::TryLater), None)
        );
    }
}
