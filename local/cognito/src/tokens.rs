//! Identity and access tokens: JSON Web Tokens, RS256, under a key made at start.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Seconds;
use crate::error::{ApiError, ApiResult};
use crate::settings::{Deployment, PoolSettings};
use crate::token_overrides::TokenOverrides;

/// The scope of access tokens that Cognito's own API issues, and that it asks for.
pub(crate) const SCOPE: &str = "aws.cognito.signin.user.admin";

/// The server's signing key.
pub(crate) struct Keys {
    signing: EncodingKey,
    verifying: DecodingKey,
    key_id: String,
    public: Jwk,
    /// PKCS #8 in Base64: as secret as the key.
    encoded: Zeroizing<String>,
}

/// Why no signing key could be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The generator failed.
    #[error("no RSA key could be generated")]
    Generate,
    /// The key's encoding was refused.
    #[error("the new RSA key was refused: {0}")]
    Encode(#[from] jsonwebtoken::errors::Error),
}

/// The claims of an access token that the server looks at again.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) iss: String,
    pub(crate) username: String,
    pub(crate) client_id: String,
    pub(crate) origin_jti: String,
    token_use: String,
    /// Words with a blank between them; absent where there are none.
    #[serde(default)]
    scope: String,
    exp: Seconds,
}

/// What a pair of tokens says.
pub(crate) struct Statement<'a> {
    pub(crate) deployment: &'a Deployment,
    pub(crate) user: &'a str,
    pub(crate) attributes: &'a BTreeMap<String, String>,
    pub(crate) origin: &'a str,
    pub(crate) signed_in_at: Seconds,
    pub(crate) now: Seconds,
    pub(crate) overrides: &'a TokenOverrides,
}

impl Keys {
    /// Makes a new key.
    pub(crate) fn generate() -> Result<Self, KeyError> {
        let pair =
            KeyPair::generate(KeySize::Rsa2048).map_err(|_unspecified| KeyError::Generate)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_unspecified| KeyError::Generate)?;
        Self::decode(Zeroizing::new(STANDARD.encode(der.as_ref())))
    }

    /// The key as [`Keys::decode`] reads it.
    pub(crate) fn encoded(&self) -> &str {
        &self.encoded
    }

    /// A key that was kept.
    pub(crate) fn decode(encoded: Zeroizing<String>) -> Result<Self, KeyError> {
        let pem = Zeroizing::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            encoded.as_str()
        ));
        let signing = EncodingKey::from_rsa_pem(pem.as_bytes())?;
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::RS256)?;
        let key_id = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(key_id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_operations = Some(vec![KeyOperations::Verify]);
        Ok(Self {
            signing,
            verifying: DecodingKey::from_jwk(&public)?,
            key_id,
            public,
            encoded,
        })
    }

    /// `jwks.json`.
    pub(crate) fn public_keys(&self) -> JwkSet {
        JwkSet {
            keys: vec![self.public.clone()],
        }
    }

    /// The identity token and the access token.
    pub(crate) fn issue(&self, statement: &Statement<'_>) -> ApiResult<(String, String)> {
        let Statement {
            deployment, user, ..
        } = statement;
        let client = &deployment.client;
        let event = Uuid::new_v4().to_string();
        let common = json!({
            "sub": user,
            "iss": issuer(&deployment.pool),
            "origin_jti": statement.origin,
            "event_id": event,
            "auth_time": statement.signed_in_at,
            "iat": statement.now,
        });

        let mut identity = with(
            &common,
            json!({
                "aud": client.id,
                "token_use": "id",
                "cognito:username": user,
                "jti": Uuid::new_v4().to_string(),
                "exp": statement.now + client.id_token_validity(),
            }),
        );
        for (name, value) in statement.attributes {
            if name != "sub" && client.reads(name) {
                let value = match (name.as_str(), value.as_str()) {
                    ("email_verified", value) => Value::Bool(value == "true"),
                    (_, value) => Value::from(value),
                };
                identity.insert(name.clone(), value);
            }
        }
        statement.overrides.identity.apply(&mut identity);

        let mut access = with(
            &common,
            json!({
                "client_id": client.id,
                "token_use": "access",
                "username": user,
                "jti": Uuid::new_v4().to_string(),
                "exp": statement.now + client.access_token_validity(),
            }),
        );
        let overrides = &statement.overrides.access;
        overrides.apply(&mut access);
        let scopes = overrides.scopes(&[SCOPE]);
        if !scopes.is_empty() {
            access.insert("scope".to_owned(), scopes.join(" ").into());
        }
        Ok((self.sign(&identity)?, self.sign(&access)?))
    }

    fn sign(&self, claims: &Map<String, Value>) -> ApiResult<String> {
        let header = Header {
            typ: None,
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            ApiError::new(
                crate::error::ErrorCode::InternalError,
                "Internal server error",
            )
        })
    }

    /// The claims of an access token of ours that has not expired. What it is good for is for its
    /// scopes to say, and whether it was revoked for the pool.
    pub(crate) fn check_access_token(&self, token: &str, now: Seconds) -> ApiResult<AccessClaims> {
        let invalid = || ApiError::not_authorized("Invalid Access Token");
        let mut validation = Validation::new(Algorithm::RS256);
        // The server's own clock decides, which may have been moved.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let claims = jsonwebtoken::decode::<AccessClaims>(token, &self.verifying, &validation)
            .map_err(|_error| invalid())?
            .claims;
        if claims.token_use != "access" {
            return Err(invalid());
        }
        if claims.exp <= now {
            return Err(ApiError::not_authorized("Access Token has expired"));
        }
        Ok(claims)
    }
}

impl AccessClaims {
    /// The pool that issued the token.
    pub(crate) fn pool(&self) -> &str {
        self.iss.rsplit('/').next().unwrap_or_default()
    }

    /// Whether Cognito's own operations may be called with it.
    pub(crate) fn opens_the_account(&self) -> bool {
        self.scope.split(' ').any(|scope| scope == SCOPE)
    }
}

/// `iss`: Cognito's own address, since that is what verifiers compute from a pool's id. Only the
/// place of the keys differs here.
pub(crate) fn issuer(pool: &PoolSettings) -> String {
    format!(
        "https://cognito-idp.{}.amazonaws.com/{}",
        pool.region(),
        pool.id
    )
}

fn with(common: &Value, own: Value) -> Map<String, Value> {
    let mut claims = common.as_object().cloned().unwrap_or_default();
    if let Value::Object(own) = own {
        claims.extend(own);
    }
    claims
}
