//! What reaches the log: our own lines, as JSON, and nothing of anybody else's.
//!
//! Stock crates print raw events and requests at DEBUG and TRACE, and a sign-in's events carry
//! pictures, addresses and presigned fields. So the filter admits our own targets at INFO and
//! nothing else, and no environment variable can widen it.

use signin_core::alarm::FAULT;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The prefix of all targets that are admitted: the crates `signin_*` and the functions' own.
const OWN: &str = "signin";

/// Installs the subscriber of this process; a second call changes nothing.
pub(crate) fn init() {
    // An error means that a subscriber is there already, which only tests do.
    let _ = subscriber(std::io::stdout).try_init();
    std::panic::set_hook(Box::new(panicked));
}

/// What writes our own lines, one JSON object each, and nothing else.
fn subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // Lambda stamps every line with its time itself.
        .without_time();
    let own = Targets::new().with_target(OWN, LevelFilter::INFO);
    tracing_subscriber::registry().with(lines).with(own)
}

/// Writes a panic to the log as a fault, where an alarm counts it: where it happened, and nothing of
/// its message, which may hold anything.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let (file, line) = panic
        .location()
        .map_or(("nowhere", 0), |place| (place.file(), place.line()));
    tracing::error!(target: "signin", operation = "panic", kind = "crash", file, line, "{FAULT}");
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The template's metric filters read `$.message`, `$.kind` and `$.operation`.
    #[test]
    fn a_line_has_its_message_and_its_members_side_by_side_and_others_lines_are_left_out() {
        let kept = Kept::default();
        let writer = kept.clone();
        tracing::subscriber::with_default(subscriber(move || writer.clone()), || {
            tracing::error!(target: "signin", operation = "Search", kind = "slow", "{FAULT}");
            tracing::error!(target: "hyper", "a stranger's");
            tracing::debug!(target: "signin", "too much");
        });
        let written = kept.0.lock().unwrap().clone();
        let lines: Vec<Value> = written
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        let [line] = lines.as_slice() else {
            panic!("expected one line, found {lines:?}");
        };
        for (name, value) in [
            ("message", FAULT),
            ("operation", "Search"),
            ("kind", "slow"),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
    }
}
