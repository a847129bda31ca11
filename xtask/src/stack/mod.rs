//! A running stack: the local AWS, Cognito and Rekognition, with the template deployed.

pub(crate) mod endpoints;
pub(crate) mod http;
pub(crate) mod keys;
pub(crate) mod state;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::build::Built;
use crate::command::{cannot, tail};
use crate::deploy::{Variant, deploy};
use crate::interrupt;
use crate::paths::Paths;
use crate::private;
use crate::process::{Identity, stop_group, until_one_ends};
use crate::steps::step;
use crate::web;
use endpoints::{Endpoints, REGION};
use keys::Keys;
use state::{Lock, Record};

/// How long a server has until it answers.
const START: Duration = Duration::from_mins(1);
/// How often servers are looked after.
const POLL: Duration = Duration::from_millis(50);

/// How many pictures recognition remembers: more than tests have.
const REMEMBERED: &str = "256";

/// MiniStack's socket, within the folder that it works in.
const SOCKET: &str = "aws.sock";

/// A stack that this process runs; it ends with this value.
#[derive(Debug)]
pub(crate) struct Stack {
    dir: PathBuf,
    endpoints: Endpoints,
    keys: Keys,
    parts: Vec<Part>,
    record: Record,
    /// Given back last, when nothing of the stack is left.
    _lock: Lock,
}

/// What a stack has more that trials run on.
#[derive(Clone, Debug)]
pub(crate) struct Trials {
    /// The proxy that breaks calls: the functions and Cognito reach everything through it.
    pub(crate) proxy: PathBuf,
    /// Whether they show the same few pictures over and over, and measure no times.
    pub(crate) same_pictures: bool,
}

/// A server, which leads a process group of its own.
#[derive(Debug)]
struct Part {
    name: &'static str,
    child: Child,
    log: PathBuf,
    health: String,
}

impl Stack {
    /// Starts the servers, deploys the variants and writes their outputs into `dir`.
    pub(crate) fn start(
        paths: &Paths,
        dir: &Path,
        lock: Lock,
        endpoints: Endpoints,
        built: &Built,
        variants: &[Variant],
        trials: Option<&Trials>,
    ) -> Result<Self> {
        let mut stack = Self {
            dir: dir.to_owned(),
            endpoints,
            keys: Keys::new()?,
            parts: Vec::new(),
            record: Record::new(),
            _lock: lock,
        };
        stack.record.write(dir)?;
        step("the servers", || {
            stack.launch(paths, built, variants, trials)?;
            stack.wait_for_health()?;
            Ok(format!(
                "AWS {}, Cognito {}, Rekognition {}",
                endpoints.aws(),
                endpoints.cognito(),
                endpoints.rekognition()
            ))
        })?;
        step("the template's deployment", || {
            interrupt::check()?;
            deploy(
                paths,
                dir,
                endpoints,
                &stack.keys,
                variants,
                trials.is_some(),
            )
            .map_err(|error| {
                let log = dir.join("logs/ministack.log");
                anyhow!("{error:#}\n(the local AWS's log is {})", paths.shown(&log))
            })?;
            Ok("")
        })?;
        if variants.iter().any(|variant| variant.web.is_some()) {
            step("the page's server", || {
                stack.serve_pages(paths, built, variants)?;
                stack.wait_for_health()?;
                let urls = variants.iter().filter(|variant| variant.web.is_some());
                Ok(urls.map(Variant::web_url).collect::<Vec<_>>().join(" "))
            })?;
        }
        Ok(stack)
    }

    /// Writes down that the stack is ready for clients.
    pub(crate) fn mark_ready(&mut self) -> Result<()> {
        self.record.ready = true;
        self.record.write(&self.dir)
    }

    /// Watches the servers until Ctrl-C; one that ends earlier is an error with its log's tail.
    pub(crate) fn watch(&mut self) -> Result<()> {
        while !interrupt::requested() {
            self.check_alive()?;
            until_one_ends(self.parts.iter().map(|part| &part.child));
        }
        Ok(())
    }

    fn launch(
        &mut self,
        paths: &Paths,
        built: &Built,
        variants: &[Variant],
        trials: Option<&Trials>,
    ) -> Result<()> {
        let endpoints = self.endpoints;
        let pages: Vec<String> = variants
            .iter()
            .flat_map(Variant::pages)
            .map(|page| format!("--page={page}"))
            .collect();
        // Whom requests come through that leave `Host` as it was signed: the proxy, and Cognito, which
        // asks IAM about its administrators.
        let siblings: Vec<String> = trials
            .map(|_| endpoints.proxy_port())
            .into_iter()
            .chain([endpoints.cognito_port()])
            .map(|port| format!("--sibling={port}"))
            .collect();
        let (aws, rekognition, cognito) = match trials {
            Some(_) => (endpoints.proxy(), endpoints.proxy(), endpoints.proxy()),
            None => (
                endpoints.aws(),
                endpoints.rekognition(),
                endpoints.cognito(),
            ),
        };
        if let Some(Trials { proxy, .. }) = trials {
            let mut command = Command::new(proxy);
            command
                .env_clear()
                .args(["--listen", &endpoints.proxy_address()])
                .args(["--recognition", &endpoints.rekognition()])
                .args(["--cognito", &endpoints.cognito()])
                .args(["--aws", &endpoints.aws()])
                .args(&siblings);
            let health = format!("{}/_proxy/health", endpoints.proxy());
            self.spawn("fault-proxy", command, health)?;
        }
        let scratch = self.dir.join("run");
        if scratch.exists() {
            fs::remove_dir_all(&scratch).with_context(|| cannot("remove", &scratch))?;
        }
        private::folder(&scratch)?;

        let mut ministack = Command::new(paths.part("ministack").join("bin/python"));
        // Its functions inherit all of this, as those in AWS inherit their runtime's. Nothing of
        // the developer's own environment, credentials least of all, reaches them.
        ministack
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &scratch)
            .env("TMPDIR", &scratch)
            // Where others find it, which is at the gate. It listens on a socket within a folder
            // of ours alone; its path is short, since the system allows no long ones.
            .env("GATEWAY_PORT", endpoints.aws_port().to_string())
            .current_dir(&scratch)
            .arg(paths.deployment("aws.py"))
            .args(["--socket", SOCKET])
            .env("AUTH", "true")
            // Two listeners that we have no use for, one of them open to the network.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            .env("AWS_ENDPOINT_URL", &aws)
            .env("AWS_ENDPOINT_URL_REKOGNITION", &rekognition)
            .env("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", &cognito)
            .env("AWS_ENDPOINT_URL_SESV2", &cognito);
        let health = format!("{}/_local/health", endpoints.aws());
        self.spawn("ministack", ministack, health.clone())?;

