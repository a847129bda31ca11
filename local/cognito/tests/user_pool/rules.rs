//! Cognito's rules for custom authentication, one by one. The numbers are for reading in order.

use std::collections::BTreeSet;
use std::time::Duration;

use cognito_srp::Client as Srp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use crate::harness::{
    EMAIL, Harness, PAGE, PASSWORD, claims, invalid_session, refused, secret_hash,
    wrong_credentials,
};
use crate::stack::{CLIENT, OTHER_CLIENT, POOL, Reply, go_on};

fn srp() -> Srp {
    Srp::new([7; 32])
}

#[tokio::test]
async fn rule_01_a_silent_trigger_is_called_three_times_and_then_the_request_fails() {
    let harness = Harness::with_trigger_timeout(Duration::from_millis(50)).await;
    harness.stack.script("define", |_| Reply::Hang);
    let refusal = harness.begin("nobody@example.org").await.unwrap_err();
    assert_eq!(refusal.code, "UnexpectedLambdaException");
    let events = harness.stack.events("DefineAuthChallenge");
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|event| *event == events[0]));
}

#[tokio::test]
async fn rule_01_a_second_call_that_answers_saves_the_request() {
    let harness = Harness::with_trigger_timeout(Duration::from_secs(2)).await;
    let calls = std::sync::atomic::AtomicU32::new(0);
    harness.stack.script("define", move |_| {
        match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Reply::Hang,
            _ => Reply::Response(go_on("CUSTOM_CHALLENGE")),
        }
    });
    let asked = harness.begin("nobody@example.org").await.unwrap();
    assert_eq!(asked["ChallengeName"], "CUSTOM_CHALLENGE");
}

#[tokio::test]
async fn rule_02_a_custom_sign_in_begins_with_define_and_create() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    assert_eq!(asked["ChallengeName"], "CUSTOM_CHALLENGE");
    assert!(asked["Session"].is_string());
    assert_eq!(asked["ChallengeParameters"]["step"], "FACE");
    let define = harness.stack.last_event("DefineAuthChallenge");
    let create = harness.stack.last_event("CreateAuthChallenge");
    assert_eq!(define["request"]["session"], json!([]));
    assert_eq!(create["request"]["session"], json!([]));
    assert_eq!(create["request"]["challengeName"], "CUSTOM_CHALLENGE");
}

#[tokio::test]
async fn rule_03_every_answer_joins_the_session_with_its_challenges_metadata() {
    let harness = Harness::with_account().await;
    let mut asked = harness.begin(EMAIL).await.unwrap();
    for _ in 0..2 {
        asked = harness.answer(&asked, "wrong").await.unwrap();
    }
    let wrong = json!({
        "challengeName": "CUSTOM_CHALLENGE", "challengeResult": false,
        "challengeMetadata": "FACE:c1"
    });
    let define = harness.stack.last_event("DefineAuthChallenge");
    assert_eq!(define["request"]["session"], json!([wrong, wrong]));

    let done = harness.answer(&asked, "right").await.unwrap();
    assert!(done["AuthenticationResult"]["AccessToken"].is_string());
    let define = harness.stack.last_event("DefineAuthChallenge");
    assert_eq!(define["request"]["session"][2]["challengeResult"], true);
}

#[tokio::test]
async fn rule_04_a_right_password_goes_on_with_two_entries_in_the_session() {
    let harness = Harness::with_account().await;
    let srp = srp();
    let begun = harness.begin_with_password(EMAIL, &srp).await.unwrap();
    let start = json!({
        "challengeName": "SRP_A", "challengeResult": true, "challengeMetadata": null
    });
    let define = harness.stack.last_event("DefineAuthChallenge");
    assert_eq!(define["request"]["session"], json!([start]));
    assert_eq!(begun["ChallengeName"], "PASSWORD_VERIFIER");

    let asked = harness.prove(&begun, &srp, PASSWORD).await.unwrap();
    let proven = json!({
        "challengeName": "PASSWORD_VERIFIER", "challengeResult": true, "challengeMetadata": null
    });
    let define = harness.stack.last_event("DefineAuthChallenge");
    assert_eq!(define["request"]["session"], json!([start, proven]));
    assert_eq!(asked["ChallengeName"], "CUSTOM_CHALLENGE");
}

#[tokio::test]
async fn rule_04_a_wrong_password_ends_the_sign_in_and_asks_no_trigger() {
    let harness = Harness::with_account().await;
    let srp = srp();
    let begun = harness.begin_with_password(EMAIL, &srp).await.unwrap();
    harness.stack.forget();
    let refusal = harness
        .prove(&begun, &srp, "incorrect-horse-1")
        .await
        .unwrap_err();
    assert_eq!(refusal, wrong_credentials());
    assert!(harness.stack.events("").is_empty());
    let refusal = harness.prove(&begun, &srp, PASSWORD).await.unwrap_err();
    assert_eq!(refusal, invalid_session());
}

#[tokio::test]
async fn rule_04_a_public_value_that_makes_the_password_irrelevant_is_refused() {
    let harness = Harness::with_account().await;
    for value in ["0", "no number"] {
        let request = json!({
            "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH", "AuthParameters": {
                "USERNAME": EMAIL, "CHALLENGE_NAME": "SRP_A", "SRP_A": value
            }
        });
        let refusal = harness.call("InitiateAuth", request).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException", "{value}");
    }
}

