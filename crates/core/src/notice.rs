//! What the owner of an account hears of it by mail, whoever did it: at most once a day of each kind.
//!
//! A notice says what happened and what to do where that was somebody else. It asks for nothing, has no
//! link, and holds nothing that its reader does not know, so that it is of no use to whoever imitates it
//! or reads it.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::mail::Letter;
use crate::time::Timestamp;

/// How long it is on record that a notice was mailed: until its day is over everywhere.
pub const KEPT: Duration = Duration::from_hours(48);

/// How long a browser is known after the last sign-in from it, which is as long as a picture that passed.
pub const BROWSER_KEPT: Duration = Duration::from_hours(400 * 24);

/// What happened.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Notice {
    /// A face, or face data, became active.
    FaceEnrolled,
    /// A face, or face data, was removed. Only operators do that, and `docs/operations.md` has them order
    /// this notice.
    FaceRemoved,
    /// The password was reset by mail.
    PasswordReset,
    /// A change of the address was asked for. This goes to the address before it.
    AddressChange,
    /// A path was locked by too many failures.
    LockedOut,
    /// A complete sign-in came from a browser that none has come from before.
    NewBrowser,
}

impl Notice {
    /// The name that the table uses.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a notice's name.
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The letter, in both languages, since nothing is known of its reader.
    pub fn letter(self) -> Letter {
        let (subject, english, german) = self.words();
        let text = format!(
            "{english}\n\n{}\n\n--\n\n{german}\n\n{}\n",
            Self::WHY,
            Self::WARUM
        );
        Letter {
            subject,
            text: Zeroizing::new(text),
        }
    }

    /// Why the letter came, in English.
    const WHY: &str =
        "This is for your information; nothing needs an answer. You get it at most once a day.";

    /// The same in German.
    const WARUM: &str = "Dies dient nur zu Ihrer Information, eine Antwort ist nicht nötig. Sie erhalten \
         diese Nachricht höchstens einmal am Tag.";

