//! The server as the AWS SDK for Rust and a plain HTTP client see it, with the pictures of the
//! models' own package.

#![allow(clippy::unwrap_used)]

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use aws_sdk_rekognition::{
    Client, Config,
    config::{Credentials, Region},
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
    types::{Attribute, Image, QualityFilter, S3Object},
};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    response::IntoResponse,
    routing::get,
};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use face_engine::{Engine, Picture};
use image::{DynamicImage, RgbImage, codecs::jpeg::JpegEncoder, imageops};
use local_guard::StackKey;
use local_rekognition::{ObjectStore, Recogniser, router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

fn parts() -> PathBuf {
    let parts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/parts");
    let there = parts.join("models").is_dir() && parts.join("face-api/package/demo").is_dir();
    assert!(
        there,
        "{} is incomplete; run: cargo xtask setup",
        parts.display()
    );
    parts
}

fn engine() -> Engine {
    Engine::load(&parts().join("models")).unwrap()
}

/// A group picture: five people.
fn group() -> Vec<u8> {
    std::fs::read(parts().join("face-api/package/demo/sample5.jpg")).unwrap()
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .unwrap();
    bytes
}

/// One person cut out of the group, encoded with `quality`.
fn portrait(number: usize, quality: u8) -> Vec<u8> {
    let whole = image::load_from_memory(&group()).unwrap().into_rgb8();
    let picture = Picture::decode(&group()).unwrap();
    let faces = engine().faces(&picture);
    let bounds = faces[number].bounds;
    let pixel = |value: f32| i64::from(format!("{:.0}", value.max(0.0)).parse::<u32>().unwrap());
    let (x, y) = (
        pixel(bounds.left - bounds.width * 0.4),
        pixel(bounds.top - bounds.width * 0.4),
    );
    let side = pixel(bounds.width * 1.8);
    let [x, y, side] = [x, y, side].map(|value| u32::try_from(value).unwrap());
    jpeg(
        &imageops::crop_imm(&whole, x, y, side, side).to_image(),
        quality,
    )
}

/// Starts a router on a port of its own and returns its address.
async fn start(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn server(store: Option<ObjectStore>) -> (Client, String) {
    let address = start(router(engine(), store, "us-east-1".into())).await;
    let config = Config::builder()
        .endpoint_url(&address)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    (Client::from_conf(config), address)
}

#[tokio::test]
async fn what_is_remembered_is_answered_as_what_is_computed() {
    // Room for fewer pictures than are shown.
    let room = NonZeroUsize::new(3).unwrap();
    let remembering = Recogniser::from(engine()).remembering(room);
    let plain = start(router(engine(), None, String::new())).await;
    let remembers = start(router(remembering, None, String::new())).await;
    let pictures = [group(), portrait(0, 90), portrait(1, 90), portrait(0, 60)];
    let pictures = pictures.map(|picture| BASE64_STANDARD.encode(picture));
    for place in [0, 1, 2, 0, 3, 1, 1, 2] {
        let compared = json!({
            "SourceImage": {"Bytes": pictures[place]},
            "TargetImage": {"Bytes": pictures[0]},
            "SimilarityThreshold": 0,
        });
        let detected = json!({"Image": {"Bytes": pictures[place]}, "Attributes": ["ALL"]});
        for (operation, body) in [("CompareFaces", compared), ("DetectFaces", detected)] {
            let computed = post(&plain, operation, body.to_string()).await;
            assert_eq!(computed.0, 200, "{}", computed.1);
            assert_eq!(
                post(&remembers, operation, body.to_string()).await,
                computed
            );
        }
    }
}

fn inline(bytes: impl Into<Vec<u8>>) -> Image {
    Image::builder().bytes(Blob::new(bytes)).build()
}

/// The name of the exception.
fn code<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> String {
    let error = result.err();
    let code = error
        .as_ref()
        .and_then(|error| error.as_service_error()?.code());
    code.unwrap_or("no code").to_owned()
}

/// A plain request: status and body.
async fn post(address: &str, operation: &str, body: impl Into<String>) -> (u16, Value) {
    let response = reqwest::Client::new()
        .post(address)
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("RekognitionService.{operation}"))
        .body(body.into())
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_face_is_indexed_found_listed_and_deleted() {
    // Given a collection with one person
    let (client, _) = server(None).await;
    let created = client
        .create_collection()
        .collection_id("people")
        .send()
        .await
        .unwrap();
    assert_eq!(created.status_code(), Some(200));
    let again = client
        .create_collection()
        .collection_id("people")
        .send()
        .await;
    assert_eq!(code(again), "ResourceAlreadyExistsException");
    let indexed = client
        .index_faces()
        .collection_id("people")
        .image(inline(portrait(0, 90)))
        .external_image_id("enrolment:1")
        .max_faces(1)
        .quality_filter(QualityFilter::None)
        .send()
        .await
        .unwrap();
    let face = indexed.face_records()[0].face().unwrap();
    let id = face.face_id().unwrap();
    assert_eq!(face.external_image_id(), Some("enrolment:1"));
    assert!(indexed.face_model_version().is_some());

    // When the same person and another one are searched for
    let search = |picture| {
        let request = client.search_faces_by_image().collection_id("people");
        request
            .image(inline(picture))
            .face_match_threshold(99.0)
            .send()
    };
    let found = search(portrait(0, 60)).await.unwrap();
    let stranger = search(portrait(1, 90)).await.unwrap();

    // Then only the first is found
    assert_eq!(found.face_matches()[0].face().unwrap().face_id(), Some(id));
    assert!(found.face_matches()[0].similarity().unwrap() > 99.0);
    assert!(stranger.face_matches().is_empty());

    // And the collection knows what it has, until it is deleted
    let listed = client
        .list_faces()
        .collection_id("people")
        .send()
        .await
        .unwrap();
    assert_eq!(listed.faces()[0].face_id(), Some(id));
    let unknown = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let request = client
        .delete_faces()
        .collection_id("people")
        .face_ids(id)
        .face_ids(unknown);
    let deleted = request.send().await.unwrap();
    assert_eq!(deleted.deleted_faces(), [id]);
    assert_eq!(
        deleted.unsuccessful_face_deletions()[0].face_id(),
        Some(unknown)
    );
    assert!(
        search(portrait(0, 60))
            .await
            .unwrap()
            .face_matches()
            .is_empty()
    );
    client
        .delete_collection()
        .collection_id("people")
        .send()
        .await
        .unwrap();
    let gone = client
        .delete_collection()
        .collection_id("people")
        .send()
        .await;
    assert_eq!(code(gone), "ResourceNotFoundException");
}

#[tokio::test]
async fn the_largest_faces_are_indexed_and_the_others_named() {
    let (client, _) = server(None).await;
    client
        .create_collection()
        .collection_id("people")
        .send()
        .await
        .unwrap();
    let request = client
        .index_faces()
        .collection_id("people")
        .image(inline(group()));
    let indexed = request
        .max_faces(2)
        .quality_filter(QualityFilter::None)
        .send()
        .await
        .unwrap();
    assert_eq!(indexed.face_records().len(), 2);
    assert_eq!(indexed.unindexed_faces().len(), 3);
    let width = |bounds: Option<&aws_sdk_rekognition::types::BoundingBox>| {
        bounds
            .and_then(aws_sdk_rekognition::types::BoundingBox::width)
            .unwrap()
    };
    let least = width(indexed.face_records()[1].face().unwrap().bounding_box());
    for left_out in indexed.unindexed_faces() {
        assert_eq!(left_out.reasons()[0].as_str(), "EXCEEDS_MAX_FACES");
        assert!(width(left_out.face_detail().unwrap().bounding_box()) <= least);
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let (client, _) = server(None).await;
    client
        .create_collection()
        .collection_id("a")
        .send()
        .await
        .unwrap();
    let request = client
        .index_faces()
        .collection_id("a")
        .image(inline(group()));
    request
        .quality_filter(QualityFilter::None)
        .send()
        .await
        .unwrap();
    let mut pages = client
        .list_faces()
        .collection_id("a")
        .max_results(2)
        .into_paginator()
        .send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().faces().len());
    }
    assert_eq!(sizes, [2, 2, 1]);
    let request = client.list_faces().collection_id("a").next_token("!");
    assert_eq!(
        code(request.send().await),
        "InvalidPaginationTokenException"
    );
}

#[tokio::test]
async fn a_picture_is_saved_once_under_an_external_id() {
    let (client, _) = server(None).await;
    let created = client.create_collection().collection_id("people");
    created.send().await.unwrap();
    let index = async |picture: Vec<u8>, external: Option<&str>| {
        let request = client
            .index_faces()
            .collection_id("people")
            .image(inline(picture))
            .quality_filter(QualityFilter::None)
            .set_external_image_id(external.map(str::to_owned));
        let indexed = request.send().await.unwrap();
        indexed.face_records()[0].face().unwrap().clone()
    };
    let first = index(portrait(0, 90), Some("a")).await;
    let again = index(portrait(0, 90), Some("a")).await;
    assert_eq!(first, again);
    // Another external id, another picture, and none at all each make a face of their own.
    let mut ids = vec![first.face_id().unwrap().to_owned()];
    for (quality, external) in [(90, Some("b")), (60, Some("a")), (90, None), (90, None)] {
        let face = index(portrait(0, quality), external).await;
        ids.push(face.face_id().unwrap().to_owned());
    }
    let listed = client.list_faces().collection_id("people");
    let listed = listed.send().await.unwrap();
    ids.sort();
    let mut stored: Vec<_> = listed
        .faces()
        .iter()
        .map(|face| face.face_id().unwrap())
        .collect();
    stored.sort_unstable();
    assert_eq!(stored, ids);
    // What was deleted is saved anew.
    let deleted = client.delete_faces().collection_id("people");
    let deleted = deleted.face_ids(first.face_id().unwrap()).send().await;
    assert_eq!(deleted.unwrap().deleted_faces().len(), 1);
    let anew = index(portrait(0, 90), Some("a")).await;
    assert_ne!(anew.face_id(), first.face_id());
}

#[tokio::test]
async fn faces_are_described_in_units_of_the_picture() {
    let (client, _) = server(None).await;
    let request = client.detect_faces().image(inline(portrait(0, 90)));
    let attributes = request
        .attributes(Attribute::Default)
        .attributes(Attribute::FaceOccluded);
    let detected = attributes.send().await.unwrap();
    let face = &detected.face_details()[0];
    let bounds = face.bounding_box().unwrap();
    assert!((0.4..0.75).contains(&bounds.width().unwrap()));
    assert_eq!(face.landmarks().len(), 5);
    for landmark in face.landmarks() {
        assert!((0.0..1.0).contains(&landmark.x().unwrap()));
    }
    assert!(face.pose().unwrap().yaw().unwrap().abs() < 45.0);
    assert!(face.quality().unwrap().sharpness().unwrap() > 20.0);
    assert!(face.confidence().unwrap() > 50.0);
    let occluded = face.face_occluded().unwrap();
    assert!(!occluded.value() && occluded.confidence().unwrap() <= 50.0);

    let request = client.detect_faces().image(inline(portrait(0, 90)));
    let all = request.attributes(Attribute::All).send().await.unwrap();
    assert_eq!(all.face_details()[0].landmarks().len(), 30);
}

#[tokio::test]
async fn a_blurred_face_is_called_blurred_and_a_dark_one_dark() {
    let (client, _) = server(None).await;
    let detect = |picture: &RgbImage| {
        client
            .detect_faces()
            .image(inline(jpeg(picture, 92)))
            .send()
    };
    let sharp = image::load_from_memory(&portrait(1, 95))
        .unwrap()
        .into_rgb8();
    let side = f32::from(u16::try_from(sharp.width()).unwrap());
    let blurred = imageops::blur(&sharp, side / 1.8 * 0.02);
    let mut dark = DynamicImage::ImageRgb8(sharp.clone()).into_rgb8();
    dark.iter_mut().for_each(|value| *value /= 3);
    let quality = async |picture: &RgbImage| {
        let found = detect(picture).await.unwrap();
        let quality = found.face_details()[0].quality().unwrap().clone();
        (quality.brightness().unwrap(), quality.sharpness().unwrap())
    };
    let (brightness, sharpness) = quality(&sharp).await;
    assert!(
        brightness >= 20.0 && sharpness >= 20.0,
        "{brightness} {sharpness}"
    );
    assert!(quality(&blurred).await.1 < 20.0);
    assert!(quality(&dark).await.0 < 20.0);
}

#[tokio::test]
async fn two_pictures_are_compared() {
    let (client, _) = server(None).await;
    let compare = |target| {
        let request = client.compare_faces().source_image(inline(portrait(0, 90)));
        request
            .target_image(inline(target))
            .similarity_threshold(99.0)
            .send()
    };
    let same = compare(portrait(0, 60)).await.unwrap();
    assert_eq!(
        (same.face_matches().len(), same.unmatched_faces().len()),
        (1, 0)
    );
    let other = compare(portrait(1, 90)).await.unwrap();
    assert_eq!(
        (other.face_matches().len(), other.unmatched_faces().len()),
        (0, 1)
    );
    assert!(other.source_image_face().is_some());
    let among = compare(group()).await.unwrap();
    assert_eq!(
        (among.face_matches().len(), among.unmatched_faces().len()),
        (1, 4)
    );
    // A match says where in the target it is.
    let found = among.face_matches()[0]
        .face()
        .and_then(|f| f.bounding_box());
    let detected = client.detect_faces().image(inline(group())).send().await;
    let largest = detected.unwrap().face_details()[0].bounding_box().cloned();
    assert_eq!(found, largest.as_ref());
}

#[tokio::test]
async fn of_a_source_the_largest_face_alone_is_compared() {
    let (client, _) = server(None).await;
    for (number, expected) in [(0, 1), (1, 0), (2, 0)] {
        let request = client.compare_faces().source_image(inline(group()));
        let compared = request
            .target_image(inline(portrait(number, 90)))
            .similarity_threshold(99.0)
            .send()
            .await
            .unwrap();
        assert_eq!(compared.face_matches().len(), expected, "face {number}");
    }
}

#[tokio::test]
async fn bad_pictures_are_refused_by_name() {
    let (client, _) = server(None).await;
    client
        .create_collection()
        .collection_id("people")
        .send()
        .await
        .unwrap();
    let black = jpeg(&RgbImage::new(320, 240), 90);
    let whole = portrait(0, 90);
    let search = |bytes: Vec<u8>| {
        let request = client.search_faces_by_image().collection_id("people");
        request.image(inline(bytes)).send()
    };
    assert_eq!(
        code(search(b"not a picture".to_vec()).await),
        "InvalidImageFormatException"
    );
    assert_eq!(
        code(search(whole[..whole.len() / 2].to_vec()).await),
        "InvalidImageFormatException"
    );
    let mut huge = whole.clone();
    let frame = huge
        .windows(2)
        .position(|pair| pair == [0xFF, 0xC0])
        .unwrap();
    huge[frame + 5..frame + 9].copy_from_slice(&[0xEA, 0x60, 0xEA, 0x60]);
    assert_eq!(code(search(huge).await), "ImageTooLargeException");
    assert_eq!(
        code(search(black.clone()).await),
        "InvalidParameterException"
    );
    assert_eq!(code(search(vec![]).await), "ValidationException");
    assert_eq!(
        code(search(vec![0; 5 * 1024 * 1024 + 1]).await),
        "ValidationException"
    );
    let detected = client
        .detect_faces()
        .image(inline(black.clone()))
        .send()
        .await
        .unwrap();
    assert!(detected.face_details().is_empty());
    let request = client
        .index_faces()
        .collection_id("people")
        .image(inline(black));
    assert!(request.send().await.unwrap().face_records().is_empty());
    let neither = client
        .detect_faces()
        .image(Image::builder().build())
        .send()
        .await;
    assert_eq!(code(neither), "InvalidParameterException");
}

#[tokio::test]
async fn bad_parameters_are_refused_by_name() {
    let (client, address) = server(None).await;
    let wrong = client.create_collection().collection_id("a b").send().await;
    let message = wrong
        .unwrap_err()
        .into_service_error()
        .message()
        .unwrap()
        .to_owned();
    assert!(message.contains("'collectionId'") && message.contains("[a-zA-Z0-9_.\\-]+"));
    let missing = client.list_faces().collection_id("nowhere").send().await;
    assert_eq!(code(missing), "ResourceNotFoundException");
    let request = client
        .delete_faces()
        .collection_id("x")
        .face_ids("nonsense");
    assert_eq!(code(request.send().await), "ValidationException");
    let request = client
        .search_faces_by_image()
        .collection_id("x")
        .face_match_threshold(101.0);
    assert_eq!(
        code(request.image(inline(group())).send().await),
        "ValidationException"
    );

    for (operation, body, name) in [
        ("DetectFaces", "", "SerializationException"),
        ("DetectFaces", "[]", "SerializationException"),
        ("DetectFaces", "{\"Image\": 7}", "SerializationException"),
        (
            "DetectFaces",
            "{\"Image\": {\"Bytes\": \"*\"}}",
            "SerializationException",
        ),
        ("DetectFaces", "{}", "ValidationException"),
        ("DetectFaces", "{\"Image\": null}", "ValidationException"),
        ("CreateCollection", "{}", "ValidationException"),
        ("DetectLabels", "{}", "UnknownOperationException"),
    ] {
        let (status, answer) = post(&address, operation, body).await;
        assert_eq!(
            (status, &answer["__type"]),
            (400, &json!(name)),
            "{operation} {body}"
        );
    }
}

#[tokio::test]
async fn calls_are_counted() {
    let (client, address) = server(None).await;
    for id in ["people", "people"] {
        let _ = client.create_collection().collection_id(id).send().await;
    }
    let _ = client.list_faces().collection_id("nowhere").send().await;
    let get = async |path| reqwest::get(format!("{address}{path}")).await.unwrap();
    assert_eq!(get("/_local/health").await.status(), 200);
    let calls: Value = get("/_local/calls").await.json().await.unwrap();
    assert_eq!(calls, json!({ "CreateCollection": 2, "ListFaces": 1 }));
}

/// What the stand-in for S3 was asked: address and headers that sign it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<(String, bool)>>>);

async fn object(State(seen): State<Seen>, request: Request) -> impl IntoResponse {
    let header = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let signed = header("authorization").is_some_and(|value| {
        value.starts_with("AWS4-HMAC-SHA256 Credential=AKID/")
            && value.contains("/us-east-1/s3/aws4_request")
    });
    let signed = signed && header("x-amz-content-sha256").is_some();
    seen.0
        .lock()
        .unwrap()
        .push((request.uri().to_string(), signed));
    if request.uri().path().ends_with("missing") {
        (StatusCode::NOT_FOUND, Vec::new())
    } else if request.uri().path().ends_with("others") {
        (StatusCode::FORBIDDEN, Vec::new())
    } else if request.uri().path().ends_with("long") {
        (StatusCode::OK, vec![0; 15 * 1024 * 1024 + 1])
    } else {
        (StatusCode::OK, portrait(0, 90))
    }
}

#[tokio::test]
async fn pictures_in_buckets_are_read_with_a_signed_request() {
    let seen = Seen::default();
    let app = Router::new()
        .route("/{*path}", get(object))
        .with_state(seen.clone());
    let store = ObjectStore {
        endpoint: start(app).await,
        region: "us-east-1".into(),
        key: StackKey::new("AKID".into(), "secret".into()),
    };
    let (client, _) = server(Some(store)).await;
    let detect = |name: &str| {
        let object = S3Object::builder()
            .bucket("documents")
            .name(name)
            .version("v 1")
            .build();
        client
            .detect_faces()
            .image(Image::builder().s3_object(object).build())
            .send()
    };
    let detected = detect("enrolments/ü b/1").await.unwrap();
    assert_eq!(detected.face_details().len(), 1);
    assert_eq!(code(detect("missing").await), "InvalidS3ObjectException");
    // Whoever may not read it hears the same: the service does not say which.
    assert_eq!(code(detect("others").await), "InvalidS3ObjectException");
    assert_eq!(code(detect("long").await), "ImageTooLargeException");
    let seen = seen.0.lock().unwrap().clone();
    assert_eq!(
        seen[0],
        (
            "/documents/enrolments/%C3%BC%20b/1?versionId=v%201".into(),
            true
        )
    );
}

#[tokio::test]
async fn without_an_object_store_objects_are_refused() {
    let (client, _) = server(None).await;
    let object = S3Object::builder().bucket("documents").name("x").build();
    let request = client
        .detect_faces()
        .image(Image::builder().s3_object(object).build());
    assert_eq!(code(request.send().await), "InvalidS3ObjectException");
}
