//! What `docs/protocol.md` tells the author of a client, held to the code both ways, and its requests
//! sent as they stand there.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cognito_srp::{Challenge as SrpChallenge, Client as SrpClient, Identity};
use e2e::clock;
use e2e::document::{checkout, code, read, section, table};
use e2e::people::{newest_code, sign_in_code};
use e2e::pictures;
use e2e::stack::{Stack, Variant, fresh_email};
use e2e::template::Template;
use regex_lite::Regex;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signin_core::answer::{MAX_ANSWER, MAX_HEAD};
use signin_core::challenge::{self, PresignedPost, PublicChallenge, Wanted};
use signin_core::enrolment::MAX_RECOGNITIONS;
use signin_core::face::{MAX_TURN, MIN_BRIGHTNESS, MIN_SHARPNESS, MIN_SIZE};
use signin_core::face_data::{
    DESCRIPTOR_LENGTH, DESCRIPTOR_RANGE, MAX_DOCUMENT, MESH_LENGTH, MESH_RANGE, MESH_SIZE, Model,
};
use signin_core::factor::{Asking, Factor, Wants, email_code};
use signin_core::id::ChallengeId;
use signin_core::lockout::{
    FAILURES_TO_LOCK, FAST_FALLS, FIRST_WAIT, FREE_FAILURES, LONGEST_WAIT, SLOW_FALLS,
    UNUSABLE_FALLS, UNUSABLE_FREE,
};
use signin_core::mail;
use signin_core::pass::MAX_NONCE;
use signin_core::picture::{MAX_BYTES, MAX_PIXELS, MIN_SIDE};
use signin_core::profile::Profile;
use signin_core::reason::Reason;
use signin_core::session::MAX_FALSE_ENTRIES;
use signin_core::sign_up::MAX_BINDING_SECRET;
use signin_core::step::{MAX_WRONG, Step};
use signin_core::time::Timestamp;
use signin_core::{answer::Answer, budget};
use strum::IntoEnumIterator as _;

/// The document.
const PROTOCOL: &str = "docs/protocol.md";

/// Values by the names that stand in angle brackets.
type Values = BTreeMap<&'static str, String>;

/// The names in the first column of a table, each in code. None stands there twice.
fn names(text: &str, first: &str) -> BTreeSet<String> {
    let rows = table(text, first);
    let found: BTreeSet<String> = rows
        .iter()
        .flat_map(|row| code(&row[0]).into_iter().map(str::to_owned))
        .collect();
    assert_eq!(found.len(), rows.len(), "the table of {first}");
    found
}

fn owned<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_reason_has_one_row_and_no_row_names_another() {
    let known = owned(Reason::iter().map(Reason::name));
    assert_eq!(names(&read(PROTOCOL), "reason"), known);
}

#[test]
fn every_challenge_parameter_is_described_and_no_other() {
    let all = |wanted, step| PublicChallenge {
        step,
        id: ChallengeId::from_random([7; 16]),
        wanted,
        expires_at: Timestamp::from_millis(1_800_000_000_000),
        attempts_left: 3,
        reason: Some(Reason::TryLater),
        retry_after: Some(LONGEST_WAIT),
        consent: Some("1".to_owned()),
    };
    let upload = PresignedPost {
        url: "https://documents.s3.eu-central-1.amazonaws.com/".to_owned(),
        fields: BTreeMap::new(),
    };
    let named = |wants| match wants {
        Wants::Parameters(named) => Wanted::Parameters(named),
        Wants::Picture => panic!("nothing is uploaded"),
    };
    let by_factor = Factor::iter().filter_map(|factor| {
        let nobody = Asking {
            profile: &Profile::default(),
            challenge: &ChallengeId::from_random([7; 16]),
            code: None,
            now: Timestamp::default(),
        };
        match factor.ordinary(nobody).wants(Model::Mesh468) {
            Wants::Picture => None,
            wants @ Wants::Parameters(_) => Some(all(named(wants), Step::Verify(factor))),
        }
    });
    let asked: Vec<PublicChallenge> = [
        all(Wanted::Picture(upload), Step::Enrol),
        all(named(challenge::choice(&[])), Step::Select),
    ]
    .into_iter()
    .chain(by_factor)
    .collect();
    let emitted = asked
        .iter()
        .flat_map(|asked| asked.to_parameters().into_keys());
    let emitted: BTreeSet<String> = emitted.collect();
    let text = read(PROTOCOL);
    assert_eq!(names(&text, "parameter"), emitted);

    // And so are the values that are names.
    let values = |parameter: &str| {
        let rows = table(&text, "parameter");
        let row = rows.into_iter().find(|row| row[0] == parameter).unwrap();
        owned(code(&row[2]))
    };
    assert_eq!(values("`step`"), owned(Step::all().map(Step::name)));
    assert_eq!(values("`model`"), owned(Model::ALL.map(Model::name)));
    let longest = LONGEST_WAIT.max(budget::OLD_SESSIONS_LIVE).as_secs();
    assert!(text.contains(&format!("from 1 to {} until", grouped(longest))));
}

