//! 4: tokens without a face.

use e2e::mutation::Trigger;
use e2e::people::{
    Person, asked_for_face, enrolled, inline, tokens as tokens_of, with_a_new_password,
};
use e2e::pictures;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};
use signin_client::{Refusal, Round, Tokens};
use signin_core::factor::Factor;
use signin_core::lockout::Path;
use signin_core::step::Step;

use crate::common::{
    data_url, entry, entry_after, face_request, face_request_on, faces, fresh_id, tokens_or,
};

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
    let face = || entry(Step::Verify(Factor::Face), true);
    let wrong = |before| entry_after(Step::Verify(Factor::Face), false, before);
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
        json!([
            wrong(0),
            wrong(1),
            wrong(2),
            entry_after(Step::Verify(Factor::Face), true, 2)
        ]),
        json!([wrong(0), wrong(1), face()]),
        json!([entry(Step::Enrol, true), face()]),
        json!([srp, password, wrong(0), entry(Step::Enrol, true), face()]),
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
    // Just after the owner's own sign-in: the most favourable moment.
    let asked = asked_for_face(&client, &victim.email).await;
    let round = client.answer(&asked, inline(pictures::live())).await;
    if !matches!(round, Ok(Round::Tokens(_))) {
        return Seen::fell("the owner is refused");
    }
    let mut refused = Vec::new();
    for flow in ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH"] {
        let request = with_password(&stack.outputs.user_pool_client_id, &victim, flow);
        let (_, answer) = stack.cognito("InitiateAuth", &request).await;
        if answer["AuthenticationResult"].is_object() {
            return Seen::fell(format!("tokens by {flow}"));
        }
        refused.push(answer["__type"].as_str().unwrap_or("no error").to_owned());
    }
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

/// A sign-in by face through an app client, call by call, as an app does that knows nothing of this
/// product but the protocol: Cognito's last answer.
async fn by_face(stack: &Stack, client: &str, email: &str, nonce: Option<&str>) -> Value {
    let request = json!({
        "ClientId": client,
        "AuthFlow": "CUSTOM_AUTH",
        "AuthParameters": {"USERNAME": email},
    });
    let (_, begun) = stack.cognito("InitiateAuth", &request).await;
    assert_eq!(begun["ChallengeName"], "CUSTOM_CHALLENGE", "{begun}");
    let mut respond = json!({
        "ClientId": client,
        "ChallengeName": "CUSTOM_CHALLENGE",
        "Session": begun["Session"],
        "ChallengeResponses": {
            "USERNAME": begun["ChallengeParameters"]["USERNAME"],
            "ANSWER": data_url(&pictures::live()),
        },
    });
    if let Some(nonce) = nonce {
        respond["ClientMetadata"] = json!({"passNonce": nonce});
    }
    stack.cognito("RespondToAuthChallenge", &respond).await.1
}

/// Seconds after the owner's own sign-in, a stolen password by another flow of the same app client:
/// Cognito's request for tokens is the same, word for word.
pub(crate) async fn right_after_the_owner(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH"];
    let client = app_client(&stack, &flows).await;
    let mut refused = Vec::new();
    for nonce in [None, Some("the owner's")] {
        let owner = by_face(&stack, &client, &victim.email, nonce).await;
        let signed_in = owner["AuthenticationResult"].is_object();
        assert!(signed_in, "the owner signs in: {owner}");
        for _ in 0..3 {
            let request = with_password(&client, &victim, "USER_PASSWORD_AUTH");
            let (_, answer) = stack.cognito("InitiateAuth", &request).await;
            if answer["AuthenticationResult"].is_object() {
                return Seen::fell("tokens for the password alone");
            }
            refused.push(answer["__type"].as_str().unwrap_or("no error").to_owned());
        }
    }
    let as_expected = refused
        .iter()
        .all(|kind| kind == "UserLambdaValidationException");
    assert!(
        as_expected,
        "every request should come as far as the trigger: {refused:?}"
    );
    Seen::held(format!("{} requests refused", refused.len()))
}

/// Records a pass of somebody's as Cognito would have it recorded, and leaves it unused.
async fn unused_pass(stack: &Stack, victim: &Person, nonce: Option<&str>) {
    unused_pass_on(Path::Open, stack, victim, nonce).await;
}

/// The same, by a session on a path.
async fn unused_pass_on(path: Path, stack: &Stack, victim: &Person, nonce: Option<&str>) {
    let user = victim.user_name();
    let face = faces(stack, user).await.remove(0);
    let answer = data_url(&pictures::live());
    let mut request = face_request_on(path, user, &fresh_id(), &face, &answer);
    if let Some(nonce) = nonce {
        request["clientMetadata"] = json!({"passNonce": nonce});
    }
    let event = stack.event(Trigger::Verify, user, &request);
    let passed = stack.invoke(Trigger::Verify, &event).await;
    let passed = passed.expect("the face is judged");
    assert_eq!(passed["response"]["answerCorrect"], true);
}

