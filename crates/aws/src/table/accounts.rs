//! Profiles: who has signed up, and who may enrol.

#[cfg(test)]
mod tests;

use aws_sdk_dynamodb::types::AttributeValue;
use signin_core::challenge;
use signin_core::enrolment::Enrolment;
use signin_core::factor::Factor;
use signin_core::id::{ChallengeId, EnrolmentId, UserName};
use signin_core::idempotency::{Facts, IdempotencyRecord};
use signin_core::lockout::{Path, Scope};
use signin_core::mail::Sent;
use signin_core::notice::Notice;
use signin_core::policy::Policy;
use signin_core::profile::{ConsentBy, EnrolledFace, PENDING_KEPT, Profile, State};
use signin_core::reason::Verdict;
use signin_core::secret::Sha256Digest;
use signin_core::session::{Progress, Stage};
use signin_core::sign_up::{Confirmation, Renewal, SignUp};
use signin_core::time::Timestamp;

use super::attribute::{
    BINDING, CONSENT, CONSENT_AT, CONSENT_BY, DATA_FROM_SIGN_UP, ENROLMENT, RESET_AT,
    RESET_BINDING, STATE, TTL, WAITING,
};
use super::dynamodb::RACES;
use super::item::{Key, Write, text, time, ttl};
use super::records::{
    OnPath, activate, activated, attempts_key, forget_data, idempotency_record, on_path, profile,
    replaced, sent, sent_key, set_consent, set_data, tell,
};
use super::rows::{Rows, Transaction};
use super::sign_outs::owe_sign_out;
use super::{UserTable, challenge_key, former_challenge_key, profile_key};
use crate::fault::Fault;

/// What create-auth-challenge builds on.
#[derive(Debug)]
pub struct SessionState {
    /// The user's profile; the default one for everybody without a record.
    pub profile: Profile,
    /// What became of the last challenge of the session.
    pub last: Option<IdempotencyRecord>,
    /// What the session has carried so far; none before its first round, and where no record of
    /// its rounds is left.
    pub session: Option<Facts>,
    /// The session's enrolment; before the first round, the one that is under way.
    pub enrolment: Option<Enrolment>,
    /// The codes that were mailed on the session's path.
    pub sent: Sent,
    /// The attempts at each of the policy's factors, on every path.
    attempts: Vec<(Scope, OnPath)>,
}

impl SessionState {
    /// The attempts on a path at a factor.
    pub fn on(&self, scope: Scope) -> OnPath {
        let found = self.attempts.iter().find(|(at, _)| *at == scope);
        found
            .map(|(_, on_path)| on_path.clone())
            .unwrap_or_default()
    }

    /// Where else there is something that a complete sign-in on a path may empty.
    pub fn to_empty(&self, path: Path, now: Timestamp) -> impl Iterator<Item = Scope> {
        let elsewhere = self.attempts.iter().filter(move |(at, _)| at.path != path);
        elsewhere
            .filter(move |(_, on_path)| on_path.to_empty(now))
            .map(|(at, _)| *at)
    }

    /// The enrolment that the session is about, or may take up again; none where it cannot enrol.
    fn enrolment_about(&self, progress: &Progress) -> Option<&EnrolmentId> {
        let walk = progress.walk(self.chosen())?;
        match (walk.stage(), &self.session) {
            (Stage::Factor, _) => None,
            (Stage::Opened(_), _) | (_, None) => self.profile.enrolment.as_ref(),
            (Stage::Enrolling(_) | Stage::Enrolled, Some(session)) => session.enrolment.as_ref(),
        }
    }

    /// The place of the chain that the last answer has chosen, if that is what it did.
    pub fn chosen(&self) -> Option<u8> {
        let passed = self
            .last
            .as_ref()
            .filter(|last| last.verdict == Some(Verdict::Passed));
        passed.and_then(|last| last.chosen)
    }
}

/// What is counted under a policy.
fn scopes(policy: &Policy) -> Vec<Scope> {
    let factors = policy.factors();
    factors
        .flat_map(|factor| Path::ALL.map(|path| Scope { path, factor }))
        .collect()
}

