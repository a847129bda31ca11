//! The demonstration itself: one user, from sign-up to refused strangers.

use std::cell::Cell;
use std::future::Future;
use std::io::Write;
use std::time::{Duration, Instant};

use signin_client::{Answer, Challenge, ClientError, Round, SignInClient, Tokens, retake};
use signin_core::factor::Factor;
use signin_core::policy::{Chain, Policy};
use signin_core::reason::Reason;
use signin_core::step::Step;

use crate::Stop;
use crate::advice::{on_error, on_reason};
use crate::pictures::{Picture, Pictures};
use crate::recognition::Recognition;
use crate::report::{Report, Row, Stage};

/// The version of the consent text that the demonstration agrees to: the template's default.
const CONSENT: &str = "1";

/// How often an enrolment is asked for that did not end in time; a session takes no more rounds.
const ENROLMENT_ROUNDS: u32 = 9;

/// How long a mailed code may take, and how often it is looked for.
const MAIL_PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A user who was made for this demonstration.
struct User {
    email: String,
    password: String,
}

impl User {
    fn fresh() -> Self {
        Self {
            email: format!(
                "demo-{}@example.org",
                hex::encode(rand::random::<[u8; 6]>())
            ),
            password: hex::encode(rand::random::<[u8; 16]>()),
        }
    }
}

/// What came of a stage that was carried through.
enum Came<T> {
    /// What should have come, in words, and what the next stage needs.
    Held(String, T),
    /// Something else: in words, and what to do.
    Not(String, String),
}

/// What the stages share.
struct Scene<'a> {
    client: &'a SignInClient,
    recognition: &'a Recognition,
    /// Counts the pictures that were taken, so that no two are the same bytes.
    taken: Cell<u64>,
}

/// The chain of a policy that takes a mailed code and no face, if one does.
pub(crate) fn mailed(policy: &str) -> Option<Chain> {
    let policy: Policy = policy.parse().ok()?;
    let by_mail = |chain: &&Chain| chain.factors().iter().all(|factor| factor.is_mailed());
    policy.chains().iter().find(by_mail).cloned()
}

/// Plays the demonstration, as far as it gets; with a sign-in on a chain without a face, if there is one.
pub(crate) async fn play(
    client: &SignInClient,
    mailed: Option<&Chain>,
    recognition: &Recognition,
    pictures: &Pictures,
    report: &mut Report<impl Write>,
) -> Result<(), Stop> {
    let scene = Scene {
        client,
        recognition,
        taken: Cell::new(rand::random()),
    };
    let user = User::fresh();
    let Some(document) = scene.enrol(&user, &pictures.enrolment, report).await? else {
        return Ok(());
    };
    scene
        .sign_in(&user, &document, &pictures.sign_in, report)
        .await?;
    for (stage, picture, expected) in [
        (Stage::Impostor, &pictures.impostor, Reason::NoMatch),
        (Stage::TwoPeople, &pictures.two_people, Reason::ManyFaces),
    ] {
        let picture = scene.take(picture)?;
        let similarity = scene.similarity(&document, &picture).await?;
        let refused = scene.refused(&user, picture, expected);
        stage_of(report, stage, similarity, refused).await?;
    }
    if let Some(chain) = mailed {
        let signing_in = scene.by_mail(&user, chain);
        stage_of(report, Stage::MailedCode, None, signing_in).await?;
    }
    Ok(())
}

/// Carries a stage through, and adds its row. Returns what the next stage needs, where it held.
async fn stage_of<T>(
    report: &mut Report<impl Write>,
    stage: Stage,
    similarity: Option<f64>,
    work: impl Future<Output = Result<Came<T>, ClientError>>,
) -> Result<Option<T>, Stop> {
    let start = Instant::now();
    let came = work.await;
    let took = start.elapsed();
    let (result, advice, value) = match came {
        Ok(Came::Held(result, value)) => (result, None, Some(value)),
        Ok(Came::Not(result, advice)) => (result, Some(advice), None),
        Err(error) => ("failed".to_owned(), Some(on_error(&error)), None),
    };
    report.add(Row {
        stage,
        result,
        similarity,
        took,
        advice,
    })?;
    Ok(value)
}

