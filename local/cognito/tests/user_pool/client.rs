//! The project's own client, over the unmodified AWS SDK for Rust, through an account's whole life.

use serde_json::json;
use signin_client::{Answer, Challenge, Outputs, Refusal, Round, SignInClient};

use crate::harness::{EMAIL, Harness, PASSWORD};
use crate::stack::{CLIENT, POOL};

fn client_of(harness: &Harness) -> SignInClient {
    let outputs: Outputs = serde_json::from_value(json!({
        "Region": "us-east-1", "UserPoolId": POOL, "UserPoolClientId": CLIENT, "SignInChains": "FACE",
        "DocumentBucket": "", "SignInBucket": "", "UserTable": "", "FaceCollection": "",
        "CognitoEndpoint": harness.endpoint, "S3Endpoint": "", "DynamoDbEndpoint": "",
        "LambdaEndpoint": "", "RekognitionEndpoint": "", "WebUrl": "",
        "AccessKeyId": "test", "SecretAccessKey": "test",
    }))
    .unwrap();
    SignInClient::new(&outputs).unwrap()
}

fn challenge(round: Round) -> Challenge {
    match round {
        Round::Challenge(challenge) => challenge,
        Round::Tokens(_) => panic!("tokens came too early"),
    }
}

fn words(text: &str) -> Answer {
    Answer::Text(text.to_owned())
}

#[tokio::test]
async fn an_account_goes_from_sign_up_to_sign_out() {
    let harness = Harness::start().await;
    let client = client_of(&harness);

    let signed_up = client.sign_up(EMAIL, PASSWORD, "1").await.unwrap();
    let asked = harness.stack.last_event("PreSignUp")["request"]["clientMetadata"].clone();
    assert_eq!(asked["consent"], "1");
    assert_eq!(asked["binding"].as_str().unwrap().len(), 64);
    client.resend(EMAIL).await.unwrap();
    let code = client.mailbox(EMAIL).await.unwrap()[0].code.clone();
    client
        .confirm(EMAIL, &code, Some(&signed_up.binding))
        .await
        .unwrap();
    let told = harness.stack.last_event("PostConfirmation")["request"]["clientMetadata"].clone();
    assert_eq!(told["bindingSecret"].as_str().unwrap().len(), 64);

    let first = challenge(client.begin(EMAIL, Some(PASSWORD)).await.unwrap());
    let second = challenge(client.answer(&first, words("wrong")).await.unwrap());
    let Round::Tokens(tokens) = client.answer(&second, words("right")).await.unwrap() else {
        panic!("a right answer signs in");
    };
    let claims = client.verify(&tokens).await.unwrap();
    assert_eq!(claims.identity.sub, signed_up.sub);
    assert_eq!(claims.identity.others["email"], EMAIL);

    let refresh_token = tokens.refresh.clone().unwrap();
    let refreshed = client.refresh(&refresh_token).await.unwrap();
    let again = client.verify(&refreshed).await.unwrap();
    assert_eq!(again.identity.auth_time, claims.identity.auth_time);
    let profile = client.profile(&refreshed.access).await.unwrap();
    assert_eq!(profile.user_name, signed_up.sub);
    assert_eq!(profile.attributes["email"], EMAIL);

    client.sign_out_everywhere(&tokens.access).await.unwrap();
    for refusal in [
        client.profile(&tokens.access).await.unwrap_err(),
        client.profile(&refreshed.access).await.unwrap_err(),
        client.refresh(&refresh_token).await.unwrap_err(),
    ] {
        assert_eq!(refusal.refusal(), Some(&Refusal::NotAuthorized));
    }
}

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let harness = Harness::with_account().await;
    let client = client_of(&harness);
    client.forgot_password(EMAIL).await.unwrap();
    let code = client.mailbox(EMAIL).await.unwrap()[0].code.clone();
    client
        .confirm_forgot_password(EMAIL, &code, "another-horse-2")
        .await
        .unwrap();

    let old = client.begin(EMAIL, Some(PASSWORD)).await.unwrap_err();
    assert_eq!(old.refusal(), Some(&Refusal::NotAuthorized));
    challenge(client.begin(EMAIL, Some("another-horse-2")).await.unwrap());
}

#[tokio::test]
async fn a_sign_in_by_face_alone_ends_with_its_refresh_token_revoked() {
    let harness = Harness::with_account().await;
    let client = client_of(&harness);
    let asked = challenge(client.begin(EMAIL, None).await.unwrap());
    let Round::Tokens(tokens) = client.answer(&asked, words("right")).await.unwrap() else {
        panic!("a right answer signs in");
    };
    let reused = client.answer(&asked, words("right")).await.unwrap_err();
    assert_eq!(reused.refusal(), Some(&Refusal::NotAuthorized));
    client.revoke(&tokens.refresh.unwrap()).await.unwrap();
    let revoked = client.profile(&tokens.access).await.unwrap_err();
    assert_eq!(revoked.refusal(), Some(&Refusal::NotAuthorized));
}
