//! Which of our crates depends on which: as a picture, and held to what ARCHITECTURE.md says.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::build::cargo;
use crate::command::output_of;
use crate::paths::Paths;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// `dev` or `build`; none for an ordinary one.
    kind: Option<String>,
}

/// What a crate is for, which is where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// What is deployed, and the client.
    Product,
    /// What stands in for AWS on one machine.
    Local,
    /// What tests the one on the other.
    Tests,
    /// The project's commands.
    Commands,
}

impl Part {
    /// The part that a file of the checkout belongs to.
    fn of(file: &Path) -> Result<Self> {
        let folder = file.iter().next().and_then(OsStr::to_str);
        Ok(match folder {
            Some("crates" | "functions") => Self::Product,
            Some("local") => Self::Local,
            Some("tests") => Self::Tests,
            Some("xtask") => Self::Commands,
            _ => bail!("{} is in no part of the project", file.display()),
        })
    }
}

/// A crate of ours.
struct Crate {
    part: Part,
    /// Every package that it names, others' as well.
    dependencies: Vec<Dependency>,
}

/// Our crates, by their names.
type Crates = BTreeMap<String, Crate>;

/// Reads the workspace's crates.
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
    let mut crates = Crates::new();
    for package in metadata.packages {
        let manifest = package.manifest_path;
        let read = Crate {
            part: Part::of(manifest.strip_prefix(&metadata.workspace_root)?)?,
            dependencies: package.dependencies,
        };
        crates.insert(package.name, read);
    }
    Ok(crates)
}

/// Those of our crates that one is built on. What only its tests need is left out.
fn built_on<'a>(crates: &'a Crates, name: &str) -> BTreeSet<&'a str> {
    let dependencies = crates.get(name).into_iter();
    let ours = dependencies
        .flat_map(|one| &one.dependencies)
        .filter(|dependency| dependency.kind.is_none())
        .filter(|dependency| crates.contains_key(&dependency.name));
    ours.map(|dependency| dependency.name.as_str()).collect()
}

/// All of ours that a crate is built on, directly or not.
fn all_under<'a>(crates: &'a Crates, name: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = built_on(crates, name);
    while let Some(below) = open.pop_first() {
        if found.insert(below) {
            open.append(&mut built_on(crates, below));
        }
    }
    found
}

/// The crates as a Mermaid graph: an arrow leads to what a crate is built on. Arrows that follow from
/// others are left out.
fn drawn(crates: &Crates) -> String {
    let mut lines = vec!["graph TD".to_owned()];
    for (part, title) in [
        (Part::Product, "product"),
        (Part::Local, "local"),
        (Part::Tests, "tests"),
    ] {
        lines.push(format!("    subgraph {title}"));
        let inside = crates.iter().filter(|(_, one)| one.part == part);
        lines.extend(inside.map(|(name, _)| format!("        {name}")));
        lines.push("    end".to_owned());
    }
    for name in crates.keys() {
        let built_on = built_on(crates, name);
        for below in &built_on {
            let mut others = built_on.iter().filter(|other| *other != below);
            if !others.any(|other| all_under(crates, other).contains(below)) {
                lines.push(format!("    {name} --> {below}"));
            }
        }
    }
    lines.join("\n") + "\n"
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
            assert!(!all_under(&crates, name).contains(name.as_str()), "{name}");
        }
    }

    #[test]
    fn each_crate_knows_what_it_may_know() {
        let crates = crates();
        let under = |name: &str| all_under(&crates, name);
        assert_eq!(under("signin-core"), [].into());
        assert_eq!(under("signin-lambda"), ["signin-core"].into());
        assert_eq!(under("signin-aws"), ["signin-core"].into());
        assert_eq!(under("signin-flow"), ["signin-aws", "signin-core"].into());
        let define = ["signin-core", "signin-lambda"].into();
        assert_eq!(under("define-auth-challenge"), define);
    }

    /// The product's crates that name such a package themselves, be it for their tests.
    fn product_naming(crates: &Crates, such: impl Fn(&str) -> bool) -> Vec<&str> {
        let product = crates.iter().filter(|(_, one)| one.part == Part::Product);
        let naming = product.filter(|(_, one)| one.dependencies.iter().any(|of| such(&of.name)));
        naming.map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn the_product_names_nothing_beside_it() {
        let crates = crates();
        let beside = |name: &str| {
            let ours = crates.get(name);
            ours.is_some_and(|one| one.part != Part::Product)
        };
        assert_eq!(product_naming(&crates, beside), [""; 0]);
    }

    #[test]
    fn few_of_the_product_name_the_sdk_lambda_or_the_client() {
        let crates = crates();
        let naming = |packages: &[&str]| product_naming(&crates, |name| packages.contains(&name));
        // The client is an app, and uses the SDK as apps do.
        let sdk = product_naming(&crates, |name| name.starts_with("aws-"));
        assert_eq!(sdk, ["signin-aws", "signin-client"]);
        let lambda = naming(&["aws_lambda_events", "lambda_runtime"]);
        assert_eq!(lambda, ["signin-lambda"]);
        assert_eq!(naming(&["signin-client"]), [""; 0]);
        assert_eq!(naming(&["cognito-srp"]), ["signin-client"]);
    }

    #[test]
    fn the_picture_shows_what_a_crate_is_for_and_no_arrow_twice() {
        let dependency = |name: &&str| Dependency {
            name: (*name).to_owned(),
            kind: None,
        };
        let one = |part, built_on: &[&str]| Crate {
            part,
            dependencies: built_on.iter().map(dependency).collect(),
        };
        let crates = [
            ("rules", one(Part::Product, &[])),
            ("stand-in", one(Part::Local, &["rules"])),
            ("attacks", one(Part::Tests, &["rules", "stand-in"])),
        ];
        let crates = crates.map(|(name, one)| (name.to_owned(), one)).into();
        let expected = "graph TD
    subgraph product
        rules
    end
    subgraph local
        stand-in
    end
    subgraph tests
        attacks
    end
    attacks --> stand-in
    stand-in --> rules
";
        assert_eq!(drawn(&crates), expected);
    }
}
