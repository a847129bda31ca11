//! Rules 16, 21, 24, 26 and 27: accounts that administrators make, and who is an administrator.

use std::time::Duration;

use cognito_srp::Client as Srp;
use serde_json::{Value, json};

use crate::harness::{
    EMAIL, Harness, Key, PASSWORD, Refused, invalid_session, refused, wrong_credentials,
};
use crate::stack::{CLIENT, POOL, Reply};

const INVITED: &str = "grace@example.org";
const TEMPORARY: &str = "temporary-horse-1";

fn srp() -> Srp {
    Srp::new([7; 32])
}

async fn invite(harness: &Harness, more: Value) -> Result<Value, Refused> {
    let mut request = json!({
        "Username": INVITED, "TemporaryPassword": TEMPORARY, "MessageAction": "SUPPRESS",
    });
    for (name, value) in more.as_object().unwrap() {
        request[name] = value.clone();
    }
    harness.administrate("AdminCreateUser", request).await
}

async fn set_password(
    harness: &Harness,
    password: &str,
    permanent: bool,
) -> Result<Value, Refused> {
    let request = json!({ "Username": INVITED, "Password": password, "Permanent": permanent });
    harness.administrate("AdminSetUserPassword", request).await
}

async fn forgot_password(harness: &Harness, name: &str) -> Result<Value, Refused> {
    let request = json!({ "ClientId": CLIENT, "Username": name });
    harness.call("ForgotPassword", request).await
}

async fn status(harness: &Harness, name: &str) -> Value {
    harness.administer("AdminGetUser", name).await.unwrap()["UserStatus"].clone()
}

#[tokio::test]
async fn rule_27_an_invited_user_is_asked_for_at_the_trigger_and_has_a_password_to_change() {
    let harness = Harness::start().await;
    // What the trigger decides of a sign-up is nothing to an invitation.
    harness.stack.script("pre-signup", |_| {
        Reply::Response(json!({ "autoConfirmUser": true, "autoVerifyEmail": true }))
    });
    let created = invite(
        &harness,
        json!({
            "UserAttributes": [{ "Name": "name", "Value": "Grace" }],
            "ValidationData": [{ "Name": "a", "Value": "b" }],
            "ClientMetadata": { "c": "d" },
        }),
    )
    .await
    .unwrap();
    let event = harness.stack.last_event("PreSignUp");
    assert_eq!(event["triggerSource"], "PreSignUp_AdminCreateUser");
    assert_eq!(
        event["callerContext"]["clientId"],
        "CLIENT_ID_NOT_APPLICABLE"
    );
    assert_eq!(event["request"]["userAttributes"]["email"], INVITED);
    assert_eq!(event["request"]["validationData"], json!({ "a": "b" }));
    assert_eq!(event["request"]["clientMetadata"], json!({ "c": "d" }));
    let user = &created["User"];
    assert_eq!(user["UserStatus"], "FORCE_CHANGE_PASSWORD");
    assert_eq!(user["Enabled"], true);
    assert_eq!(user["Username"], event["userName"]);
    let attribute = |name: &str| {
        let attributes = user["Attributes"].as_array().unwrap();
        let found = attributes.iter().find(|found| found["Name"] == name);
        found.map(|found| found["Value"].clone())
    };
    assert_eq!(attribute("email"), Some(json!(INVITED)));
    assert_eq!(attribute("email_verified"), Some(json!("false")));
    assert_eq!(attribute("name"), Some(json!("Grace")));
    assert_eq!(harness.letters(INVITED).await.len(), 0);
    assert!(harness.stack.events("PostConfirmation").is_empty());

    harness
        .stack
        .script("pre-signup", |_| Reply::Error("not this one"));
    let request = json!({ "Username": "other@example.org" });
    let refusal = harness.administrate("AdminCreateUser", request).await;
    assert_eq!(
        refusal.unwrap_err(),
        refused(
            "UserLambdaValidationException",
            "PreSignUp failed with error not this one."
        )
    );
}

