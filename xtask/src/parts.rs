//! The pinned parts that are fetched once: Python programs, each in a virtual environment of its
//! own, and the face models.
//!
//! A part is made in a temporary folder and renamed when it is whole, so that one that is there is
//! complete, however the last attempt ended.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::command::{cannot, output_of, run_quietly};
use crate::interrupt;
use crate::paths::Paths;
use crate::steps::step;

/// The npm package with the face models, pictures and the library that the face engine is held
/// against.
const FACE_API: &str = "@vladmandic/face-api@1.7.15";
/// What npm calls its archive.
const FACE_API_ARCHIVE: &str = "vladmandic-face-api-1.7.15.tgz";
/// The archive's SHA-256. The face engine checks each model's own hash when it loads it.
const FACE_API_SHA256: &str = "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031";
/// The models among the package's that the face engine reads: a manifest and weights each.
const MODELS: [&str; 3] = [
    "face_landmark_68_model",
    "face_recognition_model",
    "tiny_face_detector_model",
];
/// The Python package that brings AWS's Runtime Interface Emulator along.
const EMULATOR_PACKAGE: &str = "aws-sam-cli";
/// The file within a part that holds what it was made from.
const RECIPE: &str = "recipe.txt";

/// Programs that must be there, how each shows that it works, and where it comes from.
const PREREQUISITES: [(&str, &[&str], &str); 4] = [
    ("cargo", &["--version"], "Rust, from https://rustup.rs"),
    (
        "python3",
        &[
            "-c",
            "import sys, venv, ensurepip; assert sys.version_info >= (3, 11)",
        ],
        "Python 3.11 or later with its venv module (Debian and Ubuntu: apt install python3-venv)",
    ),
    (
        "node",
        &["--version"],
        "Node 20.19 or later, from https://nodejs.org",
    ),
    (
        "npm",
        &["--version"],
        "npm, which comes with Node, from https://nodejs.org",
    ),
];

/// Fails with everything that has to be installed first.
pub(crate) fn check_prerequisites() -> Result<()> {
    let missing: Vec<String> = PREREQUISITES
        .iter()
        .filter(|(program, arguments, _)| {
            output_of(Command::new(program).args(*arguments)).is_err()
        })
        .map(|(program, _, source)| format!("  {program}: install {source}"))
        .collect();
    ensure!(
        missing.is_empty(),
        "some programs are missing or do not work:\n{}",
        missing.join("\n")
    );
    Ok(())
}

/// The local AWS, in its virtual environment.
pub(crate) fn ministack(paths: &Paths) -> Result<()> {
    environment(paths, "ministack", "the local AWS")
}

/// The clients that the end-to-end tests sign in with, in Python and JavaScript.
pub(crate) fn clients(paths: &Paths) -> Result<()> {
    environment(paths, "clients", "the tests' Python clients")?;
    for client in ["examples/amplify", "tests/clients/identity-js"] {
        let folder = paths.root.join(client);
        let name = client.rsplit('/').next().unwrap_or(client);
        step(&format!("the tests' client {name}"), || {
            let _alone = alone(paths)?;
            install(paths, &folder, name)
        })?;
    }
    Ok(())
}

/// The npm packages that a folder's lock file names.
pub(crate) fn npm(paths: &Paths, folder: &Path, name: &str) -> Result<()> {
    let _alone = alone(paths)?;
    install(paths, folder, name).map(|_| ())
}

/// Installs what a folder's lock file names, unless that was done already.
fn install(paths: &Paths, folder: &Path, name: &str) -> Result<&'static str> {
    let lock = folder.join("package-lock.json");
    let locked = fs::read_to_string(&lock).with_context(|| cannot("read", &lock))?;
    // npm begins by removing its folder: this file says that it came to its end.
    let installed = folder.join("node_modules/installed-lock.json");
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == locked) {
        return Ok(told(false));
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder);
    let log = paths.logs().join(format!("setup-{name}.log"));
    run_quietly(&mut npm, &log)
        .context("npm cannot install what the lock file names; is a registry reachable?")?;
    fs::write(&installed, locked).with_context(|| cannot("write", &installed))?;
    Ok(told(true))
}

