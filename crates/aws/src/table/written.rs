//! What the table writes is what it reads: on a table that keeps everything and asks for no
//! condition.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemOutput;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsOutput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_mocks::{MockResponse, Rule, RuleMode, mock, mock_client};
use signin_core::enrolment::{Enrolment, Remains, State};
use signin_core::face_data::{FaceData, Model};
use signin_core::factor::Factor;
use signin_core::factor::email_code::Issued;
use signin_core::id::{ChallengeId, ClientId, EnrolmentId, FaceId, InvocationId, UserName};
use signin_core::idempotency::{Facts, IdempotencyRecord};
use signin_core::key::DocumentKey;
use signin_core::lockout::{Attempts, Cost, Path, Scope};
use signin_core::pass::{Cause, Pass, TokenRequest, Use, nonce};
use signin_core::profile::{self, Consent, ConsentBy, EnrolledFace, Profile, StoredDocument};
use signin_core::reason::{Reason, Verdict};
use signin_core::reset::{Opening, Reset};
use signin_core::secret::Sha256Digest;
use signin_core::sign_up::{Confirmation, Renewal, SignUp};

use super::tests::{NOW, found, n, nothing, s, table};
use super::*;
use crate::stopwatch::Stopwatch;

type Attributes = HashMap<String, AttributeValue>;

const SCOPE: Scope = Scope {
    path: Path::Password,
    factor: Factor::Face,
};

const OPENING: Opening = Opening {
    began: NOW,
    bound: true,
};

/// The items of a table.
#[derive(Clone, Default)]
struct Items(Arc<Mutex<Vec<Attributes>>>);

impl Items {
    /// Carries an update out: `SET` and `REMOVE`, each of names and of names within maps.
    fn update(
        &self,
        key: &Attributes,
        expression: &str,
        names: Option<&HashMap<String, String>>,
        values: Option<&Attributes>,
    ) -> Attributes {
        let before = self.take(key);
        let mut item = before.clone().unwrap_or_else(|| key.clone());
        let (set, remove) = match expression.split_once("REMOVE ") {
            Some((set, remove)) => (set, remove),
            None => (expression, ""),
        };
        let place = |path: &str| -> Vec<String> {
            let names = names.expect("names");
            path.trim()
                .split('.')
                .map(|name| names[name].clone())
                .collect()
        };
        for part in set.trim().trim_start_matches("SET ").split(", ") {
            if let Some((path, value)) = part.split_once(" = ") {
                let value = values.expect("values")[value.trim()].clone();
                change(&mut item, &place(path), Some(value));
            }
        }
        for path in remove.split(", ").filter(|path| !path.is_empty()) {
            change(&mut item, &place(path), None);
        }
        self.0.lock().unwrap().push(item);
        before.unwrap_or_default()
    }

    fn take(&self, key: &Attributes) -> Option<Attributes> {
        let mut items = self.0.lock().unwrap();
        let place = items.iter().position(|item| is(item, key))?;
        Some(items.swap_remove(place))
    }

    /// A table of these items.
    fn table(&self) -> UserTable {
        let (of_one, of_many, of_read) = (self.clone(), self.clone(), self.clone());
        let one = mock!(Client::update_item).then_compute_output(move |request| {
            let before = of_one.update(
                request.key().expect("a key"),
                request.update_expression().unwrap_or_default(),
                request.expression_attribute_names(),
                request.expression_attribute_values(),
            );
            UpdateItemOutput::builder()
                .set_attributes(Some(before))
                .build()
        });
        let many = mock!(Client::transact_write_items).then_compute_output(move |request| {
            for part in request.transact_items() {
                if let Some(put) = part.put() {
                    of_many.0.lock().unwrap().push(put.item().clone());
                }
                if let Some(update) = part.update() {
                    of_many.update(
                        update.key(),
                        update.update_expression(),
                        update.expression_attribute_names(),
                        update.expression_attribute_values(),
                    );
                }
            }
            TransactWriteItemsOutput::builder().build()
        });
        let read = mock!(Client::batch_get_item).then_compute_output(move |request| {
            let wanted = &request.request_items().expect("keys")["users"];
            let items = of_read.0.lock().unwrap();
            let found = items
                .iter()
                .filter(|item| wanted.keys().iter().any(|key| is(item, key)));
            BatchGetItemOutput::builder()
                .responses("users", found.cloned().collect())
                .build()
        });
        UserTable::on(DynamoDb {
            client: mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &[one, many, read]),
            name: "users".to_owned(),
        })
    }
}

