//! The mail that a running stack would have sent. Its mailbox wants the stack's key, which a page
//! does not have: whoever attempts the page reads their code here.

use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::outputs;
use crate::stack::http;

/// What of a stack's outputs is needed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Outputs {
    cognito_endpoint: String,
    secret_access_key: String,
}

/// A letter, as the mailbox lists it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Letter {
    to: String,
    subject: String,
    body: String,
    sent_at: String,
}

/// Prints the letters to everybody, or to one address, newest first.
pub(crate) fn show(dir: &Path, to: Option<&str>) -> Result<()> {
    let outputs: Outputs = outputs::read(dir)?;
    let query = to.map_or_else(String::new, |to| format!("?to={}", encoded(to)));
    let url = format!("{}/_local/mailbox{query}", outputs.cognito_endpoint);
    let key = format!("Authorization: Bearer {}\r\n", outputs.secret_access_key);
    let (status, body) = http::get(&url, &key).context("the local Cognito does not answer")?;
    if status != 200 {
        bail!("the local Cognito answered {status} to the question for mail");
    }
    let letters: Vec<Letter> =
        serde_json::from_str(&body).context("the mailbox is not understood")?;
    if letters.is_empty() {
        eprintln!("no mail");
    }
    stdout()
        .write_all(shown(&letters).as_bytes())
        .context("cannot write to the terminal")
}

/// A line for each letter.
fn shown(letters: &[Letter]) -> String {
    let line = |letter: &Letter| {
        let Letter {
            to,
            subject,
            body,
            sent_at,
        } = letter;
        format!("{sent_at}  {to}  {subject}: {body}\n")
    };
    letters.iter().map(line).collect()
}

/// An address as a query takes it.
fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_in_its_place_in_the_query() {
        assert_eq!(encoded("ada+1@example.org&x"), "ada%2B1%40example.org%26x");
    }

    #[test]
    fn a_letter_is_a_line() {
        let letter = Letter {
            to: "ada@example.org".to_owned(),
            subject: "Your code".to_owned(),
            body: "Your code is 123456.".to_owned(),
            sent_at: "2026-11-26T17:51:00Z".to_owned(),
        };
        let line = "2026-11-26T17:51:00Z  ada@example.org  Your code: Your code is 123456.\n";
        assert_eq!(shown(&[letter]), line);
    }
}
