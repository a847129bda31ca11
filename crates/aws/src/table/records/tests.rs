//! What is read of items as they are written, as versions before wrote them, and as nobody did.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Debug;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, Visitor, value::Error};
use serde::forward_to_deserialize_any;
use signin_core::enrolment::{Enrolment, Remains, State};
use signin_core::face_data::{FaceData, Model};
use signin_core::id::{EnrolmentId, UserName};
use signin_core::idempotency::IdempotencyRecord;
use signin_core::lockout::Attempts;
use signin_core::pass::{Account, Pass};
use signin_core::profile::Profile;
use signin_core::secret::Sha256Digest;
use signin_core::time::Timestamp;

use super::attempts::{AttemptRecord, AttemptsRecord};
use super::challenge::ChallengeRecord;
use super::enrolment::EnrolmentRecord;
use super::keys::{OwedRecord, PointerRecord};
use super::mails::{OrderRecord, SentRecord};
use super::notices::NoticeRecord;
use super::pass::PassRecord;
use super::profile::{FaceRecord, ProfileRecord};
use super::*;
use crate::fault::Fault;
use crate::table::attribute;
use crate::table::item::Item;

type Attributes = HashMap<String, AttributeValue>;

const ID: &str = "01010101010101010101010101010101";
const OTHER: &str = "02020202020202020202020202020202";
const MOMENT: u64 = 1_800_000_000_000;

fn s(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn n(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn yes() -> AttributeValue {
    AttributeValue::Bool(true)
}

fn digest(of: &str) -> AttributeValue {
    s(&Sha256Digest::of(of.as_bytes()).to_hex())
}

fn attributes(attributes: &[(&str, AttributeValue)]) -> Attributes {
    let attributes = attributes.iter();
    attributes
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

fn with(mut item: Attributes, more: &[(&str, AttributeValue)]) -> Attributes {
    item.extend(attributes(more));
    item
}

fn challenge() -> Attributes {
    attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s(&format!("CHALLENGE#{ID}"))),
        ("user", s("ada")),
        ("consumedAt", n(MOMENT)),
        ("answer", digest("answer")),
        ("call", s(ID)),
        ("lease", n(MOMENT + 1)),
        ("takenOver", yes()),
        ("verdict", s("NO_MATCH")),
        ("compared", yes()),
        ("picture", digest("picture")),
        ("began", n(MOMENT - 1)),
        ("bound", yes()),
        ("enrolment", s(ID)),
        ("ttl", n(MOMENT / 1000)),
    ])
}

fn face() -> [(&'static str, AttributeValue); 5] {
    [
        ("collection", s("faces")),
        ("modelVersion", s("7.0")),
        ("indexedAt", n(MOMENT)),
        ("documentKey", s("enrolments/1")),
        ("documentVersion", s("v1")),
    ]
}

fn enrolment_in(state: &str, more: &[(&str, AttributeValue)]) -> Attributes {
    let unsettled = AttributeValue::Ss(vec!["v0".to_owned(), "v1".to_owned()]);
    let item = attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s(&format!("ENROLMENT#{ID}"))),
        ("key", s(&format!("enrolments/{OTHER}"))),
        ("state", s(state)),
        ("binding", digest("binding")),
        ("version", s("v2")),
        ("recognitions", n(3)),
        ("unsettled", unsettled),
        ("owed", s("ENROLMENT")),
        ("owedAt", n(MOMENT)),
    ]);
    with(item, more)
}

/// An enrolment in every state, and what may be missing of it.
fn enrolments() -> Vec<(Attributes, Vec<&'static str>)> {
    const OPTIONAL: [&str; 6] = [
        "key",
        "binding",
        "version",
        "recognitions",
        "unsettled",
        "owedAt",
    ];
    let face = || [&face()[..], &[("faceId", s("own"))]].concat();
    let lease = [("call", s(ID)), ("lease", n(MOMENT))];
    let replaced = [&face()[..], &lease[1..]].concat();
    vec![
        (enrolment_in("AWAITED", &[]), OPTIONAL.into()),
        (enrolment_in("INDEXING", &lease), OPTIONAL.into()),
        (enrolment_in("INDEXED", &face()), OPTIONAL.into()),
        (enrolment_in("ACTIVE", &face()), OPTIONAL.into()),
        (
            enrolment_in("REJECTED", &[("reason", s("NO_FACE"))]),
            OPTIONAL.into(),
        ),
        (
            enrolment_in("REPLACED", &replaced),
            [&OPTIONAL[..], &["lease"]].concat(),
        ),
    ]
}

