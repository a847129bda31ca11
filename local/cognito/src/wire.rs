//! The wire: Cognito's AWS JSON 1.1 over HTTP, with what browsers need, and SES's one path.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Json, Path, Query, Request as HttpRequest, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use local_guard::StackKey;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};
use uuid::Uuid;

use crate::clock::{MAX_OFFSET, Seconds};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::mailbox::Letter;
use crate::operations::UserPools;
use crate::requests::{Request, parse};
use crate::ses::{Obstacle, Refusal, bare};
use crate::tokens::issuer;

/// Bytes of a request body: several values of the longest length, each character escaped.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// What `X-Amz-Target` begins with.
const TARGET: &str = "AWSCognitoIdentityProviderService.";

/// How long a browser may remember what CORS allows.
const CORS_MAX_AGE: Duration = Duration::from_hours(1);

/// What every handler needs.
#[derive(Clone)]
struct Context {
    pools: Arc<UserPools>,
    /// Where the server can be reached, without a slash at the end.
    address: Arc<str>,
}

/// All routes, as far as their callers may go.
///
/// Pages of these origins may read its answers. What is under `/_local/` is not AWS's: it shows
/// everybody's mail, moves the clock and has mail fail, and wants the stack's key.
pub(crate) fn router(
    pools: Arc<UserPools>,
    key: StackKey,
    address: SocketAddr,
    pages: &[String],
) -> Router {
    let origins = pages.iter().filter_map(|page| page.parse().ok());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(CORS_MAX_AGE);
    let own = Router::new()
        .route("/_local/mailbox", get(mailbox))
        .route("/_local/clock", post(set_clock))
        .route("/_local/ses", post(set_obstacle))
        .layer(from_fn_with_state(Arc::new(key), with_key));
    Router::new()
        .route("/", post(operation))
        .route("/v2/email/outbound-emails", post(send_email))
        .route("/{pool}/.well-known/jwks.json", get(public_keys))
        .route(
            "/{pool}/.well-known/openid-configuration",
            get(configuration),
        )
        .route("/_local/health", get(StatusCode::OK))
        .merge(own)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(cors)
        .with_state(Context {
            pools,
            address: format!("http://{address}").into(),
        })
}

/// What pages may call: the API's operations.
pub(crate) fn for_pages(method: &Method, path: &str) -> bool {
    [Method::POST, Method::OPTIONS].contains(method) && path == "/"
}

/// Lets whoever shows the stack's key through.
async fn with_key(State(key): State<Arc<StackKey>>, request: HttpRequest, next: Next) -> Response {
    if key.is_shown(request.headers()) {
        return next.run(request).await;
    }
    let message =
        "this wants `Authorization: Bearer <SecretAccessKey>`, with the key in outputs.json";
    (
        StatusCode::UNAUTHORIZED,
        Json(json!({ "message": message })),
    )
        .into_response()
}

/// `POST /`: one operation of the API, and its line in the log.
async fn operation(State(context): State<Context>, request: Parts, body: Bytes) -> Response {
    let started = Instant::now();
    let target = request
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let name = target
        .and_then(|target| target.strip_prefix(TARGET))
        .unwrap_or_default();
    let (name, result) = dispatch(&context.pools, name, &request, &body).await;
    let result = keep(&context.pools).await.and(result);
    let outcome = result
        .as_ref()
        .map_or_else(|error| error.code.name(), |_| "ok");
    note(name, outcome, started);
    match result {
        Ok(answer) => respond(StatusCode::OK, None, &answer),
        Err(error) => refuse(&error),
    }
}

/// `POST /v2/email/outbound-emails`: SES's `SendEmail`, and its line in the log.
async fn send_email(State(context): State<Context>, request: Parts, body: Bytes) -> Response {
    let started = Instant::now();
    let result = context.pools.send_email(&request, &body).await;
    let kept = keep(&context.pools).await;
    let result = kept
        .map_err(|error| Refusal::internal(error.message))
        .and(result);
    let outcome = result
        .as_ref()
        .map_or_else(|refusal| refusal.name, |_| "ok");
    note("SendEmail", outcome, started);
    let answer = result.map(|id| Json(json!({ "MessageId": id })));
    ([request_id()], answer).into_response()
}

