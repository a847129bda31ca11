//! What each operation does. A module for each part of an account's life.

mod account;
mod administration;
mod attributes;
mod invitation;
mod letters;
mod outbound;
mod recovery;
mod sign_up;
mod tokens;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::administrators;
use crate::clock::Clock;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::mailbox::Mailbox;
use crate::model::check_alias;
use crate::pool::Pool;
use crate::requests::{
    AdminInitiateAuthRequest, AdminRespondToAuthChallengeRequest, InitiateAuthRequest,
    RespondToAuthChallengeRequest, StringMap,
};
use crate::server_error::ServerError;
use crate::ses::Ses;
use crate::settings::{Deployment, Flow, PoolSettings};
use crate::stack::{Stack, StackError};
use crate::state::{Snapshot, StateError, StateFile};
use crate::tokens::Keys;
use crate::triggers::{NO_CLIENT, Triggers};

/// What a request without parameters has.
static NO_STRINGS: StringMap = StringMap::new();

/// All user pools of the deployed stack.
pub(crate) struct UserPools {
    pub(crate) clock: Clock,
    pub(crate) mailbox: Mailbox,
    pub(crate) keys: Keys,
    pub(crate) ses: Ses,
    stack: Stack,
    trigger_timeout: Duration,
    /// By pool id. Only pools that the stack described get in, so that this stays small.
    pools: Mutex<BTreeMap<String, Pool>>,
    /// Where all of this is kept, if anywhere.
    file: Option<Mutex<StateFile>>,
    /// Makes the salts of users who do not exist: stable for a name, foreseeable for nobody.
    decoy_key: [u8; 32],
}

impl UserPools {
    /// Pools without anybody, or with the state that a file holds.
    pub(crate) fn open(
        stack: Stack,
        ses: Ses,
        trigger_timeout: Duration,
        state: Option<PathBuf>,
    ) -> Result<Self, ServerError> {
        let (file, kept) = match state.map(StateFile::open).transpose()? {
            Some((file, kept)) => (Some(Mutex::new(file)), kept),
            None => (None, None),
        };
        let clock = Clock::default();
        Ok(match kept {
            Some(kept) => Self {
                clock,
                mailbox: Mailbox::with(kept.letters),
                keys: Keys::decode(kept.signing_key)?,
                ses,
                stack,
                trigger_timeout,
                pools: Mutex::new(kept.pools),
                file,
                decoy_key: kept.decoy_key,
            },
            None => Self {
                clock,
                mailbox: Mailbox::default(),
                keys: Keys::generate()?,
                ses,
                stack,
                trigger_timeout,
                pools: Mutex::default(),
                file,
                decoy_key: rand::random(),
            },
        })
    }

