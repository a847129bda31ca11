//! The flows that lead from a password to tokens, past the custom triggers, where an app client
//! allows them; and what wrong passwords cost.

use cognito_srp::Client as Srp;
use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, PASSWORD, Refused, refused, wrong_credentials};
use crate::stack::{CLIENT, Reply};

const FLOWS: [&str; 5] = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
];

async fn harness_with_all_flows() -> Harness {
    let harness = Harness::with_account().await;
    harness
        .stack
        .redeploy_client("ExplicitAuthFlows", json!(FLOWS));
    harness
}

fn request(flow: &str, parameters: &Value) -> Value {
    let mut request = json!({
        "ClientId": CLIENT, "AuthFlow": flow, "AuthParameters": { "USERNAME": EMAIL }
    });
    for (name, value) in parameters.as_object().unwrap() {
        request["AuthParameters"][name] = value.clone();
    }
    request
}

async fn by_password(harness: &Harness, password: &str) -> Result<Value, Refused> {
    let request = request("USER_PASSWORD_AUTH", &json!({ "PASSWORD": password }));
    harness.call("InitiateAuth", request).await
}

fn is_tokens(answer: &Value) -> bool {
    answer["AuthenticationResult"]["AccessToken"].is_string()
}

#[tokio::test]
async fn rule_15_a_flow_that_the_client_allows_leads_to_tokens_and_asks_no_custom_trigger() {
    let harness = harness_with_all_flows().await;
    let (srp, password) = (Srp::new([7; 32]), json!({ "PASSWORD": PASSWORD }));

    assert!(is_tokens(&by_password(&harness, PASSWORD).await.unwrap()));

    let begun = request("USER_SRP_AUTH", &json!({ "SRP_A": srp.public_value() }));
    let begun = harness.call("InitiateAuth", begun).await.unwrap();
    assert_eq!(begun["ChallengeName"], "PASSWORD_VERIFIER");
    // It has no session: the secret block stands for it, and is as good once.
    assert_eq!(begun["Session"], Value::Null);
    assert!(is_tokens(
        &harness.prove(&begun, &srp, PASSWORD).await.unwrap()
    ));
    let refusal = harness.prove(&begun, &srp, PASSWORD).await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());

    let preferred = json!({ "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": PASSWORD });
    let answer = harness
        .call("InitiateAuth", request("USER_AUTH", &preferred))
        .await;
    assert!(is_tokens(&answer.unwrap()));

    let preferred = json!({ "PREFERRED_CHALLENGE": "PASSWORD_SRP", "SRP_A": srp.public_value() });
    let begun = harness
        .call("InitiateAuth", request("USER_AUTH", &preferred))
        .await
        .unwrap();
    assert!(is_tokens(
        &harness.prove(&begun, &srp, PASSWORD).await.unwrap()
    ));

    let admin = request("ADMIN_USER_PASSWORD_AUTH", &password);
    let answer = harness
        .administrate("AdminInitiateAuth", admin.clone())
        .await;
    assert!(is_tokens(&answer.unwrap()));
    let unsigned = harness.call("AdminInitiateAuth", admin).await.unwrap_err();
    assert_eq!(unsigned.code, "MissingAuthenticationTokenException");

    assert!(harness.stack.events("AuthChallenge").is_empty());
}

#[tokio::test]
async fn rule_15_a_client_without_a_preference_is_asked_which_proof_it_gives() {
    let harness = harness_with_all_flows().await;
    let begun = harness
        .call("InitiateAuth", request("USER_AUTH", &json!({})))
        .await
        .unwrap();
    assert_eq!(begun["ChallengeName"], "SELECT_CHALLENGE");
    assert_eq!(
        begun["AvailableChallenges"],
        json!(["PASSWORD", "PASSWORD_SRP"])
    );
    let select = |answer: Value| {
        let mut responses = json!({ "USERNAME": EMAIL });
        for (name, value) in answer.as_object().unwrap() {
            responses[name] = value.clone();
        }
        json!({
            "ClientId": CLIENT, "ChallengeName": "SELECT_CHALLENGE", "Session": begun["Session"],
            "ChallengeResponses": responses,
        })
    };
    let unknown = select(json!({ "ANSWER": "EMAIL_OTP" }));
    let refusal = harness
        .call("RespondToAuthChallenge", unknown)
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
    let answer = select(json!({ "ANSWER": "PASSWORD", "PASSWORD": PASSWORD }));
    let answer = harness
        .call("RespondToAuthChallenge", answer)
        .await
        .unwrap();
    assert!(is_tokens(&answer));
}

