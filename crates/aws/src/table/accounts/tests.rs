//! What sign-ups, confirmations and resets write, on a table that answers as told.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::operation::update_item::{
    UpdateItemError, UpdateItemInput, UpdateItemOutput,
};
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{AttributeValue, Update};
use aws_smithy_mocks::{Rule, mock};
use signin_core::factor::Factor;
use signin_core::id::{EnrolmentId, UserName};
use signin_core::secret::Sha256Digest;
use signin_core::sign_up::{Confirmation, Renewal};

use strum::IntoEnumIterator as _;

use super::super::tests::{NOW, cancelled_with, found, n, nothing, s, table};
use crate::fault::Fault;

/// The attributes of an update that are set, by name; a removed one holds nothing.
#[derive(Clone, Debug)]
struct Written(Vec<(String, Option<AttributeValue>)>, String);

impl Written {
    fn of(update: &Update) -> Self {
        Self::read(
            update.update_expression(),
            update.condition_expression(),
            update.expression_attribute_values(),
        )
    }

    fn of_one(update: &UpdateItemInput) -> Self {
        Self::read(
            update.update_expression().unwrap_or_default(),
            update.condition_expression(),
            update.expression_attribute_values(),
        )
    }

    fn read(
        expression: &str,
        condition: Option<&str>,
        values: Option<&std::collections::HashMap<String, AttributeValue>>,
    ) -> Self {
        let (set, remove) = match expression.split_once("REMOVE ") {
            Some((set, remove)) => (set, remove),
            None => (expression, ""),
        };
        let set = set.trim().trim_start_matches("SET ");
        let set = set.split(", ").filter_map(|part| {
            let (name, value) = part.split_once(" = ")?;
            let value = values?.get(value.trim())?.clone();
            Some((name.trim_start_matches('#').to_owned(), Some(value)))
        });
        let remove = remove
            .split(", ")
            .filter(|name| !name.is_empty())
            .map(|name| (name.trim_start_matches('#').to_owned(), None));
        let condition = condition.unwrap_or_default().to_owned();
        Self(set.chain(remove).collect(), condition)
    }

    fn sets(&self, name: &str, value: &AttributeValue) -> bool {
        self.0.contains(&(name.to_owned(), Some(value.clone())))
    }

    fn removes(&self, name: &str) -> bool {
        self.0.contains(&(name.to_owned(), None))
    }

    fn leaves(&self, name: &str) -> bool {
        self.0.iter().all(|(written, _)| written != name)
    }
}

/// What transactions wrote, in their order.
#[derive(Clone, Default)]
struct Transactions(Arc<Mutex<Vec<Vec<Written>>>>);

impl Transactions {
    /// A table that carries them out.
    fn rule(&self) -> Rule {
        let seen = self.clone();
        mock!(Client::transact_write_items)
            .match_requests(move |request: &TransactWriteItemsInput| {
                let updates = request.transact_items().iter();
                let updates = updates.map(|item| Written::of(item.update().expect("an update")));
                seen.0.lock().unwrap().push(updates.collect());
                true
            })
            .then_output(|| TransactWriteItemsOutput::builder().build())
    }

    fn only(&self) -> Vec<Written> {
        let all = self.0.lock().unwrap();
        // A rule is asked whether it matches more than once.
        all.last().cloned().expect("one transaction was written")
    }
}

fn ada() -> UserName {
    UserName::parse("ada").unwrap()
}

fn binding() -> Sha256Digest {
    Sha256Digest::of(b"secret")
}

fn whole() -> Renewal {
    Renewal {
        binding: Some(binding()),
        consent: Some("2".to_owned()),
    }
}

fn running() -> EnrolmentId {
    EnrolmentId::from_random([1; 16])
}

fn profile(attributes: &[(&str, AttributeValue)]) -> Rule {
    let key = [("PK", s("USER#ada")), ("SK", s("PROFILE"))];
    found(&[&key[..], attributes].concat())
}

/// Confirms a reset on a table that answers so, and then has the attempts of the password's path
/// emptied at each factor.
async fn reset(rules: &[&Rule], renewal: Renewal) -> Result<(), Fault> {
    let emptied = || {
        mock!(Client::update_item)
            .match_requests(|request| {
                let sort = request.key().and_then(|key| key.get("SK"));
                let sort = sort.and_then(|sort| sort.as_s().ok());
                sort.is_some_and(|sort| {
                    sort.starts_with("TRIES#PASSWORD#") || sort == "MAILS#PASSWORD"
                })
            })
            .then_output(|| UpdateItemOutput::builder().build())
    };
    // The attempts of each factor, and the codes.
    let emptied: Vec<Rule> = (0..=Factor::iter().count()).map(|_| emptied()).collect();
    let rules: Vec<&Rule> = rules.iter().copied().chain(&emptied).collect();
    let confirmation = Confirmation::PasswordReset(renewal);
    let confirmed = table(&rules).confirm(&ada(), &confirmation, NOW).await;
    assert!(emptied.iter().all(|rule| rule.num_calls() == 1));
    confirmed
}

