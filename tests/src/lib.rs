//! What the end-to-end tests share: the stacks they run against, pictures, and a Lambda Runtime
//! API that runs a function's own executable.
//!
//! It is a test's right to panic: every function here does, with what was expected and what to
//! do, where the machine is not set up as `cargo xtask test e2e` sets it up.

mod operator;

pub mod attempts;
pub mod browser;
pub mod clock;
pub mod document;
pub mod drawn;
pub mod events;
pub mod face_data;
pub mod hostile;
pub mod lambda;
pub mod mutation;
pub mod people;
pub mod pictures;
pub mod program;
pub mod proxy;
pub mod settings;
pub mod stack;
pub mod template;
pub mod trial;