/// The SAM CLI and the template's checkers.
pub(crate) fn sam(paths: &Paths) -> Result<()> {
    environment(paths, "sam", "the SAM CLI and the template's checkers")
}

/// AWS's Runtime Interface Emulator, which the tests hand events through: the SAM CLI's package
/// without what that depends on, which would take a minute.
pub(crate) fn emulator(paths: &Paths) -> Result<()> {
    step("AWS's Lambda emulator", || {
        let _alone = alone(paths)?;
        let list = paths.deployment("requirements-sam.txt");
        let list = fs::read_to_string(&list).with_context(|| cannot("read", &list))?;
        let recipe = requirement(&list, EMULATOR_PACKAGE)
            .with_context(|| format!("the SAM CLI's requirements lack {EMULATOR_PACKAGE}"))?;
        let fetched = make(&paths.part("emulator"), &recipe, |folder| {
            let list = folder.join("requirements.txt");
            fs::write(&list, &recipe).with_context(|| cannot("write", &list))?;
            run_quietly(
                pip_install(&paths.part("ministack"), &list)
                    .arg("--target")
                    .arg(folder),
                &paths.logs().join("setup-emulator.log"),
            )
            .context("pip cannot install; is a package index reachable?")
        })?;
        Ok(told(fetched))
    })
}

/// The lines of a list of requirements that are about one package.
fn requirement(list: &str, package: &str) -> Option<String> {
    let begins = format!("{package}==");
    let mut lines = list.lines().skip_while(|line| !line.starts_with(&begins));
    let mut own = String::new();
    loop {
        let line = lines.next()?;
        own.push_str(line);
        own.push('\n');
        if !line.ends_with('\\') {
            return Some(own);
        }
    }
}

/// Has the pip of a virtual environment install what is in a list and nothing else. It takes no file
/// whose hash is not in the list, and builds nothing: what that needs would come unchecked.
fn pip_install(environment: &Path, list: &Path) -> Command {
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check"])
        .args(["--no-input", "--no-deps", "--require-hashes"])
        .args(["--only-binary", ":all:"])
        .arg("--requirement")
        .arg(list);
    pip
}

/// The npm package of the face models, and the models where the face engine looks for them.
pub(crate) fn models(paths: &Paths) -> Result<()> {
    let package = paths.part("face-api");
    step("the face models", || {
        let _alone = alone(paths)?;
        let recipe = format!("{FACE_API} {FACE_API_SHA256}\n");
        let fetched = make(&package, &recipe, |folder| fetch_face_api(paths, folder))?;
        let linked = make(&paths.part("models"), &recipe, |folder| {
            copy_models(&package.join("package/model"), folder)
        })?;
        Ok(told(fetched || linked))
    })
}

/// A virtual environment with exactly what `local/deployment/requirements-<name>.txt` lists.
fn environment(paths: &Paths, name: &str, title: &str) -> Result<()> {
    step(title, || {
        let _alone = alone(paths)?;
        let list = paths.deployment(&format!("requirements-{name}.txt"));
        let recipe = fs::read_to_string(&list).with_context(|| cannot("read", &list))?;
        let log = paths.logs().join(format!("setup-{name}.log"));
        // A virtual environment cannot be renamed: its programs name its folder. So only the
        // recipe, written last, says that it is whole.
        let part = paths.part(name);
        if is_made(&part, &recipe) {
            return Ok(told(false));
        }
        clear(&part)?;
        run_quietly(
            Command::new("python3").args(["-m", "venv"]).arg(&part),
            &log,
        )
        .context("cannot make a virtual environment; is python3's venv module installed?")?;
        run_quietly(&mut pip_install(&part, &list), &log)
            .context("pip cannot install; is a package index reachable?")?;
        fs::write(part.join(RECIPE), recipe).with_context(|| cannot("write", &part))?;
        Ok(told(true))
    })
}

