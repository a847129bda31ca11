//! What judging an answer needs.

use signin_aws::enrolment::Indexer;
use signin_aws::pictures::Bucket;
use signin_aws::stopwatch::Call;
use signin_aws::table::Answering;
use signin_core::budget;
use signin_core::face::Threshold;
use signin_core::face_data::Model;
use signin_core::secret::Sha256Digest;
use signin_edge::verify_auth_challenge::Answered;

use crate::match_mode::MatchMode;

/// Judges answers.
pub(crate) struct Verifier {
    pub(crate) sign_ins: Bucket,
    pub(crate) mode: MatchMode,
    pub(crate) threshold: Threshold,
    pub(crate) model: Model,
    pub(crate) indexer: Indexer,
}

/// An answer, about to be claimed.
pub(crate) fn answering(answered: &Answered, call: Call) -> Answering<'_> {
    Answering {
        user: &answered.user,
        id: &answered.challenge.id,
        opening: answered.challenge.session,
        enrolment: answered.challenge.enrolment(),
        answer: Sha256Digest::of(answered.answer.as_bytes()),
        call: call.id,
        watch: call.watch,
        until: call.watch.after(budget::JUDGEMENT),
    }
}