impl Scene<'_> {
    /// Takes a picture again, as a camera would: with bytes that were never sent before.
    fn take(&self, picture: &Picture) -> Result<Vec<u8>, Stop> {
        let variation = self.taken.get();
        self.taken.set(variation.wrapping_add(1));
        retake(&picture.bytes, variation)
            .map_err(|error| Stop::Broken(format!("{}: {error}", picture.name)))
    }

    async fn similarity(&self, document: &[u8], picture: &[u8]) -> Result<Option<f64>, Stop> {
        let similarity = self.recognition.similarity(document, picture).await;
        similarity.map_err(|error| Stop::Broken(on_error(&error)))
    }

    /// Signs up, confirms, enrols and comes to tokens in one go. Returns the document's
    /// picture as it was sent.
    async fn enrol(
        &self,
        user: &User,
        picture: &Picture,
        report: &mut Report<impl Write>,
    ) -> Result<Option<Vec<u8>>, Stop> {
        let client = self.client;
        let signing_up = async {
            let signed_up = client.sign_up(&user.email, &user.password, CONSENT).await?;
            Ok(Came::Held(
                "accepted, a code was mailed".to_owned(),
                signed_up,
            ))
        };
        let Some(signed_up) = stage_of(report, Stage::SignUp, None, signing_up).await? else {
            return Ok(None);
        };

        let confirming = async {
            let letters = client.mailbox(&user.email).await?;
            let Some(letter) = letters.first() else {
                return Ok(Came::Not(
                    "no letter came".to_owned(),
                    "The local mailbox is empty: see local-cognito's log.".to_owned(),
                ));
            };
            let binding = Some(&signed_up.binding);
            client.confirm(&user.email, &letter.code, binding).await?;
            Ok(Came::Held("confirmed, and may enrol".to_owned(), ()))
        };
        if stage_of(report, Stage::Confirm, None, confirming)
            .await?
            .is_none()
        {
            return Ok(None);
        }

        let proving = async {
            let binding = &signed_up.binding;
            let round = client
                .begin_bound(&user.email, &user.password, binding)
                .await?;
            let round = self.choose(round, |chain| chain.factors() == [Factor::Face]);
            Ok(asked_for(Step::Enrol, round.await?))
        };
        let Some(challenge) = stage_of(report, Stage::Password, None, proving).await? else {
            return Ok(None);
        };

        let document = self.take(picture)?;
        let enrolling = self.enrol_document(challenge, document.clone());
        let Some(challenge) = stage_of(report, Stage::Enrol, None, enrolling).await? else {
            return Ok(None);
        };

        let live = self.take(picture)?;
        let similarity = self.similarity(&document, &live).await?;
        let comparing = async {
            let (round, sent) = self.send(&challenge, live).await?;
            Ok(tokens(round, sent))
        };
        let tokens = stage_of(report, Stage::Live, similarity, comparing).await?;
        Ok(tokens.map(|_| document))
    }

    /// Uploads the document's picture and answers until it is enrolled or refused.
    async fn enrol_document(
        &self,
        challenge: Challenge,
        document: Vec<u8>,
    ) -> Result<Came<Challenge>, ClientError> {
        self.client.upload(&challenge, document).await?;
        let mut round = self.client.answer(&challenge, Answer::Uploaded).await?;
        for _ in 1..ENROLMENT_ROUNDS {
            match round {
                Round::Challenge(pending) if pending.reason == Some(Reason::Pending) => {
                    round = self.client.answer(&pending, Answer::Uploaded).await?;
                }
                _ => break,
            }
        }
        Ok(match asked_for(Step::Verify(Factor::Face), round) {
            Came::Held(_, challenge) => Came::Held("accepted (uploaded)".to_owned(), challenge),
            not @ Came::Not(..) => not,
        })
    }

    /// Signs in with a face and nothing else, and verifies the tokens.
    async fn sign_in(
        &self,
        user: &User,
        document: &[u8],
        picture: &Picture,
        report: &mut Report<impl Write>,
    ) -> Result<(), Stop> {
        let picture = self.take(picture)?;
        let similarity = self.similarity(document, &picture).await?;
        let signing_in = async {
            let (round, sent) = self.try_face(user, picture).await?;
            Ok(tokens(round, sent))
        };
        let Some(tokens) = stage_of(report, Stage::FaceAlone, similarity, signing_in).await? else {
            return Ok(());
        };
        let verifying = async {
            let claims = self.client.verify(&tokens).await?;
            let result = "signed by the pool's published key";
            Ok(Came::Held(result.to_owned(), claims))
        };
        if let Some(claims) = stage_of(report, Stage::Verify, None, verifying).await? {
            report.claim(claims.identity);
        }
        Ok(())
    }

    /// Takes a chain, where there is a choice.
    async fn choose(
        &self,
        round: Round,
        such: impl Fn(&Chain) -> bool,
    ) -> Result<Round, ClientError> {
        let Round::Challenge(challenge) = &round else {
            return Ok(round);
        };
        match challenge.chains.iter().find(|chain| such(chain)) {
            Some(chain) => {
                let answer = Answer::Chain(chain.clone());
                self.client.answer(challenge, answer).await
            }
            None => Ok(round),
        }
    }

    /// Signs in with the password, or nothing, and a code by mail.
    async fn by_mail(&self, user: &User, chain: &Chain) -> Result<Came<()>, ClientError> {
        let codes = async || -> Result<Vec<String>, ClientError> {
            let letters = self.client.mailbox(&user.email).await?.into_iter();
            let codes = letters.filter(|letter| letter.subject.contains("sign-in code"));
            Ok(codes.map(|letter| letter.code).collect())
        };
        let before = codes().await?.len();
        let password = chain.password().then_some(user.password.as_str());
        let round = self.client.begin(&user.email, password).await?;
        let round = self.choose(round, |offered| offered == chain).await?;
        let challenge = match asked_for(Step::Verify(Factor::EmailCode), round) {
            Came::Held(_, challenge) => challenge,
            Came::Not(result, advice) => return Ok(Came::Not(result, advice)),
        };
        let mut ticks = tokio::time::interval(LOOK_AGAIN);
        let deadline = Instant::now() + MAIL_PATIENCE;
        let code = loop {
            let mut found = codes().await?;
            if found.len() > before {
                break found.swap_remove(0);
            }
            if Instant::now() > deadline {
                return Ok(Came::Not(
                    "no code came".to_owned(),
                    "Nothing was mailed: see the log of send-mail.".to_owned(),
                ));
            }
            ticks.tick().await;
        };
        let round = self.client.answer(&challenge, Answer::Text(code)).await?;
        Ok(match tokens(round, "mailed code") {
            Came::Held(result, _) => Came::Held(result, ()),
            Came::Not(result, advice) => Came::Not(result, advice),
        })
    }

    /// Attempts a picture that must be refused, for this reason and no other.
    async fn refused(
        &self,
        user: &User,
        picture: Vec<u8>,
        expected: Reason,
    ) -> Result<Came<()>, ClientError> {
        let (round, sent) = self.try_face(user, picture).await?;
        Ok(match round {
            Round::Challenge(again) if again.reason == Some(expected) => {
                Came::Held(format!("refused: {expected} ({sent})"), ())
            }
            Round::Challenge(again) => Came::Not(
                refusal(again.reason),
                format!(
                    "It was refused for another reason than {expected}, which shows nothing. {}",
                    advice(again.reason)
                ),
            ),
            Round::Tokens(_) => Came::Not(
                "signed in".to_owned(),
                "It was taken for the enrolled face: is it another person's, and alone in the \
                 picture? If so, raise SimilarityThreshold and report it."
                    .to_owned(),
            ),
        })
    }

    /// Begins a sign-in by face alone and answers with a picture.
    async fn try_face(
        &self,
        user: &User,
        picture: Vec<u8>,
    ) -> Result<(Round, &'static str), ClientError> {
        match self.client.begin(&user.email, None).await? {
            Round::Challenge(challenge) => self.send(&challenge, picture).await,
            Round::Tokens(_) => Err(ClientError::Protocol(
                "tokens came before a face was shown".to_owned(),
            )),
        }
    }

    /// Answers with a picture: inline where it fits, uploaded where not. Says which.
    async fn send(
        &self,
        challenge: &Challenge,
        picture: Vec<u8>,
    ) -> Result<(Round, &'static str), ClientError> {
        let inline = Answer::Inline {
            bytes: picture.clone(),
            mime: "image/jpeg",
        };
        if inline.fits() {
            return Ok((self.client.answer(challenge, inline).await?, "inline"));
        }
        self.client.upload(challenge, picture).await?;
        let round = self.client.answer(challenge, Answer::Uploaded).await?;
        Ok((round, "uploaded"))
    }
}

