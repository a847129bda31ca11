//! Attacks on the whole stack, by somebody outside: what they try, what stops them, and that each
//! succeeds where its defence is taken away. `cargo xtask test attacks` runs them.

mod broken_pictures;
mod chains;
mod common;
mod email_code;
mod enrolments;
mod face_data;
mod guesses;
mod hijack;
mod keys;
mod leftovers;
mod logs;
mod matching;
mod probe_sizes;
mod replays;
mod telling_apart;
mod tokens;

use std::process::ExitCode;
use std::sync::Arc;

use e2e::stack::Variant;
use e2e::trial::{Trial, one_by_one};
#[cfg(test)]
use signin_core::factor::Factor;

/// A trial; the function last.
macro_rules! attack {
    ($number:literal, $variant:ident, $attempt:literal, $expected:literal, $proof:literal, $run:path) => {
        Trial {
            number: $number.to_owned(),
            attempt: $attempt.to_owned(),
            expected: $expected.to_owned(),
            variant: Variant::$variant,
            proof: $proof,
            run: Arc::new(|ground| Box::pin($run(ground))),
        }
    };
}

/// Every attack, by the numbers of the list that it is from.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table has as many rows as it has")]
fn attacks() -> Vec<Trial> { vec![
    attack!("1.1", Compare, "answer with the key of the victim's enrolment picture", "not an answer", "client-names-picture", keys::of_the_enrolment),
    attack!("1.2", Compare, "answer with any other key, URL or path", "not an answer, nothing is fetched", "client-names-picture", keys::of_anything_else),

    attack!("2.1", Default, "answer for an upload of the session before", "nothing lies there", "one-key-for-all", replays::used_upload),
    attack!("2.2", Default, "answer a used session, and a used challenge behind Cognito's back", "used up", "challenges-not-consumed", replays::used_session_and_challenge),
    attack!("2.3", Default, "send an accepted picture again, byte for byte", "no match", "used-pictures-forgotten", replays::accepted_picture),
    attack!("2.4", Default, "send the document's own bytes as the live picture", "no match", "used-pictures-forgotten", replays::documents_bytes),
    attack!("2.5", Default, "overwrite the upload while it is compared", "the bytes that were read count", "picture-read-twice", replays::overwritten_upload),
    attack!("2.6", Default, "64 different answers at once to one session, and to one challenge", "one verdict, one attempt counted", "challenges-not-consumed", replays::race),
    attack!("2.7", Default, "the same answer three times, as Cognito repeats itself", "one verdict, one attempt counted", "challenges-not-consumed", replays::same_answer_twice),

    attack!("3.1", Default, "upload with metadata that name another account", "the form takes none", "forms-unchecked", enrolments::metadata),
    attack!("3.2", Default, "upload one's own face with the victim's form", "signs nobody in", "indexed-is-active", enrolments::others_fields),
    attack!("3.3", Default, "change key, type or size of an upload", "the form takes none", "forms-unchecked", enrolments::changed_form),
    attack!("3.4", Default, "upload after the form's end", "refused", "forms-unchecked", enrolments::after_expiry),
    attack!("3.5", Default, "enrol without the password", "asked for the face", "enrols-without-password", enrolments::without_password),
    attack!("3.6", Default, "enrol anew over an active face, with a stolen password", "asked for the face", "enrols-over-an-active-face", enrolments::over_an_active_face),
    attack!("3.7", Default, "enrol with a stolen password, before the owner does", "told that it takes a reset", "the-password-enrols", hijack::thief_of_the_password),
    attack!("3.8", Default, "go on with an enrolment after another sign-in has begun one", "SUPERSEDED, nothing compared or counted", "superseded-are-compared", enrolments::superseded),

    attack!("4.1", Default, "SRP_A alone", "no tokens", "srp-a-is-enough", tokens::srp_a_alone),
    attack!("4.2", Password, "the password alone under PASSWORD+FACE", "asked for the face", "password-is-enough", tokens::password_alone),
    attack!("4.3", Default, "sessions in a wrong order, with extra or unknown entries", "no tokens", "any-passed-entry-is-enough", tokens::impossible_sessions),
    attack!("4.4", Default, "go on with another app client's session, or its pass", "refused", "any-clients-pass", tokens::another_clients_session),
    attack!("4.5", Default, "the stack's own app client: other flows, a pass used twice", "refused", "tokens-without-a-pass", tokens::flows_of_the_own_client),
    attack!("4.6", Default, "USER_PASSWORD_AUTH by an app client that allows it", "no tokens", "tokens-without-a-pass", tokens::user_password_auth),
    attack!("4.7", Default, "USER_SRP_AUTH by an app client that allows it", "no tokens", "tokens-without-a-pass", tokens::user_srp_auth),
    attack!("4.8", Default, "USER_AUTH with the password by an app client that allows it", "no tokens", "tokens-without-a-pass", tokens::user_auth),
    attack!("4.9", Default, "USER_AUTH with SRP by an app client that allows it", "no tokens", "tokens-without-a-pass", tokens::user_auth_with_srp),
    attack!("4.10", Default, "ADMIN_USER_PASSWORD_AUTH by an app client that allows it", "no tokens", "tokens-without-a-pass", tokens::admin_user_password_auth),
    attack!("4.11", Default, "a stolen password by another flow of the same app client, seconds after the owner signed in", "no tokens", "used-passes-repeat", tokens::right_after_the_owner),
    attack!("4.12", Default, "64 equal requests for the tokens of one pass", "one gets them", "used-passes-repeat", tokens::one_pass_many_requests),
    attack!("4.13", Default, "ask for the owner's tokens before the owner does, without the session's nonce", "no tokens, the owner gets theirs", "nonces-ignored", tokens::before_the_owner),
    attack!("4.14", Default, "refresh after the face, or the whole profile, was removed", "no tokens", "refreshes-ask-nobody", tokens::refresh_without_a_face),
    attack!("4.15", Default, "refresh after the owner's reset, whether Cognito could revoke the token or not", "no tokens", "refreshes-ask-nobody", tokens::refresh_after_a_reset),
    attack!("4.16", Default, "change address, password or existence of the account with a face's access token", "not allowed", "scopes-kept", tokens::account_by_a_face),
    attack!("4.17", Default, "the same with a refreshed access token", "not allowed", "scopes-kept", tokens::account_by_a_refresh),
    attack!("4.18", Default, "take the tokens of the owner's password and face with a photograph, at the same moment", "tokens for a face alone", "passes-keep-their-steps", tokens::beside_the_owner),
    attack!("4.19", Default, "keep the owner's password and face from their tokens by passing with a photograph at the same moment", "the owner gets them", "one-pass-for-all", tokens::over_the_owners_pass),

    attack!("5.1", Default, "guess, wait, guess again, for as long as it goes", "25 guesses, each wait kept, then LOCKED, then one a day", "failures-not-counted", guesses::one_after_another),
    attack!("5.2", Default, "64 guesses at once, in as many sessions", "5 judged, 5 counted", "counted-without-condition", guesses::all_at_once),
    attack!("5.3", Default, "set the guesses back with a stolen password", "both paths count on", "password-refills-guesses", guesses::stolen_password),
    attack!("5.4", Default, "delay the owner by failing on their address", "the owner's path is another", "one-counter", guesses::owner_is_delayed),
    attack!("5.5", Default, "guess during a wait", "nothing compared, nothing counted", "compares-while-waiting", guesses::during_a_wait),
    attack!("5.6", Default, "guess between an owner's sign-ins on the same path", "5 guesses, then the wait", "passes-refill-guesses", guesses::between_an_owners_sign_ins),
    attack!("5.7", Default, "make the right face wait by pictures that show nothing", "no guesses; 30 looked at, and then none", "unusable-pictures-are-guesses", guesses::unusable_pictures),
    attack!("5.8", Default, "lock the open path by 25 failures", "password and face open it again", "locked-for-good", guesses::locked_for_good),
    attack!("5.9", Default, "guess while a search's list is full", "each counted", "crowded-searches-cost-nothing", guesses::in_a_crowd),
    attack!("5.10", Default, "read the victim's mail, and guess between one reset of the password and the next", "10 guesses, then the wait", "resets-refill-guesses", guesses::between_resets),

    attack!("6.1", Default, "tell unknown, unenrolled, locked and enrolled users apart by the answers", "the same", "unknown-users-look-different", telling_apart::by_answers),
    attack!("6.2", Default, "tell them apart by the calls that they cause", "the same", "unenrolled-users-are-not-searched", telling_apart::by_calls),
    attack!("6.3", Compare, "tell them apart by the answers where documents are compared", "the same", "unknown-users-look-different", telling_apart::by_answers),
    attack!("6.4", Compare, "tell them apart by the calls where documents are compared", "the same", "unenrolled-users-are-not-searched", telling_apart::by_calls),

    attack!("6.6", Default, "tell by one's waits whether an owner signs in on the same path", "the same as for an unknown user", "passes-refill-guesses", telling_apart::by_an_owners_sign_ins),
    attack!("6.7", Default, "tell by what is asked whether an owner's sign-in is running", "the same as for an unknown user", "advice-counts-running-attempts", telling_apart::by_an_owners_sign_ins),

    attack!("7.1", Default, "sign in with another account's face", "no match", "anybodys-face", matching::somebody_elses_face),
    attack!("7.2", Default, "lock the victim out by a face that matches better", "the own face counts", "best-match-only", matching::better_match),
    attack!("7.3", Default, "twins: one picture enrolled by two accounts", "each signs in", "best-match-only", matching::twins),
    attack!("7.4", Default, "crowd the collection with the victim's picture", "the own face is found", "few-matches", matching::crowd),
    attack!("7.5", Default, "two faces in one picture", "MANY_FACES", "largest-face-of-many", matching::two_faces),
    attack!("7.6", Compare, "stand before a poster of the victim", "no match", "any-face-of-the-probe", matching::poster),
    attack!("7.7", Compare, "stand before a poster of a victim whom an operator enrolled", "no match", "any-face-of-the-probe", matching::poster_of_bulk),
    attack!("7.8", Compare, "be in the background of the victim's document", "no match", "any-face-of-the-document", matching::bystander),
    attack!("7.9", Compare, "be in the background of a document that an operator uploaded", "no match", "any-face-of-the-document", matching::bystander_in_bulk),

    attack!("8.1", Default, "pictures that need not be unpacked to be refused", "a reason each, unseen by recognition", "pictures-not-inspected", broken_pictures::refused_at_once),
    attack!("8.2", Default, "pictures made to break whoever unpacks them", "a reason each", "broken-pictures-break", broken_pictures::judged),

    attack!("9.1", Default, "sign up with the victim's address first, in every order of resend, confirm, reset and enrol", "nothing for the attacker, the owner gets in", "anybody-confirms", hijack::in_every_order),
    attack!("9.2", Default, "go on with an enrolment after the owner's password reset", "it has ended", "enrolments-outlive-passwords", hijack::thief_goes_on),
    attack!("9.3", Default, "change one's address to somebody else's", "not before it is proven", "unproven-addresses", hijack::changed_address),
    attack!("9.4", Default, "keep sign-ins with the old password in the air while the owner resets it, at random offsets", "0 come through", "old-passwords-enrol", hijack::around_a_reset),
    attack!("9.5", Password, "go on after the owner's reset with a session that proved the old password, and a picture that matches", "no tokens", "sessions-outlive-resets", hijack::old_password_session),
    attack!("9.6", Default, "agree to the consent text in the owner's place, by signing up with their address", "CONSENT_NEEDED", "anybodys-consent", hijack::strangers_consent),
    attack!("9.7", Default, "guess after the owner's reset in sessions that proved the old password", "nothing compared or counted", "old-sessions-are-compared", hijack::guesses_of_old_sessions),
    attack!("9.8", Default, "find out by a session from before the owner's reset, without the password, whether a photograph matches", "no match, counted as any other", "old-sessions-tell-who-matches", hijack::photograph_in_an_old_session),

    attack!("10", Default, "canaries in every log, with logs at TRACE", "none found", "events-are-logged", logs::canaries),

    attack!("11.1", Data, "sign in with another account's face data", "no match", "anybodys-face-data", face_data::somebody_elses),
    attack!("11.2", Data, "send the enrolled face data again", "no match", "used-pictures-forgotten", face_data::enrolled_again),
    attack!("11.3", Data, "enrol face data without the password", "asked for the user's", "enrols-without-password", face_data::without_password),
    attack!("11.4", Data, "enrol one's own face data with a stolen password, before the owner does", "no match", "any-face-data-enrol", face_data::with_a_stolen_password),
    attack!("11.5", Data, "sign up with the victim's address and one's own face data first", "forgotten, the owner gets in", "face-data-outlive-passwords", face_data::signed_up_first),
    attack!("11.6", Data, "tell unknown, unenrolled, locked and enrolled users apart by the answers to face data", "the same", "unknown-users-look-different", telling_apart::by_answers_to_data),
    attack!("11.7", Data, "tell them apart by the calls that face data cause", "the same", "unenrolled-users-are-not-searched", telling_apart::by_calls_for_data),
    attack!("11.8", Data, "average five people whom the victim resembles, under FACE_DATA alone", "the functions do not start", "face-data-alone", face_data::look_alikes),
    attack!("11.9", Data, "average everybody else, under a threshold of 95", "the functions do not start", "any-threshold-for-face-data", face_data::averages_of_others),

    attack!("15.1", Default, "tell enrolled, unenrolled and unknown users apart by the forms of their uploads", "the same", "keys-name-users", leftovers::forms_tell_nothing),
    attack!("15.2", Default, "have twenty pictures looked at with one form", "twelve at most", "recognitions-unbounded", leftovers::one_form_many_uploads),
    attack!("15.3", Default, "leave a picture behind whose challenge is over", "swept", "late-uploads-stay", leftovers::late_upload),
    attack!("15.4", Default, "break sign-ins off when their face is in the collection", "undone, one by one", "replaced-are-not-undone", leftovers::broken_off),
    attack!("15.5", Default, "have an operator enrol a face to which nobody agreed", "signs nobody in", "operators-need-no-consent", leftovers::bulk_without_consent),
    attack!("15.6", Compare, "sweep twice what is old and in use", "nothing is lost", "kept-documents-are-swept", leftovers::swept_twice),
    attack!("15.7", Default, "leave a document behind to which nobody agreed", "no face in the collection", "uploads-need-no-consent", leftovers::upload_without_consent),

    attack!("16.1", Chains, "mix the steps of two chains, or choose twice or not at all", "the session ends", "any-passed-entry-is-enough", chains::mixed),
    attack!("16.2", Chains, "enrol by whichever chain, with a stolen password", "told that it takes a reset", "the-password-enrols", chains::thief_of_the_password),
    attack!("16.3", Chains, "have one's face data accepted for the one chain before the owner enrols for the other", "forgotten", "unproven-data-stay", chains::left_in_the_other_chain),

    attack!("17.1", Mailed, "type somebody else's code, or an old one, with a stolen password", "no match, and the owner's own gets in", "one-code-for-all", email_code::of_another),
    attack!("17.2", Mailed, "guess the code, with sign-ins by a photograph between the guesses", "5 guesses, then the wait", "passes-refill-every-factor", email_code::refilled_by_a_photograph),
    attack!("17.3", Mailed, "have codes mailed without end", "5 letters, and one for the owner", "mails-unbounded", email_code::mail_bombing),
    attack!("17.4", Mailed, "tell a known address, to which mail fails, from an unknown one by the answers to codes", "the same", "failed-mail-is-told-to-everybody", email_code::telling_apart),
    attack!("17.5", Mailed, "mix the steps of chains with a code", "the session ends", "any-passed-entry-is-enough", email_code::mixed),
    attack!("17.6", Mailed, "go on after the owner's reset with a session that proved the old password, and its code", "refused", "sessions-outlive-resets", email_code::after_a_reset),
    attack!("17.7", Mailed, "sign in with everything that is the owner's, from a browser that says nothing of itself", "the owner is told", "browsers-are-all-known", email_code::from_an_unknown_browser),
    attack!("17.8", Mailed, "change the account's address, and prove the new one before any letter is out", "the old address is told", "told-at-the-new-address", email_code::changed_address),
    attack!("17.9", Mailed, "tell a known address from an unknown one by the calls that codes cause", "the same", "codes-are-ordered-for-accounts-only", email_code::telling_apart_by_calls),
    attack!("17.10", Mailed, "have the choice of a way refused, or choose again, to refill the guesses of the code", "5 guesses, then the wait", "select-at-any-time", email_code::refilled_by_select),
    attack!("17.11", Mailed, "sign in from a new browser on a day on which the owner has heard of another, and come back", "the owner is told then", "browsers-are-known-untold", email_code::behind_the_owners_browser),
    attack!("17.12", Mailed, "use up the codes with a stolen password, so that the owner's reset is of no use", "the owner gets in", "resets-free-no-codes", email_code::codes_used_up),
    attack!("17.13", Mailed, "change the address on a day on which the owner has changed it", "the address before is told", "one-address-a-day", email_code::changed_again),
]}

/// The rows that show how a factor is kept from being guessed, repeated and enrolled by a stranger.
#[cfg(test)]
const fn rows(factor: Factor) -> &'static [&'static str] {
    match factor {
        Factor::Face => &["2.3", "3.7", "5.1"],
        Factor::FaceData => &["11.1", "11.2", "11.4"],
        Factor::EmailCode => &["17.1", "17.2", "17.3"],
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("--times") {
        telling_apart::times().await;
        probe_sizes::times().await;
        return ExitCode::SUCCESS;
    }
    if only.as_deref() == Some("--probe-sizes") {
        probe_sizes::times().await;
        return ExitCode::SUCCESS;
    }
    one_by_one(&attacks(), only.as_deref()).await
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn each_factor_has_its_attacks() {
        let all: BTreeSet<String> = attacks().into_iter().map(|trial| trial.number).collect();
        for factor in Factor::iter() {
            let rows = rows(factor);
            assert!(!rows.is_empty(), "{factor:?}");
            assert!(
                rows.iter().all(|row| all.contains(*row)),
                "{factor:?}: {rows:?}"
            );
        }
    }
}
