//! Documents that come without an answer: uploads that nobody answered for, and operators' own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::people::{
    asked_for_face, asked_to_enrol, challenge, confirmed, enrol, enrolled, inline, refused, tokens,
};
use e2e::pictures;
use e2e::stack::{Stack, Variant};
use serde_json::json;
use signin_client::Answer;
use signin_core::enrolment::MAX_RECOGNITIONS;
use signin_core::factor::Factor;
use signin_core::key::DECOY;
use signin_core::reason::Reason;
use signin_core::step::Step;
use signin_core::time::Timestamp;

#[tokio::test]
async fn an_upload_that_nobody_answered_for_is_indexed_by_its_event() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    client
        .upload(&asked, pictures::document())
        .await
        .expect("the document is uploaded");
    let (partition, sort) = (
        format!("USER#{}", person.user_name()),
        format!("ENROLMENT#{}", asked.challenge_id),
    );
    stack.until_state(&partition, &sort, "INDEXED").await;

    // Whoever comes second finds it done.
    let id = asked.challenge_id.clone();
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    tokens(client.answer(&asked, inline(pictures::live())).await);
    assert_eq!(stack.faces_of(&id).await, 1);
    let profile = stack.profile(person.user_name()).await;
    assert_eq!(profile["state"]["S"], "ACTIVE");
}

/// Leaves a face beside the one on record, as a call does that lost its lease, with the picture that it
/// looked at; and a note of that picture.
async fn leave_a_face(stack: &Stack, user: &str, id: &str, due: Timestamp) {
    let (bucket, key) = (&stack.outputs.document_bucket, format!("enrolments/{id}"));
    // The event of this upload would find it needless.
    let quiet = stack.proxy().hold("GetObject", &["versionId=", id]).await;
    let picture = pictures::other();
    let version = stack.put_object(bucket, &key, picture.clone()).await;
    let indexed = json!({
        "CollectionId": stack.outputs.face_collection,
        "ExternalImageId": id,
        "Image": {"Bytes": STANDARD.encode(picture)},
    });
    stack.recognition("IndexFaces", &indexed).await;
    let mut record = stack.enrolment(user, id).await;
    record["unsettled"] = json!({"SS": [version.expect("a version")]});
    record["owed"] = json!({"S": "ENROLMENT"});
    record["owedAt"] = json!({"N": due.as_millis().to_string()});
    stack.put_item(&record).await;
    quiet.remove().await;
}

#[tokio::test]
async fn a_face_that_no_record_names_is_taken_out_by_sweep_or_index_images_and_its_picture_deleted()
{
    let stack = Stack::read(Variant::Default);
    let bucket = &stack.outputs.document_bucket;
    let others = stack.upload_event(&format!("enrolments/{}", "0".repeat(32)), None);
    for sweeps in [true, false] {
        let (person, _) = enrolled(&stack).await;
        let user = person.user_name();
        let id = stack.enrolments_of(user).await.remove(0);
        let now = e2e::attempts::now();
        if sweeps {
            // Not due yet for index-images, which other tests' uploads call too.
            leave_a_face(&stack, user, &id, now.plus(Duration::from_secs(30))).await;
            let swept = stack.sweep(Duration::from_mins(1)).await;
            assert!(swept.is_ok(), "{swept:?}");
        } else {
            leave_a_face(&stack, user, &id, now.minus(Duration::from_hours(1))).await;
        }
        // index-images does a few of all that is owed, the longest due first.
        while !sweeps && stack.faces_of(&id).await > 1 {
            let served = stack.invoke_other("IndexImages", &others).await;
            assert!(served.is_ok(), "{served:?}");
        }
        assert_eq!(stack.faces_of(&id).await, 1);
        stack.until_gone(bucket, &format!("enrolments/{id}")).await;
        let record = stack.enrolment(user, &id).await;
        assert_eq!(record["state"]["S"], "ACTIVE");
        assert!(
            record["unsettled"].is_null() && record["owed"].is_null(),
            "{record}"
        );
    }
}

