//! The pre-signup function.

fn main() {}
