//! `CustomMessage`: asked before every letter, and may refuse it.

use serde::Deserialize;
use serde_json::json;

use super::{Call, EventUser, Triggers, add_metadata, unrecognizable};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::mailbox::Message;
use crate::requests::StringMap;
use crate::settings::Trigger;

/// What stands for the code in a message, and for the user name in an invitation.
const CODE: &str = "{####}";
const NAME: &str = "{username}";

/// Characters that a trigger's message and subject may have (developer guide).
const MAX_MESSAGE: usize = 20_000;
const MAX_SUBJECT: usize = 140;

/// What a letter is sent for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageCause {
    SignUp,
    ResendCode,
    ForgotPassword,
    UpdateUserAttribute,
    VerifyUserAttribute,
    AdminCreateUser,
}

impl MessageCause {
    fn source(self) -> &'static str {
        match self {
            Self::SignUp => "CustomMessage_SignUp",
            Self::ResendCode => "CustomMessage_ResendCode",
            Self::ForgotPassword => "CustomMessage_ForgotPassword",
            Self::UpdateUserAttribute => "CustomMessage_UpdateUserAttribute",
            Self::VerifyUserAttribute => "CustomMessage_VerifyUserAttribute",
            Self::AdminCreateUser => "CustomMessage_AdminCreateUser",
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::SignUp
            | Self::ResendCode
            | Self::UpdateUserAttribute
            | Self::VerifyUserAttribute => "Your verification code",
            Self::ForgotPassword => "Your password reset code",
            Self::AdminCreateUser => "Your temporary password",
        }
    }

    fn body(self) -> String {
        match self {
            Self::AdminCreateUser => {
                format!("Your username is {NAME} and temporary password is {CODE}")
            }
            Self::SignUp
            | Self::ResendCode
            | Self::ForgotPassword
            | Self::UpdateUserAttribute
            | Self::VerifyUserAttribute => format!("Your code is {CODE}."),
        }
    }
}

/// A letter that may go out, but for the code in it.
pub(crate) struct Template(Message);

impl Template {
    /// The letter to this user with this code.
    pub(crate) fn fill_in(&self, name: &str, code: &str) -> Message {
        let filled = |text: &str| text.replace(NAME, name).replace(CODE, code);
        Message {
            subject: filled(&self.0.subject),
            body: filled(&self.0.body),
        }
    }
}

impl Triggers<'_> {
    /// Asks whether a letter may go out, and what it says. Without the trigger it may, and says
    /// what Cognito's do.
    pub(crate) async fn custom_message(
        &self,
        user: EventUser<'_>,
        cause: MessageCause,
        metadata: Option<&StringMap>,
    ) -> ApiResult<Template> {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        struct Answer {
            sms_message: Option<String>,
            email_message: Option<String>,
            email_subject: Option<String>,
        }
        let invitation = cause == MessageCause::AdminCreateUser;
        let mut request = json!({
            "userAttributes": user.attributes,
            "codeParameter": CODE,
            "linkParameter": "{##Click Here##}",
            "usernameParameter": invitation.then_some(NAME),
        });
        add_metadata(&mut request, metadata);
        let response = json!({ "smsMessage": null, "emailMessage": null, "emailSubject": null });
        let call = Call::new(Trigger::CustomMessage, cause.source(), request, response);
        let answer: Answer = self.invoke(user.name, call).await?.unwrap_or_default();
        if let Some(text) = &answer.sms_message
            && !text.contains(CODE)
        {
            return Err(unrecognizable());
        }
        if (answer.email_message.is_some() || answer.email_subject.is_some())
            && !self.pool.sends_own_mail()
        {
            return Err(ApiError::new(
                ErrorCode::InvalidLambdaResponse,
                "emailMessage and emailSubject are for pools whose EmailSendingAccount is DEVELOPER.",
            ));
        }
        let body = answer.email_message.unwrap_or_else(|| cause.body());
        let subject = answer.email_subject;
        let subject = subject.unwrap_or_else(|| cause.subject().to_owned());
        let fits = body.chars().count() <= MAX_MESSAGE && subject.chars().count() <= MAX_SUBJECT;
        if !fits || !body.contains(CODE) || (invitation && !body.contains(NAME)) {
            return Err(unrecognizable());
        }
        Ok(Template(Message { subject, body }))
    }
}
