//! The commands that check: `test` and its suites, and `lint`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::Suite;
use crate::build::{Built, TRIALS, build_mutated, build_proxy, build_trials, cargo, functions};
use crate::command::{after_others, cannot, output_of, run_in_one_piece, run_quietly, run_visibly};
use crate::deploy::Variant;
use crate::interrupt;
use crate::parts;
use crate::paths::Paths;
use crate::run::prepare;
use crate::stack::endpoints::{Endpoints, REGION, VARIABLES};
use crate::stack::state::Lock;
use crate::stack::{Stack, Trials};
use crate::steps::begin;
use crate::web::{self, Engines};

/// How the end-to-end tests learn where the outputs of their stacks lie, and the logs beside them.
const OUTPUTS_VARIABLE: &str = "FACE_SIGNIN_OUTPUTS";
/// How they learn the same of the stack from which defences can be taken away.
const MUTATED_VARIABLE: &str = "FACE_SIGNIN_MUTATED";
/// How they learn where the functions' executables lie, each under the function's name.
const BINARIES_VARIABLE: &str = "FACE_SIGNIN_BINARIES";
/// How the programs of attacks and faults learn where to write what did not go as expected.
const UNEXPECTED_VARIABLE: &str = "FACE_SIGNIN_UNEXPECTED";

/// What makes `sam build` quick: whether every function is found, built and packaged does not depend
/// on how well it is optimised, which is two thirds of the time. Sizes are the benchmarks' business.
const UNOPTIMISED: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
];

/// End-to-end tests that run at a time: two for each of two processors.
const TESTS_AT_ONCE: &str = "4";

/// How the program of faults is asked for a sample of them.
const SAMPLE: &str = "--sample";

/// Runs every suite, or the one that is named, and prints a table of how each check went.
pub(crate) fn test(paths: &Paths, suite: Option<Suite>, only: Option<&str>) -> Result<ExitCode> {
    parts::check_prerequisites()?;
    let wanted = |one: Suite| suite.is_none_or(|suite| suite == one);
    let whole_stack = match suite {
        None => vec![
            Suite::E2e,
            Suite::Attacks,
            Suite::Permissions,
            Suite::Faults,
        ],
        Some(suite @ (Suite::E2e | Suite::Attacks | Suite::Faults)) => vec![suite],
        // It looks at what the calls of these were for.
        Some(suite @ Suite::Permissions) => vec![Suite::E2e, Suite::Attacks, suite],
        Some(Suite::Unit | Suite::Web | Suite::Deploy) => vec![],
    };
    let page = || {
        let mut table = Table::default();
        let engines = other_engines(paths, &mut table);
        let screenshots = web::screenshots(paths);
        // Beside others, it speaks when it has ended.
        let says = suite.map_or(Says::AtTheEnd, |_| Says::AtOnce);
        web(paths, &mut table, only, &screenshots, &engines, says);
        table
    };
    let mut page = wanted(Suite::Web).then_some(page);
    let mut table = Table::default();
    thread::scope(|scope| {
        let mut beside: Vec<ScopedJoinHandle<'_, Table>> = Vec::new();
        if wanted(Suite::Unit) {
            // Before the others', since parts are fetched one after another.
            table.check("parts", || parts::models(paths));
        }
        // Compilers leave a processor idle now and then, from the first on.
        if wanted(Suite::Deploy) {
            beside.push(scope.spawn(|| deploy(paths)));
        }
        if wanted(Suite::Unit) {
            unit(paths, &mut table);
        }
        if !whole_stack.is_empty() {
            // All the faults take a quarter of an hour, most of them waiting for what never answers.
            let only = suite.map_or(Some(SAMPLE), |_| only);
            on_a_stack(paths, &mut table, &whole_stack, only, || {
                // What runs on a stack waits half of its time for somebody else.
                beside.extend(page.take().map(|page| scope.spawn(page)));
            });
        }
        // Alone, or where the others' stacks did not start.
        if let Some(page) = page {
            table.append(Ok(page()));
        }
        for check in beside {
            table.append(check.join());
        }
    });
    Ok(table.finish())
}

/// When a program's output is shown.
#[derive(Clone, Copy)]
enum Says {
    AtOnce,
    /// In one piece, so that it stands in nobody else's.
    AtTheEnd,
}

