//! Profiles: who has signed up, who may enrol, and the two counters.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use signin_core::consumption::Consumption;
use signin_core::enrolment::Enrolment;
use signin_core::face_data::FaceData;
use signin_core::id::{ChallengeId, EnrolmentId, FaceId, UserName};
use signin_core::lockout::{Counter, Path};
use signin_core::profile::{
    EnrolledFace, PENDING_KEPT, Profile, State, StoredData, StoredDocument, Tries,
};
use signin_core::sign_up::{Confirmation, SignUp};
use signin_core::time::Timestamp;

use super::challenges::consumption;
use super::item::{Item, Write, bytes, number, text, time, ttl};
use super::{RACES, UserTable, challenge_key, enrolment_key, give_way, has_code, profile_key};
use crate::fault::Fault;

/// The names under which face data are stored: what they are, from which enrolment, and whether
/// sign-up has brought them.
const FACE_DATA: [&str; 4] = ["faceData", "faceDataModel", "dataOf", "dataFromSignUp"];

/// What create-auth-challenge builds on.
#[derive(Debug)]
pub struct Standing {
    /// The user's profile; the default one for everybody without a record.
    pub profile: Profile,
    /// What became of the last challenge of the session.
    pub last: Option<Consumption>,
    /// The session's enrolment.
    pub enrolment: Option<Enrolment>,
}

impl UserTable {
    /// Reads profile, last challenge and the session's enrolment in one round trip.
    pub async fn standing(
        &self,
        user: &UserName,
        last: Option<&ChallengeId>,
        enrolment: Option<&EnrolmentId>,
    ) -> Result<Standing, Fault> {
        let keys = [
            Some(profile_key(user)),
            last.map(challenge_key),
            enrolment.map(enrolment_key),
        ];
        let [found, last, enrolled] = self.read(keys).await?;
        let last = last.as_ref().and_then(consumption);
        Ok(Standing {
            profile: found.as_ref().map(profile).unwrap_or_default(),
            last: last.filter(|last| last.user == *user),
            enrolment: enrolled.as_ref().and_then(super::enrolments::enrolment),
        })
    }

    /// Reads a profile; the default one for everybody without a record.
    pub async fn profile(&self, user: &UserName) -> Result<Profile, Fault> {
        let [found] = self.read([Some(profile_key(user))]).await?;
        Ok(found.as_ref().map(profile).unwrap_or_default())
    }

    /// Stores a sign-up as pending. A repeat of the same sign-up changes nothing, and an account
    /// that has come further is left alone.
    pub async fn store_sign_up(
        &self,
        user: &UserName,
        sign_up: &SignUp,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let pending = Write::to(profile_key(user))
            .set("state", text(State::Pending.name()))
            .set("consent", text(sign_up.consent.clone()))
            .set("consentAt", time(now))
            .set("binding", text(sign_up.binding.to_hex()))
            .set("ttl", ttl(now.plus(PENDING_KEPT)))
            .if_absent_or_equal("state", text(State::Pending.name()));
        let pending = match &sign_up.face_data {
            Some(data) => set_data(pending, data).set("dataFromSignUp", AttributeValue::Bool(true)),
            None => pending,
        };
        self.update("StoreSignUp", pending).await?;
        Ok(())
    }

