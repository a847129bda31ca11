//! Every target over its seeds, its corpus and a fixed number of mutations of them: the same ones
//! in every run, so that what fails once fails again.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use signin_fuzz::mutation::mutate;
use signin_fuzz::{TARGETS, Target, corpus};

/// What the mutations are drawn from.
const SEED: u64 = 0x5EED;

/// What a target is tried with first, in an order of its own.
fn inputs(target: &Target) -> Vec<Vec<u8>> {
    let mut inputs = (target.seeds)();
    let folder = corpus(target);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    inputs.extend(files.into_iter().map(|file| fs::read(file).unwrap()));
    inputs
}

/// Runs a target, and says what it was given where it panics.
fn run(target: &Target, input: &[u8], which: &str) {
    let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    assert!(
        outcome.is_ok(),
        "{}, {which}, seed {SEED:#x}: {}",
        target.name,
        input.escape_ascii()
    );
}

fn survives(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let inputs = inputs(target);
    for (number, input) in inputs.iter().enumerate() {
        run(target, input, &format!("input {number}"));
    }
    for number in 0..target.attempts {
        let mut input = inputs[number % inputs.len()].clone();
        // One change, two or three on top of each other.
        for change in 0..=number % 3 {
            input = mutate(target.form, &input, SEED ^ (number * 3 + change) as u64);
        }
        run(target, &input, &format!("mutation {number}"));
    }
    println!(
        "{name}: {} inputs, {} mutations, seed {SEED:#x}",
        inputs.len(),
        target.attempts
    );
}

macro_rules! promises {
    ($($promise:ident: $target:literal),+ $(,)?) => {
        $(#[test] fn $promise() { survives($target); })+

        #[test]
        fn no_target_is_left_out() {
            let tried = [$($target),+];
            assert!(TARGETS.iter().map(|target| target.name).eq(tried));
        }
    };
}

promises! {
    no_picture_breaks_the_decoder_or_its_limits: "picture",
    no_answer_breaks_its_reader: "answer",
    every_parameter_that_is_read_prints_back_as_it_came: "parameter",
    no_event_breaks_a_function_or_earns_tokens_that_are_not_due: "event",
    no_request_breaks_the_local_user_pool: "cognito",
    no_request_breaks_the_local_recognition: "rekognition",
}
