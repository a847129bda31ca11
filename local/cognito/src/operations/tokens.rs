//! Issuing, refreshing and revoking tokens.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{UserPools, check_secret, check_secret_hash, flow_not_enabled, random_token};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::pool::{Grant, User};
use crate::requests::{GetTokensFromRefreshTokenRequest, RevokeTokenRequest, StringMap};
use crate::settings::{Deployment, Flow};
use crate::token_overrides::TokenOverrides;
use crate::tokens::{SCOPE, Statement};
use crate::triggers::{EventUser, TokenCause};

impl UserPools {
    /// The tokens that end a sign-in.
    pub(crate) fn issue_first_tokens(
        &self,
        deployment: &Deployment,
        name: &str,
        overrides: &TokenOverrides,
    ) -> ApiResult<Value> {
        let now = self.clock.now();
        let origin = Uuid::new_v4().to_string();
        let refresh_token = random_token();
        let grant = Grant {
            user: name.to_owned(),
            client: deployment.client.id.clone(),
            signed_in_at: now,
            expires_at: now + deployment.client.refresh_token_validity(),
            revoked: false,
        };
        let mut answer = self.issue_tokens(deployment, &origin, &grant, overrides)?;
        answer["AuthenticationResult"]["RefreshToken"] = refresh_token.clone().into();
        self.with_pool(&deployment.pool.id, |pool| {
            pool.add_grant(origin, refresh_token, grant, now);
        });
        Ok(answer)
    }

    /// `GetTokensFromRefreshToken`, which newer clients call instead of `REFRESH_TOKEN_AUTH`.
    pub(crate) async fn get_tokens_from_refresh_token(
        &self,
        request: GetTokensFromRefreshTokenRequest,
    ) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        if !deployment.client.allows(Flow::Refresh) {
            return Err(flow_not_enabled("REFRESH_TOKEN_AUTH"));
        }
        let secret = request.client_secret.as_deref();
        check_secret(&deployment, secret, ErrorCode::NotAuthorized)?;
        let (origin, grant, user) = self.refreshable(&deployment, &request.refresh_token)?;
        let metadata = request.client_metadata.as_ref();
        let answer = self.refresh(&deployment, &origin, &grant, &user, metadata);
        let result = answer.await?["AuthenticationResult"].take();
        Ok(json!({ "AuthenticationResult": result }))
    }

    /// `InitiateAuth` with `REFRESH_TOKEN_AUTH`, whose metadata reaches no trigger of these.
    pub(crate) async fn refresh_with_hash(
        &self,
        deployment: &Deployment,
        refresh_token: &str,
        secret_hash: Option<&str>,
    ) -> ApiResult<Value> {
        let (origin, grant, user) = self.refreshable(deployment, refresh_token)?;
        check_secret_hash(deployment, &user.name, secret_hash)?;
        self.refresh(deployment, &origin, &grant, &user, None).await
    }

    async fn refresh(
        &self,
        deployment: &Deployment,
        origin: &str,
        grant: &Grant,
        user: &User,
        metadata: Option<&StringMap>,
    ) -> ApiResult<Value> {
        let attributes = user.trigger_attributes();
        let event_user = EventUser {
            name: &user.name,
            attributes: &attributes,
            known: true,
        };
        let overrides = self
            .triggers(deployment)
            .pre_token_generation(event_user, TokenCause::Refresh, &[SCOPE], metadata)
            .await?;
        self.issue_tokens(deployment, origin, grant, &overrides)
    }

    /// The sign-in behind a refresh token, if it may go on.
    fn refreshable(
        &self,
        deployment: &Deployment,
        refresh_token: &str,
    ) -> ApiResult<(String, Grant, User)> {
        let now = self.clock.now();
        let invalid = || ApiError::not_authorized("Invalid Refresh Token");
        self.with_pool(&deployment.pool.id, |pool| {
            let (origin, grant) = pool
                .grant_of_refresh_token(refresh_token)
                .ok_or_else(invalid)?;
            if grant.client != deployment.client.id {
                return Err(invalid());
            }
            if grant.revoked {
                return Err(ApiError::not_authorized("Refresh Token has been revoked"));
            }
            if grant.expires_at <= now {
                return Err(ApiError::not_authorized("Refresh Token has expired"));
            }
            let user = pool.user(&grant.user).ok_or_else(invalid)?;
            if !user.enabled {
                return Err(ApiError::user_disabled());
            }
            Ok((origin.to_owned(), grant.clone(), user.clone()))
        })
    }

    fn issue_tokens(
        &self,
        deployment: &Deployment,
        origin: &str,
        grant: &Grant,
        overrides: &TokenOverrides,
    ) -> ApiResult<Value> {
        let attributes = self
            .with_pool(&deployment.pool.id, |pool| {
                pool.user(&grant.user).map(User::public_attributes)
            })
            .ok_or_else(ApiError::wrong_credentials)?;
        let (identity, access) = self.keys.issue(&Statement {
            deployment,
            user: &grant.user,
            attributes: &attributes,
            origin,
            signed_in_at: grant.signed_in_at,
            now: self.clock.now(),
            overrides,
        })?;
        Ok(json!({
            "AuthenticationResult": {
                "AccessToken": access,
                "ExpiresIn": deployment.client.access_token_validity(),
                "IdToken": identity,
                "TokenType": "Bearer",
            },
            "ChallengeParameters": {},
        }))
    }

    /// `RevokeToken`. A token that nobody knows is as good as revoked (RFC 7009, 2.2).
    pub(crate) async fn revoke_token(&self, request: RevokeTokenRequest) -> ApiResult<Value> {
        let deployment = self.deployment(&request.client_id).await?;
        let secret = request.client_secret.as_deref();
        check_secret(&deployment, secret, ErrorCode::Unauthorized)?;
        if !deployment.client.revokes_tokens() {
            return Err(ApiError::new(
                ErrorCode::UnsupportedOperation,
                "Token revocation is not enabled for this client.",
            ));
        }
        if self
            .keys
            .check_access_token(&request.token, self.clock.now())
            .is_ok()
        {
            return Err(ApiError::new(
                ErrorCode::UnsupportedTokenType,
                "Only refresh tokens can be revoked.",
            ));
        }
        self.with_pool(&deployment.pool.id, |pool| {
            let Some((origin, grant)) = pool.grant_of_refresh_token(&request.token) else {
                return Ok(());
            };
            if grant.client != deployment.client.id {
                return Err(ApiError::new(
                    ErrorCode::Unauthorized,
                    "The token belongs to another client.",
                ));
            }
            let origin = origin.to_owned();
            pool.revoke(&origin);
            Ok(())
        })?;
        Ok(json!({}))
    }
}
