//! Deploying the template to the local AWS, once or with several sets of parameters, and what a
//! client has to know of each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::command::output_of;
use crate::paths::Paths;
use crate::private;
use crate::stack::endpoints::{Endpoints, REGION};
use crate::stack::keys::Keys;

/// The name of the stack of a developer's own; a variant's is this, a hyphen and its name.
const STACK: &str = "face-sign-in";

/// The template's parameter for the pages that may upload.
const ORIGINS: &str = "AllowedOrigins";

/// The template's parameters for who mail is from, and for what lets SES send it.
const MAIL_FROM: &str = "MailFrom";
const MAIL_SOURCE: &str = "MailSourceArn";
/// Both, of a stack of a developer's own. Account and region are those that the local AWS plays.
const OWN_MAIL: [&str; 2] = [
    "MailFrom=sign-in@example.com",
    "MailSourceArn=arn:aws:ses:us-east-1:000000000000:identity/example.com",
];

/// How the files of a running stack's outputs begin.
pub(crate) const OUTPUTS: &str = "outputs";
/// How those of its functions' environments begin.
pub(crate) const ENVIRONMENTS: &str = "env";

/// What the deployment script tells of a stack.
#[derive(Debug, Deserialize)]
struct Deployed {
    outputs: BTreeMap<String, String>,
    /// The variables of each function, by its name in the template.
    environments: BTreeMap<String, BTreeMap<String, String>>,
}

/// The template with one set of parameters.
#[derive(Clone, Debug)]
pub(crate) struct Variant {
    /// What tells it from the others; empty for the one that needs no telling.
    pub(crate) name: &'static str,
    /// The template's parameters, each as `Key=Value`.
    pub(crate) parameters: Vec<String>,
    /// Whether its functions are the mutated ones.
    pub(crate) mutated: bool,
    /// The port of its page, where it has one.
    pub(crate) web: Option<u16>,
}

impl Variant {
    /// Where its page is; empty where it has none.
    pub(crate) fn web_url(&self) -> String {
        // Browsers give the camera to pages of this name, as to those that come over TLS.
        self.web
            .map_or_else(String::new, |port| format!("http://localhost:{port}"))
    }

    /// The origins of the pages that call Cognito and upload pictures: its own, by either name of
    /// this machine, and those that were named.
    pub(crate) fn pages(&self) -> Vec<String> {
        let own = self.web.into_iter().flat_map(|port| {
            ["localhost", "127.0.0.1"].map(|name| format!("http://{name}:{port}"))
        });
        let named = self.given().filter(|(key, _)| *key == ORIGINS);
        let named = named.flat_map(|(_, origins)| origins.split(','));
        let mut pages: Vec<String> = Vec::new();
        for page in own.chain(named.map(|origin| origin.trim().to_owned())) {
            if !pages.contains(&page) {
                pages.push(page);
            }
        }
        pages
    }

    /// The ARN of the SES identity that mail is sent with, where there is one. What is no identity's is
    /// for the template to refuse.
    pub(crate) fn mail_identity(&self) -> Option<&str> {
        let mut given = self.given();
        let (_, identity) = given.find(|(key, _)| *key == MAIL_SOURCE)?;
        identity.contains(":identity/").then_some(identity)
    }

    /// The template's parameters. What is no origin, such as `*`, is for the template to refuse.
    fn parameters(&self) -> BTreeMap<String, String> {
        let given = self.given();
        let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut parameters: BTreeMap<String, String> = given.collect();
        let pages = self.pages();
        if !pages.is_empty() {
            parameters.insert(ORIGINS.to_owned(), pages.join(","));
        }
        parameters
    }

    fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().filter_map(|p| p.split_once('='))
    }

    fn stack(&self) -> String {
        if self.name.is_empty() {
            STACK.to_owned()
        } else {
            format!("{STACK}-{}", self.name)
        }
    }

    /// The file of a variant's outputs within a stack's folder.
    pub(crate) fn outputs(&self, dir: &Path) -> PathBuf {
        self.file(dir, OUTPUTS)
    }

    /// The file of its functions' environments, as `sam local invoke --env-vars` reads it.
    fn environments(&self, dir: &Path) -> PathBuf {
        self.file(dir, ENVIRONMENTS)
    }

    fn file(&self, dir: &Path, kind: &str) -> PathBuf {
        if self.name.is_empty() {
            dir.join(format!("{kind}.json"))
        } else {
            dir.join(format!("{kind}-{}.json", self.name))
        }
    }
}

/// Parameters that send mail as well, from an address of example.com, unless they say themselves who
/// mail is from.
pub(crate) fn with_mail(mut parameters: Vec<String>) -> Vec<String> {
    let is_said = parameters.iter().any(|parameter| {
        let name = parameter.split('=').next();
        [MAIL_FROM, MAIL_SOURCE].map(Some).contains(&name)
    });
    if !is_said {
        parameters.extend(OWN_MAIL.map(str::to_owned));
    }
    parameters
}

