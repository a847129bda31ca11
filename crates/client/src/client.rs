//! The calls.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_cognitoidentityprovider::config::retry::RetryConfig;
use aws_sdk_cognitoidentityprovider::config::{BehaviorVersion, Region};
use aws_sdk_cognitoidentityprovider::types::{
    AuthFlowType, AuthenticationResultType, ChallengeNameType,
};
use aws_sdk_cognitoidentityprovider::{Client, Config};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cognito_srp::{Challenge as SrpChallenge, Client as SrpClient, Identity};
use jsonwebtoken::jwk::JwkSet;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;
use zeroize::Zeroizing;

use crate::challenge::{Answer, Challenge, Round};
use crate::clock;
use crate::error::ClientError;
use crate::outputs::Outputs;
use crate::tokens::{self, Claims, Tokens};

/// How Cognito wants a password's proof dated: `Tue Sep 5 00:09:40 UTC 2026`.
const TIMESTAMP: &[FormatItem<'_>] = format_description!(
    "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
);

/// An app of one stack.
pub struct SignInClient {
    cognito: Client,
    http: reqwest::Client,
    endpoint: String,
    /// Opens the local machine's mailbox.
    key: Zeroizing<String>,
    region: String,
    pool: String,
    client: String,
    browser: Option<Zeroizing<String>>,
}

/// Proves that whoever controls the mailbox also chose the password: its digest travels with the
/// sign-up or the reset, the secret with the code and with every password answer until a face is
/// enrolled. Kept in memory for as long as an app is open, and never stored.
#[derive(Clone)]
pub struct BindingSecret(Zeroizing<String>);

impl BindingSecret {
    /// A new one.
    pub fn random() -> Self {
        Self(Zeroizing::new(hex::encode(rand::random::<[u8; 32]>())))
    }

    /// What sign-up and reset say of the secret: the SHA-256 of its hexadecimal digits, in
    /// hexadecimal digits.
    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

impl fmt::Debug for BindingSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BindingSecret(..)")
    }
}

/// A sign-up that was accepted and waits for its code.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The user's id.
    pub sub: String,
    /// To be sent with the code, and with the password until a face is enrolled.
    pub binding: BindingSecret,
}

/// What `GetUser` tells.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The pool's name for the user.
    pub user_name: String,
    /// The attributes that the app may read.
    pub attributes: HashMap<String, String>,
}

/// A letter in the local machine's mailbox.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The code in it.
    pub code: String,
    /// When it was sent, RFC 3339.
    pub sent_at: String,
}

impl fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Letter")
            .field("subject", &self.subject)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

impl SignInClient {
    /// An app of the stack with these outputs.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(outputs: &Outputs) -> Result<Self, ClientError> {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(outputs.region.clone()))
            .endpoint_url(&outputs.cognito_endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            // An answer counts once: a second try would only find its session used up.
            .retry_config(RetryConfig::disabled())
            .build();
        Ok(Self {
            cognito: Client::from_conf(config),
            http: reqwest::Client::builder().no_proxy().build()?,
            endpoint: outputs.cognito_endpoint.trim_end_matches('/').to_owned(),
            key: Zeroizing::new(outputs.secret_access_key.clone()),
            region: outputs.region.clone(),
            pool: outputs.user_pool_id.clone(),
            client: outputs.user_pool_client_id.clone(),
            browser: None,
        })
    }

    /// The same app in a browser, or on a device, that is known by this: a secret of its own, so that the
    /// owner of an account hears of a sign-in from another one.
    #[must_use]
    pub fn known_by(mut self, browser: &str) -> Self {
        self.browser = Some(Zeroizing::new(browser.to_owned()));
        self
    }

    /// Signs up with consent to a version of the text.
    pub async fn sign_up(
        &self,
        email: &str,
        password: &str,
        consent: &str,
    ) -> Result<SignedUp, ClientError> {
        self.sign_up_with(email, password, Some(consent), None)
            .await
    }

    /// Signs up with the document of the face data that will be enrolled, where those are compared; without
    /// consent, where the person wants no face and the policy has a way in without one.
    pub async fn sign_up_with(
        &self,
        email: &str,
        password: &str,
        consent: Option<&str>,
        face_data: Option<&str>,
    ) -> Result<SignedUp, ClientError> {
        let binding = BindingSecret::random();
        let mut call = self
            .cognito
            .sign_up()
            .client_id(&self.client)
            .username(email)
            .password(password)
            .client_metadata("binding", binding.digest());
        if let Some(consent) = consent {
            call = call.client_metadata("consent", consent);
        }
        if let Some(face_data) = face_data {
            call = call.client_metadata("faceData", face_data);
        }
        let answer = call.send().await?;
        Ok(SignedUp {
            sub: answer.user_sub,
            binding,
        })
    }

