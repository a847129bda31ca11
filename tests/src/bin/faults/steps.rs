//! What somebody does while something breaks, and how they go on afterwards.

use e2e::people::{
    Person, asked_for_face, asked_to_enrol, begun_bound, challenge, confirmed, enrolled, inline,
    newest_code, signed_up,
};
use e2e::pictures::{self, fragment};
use e2e::proxy::Rule;
use e2e::stack::{Stack, fresh_email};
use signin_client::{Answer, Challenge, ClientError, Refusal, Round, SignInClient};
use signin_core::factor::Factor;
use signin_core::reason::Reason;
use signin_core::step::Step;

/// One call to Cognito.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Confirm,
    Reset,
    BeginEnrolment,
    InlineDocument,
    UploadedDocument,
    FirstFace,
    Begin,
    InlineFace,
    UploadedFace,
    SomebodyElsesFace,
}

impl Act {
    pub(crate) const ALL: [Self; 10] = [
        Self::Confirm,
        Self::Reset,
        Self::BeginEnrolment,
        Self::InlineDocument,
        Self::UploadedDocument,
        Self::FirstFace,
        Self::Begin,
        Self::InlineFace,
        Self::UploadedFace,
        Self::SomebodyElsesFace,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Confirm => "confirming a sign-up",
            Self::Reset => "resetting the password",
            Self::BeginEnrolment => "asking for a document",
            Self::InlineDocument => "a document in the answer",
            Self::UploadedDocument => "a document that was uploaded",
            Self::FirstFace => "the face that makes an enrolment active",
            Self::Begin => "asking for a face",
            Self::InlineFace => "a face in the answer",
            Self::UploadedFace => "a face that was uploaded",
            Self::SomebodyElsesFace => "somebody else's face",
        }
    }

    /// Whether it is about a face that is looked at.
    pub(crate) fn attempts_a_face(self) -> bool {
        use Act::{FirstFace, InlineFace, SomebodyElsesFace, UploadedFace};
        matches!(
            self,
            FirstFace | InlineFace | UploadedFace | SomebodyElsesFace
        )
    }
}

/// Somebody who is about to act.
pub(crate) struct Scene {
    pub(crate) person: Person,
    pub(crate) enrolments: Vec<String>,
    /// Keeps the function behind S3's events from doing the same work at the same time: its calls
    /// are other rows.
    pub(crate) quiet: Option<Rule>,
    act: Act,
    pub(crate) asked: Option<Challenge>,
    picture: Vec<u8>,
    code: String,
}

/// What came of acting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Done,
    Tokens,
    Asked(&'static str, Option<Reason>),
    Refused(String),
}

/// The password after a reset.
const NEW_PASSWORD: &str = "a new and longer password";

impl Scene {
    /// Prepares an act, with nothing broken.
    pub(crate) async fn prepare(stack: &Stack, act: Act) -> Self {
        let client = stack.client();
        let mut scene = Self {
            person: match act {
                Act::Confirm | Act::Reset => signed_up(&client, &fresh_email()).await,
                Act::BeginEnrolment
                | Act::InlineDocument
                | Act::UploadedDocument
                | Act::FirstFace => confirmed(&client).await,
                _ => enrolled(stack).await.0,
            },
            enrolments: Vec::new(),
            quiet: None,
            act,
            asked: None,
            picture: pictures::live(),
            code: String::new(),
        };
        let person = &scene.person;
        match act {
            Act::Confirm => scene.code = newest_code(&client, &person.email).await,
            Act::Reset => {
                // Confirmed without the secret: only a reset lets the account enrol.
                let code = newest_code(&client, &person.email).await;
                let confirmed = client.confirm(&person.email, &code, None).await;
                confirmed.expect("the code is right");
                let sent = client.forgot_password(&person.email).await;
                sent.expect("a code is mailed");
                scene.code = newest_code(&client, &person.email).await;
            }
            Act::BeginEnrolment | Act::Begin => {}
            Act::InlineDocument | Act::UploadedDocument | Act::FirstFace => {
                let asked = asked_to_enrol(&client, person).await;
                // The enrolment, and so the key, is named after its first challenge.
                let only_events_name_versions = ["versionId=", &asked.challenge_id];
                let proxy = stack.proxy();
                let quiet = proxy.hold("GetObject", &only_events_name_versions);
                scene.quiet = Some(quiet.await);
                scene.enrolments.push(asked.challenge_id.clone());
                if act == Act::FirstFace {
                    let document = inline(pictures::document());
                    let next = client.answer(&asked, document).await;
                    scene.asked = Some(challenge(next, Step::Verify(Factor::Face)));
                } else {
                    scene.picture = pictures::document();
                    scene.asked = Some(asked);
                }
            }
            Act::InlineFace | Act::UploadedFace => {
                scene.asked = Some(asked_for_face(&client, &person.email).await);
            }
            Act::SomebodyElsesFace => {
                scene.picture = pictures::other();
                scene.asked = Some(asked_for_face(&client, &person.email).await);
            }
        }
        if let (Act::UploadedDocument | Act::UploadedFace, Some(asked)) = (act, &scene.asked) {
            let uploaded = client.upload(asked, scene.picture.clone()).await;
            uploaded.expect("the picture is uploaded");
        }
        scene
    }