#[tokio::test]
async fn a_call_whose_enrolment_is_replaced_under_it_takes_its_face_out() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let id = asked.challenge_id.clone();
    let recording = stack
        .proxy()
        .hold("TransactWriteItems", &[&id, "faceId"])
        .await;
    let replaced = async {
        recording.held().await;
        let mut record = stack.enrolment(person.user_name(), &id).await;
        record["state"] = json!({"S": "REPLACED"});
        stack.put_item(&record).await;
        recording.remove().await;
    };
    let document = inline(pictures::document());
    let (answered, ()) = tokio::join!(client.answer(&asked, document), replaced);
    refused(answered, Step::Enrol, Reason::Superseded);
    assert_eq!(stack.faces_of(&id).await, 0);
}

#[tokio::test]
async fn an_operators_upload_is_active_at_once_where_the_operator_states_consent() {
    let stack = Stack::read(Variant::Compare);
    let client = stack.client();
    let person = confirmed(&client).await;
    let user = person.user_name();
    let key = format!("bulk/{user}/staff photo +1.jpg");
    let bucket = &stack.outputs.document_bucket;
    stack.put_object(bucket, &key, pictures::document()).await;
    stack
        .until_state(&format!("USER#{user}"), "PROFILE", "ACTIVE")
        .await;
    let asked = asked_for_face(&client, &person.email).await;
    tokens(client.answer(&asked, inline(pictures::live())).await);
    // What the person has said themselves stays.
    let profile = stack.profile(user).await;
    assert_eq!(profile["consentBy"]["S"], "PERSON");
}

#[tokio::test]
async fn an_account_without_a_record_is_enrolled_by_the_operators_word_and_it_is_recorded_as_theirs()
 {
    let stack = Stack::read(Variant::Compare);
    // As an administrator made it: no trigger has written anything.
    let user = uuid::Uuid::new_v4().to_string();
    let key = format!("bulk/{user}/passport.jpg");
    let bucket = &stack.outputs.document_bucket;
    stack.put_object(bucket, &key, pictures::document()).await;
    let profile = stack
        .until_state(&format!("USER#{user}"), "PROFILE", "ACTIVE")
        .await;
    assert_eq!(profile["consent"]["S"], "1");
    assert_eq!(profile["consentBy"]["S"], "OPERATOR");
    assert!(profile["consentAt"]["N"].is_string());
}

#[tokio::test]
async fn an_operators_upload_waits_where_nobody_states_consent_and_a_newer_one_takes_its_place() {
    let stack = Stack::read(Variant::Default);
    let user = uuid::Uuid::new_v4().to_string();
    let bucket = &stack.outputs.document_bucket;
    let mut waiting = Vec::new();
    for name in ["one.jpg", "two.jpg"] {
        let key = format!("bulk/{user}/{name}");
        stack.put_object(bucket, &key, pictures::document()).await;
        stack.until_gone(bucket, &key).await;
        let profile = stack.profile(&user).await;
        assert!(profile["faces"].is_null() && profile["state"].is_null());
        let id = profile["waiting"]["S"].as_str().expect("one waits");
        waiting.push(id.to_owned());
    }
    assert_ne!(waiting[0], waiting[1]);
    stack.sweep(Duration::ZERO).await.expect("nothing fails");
    assert!(stack.enrolment(&user, &waiting[0]).await.is_null());
    let kept = stack.enrolment(&user, &waiting[1]).await;
    assert_eq!(kept["state"]["S"], "INDEXED");
}

#[tokio::test]
async fn where_documents_are_compared_an_operators_is_compared_too() {
    let stack = Stack::read(Variant::Compare);
    let client = stack.client();
    let person = confirmed(&client).await;
    let user = person.user_name();
    let key = format!("bulk/{user}/staff photo +1.jpg");
    let bucket = &stack.outputs.document_bucket;
    stack.put_object(bucket, &key, pictures::document()).await;
    stack
        .until_state(&format!("USER#{user}"), "PROFILE", "ACTIVE")
        .await;

    let asked = asked_for_face(&client, &person.email).await;
    let wrong = client.answer(&asked, inline(pictures::other())).await;
    let asked = refused(wrong, Step::Verify(Factor::Face), Reason::NoMatch);
    tokens(client.answer(&asked, inline(pictures::live())).await);
    assert_eq!(stack.objects(bucket, &format!("bulk/{user}/")).await, 1);
}

