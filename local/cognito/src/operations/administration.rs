//! What an administrator sees and switches.

use serde_json::{Value, json};

use super::UserPools;
use super::account::Change;
use super::attributes::Given;
use crate::error::{ApiError, ApiResult};
use crate::model::MAX_LISTED;
use crate::pool::{Status, User};
use crate::requests::{
    AdminConfirmSignUpRequest, AdminUpdateUserAttributesRequest, AdminUserRequest, ListUsersRequest,
};
use crate::triggers::{Confirmation, EventUser};

impl UserPools {
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

    /// `AdminGetUser`.
    pub(crate) async fn admin_get_user(&self, request: AdminUserRequest) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        self.with_pool(&settings.id, |pool| {
            let user = pool.user(&folded).ok_or_else(ApiError::user_not_found)?;
            Ok(described(user, "UserAttributes", None))
        })
    }

    /// `AdminDeleteUser`.
    pub(crate) async fn admin_delete_user(&self, request: AdminUserRequest) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        self.with_pool(&settings.id, |pool| {
            let user = pool.user(&folded).ok_or_else(ApiError::user_not_found)?;
            let name = user.name.clone();
            pool.remove_user(&name);
            Ok(json!({}))
        })
    }

    /// `AdminUserGlobalSignOut`.
    pub(crate) async fn admin_user_global_sign_out(
        &self,
        request: AdminUserRequest,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        self.with_pool(&settings.id, |pool| {
            let user = pool.user(&folded).ok_or_else(ApiError::user_not_found)?;
            let name = user.name.clone();
            pool.revoke_all_of(&name);
            Ok(json!({}))
        })
    }

    /// `AdminConfirmSignUp`: confirms an account without its code, and proves no address by it.
    pub(crate) async fn admin_confirm_sign_up(
        &self,
        request: AdminConfirmSignUpRequest,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        let (name, attributes) = self.with_pool(&settings.id, |pool| {
            let user = pool.user_mut(&folded);
            let user = user.ok_or_else(ApiError::user_not_found)?;
            user.check_unconfirmed()?;
            user.status = Status::Confirmed;
            Ok((user.name.clone(), user.trigger_attributes()))
        })?;
        let user = EventUser {
            name: &name,
            attributes: &attributes,
            known: true,
        };
        let metadata = request.client_metadata.as_ref();
        self.administrators_triggers(&settings)
            .post_confirmation(user, Confirmation::SignUp, metadata)
            .await?;
        Ok(json!({}))
    }

    /// `AdminUpdateUserAttributes`. An address that comes as verified is changed at once; any
    /// other as its user would.
    pub(crate) async fn admin_update_user_attributes(
        &self,
        request: AdminUpdateUserAttributesRequest,
    ) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let folded = settings.fold(&request.username);
        let given = Given::by_administrator(&settings, request.user_attributes)?;
        let name = self.with_pool(&settings.id, |pool| {
            let user = pool.user(&folded).ok_or_else(ApiError::user_not_found)?;
            Ok(user.name.clone())
        })?;
        let change = Change {
            name: &name,
            given,
            metadata: request.client_metadata.as_ref(),
        };
        let triggers = self.administrators_triggers(&settings);
        self.change_attributes(&triggers, change).await?;
        Ok(json!({}))
    }

    /// `ListUsers`: the oldest first, a page at a time.
    pub(crate) async fn list_users(&self, request: ListUsersRequest) -> ApiResult<Value> {
        let settings = self.pool(&request.user_pool_id).await?;
        let filter = request.filter.as_deref().unwrap_or_default();
        let filter = Filter::read(filter)?;
        let limit = request.limit.filter(|limit| *limit > 0);
        let limit = usize::from(limit.unwrap_or(MAX_LISTED));
        self.with_pool(&settings.id, |pool| {
            let users = pool.users();
            let mut users = users
                .into_iter()
                .filter(|user| filter.as_ref().is_none_or(|filter| filter.fits(user)))
                .skip_while(|user| {
                    let last = request.pagination_token.as_ref();
                    last.is_some_and(|last| user.name != *last)
                })
                .skip(usize::from(request.pagination_token.is_some()));
            let page: Vec<&User> = users.by_ref().take(limit).collect();
            let more = users.next().is_some();
            let wanted = request.attributes_to_get.as_deref();
            let listed: Vec<Value> = page
                .iter()
                .map(|user| described(user, "Attributes", wanted))
                .collect();
            let mut answer = json!({ "Users": listed });
            if let Some(last) = page.last().filter(|_| more) {
                answer["PaginationToken"] = json!(last.name);
            }
            Ok(answer)
        })
    }
}

/// An account as administrators see it; `attributes` is what the operation calls them.
pub(super) fn described(user: &User, attributes: &str, wanted: Option<&[String]>) -> Value {
    let shown = |name: &String| wanted.is_none_or(|wanted| wanted.contains(name));
    let values: Vec<Value> = user
        .public_attributes()
        .into_iter()
        .filter(|(name, _)| shown(name))
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect();
    json!({
        "Username": user.name,
        attributes: values,
        "Enabled": user.enabled,
        "UserStatus": user.status.name(),
        "UserCreateDate": user.created_at,
        "UserLastModifiedDate": user.created_at,
    })
}

/// A filter of `ListUsers`: `attribute = "value"` or, for a beginning, `attribute ^= "value"`.
struct Filter {
    attribute: String,
    value: String,
    beginning: bool,
}

impl Filter {
    fn read(text: &str) -> ApiResult<Option<Self>> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let invalid = || ApiError::invalid_parameter("Error while parsing filter.");
        let (left, value) = text.split_once('=').ok_or_else(invalid)?;
        let (name, beginning) = match left.trim_end().strip_suffix('^') {
            Some(name) => (name, true),
            None => (left, false),
        };
        let name = name.trim().trim_matches('"');
        let value = value.trim();
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .ok_or_else(invalid)?;
        let searchable = ["username", "email", "sub", "cognito:user_status", "status"];
        if !searchable.contains(&name) {
            return Err(invalid());
        }
        Ok(Some(Self {
            attribute: name.to_owned(),
            value: value.replace("\\\"", "\""),
            beginning,
        }))
    }

    fn fits(&self, user: &User) -> bool {
        let found = match self.attribute.as_str() {
            "username" | "sub" => user.name.as_str(),
            "email" => user.email.as_str(),
            "cognito:user_status" => user.status.name(),
            _ if user.enabled => "Enabled",
            _ => "Disabled",
        };
        if self.beginning {
            found.starts_with(&self.value)
        } else {
            found == self.value
        }
    }
}
