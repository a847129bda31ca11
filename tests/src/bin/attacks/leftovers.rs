//! 15: what recognition may be made to do, what is left behind, and what an upload's form tells.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::people::{
    asked_for_face, asked_to_enrol, begun_bound, challenge, confirmed, enrol, enrolled, inline,
    owner_without_consent,
};
use e2e::pictures;
use e2e::stack::fresh_email;
use e2e::trial::{Ground, Seen};
use regex_lite::Regex;
use serde_json::Value;
use signin_client::{Answer, Challenge, Round};
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::{post_form, tokens_or};

/// Uploads with one form.
const UPLOADS: usize = 20;

/// Sign-ins that are broken off when their document is in.
const BROKEN_OFF: usize = 5;

/// From then on, whatever was uploaded before is left over.
const LATER: Duration = Duration::from_hours(2);

/// What a form says, with everything that differs from one challenge to the next taken out.
fn form(asked: &Challenge) -> (String, String) {
    let digits = Regex::new("[0-9a-f]{32,64}|[0-9]+").expect("a pattern");
    let fields = &asked.upload.fields;
    let policy = STANDARD.decode(&fields["policy"]).expect("Base64");
    let policy = String::from_utf8(policy).expect("text");
    let secret = [
        "policy",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-credential",
    ];
    let plain: Vec<String> = fields
        .iter()
        .map(|(name, value)| {
            if secret.contains(&name.as_str()) {
                name.clone()
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    let read: Value = serde_json::from_str(&policy).expect("JSON");
    let conditions = read["conditions"].as_array().map_or(0, Vec::len);
    let shape = digits.replace_all(&plain.join("&"), "#").into_owned();
    (
        format!("{shape}&conditions={conditions}"),
        plain.join("&") + &policy,
    )
}

/// The forms of users who are enrolled, who are not, and who do not exist.
pub(crate) async fn forms_tell_nothing(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (with_face, _) = enrolled(&stack).await;
    let without = confirmed(&client).await;
    ground.begins().await;
    let mut shapes = BTreeSet::new();
    for email in [&with_face.email, &without.email, &fresh_email()] {
        let asked = asked_for_face(&client, email).await;
        let (shape, said) = form(&asked);
        for name in [with_face.user_name(), without.user_name(), email] {
            if said.contains(name) {
                return Seen::fell("the form names the user");
            }
        }
        let key = &asked.upload.fields["key"];
        if *key != format!("sign-in/{}", asked.challenge_id) {
            return Seen::fell(format!("the key says {key}"));
        }
        shapes.insert(shape);
    }
    let asked = asked_to_enrol(&client, &without).await;
    if form(&asked).1.contains(without.user_name()) {
        return Seen::fell("the document's form names the user");
    }
    if shapes.len() > 1 {
        return Seen::fell(format!("{} kinds of forms", shapes.len()));
    }
    Seen::held("one kind of form, an id and nothing else")
}

/// One form, many pictures that are not accepted.
pub(crate) async fn one_form_many_uploads(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    let person = confirmed(&client).await;
    ground.begins().await;
    let asked = asked_to_enrol(&client, &person).await;
    let key = asked.upload.fields["key"].clone();
    let bucket = &stack.outputs.document_bucket;
    let picture = pictures::two_people();
    let shown = pictures::fragment(&picture);
    let mark = proxy.mark().await;
    for upload in 0..UPLOADS {
        let mut another = picture.clone();
        // Behind the picture's end, where nobody looks.
        another.extend(upload.to_be_bytes());
        let status = post_form(&asked, &[], another).await;
        assert!(status < 300, "whoever has the form may use it: {status}");
        stack.until_gone(bucket, &key).await;
    }
    let calls = proxy.calls(mark, &shown).await;
    let looks = calls.iter().filter(|call| call.operation == "DetectFaces");
    let looks = looks.count();
    assert!(looks > 0, "the first uploads are looked at");
    if looks > 12 {
        return Seen::fell(format!("{looks} looks at {UPLOADS} uploads"));
    }
    let counted = stack
        .enrolment(person.user_name(), &asked.challenge_id)
        .await;
    let counted = counted["recognitions"]["N"].clone();
    Seen::held(format!(
        "{looks} looks at {UPLOADS} uploads, {counted} on record, nothing kept"
    ))
}

/// A picture that comes when nobody will ask for it any more.
pub(crate) async fn late_upload(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    ground.begins().await;
    let asked = asked_for_face(&client, &fresh_email()).await;
    let status = post_form(&asked, &[], pictures::live()).await;
    assert!(status < 300, "the form is good: {status}");
    let key = &asked.upload.fields["key"];
    let bucket = &stack.outputs.sign_in_bucket;
    let swept = stack.sweep(Duration::ZERO).await;
    assert!(swept.is_ok(), "{swept:?}");
    assert_eq!(
        stack.objects(bucket, key).await,
        1,
        "its challenge is alive"
    );
    let swept = stack.sweep(LATER).await;
    assert!(swept.is_ok(), "{swept:?}");
    match stack.objects(bucket, key).await {
        0 => Seen::held("deleted by the first run after an hour"),
        left => Seen::fell(format!("{left} left")),
    }
}

/// Sign-ins that are broken off when a face is in the collection.
pub(crate) async fn broken_off(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let person = confirmed(&client).await;
    ground.begins().await;
    let mut abandoned = Vec::new();
    for _ in 0..BROKEN_OFF {
        let asked = asked_to_enrol(&client, &person).await;
        let round = client.answer(&asked, inline(pictures::other())).await;
        assert!(round.is_ok(), "{round:?}");
        abandoned.push(asked.challenge_id.clone());
    }
    // The account is as good as ever.
    enrol(&client, &person).await;
    for _ in 0..2 {
        let swept = stack.sweep(Duration::ZERO).await;
        assert!(swept.is_ok(), "{swept:?}");
    }
    let (mut faces, mut records) = (0, 0);
    for id in &abandoned {
        faces += stack.faces_of(id).await;
        records += usize::from(!stack.enrolment(person.user_name(), id).await.is_null());
    }
    let seen = format!("{faces} faces and {records} records of {BROKEN_OFF} sign-ins left");
    match (faces, records) {
        (0, 0) => Seen::held(seen),
        _ => Seen::fell(seen),
    }
}

/// A face that an operator uploaded and to which the person never agreed.
pub(crate) async fn bulk_without_consent(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let person = confirmed(&client).await;
    ground.begins().await;
    let key = format!("bulk/{}/passport.jpg", person.user_name());
    let bucket = &stack.outputs.document_bucket;
    stack.put_object(bucket, &key, pictures::document()).await;
    stack.until_gone(bucket, &key).await;
    let asked = asked_for_face(&client, &person.email).await;
    tokens_or(&client.answer(&asked, inline(pictures::live())).await)
}

/// A document is uploaded by somebody who has agreed to nothing, and not answered for.
pub(crate) async fn upload_without_consent(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let account = owner_without_consent(&client).await;
    let begun = begun_bound(&client, &account).await;
    let asked = challenge(begun, Step::Enrol);
    ground.begins().await;
    let key = &asked.upload.fields["key"];
    let bucket = &stack.outputs.document_bucket;
    let version = stack.put_object(bucket, key, pictures::document()).await;
    let event = stack.upload_event(key, version.as_deref());
    let served = stack.invoke_other("IndexImages", &event).await;
    assert!(served.is_ok(), "{served:?}");
    let faces = stack.faces_of(&asked.challenge_id).await;
    if faces > 0 {
        return Seen::fell(format!("{faces} faces in the collection"));
    }
    // Once agreed to, the same upload is good.
    let agreed = client.answer(&asked.agreeing(), Answer::Uploaded).await;
    let face = challenge(agreed, Step::Verify(Factor::Face));
    let passed = client.answer(&face, inline(pictures::live())).await;
    assert!(matches!(passed, Ok(Round::Tokens(_))), "{passed:?}");
    Seen::held("no face before consent, and the same upload after it")
}

/// Everything that is old and is in use.
pub(crate) async fn swept_twice(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (person, _) = enrolled(&stack).await;
    let key = stack.kept_document(person.user_name()).await;
    let bucket = &stack.outputs.document_bucket;
    ground.begins().await;
    for _ in 0..2 {
        let swept = stack.sweep(LATER).await;
        assert!(swept.is_ok(), "{swept:?}");
    }
    let documents = stack.versions(bucket, &key).await;
    let enrolment = key.rsplit('/').next().unwrap_or_default();
    let faces = stack.faces_of(enrolment).await;
    let asked = asked_for_face(&client, &person.email).await;
    let round = client.answer(&asked, inline(pictures::live())).await;
    let passed = matches!(round, Ok(Round::Tokens(_)));
    let seen = format!("{documents} documents, {faces} faces, passes: {passed}");
    match (documents, faces, passed) {
        (1, 1, true) => Seen::held(seen),
        _ => Seen::fell(seen),
    }
}
