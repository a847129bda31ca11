//! The verify-auth-challenge function.

fn main() {}