#[test]
fn the_metadata_that_functions_read_are_described_and_no_others() {
    let read_by_code =
        Regex::new(r#"(?:sent\(|client_metadata\(|client_metadata\s*\.get\()"([A-Za-z]+)"\)"#)
            .unwrap();
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(checkout().join("crates/lambda/src")).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let shipped = source.split("#[cfg(test)]").next().unwrap();
        let reads = read_by_code.captures_iter(shipped);
        found.extend(reads.map(|read| read[1].to_owned()));
    }
    assert_eq!(names(&read(PROTOCOL), "member"), found);
}

#[test]
fn what_functions_tell_a_browser_is_among_the_errors() {
    let text = read(PROTOCOL);
    let errors = section(&text, "## Errors");
    for (source, told) in [
        ("crates/lambda/src/error.rs", r#"let message = "([^"]+)""#),
        (
            "crates/core/src/sign_up.rs",
            r#"#\[error\("([^":{]+)[^"]*"\)\]"#,
        ),
    ] {
        let source = read(source);
        let told = Regex::new(told).unwrap();
        let mut seen = 0;
        for message in told.captures_iter(&source) {
            // What differs from one to the other of a kind is left out there.
            let message = message[1].split(" must ").next().unwrap_or_default();
            assert!(errors.contains(message), "nothing is said of: {message}");
            seen += 1;
        }
        assert!(seen > 3, "{seen} messages");
    }
    // And nothing that they never say.
    let sources = read("crates/lambda/src/error.rs") + &read("crates/core/src/sign_up.rs");
    for told in code(errors) {
        if let Some((_, message)) = told.split_once(" failed with error ")
            && !message.contains('<')
        {
            let message = message.trim_end_matches(['.', '…', ' ']);
            assert!(sources.contains(message), "nobody says: {message}");
        }
    }
}

/// A whole number as the documents write it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Holds a table of figures to the constants, both ways.
fn are(document: &str, heading: &str, expected: &[(&str, String)]) {
    let text = read(document);
    let rows = table(section(&text, heading), "what");
    let rows: Vec<(&str, &str)> = rows
        .iter()
        .map(|row| (row[0].as_str(), row[1].as_str()))
        .collect();
    let expected: Vec<(&str, &str)> = expected
        .iter()
        .map(|(what, figure)| (*what, figure.as_str()))
        .collect();
    assert_eq!(rows, expected, "{document}, {heading}");
}

/// The shortest password, and how long tokens and refresh tokens are good.
fn set_by_the_template() -> [String; 3] {
    let template = Template::read();
    let of = |kind| {
        let (_, resource) = template.resources(kind).next().unwrap();
        &resource["Properties"]
    };
    let pool = of("AWS::Cognito::UserPool");
    let client = of("AWS::Cognito::UserPoolClient");
    for (token, unit) in [
        ("IdToken", "minutes"),
        ("AccessToken", "minutes"),
        ("RefreshToken", "days"),
    ] {
        assert_eq!(client["TokenValidityUnits"][token], unit);
    }
    assert_eq!(client["IdTokenValidity"], client["AccessTokenValidity"]);
    [
        pool["Policies"]["PasswordPolicy"]["MinimumLength"].to_string(),
        client["IdTokenValidity"].to_string(),
        client["RefreshTokenValidity"].to_string(),
    ]
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table has as many rows as it has")]
fn the_limits_are_those_of_the_code() {
    let count = |count: usize| grouped(u64::try_from(count).unwrap());
    let inline = (MAX_ANSWER - "data:image/jpeg;base64,".len()) / 4 * 3;
    let fits = |bytes| {
        let url = format!("data:image/jpeg;base64,{}", STANDARD.encode(vec![0; bytes]));
        Answer::parse(&url).is_ok()
    };
    assert!(fits(inline) && !fits(inline + 1));
    assert_eq!(MIN_BRIGHTNESS.to_bits(), MIN_SHARPNESS.to_bits());
    let [password, tokens, refresh] = set_by_the_template();
    are(
        PROTOCOL,
        "## Limits",
        &[
            ("a password, in characters, at least", password),
            ("an answer, in characters", count(MAX_ANSWER)),
            (
                "a picture as an answer, in bytes before Base64",
                count(inline),
            ),
            ("a `data:` URL up to its comma, in bytes", count(MAX_HEAD)),
            ("an uploaded picture, in bytes", grouped(MAX_BYTES)),
            ("a picture, in pixels", grouped(MAX_PIXELS)),
            (
                "the shorter side of a picture, in pixels, at least",
                MIN_SIDE.to_string(),
            ),
            (
                "a face, in pixels (the square root of its box's area), at least",
                MIN_SIZE.to_string(),
            ),
            (
                "a face's brightness and sharpness, by Rekognition's measure of 0 to 100, at least",
                MIN_BRIGHTNESS.to_string(),
            ),
            (
                "how far a face is turned to a side, up or down, in degrees",
                MAX_TURN.to_string(),
            ),
            ("face data as JSON, in bytes", count(MAX_DOCUMENT)),
            (
                "`descriptor-128`: count of numbers, exactly",
                count(DESCRIPTOR_LENGTH),
            ),
            (
                "`descriptor-128`: absolute value of each number",
                DESCRIPTOR_RANGE.to_string(),
            ),
            ("`mesh-468`: count of numbers, exactly", count(MESH_LENGTH)),
            (
                "`mesh-468`: absolute value of each number",
                MESH_RANGE.to_string(),
            ),
            (
                "`mesh-468`: square root of the sum of its points' squared distances from their centre, at least",
                MESH_SIZE.to_string(),
            ),
            ("`bindingSecret`, in bytes", count(MAX_BINDING_SECRET)),
            ("`passNonce`, in bytes", count(MAX_NONCE)),
            ("`browser`, in bytes", count(MAX_BINDING_SECRET)),
            (
                "a challenge and its presigned POST, in seconds",
                budget::CHALLENGE.as_secs().to_string(),
            ),
            (
                "a session between two answers, in minutes",
                (budget::ROUND.as_secs() / 60).to_string(),
            ),
            (
                "refused comparisons in a session",
                (MAX_WRONG + 1).to_string(),
            ),
            (
                "answers that do not pass in a session",
                count(MAX_FALSE_ENTRIES),
            ),
            ("pictures of an enrolment", MAX_RECOGNITIONS.to_string()),
            ("a code by mail, in digits", count(email_code::DIGITS)),
            (
                "a code by mail, in minutes",
                (email_code::GOOD_FOR.as_secs() / 60).to_string(),
            ),
            (
                "codes mailed to a user on one path at once",
                mail::CODES_AT_ONCE.to_string(),
            ),
            (
                "one more after these, every so many minutes",
                (mail::CODE_EVERY.as_secs() / 60).to_string(),
            ),
            (
                "codes mailed to a user on one path in a row",
                mail::CODES_IN_A_ROW.to_string(),
            ),
            (
                "one more after those, every so many minutes",
                (mail::LATER_CODE_EVERY.as_secs() / 60).to_string(),
            ),
            (
                "how long a password counts only with the secret of its reset, in minutes",
                (budget::OLD_SESSIONS_LIVE.as_secs() / 60).to_string(),
            ),
            ("id and access tokens, in minutes", tokens),
            ("a refresh token, in days", refresh),
        ],
    );
    assert_eq!((MAX_WRONG, MAX_FALSE_ENTRIES), (2, 10), "third and tenth");
    let text = read(PROTOCOL);
    assert!(text.contains(&format!("from 1 to {}: attempts", MAX_WRONG + 1)));
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("its third refused comparison (after the second, with any answer that does not pass), or with its tenth answer"));
    let form = section(&text, "## The upload form");
    assert!(form.contains(&format!("1 to {} bytes", grouped(MAX_BYTES))));
}

#[test]
fn the_figures_of_attempts_are_those_of_the_code() {
    are(
        "docs/policies.md",
        "## Attempts",
        &[
            ("failed attempts without delay", FREE_FAILURES.to_string()),
            (
                "the wait after these, in seconds; each further one doubles it",
                FIRST_WAIT.as_secs().to_string(),
            ),
            (
                "the longest wait, in minutes",
                (LONGEST_WAIT.as_secs() / 60).to_string(),
            ),
            (
                "how often the count behind these waits falls by one, in minutes",
                (FAST_FALLS.as_secs() / 60).to_string(),
            ),
            (
                "failed attempts in all that lock a path (`LOCKED`)",
                FAILURES_TO_LOCK.to_string(),
            ),
            (
                "how often the count behind the lock falls by one, in hours",
                (SLOW_FALLS.as_secs() / 3600).to_string(),
            ),
            (
                "pictures without a usable face before a wait is due, and then that many an hour",
                UNUSABLE_FREE.to_string(),
            ),
        ],
    );
    assert_eq!(u64::from(UNUSABLE_FREE), 3600 / UNUSABLE_FALLS.as_secs());
}

/// The requests of the document: operation and body of each, by the title that it has there.
fn requests() -> BTreeMap<String, (String, Value)> {
    let text = read(PROTOCOL);
    let mut found = BTreeMap::new();
    for part in text.split("\n#### `").skip(1) {
        let (heading, rest) = part.split_once('\n').unwrap();
        let (operation, title) = heading.split_once("`: ").unwrap();
        let (_, json) = rest.split_once("```json\n").unwrap();
        let body = json.split("```").next().unwrap();
        let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{title}: {error}"));
        let before = found.insert(title.to_owned(), (operation.to_owned(), body));
        assert!(before.is_none(), "two requests are called: {title}");
    }
    found
}

/// A client that knows the document and nothing else.
struct Reader<'a> {
    stack: &'a Stack,
    /// The requests that were not sent yet.
    unsent: BTreeMap<String, (String, Value)>,
    sent: BTreeMap<String, (String, Value)>,
    values: Values,
}