#[tokio::test]
async fn the_decoy_lies_where_documents_are_compared_and_nowhere_else() {
    for (variant, expected) in [(Variant::Compare, 1), (Variant::Password, 0)] {
        let stack = Stack::read(variant);
        let bucket = &stack.outputs.document_bucket;
        let decoys = stack.versions(bucket, signin_core::key::DECOY).await;
        assert_eq!(decoys, expected, "{variant:?}");
    }
}

/// The access key id of the function that made a call of this kind, found by a name in it.
async fn caller_of(stack: &Stack, operation: &str, containing: &str) -> String {
    let calls = stack.proxy().calls(0, containing).await;
    let call = calls.into_iter().find(|call| call.operation == operation);
    let signer = call.and_then(|call| call.signer);
    signer.unwrap_or_else(|| panic!("{operation} was called"))
}

#[tokio::test]
async fn pictures_in_buckets_are_recognised_with_the_callers_own_rights() {
    let comparing = Stack::read(Variant::Compare);
    enrolled(&comparing).await;
    let documents = &comparing.outputs.document_bucket;
    let verify = caller_of(&comparing, "CompareFaces", documents).await;
    let searching = Stack::read(Variant::Password);
    let (person, _) = enrolled(&searching).await;
    let collection = &searching.outputs.face_collection;
    let elsewhere = caller_of(&searching, "SearchFacesByImage", collection).await;

    let key = format!("others/{}.jpg", person.user_name());
    let other = comparing.put_object(documents, &key, pictures::document());
    let other = other.await.expect("a version");
    let decoy = comparing.newest_version(documents, DECOY).await;
    let operator = &comparing.outputs.access_key_id;
    for (caller, key, version, allowed) in [
        (operator, key.as_str(), &other, true),
        (operator, DECOY, &decoy, true),
        (&verify, DECOY, &decoy, true),
        (&verify, &key, &other, false),
        (&elsewhere, DECOY, &decoy, false),
    ] {
        let object = json!({"Bucket": documents, "Name": key, "Version": version});
        let request = json!({"Image": {"S3Object": object}});
        let detected = comparing.recognition_as(caller, "DetectFaces", &request);
        let (status, answer) = detected.await;
        if allowed {
            let faces = answer["FaceDetails"].as_array().map(Vec::len);
            assert_eq!((status, faces), (200, Some(1)), "{caller} {key}: {answer}");
        } else {
            let refused = (400, &json!("InvalidS3ObjectException"));
            assert_eq!((status, &answer["__type"]), refused, "{caller} {key}");
        }
    }
}

#[tokio::test]
async fn an_operators_second_upload_replaces_nothing() {
    let stack = Stack::read(Variant::Default);
    let (person, _) = e2e::people::enrolled(&stack).await;
    let user = person.user_name();
    let before = stack.profile(user).await["faces"].clone();
    let (bucket, key) = (
        &stack.outputs.document_bucket,
        format!("bulk/{user}/other.jpg"),
    );
    stack.put_object(bucket, &key, pictures::other()).await;
    stack.until_gone(bucket, &key).await;
    assert_eq!(stack.profile(user).await["faces"], before);
}

#[tokio::test]
async fn an_enrolment_that_has_had_its_pictures_says_so_and_a_new_sign_in_begins_another() {
    let stack = Stack::read(Variant::Default);
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let bucket = &stack.outputs.document_bucket;
    let key = asked.upload.fields["key"].clone();
    for upload in 0..MAX_RECOGNITIONS {
        let mut picture = pictures::two_people();
        // Behind the picture's end, where nobody looks.
        picture.extend(upload.to_be_bytes());
        client.upload(&asked, picture).await.unwrap();
        stack.until_gone(bucket, &key).await;
    }
    let answered = client.answer(&asked, inline(pictures::document())).await;
    refused(answered, Step::Enrol, Reason::TooManyPictures);
    enrol(&client, &person).await;
}
