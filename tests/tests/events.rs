//! Every event in `events/` does what the file beside it says, handed to the function's own
//! executable by AWS's Runtime Interface Emulator; and nothing of an event reaches a log.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::put;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::events::{Expectation, Sample, SampleValues, Variables, compare, fill, functions};
use e2e::lambda::{Function, Outcome, Printed};
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::template::Template;
use e2e::{face_data, pictures};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signin_core::face_data::{FaceData, Model};
use tokio::net::TcpListener;
use uuid::Uuid;

/// What asks for more words from a function, by the names that runtimes and SDKs know.
const TALKATIVE: [(&str, &str); 3] = [
    ("RUST_LOG", "trace"),
    ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ("RUST_BACKTRACE", "full"),
];

/// The variables of which nothing may stand in a log.
const SECRET: [&str; 16] = [
    "Email",
    "Binding",
    "BindingSecret",
    "PassNonce",
    "FaceId",
    "Policy",
    "Signature",
    "DocumentPicture",
    "LivePicture",
    "OtherPicture",
    "TwoPeoplePicture",
    "DocumentFaceData",
    "LiveFaceData",
    "AnotherFaceData",
    "OtherFaceData",
    "EnrolledData",
];

/// Functions' processes, one for each function and settings, kept warm.
struct Processes<'a> {
    stack: &'a Stack,
    running: HashMap<(String, BTreeMap<String, String>), Function>,
}

impl<'a> Processes<'a> {
    fn new(stack: &'a Stack) -> Self {
        Self {
            stack,
            running: HashMap::new(),
        }
    }

    /// The process of a function with the stack's settings and some others.
    async fn get(&mut self, function: &str, other: &BTreeMap<String, String>) -> &mut Function {
        let place = (function.to_owned(), other.clone());
        if !self.running.contains_key(&place) {
            let template = Template::read();
            let mut environment = if template.deploys(function, &template.defaults()) {
                self.stack.environment(function)
            } else {
                Stack::read(Variant::Mailed).environment(function)
            };
            for (name, value) in other {
                environment.insert(name.clone(), fill(value, &self.stack.by_name));
            }
            environment.extend(TALKATIVE.map(|(name, value)| (name.to_owned(), value.to_owned())));
            let started = Function::start(function, &environment).await;
            self.running.insert(place.clone(), started);
        }
        self.running.get_mut(&place).expect("it was just started")
    }

    /// Ends all processes and returns what they printed.
    async fn printed(self) -> Printed {
        let mut all = Printed::default();
        for process in self.running.into_values() {
            let printed = process.kill().await;
            all.function += &printed.function;
            all.emulator += &printed.emulator;
        }
        all
    }
}

/// Takes what is put to the response URL of a custom resource.
#[derive(Clone, Default)]
struct Answers(Arc<Mutex<Vec<Bytes>>>);