#[tokio::test]
async fn rule_04_a_proof_with_an_unreadable_time_stamp_is_refused() {
    let harness = Harness::with_account().await;
    let begun = harness.begin_with_password(EMAIL, &srp()).await.unwrap();
    let request = json!({
        "ClientId": CLIENT, "ChallengeName": "PASSWORD_VERIFIER", "Session": begun["Session"],
        "ChallengeResponses": {
            "USERNAME": EMAIL, "TIMESTAMP": "2026-11-21T00:09:05Z",
            "PASSWORD_CLAIM_SECRET_BLOCK": "AQID", "PASSWORD_CLAIM_SIGNATURE": "AQID"
        }
    });
    let refusal = harness
        .call("RespondToAuthChallenge", request)
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
}

#[tokio::test]
async fn rule_05_client_metadata_reaches_only_the_triggers_it_is_for() {
    let harness = Harness::start().await;
    let metadata = |source: &str| {
        harness.stack.last_event(source)["request"]
            .get("clientMetadata")
            .cloned()
    };
    harness.sign_up(EMAIL).await.unwrap();
    assert_eq!(metadata("PreSignUp"), Some(json!({ "consent": "1" })));
    harness.confirm(EMAIL).await.unwrap();
    assert_eq!(
        metadata("PostConfirmation"),
        Some(json!({ "bindingSecret": "s" }))
    );

    let asked = harness.begin(EMAIL).await.unwrap();
    assert_eq!(metadata("DefineAuthChallenge"), None);
    assert_eq!(metadata("CreateAuthChallenge"), None);

    harness.answer(&asked, "wrong").await.unwrap();
    let sent = Some(json!({ "sent": "with RespondToAuthChallenge" }));
    for source in [
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
    ] {
        assert_eq!(metadata(source), sent, "{source}");
    }
}

#[tokio::test]
async fn rule_06_private_parameters_reach_the_verifying_trigger_alone() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    assert!(!asked.to_string().contains("for verify alone"));
    harness.answer(&asked, "wrong").await.unwrap();
    let verify = harness.stack.last_event("VerifyAuthChallengeResponse");
    let request = verify["request"].as_object().unwrap();
    assert_eq!(
        request["privateChallengeParameters"],
        json!({ "secret": "for verify alone" })
    );
    assert_eq!(request["challengeAnswer"], "wrong");
    assert!(!request.contains_key("session"));
    for source in ["DefineAuthChallenge", "CreateAuthChallenge"] {
        let event = harness.stack.last_event(source).to_string();
        assert!(!event.contains("for verify alone"), "{source}");
    }
}

#[tokio::test]
async fn rule_07_an_unknown_user_meets_the_same_flow_and_can_only_fail() {
    let harness = Harness::start().await;
    let asked = harness.begin("nobody@example.org").await.unwrap();
    assert_eq!(asked["ChallengeName"], "CUSTOM_CHALLENGE");
    for source in ["DefineAuthChallenge", "CreateAuthChallenge"] {
        let event = harness.stack.last_event(source);
        assert_eq!(event["request"]["userNotFound"], true, "{source}");
        assert_eq!(event["request"]["userAttributes"], json!({}), "{source}");
    }
    let refusal = harness.answer(&asked, "right").await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());
    let verify = harness.stack.last_event("VerifyAuthChallengeResponse");
    assert_eq!(verify["request"]["userNotFound"], true);
}

#[tokio::test]
async fn rule_07_an_unknown_users_password_meets_a_challenge_that_no_password_fits() {
    let harness = Harness::start().await;
    let srp = srp();
    let begun = harness
        .begin_with_password("nobody@example.org", &srp)
        .await
        .unwrap();
    let again = harness
        .begin_with_password("Nobody@Example.org", &srp)
        .await
        .unwrap();
    let of = |answer: &Value, name: &str| answer["ChallengeParameters"][name].clone();
    assert_eq!(begun["ChallengeName"], "PASSWORD_VERIFIER");
    assert_eq!(of(&begun, "SALT"), of(&again, "SALT"));
    assert_eq!(of(&begun, "USER_ID_FOR_SRP"), of(&again, "USER_ID_FOR_SRP"));
    assert_ne!(of(&begun, "SRP_B"), of(&again, "SRP_B"));
    let refusal = harness.prove(&begun, &srp, PASSWORD).await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());
}

#[tokio::test]
async fn rule_07_without_the_setting_an_unknown_user_is_told() {
    let harness = Harness::start().await;
    harness
        .stack
        .redeploy_client("PreventUserExistenceErrors", json!("LEGACY"));
    let refusal = harness.begin("nobody@example.org").await.unwrap_err();
    assert_eq!(refusal.code, "UserNotFoundException");
    assert!(harness.stack.events("").is_empty());
}

#[tokio::test]
async fn rule_08_a_used_session_is_refused() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let next = harness.answer(&asked, "wrong").await.unwrap();
    assert_ne!(asked["Session"], next["Session"]);
    assert_eq!(
        harness.answer(&asked, "right").await.unwrap_err(),
        invalid_session()
    );
    assert!(harness.answer(&next, "right").await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_08_of_64_answers_to_one_session_one_counts() {
    let harness = std::sync::Arc::new(Harness::with_account().await);
    let asked = harness.begin(EMAIL).await.unwrap();
    let mut answers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (harness, asked) = (std::sync::Arc::clone(&harness), asked.clone());
        answers.spawn(async move { harness.answer(&asked, "right").await });
    }
    let results = answers.join_all().await;
    let refusals: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 63);
    assert!(refusals.iter().all(|refusal| *refusal == invalid_session()));
    assert_eq!(harness.stack.events("VerifyAuthChallengeResponse").len(), 1);
}