    /// Enters the code that came by mail. Without the secret the account is confirmed and may not
    /// enrol.
    pub async fn confirm(
        &self,
        email: &str,
        code: &str,
        binding: Option<&BindingSecret>,
    ) -> Result<(), ClientError> {
        let mut call = self
            .cognito
            .confirm_sign_up()
            .client_id(&self.client)
            .username(email)
            .confirmation_code(code);
        if let Some(binding) = binding {
            call = call.client_metadata("bindingSecret", binding.0.as_str());
        }
        call.send().await?;
        Ok(())
    }

    /// Asks for the sign-up's code again.
    pub async fn resend(&self, email: &str) -> Result<(), ClientError> {
        self.cognito
            .resend_confirmation_code()
            .client_id(&self.client)
            .username(email)
            .send()
            .await?;
        Ok(())
    }

    /// Asks for a code to set a new password with.
    pub async fn forgot_password(&self, email: &str) -> Result<(), ClientError> {
        self.cognito
            .forgot_password()
            .client_id(&self.client)
            .username(email)
            .send()
            .await?;
        Ok(())
    }

    /// Sets a new password with the code that came by mail, agrees to a version of the consent text
    /// where one is given, and returns the secret with which the account may enrol.
    pub async fn reset_password(
        &self,
        email: &str,
        code: &str,
        password: &str,
        consent: Option<&str>,
    ) -> Result<BindingSecret, ClientError> {
        let binding = BindingSecret::random();
        self.cognito
            .confirm_forgot_password()
            .client_id(&self.client)
            .username(email)
            .confirmation_code(code)
            .password(password)
            .set_client_metadata(Some(
                [("binding", binding.digest())]
                    .into_iter()
                    .chain(consent.map(|version| ("consent", version.to_owned())))
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            ))
            .send()
            .await?;
        Ok(binding)
    }

    /// Sets a new password and says nothing of enrolling, as an app without faces does: the account
    /// keeps the face that it has and may not enrol one.
    pub async fn confirm_forgot_password(
        &self,
        email: &str,
        code: &str,
        password: &str,
    ) -> Result<(), ClientError> {
        self.cognito
            .confirm_forgot_password()
            .client_id(&self.client)
            .username(email)
            .confirmation_code(code)
            .password(password)
            .send()
            .await?;
        Ok(())
    }

    /// Begins a sign-in, with a password (which is proven, not sent) or by face alone. Nobody
    /// enrols this way: see [`SignInClient::begin_bound`].
    pub async fn begin(&self, email: &str, password: Option<&str>) -> Result<Round, ClientError> {
        match password {
            Some(password) => self.begin_with_password(email, password, None).await,
            None => self.begin_without_password(email).await,
        }
    }

    /// Begins a sign-in with a password and the secret of the sign-up or reset that chose it, which
    /// together may enrol.
    pub async fn begin_bound(
        &self,
        email: &str,
        password: &str,
        binding: &BindingSecret,
    ) -> Result<Round, ClientError> {
        self.begin_with_password(email, password, Some(binding))
            .await
    }

    async fn begin_without_password(&self, email: &str) -> Result<Round, ClientError> {
        let answer = self
            .cognito
            .initiate_auth()
            .client_id(&self.client)
            .auth_flow(AuthFlowType::CustomAuth)
            .auth_parameters("USERNAME", email)
            .send()
            .await?;
        let parameters = answer.challenge_parameters.unwrap_or_default();
        let result = answer.authentication_result;
        round(
            result,
            answer.challenge_name.as_ref(),
            &parameters,
            answer.session,
            Some(random_nonce()),
        )
    }