fn is(item: &Attributes, key: &Attributes) -> bool {
    key.iter()
        .all(|(name, value)| item.get(name) == Some(value))
}

fn change(item: &mut Attributes, place: &[String], value: Option<AttributeValue>) {
    match (place, value) {
        ([name], Some(value)) => {
            item.insert(name.clone(), value);
        }
        ([name], None) => {
            item.remove(name);
        }
        ([name, rest @ ..], value) => {
            let Some(AttributeValue::M(entries)) = item.get_mut(name) else {
                panic!("a map at {name}")
            };
            change(entries, rest, value);
        }
        ([], _) => panic!("no place"),
    }
}

fn ada() -> UserName {
    UserName::parse("ada").unwrap()
}

fn id() -> EnrolmentId {
    EnrolmentId::from_random([1; 16])
}

fn call() -> InvocationId {
    InvocationId::from_random([2; 16])
}

fn digest(of: &str) -> Sha256Digest {
    Sha256Digest::of(of.as_bytes())
}

fn face() -> EnrolledFace {
    EnrolledFace {
        id: FaceId::new("own"),
        collection: "faces".to_owned(),
        model_version: "7.0".to_owned(),
        indexed_at: NOW,
        document: Some(StoredDocument {
            key: "enrolments/1".to_owned(),
            version: "v1".to_owned(),
        }),
    }
}

fn data() -> FaceData {
    FaceData::new(Model::Descriptor128, vec![0.125; 128]).unwrap()
}

/// Claims a challenge with attempts that have been seen.
async fn claimed(table: &UserTable, seen: &Attempts) -> (Ticket, IdempotencyRecord) {
    let (user, challenge, enrolment) = (ada(), ChallengeId::from_random([3; 16]), id());
    let code = Issued {
        challenge: ChallengeId::from_random([4; 16]),
        until: NOW,
    };
    let watch = Stopwatch::start(NOW);
    let answering = Answering {
        user: &user,
        id: &challenge,
        opening: OPENING,
        enrolment: Some(&enrolment),
        secret: Some(digest("secret")),
        code: Some(&code),
        answer: digest("answer"),
        call: call(),
        watch,
        until: watch.after(Duration::from_secs(3)),
    };
    let Ok(Claim::Acquired(ticket)) = table.claim_attempt(answering, SCOPE, seen).await else {
        panic!("expected a ticket")
    };
    let (_, found) = table.answered(&user, &challenge).await.unwrap().unwrap();
    let session = Facts {
        opening: OPENING,
        enrolment: Some(enrolment),
        secret: Some(digest("secret")),
        code: Some(code),
    };
    let first = IdempotencyRecord::first(user, digest("answer"), call(), session, found.at);
    assert_eq!(found, first);
    assert!(found.at >= NOW);
    (ticket, first)
}

#[tokio::test]
async fn a_challenge_and_its_try_are_read_back_as_they_were_claimed_and_settled() {
    let challenge = ChallengeId::from_random([3; 16]);
    let (items, mut seen) = (Items::default(), Attempts::default());
    // Levels with failures, and a wait that is over.
    for number in 10..18_u8 {
        let failed = ChallengeId::from_random([number; 16]);
        let at = NOW.minus(Duration::from_hours(8 * (18 - u64::from(number))));
        seen = seen.reserve(&failed, at).unwrap();
        let cost = [Cost::Comparison, Cost::Acquisition][usize::from(number % 2)];
        seen = seen.judge(&failed, cost);
    }
    let table = items.table();
    let (ticket, first) = claimed(&table, &seen).await;
    let reserved = seen.reserve(&challenge, first.at).unwrap();
    assert_ne!(reserved.levels, Attempts::default().levels);
    assert_eq!(table.attempts(&ada(), SCOPE).await, Ok(reserved.clone()));

    let (reason, cost) = (Reason::NoMatch, Cost::Comparison);
    let settled = table
        .settle_refusal(&ticket, reason, cost, Some(digest("picture")))
        .await;
    assert_eq!(settled, Ok(Verdict::Refused(reason).into()));
    let judged = reserved.judge(&challenge, cost);
    assert_eq!(table.attempts(&ada(), SCOPE).await, Ok(judged));
    let (_, found) = table.answered(&ada(), &challenge).await.unwrap().unwrap();
    let refused = IdempotencyRecord {
        verdict: Some(Verdict::Refused(reason)),
        compared: true,
        picture: Some(digest("picture")),
        ..first
    };
    assert_eq!(found, refused);

    let emptied = table
        .empty_attempts(&ada(), SCOPE, EmptiedBy::OtherPath, NOW)
        .await;
    assert_eq!(emptied, Ok(()));
    assert_eq!(table.attempts(&ada(), SCOPE).await, Ok(Attempts::default()));
}

