//! Documents: events of S3's that come twice, late or in another order, the function behind them,
//! and calls that die half-way.

use std::sync::Arc;
use std::time::Duration;

use e2e::lambda::Function;
use e2e::people::{Person, asked_to_enrol, challenge, confirmed, inline};
use e2e::pictures;
use e2e::stack::{Stack, Variant};
use e2e::trial::{Ground, Running, Seen, Trial};
use serde_json::{Value, json};
use signin_client::{Challenge, Round};
use signin_core::budget;
use signin_core::challenge::{PRIVATE_PARAMETER, PrivateChallenge, Task};
use signin_core::factor::Factor;
use signin_core::id::{ChallengeId, EnrolmentId};
use signin_core::key::DocumentKey;
use signin_core::reset::Opening;
use signin_core::step::Step;

use crate::common::{data_url, leases_are_over, rule};

/// What the function behind S3's events calls, as far as its work depends on it.
const CALLS: [&str; 6] = [
    "GetObject",
    "BatchGetItem",
    "UpdateItem",
    "DetectFaces",
    "IndexFaces",
    "TransactWriteItems",
];

/// What it writes for an operator's upload, by a word that only this write says: that the upload is
/// known, that its face is in the collection, and that it is the user's.
const BULK_WRITES: [(&str, &str); 3] = [
    ("that it is known", "AWAITED"),
    ("the face", "INDEXED"),
    ("whose face it is", "consentBy"),
];

const FAULTS: [&str; 6] = ["throttle", "error", "reset", "stall", "half", "lost"];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial(
            "the event comes twice, at once",
            "one face",
            "events-count-anew",
            |g| Box::pin(doubled(g)),
        ),
        trial(
            "the event comes after the enrolment is active",
            "one face",
            "events-count-anew",
            |g| Box::pin(late(g)),
        ),
        trial(
            "the events of two uploads are swapped",
            "the good one stands",
            "events-count-anew",
            |g| Box::pin(swapped(g)),
        ),
        trial(
            "the function is killed between indexing and recording, and called again",
            "one face",
            "calls-index-anew",
            |g| Box::pin(killed(g)),
        ),
        trial(
            "the function is killed between indexing and recording, and another document comes",
            "the face is taken out",
            "orphans-not-looked-for",
            |g| Box::pin(killed_and_replaced(g)),
        ),
        trial(
            "the function is killed between indexing and recording, and another picture is recorded",
            "one face, and no picture is left",
            "orphans-not-looked-for",
            |g| Box::pin(killed_and_followed(g)),
        ),
        trial(
            "a call outlives its lease while another one records the same picture's face",
            "one face",
            "late-calls-forget-at-once",
            |g| Box::pin(outlived(g)),
        ),
        trial(
            "a call outlives its lease while another one dies over another picture",
            "one face",
            "late-calls-leave-their-face",
            |g| Box::pin(outlived_over_another_picture(g)),
        ),
        trial(
            "a call outlives its lease, and the face it came with is recorded by a call after it",
            "the face on record is there",
            "late-calls-forget-at-once",
            |g| Box::pin(outlived_and_recorded_later(g)),
        ),
    ];
    for operation in CALLS {
        for fault in FAULTS {
            let carried_out = matches!(fault, "half" | "lost");
            let proof = match operation {
                // The face is in the collection, and no record tells of it.
                "IndexFaces" if carried_out => "calls-index-anew",
                "TransactWriteItems" if !carried_out => "calls-index-anew",
                // It is all done, and the next call must find it done.
                "TransactWriteItems" => "events-count-anew",
                _ => "faults-are-swallowed",
            };
            trials.push(Trial {
                number: "12".to_owned(),
                attempt: format!("index-images: {operation}: {fault}"),
                expected: "fails loudly, and the next call mends it".to_owned(),
                variant: Variant::Default,
                proof,
                run: Arc::new(move |ground| Box::pin(index_images(ground, operation, fault))),
            });
        }
    }
    for (what, word) in BULK_WRITES {
        for fault in FAULTS {
            let carried_out = matches!(fault, "half" | "lost");
            let proof = match word {
                "AWAITED" => "faults-are-swallowed",
                "consentBy" if !carried_out => "documents-deleted-before-the-end",
                "consentBy" => "lost-answers-count-as-refusals",
                _ if carried_out => "events-count-anew",
                _ => "calls-index-anew",
            };
            trials.push(Trial {
                number: "14".to_owned(),
                attempt: format!("index-images, an operator's upload: writing {what}: {fault}"),
                expected: "fails loudly, and the next call mends it".to_owned(),
                variant: Variant::Password,
                proof,
                run: Arc::new(move |ground| Box::pin(bulk(ground, word, fault))),
            });
        }
    }
    trials
}