#[tokio::test]
async fn rule_27_the_invitation_brings_a_password_that_conforms_and_can_be_sent_again() {
    let harness = Harness::start().await;
    let request = json!({ "Username": INVITED, "DesiredDeliveryMediums": ["EMAIL"] });
    harness
        .administrate("AdminCreateUser", request.clone())
        .await
        .unwrap();
    let first = harness.letters(INVITED).await[0].clone();
    let password = first["code"].as_str().unwrap();
    let body = first["body"].as_str().unwrap();
    assert!(body.contains(password) && body.contains(INVITED));
    let srp = srp();
    let begun = harness.begin_with_password(INVITED, &srp).await.unwrap();
    harness.prove(&begun, &srp, password).await.unwrap();

    let again = harness.administrate("AdminCreateUser", request).await;
    assert_eq!(again.unwrap_err().code, "UsernameExistsException");
    let resend = json!({ "Username": INVITED, "MessageAction": "RESEND" });
    harness
        .administrate("AdminCreateUser", resend.clone())
        .await
        .unwrap();
    let letters = harness.letters(INVITED).await;
    assert_eq!(letters.len(), 2);
    assert_ne!(letters[0]["code"], password);

    set_password(&harness, PASSWORD, true).await.unwrap();
    let refusal = harness.administrate("AdminCreateUser", resend).await;
    assert_eq!(refusal.unwrap_err().code, "UnsupportedUserStateException");
    let nobody = json!({ "Username": "nobody@example.org", "MessageAction": "RESEND" });
    let refusal = harness.administrate("AdminCreateUser", nobody).await;
    assert_eq!(refusal.unwrap_err().code, "UserNotFoundException");
}

#[tokio::test]
async fn rule_27_what_is_no_invitation_is_refused() {
    let harness = Harness::start().await;
    for (more, code) in [
        (json!({ "Username": "grace" }), "InvalidParameterException"),
        (
            json!({ "TemporaryPassword": "short" }),
            "InvalidPasswordException",
        ),
        (
            json!({ "MessageAction": "SHOUT" }),
            "InvalidParameterException",
        ),
        (
            json!({ "DesiredDeliveryMediums": ["SMS"] }),
            "InvalidParameterException",
        ),
        (
            json!({ "UserAttributes": [{ "Name": "email", "Value": "other@example.org" }] }),
            "InvalidParameterException",
        ),
        (
            json!({ "UserAttributes": [{ "Name": "email_verified", "Value": "perhaps" }] }),
            "InvalidParameterException",
        ),
        (
            json!({ "UserAttributes": [{ "Name": "custom:x", "Value": "y" }] }),
            "InvalidParameterException",
        ),
    ] {
        let refusal = invite(&harness, more.clone()).await.unwrap_err();
        assert_eq!(refusal.code, code, "{more}");
    }
    assert_eq!(
        harness
            .administer("AdminGetUser", INVITED)
            .await
            .unwrap_err()
            .code,
        "UserNotFoundException"
    );
}

#[tokio::test]
async fn rule_27_a_password_to_change_cannot_be_reset_until_an_administrator_makes_it_permanent() {
    let harness = Harness::start().await;
    invite(
        &harness,
        json!({ "UserAttributes": [{ "Name": "email_verified", "Value": "true" }] }),
    )
    .await
    .unwrap();
    let cannot = refused(
        "NotAuthorizedException",
        "User password cannot be reset in the current state.",
    );
    assert_eq!(
        forgot_password(&harness, INVITED).await.unwrap_err(),
        cannot
    );
    assert_eq!(harness.letters(INVITED).await.len(), 0);

    set_password(&harness, PASSWORD, true).await.unwrap();
    assert_eq!(status(&harness, INVITED).await, "CONFIRMED");
    forgot_password(&harness, INVITED).await.unwrap();
    let code = harness.code(INVITED).await;
    let reset = json!({
        "ClientId": CLIENT, "Username": INVITED, "ConfirmationCode": code,
        "Password": "another-horse-2", "ClientMetadata": { "binding": "b" },
    });
    harness
        .call("ConfirmForgotPassword", reset.clone())
        .await
        .unwrap();
    let told = harness
        .stack
        .last_event("PostConfirmation_ConfirmForgotPassword");
    assert_eq!(told["request"]["clientMetadata"], json!({ "binding": "b" }));

    // A password for the time being takes the reset away again, code or not.
    forgot_password(&harness, INVITED).await.unwrap();
    let mut reset = reset;
    reset["ConfirmationCode"] = harness.code(INVITED).await.into();
    set_password(&harness, TEMPORARY, false).await.unwrap();
    assert_eq!(status(&harness, INVITED).await, "FORCE_CHANGE_PASSWORD");
    let refusal = harness.call("ConfirmForgotPassword", reset).await;
    assert_eq!(refusal.unwrap_err(), cannot);
}

