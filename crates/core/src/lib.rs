//! The rules of a sign-in.