fn trial(attempt: &str, expected: &str, proof: &'static str, run: fn(Ground) -> Running) -> Trial {
    Trial {
        number: "11".to_owned(),
        attempt: attempt.to_owned(),
        expected: expected.to_owned(),
        variant: Variant::Default,
        proof,
        run: Arc::new(run),
    }
}

/// Somebody whose document lies in the bucket, and the event that tells of it.
struct Uploaded {
    person: Person,
    asked: Challenge,
    key: String,
}

impl Uploaded {
    async fn prepare(stack: &Stack) -> Self {
        let client = stack.client();
        let person = confirmed(&client).await;
        let asked = asked_to_enrol(&client, &person).await;
        let key = asked.upload.fields["key"].clone();
        Self { person, asked, key }
    }

    fn enrolment(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }

    fn event(&self, stack: &Stack, version: Option<&str>) -> Value {
        stack.upload_event(&self.key, version)
    }

    async fn state(&self, stack: &Stack) -> String {
        let user = self.person.user_name();
        let item = stack.enrolment(user, self.enrolment()).await;
        item["state"]["S"].as_str().unwrap_or("nothing").to_owned()
    }

    /// One face, on record.
    async fn seen(&self, stack: &Stack, states: &[&str]) -> Seen {
        let faces = stack.faces_of(self.enrolment()).await;
        let state = self.state(stack).await;
        let seen = format!("{faces} faces, {state}");
        if faces == 1 && states.contains(&state.as_str()) {
            Seen::held(seen)
        } else {
            Seen::fell(seen)
        }
    }
}

async fn doubled(ground: Ground) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let bucket = &stack.outputs.document_bucket;
    // Held until all of them have read the document, S3's own event among them.
    let proxy = stack.proxy();
    let marks = [uploaded.enrolment().to_owned()];
    let held = proxy.rule(&rule("UpdateItem", 0, &marks, "hold")).await;
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    let event = uploaded.event(&stack, version.as_deref());
    let (one, two, ()) = tokio::join!(
        stack.invoke_other("IndexImages", &event),
        stack.invoke_other("IndexImages", &event),
        async {
            held.bites(3).await;
            held.remove().await;
        }
    );
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    let three = stack.invoke_other("IndexImages", &event).await;
    assert!(three.is_ok(), "{three:?}");
    // As if the document lay there still.
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    let again = uploaded.event(&stack, version.as_deref());
    let again = stack.invoke_other("IndexImages", &again).await;
    assert!(again.is_ok(), "{again:?}");
    uploaded.seen(&stack, &["INDEXED"]).await
}

async fn late(ground: Ground) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let uploaded = Uploaded::prepare(&stack).await;
    let document = client
        .answer(&uploaded.asked, inline(pictures::document()))
        .await;
    let asked = challenge(document, Step::Verify(Factor::Face));
    let round = client.answer(&asked, inline(pictures::live())).await;
    if !matches!(round, Ok(Round::Tokens(_))) {
        return Seen::fell("the enrolment cannot become active");
    }
    let bucket = &stack.outputs.document_bucket;
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    let event = uploaded.event(&stack, version.as_deref());
    let answer = stack.invoke_other("IndexImages", &event).await;
    assert!(answer.is_ok(), "{answer:?}");
    uploaded.seen(&stack, &["ACTIVE"]).await
}

async fn swapped(ground: Ground) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let bucket = &stack.outputs.document_bucket;
    let first = stack
        .put_object(bucket, &uploaded.key, pictures::two_people())
        .await;
    let second = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    for version in [second, first.clone()] {
        let event = uploaded.event(&stack, version.as_deref());
        let answer = stack.invoke_other("IndexImages", &event).await;
        assert!(answer.is_ok(), "{answer:?}");
    }
    // And the first one once more, as if it had been slow.
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::two_people())
        .await;
    let event = uploaded.event(&stack, version.as_deref());
    let answer = stack.invoke_other("IndexImages", &event).await;
    assert!(answer.is_ok(), "{answer:?}");
    uploaded.seen(&stack, &["INDEXED"]).await
}

