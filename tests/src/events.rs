//! The sample events in `events/`, and what is expected of each.
//!
//! `events/<function>/<name>.json` is a whole event as AWS sends it; `<name>.expected.json` beside
//! it says what it shows and what comes of it. The values of variables in an event are the samples
//! of `events/samples.json`; in what is expected, `${Name}` in a text stands for a variable: one of
//! the stack's outputs, something that is fresh for each run (`${UserName}`), a picture in Base64
//! (`${LivePicture}`), or something that an earlier answer told.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What `${Name}` stands for.
pub type Variables = BTreeMap<String, String>;

/// A sample event.
#[derive(Clone, Debug)]
pub struct Sample {
    /// `<function>/<name>`.
    pub path: String,
    /// The function it is for.
    pub function: String,
    /// The event, as it stands in the file.
    pub event: Value,
    /// What is expected.
    pub expected: Expectation,
}

/// What is expected of an event: exactly one of `response`, `result` and `error`.
///
/// It is compared member by member. Where a value varies, `{"$pattern": "…"}` is a regular
/// expression for the whole of a text or number, whose named groups become variables, and
/// `{"$json": …}` is what a text holds as JSON.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// What the event shows, in a sentence.
    pub about: String,
    /// The event (`<function>/<name>`) that is played before it, for the same user.
    pub after: Option<String>,
    /// Settings that differ from the template's defaults.
    pub settings: BTreeMap<String, String>,
    /// What is put into the bucket that the key belongs to before it: Base64 by key. A document's
    /// version becomes `${VersionId}`.
    pub uploads: BTreeMap<String, String>,
    /// For triggers of Cognito's: the event comes back unchanged but for this response.
    #[serde(deserialize_with = "present")]
    pub response: Option<Value>,
    /// What the function returns, where it is no trigger of Cognito's.
    #[serde(deserialize_with = "present")]
    pub result: Option<Value>,
    /// The error that the function returns.
    pub error: Option<Value>,
    /// What is put to `${ResponseUrl}` meanwhile; nothing where this is absent.
    pub answer: Option<Value>,
}

/// A member that is there, `null` included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Sample {
    /// Every sample.
    pub fn all() -> Vec<Self> {
        let functions = entries(&checkout().join("events"));
        let functions = functions.iter().filter(|name| !name.contains('.'));
        functions.flat_map(|function| Self::of(function)).collect()
    }

    /// Whether the event holds a variable's sample, or the uploads the variable.
    pub fn mentions(&self, values: &SampleValues, variable: &str) -> bool {
        let uploads = &self.expected.uploads;
        let uploaded = format!("${{{variable}}}");
        values.stand_in(&self.event).contains(variable)
            || uploads.values().any(|content| content.contains(&uploaded))
    }

    /// The samples of a function.
    fn of(function: &str) -> Vec<Self> {
        let folder = checkout().join("events").join(function);
        let names: BTreeSet<String> = entries(&folder)
            .iter()
            .map(|file| {
                let name = file.strip_suffix(".json");
                let name = name.unwrap_or_else(|| panic!("{function}/{file} is no JSON file"));
                name.strip_suffix(".expected").unwrap_or(name).to_owned()
            })
            .collect();
        let sample = |name: &String| Self {
            path: format!("{function}/{name}"),
            function: function.to_owned(),
            event: read(&folder.join(format!("{name}.json"))),
            expected: read(&folder.join(format!("{name}.expected.json"))),
        };
        names.iter().map(sample).collect()
    }
}

/// What stands in the events where a test has values of its own: `events/samples.json`.
#[derive(Clone, Debug)]
pub struct SampleValues(Variables);

impl SampleValues {
    /// The samples, by the variables' names.
    pub fn read() -> Self {
        Self(read(&checkout().join("events/samples.json")))
    }