#[tokio::test]
async fn an_enrolment_is_read_back_in_every_state_and_its_owner_by_its_name() {
    let (items, user) = (Items::default(), ada());
    let table = items.table();
    let seen = Profile {
        binding: Some(digest("binding")),
        ..Profile::default()
    };
    let read = async || table.enrolment(&ada(), &id()).await.unwrap().unwrap();
    assert_eq!(
        table.begin_enrolment(&user, &id(), &seen, None, NOW).await,
        Ok(true)
    );
    let mut expected = Enrolment {
        user: user.clone(),
        id: id(),
        key: DocumentKey::Enrolment(id()),
        state: State::Awaited,
        binding: Some(digest("binding")),
        version: None,
        recognitions: 0,
        unsettled: BTreeSet::new(),
        owed_at: None,
    };
    assert_eq!(read().await, expected);
    assert_eq!(table.owner(&id()).await, Ok(Some(user.clone())));
    assert_eq!(table.profile(&user).await.unwrap().enrolment, Some(id()));

    // Twice, so that what the first call looked at is unsettled.
    for (number, version) in [(7, "v1"), (8, "v2")] {
        let call = InvocationId::from_random([number; 16]);
        let lease = table.lease_enrolment(&expected, Some(version), call, NOW);
        lease.await.unwrap().expect("a lease");
        let found = read().await;
        let State::Indexing { call: by, lease } = found.state else {
            panic!("expected a lease, found {:?}", found.state)
        };
        assert!(by == call && lease > NOW && found.owed_at > Some(lease));
        expected = Enrolment {
            state: State::Indexing { call, lease },
            version: Some(version.to_owned()),
            recognitions: expected.recognitions + 1,
            unsettled: expected.version.iter().cloned().collect(),
            owed_at: found.owed_at,
            ..expected
        };
        assert_eq!(found, expected);
    }
    let last = InvocationId::from_random([9; 16]);
    let lease = table.lease_enrolment(&expected, Some("v3"), last, NOW);
    let lease = lease.await.unwrap().expect("a lease");
    let rejected = table
        .record_rejected(&lease, Reason::Blurred, Some("v3"), NOW)
        .await;
    assert_eq!(rejected, Ok(true));
    assert_eq!(read().await.state, State::Rejected(Reason::Blurred));

    let picture = digest("picture");
    let indexed = table
        .record_indexed(&lease, &face(), Some("v4"), picture)
        .await;
    assert_eq!(indexed, Ok(true));
    let found = read().await;
    expected = Enrolment {
        state: State::Indexed(face()),
        version: Some("v4".to_owned()),
        recognitions: 3,
        unsettled: ["v1", "v2"].map(str::to_owned).into(),
        owed_at: found.owed_at,
        ..expected
    };
    assert_eq!(found, expected);

    let offered = table
        .activate_bulk(&user, &id(), &face(), Some("2"), NOW)
        .await;
    assert_eq!(offered, Ok(Offered::Active));
    assert_eq!(read().await.state, State::Active(face()));
    let profile = table.profile(&user).await.unwrap();
    let consent = Consent {
        version: "2".to_owned(),
        at: NOW,
        by: ConsentBy::Operator,
    };
    assert_eq!(profile.state, Some(profile::State::Active));
    assert_eq!(
        (profile.faces, profile.consent),
        (vec![face()], Some(consent))
    );

    assert_eq!(table.replace_enrolment(&expected, NOW).await, Ok(true));
    let remains = Remains {
        face: Some(face()),
        lease: None,
    };
    let replaced = Enrolment {
        state: State::Replaced(remains),
        owed_at: Some(NOW),
        ..expected
    };
    assert_eq!(read().await, replaced);
}

