//! The sample events in `events/`, and what is expected of each.
//!
//! `events/<function>/<name>.json` is an event as AWS sends it; `<name>.expected.json` beside it
//! says what it shows and what comes of it. In both, `${Name}` in a text stands for a variable:
//! one of the stack's outputs, something that is fresh for each run (`${UserName}`), a picture in
//! Base64 (`${LivePicture}`), or something that an earlier answer told.

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
    /// The event, variables included.
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
        let functions = functions.iter().filter(|name| *name != "README.md");
        functions.flat_map(|function| Self::of(function)).collect()
    }

    /// Whether event or uploads hold a variable.
    pub fn mentions(&self, variable: &str) -> bool {
        let variable = format!("${{{variable}}}");
        let uploads = &self.expected.uploads;
        self.event.to_string().contains(&variable)
            || uploads.values().any(|content| content.contains(&variable))
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

/// The functions: a folder each.
pub fn functions() -> Vec<String> {
    entries(&checkout().join("functions"))
}

/// A value with every variable replaced by what it stands for.
pub fn filled(value: &Value, variables: &Variables) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text, variables)),
        Value::Array(items) => items.iter().map(|item| filled(item, variables)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), filled(member, variables)))
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
    use serde_json::json;

    use super::*;

    fn variables() -> Variables {
        Variables::from([("UserName".to_owned(), "ada".to_owned())])
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