#[tokio::test]
async fn rule_15_every_flow_refuses_a_wrong_password_and_an_unknown_user_alike() {
    let harness = harness_with_all_flows().await;
    let refusal = by_password(&harness, "incorrect-horse-1")
        .await
        .unwrap_err();
    assert_eq!(refusal, wrong_credentials());
    let mut unknown = request("USER_PASSWORD_AUTH", &json!({ "PASSWORD": PASSWORD }));
    unknown["AuthParameters"]["USERNAME"] = json!("nobody@example.org");
    let refusal = harness.call("InitiateAuth", unknown).await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());
}

#[tokio::test]
async fn rule_22_a_trigger_that_refuses_tokens_refuses_them_by_every_flow_and_leaves_none() {
    let harness = harness_with_all_flows().await;
    harness
        .stack
        .deploy_trigger("PreTokenGeneration", "pre-token");
    harness
        .stack
        .script("pre-token", |_| Reply::Error("no pass"));
    let refusal = by_password(&harness, PASSWORD).await.unwrap_err();
    let told = "PreTokenGeneration failed with error no pass.";
    assert_eq!(refusal, refused("UserLambdaValidationException", told));
    let events = harness.stack.events("TokenGeneration");
    assert_eq!(events[0]["triggerSource"], "TokenGeneration_Authentication");
    assert_eq!(events[0]["callerContext"]["clientId"], CLIENT);
}

#[tokio::test]
async fn rule_17_five_wrong_passwords_lock_for_a_second_and_each_further_one_twice_as_long() {
    let harness = harness_with_all_flows().await;
    let exceeded = || refused("NotAuthorizedException", "Password attempts exceeded");
    let wrong = async || {
        by_password(&harness, "incorrect-horse-1")
            .await
            .unwrap_err()
    };
    for _ in 0..5 {
        assert_eq!(wrong().await, wrong_credentials());
    }
    let mut now = 0;
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        // Half of it has passed: the right one is not looked at either. Of a short wait, all may
        // have passed while this was asked.
        if wait >= 32 {
            harness.pass(now + wait / 2).await;
            let refusal = by_password(&harness, PASSWORD).await.unwrap_err();
            assert_eq!(refusal, exceeded(), "within {wait} s");
        }
        now += wait + 1;
        harness.pass(now).await;
        assert_eq!(wrong().await, wrong_credentials(), "after {wait} s");
    }
    harness.pass(now + 1000).await;
    assert!(is_tokens(&by_password(&harness, PASSWORD).await.unwrap()));
    // Which sets the count back.
    assert_eq!(wrong().await, wrong_credentials());
    assert!(is_tokens(&by_password(&harness, PASSWORD).await.unwrap()));
}

#[tokio::test]
async fn rule_17_wrong_proofs_of_a_custom_sign_in_count_and_custom_answers_do_not() {
    let harness = Harness::with_account().await;
    for _ in 0..2 {
        let mut asked = harness.begin(EMAIL).await.unwrap();
        for _ in 0..2 {
            asked = harness.answer(&asked, "wrong").await.unwrap();
        }
        harness.answer(&asked, "wrong").await.unwrap_err();
    }
    let srp = Srp::new([7; 32]);
    let prove = async |password: &str| {
        let begun = harness.begin_with_password(EMAIL, &srp).await.unwrap();
        harness.prove(&begun, &srp, password).await
    };
    for _ in 0..5 {
        let refusal = prove("incorrect-horse-1").await.unwrap_err();
        assert_eq!(refusal, wrong_credentials());
    }
    harness.pass(2).await;
    prove(PASSWORD).await.unwrap();
}

#[tokio::test]
async fn rule_04_a_proof_of_a_password_that_was_replaced_meanwhile_fails() {
    let harness = Harness::with_account().await;
    let srp = Srp::new([7; 32]);
    let begun = harness.begin_with_password(EMAIL, &srp).await.unwrap();
    let forgot = json!({ "ClientId": CLIENT, "Username": EMAIL });
    harness.call("ForgotPassword", forgot).await.unwrap();
    let code = harness.code(EMAIL).await;
    let reset = json!({
        "ClientId": CLIENT, "Username": EMAIL, "ConfirmationCode": code,
        "Password": "another-horse-2"
    });
    harness.call("ConfirmForgotPassword", reset).await.unwrap();
    let refusal = harness.prove(&begun, &srp, PASSWORD).await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());
}
