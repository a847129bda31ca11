//! The index-images function.

fn main() {}
