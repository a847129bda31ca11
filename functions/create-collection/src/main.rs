//! The create-collection function.

fn main() {}
