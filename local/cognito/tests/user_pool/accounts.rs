//! What users change of their accounts, and what administrators see of them.

use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, PASSWORD, Refused, wrong_credentials};
use crate::stack::CLIENT;

const NEW_EMAIL: &str = "countess@example.org";

async fn harness_that_proves_addresses() -> (Harness, Value) {
    let harness = Harness::with_account().await;
    harness.stack.redeploy_pool(
        "UserAttributeUpdateSettings",
        json!({ "AttributesRequireVerificationBeforeUpdate": ["email"] }),
    );
    let tokens = harness.tokens().await;
    (harness, tokens)
}

async fn change_email(harness: &Harness, tokens: &Value, email: &str) -> Result<Value, Refused> {
    let request = json!({
        "AccessToken": tokens["AccessToken"],
        "UserAttributes": [{ "Name": "email", "Value": email }],
    });
    harness.call("UpdateUserAttributes", request).await
}

async fn verify(harness: &Harness, tokens: &Value, code: &str) -> Result<Value, Refused> {
    let request = json!({
        "AccessToken": tokens["AccessToken"], "AttributeName": "email", "Code": code
    });
    harness.call("VerifyUserAttribute", request).await
}

async fn email_of(harness: &Harness, tokens: &Value) -> String {
    let user = harness.get_user(tokens).await.unwrap();
    let attributes = user["UserAttributes"].as_array().unwrap();
    let email = attributes
        .iter()
        .find(|attribute| attribute["Name"] == "email");
    email.unwrap()["Value"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_address_takes_the_old_ones_place_when_its_code_is_entered() {
    let (harness, tokens) = harness_that_proves_addresses().await;
    let told = change_email(&harness, &tokens, NEW_EMAIL).await.unwrap();
    assert_eq!(told["CodeDeliveryDetailsList"][0]["AttributeName"], "email");
    assert_eq!(email_of(&harness, &tokens).await, EMAIL);
    assert_eq!(
        verify(&harness, &tokens, "000000").await.unwrap_err().code,
        "CodeMismatchException"
    );

    let code = harness.code(NEW_EMAIL).await;
    verify(&harness, &tokens, &code).await.unwrap();
    assert_eq!(email_of(&harness, &tokens).await, NEW_EMAIL);
    let by_new = harness.begin(NEW_EMAIL).await.unwrap();
    assert_eq!(
        by_new["ChallengeParameters"]["USERNAME"],
        harness.get_user(&tokens).await.unwrap()["Username"]
    );
    // The old one is free.
    harness.sign_up(EMAIL).await.unwrap();
    let again = verify(&harness, &tokens, &code).await.unwrap_err();
    assert_eq!(again.code, "ExpiredCodeException");
}

#[tokio::test]
async fn an_address_that_is_taken_is_refused_before_and_after_its_code() {
    let (harness, tokens) = harness_that_proves_addresses().await;
    harness.sign_up("bob@example.org").await.unwrap();
    let taken = change_email(&harness, &tokens, "Bob@example.org")
        .await
        .unwrap_err();
    assert_eq!(taken.code, "AliasExistsException");
    change_email(&harness, &tokens, NEW_EMAIL).await.unwrap();
    let code = harness.code(NEW_EMAIL).await;
    harness.sign_up(NEW_EMAIL).await.unwrap();
    let taken = verify(&harness, &tokens, &code).await.unwrap_err();
    assert_eq!(taken.code, "AliasExistsException");
    assert_eq!(email_of(&harness, &tokens).await, EMAIL);
}

#[tokio::test]
async fn a_pool_that_does_not_ask_for_proof_changes_the_address_at_once_and_unverified() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    change_email(&harness, &tokens, NEW_EMAIL).await.unwrap();
    assert_eq!(email_of(&harness, &tokens).await, NEW_EMAIL);
    let forgot = json!({ "ClientId": CLIENT, "Username": NEW_EMAIL });
    harness.call("ForgotPassword", forgot).await.unwrap();
    // Only the letter that proves the address has come, and none that resets a password.
    assert_eq!(harness.letters(NEW_EMAIL).await.len(), 1);
}

#[tokio::test]
async fn a_code_for_the_address_can_be_asked_for_again_and_other_attributes_are_not_verified() {
    let (harness, tokens) = harness_that_proves_addresses().await;
    change_email(&harness, &tokens, NEW_EMAIL).await.unwrap();
    let first = harness.code(NEW_EMAIL).await;
    let ask = |name: &str| json!({ "AccessToken": tokens["AccessToken"], "AttributeName": name });
    harness
        .call("GetUserAttributeVerificationCode", ask("email"))
        .await
        .unwrap();
    let second = harness.code(NEW_EMAIL).await;
    if first != second {
        let old = verify(&harness, &tokens, &first).await.unwrap_err();
        assert_eq!(old.code, "CodeMismatchException");
    }
    verify(&harness, &tokens, &second).await.unwrap();
    let refusal = harness
        .call("GetUserAttributeVerificationCode", ask("phone_number"))
        .await
        .unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
}

#[tokio::test]
async fn an_attribute_that_the_client_may_not_write_is_refused() {
    let (harness, tokens) = harness_that_proves_addresses().await;
    for (name, code) in [
        ("email_verified", "NotAuthorizedException"),
        ("name", "NotAuthorizedException"),
        // Which nobody may.
        ("sub", "InvalidParameterException"),
    ] {
        let request = json!({
            "AccessToken": tokens["AccessToken"],
            "UserAttributes": [{ "Name": name, "Value": "true" }],
        });
        let refusal = harness
            .call("UpdateUserAttributes", request)
            .await
            .unwrap_err();
        assert_eq!(refusal.code, code, "{name}");
    }
}

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_the_present_one() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let change = async |previous: &str, proposed: &str| {
        let request = json!({
            "AccessToken": tokens["AccessToken"],
            "PreviousPassword": previous, "ProposedPassword": proposed,
        });
        harness.call("ChangePassword", request).await
    };
    let refusal = change("incorrect-horse-1", "another-horse-2")
        .await
        .unwrap_err();
    assert_eq!(refusal, wrong_credentials());
    let refusal = change(PASSWORD, "short").await.unwrap_err();
    assert_eq!(refusal.code, "InvalidPasswordException");
    change(PASSWORD, "another-horse-2").await.unwrap();
    let refusal = change(PASSWORD, "a-third-horse-3").await.unwrap_err();
    assert_eq!(refusal, wrong_credentials());
}