impl<R: Rows> UserTable<R> {
    /// Reads profile, last challenge and the attempts at the policy's factors in one round trip, the
    /// same for everybody. An enrolment that a session with a password is about, or may take up
    /// again, is one more; and where the last challenge left no record, so are those before it.
    pub async fn load_state(
        &self,
        user: &UserName,
        progress: &Progress,
    ) -> Result<SessionState, Fault> {
        let mut answered = progress.answered();
        let last = answered.next();
        let scopes = scopes(progress.policy());
        let own = [
            Some(profile_key(user)),
            last.map(|id| challenge_key(user, id)),
            last.map(former_challenge_key),
        ];
        let counted = scopes.iter().map(|scope| attempts_key(user, *scope));
        let mailed = progress.policy().factors().any(Factor::is_mailed);
        let mailed = mailed.then(|| sent_key(user, challenge::path(progress)));
        let own_keys = own.iter().flatten().cloned();
        let keys: Vec<Key> = own_keys.chain(counted).chain(mailed.clone()).collect();
        let items = self.rows.read(keys).await?;
        let item = |key: &Key| items.iter().find(|item| item.is(key));
        let [found, last, former] = own.each_ref().map(|key| key.as_ref().and_then(item));
        let profile = found.map(profile).transpose()?.unwrap_or_default();
        let last = last.or(former).map(idempotency_record).transpose()?;
        let last = last.filter(|found| found.user == *user);
        let attempts = scopes.into_iter().map(|scope| {
            let found = item(&attempts_key(user, scope)).map(on_path).transpose()?;
            Ok((scope, found.unwrap_or_default()))
        });
        let attempts = attempts.collect::<Result<_, Fault>>()?;
        let sent = mailed.as_ref().and_then(item).map(sent).transpose()?;
        let session = match &last {
            Some(last) => Some(last.session.clone()),
            None => self.earlier(user, answered).await?,
        };
        let mut standing = SessionState {
            profile,
            last,
            session,
            enrolment: None,
            sent: sent.unwrap_or_default(),
            attempts,
        };
        if let Some(id) = standing.enrolment_about(progress).cloned() {
            standing.enrolment = self.enrolment(user, &id).await?;
        }
        Ok(standing)
    }

    /// What the newest of a session's challenges that left a record says of the session.
    async fn earlier(
        &self,
        user: &UserName,
        challenges: impl Iterator<Item = &ChallengeId>,
    ) -> Result<Option<Facts>, Fault> {
        let both = |id| [challenge_key(user, id), former_challenge_key(id)];
        let keys: Vec<Key> = challenges.flat_map(both).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        let found = self.rows.read(keys.clone()).await?;
        let newest = keys
            .iter()
            .filter_map(|key| found.iter().find(|item| item.is(key)));
        for item in newest {
            let found = idempotency_record(item)?;
            if found.user == *user {
                return Ok(Some(found.session));
            }
        }
        Ok(None)
    }

    /// Reads a profile; the default one for everybody without a record.
    pub async fn profile(&self, user: &UserName) -> Result<Profile, Fault> {
        let [found] = self.read([Some(profile_key(user))]).await?;
        Ok(found.as_ref().map(profile).transpose()?.unwrap_or_default())
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
            .set(STATE, text(State::Pending.name()))
            .set(BINDING, text(sign_up.binding.to_hex()))
            .set(TTL, ttl(now.plus(PENDING_KEPT)))
            .if_absent_or_equal(STATE, text(State::Pending.name()));
        let pending = match &sign_up.consent {
            Some(version) => set_consent(pending, version, ConsentBy::SignUp, now),
            // Nor does that of a sign-up before count, whoever's it was.
            None => pending.remove([CONSENT, CONSENT_AT, CONSENT_BY]),
        };
        let pending = match &sign_up.face_data {
            Some(data) => {
                set_data(pending, data).set(DATA_FROM_SIGN_UP, AttributeValue::Bool(true))
            }
            None => pending,
        };
        self.update("StoreSignUp", pending).await?;
        Ok(())
    }

    /// Records what was proven of an account. None of it fails for what a client did not bring.
    pub async fn confirm(
        &self,
        user: &UserName,
        confirmation: &Confirmation,
        now: Timestamp,
    ) -> Result<(), Fault> {
        match confirmation {
            Confirmation::SignUp { secret } => self.confirm_sign_up(user, *secret).await,
            Confirmation::PasswordReset(renewal) => self.reset(user, renewal, now).await,
        }
    }

    /// Lets an account enrol whose mailbox and password were proven to be one party's, and whose
    /// consent counts from then on.
    ///
    /// One that was confirmed without the right secret keeps what it has (consent, a face of an
    /// operator's upload) and is not swept any more, but its binding is void: the owner of the
    /// mailbox begins with a password reset.
    async fn confirm_sign_up(
        &self,
        user: &UserName,
        secret: Option<Sha256Digest>,
    ) -> Result<(), Fault> {
        let pending = || {
            Write::to(profile_key(user))
                .remove([TTL])
                .if_equal(STATE, text(State::Pending.name()))
        };
        let bound = match secret {
            Some(secret) => {
                let bound = || {
                    pending()
                        .set(STATE, text(State::MayEnrol.name()))
                        .if_equal(BINDING, text(secret.to_hex()))
                };
                let agreed = bound()
                    .set(CONSENT_BY, text(ConsentBy::Person.name()))
                    .if_present(CONSENT);
                self.update("AllowEnrolment", agreed).await?
                    // Whoever wants no face has agreed to nothing.
                    || self
                        .update("AllowEnrolment", bound().if_absent(CONSENT))
                        .await?
            }
            None => false,
        };
        if !bound {
            let kept = forget_data(pending().remove([BINDING]));
            if self.update("KeepAccount", kept).await? {
                let found = secret.map_or("none", |_| "another one");
                tracing::warn!(
                    target: "signin", found,
                    "confirmed, but nobody may enrol: expected the bindingSecret of the sign-up"
                );
            } else {
                tracing::info!(target: "signin", "a confirmed account has no open sign-up on record");
            }
        }
        Ok(())
    }

