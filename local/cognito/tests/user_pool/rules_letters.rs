//! Rule 29: the custom-message trigger is asked before every letter, and may refuse it.

use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, PASSWORD, Refused, refused};
use crate::stack::{CLIENT, Reply};

const NEW_EMAIL: &str = "countess@example.org";
const INVITED: &str = "grace@example.org";

/// A pool with the trigger, where a new address is proven first.
async fn harness() -> Harness {
    let harness = Harness::start().await;
    harness.stack.deploy_trigger("CustomMessage", "message");
    harness.stack.redeploy_pool(
        "UserAttributeUpdateSettings",
        json!({ "AttributesRequireVerificationBeforeUpdate": ["email"] }),
    );
    harness
}

async fn invite(harness: &Harness) -> Result<Value, Refused> {
    let request = json!({ "Username": INVITED, "DesiredDeliveryMediums": ["EMAIL"] });
    harness.administrate("AdminCreateUser", request).await
}

async fn change_email(harness: &Harness, tokens: &Value) -> Result<Value, Refused> {
    let request = json!({
        "AccessToken": tokens["AccessToken"], "ClientMetadata": { "a": "b" },
        "UserAttributes": [{ "Name": "email", "Value": NEW_EMAIL }],
    });
    harness.call("UpdateUserAttributes", request).await
}

#[tokio::test]
async fn rule_29_the_trigger_is_asked_before_every_letter_with_what_the_call_brought() {
    let harness = harness().await;
    let metadata = json!({ "a": "b" });
    let user = json!({ "ClientId": CLIENT, "Username": EMAIL, "ClientMetadata": metadata });
    let asked = |source: &str| harness.stack.last_event(source);

    harness.sign_up(EMAIL).await.unwrap();
    let event = asked("CustomMessage_SignUp");
    assert_eq!(event["version"], "1");
    assert_eq!(event["callerContext"]["clientId"], CLIENT);
    assert_eq!(event["request"]["codeParameter"], "{####}");
    assert_eq!(event["request"]["usernameParameter"], Value::Null);
    assert_eq!(event["request"]["userAttributes"]["email"], EMAIL);
    assert_eq!(
        event["request"]["clientMetadata"],
        json!({ "consent": "1" })
    );
    assert_eq!(
        event["response"],
        json!({ "smsMessage": null, "emailMessage": null, "emailSubject": null })
    );

    harness
        .call("ResendConfirmationCode", user.clone())
        .await
        .unwrap();
    let event = asked("CustomMessage_ResendCode");
    assert_eq!(event["request"]["clientMetadata"], metadata);
    harness.confirm(EMAIL).await.unwrap();

    harness.call("ForgotPassword", user).await.unwrap();
    let event = asked("CustomMessage_ForgotPassword");
    assert_eq!(event["request"]["clientMetadata"], metadata);

    let tokens = harness.tokens().await;
    change_email(&harness, &tokens).await.unwrap();
    let event = asked("CustomMessage_UpdateUserAttribute");
    assert_eq!(event["request"]["clientMetadata"], metadata);

    let code = json!({
        "AccessToken": tokens["AccessToken"], "AttributeName": "email", "ClientMetadata": metadata,
    });
    harness
        .call("GetUserAttributeVerificationCode", code)
        .await
        .unwrap();
    let event = asked("CustomMessage_VerifyUserAttribute");
    assert_eq!(event["request"]["clientMetadata"], metadata);

    invite(&harness).await.unwrap();
    let event = asked("CustomMessage_AdminCreateUser");
    assert_eq!(event["request"]["usernameParameter"], "{username}");
    assert_eq!(
        event["callerContext"]["clientId"],
        "CLIENT_ID_NOT_APPLICABLE"
    );
    assert_eq!(harness.stack.events("CustomMessage").len(), 6);
    // Nobody is written to who does not exist.
    let stranger = json!({ "ClientId": CLIENT, "Username": "nobody@example.org" });
    for operation in ["ForgotPassword", "ResendConfirmationCode"] {
        harness.call(operation, stranger.clone()).await.unwrap();
    }
    assert_eq!(harness.stack.events("CustomMessage").len(), 6);
}

