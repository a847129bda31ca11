//! The define-auth-challenge function.

fn main() {}