#[tokio::test]
async fn rule_08_a_session_lasts_as_long_as_the_client_says() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    harness.pass(14 * 60).await;
    let asked = harness.answer(&asked, "wrong").await.unwrap();
    harness.pass((14 + 15) * 60 + 1).await;
    assert_eq!(
        harness.answer(&asked, "right").await.unwrap_err(),
        invalid_session()
    );
}

#[tokio::test]
async fn rule_08_a_session_is_its_clients_alone() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let request = json!({
        "ClientId": OTHER_CLIENT, "ChallengeName": "CUSTOM_CHALLENGE",
        "Session": asked["Session"],
        "ChallengeResponses": { "USERNAME": EMAIL, "ANSWER": "right" }
    });
    let refusal = harness
        .call("RespondToAuthChallenge", request)
        .await
        .unwrap_err();
    assert_eq!(refusal, invalid_session());
    assert!(harness.answer(&asked, "right").await.is_ok());
}

#[tokio::test]
async fn rule_08_an_altered_or_missing_session_is_refused() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let name = asked["ChallengeParameters"]["USERNAME"].as_str().unwrap();
    let altered = format!("{}A", asked["Session"].as_str().unwrap());
    for session in [
        json!(altered),
        json!("a session that nobody opened"),
        json!(null),
    ] {
        let refusal = harness
            .answer_as(name, &session, "right")
            .await
            .unwrap_err();
        assert_eq!(refusal, invalid_session(), "{session}");
    }
}

#[tokio::test]
async fn rule_08_a_session_answers_only_what_it_waits_for() {
    let harness = Harness::with_account().await;
    let begun = harness.begin_with_password(EMAIL, &srp()).await.unwrap();
    assert_eq!(
        harness.answer(&begun, "right").await.unwrap_err(),
        invalid_session()
    );
}

#[tokio::test]
async fn rule_09_define_decides_and_what_is_no_decision_is_an_error() {
    let harness = Harness::with_account().await;
    let outcome = async |response: Value| {
        harness
            .stack
            .script("define", move |_| Reply::Response(response.clone()));
        harness.begin(EMAIL).await
    };
    let failed = json!({ "failAuthentication": true, "issueTokens": true });
    assert_eq!(outcome(failed).await.unwrap_err(), wrong_credentials());
    let issued = outcome(json!({ "issueTokens": true, "failAuthentication": false })).await;
    assert!(issued.unwrap()["AuthenticationResult"].is_object());
    let undecided = [
        json!({}),
        json!({ "issueTokens": false, "failAuthentication": false }),
        json!({ "challengeName": "SMS_MFA", "issueTokens": false }),
        json!({ "challengeName": "PASSWORD_VERIFIER", "issueTokens": false }),
        json!({ "issueTokens": "true" }),
    ];
    for response in undecided {
        let refusal = outcome(response.clone()).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidLambdaResponseException", "{response}");
    }
}

#[tokio::test]
async fn rule_09_three_wrong_answers_end_as_define_decides() {
    let harness = Harness::with_account().await;
    let mut asked = harness.begin(EMAIL).await.unwrap();
    for _ in 0..2 {
        asked = harness.answer(&asked, "wrong").await.unwrap();
    }
    assert_eq!(
        harness.answer(&asked, "wrong").await.unwrap_err(),
        wrong_credentials()
    );
}

#[tokio::test]
async fn rule_10_a_triggers_error_is_told_and_a_broken_trigger_is_not() {
    let harness = Harness::with_account().await;
    let outcome = async |reply: Reply| {
        harness.stack.script("define", move |_| reply.clone());
        harness.begin(EMAIL).await.unwrap_err()
    };
    assert_eq!(
        outcome(Reply::Error("no luck today")).await,
        refused(
            "UserLambdaValidationException",
            "DefineAuthChallenge failed with error no luck today."
        )
    );
    for bytes in [
        "",
        "null",
        "{}",
        "[]",
        "no JSON",
        r#"{"response": {"issueTokens": true}}"#,
    ] {
        let refusal = outcome(Reply::Bytes(bytes)).await;
        assert_eq!(refusal.code, "InvalidLambdaResponseException", "{bytes}");
    }
    for status in [404, 429, 500] {
        let refusal = outcome(Reply::Status(status)).await;
        assert_eq!(refusal.code, "UnexpectedLambdaException", "{status}");
    }
}

#[tokio::test]
async fn rule_10_a_verifying_trigger_must_say_whether_the_answer_is_right() {
    let harness = Harness::with_account().await;
    for response in [
        json!({}),
        json!({ "answerCorrect": null }),
        json!({ "answerCorrect": "yes" }),
    ] {
        let answer = response.clone();
        harness
            .stack
            .script("verify", move |_| Reply::Response(answer.clone()));
        let asked = harness.begin(EMAIL).await.unwrap();
        let refusal = harness.answer(&asked, "right").await.unwrap_err();
        assert_eq!(refusal.code, "InvalidLambdaResponseException", "{response}");
    }
}