/// Prints the times that tell unknown, unenrolled and enrolled users apart, or do not, and those
/// that somebody waits in front of the page.
pub(crate) fn bench(paths: &Paths) -> Result<ExitCode> {
    parts::check_prerequisites()?;
    let mut table = Table::default();
    on_a_stack(paths, &mut table, &[], Some("--times"), || {});
    with_pages(paths, &mut table, |table, environment| {
        table.check("page", || visibly(web::measures(paths).envs(environment)));
    });
    Ok(table.finish())
}

/// Takes the pictures of the page that the README shows.
pub(crate) fn screenshots(paths: &Paths) -> Result<ExitCode> {
    parts::check_prerequisites()?;
    let mut table = Table::default();
    web(
        paths,
        &mut table,
        Some("screenshots"),
        &paths.root.join("docs"),
        &Engines::default(),
        Says::AtOnce,
    );
    Ok(table.finish())
}

/// Formatting, lints and dependencies.
pub(crate) fn lint(paths: &Paths) -> ExitCode {
    let mut table = Table::default();
    formatting_and_lints(paths, &mut table);
    if output_of(cargo(paths).args(["deny", "--version"])).is_ok() {
        table.check("dependencies", || {
            visibly(cargo(paths).args(["deny", "check", "bans", "licenses", "sources"]))
        });
        // Advisories come from a database on the network, and may change from day to day.
        table.check("advisories", || {
            visibly(cargo(paths).args(["deny", "check", "advisories"]))
        });
    } else {
        eprintln!(
            "note: dependencies are not checked; `cargo install --locked cargo-deny` makes it \
             possible"
        );
    }
    table.finish()
}

fn unit(paths: &Paths, table: &mut Table) {
    formatting_and_lints(paths, table);
    table.check("unit tests", || {
        visibly(cargo(paths).args(["test", "--locked", "--no-fail-fast", "--workspace"]))
    });
}

fn formatting_and_lints(paths: &Paths, table: &mut Table) {
    table.check("formatting", || {
        visibly(cargo(paths).args(["fmt", "--all", "--check"]))
    });
    table.check("lints", || {
        visibly(
            cargo(paths)
                .args(["clippy", "--locked", "--workspace", "--all-targets"])
                // The search itself is in no other build.
                .args(["--features", "signin-fuzz/libfuzzer"])
                .args(["--", "--deny", "warnings"]),
        )?;
        // "All" are those that run without a stack.
        visibly(
            cargo(paths)
                .args(["clippy", "--locked", "--workspace", "--test", "end-to-end"])
                .args(["--features", "signin-fuzz/libfuzzer"])
                .args(["--", "--deny", "warnings"]),
        )
    });
}

/// Runs suites against one set of stacks of their own, beside a developer's. Once everything is built
/// that they need, `built` is called.
fn on_a_stack(
    paths: &Paths,
    table: &mut Table,
    suites: &[Suite],
    only: Option<&str>,
    built: impl FnOnce(),
) {
    let dir = paths.root.join(".local/test");
    let mutated_dir = paths.root.join(".local/test-mutated");
    let mut running = None;
    table.check("stacks under test", || {
        running = Some(start_for_tests(paths, &dir, &mutated_dir, suites)?);
        Ok(())
    });
    let Some(UnderTest { binaries, .. }) = &running else {
        return;
    };
    built();
    let mut programs = None;
    table.check("programs of tests", || {
        programs = Some(build_trials(paths)?);
        Ok(())
    });
    let Some(programs) = &programs else {
        return;
    };
    let with_stack = |mut command: Command| {
        let outcome = visibly(
            command
                .env(OUTPUTS_VARIABLE, &dir)
                .env(MUTATED_VARIABLE, &mutated_dir)
                .env(BINARIES_VARIABLE, binaries),
        );
        if outcome.is_err() {
            eprintln!(
                "the servers' logs are in {}",
                paths.shown(&dir.join("logs"))
            );
        }
        outcome
    };
    // The table comes long after what they print, and on some machines nothing else is kept.
    let trials = |name: &str, only: Option<&str>| {
        let unexpected = dir.join(format!("unexpected-{name}.txt"));
        // Nothing that an earlier run left.
        fs::write(&unexpected, "").with_context(|| cannot("write", &unexpected))?;
        let mut command = program(paths, programs, name, only)?;
        command.env(UNEXPECTED_VARIABLE, &unexpected);
        with_stack(command).map_err(|error| {
            let words = fs::read_to_string(&unexpected).unwrap_or_default();
            anyhow!("{error:#}\n{}", words.trim_end())
        })
    };
    if suites.is_empty() {
        table.check("times", || {
            with_stack(program(paths, programs, "attacks", only)?)
        });
    }
    for suite in suites {
        match suite {
            Suite::E2e => table.check("end-to-end tests", || {
                let mut tests = cargo(paths);
                tests.args(TRIALS);
                // Half of each test is waiting for somebody else's process.
                tests.env("RUST_TEST_THREADS", TESTS_AT_ONCE);
                tests.args(only.filter(|only| *only != SAMPLE));
                with_stack(tests)
            }),
            Suite::Attacks => {
                let only = only.filter(|only| *only != SAMPLE);
                table.check("attacks", || trials("attacks", only));
            }
            Suite::Faults => table.check("faults", || trials("faults", only)),
            Suite::Permissions => {
                table.check("permissions", || {
                    with_stack(program(paths, programs, "permissions", None)?)
                });
            }
            Suite::Unit | Suite::Web | Suite::Deploy => {}
        }
    }
}