#[tokio::test]
async fn rule_21_only_a_verified_address_gets_a_reset_code_and_nothing_tells_which_it_was() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    invite(&harness, json!({})).await.unwrap();
    set_password(&harness, PASSWORD, true).await.unwrap();
    harness.sign_up("cid@example.org").await.unwrap();
    harness.confirm("cid@example.org").await.unwrap();
    harness
        .administer("AdminDisableUser", "cid@example.org")
        .await
        .unwrap();
    // Unconfirmed, confirmed with an address that nobody proved, disabled, nobody.
    let names = [EMAIL, INVITED, "cid@example.org", "nobody@example.org"];
    for name in names {
        let letters = harness.letters(name).await.len();
        let answer = forgot_password(&harness, name).await.unwrap();
        assert_eq!(answer["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL");
        assert_eq!(harness.letters(name).await.len(), letters, "{name}");
    }
    harness
        .stack
        .redeploy_client("PreventUserExistenceErrors", json!("LEGACY"));
    let codes = [
        "InvalidParameterException",
        "InvalidParameterException",
        "NotAuthorizedException",
        "UserNotFoundException",
    ];
    for (name, code) in names.into_iter().zip(codes) {
        let refusal = forgot_password(&harness, name).await.unwrap_err();
        assert_eq!(refusal.code, code, "{name}");
    }
    // An administrator who says that the address is proven opens the way.
    let verified = json!({
        "Username": INVITED, "UserAttributes": [{ "Name": "email_verified", "Value": "true" }],
    });
    harness
        .administrate("AdminUpdateUserAttributes", verified)
        .await
        .unwrap();
    forgot_password(&harness, INVITED).await.unwrap();
    assert_eq!(harness.letters(INVITED).await.len(), 1);
}

