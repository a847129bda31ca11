//! The sample page: its packages, its build, and the browser that its tests use.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::build::build_trials;
use crate::command::{after_others, cannot, output_of, run_quietly};
use crate::parts;
use crate::paths::Paths;
use crate::steps::step;

/// What the page is built from, beside the packages that the lock file names.
const SOURCES: [&str; 6] = [
    "index.html",
    "package-lock.json",
    "public/icon.svg",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];
/// The file within the built page that holds the digest of its sources.
const BUILT_FROM: &str = "built-from.txt";

/// Where browsers lie that somebody has installed, in the order in which they are taken.
const BROWSERS: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
];

/// The folder of the built page.
pub(crate) fn pages(paths: &Paths) -> PathBuf {
    folder(paths).join("dist")
}

/// Where the browser tests leave their pictures.
pub(crate) fn screenshots(paths: &Paths) -> PathBuf {
    folder(paths).join("screenshots")
}

fn folder(paths: &Paths) -> PathBuf {
    paths.root.join("web")
}

/// Installs the page's packages and builds it, unless that was done from the same sources.
pub(crate) fn build(paths: &Paths) -> Result<()> {
    step("the page", || {
        parts::npm(paths, &folder(paths), "web")?;
        let sources = digest(&folder(paths))?;
        let built = pages(paths).join(BUILT_FROM);
        if fs::read_to_string(&built).is_ok_and(|known| known == sources) {
            return Ok("there");
        }
        let mut npm = Command::new("npm");
        npm.args(["run", "build"]).current_dir(folder(paths));
        run_quietly(&mut npm, &paths.logs().join("web-build.log"))
            .context("the page cannot be built")?;
        fs::write(&built, sources).with_context(|| cannot("write", &built))?;
        Ok("built")
    })
}

/// A digest of the names and contents of the page's sources.
fn digest(folder: &Path) -> Result<String> {
    let mut all = Sha256::new();
    for source in SOURCES {
        add(&mut all, &folder.join(source))?;
    }
    Ok(format!("{}\n", hex::encode(all.finalize())))
}

fn add(all: &mut Sha256, path: &Path) -> Result<()> {
    if path.is_dir() {
        let entries = fs::read_dir(path).with_context(|| cannot("read", path))?;
        let mut inside: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| add(all, path));
    }
    let content = fs::read(path).with_context(|| cannot("read", path))?;
    for part in [path.as_os_str().as_encoded_bytes(), &content] {
        all.update((part.len() as u64).to_be_bytes());
        all.update(part);
    }
    Ok(())
}

/// A Chromium for the browser tests: one that is there, Debian's where this user may install it, or
/// the one that Playwright fetches.
pub(crate) fn chromium(paths: &Paths) -> Result<PathBuf> {
    let mut found = None;
    step("a browser", || {
        let browser = match installed("CHROMIUM", &BROWSERS) {
            Some(browser) => browser,
            None => debians_chromium(paths).map_or_else(|| playwrights(paths), Ok)?,
        };
        let version = version(&browser)?;
        found = Some(browser);
        Ok(version)
    })?;
    found.context("there is no browser")
}

fn debians_chromium(paths: &Paths) -> Option<PathBuf> {
    if !may_install() {
        return None;
    }
    install(paths, &["chromium"]).ok()?;
    installed("CHROMIUM", &BROWSERS)
}

/// The first program that is there, of the one that somebody has named and those that are usual.
fn installed(variable: &str, usual: &[&str]) -> Option<PathBuf> {
    let chosen = std::env::var_os(variable).map(PathBuf::from);
    chosen
        .into_iter()
        .chain(usual.iter().map(PathBuf::from))
        .find(|path| path.is_file())
}

fn version(browser: &Path) -> Result<String> {
    let version = output_of(Command::new(browser).arg("--version"))
        .with_context(|| format!("{} does not start", browser.display()))?;
    Ok(version.trim().to_owned())
}

/// Whether Debian's packages can be installed: this is Debian, and we are root.
fn may_install() -> bool {
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    rustix::process::getuid().is_root() && system.lines().any(|line| line == "ID=debian")
}

fn install(paths: &Paths, packages: &[&str]) -> Result<()> {
    let log = paths.logs().join("setup-browsers.log");
    let mut update = Command::new("apt-get");
    run_quietly(update.args(["update", "--quiet"]), &log)?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "--quiet", "--yes", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    run_quietly(&mut install, &log)
}

/// A program that an engine's tests need: how the tests learn where it lies, the variable in which
/// somebody may name another, and where it usually lies.
struct Program {
    told_as: &'static str,
    named_in: &'static str,
    usual: &'static [&'static str],
}

/// A browser engine beside Chromium's that the page is driven in.
struct Engine {
    name: &'static str,
    programs: &'static [Program],
    /// Debian's packages that bring them.
    packages: &'static [&'static str],
}