/// A program of the end-to-end package.
fn program(paths: &Paths, programs: &Built, name: &str, only: Option<&str>) -> Result<Command> {
    let mut command = Command::new(programs.executable(name)?);
    command.current_dir(&paths.root).args(only);
    Ok(command)
}

/// What the suites run on.
struct UnderTest {
    /// Where the functions' executables lie.
    binaries: PathBuf,
    _product: Stack,
    /// The stack from which defences can be taken away. Its servers and its proxy are its own, so that
    /// an attack on it is not in the way of the same attack on the product.
    _mutated: Option<Stack>,
}

/// Builds and deploys what the suites need.
fn start_for_tests(
    paths: &Paths,
    dir: &Path,
    mutated_dir: &Path,
    suites: &[Suite],
) -> Result<UnderTest> {
    let (Some(lock), Some(mutated_lock)) = (Lock::take(dir)?, Lock::take(mutated_dir)?) else {
        bail!("these tests are running already");
    };
    let proven = suites.iter().any(|suite| *suite != Suite::E2e);
    if suites.contains(&Suite::E2e) {
        parts::clients(paths)?;
    }
    if proven {
        // Before the real ones, which take the executables' places again.
        build_mutated(paths)?;
    }
    let built = prepare(paths)?;
    parts::emulator(paths)?;
    let trials = Trials {
        proxy: build_proxy(paths)?,
        // Without a suite, it is times that are asked for.
        same_pictures: !suites.is_empty(),
    };
    let binaries = built.executable("define-auth-challenge")?.parent();
    let binaries = binaries
        .context("an executable lies in no folder")?
        .to_owned();
    let endpoints = Endpoints::free()?;
    let template = paths.root.join("template.yaml");
    let template = fs::read_to_string(&template).with_context(|| cannot("read", &template))?;
    let mut variants = variants(&template)?;
    // One with a page, for what pages may do.
    if let Some(first) = variants.first_mut() {
        first.web = Some(endpoints.web_port());
    }
    let start = |dir, lock, endpoints, variants: &[Variant]| {
        Stack::start(paths, dir, lock, endpoints, &built, variants, Some(&trials))
    };
    let product = start(dir, lock, endpoints, &variants)?;
    let mutated = proven
        .then(|| start(mutated_dir, mutated_lock, Endpoints::free()?, &[mutated()]))
        .transpose()?;
    Ok(UnderTest {
        binaries,
        _product: product,
        _mutated: mutated,
    })
}

/// The parameters of a stack that mails.
const MAIL: [&str; 2] = [
    "MailFrom=sign-in@example.com",
    "MailSourceArn=arn:aws:ses:us-east-1:000000000000:identity/example.com",
];

