//! What a client answered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::reason::Reason;
use crate::secret::PictureBytes;

/// The longest answer, in bytes: Cognito's limit for a challenge response.
pub const MAX_ANSWER: usize = 131_072;

/// The answer to a challenge that wants a picture. It names nothing: the key, the bucket and
/// the user come from the challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The picture lies at the key that the challenge named.
    Uploaded,
    /// The picture itself.
    Inline(PictureBytes),
}

impl Answer {
    /// Reads `uploaded`, `data:image/jpeg;base64,…` or `data:image/png;base64,…`. The picture
    /// is not looked at yet.
    ///
    /// ```
    /// use signin_core::{answer::Answer, reason::Reason};
    /// assert_eq!(Answer::parse("uploaded"), Ok(Answer::Uploaded));
    /// assert_eq!(Answer::parse("s3://bucket/key"), Err(Reason::NotAnImage));
    /// ```
    pub fn parse(text: &str) -> Result<Self, Reason> {
        if text.len() > MAX_ANSWER {
            return Err(Reason::TooLarge);
        }
        if text == "uploaded" {
            return Ok(Self::Uploaded);
        }
        let encoded = ["data:image/jpeg;base64,", "data:image/png;base64,"]
            .into_iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .ok_or(Reason::NotAnImage)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| Reason::NotAnImage)?;
        Ok(Self::Inline(PictureBytes::new(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_can_be_the_whole_answer() {
        for kind in ["jpeg", "png"] {
            let answer = Answer::parse(&format!("data:image/{kind};base64,AQID")).unwrap();
            assert_eq!(answer, Answer::Inline(PictureBytes::new(vec![1, 2, 3])));
        }
    }

    #[test]
    fn an_answer_that_is_not_understood_is_refused_with_a_reason() {
        for text in [
            "",
            "Uploaded",
            "uploaded ",
            "uploaded:enrolments/somebody/else",
            "data:image/jpeg;base64,@@@",
            "data:image/jpeg;base64,AQI",
            "data:image/svg+xml;base64,AQID",
            "data:image/jpeg,AQID",
            "{\"key\":\"enrolments/somebody\"}",
            "\0",
            &"x".repeat(MAX_ANSWER),
        ] {
            assert_eq!(Answer::parse(text), Err(Reason::NotAnImage), "{text:.60}");
        }
        assert_eq!(
            Answer::parse(&"x".repeat(MAX_ANSWER + 1)),
            Err(Reason::TooLarge)
        );
    }
}
