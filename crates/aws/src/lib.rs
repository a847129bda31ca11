//! The sign-in's data and pictures over the AWS SDKs.
