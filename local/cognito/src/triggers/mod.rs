//! The Lambda triggers: the events they see and what their answers may be.
//!
//! A trigger must answer within a time limit and is called three times at most. What it returns
//! must be its event with the response filled in; anything else fails the call.

mod custom_message;
mod pre_token_generation;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::model::MAX_STRING;
use crate::requests::StringMap;
use crate::session::{CustomChallenge, HistoryEntry};
use crate::settings::{PoolSettings, Trigger};
use crate::stack::{Invocation, Stack};

pub(crate) use custom_message::MessageCause;
pub(crate) use pre_token_generation::TokenCause;

/// How often a trigger is called before the request fails.
const CALLS: u32 = 3;

/// What every event says about the user.
#[derive(Clone, Copy)]
pub(crate) struct EventUser<'a> {
    pub(crate) name: &'a str,
    /// Empty for a user that does not exist.
    pub(crate) attributes: &'a BTreeMap<String, String>,
    pub(crate) known: bool,
}

/// What brought a `PostConfirmation` about.
#[derive(Clone, Copy)]
pub(crate) enum Confirmation {
    SignUp,
    ForgotPassword,
}

/// Who wants a new account.
#[derive(Clone, Copy)]
pub(crate) enum Registration {
    SignUp,
    Administrator,
}

/// What `PreSignUp` decided.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignUpDecision {
    pub(crate) auto_confirm_user: Option<bool>,
    pub(crate) auto_verify_email: Option<bool>,
}

/// What `DefineAuthChallenge` decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    IssueTokens,
    Fail,
    Password,
    Custom,
}

/// What events say instead of an app client where an administrator called.
pub(crate) const NO_CLIENT: &str = "CLIENT_ID_NOT_APPLICABLE";

/// Calls one pool's triggers.
pub(crate) struct Triggers<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) pool: &'a PoolSettings,
    /// The app client that is served, or [`NO_CLIENT`].
    pub(crate) client: &'a str,
    pub(crate) timeout: Duration,
}

