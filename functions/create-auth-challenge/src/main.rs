//! The create-auth-challenge function.

fn main() {}
