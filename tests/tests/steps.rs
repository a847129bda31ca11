//! Nothing that a step needs is forgotten: whatever has to know of a factor and is not told by the
//! compiler is asked for here, for each factor there is.

use std::collections::BTreeSet;
use std::fs;

use e2e::document::{checkout, code, read, section, table};
use e2e::events::functions;
use e2e::template::Template;
use signin_core::factor::Factor;
use strum::IntoEnumIterator as _;

fn names() -> BTreeSet<String> {
    Factor::iter()
        .map(|factor| factor.name().to_owned())
        .collect()
}

/// The texts of a function's sample events, what they expect among them.
fn samples(function: &str) -> String {
    let folder = checkout().join("events").join(function);
    let entries = fs::read_dir(&folder).expect("the samples are there");
    let texts = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        fs::read_to_string(path).expect("a text")
    });
    texts.collect()
}

#[test]
fn samples_of_events_ask_for_each_factor() {
    let asked = samples("create-auth-challenge");
    for name in names() {
        let step = format!(r#""step": "{name}""#);
        assert!(
            asked.contains(&step),
            "no sample of create-auth-challenge asks for {name}"
        );
    }
}

/// Every sample event has what is expected of it beside it, and the other way round.
#[test]
fn no_sample_is_without_its_expectation() {
    for function in functions() {
        let folder = checkout().join("events").join(&function);
        let entries = fs::read_dir(&folder).expect("the samples are there");
        let (mut events, mut expected) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            let name = entry.expect("an entry").file_name();
            let name = name.to_string_lossy();
            let Some(name) = name.strip_suffix(".json") else {
                continue;
            };
            match name.strip_suffix(".expected") {
                Some(name) => expected.insert(name.to_owned()),
                None => events.insert(name.to_owned()),
            };
        }
        assert_eq!(events, expected, "{function}");
    }
}

#[test]
fn the_page_of_policies_says_of_each_factor_what_it_stops() {
    let text = read("docs/policies.md");
    let rows = table(section(&text, "## Which policy"), "factor");
    let told: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| code(&row[0]).into_iter().map(str::to_owned))
        .collect();
    assert_eq!(told, names());
}

/// The pattern of one chain; that a policy is what its chains are is for other tests.
#[test]
fn the_template_takes_each_factor_and_no_other() {
    let template = Template::read();
    let pattern = &template.section("Parameters")["SignInPolicy"]["AllowedPattern"];
    let pattern = pattern.as_str().expect("a pattern");
    let words = |text: &str| -> BTreeSet<String> {
        let words = text.split(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let mut taken = words(pattern);
    assert!(taken.remove("PASSWORD"));
    assert_eq!(taken, names());
}

#[test]
fn each_factor_has_a_room_in_the_rules_in_the_calls_and_in_the_page() {
    for factor in Factor::iter() {
        let (name, module) = (factor.name(), factor.name().to_lowercase());
        for room in [
            format!("crates/core/src/factor/{module}.rs"),
            format!("crates/flow/src/factor/{module}.rs"),
            format!("web/src/page/steps/{name}.tsx"),
        ] {
            assert!(checkout().join(&room).is_file(), "{name} has no {room}");
        }
    }
}
