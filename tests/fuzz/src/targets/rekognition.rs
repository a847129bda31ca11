//! Requests to the local recognition, in sequences around a collection of the input's own.

use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use face_engine::Engine;
use local_rekognition::router;
use serde_json::{Value, json};

use super::Target;
use super::server::{Known, Server, conversation};
use crate::mutation::Form;
use crate::picture::drawn;

pub(super) const TARGET: Target = Target {
    name: "rekognition",
    form: Form::Requests,
    run,
    seeds,
    attempts: 200,
};

fn run(input: &[u8]) {
    static SERVER: LazyLock<Server> = LazyLock::new(start);
    static COLLECTIONS: AtomicU64 = AtomicU64::new(0);
    let collection = format!("collection-{}", COLLECTIONS.fetch_add(1, Ordering::Relaxed));
    let known = Known::from([("collection".to_owned(), collection.clone())]);
    SERVER.converse(input, known);
    SERVER.call(
        "DeleteCollection",
        json!({"CollectionId": collection}).to_string(),
    );
}

fn start() -> Server {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/parts/models");
    let engine = Engine::load(&models)
        .unwrap_or_else(|error| panic!("{}: {error}; run: cargo xtask setup", models.display()));
    Server::start("RekognitionService.", |runtime, listener| {
        let service = router(engine, None, "us-east-1".to_owned());
        runtime.spawn(async move { axum::serve(listener, service).await });
    })
}

/// Most pictures in the seeds are none: the networks take a hundred times as long as the rest of
/// a request, and are not what is searched here.
fn seeds() -> Vec<Vec<u8>> {
    let picture = json!({"Bytes": STANDARD.encode(&drawn()[0])});
    let broken = json!({"Bytes": "/9j/"});
    let object = json!({
        "S3Object": {"Bucket": "documents", "Name": "bulk/ada/a b.jpg", "Version": "1"},
    });
    let collection = json!({"CollectionId": "$collection"});
    let other = json!({"CollectionId": "$collection-2"});
    let face = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let page = json!({"CollectionId": "$collection", "MaxResults": 1, "NextToken": "$NextToken"});
    let list = json!({"CollectionId": "$collection", "MaxResults": 2, "FaceIds": [face]});
    let index = |image: &Value| {
        json!({
            "CollectionId": "$collection", "Image": image, "ExternalImageId": "a:b",
            "MaxFaces": 1, "QualityFilter": "AUTO", "DetectionAttributes": ["DEFAULT"],
        })
    };
    let search_by_image = json!({
        "CollectionId": "$collection", "Image": broken, "FaceMatchThreshold": 99.0,
        "MaxFaces": 4096, "QualityFilter": "NONE",
    });
    let delete = json!({"CollectionId": "$collection", "FaceIds": [face]});
    let compare = json!({
        "SourceImage": broken, "TargetImage": broken, "SimilarityThreshold": 90,
        "QualityFilter": "HIGH",
    });
    let detect = |image: &Value| json!({"Image": image, "Attributes": ["ALL", "FACE_OCCLUDED"]});
    let conversations = [
        vec![
            ("CreateCollection", collection.clone()),
            ("CreateCollection", other.clone()),
            ("ListFaces", list),
            ("ListFaces", page),
            ("DeleteCollection", collection.clone()),
            ("DeleteCollection", other),
        ],
        vec![
            ("CreateCollection", collection.clone()),
            ("IndexFaces", index(&broken)),
            ("SearchFacesByImage", search_by_image),
            ("DeleteFaces", delete),
        ],
        vec![
            ("DetectFaces", detect(&broken)),
            ("DetectFaces", detect(&object)),
            ("CompareFaces", compare),
        ],
        vec![
            ("CreateCollection", collection),
            ("IndexFaces", index(&picture)),
        ],
        vec![("DetectFaces", detect(&picture))],
    ];
    conversations
        .map(|requests| conversation(&requests))
        .to_vec()
}
