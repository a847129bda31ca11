//! What `SendEmail` is asked to send: one message in plain words, to one or several recipients.
//!
//! The request is held to the API model, and then to what is served here. Another member, such as a
//! template or an attachment, is refused: mail that leaves something out would not be what was sent.

use serde::Deserialize;

use super::Refusal;
use crate::error::{ApiError, ErrorCode};
use crate::mailbox::Message;
use crate::model::{Member, Shape, check, optional, required, text};

/// Recipients of a message (developer guide, "Service quotas").
const MAX_RECIPIENTS: usize = 50;

/// Bytes of an address with its name, as a line of mail takes them (RFC 5322, 2.1.1); of a subject too.
const MAX_LINE: usize = 998;
/// Bytes of an address before its `@`, and after it (RFC 5321, 4.5.3.1).
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;

/// Characters of a text, as of those that Cognito's triggers write. SES itself takes megabytes, and
/// the mailbox keeps thousands of letters in memory.
const MAX_TEXT: usize = 20_000;

/// The one character set that is served, beside ASCII where none is named.
const UTF_8: &str = "UTF-8";

const WORDS: Shape = text(None, None, None, true);
const CONTENT: Shape = Shape::Structure(&[required("Data", WORDS), optional("Charset", WORDS)]);
const MEMBERS: &[Member] = &[
    optional("FromEmailAddress", WORDS),
    optional(
        "FromEmailAddressIdentityArn",
        text(Some(1), None, None, true),
    ),
    optional(
        "Destination",
        Shape::Structure(&[optional("ToAddresses", Shape::List(&WORDS))]),
    ),
    required(
        "Content",
        Shape::Structure(&[optional(
            "Simple",
            Shape::Structure(&[
                required("Subject", CONTENT),
                required(
                    "Body",
                    Shape::Structure(&[optional("Text", CONTENT), optional("Html", CONTENT)]),
                ),
            ]),
        )]),
    ),
];