#[tokio::test]
async fn rule_29_an_error_fails_the_call_and_no_letter_goes_out() {
    let harness = harness().await;
    let failed = refused(
        "UserLambdaValidationException",
        "CustomMessage failed with error not today.",
    );
    let no = |_: &Value| Reply::Error("not today");
    let yes = |event: &Value| Reply::Response(event["response"].clone());

    harness.stack.script("message", no);
    assert_eq!(harness.sign_up(EMAIL).await.unwrap_err(), failed);
    // The account is there all the same: a code can be asked for later.
    let user = json!({ "ClientId": CLIENT, "Username": EMAIL });
    let refusal = harness
        .call("ResendConfirmationCode", user.clone())
        .await
        .unwrap_err();
    assert_eq!(refusal, failed);
    assert_eq!(harness.letters(EMAIL).await.len(), 0);

    harness.stack.script("message", yes);
    harness
        .call("ResendConfirmationCode", user.clone())
        .await
        .unwrap();
    harness.confirm(EMAIL).await.unwrap();
    let tokens = harness.tokens().await;

    harness.stack.script("message", no);
    assert_eq!(
        harness.call("ForgotPassword", user).await.unwrap_err(),
        failed
    );
    assert_eq!(change_email(&harness, &tokens).await.unwrap_err(), failed);
    let code = json!({ "AccessToken": tokens["AccessToken"], "AttributeName": "email" });
    let refusal = harness.call("GetUserAttributeVerificationCode", code).await;
    assert_eq!(refusal.unwrap_err(), failed);
    assert_eq!(invite(&harness).await.unwrap_err(), failed);
    assert_eq!(harness.letters(EMAIL).await.len(), 1);
    for address in [NEW_EMAIL, INVITED] {
        assert_eq!(harness.letters(address).await.len(), 0, "{address}");
    }
    let seen = harness.get_user(&tokens).await.unwrap();
    assert!(seen.to_string().contains(EMAIL) && !seen.to_string().contains(NEW_EMAIL));
}

#[tokio::test]
async fn rule_29_the_triggers_own_words_go_out_where_the_pool_sends_its_own_mail() {
    let harness = harness().await;
    harness.stack.script("message", |event| {
        let request = &event["request"];
        let code = request["codeParameter"].as_str().unwrap();
        let name = request["usernameParameter"].as_str().unwrap_or("you");
        Reply::Response(json!({
            "emailSubject": "Welcome", "emailMessage": format!("{name}, type {code} now"),
        }))
    });
    let refusal = harness.sign_up(EMAIL).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidLambdaResponseException");

    let developer = json!({ "EmailSendingAccount": "DEVELOPER" });
    harness.stack.redeploy_pool("EmailConfiguration", developer);
    let user = json!({ "ClientId": CLIENT, "Username": EMAIL });
    harness.call("ResendConfirmationCode", user).await.unwrap();
    let letter = harness.letters(EMAIL).await[0].clone();
    assert_eq!(letter["subject"], "Welcome");
    let code = letter["code"].as_str().unwrap();
    assert_eq!(letter["body"], format!("you, type {code} now"));
    harness.confirm(EMAIL).await.unwrap();

    invite(&harness).await.unwrap();
    let letter = harness.letters(INVITED).await[0].clone();
    let password = letter["code"].as_str().unwrap();
    assert_eq!(letter["body"], format!("{INVITED}, type {password} now"));
}

#[tokio::test]
async fn rule_29_a_message_without_the_code_or_too_long_is_an_error() {
    let harness = harness().await;
    let developer = json!({ "EmailSendingAccount": "DEVELOPER" });
    harness.stack.redeploy_pool("EmailConfiguration", developer);
    for response in [
        json!({ "emailMessage": "no code" }),
        json!({ "emailMessage": format!("{{####}}{}", "a".repeat(20_000)) }),
        json!({ "emailSubject": "a".repeat(141) }),
        json!({ "emailMessage": 1 }),
        json!({ "smsMessage": "no code" }),
    ] {
        let text = response.to_string();
        harness
            .stack
            .script("message", move |_| Reply::Response(response.clone()));
        let refusal = harness
            .call(
                "SignUp",
                json!({ "ClientId": CLIENT, "Username": format!("{}@example.org", text.len()),
                    "Password": PASSWORD }),
            )
            .await
            .unwrap_err();
        assert_eq!(refusal.code, "InvalidLambdaResponseException");
    }
    // An invitation names its user as well.
    harness.stack.script("message", |_| {
        Reply::Response(json!({ "emailMessage": "{####} alone" }))
    });
    let refusal = invite(&harness).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidLambdaResponseException");
}
