//! What is not Cognito's: health, mailbox, clock; and what goes towards the stack.

use serde_json::json;

use crate::harness::{EMAIL, Harness};
use crate::stack::{CLIENT, POOL};

#[tokio::test]
async fn the_server_says_that_it_is_ready() {
    let harness = Harness::start().await;
    assert_eq!(harness.get("/_local/health").await.0, 200);
}

#[tokio::test]
async fn the_mailbox_lists_the_newest_letter_first() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    harness.pass(60).await;
    let request = json!({ "ClientId": CLIENT, "Username": EMAIL });
    harness
        .call("ResendConfirmationCode", request)
        .await
        .unwrap();
    let letters = harness.letters("ADA@example.org").await;
    assert_eq!(letters.len(), 2);
    assert!(letters[0]["sentAt"].as_str().unwrap() > letters[1]["sentAt"].as_str().unwrap());
    assert!(
        letters[0]["body"]
            .as_str()
            .unwrap()
            .contains(letters[0]["code"].as_str().unwrap())
    );
    assert_eq!(harness.letters("somebody@example.org").await.len(), 0);
}

#[tokio::test]
async fn the_clock_moves_only_so_far() {
    let harness = Harness::start().await;
    let http = reqwest::Client::new();
    let url = format!("{}/_local/clock", harness.endpoint);
    for offset in [json!(i64::MAX), json!(i64::MIN), json!("1"), json!(null)] {
        let body = json!({ "offsetSeconds": offset });
        let response = http
            .post(&url)
            .bearer_auth("test")
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(response.status().is_client_error(), "{offset}");
    }
}

#[tokio::test]
async fn every_request_to_the_stack_is_signed() {
    let harness = Harness::with_account().await;
    harness.tokens().await;
    assert!(harness.stack.all_signed());
}

#[tokio::test]
async fn a_deployment_after_the_start_counts_at_once() {
    let harness = Harness::with_account().await;
    harness
        .stack
        .redeploy_client("ExplicitAuthFlows", json!(["ALLOW_REFRESH_TOKEN_AUTH"]));
    let refusal = harness.begin(EMAIL).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
}

#[tokio::test]
async fn a_pool_that_asks_for_more_than_there_is_is_not_served() {
    let harness = Harness::with_account().await;
    harness
        .stack
        .deploy_trigger("PreAuthentication", "pre-authentication");
    let refusal = harness.begin(EMAIL).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
    assert!(
        refusal.message.contains("PreAuthentication"),
        "{}",
        refusal.message
    );
}

#[tokio::test]
async fn an_unknown_client_or_pool_is_refused() {
    let harness = Harness::start().await;
    let request = json!({ "ClientId": "unknown", "Username": EMAIL });
    let refusal = harness.call("ForgotPassword", request).await.unwrap_err();
    assert_eq!(refusal.code, "ResourceNotFoundException");
    assert_eq!(
        harness
            .get("/us-east-1_Other/.well-known/jwks.json")
            .await
            .0,
        404
    );
}

#[tokio::test]
async fn the_configuration_leads_to_the_keys() {
    let harness = Harness::start().await;
    let (_, found) = harness
        .get(&format!("/{POOL}/.well-known/openid-configuration"))
        .await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{POOL}");
    assert_eq!(found["issuer"], issuer);
    let keys = format!("{}/{POOL}/.well-known/jwks.json", harness.endpoint);
    assert_eq!(found["jwks_uri"], keys);
}

#[tokio::test]
async fn the_mailbox_and_the_clock_want_the_stacks_key() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let http = reqwest::Client::new();
    let mailbox = format!("{}/_local/mailbox?to={EMAIL}", harness.endpoint);
    for request in [
        http.get(&mailbox),
        http.get(&mailbox).bearer_auth("wrong"),
        http.post(format!("{}/_local/clock", harness.endpoint))
            .json(&json!({ "offsetSeconds": 60 })),
    ] {
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    let own = http.get(&mailbox).bearer_auth("test");
    let other_site = own.header("origin", "http://localhost:8080");
    assert_eq!(other_site.send().await.unwrap().status(), 403);
    assert_eq!(harness.letters(EMAIL).await.len(), 1);
}