    async fn begin_with_password(
        &self,
        email: &str,
        password: &str,
        binding: Option<&BindingSecret>,
    ) -> Result<Round, ClientError> {
        let srp = SrpClient::new(rand::random());
        let answer = self
            .cognito
            .initiate_auth()
            .client_id(&self.client)
            .auth_flow(AuthFlowType::CustomAuth)
            .auth_parameters("USERNAME", email)
            .auth_parameters("CHALLENGE_NAME", "SRP_A")
            .auth_parameters("SRP_A", srp.public_value())
            .send()
            .await?;
        let parameters = answer.challenge_parameters.unwrap_or_default();
        if answer.challenge_name != Some(ChallengeNameType::PasswordVerifier) {
            let result = answer.authentication_result;
            return round(
                result,
                answer.challenge_name.as_ref(),
                &parameters,
                answer.session,
                Some(random_nonce()),
            );
        }

        let required = |name: &str| {
            parameters
                .get(name)
                .ok_or_else(|| ClientError::missing(name))
        };
        let user_id = required("USER_ID_FOR_SRP")?;
        let secret_block = required("SECRET_BLOCK")?;
        let challenge = SrpChallenge {
            salt: required("SALT")?,
            public_value: required("SRP_B")?,
            secret_block: &STANDARD
                .decode(secret_block)
                .map_err(|_error| ClientError::Protocol("SECRET_BLOCK is no Base64".to_owned()))?,
        };
        let identity = Identity {
            pool_id: &self.pool,
            user_id,
        };
        let timestamp = timestamp(clock::now())?;
        let signature = srp.sign(identity, &challenge, password, &timestamp)?;
        self.respond(
            ChallengeNameType::PasswordVerifier,
            answer.session,
            HashMap::from([
                ("USERNAME".to_owned(), user_id.clone()),
                (
                    "PASSWORD_CLAIM_SECRET_BLOCK".to_owned(),
                    secret_block.clone(),
                ),
                ("PASSWORD_CLAIM_SIGNATURE".to_owned(), signature),
                ("TIMESTAMP".to_owned(), timestamp),
            ]),
            binding.map(|secret| metadata("bindingSecret", secret.0.as_str())),
            Some(random_nonce()),
        )
        .await
    }

    /// Puts a picture where a challenge wants it.
    pub async fn upload(&self, challenge: &Challenge, picture: Vec<u8>) -> Result<(), ClientError> {
        let mut form = Form::new();
        for (name, value) in &challenge.upload.fields {
            form = form.text(name.clone(), value.clone());
        }
        let form = form.part("file", Part::bytes(picture).file_name("picture"));
        let response = self
            .http
            .post(&challenge.upload.url)
            .multipart(form)
            .send()
            .await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(ClientError::Upload(response.status().as_u16()))
        }
    }

    /// Answers a challenge, with the nonce that ties the tokens to this sign-in and, where
    /// [`Challenge::agreeing`] says so, the consent that it asked for.
    pub async fn answer(
        &self,
        challenge: &Challenge,
        answer: Answer,
    ) -> Result<Round, ClientError> {
        let nonce = challenge.pass_nonce.as_deref();
        let said = [
            nonce.map(|nonce| metadata("passNonce", nonce)),
            self.browser
                .as_deref()
                .map(|browser| metadata("browser", browser)),
            challenge
                .agreed
                .as_deref()
                .map(|version| metadata("consent", version)),
        ];
        let said: HashMap<_, _> = said.into_iter().flatten().flatten().collect();
        self.respond(
            ChallengeNameType::CustomChallenge,
            Some(challenge.session.clone()),
            HashMap::from([
                ("USERNAME".to_owned(), challenge.user_name.clone()),
                ("ANSWER".to_owned(), answer.to_text()),
            ]),
            Some(said),
            challenge.pass_nonce.clone(),
        )
        .await
    }

    async fn respond(
        &self,
        challenge_name: ChallengeNameType,
        session: Option<String>,
        responses: HashMap<String, String>,
        metadata: Option<HashMap<String, String>>,
        pass_nonce: Option<String>,
    ) -> Result<Round, ClientError> {
        let answer = self
            .cognito
            .respond_to_auth_challenge()
            .client_id(&self.client)
            .challenge_name(challenge_name)
            .set_session(session)
            .set_challenge_responses(Some(responses))
            .set_client_metadata(metadata.filter(|said| !said.is_empty()))
            .send()
            .await?;
        let parameters = answer.challenge_parameters.unwrap_or_default();
        let result = answer.authentication_result;
        round(
            result,
            answer.challenge_name.as_ref(),
            &parameters,
            answer.session,
            pass_nonce,
        )
    }

    /// New tokens for a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, ClientError> {
        let answer = self
            .cognito
            .initiate_auth()
            .client_id(&self.client)
            .auth_flow(AuthFlowType::RefreshTokenAuth)
            .auth_parameters("REFRESH_TOKEN", refresh_token)
            .send()
            .await?;
        let result = answer.authentication_result;
        Tokens::read(result.ok_or_else(|| ClientError::missing("AuthenticationResult"))?)
    }

    /// Who an access token belongs to.
    pub async fn profile(&self, access_token: &str) -> Result<Profile, ClientError> {
        let answer = self
            .cognito
            .get_user()
            .access_token(access_token)
            .send()
            .await?;
        let attributes = answer.user_attributes.into_iter();
        Ok(Profile {
            user_name: answer.username,
            attributes: attributes
                .map(|attribute| (attribute.name, attribute.value.unwrap_or_default()))
                .collect(),
        })
    }

    /// Ends one sign-in: its refresh token and every token issued from it.
    pub async fn revoke(&self, refresh_token: &str) -> Result<(), ClientError> {
        self.cognito
            .revoke_token()
            .client_id(&self.client)
            .token(refresh_token)
            .send()
            .await?;
        Ok(())
    }

    /// Ends all of the user's sign-ins.
    pub async fn sign_out_everywhere(&self, access_token: &str) -> Result<(), ClientError> {
        self.cognito
            .global_sign_out()
            .access_token(access_token)
            .send()
            .await?;
        Ok(())
    }

    /// Holds tokens to the pool's public keys, and says what they claim.
    pub async fn verify(&self, tokens: &Tokens) -> Result<Claims, ClientError> {
        let url = format!("{}/{}/.well-known/jwks.json", self.endpoint, self.pool);
        let keys: JwkSet = self
            .http
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        let issuer = format!(
            "https://cognito-idp.{}.amazonaws.com/{}",
            self.region, self.pool
        );
        tokens::verify(tokens, &keys, &issuer, &self.client)
    }

    /// The letters to an address, newest first. Only the local machine has this mailbox.
    pub async fn mailbox(&self, address: &str) -> Result<Vec<Letter>, ClientError> {
        let url = reqwest::Url::parse_with_params(
            &format!("{}/_local/mailbox", self.endpoint),
            [("to", address)],
        )
        .map_err(|error| ClientError::Failed(error.to_string()))?;
        Ok(self
            .http
            .get(url)
            .bearer_auth(&*self.key)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?)
    }
}

