//! The post-confirmation function.

fn main() {}
