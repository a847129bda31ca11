//! Tokens, and whether they are what they claim to be.

use std::fmt;

use aws_sdk_cognitoidentityprovider::types::AuthenticationResultType;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ClientError;

/// A signed-in user's tokens.
#[derive(Clone)]
pub struct Tokens {
    /// Who the user is, for the app.
    pub identity: String,
    /// What the user may do, for Cognito's own API.
    pub access: String,
    /// Good for new tokens; absent where these came from one.
    pub refresh: Option<String>,
}

impl Tokens {
    pub(crate) fn read(result: AuthenticationResultType) -> Result<Self, ClientError> {
        Ok(Self {
            identity: result
                .id_token
                .ok_or_else(|| ClientError::missing("IdToken"))?,
            access: result
                .access_token
                .ok_or_else(|| ClientError::missing("AccessToken"))?,
            refresh: result.refresh_token,
        })
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// What a pair of verified tokens says.
#[derive(Clone, Debug, Serialize)]
pub struct Claims {
    /// The identity token's claims.
    pub identity: IdentityClaims,
    /// The access token's claims.
    pub access: AccessClaims,
}

/// The claims of an identity token. Times are seconds since 1970.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct IdentityClaims {
    /// The user's id, which never changes.
    pub sub: String,
    /// The pool's name for the user.
    #[serde(rename = "cognito:username")]
    pub user_name: String,
    /// Who issued the token: the pool.
    pub iss: String,
    /// For which app client.
    pub aud: String,
    /// When the user signed in.
    pub auth_time: i64,
    /// When the token was issued.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Always `id`.
    pub token_use: String,
    /// The address and whatever else the pool tells.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// The claims of an access token. Times are seconds since 1970.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AccessClaims {
    /// The user's id, which never changes.
    pub sub: String,
    /// The pool's name for the user.
    pub username: String,
    /// Who issued the token: the pool.
    pub iss: String,
    /// For which app client.
    pub client_id: String,
    /// What the token allows; empty where it does not open the account.
    #[serde(default)]
    pub scope: String,
    /// When the user signed in.
    pub auth_time: i64,
    /// When the token was issued.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
    /// Always `access`.
    pub token_use: String,
    /// Whatever else the pool tells.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// Holds tokens to the pool's public keys, to the pool and to the app client.
pub(crate) fn verify(
    tokens: &Tokens,
    keys: &JwkSet,
    issuer: &str,
    client: &str,
) -> Result<Claims, ClientError> {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[client]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    let identity: IdentityClaims = decode(&tokens.identity, keys, &validation)?;

    // An access token names its client in a claim of its own.
    validation.validate_aud = false;
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let access: AccessClaims = decode(&tokens.access, keys, &validation)?;

    let expected = |holds: bool, what: &str| {
        if holds {
            Ok(())
        } else {
            Err(ClientError::Protocol(what.to_owned()))
        }
    };
    expected(identity.token_use == "id", "the identity token is none")?;
    expected(access.token_use == "access", "the access token is none")?;
    expected(
        access.client_id == client,
        "the access token is another client's",
    )?;
    expected(
        access.sub == identity.sub,
        "the two tokens are about two users",
    )?;
    Ok(Claims { identity, access })
}

fn decode<T: DeserializeOwned>(
    token: &str,
    keys: &JwkSet,
    validation: &Validation,
) -> Result<T, ClientError> {
    let header = jsonwebtoken::decode_header(token)?;
    let key_id = header.kid.ok_or_else(|| ClientError::missing("kid"))?;
    let key = keys.find(&key_id).ok_or_else(|| {
        ClientError::Protocol(
            "a token is signed by a key that the pool does not publish".to_owned(),
        )
    })?;
    Ok(jsonwebtoken::decode(token, &DecodingKey::from_jwk(key)?, validation)?.claims)
}
