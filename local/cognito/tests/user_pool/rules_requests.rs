//! Rules 14, 24 and 25: what a request may hold, before anything else is looked at. That every
//! member of every operation is held to the API model is shown by `tests/conformance/constraints.py`.

use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, PASSWORD, Refused, refused};
use crate::stack::CLIENT;

const NAME_PATTERN: &str = r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+";
const PASSWORD_PATTERN: &str = r"^[\S]+.*[\S]+$";

/// The refusal of a request in which this is wrong.
fn invalid(violations: &[&str]) -> Refused {
    let (count, plural) = match violations.len() {
        1 => (1, ""),
        count => (count, "s"),
    };
    let violations = violations.join("; ");
    refused(
        "InvalidParameterException",
        &format!("{count} validation error{plural} detected: {violations}"),
    )
}

fn unlike(value: &str, pattern: &str) -> String {
    format!(
        "{value} failed to satisfy constraint: Member must satisfy regular expression pattern: \
         {pattern}"
    )
}

#[tokio::test]
async fn rule_24_a_password_with_a_space_at_an_end_is_refused_wherever_it_is_set() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    for password in [
        " correct-horse-1",
        "correct-horse-1 ",
        "correct-horse-1\t",
        "correct-\nhorse-1",
    ] {
        for (operation, member, request) in [
            (
                "SignUp",
                "password",
                json!({ "ClientId": CLIENT, "Username": "b@c", "Password": password }),
            ),
            (
                "ConfirmForgotPassword",
                "password",
                json!({
                    "ClientId": CLIENT, "Username": EMAIL, "ConfirmationCode": "123456",
                    "Password": password
                }),
            ),
            (
                "ChangePassword",
                "proposedPassword",
                json!({
                    "AccessToken": tokens["AccessToken"], "PreviousPassword": PASSWORD,
                    "ProposedPassword": password
                }),
            ),
        ] {
            let refusal = harness.call(operation, request).await.unwrap_err();
            let value = format!("Value at '{member}'");
            let expected = invalid(&[&unlike(&value, PASSWORD_PATTERN)]);
            assert_eq!(refusal, expected, "{operation} {password:?}");
        }
        for (operation, member) in [
            ("AdminCreateUser", "TemporaryPassword"),
            ("AdminSetUserPassword", "Password"),
        ] {
            let request = json!({ "Username": EMAIL, member: password });
            let refusal = harness.administrate(operation, request).await.unwrap_err();
            assert_eq!(refusal.code, "InvalidParameterException", "{operation}");
        }
    }
    // One in the middle is a symbol like others.
    let request = json!({
        "AccessToken": tokens["AccessToken"], "PreviousPassword": PASSWORD,
        "ProposedPassword": "correct horse 1"
    });
    harness.call("ChangePassword", request).await.unwrap();
}

#[tokio::test]
async fn rule_24_a_new_password_with_a_space_at_an_end_is_against_the_policy() {
    let harness = Harness::start().await;
    harness.stack.redeploy_client(
        "ExplicitAuthFlows",
        json!(["ALLOW_ADMIN_USER_PASSWORD_AUTH"]),
    );
    let request = json!({ "Username": EMAIL, "TemporaryPassword": PASSWORD });
    harness
        .administrate("AdminCreateUser", request)
        .await
        .unwrap();
    let request = json!({
        "ClientId": CLIENT, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": EMAIL, "PASSWORD": PASSWORD }
    });
    let begun = harness.administrate("AdminInitiateAuth", request).await;
    let begun = begun.unwrap();
    assert_eq!(begun["ChallengeName"], "NEW_PASSWORD_REQUIRED");
    let answer = json!({
        "ClientId": CLIENT, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": begun["Session"],
        "ChallengeResponses": { "USERNAME": EMAIL, "NEW_PASSWORD": "another-horse-2 " }
    });
    let refusal = harness
        .administrate("AdminRespondToAuthChallenge", answer)
        .await;
    assert_eq!(
        refusal.unwrap_err(),
        refused(
            "InvalidPasswordException",
            r"Password did not conform with policy: Password must satisfy regular expression pattern: ^\S.*\S$"
        )
    );
}

