//! What create-auth-challenge of one version writes, verify-auth-challenge of the versions next to it
//! reads or refuses with a reason.
//!
//! `envelope/<version>/` holds what each version wrote. After a change of the text: raise
//! `envelope::VERSION`, and write the new version's files with `BLESS=1 cargo test --package
//! signin-core --test envelope`; those of earlier versions stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use serde_json::{Value, json};
use signin_core::challenge::{Comparison, Offered, OnPass, PrivateChallenge, Stake, Task};
use signin_core::envelope::{Unread, VERSION};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::{Factor, Secret, face, face_data};
use signin_core::id::{ChallengeId, EnrolmentId, FaceId};
use signin_core::lockout::{Path, Scope, Tries};
use signin_core::profile::StoredDocument;
use signin_core::reason::Reason;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn data() -> FaceData {
    let values = vec!["0.125"; Model::Descriptor128.length()].join(",");
    let document = format!(r#"{{"model":"descriptor-128","values":[{values}]}}"#);
    FaceData::parse(Model::Descriptor128, &document).expect("they are face data")
}

fn stake() -> Stake {
    let id = ChallengeId::from_random([2; 16]);
    Stake {
        path: Path::Open,
        seen: Tries::default()
            .reserve(&id, NOW)
            .expect("nothing is in the way"),
        empties: vec![Path::Password],
        empties_at_others: Vec::new(),
        on_pass: OnPass::default(),
    }
}

/// A challenge of every kind, with every member that it can have.
fn challenges() -> BTreeMap<&'static str, PrivateChallenge> {
    let enrolment = EnrolmentId::from_random([3; 16]);
    let challenge = |key: &str, task: Task| PrivateChallenge {
        id: ChallengeId::from_random([1; 16]),
        expires_at: NOW,
        key: key.to_owned(),
        session: Opening {
            began: NOW,
            bound: true,
        },
        secret: None,
        task,
    };
    let enrol = Task::Enrol {
        enrolment: enrolment.clone(),
        consent: Some("1".to_owned()),
    };
    let document = StoredDocument {
        key: "enrolments/03".to_owned(),
        version: "v1".to_owned(),
    };
    let compare = |secret| {
        Task::Compare(Comparison {
            stake: stake(),
            secret,
        })
    };
    let face = compare(Secret::Face(face::Secret {
        faces: vec![face::ExpectedFace {
            id: FaceId::new("own"),
            document: Some(document),
        }],
        activates: Some(enrolment.clone()),
    }));
    let enrol_data = Task::EnrolData {
        enrolment: enrolment.clone(),
        expected: Some(data()),
        consent: Some("1".to_owned()),
    };
    let face_data = compare(Secret::FaceData(face_data::Secret {
        enrolled: Some(face_data::EnrolledData {
            of: enrolment,
            data: data(),
        }),
        activates: true,
    }));
    let refuse = Task::Refuse {
        factor: Factor::Face,
        reason: Reason::Superseded,
    };
    let select = Task::Select {
        offered: vec![Offered {
            place: 1,
            chain: "PASSWORD+FACE".parse().expect("it is a chain"),
        }],
    };
    let select = PrivateChallenge {
        secret: Some(Sha256Digest::of(b"secret")),
        ..challenge("", select)
    };
    let on_pass = |on_pass| {
        Task::Compare(Comparison {
            stake: Stake {
                empties_at_others: vec![Scope {
                    path: Path::Open,
                    factor: Factor::Face,
                }],
                on_pass,
                ..stake()
            },
            secret: Secret::FaceData(face_data::Secret {
                enrolled: None,
                activates: false,
            }),
        })
    };
    let last = OnPass::Completes {
        before: vec![Factor::Face],
        enrolled: true,
    };
    BTreeMap::from([
        ("select", select),
        ("not-the-last", challenge("", on_pass(OnPass::GoesOn))),
        ("the-last", challenge("", on_pass(last))),
        ("enrol", challenge("enrolments/03", enrol)),
        ("face", challenge("sign-in/01", face)),
        ("enrol-data", challenge("", enrol_data)),
        ("face-data", challenge("", face_data)),
        ("refuse", challenge("sign-in/01", refuse)),
    ])
}

fn folder(version: u32) -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/envelope/{version}"))
}

/// What a version wrote, by the kind of challenge.
fn written(version: u32) -> BTreeMap<String, Value> {
    let folder = folder(version);
    let entries = fs::read_dir(&folder);
    let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        let text = fs::read_to_string(&path).expect("a text");
        (
            name.into_owned(),
            serde_json::from_str(&text).expect("JSON"),
        )
    });
    files.collect()
}

fn value(challenge: &PrivateChallenge) -> Value {
    serde_json::from_str(&challenge.to_parameter()).expect("a parameter is JSON")
}

/// The members of a value, each with the way to it; the elements of a list are one.
fn members(value: &Value, way: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, member) in object {
                let way = format!("{way}.{name}");
                members(member, &way, found);
                found.push(way);
            }
        }
        Value::Array(list) => list.iter().for_each(|element| members(element, way, found)),
        _ => {}
    }
}