#[tokio::test]
async fn rule_11_an_unconfirmed_user_does_not_sign_in() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let unconfirmed = refused("UserNotConfirmedException", "User is not confirmed.");
    assert_eq!(harness.begin(EMAIL).await.unwrap_err(), unconfirmed);

    // No password is looked at, whether it is proven or sent.
    let begun = harness.begin_with_password(EMAIL, &srp()).await;
    assert_eq!(begun.unwrap_err(), unconfirmed);
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH"]);
    harness.stack.redeploy_client("ExplicitAuthFlows", flows);
    for password in [PASSWORD, "incorrect-horse-1"] {
        let request = json!({
            "ClientId": CLIENT, "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": { "USERNAME": EMAIL, "PASSWORD": password }
        });
        let refusal = harness.call("InitiateAuth", request).await.unwrap_err();
        assert_eq!(refusal, unconfirmed);
    }
}

#[tokio::test]
async fn rule_11_a_disabled_user_does_not_sign_in_or_go_on() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let tokens = harness.tokens().await;
    harness.administer("AdminDisableUser", EMAIL).await.unwrap();

    let disabled = refused("NotAuthorizedException", "User is disabled.");
    assert_eq!(harness.begin(EMAIL).await.unwrap_err(), disabled);
    assert_eq!(harness.answer(&asked, "right").await.unwrap_err(), disabled);
    assert!(harness.get_user(&tokens).await.is_err());
    assert!(harness.refresh(&tokens).await.is_err());

    harness.administer("AdminEnableUser", EMAIL).await.unwrap();
    assert!(harness.begin(EMAIL).await.is_ok());
    assert!(harness.refresh(&tokens).await.is_err());
}

#[tokio::test]
async fn rule_11_only_signed_requests_disable_users() {
    let harness = Harness::with_account().await;
    let request = json!({ "UserPoolId": POOL, "Username": EMAIL });
    let refusal = harness.call("AdminDisableUser", request).await.unwrap_err();
    assert_eq!(refusal.code, "MissingAuthenticationTokenException");
}

#[tokio::test]
async fn rule_12_every_trigger_knows_the_user_by_the_same_uuid() {
    let harness = Harness::start().await;
    let sub = harness.sign_up(EMAIL).await.unwrap()["UserSub"].clone();
    let event = harness.stack.last_event("PreSignUp");
    assert_eq!(
        event["request"]["userAttributes"],
        json!({ "email": EMAIL })
    );
    harness.confirm(EMAIL).await.unwrap();
    let asked = harness.begin(EMAIL).await.unwrap();
    harness.answer(&asked, "right").await.unwrap();

    let attributes = json!({
        "sub": sub, "email": EMAIL, "email_verified": "true", "cognito:user_status": "CONFIRMED"
    });
    for event in harness.stack.events("") {
        assert_eq!(event["userName"], sub);
        if event["triggerSource"] != "PreSignUp_SignUp" {
            assert_eq!(event["request"]["userAttributes"], attributes);
        }
    }
}

#[tokio::test]
async fn rule_12_an_unknown_user_has_a_name_that_is_stable_for_what_was_typed() {
    let harness = Harness::start().await;
    let name = async |typed: &str| {
        let asked = harness.begin(typed).await.unwrap();
        let told = asked["ChallengeParameters"]["USERNAME"].clone();
        assert_eq!(
            harness.stack.last_event("CreateAuthChallenge")["userName"],
            told
        );
        told.as_str().unwrap().to_owned()
    };
    let nobody = name("nobody@example.org").await;
    assert_eq!(name("NOBODY@example.org").await, nobody);
    assert_ne!(name("no.one@example.org").await, nobody);
    assert_eq!(nobody.as_bytes()[14], b'3', "a UUID of version 3: {nobody}");
}

#[tokio::test]
async fn rule_13_an_answer_names_its_sessions_user_by_either_name() {
    let harness = Harness::with_account().await;
    harness.sign_up("eve@example.org").await.unwrap();
    harness.confirm("eve@example.org").await.unwrap();
    for (named, accepted) in [
        (EMAIL, true),
        ("ADA@example.org", true),
        ("eve@example.org", false),
        ("nobody@example.org", false),
        ("", false),
    ] {
        let asked = harness.begin(EMAIL).await.unwrap();
        let outcome = harness.answer_as(named, &asked["Session"], "right").await;
        match outcome {
            Ok(_) => assert!(accepted, "{named}"),
            Err(refusal) => {
                assert!(!accepted, "{named}");
                assert_eq!(refusal, invalid_session(), "{named}");
            }
        }
    }
    let asked = harness.begin("nobody@example.org").await.unwrap();
    let outcome = harness
        .answer_as("nobody@example.org", &asked["Session"], "wrong")
        .await;
    assert!(
        outcome.is_ok(),
        "an unknown user's answers are taken like any other's"
    );
}

#[tokio::test]
async fn rule_14_strings_are_held_to_the_api_models_lengths() {
    let harness = Harness::with_account().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let too_long = harness
        .answer(&asked, &"x".repeat(131_073))
        .await
        .unwrap_err();
    assert_eq!(too_long.code, "InvalidParameterException");
    let longest = harness.answer(&asked, &"é".repeat(131_072)).await;
    assert_eq!(longest.unwrap()["ChallengeName"], "CUSTOM_CHALLENGE");

    let sign_up = |member: &str, value: Value| {
        let mut request = json!({ "ClientId": CLIENT, "Username": "b@c", "Password": PASSWORD });
        request[member] = value;
        harness.call("SignUp", request)
    };
    let (long, longer) = ("x".repeat(2_049), "x".repeat(4_097));
    let attribute = json!([{ "Name": "email", "Value": long }]);
    for (member, value) in [
        ("UserAttributes", attribute.clone()),
        ("ValidationData", attribute),
        ("Username", json!(long)),
        ("Password", json!(long)),
        ("ClientMetadata", json!({ "faceData": "x".repeat(131_073) })),
    ] {
        let refusal = sign_up(member, value).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException", "{member}");
    }
    for session in ["short", &longer] {
        let refusal = harness
            .answer_as(EMAIL, &json!(session), "right")
            .await
            .unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException");
    }
}