#[tokio::test]
async fn rule_24_a_user_name_with_a_space_is_refused_in_every_operation() {
    let harness = Harness::with_account().await;
    let name = format!("{EMAIL} ");
    let expected = invalid(&[&unlike("Value at 'username'", NAME_PATTERN)]);
    for (operation, more) in [
        ("SignUp", json!({ "Password": PASSWORD })),
        ("ConfirmSignUp", json!({ "ConfirmationCode": "1" })),
        ("ResendConfirmationCode", json!({})),
        ("ForgotPassword", json!({})),
        (
            "ConfirmForgotPassword",
            json!({ "ConfirmationCode": "1", "Password": PASSWORD }),
        ),
    ] {
        let mut request = more;
        // A client that is not there is not looked for.
        request["ClientId"] = "unknown".into();
        request["Username"] = name.as_str().into();
        let refusal = harness.call(operation, request).await.unwrap_err();
        assert_eq!(refusal, expected, "{operation}");
    }
    for operation in ["AdminGetUser", "AdminDisableUser", "AdminDeleteUser"] {
        let refusal = harness.administer(operation, &name).await.unwrap_err();
        assert_eq!(refusal, expected, "{operation}");
    }
    let twice = invalid(&[
        &unlike("Value at 'userName'", NAME_PATTERN),
        &unlike("Value at 'userAlias'", NAME_PATTERN),
    ]);
    for name in [name.as_str(), "nobody here@example.org", " "] {
        assert_eq!(harness.begin(name).await.unwrap_err(), twice, "{name:?}");
    }
    assert_eq!(
        harness.begin("").await.unwrap_err(),
        refused(
            "InvalidParameterException",
            "Missing required parameter USERNAME"
        )
    );
}

#[tokio::test]
async fn rule_24_all_that_is_wrong_is_said_at_once_and_what_is_sensitive_is_not_repeated() {
    let harness = Harness::start().await;
    let request = json!({
        "ClientId": "", "Username": "b c", "ConfirmationCode": "12 34", "Password": PASSWORD
    });
    let refusal = harness.call("ConfirmForgotPassword", request).await;
    let expected = invalid(&[
        "Value at 'clientId' failed to satisfy constraint: Member must have length greater than \
         or equal to 1",
        &unlike("Value at 'clientId'", r"[\w+]+"),
        &unlike("Value at 'username'", NAME_PATTERN),
        &unlike("Value '12 34' at 'confirmationCode'", r"[\S]+"),
    ]);
    assert_eq!(refusal.unwrap_err(), expected);

    let refusal = harness.call("ForgotPassword", json!({})).await;
    let missing = |member: &str| {
        format!("Value null at '{member}' failed to satisfy constraint: Member must not be null")
    };
    let expected = invalid(&[&missing("clientId"), &missing("username")]);
    assert_eq!(refusal.unwrap_err(), expected);

    let request = json!({
        "ClientId": CLIENT, "Username": "b@c", "Password": PASSWORD,
        "UserAttributes": [{ "Name": "email", "Value": "b@c" }, { "Name": "" }],
        "ClientMetadata": { "faceData": "x".repeat(131_073) }
    });
    let refusal = harness.call("SignUp", request).await;
    let expected = invalid(&[
        "Value '' at 'userAttributes.2.member.name' failed to satisfy constraint: Member must \
         have length greater than or equal to 1",
        &unlike(
            "Value '' at 'userAttributes.2.member.name'",
            r"[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+",
        ),
        "Value at 'clientMetadata' failed to satisfy constraint: Map value must satisfy \
         constraint: [Member must have length less than or equal to 131072, Member must have \
         length greater than or equal to 0]",
    ]);
    assert_eq!(refusal.unwrap_err(), expected);
}

