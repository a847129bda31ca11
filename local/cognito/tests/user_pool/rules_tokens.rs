//! Rules 5, 18, 22 and 29: what triggers put into tokens, and what tokens are good for.

use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, claims, refused};
use crate::stack::{CLIENT, Reply};

const SCOPE: &str = "aws.cognito.signin.user.admin";

/// What every operation with an access token says to one without Cognito's own scope.
fn without_scope() -> crate::harness::Refused {
    refused(
        "NotAuthorizedException",
        "Access Token does not have required scopes",
    )
}

/// Has the trigger answer every event of version 2 with this.
fn answer_with(harness: &Harness, details: Value) {
    harness.stack.deploy_token_trigger("V2_0");
    harness.stack.script("pre-token", move |_| {
        Reply::Response(json!({ "claimsAndScopeOverrideDetails": details }))
    });
}

/// Has the trigger take Cognito's own scope away.
fn suppress_the_scope(harness: &Harness) {
    answer_with(
        harness,
        json!({ "accessTokenGeneration": { "scopesToSuppress": [SCOPE] } }),
    );
}

/// Every operation that wants an access token, with one.
fn operations(token: &Value) -> Vec<(&'static str, Value)> {
    let with = |mut request: Value| {
        request["AccessToken"] = token.clone();
        request
    };
    vec![
        ("GetUser", with(json!({}))),
        (
            "UpdateUserAttributes",
            with(json!({ "UserAttributes": [{ "Name": "email", "Value": "new@example.org" }] })),
        ),
        (
            "GetUserAttributeVerificationCode",
            with(json!({ "AttributeName": "email" })),
        ),
        (
            "VerifyUserAttribute",
            with(json!({ "AttributeName": "email", "Code": "000000" })),
        ),
        (
            "DeleteUserAttributes",
            with(json!({ "UserAttributeNames": ["name"] })),
        ),
        (
            "ChangePassword",
            with(json!({
                "PreviousPassword": crate::harness::PASSWORD, "ProposedPassword": "new-horse-12345"
            })),
        ),
        ("GlobalSignOut", with(json!({}))),
        ("DeleteUser", with(json!({}))),
    ]
}

#[tokio::test]
async fn rule_22_an_event_of_version_2_has_the_scopes_and_shapes_both_tokens() {
    let harness = Harness::with_account().await;
    answer_with(
        &harness,
        json!({
            "idTokenGeneration": {
                "claimsToAddOrOverride": { "signin_steps": "FACE", "many": [1, { "a": true }] },
                "claimsToSuppress": ["email"],
            },
            "accessTokenGeneration": {
                "claimsToAddOrOverride": { "signin_steps": "FACE", "aud": CLIENT },
                "claimsToSuppress": ["event_id"],
                "scopesToAdd": ["read:faces", "read:faces"],
            },
        }),
    );
    let tokens = harness.tokens().await;
    let event = harness.stack.last_event("TokenGeneration_Authentication");
    assert_eq!(event["version"], "2");
    assert_eq!(event["request"]["scopes"], json!([SCOPE]));
    assert_eq!(
        event["request"]["groupConfiguration"]["groupsToOverride"],
        json!([])
    );
    assert_eq!(
        event["response"],
        json!({ "claimsAndScopeOverrideDetails": null })
    );
    let identity = claims(&tokens["IdToken"]);
    assert_eq!(identity["signin_steps"], "FACE");
    assert_eq!(identity["many"], json!([1, { "a": true }]));
    assert!(identity.get("email").is_none());
    let access = claims(&tokens["AccessToken"]);
    assert_eq!(access["signin_steps"], "FACE");
    assert_eq!(access["aud"], CLIENT);
    assert!(access.get("event_id").is_none());
    assert_eq!(access["scope"], format!("{SCOPE} read:faces"));
    harness.get_user(&tokens).await.unwrap();
}

