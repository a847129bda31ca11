//! The state of one user pool: users, sign-in sessions, refresh tokens.
//!
//! Every method is one step under the lock that its caller holds; none waits. What must happen
//! once (taking a session, a name, a code) is therefore one call here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cognito_srp::Verifier;
use serde::{Deserialize, Serialize};

use crate::clock::Seconds;
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::session::Session;

/// A sign-up code is good for a day, a password-reset code for an hour (developer guide).
pub(crate) const SIGN_UP_CODE_VALIDITY: Seconds = 24 * 3_600;
pub(crate) const RESET_CODE_VALIDITY: Seconds = 3_600;

/// Wrong tries that one code survives.
const CODE_TRIES: u8 = 5;

/// How far an account has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    Unconfirmed,
    Confirmed,
    /// An administrator made the account, or gave it another password for the time being.
    ForceChangePassword,
}

impl Status {
    /// `cognito:user_status`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
        }
    }
}

/// An account. Its name is a UUID and also its `sub`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) status: Status,
    pub(crate) enabled: bool,
    pub(crate) verifier: Verifier,
    /// What sign-up set beside the address.
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) sign_up_code: Option<Code>,
    pub(crate) reset_code: Option<Code>,
    /// A new address that is not proven yet, folded, or the present one where it is to be proven.
    pub(crate) new_email: Option<String>,
    /// The code that proves it.
    pub(crate) email_code: Option<Code>,
    /// Until when a temporary password is good.
    #[serde(default)]
    pub(crate) temporary_until: Option<Seconds>,
    pub(crate) created_at: Seconds,
}

impl User {
    /// Refuses to confirm an account that is past that.
    pub(crate) fn check_unconfirmed(&self) -> ApiResult<()> {
        match self.status {
            Status::Unconfirmed => Ok(()),
            Status::Confirmed | Status::ForceChangePassword => {
                Err(ApiError::not_authorized(format!(
                    "User cannot be confirmed. Current status is {}",
                    self.status.name()
                )))
            }
        }
    }

    /// Sets a password that is the user's own from now on.
    pub(crate) fn set_password(&mut self, verifier: Verifier) {
        self.verifier = verifier;
        self.status = Status::Confirmed;
        self.temporary_until = None;
    }

    /// Sets a password that is to be replaced before this time.
    pub(crate) fn set_temporary_password(&mut self, verifier: Verifier, until: Seconds) {
        self.verifier = verifier;
        self.status = Status::ForceChangePassword;
        self.temporary_until = Some(until);
    }

    /// The attributes that clients and tokens may show.
    pub(crate) fn public_attributes(&self) -> BTreeMap<String, String> {
        let mut attributes = self.attributes.clone();
        attributes.insert("sub".to_owned(), self.name.clone());
        attributes.insert("email".to_owned(), self.email.clone());
        attributes.insert("email_verified".to_owned(), self.email_verified.to_string());
        attributes
    }

    /// The attributes that triggers see.
    pub(crate) fn trigger_attributes(&self) -> BTreeMap<String, String> {
        let mut attributes = self.public_attributes();
        let status = self.status.name().to_owned();
        attributes.insert("cognito:user_status".to_owned(), status);
        attributes
    }
}

/// A code sent by mail.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    digits: String,
    expires_at: Seconds,
    tries_left: u8,
}

impl Code {
    pub(crate) fn new(digits: String, expires_at: Seconds) -> Self {
        Self {
            digits,
            expires_at,
            tries_left: CODE_TRIES,
        }
    }

    /// Uses a code up if it is the one that was sent.
    pub(crate) fn redeem(sent: &mut Option<Self>, given: &str, now: Seconds) -> ApiResult<()> {
        let Some(code) = sent.as_mut().filter(|code| now < code.expires_at) else {
            return Err(Self::expired());
        };
        if code.tries_left == 0 {
            return Err(ApiError::new(
                ErrorCode::LimitExceeded,
                "Attempt limit exceeded, please try after some time.",
            ));
        }
        if code.digits != given {
            code.tries_left -= 1;
            return Err(Self::mismatch());
        }
        *sent = None;
        Ok(())
    }

    pub(crate) fn expired() -> ApiError {
        ApiError::new(
            ErrorCode::ExpiredCode,
            "Invalid code provided, please request a code again.",
        )
    }