/// Lets a process of verify-auth-challenge of our own take an answer, and kills it when the face is
/// in the collection and not on record.
async fn kill_while_recording(stack: &Stack, asked: &Challenge, user: &str, answer: &str) {
    let mut environment = stack.environment("verify-auth-challenge");
    let through = &stack.by_name["ProxyEndpoint"];
    for name in ["DYNAMODB", "S3", "REKOGNITION"] {
        environment.insert(format!("AWS_ENDPOINT_URL_{name}"), through.clone());
    }
    let mut function = Function::start("verify-auth-challenge", &environment).await;
    let key = asked.upload.fields["key"].clone();
    let enrolment = key.rsplit('/').next().unwrap_or_default().to_owned();
    let now = e2e::attempts::now();
    let private = PrivateChallenge {
        id: ChallengeId::parse(&asked.challenge_id).expect("a challenge id"),
        expires_at: now.plus(budget::CHALLENGE),
        key,
        session: Opening {
            began: now,
            bound: true,
        },
        secret: None,
        task: Task::Enrol {
            enrolment: EnrolmentId::parse(&enrolment).expect("an enrolment id"),
            consent: None,
        },
    };
    let request = json!({
        "userAttributes": {},
        "privateChallengeParameters": {PRIVATE_PARAMETER: private.to_parameter()},
        "challengeAnswer": answer,
        "userNotFound": false,
    });
    let event = stack.event(e2e::mutation::Trigger::Verify, user, &request);
    let proxy = stack.proxy();
    let record = json!({
        "operation": "TransactWriteItems", "containing": [enrolment, "faceId"], "fault": "hold",
    });
    let held = proxy.rule(&record).await;
    tokio::select! {
        outcome = function.invoke(&event) => panic!("it should be held, and came to {outcome:?}"),
        () = held.held() => {}
    }
    function.kill().await;
    // The caller is gone, and with it the request: the proxy gives it up.
    held.remove().await;
}

async fn killed(ground: Ground) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let document = pictures::document();
    kill_while_recording(&stack, &asked, person.user_name(), &data_url(&document)).await;
    leases_are_over(&stack, person.user_name()).await;
    let again = client.answer(&asked, inline(document)).await;
    let enrolment = asked.challenge_id.clone();
    let passed =
        matches!(&again, Ok(Round::Challenge(next)) if next.step == Step::Verify(Factor::Face));
    let faces = stack.faces_of(&enrolment).await;
    let seen = format!(
        "{faces} faces, {}",
        if passed { "passed" } else { "not passed" }
    );
    if faces == 1 && passed {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

async fn killed_and_replaced(ground: Ground) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let person = confirmed(&client).await;
    let asked = asked_to_enrol(&client, &person).await;
    let lost = asked.challenge_id.clone();
    let other = data_url(&pictures::other());
    kill_while_recording(&stack, &asked, person.user_name(), &other).await;
    let held = stack.faces_of(&lost).await;
    assert_eq!(held, 1, "the killed call has left a face");
    e2e::people::enrol(&client, &person).await;
    leases_are_over(&stack, person.user_name()).await;
    let swept = stack.sweep(Duration::ZERO).await;
    assert!(swept.is_ok(), "{swept:?}");
    match stack.faces_of(&lost).await {
        0 => Seen::held("nothing is left of the killed call"),
        left => Seen::fell(format!("{left} faces that nobody knows of")),
    }
}