/// The settings of the template that the end-to-end tests go through. A factor that is in none of them
/// is asked for after the password by the stack with several chains.
fn variants(template: &str) -> Result<Vec<Variant>> {
    let variant = |name, parameters: &[&str]| Variant {
        name,
        parameters: parameters.iter().map(|&p| p.to_owned()).collect(),
        mutated: false,
        web: None,
    };
    let mut variants = vec![
        variant("", &[]),
        variant("password", &["SignInPolicy=PASSWORD+FACE", "BulkConsent=1"]),
        variant(
            "compare",
            &["MatchMode=COMPARE", "KeepDocuments=true", "BulkConsent=1"],
        ),
        variant(
            "data",
            &[
                "SignInPolicy=FACE_DATA",
                "FaceDataModel=descriptor-128",
                "AllowFaceDataOnly=true",
            ],
        ),
        variant(
            "mesh",
            &["SignInPolicy=PASSWORD+FACE_DATA", "FaceDataModel=mesh-468"],
        ),
        variant("chains", &["SignInPolicy=FACE,PASSWORD+FACE_DATA"]),
        variant(
            "mailed",
            &[
                "SignInPolicy=FACE,PASSWORD+EMAIL_CODE,EMAIL_CODE+FACE_DATA",
                MAIL[0],
                MAIL[1],
            ],
        ),
        variant("lite", &["UserPoolTier=LITE", "SelfSignUp=false"]),
    ];
    let asked: Vec<String> = variants
        .iter()
        .flat_map(|variant| &variant.parameters)
        .filter_map(|parameter| parameter.strip_prefix("SignInPolicy="))
        .flat_map(|policy| policy.split([',', '+']).map(str::to_owned))
        .collect();
    let chains = variants
        .iter_mut()
        .filter(|variant| variant.name == "chains");
    let chains = chains.flat_map(|variant| &mut variant.parameters).next();
    let chains = chains.context("no stack has several chains")?;
    for factor in factors(template)? {
        if !asked.iter().any(|asked| asked == factor) {
            write!(chains, ",PASSWORD+{factor}")?;
        }
    }
    Ok(variants)
}

/// The factors that the template takes in a policy.
fn factors(template: &str) -> Result<Vec<&str>> {
    let pattern = template.split_once(r"AllowedPattern: (PASSWORD\+)?(");
    let factors = pattern.and_then(|(_, rest)| rest.split_once(')'));
    let (factors, _) = factors.context(
        r"expected the pattern of SignInPolicy in template.yaml, (PASSWORD\+)?(FACTOR|…)…, found none",
    )?;
    Ok(factors.split('|').collect())
}

/// The stack from which defences can be taken away.
fn mutated() -> Variant {
    // What comparing needs, so that its functions can be made to compare.
    let comparing = ["MatchMode=COMPARE", "KeepDocuments=true"];
    // And what mailing needs.
    let needed = [comparing, MAIL].concat().into_iter();
    Variant {
        name: "mutated",
        parameters: needed.map(str::to_owned).collect(),
        mutated: true,
        web: None,
    }
}

/// The engines beside Chromium's; those that this machine does not have are said to be left out.
fn other_engines(paths: &Paths, table: &mut Table) -> Engines {
    let mut engines = Engines::default();
    table.check("other engines", || {
        engines = web::engines(paths)?;
        Ok(())
    });
    for (name, remedy) in &engines.missing {
        table.skip(name, remedy);
    }
    engines
}

/// The page's types, its own tests, and those in browsers.
fn web(
    paths: &Paths,
    table: &mut Table,
    only: Option<&str>,
    screenshots: &Path,
    engines: &Engines,
    says: Says,
) {
    let run = |kind: &str, command: &mut Command| {
        let status = match says {
            Says::AtOnce => run_visibly(command)?,
            Says::AtTheEnd => {
                let log = paths.logs().join(format!("page-{kind}.log"));
                run_in_one_piece(command, &log)?
            }
        };
        ensure!(status.success(), "see above ({status})");
        Ok(())
    };
    table.check("page", || web::build(paths));
    table.check("page's own tests", || {
        run("unit", &mut web::suite(paths, "unit", None))
    });
    with_pages(paths, table, |table, environment| {
        table.check("page in browsers", || {
            let in_browsers = |kind: &str| {
                let mut suite = web::suite(paths, kind, only);
                suite
                    .envs(environment.clone())
                    .envs(engines.environment.clone())
                    .env("FACE_SIGNIN_SCREENSHOTS", screenshots);
                run(kind, &mut suite)
            };
            // Beside those of cameras, of which one at a time is shown as often as it takes.
            let (cameras, forms) = thread::scope(|scope| {
                let forms = scope.spawn(|| in_browsers("forms"));
                (in_browsers("cameras"), forms.join())
            });
            cameras.and(forms.unwrap_or_else(|_| Err(anyhow!("it panicked; see above"))))
        });
    });
}

