//! The search: libFuzzer over one target. `cargo xtask fuzz` builds it and runs it with the target's
//! name in `FUZZ_TARGET`, and in `FUZZ_SEEDS` what the paths of its seeds are to begin with.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use rustix::process::{Resource, Rlimit, setrlimit};
use signin_fuzz::mutation::{mend, mutate};
use signin_fuzz::{TARGETS, Target};

/// Bytes of memory that a search may address. The largest picture takes 600 MB while it is read
/// (50 million pixels, 8 bytes each as they are decoded and 4 as they are reduced); the rest is
/// for the search itself.
const MEMORY: u64 = 1 << 30;

fn target() -> &'static Target {
    static TARGET: OnceLock<&Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let known = TARGETS.iter().find(|target| target.name == name);
        known.unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
    })
}

/// Writes the target's seeds where the search begins, to files whose paths begin so.
fn write_seeds(prefix: &str) {
    for (number, seed) in (target().seeds)().into_iter().enumerate() {
        let path = format!("{prefix}{number:03}");
        std::fs::write(&path, seed).unwrap_or_else(|error| panic!("{path}: {error}"));
    }
}

fuzz_target!(
    init: {
        // A panic that the product catches is no find: libFuzzer's own hook would end the search
        // on it. One that nobody catches ends the search all the same.
        std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
        if let Ok(prefix) = std::env::var("FUZZ_SEEDS") {
            write_seeds(&prefix);
        }
        let limit = Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) };
        setrlimit(Resource::As, limit).expect("a process may limit itself");
    },
    |bytes: &[u8]| (target().run)(bytes)
);

// Half of the changes are the target's own, which know its form; half are libFuzzer's, which know
// what the code compared.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let form = target().form;
    if seed.is_multiple_of(2) {
        let changed = mutate(form, &data[..size], u64::from(seed));
        if changed.len() <= max_size {
            data[..changed.len()].copy_from_slice(&changed);
            return changed.len();
        }
    }
    let size = fuzzer_mutate(data, size, max_size);
    mend(form, &mut data[..size]);
    size
});
