//! A user pool with custom authentication, on this machine.

fn main() {}