    pub(crate) fn mismatch() -> ApiError {
        ApiError::new(
            ErrorCode::CodeMismatch,
            "Invalid verification code provided, please try again.",
        )
    }
}

impl std::fmt::Debug for Code {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Code").finish_non_exhaustive()
    }
}

/// A sign-in's tokens: everything issued from it falls with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) user: String,
    pub(crate) client: String,
    pub(crate) signed_in_at: Seconds,
    pub(crate) expires_at: Seconds,
    pub(crate) revoked: bool,
}

/// One pool. The default is an empty one.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Pool {
    users: BTreeMap<String, User>,
    /// Folded e-mail address to user name.
    names: BTreeMap<String, String>,
    sessions: BTreeMap<String, Session>,
    /// By `origin_jti`.
    grants: BTreeMap<String, Grant>,
    /// Refresh token to `origin_jti`.
    refresh_tokens: BTreeMap<String, String>,
    /// Wrong passwords in a row, by user name or made-up name.
    lockouts: BTreeMap<String, Lockout>,
}

/// Wrong passwords in a row, and until when no further one is looked at.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Lockout {
    failures: u32,
    until: Seconds,
}

/// Wrong passwords that are free (developer guide, "Lockout behavior for failed sign-in attempts").
const FREE_PASSWORDS: u32 = 5;

/// The longest lockout: "up to about 15 minutes".
const LONGEST_LOCKOUT: Seconds = 15 * 60;

/// Names whose wrong passwords are kept in mind. With more, those go that wait no longer.
const MAX_LOCKOUTS: usize = 100_000;

impl Lockout {
    /// Counts one more wrong password: from the fifth on 1 s, and twice as long each time.
    fn fail(&mut self, now: Seconds) {
        self.failures = self.failures.saturating_add(1);
        if let Some(further) = self.failures.checked_sub(FREE_PASSWORDS) {
            let wait = 2_i64.saturating_pow(further).min(LONGEST_LOCKOUT);
            self.until = now + wait;
        }
    }
}

impl Pool {
    /// Adds an account, unless its address is taken.
    pub(crate) fn add_user(&mut self, folded_email: String, user: User) -> ApiResult<()> {
        match self.names.entry(folded_email) {
            Entry::Occupied(_) => Err(Self::address_is_taken()),
            Entry::Vacant(vacant) => {
                vacant.insert(user.name.clone());
                self.users.insert(user.name.clone(), user);
                Ok(())
            }
        }
    }

    pub(crate) fn address_is_taken() -> ApiError {
        ApiError::new(
            ErrorCode::UsernameExists,
            "An account with the given email already exists.",
        )
    }

    /// An account by its folded address or its own name.
    pub(crate) fn user(&self, folded: &str) -> Option<&User> {
        let name = self.names.get(folded).map_or(folded, String::as_str);
        self.users.get(name)
    }

    /// Like [`Pool::user`], to change it.
    pub(crate) fn user_mut(&mut self, folded: &str) -> Option<&mut User> {
        let name = self.names.get(folded).map_or(folded, String::as_str);
        self.users.get_mut(name)
    }

    /// Keeps a session under its token.
    pub(crate) fn open_session(&mut self, token: String, session: Session, now: Seconds) {
        self.sessions.retain(|_, open| now < open.expires_at);
        self.sessions.insert(token, session);
    }

    /// Takes a session out: whoever comes second finds none. One of another client, or one that
    /// has expired, is none.
    pub(crate) fn take_session(
        &mut self,
        token: &str,
        client: &str,
        now: Seconds,
    ) -> Option<Session> {
        let session = self.sessions.get(token)?;
        if session.client != client {
            return None;
        }
        self.sessions
            .remove(token)
            .filter(|session| now < session.expires_at)
    }

    /// Records a sign-in's tokens.
    pub(crate) fn add_grant(
        &mut self,
        origin: String,
        refresh_token: String,
        grant: Grant,
        now: Seconds,
    ) {
        self.grants.retain(|_, known| now < known.expires_at);
        let grants = &self.grants;
        self.refresh_tokens
            .retain(|_, origin| grants.contains_key(origin));
        self.grants.insert(origin.clone(), grant);
        self.refresh_tokens.insert(refresh_token, origin);
    }