/// A request's line in the log.
fn note(operation: &str, outcome: &str, started: Instant) {
    let milliseconds = started.elapsed().as_millis();
    tracing::info!(operation, outcome, milliseconds, "request");
}

/// Brings the state to the disk, where it is kept: what is answered is never forgotten, and what is
/// not kept is not answered.
async fn keep(pools: &Arc<UserPools>) -> ApiResult<()> {
    let pools = Arc::clone(pools);
    let kept = tokio::task::spawn_blocking(move || pools.keep()).await;
    match kept {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            tracing::error!(%error, "the state is not kept");
            Err(not_kept())
        }
        Err(_) => Err(not_kept()),
    }
}

fn not_kept() -> ApiError {
    ApiError::new(
        ErrorCode::InternalError,
        "The user pool's state could not be kept.",
    )
}

/// Runs the named operation. The name comes back as one of ours, fit for the log.
async fn dispatch(
    pools: &UserPools,
    name: &str,
    request: &Parts,
    body: &[u8],
) -> (&'static str, ApiResult<Value>) {
    async fn run<R: Request, F: Future<Output = ApiResult<Value>>>(
        body: &[u8],
        operation: impl FnOnce(R) -> F,
    ) -> ApiResult<Value> {
        operation(parse(body)?).await
    }

    // Administrators sign their requests; nothing of one is looked at before its signature.
    if (name.starts_with("Admin") || name == "ListUsers")
        && let Err(error) = pools.check_administrator(name, request, body).await
    {
        return ("administration", Err(error));
    }

    macro_rules! operations {
        ($($name:literal => $operation:expr),+ $(,)?) => {
            match name {
                $($name => ($name, $operation),)+
                _ => ("unknown", Err(ApiError::new(
                    ErrorCode::UnknownOperation,
                    "The local user pool does not know this operation.",
                ))),
            }
        };
    }
    operations! {
        "AdminConfirmSignUp" => run(body, |request| pools.admin_confirm_sign_up(request)).await,
        "AdminCreateUser" => run(body, |request| pools.admin_create_user(request)).await,
        "AdminDeleteUser" => run(body, |request| pools.admin_delete_user(request)).await,
        "AdminDisableUser" => run(body, |request| pools.switch_user(request, false)).await,
        "AdminEnableUser" => run(body, |request| pools.switch_user(request, true)).await,
        "AdminGetUser" => run(body, |request| pools.admin_get_user(request)).await,
        "AdminInitiateAuth" => run(body, |request| pools.admin_initiate_auth(request)).await,
        "AdminRespondToAuthChallenge" => {
            run(body, |request| pools.admin_respond_to_auth_challenge(request)).await
        },
        "AdminSetUserPassword" => {
            run(body, |request| pools.admin_set_user_password(request)).await
        },
        "AdminUpdateUserAttributes" => {
            run(body, |request| pools.admin_update_user_attributes(request)).await
        },
        "AdminUserGlobalSignOut" => {
            run(body, |request| pools.admin_user_global_sign_out(request)).await
        },
        "ChangePassword" => run(body, |request| pools.change_password(request)).await,
        "ConfirmForgotPassword" => {
            run(body, |request| pools.confirm_forgot_password(request)).await
        },
        "ConfirmSignUp" => run(body, |request| pools.confirm_sign_up(request)).await,
        "DeleteUser" => parse(body).and_then(|request| pools.delete_user(&request)),
        "DeleteUserAttributes" => {
            run(body, |request| pools.delete_user_attributes(request)).await
        },
        "ForgotPassword" => run(body, |request| pools.forgot_password(request)).await,
        "GetTokensFromRefreshToken" => {
            run(body, |request| pools.get_tokens_from_refresh_token(request)).await
        },
        "GetUser" => run(body, |request| pools.get_user(request)).await,
        "GetUserAttributeVerificationCode" => {
            run(body, |request| pools.get_attribute_code(request)).await
        },
        "GlobalSignOut" => parse(body).and_then(|request| pools.global_sign_out(&request)),
        "InitiateAuth" => run(body, |request| pools.initiate_auth(request)).await,
        "ListUsers" => run(body, |request| pools.list_users(request)).await,
        "ResendConfirmationCode" => {
            run(body, |request| pools.resend_confirmation_code(request)).await
        },
        "RespondToAuthChallenge" => {
            run(body, |request| pools.respond_to_auth_challenge(request)).await
        },
        "RevokeToken" => run(body, |request| pools.revoke_token(request)).await,
        "SignUp" => run(body, |request| pools.sign_up(request)).await,
        "UpdateUserAttributes" => {
            run(body, |request| pools.update_user_attributes(request)).await
        },
        "VerifyUserAttribute" => {
            parse(body).and_then(|request| pools.verify_user_attribute(&request))
        },
    }
}