    /// Records that whoever holds the mailbox has set a new password. It needs no record from
    /// before: an account that an administrator made, that was imported, or that a stranger opened
    /// and left begins here.
    ///
    /// From then on the account enrols by the secret that the reset brought, or not at all; the
    /// enrolment under way ends, and with it the face data that sign-up has brought, since whose they
    /// are nobody can tell. An active face is never touched. Where the person agrees, an operator's
    /// upload that waits for it becomes active. All or nothing; then the attempts of the password's
    /// path are forgotten, which a thief of the old password may have used up.
    async fn reset(&self, user: &UserName, renewal: &Renewal, now: Timestamp) -> Result<(), Fault> {
        for _ in 0..RACES {
            let seen = self.profile(user).await?;
            let mut reset = Write::to(profile_key(user))
                .set(RESET_AT, time(now))
                .remove([TTL])
                .if_same(STATE, seen.state.map(|state| text(state.name())))
                .if_same(
                    ENROLMENT,
                    seen.enrolment.as_ref().map(|id| text(id.as_str())),
                )
                .if_same(WAITING, seen.waiting.as_ref().map(|id| text(id.as_str())));
            let binding = renewal.binding.map(|binding| text(binding.to_hex()));
            reset = reset.set_or_remove(RESET_BINDING, binding.clone());
            if let Some(version) = &renewal.consent {
                reset = set_consent(reset, version, ConsentBy::Person, now);
            }
            let mut others = Vec::new();
            if !seen.is_active() {
                reset = forget_data(reset).remove([ENROLMENT]);
                if let Some(running) = &seen.enrolment
                    && self.enrolment(user, running).await?.is_some()
                {
                    others.push(replaced(user, running, now).if_present(STATE));
                }
                match self.waiting(user, renewal, &seen).await? {
                    Some((id, face)) => {
                        reset = activate(reset, &face);
                        others.push(activated(user, &id, &face));
                        others.push(tell(user, Notice::FaceEnrolled, now));
                    }
                    None => {
                        reset = reset
                            .set(STATE, text(State::MayEnrol.name()))
                            .set_or_remove(BINDING, binding);
                    }
                }
            }
            others.push(tell(user, Notice::PasswordReset, now));
            let writes = std::iter::once(owe_sign_out(reset, now)).chain(others);
            let writes = writes.map(Write::in_transaction);
            if self.write(writes.collect()).await? == Transaction::Written {
                if renewal.binding.is_none() && !seen.is_active() {
                    tracing::warn!(
                        target: "signin",
                        "reset, but nobody may enrol: expected a binding, 64 hexadecimal digits"
                    );
                }
                // The password has changed, and the account is its owner's: attempts that stay on
                // record delay them, and are no reason to say that the reset has failed.
                if let Err(fault) = self.empty_by_reset(user, now).await {
                    fault.log();
                }
                return Ok(());
            }
        }
        Err(Fault::new(
            "Reset",
            "transaction conflict retries exhausted",
        ))
    }

    /// The face of an operator's upload that becomes active by this reset, if one does.
    async fn waiting(
        &self,
        user: &UserName,
        renewal: &Renewal,
        seen: &Profile,
    ) -> Result<Option<(EnrolmentId, EnrolledFace)>, Fault> {
        let Some(id) = seen.waiting.as_ref().filter(|_| renewal.consent.is_some()) else {
            return Ok(None);
        };
        let face = self.indexed(user, id).await?;
        Ok(face.map(|face| (id.clone(), face)))
    }

    /// Records that the person who goes on with this enrolment agrees to the consent text. False
    /// where it is not the one under way any more.
    pub async fn agree(
        &self,
        user: &UserName,
        enrolment: &EnrolmentId,
        version: &str,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let agreed = set_consent(
            Write::to(profile_key(user)),
            version,
            ConsentBy::Person,
            now,
        )
        .if_equal(STATE, text(State::MayEnrol.name()))
        .if_equal(ENROLMENT, text(enrolment.as_str()));
        self.update("Agree", agreed).await
    }
}