#[tokio::test]
async fn rule_27_a_temporary_password_is_replaced_before_there_are_tokens_and_lasts_a_week() {
    let harness = Harness::start().await;
    harness.stack.redeploy_client(
        "ExplicitAuthFlows",
        json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH"]),
    );
    harness.stack.deploy_token_trigger("V2_0");
    invite(&harness, json!({})).await.unwrap();
    let begin = async |password: &str| {
        let request = json!({
            "ClientId": CLIENT, "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": { "USERNAME": INVITED, "PASSWORD": password },
        });
        harness.call("InitiateAuth", request).await
    };
    let answer = async |asked: &Value, password: &str| {
        let request = json!({
            "ClientId": CLIENT, "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": asked["Session"],
            "ChallengeResponses": { "USERNAME": INVITED, "NEW_PASSWORD": password },
        });
        harness.call("RespondToAuthChallenge", request).await
    };
    let asked = begin(TEMPORARY).await.unwrap();
    assert_eq!(asked["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    assert!(harness.stack.events("TokenGeneration").is_empty());
    let refusal = answer(&asked, "short").await.unwrap_err();
    assert_eq!(refusal.code, "InvalidPasswordException");
    let asked = begin(TEMPORARY).await.unwrap();
    let done = answer(&asked, PASSWORD).await.unwrap();
    assert!(done["AuthenticationResult"]["AccessToken"].is_string());
    let event = harness.stack.last_event("TokenGeneration");
    assert_eq!(
        event["triggerSource"],
        "TokenGeneration_NewPasswordChallenge"
    );
    assert_eq!(status(&harness, INVITED).await, "CONFIRMED");
    assert_eq!(
        answer(&asked, "another-horse-2").await.unwrap_err(),
        invalid_session()
    );

    set_password(&harness, TEMPORARY, false).await.unwrap();
    harness.pass(7 * 86_400 - 60).await;
    begin(TEMPORARY).await.unwrap();
    harness.pass(7 * 86_400 + 60).await;
    assert_eq!(
        begin(TEMPORARY).await.unwrap_err(),
        refused(
            "NotAuthorizedException",
            "Temporary password has expired and must be reset by an administrator."
        )
    );
    assert_eq!(begin(PASSWORD).await.unwrap_err(), wrong_credentials());
}

#[tokio::test]
async fn rule_16_where_administrators_alone_create_users_nobody_signs_up() {
    let harness = Harness::start().await;
    harness.stack.redeploy_pool(
        "AdminCreateUserConfig",
        json!({ "AllowAdminCreateUserOnly": true }),
    );
    assert_eq!(
        harness.sign_up(EMAIL).await.unwrap_err(),
        refused(
            "NotAuthorizedException",
            "SignUp is not permitted for this user pool"
        )
    );
    assert!(harness.stack.events("PreSignUp").is_empty());
    invite(&harness, json!({})).await.unwrap();
}

#[tokio::test]
async fn rule_21_an_administrators_confirmation_is_told_to_the_trigger_and_proves_no_address() {
    let harness = Harness::start().await;
    harness.sign_up(EMAIL).await.unwrap();
    let confirm = json!({ "Username": EMAIL, "ClientMetadata": { "a": "b" } });
    harness
        .administrate("AdminConfirmSignUp", confirm.clone())
        .await
        .unwrap();
    let told = harness.stack.last_event("PostConfirmation");
    assert_eq!(told["triggerSource"], "PostConfirmation_ConfirmSignUp");
    assert_eq!(told["request"]["clientMetadata"], json!({ "a": "b" }));
    assert_eq!(told["request"]["userAttributes"]["email_verified"], "false");
    assert_eq!(status(&harness, EMAIL).await, "CONFIRMED");
    let refusal = harness.administrate("AdminConfirmSignUp", confirm).await;
    assert_eq!(
        refusal.unwrap_err(),
        refused(
            "NotAuthorizedException",
            "User cannot be confirmed. Current status is CONFIRMED"
        )
    );
    invite(&harness, json!({})).await.unwrap();
    let invited = json!({ "Username": INVITED });
    let refusal = harness.administrate("AdminConfirmSignUp", invited).await;
    assert_eq!(
        refusal.unwrap_err().message,
        "User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD"
    );
}

#[tokio::test]
async fn rule_29_an_administrator_changes_an_address_at_once_where_it_comes_as_proven() {
    let harness = Harness::with_account().await;
    harness.stack.redeploy_pool(
        "UserAttributeUpdateSettings",
        json!({ "AttributesRequireVerificationBeforeUpdate": ["email"] }),
    );
    harness.stack.deploy_trigger("CustomMessage", "message");
    harness
        .stack
        .script("message", |_| Reply::Error("no letters"));
    let update = async |attributes: Value| {
        let request = json!({ "Username": EMAIL, "UserAttributes": attributes });
        harness
            .administrate("AdminUpdateUserAttributes", request)
            .await
    };
    let email = json!({ "Name": "email", "Value": "countess@example.org" });
    let refusal = update(json!([email])).await.unwrap_err();
    assert_eq!(refusal.code, "UserLambdaValidationException");
    harness.administer("AdminGetUser", EMAIL).await.unwrap();

    let verified = json!({ "Name": "email_verified", "Value": "true" });
    update(json!([email, verified])).await.unwrap();
    let seen = harness
        .administer("AdminGetUser", "countess@example.org")
        .await
        .unwrap();
    assert!(seen.to_string().contains("countess@example.org"));
    let refusal = harness.administer("AdminGetUser", EMAIL).await.unwrap_err();
    assert_eq!(refusal.code, "UserNotFoundException");
    assert_eq!(harness.letters("countess@example.org").await.len(), 0);
}

#[tokio::test]
async fn an_administrators_request_is_held_to_its_signature() {
    let harness = Harness::with_account().await;
    let body = json!({ "UserPoolId": POOL, "Username": EMAIL });
    let operation = "AdminUserGlobalSignOut";
    let tokens = harness.tokens().await;
    let wrong = [
        Key {
            secret: "guessed".to_owned(),
            ..Key::own()
        },
        Key {
            region: "eu-west-1",
            ..Key::own()
        },
        Key {
            service: "rekognition",
            ..Key::own()
        },
        Key {
            ahead: Duration::from_mins(20),
            ..Key::own()
        },
    ];
    for key in wrong {
        let refusal = harness.administrate_as(&key, operation, &body).await;
        assert_eq!(refusal.unwrap_err().code, "InvalidSignatureException");
    }
    for id in ["", "tes", "000000000000", "root"] {
        let id = id.to_owned();
        let key = Key { id, ..Key::own() };
        let refusal = harness.administrate_as(&key, operation, &body).await;
        assert!(
            [
                "UnrecognizedClientException",
                "IncompleteSignatureException"
            ]
            .contains(&refusal.unwrap_err().code.as_str()),
            "{}",
            key.id
        );
    }
    for header in [
        "AWS4-HMAC-SHA256 any",
        "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/cognito-idp/aws4_request",
        "AWS4-HMAC-SHA256 Credential=test, SignedHeaders=host, Signature=00",
    ] {
        let refusal = harness.authorized_by(header, operation, &body).await;
        assert_eq!(
            refusal.unwrap_err().code,
            "IncompleteSignatureException",
            "{header}"
        );
    }
    let unsigned = harness.call(operation, body.clone()).await.unwrap_err();
    assert_eq!(unsigned.code, "MissingAuthenticationTokenException");
    // Nobody was signed out by any of this, and nobody else was asked.
    harness.refresh(&tokens).await.unwrap();
    assert!(harness.stack.asked().is_empty());
    harness
        .administrate_as(&Key::own(), operation, &body)
        .await
        .unwrap();
    harness.refresh(&tokens).await.unwrap_err();
}

#[tokio::test]
async fn a_functions_key_may_do_what_the_stacks_own_iam_allows_it() {
    let harness = Harness::with_account().await;
    let role = Key::of_a_function();
    let body = json!({ "UserPoolId": POOL, "Username": EMAIL });
    let sign_out = async || {
        harness
            .administrate_as(&role, "AdminUserGlobalSignOut", &body)
            .await
    };
    let tokens = harness.tokens().await;
    for (verdict, code) in [
        ("AccessDeniedException", "AccessDeniedException"),
        ("InvalidSignatureException", "UnrecognizedClientException"),
        ("UnrecognizedClientException", "UnrecognizedClientException"),
        ("InternalErrorException", "UnrecognizedClientException"),
        ("ResourceNotFoundException", "UnrecognizedClientException"),
    ] {
        harness.stack.judge(Some(verdict));
        assert_eq!(sign_out().await.unwrap_err().code, code);
    }
    harness.stack.judge(None);
    sign_out().await.unwrap_err();
    let forged = Key {
        secret: "guessed".to_owned(),
        ..Key::of_a_function()
    };
    let refusal = harness
        .administrate_as(&forged, "AdminUserGlobalSignOut", &body)
        .await;
    assert_eq!(refusal.unwrap_err().code, "InvalidSignatureException");
    harness.refresh(&tokens).await.unwrap();
    harness.stack.judge(Some("UserNotFoundException"));
    sign_out().await.unwrap();
    harness.refresh(&tokens).await.unwrap_err();
    assert_eq!(harness.stack.asked(), ["AdminUserGlobalSignOut"; 7]);

    // What would leave something behind there is for the stack's own key.
    let create = json!({ "UserPoolId": POOL, "Username": INVITED });
    let refusal = harness
        .administrate_as(&role, "AdminCreateUser", &create)
        .await;
    assert_eq!(refusal.unwrap_err().code, "AccessDeniedException");
    assert_eq!(harness.stack.asked().len(), 7);
}