/// Expects to be asked for a step.
fn asked_for(step: Step, round: Round) -> Came<Challenge> {
    match round {
        Round::Challenge(challenge) if challenge.step == step => {
            Came::Held(format!("accepted, {} is asked for", step.name()), challenge)
        }
        Round::Challenge(challenge) if challenge.step == Step::Verify(Factor::FaceData) => {
            Came::Not(
                "FACE_DATA is asked for".to_owned(),
                "This stack compares face data, which no picture answers: deploy it with another \
             SignInPolicy."
                    .to_owned(),
            )
        }
        Round::Challenge(challenge) => {
            Came::Not(refusal(challenge.reason), advice(challenge.reason))
        }
        Round::Tokens(_) => Came::Not(
            "signed in".to_owned(),
            format!(
                "Tokens came before {} was passed; this must never be.",
                step.name()
            ),
        ),
    }
}

/// Expects tokens for a picture.
fn tokens(round: Round, sent: &str) -> Came<Tokens> {
    match round {
        Round::Tokens(tokens) => Came::Held(format!("signed in, tokens came ({sent})"), tokens),
        Round::Challenge(again) => Came::Not(refusal(again.reason), advice(again.reason)),
    }
}

fn refusal(reason: Option<Reason>) -> String {
    match reason {
        Some(reason) => format!("refused: {reason}"),
        None => "refused without a reason".to_owned(),
    }
}

fn advice(reason: Option<Reason>) -> String {
    match reason {
        Some(reason) => on_reason(reason),
        None => "Another step than this was due: see the log of create-auth-challenge.",
    }
    .to_owned()
}
