//! What every server of the local stack asks of a request before it looks at anything else.
//!
//! The servers listen on loopback, which keeps out other machines and nobody's web pages: a page
//! that the developer visits runs on this very machine. A browser says, though, whose page a
//! request comes from, and a page cannot make it say otherwise. So
//!
//! - [`Guard`] lets in requests for our own name and port alone, which ends DNS rebinding, and none
//!   that a browser marks as another site's; and
//! - [`StackKey`] is the one key of a stack, made at random at its start: whoever shows it, or signs
//!   with it ([`signature`]), could read it from the developer's own files.
//!
//! And what they all do alike besides: end when they are told to ([`stopped`]).

mod guard;
mod keys;
pub mod signature;
mod stop;

pub use guard::{Admitted, Guard, Refusal};
pub use keys::{Credentials, StackKey};
pub use stop::stopped;