async fn killed_and_followed(ground: Ground) -> Seen {
    let stack = ground.stack;
    let client = stack.client();
    let person = confirmed(&client).await;
    let user = person.user_name();
    let asked = asked_to_enrol(&client, &person).await;
    // S3's event of the killed call's picture would take over from it.
    let only_events_name_versions = ["versionId=", &asked.challenge_id];
    let quiet = stack
        .proxy()
        .hold("GetObject", &only_events_name_versions)
        .await;
    kill_while_recording(&stack, &asked, user, &data_url(&pictures::other())).await;
    leases_are_over(&stack, user).await;
    // The killed call has used the challenge up; the next one is for the same enrolment.
    let refused = client.answer(&asked, inline(pictures::document())).await;
    let again = challenge(refused, Step::Enrol);
    let document = client.answer(&again, inline(pictures::document())).await;
    let asked_for_face = challenge(document, Step::Verify(Factor::Face));
    let round = client
        .answer(&asked_for_face, inline(pictures::live()))
        .await;
    if !matches!(round, Ok(Round::Tokens(_))) {
        return Seen::fell("the enrolment cannot become active");
    }
    let before = stack.faces_of(&asked.challenge_id).await;
    assert_eq!(
        before, 2,
        "the killed call has left a face beside the one on record"
    );
    quiet.remove().await;
    leases_are_over(&stack, user).await;
    let swept = stack.sweep(Duration::ZERO).await;
    assert!(swept.is_ok(), "{swept:?}");
    let faces = stack.faces_of(&asked.challenge_id).await;
    let (bucket, key) = (&stack.outputs.document_bucket, &asked.upload.fields["key"]);
    let pictures = stack.versions(bucket, key).await;
    let seen = format!("{faces} faces, {pictures} pictures left");
    if (faces, pictures) == (1, 0) {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}

async fn outlived(ground: Ground) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let (user, enrolment) = (uploaded.person.user_name(), uploaded.enrolment());
    let proxy = stack.proxy();
    // Each call is held when it is about to record its face: S3's own event, then another one.
    let record = json!({
        "operation": "TransactWriteItems", "containing": [enrolment, "faceId"], "times": 1,
        "fault": "hold",
    });
    let slow = proxy.rule(&record).await;
    let bucket = &stack.outputs.document_bucket;
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    slow.held().await;
    stack
        .end_lease(&format!("USER#{user}"), &format!("ENROLMENT#{enrolment}"))
        .await;
    let second = proxy.rule(&record).await;
    let event = uploaded.event(&stack, version.as_deref());
    let (answer, ()) = tokio::join!(stack.invoke_other("IndexImages", &event), async {
        second.held().await;
        // The slow one comes too late, and looks into the record once and again.
        let looks = proxy.hold("BatchGetItem", &[enrolment]).await;
        slow.remove().await;
        looks.held().await;
        looks.remove().await;
        let looks = proxy.hold("BatchGetItem", &[enrolment]).await;
        looks.held().await;
        looks.remove().await;
        second.remove().await;
    });
    assert!(answer.is_ok(), "{answer:?}");
    uploaded.seen(&stack, &["INDEXED"]).await
}

async fn outlived_over_another_picture(ground: Ground) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let (user, enrolment) = (uploaded.person.user_name(), uploaded.enrolment());
    let (partition, sort) = (format!("USER#{user}"), format!("ENROLMENT#{enrolment}"));
    let proxy = stack.proxy();
    let bucket = &stack.outputs.document_bucket;
    // S3's event of the first picture is held before its face is in the collection.
    let index = json!({
        "operation": "IndexFaces", "containing": [enrolment], "times": 1, "fault": "hold",
    });
    let slow = proxy.rule(&index).await;
    stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    slow.held().await;
    stack.end_lease(&partition, &sort).await;
    // The one of the second picture looks for what the first has left, and is held before its own
    // face is on record.
    let dying = proxy
        .rule(&json!({
            "operation": "TransactWriteItems", "containing": [enrolment, "faceId"], "times": 1,
            "fault": "hold",
        }))
        .await;
    stack
        .put_object(bucket, &uploaded.key, pictures::other())
        .await;
    dying.held().await;
    stack.end_lease(&partition, &sort).await;
    // Now the first picture's face comes, too late, and its call takes over once more.
    slow.remove().await;
    stack.until_state(&partition, &sort, "INDEXED").await;
    // The other one finds that it is too late, and is done with its own face when it looks again.
    let look = proxy
        .rule(&json!({
            "operation": "BatchGetItem", "containing": [enrolment], "skip": 1, "times": 1,
            "fault": "hold",
        }))
        .await;
    dying.remove().await;
    look.held().await;
    look.remove().await;
    uploaded.seen(&stack, &["INDEXED"]).await
}

async fn outlived_and_recorded_later(ground: Ground) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let (user, enrolment) = (uploaded.person.user_name(), uploaded.enrolment());
    let (partition, sort) = (format!("USER#{user}"), format!("ENROLMENT#{enrolment}"));
    let proxy = stack.proxy();
    let bucket = &stack.outputs.document_bucket;
    // S3's event of a picture is held with its face in the collection and not on record.
    let once = |operation: &str, marks: &[&str]| {
        json!({
            "operation": operation, "containing": marks, "times": 1, "fault": "hold",
        })
    };
    let slow = proxy
        .rule(&once("TransactWriteItems", &[enrolment, "faceId"]))
        .await;
    let version = stack
        .put_object(bucket, &uploaded.key, pictures::document())
        .await;
    slow.held().await;
    let faces = stack.faces().await;
    let face = faces.into_iter().find(|(of, _)| of == enrolment);
    let (_, face) = face.expect("the face is in the collection");
    stack.end_lease(&partition, &sort).await;
    // Another picture's event has the lease, and does nothing with it for now.
    let between = proxy.rule(&once("IndexFaces", &[enrolment])).await;
    stack
        .put_object(bucket, &uploaded.key, pictures::other())
        .await;
    between.held().await;
    // The first one comes too late. Either it deletes its face, and is held just before, or it looks
    // again whether somebody else is done, for the second time.
    let deletion = proxy.rule(&once("DeleteFaces", &[&face])).await;
    let look = proxy.rule(&once("BatchGetItem", &[enrolment])).await;
    slow.remove().await;
    look.held().await;
    look.remove().await;
    let look = proxy.rule(&once("BatchGetItem", &[enrolment])).await;
    let deletes = tokio::select! {
        () = deletion.held() => true,
        () = look.held() => false,
    };
    stack.end_lease(&partition, &sort).await;
    look.remove().await;
    // The same picture comes once more, and is given the same face.
    let event = uploaded.event(&stack, version.as_deref());
    let answer = stack.invoke_other("IndexImages", &event).await;
    assert!(answer.is_ok(), "{answer:?}");
    stack.until_state(&partition, &sort, "INDEXED").await;
    deletion.remove().await;
    between.remove().await;
    if deletes {
        stack.until_forgotten(&face).await;
    }
    let record = stack.enrolment(user, enrolment).await;
    let faces = stack.faces().await;
    let there = faces
        .iter()
        .any(|(of, face)| of == enrolment && record["faceId"]["S"] == json!(face));
    if there {
        Seen::held("the face on record is there")
    } else {
        Seen::fell("the face on record is gone")
    }
}