impl<'a> Reader<'a> {
    fn of(stack: &'a Stack) -> Self {
        let mut reader = Self {
            stack,
            unsent: requests(),
            sent: BTreeMap::new(),
            values: Values::new(),
        };
        reader.goes_to(stack);
        reader
    }

    /// Speaks to another stack from now on.
    fn goes_to(&mut self, stack: &'a Stack) {
        self.stack = stack;
        for name in ["UserPoolId", "UserPoolClientId", "ConsentVersion"] {
            self.values.insert(name, stack.by_name[name].clone());
        }
    }

    /// Sends a request as it stands in the document; status and answer.
    async fn sends(&mut self, title: &str) -> (u16, Value) {
        if let Some(request) = self.unsent.remove(title) {
            self.sent.insert(title.to_owned(), request);
        }
        let request = self.sent.get(title);
        let (operation, body) = request.unwrap_or_else(|| panic!("no request is called: {title}"));
        let body = filled(body, &self.values);
        self.stack.cognito(operation, &body).await
    }

    /// The same, of one that succeeds. What it answers is known from then on.
    async fn succeeds(&mut self, title: &str) -> Value {
        let (status, answer) = self.sends(title).await;
        assert_eq!(status, 200, "{title}: {answer}");
        let known = [
            ("Session", &answer["Session"]),
            ("USERNAME", &answer["ChallengeParameters"]["USERNAME"]),
            ("consent", &answer["ChallengeParameters"]["consent"]),
            ("chains", &answer["ChallengeParameters"]["chains"]),
            (
                "RefreshToken",
                &answer["AuthenticationResult"]["RefreshToken"],
            ),
        ];
        for (name, value) in known {
            if let Some(value) = value.as_str() {
                self.values.insert(name, value.to_owned());
            }
        }
        answer
    }

