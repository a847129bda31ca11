//! What was tried and what came of it: a table for people, one line of JSON for programs.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Map, Value, json};
use signin_client::IdentityClaims;

use crate::pictures::Pictures;

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    SignUp,
    Confirm,
    Password,
    Enrol,
    Live,
    FaceAlone,
    Verify,
    Impostor,
    TwoPeople,
    /// Only where the policy has a way in without a face.
    MailedCode,
}

impl Stage {
    /// All of them.
    const ALL: [Self; 10] = [
        Self::SignUp,
        Self::Confirm,
        Self::Password,
        Self::Enrol,
        Self::Live,
        Self::FaceAlone,
        Self::Verify,
        Self::Impostor,
        Self::TwoPeople,
        Self::MailedCode,
    ];

    /// The words for people.
    const fn title(self) -> &'static str {
        match self {
            Self::SignUp => "sign up with consent",
            Self::Confirm => "confirm with the mailed code",
            Self::Password => "sign in with the password",
            Self::Enrol => "enrol the document's face",
            Self::Live => "compare it with a live picture",
            Self::FaceAlone => "sign in again by face alone",
            Self::Verify => "verify the tokens",
            Self::Impostor => "try somebody else's face",
            Self::TwoPeople => "try a picture of two people",
            Self::MailedCode => "sign in without a face",
        }
    }

    /// The name for programs.
    const fn key(self) -> &'static str {
        match self {
            Self::SignUp => "signUp",
            Self::Confirm => "confirm",
            Self::Password => "password",
            Self::Enrol => "enrol",
            Self::Live => "live",
            Self::FaceAlone => "faceAlone",
            Self::Verify => "verify",
            Self::Impostor => "impostor",
            Self::TwoPeople => "twoPeople",
            Self::MailedCode => "mailedCode",
        }
    }
}

/// What came of a stage.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was tried.
    pub(crate) stage: Stage,
    /// What came of it, in a few words.
    pub(crate) result: String,
    /// How similar the picture is to the enrolled one, 0 to 100.
    pub(crate) similarity: Option<f64>,
    /// How long it took.
    pub(crate) took: Duration,
    /// Why it did not hold and what to do; none where it held.
    pub(crate) advice: Option<String>,
}

/// The table, written row by row, and what it says.
pub(crate) struct Report<W> {
    out: W,
    /// Whether there is a way in without a face.
    mails: bool,
    rows: Vec<Row>,
    claims: Option<IdentityClaims>,
}

/// A line of the table.
fn line(step: &str, result: &str, similarity: &str, milliseconds: &str) -> String {
    let text = format!("  {step:<31} {result:<41} {similarity:>10} {milliseconds:>7}");
    text.trim_end().to_owned()
}

