//! Building what runs: the functions, packaged as Lambda takes them, and the local servers.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::command::{cannot, run_visibly};
use crate::paths::Paths;
use crate::steps::{begin, step};

/// What runs beside the functions: the servers that stand in for a part of AWS each, and the
/// client with the demonstration. They are built apart from the functions, so that their
/// dependencies' features do not reach what goes to Lambda.
const LOCAL: [&str; 5] = [
    "local-cognito",
    "local-gate",
    "local-rekognition",
    "local-web",
    "signin-client",
];

/// Where cargo put what was built: the executables, by their names.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Built {
    executables: BTreeMap<String, PathBuf>,
}

impl FromStr for Built {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json)
    }
}

impl Built {
    /// The executable of a package.
    pub(crate) fn executable(&self, package: &str) -> Result<&Path> {
        self.executables
            .get(package)
            .map(PathBuf::as_path)
            .with_context(|| format!("cargo built no executable {package}"))
    }
}

/// Builds the functions, the servers and the client, and zips each function.
pub(crate) fn build(paths: &Paths) -> Result<Built> {
    let functions = functions(paths)?;
    begin("building the functions");
    let mut built = cargo_build(paths, functions.iter().map(String::as_str))?;
    step("the functions' packages", || {
        package(&paths.packages(), &functions, &built)
    })?;
    built.executables.extend(build_local(paths)?.executables);
    Ok(built)
}

/// Builds the servers and the client.
pub(crate) fn build_local(paths: &Paths) -> Result<Built> {
    begin("building the local servers and the client");
    cargo_build(paths, LOCAL)
}

/// Builds the proxy that tests break calls with; apart from the servers, as those from the
/// functions.
pub(crate) fn build_proxy(paths: &Paths) -> Result<PathBuf> {
    begin("building the fault proxy");
    let built = cargo_build(paths, ["fault-proxy"])?;
    Ok(built.executable("fault-proxy")?.to_owned())
}

/// Builds the end-to-end tests and the programs beside them. Whatever the unit tests need was built with
/// the features that the whole workspace asks for; so are these, and nothing is built twice.
pub(crate) fn build_trials(paths: &Paths) -> Result<Built> {
    let mut command = cargo(paths);
    command.args(TRIALS).arg("--no-run");
    built_by(paths, &mut command)
}

/// The arguments of cargo's that name the end-to-end tests.
pub(crate) const TRIALS: [&str; 5] = ["test", "--locked", "--workspace", "--test", "end-to-end"];

/// Builds the functions from the copy that [`mutations`](crate::mutations) makes, and zips each.
/// The executables take the places of the real ones, whose build has to come after.
pub(crate) fn build_mutated(paths: &Paths) -> Result<()> {
    let functions = functions(paths)?;
    begin("building the mutated functions");
    let copy = crate::mutations::copy(paths)?;
    let built = cargo_build(&copy, functions.iter().map(String::as_str))?;
    step("the mutated functions' packages", || {
        package(&paths.mutated_packages(), &functions, &built)
    })
}

/// A `cargo` command in the checkout.
pub(crate) fn cargo(paths: &Paths) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&paths.root);
    cargo
}

/// Where cargo puts what it builds, also what it builds from a copy: what others wrote is then
/// built once.
fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| Paths::own().join("target"), PathBuf::from)
}

/// The functions: a folder each, named as the package and its binary.
pub(crate) fn functions(paths: &Paths) -> Result<Vec<String>> {
    let folder = paths.root.join("functions");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| cannot("read", &folder))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    ensure!(
        !names.is_empty(),
        "there are no functions in {}",
        folder.display()
    );
    Ok(names)
}

/// One line of cargo's own report, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    target: Option<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// One cargo run for all packages, so that dependencies are built once and side by side.
fn cargo_build<'a>(paths: &Paths, packages: impl IntoIterator<Item = &'a str>) -> Result<Built> {
    let mut command = cargo(paths);
    command.args(["build", "--profile", "local"]);
    command.arg("--target-dir").arg(target_folder());
    for package in packages {
        command.args(["--package", package]);
    }
    built_by(paths, &mut command)
}

/// How many builds this process has begun: one may run beside another, for the tests.
static BUILDS: AtomicU32 = AtomicU32::new(0);

/// Runs a `cargo build`, whose progress is the reader's to see.
pub(crate) fn built_by(paths: &Paths, command: &mut Command) -> Result<Built> {
    command.arg("--message-format=json-render-diagnostics");
    let (process, build) = (process::id(), BUILDS.fetch_add(1, Ordering::Relaxed));
    let report = paths.logs().join(format!("build-{process}-{build}.json"));
    fs::create_dir_all(paths.logs()).with_context(|| cannot("create", &report))?;
    command.stdout(File::create(&report).with_context(|| cannot("create", &report))?);
    if !run_visibly(command)?.success() {
        let _ = fs::remove_file(&report);
        bail!("the build failed; cargo says why above");
    }
    let messages = fs::read_to_string(&report).with_context(|| cannot("read", &report))?;
    fs::remove_file(&report).with_context(|| cannot("remove", &report))?;
    let executables = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter_map(|message| Some((message.target?.name, message.executable?)))
        .collect();
    Ok(Built { executables })
}

/// Zips each function as Lambda takes it: one executable named `bootstrap`.
fn package(folder: &Path, functions: &[String], built: &Built) -> Result<String> {
    fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    let mut bytes = 0;
    for function in functions {
        let archive = folder.join(format!("{function}.zip"));
        bytes += zip_bootstrap(built.executable(function)?, &archive)?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a rounded figure for people")]
    let megabytes = bytes as f64 / 1e6;
    Ok(format!("{} functions, {megabytes:.1} MB", functions.len()))
}

/// Writes an archive of one executable and returns the executable's length in bytes. It is not
/// compressed, because nobody downloads it; its entry carries no time, so that equal executables
/// make equal archives.
fn zip_bootstrap(executable: &Path, archive: &Path) -> Result<u64> {
    let mut from = File::open(executable).with_context(|| cannot("read", executable))?;
    let unfinished = archive.with_extension("unfinished");
    let to = File::create(&unfinished).with_context(|| cannot("create", &unfinished))?;
    let mut zip = ZipWriter::new(to);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    zip.start_file("bootstrap", options)?;
    let length = io::copy(&mut from, &mut zip)?;
    zip.finish()?.flush()?;
    fs::rename(&unfinished, archive).with_context(|| cannot("move", &unfinished))?;
    Ok(length)
}