#[tokio::test]
async fn rule_24_tokens_pool_ids_and_words_are_held_to_their_patterns() {
    let harness = Harness::with_account().await;
    let refusal = harness
        .call("GetUser", json!({ "AccessToken": "a b" }))
        .await;
    let expected = invalid(&[&unlike("Value at 'accessToken'", "[A-Za-z0-9-_=.]+")]);
    assert_eq!(refusal.unwrap_err(), expected);

    let request = json!({ "UserPoolId": "nonsense", "Username": EMAIL });
    let refusal = harness
        .administrate_as(&crate::harness::Key::own(), "AdminGetUser", &request)
        .await;
    let expected = invalid(&[&unlike(
        "Value 'nonsense' at 'userPoolId'",
        r"[\w-]+_[0-9a-zA-Z]+",
    )]);
    assert_eq!(refusal.unwrap_err(), expected);

    let request = json!({ "Username": "b@c", "MessageAction": "WHISPER" });
    let refusal = harness.administrate("AdminCreateUser", request).await;
    let expected = invalid(&[
        "Value 'WHISPER' at 'messageAction' failed to satisfy constraint: Member must satisfy \
         enum value set: [RESEND, SUPPRESS]",
    ]);
    assert_eq!(refusal.unwrap_err(), expected);

    let refusal = harness
        .administrate("ListUsers", json!({ "Limit": 61 }))
        .await;
    let expected = invalid(&[
        "Value '61' at 'limit' failed to satisfy constraint: Member must have value less than or \
         equal to 60",
    ]);
    assert_eq!(refusal.unwrap_err(), expected);
}

#[tokio::test]
async fn rule_24_a_member_of_another_type_cannot_be_read() {
    let harness = Harness::start().await;
    let sign_up = |member: &str, value: Value| {
        let mut request = json!({ "ClientId": CLIENT, "Username": "b@c", "Password": PASSWORD });
        request[member] = value;
        harness.call("SignUp", request)
    };
    for (member, value) in [
        ("Username", json!(1)),
        ("Username", json!(["b@c"])),
        ("Username", json!({ "S": "b@c" })),
        ("UserAttributes", json!({ "email": "b@c" })),
        ("UserAttributes", json!(["email"])),
        ("ClientMetadata", json!([])),
        ("ClientMetadata", json!({ "consent": 1 })),
    ] {
        let shown = format!("{member}: {value}");
        let refusal = sign_up(member, value).await.unwrap_err();
        assert_eq!(refusal.code, "SerializationException", "{shown}");
    }
    // A null is as good as a member that is not there.
    sign_up("UserAttributes", Value::Null).await.unwrap();
}

#[tokio::test]
async fn rule_25_a_secret_hash_is_refused_from_a_client_without_a_secret() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let expected = refused(
        "InvalidParameterException",
        &format!("App client {CLIENT} is not configured for secret but secret hash was received"),
    );
    for (operation, more) in [
        (
            "SignUp",
            json!({ "Username": "b@c", "Password": PASSWORD, "SecretHash": "AQID" }),
        ),
        (
            "ConfirmSignUp",
            json!({ "Username": EMAIL, "ConfirmationCode": "1", "SecretHash": "AQID" }),
        ),
        (
            "ResendConfirmationCode",
            json!({ "Username": EMAIL, "SecretHash": "AQID" }),
        ),
        (
            "ForgotPassword",
            json!({ "Username": EMAIL, "SecretHash": "AQID" }),
        ),
        (
            "ConfirmForgotPassword",
            json!({
                "Username": EMAIL, "ConfirmationCode": "1", "Password": PASSWORD,
                "SecretHash": "AQID"
            }),
        ),
        (
            "InitiateAuth",
            json!({
                "AuthFlow": "CUSTOM_AUTH",
                "AuthParameters": { "USERNAME": EMAIL, "SECRET_HASH": "AQID" }
            }),
        ),
        (
            "InitiateAuth",
            json!({
                "AuthFlow": "REFRESH_TOKEN_AUTH",
                "AuthParameters": {
                    "REFRESH_TOKEN": tokens["RefreshToken"], "SECRET_HASH": "AQID"
                }
            }),
        ),
        (
            "RespondToAuthChallenge",
            json!({
                "ChallengeName": "CUSTOM_CHALLENGE", "Session": asked["Session"],
                "ChallengeResponses": {
                    "USERNAME": EMAIL, "ANSWER": "right", "SECRET_HASH": "AQID"
                }
            }),
        ),
    ] {
        let mut request = more;
        request["ClientId"] = CLIENT.into();
        let refusal = harness.call(operation, request).await.unwrap_err();
        assert_eq!(refusal, expected, "{operation}");
    }
    let secret = "x".repeat(24);
    let with_secret = |operation: &'static str, token: &str| {
        let request = json!({
            "ClientId": CLIENT, token: tokens["RefreshToken"], "ClientSecret": secret
        });
        harness.call(operation, request)
    };
    let refusal = with_secret("RevokeToken", "Token").await;
    assert_eq!(refusal.unwrap_err(), expected);
    let refusal = with_secret("GetTokensFromRefreshToken", "RefreshToken").await;
    assert_eq!(refusal.unwrap_err(), expected);

    // Nothing has come of any of them.
    harness.refresh(&tokens).await.unwrap();
    harness.answer(&asked, "right").await.unwrap();
}

