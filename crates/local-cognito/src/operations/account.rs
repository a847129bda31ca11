//! What a signed-in user sees and ends, and what an administrator switches.

use serde_json::{Value, json};

use super::UserPools;
use crate::error::{ApiError, ApiResult};
use crate::pool::User;
use crate::requests::{AccessTokenRequest, AdminUserRequest};
use crate::tokens::AccessClaims;

impl UserPools {
    /// `GetUser`.
    pub(crate) async fn get_user(&self, request: AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        let deployment = self.deployment(&claims.client_id).await?;
        let attributes: Vec<Value> = user
            .public_attributes()
            .into_iter()
            .filter(|(name, _)| deployment.client.reads(name))
            .map(|(name, value)| json!({ "Name": name, "Value": value }))
            .collect();
        Ok(json!({ "Username": user.name, "UserAttributes": attributes }))
    }

    /// `GlobalSignOut`.
    pub(crate) fn global_sign_out(&self, request: &AccessTokenRequest) -> ApiResult<Value> {
        let (claims, user) = self.signed_in_user(&request.access_token)?;
        self.with_pool(claims.pool(), |pool| pool.revoke_all_of(&user.name));
        Ok(json!({}))
    }

    /// `AdminDisableUser` and `AdminEnableUser`. A disabled user's tokens end.
    pub(crate) async fn switch_user(
        &self,
        request: AdminUserRequest,
        enabled: bool,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        self.with_pool(&settings.id, |pool| {
            let user = pool
                .user_mut(&folded)
                .ok_or_else(ApiError::user_not_found)?;
            user.enabled = enabled;
            let name = user.name.clone();
            if !enabled {
                pool.revoke_all_of(&name);
            }
            Ok(json!({}))
        })
    }

    /// Whose access token this is, while it stands.
    fn signed_in_user(&self, token: &str) -> ApiResult<(AccessClaims, User)> {
        let now = self.clock.now();
        let claims = self.keys.check_access_token(token, now)?;
        let revoked = || ApiError::not_authorized("Access Token has been revoked");
        let user = self.with_pool(claims.pool(), |pool| {
            let grant = pool.grant(&claims.origin_jti).ok_or_else(revoked)?;
            if grant.revoked {
                return Err(revoked());
            }
            let user = pool
                .user(&claims.username)
                .ok_or_else(ApiError::user_not_found)?;
            if !user.enabled {
                return Err(ApiError::user_disabled());
            }
            Ok(user.clone())
        })?;
        Ok((claims, user))
    }
}
