//! Changes to an input that keep enough of its form for the change to get deep.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::picture::mend_checksums;

/// What a target reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JPEG or PNG.
    Picture,
    /// A JSON document, or some other text.
    Json,
    /// Requests, one a line: the operation's name, a space, and its JSON document.
    Requests,
}

/// Words that the code under test knows.
const WORDS: &[&str] = &[
    "",
    "uploaded",
    "true",
    "SRP_A",
    "PASSWORD_VERIFIER",
    "CUSTOM_CHALLENGE",
    "FACE:0123456789abcdef0123456789abcdef",
    "ENROL:00000000000000000000000000000001",
    "FACE_DATA:00000000000000000000000000000002",
    "DefineAuthChallenge_Authentication",
    "CreateAuthChallenge_Authentication",
    "VerifyAuthChallengeResponse_Authentication",
    "PreSignUp_SignUp",
    "PostConfirmation_ConfirmSignUp",
    "PostConfirmation_ConfirmForgotPassword",
    "ObjectCreated:Put",
    "bulk/ada/a+b%2f%ff.jpg",
    "Delete",
    "nothing-was-created",
    "data:image/png;base64,iVBORw0KGgo=",
    "\0",
    "\u{202e}ä\u{10ffff}",
    "../../..",
    "-1",
];

/// Changes an input once; the same seed changes the same input in the same way.
pub fn mutate(form: Form, input: &[u8], seed: u64) -> Vec<u8> {
    let mut random = StdRng::seed_from_u64(seed);
    // Now and then the form is not kept either.
    if random.random_ratio(1, 4) {
        let mut bytes = input.to_vec();
        change_bytes(&mut bytes, &mut random);
        return bytes;
    }
    match form {
        Form::Picture => {
            let mut bytes = input.to_vec();
            change_bytes(&mut bytes, &mut random);
            mend(form, &mut bytes);
            bytes
        }
        Form::Json => change_document(input, &mut random),
        Form::Requests => change_requests(input, &mut random),
    }
}

/// Repairs what every change breaks and any reader looks at first.
pub fn mend(form: Form, bytes: &mut [u8]) {
    if form == Form::Picture {
        mend_checksums(bytes);
    }
}

fn change_bytes(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..4) {
        let place = random.random_range(0..=bytes.len());
        let end = (place + random.random_range(1..=16)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes.insert(place, random.random()),
            1 => drop(bytes.drain(place..end)),
            2 => bytes.truncate(place),
            3 => {
                let piece = bytes[place..end].to_vec();
                let to = random.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = *pick(
                        &[0, 1, 0x7f, 0x80, 0xff, *byte ^ 1, random.random()],
                        random,
                    );
                }
            }
        }
    }
}

/// Changes one request, or leaves one out, repeats it or moves it.
fn change_requests(input: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = input
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let place = random.random_range(0..lines.len());
    match random.random_range(0..8) {
        0 if lines.len() > 1 => drop(lines.remove(place)),
        1 => lines.insert(place, lines[place].clone()),
        2 => {
            let other = random.random_range(0..lines.len());
            lines.swap(place, other);
        }
        _ => {
            let line = &mut lines[place];
            let name = line
                .iter()
                .position(|&byte| byte == b' ')
                .map_or(0, |space| space + 1);
            let document = change_document(&line[name..], random);
            line.truncate(name);
            line.extend(document);
        }
    }
    lines.join(&b'\n')
}

fn change_document(input: &[u8], random: &mut StdRng) -> Vec<u8> {
    if let Ok(mut document) = serde_json::from_slice(input) {
        change_value(&mut document, random);
        document.to_string().into_bytes()
    } else {
        let mut text = String::from_utf8_lossy(input).into_owned();
        change_text(&mut text, random);
        text.into_bytes()
    }
}