fn pass_item(nonce: Option<&str>) -> Attributes {
    let nonce = nonce.map(|nonce| Sha256Digest::of(nonce.as_bytes()));
    let item = attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s(&crate::table::pass_sort(nonce))),
        ("at", n(MOMENT)),
        ("steps", s("PASSWORD+ENROL+FACE")),
        ("client", s("app")),
        ("began", n(MOMENT - 1)),
        ("bound", yes()),
        ("usedAt", n(MOMENT + 1)),
        ("usedBy", digest("request")),
    ]);
    let nonce = nonce.map(|nonce| ("nonce", s(&nonce.to_hex())));
    with(item, nonce.as_slice())
}

fn face_data() -> FaceData {
    FaceData::new(Model::Descriptor128, vec![0.125; 128]).unwrap()
}

fn profile_item() -> Attributes {
    let faces = attributes(&[("own", AttributeValue::M(attributes(&face())))]);
    attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s("PROFILE")),
        ("state", s("ACTIVE")),
        ("faces", AttributeValue::M(faces)),
        (
            "faceData",
            AttributeValue::B(Blob::new(face_data().to_bytes().to_vec())),
        ),
        ("faceDataModel", s("descriptor-128")),
        ("dataOf", s(ID)),
        ("dataFromSignUp", yes()),
        ("enrolment", s(ID)),
        ("waiting", s(OTHER)),
        ("consent", s("2")),
        ("consentAt", n(MOMENT)),
        ("consentBy", s("PERSON")),
        ("binding", digest("binding")),
        ("resetAt", n(MOMENT)),
        ("resetBinding", digest("reset")),
        ("signOutOwed", n(MOMENT)),
    ])
}

fn attempts_item() -> Attributes {
    let tried =
        |state: &str| AttributeValue::M(attributes(&[("at", n(MOMENT)), ("state", s(state))]));
    let recent = attributes(&[(ID, tried("RESERVED")), (OTHER, tried("NOT_ACQUIRED"))]);
    attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s("TRIES#OPEN#FACE")),
        ("fast", n(4)),
        ("fastSince", n(MOMENT)),
        ("slow", n(5)),
        ("slowSince", n(MOMENT)),
        ("unusable", n(6)),
        ("unusableSince", n(MOMENT)),
        ("notBefore", n(MOMENT)),
        ("recent", AttributeValue::M(recent)),
        ("emptiedAt", n(MOMENT)),
        ("emptiedByResetAt", n(MOMENT)),
        ("ttl", n(MOMENT)),
    ])
}

fn pointer() -> Attributes {
    attributes(&[
        ("PK", s(&format!("ENROLMENT#{ID}"))),
        ("SK", s("ENROLMENT")),
        ("user", s("ada")),
    ])
}

/// What an item is read as, whichever it is.
#[derive(Debug, PartialEq)]
enum Read {
    Challenge(Box<IdempotencyRecord>),
    Enrolment(Box<Enrolment>),
    Pass(Box<Pass>),
    Profile(Box<(Profile, Account)>),
    Attempts(OnPath),
    Owner(UserName),
    OwedEnrolment((UserName, EnrolmentId)),
}

/// A whole item, how it is read, by which attributes, and which of them may be missing.
struct Sample {
    item: Attributes,
    read: fn(&Item) -> Result<Read, Fault>,
    of: Vec<&'static str>,
    optional: Vec<&'static str>,
}

impl Sample {
    fn read(&self, item: Attributes) -> Result<Read, Fault> {
        (self.read)(&Item::from(item))
    }

    fn whole(&self) -> Read {
        self.read(self.item.clone()).expect("the sample is whole")
    }

    /// The item with a value at a place, or with nothing there.
    fn but(&self, place: &[String], value: Option<AttributeValue>) -> Attributes {
        let mut item = self.item.clone();
        set(&mut item, place, value);
        item
    }

    /// The places of everything that is read, in maps too.
    fn places(&self) -> Vec<Vec<String>> {
        let known = self.item.iter();
        let known = known.filter(|(name, _)| self.of.contains(&name.as_str()));
        known
            .flat_map(|(name, value)| within(std::slice::from_ref(name), value))
            .collect()
    }
}

fn within(place: &[String], value: &AttributeValue) -> Vec<Vec<String>> {
    let mut places = vec![place.to_vec()];
    if let AttributeValue::M(entries) = value {
        for (name, value) in entries {
            places.extend(within(&[place, std::slice::from_ref(name)].concat(), value));
        }
    }
    places
}

