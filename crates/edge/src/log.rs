//! What reaches the log: our own lines, as JSON, and nothing of anybody else's.
//!
//! Stock crates print raw events and requests at DEBUG and TRACE, and a sign-in's events carry
//! pictures, addresses and presigned fields. So the filter admits our own targets at INFO and
//! nothing else, and no environment variable can widen it.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The prefix of all targets that are admitted: the crates `signin_*` and the functions' own.
const OWN: &str = "signin";

/// Installs the subscriber of this process; a second call changes nothing.
pub(crate) fn init() {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        // Lambda stamps every line with its time itself.
        .without_time();
    let own = Targets::new().with_target(OWN, LevelFilter::INFO);
    // An error means that a subscriber is there already, which only tests do.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(own)
        .try_init();
    std::panic::set_hook(Box::new(panicked));
}

/// Writes a panic to the log as a fault, where an alarm counts it: where it happened, and nothing of
/// its message, which may hold anything.
fn panicked(panic: &std::panic::PanicHookInfo<'_>) {
    let (file, line) = panic
        .location()
        .map_or(("nowhere", 0), |place| (place.file(), place.line()));
    tracing::error!(target: "signin", operation = "panic", kind = "crash", file, line, "fault");
}