impl fmt::Debug for SignInClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SignInClient")
            .field("endpoint", &self.endpoint)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// What an answer of Cognito's means for the sign-in.
fn round(
    result: Option<AuthenticationResultType>,
    challenge_name: Option<&ChallengeNameType>,
    parameters: &HashMap<String, String>,
    session: Option<String>,
    pass_nonce: Option<String>,
) -> Result<Round, ClientError> {
    if let Some(result) = result {
        return Tokens::read(result).map(Round::Tokens);
    }
    match challenge_name {
        Some(ChallengeNameType::CustomChallenge) => {
            let session = session.ok_or_else(|| ClientError::missing("Session"))?;
            let challenge = Challenge::read(parameters, session)?;
            Ok(Round::Challenge(challenge.with_pass_nonce(pass_nonce)))
        }
        Some(other) => Err(ClientError::Protocol(format!(
            "the challenge {} does not belong here",
            other.as_str()
        ))),
        None => Err(ClientError::missing("ChallengeName")),
    }
}

/// What ties the tokens of a sign-in to whoever began it: 32 random bytes, in hexadecimal digits.
fn random_nonce() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

fn metadata(name: &str, value: &str) -> HashMap<String, String> {
    HashMap::from([(name.to_owned(), value.to_owned())])
}

fn timestamp(at: OffsetDateTime) -> Result<String, ClientError> {
    at.format(TIMESTAMP)
        .map_err(|error| ClientError::Failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_time_stamp_has_no_zero_before_its_day() {
        let at = OffsetDateTime::from_unix_timestamp(1_788_566_980).unwrap();
        assert_eq!(timestamp(at).unwrap(), "Sat Sep 5 00:09:40 UTC 2026");
    }

    #[test]
    fn a_binding_is_the_digest_of_a_secret_that_is_not_printed() {
        let binding = BindingSecret(Zeroizing::new("secret".to_owned()));
        assert_eq!(
            binding.digest(),
            "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
        );
        assert_eq!(format!("{binding:?}"), "BindingSecret(..)");
    }
}