fn set(item: &mut Attributes, place: &[String], value: Option<AttributeValue>) {
    match place {
        [name] => {
            match value {
                Some(value) => item.insert(name.clone(), value),
                None => item.remove(name),
            };
        }
        [name, rest @ ..] => {
            let Some(AttributeValue::M(entries)) = item.get_mut(name) else {
                panic!("a map at {name}")
            };
            set(entries, rest, value);
        }
        [] => panic!("no place"),
    }
}

fn at<'a>(item: &'a Attributes, place: &[String]) -> &'a AttributeValue {
    let (name, rest) = place.split_first().expect("a place");
    match (&item[name], rest) {
        (value, []) => value,
        (AttributeValue::M(entries), rest) => at(entries, rest),
        _ => panic!("a map at {name}"),
    }
}

fn samples() -> Vec<Sample> {
    let mut samples = vec![
        Sample {
            item: challenge(),
            read: |item| Ok(Read::Challenge(Box::new(idempotency_record(item)?))),
            of: fields::<ChallengeRecord>(),
            optional: vec![
                "takenOver",
                "verdict",
                "compared",
                "picture",
                "began",
                "bound",
                "enrolment",
            ],
        },
        Sample {
            item: profile_item(),
            read: |item| Ok(Read::Profile(Box::new((profile(item)?, account(item)?)))),
            of: fields::<ProfileRecord>(),
            optional: vec![
                "state",
                "faces",
                "own",
                "dataOf",
                "dataFromSignUp",
                "enrolment",
                "waiting",
                "consentBy",
                "binding",
                "resetBinding",
                "signOutOwed",
            ],
        },
        Sample {
            item: attempts_item(),
            read: |item| Ok(Read::Attempts(on_path(item)?)),
            of: fields::<AttemptsRecord>(),
            optional: vec!["notBefore", "recent", ID, OTHER, "emptiedAt"],
        },
        Sample {
            item: pointer(),
            read: |item| Ok(Read::Owner(owner(item)?)),
            of: fields::<PointerRecord>(),
            optional: vec![],
        },
        Sample {
            item: enrolment_in("AWAITED", &[]),
            read: |item| Ok(Read::OwedEnrolment(owed_enrolment(item)?)),
            of: fields::<OwedRecord>(),
            optional: vec![],
        },
    ];
    samples.extend([None, Some("mine")].map(|nonce| Sample {
        item: pass_item(nonce),
        read: |item| Ok(Read::Pass(Box::new(pass(item)?))),
        of: fields::<PassRecord>(),
        optional: vec!["bound"],
    }));
    samples.extend(enrolments().into_iter().map(|(item, optional)| Sample {
        item,
        read: |item| Ok(Read::Enrolment(Box::new(enrolment(item)?))),
        of: fields::<EnrolmentRecord>(),
        optional,
    }));
    samples
}

/// A value of every type there is, null and what the SDK does not know among them.
fn values() -> Vec<AttributeValue> {
    vec![
        s(""),
        s("canary"),
        n(0),
        AttributeValue::N("canary".to_owned()),
        AttributeValue::N("-1".to_owned()),
        AttributeValue::N("1.5".to_owned()),
        AttributeValue::N("18446744073709551616".to_owned()),
        AttributeValue::N("1E+125".to_owned()),
        AttributeValue::B(Blob::new("canary")),
        AttributeValue::Bool(false),
        AttributeValue::Null(true),
        AttributeValue::Null(false),
        AttributeValue::L(vec![]),
        AttributeValue::L(vec![s("canary"), n(1)]),
        AttributeValue::M(Attributes::new()),
        AttributeValue::M(attributes(&[("ACTIVE", AttributeValue::Null(true))])),
        AttributeValue::M(attributes(&[(ID, s("canary"))])),
        AttributeValue::Ss(vec!["canary".to_owned()]),
        AttributeValue::Ns(vec!["0".to_owned()]),
        AttributeValue::Bs(vec![Blob::new("canary")]),
    ]
}

fn same_type(one: &AttributeValue, other: &AttributeValue) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Whether a fault names one of the attributes, and nothing besides.
fn names_an_attribute(fault: &Fault) -> bool {
    let fault = fault.to_string();
    let Some((operation, kind)) = fault.split_once(": attribute ") else {
        return false;
    };
    let words: Vec<&str> = kind.splitn(2, ' ').collect();
    operation.starts_with("Read")
        && attribute::ALL.iter().any(|known| known.name() == words[0])
        && ["missing", "not understood"].contains(&words[1])
}

