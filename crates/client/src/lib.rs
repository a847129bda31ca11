//! A client of the sign-in.