#[tokio::test]
async fn a_profile_is_read_back_as_sign_up_confirmation_reset_and_sign_out_wrote_it() {
    let (items, user) = (Items::default(), ada());
    let table = items.table();
    let sign_up = SignUp {
        consent: Some("1".to_owned()),
        binding: digest("binding"),
        face_data: Some(data()),
    };
    assert_eq!(table.store_sign_up(&user, &sign_up, NOW).await, Ok(()));
    let mut expected = Profile {
        state: Some(profile::State::Pending),
        data: Some(profile::StoredData {
            data: data(),
            of: None,
        }),
        data_from_sign_up: true,
        consent: Some(Consent {
            version: "1".to_owned(),
            at: NOW,
            by: ConsentBy::SignUp,
        }),
        binding: Some(digest("binding")),
        ..Profile::default()
    };
    assert_eq!(table.profile(&user).await.as_ref(), Ok(&expected));

    let begun = table
        .begin_data_enrolment(&user, &id(), &expected, None, NOW)
        .await;
    assert_eq!(begun, Ok(true));
    let (ticket, _) = claimed(&table, &Attempts::default()).await;
    let settled = table
        .settle_data_enrolment(&ticket, &id(), &data(), NOW)
        .await;
    assert_eq!(settled, Ok(Settled::Recorded));
    expected.enrolment = Some(id());
    expected.data.as_mut().expect("data").of = Some(id());
    assert_eq!(table.profile(&user).await.as_ref(), Ok(&expected));

    let renewal = Renewal {
        binding: Some(digest("reset")),
        consent: Some("2".to_owned()),
    };
    let confirmed = table
        .confirm(&user, &Confirmation::PasswordReset(renewal), NOW)
        .await;
    assert_eq!(confirmed, Ok(()));
    let expected = Profile {
        state: Some(profile::State::MayEnrol),
        consent: Some(Consent {
            version: "2".to_owned(),
            at: NOW,
            by: ConsentBy::Person,
        }),
        binding: Some(digest("reset")),
        reset: Some(Reset {
            at: NOW,
            binding: Some(digest("reset")),
        }),
        ..Profile::default()
    };
    assert_eq!(table.profile(&user).await.as_ref(), Ok(&expected));
    let account = table.account(&user).await.unwrap();
    assert_eq!(
        (account.sign_out_owed, account.reset_at),
        (Some(NOW), Some(NOW))
    );
    assert_eq!(table.settle_sign_out(&user, NOW).await, Ok(()));
    assert_eq!(table.account(&user).await.unwrap().sign_out_owed, None);

    let waits = table.activate_bulk(&user, &id(), &face(), None, NOW).await;
    assert_eq!(waits, Ok(Offered::Waits));
    assert_eq!(table.profile(&user).await.unwrap().waiting, Some(id()));
}

#[tokio::test]
async fn a_pass_is_read_back_as_it_was_recorded_and_as_it_was_used_up() {
    for carried in [None, nonce("mine")] {
        let items = Items::default();
        let table = items.table();
        let (ticket, _) = claimed(&table, &Attempts::default()).await;
        let client = ClientId::parse("app").unwrap();
        let steps: signin_core::pass::Steps = "PASSWORD+ENROL+FACE".parse().unwrap();
        let full = PassedFactor {
            picture: digest("picture"),
            face: Some(PassedFace::Activates(id(), face())),
            path: Path::Password,
            steps: Some(steps.clone()),
            client: &client,
            session: OPENING,
            nonce: carried,
            browser: None,
            last_reset: None,
        };
        let settled = table.settle_pass(&ticket, &full, NOW).await;
        assert_eq!(settled, Ok(Settled::Recorded));
        let request = TokenRequest {
            client: client.clone(),
            cause: Cause::SignIn,
            nonce: carried,
            digest: digest("request"),
        };
        let unused = Pass {
            at: NOW,
            steps,
            client,
            session: OPENING,
            nonce: carried,
            used: None,
        };
        let account = table.use_up_pass(&ada(), &request, NOW).await.unwrap();
        assert!(account.face);
        assert_eq!(account.pass.as_ref(), Some(&unused));
        let account = table.use_up_pass(&ada(), &request, NOW).await.unwrap();
        let used = Some(Use {
            at: NOW,
            by: request.known_by(),
        });
        assert_eq!(account.pass, Some(Pass { used, ..unused }));
    }
}