#[test]
fn an_attribute_of_another_type_is_a_fault_that_names_it() {
    for sample in samples() {
        let whole = sample.whole();
        for place in sample.places() {
            let own = at(&sample.item, &place);
            for value in values() {
                if same_type(own, &value) {
                    continue;
                }
                let read = sample.read(sample.but(&place, Some(value.clone())));
                let fault = read.expect_err(&format!("{whole:?} with {value:?} at {place:?}"));
                let kind = format!("attribute {} not understood", place[0]);
                assert!(fault.to_string().ends_with(&kind), "{fault}, not {kind}");
            }
        }
    }
}

#[test]
fn a_value_that_is_none_of_its_kind_is_a_fault_that_names_it() {
    for (attribute, wrong) in [
        ("state", s("BLOCKED")),
        ("faceDataModel", s("mesh")),
        ("faceData", AttributeValue::B(Blob::new(vec![0xff; 512]))),
        ("dataOf", s("1")),
        ("enrolment", s(&ID.to_uppercase().replace('0', "A"))),
        ("waiting", s("")),
        ("consentBy", s("SOMEBODY")),
        ("binding", s("0a")),
        ("resetBinding", s("")),
        ("user", s("a/b")),
        ("answer", s("answer")),
        ("call", s("1")),
        ("verdict", s("MATCH")),
        ("picture", s("")),
        ("steps", s("ENROL+FACE")),
        ("client", s("a b")),
        ("nonce", s("mine")),
        ("usedBy", s("somebody")),
        ("key", s("documents/1")),
        ("reason", s("BAD")),
        ("recognitions", n(1 << 32)),
        ("fast", n(1 << 32)),
        ("slow", n(1 << 32)),
        ("unusable", n(1 << 32)),
        (
            "recent",
            AttributeValue::M(attributes(&[("1", AttributeValue::M(Attributes::new()))])),
        ),
        ("SK", s("ENROLMENT#1")),
    ] {
        let mut read = 0;
        for sample in samples() {
            let place = [attribute.to_owned()];
            if sample.item.contains_key(attribute) && sample.of.contains(&attribute) {
                let fault = sample
                    .read(sample.but(&place, Some(wrong.clone())))
                    .unwrap_err();
                // A pass that lies elsewhere has another nonce than its own.
                let named = if fault.to_string().starts_with("ReadPass") && attribute == "SK" {
                    "nonce"
                } else {
                    attribute
                };
                let kind = format!("attribute {named} not understood");
                assert!(fault.to_string().ends_with(&kind), "{fault}, not {kind}");
                read += 1;
            }
        }
        assert!(read > 0, "{attribute}");
    }
    let unknown = [RECENT, ID, "state"].map(str::to_owned);
    let attempts = samples().remove(2);
    assert!(
        attempts
            .read(attempts.but(&unknown, Some(s("LOST"))))
            .is_err()
    );
}

const RECENT: &str = "recent";

#[test]
fn what_is_missing_is_a_fault_unless_it_may_be() {
    for sample in samples() {
        let whole = sample.whole();
        for place in sample.places() {
            let name = place.last().expect("a place").as_str();
            match sample.read(sample.but(&place, None)) {
                Ok(read) => {
                    assert!(sample.optional.contains(&name), "{place:?} of {whole:?}");
                    // Neither the same nor nothing: the rest is read.
                    assert_ne!(read, whole, "{place:?}");
                }
                Err(fault) => {
                    assert!(!sample.optional.contains(&name), "{fault}, {place:?}");
                    assert!(names_an_attribute(&fault), "{fault}");
                }
            }
        }
    }
}