fn refuse(error: &ApiError) -> Response {
    let status = match error.code {
        ErrorCode::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "__type": error.code.name(), "message": error.message });
    respond(status, Some(error.code), &body)
}

fn respond(status: StatusCode, error: Option<ErrorCode>, body: &Value) -> Response {
    let headers = [
        (
            CONTENT_TYPE.as_str(),
            "application/x-amz-json-1.1".to_owned(),
        ),
        request_id(),
    ];
    let mut response = (status, headers, body.to_string()).into_response();
    if let Some(code) = error {
        let name = HeaderValue::from_static(code.name());
        response.headers_mut().insert("x-amzn-errortype", name);
    }
    response
}

/// The header by which AWS tells its answers apart.
fn request_id() -> (&'static str, String) {
    ("x-amzn-requestid", Uuid::new_v4().to_string())
}

/// `GET /<pool>/.well-known/jwks.json`.
async fn public_keys(State(context): State<Context>, Path(pool): Path<String>) -> Response {
    match context.pools.pool(&pool).await {
        Ok(_known) => Json(context.pools.keys.public_keys()).into_response(),
        Err(error) => not_found(&error),
    }
}

/// `GET /<pool>/.well-known/openid-configuration`.
async fn configuration(State(context): State<Context>, Path(pool): Path<String>) -> Response {
    match context.pools.pool(&pool).await {
        Ok(settings) => Json(json!({
            "issuer": issuer(&settings),
            "jwks_uri": format!("{}/{pool}/.well-known/jwks.json", context.address),
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
            "response_types_supported": ["code", "token"],
        }))
        .into_response(),
        Err(error) => not_found(&error),
    }
}

fn not_found(error: &ApiError) -> Response {
    let status = match error.code {
        ErrorCode::ResourceNotFound => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, Json(json!({ "message": error.message }))).into_response()
}

#[derive(Deserialize)]
struct MailboxQuery {
    /// Everybody's, where it is missing.
    to: Option<String>,
}

/// `GET /_local/mailbox?to=<address>`: what would have been mailed, newest first.
async fn mailbox(
    State(context): State<Context>,
    Query(query): Query<MailboxQuery>,
) -> Json<Vec<Letter>> {
    Json(context.pools.mailbox.letters_to(query.to.as_deref()))
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockSetting {
    /// Seconds by which the pool's clock runs ahead of the machine's.
    offset_seconds: Seconds,
}

/// `POST /_local/clock {"offsetSeconds": N}`: moves the clock, for tests.
async fn set_clock(State(context): State<Context>, Json(setting): Json<ClockSetting>) -> Response {
    if context.pools.clock.set_offset(setting.offset_seconds) {
        Json(setting).into_response()
    } else {
        let message = format!("offsetSeconds must lie within {MAX_OFFSET} either way");
        (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct ObstacleSetting {
    /// The recipient's bare address, whatever its case.
    to: String,
    /// The error with which SES refuses mail to it; none to let it through again.
    error: Option<Obstacle>,
}

/// `POST /_local/ses {"to": <address>, "error": <name>}`: has mail to an address fail, for tests.
async fn set_obstacle(
    State(context): State<Context>,
    Json(setting): Json<ObstacleSetting>,
) -> Response {
    let is_address = bare(&setting.to).is_ok_and(|bare| bare == setting.to);
    let message = if !is_address {
        "to must be the bare address of a recipient"
    } else if !context.pools.ses.set_obstacle(&setting.to, setting.error) {
        "mail fails for too many addresses; take some away with \"error\": null"
    } else {
        return Json(setting).into_response();
    };
    (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response()
}
