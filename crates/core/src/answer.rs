//! What a client answered.

use data_url::DataUrl;

use crate::reason::Reason;
use crate::secret::PictureBytes;

/// The longest answer, in bytes: Cognito's limit for a challenge response.
pub const MAX_ANSWER: usize = 131_072;

/// The most that may stand before the comma of a picture's URL, in bytes: its type, and parameters
/// such as a file's name.
pub const MAX_HEAD: usize = 1024;

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
    /// Reads `uploaded`, or a picture as a `data:` URL such as `data:image/jpeg;base64,…`. The
    /// picture is not looked at yet.
    ///
    /// Such a URL (RFC 2397) is read as browsers do, by the Fetch Standard: upper or lower case,
    /// with parameters, white space and line ends between the Base64 digits, with or without `=`
    /// at the end. It must be in Base64, in its own alphabet or in that for URLs (RFC 4648, section
    /// 5). Its type must be an image's; which one the picture is in fact shows later, by its bytes.
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
        let (head, data) = text.split_once(',').ok_or(Reason::NotAnImage)?;
        // The parser compares each parameter with all before it.
        if head.len() > MAX_HEAD || !head.trim_end().to_ascii_lowercase().ends_with("base64") {
            return Err(Reason::NotAnImage);
        }
        let text = format!("{head},{}", data.replace('-', "+").replace('_', "/"));
        let url = DataUrl::process(&text).map_err(|_| Reason::NotAnImage)?;
        if url.mime_type().type_ != "image" {
            return Err(Reason::NotAnImage);
        }
        let (bytes, _fragment) = url.decode_to_vec().map_err(|_| Reason::NotAnImage)?;
        Ok(Self::Inline(PictureBytes::new(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_can_be_the_whole_answer() {
        let lines = "AQIDBAUGBwgJ\r\n".repeat(3);
        for (text, bytes) in [
            ("data:image/jpeg;base64,AQID", &[1, 2, 3][..]),
            ("data:image/png;base64,AQID", &[1, 2, 3]),
            ("data:image/jpg;base64,AQID", &[1, 2, 3]),
            ("DATA:IMAGE/JPEG;BASE64,AQID", &[1, 2, 3]),
            ("data:image/jpeg;charset=utf-8;base64,AQID", &[1, 2, 3]),
            ("data:image/jpeg;name=\"a b.jpg\";base64,AQID", &[1, 2, 3]),
            ("data: image/jpeg ; base64 , AQID ", &[1, 2, 3]),
            (" data:image/jpeg;base64,AQID\n", &[1, 2, 3]),
            ("data:image/jpeg;base64,AQI=", &[1, 2]),
            ("data:image/jpeg;base64,AQI", &[1, 2]),
            ("data:image/jpeg;base64,AQI%3D", &[1, 2]),
            ("data:image/jpeg;base64,+/+/", &[0xfb, 0xff, 0xbf]),
            ("data:image/jpeg;base64,-_-_", &[0xfb, 0xff, 0xbf]),
            ("data:image/jpeg;base64,%2B%2f-/", &[0xfb, 0xff, 0xbf]),
            (
                &format!("data:image/jpeg;base64,{lines}"),
                &[1, 2, 3, 4, 5, 6, 7, 8, 9].repeat(3),
            ),
        ] {
            let answer = Answer::Inline(PictureBytes::new(bytes.to_vec()));
            assert_eq!(Answer::parse(text), Ok(answer), "{text}");
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
            "data:image/jpeg;base64,AQIDB",
            "data:image/jpeg;base64,AQ=I",
            "data:image/jpeg;base64,AQID====",
            "data:image/jpeg;base64",
            "data:image/jpeg,%FF%D8",
            &format!("data:image/jpeg{};base64,AQID", ";a=b".repeat(MAX_HEAD / 4)),
            &format!("data:image/jpeg{};base64,", ";a=b".repeat(30_000)),
            "data:text/html;base64,AQID",
            "data:;base64,AQID",
            "data:,AQID",
            "http://localhost/a,b",
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