/// Any value, however deep.
fn any_value() -> impl Strategy<Value = AttributeValue> {
    let text = || prop_oneof!["[A-Z_]{0,12}", "[0-9a-f]{32}", "[0-9a-f]{64}", ".{0,20}"];
    let number = || prop_oneof!["-?[0-9]{1,40}", "[0-9]{1,4}[.][0-9]{1,4}", ".{0,5}"];
    let leaf = prop_oneof![
        text().prop_map(AttributeValue::S),
        number().prop_map(AttributeValue::N),
        proptest::collection::vec(any::<u8>(), 0..600)
            .prop_map(|bytes| AttributeValue::B(Blob::new(bytes))),
        any::<bool>().prop_map(AttributeValue::Bool),
        any::<bool>().prop_map(AttributeValue::Null),
        proptest::collection::vec(text(), 0..3).prop_map(AttributeValue::Ss),
        proptest::collection::vec(number(), 0..3).prop_map(AttributeValue::Ns),
    ];
    leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(AttributeValue::L),
            proptest::collection::hash_map(text(), inner, 0..4).prop_map(AttributeValue::M),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_in_an_items_place_is_read_or_a_fault_and_never_repeated(
        sample: proptest::sample::Index,
        place: proptest::sample::Index,
        value in any_value(),
    ) {
        let samples = samples();
        let sample = sample.get(&samples);
        let places = sample.places();
        let place = place.get(&places);
        let other_type = !same_type(at(&sample.item, place), &value);
        match sample.read(sample.but(place, Some(value))) {
            Ok(_) => prop_assert!(!other_type, "{place:?}"),
            Err(fault) => prop_assert!(names_an_attribute(&fault), "{fault}"),
        }
    }

    /// A text that has a form of its own is its own or a fault: cut short, made longer or changed in
    /// one place.
    #[test]
    fn a_garbled_text_of_a_form_is_a_fault(
        sample: proptest::sample::Index,
        place: proptest::sample::Index,
        cut: proptest::sample::Index,
        with in "[g-z/ #!]{0,3}",
    ) {
        const FREE: [&str; 11] = [
            "collection", "modelVersion", "documentKey", "documentVersion", "faceId", "version",
            "consent", "user", "client", "PK", "SK",
        ];
        let samples = samples();
        let sample = sample.get(&samples);
        let whole = sample.whole();
        let mut places = sample.places();
        places.retain(|place| {
            let name = place.last().expect("a place").as_str();
            !FREE.contains(&name) && at(&sample.item, place).is_s()
        });
        prop_assume!(!places.is_empty());
        let place = place.get(&places);
        let AttributeValue::S(own) = at(&sample.item, place) else { unreachable!() };
        let garbled = format!("{}{with}", &own[..cut.index(own.len() + 1)]);
        match sample.read(sample.but(place, Some(s(&garbled)))) {
            // The steps of another session are steps too.
            Ok(read) => prop_assert!(read == whole, "{garbled} at {place:?}"),
            Err(fault) => prop_assert!(names_an_attribute(&fault), "{fault}"),
        }
    }

    #[test]
    fn what_a_later_version_has_added_changes_nothing(
        name in "[a-z]{3,8}Later",
        value in any_value(),
    ) {
        for sample in samples() {
            let mut item = sample.item.clone();
            // Within maps of attributes too.
            for place in sample.places() {
                if let ([map, id], AttributeValue::M(_)) = (&place[..], at(&sample.item, &place)) {
                    set(&mut item, &[map.clone(), id.clone(), name.clone()], Some(value.clone()));
                }
            }
            item.insert(name.clone(), value.clone());
            prop_assert_eq!(sample.read(item), Ok(sample.whole()));
        }
    }
}

#[test]
fn what_is_replaced_and_had_no_record_has_nothing_but_its_name() {
    let item = attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s(&format!("ENROLMENT#{ID}"))),
        ("state", s("REPLACED")),
        ("owed", s("ENROLMENT")),
        ("owedAt", n(MOMENT)),
        ("ttl", n(MOMENT)),
    ]);
    let read = enrolment(&Item::from(item)).unwrap();
    assert_eq!(read.state, State::Replaced(Remains::default()));
    assert_eq!(read.key.to_string(), format!("enrolments/{ID}"));
    assert_eq!((read.recognitions, read.unsettled), (0, BTreeSet::new()));
}