#[test]
fn what_is_written_is_what_this_version_writes() {
    let folder = folder(VERSION);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, challenge) in challenges() {
            let text = serde_json::to_string_pretty(&value(&challenge)).expect("a value");
            fs::write(folder.join(format!("{name}.json")), text + "\n").expect("it is written");
        }
    }
    let now = challenges().into_iter();
    let now = now.map(|(name, challenge)| (name.to_owned(), value(&challenge)));
    assert_eq!(written(VERSION), now.collect());
}

#[test]
fn what_any_version_wrote_is_read() {
    for version in 1..=VERSION {
        for (name, value) in written(version) {
            let read = PrivateChallenge::from_parameter(&value.to_string());
            match challenges().get(name.as_str()) {
                Some(challenge) if version == VERSION => assert_eq!(read.as_ref(), Ok(challenge)),
                _ => assert!(read.is_ok(), "{version}/{name}: {read:?}"),
            }
        }
    }
}

/// Whether a reader of the version before understands what a version writes: it finds every member
/// that its own writer wrote, or is told that it may not act on the challenge.
fn understood(before: Option<&Value>, now: &Value, version: u32) -> Result<(), String> {
    if now["needs"].as_u64() >= Some(u64::from(version)) {
        return Ok(());
    }
    let before = before.ok_or("it is new, and does not say that it needs this version")?;
    let (mut known, mut found) = (Vec::new(), Vec::new());
    members(before, "", &mut known);
    members(now, "", &mut found);
    known.retain(|member| !found.contains(member));
    if known.is_empty() {
        Ok(())
    } else {
        Err(format!("it lacks {known:?}"))
    }
}

#[test]
fn what_a_version_writes_the_one_before_reads_or_refuses() {
    for version in (2..).take_while(|version| *version <= VERSION) {
        let before = written(version - 1);
        for (name, value) in written(version) {
            let understood = understood(before.get(&name), &value, version);
            assert_eq!(understood, Ok(()), "{version}/{name}");
        }
    }
    // And so that the first version is not the only one that this was ever tried with:
    let first = value(&challenges()["face"]);
    let mut second = first.clone();
    second["chain"] = json!(0);
    assert_eq!(understood(Some(&first), &second, 2), Ok(()));
    assert!(understood(Some(&second), &first, 2).is_err());
    assert!(understood(None, &second, 2).is_err());
    second["needs"] = json!(2);
    assert_eq!(understood(None, &second, 2), Ok(()));
}

/// A value with a member that nobody knows in each of its objects.
fn with_unknown_members(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().map(|(name, member)| {
                let member = match name.as_str() {
                    // Its members are ids.
                    "recent" => member.clone(),
                    // Their one member is the kind.
                    "task" | "onPass" => {
                        let kinds = member.as_object().into_iter().flatten();
                        let kinds =
                            kinds.map(|(kind, of)| (kind.clone(), with_unknown_members(of)));
                        if member.is_string() {
                            member.clone()
                        } else {
                            Value::Object(kinds.collect())
                        }
                    }
                    _ => with_unknown_members(member),
                };
                (name.clone(), member)
            });
            let unknown = ("unheardOf".to_owned(), json!({"a": [1]}));
            Value::Object(members.chain([unknown]).collect())
        }
        Value::Array(list) => list.iter().map(with_unknown_members).collect(),
        other => other.clone(),
    }
}

#[test]
fn a_member_that_nobody_knows_is_passed_over() {
    for (name, challenge) in challenges() {
        let text = with_unknown_members(&value(&challenge)).to_string();
        let read = PrivateChallenge::from_parameter(&text);
        assert_eq!(read, Ok(challenge), "{name}: {text}");
    }
}

#[test]
fn a_challenge_that_needs_a_newer_reader_is_used_up_with_a_reason() {
    let challenge = challenges().remove("face").expect("there is one");
    let changed = |change: fn(&mut Value)| {
        let mut value = value(&challenge);
        change(&mut value);
        value.to_string()
    };
    let newer: [fn(&mut Value); 4] = [
        |value| value["needs"] = json!(VERSION + 1),
        // A task that is not known here, and a known one without what it cannot do without.
        |value| value["task"] = json!({"liveFace": {}}),
        |value| value["task"]["face"]["stake"] = json!(null),
        |value| value["task"] = json!(1),
    ];
    for change in newer {
        let text = changed(change);
        let Err(Unread::NeedsNewer(refused)) = PrivateChallenge::from_parameter(&text) else {
            panic!("expected a refusal of {text}");
        };
        assert_eq!(refused.id, challenge.id);
        assert_eq!(refused.session, challenge.session);
        let told =
            matches!(refused.task, Task::Refuse { reason, .. } if reason == Reason::TryLater);
        assert!(told, "{refused:?}");
    }
    // Without an id there is nothing to use up.
    let none: [fn(&mut Value); 4] = [
        |value| value["id"] = json!(null),
        |value| value["id"] = json!("x"),
        |value| value["session"] = json!({}),
        |value| value["needs"] = json!("2"),
    ];
    for change in none {
        let text = changed(change);
        assert_eq!(
            PrivateChallenge::from_parameter(&text),
            Err(Unread::NotOurs)
        );
    }
}
