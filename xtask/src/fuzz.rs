//! Searching for inputs that break a promise: libFuzzer over a target of `tests/fuzz`, guided by
//! coverage, on the project's own toolchain.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::build::{built_by, cargo};
use crate::command::{cannot, run_visibly};
use crate::parts;
use crate::paths::Paths;
use crate::steps::{begin, say};

/// How the compiler is told to count what runs and to show what is compared: the flags that
/// `cargo fuzz` sets, less a sanitizer, which safe Rust can do without and stable Rust has not.
const INSTRUMENTATION: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Seconds that one input may take. The largest picture takes a tenth of it, counted as it runs;
/// the rest is for a machine that has other work.
const TIMEOUT: u32 = 60;

/// Bytes of the longest input that is kept, so that the corpora together stay at about a megabyte:
/// what longer ones reach, shorter ones reach as well, but for a little.
const LONGEST: u64 = 8192;

/// What the names of the seeds' files begin with.
const SEED: &str = "seed-";

/// Searches for so many minutes, then keeps in the target's corpus what reaches code that
/// nothing else there reaches. An input that breaks something stops the search and is kept
/// beside it.
pub(crate) fn fuzz(paths: &Paths, target: &str, minutes: u32) -> Result<()> {
    parts::models(paths)?;
    let corpus = paths.root.join("tests/fuzz/corpus").join(target);
    ensure!(
        corpus.is_dir(),
        "there is no target {target}; the targets are the folders of {}",
        paths.shown(&paths.root.join("tests/fuzz/corpus"))
    );
    begin("building the targets");
    let mut command = cargo(paths);
    command
        .args(["build", "--locked", "--profile", "fuzz"])
        // A folder of its own, and no build script instrumented.
        .args(["--target", "host-tuple"])
        .args(["--package", "signin-fuzz", "--features", "libfuzzer"])
        .env("RUSTFLAGS", INSTRUMENTATION.join(" "));
    let built = built_by(paths, &mut command)?;
    let program = built.executable("fuzz")?;
    let folder = paths.root.join(".local/fuzz").join(target);
    let found = emptied(&folder.join("found"))?;
    let kept = emptied(&folder.join("kept"))?;
    let artifacts = format!("-artifact_prefix={}/", folder.display());

    begin(&format!("{target}: searching for {minutes} minutes"));
    let mut search = libfuzzer(program, target, &kept);
    search
        .arg(format!("-max_total_time={}", minutes * 60))
        .args(["-print_final_stats=1", &artifacts])
        .args([&found, &corpus, &kept]);
    let status = run_visibly(&mut search)?;
    ensure!(
        status.success(),
        "{target} was broken ({status}): the input is in {}; \
         `tests/fuzz/tests/smoke.rs` replays it once it lies in {}",
        paths.shown(&folder),
        paths.shown(&corpus)
    );

    begin(&format!("{target}: keeping what is worth it"));
    let mut merge = libfuzzer(program, target, &kept);
    // One input for each piece of code reached, however often it was.
    merge
        .args(["-set_cover_merge=1", "-use_counters=0", &artifacts])
        .args([&kept, &corpus, &found]);
    let status = run_visibly(&mut merge)?;
    ensure!(status.success(), "the corpus was not merged ({status})");
    let count = replace(&corpus, &kept)?;
    say(&format!("{}: {count} inputs", paths.shown(&corpus)));
    Ok(())
}

/// The program over one target, whose seeds it writes to a folder first.
fn libfuzzer(program: &Path, target: &str, seeds: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("FUZZ_TARGET", target)
        .env("FUZZ_SEEDS", seeds.join(SEED))
        .arg(format!("-timeout={TIMEOUT}"))
        // The process limits itself, and exactly.
        .arg("-rss_limit_mb=0");
    command
}

/// A folder with nothing in it.
fn emptied(folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| cannot("empty", folder))?;
    }
    fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    Ok(folder.to_owned())
}

/// Puts what was kept, less the seeds and what is too long, into the corpus in the place of what
/// was there.
fn replace(corpus: &Path, kept: &Path) -> Result<usize> {
    emptied(corpus)?;
    let mut count = 0;
    for entry in fs::read_dir(kept).with_context(|| cannot("read", kept))? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let metadata = fs::metadata(&path).with_context(|| cannot("read", &path))?;
        let short = metadata.len() <= LONGEST;
        if short && !is_seed(&name) {
            fs::copy(&path, corpus.join(name)).with_context(|| cannot("copy", &path))?;
            count += 1;
        }
    }
    Ok(count)
}

fn is_seed(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with(SEED)
}
