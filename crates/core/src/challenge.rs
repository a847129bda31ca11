//! A custom challenge: which one is due, what the client sees of it, and what
//! verify-auth-challenge is told about it behind the client's back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::enrolment::{self, Enrolment};
use crate::face_data::{FaceData, Model};
use crate::id::{ChallengeId, EnrolmentId, FaceId};
use crate::lockout::{Counter, Path, Wait};
use crate::policy::Factor;
use crate::profile::{EnrolledFace, Profile, State, StoredDocument};
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
    /// Face data, to be the user's.
    EnrolData {
        /// The enrolment, one for all rounds of a session; none before its first round.
        running: Option<EnrolmentId>,
        /// What sign-up has brought, where it has: they must be repeated.
        expected: Option<FaceData>,
    },
    /// Face data, to be compared with these.
    FaceData {
        /// The data that must resemble them; none for a user who cannot pass.
        enrolled: Option<EnrolledData>,
        /// Whether a pass makes them active.
        activates: bool,
    },
}

/// Face data that the probe may resemble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrolledData {
    /// The enrolment that they are from.
    pub of: EnrolmentId,
    /// The data.
    pub data: FaceData,
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

/// Decides which custom step is due, under a policy with this factor.
///
/// `enrolled` is the session's own enrolment as the table has it; enrolments of face data have no
/// record but the profile. It goes on, and its face counts, only while the user has no other face,
/// no later session has begun another enrolment, and no new password has ended it.
pub fn due(
    factor: Factor,
    progress: &Progress,
    profile: &Profile,
    enrolled: Option<&Enrolment>,
) -> Due {
    match factor {
        Factor::Face => picture_due(progress, profile, enrolled),
        Factor::FaceData => data_due(progress, profile),
    }
}

