//! A round of the sign-in: what is asked, and what is answered.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use signin_core::answer::MAX_ANSWER;
use signin_core::face_data::{FaceData, Model};
use signin_core::policy::Chain;
use signin_core::reason::Reason;
use signin_core::step::Step;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::error::ClientError;
use crate::tokens::Tokens;

/// What comes after a call of the sign-in.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Round {
    /// There is something to answer.
    Challenge(Challenge),
    /// The user is signed in.
    Tokens(Tokens),
}

/// A custom challenge.
#[derive(Clone)]
pub struct Challenge {
    /// The step that is asked for.
    pub step: Step,
    /// The challenge's id.
    pub challenge_id: String,
    /// Where a picture can be put; nowhere, where none is asked for.
    pub upload: Upload,
    /// The model of the face data that are asked for; none where a picture is.
    pub model: Option<Model>,
    /// The chains of the policy that are on offer; none where something else than a choice is asked for.
    pub chains: Vec<Chain>,
    /// All that the stack says of it, by name.
    pub parameters: HashMap<String, String>,
    /// When challenge and upload end.
    pub expires_at: OffsetDateTime,
    /// Attempts left in this sign-in.
    pub attempts_left: u32,
    /// Why the last attempt did not pass, where that is told.
    pub reason: Option<Reason>,
    /// How long to wait before the next attempt, where a wait is due.
    pub retry_after: Option<Duration>,
    /// The version of the consent text that an answer must agree to, where no consent that counts
    /// is on record: see [`Challenge::agreeing`].
    pub consent: Option<String>,
    /// The version that the answer will agree to.
    pub(crate) agreed: Option<String>,
    /// What every answer of this sign-in carries, so that only it gets the tokens.
    pub(crate) pass_nonce: Option<String>,
    /// The pool's name for the user, which an answer repeats.
    pub(crate) user_name: String,
    /// The session that an answer uses up.
    pub(crate) session: String,
}

/// A presigned S3 POST.
#[derive(Clone, Default)]
pub struct Upload {
    /// Where to post.
    pub url: String,
    /// What the form holds before the file.
    pub fields: BTreeMap<String, String>,
}

/// What answers a challenge.
#[derive(Clone)]
pub enum Answer {
    /// The picture lies where the challenge said.
    Uploaded,
    /// The picture itself.
    Inline {
        /// The file.
        bytes: Vec<u8>,
        /// `image/jpeg` or `image/png`.
        mime: &'static str,
    },
    /// Face data, which the app has computed from a picture of its own.
    FaceData(FaceData),
    /// The chain to walk.
    Chain(Chain),
    /// Any other words, as a client might send that does not keep the protocol.
    Text(String),
}

impl Answer {
    /// Whether Cognito takes an answer of this length: at most 131,072 characters. A picture that
    /// is too long to be sent inline is uploaded.
    pub fn fits(&self) -> bool {
        self.to_text().len() <= MAX_ANSWER
    }

