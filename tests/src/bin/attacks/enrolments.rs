//! 3: enrolling for somebody else.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::people::{asked_for_face, asked_to_enrol, challenge, confirmed, enrolled, inline};
use e2e::pictures;
use e2e::stack::Stack;
use e2e::trial::{Ground, Seen};
use serde_json::{Value, json};
use signin_client::{Challenge, Round};
use signin_core::factor::Factor;
use signin_core::lockout::Path;
use signin_core::reason::Reason;
use signin_core::step::Step;
use tokio::time::Instant;

use crate::common::{post_form, send_form, tokens_or, walked, words};

/// Metadata that name another account.
pub(crate) async fn metadata(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let victim = confirmed(&client).await;
    let attacker = confirmed(&client).await;
    ground.begins().await;
    let asked = asked_to_enrol(&client, &attacker).await;
    let mut refused = Vec::new();
    for claim in [
        ("x-amz-meta-email", victim.email.as_str()),
        ("x-amz-meta-user", victim.user_name()),
    ] {
        let status = post_form(&asked, &[claim], pictures::other()).await;
        if status < 300 {
            return Seen::fell(format!("S3 takes {} ({status})", claim.0));
        }
        refused.push(format!("{} {status}", claim.0));
    }
    Seen::held(format!("the form takes none: {}", refused.join(", ")))
}

/// The victim's own form, and in it the attacker's face.
pub(crate) async fn others_fields(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let asked = asked_to_enrol(&client, &victim).await;
    let status = post_form(&asked, &[], pictures::other()).await;
    assert!(
        status < 300,
        "whoever has the form may use it; S3 answered {status}"
    );
    // Nobody answers; S3's event brings it to be indexed.
    let deadline = Instant::now() + Duration::from_mins(1);
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let profile = stack.profile(victim.user_name()).await;
        let enrolment = stack
            .enrolment(victim.user_name(), &asked.challenge_id)
            .await;
        if profile["state"]["S"] == "ACTIVE" || enrolment["state"]["S"] == "INDEXED" {
            break;
        }
        assert!(Instant::now() < deadline, "the document should be indexed");
    }
    let asked = asked_for_face(&client, &victim.email).await;
    tokens_or(&client.answer(&asked, inline(pictures::other())).await)
}

/// Another key, type or size than the form was made for.
pub(crate) async fn changed_form(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let victim = confirmed(&client).await;
    let theirs = asked_to_enrol(&client, &victim).await;
    let attacker = confirmed(&client).await;
    ground.begins().await;
    let asked = asked_to_enrol(&client, &attacker).await;
    let key = theirs.upload.fields["key"].clone();
    let bulk = format!("bulk/{}/passport.jpg", victim.user_name());
    let large = vec![0xff; 5 * 1024 * 1024 + 1];
    let attempts = [
        (
            "the victim's key",
            vec![("key", key.as_str())],
            pictures::other(),
        ),
        (
            "an operator's key",
            vec![("key", bulk.as_str())],
            pictures::other(),
        ),
        (
            "another type",
            vec![("Content-Type", "text/html")],
            pictures::other(),
        ),
        ("5 MB and a byte", vec![], large),
    ];
    let mut refused = Vec::new();
    for (what, changes, file) in attempts {
        let status = post_form(&asked, &changes, file).await;
        if status < 300 {
            return Seen::fell(format!("S3 takes {what} ({status})"));
        }
        refused.push(format!("{what} {status}"));
    }
    Seen::held(refused.join(", "))
}

/// An upload after the form's end, and a form that outlives its session.
pub(crate) async fn after_expiry(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let person = confirmed(&client).await;
    ground.begins().await;
    let asked = asked_to_enrol(&client, &person).await;
    let policy = STANDARD.decode(&asked.upload.fields["policy"]);
    let policy: Value =
        serde_json::from_slice(&policy.expect("the policy is Base64")).expect("the policy is JSON");
    let ends = policy["expiration"].as_str().expect("the policy ends");
    let format = &time::format_description::well_known::Rfc3339;
    let until = time::OffsetDateTime::parse(ends, format).expect("an RFC 3339 time");
    if until > asked.expires_at {
        return Seen::fell(format!("the form is good until {ends}"));
    }
    let status = send_form(
        &asked.upload.url,
        expired_form(&stack, &asked),
        pictures::other(),
    )
    .await;
    if status < 300 {
        return Seen::fell(format!("S3 takes it after its end ({status})"));
    }
    Seen::held(format!(
        "the form ends with its challenge; after its end {status}"
    ))
}

