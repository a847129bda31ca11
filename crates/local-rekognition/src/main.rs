//! The Rekognition Faces API, on this machine.

fn main() {}