#[tokio::test]
async fn rule_15_a_flow_that_the_client_does_not_allow_is_refused() {
    let harness = Harness::with_account().await;
    for flow in [
        "USER_SRP_AUTH",
        "USER_PASSWORD_AUTH",
        "USER_AUTH",
        "ADMIN_USER_PASSWORD_AUTH",
        "NO_SUCH",
    ] {
        let request = json!({
            "ClientId": CLIENT, "AuthFlow": flow,
            "AuthParameters": { "USERNAME": EMAIL, "PASSWORD": PASSWORD, "SRP_A": "2" }
        });
        let refusal = harness.call("InitiateAuth", request).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException", "{flow}");
    }
    let tokens = harness.tokens().await;
    harness
        .stack
        .redeploy_client("ExplicitAuthFlows", json!(["ALLOW_CUSTOM_AUTH"]));
    assert_eq!(
        harness.refresh(&tokens).await.unwrap_err().code,
        "InvalidParameterException"
    );
    let request = json!({ "ClientId": CLIENT, "RefreshToken": tokens["RefreshToken"] });
    let refusal = harness
        .call("GetTokensFromRefreshToken", request)
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
    assert!(harness.stack.events("PreSignUp").is_empty());
}

#[tokio::test]
async fn rule_15_a_client_with_a_secret_must_prove_it() {
    let harness = Harness::with_account().await;
    harness
        .stack
        .redeploy_client("ClientSecret", json!("client secret"));
    let begin = async |hash: Option<String>| {
        let request = json!({
            "ClientId": CLIENT, "AuthFlow": "CUSTOM_AUTH",
            "AuthParameters": hash.map_or_else(
                || json!({ "USERNAME": EMAIL }),
                |hash| json!({ "USERNAME": EMAIL, "SECRET_HASH": hash }),
            )
        });
        harness.call("InitiateAuth", request).await
    };
    let hash = secret_hash("client secret", EMAIL, CLIENT);
    assert!(begin(Some(hash)).await.is_ok());
    for hash in [None, Some(String::new()), Some("AQID".to_owned())] {
        assert_eq!(
            begin(hash).await.unwrap_err().code,
            "NotAuthorizedException"
        );
    }
}

#[tokio::test]
async fn rule_16_sign_up_honours_the_pools_settings() {
    let harness = Harness::with_account().await;
    let sign_up = async |name: &str, password: &str, attributes: Value| {
        let request = json!({
            "ClientId": CLIENT, "Username": name, "Password": password,
            "UserAttributes": attributes
        });
        harness
            .call("SignUp", request)
            .await
            .map_err(|refusal| refusal.code)
    };
    let exception = |name: &str| Err(format!("{name}Exception"));
    assert_eq!(
        sign_up("b@c", "short-1", json!([])).await,
        exception("InvalidPassword")
    );
    assert_eq!(
        sign_up("ADA@example.org", PASSWORD, json!([])).await,
        exception("UsernameExists")
    );
    assert_eq!(
        sign_up("no address", PASSWORD, json!([])).await,
        exception("InvalidParameter")
    );
    let other = json!([{ "Name": "email", "Value": "d@e" }]);
    assert_eq!(
        sign_up("b@c", PASSWORD, other).await,
        exception("InvalidParameter")
    );
    let unwritable = json!([{ "Name": "given_name", "Value": "B" }]);
    assert_eq!(
        sign_up("b@c", PASSWORD, unwritable).await,
        exception("NotAuthorized")
    );
    let verified = json!([{ "Name": "email_verified", "Value": "true" }]);
    assert_eq!(
        sign_up("b@c", PASSWORD, verified).await,
        exception("NotAuthorized")
    );
    assert!(
        harness.stack.events("").is_empty(),
        "no trigger is asked about a bad request"
    );

    let closed = json!({ "AllowAdminCreateUserOnly": true });
    harness.stack.redeploy_pool("AdminCreateUserConfig", closed);
    assert_eq!(
        sign_up("b@c", PASSWORD, json!([])).await,
        exception("NotAuthorized")
    );
}

#[tokio::test]
async fn rule_16_the_trigger_may_refuse_confirm_and_verify() {
    let harness = Harness::start().await;
    harness
        .stack
        .script("pre-signup", |_| Reply::Error("no consent"));
    assert_eq!(
        harness.sign_up(EMAIL).await.unwrap_err(),
        refused(
            "UserLambdaValidationException",
            "PreSignUp failed with error no consent."
        )
    );
    assert!(harness.letters(EMAIL).await.is_empty());

    harness.stack.script("pre-signup", |_| {
        Reply::Response(json!({ "autoConfirmUser": true, "autoVerifyEmail": true }))
    });
    let signed_up = harness.sign_up(EMAIL).await.unwrap();
    assert_eq!(signed_up["UserConfirmed"], true);
    let told = harness.stack.last_event("PostConfirmation");
    assert_eq!(told["request"]["userAttributes"]["email_verified"], "true");
    assert!(harness.begin(EMAIL).await.is_ok());
}

