//! 4: tokens without a face.

use e2e::mutation::Trigger;
use e2e::people::{Person, asked_for_face, enrolled, inline};
use e2e::pictures;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};
use signin_core::step::Step;

use crate::common::{data_url, entry, face_request, faces, fresh_id, tokens_or};

/// `SRP_A`, which Cognito always marks as passed, and nothing more.
pub(crate) async fn srp_a_alone(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    tokens_or(
        &client
            .begin(&victim.email, Some("not the right password"))
            .await,
    )
}

/// A stolen password, where the policy wants the face as well.
pub(crate) async fn password_alone(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    tokens_or(&client.begin(&victim.email, Some(&victim.password)).await)
}

/// Sessions that cannot be: wrong order, entries too many, entries that nobody knows.
pub(crate) async fn impossible_sessions(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    ground.begins().await;
    let name = |name: &str, passed: bool| json!({"challengeName": name, "challengeResult": passed});
    let (srp, password) = (name("SRP_A", true), name("PASSWORD_VERIFIER", true));
    let face = || entry(Step::Face, true);
    let wrong = || entry(Step::Face, false);
    let used = face();
    let sessions = [
        json!([face(), srp]),
        json!([srp, face()]),
        json!([srp, name("PASSWORD_VERIFIER", false), face()]),
        json!([password, face()]),
        json!([password, srp, face()]),
        json!([srp, password, srp, face()]),
        json!([face(), face()]),
        json!([used, used]),
        json!([wrong(), wrong(), wrong(), face()]),
        json!([entry(Step::Enrol, true), face()]),
        json!([srp, password, wrong(), entry(Step::Enrol, true), face()]),
        json!([name("SMS_MFA", true), face()]),
        json!([face(), name("DEVICE_SRP_AUTH", true)]),
        json!([face(), null]),
    ];
    for session in &sessions {
        let request = json!({"userAttributes": {}, "session": session, "userNotFound": false});
        let event = stack.event(Trigger::Define, "somebody", &request);
        let answer = stack.invoke(Trigger::Define, &event).await;
        let answer = answer.expect("define answers every session");
        if answer["response"]["issueTokens"] == true {
            return Seen::fell(format!("tokens for {session}"));
        }
    }
    Seen::held(format!("{} sessions end without tokens", sessions.len()))
}

/// Adds an app client to the pool, as an operator might; its id.
async fn app_client(stack: &Stack, flows: &[&str]) -> String {
    let request = json!({
        "UserPoolId": stack.outputs.user_pool_id,
        "ClientName": "another-app",
        "ExplicitAuthFlows": flows,
        "PreventUserExistenceErrors": "ENABLED",
        "AuthSessionValidity": 15,
    });
    let created = stack.settings("CreateUserPoolClient", &request).await;
    let id = created["UserPoolClient"]["ClientId"].as_str();
    id.expect("the app client has an id").to_owned()
}