/// Does something with one stack and its page for each way in, a browser, and cameras; the
/// environment names them.
fn with_pages(
    paths: &Paths,
    table: &mut Table,
    work: impl FnOnce(&mut Table, [(&str, PathBuf); 4]),
) {
    let dir = paths.root.join(".local/test-web");
    let mut running = None;
    table.check("stacks with a page", || {
        let Some(lock) = Lock::take(&dir)? else {
            bail!("these tests are running already");
        };
        let browser = web::chromium(paths)?;
        let cameras = web::cameras(paths)?;
        let built = prepare(paths)?;
        let endpoints = Endpoints::free()?;
        let (variants, port) = variants_with_a_page(endpoints)?;
        let stack = Stack::start(paths, &dir, lock, endpoints, &built, &variants, None)?;
        running = Some((stack, browser, cameras, port));
        Ok(())
    });
    if let Some((_stack, browser, cameras, port)) = running {
        let environment = [
            (OUTPUTS_VARIABLE, dir),
            ("FACE_SIGNIN_BROWSER", browser),
            ("FACE_SIGNIN_CAMERAS", cameras),
            ("FACE_SIGNIN_EXAMPLE_PORT", port.to_string().into()),
        ];
        work(table, environment);
    }
}

/// One stack for each way in that the page knows, and the port of another page that may call the first.
fn variants_with_a_page(endpoints: Endpoints) -> Result<(Vec<Variant>, u16)> {
    let [example, ports @ ..] = endpoints.more(6)?.try_into().unwrap_or([0; 6]);
    let origins = format!(
        "AllowedOrigins=https://app.example.com, capacitor://localhost, http://localhost:{example}"
    );
    let variants = [
        ("", vec![origins.as_str()]),
        ("password", vec!["SignInPolicy=PASSWORD+FACE"]),
        (
            "data",
            vec!["SignInPolicy=FACE_DATA", "AllowFaceDataOnly=true"],
        ),
        (
            "mesh",
            vec!["SignInPolicy=PASSWORD+FACE_DATA", "FaceDataModel=mesh-468"],
        ),
        (
            "mailed",
            vec!["SignInPolicy=FACE,PASSWORD+EMAIL_CODE", MAIL[0], MAIL[1]],
        ),
    ];
    let variants = variants.into_iter().zip(ports);
    let variants = variants.map(|((name, parameters), port)| Variant {
        name,
        parameters: parameters.into_iter().map(str::to_owned).collect(),
        mutated: false,
        web: Some(port),
    });
    Ok((variants.collect(), example))
}

/// Checks the template, and that the SAM CLI builds every function of it. What they say goes to logs.
fn deploy(paths: &Paths) -> Table {
    let mut table = Table::default();
    let logs = paths.logs();
    let expansion = paths.root.join(".local/expansion.json");
    table.check("SAM tools", || parts::sam(paths));
    begin("checking the template, and building every function as `sam build` does");
    table.check("sam validate", || {
        run_quietly(
            sam_tool(paths, "sam").args(["validate", "--lint"]),
            &logs.join("sam-validate.log"),
        )
    });
    table.check("sam local", || {
        let mut check = sam_tool(paths, "python");
        check
            .arg(paths.deployment("env_vars.py"))
            .arg(paths.root.join("template.yaml"))
            .args(VARIABLES);
        run_quietly(&mut check, &logs.join("sam-local.log"))
    });
    table.check("expansion", || {
        let mut expand = sam_tool(paths, "python");
        expand
            .arg(paths.deployment("expand.py"))
            .arg(paths.root.join("template.yaml"))
            .arg(&expansion);
        // One that is left from an earlier run must not be taken for this one.
        if expansion.exists() {
            fs::remove_file(&expansion).with_context(|| cannot("remove", &expansion))?;
        }
        run_quietly(&mut expand, &logs.join("expand.log"))
    });
    table.check("cfn-lint", || {
        let mut lint = sam_tool(paths, "cfn-lint");
        run_quietly(lint.arg(&expansion), &logs.join("cfn-lint.log"))
    });
    table.check("checkov", || {
        // It finds nothing wrong with a file that is not there.
        ensure!(expansion.is_file(), "there is no expansion to check");
        let mut checkov = sam_tool(paths, "checkov");
        checkov
            .arg("--config-file")
            .arg(paths.deployment("checkov.yaml"));
        checkov.arg("--file").arg(&expansion);
        run_quietly(&mut checkov, &logs.join("checkov.log"))
    });
    table.check("sam build", || {
        // Not where `sam deploy` would take it from.
        let folder = paths.root.join(".local/sam-build");
        let mut build = sam_tool(paths, "sam");
        build.arg("build").arg("--build-dir").arg(&folder);
        run_quietly(build.envs(UNOPTIMISED), &logs.join("sam-build.log"))?;
        every_function_is_built(paths, &folder)
    });
    table
}