    /// Brings the state to the disk, where it is kept: before an answer goes out. It takes as long as
    /// the disk does.
    pub(crate) fn keep(&self) -> Result<(), StateError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        // Held around both steps, so that an older state never takes a newer one's place.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let letters = self.mailbox.all();
        let snapshot = Snapshot::new(self.keys.encoded(), self.decoy_key, letters, &*pools);
        let bytes = serde_json::to_vec(&snapshot).expect("names and texts are always JSON");
        drop(pools);
        file.keep(Zeroizing::new(bytes))
    }

    /// `InitiateAuth`.
    pub(crate) async fn initiate_auth(&self, request: InitiateAuthRequest) -> ApiResult<Value> {
        let flow = match Flow::read(&request.auth_flow) {
            Some(Flow::AdminPassword) | None => return Err(flow_not_enabled(&request.auth_flow)),
            Some(flow) => flow,
        };
        let deployment = self.deployment(&request.client_id).await?;
        self.begin(&deployment, flow, &request).await
    }

    /// `AdminInitiateAuth`: the flows that an administrator may begin.
    pub(crate) async fn admin_initiate_auth(
        &self,
        request: AdminInitiateAuthRequest,
    ) -> ApiResult<Value> {
        let auth = request.auth;
        let flow = match Flow::read(&auth.auth_flow) {
            Some(Flow::Password) | None => return Err(flow_not_enabled(&auth.auth_flow)),
            Some(flow) => flow,
        };
        let deployment = self.administered(&request.user_pool_id, &auth.client_id);
        self.begin(&deployment.await?, flow, &auth).await
    }

    async fn begin(
        &self,
        deployment: &Deployment,
        flow: Flow,
        request: &InitiateAuthRequest,
    ) -> ApiResult<Value> {
        if !deployment.client.allows(flow) {
            return Err(flow_not_enabled(&request.auth_flow));
        }
        let parameters = request.auth_parameters.as_ref().unwrap_or(&NO_STRINGS);
        let hash = parameters.get("SECRET_HASH").map(String::as_str);
        if flow == Flow::Refresh {
            let token = parameters.get("REFRESH_TOKEN");
            let token = token.ok_or_else(|| missing_parameter("REFRESH_TOKEN"))?;
            return self.refresh_with_hash(deployment, token, hash).await;
        }
        let name = parameters.get("USERNAME").map_or("", String::as_str);
        if name.is_empty() {
            return Err(missing_parameter("USERNAME"));
        }
        check_alias(name)?;
        check_secret_hash(deployment, name, hash)?;
        if flow == Flow::Custom {
            self.begin_sign_in(deployment, parameters).await
        } else {
            self.begin_with_password(deployment, flow, parameters).await
        }
    }

    /// `RespondToAuthChallenge`.
    pub(crate) async fn respond_to_auth_challenge(
        &self,
        request: RespondToAuthChallengeRequest,
    ) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        self.go_on(&deployment, &request).await
    }

    /// `AdminRespondToAuthChallenge`.
    pub(crate) async fn admin_respond_to_auth_challenge(
        &self,
        request: AdminRespondToAuthChallengeRequest,
    ) -> ApiResult<Value> {
        let deployment = self.administered(&request.user_pool_id, &request.answer.client_id);
        self.go_on(&deployment.await?, &request.answer).await
    }

    async fn go_on(
        &self,
        deployment: &Deployment,
        request: &RespondToAuthChallengeRequest,
    ) -> ApiResult<Value> {
        let responses = request.challenge_responses.as_ref();
        let responses = responses.unwrap_or(&NO_STRINGS);
        let name = responses.get("USERNAME").map_or("", String::as_str);
        let hash = responses.get("SECRET_HASH").map(String::as_str);
        check_secret_hash(deployment, name, hash)?;
        self.continue_sign_in(
            deployment,
            &request.challenge_name,
            request.session.as_deref(),
            responses,
            request.client_metadata.as_ref(),
        )
        .await
    }

    /// The settings behind a client id, which must be a client of this pool.
    async fn administered(&self, pool: &str, client: &str) -> ApiResult<Deployment> {
        let deployment = self.deployment(client).await?;
        if deployment.pool.id == pool {
            Ok(deployment)
        } else {
            Err(ApiError::new(
                ErrorCode::ResourceNotFound,
                format!("User pool client {client} does not exist."),
            ))
        }
    }

    /// The settings behind a client id, as deployed now.
    async fn deployment(&self, client: &str) -> ApiResult<Deployment> {
        let deployment = self
            .stack
            .deployment(client)
            .await
            .map_err(|error| unreachable_stack(&error))?;
        let deployment = deployment.ok_or_else(|| {
            ApiError::new(
                ErrorCode::ResourceNotFound,
                format!("User pool client {client} does not exist."),
            )
        })?;
        check_supported(&deployment.pool)?;
        Ok(deployment)
    }

    /// The settings of a pool, as deployed now.
    pub(crate) async fn pool(&self, pool: &str) -> ApiResult<PoolSettings> {
        let settings = self
            .stack
            .pool(pool)
            .await
            .map_err(|error| unreachable_stack(&error))?;
        let settings = settings.ok_or_else(|| {
            ApiError::new(
                ErrorCode::ResourceNotFound,
                format!("User pool {pool} does not exist."),
            )
        })?;
        check_supported(&settings)?;
        Ok(settings)
    }

    /// One step on a pool's state.
    pub(crate) fn with_pool<T>(&self, pool: &str, step: impl FnOnce(&mut Pool) -> T) -> T {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        step(pools.entry(pool.to_owned()).or_default())
    }

    pub(crate) fn triggers<'a>(&'a self, deployment: &'a Deployment) -> Triggers<'a> {
        Triggers {
            stack: &self.stack,
            pool: &deployment.pool,
            client: &deployment.client.id,
            timeout: self.trigger_timeout,
        }
    }

    /// The triggers as an administrator's operations call them.
    pub(crate) fn administrators_triggers<'a>(&'a self, pool: &'a PoolSettings) -> Triggers<'a> {
        Triggers {
            stack: &self.stack,
            pool,
            client: NO_CLIENT,
            timeout: self.trigger_timeout,
        }
    }

    /// Refuses what no administrator of the stack has signed for.
    pub(crate) async fn check_administrator(
        &self,
        operation: &str,
        request: &Parts,
        body: &[u8],
    ) -> ApiResult<()> {
        administrators::check(&self.stack, operation, request, body).await
    }

    /// The salt of such a user's password.
    pub(crate) fn decoy_salt(&self, dummy_name: &str) -> [u8; cognito_srp::SALT_LENGTH] {
        let digest = keyed(&self.decoy_key, dummy_name.as_bytes())
            .finalize()
            .into_bytes();
        std::array::from_fn(|index| digest[index])
    }
}