#[tokio::test]
async fn rule_15_a_client_with_a_secret_shows_it_wherever_it_can() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let asked = harness.begin(EMAIL).await.unwrap();
    let secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    harness.stack.redeploy_client("ClientSecret", json!(secret));
    let hash = crate::harness::secret_hash(secret, EMAIL, CLIENT);
    let of = |operation: &'static str, more: Value, hash: Option<&str>| {
        let mut request = more;
        request["ClientId"] = CLIENT.into();
        if let Some(hash) = hash {
            request["SecretHash"] = hash.into();
        }
        harness.call(operation, request)
    };
    for (operation, more, code) in [
        (
            "SignUp",
            json!({ "Username": EMAIL, "Password": PASSWORD }),
            "UsernameExistsException",
        ),
        (
            "ConfirmSignUp",
            json!({ "Username": EMAIL, "ConfirmationCode": "1" }),
            // It is confirmed already, which the secret shows.
            "NotAuthorizedException",
        ),
        (
            "ResendConfirmationCode",
            json!({ "Username": EMAIL }),
            "InvalidParameterException",
        ),
        ("ForgotPassword", json!({ "Username": EMAIL }), "ok"),
        (
            "ConfirmForgotPassword",
            json!({ "Username": EMAIL, "ConfirmationCode": "1", "Password": PASSWORD }),
            "CodeMismatchException",
        ),
    ] {
        let without = of(operation, more.clone(), None).await.unwrap_err();
        let message =
            format!("Client {CLIENT} is configured with secret but SECRET_HASH was not received");
        assert_eq!(
            without,
            refused("NotAuthorizedException", &message),
            "{operation}"
        );
        let wrong = of(operation, more.clone(), Some("AQID")).await.unwrap_err();
        let message = format!("Unable to verify secret hash for client {CLIENT}");
        assert_eq!(
            wrong,
            refused("NotAuthorizedException", &message),
            "{operation}"
        );
        let right = of(operation, more, Some(&hash)).await;
        let right = right.map_or_else(|refusal| refusal.code, |_| "ok".to_owned());
        assert_eq!(right, code, "{operation}");
    }
    let respond = async |hash: Option<&str>| {
        let mut responses = json!({ "USERNAME": EMAIL, "ANSWER": "right" });
        if let Some(hash) = hash {
            responses["SECRET_HASH"] = hash.into();
        }
        let request = json!({
            "ClientId": CLIENT, "ChallengeName": "CUSTOM_CHALLENGE", "Session": asked["Session"],
            "ChallengeResponses": responses
        });
        harness.call("RespondToAuthChallenge", request).await
    };
    for hash in [None, Some("AQID")] {
        assert_eq!(
            respond(hash).await.unwrap_err().code,
            "NotAuthorizedException"
        );
    }
    respond(Some(&hash)).await.unwrap();
    let revoke = async |secret: Option<&str>| {
        let mut request = json!({ "ClientId": CLIENT, "Token": tokens["RefreshToken"] });
        if let Some(secret) = secret {
            request["ClientSecret"] = secret.into();
        }
        harness.call("RevokeToken", request).await
    };
    // `RevokeToken` has no NotAuthorizedException in the API model.
    let wrong = "x".repeat(24);
    for secret in [None, Some(wrong.as_str())] {
        assert_eq!(
            revoke(secret).await.unwrap_err().code,
            "UnauthorizedException"
        );
    }
    revoke(Some(secret)).await.unwrap();
}