#[tokio::test]
async fn rule_16_a_confirmation_code_is_good_for_a_day_and_once() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let code = harness.code(EMAIL).await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let refusal = harness.enter_code(EMAIL, wrong).await.unwrap_err();
    assert_eq!(refusal.code, "CodeMismatchException");
    harness.pass(86_400).await;
    let refusal = harness.enter_code(EMAIL, &code).await.unwrap_err();
    assert_eq!(refusal.code, "ExpiredCodeException");
    harness.pass(86_399).await;
    harness.enter_code(EMAIL, &code).await.unwrap();
    let refusal = harness.enter_code(EMAIL, &code).await.unwrap_err();
    assert_eq!(refusal.code, "NotAuthorizedException");
}

#[tokio::test]
async fn rule_16_a_resent_code_replaces_the_first_and_strangers_get_none() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let first = harness.code(EMAIL).await;
    let resend = |name: &str| {
        harness.call(
            "ResendConfirmationCode",
            json!({ "ClientId": CLIENT, "Username": name }),
        )
    };
    resend(EMAIL).await.unwrap();
    let second = harness.code(EMAIL).await;
    if first != second {
        assert!(harness.enter_code(EMAIL, &first).await.is_err());
    }
    harness.enter_code(EMAIL, &second).await.unwrap();
    assert_eq!(
        resend(EMAIL).await.unwrap_err().code,
        "InvalidParameterException"
    );

    let told = resend("nobody@example.org").await.unwrap();
    assert_eq!(told["CodeDeliveryDetails"]["Destination"], "n***@e***");
    assert!(harness.letters("nobody@example.org").await.is_empty());
}

#[tokio::test]
async fn rule_18_tokens_are_signed_by_a_published_key_and_say_what_cognitos_say() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let (_, keys) = harness.get(&format!("/{POOL}/.well-known/jwks.json")).await;
    let keys: JwkSet = serde_json::from_value(keys).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    for name in ["IdToken", "AccessToken"] {
        let token = tokens[name].as_str().unwrap();
        let key_id = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let key = DecodingKey::from_jwk(keys.find(&key_id).unwrap()).unwrap();
        jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap();
    }

    let (identity, access) = (claims(&tokens["IdToken"]), claims(&tokens["AccessToken"]));
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{POOL}");
    for claims in [&identity, &access] {
        assert_eq!(claims["iss"], issuer);
        assert_eq!(claims["sub"], identity["cognito:username"]);
        assert_eq!(
            claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(),
            3_600
        );
    }
    assert_eq!(identity["token_use"], "id");
    assert_eq!(identity["aud"], CLIENT);
    assert_eq!(identity["email"], EMAIL);
    assert_eq!(identity["email_verified"], true);
    assert_eq!(access["token_use"], "access");
    assert_eq!(access["client_id"], CLIENT);
    assert_eq!(access["scope"], "aws.cognito.signin.user.admin");
    assert_eq!(access["username"], identity["sub"]);
}

#[tokio::test]
async fn rule_18_a_refresh_keeps_the_sign_ins_time_and_gives_no_new_refresh_token() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    harness.pass(7_200).await;
    let old = harness.get_user(&tokens).await.unwrap_err();
    assert_eq!(
        old,
        refused("NotAuthorizedException", "Access Token has expired")
    );

    let by_flow = harness.refresh(&tokens).await.unwrap();
    let request = json!({ "ClientId": CLIENT, "RefreshToken": tokens["RefreshToken"] });
    let by_operation = harness
        .call("GetTokensFromRefreshToken", request)
        .await
        .unwrap();
    assert_eq!(by_operation.as_object().unwrap().len(), 1);
    for refreshed in [by_flow, by_operation] {
        let refreshed = &refreshed["AuthenticationResult"];
        assert!(refreshed["RefreshToken"].is_null());
        harness.get_user(refreshed).await.unwrap();
        let (before, after) = (claims(&tokens["IdToken"]), claims(&refreshed["IdToken"]));
        assert_eq!(after["auth_time"], before["auth_time"]);
        assert!(after["iat"].as_i64() > before["iat"].as_i64());
    }
    harness.pass(31 * 86_400).await;
    assert_eq!(
        harness.refresh(&tokens).await.unwrap_err(),
        refused("NotAuthorizedException", "Refresh Token has expired")
    );
}

#[tokio::test]
async fn rule_18_revocation_ends_one_sign_in_and_global_sign_out_all() {
    let harness = Harness::with_account().await;
    let (one, two, three) = (
        harness.tokens().await,
        harness.tokens().await,
        harness.tokens().await,
    );
    let revoke =
        |token: &Value| harness.call("RevokeToken", json!({ "ClientId": CLIENT, "Token": token }));
    let refusal = revoke(&one["AccessToken"]).await.unwrap_err();
    assert_eq!(refusal.code, "UnsupportedTokenTypeException");
    revoke(&json!("a-token-nobody-knows")).await.unwrap();
    revoke(&one["RefreshToken"]).await.unwrap();
    assert!(harness.get_user(&one).await.is_err());
    assert!(harness.refresh(&one).await.is_err());
    assert!(harness.get_user(&two).await.is_ok());

    let request = json!({ "AccessToken": two["AccessToken"] });
    harness
        .call("GlobalSignOut", request.clone())
        .await
        .unwrap();
    for tokens in [&two, &three] {
        assert_eq!(
            harness.get_user(tokens).await.unwrap_err(),
            refused("NotAuthorizedException", "Access Token has been revoked")
        );
        assert!(harness.refresh(tokens).await.is_err());
    }
    assert!(harness.call("GlobalSignOut", request).await.is_err());
    assert!(harness.get_user(&harness.tokens().await).await.is_ok());
}

