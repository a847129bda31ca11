//! Amazon SES's `SendEmail`: mail that functions send, and what the service says when it is refused.

use std::time::Duration;

use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use serde_json::{Value, json};

use crate::harness::{EMAIL, Harness, IDENTITY, Key};

const FROM: &str = "sign-in@example.com";
const PATH: &str = "/v2/email/outbound-emails";

fn own() -> Key {
    Key {
        service: "ses",
        ..Key::own()
    }
}

fn of_a_function() -> Key {
    Key {
        service: "ses",
        ..Key::of_a_function()
    }
}

/// A message with a code in it.
fn mail() -> Value {
    json!({
        "FromEmailAddress": FROM,
        "Destination": { "ToAddresses": [EMAIL] },
        "Content": { "Simple": {
            "Subject": { "Data": "Your code", "Charset": "UTF-8" },
            "Body": { "Text": { "Data": "Grüße: 012345.", "Charset": "UTF-8" } },
        } },
    })
}

/// The same with one member replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut mail = mail();
    *mail.pointer_mut(pointer).unwrap() = value;
    mail
}

/// How SES answers: the status, the error's name if it is one, and the body.
struct Answer {
    status: u16,
    error: Option<String>,
    body: Value,
}

impl Answer {
    /// What is said of an error.
    fn refusal(&self) -> (u16, &str, &str) {
        let name = self.error.as_deref().unwrap();
        (self.status, name, self.body["message"].as_str().unwrap())
    }
}

async fn send(harness: &Harness, key: &Key, mail: &Value) -> Answer {
    let url = format!("{}{PATH}", harness.endpoint);
    let body = mail.to_string();
    let content = ("content-type", "application/json");
    let signature = key.sign_request(&url, &[content], body.as_bytes());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.post(url).header(content.0, content.1).body(body);
    for (name, value) in signature {
        request = request.header(name, value);
    }
    let response = request.send().await.unwrap();
    let error = response.headers().get("x-amzn-errortype");
    Answer {
        status: response.status().as_u16(),
        error: error.map(|name| name.to_str().unwrap().to_owned()),
        body: response.json().await.unwrap(),
    }
}

/// What an error is.
type Is = fn(&SendEmailError) -> bool;

#[tokio::test]
async fn mail_lands_in_the_mailbox_with_its_code() {
    let harness = Harness::start().await;
    let several = with(
        "/Destination/ToAddresses",
        json!(["Ada <ADA@example.org>", "grace@example.org"]),
    );
    let sent = send(&harness, &of_a_function(), &several).await;
    assert_eq!((sent.status, &sent.error), (200, &None));
    let id = sent.body["MessageId"].as_str().unwrap().to_owned();
    harness.pass(60).await;
    let again = send(&harness, &own(), &mail()).await;
    assert_ne!(again.body["MessageId"], id.as_str());

    let letters = harness.letters(EMAIL).await;
    assert_eq!(letters.len(), 2);
    assert_eq!(letters[0]["to"], EMAIL);
    assert_eq!(letters[0]["subject"], "Your code");
    assert_eq!(letters[0]["body"], "Grüße: 012345.");
    assert_eq!(letters[0]["code"], "012345");
    assert!(letters[0]["sentAt"].as_str() > letters[1]["sentAt"].as_str());
    assert_eq!(harness.letters("grace@example.org").await.len(), 1);
}

#[tokio::test]
async fn a_letter_is_the_text_or_else_the_page_and_need_not_hold_a_code() {
    let harness = Harness::start().await;
    let page = json!({ "Data": "<p style=\"color:#336699\">654321</p>" });
    let both = json!({ "Text": { "Data": "no code" }, "Html": page });
    send(&harness, &own(), &with("/Content/Simple/Body", both)).await;
    let alone = json!({ "Html": page });
    send(&harness, &own(), &with("/Content/Simple/Body", alone)).await;
    let letters = harness.letters(EMAIL).await;
    assert_eq!(letters[0]["body"], page["Data"]);
    assert_eq!(letters[0]["code"], "654321");
    assert_eq!(letters[1]["body"], "no code");
    assert_eq!(letters[1]["code"], "");
}

#[tokio::test]
async fn mail_is_held_to_its_signature() {
    let harness = Harness::start().await;
    let unknown = Key {
        id: "AKIAUNKNOWN".to_owned(),
        ..own()
    };
    let guessed = Key {
        secret: "guessed".to_owned(),
        ..own()
    };
    let forged = Key {
        secret: "guessed".to_owned(),
        ..of_a_function()
    };
    let late = Key {
        ahead: Duration::from_mins(20),
        ..own()
    };
    for (key, error) in [
        (unknown, "UnrecognizedClientException"),
        (guessed, "InvalidSignatureException"),
        (forged, "InvalidSignatureException"),
        (late, "InvalidSignatureException"),
        // A signature for the user pool is none for mail.
        (Key::own(), "InvalidSignatureException"),
    ] {
        let answer = send(&harness, &key, &mail()).await;
        assert_eq!((answer.status, answer.error.as_deref()), (403, Some(error)));
    }
    let url = format!("{}{PATH}", harness.endpoint);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let unsigned = client.post(&url).body(mail().to_string());
    let unsigned = unsigned.send().await.unwrap();
    assert_eq!(unsigned.status(), 403);
    assert_eq!(
        unsigned.headers()["x-amzn-errortype"],
        "MissingAuthenticationTokenException"
    );
    assert_eq!(harness.letters(EMAIL).await.len(), 0);
    assert!(harness.stack.senders().is_empty());
}