#[tokio::test]
async fn rule_22_an_event_of_version_3_is_one_of_version_2_by_another_number() {
    let harness = Harness::with_account().await;
    suppress_the_scope(&harness);
    harness.stack.deploy_token_trigger("V3_0");
    let tokens = harness.tokens().await;
    let event = harness.stack.last_event("TokenGeneration");
    assert_eq!(event["version"], "3");
    assert!(claims(&tokens["AccessToken"]).get("scope").is_none());
}

#[tokio::test]
async fn rule_22_an_event_of_version_1_leaves_the_access_token_as_it_is() {
    let harness = Harness::with_account().await;
    suppress_the_scope(&harness);
    harness.stack.deploy_token_trigger("V1_0");
    let tokens = harness.tokens().await;
    let event = harness.stack.last_event("TokenGeneration");
    assert_eq!(event["version"], "1");
    assert!(event["request"].get("scopes").is_none());
    assert_eq!(event["response"], json!({ "claimsOverrideDetails": null }));
    assert_eq!(claims(&tokens["AccessToken"])["scope"], SCOPE);
}

#[tokio::test]
async fn rule_22_reserved_claims_stay_in_both_tokens() {
    let harness = Harness::with_account().await;
    let honest = harness.tokens().await;
    let reserved = [
        "acr",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "cognito:username",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "sub",
        "token_use",
        "aud",
        "client_id",
        "username",
        "scope",
    ];
    let forged: serde_json::Map<String, Value> = reserved
        .iter()
        .map(|name| ((*name).to_owned(), json!("forged")))
        .collect();
    for generation in [
        json!({ "claimsToAddOrOverride": forged }),
        json!({ "claimsToSuppress": reserved }),
    ] {
        answer_with(
            &harness,
            json!({ "idTokenGeneration": generation, "accessTokenGeneration": generation }),
        );
        let tokens = harness.tokens().await;
        for kind in ["IdToken", "AccessToken"] {
            let (honest, shaped) = (claims(&honest[kind]), claims(&tokens[kind]));
            for name in reserved {
                assert_eq!(
                    honest.get(name).is_some(),
                    shaped.get(name).is_some(),
                    "{name} in {kind}"
                );
                assert_ne!(shaped[name], "forged", "{name} in {kind}");
            }
        }
        harness.get_user(&tokens).await.unwrap();
    }
}

#[tokio::test]
async fn rule_22_what_is_both_added_and_suppressed_is_suppressed() {
    let harness = Harness::with_account().await;
    harness
        .stack
        .deploy_trigger("PreTokenGeneration", "pre-token");
    harness.stack.script("pre-token", |_| {
        Reply::Response(json!({ "claimsOverrideDetails": {
            "claimsToAddOrOverride": { "a": "b" }, "claimsToSuppress": ["a"]
        } }))
    });
    let tokens = harness.tokens().await;
    assert!(claims(&tokens["IdToken"]).get("a").is_none());
}

#[tokio::test]
async fn rule_22_a_wrong_shape_is_an_error_and_no_token() {
    let harness = Harness::with_account().await;
    for details in [
        json!("x"),
        json!([]),
        json!({ "accessTokenGeneration": "x" }),
        json!({ "accessTokenGeneration": { "scopesToSuppress": SCOPE } }),
        json!({ "accessTokenGeneration": { "scopesToSuppress": [1] } }),
        json!({ "accessTokenGeneration": { "scopesToAdd": ["two words"] } }),
        json!({ "accessTokenGeneration": { "claimsToAddOrOverride": ["a"] } }),
        json!({ "idTokenGeneration": { "claimsToSuppress": { "a": "b" } } }),
    ] {
        answer_with(&harness, details.clone());
        let asked = harness.begin(EMAIL).await.unwrap();
        let refusal = harness.answer(&asked, "right").await.unwrap_err();
        assert_eq!(refusal.code, "InvalidLambdaResponseException", "{details}");
    }
    // Version 1 takes texts alone.
    harness.stack.deploy_token_trigger("V1_0");
    harness.stack.script("pre-token", |_| {
        Reply::Response(json!({ "claimsOverrideDetails": {
            "claimsToAddOrOverride": { "a": 1 }
        } }))
    });
    let asked = harness.begin(EMAIL).await.unwrap();
    let refusal = harness.answer(&asked, "right").await.unwrap_err();
    assert_eq!(refusal.code, "InvalidLambdaResponseException");
    // What says nothing changes nothing.
    for details in [
        json!(null),
        json!({}),
        json!({ "accessTokenGeneration": null }),
    ] {
        answer_with(&harness, details);
        let tokens = harness.tokens().await;
        assert_eq!(claims(&tokens["AccessToken"])["scope"], SCOPE);
    }
}

