//! The deployed stack: where settings come from and where functions run.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use local_guard::StackKey;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::clock::machine_time;
use crate::settings::{ClientSettings, Deployment, PoolSettings};

/// Longest answer taken from the stack: Lambda's own limit for a synchronous answer, 6 MiB.
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// A user that nobody is, and a template of mail that nobody has made.
const NOBODY: &str = "nobody-at-all";

/// What marks a question to the stack's IAM, so that a proxy in between does not send it back.
const RELAYED: (&str, &str) = ("x-relayed-by", "local-cognito");

/// A description that takes longer than this is not coming.
const DESCRIBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach the deployed stack.
#[derive(Clone)]
pub struct StackAccess {
    /// The endpoint of all its services, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The region its requests are signed for.
    pub region: String,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The session token that belongs to temporary credentials.
    pub session_token: Option<String>,
}

impl StackAccess {
    /// The stack's key, which opens what is this server's own as well.
    pub(crate) fn key(&self) -> StackKey {
        StackKey::new(self.access_key_id.clone(), self.secret_access_key.clone())
    }
}

impl std::fmt::Debug for StackAccess {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StackAccess")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Why the stack gave no answer. Ends in the log; a caller learns only that it failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StackError {
    #[error("the stack could not be reached: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("the stack answered {0} to {1}")]
    Refused(u16, String),
    #[error("the stack's answer to {0} is longer than {MAX_ANSWER} bytes")]
    TooLong(String),
    #[error("the stack's answer to {0} was not understood: {1}")]
    NotUnderstood(String, serde_json::Error),
    #[error("a request could not be signed: {0}")]
    Signing(String),
}

impl StackError {
    /// Whether the stack says of what it was asked about that there is no such thing.
    fn says_that_nothing_is_there(&self) -> bool {
        matches!(self, Self::Refused(400..500, _))
    }
}

/// A function's answer.
#[derive(Debug)]
pub(crate) enum Invocation {
    /// What it returned, unparsed.
    Returned(Vec<u8>),
    /// It failed, with this `errorMessage`.
    Failed(String),
}

/// What the stack's IAM says of a caller and an operation.
#[derive(Debug)]
pub(crate) enum Consent {
    Given,
    /// The policies do not allow it.
    Denied(String),
    /// It could not be told who calls, or what was wrong.
    Unknown,
}

/// A request that the stack cannot carry out, made so that its IAM is asked.
struct Question<'a> {
    operation: &'a str,
    service: &'a str,
    path: &'a str,
    headers: &'a [(&'a str, &'a str)],
    body: Value,
    /// The error by which the stack says that only what is asked about is missing.
    consent: &'a str,
}

/// What a function that failed leaves.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Failure {
    error_message: String,
}

/// A client of the deployed stack.
pub(crate) struct Stack {
    access: StackAccess,
    http: reqwest::Client,
    /// Which pool an app client belongs to: it never changes.
    pools_of_clients: Mutex<HashMap<String, String>>,
}