        let mut gate = Command::new(built.executable("local-gate")?);
        gate.env_clear()
            .current_dir(&scratch)
            .args(["--listen", &endpoints.aws_address()])
            .args(["--upstream", SOCKET])
            .args(&pages)
            .args(&siblings);
        self.spawn("local-gate", gate, health)?;

        let mut rekognition = Command::new(built.executable("local-rekognition")?);
        rekognition
            .env_clear()
            .env("AWS_ENDPOINT_URL", endpoints.aws())
            .args(["--listen", &endpoints.rekognition_address()])
            .args(&siblings)
            .arg("--models")
            .arg(paths.part("models"));
        if trials.is_some_and(|trials| trials.same_pictures) {
            rekognition.args(["--remember", REMEMBERED]);
        }
        let health = format!("{}/_local/health", endpoints.rekognition());
        self.spawn("local-rekognition", rekognition, health)?;

        // Whoever deploys has verified in SES what mail is sent from.
        let identities = variants.iter().filter_map(Variant::mail_identity);
        let identities = identities.map(|identity| format!("--identity={identity}"));
        let mut cognito = Command::new(built.executable("local-cognito")?);
        cognito
            .env_clear()
            .env("AWS_ENDPOINT_URL", &aws)
            .args(["--listen", &endpoints.cognito_address()])
            .args(&siblings)
            .args(&pages)
            .args(identities);
        let health = format!("{}/_local/health", endpoints.cognito());
        self.spawn("local-cognito", cognito, health)
    }

    /// Serves the built page for each variant that has one.
    fn serve_pages(&mut self, paths: &Paths, built: &Built, variants: &[Variant]) -> Result<()> {
        for variant in variants {
            let Some(port) = variant.web else {
                continue;
            };
            let mut command = Command::new(built.executable("local-web")?);
            command
                .env_clear()
                .args(["--listen", &endpoints::address(port)])
                .arg("--pages")
                .arg(web::pages(paths))
                .arg("--outputs")
                .arg(variant.outputs(&self.dir));
            let health = format!("{}/_local/health", endpoints::url(port));
            self.spawn("local-web", command, health)?;
        }
        Ok(())
    }

    /// Starts a server with the local AWS's credentials, and writes it down.
    fn spawn(&mut self, name: &'static str, mut command: Command, health: String) -> Result<()> {
        let log = self.dir.join("logs").join(format!("{name}.log"));
        if let Some(folder) = log.parent() {
            private::folder(folder)?;
        }
        let output = private::file(&log).with_context(|| cannot("create", &log))?;
        let child = self
            .keys
            .give_to(&mut command)
            .env("AWS_REGION", REGION)
            .stdin(Stdio::null())
            .stdout(output.try_clone().with_context(|| cannot("write", &log))?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        self.record.parts.push(Identity::of(&child));
        self.parts.push(Part {
            name,
            child,
            log,
            health,
        });
        self.record.write(&self.dir)
    }

    fn wait_for_health(&mut self) -> Result<()> {
        let deadline = Instant::now() + START;
        loop {
            self.check_alive()?;
            interrupt::check()?;
            let Some(silent) = self.parts.iter().find(|part| !http::answers(&part.health)) else {
                return Ok(());
            };
            if Instant::now() > deadline {
                bail!("{} does not answer{}", silent.name, silent.last_words());
            }
            sleep(POLL);
        }
    }

    fn check_alive(&mut self) -> Result<()> {
        for part in &mut self.parts {
            if let Some(status) = part.child.try_wait().context("cannot watch a server")? {
                bail!("{} ended ({status}){}", part.name, part.last_words());
            }
        }
        Ok(())
    }
}

impl Part {
    /// Where a server's log is and how it ends, for the end of an error.
    fn last_words(&self) -> String {
        format!(
            "; the last lines of {}:\n{}",
            self.log.display(),
            tail(&self.log)
        )
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        for part in self.parts.iter_mut().rev() {
            stop_group(&mut part.child);
        }
        if let Err(error) = state::forget(&self.dir) {
            eprintln!("warning: {error:#}");
        }
    }
}
