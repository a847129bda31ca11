//! What create-auth-challenge of one version writes, verify-auth-challenge of the versions next to it
//! reads or refuses with a reason.
//!
//! `envelope/<version>.json` holds what each version wrote. After a change of the text: raise
//! `envelope::VERSION`, and write the new version's files with `BLESS=1 cargo test --package
//! signin-core --test envelope`; those of earlier versions stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path as FilePath, PathBuf};

use serde_json::{Value, json};
use signin_core::challenge::{Comparison, Offered, OnPass, PrivateChallenge, Reservation, Task};
use signin_core::envelope::{Unread, VERSION};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::{Asking, Factor, Secret, face, face_data};
use signin_core::id::{ChallengeId, EnrolmentId, FaceId};
use signin_core::lockout::{Attempts, Path, Scope};
use signin_core::profile::{Profile, StoredDocument};
use signin_core::reason::Reason;
use signin_core::reset::Opening;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn data() -> FaceData {
    let values = vec!["0.125"; Model::Descriptor128.length()].join(",");
    let document = format!(r#"{{"model":"descriptor-128","values":[{values}]}}"#);
    FaceData::parse(Model::Descriptor128, &document).expect("they are face data")
}

fn reservation() -> Reservation {
    let id = ChallengeId::from_random([2; 16]);
    Reservation {
        path: Path::Open,
        seen: Attempts::default()
            .reserve(&id, NOW)
            .expect("nothing is in the way"),
        empties: vec![Path::Password],
        empties_at_others: Vec::new(),
        on_pass: OnPass::default(),
        last_reset: Some(NOW),
    }
}

/// A challenge of every kind, with every member that it can have.
#[expect(
    clippy::too_many_lines,
    reason = "a list has as many entries as it has"
)]
fn challenges() -> BTreeMap<String, PrivateChallenge> {
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
            reservation: reservation(),
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
            reservation: Reservation {
                empties_at_others: vec![Scope {
                    path: Path::Open,
                    factor: Factor::Face,
                }],
                on_pass,
                ..reservation()
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
    let mut challenges = BTreeMap::from([
        ("select".to_owned(), select),
        (
            "not-the-last".to_owned(),
            challenge("", on_pass(OnPass::GoesOn)),
        ),
        ("the-last".to_owned(), challenge("", on_pass(last))),
        ("enrol".to_owned(), challenge("enrolments/03", enrol)),
        ("face".to_owned(), challenge("sign-in/01", face)),
        ("enrol-data".to_owned(), challenge("", enrol_data)),
        ("face-data".to_owned(), challenge("", face_data)),
        ("refuse".to_owned(), challenge("sign-in/01", refuse)),
    ]);
    // And each factor as an account without anything enrolled is asked for it.
    for factor in Factor::iter() {
        let secret = factor.ordinary(Asking {
            profile: &Profile::default(),
            challenge: &ChallengeId::from_random([1; 16]),
            code: None,
            now: NOW,
        });
        challenges.insert(
            format!("nobody-{}", factor.name()),
            challenge("", compare(secret)),
        );
    }
    challenges
}

fn file(version: u32) -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/envelope/{version}.json"))
}

/// What a version wrote, by the kind of challenge.
fn written(version: u32) -> BTreeMap<String, Value> {
    let file = file(version);
    let text = fs::read_to_string(&file);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).expect("JSON")
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
    let now = challenges().into_iter();
    let now: BTreeMap<_, _> = now
        .map(|(name, challenge)| (name, value(&challenge)))
        .collect();
    if std::env::var_os("BLESS").is_some() {
        let text = serde_json::to_string_pretty(&now).expect("a value");
        fs::write(file(VERSION), text + "\n").expect("it is written");
    }
    assert_eq!(written(VERSION), now);
}

#[test]
fn what_any_version_wrote_is_read() {
    for version in 1..=VERSION {
        for (name, value) in written(version) {
            let read = PrivateChallenge::from_parameter(&value.to_string());
            match challenges().get(&name) {
                Some(challenge) if version == VERSION => assert_eq!(read.as_ref(), Ok(challenge)),
                _ => assert!(read.is_ok(), "{version}/{name}: {read:?}"),
            }
        }
    }
}

/// Whether a reader of the version before understands what a version writes: it finds every member
/// that its own writer wrote, or refuses it: it knows no such task, or is told that it may not act on
/// the challenge. `samples` are what the version before wrote, by kind.
fn understood(
    samples: &BTreeMap<String, Value>,
    kind: &str,
    now: &Value,
    version: u32,
) -> Result<(), String> {
    if now["needs"].as_u64() >= Some(u64::from(version)) {
        return Ok(());
    }
    let (mut known, mut found) = (Vec::new(), Vec::new());
    match samples.get(kind) {
        Some(before) => members(before, "", &mut known),
        // A new kind of a task that is known, such as one for nobody, who has nothing of a list.
        None => match samples
            .values()
            .find(|sample| task(sample).0 == task(now).0)
        {
            Some(before) => known.extend(task(before).1),
            None => return Ok(()),
        },
    }
    members(now, "", &mut found);
    found.extend(task(now).1);
    known.retain(|member| !found.contains(member));
    if known.is_empty() {
        Ok(())
    } else {
        Err(format!("it lacks {known:?}"))
    }
}

/// A challenge's task, and the task's members.
fn task(challenge: &Value) -> (String, Vec<String>) {
    let task = challenge["task"]
        .as_object()
        .and_then(|task| task.iter().next());
    let (name, task) = task.expect("a task");
    let members = task.as_object().into_iter().flatten();
    (
        name.clone(),
        members.map(|(name, _)| name.clone()).collect(),
    )
}

#[test]
fn what_a_version_writes_the_one_before_reads_or_refuses() {
    for version in (2..).take_while(|version| *version <= VERSION) {
        let before = written(version - 1);
        for (kind, value) in written(version) {
            let understood = understood(&before, &kind, &value, version);
            assert_eq!(understood, Ok(()), "{version}/{kind}");
        }
    }
    // And so that these versions are not the only ones that this was ever tried with:
    let first = value(&challenges()["face"]);
    let mut second = first.clone();
    second["chain"] = json!(0);
    let of = |value: &Value| BTreeMap::from([("face".to_owned(), value.clone())]);
    assert_eq!(understood(&of(&first), "face", &second, 2), Ok(()));
    assert!(understood(&of(&second), "face", &first, 2).is_err());
    let mut lacks = first.clone();
    let members = lacks["task"]["face"].as_object_mut().expect("its members");
    members.remove("faces");
    assert!(understood(&of(&first), "another kind", &lacks, 2).is_err());
    lacks["needs"] = json!(2);
    assert_eq!(understood(&of(&first), "another kind", &lacks, 2), Ok(()));
    let unheard_of = json!({"task": {"unheardOf": {}}});
    assert_eq!(understood(&of(&first), "new", &unheard_of, 2), Ok(()));
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