#[tokio::test]
async fn a_reset_needs_no_record_from_before() {
    let written = Transactions::default();
    let (none, write) = (nothing(), written.rule());
    assert_eq!(reset(&[&none, &write], whole()).await, Ok(()));
    let [profile, _told] = &written.only()[..] else {
        panic!("the profile and a notice are written");
    };
    assert!(profile.sets("state", &s("MAY_ENROL")));
    assert!(profile.sets("binding", &s(&binding().to_hex())));
    assert!(profile.sets("resetBinding", &s(&binding().to_hex())));
    assert!(profile.sets("resetAt", &n(NOW.as_millis())));
    assert!(profile.sets("signOutOwed", &n(NOW.as_millis())));
    assert!(profile.sets("consent", &s("2")));
    assert!(profile.sets("consentBy", &s("PERSON")));
    assert!(profile.1.contains("attribute_not_exists(#state)"));
}

#[tokio::test]
async fn a_reset_that_brings_nothing_lets_nobody_enrol_and_leaves_the_consent_on_record() {
    let written = Transactions::default();
    let before = profile(&[
        ("state", s("MAY_ENROL")),
        ("binding", s(&binding().to_hex())),
        ("consent", s("1")),
    ]);
    let write = written.rule();
    assert_eq!(reset(&[&before, &write], Renewal::default()).await, Ok(()));
    let profile = &written.only()[0];
    assert!(profile.removes("binding") && profile.removes("resetBinding"));
    assert!(profile.sets("resetAt", &n(NOW.as_millis())));
    for name in ["consent", "consentAt", "consentBy"] {
        assert!(profile.leaves(name), "{name}");
    }
}

#[tokio::test]
async fn a_reset_never_touches_an_active_face() {
    let face = AttributeValue::M(std::collections::HashMap::from([
        ("collection".to_owned(), s("faces")),
        ("modelVersion".to_owned(), s("1")),
        ("indexedAt".to_owned(), n(1)),
    ]));
    let faces = AttributeValue::M(std::collections::HashMap::from([("own".to_owned(), face)]));
    for attributes in [
        vec![("state", s("ACTIVE")), ("faces", faces)],
        vec![("state", s("ACTIVE")), ("dataOf", s(running().as_str()))],
    ] {
        let written = Transactions::default();
        let (before, write) = (profile(&attributes), written.rule());
        assert_eq!(reset(&[&before, &write], whole()).await, Ok(()));
        let [profile, _told] = &written.only()[..] else {
            panic!("the profile and a notice are written");
        };
        for name in [
            "state",
            "faces",
            "faceData",
            "dataOf",
            "binding",
            "enrolment",
        ] {
            assert!(profile.leaves(name), "{name}");
        }
        assert!(profile.sets("resetAt", &n(NOW.as_millis())));
        assert!(profile.sets("resetBinding", &s(&binding().to_hex())));
    }
}

/// The record of the enrolment that is under way.
fn enrolment(state: &str) -> Rule {
    found(&[
        ("PK", s("USER#ada")),
        ("SK", s("ENROLMENT#01010101010101010101010101010101")),
        ("state", s(state)),
        ("faceId", s("face")),
        ("collection", s("faces")),
        ("modelVersion", s("1")),
        ("indexedAt", n(1)),
    ])
}

#[tokio::test]
async fn a_reset_ends_the_enrolment_under_way_and_forgets_what_sign_up_brought() {
    let written = Transactions::default();
    let before = profile(&[
        ("state", s("MAY_ENROL")),
        ("enrolment", s(running().as_str())),
        ("dataFromSignUp", AttributeValue::Bool(true)),
    ]);
    let (record, write) = (enrolment("INDEXED"), written.rule());
    assert_eq!(reset(&[&before, &record, &write], whole()).await, Ok(()));
    let [profile, replaced, _told] = &written.only()[..] else {
        panic!("profile, enrolment and a notice are written");
    };
    for name in ["enrolment", "faceData", "dataOf", "dataFromSignUp", "ttl"] {
        assert!(profile.removes(name), "{name}");
    }
    // Only while it is the one that was seen.
    assert!(profile.1.contains("#enrolment = "), "{}", profile.1);
    assert!(replaced.sets("state", &s("REPLACED")));
    assert!(replaced.sets("owedAt", &n(NOW.as_millis())));
    assert!(!replaced.leaves("ttl"));
}