    /// The same, of one that is refused: a row of the errors says so.
    async fn is_refused(&mut self, title: &str) {
        let (status, answer) = self.sends(title).await;
        assert_eq!(status, 400, "{title}: {answer}");
        let exception = answer["__type"].as_str().unwrap();
        let message = answer["message"].as_str().unwrap();
        let operation = &self.sent[title].0;
        let told = table(&read(PROTOCOL), "request").into_iter().any(|row| {
            let applies = |cell: &str, name: &str| code(cell).contains(&name);
            let begins = |known: &&str| match known.split_once('…') {
                Some((begins, _)) => message.starts_with(begins),
                None => message == *known,
            };
            (row[0] == "any" || applies(&row[0], operation))
                && applies(&row[1], exception)
                && code(&row[2]).iter().any(begins)
        });
        assert!(
            told,
            "nothing is said of: {operation}, {exception}, {message}"
        );
    }

    async fn takes_the_code(&mut self) {
        let client = self.stack.client();
        let code = newest_code(&client, &self.values["email"]).await;
        self.values.insert("code", code);
    }

    /// A new random text.
    fn makes(&mut self, name: &'static str) {
        let text = hex::encode(rand::random::<[u8; 16]>());
        self.values.insert(name, text);
    }

    /// A new secret and its binding, as the document has it.
    fn makes_a_binding(&mut self, name: &'static str) {
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let binding = hex::encode(Sha256::digest(secret.as_bytes()));
        self.values.insert(name, binding);
        self.values.insert("bindingSecret", secret);
    }