#[tokio::test]
async fn a_deleted_account_ends_with_its_tokens_and_sessions_and_frees_its_address() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let open = harness.begin(EMAIL).await.unwrap();
    let delete = json!({ "AccessToken": tokens["AccessToken"] });
    harness.call("DeleteUser", delete.clone()).await.unwrap();
    for (outcome, code) in [
        (harness.get_user(&tokens).await, "UserNotFoundException"),
        (harness.refresh(&tokens).await, "NotAuthorizedException"),
        (
            harness.answer(&open, "right").await,
            "NotAuthorizedException",
        ),
        (
            harness.call("DeleteUser", delete).await,
            "UserNotFoundException",
        ),
    ] {
        assert_eq!(outcome.unwrap_err().code, code);
    }
    harness.sign_up(EMAIL).await.unwrap();
}

#[tokio::test]
async fn an_administrator_sees_and_removes_an_account() {
    let harness = Harness::with_account().await;
    let tokens = harness.tokens().await;
    let seen = harness.administer("AdminGetUser", EMAIL).await.unwrap();
    assert_eq!(seen["UserStatus"], "CONFIRMED");
    assert_eq!(seen["Enabled"], true);
    let name = seen["Username"].as_str().unwrap();
    assert_eq!(
        harness.administer("AdminGetUser", name).await.unwrap(),
        seen
    );
    harness.administer("AdminDeleteUser", EMAIL).await.unwrap();
    assert!(harness.refresh(&tokens).await.is_err());
    for operation in ["AdminGetUser", "AdminDeleteUser"] {
        let refusal = harness.administer(operation, EMAIL).await.unwrap_err();
        assert_eq!(refusal.code, "UserNotFoundException", "{operation}");
    }
    let unsigned = harness
        .call("AdminGetUser", json!({ "Username": EMAIL }))
        .await;
    assert_eq!(
        unsigned.unwrap_err().code,
        "MissingAuthenticationTokenException"
    );
}

#[tokio::test]
async fn users_are_listed_a_page_at_a_time_and_by_a_filter() {
    let harness = Harness::with_account().await;
    for name in ["bob", "cid", "dan"] {
        harness
            .sign_up(&format!("{name}@example.org"))
            .await
            .unwrap();
    }
    let list = async |request: Value| harness.administrate("ListUsers", request).await;
    let mut seen = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut request = json!({ "Limit": 2, "AttributesToGet": ["email"] });
        if token.is_string() {
            request["PaginationToken"] = token;
        }
        let page = list(request).await.unwrap();
        let users = page["Users"].as_array().unwrap().clone();
        assert!(users.len() <= 2);
        assert_eq!(users[0]["Attributes"].as_array().unwrap().len(), 1);
        seen.extend(users);
        token = page["PaginationToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 4);

    for (filter, count) in [
        ("email = \"bob@example.org\"", 1),
        ("email ^= \"b\"", 1),
        ("cognito:user_status = \"CONFIRMED\"", 1),
        ("status = \"Enabled\"", 4),
        ("username = \"nobody\"", 0),
    ] {
        let found = list(json!({ "Filter": filter })).await.unwrap();
        assert_eq!(found["Users"].as_array().unwrap().len(), count, "{filter}");
    }
    for wrong in ["email", "email = bob", "password = \"a\""] {
        let refusal = list(json!({ "Filter": wrong })).await.unwrap_err();
        assert_eq!(refusal.code, "InvalidParameterException", "{wrong}");
    }
    let refusal = list(json!({ "Limit": 61 })).await.unwrap_err();
    assert_eq!(refusal.code, "InvalidParameterException");
}