#[tokio::test]
async fn an_operators_upload_that_waits_for_consent_becomes_active_by_the_reset_that_brings_it() {
    let waits = || {
        profile(&[
            ("state", s("MAY_ENROL")),
            ("waiting", s(running().as_str())),
        ])
    };
    let written = Transactions::default();
    let (before, record, write) = (waits(), enrolment("INDEXED"), written.rule());
    assert_eq!(reset(&[&before, &record, &write], whole()).await, Ok(()));
    let [profile, activated, _of_the_face, _of_the_reset] = &written.only()[..] else {
        panic!("profile, enrolment and two notices are written");
    };
    assert!(profile.sets("state", &s("ACTIVE")) && !profile.leaves("faces"));
    assert!(profile.sets("consentBy", &s("PERSON")));
    assert!(profile.removes("waiting") && profile.removes("binding"));
    assert!(activated.sets("state", &s("ACTIVE")));

    let written = Transactions::default();
    let (before, write) = (waits(), written.rule());
    let silent = Renewal {
        consent: None,
        ..whole()
    };
    assert_eq!(reset(&[&before, &write], silent).await, Ok(()));
    let [profile, _told] = &written.only()[..] else {
        panic!("the profile and a notice are written");
    };
    assert!(profile.leaves("faces") && profile.leaves("waiting"));
}

#[tokio::test]
async fn a_reset_that_raced_an_enrolment_looks_again_and_ends_that_too() {
    let written = Transactions::default();
    let before = profile(&[("state", s("MAY_ENROL"))]);
    let lost = cancelled_with(["ConditionalCheckFailed", "None"]);
    let since = profile(&[
        ("state", s("MAY_ENROL")),
        ("enrolment", s(running().as_str())),
    ]);
    let (record, write) = (enrolment("AWAITED"), written.rule());
    let rules = [&before, &lost, &since, &record, &write];
    assert_eq!(reset(&rules, whole()).await, Ok(()));
    // The profile, the enrolment and a notice.
    assert_eq!(written.only().len(), 3);
}

/// What single writes wrote, each answered as told: carried out, or with its condition unmet.
fn update(seen: &Arc<Mutex<Vec<Written>>>, carried_out: bool) -> Rule {
    let seen = Arc::clone(seen);
    let rule = mock!(Client::update_item).match_requests(move |request| {
        seen.lock().unwrap().push(Written::of_one(request));
        true
    });
    if carried_out {
        rule.then_output(|| UpdateItemOutput::builder().build())
    } else {
        rule.then_error(|| {
            let code = "ConditionalCheckFailedException";
            let meta = ErrorMetadata::builder().code(code).build();
            UpdateItemError::ConditionalCheckFailedException(
                ConditionalCheckFailedException::builder()
                    .meta(meta)
                    .build(),
            )
        })
    }
}

#[tokio::test]
async fn the_right_secret_lets_a_sign_up_enrol_and_makes_its_consent_count() {
    let seen = Arc::default();
    let confirmation = Confirmation::SignUp {
        secret: Some(binding()),
    };
    let rule = update(&seen, true);
    let confirmed = table(&[&rule]).confirm(&ada(), &confirmation, NOW).await;
    assert_eq!(confirmed, Ok(()));
    let seen = seen.lock().unwrap();
    let written = seen.last().unwrap();
    assert!(written.sets("state", &s("MAY_ENROL")));
    assert!(written.sets("consentBy", &s("PERSON")));
    // Whoever holds the secret shows it again with the password.
    assert!(written.leaves("binding"));
    assert!(written.1.contains("#binding = "), "{}", written.1);
}

#[tokio::test]
async fn whoever_signed_up_without_consent_may_enrol_once_they_agree() {
    let seen = Arc::default();
    let confirmation = Confirmation::SignUp {
        secret: Some(binding()),
    };
    let (unmet, done) = (update(&seen, false), update(&seen, true));
    let confirmed = table(&[&unmet, &done])
        .confirm(&ada(), &confirmation, NOW)
        .await;
    assert_eq!(confirmed, Ok(()));
    let seen = seen.lock().unwrap();
    let written = seen.last().unwrap();
    assert!(written.sets("state", &s("MAY_ENROL")));
    assert!(written.leaves("consentBy"));
    assert!(
        written.1.contains("attribute_not_exists(#consent)"),
        "{}",
        written.1
    );
}

#[tokio::test]
async fn a_wrong_or_missing_secret_fails_nothing_and_voids_the_binding() {
    for secret in [None, Some(Sha256Digest::of(b"another"))] {
        let seen = Arc::default();
        let confirmation = Confirmation::SignUp { secret };
        let unmet = [update(&seen, false), update(&seen, false)];
        let kept = update(&seen, true);
        let rules = match secret {
            Some(_) => vec![&unmet[0], &unmet[1], &kept],
            None => vec![&kept],
        };
        let confirmed = table(&rules).confirm(&ada(), &confirmation, NOW).await;
        assert_eq!(confirmed, Ok(()));
        let seen = seen.lock().unwrap();
        let written = seen.last().unwrap();
        assert!(written.removes("binding") && written.removes("ttl"));
        assert!(written.removes("faceData"));
        for name in ["state", "consent", "consentBy", "faces"] {
            assert!(written.leaves(name), "{name}");
        }
    }
}
