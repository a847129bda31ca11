//! The places where bytes from outside are read.

use crate::mutation::Form;

mod answer;
mod cognito;
mod decoding;
mod event;
mod parameter;
mod rekognition;
mod server;

/// A place where bytes from outside are read.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name on the command line, and its folder in the corpus.
    pub name: &'static str,
    /// What is sent there, so that a mutation can go deep.
    pub form: Form,
    /// Reads the bytes as the product does, and panics where a promise is broken.
    pub run: fn(&[u8]),
    /// What a search begins with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many mutations the tests try: some seconds of an unoptimised build.
    pub attempts: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    decoding::TARGET,
    answer::TARGET,
    parameter::TARGET,
    event::TARGET,
    cognito::TARGET,
    rekognition::TARGET,
];