/// An item of the tests' user's, of which one attribute is a list.
fn garbled(sort: &str, attribute: &str) -> Rule {
    found(&[
        ("PK", s("USER#ada")),
        ("SK", s(sort)),
        (attribute, AttributeValue::L(vec![s("canary")])),
    ])
}

/// A table that answers reads so and panics at every write.
fn untouched(rule: &Rule) -> UserTable {
    table(&[rule])
}

#[tokio::test]
async fn what_cannot_be_read_stops_whoever_reads_it_and_nothing_is_written() {
    let user = ada();
    let fault = |operation, attribute: &str| {
        Fault::new(operation, &format!("attribute {attribute} not understood"))
    };
    let profile = || garbled("PROFILE", "faces");
    let unread = fault("ReadProfile", "faces");
    let read = untouched(&profile()).profile(&user).await;
    assert_eq!(read, Err(unread.clone()));
    assert_eq!(
        untouched(&profile()).account(&user).await,
        Err(unread.clone())
    );
    let reset = Confirmation::PasswordReset(Renewal::default());
    let confirmed = untouched(&profile()).confirm(&user, &reset, NOW).await;
    assert_eq!(confirmed, Err(unread.clone()));
    let offered = untouched(&profile())
        .activate_bulk(&user, &id(), &face(), Some("1"), NOW)
        .await;
    assert_eq!(offered, Err(unread));

    let enrolment = garbled(&format!("ENROLMENT#{}", id()), "state");
    let read = untouched(&enrolment).enrolment(&user, &id()).await;
    assert_eq!(read, Err(fault("ReadEnrolment", "state")));

    let pointer = found(&[
        ("PK", s(&format!("ENROLMENT#{}", id()))),
        ("SK", s("ENROLMENT")),
        ("user", n(1)),
    ]);
    let read = untouched(&pointer).owner(&id()).await;
    assert_eq!(read, Err(fault("ReadPointer", "user")));

    let challenge = ChallengeId::from_random([3; 16]);
    let answered = garbled(&format!("CHALLENGE#{challenge}"), "verdict");
    let read = untouched(&answered).answered(&user, &challenge).await;
    assert_eq!(read, Err(fault("ReadChallenge", "verdict")));
}

/// What a call does that lost the race for attempts, and finds that it cannot read them.
#[tokio::test]
async fn attempts_that_cannot_be_read_let_nobody_try() {
    let lost = super::tests::cancelled_with(["None", "ConditionalCheckFailed"]);
    let (unread, unclaimed) = (garbled("TRIES#PASSWORD#FACE", "slow"), nothing());
    let table = table(&[&lost, &unread, &unclaimed]);
    let (user, challenge) = (ada(), ChallengeId::from_random([3; 16]));
    let watch = Stopwatch::start(NOW);
    let answering = Answering {
        user: &user,
        id: &challenge,
        opening: OPENING,
        enrolment: None,
        secret: None,
        code: None,
        answer: digest("answer"),
        call: call(),
        watch,
        until: watch.after(Duration::from_secs(3)),
    };
    let claimed = table
        .claim_attempt(answering, SCOPE, &Attempts::default())
        .await;
    let fault = Fault::new("ReadAttempts", "attribute slow not understood");
    assert_eq!(claimed.unwrap_err(), fault);
}

#[tokio::test]
async fn a_row_of_the_index_that_cannot_be_read_keeps_nobody_from_the_others() {
    let rows = || {
        let row = |partition: AttributeValue, sort: &str| {
            Attributes::from([("PK".to_owned(), partition), ("SK".to_owned(), s(sort))])
        };
        let sort = format!("ENROLMENT#{}", id());
        mock!(Client::query).then_compute_response(move |_| {
            let rows = vec![
                row(n(1), &sort),
                row(s("USER#ada"), "ENROLMENT#1"),
                row(s("USER#ada"), &sort),
                row(s("USER#ada"), "PROFILE"),
            ];
            MockResponse::Output(QueryOutput::builder().set_items(Some(rows)).build())
        })
    };
    let page = table(&[&rows()]).owed_enrolments(NOW, None, None).await;
    assert_eq!(page.unwrap().found, [(ada(), id())]);
    let page = table(&[&rows()]).owed_sign_outs(NOW, None).await;
    assert_eq!(page.unwrap().found, [ada()]);
}
