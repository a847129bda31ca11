//! The names and limits that the page repeats, which are the rules': written to a file of the page's, and
//! held to it.

use std::fmt::Write as _;
use std::fs;

use e2e::document::checkout;
use signin_core::answer::MAX_ANSWER;
use signin_core::face_data::Model;
use signin_core::factor::Factor;
use signin_core::picture::MAX_BYTES;
use signin_core::policy::MAX_CHAINS;
use signin_core::reason::Reason;
use signin_core::step::Step;
use strum::IntoEnumIterator as _;

/// Where the page has them.
const FILE: &str = "web/src/client/names.ts";

/// A list of names in TypeScript.
fn list<'a>(about: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut text = format!("\n/** {about} */\nexport const {name} = [\n");
    for name in names {
        writeln!(text, "  '{name}',").expect("a text takes more");
    }
    text + "] as const;\n"
}

/// A number in TypeScript.
fn number(about: &str, name: &str, value: usize) -> String {
    format!("\n/** {about} */\nexport const {name} = {value};\n")
}

/// How many numbers each model has, in TypeScript.
fn lengths() -> String {
    let mut text =
        "\n/** How many numbers a face template of each kind has. */\nexport const LENGTH = {\n"
            .to_owned();
    for model in Model::ALL {
        writeln!(text, "  '{}': {},", model.name(), model.length()).expect("a text takes more");
    }
    text + "} as const;\n"
}

#[test]
fn the_page_has_the_names_and_limits_of_the_rules() {
    let expected = [
        "// Written by `BLESS=1 cargo test --package e2e --test end-to-end names` from what the functions know.\n".to_owned(),
        list("What a chain of the policy asks for beside the password.", "FACTORS", Factor::iter().map(Factor::name)),
        list(
            "Those of them for which an account enrols nothing.",
            "WITHOUT_ENROLMENT",
            Factor::iter()
                .filter(|factor| factor.enrols().is_none())
                .map(Factor::name),
        ),
        list("What a challenge asks for.", "STEPS", Step::all().map(Step::name)),
        list(
            "Why the last attempt did not pass, or why the next one could not.",
            "REASONS",
            Reason::iter().map(Reason::name),
        ),
        list("The kinds of face template.", "MODELS", Model::ALL.into_iter().map(Model::name)),
        lengths(),
        number("The most chains of a policy.", "MAX_CHAINS", MAX_CHAINS),
        number("The longest answer to a challenge, in characters.", "MAX_ANSWER", MAX_ANSWER),
        number(
            "The largest picture that is uploaded, in bytes.",
            "MAX_UPLOAD",
            usize::try_from(MAX_BYTES).expect("it fits"),
        ),
    ];
    let expected = expected.concat();
    let file = checkout().join(FILE);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &expected).expect("it is written");
    }
    let found = fs::read_to_string(&file).expect("it is there");
    assert!(
        found == expected,
        "{FILE} is out of date: BLESS=1 cargo test --package e2e --test end-to-end names writes it"
    );
}