#[tokio::test]
async fn rule_18_a_refresh_token_is_its_clients_alone() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let token = &tokens["RefreshToken"];
    let request = json!({ "ClientId": OTHER_CLIENT, "RefreshToken": token });
    assert_eq!(
        harness
            .call("GetTokensFromRefreshToken", request)
            .await
            .unwrap_err(),
        refused("NotAuthorizedException", "Invalid Refresh Token")
    );
    let request = json!({ "ClientId": OTHER_CLIENT, "Token": token });
    let refusal = harness.call("RevokeToken", request).await.unwrap_err();
    assert_eq!(refusal.code, "UnauthorizedException");
    assert!(harness.refresh(&tokens).await.is_ok());
}

#[tokio::test]
async fn rule_18_only_an_access_token_of_the_pool_opens_an_account() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let token = tokens["AccessToken"].as_str().unwrap();
    let (signed, _signature) = token.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.");
    let payload = token.split('.').nth(1).unwrap();
    let without = format!("eyJhbGciOiJub25lIn0.{payload}.");
    for token in [
        tokens["IdToken"].as_str().unwrap(),
        &unsigned,
        &without,
        "x",
        "a.b.c",
    ] {
        let refusal = harness
            .get_user(&json!({ "AccessToken": token }))
            .await
            .unwrap_err();
        assert_eq!(
            refusal,
            refused("NotAuthorizedException", "Invalid Access Token")
        );
    }
}

#[tokio::test]
async fn rule_19_events_have_the_shape_that_functions_are_written_for() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    harness.confirm(EMAIL).await.unwrap();
    let asked = harness.begin(EMAIL).await.unwrap();
    harness.answer(&asked, "right").await.unwrap();
    let responses = [
        (
            "PreSignUp_SignUp",
            json!({ "autoConfirmUser": false, "autoVerifyEmail": false, "autoVerifyPhone": false }),
        ),
        ("PostConfirmation_ConfirmSignUp", json!({})),
        (
            "DefineAuthChallenge_Authentication",
            json!({ "challengeName": null, "issueTokens": null, "failAuthentication": null }),
        ),
        (
            "CreateAuthChallenge_Authentication",
            json!({
                "publicChallengeParameters": null, "privateChallengeParameters": null,
                "challengeMetadata": null
            }),
        ),
        (
            "VerifyAuthChallengeResponse_Authentication",
            json!({ "answerCorrect": null }),
        ),
    ];
    for (source, response) in responses {
        let event = harness.stack.last_event(source);
        assert_eq!(event["response"], response, "{source}");
    }
    for event in harness.stack.events("") {
        assert_eq!(event["version"], "1");
        assert_eq!(event["region"], "us-east-1");
        assert_eq!(event["userPoolId"], POOL);
        assert_eq!(event["callerContext"]["clientId"], CLIENT);
        assert!(event["callerContext"]["awsSdkVersion"].is_string());
    }
}

#[tokio::test]
async fn rule_20_errors_have_a_type_and_a_message_and_browsers_may_read_them() {
    let harness = Harness::start().await;
    let request = harness.request("InitiateAuth").header("origin", PAGE);
    let response = request.body(r#"{"ClientId": "c""#).send().await.unwrap();
    assert_eq!(response.status(), 400);
    assert_eq!(response.headers()["access-control-allow-origin"], PAGE);
    assert_eq!(
        response.headers()["content-type"],
        "application/x-amz-json-1.1"
    );
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["__type"], "SerializationException");
    assert!(body["message"].is_string());
}

#[tokio::test]
async fn rule_20_a_browsers_question_before_the_request_is_answered() {
    let harness = Harness::start().await;
    let wanted = "content-type,x-amz-target,x-amz-user-agent,cache-control";
    let response = reqwest::Client::new()
        .request(reqwest::Method::OPTIONS, &harness.endpoint)
        .header("origin", PAGE)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", wanted)
        .send()
        .await
        .unwrap();
    assert!(response.status().is_success());
    let allowed = response.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    let allowed: BTreeSet<_> = allowed.split(',').map(str::trim).collect();
    assert_eq!(allowed, wanted.split(',').collect());
}