#[tokio::test]
async fn rule_22_version_2_needs_a_plan_that_has_it() {
    let harness = Harness::with_account().await;
    suppress_the_scope(&harness);
    for (tier, served) in [("LITE", false), ("ESSENTIALS", true), ("PLUS", true)] {
        harness.stack.redeploy_pool("UserPoolTier", json!(tier));
        let outcome = harness.begin(EMAIL).await;
        assert_eq!(outcome.is_ok(), served, "{tier}");
        if let Err(refusal) = outcome {
            assert_eq!(refusal.code, "InvalidParameterException");
            assert!(refusal.message.contains("LITE"), "{}", refusal.message);
        }
    }
    harness.stack.redeploy_pool("UserPoolTier", json!("LITE"));
    harness.stack.deploy_token_trigger("V1_0");
    harness.begin(EMAIL).await.unwrap();
}

#[tokio::test]
async fn rule_22_the_old_setting_and_the_new_one_name_the_same_function() {
    let harness = Harness::with_account().await;
    harness.stack.deploy_token_trigger("V2_0");
    harness
        .stack
        .deploy_trigger("PreTokenGeneration", "another-function");
    let refusal = harness.begin(EMAIL).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
    harness
        .stack
        .deploy_trigger("PreTokenGeneration", "pre-token");
    harness.begin(EMAIL).await.unwrap();
}

#[tokio::test]
async fn rule_05_pre_token_generation_sees_the_metadata_of_an_answer_and_not_of_a_beginning() {
    let harness = Harness::with_account().await;
    harness.stack.deploy_token_trigger("V2_0");
    let metadata = |source: &str| {
        harness.stack.last_event(source)["request"]
            .get("clientMetadata")
            .cloned()
    };
    let tokens = harness.tokens().await;
    let sent = json!({ "sent": "with RespondToAuthChallenge" });
    assert_eq!(
        metadata("TokenGeneration_Authentication"),
        Some(sent.clone())
    );

    // `AdminRespondToAuthChallenge` hands it on as well.
    let begin = json!({
        "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": { "USERNAME": EMAIL },
        "ClientMetadata": { "sent": "with AdminInitiateAuth" },
    });
    let asked = harness
        .administrate("AdminInitiateAuth", begin)
        .await
        .unwrap();
    let answer = json!({
        "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE", "Session": asked["Session"],
        "ChallengeResponses": { "USERNAME": EMAIL, "ANSWER": "right" },
        "ClientMetadata": { "sent": "by an administrator" },
    });
    harness
        .administrate("AdminRespondToAuthChallenge", answer)
        .await
        .unwrap();
    assert_eq!(
        metadata("TokenGeneration_Authentication"),
        Some(json!({ "sent": "by an administrator" }))
    );

    // InitiateAuth does not, whatever its flow.
    let refresh = json!({
        "ClientId": CLIENT, "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
        "ClientMetadata": sent,
    });
    harness.call("InitiateAuth", refresh).await.unwrap();
    assert_eq!(metadata("TokenGeneration_RefreshTokens"), None);

    let refresh = json!({
        "ClientId": CLIENT, "RefreshToken": tokens["RefreshToken"],
        "ClientMetadata": { "sent": "with a refresh" },
    });
    harness
        .call("GetTokensFromRefreshToken", refresh)
        .await
        .unwrap();
    assert_eq!(
        metadata("TokenGeneration_RefreshTokens"),
        Some(json!({ "sent": "with a refresh" }))
    );
}