/// The event of a request for tokens.
fn asks_for_tokens(stack: &Stack, victim: &Person, nonce: Option<&str>) -> Value {
    let user = victim.user_name();
    let mut request = json!({"userAttributes": {"sub": user}, "groupConfiguration": {}});
    if let Some(nonce) = nonce {
        request["clientMetadata"] = json!({"passNonce": nonce});
    }
    stack.event(Trigger::BeforeTokens, user, &request)
}

/// One pass and 64 equal requests for tokens at once. None gets them where the one that used the pass up was
/// too late to say so; then there is another pass, and the next 64.
pub(crate) async fn one_pass_many_requests(ground: Ground) -> Seen {
    let _turn = Ground::turn().await;
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    for _ in 0..3 {
        unused_pass(&stack, &victim, None).await;
        let mut running = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let event = asks_for_tokens(&stack, &victim, None);
            let stack = stack.clone();
            running.spawn(async move { stack.invoke(Trigger::BeforeTokens, &event).await.is_ok() });
        }
        let answered = running.join_all().await;
        match answered.iter().filter(|admitted| **admitted).count() {
            0 => {}
            1 => return Seen::held("one of 64"),
            many => return Seen::fell(format!("{many} of 64")),
        }
    }
    panic!("a pass should be worth tokens once")
}

/// A request of a stranger's between the owner's face and the owner's tokens.
pub(crate) async fn before_the_owner(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let nonce = fresh_id();
    unused_pass(&stack, &victim, Some(&nonce)).await;
    for foreign in [None, Some("a guess")] {
        let event = asks_for_tokens(&stack, &victim, foreign);
        if stack.invoke(Trigger::BeforeTokens, &event).await.is_ok() {
            return Seen::fell("tokens without the nonce");
        }
    }
    let own = asks_for_tokens(&stack, &victim, Some(&nonce));
    for _ in 0..2 {
        let admitted = stack.invoke(Trigger::BeforeTokens, &own).await;
        assert!(admitted.is_ok(), "the owner's own request: {admitted:?}");
    }
    Seen::held("only the owner's request, and its repeat")
}

/// A photograph's sign-in beside the owner's, with password and face: the photograph's request for
/// tokens comes first, by clients that send a nonce and by those that send none.
pub(crate) async fn beside_the_owner(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let mut claimed = Vec::new();
    for [owners, photographs] in [
        [None, None],
        [Some("the owner's"), None],
        [None, Some("a guess")],
        [Some("the owner's"), Some("a guess")],
    ] {
        for first in [true, false] {
            if first {
                unused_pass(&stack, &victim, photographs).await;
            }
            unused_pass_on(Path::Password, &stack, &victim, owners).await;
            if !first {
                unused_pass(&stack, &victim, photographs).await;
            }
            let request = asks_for_tokens(&stack, &victim, photographs);
            let tokens = stack.invoke(Trigger::BeforeTokens, &request).await;
            let tokens = tokens.expect("the photograph's own pass is worth tokens");
            let details = &tokens["response"]["claimsAndScopeOverrideDetails"];
            let steps = &details["idTokenGeneration"]["claimsToAddOrOverride"]["signin_steps"];
            if details["accessTokenGeneration"]["scopesToSuppress"].is_null() || steps != "FACE" {
                return Seen::fell(format!("tokens that claim {steps}"));
            }
            claimed.push(steps.to_string());
            // Whoever's it is: the next attempt begins without passes.
            for nonce in [owners, photographs] {
                let rest = asks_for_tokens(&stack, &victim, nonce);
                let _ = stack.invoke(Trigger::BeforeTokens, &rest).await;
            }
        }
    }
    Seen::held(format!(
        "{} times tokens that claim FACE alone",
        claimed.len()
    ))
}

/// Passes with a photograph while the owner signs in with password and face: between the owner's
/// last step and the owner's tokens.
pub(crate) async fn over_the_owners_pass(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let own = fresh_id();
    unused_pass_on(Path::Password, &stack, &victim, Some(&own)).await;
    for photographs in [None, Some("a guess")] {
        unused_pass(&stack, &victim, photographs).await;
        let request = asks_for_tokens(&stack, &victim, photographs);
        let _ = stack.invoke(Trigger::BeforeTokens, &request).await;
    }
    let request = asks_for_tokens(&stack, &victim, Some(&own));
    let Ok(tokens) = stack.invoke(Trigger::BeforeTokens, &request).await else {
        return Seen::fell("the owner gets no tokens");
    };
    let details = &tokens["response"]["claimsAndScopeOverrideDetails"];
    let steps = &details["idTokenGeneration"]["claimsToAddOrOverride"]["signin_steps"];
    if steps == "PASSWORD+FACE" {
        Seen::held("the owner gets tokens for password and face")
    } else {
        Seen::fell(format!("the owner gets tokens that claim {steps}"))
    }
}