/// The session of one app client, continued by another; and one's pass, used by another.
pub(crate) async fn another_clients_session(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let other = app_client(&stack, &["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]).await;
    let request = json!({
        "ClientId": stack.outputs.user_pool_client_id,
        "AuthFlow": "CUSTOM_AUTH",
        "AuthParameters": {"USERNAME": victim.email},
    });
    let (_, begun) = stack.cognito("InitiateAuth", &request).await;
    let respond = json!({
        "ClientId": other,
        "ChallengeName": "CUSTOM_CHALLENGE",
        "Session": begun["Session"],
        "ChallengeResponses": {
            "USERNAME": begun["ChallengeParameters"]["USERNAME"], "ANSWER": "uploaded",
        },
    });
    let (_, answer) = stack.cognito("RespondToAuthChallenge", &respond).await;
    if answer["AuthenticationResult"].is_object() || answer["Session"].is_string() {
        return Seen::fell("another app client goes on with the session");
    }
    let refused = answer["__type"].as_str().unwrap_or("no error").to_owned();

    // As if Cognito had let it through: a pass of one app client's, and another's request.
    let user = victim.user_name();
    let face = faces(&stack, user).await.remove(0);
    let answer = data_url(&pictures::live());
    let request = face_request(user, &fresh_id(), &face, &answer);
    let event = stack.event(Trigger::Verify, user, &request);
    let passed = stack
        .invoke(Trigger::Verify, &event)
        .await
        .expect("the face is judged");
    assert_eq!(passed["response"]["answerCorrect"], true);
    let request = json!({"userAttributes": {"sub": user}, "groupConfiguration": {}});
    let mut event = stack.event(Trigger::BeforeTokens, user, &request);
    event["callerContext"]["clientId"] = json!(other);
    match stack.invoke(Trigger::BeforeTokens, &event).await {
        Ok(_) => Seen::fell("one app client's pass is worth another's tokens"),
        Err(error) => Seen::held(format!(
            "session: {refused}; pass: {}",
            error["errorType"].as_str().unwrap_or("refused")
        )),
    }
}

/// What a stolen password is worth by a flow of Cognito's own, where an app client allows it.
async fn by_another_flow(ground: Ground, flow: &str) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    // The victim's own pass is used up; time passes, so that nothing is left of it to repeat.
    let client = app_client(
        &stack,
        &[
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_AUTH",
            "ALLOW_ADMIN_USER_PASSWORD_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        ],
    )
    .await;
    let answer = match flow {
        "USER_SRP_AUTH" | "USER_AUTH with SRP" => srp(&stack, &client, &victim, flow).await,
        "ADMIN_USER_PASSWORD_AUTH" => {
            let mut request = with_password(&client, &victim, flow);
            request["UserPoolId"] = json!(stack.outputs.user_pool_id);
            stack.administrate("AdminInitiateAuth", &request).await.1
        }
        "USER_AUTH" => {
            let mut request = with_password(&client, &victim, flow);
            request["AuthParameters"]["PREFERRED_CHALLENGE"] = json!("PASSWORD");
            stack.cognito("InitiateAuth", &request).await.1
        }
        _ => {
            let request = with_password(&client, &victim, flow);
            stack.cognito("InitiateAuth", &request).await.1
        }
    };
    if answer["AuthenticationResult"].is_object() {
        return Seen::fell("tokens");
    }
    let (kind, message) = (&answer["__type"], &answer["message"]);
    assert_eq!(
        kind, "UserLambdaValidationException",
        "the flow should come as far as the trigger: {message}"
    );
    Seen::held(message.as_str().unwrap_or_default().to_owned())
}

fn with_password(client: &str, victim: &Person, flow: &str) -> Value {
    json!({
        "ClientId": client,
        "AuthFlow": flow,
        "AuthParameters": {"USERNAME": victim.email, "PASSWORD": victim.password},
    })
}

/// A flow that proves the password by SRP.
async fn srp(stack: &Stack, client: &str, victim: &Person, flow: &str) -> Value {
    let secret = cognito_srp::Client::new(rand::random());
    let mut parameters = json!({"USERNAME": victim.email, "SRP_A": secret.public_value()});
    let name = if flow == "USER_SRP_AUTH" {
        flow
    } else {
        parameters["PREFERRED_CHALLENGE"] = json!("PASSWORD_SRP");
        "USER_AUTH"
    };
    let request = json!({"ClientId": client, "AuthFlow": name, "AuthParameters": parameters});
    let (_, begun) = stack.cognito("InitiateAuth", &request).await;
    if begun["ChallengeName"] != "PASSWORD_VERIFIER" {
        return begun;
    }
    let text = |name: &str| {
        let value = begun["ChallengeParameters"][name].as_str();
        value
            .unwrap_or_else(|| panic!("{name} is a parameter"))
            .to_owned()
    };
    let block = {
        use base64::Engine as _;
        let block = base64::engine::general_purpose::STANDARD.decode(text("SECRET_BLOCK"));
        block.expect("SECRET_BLOCK is Base64")
    };
    let (salt, public) = (text("SALT"), text("SRP_B"));
    let challenge = cognito_srp::Challenge {
        salt: &salt,
        public_value: &public,
        secret_block: &block,
    };
    let user = text("USER_ID_FOR_SRP");
    let identity = cognito_srp::Identity {
        pool_id: &stack.outputs.user_pool_id,
        user_id: &user,
    };
    let timestamp = "Sat Nov 21 04:05:06 UTC 2026";
    let signature = secret.sign(identity, &challenge, &victim.password, timestamp);
    let respond = json!({
        "ClientId": client,
        "ChallengeName": "PASSWORD_VERIFIER",
        "Session": begun["Session"],
        "ChallengeResponses": {
            "USERNAME": user,
            "PASSWORD_CLAIM_SECRET_BLOCK": text("SECRET_BLOCK"),
            "PASSWORD_CLAIM_SIGNATURE": signature.expect("the proof can be made"),
            "TIMESTAMP": timestamp,
        },
    });
    stack.cognito("RespondToAuthChallenge", &respond).await.1
}

pub(crate) async fn user_srp_auth(ground: Ground) -> Seen {
    by_another_flow(ground, "USER_SRP_AUTH").await
}

pub(crate) async fn user_password_auth(ground: Ground) -> Seen {
    by_another_flow(ground, "USER_PASSWORD_AUTH").await
}

pub(crate) async fn user_auth(ground: Ground) -> Seen {
    by_another_flow(ground, "USER_AUTH").await
}

pub(crate) async fn user_auth_with_srp(ground: Ground) -> Seen {
    by_another_flow(ground, "USER_AUTH with SRP").await
}

pub(crate) async fn admin_user_password_auth(ground: Ground) -> Seen {
    by_another_flow(ground, "ADMIN_USER_PASSWORD_AUTH").await
}

/// The stack's own app client, which allows none of these flows.
pub(crate) async fn flows_of_the_own_client(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let client = stack.client();
    // A fresh pass that nobody has used: the most favourable moment.
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(pictures::live())).await;
    let mut refused = Vec::new();
    for flow in ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH"] {
        let request = with_password(&stack.outputs.user_pool_client_id, &victim, flow);
        let (_, answer) = stack.cognito("InitiateAuth", &request).await;
        if answer["AuthenticationResult"].is_object() {
            return Seen::fell(format!("tokens by {flow}"));
        }
        refused.push(answer["__type"].as_str().unwrap_or("no error").to_owned());
    }
    drop(round);
    // And a second set of tokens for the pass that the first has used up.
    let user = victim.user_name();
    let request = json!({"userAttributes": {"sub": user}, "clientMetadata": {"again": "1"}});
    let event = stack.event(Trigger::BeforeTokens, user, &request);
    match stack.invoke(Trigger::BeforeTokens, &event).await {
        Ok(_) => Seen::fell("a used pass is worth tokens"),
        Err(_) => Seen::held(format!(
            "{}; a used pass is worth nothing",
            refused.join(", ")
        )),
    }
}
