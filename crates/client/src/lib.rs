//! A client of the face sign-in, as an app would be one.
//!
//! It speaks the protocol over the unmodified AWS SDK for Rust and knows nothing that a stack's
//! outputs do not tell it. The demo and the end-to-end tests are written with it; it speaks plain
//! HTTP, as the local machine does.
//!
//! ```no_run
//! use signin_client::{Answer, Outputs, Round, SignInClient};
//!
//! # async fn example(selfie: Vec<u8>) -> Result<(), Box<dyn std::error::Error>> {
//! let client = SignInClient::new(&Outputs::read(".local/outputs.json".as_ref())?)?;
//! let mut round = client.begin("ada@example.org", None).await?;
//! while let Round::Challenge(challenge) = round {
//!     client.upload(&challenge, selfie.clone()).await?;
//!     round = client.answer(&challenge, Answer::Uploaded).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod challenge;
mod client;
mod clock;
mod error;
mod outputs;
mod picture;
pub mod samples;
mod tokens;

pub use challenge::{Answer, Challenge, Round, Upload};
pub use client::{BindingSecret, Letter, Profile, SignInClient, SignedUp};
pub use error::{ClientError, Refusal};
pub use outputs::{Outputs, OutputsError};
pub use picture::{LOOKS, PictureError, retake, variation_in};
pub use tokens::{AccessClaims, Claims, IdentityClaims, Tokens};