/// Attribute by attribute what the version of November 2026 wrote, before sessions, levels and owners
/// of a consent were on record.
#[test]
fn what_versions_before_wrote_is_still_read() {
    let used = attributes(&[
        ("PK", s(&format!("CHALLENGE#{ID}"))),
        ("SK", s("CHALLENGE")),
        ("user", s("ada")),
        ("consumedAt", n(MOMENT)),
        ("answer", digest("answer")),
        ("call", s(ID)),
        ("lease", n(MOMENT + 1)),
        ("ttl", n(MOMENT)),
    ]);
    let judged = [("verdict", s("PASSED")), ("picture", digest("picture"))];
    for item in [used.clone(), with(used, &judged)] {
        let read = idempotency_record(&Item::from(item)).unwrap();
        assert_eq!(read.session.opening.began, Timestamp::default());
        assert!(!read.session.opening.bound && !read.taken_over && !read.compared);
        assert_eq!(read.session.enrolment, None);
    }

    let faces = attributes(&[("own", AttributeValue::M(attributes(&face()[..3])))]);
    let before = attributes(&[
        ("PK", s("USER#ada")),
        ("SK", s("PROFILE")),
        ("state", s("ACTIVE")),
        ("consent", s("1")),
        ("consentAt", n(MOMENT)),
        ("faces", AttributeValue::M(faces)),
        ("ended", s(ID)),
        ("passwordFailures", n(3)),
        ("passwordNotBefore", n(MOMENT)),
        ("passwordTry", s(ID)),
        ("passAt", n(MOMENT)),
        ("passSteps", s("PASSWORD+FACE")),
        ("passClient", s("app")),
    ]);
    let read = profile(&Item::from(before)).unwrap();
    assert!(read.is_active() && !read.has_consent() && read.consent.is_none());
    assert_eq!(read.faces[0].document, None);
    assert_eq!(read.reset, None);

    let pending = attributes(&[
        ("state", s("PENDING")),
        ("consent", s("1")),
        ("consentAt", n(MOMENT)),
        ("binding", digest("binding")),
        ("ttl", n(MOMENT)),
        (
            "faceData",
            AttributeValue::B(Blob::new(face_data().to_bytes().to_vec())),
        ),
        ("faceDataModel", s("descriptor-128")),
        ("dataFromSignUp", yes()),
    ]);
    let read = profile(&Item::from(pending)).unwrap();
    assert_eq!(read.data.map(|stored| stored.data), Some(face_data()));

    // An enrolment lay where now stands whose it is.
    let enrolment = with(
        pointer(),
        &[("state", s("AWAITED")), ("replaces", s(OTHER))],
    );
    assert_eq!(owner(&Item::from(enrolment)).unwrap().as_str(), "ada");

    // What an operator set back by hand, and what nothing stands in any more.
    let zero = attributes(&[("fast", n(0)), ("ttl", n(MOMENT))]);
    let zeros = with(zero.clone(), &[("fastSince", n(0))]);
    for item in [zero, zeros, Attributes::new()] {
        assert_eq!(
            on_path(&Item::from(item)).unwrap().attempts,
            Attempts::default()
        );
    }
}

#[test]
fn a_level_that_has_lost_half_of_itself_does_not_count_from_zero() {
    for [count, since] in [
        ["fast", "fastSince"],
        ["slow", "slowSince"],
        ["unusable", "unusableSince"],
    ] {
        for (lost, kept) in [(count, since), (since, count)] {
            let mut item = attempts_item();
            item.remove(lost).expect(kept);
            let fault = Fault::new("ReadAttempts", &format!("attribute {lost} missing"));
            assert_eq!(on_path(&Item::from(item)), Err(fault));
        }
    }
}

/// The attributes that a record is read by: the names that serde asks for.
fn fields<'de, R: Deserialize<'de>>() -> Vec<&'static str> {
    struct Fields<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Fields<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(serde::de::Error::custom("a record is a structure"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            self.0.extend(fields);
            self.deserialize_any(visitor)
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut fields = Vec::new();
    assert!(R::deserialize(Fields(&mut fields)).is_err());
    assert!(!fields.is_empty());
    fields
}

#[test]
fn a_record_is_read_by_the_names_that_it_is_written_by() {
    let read: BTreeSet<&str> = [
        fields::<ChallengeRecord>(),
        fields::<EnrolmentRecord>(),
        fields::<OwedRecord>(),
        fields::<PointerRecord>(),
        fields::<PassRecord>(),
        fields::<ProfileRecord>(),
        fields::<FaceRecord>(),
        fields::<AttemptsRecord>(),
        fields::<AttemptRecord>(),
        fields::<SentRecord>(),
        fields::<OrderRecord>(),
        fields::<NoticeRecord>(),
    ]
    .concat()
    .into_iter()
    .collect();
    let named: BTreeSet<&str> = attribute::ALL.iter().map(|known| known.name()).collect();
    assert_eq!(named.len(), attribute::ALL.len(), "a name stands twice");
    // The service sweeps by the first, the index goes by the second, and the third is for a condition
    // alone.
    let unread = ["ttl", "owed", "emptiedByResetAt"];
    let written: BTreeSet<&str> = read.iter().copied().chain(unread).collect();
    assert_eq!(written, named);
}
