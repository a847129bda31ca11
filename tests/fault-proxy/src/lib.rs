//! A proxy between the functions and the services they call, that breaks what it is told to
//! break: the tests' way to have a fault at one call, and to see which calls were made.
//!
//! Whole requests go through it, to the recognition service or to everything else of AWS; hosts,
//! signatures and bodies stay as they are. It keeps what it saw in memory and writes no log. Its
//! own interface lies under `/_proxy/` and wants the stack's key, `Authorization: Bearer <secret>`:
//!
//! | request | does |
//! | --- | --- |
//! | `POST /_proxy/rules` | adds a [`Rule`]; `{"id": n}` |
//! | `GET /_proxy/rules/n` | how often it bit, and how many requests it holds: `{"bitten", "held"}` |
//! | `GET /_proxy/rules/n?held=true` | the same, as soon as it holds a request |
//! | `GET /_proxy/rules/n?bitten=m` | the same, as soon as it has bitten that often |
//! | `POST /_proxy/rules/n/release` | lets go what the rule holds, now and from now on |
//! | `DELETE /_proxy/rules/n` | forgets it, and lets go what it holds |
//! | `GET /_proxy/calls?after=n` | the calls with higher numbers, oldest first |
//! | `…&containing=text`, `…&any=text` | of those, the ones that hold all, or one, of some texts |
//! | `GET /_proxy/actions` | every IAM action that was ever called for, by the caller's access key id |
//! | `GET /_proxy/health` | 200, without the key |

mod control;
mod fault;
mod operation;
mod record;
mod server;

pub use fault::{Fault, Rule};
pub use record::Call;
pub use server::{Upstreams, serve};