impl Triggers<'_> {
    /// Asks whether an account may be made. Without the trigger it may.
    pub(crate) async fn pre_sign_up(
        &self,
        user: EventUser<'_>,
        registration: Registration,
        validation_data: Option<&BTreeMap<String, String>>,
        metadata: Option<&StringMap>,
    ) -> ApiResult<SignUpDecision> {
        let mut request = json!({
            "userAttributes": user.attributes,
            "validationData": validation_data,
        });
        add_metadata(&mut request, metadata);
        let response = json!({
            "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false
        });
        let source = match registration {
            Registration::SignUp => "PreSignUp_SignUp",
            Registration::Administrator => "PreSignUp_AdminCreateUser",
        };
        let call = Call::new(Trigger::PreSignUp, source, request, response);
        Ok(self.invoke(user.name, call).await?.unwrap_or_default())
    }

    /// Tells that an account was confirmed, or its password reset.
    pub(crate) async fn post_confirmation(
        &self,
        user: EventUser<'_>,
        confirmation: Confirmation,
        metadata: Option<&StringMap>,
    ) -> ApiResult<()> {
        let source = match confirmation {
            Confirmation::SignUp => "PostConfirmation_ConfirmSignUp",
            Confirmation::ForgotPassword => "PostConfirmation_ConfirmForgotPassword",
        };
        let mut request = json!({ "userAttributes": user.attributes });
        add_metadata(&mut request, metadata);
        let call = Call::new(Trigger::PostConfirmation, source, request, json!({}));
        self.invoke::<Map<String, Value>>(user.name, call)
            .await
            .map(drop)
    }

    /// Asks what comes next in a sign-in.
    pub(crate) async fn define(
        &self,
        user: EventUser<'_>,
        history: &[HistoryEntry],
        metadata: Option<&StringMap>,
    ) -> ApiResult<Decision> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            challenge_name: Option<String>,
            issue_tokens: Option<bool>,
            fail_authentication: Option<bool>,
        }
        let mut request = json!({
            "userAttributes": user.attributes,
            "session": history,
            "userNotFound": !user.known,
        });
        add_metadata(&mut request, metadata);
        let response = json!({
            "challengeName": null, "issueTokens": null, "failAuthentication": null
        });
        let source = "DefineAuthChallenge_Authentication";
        let call = Call::new(Trigger::DefineAuthChallenge, source, request, response);
        let answer: Answer = self.require(user.name, call).await?;
        if answer.fail_authentication == Some(true) {
            return Ok(Decision::Fail);
        }
        if answer.issue_tokens == Some(true) {
            return Ok(Decision::IssueTokens);
        }
        match answer.challenge_name.as_deref() {
            Some("PASSWORD_VERIFIER") => Ok(Decision::Password),
            Some("CUSTOM_CHALLENGE") => Ok(Decision::Custom),
            _ => Err(unrecognizable()),
        }
    }

    /// Asks for a custom challenge.
    pub(crate) async fn create(
        &self,
        user: EventUser<'_>,
        history: &[HistoryEntry],
        metadata: Option<&StringMap>,
    ) -> ApiResult<(StringMap, CustomChallenge)> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            public_challenge_parameters: Option<StringMap>,
            private_challenge_parameters: Option<StringMap>,
            challenge_metadata: Option<String>,
        }
        let mut request = json!({
            "userAttributes": user.attributes,
            "challengeName": "CUSTOM_CHALLENGE",
            "session": history,
            "userNotFound": !user.known,
        });
        add_metadata(&mut request, metadata);
        let response = json!({
            "publicChallengeParameters": null,
            "privateChallengeParameters": null,
            "challengeMetadata": null,
        });
        let source = "CreateAuthChallenge_Authentication";
        let call = Call::new(Trigger::CreateAuthChallenge, source, request, response);
        let answer: Answer = self.require(user.name, call).await?;
        let private = answer.private_challenge_parameters.unwrap_or_default();
        let public = answer.public_challenge_parameters.unwrap_or_default();
        let fits = |parameters: &StringMap| {
            parameters
                .values()
                .all(|value| value.chars().count() <= MAX_STRING)
        };
        if private.is_empty() || !fits(&private) || !fits(&public) {
            return Err(unrecognizable());
        }
        let challenge = CustomChallenge {
            private_parameters: private,
            metadata: answer.challenge_metadata,
        };
        Ok((public, challenge))
    }

    /// Asks whether a custom challenge was answered rightly.
    pub(crate) async fn verify(
        &self,
        user: EventUser<'_>,
        challenge: &CustomChallenge,
        answer: &str,
        metadata: Option<&StringMap>,
    ) -> ApiResult<bool> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            answer_correct: bool,
        }
        let mut request = json!({
            "userAttributes": user.attributes,
            "privateChallengeParameters": challenge.private_parameters,
            "challengeAnswer": answer,
            "userNotFound": !user.known,
        });
        add_metadata(&mut request, metadata);
        let response = json!({ "answerCorrect": null });
        let source = "VerifyAuthChallengeResponse_Authentication";
        let call = Call::new(
            Trigger::VerifyAuthChallengeResponse,
            source,
            request,
            response,
        );
        let answer: Answer = self.require(user.name, call).await?;
        Ok(answer.answer_correct)
    }

    /// Like [`Triggers::invoke`], for a trigger without which there is no custom sign-in.
    async fn require<T: DeserializeOwned>(&self, user: &str, call: Call) -> ApiResult<T> {
        let name = call.trigger.name();
        self.invoke(user, call).await?.ok_or_else(|| {
            ApiError::invalid_parameter(format!(
                "Custom auth lambda trigger is not configured for the user pool: {name}."
            ))
        })
    }

    /// Calls a trigger; `None` where the pool has none.
    async fn invoke<T: DeserializeOwned>(&self, user: &str, call: Call) -> ApiResult<Option<T>> {
        let Some(function) = self.pool.function(call.trigger) else {
            return Ok(None);
        };
        let event = json!({
            "version": call.version,
            "triggerSource": call.source,
            "region": self.pool.region(),
            "userPoolId": self.pool.id,
            "userName": user,
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": self.client,
            },
            "request": call.request,
            "response": call.response,
        });
        let name = call.trigger.name();
        for _ in 0..CALLS {
            let started = Instant::now();
            let result = self.stack.invoke(function, &event, self.timeout).await;
            let milliseconds = started.elapsed().as_millis();
            let outcome = match &result {
                Ok(Some(Invocation::Returned(_))) => "returned",
                Ok(Some(Invocation::Failed(_))) => "failed",
                Ok(None) => "timed out",
                Err(_) => "not invoked",
            };
            tracing::info!(trigger = name, outcome, milliseconds, "trigger");
            match result {
                Ok(Some(Invocation::Returned(answer))) => return response(&answer).map(Some),
                Ok(Some(Invocation::Failed(message))) => {
                    return Err(ApiError::new(
                        ErrorCode::UserLambdaValidation,
                        format!("{name} failed with error {message}."),
                    ));
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(trigger = name, %error, "a trigger could not be invoked");
                    break;
                }
            }
        }
        Err(ApiError::new(
            ErrorCode::UnexpectedLambda,
            format!("{name} invocation failed."),
        ))
    }
}

/// One event in the making.
struct Call {
    version: &'static str,
    trigger: Trigger,
    source: &'static str,
    request: Value,
    response: Value,
}

impl Call {
    fn new(trigger: Trigger, source: &'static str, request: Value, response: Value) -> Self {
        Self {
            version: "1",
            trigger,
            source,
            request,
            response,
        }
    }
}

/// The response inside a returned event.
fn response<T: DeserializeOwned>(answer: &[u8]) -> ApiResult<T> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event<T> {
        response: T,
    }
    let event: Value = serde_json::from_slice(answer).map_err(|_error| unrecognizable())?;
    let is_event = event["version"].is_string() && event["response"].is_object();
    if !is_event {
        return Err(unrecognizable());
    }
    Event::deserialize(event)
        .map(|event| event.response)
        .map_err(|_error| unrecognizable())
}

fn unrecognizable() -> ApiError {
    ApiError::new(
        ErrorCode::InvalidLambdaResponse,
        "Unrecognizable lambda output",
    )
}

fn add_metadata(request: &mut Value, metadata: Option<&impl Serialize>) {
    if let Some(metadata) = metadata {
        request["clientMetadata"] = json!(metadata);
    }
}