fn picture_due(progress: &Progress, profile: &Profile, enrolled: Option<&Enrolment>) -> Due {
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

fn data_due(progress: &Progress, profile: &Profile) -> Due {
    let running = progress.enrolment();
    let stored = profile.data.as_ref();
    let accepted = stored.and_then(|stored| {
        Some(EnrolledData {
            of: stored.of.clone()?,
            data: stored.data.clone(),
        })
    });
    let goes_on = running.is_none() || running == profile.enrolment;
    if profile.may_enrol() && goes_on {
        if progress.may_enrol() {
            let expected = stored.filter(|_| profile.data_from_sign_up);
            // Data that sign-up has brought and that cannot be read are repeated by nobody.
            if profile.data_from_sign_up == expected.is_some() {
                return Due::EnrolData {
                    running,
                    expected: expected.map(|stored| stored.data.clone()),
                };
            }
        }
        let own = accepted.filter(|accepted| Some(&accepted.of) == running.as_ref());
        return Due::FaceData {
            activates: own.is_some(),
            enrolled: own,
        };
    }
    Due::FaceData {
        enrolled: accepted.filter(|_| profile.state == Some(State::Active)),
        activates: false,
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
    /// Where the picture lies, if it was uploaded; empty where none is asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
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
    /// Take the face data for the user's.
    EnrolData {
        /// In this enrolment.
        enrolment: EnrolmentId,
        /// Only where they equal these; where there are none, any will do.
        expected: Option<FaceData>,
    },
    /// Compare the face data.
    FaceData {
        /// On whose counter a failure goes.
        path: Path,
        /// That counter as create-auth-challenge read it; the reservation is conditional on it.
        counter: Counter,
        /// The data that must be resembled; none for a user who cannot pass.
        enrolled: Option<EnrolledData>,
        /// Whether a pass makes them active.
        activates: bool,
    },
}

impl PrivateChallenge {
    /// The step this challenge is.
    pub fn step(&self) -> Step {
        match self.task {
            Task::Enrol { .. } | Task::EnrolData { .. } => Step::Enrol,
            Task::Face { .. } => Step::Face,
            Task::FaceData { .. } => Step::FaceData,
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

/// What a challenge asks the client for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A picture, with leave to upload it.
    Picture(UploadGrant),
    /// Face data of this model.
    FaceData(Model),
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
            ("expiresAt".to_owned(), self.expires_at.to_rfc3339()),
            ("attemptsLeft".to_owned(), self.attempts_left.to_string()),
        ]);
        match &self.wanted {
            Wanted::Picture(upload) => parameters.extend([
                ("uploadUrl".to_owned(), upload.url.clone()),
                ("uploadFields".to_owned(), json(&upload.fields)),
            ]),
            Wanted::FaceData(model) => {
                parameters.insert("model".to_owned(), model.name().to_owned());
            }
        }
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
    use crate::profile::StoredData;
    use crate::session::{self, Entry};

    fn session(entries: &[(Step, bool)]) -> Progress {
        session_under(Policy::ALL[0], entries)
    }

    fn session_under(policy: Policy, entries: &[(Step, bool)]) -> Progress {
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
        session::progress(policy, &session).unwrap()
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
            picture_due(&session(&[]), &may_enrol(), None),
            Due::Enrol { running: None }
        );
        let again = picture_due(&session(&[(Step::Enrol, false)]), &may_enrol(), None);
        assert_eq!(
            again,
            Due::Enrol {
                running: Some(EnrolmentId::from_random([1; 16]))
            }
        );
    }

    #[test]
    fn nobody_else_is_asked_for_a_document() {
        assert_eq!(picture_due(&without_password(), &may_enrol(), None), NOBODY);
        for state in [None, Some(State::Pending)] {
            let profile = Profile {
                state,
                ..may_enrol()
            };
            assert_eq!(picture_due(&session(&[]), &profile, None), NOBODY);
        }
        let active = Profile {
            state: Some(State::Active),
            faces: vec![face("own")],
            ..Profile::default()
        };
        let Due::Face {
            faces,
            activates: None,
        } = picture_due(&session(&[]), &active, None)
        else {
            panic!("an active user is asked for a face");
        };
        assert_eq!(faces[0].id, FaceId::new("own"));
    }

    #[test]
    fn after_an_enrolment_the_live_picture_is_compared_with_the_document() {
        let progress = session(&[(Step::Enrol, true)]);
        let indexed = enrolment(enrolment::State::Indexed(face("new")));
        let Due::Face { faces, activates } = picture_due(&progress, &may_enrol(), Some(&indexed))
        else {
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
        assert_eq!(picture_due(&progress, &replaced, Some(&indexed)), NOBODY);
        let rejected = session(&[(Step::Enrol, false)]);
        assert_eq!(picture_due(&rejected, &replaced, None), NOBODY);
        let ended_by_a_new_password = Profile {
            enrolment: None,
            ended: progress.enrolment(),
            ..may_enrol()
        };
        assert_eq!(
            picture_due(&progress, &ended_by_a_new_password, Some(&indexed)),
            NOBODY
        );
        assert_eq!(
            picture_due(&rejected, &ended_by_a_new_password, None),
            NOBODY
        );
        assert_eq!(picture_due(&progress, &may_enrol(), None), NOBODY);
        let awaited = enrolment(enrolment::State::Awaited);
        assert_eq!(picture_due(&progress, &may_enrol(), Some(&awaited)), NOBODY);
        let active = Profile {
            state: Some(State::Active),
            faces: vec![face("own")],
            ..may_enrol()
        };
        let Due::Face {
            faces,
            activates: None,
        } = picture_due(&progress, &active, Some(&indexed))
        else {
            panic!("an active face is never replaced");
        };
        assert_eq!(faces[0].id, FaceId::new("own"));
    }

    fn data(value: f32) -> FaceData {
        FaceData::new(Model::Descriptor128, vec![value; 128]).unwrap()
    }

    fn stored(of: Option<u8>) -> StoredData {
        let of = of.map(|number| EnrolmentId::from_random([number; 16]));
        let data = data(0.1);
        StoredData { data, of }
    }

    const NO_DATA: Due = Due::FaceData {
        enrolled: None,
        activates: false,
    };

    fn data_session(entries: &[(Step, bool)]) -> Progress {
        session_under("FACE_DATA".parse().unwrap(), entries)
    }

    #[test]
    fn whoever_may_enrol_is_asked_for_the_face_data_that_sign_up_brought() {
        let asked = |data, data_from_sign_up| {
            let profile = Profile {
                data,
                data_from_sign_up,
                ..may_enrol()
            };
            data_due(&data_session(&[]), &profile)
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
        assert_eq!(asked(None, true), NO_DATA);
    }

    #[test]
    fn nobody_else_is_asked_to_enrol_face_data() {
        let with_data = Profile {
            data: Some(stored(None)),
            data_from_sign_up: true,
            ..may_enrol()
        };
        assert_eq!(data_due(&without_password(), &with_data), NO_DATA);
        for state in [None, Some(State::Pending)] {
            let profile = Profile {
                state,
                ..with_data.clone()
            };
            assert_eq!(data_due(&data_session(&[]), &profile), NO_DATA);
        }
        let replaced = Profile {
            enrolment: Some(EnrolmentId::from_random([9; 16])),
            ..with_data
        };
        let rejected = data_session(&[(Step::Enrol, false)]);
        assert_eq!(data_due(&rejected, &replaced), NO_DATA);
    }

    #[test]
    fn after_their_enrolment_face_data_are_compared_in_the_same_session_alone() {
        let progress = data_session(&[(Step::Enrol, true)]);
        let accepted = Profile {
            data: Some(stored(Some(1))),
            ..may_enrol()
        };
        let Due::FaceData {
            enrolled: Some(enrolled),
            activates: true,
        } = data_due(&progress, &accepted)
        else {
            panic!("the data are compared and become active");
        };
        assert_eq!(Some(enrolled.of), progress.enrolment());
        let tried = data_session(&[(Step::Enrol, true), (Step::FaceData, false)]);
        assert_ne!(data_due(&tried, &accepted), NO_DATA);

        for data in [None, Some(stored(None)), Some(stored(Some(9)))] {
            let profile = Profile {
                data,
                ..may_enrol()
            };
            assert_eq!(data_due(&progress, &profile), NO_DATA);
        }
        let ended_by_a_new_password = Profile {
            enrolment: None,
            data: None,
            ..accepted.clone()
        };
        assert_eq!(data_due(&progress, &ended_by_a_new_password), NO_DATA);
        assert_eq!(data_due(&without_password(), &accepted), NO_DATA);
    }

    #[test]
    fn active_face_data_are_compared_and_never_replaced() {
        let active = Profile {
            state: Some(State::Active),
            data: Some(stored(Some(1))),
            ..Profile::default()
        };
        for progress in [
            without_password(),
            data_session(&[]),
            data_session(&[(Step::Enrol, true)]),
        ] {
            let Due::FaceData {
                enrolled: Some(enrolled),
                activates: false,
            } = data_due(&progress, &active)
            else {
                panic!("the active data are compared");
            };
            assert_eq!(enrolled.of, EnrolmentId::from_random([1; 16]));
        }
    }

    #[test]
    fn each_factor_has_steps_of_its_own() {
        for (factor, enrols, compares) in [
            (Factor::Face, Step::Enrol, Step::Face),
            (Factor::FaceData, Step::Enrol, Step::FaceData),
        ] {
            let step = |progress: &Progress| match due(factor, progress, &may_enrol(), None) {
                Due::Enrol { .. } | Due::EnrolData { .. } => Step::Enrol,
                Due::Face { .. } => Step::Face,
                Due::FaceData { .. } => Step::FaceData,
            };
            assert_eq!(step(&session(&[])), enrols);
            assert_eq!(step(&without_password()), compares);
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
            task: Task::FaceData {
                path: Path::Password,
                counter: Counter::default(),
                enrolled: Some(EnrolledData {
                    of: EnrolmentId::from_random([1; 16]),
                    data: FaceData::new(Model::Mesh468, values).unwrap(),
                }),
                activates: true,
            },
        };
        let text = challenge.to_parameter();
        assert!(text.len() < MAX_PRIVATE_PARAMETER, "{}", text.len());
        let shown = format!("{challenge:?}");
        assert!(!shown.contains("AAAA"), "{shown}");
        assert_eq!(PrivateChallenge::from_parameter(&text), Some(challenge));
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
            wanted: Wanted::Picture(UploadGrant {
                url: "http://127.0.0.1/bucket".into(),
                fields: BTreeMap::from([("key".into(), "sign-in/ada/01".into())]),
            }),
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
    fn whoever_is_asked_for_face_data_is_told_the_model_and_gets_no_grant() {
        let challenge = PublicChallenge {
            step: Step::FaceData,
            id: ChallengeId::from_random([1; 16]),
            wanted: Wanted::FaceData(Model::Mesh468),
            expires_at: Timestamp::from_millis(1_000),
            attempts_left: 3,
            reason: None,
            retry_after: None,
        };
        let parameters = challenge.to_parameters();
        let names: Vec<&str> = parameters.keys().map(String::as_str).collect();
        let expected = ["attemptsLeft", "challengeId", "expiresAt", "model", "step"];
        assert_eq!(names, expected);
        assert_eq!(parameters["model"], "mesh-468");
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