    /// The texts by which the act's calls are known.
    pub(crate) fn marks(&self) -> Vec<String> {
        let mut marks = vec![self.person.user_name().to_owned(), fragment(&self.picture)];
        marks.extend(self.asked.iter().map(|asked| asked.challenge_id.clone()));
        marks.extend(self.enrolments.iter().cloned());
        marks
    }

    /// Begins a sign-in on the path that the act was on, without going on with it.
    pub(crate) async fn look_in(&self, client: &SignInClient) {
        let password = match self.act {
            Act::Begin | Act::InlineFace | Act::UploadedFace | Act::SomebodyElsesFace => None,
            Act::Reset => Some(NEW_PASSWORD),
            _ => Some(self.person.password.as_str()),
        };
        let _ = client.begin(&self.person.email, password).await;
    }

    /// Acts.
    pub(crate) async fn act(&self, client: &SignInClient) -> Came {
        let Person { email, account, .. } = &self.person;
        let asked = || self.asked.as_ref().expect("something is asked");
        match self.act {
            Act::Confirm => {
                let confirmed = client.confirm(email, &self.code, Some(&account.binding));
                done(confirmed.await)
            }
            Act::Reset => {
                let reset = client.reset_password(email, &self.code, NEW_PASSWORD, Some("1"));
                done(reset.await.map(drop))
            }
            Act::BeginEnrolment => came(begun_bound(client, &self.person).await),
            Act::Begin => came(client.begin(email, None).await),
            Act::UploadedDocument | Act::UploadedFace => {
                came(client.answer(asked(), Answer::Uploaded).await)
            }
            _ => came(client.answer(asked(), inline(self.picture.clone())).await),
        }
    }

    /// Somebody comes back when nothing is broken any more; tokens, or how far they got.
    pub(crate) async fn come_back(&mut self, client: &SignInClient) -> Result<(), String> {
        let email = self.person.email.clone();
        let passwords = match self.act {
            Act::Reset => vec![NEW_PASSWORD.to_owned()],
            _ => vec![self.person.password.clone()],
        };
        for password in passwords {
            let binding = &self.person.account.binding;
            let begun = client.begin_bound(&email, &password, binding).await;
            if self.walk(client, begun).await.is_ok() {
                return Ok(());
            }
        }
        // As the page leads on: the forgotten password.
        let sent = client.forgot_password(&email).await;
        sent.map_err(|error| format!("no code is mailed: {error}"))?;
        let code = newest_code(client, &email).await;
        let password = "yet another long password";
        let reset = client.reset_password(&email, &code, password, Some("1"));
        let binding = reset.await.map_err(|error| format!("no reset: {error}"))?;
        let begun = client.begin_bound(&email, password, &binding).await;
        self.walk(client, begun).await
    }

    /// Answers what is asked with this person's own pictures.
    async fn walk(
        &mut self,
        client: &SignInClient,
        mut round: Result<Round, ClientError>,
    ) -> Result<(), String> {
        for _ in 0..5 {
            match round {
                Ok(Round::Tokens(_)) => return Ok(()),
                Ok(Round::Challenge(asked)) => {
                    let asked = asked.agreeing();
                    let picture = if asked.step == Step::Enrol {
                        let enrolment = asked.upload.fields["key"].rsplit('/').next();
                        self.enrolments.extend(enrolment.map(str::to_owned));
                        pictures::document()
                    } else {
                        pictures::live()
                    };
                    round = client.answer(&asked, inline(picture)).await;
                }
                Err(error) => return Err(error.to_string()),
            }
        }
        Err(format!("{:?}", came(round)))
    }
}

fn done(result: Result<(), ClientError>) -> Came {
    match result {
        Ok(()) => Came::Done,
        Err(error) => Came::Refused(error.to_string()),
    }
}

fn came(round: Result<Round, ClientError>) -> Came {
    match round {
        Ok(Round::Tokens(_)) => Came::Tokens,
        Ok(Round::Challenge(asked)) => Came::Asked(asked.step.name(), asked.reason),
        Err(error) => Came::Refused(match error.refusal() {
            Some(Refusal::NotAuthorized) => "the session is over".to_owned(),
            _ => error.to_string(),
        }),
    }
}
