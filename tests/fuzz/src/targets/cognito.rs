//! Requests to the local user pool, in sequences: a session, a code or a token that one answer
//! holds can be in the next request.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Path;
use axum::http::HeaderMap;
use axum::{Json, Router, routing::post};
use local_cognito::{Settings, StackAccess, serve};
use serde_json::{Value, json};

use super::Target;
use super::server::{Known, SECRET, Server, address, conversation, loopback};
use crate::mutation::Form;

pub(super) const TARGET: Target = Target {
    name: "cognito",
    form: Form::Requests,
    run,
    seeds,
    attempts: 500,
};

const POOL: &str = "us-east-1_Example";
const CLIENT: &str = "exampleclient";

/// The user pool lives on from input to input, as it does from client to client; each input has a
/// user of its own.
fn run(input: &[u8]) {
    static SERVER: LazyLock<Server> = LazyLock::new(start);
    static USERS: AtomicU64 = AtomicU64::new(0);
    let user = USERS.fetch_add(1, Ordering::Relaxed);
    let known = Known::from([("email".to_owned(), format!("{user}@example.org"))]);
    SERVER.converse(input, known);
}

fn start() -> Server {
    Server::start("AWSCognitoIdentityProviderService.", |runtime, listener| {
        let stack = runtime.block_on(loopback());
        let settings = Settings {
            stack: StackAccess {
                endpoint: address(&stack),
                region: "us-east-1".to_owned(),
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
                session_token: None,
            },
            trigger_timeout: Settings::TRIGGER_TIMEOUT,
            state: None,
            pages: Vec::new(),
            siblings: Vec::new(),
            identities: Vec::new(),
        };
        let deployed = Router::new()
            .route("/", post(describe))
            .route("/2015-03-31/functions/{name}/invocations", post(invoke));
        runtime.spawn(async move { axum::serve(stack, deployed).await });
        runtime.spawn(serve(listener, settings, std::future::pending()));
    })
}

/// What is deployed: one pool, one app client. Whoever asks for others gets these all the same.
async fn describe(headers: HeaderMap) -> Json<Value> {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.split_once('.'));
    let functions = [
        "PreSignUp",
        "PostConfirmation",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "CustomMessage",
    ];
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    let mut functions: Value = functions
        .map(|name| (name.to_owned(), json!(arn(name))))
        .into_iter()
        .collect();
    functions["PreTokenGenerationConfig"] =
        json!({"LambdaVersion": "V2_0", "LambdaArn": arn("PreTokenGeneration")});
    Json(match operation.map(|(_, name)| name) {
        Some("ListUserPools") => json!({"UserPools": [{"Id": POOL, "Name": "example"}]}),
        Some("ListUserPoolClients") => json!({"UserPoolClients": [{"ClientId": CLIENT}]}),
        Some("DescribeUserPool") => json!({"UserPool": {
            "Id": POOL,
            "UsernameAttributes": ["email"],
            "AutoVerifiedAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": false},
            "MfaConfiguration": "OFF",
            "Policies": {"PasswordPolicy": {
                "MinimumLength": 12, "RequireLowercase": true, "RequireUppercase": false,
                "RequireNumbers": true, "RequireSymbols": false,
            }},
            "LambdaConfig": functions,
        }}),
        _ => json!({"UserPoolClient": {
            "ClientId": CLIENT,
            "UserPoolId": POOL,
            "ExplicitAuthFlows": [
                "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH",
                "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            ],
            "PreventUserExistenceErrors": "ENABLED",
            "AuthSessionValidity": 15,
            "ReadAttributes": ["email", "email_verified"],
            "WriteAttributes": ["email"],
        }}),
    })
}