/// A program that came with the SAM CLI, in the checkout, with cargo-lambda at hand and no word to its
/// maker. Whatever else is running comes first: functions that must answer within seconds, for example.
fn sam_tool(paths: &Paths, name: &str) -> Command {
    let programs = paths.part("sam").join("bin");
    let mut path = programs.clone().into_os_string();
    if let Some(usual) = std::env::var_os("PATH") {
        path.push(":");
        path.push(usual);
    }
    let mut tool = after_others(programs.join(name));
    tool.current_dir(&paths.root)
        .env("PATH", path)
        .env("SAM_CLI_TELEMETRY", "0")
        .env("AWS_DEFAULT_REGION", REGION)
        // They look for keys, which nobody needs here, and would wait for those of a machine in AWS.
        .env("AWS_EC2_METADATA_DISABLED", "true");
    tool
}

/// Fails unless there are as many built functions as there are functions, each a `bootstrap`.
fn every_function_is_built(paths: &Paths, folder: &Path) -> Result<()> {
    let mut built = 0;
    for entry in fs::read_dir(folder).with_context(|| cannot("read", folder))? {
        let path = entry?.path();
        if path.is_dir() {
            let bootstrap = path.join("bootstrap");
            ensure!(bootstrap.is_file(), "{} was not built", bootstrap.display());
            built += 1;
        }
    }
    let expected = functions(paths)?.len();
    ensure!(
        built == expected,
        "sam built {built} of {expected} functions; does the template name them all?"
    );
    Ok(())
}

fn visibly(command: &mut Command) -> Result<()> {
    let status = run_visibly(command)?;
    ensure!(status.success(), "see above ({status})");
    Ok(())
}

/// How each check went.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    check: &'static str,
    outcome: Outcome,
    took: Duration,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    /// Why.
    Failed(String),
    /// What it would take to do it.
    Skipped(String),
}