    /// The grant behind a refresh token, with its `origin_jti`.
    pub(crate) fn grant_of_refresh_token(&self, token: &str) -> Option<(&str, &Grant)> {
        let origin = self.refresh_tokens.get(token)?;
        Some((origin, self.grants.get(origin)?))
    }

    /// The grant that an access token was issued from.
    pub(crate) fn grant(&self, origin: &str) -> Option<&Grant> {
        self.grants.get(origin)
    }

    /// Ends one sign-in's tokens.
    pub(crate) fn revoke(&mut self, origin: &str) {
        if let Some(grant) = self.grants.get_mut(origin) {
            grant.revoked = true;
        }
    }

    /// Refuses a password while its user is locked out, right or wrong.
    pub(crate) fn check_lockout(&self, name: &str, now: Seconds) -> ApiResult<()> {
        match self.lockouts.get(name) {
            Some(lockout) if now < lockout.until => {
                Err(ApiError::not_authorized("Password attempts exceeded"))
            }
            _ => Ok(()),
        }
    }

    /// Counts a wrong password.
    pub(crate) fn password_failed(&mut self, name: &str, now: Seconds) {
        if self.lockouts.len() >= MAX_LOCKOUTS {
            self.lockouts.retain(|_, lockout| now < lockout.until);
        }
        self.lockouts.entry(name.to_owned()).or_default().fail(now);
    }

    /// Forgets wrong passwords after a right one.
    pub(crate) fn password_passed(&mut self, name: &str) {
        self.lockouts.remove(name);
    }

    /// Whether an address is an account's.
    pub(crate) fn knows(&self, folded_email: &str) -> bool {
        self.names.contains_key(folded_email)
    }

    /// Gives an account another address, unless it is taken.
    pub(crate) fn change_email(
        &mut self,
        name: &str,
        folded: &str,
        verified: bool,
    ) -> ApiResult<()> {
        if self.names.get(folded).is_some_and(|owner| owner != name) {
            return Err(Self::alias_is_taken());
        }
        let user = self
            .users
            .get_mut(name)
            .ok_or_else(ApiError::user_not_found)?;
        self.names.retain(|_, owner| owner != name);
        folded.clone_into(&mut user.email);
        user.email_verified = verified;
        self.names.insert(folded.to_owned(), name.to_owned());
        Ok(())
    }

    pub(crate) fn alias_is_taken() -> ApiError {
        ApiError::new(
            ErrorCode::AliasExists,
            "An account with the given email already exists.",
        )
    }

    /// Removes an account, with its sessions and tokens; its address is free again.
    pub(crate) fn remove_user(&mut self, name: &str) {
        self.users.remove(name);
        self.names.retain(|_, owner| owner != name);
        self.sessions.retain(|_, session| !session.is_of(name));
        let grants = &mut self.grants;
        grants.retain(|_, grant| grant.user != name);
        self.refresh_tokens
            .retain(|_, origin| grants.contains_key(origin));
        self.lockouts.remove(name);
    }

    /// All accounts, the oldest first.
    pub(crate) fn users(&self) -> Vec<&User> {
        let mut users: Vec<&User> = self.users.values().collect();
        users.sort_by_key(|user| (user.created_at, &user.name));
        users
    }

    /// Ends all of a user's tokens.
    pub(crate) fn revoke_all_of(&mut self, user: &str) {
        for grant in self.grants.values_mut() {
            if grant.user == user {
                grant.revoked = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_good_once_until_it_expires_and_survives_few_guesses() {
        let fresh = || Some(Code::new("123456".to_owned(), 100));

        let mut sent = fresh();
        assert_eq!(Code::redeem(&mut sent, "123456", 99), Ok(()));
        assert_eq!(Code::redeem(&mut sent, "123456", 99), Err(Code::expired()));

        assert_eq!(
            Code::redeem(&mut fresh(), "123456", 100),
            Err(Code::expired())
        );

        let mut guessed = fresh();
        for _ in 0..CODE_TRIES {
            assert_eq!(
                Code::redeem(&mut guessed, "000000", 1),
                Err(Code::mismatch())
            );
        }
        let refusal = Code::redeem(&mut guessed, "123456", 1).expect_err("too many guesses");
        assert_eq!(refusal.code, ErrorCode::LimitExceeded);
    }
}