    /// Lets an account enrol whose mailbox and password were proven to be one party's.
    ///
    /// A sign-up confirmed without the right secret stays as it is, but is not swept any more:
    /// the owner of the mailbox can still reset the password. A reset never touches an active
    /// face; an enrolment that is under way ends with the password under which it began, and
    /// so do the face data that sign-up has brought, since whose they are nobody can tell. An
    /// account without a record has not consented and cannot enrol.
    pub async fn confirm(&self, user: &UserName, confirmation: Confirmation) -> Result<(), Fault> {
        let proven = |state| text(State::name(state));
        let may_enrol = || {
            Write::to(profile_key(user))
                .set("state", proven(State::MayEnrol))
                .remove(["ttl", "binding"])
        };
        match confirmation {
            Confirmation::PasswordReset => {
                let reset = || {
                    may_enrol().if_either("state", proven(State::Pending), proven(State::MayEnrol))
                };
                let ended = || {
                    let begun = reset().if_present("enrolment");
                    begun.copy("enrolment", "ended").remove(["enrolment"])
                };
                let none = reset().if_absent("enrolment");
                // The last one is for an enrolment that begins between the first two.
                let allowed = self.update("EndEnrolment", forget_data(ended())).await?
                    || self.update("AllowEnrolment", forget_data(none)).await?
                    || self.update("EndEnrolment", forget_data(ended())).await?;
                if !allowed {
                    tracing::info!(target: "signin", "a password reset allows no new enrolment");
                }
            }
            Confirmation::SignUp { secret } => {
                let bound = match secret {
                    Some(secret) => {
                        let bound = may_enrol()
                            .if_equal("state", proven(State::Pending))
                            .if_equal("binding", text(secret.to_hex()));
                        self.update("AllowEnrolment", bound).await?
                    }
                    None => false,
                };
                if !bound {
                    let kept = Write::to(profile_key(user))
                        .remove(["ttl", "binding"])
                        .if_equal("state", proven(State::Pending));
                    if !self.update("KeepAccount", forget_data(kept)).await? {
                        tracing::warn!(target: "signin", "a confirmed account has no sign-up on record");
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes to one item; false where the condition does not hold. A race with a transaction is
    /// tried again.
    pub(super) async fn update(&self, what: &'static str, write: Write) -> Result<bool, Fault> {
        let before = self.update_from(what, write, ReturnValue::None).await?;
        Ok(before.is_some())
    }

    /// Writes to one item and returns what is asked for of it; none where the condition does not
    /// hold.
    pub(super) async fn update_from(
        &self,
        what: &'static str,
        write: Write,
        wanted: ReturnValue,
    ) -> Result<Option<Item>, Fault> {
        let key = write.key().to_attributes();
        let parts = write.into_update();
        for race in 0..RACES {
            let request = self
                .client
                .update_item()
                .table_name(&self.name)
                .set_key(Some(key.clone()))
                .update_expression(&parts.expression)
                .set_condition_expression(parts.condition.clone())
                .set_expression_attribute_names(Some(parts.names.clone()))
                .set_expression_attribute_values(parts.values.clone())
                .return_values(wanted.clone());
            match request.send().await {
                Ok(written) => return Ok(Some(written.attributes.unwrap_or_default().into())),
                Err(error) if has_code(&error, "ConditionalCheckFailedException") => {
                    return Ok(None);
                }
                Err(error) if has_code(&error, "TransactionConflictException") => {
                    give_way(race).await;
                }
                Err(error) => return Err(Fault::of(what, &error)),
            }
        }
        Err(Fault::new(what, "lost every race"))
    }
}

/// Stores face data.
pub(super) fn set_data(write: Write, data: &FaceData) -> Write {
    write
        .set("faceData", bytes(&data.to_bytes()))
        .set("faceDataModel", text(data.model().name()))
}

/// Forgets face data that are nobody's proven own.
fn forget_data(write: Write) -> Write {
    write.remove(FACE_DATA)
}

fn stored_data(item: &Item) -> Option<StoredData> {
    let model = item.text("faceDataModel")?.parse().ok()?;
    Some(StoredData {
        data: FaceData::from_bytes(model, item.bytes("faceData")?).ok()?,
        of: enrolment_id(item, "dataOf"),
    })
}

fn enrolment_id(item: &Item, name: &str) -> Option<EnrolmentId> {
    item.text(name).and_then(|id| EnrolmentId::parse(id).ok())
}

/// The names under which a path's tries are stored: failures, not-before, and the last challenge.
fn names(path: Path) -> [&'static str; 3] {
    match path {
        Path::Password => ["passwordFailures", "passwordNotBefore", "passwordTry"],
        Path::Open => ["openFailures", "openNotBefore", "openTry"],
    }
}

fn tries(item: &Item, path: Path) -> Tries {
    let [failures, not_before, last] = names(path);
    let failures = item.number(failures).unwrap_or(0);
    Tries {
        counter: Counter {
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            not_before: item.time(not_before).unwrap_or_default(),
        },
        last: item
            .text(last)
            .and_then(|id| ChallengeId::parse(id).ok())
            .filter(|_| failures > 0),
    }
}

/// Writes a counter, provided that it still is what it was. A counter at zero has no attributes,
/// or ones at zero, as an operator may have set them.
pub(super) fn write_counter(write: Write, path: Path, before: Counter, after: Counter) -> Write {
    let [failures, not_before, _] = names(path);
    let is = |write: Write, name, value: u64| match value {
        0 => write.if_absent_or_equal(name, number(value)),
        _ => write.if_equal(name, number(value)),
    };
    let write = is(
        set_counter(write, path, after),
        failures,
        before.failures.into(),
    );
    if before.failures == 0 {
        write
    } else {
        is(write, not_before, before.not_before.as_millis())
    }
}

/// Sets a counter to a value, whatever it was.
pub(super) fn set_counter(write: Write, path: Path, after: Counter) -> Write {
    let [failures, not_before, last] = names(path);
    if after.failures == 0 {
        write.remove([failures, not_before, last])
    } else {
        write
            .set(failures, number(after.failures))
            .set(not_before, time(after.not_before))
    }
}

/// Names the challenge whose answer is counted.
pub(super) fn set_last_try(write: Write, path: Path, challenge: &ChallengeId) -> Write {
    let [_, _, last] = names(path);
    write.set(last, text(challenge.as_str()))
}

/// What takes part of a profile that a try was given back to; the last challenge counts no more.
pub(super) fn forget_last_try(write: Write, path: Path, after: Counter) -> Write {
    let [_, _, last] = names(path);
    // Setting the counter to zero removes it already.
    if after.failures == 0 {
        write
    } else {
        write.remove([last])
    }
}

fn profile(item: &Item) -> Profile {
    Profile {
        state: item.text("state").and_then(State::parse),
        faces: item
            .map("faces")
            .iter()
            .filter_map(|(id, face)| enrolled(id, face))
            .collect(),
        data: stored_data(item),
        data_from_sign_up: item.flag("dataFromSignUp"),
        enrolment: enrolment_id(item, "enrolment"),
        ended: enrolment_id(item, "ended"),
        password: tries(item, Path::Password),
        open: tries(item, Path::Open),
    }
}

/// Reads a face's attributes, which are the same in a profile and in an enrolment.
pub(super) fn enrolled(id: &str, face: &Item) -> Option<EnrolledFace> {
    let document = face.text("documentKey").zip(face.text("documentVersion"));
    Some(EnrolledFace {
        id: FaceId::new(id),
        collection: face.text("collection")?.to_owned(),
        model_version: face.text("modelVersion")?.to_owned(),
        indexed_at: face.time("indexedAt")?,
        document: document.map(|(key, version)| StoredDocument {
            key: key.to_owned(),
            version: version.to_owned(),
        }),
    })
}
