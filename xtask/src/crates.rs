//! Which of our crates depends on which: as a picture, and held to what ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use crate::build::cargo;
use crate::command::output_of;
use crate::paths::Paths;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev` or `build`; none for an ordinary one.
    kind: Option<String>,
}

/// Our crates, each with those of ours that it is built on.
type Crates = BTreeMap<String, BTreeSet<String>>;

/// Reads the workspace's crates. What only tests need is left out.
fn read(paths: &Paths) -> Result<Crates> {
    let mut metadata = cargo(paths);
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    let metadata: Metadata = serde_json::from_str(&output_of(&mut metadata)?)
        .context("cargo metadata says something else than expected")?;
    let ours: BTreeSet<String> = metadata
        .packages
        .iter()
        .map(|package| package.name.clone())
        .collect();
    let crates = metadata.packages.into_iter().map(|package| {
        let built_on = package.dependencies.into_iter();
        let built_on = built_on
            .filter(|dependency| dependency.kind.is_none() && ours.contains(&dependency.name));
        let built_on = built_on.map(|dependency| dependency.name).collect();
        (package.name, built_on)
    });
    Ok(crates.collect())
}

/// All that a crate is built on, directly or not.
fn all_under(crates: &Crates, name: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        for below in crates.get(&name).into_iter().flatten() {
            if found.insert(below.clone()) {
                open.push(below.clone());
            }
        }
    }
    found
}

/// The crates as a Mermaid graph: an arrow leads to what a crate is built on. Arrows that follow from
/// others are left out.
fn drawn(crates: &Crates) -> String {
    let mut picture = "graph TD\n".to_owned();
    for (name, built_on) in crates {
        for below in built_on {
            let others = built_on.iter().filter(|other| *other != below);
            let follows = others
                .into_iter()
                .any(|other| all_under(crates, other).contains(below));
            if !follows {
                writeln!(picture, "    {name} --> {below}").expect("a text takes it");
            }
        }
    }
    picture
}

/// Prints the picture.
pub(crate) fn print(paths: &Paths) -> Result<()> {
    print!("{}", drawn(&read(paths)?));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crates() -> Crates {
        read(&Paths::find().unwrap()).unwrap()
    }

    #[test]
    fn no_crate_is_built_on_itself() {
        let crates = crates();
        for name in crates.keys() {
            assert!(!all_under(&crates, name).contains(name), "{name}");
        }
    }

    #[test]
    fn each_crate_knows_what_it_may_know() {
        let crates = crates();
        let under = |name: &str| all_under(&crates, name);
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(under("signin-core"), set(&[]));
        assert_eq!(under("signin-lambda"), set(&["signin-core"]));
        assert_eq!(under("signin-aws"), set(&["signin-core"]));
        assert_eq!(under("signin-flow"), set(&["signin-aws", "signin-core"]));
        let define = set(&["signin-core", "signin-lambda"]);
        assert_eq!(under("define-auth-challenge"), define);
        assert_eq!(under("custom-message"), define);
        // No function knows what stands in for AWS, or the tests.
        let product = set(&["signin-aws", "signin-core", "signin-lambda", "signin-flow"]);
        for function in [
            "verify-auth-challenge",
            "create-auth-challenge",
            "sweep",
            "index-images",
        ] {
            assert_eq!(under(function), product, "{function}");
        }
    }
}