    /// Begins with the password, up to the first custom challenge.
    async fn proves_the_password(&mut self) -> Value {
        self.computes_the_proof().await;
        self.succeeds("prove the password").await
    }

    /// Begins by face alone, up to the first custom challenge.
    async fn begins_by_face(&mut self) -> Value {
        self.makes("passNonce");
        self.succeeds("begin by face alone").await
    }

    /// Begins with the password, and computes the proof of it.
    async fn computes_the_proof(&mut self) {
        self.makes("passNonce");
        let srp = SrpClient::new(rand::random());
        self.values.insert("SRP_A", srp.public_value());
        let asked = self.succeeds("begin with the password").await;
        assert_eq!(asked["ChallengeName"], "PASSWORD_VERIFIER");
        let asked = &asked["ChallengeParameters"];
        let told = |name: &str| asked[name].as_str().unwrap().to_owned();
        let secret_block = told("SECRET_BLOCK");
        let challenge = SrpChallenge {
            salt: &told("SALT"),
            public_value: &told("SRP_B"),
            secret_block: &STANDARD.decode(&secret_block).unwrap(),
        };
        let user = told("USER_ID_FOR_SRP");
        let identity = Identity {
            pool_id: &self.values["UserPoolId"],
            user_id: &user,
        };
        let moment = time::OffsetDateTime::from(clock::now());
        let format = time::macros::format_description!(
            "[weekday repr:short] [month repr:short] [day padding:none] [hour]:[minute]:[second] UTC [year]"
        );
        let timestamp = moment.format(format).unwrap();
        let password = &self.values["password"];
        let signature = srp
            .sign(identity, &challenge, password, &timestamp)
            .unwrap();
        self.values.extend([
            ("USER_ID_FOR_SRP", user),
            ("SECRET_BLOCK", secret_block),
            ("timestamp", timestamp),
            ("signature", signature),
        ]);
    }

    /// Sends the form of a challenge with a picture, as the document has it.
    async fn uploads(&self, challenge: &Value, picture: Vec<u8>) {
        let parameters = &challenge["ChallengeParameters"];
        let fields = parameters["uploadFields"].as_str().unwrap();
        let fields: BTreeMap<String, String> = serde_json::from_str(fields).unwrap();
        let mut form = Form::new();
        for (name, value) in &fields {
            form = form.text(name.clone(), value.clone());
        }
        let form = form.part("file", Part::bytes(picture));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = parameters["uploadUrl"].as_str().unwrap();
        let sent = client.post(url).multipart(form).send().await.unwrap();
        assert_eq!(sent.status().as_u16(), 204);
        assert_eq!(sent.text().await.unwrap(), "");
        let text = read(PROTOCOL);
        let rows = table(&text, "field");
        let kind = rows.iter().find(|row| row[0] == "`Content-Type`").unwrap();
        assert!(code(&kind[1]).contains(&fields["Content-Type"].as_str()));
        let described = names(&text, "field");
        let mut sent: BTreeSet<String> = fields.into_keys().collect();
        // On AWS a function's role has sessions.
        sent.insert("x-amz-security-token".to_owned());
        assert_eq!(described, sent);
    }