impl Answers {
    /// Listens at an address of its own.
    async fn listen() -> (Self, String) {
        let answers = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let keep = |State(answers): State<Self>, body: Bytes| async move {
            answers.all().push(body);
        };
        let routes = Router::new()
            .route("/answer", put(keep))
            .with_state(answers.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let url = format!("http://{address}/answer?AWSAccessKeyId=EXAMPLE&Signature=c2lnbmF0dXJl");
        (answers, url)
    }

    /// The answers since the last call.
    fn take(&self) -> Vec<Value> {
        let answers = std::mem::take(&mut *self.all());
        let read = |answer: &Bytes| serde_json::from_slice(answer).expect("an answer is JSON");
        answers.iter().map(read).collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Vec<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a picture.
type Camera = fn() -> Vec<u8>;

/// The pictures that events show, by the variables that stand for them.
const PICTURES: [(&str, Camera); 4] = [
    ("DocumentPicture", pictures::document),
    ("LivePicture", pictures::live),
    ("OtherPicture", pictures::other),
    ("TwoPeoplePicture", pictures::two_people),
];

/// Computes face data.
type Computed = fn(Model) -> FaceData;

/// The face data that events carry, likewise.
const FACE_DATA: [(&str, Computed); 4] = [
    ("DocumentFaceData", face_data::document),
    ("LiveFaceData", face_data::live),
    ("AnotherFaceData", face_data::live),
    ("OtherFaceData", face_data::other),
];

/// One user, to whom a sample and those before it happen.
struct Scene<'a> {
    stack: &'a Stack,
    samples: &'a BTreeMap<String, Sample>,
    values: SampleValues,
    variables: Variables,
    answers: Answers,
}

impl<'a> Scene<'a> {
    async fn set(stack: &'a Stack, samples: &'a BTreeMap<String, Sample>) -> Self {
        let (answers, response_url) = Answers::listen().await;
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let challenge = || hex::encode(rand::random::<[u8; 16]>());
        let mut variables = stack.by_name.clone();
        for (name, value) in [
            ("UserName", Uuid::new_v4().to_string()),
            ("Email", fresh_email()),
            ("Binding", hex::encode(Sha256::digest(secret.as_bytes()))),
            ("BindingSecret", secret),
            ("PassNonce", hex::encode(rand::random::<[u8; 16]>())),
            ("ChallengeId", challenge()),
            ("CollectionId", format!("events-{}", challenge())),
            ("RequestId", Uuid::new_v4().to_string()),
            ("ResponseUrl", response_url),
        ] {
            variables.insert(name.to_owned(), value);
        }
        Self {
            stack,
            samples,
            values: SampleValues::read(),
            variables,
            answers,
        }
    }

    /// Plays the samples before this one, then this one.
    async fn play(&mut self, sample: &Sample, processes: &mut Processes<'_>) -> Result<(), String> {
        let mut played = vec![sample];
        while let Some(after) = &played[played.len() - 1].expected.after {
            let before = self.samples.get(after);
            played.push(before.unwrap_or_else(|| panic!("there is no event {after}")));
        }
        for (name, take) in PICTURES {
            if played
                .iter()
                .any(|sample| sample.mentions(&self.values, name))
            {
                let picture = STANDARD.encode(take());
                self.variables.insert(name.to_owned(), picture);
            }
        }
        for (name, compute) in FACE_DATA {
            if played
                .iter()
                .any(|sample| sample.mentions(&self.values, name))
            {
                let document = compute(Model::Descriptor128).to_document();
                self.variables.insert(name.to_owned(), document.to_string());
            }
        }
        for sample in played.into_iter().rev() {
            let path = &sample.path;
            let process = processes.get(&sample.function, &sample.expected.settings);
            let process = process.await;
            self.happen(sample, process)
                .await
                .map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(())
    }

    /// Hands an event to a process and holds what comes of it to what is expected.
    async fn happen(&mut self, sample: &Sample, process: &mut Function) -> Result<(), String> {
        for (key, content) in &sample.expected.uploads {
            let content = STANDARD.decode(fill(content, &self.variables)).unwrap();
            let key = fill(key, &self.variables);
            let outputs = &self.stack.outputs;
            let bucket = if key.starts_with("sign-in/") {
                &outputs.sign_in_bucket
            } else {
                &outputs.document_bucket
            };
            if let Some(version) = self.stack.put_object(bucket, &key, content).await {
                self.variables.insert("VersionId".to_owned(), version);
            }
        }
        let event = self.values.replaced(&sample.event, &self.variables);
        let outcome = process.invoke(&event).await;
        let (expected, found) = expected(&sample.expected, &event, outcome)?;
        compare(&expected, &found, &mut self.variables, "outcome")?;
        match (&sample.expected.answer, self.answers.take().as_slice()) {
            (None, []) => Ok(()),
            (Some(expected), [answer]) => compare(expected, answer, &mut self.variables, "answer"),
            (_, answers) => Err(format!("{} answers were sent", answers.len())),
        }
    }
}

/// What is to be compared: what is expected, and what was found of the same kind.
fn expected(
    expected: &Expectation,
    event: &Value,
    outcome: Outcome,
) -> Result<(Value, Value), String> {
    let Expectation {
        response,
        result,
        error,
        ..
    } = expected;
    match (response, result, error, outcome) {
        (Some(response), None, None, Outcome::Response(mut found)) => {
            let found_response = found["response"].take();
            found["response"] = event["response"].clone();
            if found == *event {
                Ok((response.clone(), found_response))
            } else {
                Err("the event did not come back as it was sent".to_owned())
            }
        }
        (None, Some(result), None, Outcome::Response(found)) => Ok((result.clone(), found)),
        (None, None, Some(error), Outcome::Error(mut found)) => {
            // Nothing else of an error reaches Cognito.
            if let Some(members) = found.as_object_mut() {
                members.retain(|name, _| name.starts_with("error"));
            }
            Ok((error.clone(), found))
        }
        (_, _, _, outcome) => Err(format!("{outcome:?} was not expected")),
    }
}

fn samples() -> BTreeMap<String, Sample> {
    let by_path = |sample: Sample| (sample.path.clone(), sample);
    Sample::all().into_iter().map(by_path).collect()
}

/// Every line of a function's is one of our own, and none at all shows one of these values.
fn assert_says_nothing_of(printed: &Printed, secrets: &[(String, String)]) {
    for line in printed.function.lines() {
        let read: Value = serde_json::from_str(line)
            .unwrap_or_else(|_| panic!("expected a line of our own log, found {line:.200}"));
        let target = read["target"].as_str().unwrap_or_default();
        assert!(target.starts_with("signin"), "{line:.200}");
    }
    for (name, secret) in secrets {
        let logs = [&printed.function, &printed.emulator];
        let told = logs.iter().any(|log| log.contains(secret));
        assert!(!told, "the log tells {name}");
    }
}

#[test]
fn every_function_has_a_good_event_and_a_bad_one() {
    let samples = Sample::all();
    for function in functions() {
        let own = samples.iter().filter(|sample| sample.function == function);
        let (bad, good): (Vec<_>, Vec<_>) = own.partition(|sample| {
            let failed = |value: &Option<Value>, place: &str, what: Value| {
                value.as_ref().and_then(|value| value.pointer(place)) == Some(&what)
            };
            let expected = &sample.expected;
            expected.error.is_some()
                || failed(&expected.response, "/failAuthentication", json!(true))
                || failed(&expected.response, "/answerCorrect", json!(false))
                || failed(&expected.answer, "/Status", json!("FAILED"))
        });
        assert!(!good.is_empty() && !bad.is_empty(), "{function}");
    }
    for sample in samples {
        assert!(!sample.expected.about.is_empty(), "{}", sample.path);
    }
}

#[tokio::test]
async fn a_process_that_was_just_started_answers_every_event_as_expected() {
    let stack = Stack::read(Variant::Default);
    let samples = samples();
    let mut wrong = Vec::new();
    for sample in samples.values() {
        let mut scene = Scene::set(&stack, &samples).await;
        let mut processes = Processes::new(&stack);
        wrong.extend(scene.play(sample, &mut processes).await.err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_warm_process_answers_every_event_as_expected_and_logs_nothing_of_them() {
    let stack = Stack::read(Variant::Default);
    let samples = samples();
    let mut processes = Processes::new(&stack);
    let (mut wrong, mut secrets) = (Vec::new(), Vec::new());
    for sample in samples.values() {
        let mut scene = Scene::set(&stack, &samples).await;
        wrong.extend(scene.play(sample, &mut processes).await.err());
        let known = SECRET
            .iter()
            .filter_map(|name| scene.variables.get_key_value(*name));
        secrets.extend(known.map(|(name, value)| (name.clone(), value.clone())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let printed = processes.printed().await;
    let own = &printed.function;
    assert!(own.contains("served") && own.contains("refused"));
    assert_says_nothing_of(&printed, &secrets);
}

#[tokio::test]
async fn a_picture_an_address_and_a_token_stay_out_of_the_log_whatever_the_environment_asks_for() {
    let canary = "canary-that-nobody-may-hear";
    let stack = Stack::read(Variant::Default);
    let samples = samples();
    let mut scene = Scene::set(&stack, &samples).await;
    // A picture with a face, so that it passes through every layer, and more behind its end.
    let mut picture = pictures::live();
    picture.extend(canary.repeat(3).bytes());
    let encoded = STANDARD.encode(&picture);
    for (name, value) in [
        ("Email", format!("{canary}@example.com")),
        ("LivePicture", encoded.clone()),
    ] {
        scene.variables.insert(name.to_owned(), value);
    }
    let event = |path: &str| {
        let event = &samples[path].event;
        let mut event = scene.values.replaced(event, &scene.variables);
        event["request"]["clientMetadata"]["token"] = json!(canary);
        event["request"]["validationData"] = json!({"token": canary});
        event
    };
    let none = BTreeMap::new();
    let mut processes = Processes::new(&stack);

    let asked = event("create-auth-challenge/asks-for-a-face");
    let created = processes.get("create-auth-challenge", &none).await;
    let Outcome::Response(created) = created.invoke(&asked).await else {
        panic!("a challenge is created for everybody");
    };
    let mut answered = event("verify-auth-challenge/user-without-a-face");
    let private = "privateChallengeParameters";
    answered["request"][private] = created["response"][private].clone();
    let verified = processes.get("verify-auth-challenge", &none).await;
    let verified = verified.invoke(&answered).await;
    for path in ["pre-signup/signs-up", "pre-signup/without-consent"] {
        let signed_up = processes.get("pre-signup", &none).await;
        signed_up.invoke(&event(path)).await;
    }

    let printed = processes.printed().await;
    let looked_at = printed.function.contains("NO_MATCH");
    assert!(looked_at, "{verified:?} came of: {printed:?}");
    let fields = &created["response"]["publicChallengeParameters"]["uploadFields"];
    let fields: BTreeMap<String, String> = serde_json::from_str(fields.as_str().unwrap()).unwrap();
    let bytes: Vec<String> = picture[..16].iter().map(ToString::to_string).collect();
    let secrets = [
        ("the canary", canary),
        ("the picture's beginning", &encoded[..64]),
        ("the picture's end", &encoded[encoded.len() - 64..]),
        ("the picture's bytes", &bytes.join(", ")),
        ("the binding", &scene.variables["Binding"]),
        ("the upload's policy", &fields["policy"]),
        ("the upload's signature", &fields["x-amz-signature"]),
    ];
    let secrets = secrets.map(|(name, secret)| (name.to_owned(), secret.to_owned()));
    assert_says_nothing_of(&printed, &secrets);
}