impl Table {
    /// Does one check; the next ones are done whether or not it passes, unless we are to stop.
    fn check(&mut self, check: &'static str, work: impl FnOnce() -> Result<()>) {
        if interrupt::requested() {
            return;
        }
        let began = Instant::now();
        let outcome = match work() {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                let why = format!("{error:#}");
                eprintln!("✗ {check}: {why}");
                Outcome::Failed(why)
            }
        };
        self.rows.push(Row {
            check,
            outcome,
            took: began.elapsed(),
        });
    }

    /// Takes over the rows of another table; where whoever filled it panicked, a row that says so.
    fn append(&mut self, other: thread::Result<Self>) {
        match other {
            Ok(other) => self.rows.extend(other.rows),
            Err(_) => self.check("suites beside", || {
                bail!("it panicked; the message is above")
            }),
        }
    }

    /// Says of a check that this machine cannot do it, and what it would take.
    fn skip(&mut self, check: &'static str, remedy: &str) {
        self.rows.push(Row {
            check,
            outcome: Outcome::Skipped(remedy.to_owned()),
            took: Duration::ZERO,
        });
    }

    /// Prints the table, and once more why a check failed; success only where every one passed.
    fn finish(self) -> ExitCode {
        eprint!("\n{}", self.text());
        let failed = |row: &Row| matches!(row.outcome, Outcome::Failed(_));
        let passed = !self.rows.iter().any(failed) && !interrupt::requested();
        if passed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let mark = match row.outcome {
                Outcome::Passed => "✓ passed",
                Outcome::Failed(_) => "✗ FAILED",
                Outcome::Skipped(_) => "– SKIPPED",
            };
            let seconds = row.took.as_secs_f64();
            // Writing into a string cannot fail.
            let _ = writeln!(text, "{mark:<9} {:<18} {seconds:>7.1} s", row.check);
        }
        for row in &self.rows {
            let _ = match &row.outcome {
                Outcome::Passed => Ok(()),
                Outcome::Failed(why) => writeln!(text, "\n✗ {}: {why}", row.check),
                Outcome::Skipped(remedy) => {
                    writeln!(text, "\n– {}, not on this machine; {remedy}", row.check)
                }
            };
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_failed_check_stands_in_the_table_and_the_next_is_still_done() {
        let mut table = Table::default();
        table.check("first", || bail!("it must fail"));
        table.check("second", || Ok(()));
        let text = table.text();
        assert!(text.contains("✗ FAILED  first"));
        assert!(text.contains("✓ passed  second"));
        assert!(text.ends_with("✗ first: it must fail\n"));
        assert_eq!(table.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn what_was_checked_beside_stands_in_the_table_even_where_it_panicked() {
        let mut beside = Table::default();
        beside.check("second", || bail!("it must fail"));
        let mut table = Table::default();
        table.check("first", || Ok(()));
        table.append(Ok(beside));
        assert!(table.text().contains("✗ FAILED  second"));
        let mut table = Table::default();
        table.append(Err(Box::new("panicked")));
        assert_eq!(table.finish(), ExitCode::FAILURE);
    }

    #[test]
    fn a_check_that_was_left_out_stands_in_the_table_with_what_would_bring_it() {
        let mut table = Table::default();
        table.check("first", || Ok(()));
        table.skip("Firefox", "on Debian: apt-get install firefox-esr");
        let text = table.text();
        assert!(text.contains("– SKIPPED Firefox"));
        assert!(
            text.ends_with(
                "– Firefox, not on this machine; on Debian: apt-get install firefox-esr\n"
            )
        );
        assert_eq!(table.finish(), ExitCode::SUCCESS);
    }

    #[test]
    fn a_factor_that_no_stack_asks_for_is_asked_for_after_the_password() {
        let chains = |factors: &str| {
            let template = format!(r"AllowedPattern: (PASSWORD\+)?({factors})(\+({factors}))*");
            let variants = variants(&template).unwrap();
            let chains = variants
                .into_iter()
                .find(|variant| variant.name == "chains");
            chains.unwrap().parameters
        };
        let known = "SignInPolicy=FACE,PASSWORD+FACE_DATA";
        assert_eq!(chains("FACE|FACE_DATA|EMAIL_CODE"), [known]);
        let both = format!("{known},PASSWORD+NUMBER,PASSWORD+PALM");
        assert_eq!(chains("FACE|NUMBER|FACE_DATA|PALM"), [both]);
        assert!(variants("Parameters:").is_err());
        assert!(factors(&ours()).unwrap().contains(&"FACE"));
    }

    /// The template.
    fn ours() -> String {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        fs::read_to_string(ours).unwrap()
    }

    #[test]
    fn no_two_servers_are_given_one_port() {
        let endpoints = Endpoints::free().unwrap();
        let urls = [
            endpoints.aws(),
            endpoints.cognito(),
            endpoints.rekognition(),
        ];
        let mut ports: BTreeSet<String> = urls.into();
        ports.insert(endpoints.proxy());
        ports.insert(format!("http://127.0.0.1:{}", endpoints.web_port()));
        let more = endpoints.more(500).unwrap();
        ports.extend(more.iter().map(|port| format!("http://127.0.0.1:{port}")));
        assert_eq!(ports.len(), 505);
    }

    #[test]
    fn every_variant_has_a_name_of_its_own() {
        let variants = variants(&ours()).unwrap();
        let names: BTreeSet<&str> = variants.iter().map(|v| v.name).collect();
        assert_eq!(names.len(), variants.len());
    }
}
