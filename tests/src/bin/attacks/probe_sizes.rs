//! 6: whether the time that a probe takes tells an enrolled user from an unknown one, where
//! documents are compared. A benchmark; nothing is held to it.

use std::time::{Duration, Instant};

use e2e::people::{enrolled, inline};
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::{drawn, pictures};
use signin_client::{Answer, Round, SignInClient};

use crate::telling_apart::quartiles;

/// The probes' sizes in megapixels: from a small one to the largest that fits into an upload.
const MEGAPIXELS: [f32; 6] = [0.1, 0.5, 2.0, 8.0, 16.0, 29.0];

/// Users of each kind, for each size.
const USERS: usize = 4;

/// Attempts of each user: those that are free of waiting.
const TRIES: usize = 5;

/// Prints how long it takes to refuse probes of several sizes, for enrolled and unknown users in
/// turn.
pub(crate) async fn times() {
    let stack = Stack::read(Variant::Compare);
    let client = stack.client();
    println!(
        "COMPARE, {} refusals of each kind, milliseconds",
        USERS * TRIES
    );
    println!("| megapixels | enrolled: quartiles and median | unknown: quartiles and median |");
    println!("| --- | --- | --- |");
    for megapixels in MEGAPIXELS {
        let probe = drawn::enlarged(&pictures::other(), megapixels);
        let mut refused: [Vec<Duration>; 2] = Default::default();
        for _ in 0..USERS {
            let (person, _) = enrolled(&stack).await;
            let emails = [person.email, fresh_email()];
            for _ in 0..TRIES {
                for (kind, email) in emails.iter().enumerate() {
                    refused[kind].push(refusal(&client, email, &probe).await);
                }
            }
        }
        let [enrolled, unknown] = refused.each_mut().map(|times| quartiles(times));
        println!("| {megapixels} | {enrolled} | {unknown} |");
    }
}

/// How long an uploaded probe takes to be refused.
async fn refusal(client: &SignInClient, email: &str, probe: &[u8]) -> Duration {
    let Ok(Round::Challenge(asked)) = client.begin(email, None).await else {
        panic!("everybody is asked for a face");
    };
    // What fits into an answer is faster that way, and what somebody would send.
    let answer = if probe.len() < 90_000 {
        inline(probe.to_vec())
    } else {
        let uploaded = client.upload(&asked, probe.to_vec()).await;
        uploaded.expect("the probe is uploaded");
        Answer::Uploaded
    };
    let began = Instant::now();
    let round = client.answer(&asked, answer).await;
    let took = began.elapsed();
    assert!(matches!(round, Ok(Round::Challenge(_))), "it is refused");
    took
}