/// Deploys the variants side by side and writes each one's outputs and its functions' environments
/// into `dir`; where there is a proxy, the outputs name it.
pub(crate) fn deploy(
    paths: &Paths,
    dir: &Path,
    endpoints: Endpoints,
    keys: &Keys,
    variants: &[Variant],
    proxied: bool,
) -> Result<()> {
    for (mutated, packages) in [(false, paths.packages()), (true, paths.mutated_packages())] {
        let variants: Vec<&Variant> = variants.iter().filter(|v| v.mutated == mutated).collect();
        if !variants.is_empty() {
            deploy_packages(paths, dir, endpoints, keys, &variants, &packages, proxied)?;
        }
    }
    Ok(())
}

/// Deploys variants whose functions lie in one folder.
fn deploy_packages(
    paths: &Paths,
    dir: &Path,
    endpoints: Endpoints,
    keys: &Keys,
    variants: &[&Variant],
    packages: &Path,
    proxied: bool,
) -> Result<()> {
    let stacks: BTreeMap<String, BTreeMap<String, String>> = variants
        .iter()
        .map(|variant| (variant.stack(), variant.parameters()))
        .collect();
    let mut deployment = Command::new(paths.part("ministack").join("bin/python"));
    let text = output_of(
        keys.give_to(deployment.env_clear())
            .arg(paths.deployment("deploy.py"))
            .args(["--endpoint", &endpoints.aws()])
            .args(["--region", REGION])
            .arg("--template")
            .arg(paths.root.join("template.yaml"))
            .arg("--packages")
            .arg(packages)
            .args(["--stacks", &serde_json::to_string(&stacks)?]),
    )?;
    let mut stacks: BTreeMap<String, Deployed> =
        serde_json::from_str(&text).context("the deployment script's answer is not understood")?;
    for variant in variants {
        let Deployed {
            mut outputs,
            mut environments,
        } = stacks
            .remove(&variant.stack())
            .with_context(|| format!("nothing is told of the stack {}", variant.stack()))?;
        outputs.extend(endpoints.outputs(proxied));
        outputs.extend(keys.outputs());
        outputs.insert("WebUrl".to_owned(), variant.web_url());
        write(&variant.outputs(dir), &outputs)?;
        for environment in environments.values_mut() {
            environment.extend(endpoints.variables());
        }
        write(&variant.environments(dir), &environments)?;
    }
    Ok(())
}

fn write(path: &Path, content: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(content)?;
    private::write(path, &format!("{text}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(web: Option<u16>, parameters: &[&str]) -> Variant {
        Variant {
            name: "",
            parameters: parameters.iter().map(|&p| p.to_owned()).collect(),
            mutated: false,
            web,
        }
    }

    #[test]
    fn the_page_and_the_origins_that_were_named_may_call_and_nobody_else() {
        let own = ["http://localhost:5173", "http://127.0.0.1:5173"];
        assert_eq!(variant(Some(5173), &[]).pages(), own);
        let named =
            "AllowedOrigins=http://localhost:3000, capacitor://localhost,http://localhost:5173";
        let all = [
            &own[..],
            &["http://localhost:3000", "capacitor://localhost"],
        ]
        .concat();
        let both = variant(Some(5173), &[named, "SignInPolicy=FACE"]);
        assert_eq!(both.pages(), all);
        assert_eq!(both.parameters()[ORIGINS], all.join(","));
        assert_eq!(both.parameters()["SignInPolicy"], "FACE");
        let none = variant(None, &["SignInPolicy=FACE"]);
        assert!(none.pages().is_empty() && !none.parameters().contains_key(ORIGINS));
    }

    #[test]
    fn a_developers_stack_sends_mail_unless_it_is_said_from_whom() {
        let sends = |parameters: &[&str]| {
            let parameters = parameters.iter().map(|&given| given.to_owned()).collect();
            let own = Variant {
                parameters: with_mail(parameters),
                ..variant(None, &[])
            };
            let from = own.parameters().get(MAIL_FROM).cloned();
            (from, own.mail_identity().map(str::to_owned))
        };
        let own = "arn:aws:ses:us-east-1:000000000000:identity/example.com".to_owned();
        let (from, identity) = sends(&["SignInPolicy=FACE"]);
        assert_eq!(from.as_deref(), Some("sign-in@example.com"));
        assert_eq!(identity, Some(own));
        // Half of it stays half, for the template to refuse.
        let (from, identity) = sends(&["MailFrom=codes@example.org"]);
        assert_eq!(from.as_deref(), Some("codes@example.org"));
        assert_eq!(identity, None);
        let (from, identity) = sends(&["MailFrom=", "MailSourceArn="]);
        assert_eq!(from.as_deref(), Some(""));
        assert_eq!(identity, None);
    }
}