#[tokio::test]
async fn rule_20_what_is_no_request_is_refused() {
    let harness = Harness::start().await;
    let code = async |operation: &str, body: &'static str| {
        let response = harness.request(operation).body(body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let body: Value = response.json().await.unwrap();
        body["__type"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        code("NoSuchOperation", "{}").await,
        "UnknownOperationException"
    );
    assert_eq!(code("SignUp", "{}").await, "InvalidParameterException");
    assert_eq!(code("SignUp", "[]").await, "SerializationException");
    let list = r#"["exampleclient", "ada@example.org", "correct-horse-1", null, null, null, null]"#;
    assert_eq!(code("SignUp", list).await, "SerializationException");
    assert_eq!(code("InitiateAuth", "").await, "SerializationException");
    let nulls = r#"{"ClientId": null, "AuthFlow": null}"#;
    assert_eq!(
        code("InitiateAuth", nulls).await,
        "InvalidParameterException"
    );
    let numbers = r#"{"ClientId": "exampleclient", "AuthFlow": "CUSTOM_AUTH",
        "AuthParameters": {"USERNAME": 1}}"#;
    assert_eq!(
        code("InitiateAuth", numbers).await,
        "SerializationException"
    );
    let nameless = r#"{"ClientId": "exampleclient", "AuthFlow": "CUSTOM_AUTH"}"#;
    assert_eq!(
        code("InitiateAuth", nameless).await,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn rule_20_a_body_without_end_is_not_read() {
    let harness = Harness::start().await;
    let request = harness.request("SignUp").body(vec![b' '; 3 * 1024 * 1024]);
    // The server may close the connection before all of it is sent.
    if let Ok(response) = request.send().await {
        assert_eq!(response.status(), 413);
    }
}

#[tokio::test]
async fn rule_21_a_failing_post_confirmation_fails_the_call_though_the_account_is_confirmed() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    harness
        .stack
        .script("post-confirmation", |_| Reply::Error("out of order"));
    assert_eq!(
        harness.confirm(EMAIL).await.unwrap_err(),
        refused(
            "UserLambdaValidationException",
            "PostConfirmation failed with error out of order."
        )
    );
    assert!(harness.begin(EMAIL).await.is_ok());
}

#[tokio::test]
async fn rule_21_a_password_reset_needs_a_verified_address_and_is_told_to_the_trigger() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let forgot = || {
        harness.call(
            "ForgotPassword",
            json!({ "ClientId": CLIENT, "Username": EMAIL }),
        )
    };
    let told = forgot().await.unwrap();
    assert_eq!(told["CodeDeliveryDetails"]["Destination"], "a***@e***");
    assert_eq!(
        harness.letters(EMAIL).await.len(),
        1,
        "only the sign-up's code was mailed"
    );
    harness
        .stack
        .redeploy_client("PreventUserExistenceErrors", json!("LEGACY"));
    assert_eq!(
        forgot().await.unwrap_err().code,
        "InvalidParameterException"
    );

    harness.confirm(EMAIL).await.unwrap();
    forgot().await.unwrap();
    let code = harness.code(EMAIL).await;
    let reset = |code: &str| {
        harness.call(
            "ConfirmForgotPassword",
            json!({
                "ClientId": CLIENT, "Username": EMAIL, "ConfirmationCode": code,
                "Password": "another-horse-2", "ClientMetadata": { "k": "v" }
            }),
        )
    };
    harness.pass(3_600).await;
    assert_eq!(reset(&code).await.unwrap_err().code, "ExpiredCodeException");
    harness.pass(0).await;
    reset(&code).await.unwrap();
    assert_eq!(reset(&code).await.unwrap_err().code, "ExpiredCodeException");
    let event = harness
        .stack
        .last_event("PostConfirmation_ConfirmForgotPassword");
    assert_eq!(event["request"]["clientMetadata"], json!({ "k": "v" }));

    let srp = srp();
    for (password, right) in [(PASSWORD, false), ("another-horse-2", true)] {
        let begun = harness.begin_with_password(EMAIL, &srp).await.unwrap();
        assert_eq!(
            harness.prove(&begun, &srp, password).await.is_ok(),
            right,
            "{password}"
        );
    }
}

#[tokio::test]
async fn rule_22_a_pre_token_generation_trigger_is_asked_before_every_token() {
    let harness = Harness::with_account().await;
    harness
        .stack
        .deploy_trigger("PreTokenGeneration", "pre-token");
    harness.stack.script("pre-token", |_| {
        Reply::Response(json!({ "claimsOverrideDetails": {
            "claimsToAddOrOverride": { "signin_steps": "FACE", "sub": "somebody else" },
            "claimsToSuppress": ["email", "aud"]
        } }))
    });
    let tokens = harness.tokens().await;
    let identity = claims(&tokens["IdToken"]);
    assert_eq!(identity["signin_steps"], "FACE");
    assert_eq!(identity["sub"], identity["cognito:username"]);
    assert_eq!(identity["aud"], CLIENT);
    assert!(identity.get("email").is_none());
    assert!(claims(&tokens["AccessToken"]).get("signin_steps").is_none());
    harness.refresh(&tokens).await.unwrap();
    let sources: Vec<_> = harness.stack.events("TokenGeneration");
    assert_eq!(
        sources[0]["triggerSource"],
        "TokenGeneration_Authentication"
    );
    assert_eq!(sources[1]["triggerSource"], "TokenGeneration_RefreshTokens");

    harness
        .stack
        .script("pre-token", |_| Reply::Error("no pass"));
    assert!(harness.refresh(&tokens).await.is_err());
    let asked = harness.begin(EMAIL).await.unwrap();
    let refusal = harness.answer(&asked, "right").await.unwrap_err();
    assert_eq!(refusal.code, "UserLambdaValidationException");
}

#[tokio::test]
async fn rule_23_a_challenge_without_private_parameters_is_rejected() {
    let harness = Harness::with_account().await;
    for private in [json!({}), json!(null)] {
        let response = json!({
            "publicChallengeParameters": {}, "privateChallengeParameters": private,
            "challengeMetadata": "FACE:c1"
        });
        harness
            .stack
            .script("create", move |_| Reply::Response(response.clone()));
        let refusal = harness.begin(EMAIL).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidLambdaResponseException");
    }
}
