//! Who signed a request, and what they may do.
//!
//! The stack's own key may do everything. A function's may do what its role's policies say, which
//! the stack's IAM alone knows: it is asked with a request of the same operation on the same pool,
//! signed as that function would, about somebody who does not exist. All users are here, so an
//! answer that there is no such user is IAM's consent; whatever else it answers is a refusal.
//! Operations that would leave something behind in the stack are for the stack's own key alone.

use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use local_guard::Credentials;
use local_guard::signature::{Invalid, verify};
use serde_json::Value;
use time::OffsetDateTime;

use crate::clock::machine_time;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::stack::{Consent, Stack, StackAccess};

/// The name that signatures for user pools have in their scope.
const SERVICE: &str = "cognito-idp";

/// Operations on one user that is named, or on none, which leave no trace.
const TRACELESS: &[&str] = &[
    "AdminConfirmSignUp",
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminEnableUser",
    "AdminGetUser",
    "AdminSetUserPassword",
    "AdminUpdateUserAttributes",
    "AdminUserGlobalSignOut",
];

/// Refuses a request that no administrator of this stack signed for this operation.
pub(crate) async fn check(
    stack: &Stack,
    operation: &str,
    request: &Parts,
    body: &[u8],
) -> ApiResult<()> {
    let access = stack.access();
    let caller = signer(access, SERVICE, request, body).map_err(refusal)?;
    if access.key().is_root(&caller.access_key_id) {
        return Ok(());
    }
    if !TRACELESS.contains(&operation) {
        return Err(ApiError::new(
            ErrorCode::AccessDenied,
            format!("{operation} is for the local stack's own key."),
        ));
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let pool = body["UserPoolId"].as_str().unwrap_or_default();
    match stack.consent(&caller, operation, pool).await {
        Ok(Consent::Given) => Ok(()),
        Ok(Consent::Denied(message)) => Err(ApiError::new(ErrorCode::AccessDenied, message)),
        Ok(Consent::Unknown) => Err(refusal(Invalid::UnknownKey)),
        Err(error) => {
            tracing::error!(%error, "the stack's IAM could not be asked");
            Err(ApiError::new(
                ErrorCode::InternalError,
                "The deployed stack did not answer.",
            ))
        }
    }
}

/// Who signed a request to one of the services that are served here, in its name.
pub(crate) fn signer(
    access: &StackAccess,
    service: &str,
    request: &Parts,
    body: &[u8],
) -> Result<Credentials, Invalid> {
    // Of what a signature is good for, only this counts: in the header, for this service.
    let scope = format!("/{}/{service}/aws4_request", access.region);
    let header = request.headers.get(AUTHORIZATION);
    let header = header.ok_or(Invalid::Missing)?;
    let now = OffsetDateTime::from(machine_time());
    let caller = verify(&access.key(), request, body, now)?;
    if header.to_str().is_ok_and(|header| header.contains(&scope)) {
        Ok(caller)
    } else {
        Err(Invalid::Mismatch)
    }
}

fn refusal(invalid: Invalid) -> ApiError {
    let code = match invalid {
        Invalid::Missing => ErrorCode::MissingAuthenticationToken,
        Invalid::Unreadable => ErrorCode::IncompleteSignature,
        Invalid::UnknownKey => ErrorCode::UnrecognizedClient,
        Invalid::Time | Invalid::Mismatch => ErrorCode::InvalidSignature,
    };
    ApiError::new(code, invalid.to_string())
}