#[tokio::test]
async fn a_function_sends_what_the_stacks_own_iam_allows_it() {
    let harness = Harness::start().await;
    for (verdict, error) in [
        (Some("AccessDeniedException"), "AccessDeniedException"),
        (
            Some("UnrecognizedClientException"),
            "UnrecognizedClientException",
        ),
        (Some("BadRequestException"), "UnrecognizedClientException"),
        // It says that it has sent what cannot be sent.
        (None, "UnrecognizedClientException"),
    ] {
        harness.stack.judge_mail(verdict);
        let answer = send(&harness, &of_a_function(), &mail()).await;
        assert_eq!((answer.status, answer.error.as_deref()), (403, Some(error)));
    }
    assert_eq!(harness.letters(EMAIL).await.len(), 0);
    harness.stack.judge_mail(Some("NotFoundException"));
    let named = with(
        "/FromEmailAddress",
        json!("Example <Codes@mail.example.com>"),
    );
    assert_eq!(send(&harness, &of_a_function(), &named).await.status, 200);
    // It was asked about the bare address and the identity, and told nothing of the mail.
    let asked = harness.stack.senders().pop().unwrap();
    assert_eq!(asked["FromEmailAddress"], "Codes@mail.example.com");
    assert_eq!(asked["FromEmailAddressIdentityArn"], IDENTITY);
    let told = asked.to_string();
    assert!(!told.contains(EMAIL) && !told.contains("012345"), "{told}");
    // Nobody asks about the stack's own key.
    let before = harness.stack.senders().len();
    send(&harness, &own(), &mail()).await;
    assert_eq!(harness.stack.senders().len(), before);
}

#[tokio::test]
async fn mail_from_what_nobody_has_verified_is_rejected() {
    let harness = Harness::start().await;
    let other = "arn:aws:ses:us-east-1:000000000000:identity/example.org";
    let mut foreign = mail();
    foreign["FromEmailAddressIdentityArn"] = json!(other);
    for (mail, from) in [
        (
            with("/FromEmailAddress", json!("codes@example.org")),
            "codes@example.org",
        ),
        (
            with("/FromEmailAddress", json!("codes@badexample.com")),
            "codes@badexample.com",
        ),
        (foreign, FROM),
    ] {
        let answer = send(&harness, &of_a_function(), &mail).await;
        let told = format!(
            "Email address is not verified. The following identities failed the check in region \
             US-EAST-1: {from}"
        );
        assert_eq!(answer.refusal(), (400, "MessageRejected", told.as_str()));
    }
    let mut named = mail();
    named["FromEmailAddressIdentityArn"] = json!(IDENTITY);
    assert_eq!(send(&harness, &own(), &named).await.status, 200);
}

#[tokio::test]
async fn what_is_no_message_is_refused_and_nothing_of_it_is_said() {
    let harness = Harness::start().await;
    let content = |data: Value| json!({ "Data": data, "Charset": "UTF-8" });
    let simple = "/Content/Simple";
    let recipients = "/Destination/ToAddresses";
    let mut tagged = mail();
    tagged["EmailTags"] = json!([{ "Name": "secret", "Value": "secret" }]);
    let mut copied = mail();
    copied["Destination"]["BccAddresses"] = json!(["secret@example.org"]);
    let many: Vec<String> = (0..51).map(|n| format!("{n}@example.org")).collect();
    for mail in [
        json!({}),
        json!({ "Content": {} }),
        with("/FromEmailAddress", Value::Null),
        with("/FromEmailAddress", json!("secret")),
        with(
            "/FromEmailAddress",
            json!("a@example.com\r\nBcc: secret@example.org"),
        ),
        with("/Destination", json!({})),
        with(recipients, json!([])),
        with(recipients, json!(many)),
        with(recipients, json!([EMAIL, "secret"])),
        with(recipients, json!([EMAIL, null])),
        with(recipients, json!("secret@example.org")),
        with("/Content", json!({ "Raw": { "Data": "secret" } })),
        with(
            "/Content",
            json!({ "Template": { "TemplateName": "secret" } }),
        ),
        with(simple, json!({ "Subject": content(json!("secret")) })),
        with("/Content/Simple/Body", json!({})),
        with(
            "/Content/Simple/Subject",
            content(json!("secret\r\nBcc: b@c.de")),
        ),
        with(
            "/Content/Simple/Subject",
            content(json!("secret".repeat(200))),
        ),
        with(
            "/Content/Simple/Body/Text",
            content(json!("secret".repeat(4_000))),
        ),
        with("/Content/Simple/Body/Text", content(json!(5))),
        with("/Content/Simple/Body/Text/Charset", json!("secret")),
        tagged,
        copied,
        json!("secret"),
        json!([]),
    ] {
        let answer = send(&harness, &of_a_function(), &mail).await;
        let (status, name, told) = answer.refusal();
        let expected = ["BadRequestException", "SerializationException"];
        assert!(status == 400 && expected.contains(&name), "{mail}: {name}");
        assert!(!told.is_empty() && !told.contains("secret"), "{told}");
    }
    assert!(harness.stack.senders().is_empty());
    assert_eq!(harness.letters(EMAIL).await.len(), 0);
}