async fn index_images(ground: Ground, operation: &'static str, fault: &'static str) -> Seen {
    let stack = ground.stack;
    let uploaded = Uploaded::prepare(&stack).await;
    let document = pictures::document();
    let marks = [
        uploaded.person.user_name().to_owned(),
        uploaded.enrolment().to_owned(),
        pictures::fragment(&document),
    ];
    let proxy = stack.proxy();
    let order = proxy.rule(&rule(operation, 0, &marks, fault)).await;
    let bucket = &stack.outputs.document_bucket;
    let version = stack.put_object(bucket, &uploaded.key, document).await;
    let event = uploaded.event(&stack, version.as_deref());
    let first = stack.invoke_other("IndexImages", &event).await;
    order.remove().await;
    if first.is_ok() && uploaded.state(&stack).await != "INDEXED" {
        return Seen::fell("it failed in silence");
    }
    leases_are_over(&stack, uploaded.person.user_name()).await;
    let second = stack.invoke_other("IndexImages", &event).await;
    if let Err(error) = second {
        return Seen::fell(format!("it fails again, with nothing broken: {error}"));
    }
    uploaded.seen(&stack, &["INDEXED"]).await
}

async fn bulk(ground: Ground, word: &'static str, fault: &'static str) -> Seen {
    let stack = ground.stack;
    let person = confirmed(&stack.client()).await;
    let user = person.user_name();
    let key = format!("bulk/{user}/passport.jpg");
    let proxy = stack.proxy();
    let order = proxy
        .rule(&json!({
            "operation": "TransactWriteItems", "containing": [user, word], "fault": fault,
        }))
        .await;
    let bucket = &stack.outputs.document_bucket;
    let version = stack.put_object(bucket, &key, pictures::document()).await;
    let event = stack.upload_event(&key, version.as_deref());
    // First of all S3's own event, or it could still hold the document when the fault has ended, and
    // do what the function is to be tested for.
    order.bites(1).await;
    let first = stack.invoke_other("IndexImages", &event).await;
    order.remove().await;
    let recorded = async || {
        let profile = stack.profile(user).await;
        let faces = profile["faces"]["M"].as_object();
        faces.map_or(0, serde_json::Map::len)
    };
    if first.is_ok() && recorded().await == 0 {
        return Seen::fell("it failed in silence");
    }
    leases_are_over(&stack, user).await;
    let second = stack.invoke_other("IndexImages", &event).await;
    if let Err(error) = second {
        return Seen::fell(format!("it fails again, with nothing broken: {error}"));
    }
    let parsed = DocumentKey::parse(&key).expect("it is a document's key");
    let enrolment = parsed.enrolment(version.as_deref());
    let faces = stack.faces_of(enrolment.as_str()).await;
    // The picture stays while a face may be left that is searched for with it.
    leases_are_over(&stack, user).await;
    let swept = stack.sweep(Duration::ZERO).await;
    assert!(swept.is_ok(), "{swept:?}");
    let documents = stack.versions(bucket, &key).await;
    let recorded = recorded().await;
    let seen = format!("{faces} faces, {recorded} of them the user's, {documents} documents left");
    if (faces, recorded, documents) == (1, 1, 0) {
        Seen::held(seen)
    } else {
        Seen::fell(seen)
    }
}