    /// The variables and their samples.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let each = self.0.iter();
        each.map(|(name, sample)| (name.as_str(), sample.as_str()))
    }

    /// An event with every sample replaced by what its variable stands for.
    pub fn replaced(&self, event: &Value, variables: &Variables) -> Value {
        in_every_text(event, &|text| {
            self.replace(text, &|name| {
                let value = variables.get(name);
                value.unwrap_or_else(|| panic!("nothing is known of the variable {name}"))
            })
        })
    }

    /// The variables whose samples stand in an event.
    pub fn stand_in(&self, event: &Value) -> BTreeSet<String> {
        let found = RefCell::new(BTreeSet::new());
        in_every_text(event, &|text| {
            self.replace(text, &|name| {
                found.borrow_mut().insert(name.to_owned());
                ""
            })
        });
        found.into_inner()
    }

    /// A text with every sample replaced, from its beginning to its end, so that nothing is
    /// replaced in what was put in.
    fn replace<'a>(&self, text: &str, by: &dyn Fn(&str) -> &'a str) -> String {
        let mut replaced = String::new();
        let mut rest = text;
        loop {
            let found = self.iter().filter_map(|(name, sample)| {
                let place = rest.find(sample)?;
                Some((place, name, sample))
            });
            let Some((place, name, sample)) = found.min() else {
                return replaced + rest;
            };
            replaced.push_str(&rest[..place]);
            replaced.push_str(by(name));
            rest = &rest[place + sample.len()..];
        }
    }
}

/// The functions: a folder each.
pub fn functions() -> Vec<String> {
    entries(&checkout().join("functions"))
}

/// A value with every variable replaced by what it stands for.
fn filled(value: &Value, variables: &Variables) -> Value {
    in_every_text(value, &|text| fill(text, variables))
}

/// A value with something done to every text in it that is no member's name.
fn in_every_text(value: &Value, change: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(text)),
        Value::Array(items) => {
            let changed = items.iter().map(|item| in_every_text(item, change));
            changed.collect()
        }
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), in_every_text(member, change)))
            .collect(),
        other => other.clone(),
    }
}

/// A text with every variable replaced by what it stands for.
pub fn fill(text: &str, variables: &Variables) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after
            .split_once('}')
            .unwrap_or_else(|| panic!("a variable has no end in {text:?}"));
        let value = variables
            .get(name)
            .unwrap_or_else(|| panic!("nothing is known of the variable {name}"));
        filled.push_str(before);
        filled.push_str(value);
        rest = after;
    }
    filled + rest
}

/// Compares a value with what is expected; what named groups of patterns match becomes variables.
/// The error says where the two differ.
pub fn compare(
    expected: &Value,
    found: &Value,
    variables: &mut Variables,
    place: &str,
) -> Result<(), String> {
    if let Some(pattern) = only_member(expected, "$pattern") {
        return compare_pattern(pattern, found, variables, place);
    }
    if let Some(expected) = only_member(expected, "$json") {
        let text = found.as_str();
        let value = text.and_then(|text| serde_json::from_str(text).ok());
        let value: Value = value.ok_or_else(|| format!("{place}: expected a text of JSON"))?;
        return compare(expected, &value, variables, place);
    }
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let members: Vec<(String, &Value)> = expected
                .iter()
                .map(|(name, expected)| (fill(name, variables), expected))
                .collect();
            let names: BTreeSet<&String> = members.iter().map(|(name, _)| name).collect();
            let of_found: BTreeSet<&String> = found.keys().collect();
            if names != of_found {
                return Err(format!(
                    "{place}: expected the members {names:?}, found {of_found:?}"
                ));
            }
            members.iter().try_for_each(|(name, expected)| {
                compare(
                    expected,
                    &found[name],
                    variables,
                    &format!("{place}.{name}"),
                )
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => expected
            .iter()
            .zip(found)
            .enumerate()
            .try_for_each(|(index, (expected, found))| {
                compare(expected, found, variables, &format!("{place}[{index}]"))
            }),
        _ => {
            let expected = filled(expected, variables);
            if expected == *found {
                Ok(())
            } else {
                Err(format!("{place}: expected {expected}, found {found}"))
            }
        }
    }
}

fn compare_pattern(
    pattern: &Value,
    found: &Value,
    variables: &mut Variables,
    place: &str,
) -> Result<(), String> {
    let pattern = pattern.as_str().expect("a pattern is a text");
    let regex = Regex::new(&format!("^(?:{})$", fill(pattern, variables)))
        .unwrap_or_else(|error| panic!("{place}: {pattern:?} is no pattern: {error}"));
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => return Err(format!("{place}: expected {pattern:?}, found {other}")),
    };
    let captures = regex
        .captures(&text)
        .ok_or_else(|| format!("{place}: expected {pattern:?}, found {text:?}"))?;
    for name in regex.capture_names().flatten() {
        if let Some(captured) = captures.name(name) {
            variables.insert(name.to_owned(), captured.as_str().to_owned());
        }
    }
    Ok(())
}