#[tokio::test]
async fn mail_to_an_address_fails_as_it_is_told_to_and_to_no_other() {
    let harness = Harness::start().await;
    let fail = async |to: &str, error: Value| {
        let setting = json!({ "to": to, "error": error });
        harness.set("ses", &setting).await
    };
    for (error, status) in [
        ("AccountSuspendedException", 400),
        ("LimitExceededException", 400),
        ("MailFromDomainNotVerifiedException", 400),
        ("MessageRejected", 400),
        ("SendingPausedException", 400),
        ("TooManyRequestsException", 429),
    ] {
        assert_eq!(fail("Ada@Example.org", json!(error)).await, 200);
        let answer = send(&harness, &of_a_function(), &mail()).await;
        let (told, name, _) = answer.refusal();
        assert_eq!((told, name), (status, error));
    }
    // One that fails, and none goes out.
    let to = "/Destination/ToAddresses";
    let both = with(to, json!(["grace@example.org", EMAIL]));
    assert_eq!(send(&harness, &own(), &both).await.status, 429);
    assert_eq!(harness.letters("grace@example.org").await.len(), 0);
    let other = with(to, json!(["grace@example.org"]));
    assert_eq!(send(&harness, &own(), &other).await.status, 200);
    assert_eq!(fail(EMAIL, Value::Null).await, 200);
    assert_eq!(send(&harness, &own(), &mail()).await.status, 200);

    for (to, error) in [
        ("ada", json!("MessageRejected")),
        ("Ada <ada@example.org>", json!("MessageRejected")),
        (EMAIL, json!("BadRequestException")),
        (EMAIL, json!("sandbox")),
    ] {
        assert!((400..500).contains(&fail(to, error).await), "{to}");
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let keyless = client.post(format!("{}/_local/ses", harness.endpoint));
    let keyless = keyless.json(&json!({ "to": EMAIL, "error": null }));
    assert_eq!(keyless.send().await.unwrap().status(), 401);
}

/// The unmodified AWS SDK for Rust, as a function uses it.
fn sdk(harness: &Harness) -> aws_sdk_sesv2::Client {
    let key = Key::of_a_function();
    let credentials = Credentials::new(key.id, key.secret, key.token, None, "test");
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&harness.endpoint)
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_sesv2::Client::from_conf(config)
}

#[tokio::test]
async fn the_sdk_sends_mail_and_knows_every_refusal_by_its_type() {
    let harness = Harness::start().await;
    let client = sdk(&harness);
    let content = |data: &str| {
        let content = Content::builder().data(data).charset("UTF-8");
        content.build().unwrap()
    };
    let message = Message::builder()
        .subject(content("Your code"))
        .body(Body::builder().text(content("012345")).build())
        .build();
    let send = async |from: &str| {
        client
            .send_email()
            .from_email_address(from)
            .destination(Destination::builder().to_addresses(EMAIL).build())
            .content(EmailContent::builder().simple(message.clone()).build())
            .send()
            .await
    };
    let taken = send(FROM).await.unwrap();
    assert!(taken.message_id().is_some_and(|id| !id.is_empty()));
    assert_eq!(harness.code(EMAIL).await, "012345");

    let error = send("codes@example.org").await.unwrap_err();
    assert!(error.into_service_error().is_message_rejected());
    harness.stack.judge_mail(Some("AccessDeniedException"));
    let error = send(FROM).await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    harness.stack.judge_mail(Some("NotFoundException"));
    let error = send("codes").await.unwrap_err();
    assert!(error.into_service_error().is_bad_request_exception());

    let cases: [(&str, Is); 6] = [
        (
            "AccountSuspendedException",
            SendEmailError::is_account_suspended_exception,
        ),
        (
            "LimitExceededException",
            SendEmailError::is_limit_exceeded_exception,
        ),
        (
            "MailFromDomainNotVerifiedException",
            SendEmailError::is_mail_from_domain_not_verified_exception,
        ),
        ("MessageRejected", SendEmailError::is_message_rejected),
        (
            "SendingPausedException",
            SendEmailError::is_sending_paused_exception,
        ),
        (
            "TooManyRequestsException",
            SendEmailError::is_too_many_requests_exception,
        ),
    ];
    for (name, is_known) in cases {
        let setting = json!({ "to": EMAIL, "error": name });
        assert_eq!(harness.set("ses", &setting).await, 200);
        let error = send(FROM).await.unwrap_err().into_service_error();
        assert!(is_known(&error), "{name}: {error:?}");
        assert!(error.message().is_some_and(|told| !told.is_empty()));
    }
}