fn fetch_face_api(paths: &Paths, folder: &Path) -> Result<()> {
    let log = paths.logs().join("setup-face-api.log");
    run_quietly(
        Command::new("npm")
            .args(["pack", "--ignore-scripts", FACE_API, "--pack-destination"])
            .arg(folder)
            .current_dir(folder),
        &log,
    )
    .context("npm cannot fetch the package; is a registry reachable?")?;
    let archive = folder.join(FACE_API_ARCHIVE);
    let bytes = fs::read(&archive).with_context(|| cannot("read", &archive))?;
    let found = hex::encode(Sha256::digest(bytes));
    ensure!(
        found == FACE_API_SHA256,
        "{FACE_API} is not the package it should be: its SHA-256 is {found}, \
         and {FACE_API_SHA256} was expected"
    );
    run_quietly(
        Command::new("tar")
            .arg("-xzf")
            .arg(&archive)
            .arg("-C")
            .arg(folder),
        &log,
    )?;
    fs::remove_file(&archive).with_context(|| cannot("remove", &archive))
}

fn copy_models(from: &Path, to: &Path) -> Result<()> {
    for model in MODELS {
        for name in [
            format!("{model}.bin"),
            format!("{model}-weights_manifest.json"),
        ] {
            let source = from.join(&name);
            fs::copy(&source, to.join(&name)).with_context(|| cannot("copy", &source))?;
        }
    }
    Ok(())
}

/// Waits until nobody else fetches parts into this checkout, and keeps others waiting meanwhile.
fn alone(paths: &Paths) -> Result<File> {
    let path = paths.part("lock");
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| cannot("create", folder))?;
    }
    let file = File::create(&path).with_context(|| cannot("create", &path))?;
    file.lock().with_context(|| cannot("lock", &path))?;
    Ok(file)
}

/// Makes a part by `work` in a temporary folder, unless it is there; returns whether it was made.
fn make(part: &Path, recipe: &str, work: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
    if is_made(part, recipe) {
        return Ok(false);
    }
    let unfinished = unfinished(part)?;
    clear(&unfinished)?;
    fs::create_dir_all(&unfinished).with_context(|| cannot("create", &unfinished))?;
    work(&unfinished)?;
    interrupt::check()?;
    fs::write(unfinished.join(RECIPE), recipe).with_context(|| cannot("write", &unfinished))?;
    clear(part)?;
    fs::rename(&unfinished, part).with_context(|| cannot("move", &unfinished))?;
    Ok(true)
}

fn is_made(part: &Path, recipe: &str) -> bool {
    fs::read_to_string(part.join(RECIPE)).is_ok_and(|made| made == recipe)
}

fn unfinished(part: &Path) -> Result<PathBuf> {
    let Some(name) = part.file_name() else {
        bail!("{} names no part", part.display());
    };
    Ok(part.with_file_name(format!("{}.unfinished", name.to_string_lossy())))
}

/// Removes a folder if it is there.
fn clear(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| cannot("remove", folder))?;
    }
    Ok(())
}