/// The member of an object that has this one alone.
fn only_member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members.get(name)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let shown = path.display();
    let text = fs::read(path).unwrap_or_else(|error| panic!("{shown}: {error}"));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{shown}: {error}"))
}

/// The names in a folder, sorted.
fn entries(folder: &Path) -> Vec<String> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{shown}: {error}"));
    let mut names: Vec<String> = entries
        .map(|entry| {
            let entry = entry.unwrap_or_else(|error| panic!("{shown}: {error}"));
            entry.file_name().to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;
    use sha2::{Digest as _, Sha256};
    use signin_core::face_data::{FaceData, Model};

    use super::*;

    fn variables() -> Variables {
        Variables::from([("UserName".to_owned(), "ada".to_owned())])
    }

    /// What looks like something that belongs to one stack, user or run.
    const PERSONAL: &str = concat!(
        r#"[^\s"@]+@[^\s"@]+"#,
        r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"|[0-9a-f]{24,}",
        r"|[a-z]+-[a-z]+-[0-9]_[0-9A-Za-z]+",
        r#"|https?://[^\s"]+"#,
        // Base64, and what has a figure in it: names of triggers are as long.
        r"|[A-Za-z+/]*[0-9][0-9A-Za-z+/]{25,}",
    );

    /// What does, and is no test's to replace: a scheduled event's id, ids of requests to S3, a
    /// file's tag, identities of challenges that no test made, and the stack in its ARN.
    const CONSTANT: [&str; 8] = [
        "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD",
        "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
        "9b2cf535f27731c974343645a3985328",
        "11111111111111111111111111111111",
        "22222222222222222222222222222222",
        "33333333333333333333333333333333",
        "51af3dc0-da77-11e4-872e-1234567db123",
    ];

    /// What an event holds that is neither a sample nor known to be the same for everybody.
    fn unknown(event: &Value, samples: &SampleValues) -> Vec<String> {
        let personal = Regex::new(PERSONAL).expect("a pattern");
        let without = in_every_text(event, &|text| samples.replace(text, &|_| " "));
        // What is JSON within a text has its quotation marks escaped.
        let without = without.to_string().replace('\\', "");
        let found = personal.find_iter(&without).map(|found| found.as_str());
        let unknown = found.filter(|found| !CONSTANT.contains(found));
        unknown.map(str::to_owned).collect()
    }

    #[test]
    fn every_event_can_be_handed_over_as_it_stands() {
        let values = SampleValues::read();
        let mut used = BTreeSet::new();
        for Sample { path, event, .. } in Sample::all() {
            assert!(!event.to_string().contains("${"), "{path} has a gap");
            let unknown = unknown(&event, &values);
            assert!(unknown.is_empty(), "{path} holds {unknown:?}");
            used.extend(values.stand_in(&event));
        }
        let all: BTreeSet<String> = values.iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(used, all, "every sample stands in an event");
    }

    #[test]
    fn what_is_nobodys_sample_is_found_in_an_event() {
        let values = SampleValues::read();
        for text in [
            "eve@example.com",
            r#"{"id":"0123456789abcdef0123456789abcde0"}"#,
            "b5a7c2de-0000-4000-8000-123456789abd",
            "us-east-1_EXAMPLEp1",
            "https://example.com/answer",
            "data:image/jpeg;base64,/9j/4AAQSkZJRgABAQAAAQABAAD",
        ] {
            assert_eq!(unknown(&json!([text]), &values).len(), 1, "{text}");
        }
        let samples: Vec<&str> = values.iter().map(|(_, sample)| sample).collect();
        assert!(unknown(&json!(samples), &values).is_empty());
    }

    #[test]
    fn no_sample_can_be_taken_for_another() {
        let values = SampleValues::read();
        for (name, sample) in values.iter() {
            assert!(sample.len() >= 15, "{name} is too short to be unmistakable");
            for (other, longer) in values.iter().filter(|(other, _)| *other != name) {
                assert!(!longer.contains(sample), "{name} stands in {other}");
            }
        }
    }

    #[test]
    fn the_samples_are_what_they_stand_for() {
        let values = SampleValues::read();
        let binding = hex::encode(Sha256::digest(&values.0["BindingSecret"]));
        assert_eq!(values.0["Binding"], binding);
        for (name, sample) in values.iter() {
            if name.ends_with("Picture") {
                let picture = STANDARD.decode(sample).expect("Base64");
                let format = image::guess_format(&picture).expect("a picture");
                assert_eq!(format, image::ImageFormat::Jpeg, "{name}");
                image::load_from_memory(&picture).expect("a whole picture");
            } else if name.ends_with("FaceData") {
                let data = FaceData::parse(Model::Descriptor128, sample);
                let data = data.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(*data.to_document(), *sample, "{name}");
                if name == "DocumentFaceData" {
                    let enrolled = STANDARD.encode(data.to_bytes());
                    assert_eq!(values.0["EnrolledData"], enrolled);
                }
            }
        }
    }

    #[test]
    fn samples_are_replaced_wherever_a_text_stands() {
        let values = SampleValues(Variables::from([
            ("UserName".to_owned(), "somebody".to_owned()),
            ("Email".to_owned(), "mail-of-nobody".to_owned()),
        ]));
        // What is put in is not looked into.
        let known = Variables::from([
            ("UserName".to_owned(), "mail-of-nobody".to_owned()),
            ("Email".to_owned(), "somebody".to_owned()),
        ]);
        let event = json!({"key": ["a/somebody/1", 2, null], "somebody": "mail-of-nobody."});
        let expected = json!({"key": ["a/mail-of-nobody/1", 2, null], "somebody": "somebody."});
        assert_eq!(values.replaced(&event, &known), expected);
        assert_eq!(values.stand_in(&json!({"a": "somebody"})).len(), 1);
        assert!(values.stand_in(&json!({"somebody": "a"})).is_empty());
    }

    #[test]
    fn variables_are_filled_in_wherever_a_text_stands() {
        let event = json!({"key": ["sign-in/${UserName}/1", 2, null], "user": "${UserName}"});
        let expected = json!({"key": ["sign-in/ada/1", 2, null], "user": "ada"});
        assert_eq!(filled(&event, &variables()), expected);
    }

    #[test]
    fn a_variable_may_be_a_members_name() {
        let expected = json!({"${UserName}": 1});
        let compared = |found: Value| compare(&expected, &found, &mut variables(), "event");
        assert_eq!(compared(json!({"ada": 1})), Ok(()));
        assert!(compared(json!({"eve": 1})).is_err());
    }

    #[test]
    fn what_differs_is_found_and_placed() {
        let expected = json!({"a": {"b": ["${UserName}", 1]}});
        let compared = |found: Value| compare(&expected, &found, &mut variables(), "event");
        assert_eq!(compared(json!({"a": {"b": ["ada", 1]}})), Ok(()));
        for (found, place) in [
            (json!({"a": {"b": ["eve", 1]}}), "event.a.b[0]:"),
            (json!({"a": {"b": ["ada", 1, 2]}}), "event.a.b:"),
            (json!({"a": {"b": ["ada", 1], "c": 1}}), "event.a:"),
            (json!({}), "event:"),
        ] {
            let message = compared(found).unwrap_err();
            assert!(message.starts_with(place), "{message}");
        }
    }

    #[test]
    fn a_pattern_covers_the_whole_and_its_groups_become_variables() {
        let mut variables = variables();
        let expected = json!([{"$pattern": "(?<Digit>[0-9])"}, "${Digit}"]);
        let mut compared = |found: Value| compare(&expected, &found, &mut variables, "event");
        assert_eq!(compared(json!([7, "7"])), Ok(()));
        assert!(compared(json!([7, "8"])).is_err());
        assert!(compared(json!([77, "7"])).is_err());
        assert!(compared(json!([null, "7"])).is_err());
    }

    #[test]
    fn json_inside_a_text_is_compared_as_such() {
        let expected = json!({"$json": {"user": "${UserName}"}});
        let compared = |found: Value| compare(&expected, &found, &mut variables(), "event");
        assert_eq!(compared(json!(r#"{ "user": "ada" }"#)), Ok(()));
        assert!(compared(json!(r#"{"user": "eve"}"#)).is_err());
        assert!(compared(json!("{")).is_err());
    }
}
