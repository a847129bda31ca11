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
    tries: 200,
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

fn seeds() -> Vec<Vec<u8>> {
    let image = |number: usize| json!({"Bytes": STANDARD.encode(&drawn()[number])});
    let face = "0f8fad5b-d9cb-469f-a165-70867728950e";
    let create = ("CreateCollection", json!({"CollectionId": "$collection"}));
    let collections: [(&str, Value); 8] = [
        create.clone(),
        ("CreateCollection", json!({"CollectionId": "$collection-2"})),
        ("DescribeCollection", json!({"CollectionId": "$collection"})),
        ("ListCollections", json!({"MaxResults": 1})),
        (
            "ListCollections",
            json!({"MaxResults": 1, "NextToken": "$NextToken"}),
        ),
        (
            "ListFaces",
            json!({"CollectionId": "$collection", "MaxResults": 2, "FaceIds": [face]}),
        ),
        ("DeleteCollection", json!({"CollectionId": "$collection"})),
        ("DeleteCollection", json!({"CollectionId": "$collection-2"})),
    ];
    let faces = [
        create,
        (
            "IndexFaces",
            json!({
                "CollectionId": "$collection", "Image": image(0), "ExternalImageId": "a:b",
                "MaxFaces": 1, "QualityFilter": "AUTO", "DetectionAttributes": ["DEFAULT"],
            }),
        ),
        (
            "SearchFacesByImage",
            json!({
                "CollectionId": "$collection", "Image": image(3), "FaceMatchThreshold": 99.0,
                "MaxFaces": 4096, "QualityFilter": "NONE",
            }),
        ),
        (
            "SearchFaces",
            json!({"CollectionId": "$collection", "FaceId": face, "MaxFaces": 1}),
        ),
        (
            "DeleteFaces",
            json!({"CollectionId": "$collection", "FaceIds": [face]}),
        ),
    ];
    let pictures = [
        (
            "DetectFaces",
            json!({"Image": image(1), "Attributes": ["ALL", "FACE_OCCLUDED"]}),
        ),
        (
            "DetectFaces",
            json!({"Image": {"S3Object": {
                "Bucket": "documents", "Name": "bulk/ada/a b.jpg", "Version": "1",
            }}}),
        ),
        (
            "CompareFaces",
            json!({
                "SourceImage": image(0), "TargetImage": image(3), "SimilarityThreshold": 90,
                "QualityFilter": "HIGH",
            }),
        ),
    ];
    let conversations: [&[(&str, Value)]; 3] = [&collections, &faces, &pictures];
    conversations.map(conversation).to_vec()
}