/// A refresh token from a time when the account had a face.
pub(crate) async fn refresh_without_a_face(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let mut refused = Vec::new();
    let mut signed_in = Vec::new();
    for _ in 0..2 {
        signed_in.push(enrolled(&stack).await);
    }
    for (_, tokens) in &signed_in {
        let refreshed = client.refresh(refresh_token(tokens)).await;
        assert!(refreshed.is_ok(), "a refresh goes on: {refreshed:?}");
    }
    ground.begins().await;
    let without_face = signed_in[0].0.user_name();
    stack.remove_from_profile(without_face, "faces").await;
    stack.delete_profile(signed_in[1].0.user_name()).await;
    for (_, tokens) in &signed_in {
        match client.refresh(refresh_token(tokens)).await {
            Ok(_) => return Seen::fell("new tokens for an account without a face"),
            Err(error) => refused.push(error.to_string()),
        }
    }
    Seen::held(refused.remove(0))
}

fn refresh_token(tokens: &Tokens) -> &str {
    tokens.refresh.as_deref().expect("a refresh token")
}

/// The thief's refresh token after the owner's reset, whether Cognito has revoked it or could not.
pub(crate) async fn refresh_after_a_reset(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, tokens) = enrolled(&stack).await;
    let (other, other_tokens) = enrolled(&stack).await;
    ground.begins().await;
    let user = victim.user_name().to_owned();
    let broken = json!({
        "operation": "AdminUserGlobalSignOut", "containing": [user], "fault": "error",
    });
    let broken = stack.proxy().rule(&broken).await;
    let victim = with_a_new_password(&client, victim).await;
    let failed = broken.bitten().await;
    broken.remove().await;
    assert!(failed > 0, "the sign-out should have been tried");
    let owed = stack.profile(&user).await["signOutOwed"].is_object();
    assert!(owed, "the sign-out should be owed");
    if client.refresh(refresh_token(&tokens)).await.is_ok() {
        return Seen::fell("new tokens while the sign-out is owed");
    }

    let user = other.user_name().to_owned();
    with_a_new_password(&client, other).await;
    let owed = stack.profile(&user).await["signOutOwed"].is_object();
    assert!(!owed, "the sign-out should be done");
    match client.refresh(refresh_token(&other_tokens)).await {
        Ok(_) => return Seen::fell("new tokens after the sign-out"),
        Err(error) => assert_eq!(
            error.refusal(),
            Some(&Refusal::NotAuthorized),
            "Cognito itself should refuse it: {error}"
        ),
    }
    // The next reset's sign-out settles it all, and the owner goes on as before.
    let victim = with_a_new_password(&client, victim).await;
    let asked = asked_for_face(&client, &victim.email).await;
    let own = tokens_of(client.answer(&asked, inline(pictures::live())).await);
    let refreshed = client.refresh(refresh_token(&own)).await;
    assert!(refreshed.is_ok(), "the owner's refresh: {refreshed:?}");
    Seen::held("refused while it is owed, revoked when it is done")
}

/// What Cognito lets whoever holds an access token do to the account, most harmless first; what was
/// done.
async fn taken_over(stack: &Stack, access_token: &str) -> Vec<&'static str> {
    let attributes = json!([{"Name": "email", "Value": e2e::stack::fresh_email()}]);
    let calls = [
        (
            "GetUserAttributeVerificationCode",
            json!({"AttributeName": "email"}),
        ),
        (
            "VerifyUserAttribute",
            json!({"AttributeName": "email", "Code": "000000"}),
        ),
        (
            "UpdateUserAttributes",
            json!({"UserAttributes": attributes}),
        ),
        (
            "ChangePassword",
            json!({"PreviousPassword": "a guess of mine", "ProposedPassword": "a password of mine"}),
        ),
        ("DeleteUser", json!({})),
    ];
    let mut done = Vec::new();
    for (operation, mut request) in calls {
        request["AccessToken"] = json!(access_token);
        let (status, answer) = stack.cognito(operation, &request).await;
        let message = answer["message"].as_str().unwrap_or_default();
        // Of another refusal than that of the token itself, something could have come.
        if status == 200 || !message.contains("scope") {
            done.push(operation);
        }
    }
    done
}

/// A photograph's access token.
pub(crate) async fn account_by_a_face(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let asked = asked_for_face(&client, &victim.email).await;
    let stolen = tokens_of(client.answer(&asked, inline(pictures::live())).await);
    let done = taken_over(&stack, &stolen.access).await;
    if !done.is_empty() {
        return Seen::fell(done.join(", "));
    }
    // The owner, with password and face, may do all of it.
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    let asked = e2e::people::challenge(begun, Step::Verify(Factor::Face));
    let own = tokens_of(client.answer(&asked, inline(pictures::live())).await);
    let possible = taken_over(&stack, &own.access).await;
    assert_eq!(possible.len(), 5, "with password and face: {possible:?}");
    Seen::held("a face alone changes nothing, password and face do")
}

/// The access token that a refresh brings, whatever the first one allowed.
pub(crate) async fn account_by_a_refresh(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (_, tokens) = enrolled(&stack).await;
    ground.begins().await;
    let refreshed = client.refresh(refresh_token(&tokens)).await;
    let refreshed = refreshed.expect("a refresh goes on");
    let done = taken_over(&stack, &refreshed.access).await;
    if done.is_empty() {
        Seen::held("a refreshed token changes nothing")
    } else {
        Seen::fell(done.join(", "))
    }
}