/// Goes down to a node at random and changes it.
fn change_value(value: &mut Value, random: &mut StdRng) {
    let deeper = random.random_ratio(7, 8);
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let place = random.random_range(0..fields.len());
            if let Some(field) = fields.values_mut().nth(place) {
                change_value(field, random);
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let place = random.random_range(0..items.len());
            change_value(&mut items[place], random);
        }
        Value::Object(fields) => change_fields(fields, random),
        Value::Array(items) => change_items(items, random),
        Value::String(text) if deeper => {
            // A private challenge is JSON in a text.
            let mut inner = serde_json::from_str(text).ok().filter(Value::is_object);
            if let Some(inner) = &mut inner {
                change_value(inner, random);
                *text = inner.to_string();
            } else {
                change_text(text, random);
            }
        }
        other => *other = any_value(random),
    }
}

fn change_fields(fields: &mut Map<String, Value>, random: &mut StdRng) {
    let names: Vec<String> = fields.keys().cloned().collect();
    let Some(name) = names.get(random.random_range(0..names.len().max(1))) else {
        fields.insert(word(random).to_owned(), any_value(random));
        return;
    };
    match random.random_range(0..4) {
        0 => drop(fields.remove(name)),
        1 => {
            let value = fields.remove(name).unwrap_or_default();
            let mut other = name.clone();
            change_text(&mut other, random);
            fields.insert(other, value);
        }
        2 => {
            let value = fields[name].clone();
            fields.insert(pick(&names, random).clone(), value);
        }
        _ => {
            fields.insert(name.clone(), any_value(random));
        }
    }
}

fn change_items(items: &mut Vec<Value>, random: &mut StdRng) {
    let place = random.random_range(0..=items.len());
    match items.get(place).cloned() {
        Some(item) => match random.random_range(0..4) {
            0 => drop(items.remove(place)),
            1 => {
                let other = random.random_range(0..items.len());
                items.swap(place, other);
            }
            // Once more, or more often than any list should be long.
            2 => items.insert(place, item),
            _ => items.extend(vec![item; random.random_range(1..40)]),
        },
        None => items.push(any_value(random)),
    }
}

fn change_text(text: &mut String, random: &mut StdRng) {
    let mut characters: Vec<char> = text.chars().collect();
    let place = random.random_range(0..=characters.len());
    match random.random_range(0..6) {
        0 => word(random).clone_into(text),
        1 => text.push_str(word(random)),
        2 => *text = text.repeat(random.random_range(2..20)),
        3 => {
            characters.truncate(place);
            *text = characters.into_iter().collect();
        }
        4 => {
            characters.insert(place, random.random());
            *text = characters.into_iter().collect();
        }
        _ => {
            if let Some(character) = characters.get_mut(place) {
                *character = *pick(&['0', 'f', 'F', '/', ':', '-', '.', '%', '"', '\0'], random);
            }
            *text = characters.into_iter().collect();
        }
    }
}

fn any_value(random: &mut StdRng) -> Value {
    match random.random_range(0..8) {
        0 => Value::Null,
        1 => json!(random.random::<bool>()),
        2 => json!(*pick(&[0, 1, -1, i64::MAX, i64::MIN, 4096, 4097], random)),
        3 => json!(*pick(
            &[0.5, -0.0, 99.0, 100.5, 1e300, f64::MIN_POSITIVE],
            random
        )),
        4 => json!([]),
        5 => json!({}),
        6 => json!([null]),
        _ => json!(word(random)),
    }
}

fn word(random: &mut StdRng) -> &'static str {
    WORDS[random.random_range(0..WORDS.len())]
}

fn pick<'a, T>(choices: &'a [T], random: &mut StdRng) -> &'a T {
    &choices[random.random_range(0..choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_changes_the_same_input_in_the_same_way() {
        for (form, input) in [
            (Form::Picture, &b"\x89PNG\r\n\x1a\n"[..]),
            (Form::Json, br#"{"a": [1, "{\"b\": null}"]}"#),
            (Form::Requests, b"List {}\nIndex {\"a\": 1}"),
        ] {
            for seed in 0..1000 {
                assert_eq!(mutate(form, input, seed), mutate(form, input, seed));
            }
        }
    }

    #[test]
    fn a_changed_document_mostly_is_a_document_still() {
        let input = br#"{"session": [{"challengeName": "SRP_A", "challengeResult": true}]}"#;
        let documents = (0..1000).filter(|&seed| {
            serde_json::from_slice::<Value>(&mutate(Form::Json, input, seed)).is_ok()
        });
        assert!(documents.count() > 700);
    }
}