/// The user name made up for somebody who does not exist: a UUID of version 3, the same whenever the
/// same name is typed.
pub(crate) fn dummy_name(pool: &str, folded: &str) -> String {
    let pool = Uuid::new_v3(&Uuid::NAMESPACE_OID, pool.as_bytes());
    Uuid::new_v3(&pool, folded.as_bytes()).to_string()
}

/// 256 random bits for a session or refresh token.
pub(crate) fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// Six random digits.
fn random_code() -> String {
    format!("{:06}", rand::random_range(0..1_000_000))
}

/// Where a code went, told so that only its owner recognises it.
fn delivery(address: &str) -> Value {
    let masked = address.split('@').map(|part| {
        let first: String = part.chars().take(1).collect();
        format!("{first}***")
    });
    json!({
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": masked.collect::<Vec<_>>().join("@"),
    })
}

fn flow_not_enabled(flow: &str) -> ApiError {
    ApiError::invalid_parameter(format!("{flow} flow not enabled for this client"))
}

fn check_supported(pool: &PoolSettings) -> ApiResult<()> {
    pool.unsupported().map_or(Ok(()), |reason| {
        Err(ApiError::invalid_parameter(format!(
            "The local user pool cannot serve {}: {reason}.",
            pool.id
        )))
    })
}

fn unreachable_stack(error: &StackError) -> ApiError {
    tracing::error!(%error, "the settings could not be read");
    ApiError::new(
        ErrorCode::InternalError,
        "The deployed stack did not answer.",
    )
}

/// Holds a client that has a secret to showing it, the HMAC of user name and client id, and one that
/// has none to showing nothing.
fn check_secret_hash(deployment: &Deployment, name: &str, hash: Option<&str>) -> ApiResult<()> {
    let client = &deployment.client;
    let (secret, hash) = match (&client.secret, hash) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(unexpected_secret(deployment)),
        (Some(_), None) => {
            return Err(ApiError::not_authorized(format!(
                "Client {} is configured with secret but SECRET_HASH was not received",
                client.id
            )));
        }
        (Some(secret), Some(hash)) => (secret, hash),
    };
    let message = format!("{name}{}", client.id);
    let matches = STANDARD.decode(hash).is_ok_and(|hash| {
        keyed(secret.as_bytes(), message.as_bytes())
            .verify_slice(&hash)
            .is_ok()
    });
    if matches {
        Ok(())
    } else {
        Err(ApiError::not_authorized(format!(
            "Unable to verify secret hash for client {}",
            client.id
        )))
    }
}

/// Holds a client that has a secret to sending it, and one that has none to sending nothing.
/// A wrong one's refusal is the operation's own: the API model does not give all of them the same.
fn check_secret(deployment: &Deployment, given: Option<&str>, refusal: ErrorCode) -> ApiResult<()> {
    let (secret, given) = match (&deployment.client.secret, given) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(unexpected_secret(deployment)),
        (Some(secret), given) => (secret, given.unwrap_or_default()),
    };
    verify_slices_are_equal(secret.as_bytes(), given.as_bytes()).map_err(|_unspecified| {
        let client = &deployment.client.id;
        ApiError::new(
            refusal,
            format!("Unable to verify secret for client {client}"),
        )
    })
}

/// The refusal of a client that shows a secret and has none.
fn unexpected_secret(deployment: &Deployment) -> ApiError {
    ApiError::invalid_parameter(format!(
        "App client {} is not configured for secret but secret hash was received",
        deployment.client.id
    ))
}

/// The refusal of a sign-in's call that leaves out what its flow needs.
pub(crate) fn missing_parameter(name: &str) -> ApiError {
    ApiError::invalid_parameter(format!("Missing required parameter {name}"))
}

fn keyed(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac
}
