//! The custom resource: CloudFormation gets an answer, whatever breaks.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::put;
use e2e::stack::Variant;
use e2e::trial::{Ground, Seen, Trial};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::common::rule;

const FAULTS: [&str; 6] = ["throttle", "error", "reset", "stall", "half", "lost"];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (request, operation) in [
        ("Create", "CreateCollection"),
        ("Delete", "DeleteCollection"),
    ] {
        for fault in FAULTS {
            trials.push(trial(
                format!("{operation}: {fault}"),
                Arc::new(move |ground| {
                    Box::pin(told(ground, request, Some((operation, fault)), 0))
                }),
            ));
        }
    }
    trials.push(trial(
        "CloudFormation takes the answer at the third time only".to_owned(),
        Arc::new(|ground| Box::pin(told(ground, "Create", None, 2))),
    ));
    trials
}

fn trial(attempt: String, run: Arc<dyn Fn(Ground) -> e2e::trial::Running + Send + Sync>) -> Trial {
    Trial {
        number: "13".to_owned(),
        attempt,
        expected: "CloudFormation is told".to_owned(),
        variant: Variant::Default,
        proof: "cloud-formation-is-told-nothing",
        run,
    }
}

/// What CloudFormation has been told, and how often it still refuses to listen.
#[derive(Default)]
struct Listener {
    answers: Vec<Value>,
    deaf: u32,
}

type Shared = Arc<Mutex<Listener>>;

async fn listen(State(listener): State<Shared>, body: Bytes) -> StatusCode {
    let mut listener = listener.lock().unwrap_or_else(PoisonError::into_inner);
    if listener.deaf > 0 {
        listener.deaf -= 1;
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let answer = serde_json::from_slice(&body).unwrap_or_default();
    listener.answers.push(answer);
    StatusCode::OK
}

async fn told(
    ground: Ground,
    request: &'static str,
    broken: Option<(&'static str, &'static str)>,
    deaf: u32,
) -> Seen {
    let shared = Shared::default();
    shared.lock().unwrap_or_else(PoisonError::into_inner).deaf = deaf;
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/answer", socket.local_addr().expect("an address"));
    let router = Router::new()
        .route("/answer", put(listen))
        .with_state(Arc::clone(&shared));
    tokio::spawn(async move { axum::serve(socket, router).await });

    let collection = format!("faults-{}", hex::encode(rand::random::<[u8; 8]>()));
    let mut event = json!({
        "RequestType": request,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/faults/1",
        "RequestId": "1",
        "LogicalResourceId": "FaceCollection",
        "ResourceType": "Custom::FaceCollection",
        "ResourceProperties": {
            "CollectionId": collection,
            "KeepOnDelete": "false",
            "SignInPolicy": "FACE",
            "SimilarityThreshold": "99",
            "MailFrom": "",
        },
    });
    if request == "Delete" {
        event["PhysicalResourceId"] = json!(collection);
    }
    let proxy = ground.stack.proxy();
    let order = match broken {
        Some((operation, fault)) => {
            Some(proxy.rule(&rule(operation, 0, &[collection], fault)).await)
        }
        None => None,
    };
    let _ = ground.stack.invoke_other("CreateCollection", &event).await;
    if let Some(order) = order {
        order.remove().await;
    }
    let listener = shared.lock().unwrap_or_else(PoisonError::into_inner);
    match listener.answers.as_slice() {
        [answer] => {
            let status = answer["Status"].as_str().unwrap_or("?");
            let expected = if broken.is_some() {
                "FAILED"
            } else {
                "SUCCESS"
            };
            if status == expected {
                Seen::held(status)
            } else {
                Seen::fell(format!("told {status}: {}", answer["Reason"]))
            }
        }
        [] => Seen::fell("told nothing"),
        more => Seen::fell(format!("told {} times", more.len())),
    }
}
