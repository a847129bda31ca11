//! `EMAIL_CODE`: the code that was mailed for this session. Comparing is arithmetic, and the same for
//! everybody; a code for an unknown user is ordered as any other, and mailed to nobody.

use signin_aws::fault::Fault;
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::{Ordered, PassedFace, SessionState, Settled};
use signin_core::challenge::Reservation;
use signin_core::factor::Factor;
use signin_core::factor::email_code::{Code, CodeKey, Secret};
use signin_core::id::{ChallengeId, UserName};
use signin_core::lockout::{Cost, Wait};
use signin_core::reason::Reason;
use signin_core::round::Answered;
use signin_core::secret::Sha256Digest;

use crate::attempt::{Compared, Judged};
use crate::create::Creator;
use crate::factor::Prepared;
use crate::services::Services;
use crate::verify::Verifier;

/// An answer to a challenge for a code.
pub(crate) struct Mailed<'a> {
    /// The code that was typed; none where the answer is none.
    typed: Option<Code>,
    too_late: bool,
    answered: &'a Answered,
    secret: &'a Secret,
    codes: Option<&'a CodeKey>,
}

impl<'a> Mailed<'a> {
    pub(crate) fn new<S: Services>(
        verifier: &'a Verifier<S>,
        answered: &'a Answered,
        secret: &'a Secret,
        call: Call,
    ) -> Self {
        Self {
            typed: Code::parse(&answered.answer),
            too_late: call.watch.now() > secret.code.until,
            answered,
            secret,
            codes: verifier.codes.as_ref(),
        }
    }
}

impl Compared for Mailed<'_> {
    const FACTOR: Factor = Factor::EmailCode;
    type Probe = Code;
    type Matched = ();

    fn unfit(&self) -> Option<Reason> {
        if self.too_late {
            return Some(Reason::Expired);
        }
        self.typed.is_none().then_some(Reason::NotACode)
    }

    async fn fetch(&self) -> Result<Result<Code, Reason>, Fault> {
        Ok(self.typed.clone().ok_or(Reason::NotACode))
    }

    /// The challenge is part of it: the same digits may be another session's code.
    fn digest(&self, code: &Code) -> Sha256Digest {
        code.digest(&self.secret.code.challenge)
    }

    async fn examine(&self, typed: &Code) -> Result<Judged<()>, Fault> {
        let codes = self.codes;
        let codes = codes.ok_or_else(|| Fault::new("ReadSettings", "CODE_KEY is not set"))?;
        let challenge = &self.secret.code.challenge;
        let code = codes.code(&self.answered.user, challenge);
        // By their digests, so that the time it takes tells nothing of the digits.
        Ok(if code.digest(challenge) == typed.digest(challenge) {
            Judged::Matched(())
        } else {
            Judged::Refused(Reason::NoMatch, Cost::Comparison)
        })
    }

    async fn passed(&self, (): ()) -> Result<Result<Option<PassedFace>, Settled>, Fault> {
        Ok(Ok(None))
    }

    fn activates(&self) -> bool {
        false
    }

    async fn clean_up(&self) {}
}

impl<S: Services> Creator<S> {
    /// Orders the code that a challenge asks for, where that is a new one; or says why the answer will not
    /// be looked at. What waits for its attempts waits for its mail.
    pub(crate) async fn order_code(
        &self,
        user: &UserName,
        id: &ChallengeId,
        secret: &Secret,
        reservation: &Reservation,
        standing: &SessionState,
        watch: Stopwatch,
    ) -> Result<Prepared, Fault> {
        if !secret.is_new(id) {
            return Ok(Prepared::Ready);
        }
        let now = watch.now();
        match reservation.seen.judged().wait(now) {
            Some(Wait::Locked) => return Ok(Prepared::Refused(Reason::Locked, None)),
            Some(Wait::For(wait)) => return Ok(Prepared::Refused(Reason::TryLater, Some(wait))),
            None => {}
        }
        let (path, seen) = (reservation.path, standing.sent);
        let ordered = self
            .table
            .order_code(user, path, seen, &secret.code, now)
            .await?;
        Ok(match ordered {
            Ordered::Placed => Prepared::Ready,
            Ordered::NotBefore(wait) => Prepared::Refused(Reason::TryLater, Some(wait)),
        })
    }
}
