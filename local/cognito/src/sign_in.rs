//! A custom sign-in, from `InitiateAuth` to its tokens.
//!
//! Between two calls a sign-in is a [`Session`], which waits for exactly one thing. Answering takes
//! it out of the pool; going on puts another one in. So an answer counts once, however many arrive,
//! and a session always holds the whole history.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cognito_srp::{Identity, Server, Verifier};
use serde_json::{Value, json};
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::operations::{UserPools, dummy_name, missing_parameter, random_token};
use crate::pool::{Status, User};
use crate::requests::StringMap;
use crate::session::{Awaiting, Course, CustomChallenge, HistoryEntry, Session, Subject};
use crate::settings::{Deployment, Flow};
use crate::tokens::SCOPE;
use crate::triggers::{Decision, EventUser, TokenCause};

/// How clients write `TIMESTAMP`: `Tue Sep 5 00:09:40 UTC 2026`, no zero before the day.
const TIMESTAMP: &[FormatItem<'_>] = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:none] \
     [hour padding:none]:[minute]:[second] UTC [year]"
);

/// Random bytes in a `SECRET_BLOCK`.
const SECRET_BLOCK_LENGTH: usize = 64;

/// An answer to a challenge, as far as it can be read without its session.
enum Answer<'a> {
    Password {
        secret_block: &'a str,
        signature: &'a str,
        timestamp: &'a str,
    },
    Custom(&'a str),
    /// The password itself.
    Plain(&'a str),
    /// SRP, which this begins.
    Srp(&'a str),
    /// A password in the place of a temporary one.
    NewPassword(&'a str),
}

impl<'a> Answer<'a> {
    fn read(challenge_name: &str, responses: &'a StringMap) -> ApiResult<Self> {
        let required = |name: &str| {
            responses
                .get(name)
                .map(String::as_str)
                .ok_or_else(|| missing_parameter(name))
        };
        match challenge_name {
            "PASSWORD_VERIFIER" => {
                let timestamp = required("TIMESTAMP")?;
                if time::PrimitiveDateTime::parse(timestamp, TIMESTAMP).is_err() {
                    return Err(ApiError::invalid_parameter(
                        "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.",
                    ));
                }
                Ok(Self::Password {
                    secret_block: required("PASSWORD_CLAIM_SECRET_BLOCK")?,
                    signature: required("PASSWORD_CLAIM_SIGNATURE")?,
                    timestamp,
                })
            }
            "CUSTOM_CHALLENGE" => Ok(Self::Custom(required("ANSWER")?)),
            "NEW_PASSWORD_REQUIRED" => Ok(Self::NewPassword(required("NEW_PASSWORD")?)),
            "SELECT_CHALLENGE" => match required("ANSWER")? {
                "PASSWORD" => Ok(Self::Plain(required("PASSWORD")?)),
                "PASSWORD_SRP" => Ok(Self::Srp(required("SRP_A")?)),
                other => Err(ApiError::invalid_parameter(format!(
                    "The challenge {other} is not available."
                ))),
            },
            other => Err(ApiError::invalid_parameter(format!(
                "The challenge {other} is not supported."
            ))),
        }
    }
}

/// By what the answer to a password's challenge finds its session.
#[derive(Clone, Copy)]
enum Handle {
    /// By a `Session`, as everywhere else.
    Session,
    /// By the `SECRET_BLOCK`: `USER_SRP_AUTH` has no `Session`.
    SecretBlock,
}

/// A sign-in while a call works on it.
struct SignIn<'a> {
    pools: &'a UserPools,
    deployment: &'a Deployment,
    subject: Subject,
    course: Course,
    history: Vec<HistoryEntry>,
    /// Of `RespondToAuthChallenge`; that of `InitiateAuth` does not reach these triggers.
    metadata: Option<&'a StringMap>,
}

impl UserPools {
    /// `InitiateAuth` with `CUSTOM_AUTH`.
    pub(crate) async fn begin_sign_in(
        &self,
        deployment: &Deployment,
        parameters: &StringMap,
    ) -> ApiResult<Value> {
        let typed = parameters
            .get("USERNAME")
            .ok_or_else(|| missing_parameter("USERNAME"))?;
        let srp = match parameters.get("CHALLENGE_NAME").map(String::as_str) {
            None => None,
            Some("SRP_A") => Some(
                parameters
                    .get("SRP_A")
                    .ok_or_else(|| missing_parameter("SRP_A"))?,
            ),
            Some(_) => return Err(ApiError::invalid_parameter("CHALLENGE_NAME must be SRP_A.")),
        };
        let subject = self.subject(deployment, typed)?;
        let history = srp.map(|_| HistoryEntry::passed("SRP_A"));
        let sign_in = SignIn {
            pools: self,
            deployment,
            subject,
            course: Course::Custom,
            history: history.into_iter().collect(),
            metadata: None,
        };
        sign_in.advance(srp.map(String::as_str)).await
    }

    /// `InitiateAuth` and `AdminInitiateAuth` with a flow that leads from the password to tokens,
    /// past the custom triggers.
    pub(crate) async fn begin_with_password(
        &self,
        deployment: &Deployment,
        flow: Flow,
        parameters: &StringMap,
    ) -> ApiResult<Value> {
        let required = |name: &str| {
            let found = parameters.get(name).map(String::as_str);
            found.ok_or_else(|| missing_parameter(name))
        };
        let subject = self.subject(deployment, required("USERNAME")?)?;
        let sign_in = SignIn {
            pools: self,
            deployment,
            subject,
            course: Course::Tokens,
            history: Vec::new(),
            metadata: None,
        };
        let preferred = parameters.get("PREFERRED_CHALLENGE").map(String::as_str);
        match (flow, preferred) {
            (Flow::Srp, _) => sign_in.ask_password(required("SRP_A")?, Handle::SecretBlock),
            (Flow::Choice, Some("PASSWORD_SRP")) => {
                sign_in.ask_password(required("SRP_A")?, Handle::Session)
            }
            (Flow::Choice, None) => {
                let challenges = ["PASSWORD", "PASSWORD_SRP"];
                let name = sign_in.subject.name().to_owned();
                let parameters = BTreeMap::from([("USERNAME".to_owned(), name)]);
                let mut answer =
                    sign_in.wait_for(Awaiting::Choice, "SELECT_CHALLENGE", &parameters);
                answer["AvailableChallenges"] = json!(challenges);
                Ok(answer)
            }
            (Flow::Choice, Some(other)) if other != "PASSWORD" => Err(ApiError::invalid_parameter(
                format!("The challenge {other} is not available."),
            )),
            _ => sign_in.take_password(required("PASSWORD")?).await,
        }
    }

    /// Who is meant by what was typed. That an account is unconfirmed is said before any password is
    /// looked at, right or wrong.
    fn subject(&self, deployment: &Deployment, typed: &str) -> ApiResult<Subject> {
        let folded = deployment.pool.fold(typed);
        self.with_pool(&deployment.pool.id, |pool| match pool.user(&folded) {
            Some(user) if !user.enabled => Err(ApiError::user_disabled()),
            Some(user) if user.status == Status::Unconfirmed => Err(not_confirmed()),
            Some(user) => Ok(Subject::Known(user.name.clone())),
            None if deployment.client.hides_unknown_users() => {
                Ok(Subject::Unknown(dummy_name(&deployment.pool.id, &folded)))
            }
            None => Err(ApiError::user_not_found()),
        })
    }

    /// `RespondToAuthChallenge`.
    pub(crate) async fn continue_sign_in(
        &self,
        deployment: &Deployment,
        challenge_name: &str,
        session: Option<&str>,
        responses: &StringMap,
        metadata: Option<&StringMap>,
    ) -> ApiResult<Value> {
        let answer = Answer::read(challenge_name, responses)?;
        let typed = responses
            .get("USERNAME")
            .ok_or_else(|| missing_parameter("USERNAME"))?;
        let (token, refusal) = match (session, &answer) {
            (Some(token), _) => (token, ApiError::invalid_session()),
            (None, Answer::Password { secret_block, .. }) => {
                (*secret_block, ApiError::wrong_credentials())
            }
            (None, _) => return Err(ApiError::invalid_session()),
        };
        let now = self.clock.now();
        let pool_id = &deployment.pool.id;
        let session = self
            .with_pool(pool_id, |pool| {
                pool.take_session(token, &deployment.client.id, now)
            })
            .ok_or(refusal)?;
        if !self.is_named(deployment, typed, &session.subject) {
            return Err(ApiError::invalid_session());
        }
        let mut sign_in = SignIn {
            pools: self,
            deployment,
            subject: session.subject,
            course: session.course,
            history: session.history,
            metadata,
        };
        let passed = match (session.awaiting, answer) {
            (
                Awaiting::Password {
                    server,
                    secret_block,
                },
                Answer::Password {
                    secret_block: returned,
                    signature,
                    timestamp,
                },
            ) => {
                if STANDARD.decode(returned).ok().as_ref() != Some(&secret_block) {
                    return Err(ApiError::wrong_credentials());
                }
                sign_in.check_password(&server, &secret_block, timestamp, signature)?;
                if sign_in.course == Course::Tokens {
                    return sign_in.finish_with_password().await;
                }
                HistoryEntry::passed("PASSWORD_VERIFIER")
            }
            (Awaiting::Choice, Answer::Plain(password)) => {
                return sign_in.take_password(password).await;
            }
            (Awaiting::Choice, Answer::Srp(srp_a)) => {
                return sign_in.ask_password(srp_a, Handle::Session);
            }
            (Awaiting::NewPassword, Answer::NewPassword(password)) => {
                return sign_in.replace_password(password).await;
            }
            (Awaiting::Custom(challenge), Answer::Custom(answer)) => {
                sign_in.check_custom(challenge, answer).await?
            }
            _ => return Err(ApiError::invalid_session()),
        };
        sign_in.history.push(passed);
        sign_in.advance(None).await
    }

    /// Whether the name in an answer is the session's user: by its own name or as typed at first.
    fn is_named(&self, deployment: &Deployment, typed: &str, subject: &Subject) -> bool {
        if typed == subject.name() {
            return true;
        }
        let folded = deployment.pool.fold(typed);
        match subject {
            Subject::Known(name) => self.with_pool(&deployment.pool.id, |pool| {
                pool.user(&folded).is_some_and(|user| user.name == *name)
            }),
            Subject::Unknown(name) => dummy_name(&deployment.pool.id, &folded) == *name,
        }
    }
}

impl SignIn<'_> {
    /// Asks the defining trigger what comes next, and does it. `srp_a` is there only in the call
    /// that brought it: a password can be asked for then and never later.
    async fn advance(self, srp_a: Option<&str>) -> ApiResult<Value> {
        let attributes = self.attributes()?;
        let triggers = self.pools.triggers(self.deployment);
        let user = self.event_user(&attributes);
        match triggers.define(user, &self.history, self.metadata).await? {
            Decision::Fail => Err(ApiError::wrong_credentials()),
            Decision::IssueTokens => {
                self.issue_tokens(&attributes, TokenCause::Authentication)
                    .await
            }
            Decision::Password => match srp_a {
                Some(srp_a) => self.ask_password(srp_a, Handle::Session),
                None => Err(ApiError::new(
                    ErrorCode::InvalidLambdaResponse,
                    "PASSWORD_VERIFIER is only possible right after SRP_A",
                )),
            },
            Decision::Custom => {
                let created = triggers.create(user, &self.history, self.metadata).await?;
                let (mut parameters, challenge) = created;
                parameters.insert("USERNAME".to_owned(), self.subject.name().to_owned());
                let awaiting = Awaiting::Custom(challenge);
                Ok(self.wait_for(awaiting, "CUSTOM_CHALLENGE", &parameters))
            }
        }
    }

    /// Answers `SRP_A`; for nobody with a challenge that looks the same and cannot be met.
    fn ask_password(self, srp_a: &str, handle: Handle) -> ApiResult<Value> {
        let pool_id = &self.deployment.pool.id;
        let verifier = match &self.subject {
            Subject::Known(name) => self
                .pools
                .with_pool(pool_id, |pool| {
                    pool.user(name).map(|user| user.verifier.clone())
                })
                .ok_or_else(ApiError::wrong_credentials)?,
            Subject::Unknown(name) => Verifier::decoy(self.pools.decoy_salt(name), rand::random()),
        };
        let server = Server::new(verifier, srp_a, rand::random())
            .map_err(|error| ApiError::invalid_parameter(format!("SRP_A: {error}.")))?;
        let secret_block = rand::random::<[u8; SECRET_BLOCK_LENGTH]>().to_vec();
        let shown = STANDARD.encode(&secret_block);
        let name = self.subject.name().to_owned();
        let parameters = BTreeMap::from([
            ("SALT".to_owned(), server.salt()),
            ("SECRET_BLOCK".to_owned(), shown.clone()),
            ("SRP_B".to_owned(), server.public_value()),
            ("USERNAME".to_owned(), name.clone()),
            ("USER_ID_FOR_SRP".to_owned(), name),
        ]);
        let awaiting = Awaiting::Password {
            server: Box::new(server),
            secret_block,
        };
        let challenge = "PASSWORD_VERIFIER";
        match handle {
            Handle::Session => Ok(self.wait_for(awaiting, challenge, &parameters)),
            Handle::SecretBlock => {
                self.open(shown, awaiting);
                Ok(json!({ "ChallengeName": challenge, "ChallengeParameters": parameters }))
            }
        }
    }

    fn check_password(
        &self,
        server: &Server,
        secret_block: &[u8],
        timestamp: &str,
        signature: &str,
    ) -> ApiResult<()> {
        self.check_lockout()?;
        let proven = server.accepts(self.identity(), secret_block, timestamp, signature);
        // A password that was replaced meanwhile proves nothing any more.
        let current = self.verifier();
        let right = matches!(proven, Ok(true)) && current.as_ref() == Some(server.verifier());
        self.password_was(right)
    }

    /// Checks a password that was sent, and issues tokens for it.
    async fn take_password(self, password: &str) -> ApiResult<Value> {
        self.check_lockout()?;
        let current = self.verifier();
        let right = current.is_some_and(|verifier| verifier.fits(self.identity(), password));
        self.password_was(right)?;
        self.finish_with_password().await
    }

    /// Tokens for a password that was proven, unless it is a temporary one.
    async fn finish_with_password(self) -> ApiResult<Value> {
        let attributes = self.attributes()?;
        let temporary = self.known(|user| user.status == Status::ForceChangePassword)?;
        if !temporary {
            return self
                .issue_tokens(&attributes, TokenCause::Authentication)
                .await;
        }
        let name = self.subject.name().to_owned();
        let mut shown = attributes;
        shown.remove("sub");
        shown.remove("cognito:user_status");
        let parameters = BTreeMap::from([
            ("USER_ID_FOR_SRP".to_owned(), name),
            ("requiredAttributes".to_owned(), "[]".to_owned()),
            ("userAttributes".to_owned(), json!(shown).to_string()),
        ]);
        Ok(self.wait_for(Awaiting::NewPassword, "NEW_PASSWORD_REQUIRED", &parameters))
    }

    /// Puts the user's own password in the temporary one's place.
    async fn replace_password(self, password: &str) -> ApiResult<Value> {
        let pool = &self.deployment.pool;
        pool.password_policy().check(password)?;
        let verifier = Verifier::new(self.identity(), password, rand::random());
        self.pools.with_pool(&pool.id, |pool| {
            let user = pool.user_mut(self.subject.name());
            let user = user.ok_or_else(ApiError::wrong_credentials)?;
            if user.status != Status::ForceChangePassword {
                return Err(ApiError::invalid_session());
            }
            user.set_password(verifier);
            Ok(())
        })?;
        let attributes = self.attributes()?;
        self.issue_tokens(&attributes, TokenCause::NewPassword)
            .await
    }

    /// Something about the account.
    fn known<T>(&self, of: impl FnOnce(&User) -> T) -> ApiResult<T> {
        self.pools.with_pool(&self.deployment.pool.id, |pool| {
            let user = pool.user(self.subject.name());
            user.map(of).ok_or_else(ApiError::wrong_credentials)
        })
    }

    fn identity(&self) -> Identity<'_> {
        Identity {
            pool_id: &self.deployment.pool.id,
            user_id: self.subject.name(),
        }
    }

    /// The verifier of the password as it is now; none for somebody who does not exist.
    fn verifier(&self) -> Option<Verifier> {
        let Subject::Known(name) = &self.subject else {
            return None;
        };
        self.pools.with_pool(&self.deployment.pool.id, |pool| {
            pool.user(name).map(|user| user.verifier.clone())
        })
    }

    fn check_lockout(&self) -> ApiResult<()> {
        let now = self.pools.clock.now();
        self.pools.with_pool(&self.deployment.pool.id, |pool| {
            pool.check_lockout(self.subject.name(), now)
        })
    }

    /// Counts a wrong password; a right one must not have expired.
    fn password_was(&self, right: bool) -> ApiResult<()> {
        let now = self.pools.clock.now();
        let name = self.subject.name();
        self.pools.with_pool(&self.deployment.pool.id, |pool| {
            if right {
                pool.password_passed(name);
            } else {
                pool.password_failed(name, now);
            }
        });
        if !right {
            return Err(ApiError::wrong_credentials());
        }
        let until = self.known(|user| user.temporary_until)?;
        if until.is_some_and(|until| until <= now) {
            return Err(ApiError::not_authorized(
                "Temporary password has expired and must be reset by an administrator.",
            ));
        }
        Ok(())
    }

    async fn check_custom(
        &self,
        challenge: CustomChallenge,
        answer: &str,
    ) -> ApiResult<HistoryEntry> {
        let attributes = self.attributes()?;
        let triggers = self.pools.triggers(self.deployment);
        let user = self.event_user(&attributes);
        let result = triggers
            .verify(user, &challenge, answer, self.metadata)
            .await?;
        Ok(HistoryEntry {
            name: "CUSTOM_CHALLENGE".into(),
            result,
            metadata: challenge.metadata,
        })
    }

    async fn issue_tokens(self, attributes: &StringMap, cause: TokenCause) -> ApiResult<Value> {
        let Subject::Known(name) = &self.subject else {
            return Err(ApiError::wrong_credentials());
        };
        let triggers = self.pools.triggers(self.deployment);
        let user = self.event_user(attributes);
        let overrides = triggers
            .pre_token_generation(user, cause, &[SCOPE], self.metadata)
            .await?;
        self.pools
            .issue_first_tokens(self.deployment, name, &overrides)
    }

    /// Opens a new session and hands its token to the client.
    fn wait_for(self, awaiting: Awaiting, challenge_name: &str, parameters: &StringMap) -> Value {
        let token = random_token();
        self.open(token.clone(), awaiting);
        json!({
            "ChallengeName": challenge_name,
            "ChallengeParameters": parameters,
            "Session": token,
        })
    }

    /// Opens a new session under a name that the client will know it by.
    fn open(self, token: String, awaiting: Awaiting) {
        let now = self.pools.clock.now();
        let session = Session {
            client: self.deployment.client.id.clone(),
            expires_at: now + self.deployment.client.session_validity(),
            subject: self.subject,
            course: self.course,
            history: self.history,
            awaiting,
        };
        self.pools.with_pool(&self.deployment.pool.id, |pool| {
            pool.open_session(token, session, now);
        });
    }

    /// The attributes as they are now: an account may have been disabled since the last call.
    fn attributes(&self) -> ApiResult<StringMap> {
        match &self.subject {
            Subject::Unknown(_) => Ok(StringMap::new()),
            Subject::Known(name) => {
                self.pools
                    .with_pool(&self.deployment.pool.id, |pool| match pool.user(name) {
                        Some(user) if user.enabled => Ok(user.trigger_attributes()),
                        Some(_) => Err(ApiError::user_disabled()),
                        None => Err(ApiError::wrong_credentials()),
                    })
            }
        }
    }

    fn event_user<'a>(&'a self, attributes: &'a StringMap) -> EventUser<'a> {
        EventUser {
            name: self.subject.name(),
            attributes,
            known: matches!(self.subject, Subject::Known(_)),
        }
    }
}

/// The refusal of an account whose code was not entered yet.
fn not_confirmed() -> ApiError {
    ApiError::new(ErrorCode::UserNotConfirmed, "User is not confirmed.")
}
