//! Items as the version before the policies of several chains wrote them, taken from the tables of its own
//! end-to-end tests: one for every attribute, state, verdict and list of steps that occurred. (The
//! users' names are not theirs, and the face template is nobody's.)

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use serde_json::Value;
use signin_core::id::UserName;
use signin_core::profile::{Profile, State};
use signin_core::reason::Verdict;

use super::*;
use crate::table::item::Item;

/// An attribute of DynamoDB's JSON.
fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value
        .as_object()
        .and_then(|value| value.iter().next())
        .expect("a kind");
    let text = || value.as_str().expect("a text").to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "BOOL" => AttributeValue::Bool(value.as_bool().expect("a truth")),
        "B" => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text());
            AttributeValue::B(Blob::new(bytes.expect("Base64")))
        }
        "M" => AttributeValue::M(attributes(value)),
        "SS" => {
            let texts = value.as_array().expect("a list").iter();
            let texts = texts.map(|text| text.as_str().expect("a text").to_owned());
            AttributeValue::Ss(texts.collect())
        }
        kind => panic!("nothing is known of {kind}"),
    }
}

fn attributes(item: &Value) -> HashMap<String, AttributeValue> {
    let members = item.as_object().expect("an object").iter();
    members
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

fn items() -> Vec<(String, String, Item)> {
    let all: Vec<Value> = serde_json::from_str(include_str!("before-chains.json")).expect("JSON");
    let all = all.into_iter().map(|item| {
        let key = |name: &str| item[name]["S"].as_str().expect("a key").to_owned();
        (key("PK"), key("SK"), Item::from(attributes(&item)))
    });
    all.collect()
}

#[test]
fn every_item_of_the_version_before_is_read() {
    let mut read = BTreeMap::new();
    for (partition, sort, item) in items() {
        let kind = sort.split('#').next().unwrap_or_default().to_owned();
        let understood = match (partition.split('#').next(), kind.as_str()) {
            (Some("USER"), "PROFILE") => profile(&item).map(|_| ()),
            (Some("USER"), "TRIES") => on_path(&item).map(|_| ()),
            (Some("USER"), "PASS") => pass(&item).map(|_| ()),
            (Some("USER"), "ENROLMENT") => enrolment(&item).map(|_| ()),
            (Some("ENROLMENT"), "ENROLMENT") => owner(&item).map(|_| ()),
            (Some("CHALLENGE"), "CHALLENGE") => idempotency_record(&item).map(|_| ()),
            // Nothing is read of it but that it is there.
            (Some("USER"), "PICTURE") => Ok(()),
            _ => panic!("nothing is known of {partition} {sort}"),
        };
        assert_eq!(understood, Ok(()), "{partition} {sort}");
        *read
            .entry((
                partition.split('#').next().unwrap_or_default().to_owned(),
                kind,
            ))
            .or_insert(0) += 1;
    }
    assert_eq!(read.len(), 7, "{read:?}");
}

#[test]
fn what_they_said_is_what_they_say() {
    let mut profiles: Vec<Profile> = Vec::new();
    let mut verdicts = BTreeMap::new();
    let mut steps = Vec::new();
    for (partition, sort, item) in items() {
        if sort == "PROFILE" {
            profiles.push(profile(&item).expect("it is read"));
        } else if sort.starts_with("PASS#") {
            let pass = pass(&item).expect("it is read");
            steps.push(pass.steps.to_string());
        } else if partition.starts_with("CHALLENGE#") {
            let used = idempotency_record(&item).expect("it is read");
            assert!(UserName::parse(used.user.as_str()).is_ok());
            // A session from before has chosen nothing and carries no secret.
            assert_eq!((used.chosen, used.session.secret), (None, None));
            let verdict = used.verdict.map(Verdict::name).unwrap_or_default();
            *verdicts.entry(verdict).or_insert(0) += 1;
        }
    }
    let by_picture = profiles.iter().filter(|profile| !profile.faces.is_empty());
    assert!(
        by_picture
            .clone()
            .all(|profile| profile.state == Some(State::Active))
    );
    assert!(by_picture.count() >= 1);
    let by_data = |profile: &&Profile| profile.data.as_ref().is_some_and(|data| data.of.is_some());
    assert!(profiles.iter().any(|profile| by_data(&profile)));
    for expected in ["FACE", "PASSWORD+FACE", "PASSWORD+ENROL+FACE", "FACE_DATA"] {
        assert!(
            steps.iter().any(|steps| steps == expected),
            "{expected}: {steps:?}"
        );
    }
    for expected in ["PASSED", "NO_MATCH", "TRY_LATER", "LOCKED", "SUPERSEDED"] {
        assert!(verdicts.contains_key(expected), "{expected}: {verdicts:?}");
    }
}