/// What the functions do: any session that ends with a right answer gets tokens.
async fn invoke(Path(function): Path<String>, Json(mut event): Json<Value>) -> Json<Value> {
    let request = &event["request"];
    let last = request["session"]
        .as_array()
        .and_then(|session| session.last());
    event["response"] = match function.as_str() {
        "DefineAuthChallenge" => {
            match last.map(|last| (&last["challengeName"], &last["challengeResult"])) {
                Some((name, _)) if name == "SRP_A" => json!({"challengeName": "PASSWORD_VERIFIER"}),
                Some((name, result)) if name == "CUSTOM_CHALLENGE" && result == true => {
                    json!({"issueTokens": true})
                }
                _ => json!({"challengeName": "CUSTOM_CHALLENGE"}),
            }
        }
        "CreateAuthChallenge" => json!({
            "publicChallengeParameters": {"step": "FACE", "attemptsLeft": "3"},
            "privateChallengeParameters": {"challenge": "{}"},
            "challengeMetadata": "FACE:0123456789abcdef0123456789abcdef",
        }),
        "VerifyAuthChallengeResponse" => {
            json!({"answerCorrect": request["challengeAnswer"] == "uploaded"})
        }
        "PreSignUp" => {
            json!({"autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false})
        }
        _ => json!({}),
    };
    Json(event)
}

type Requests = Vec<(&'static str, Value)>;

fn seeds() -> Vec<Vec<u8>> {
    let conversations = [
        [signing_up(), signing_in(), signed_in()].concat(),
        [signing_up(), proving_a_password()].concat(),
        [signing_up(), forgetting_the_password()].concat(),
        [signing_up(), other_flows()].concat(),
        [signing_up(), administration()].concat(),
        signing_in(),
    ];
    conversations
        .map(|requests| conversation(&requests))
        .to_vec()
}

fn signing_up() -> Requests {
    let sign_up = json!({
        "ClientId": CLIENT, "Username": "$email", "Password": SECRET,
        "UserAttributes": [{"Name": "email", "Value": "$email"}],
        "ValidationData": [{"Name": "a", "Value": "b"}],
        "ClientMetadata": {"consent": "1"},
    });
    let confirm = json!({
        "ClientId": CLIENT, "Username": "$email", "ConfirmationCode": "$code",
        "ClientMetadata": {"bindingSecret": "s"},
    });
    vec![("SignUp", sign_up), ("ConfirmSignUp", confirm)]
}

fn signing_in() -> Requests {
    let begin = json!({
        "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {"USERNAME": "$email"},
    });
    let answer = json!({
        "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE", "Session": "$Session",
        "ChallengeResponses": {"USERNAME": "$USERNAME", "ANSWER": "uploaded"},
        "ClientMetadata": {"a": "b"},
    });
    vec![("InitiateAuth", begin), ("RespondToAuthChallenge", answer)]
}

fn proving_a_password() -> Requests {
    let begin = json!({
        "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {
            "USERNAME": "$email", "CHALLENGE_NAME": "SRP_A", "SRP_A": "abcdef0123456789",
        },
    });
    let prove = json!({
        "ClientId": CLIENT, "ChallengeName": "PASSWORD_VERIFIER", "Session": "$Session",
        "ChallengeResponses": {
            "USERNAME": "$USERNAME", "TIMESTAMP": "Sat Nov 21 00:09:05 UTC 2026",
            "PASSWORD_CLAIM_SECRET_BLOCK": "$SECRET_BLOCK",
            "PASSWORD_CLAIM_SIGNATURE": "AAAA",
        },
    });
    vec![("InitiateAuth", begin), ("RespondToAuthChallenge", prove)]
}

/// The flows that lead to tokens past the custom challenges.
fn other_flows() -> Requests {
    let begin = |flow: &str, parameters: Value| json!({"ClientId": CLIENT, "AuthFlow": flow, "AuthParameters": parameters});
    let name_and_password = json!({"USERNAME": "$email", "PASSWORD": SECRET});
    let select = json!({
        "ClientId": CLIENT, "ChallengeName": "SELECT_CHALLENGE", "Session": "$Session",
        "ChallengeResponses": {"USERNAME": "$USERNAME", "ANSWER": "PASSWORD", "PASSWORD": SECRET},
    });
    let srp = json!({"USERNAME": "$email", "SRP_A": "abcdef0123456789"});
    vec![
        (
            "InitiateAuth",
            begin("USER_PASSWORD_AUTH", name_and_password),
        ),
        (
            "InitiateAuth",
            begin("USER_AUTH", json!({"USERNAME": "$email"})),
        ),
        ("RespondToAuthChallenge", select),
        ("InitiateAuth", begin("USER_SRP_AUTH", srp)),
        ("GlobalSignOut", json!({"AccessToken": "$AccessToken"})),
        (
            "RevokeToken",
            json!({"ClientId": CLIENT, "Token": "$RefreshToken"}),
        ),
    ]
}

fn signed_in() -> Requests {
    let refresh = json!({
        "ClientId": CLIENT, "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": "$RefreshToken"},
    });
    let change = json!({
        "AccessToken": "$AccessToken", "PreviousPassword": SECRET,
        "ProposedPassword": "correct-horse-2",
    });
    let update = json!({
        "AccessToken": "$AccessToken",
        "UserAttributes": [{"Name": "email", "Value": "new-$email"}],
    });
    let verify = json!({"AccessToken": "$AccessToken", "AttributeName": "email", "Code": "$code"});
    let token = json!({"AccessToken": "$AccessToken"});
    vec![
        ("GetUser", token.clone()),
        ("InitiateAuth", refresh),
        (
            "GetTokensFromRefreshToken",
            json!({"ClientId": CLIENT, "RefreshToken": "$RefreshToken"}),
        ),
        ("ChangePassword", change),
        ("UpdateUserAttributes", update),
        (
            "GetUserAttributeVerificationCode",
            json!({"AccessToken": "$AccessToken", "AttributeName": "email"}),
        ),
        ("VerifyUserAttribute", verify),
        (
            "DeleteUserAttributes",
            json!({"AccessToken": "$AccessToken", "UserAttributeNames": ["name"]}),
        ),
        ("DeleteUser", token),
    ]
}

fn forgetting_the_password() -> Requests {
    let user = json!({"ClientId": CLIENT, "Username": "$email"});
    let confirm = json!({
        "ClientId": CLIENT, "Username": "$email", "ConfirmationCode": "$code",
        "Password": "correct-horse-2",
    });
    vec![
        ("ResendConfirmationCode", user.clone()),
        ("ForgotPassword", user),
        ("ConfirmForgotPassword", confirm),
    ]
}

fn administration() -> Requests {
    let user = json!({"UserPoolId": POOL, "Username": "$email"});
    let list = json!({"UserPoolId": POOL, "Limit": 5, "Filter": "email = \"$email\""});
    let begin = json!({
        "UserPoolId": POOL, "ClientId": CLIENT, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "$email", "PASSWORD": SECRET},
    });
    let begin_custom = json!({
        "UserPoolId": POOL, "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH",
        "AuthParameters": {"USERNAME": "$email"},
    });
    let answer = json!({
        "UserPoolId": POOL, "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE",
        "Session": "$Session", "ChallengeResponses": {"USERNAME": "$email", "ANSWER": "uploaded"},
    });
    let invite = |action: &str| {
        json!({
            "UserPoolId": POOL, "Username": "invited-$email", "TemporaryPassword": SECRET,
            "UserAttributes": [{"Name": "email_verified", "Value": "true"}],
            "MessageAction": action, "DesiredDeliveryMediums": ["EMAIL"],
            "ClientMetadata": {"a": "b"},
        })
    };
    let set = json!({
        "UserPoolId": POOL, "Username": "invited-$email", "Password": SECRET, "Permanent": true,
    });
    let update = json!({
        "UserPoolId": POOL, "Username": "$email",
        "UserAttributes": [{"Name": "email", "Value": "other-$email"}],
    });
    vec![
        ("AdminCreateUser", invite("SUPPRESS")),
        ("AdminCreateUser", invite("RESEND")),
        ("AdminSetUserPassword", set),
        ("AdminConfirmSignUp", user.clone()),
        ("AdminInitiateAuth", begin),
        ("AdminInitiateAuth", begin_custom),
        ("AdminRespondToAuthChallenge", answer),
        ("AdminUserGlobalSignOut", user.clone()),
        ("AdminUpdateUserAttributes", update),
        ("AdminGetUser", user.clone()),
        ("AdminDisableUser", user.clone()),
        ("AdminEnableUser", user.clone()),
        ("ListUsers", list),
        ("AdminDeleteUser", user),
    ]
}