/// A message that SES may send, if its sender is verified and allowed to. It holds a code, and does
/// not print.
pub(crate) struct Outbound {
    /// The bare address.
    pub(crate) from: String,
    /// The ARN of the identity that it is to be sent with, where the request names one.
    pub(crate) identity: Option<String>,
    /// The recipients' bare addresses, at least one.
    pub(crate) to: Vec<String>,
    pub(crate) message: Message,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Request {
    from_email_address: Option<String>,
    from_email_address_identity_arn: Option<String>,
    destination: Option<Destination>,
    content: EmailContent,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    to_addresses: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct EmailContent {
    simple: Option<Simple>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Simple {
    subject: Content,
    body: Body,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Option<Content>,
    html: Option<Content>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    data: String,
    charset: Option<String>,
}

impl Outbound {
    /// Reads the body of a request.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body = serde_json::from_slice(body)
            // The text of a parse error may quote the body.
            .map_err(|_| Refusal::unreadable("The request is not JSON."))?;
        check(MEMBERS, &body).map_err(|error| as_ses_says(&error))?;
        let request: Request = serde_json::from_value(body).map_err(|_| {
            Refusal::bad_request(
                "Served on this machine are FromEmailAddress, FromEmailAddressIdentityArn, \
                 Destination.ToAddresses and Content.Simple with Subject, Body.Text and Body.Html; \
                 the request has another member.",
            )
        })?;
        let missing = |what: &str| Refusal::bad_request(format!("{what} is missing."));
        let from = request.from_email_address;
        let from = from.ok_or_else(|| missing("FromEmailAddress"))?;
        let destination = request.destination.unwrap_or_default();
        let to = destination.to_addresses.unwrap_or_default();
        if to.is_empty() {
            return Err(missing("A recipient"));
        }
        if to.len() > MAX_RECIPIENTS {
            return Err(Refusal::bad_request(format!(
                "Recipient count exceeds {MAX_RECIPIENTS}."
            )));
        }
        let simple = request.content.simple;
        let simple = simple.ok_or_else(|| missing("Content.Simple"))?;
        Ok(Self {
            from: bare(&from)?,
            identity: request.from_email_address_identity_arn,
            to: to.iter().map(|to| bare(to)).collect::<Result<_, _>>()?,
            message: simple.message()?,
        })
    }
}

impl Simple {
    /// The letter: in plain text where there is some, as a reader of mail without HTML shows it.
    fn message(self) -> Result<Message, Refusal> {
        let subject = self.subject.read()?;
        if subject.len() > MAX_LINE || subject.chars().any(char::is_control) {
            return Err(Refusal::bad_request(format!(
                "Subject is not one line of up to {MAX_LINE} bytes."
            )));
        }
        let text = self.body.text.map(Content::read).transpose()?;
        let html = self.body.html.map(Content::read).transpose()?;
        let body = text.or(html).ok_or_else(|| {
            Refusal::bad_request("Body has neither Text nor Html: one of them must be there.")
        })?;
        Ok(Message { subject, body })
    }
}

impl Content {
    /// The text as its readers see it: without a character set, only ASCII arrives.
    fn read(self) -> Result<String, Refusal> {
        if self.data.chars().count() > MAX_TEXT {
            return Err(Refusal::bad_request(format!(
                "A text on this machine has up to {MAX_TEXT} characters."
            )));
        }
        match self.charset {
            None => Ok(self
                .data
                .chars()
                .map(|char| if char.is_ascii() { char } else { '?' })
                .collect()),
            Some(charset) if charset.eq_ignore_ascii_case(UTF_8) => Ok(self.data),
            Some(_) => Err(Refusal::bad_request(format!(
                "Served on this machine is the character set {UTF_8}."
            ))),
        }
    }
}

/// The bare address in what may have a name before it: `ada@example.org` of
/// `Ada <ada@example.org>`.
pub(crate) fn bare(address: &str) -> Result<String, Refusal> {
    let refused = |told: &str| Err(Refusal::bad_request(told));
    if address.len() > MAX_LINE || !address.is_ascii() {
        return refused("Illegal address");
    }
    let bare = match address.strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, bare)| bare),
        None => address,
    };
    let Some((local, domain)) = bare.rsplit_once('@') else {
        return refused("Missing final '@domain'");
    };
    let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain(local) {
        return refused("Local address contains control or whitespace");
    }
    if !is_plain(domain) {
        return refused("Domain contains control or whitespace");
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let fits = (1..=MAX_LOCAL).contains(&local.len())
        && domain.len() <= MAX_DOMAIN
        && labels.len() > 1
        && !labels.contains(&"")
        && !bare.contains(['<', '>', ',', ';', '"'])
        && !local.contains('@');
    if fits {
        Ok(bare.to_owned())
    } else {
        refused("Illegal address")
    }
}

/// A complaint of the API model's in SES's terms: the words are the same.
fn as_ses_says(error: &ApiError) -> Refusal {
    if error.code == ErrorCode::Serialization {
        Refusal::unreadable(&error.message)
    } else {
        Refusal::bad_request(&error.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_name_before_it() {
        for (address, expected) in [
            ("ada@example.org", "ada@example.org"),
            ("Ada <ada@example.org>", "ada@example.org"),
            (
                "\"Lovelace, Ada\" <Ada+1@mail.example.org>",
                "Ada+1@mail.example.org",
            ),
            ("<ada@example.org>", "ada@example.org"),
        ] {
            assert_eq!(bare(address).as_deref(), Ok(expected), "{address}");
        }
        for address in [
            "",
            "ada",
            "ada@",
            "@example.org",
            "ada@example",
            "ada@.org",
            "ada@example..org",
            "ada@@example.org",
            "ada@example.org>",
            "<ada@example.org",
            "ada@example.org, bob@example.org",
            "ada @example.org",
            "ada@example.org\r\nBcc: bob@example.org",
            "adä@example.org",
            &format!("{}@example.org", "a".repeat(MAX_LOCAL + 1)),
            &format!("ada@{}.org", "a".repeat(MAX_DOMAIN)),
            &format!("{} <ada@example.org>", "a".repeat(MAX_LINE)),
        ] {
            assert!(bare(address).is_err(), "{address}");
        }
    }

    #[test]
    fn without_a_character_set_only_ascii_arrives() {
        let read = |charset: Option<&str>| {
            let content = Content {
                data: "für 123456".to_owned(),
                charset: charset.map(str::to_owned),
            };
            content.read()
        };
        assert_eq!(read(None).as_deref(), Ok("f?r 123456"));
        assert_eq!(read(Some("utf-8")).as_deref(), Ok("für 123456"));
        assert!(read(Some("Shift_JIS")).is_err());
    }
}