impl Stack {
    pub(crate) fn new(access: StackAccess) -> Result<Self, StackError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self {
            access,
            http,
            pools_of_clients: Mutex::default(),
        })
    }

    /// How the stack is reached.
    pub(crate) fn access(&self) -> &StackAccess {
        &self.access
    }

    /// Asks the stack's IAM whether somebody may call an operation on a pool, by calling it on a
    /// user that nobody is.
    pub(crate) async fn consent(
        &self,
        caller: &local_guard::Credentials,
        operation: &str,
        pool: &str,
    ) -> Result<Consent, StackError> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
            RELAYED,
        ];
        let question = Question {
            operation,
            service: "cognito-idp",
            path: "/",
            headers: &headers,
            body: json!({ "UserPoolId": pool, "Username": NOBODY, "Password": NOBODY,
                "UserAttributes": [] }),
            consent: "UserNotFoundException",
        };
        self.answer_to(caller, question).await
    }

    /// Asks the stack's IAM whether somebody may send mail from an address with the identity of an
    /// ARN, by sending what a template says that nobody has made.
    pub(crate) async fn consent_to_send(
        &self,
        caller: &local_guard::Credentials,
        from: &str,
        identity: &str,
    ) -> Result<Consent, StackError> {
        let question = Question {
            operation: "SendEmail",
            service: "ses",
            path: "/v2/email/outbound-emails",
            headers: &[("content-type", "application/json"), RELAYED],
            body: json!({
                "FromEmailAddress": from,
                "FromEmailAddressIdentityArn": identity,
                "Content": { "Template": { "TemplateName": NOBODY } },
            }),
            consent: "NotFoundException",
        };
        self.answer_to(caller, question).await
    }

    /// What the stack's IAM says of a request, told from what becomes of it.
    async fn answer_to(
        &self,
        caller: &local_guard::Credentials,
        question: Question<'_>,
    ) -> Result<Consent, StackError> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Refusal {
            #[serde(rename = "__type")]
            kind: String,
            #[serde(alias = "Message")]
            message: String,
        }
        let Question {
            operation,
            service,
            path,
            headers,
            body,
            consent,
        } = question;
        let caller = Credentials::new(
            &caller.access_key_id,
            &caller.secret_access_key,
            caller.session_token.clone(),
            None,
            "caller",
        );
        let call = async {
            let body = body.to_string().into_bytes();
            let response = self.post_as(caller, service, path, headers, body).await?;
            let status = response.status();
            let kind = response.headers().get("x-amzn-errortype");
            let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
            Ok((status, kind, read(response, operation).await?))
        };
        let answer = tokio::time::timeout(DESCRIBE_TIMEOUT, call).await;
        let (status, kind, answer) = answer
            .unwrap_or_else(|_elapsed| Err(StackError::Refused(504, operation.to_owned())))?;
        let refusal: Refusal = serde_json::from_slice(&answer).unwrap_or_default();
        // Cognito names an error in the body, SES in a header alone.
        let named = Some(refusal.kind).filter(|kind| !kind.is_empty());
        let kind = named.or(kind).unwrap_or_default();
        Ok(match kind.rsplit('#').next() {
            Some(kind) if kind == consent && !status.is_success() => Consent::Given,
            Some("AccessDeniedException" | "AccessDenied") => Consent::Denied(refusal.message),
            _ => Consent::Unknown,
        })
    }

    /// The settings of a client and its pool, as they are deployed now; `None` for an unknown
    /// client.
    pub(crate) async fn deployment(&self, client: &str) -> Result<Option<Deployment>, StackError> {
        let known = self.known_pools().get(client).cloned();
        let pool = match known {
            Some(pool) => pool,
            None => match self.find_pool_of(client).await? {
                Some(pool) => pool,
                None => return Ok(None),
            },
        };
        let described = tokio::try_join!(
            self.describe_pool(&pool),
            self.describe_client(&pool, client)
        );
        match described {
            Ok((pool, client)) => Ok(Some(Deployment { pool, client })),
            // Deleted since: a new stack may have another pool for it.
            Err(error) if error.says_that_nothing_is_there() => {
                self.known_pools().remove(client);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The settings of a pool; `None` for an unknown one.
    pub(crate) async fn pool(&self, pool: &str) -> Result<Option<PoolSettings>, StackError> {
        match self.describe_pool(pool).await {
            Ok(pool) => Ok(Some(pool)),
            Err(error) if error.says_that_nothing_is_there() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Calls a function once and waits for its answer at most as long as `timeout`; `None` when
    /// that passed. The function may still be running then.
    pub(crate) async fn invoke(
        &self,
        function: &str,
        event: &Value,
        timeout: Duration,
    ) -> Result<Option<Invocation>, StackError> {
        let (name, qualifier) = function_name(function);
        let query = qualifier.map_or_else(String::new, |name| format!("?Qualifier={name}"));
        let path = format!("/2015-03-31/functions/{name}/invocations{query}");
        let call = self.invoke_once(&path, event.to_string().into_bytes());
        match tokio::time::timeout(timeout, call).await {
            Ok(answer) => answer.map(Some),
            Err(_elapsed) => Ok(None),
        }
    }

    async fn invoke_once(&self, path: &str, event: Vec<u8>) -> Result<Invocation, StackError> {
        let headers = [("content-type", "application/json")];
        let response = self.post("lambda", path, &headers, event).await?;
        let status = response.status();
        let failed = response.headers().contains_key("x-amz-function-error");
        let answer = read(response, path).await?;
        if !status.is_success() {
            return Err(StackError::Refused(status.as_u16(), path.to_owned()));
        }
        if !failed {
            return Ok(Invocation::Returned(answer));
        }
        let failure: Failure = serde_json::from_slice(&answer).unwrap_or_default();
        Ok(Invocation::Failed(failure.error_message))
    }

    async fn find_pool_of(&self, client: &str) -> Result<Option<String>, StackError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Pools {
            user_pools: Vec<Pool>,
            next_token: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Pool {
            id: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Clients {
            user_pool_clients: Vec<Client>,
            next_token: Option<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Client {
            client_id: String,
        }

        let mut pools_page = json!({ "MaxResults": 60 });
        loop {
            let pools: Pools = self.ask("ListUserPools", &pools_page).await?;
            for pool in pools.user_pools {
                let mut clients_page = json!({ "UserPoolId": pool.id, "MaxResults": 60 });
                loop {
                    let clients: Clients =
                        match self.ask("ListUserPoolClients", &clients_page).await {
                            Ok(clients) => clients,
                            // Deleted since it was listed.
                            Err(error) if error.says_that_nothing_is_there() => break,
                            Err(error) => return Err(error),
                        };
                    if clients
                        .user_pool_clients
                        .iter()
                        .any(|found| found.client_id == client)
                    {
                        self.known_pools()
                            .insert(client.to_owned(), pool.id.clone());
                        return Ok(Some(pool.id));
                    }
                    let Some(next) = clients.next_token else {
                        break;
                    };
                    clients_page["NextToken"] = next.into();
                }
            }
            let Some(next) = pools.next_token else {
                return Ok(None);
            };
            pools_page["NextToken"] = next.into();
        }
    }

    async fn describe_pool(&self, pool: &str) -> Result<PoolSettings, StackError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Described {
            user_pool: PoolSettings,
        }
        let request = json!({ "UserPoolId": pool });
        let described: Described = self.ask("DescribeUserPool", &request).await?;
        Ok(described.user_pool)
    }

    async fn describe_client(
        &self,
        pool: &str,
        client: &str,
    ) -> Result<ClientSettings, StackError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Described {
            user_pool_client: ClientSettings,
        }
        let request = json!({ "UserPoolId": pool, "ClientId": client });
        let described: Described = self.ask("DescribeUserPoolClient", &request).await?;
        Ok(described.user_pool_client)
    }

    /// One operation of the stack's own Cognito, which knows what was deployed.
    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &str,
        request: &Value,
    ) -> Result<T, StackError> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let body = request.to_string().into_bytes();
        let call = async {
            let response = self.post("cognito-idp", "/", &headers, body).await?;
            let status = response.status();
            if !status.is_success() {
                return Err(StackError::Refused(status.as_u16(), operation.to_owned()));
            }
            read(response, operation).await
        };
        let answer = tokio::time::timeout(DESCRIBE_TIMEOUT, call)
            .await
            .unwrap_or_else(|_elapsed| Err(StackError::Refused(504, operation.to_owned())))?;
        serde_json::from_slice(&answer)
            .map_err(|error| StackError::NotUnderstood(operation.to_owned(), error))
    }

    async fn post(
        &self,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<reqwest::Response, StackError> {
        let access = &self.access;
        let own = Credentials::new(
            &access.access_key_id,
            &access.secret_access_key,
            access.session_token.clone(),
            None,
            "environment",
        );
        self.post_as(own, service, path, headers, body).await
    }

    async fn post_as(
        &self,
        caller: Credentials,
        service: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<reqwest::Response, StackError> {
        let url = format!("{}{path}", self.access.endpoint.trim_end_matches('/'));
        let signature = self.sign(caller, service, &url, headers, &body)?;
        let mut request = self.http.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in signature {
            request = request.header(name, value);
        }
        Ok(request.send().await?)
    }

    /// The headers that sign a request.
    fn sign(
        &self,
        caller: Credentials,
        service: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, StackError> {
        let identity = caller.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.access.region)
            .name(service)
            .time(machine_time())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| StackError::Signing(error.to_string()))?
            .into();
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new("POST", url, headers.iter().copied(), body)
            .map_err(|error| StackError::Signing(error.to_string()))?;
        let (instructions, _signature) = sign(request, &parameters)
            .map_err(|error| StackError::Signing(error.to_string()))?
            .into_parts();
        let headers = instructions.headers();
        Ok(headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }

    fn known_pools(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.pools_of_clients
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads an answer, refusing one that is too long.
async fn read(mut response: reqwest::Response, what: &str) -> Result<Vec<u8>, StackError> {
    let mut answer = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if answer.len() + chunk.len() > MAX_ANSWER {
            return Err(StackError::TooLong(what.to_owned()));
        }
        answer.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Name and qualifier of a function given as ARN
/// (`arn:aws:lambda:<region>:<account>:function:<name>[:<qualifier>]`) or plain name.
fn function_name(function: &str) -> (&str, Option<&str>) {
    match function.split_once(":function:") {
        None => (function, None),
        Some((_, name)) => match name.split_once(':') {
            None => (name, None),
            Some((name, qualifier)) => (name, Some(qualifier)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_by_itself_its_arn_or_an_alias() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:define";
        assert_eq!(function_name("define"), ("define", None));
        assert_eq!(function_name(arn), ("define", None));
        assert_eq!(
            function_name(&format!("{arn}:live")),
            ("define", Some("live"))
        );
    }
}