#[tokio::test]
async fn rule_29_without_its_scope_an_access_token_opens_nothing_of_the_account() {
    let harness = Harness::with_account().await;
    suppress_the_scope(&harness);
    let tokens = harness.tokens().await;
    let access = claims(&tokens["AccessToken"]);
    assert!(access.get("scope").is_none());
    for (operation, request) in operations(&tokens["AccessToken"]) {
        let refusal = harness.call(operation, request).await.unwrap_err();
        assert_eq!(refusal, without_scope(), "{operation}");
    }
    // A refresh asks the trigger anew, and gets what it says then.
    let refreshed = harness.refresh(&tokens).await.unwrap()["AuthenticationResult"].clone();
    let refusal = harness.get_user(&refreshed).await.unwrap_err();
    assert_eq!(refusal, without_scope());
    answer_with(&harness, json!(null));
    let refreshed = harness.refresh(&tokens).await.unwrap()["AuthenticationResult"].clone();
    harness.get_user(&refreshed).await.unwrap();
    // Another scope is not that one.
    answer_with(
        &harness,
        json!({ "accessTokenGeneration": {
            "scopesToSuppress": [SCOPE], "scopesToAdd": [format!("{SCOPE}.not"), "openid"]
        } }),
    );
    let others = harness.tokens().await;
    let refusal = harness.get_user(&others).await.unwrap_err();
    assert_eq!(refusal, without_scope());
}

#[tokio::test]
async fn rule_29_with_its_scope_an_access_token_opens_the_account() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    assert_eq!(claims(&tokens["AccessToken"])["scope"], SCOPE);
    for (operation, request) in operations(&tokens["AccessToken"]) {
        if let Err(refusal) = harness.call(operation, request).await {
            assert_ne!(refusal, without_scope(), "{operation}");
        }
    }
}

#[tokio::test]
async fn rule_18_a_refresh_token_is_revoked_without_the_scope_too() {
    let harness = Harness::with_account().await;
    suppress_the_scope(&harness);
    let tokens = harness.tokens().await;
    let revoke = json!({ "ClientId": CLIENT, "Token": tokens["RefreshToken"] });
    harness.call("RevokeToken", revoke).await.unwrap();
    assert!(harness.refresh(&tokens).await.is_err());
    let access = json!({ "ClientId": CLIENT, "Token": tokens["AccessToken"] });
    let refusal = harness.call("RevokeToken", access).await.unwrap_err();
    assert_eq!(refusal.code, "UnsupportedTokenTypeException");
}

#[tokio::test]
async fn rule_18_an_administrators_sign_out_ends_every_token_and_nothing_later() {
    let harness = Harness::with_account().await;
    let (first, second) = (harness.tokens().await, harness.tokens().await);
    harness
        .administer("AdminUserGlobalSignOut", EMAIL)
        .await
        .unwrap();
    let revoked = refused("NotAuthorizedException", "Access Token has been revoked");
    for tokens in [&first, &second] {
        let refusal = harness.refresh(tokens).await.unwrap_err();
        assert_eq!(
            refusal,
            refused("NotAuthorizedException", "Refresh Token has been revoked")
        );
        assert_eq!(harness.get_user(tokens).await.unwrap_err(), revoked);
    }
    let later = harness.tokens().await;
    harness.refresh(&later).await.unwrap();
    harness.get_user(&later).await.unwrap();
    let refusal = harness
        .administer("AdminUserGlobalSignOut", "nobody@example.org")
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "UserNotFoundException");
}

#[tokio::test]
async fn rule_18_a_new_password_by_itself_ends_no_token() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let user = json!({ "ClientId": CLIENT, "Username": EMAIL });
    harness.call("ForgotPassword", user).await.unwrap();
    let reset = json!({
        "ClientId": CLIENT, "Username": EMAIL, "ConfirmationCode": harness.code(EMAIL).await,
        "Password": "another-horse-2",
    });
    harness.call("ConfirmForgotPassword", reset).await.unwrap();
    harness.refresh(&tokens).await.unwrap();
    let set = json!({ "Username": EMAIL, "Password": "a-third-horse-3", "Permanent": true });
    harness
        .administrate("AdminSetUserPassword", set)
        .await
        .unwrap();
    harness.refresh(&tokens).await.unwrap();
}