    /// Opens an account on a stack that mails codes, and signs in with one, without ever enrolling.
    async fn types_a_code(&mut self) {
        self.values.insert("email", fresh_email());
        self.makes_a_binding("binding");
        self.succeeds("open an account").await;
        self.takes_the_code().await;
        self.succeeds("confirm the address").await;
        let asked = self.proves_the_password().await;
        asks_for(&asked, "SELECT");
        self.values
            .insert("chain", "PASSWORD+EMAIL_CODE".to_owned());
        asks_for(&self.succeeds("choose a chain").await, "EMAIL_CODE");
        let code = sign_in_code(&self.stack.client(), &self.values["email"], 1).await;
        self.values.insert("six digits", "a code".to_owned());
        let title = "answer with the code that was mailed";
        let asked = self.succeeds(title).await;
        assert_eq!(asked["ChallengeParameters"]["reason"], "NOT_A_CODE");
        self.values.insert("six digits", code);
        let answered = self.succeeds(title).await;
        assert!(answered["AuthenticationResult"].is_object(), "{answered}");
    }

    /// Opens an account on a stack with several chains, and chooses the first of them.
    async fn chooses_a_chain(&mut self) {
        self.values.insert("email", fresh_email());
        self.makes_a_binding("binding");
        self.succeeds("open an account").await;
        self.takes_the_code().await;
        self.succeeds("confirm the address").await;
        let asked = self.proves_the_password().await;
        asks_for(&asked, "SELECT");
        let chains = self.values["chains"].clone();
        assert_eq!(chains, self.stack.by_name["SignInChains"]);
        self.values.insert("chain", "another".to_owned());
        let asked = self.succeeds("choose a chain").await;
        assert_eq!(asked["ChallengeParameters"]["reason"], "NOT_OFFERED");
        let (first, _) = chains.split_once(',').unwrap();
        self.values.insert("chain", first.to_owned());
        asks_for(&self.succeeds("choose a chain").await, "ENROL");
    }

    /// Answers until the enrolment's picture has been looked at.
    async fn answers(&mut self, title: &str) -> Value {
        let mut answered = self.succeeds(title).await;
        while answered["ChallengeParameters"]["reason"] == "PENDING" {
            answered = self.succeeds("answer with an upload").await;
        }
        answered
    }
}

/// A body with the values that stand for its names.
fn filled(body: &Value, values: &Values) -> Value {
    match body {
        Value::String(text) => {
            let mut filled = text.clone();
            for (name, value) in values {
                filled = filled.replace(&format!("<{name}>"), value);
            }
            assert!(!filled.starts_with('<'), "nobody knows {filled}");
            json!(filled)
        }
        Value::Array(list) => list.iter().map(|one| filled(one, values)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let filled = members.map(|(name, one)| (name.clone(), filled(one, values)));
            Value::Object(filled.collect())
        }
        other => other.clone(),
    }
}

/// What a custom challenge asks for.
fn asks_for(challenge: &Value, step: &str) {
    assert_eq!(
        challenge["ChallengeName"], "CUSTOM_CHALLENGE",
        "{challenge}"
    );
    let parameters = challenge["ChallengeParameters"].as_object().unwrap();
    assert_eq!(parameters["step"], step);
    let described = names(&read(PROTOCOL), "parameter");
    for name in parameters.keys().filter(|name| *name != "USERNAME") {
        assert!(described.contains(name), "nothing is said of {name}");
    }
}