/// A similarity with two figures after the point, rounded down: only equal faces are 100 % alike.
fn percent(similarity: f64) -> String {
    format!("{:.2} %", (similarity * 100.0).floor() / 100.0)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl<W: Write> Report<W> {
    /// An empty report; with or without a sign-in by a mailed code in it.
    pub(crate) fn new(out: W, mails: bool) -> Self {
        Self {
            out,
            mails,
            rows: Vec::new(),
            claims: None,
        }
    }

    /// Says which pictures are shown, and begins the table.
    pub(crate) fn begin(&mut self, pictures: &Pictures) -> io::Result<()> {
        writeln!(self.out)?;
        for (title, picture) in [
            ("enrolled", &pictures.enrolment),
            ("to sign in with", &pictures.sign_in),
            ("somebody else", &pictures.impostor),
            ("two people", &pictures.two_people),
        ] {
            writeln!(self.out, "  {title:<16} {}", picture.name)?;
        }
        let dashes = |length| "-".repeat(length);
        writeln!(self.out)?;
        writeln!(self.out, "{}", line("step", "result", "similarity", "ms"))?;
        writeln!(
            self.out,
            "{}",
            line(&dashes(31), &dashes(41), &dashes(10), &dashes(7))
        )
    }

    /// Adds a row, and shows it.
    pub(crate) fn add(&mut self, row: Row) -> io::Result<()> {
        let similarity = row.similarity.map(percent).unwrap_or_default();
        let milliseconds = milliseconds(row.took).to_string();
        writeln!(
            self.out,
            "{}",
            line(row.stage.title(), &row.result, &similarity, &milliseconds)
        )?;
        self.rows.push(row);
        self.out.flush()
    }

    /// Keeps what the verified identity token says.
    pub(crate) fn claim(&mut self, claims: IdentityClaims) {
        self.claims = Some(claims);
    }

    /// Explains what did not hold, and says in words what was shown.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        writeln!(self.out)?;
        for row in &self.rows {
            if let Some(advice) = &row.advice {
                writeln!(self.out, "  {}: {advice}", row.stage.title())?;
            }
        }
        let summary = self.summary();
        writeln!(self.out, "{summary}")
    }

    fn held(&self, stage: Stage) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.stage == stage && row.advice.is_none())
    }

    /// The user came to tokens by password, document and live picture.
    fn enrolled(&self) -> bool {
        self.held(Stage::Live)
    }

    /// The user came to tokens that are good by face alone.
    fn signed_in(&self) -> bool {
        self.held(Stage::FaceAlone) && self.held(Stage::Verify)
    }

    /// Whether everything was tried and held.
    pub(crate) fn all_held(&self) -> bool {
        let all = Stage::ALL.into_iter();
        all.filter(|stage| self.mails || *stage != Stage::MailedCode)
            .all(|stage| self.held(stage))
    }

    fn summary(&self) -> String {
        if self.all_held() {
            let mut shown =
                "Shown: a face was enrolled and signed in by itself, with tokens that the \
                    pool's keys verify; somebody else's face and a picture of two people were \
                    refused"
                    .to_owned();
            if self.mails {
                shown.push_str("; without a face, the password and a mailed code signed in");
            }
            return shown + ".";
        }
        let mut text = "Not shown:".to_owned();
        let mut separator = "";
        for (held, what) in [
            (self.enrolled(), "that the face is enrolled"),
            (self.signed_in(), "that it signs in by itself"),
            (
                self.held(Stage::Impostor),
                "that somebody else's face is refused",
            ),
            (
                self.held(Stage::TwoPeople),
                "that a picture of two people is refused",
            ),
            (
                !self.mails || self.held(Stage::MailedCode),
                "that a mailed code signs in without a face",
            ),
        ] {
            if !held {
                let _ = write!(text, "{separator} {what}");
                separator = ",";
            }
        }
        text.push('.');
        text
    }

    /// Everything as one object. Similarities are 0 to 100, times milliseconds.
    pub(crate) fn json(&self, pictures: &Pictures) -> Value {
        let of_rows = |value: fn(&Row) -> Option<Value>| -> Map<String, Value> {
            let rows = self.rows.iter();
            rows.filter_map(|row| Some((row.stage.key().to_owned(), value(row)?)))
                .collect()
        };
        let mut timings = of_rows(|row| Some(milliseconds(row.took).into()));
        let total = self.rows.iter().map(|row| row.took).sum();
        timings.insert("total".to_owned(), milliseconds(total).into());
        let names: Map<String, Value> = pictures
            .all()
            .map(|(purpose, picture)| (purpose.to_owned(), picture.name.as_str().into()))
            .into_iter()
            .collect();
        json!({
            "enrolled": self.enrolled(),
            "signedIn": self.signed_in(),
            "impostorRefused": self.held(Stage::Impostor),
            "twoPeopleRefused": self.held(Stage::TwoPeople),
            "signedInByCode": self.mails.then(|| self.held(Stage::MailedCode)),
            "claims": self.claims,
            "timings": timings,
            "similarities": of_rows(|row| row.similarity.map(Value::from)),
            "results": of_rows(|row| Some(row.result.as_str().into())),
            "advice": of_rows(|row| row.advice.as_deref().map(Value::from)),
            "pictures": names,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn pictures() -> Pictures {
        Pictures::named(["ada.jpg", "ada-2.jpg", "bob.jpg", "pair.jpg"])
    }

    fn row(stage: Stage) -> Row {
        Row {
            stage,
            result: "as expected".to_owned(),
            similarity: (stage == Stage::FaceAlone).then_some(99.998),
            took: Duration::from_micros(41_900),
            advice: None,
        }
    }

    fn report(rows: impl IntoIterator<Item = Row>) -> Report<Vec<u8>> {
        let mut report = Report::new(Vec::new(), true);
        report.begin(&pictures()).unwrap();
        for row in rows {
            report.add(row).unwrap();
        }
        report.end().unwrap();
        report
    }

    fn text(report: &Report<Vec<u8>>) -> &str {
        std::str::from_utf8(&report.out).unwrap()
    }

    #[test]
    fn the_table_stands_in_columns() {
        let report = report(Stage::ALL.map(row));
        let table: Vec<&str> = text(&report).lines().collect();
        let end = table
            .iter()
            .position(|line| line.starts_with("  step"))
            .unwrap();
        assert!(table[..end].iter().any(|line| line.ends_with(" ada-2.jpg")));
        for (title, width) in [("result", 40), ("ms", 94)] {
            let found = table[end].find(title).unwrap() + if title == "ms" { 2 } else { 6 };
            assert_eq!(found, width, "{title}");
        }
        for line in &table[end..end + 2 + Stage::ALL.len()] {
            assert_eq!(line.len(), 94, "{line}");
        }
        assert!(text(&report).contains("  99.99 %      41\n"));
    }

    #[test]
    fn everything_held_is_said_last() {
        let report = report(Stage::ALL.map(row));
        assert!(report.all_held());
        let last = text(&report).lines().last().unwrap();
        assert!(last.starts_with("Shown: a face was enrolled"), "{last}");
        assert!(last.ends_with("a mailed code signed in."), "{last}");
    }

    #[test]
    fn where_nothing_is_mailed_nothing_is_missing() {
        let mut report = Report::new(Vec::new(), false);
        for stage in Stage::ALL
            .into_iter()
            .filter(|stage| *stage != Stage::MailedCode)
        {
            report.add(row(stage)).unwrap();
        }
        report.end().unwrap();
        assert!(report.all_held());
        assert!(!text(&report).contains("without a face"));
        assert_eq!(report.json(&pictures())["signedInByCode"], Value::Null);
    }

    #[test]
    fn what_did_not_hold_is_explained_and_named() {
        let rows = Stage::ALL.map(|stage| Row {
            advice: (stage == Stage::Impostor).then(|| "Take another picture.".to_owned()),
            ..row(stage)
        });
        let report = report(rows);
        assert!(!report.all_held());
        assert!(text(&report).contains("somebody else's face: Take another picture."));
        assert_eq!(
            text(&report).lines().last().unwrap(),
            "Not shown: that somebody else's face is refused."
        );
    }

    #[test]
    fn what_was_not_tried_did_not_hold() {
        for length in 0..Stage::ALL.len() {
            let report = report(Stage::ALL[..length].iter().copied().map(row));
            assert!(!report.all_held());
            assert!(text(&report).contains("Not shown:"));
        }
    }

    #[test]
    fn the_json_is_one_line_with_everything_a_program_asks_for() {
        let rows = Stage::ALL.map(|stage| Row {
            advice: (stage == Stage::TwoPeople).then(|| "Crop it.".to_owned()),
            ..row(stage)
        });
        let mut report = report(rows);
        let claims = json!({
            "sub": "s", "cognito:username": "u", "iss": "i", "aud": "a", "auth_time": 1, "iat": 1,
            "exp": 2, "token_use": "id", "email": "ada@example.org"
        });
        report.claim(serde_json::from_value(claims.clone()).unwrap());
        let json = report.json(&pictures());
        assert_eq!(json.to_string().lines().count(), 1);
        assert_eq!(json["enrolled"], true);
        assert_eq!(json["signedIn"], true);
        assert_eq!(json["impostorRefused"], true);
        assert_eq!(json["twoPeopleRefused"], false);
        assert_eq!(json["claims"], claims);
        assert_eq!(json["timings"]["faceAlone"], 41);
        assert_eq!(json["timings"]["total"], 419);
        assert_eq!(json["similarities"], json!({ "faceAlone": 99.998 }));
        assert_eq!(json["advice"], json!({ "twoPeople": "Crop it." }));
        assert_eq!(json["pictures"]["impostor"], "bob.jpg");
    }

    #[test]
    fn a_token_that_was_not_verified_is_no_sign_in() {
        let report = report(
            Stage::ALL
                .into_iter()
                .filter(|stage| *stage != Stage::Verify)
                .map(row),
        );
        let json = report.json(&pictures());
        assert_eq!(json["signedIn"], false);
        assert_eq!(json["claims"], Value::Null);
    }
}