    /// The subject, and the text in English and in German.
    const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::FaceEnrolled => (
                "A face was added to your account / Ihrem Konto wurde ein Gesicht hinzugefügt",
                "A face was added to your account and can sign in from now on.\n\n\
                 If that was not you, reset your password and tell the operator of the service.",
                "Ihrem Konto wurde ein Gesicht hinzugefügt. Ab jetzt ist damit eine Anmeldung möglich.\n\n\
                 Waren Sie das nicht, setzen Sie Ihr Passwort zurück, und benachrichtigen Sie den Betreiber.",
            ),
            Self::FaceRemoved => (
                "The face was removed from your account / Das Gesicht wurde aus Ihrem Konto entfernt",
                "The operator of the service has removed the face from your account. It signs nobody in any \
                 more, and every device that was signed in is signed out.\n\n\
                 If you did not expect that, ask the operator. To add a face again, choose “Forgot your \
                 password?” where you sign in.",
                "Der Betreiber hat das Gesicht aus Ihrem Konto entfernt. Damit ist keine Anmeldung mehr \
                 möglich, und alle angemeldeten Geräte sind abgemeldet.\n\n\
                 Haben Sie das nicht erwartet, fragen Sie den Betreiber. Um wieder ein Gesicht hinzuzufügen, \
                 wählen Sie bei der Anmeldung „Passwort vergessen?“.",
            ),
            Self::PasswordReset => (
                "Your password was reset / Ihr Passwort wurde zurückgesetzt",
                "The password of your account was reset by a code from your mailbox. Every device that was \
                 signed in is signed out.\n\n\
                 If that was not you, somebody reads your mail: secure your mailbox first, then reset your \
                 password again.",
                "Das Passwort Ihres Kontos wurde mit einem Code aus Ihrem Postfach zurückgesetzt. Alle \
                 angemeldeten Geräte sind abgemeldet.\n\n\
                 Waren Sie das nicht, liest jemand Ihre E-Mails: Sichern Sie zuerst Ihr Postfach, und setzen \
                 Sie dann Ihr Passwort erneut zurück.",
            ),
            Self::AddressChange => (
                "Your e-mail address is being changed / Ihre E-Mail-Adresse wird geändert",
                "Somebody who is signed in to your account has asked to change its e-mail address. The new \
                 address counts as soon as it is confirmed, and this one does not any more.\n\n\
                 If that was not you, reset your password at once and tell the operator of the service.",
                "Jemand, der an Ihrem Konto angemeldet ist, will dessen E-Mail-Adresse ändern. Sobald die \
                 neue Adresse bestätigt ist, gilt diese hier nicht mehr.\n\n\
                 Waren Sie das nicht, setzen Sie sofort Ihr Passwort zurück, und benachrichtigen Sie den \
                 Betreiber.",
            ),
            Self::LockedOut => (
                "A way to sign in was locked / Ein Anmeldeweg wurde gesperrt",
                "There were too many failed sign-ins to your account. The way in that they took is locked: \
                 it admits one attempt a day from now on. None of those attempts got in.\n\n\
                 If you want to sign in sooner, take another way that the sign-in offers. If it was a way \
                 with your password and you did not try it yourself, reset your password.",
                "Bei Ihrem Konto sind zu viele Anmeldungen gescheitert. Der Weg, auf dem das geschah, ist \
                 gesperrt: Er lässt ab jetzt einen Versuch am Tag zu. Keiner der Versuche hatte Erfolg.\n\n\
                 Möchten Sie sich früher anmelden, wählen Sie einen anderen Weg, den die Anmeldung anbietet. \
                 War es ein Weg mit Ihrem Passwort und haben nicht Sie selbst es versucht, setzen Sie Ihr \
                 Passwort zurück.",
            ),
            Self::NewBrowser => (
                "A sign-in from a new browser / Eine Anmeldung mit einem neuen Browser",
                "Your account was signed in to from a browser or an app that was not used for it before, or \
                 not since the last reset of the password. If there were more of them today, this is all \
                 that you hear of them until they come again.\n\n\
                 If that was not you, reset your password: that signs everybody out. Whoever has a picture \
                 of you, and can sign in by that alone, is not kept out so: tell the operator of the service.",
                "An Ihrem Konto hat sich jemand mit einem Browser oder einer App angemeldet, die dafür \
                 bisher oder seit dem letzten Zurücksetzen des Passworts nicht benutzt wurden. Waren es heute \
                 mehrere, erfahren Sie von den übrigen erst, wenn sie wiederkommen.\n\n\
                 Waren Sie das nicht, setzen Sie Ihr Passwort zurück: Damit werden alle abgemeldet. Wer ein \
                 Bild von Ihnen hat und sich allein damit anmelden kann, bleibt dadurch nicht ausgesperrt: \
                 Benachrichtigen Sie den Betreiber.",
            ),
        }
    }
}

/// The day, in UTC, within which a notice is mailed once, such as `2026-11-28`.
///
/// ```
/// use signin_core::{notice::day, time::Timestamp};
/// assert_eq!(day(Timestamp::from_millis(951_868_799_999)), "2000-02-29");
/// ```
pub fn day(now: Timestamp) -> String {
    let moment = now.to_rfc3339();
    moment
        .split_once('T')
        .map(|(day, _)| day.to_owned())
        .unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn a_notice_is_known_by_its_name() {
        for notice in Notice::iter() {
            assert_eq!(Notice::parse(notice.name()), Some(notice));
        }
        assert_eq!(Notice::parse("NOTHING"), None);
    }

    #[test]
    fn a_notice_is_in_both_languages_and_asks_for_nothing() {
        for notice in Notice::iter() {
            let letter = notice.letter();
            let (english, german) = letter.text.split_once("\n\n--\n\n").expect("two languages");
            for (text, tells) in [(english, " not "), (german, " nicht")] {
                assert!(text.len() > 100 && text.contains(tells), "{notice:?}");
            }
            let whole = format!("{} {}", letter.subject, *letter.text).to_lowercase();
            // A link, or anything to be sent back, would be what an imitation asks for.
            for never in [
                "http",
                "www",
                "click",
                "klicken",
                "reply",
                "your code",
                "ihr code",
            ] {
                assert!(!whole.contains(never), "{notice:?}: {never}");
            }
        }
    }
}