#[tokio::test]
async fn the_requests_of_the_document_do_what_it_says() {
    let stack = Stack::read(Variant::Default);
    let mut reader = Reader::of(&stack);
    let version = stack.by_name["ConsentVersion"].clone();
    let live = |picture| ("picture", STANDARD.encode(picture));

    // Opening an account, with what can go wrong.
    reader.values.insert("email", fresh_email());
    reader.makes("password");
    reader.values.insert("binding", "no digest".to_owned());
    reader.is_refused("open an account").await;
    reader.makes_a_binding("binding");
    reader.values.insert("ConsentVersion", "another".to_owned());
    reader.is_refused("open an account").await;
    reader.values.insert("ConsentVersion", version.clone());
    let password = reader.values.insert("password", "short".to_owned());
    reader.is_refused("open an account").await;
    reader.values.insert("password", password.unwrap());
    reader.succeeds("open an account").await;
    reader.is_refused("open an account").await;
    reader.succeeds("mail the code again").await;
    reader.is_refused("begin by face alone").await;
    reader.values.insert("code", "000000".to_owned());
    reader.is_refused("confirm the address").await;
    reader.takes_the_code().await;
    reader.succeeds("confirm the address").await;
    reader.is_refused("confirm the address").await;
    reader.is_refused("mail the code again").await;

    // Enrolling by an upload, and the live picture as the answer itself.
    let asked = reader.proves_the_password().await;
    asks_for(&asked, "ENROL");
    reader.uploads(&asked, pictures::document()).await;
    let asked = reader.answers("answer with an upload").await;
    asks_for(&asked, "FACE");
    reader.values.extend([live(pictures::live())]);
    let signed_in = reader.succeeds("answer with the picture itself").await;
    assert!(signed_in["AuthenticationResult"]["IdToken"].is_string());
    reader.is_refused("answer with the picture itself").await;

    // By face alone, and what can be done with the tokens.
    let asked = reader.begins_by_face().await;
    asks_for(&asked, "FACE");
    reader.values.extend([live(pictures::live())]);
    let signed_in = reader.succeeds("answer with the picture itself").await;
    assert!(signed_in["AuthenticationResult"]["RefreshToken"].is_string());
    let refreshed = reader.succeeds("refresh the tokens").await;
    assert!(refreshed["AuthenticationResult"]["AccessToken"].is_string());
    reader.succeeds("sign out").await;
    reader.is_refused("refresh the tokens").await;

    // A wrong password, and three refused comparisons, end a session.
    let right = reader.values.insert("password", "a wrong one".to_owned());
    reader.computes_the_proof().await;
    reader.is_refused("prove the password").await;
    reader.values.insert("password", right.unwrap());
    reader.begins_by_face().await;
    for left in ["2", "1"] {
        reader.values.extend([live(pictures::other())]);
        let asked = reader.succeeds("answer with the picture itself").await;
        asks_for(&asked, "FACE");
        let parameters = &asked["ChallengeParameters"];
        assert_eq!(parameters["reason"], "NO_MATCH");
        assert_eq!(parameters["attemptsLeft"], left);
    }
    reader.values.extend([live(pictures::other())]);
    reader.is_refused("answer with the picture itself").await;

    // Somebody who was invited: a reset whose consent does not count is none, and is asked for.
    let email = fresh_email();
    let attributes = json!([
        {"Name": "email", "Value": email},
        {"Name": "email_verified", "Value": "true"},
    ]);
    let invited = json!({
        "Username": email, "UserAttributes": attributes, "MessageAction": "SUPPRESS",
    });
    stack.admin("AdminCreateUser", invited).await;
    reader.makes("password");
    let password = &reader.values["password"];
    let lasting = json!({"Username": email, "Password": password, "Permanent": true});
    stack.admin("AdminSetUserPassword", lasting).await;
    reader.values.insert("email", email);
    reader.succeeds("mail a code").await;
    reader.takes_the_code().await;
    reader.makes_a_binding("new binding");
    reader.makes("new password");
    reader.values.insert("ConsentVersion", "another".to_owned());
    reader.succeeds("set a new password").await;
    let password = reader.values["new password"].clone();
    reader.values.insert("password", password);
    let asked = reader.proves_the_password().await;
    asks_for(&asked, "ENROL");
    assert_eq!(asked["ChallengeParameters"]["consent"], *version);
    reader.uploads(&asked, pictures::document()).await;
    let asked = reader.succeeds("answer with an upload").await;
    assert_eq!(asked["ChallengeParameters"]["reason"], "CONSENT_NEEDED");
    let asked = reader.answers("answer and agree to the consent text").await;
    asks_for(&asked, "FACE");

    // Where a code is asked for, it comes by mail.
    let mailed = Stack::read(Variant::Mailed);
    reader.goes_to(&mailed);
    reader.types_a_code().await;

    // Where several chains are open, one is chosen first.
    let several = Stack::read(Variant::Chains);
    reader.goes_to(&several);
    reader.chooses_a_chain().await;

    let unsent: Vec<&String> = reader.unsent.keys().collect();
    assert!(unsent.is_empty(), "nobody has sent: {unsent:?}");
}