const ENGINES: [Engine; 2] = [
    Engine {
        name: "Firefox",
        programs: &[Program {
            told_as: "FACE_SIGNIN_FIREFOX",
            named_in: "FIREFOX",
            usual: &["/usr/bin/firefox-esr", "/usr/bin/firefox"],
        }],
        packages: &["firefox-esr"],
    },
    Engine {
        name: "WebKitGTK",
        programs: &[
            Program {
                told_as: "FACE_SIGNIN_WEBKIT",
                named_in: "WEBKIT",
                usual: &[
                    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
                    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
                ],
            },
            Program {
                told_as: "FACE_SIGNIN_WEBKIT_DRIVER",
                named_in: "WEBKIT_DRIVER",
                usual: &["/usr/bin/WebKitWebDriver"],
            },
            Program {
                told_as: "FACE_SIGNIN_XVFB",
                named_in: "XVFB",
                usual: &["/usr/bin/Xvfb"],
            },
        ],
        packages: &["webkit2gtk-driver", "xvfb"],
    },
];

impl Engine {
    /// Where its programs lie, as the tests are told; none where one is missing.
    fn found(&self) -> Option<Vec<(&'static str, PathBuf)>> {
        let found = |program: &Program| {
            let path = installed(program.named_in, program.usual)?;
            Some((program.told_as, path))
        };
        self.programs.iter().map(found).collect()
    }
}

/// The engines that the page is driven in beside Chromium.
#[derive(Debug, Default)]
pub(crate) struct Engines {
    /// Where their programs lie, as the tests are told.
    pub(crate) environment: Vec<(&'static str, PathBuf)>,
    /// Those that are left out, and what would bring each.
    pub(crate) missing: Vec<(&'static str, String)>,
}

/// Finds the other engines. Where they can be installed, they are, and none may be missing.
pub(crate) fn engines(paths: &Paths) -> Result<Engines> {
    let mut engines = Engines::default();
    step("other engines", || {
        let lacking = || ENGINES.iter().filter(|engine| engine.found().is_none());
        let mut packages: Vec<&str> = lacking()
            .flat_map(|engine| engine.packages)
            .copied()
            .collect();
        if !packages.is_empty() && may_install() {
            // All in one go, with the one that is asked for next.
            if installed("CHROMIUM", &BROWSERS).is_none() {
                packages.push("chromium");
            }
            install(paths, &packages)?;
            if let Some(engine) = lacking().next() {
                bail!(
                    "{} is not there after {:?} was installed",
                    engine.name,
                    engine.packages
                );
            }
        }
        for engine in &ENGINES {
            match engine.found() {
                Some(programs) => engines.environment.extend(programs),
                None => engines.missing.push((
                    engine.name,
                    format!("on Debian: apt-get install {}", engine.packages.join(" ")),
                )),
            }
        }
        let names = ENGINES.iter().filter(|engine| engine.found().is_some());
        Ok(names
            .map(|engine| engine.name)
            .collect::<Vec<_>>()
            .join(", "))
    })?;
    Ok(engines)
}

fn playwrights(paths: &Paths) -> Result<PathBuf> {
    let run = |arguments: &[&str]| {
        let mut node = Command::new("node");
        node.args(arguments).current_dir(folder(paths));
        node
    };
    let mut install = run(&[
        "node_modules/playwright-core/cli.js",
        "install",
        "chromium-headless-shell",
    ]);
    run_quietly(&mut install, &paths.logs().join("setup-chromium.log")).context(
        "there is no Chromium and none can be installed; install one, or name it in CHROMIUM",
    )?;
    let path = output_of(&mut run(&[
        "--print",
        "require('playwright-core').chromium.executablePath()",
    ]))?;
    Ok(PathBuf::from(path.trim()))
}

/// The tests of one kind, `unit`, `cameras` or `forms`; of the latter two those whose name holds a text.
pub(crate) fn suite(paths: &Paths, kind: &str, only: Option<&str>) -> Command {
    let mut node = after_others("node");
    node.args(["node_modules/vitest/vitest.mjs", "run", "--project", kind])
        .current_dir(folder(paths));
    if let Some(only) = only {
        node.args(["--testNamePattern", only]);
    }
    node
}

/// What somebody waits for in front of the page, measured.
pub(crate) fn measures(paths: &Paths) -> Command {
    let mut node = Command::new("node");
    node.arg("scripts/measure.mjs").current_dir(folder(paths));
    node
}

/// What cameras show in the browser tests: a folder of motion JPEGs, made from photographs.
pub(crate) fn cameras(paths: &Paths) -> Result<PathBuf> {
    let cameras = paths.root.join(".local/cameras");
    let programs = build_trials(paths)?;
    step("the cameras", || {
        let mut make = Command::new(programs.executable("cameras")?);
        run_quietly(make.arg(&cameras), &paths.logs().join("cameras.log"))?;
        Ok("made")
    })?;
    Ok(cameras)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::paths::Scratch;

    #[test]
    fn another_source_is_another_digest() {
        let scratch = Scratch::new("web-digest");
        let folder = scratch.path();
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join("public")).unwrap();
        for name in SOURCES.iter().filter(|name| **name != "src") {
            fs::write(folder.join(name), "1").unwrap();
        }
        let empty = digest(folder).unwrap();
        assert_eq!(digest(folder).unwrap(), empty);
        fs::write(folder.join("src/main.tsx"), "1").unwrap();
        let one = digest(folder).unwrap();
        fs::write(folder.join("src/main.tsx"), "2").unwrap();
        assert!(one != empty && digest(folder).unwrap() != one);
    }
}