fn told(made: bool) -> &'static str {
    if made { "fetched" } else { "there" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::paths::Scratch;

    /// The requirements of a list that name no version, or no hash.
    fn unchecked(list: &str) -> Vec<String> {
        let joined = list.replace("\\\n", " ");
        let requirements = joined
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let checked = |line: &&str| {
            let mut words = line.split_whitespace();
            let pinned = words.next().is_some_and(|word| word.contains("=="));
            let hashes = words.filter_map(|word| word.strip_prefix("--hash=sha256:"));
            pinned && hashes.filter(|hash| hash.len() == 64).count() > 0
        };
        let unchecked = requirements.filter(|line| !checked(line));
        unchecked.map(str::to_owned).collect()
    }

    #[test]
    fn a_requirement_without_a_hash_is_found() {
        let hash = "0".repeat(64);
        let list = format!(
            "# A list.\none==1.0 \\\n    --hash=sha256:{hash}\n    # via two\ntwo==2.0\n\
             three>=3 \\\n    --hash=sha256:{hash}\nfour==4 --hash=sha256:0\n--index-url x\n"
        );
        let found = unchecked(&list);
        let names: Vec<&str> = found.iter().map(|line| &line[..3]).collect();
        assert_eq!(names, ["two", "thr", "fou", "--i"]);
    }

    #[test]
    fn every_requirement_has_a_version_and_a_hash() {
        let folder = Paths::find().unwrap().deployment("");
        let mut lists = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "txt") {
                let list = fs::read_to_string(&path).unwrap();
                let found = unchecked(&list);
                assert!(found.is_empty(), "{}: {found:?}", path.display());
                assert!(list.contains("--hash"), "{} is empty", path.display());
                lists += 1;
            }
        }
        assert_eq!(lists, 3);
    }

    #[test]
    fn the_example_is_installed_from_what_the_tests_run_it_with() {
        let paths = Paths::find().unwrap();
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        let all = read(paths.deployment("requirements-clients.txt"));
        let list = read(paths.root.join("examples/boto3/requirements.txt"));
        assert!(unchecked(&list).is_empty());
        let mut packages = 0;
        for line in list.lines().filter(|line| line.contains("==")) {
            let (package, _) = line.split_once("==").unwrap();
            assert_eq!(requirement(&list, package), requirement(&all, package));
            packages += 1;
        }
        assert!(packages > 3, "{packages} packages");
    }

    #[test]
    fn the_emulator_is_taken_from_the_list_with_its_hashes() {
        let list = "aws-sam-cli-x==1 \\\n --hash=b\naws-sam-cli==2 \\\n --hash=c \\\n --hash=d\n # via x\n";
        let expected = "aws-sam-cli==2 \\\n --hash=c \\\n --hash=d\n";
        assert_eq!(requirement(list, EMULATOR_PACKAGE).unwrap(), expected);
        assert!(requirement("boto3==1", EMULATOR_PACKAGE).is_none());
    }

    fn write_content(folder: &Path) -> Result<()> {
        fs::write(folder.join("content"), "whole").context("cannot write")
    }

    #[test]
    fn a_part_that_is_there_is_not_made_again() {
        let scratch = Scratch::new("part-there");
        let part = scratch.path().join("part");
        assert!(make(&part, "one", write_content).unwrap());
        assert!(!make(&part, "one", |_| bail!("it must not be called")).unwrap());
        assert_eq!(fs::read_to_string(part.join("content")).unwrap(), "whole");
    }

    #[test]
    fn a_part_whose_making_failed_is_made_again_from_the_start() {
        let scratch = Scratch::new("part-failed");
        let part = scratch.path().join("part");
        let failed = make(&part, "one", |folder| {
            fs::write(folder.join("left"), "half").unwrap();
            bail!("the network is gone")
        });
        assert!(failed.is_err());
        assert!(!part.exists());
        assert!(make(&part, "one", write_content).unwrap());
        assert!(!part.join("left").exists());
    }

    #[test]
    fn a_part_with_another_recipe_is_made_anew() {
        let scratch = Scratch::new("part-changed");
        let part = scratch.path().join("part");
        make(&part, "one", write_content).unwrap();
        assert!(make(&part, "two", |_| Ok(())).unwrap());
        assert!(!part.join("content").exists());
    }

    #[test]
    fn a_part_that_cannot_be_made_anew_stays_as_it_was() {
        let scratch = Scratch::new("part-kept");
        let part = scratch.path().join("part");
        make(&part, "one", write_content).unwrap();
        assert!(make(&part, "two", |_| bail!("the network is gone")).is_err());
        assert!(part.join("content").is_file());
    }
}