    /// The `ANSWER` on the wire.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Uploaded => "uploaded".to_owned(),
            Self::Inline { bytes, mime } => {
                format!("data:{mime};base64,{}", STANDARD.encode(bytes))
            }
            Self::FaceData(data) => data.to_document().to_string(),
            Self::Chain(chain) => chain.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Challenge {
    /// The same, whose answer agrees to the consent text in the version that was asked for; nothing
    /// changes where none was.
    #[must_use]
    pub fn agreeing(mut self) -> Self {
        self.agreed.clone_from(&self.consent);
        self
    }

    /// The same, whose answer agrees to a version of the consent text whatever was asked for.
    #[must_use]
    pub fn agreeing_to(mut self, version: &str) -> Self {
        self.agreed = Some(version.to_owned());
        self
    }

    /// The same, with another nonce in its answer and those that follow, or with none: as a client
    /// from before, or somebody else's, would answer.
    #[must_use]
    pub fn with_pass_nonce(mut self, nonce: Option<String>) -> Self {
        self.pass_nonce = nonce;
        self
    }

    /// The pool's name for the user who is asked: an account's, or the dummy of one that is unknown.
    pub fn user_name(&self) -> &str {
        &self.user_name
    }

    /// Reads a challenge's public parameters.
    pub(crate) fn read(
        parameters: &HashMap<String, String>,
        session: String,
    ) -> Result<Self, ClientError> {
        let required = |name: &str| {
            parameters
                .get(name)
                .map(String::as_str)
                .ok_or_else(|| ClientError::missing(name))
        };
        let wrong = |name: &str| ClientError::Protocol(format!("{name} is not understood"));
        let expires_at = OffsetDateTime::parse(required("expiresAt")?, &Rfc3339)
            .map_err(|_error| wrong("expiresAt"))?;
        let reason = parameters
            .get("reason")
            .map(|name| Reason::parse(name).ok_or_else(|| wrong("reason")))
            .transpose()?;
        let retry_after = parameters
            .get("retryAfter")
            .map(|seconds| seconds.parse().map_err(|_error| wrong("retryAfter")))
            .transpose()?;
        let model = parameters
            .get("model")
            .map(|name| name.parse().map_err(|_error| wrong("model")))
            .transpose()?;
        let chains = parameters.get("chains").map(|chains| {
            let chains = chains.split(',').map(str::parse);
            chains
                .collect::<Result<_, _>>()
                .map_err(|_error| wrong("chains"))
        });
        let chains: Vec<Chain> = chains.transpose()?.unwrap_or_default();
        // Only a step that takes a picture has a form for it.
        let has_a_form = ["uploadUrl", "uploadFields"]
            .iter()
            .any(|name| parameters.contains_key(*name));
        let upload = if has_a_form {
            Upload {
                url: required("uploadUrl")?.to_owned(),
                fields: serde_json::from_str(required("uploadFields")?)
                    .map_err(|_error| wrong("uploadFields"))?,
            }
        } else {
            Upload::default()
        };
        Ok(Self {
            step: Step::parse(required("step")?).ok_or_else(|| wrong("step"))?,
            challenge_id: required("challengeId")?.to_owned(),
            upload,
            model,
            chains,
            parameters: parameters.clone(),
            expires_at,
            attempts_left: required("attemptsLeft")?
                .parse()
                .map_err(|_error| wrong("attemptsLeft"))?,
            reason,
            retry_after: retry_after.map(Duration::from_secs),
            consent: parameters.get("consent").cloned(),
            agreed: None,
            pass_nonce: None,
            user_name: required("USERNAME")?.to_owned(),
            session,
        })
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Challenge")
            .field("step", &self.step)
            .field("challenge_id", &self.challenge_id)
            .field("attempts_left", &self.attempts_left)
            .field("reason", &self.reason)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Upload").finish_non_exhaustive()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Uploaded => "Uploaded",
            Self::Inline { .. } => "Inline(..)",
            Self::FaceData(_) => "FaceData(..)",
            Self::Chain(_) => "Chain(..)",
            Self::Text(_) => "Text(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use signin_core::factor::Factor;

    fn parameters() -> HashMap<String, String> {
        [
            ("step", "FACE"),
            ("challengeId", "c1"),
            ("uploadUrl", "http://127.0.0.1:1/bucket"),
            ("uploadFields", r#"{"key": "sign-in/c1"}"#),
            ("expiresAt", "2026-11-21T00:15:00Z"),
            ("attemptsLeft", "2"),
            ("reason", "TRY_LATER"),
            ("retryAfter", "30"),
            ("USERNAME", "ada"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn a_challenge_is_read_whole() {
        let challenge = Challenge::read(&parameters(), "session".to_owned()).unwrap();
        assert_eq!(challenge.step, Step::Verify(Factor::Face));
        assert_eq!(challenge.upload.fields["key"], "sign-in/c1");
        assert_eq!(challenge.attempts_left, 2);
        assert_eq!(challenge.reason, Some(Reason::TryLater));
        assert_eq!(challenge.retry_after, Some(Duration::from_secs(30)));
        assert_eq!(challenge.expires_at.unix_timestamp(), 1_795_220_100);
    }

    #[test]
    fn an_answer_agrees_to_what_was_asked_for_and_only_when_told_to() {
        let mut parameters = parameters();
        let silent = Challenge::read(&parameters, String::new()).unwrap();
        assert_eq!(silent.agreeing().agreed, None);
        parameters.insert("consent".to_owned(), "3".to_owned());
        let asked = Challenge::read(&parameters, String::new()).unwrap();
        assert_eq!(asked.consent.as_deref(), Some("3"));
        assert_eq!(asked.agreed, None);
        assert_eq!(asked.agreeing().agreed.as_deref(), Some("3"));
    }

    #[test]
    fn a_challenge_for_face_data_names_their_model_and_no_upload() {
        let mut parameters = parameters();
        parameters.remove("uploadUrl");
        parameters.remove("uploadFields");
        parameters.insert("step".to_owned(), "FACE_DATA".to_owned());
        parameters.insert("model".to_owned(), "mesh-468".to_owned());
        let challenge = Challenge::read(&parameters, "session".to_owned()).unwrap();
        assert_eq!(challenge.step, Step::Verify(Factor::FaceData));
        assert_eq!(challenge.model, Some(Model::Mesh468));
        assert!(challenge.upload.url.is_empty() && challenge.upload.fields.is_empty());
        parameters.insert("model".to_owned(), "garbage".to_owned());
        let error = Challenge::read(&parameters, String::new()).unwrap_err();
        assert!(error.to_string().contains("model"), "{error}");
    }

    #[test]
    fn a_challenge_that_lacks_something_or_garbles_it_is_none() {
        for name in [
            "step",
            "challengeId",
            "uploadUrl",
            "uploadFields",
            "expiresAt",
            "USERNAME",
        ] {
            let mut parameters = parameters();
            parameters.remove(name);
            let error = Challenge::read(&parameters, String::new()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        for name in [
            "step",
            "uploadFields",
            "expiresAt",
            "attemptsLeft",
            "reason",
            "retryAfter",
        ] {
            let mut parameters = parameters();
            parameters.insert(name.to_owned(), "garbage".to_owned());
            let error = Challenge::read(&parameters, String::new()).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn answers_are_written_as_the_protocol_wants_them() {
        assert_eq!(Answer::Uploaded.to_text(), "uploaded");
        let inline = Answer::Inline {
            bytes: vec![1, 2, 3],
            mime: "image/png",
        };
        assert_eq!(inline.to_text(), "data:image/png;base64,AQID");
        let data = FaceData::new(Model::Descriptor128, vec![0.5; 128]).unwrap();
        let text = Answer::FaceData(data.clone()).to_text();
        assert!(text.starts_with(r#"{"model":"descriptor-128","values":[0.5,"#));
        assert_eq!(FaceData::parse(Model::Descriptor128, &text), Ok(data));
    }

    #[test]
    fn an_answer_fits_up_to_the_limit_and_no_further() {
        // 23 characters before 131,049 of base64, which come in fours: 98,286 bytes fit.
        let inline = |length| Answer::Inline {
            bytes: vec![0; length],
            mime: "image/jpeg",
        };
        assert!(inline(98_286).fits());
        assert!(!inline(98_287).fits());
        assert!(Answer::Uploaded.fits());
    }

    #[test]
    fn nothing_that_opens_a_door_is_printed() {
        let challenge = Challenge::read(&parameters(), "session".to_owned()).unwrap();
        let challenge = challenge.with_pass_nonce(Some("nonce".to_owned()));
        let text = format!("{challenge:?} {:?}", challenge.upload);
        for hidden in ["session", "sign-in/", "nonce"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}