/// A form for the same key that was signed as it should be, and has ended.
fn expired_form(stack: &Stack, asked: &Challenge) -> BTreeMap<String, String> {
    let outputs = &stack.outputs;
    let (day, moment) = ("20260101", "20260101T000000Z");
    let scope = format!(
        "{}/{day}/{}/s3/aws4_request",
        outputs.access_key_id, outputs.region
    );
    let mut fields = BTreeMap::from([
        ("key".to_owned(), asked.upload.fields["key"].clone()),
        ("Content-Type".to_owned(), "image/jpeg".to_owned()),
        ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential".to_owned(), scope),
        ("x-amz-date".to_owned(), moment.to_owned()),
    ]);
    let mut conditions = vec![json!({"bucket": outputs.document_bucket})];
    conditions.extend(fields.iter().map(|(name, value)| json!({name: value})));
    let policy = json!({"expiration": "2026-01-01T00:15:00Z", "conditions": conditions});
    let policy = STANDARD.encode(policy.to_string());
    // 2026-01-01, as the scope says.
    let signed_at = SystemTime::UNIX_EPOCH + Duration::from_hours(490_896);
    let secret = &outputs.secret_access_key;
    let key = generate_signing_key(secret, signed_at, &outputs.region, "s3");
    let signature = calculate_signature(key, policy.as_bytes());
    fields.insert("x-amz-signature".to_owned(), signature);
    fields.insert("policy".to_owned(), policy);
    fields
}

/// An enrolment by somebody who knows the address alone.
pub(crate) async fn without_password(ground: Ground) -> Seen {
    let client = ground.stack.client();
    let victim = confirmed(&client).await;
    ground.begins().await;
    let begun = client.begin(&victim.email, None).await;
    walked(&client, begun, pictures::other).await
}

/// A second enrolment, with a stolen password, in place of the active face.
pub(crate) async fn over_an_active_face(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    ground.begins().await;
    let begun = client.begin(&victim.email, Some(&victim.password)).await;
    walked(&client, begun, pictures::other).await
}

/// A second sign-in, while the first has enrolled a document and not passed its face yet.
pub(crate) async fn superseded(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let person = confirmed(&client).await;
    let first = asked_to_enrol(&client, &person).await;
    let answered = client.answer(&first, inline(pictures::document())).await;
    let first = challenge(answered, Step::Verify(Factor::Face));
    ground.begins().await;
    let second = asked_to_enrol(&client, &person).await;
    let before = compared(&stack).await;
    let mut round = client.answer(&first, inline(pictures::live())).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(words(&round));
        match round {
            Ok(Round::Challenge(again)) if again.reason == Some(Reason::Superseded) => {
                round = client.answer(&again, inline(pictures::live())).await;
            }
            Err(_) if told.len() > 1 => break,
            _ => return Seen::fell(told.join(", ")),
        }
    }
    let calls = compared(&stack).await - before;
    let counted = stack.failures(person.user_name(), Path::Password).await;
    if calls > 0 || counted > 0 {
        return Seen::fell(format!(
            "{calls} calls of the recogniser, {counted} attempts counted"
        ));
    }
    // The second one goes on.
    let answered = client.answer(&second, inline(pictures::document())).await;
    let second = challenge(answered, Step::Verify(Factor::Face));
    let passed = client.answer(&second, inline(pictures::live())).await;
    assert!(matches!(passed, Ok(Round::Tokens(_))), "{}", words(&passed));
    Seen::held(told.join(", "))
}

/// How often the recogniser was asked about a live picture.
async fn compared(stack: &Stack) -> u64 {
    let calls = stack.recognition_calls().await;
    let count = |operation: &str| calls[operation].as_u64().unwrap_or(0);
    count("SearchFacesByImage") + count("DetectFaces")
}
