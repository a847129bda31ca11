//! 10: what reaches a log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::people::{asked_for_face, asked_to_enrol, challenge, confirmed, inline, tokens};
use e2e::pictures;
use e2e::trial::{Ground, Seen};
use signin_client::Answer;
use signin_core::factor::Factor;
use signin_core::step::Step;

use crate::common::faces;

/// A whole life of an account with functions that are asked to tell everything, and then a search
/// through all that was told.
pub(crate) async fn canaries(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    stack.be_talkative().await;
    ground.begins().await;
    let client = stack.client();
    let person = confirmed(&client).await;
    let (document, live, other) = (pictures::document(), pictures::live(), pictures::other());
    let asked = asked_to_enrol(&client, &person).await;
    let mut secrets = vec![
        ("e-mail", person.email.clone()),
        ("password", person.password.clone()),
        ("policy", asked.upload.fields["policy"].clone()),
        ("signature", asked.upload.fields["x-amz-signature"].clone()),
    ];
    client
        .upload(&asked, document.clone())
        .await
        .expect("the document is uploaded");
    let asked = challenge(
        client.answer(&asked, Answer::Uploaded).await,
        Step::Verify(Factor::Face),
    );
    let enrolled = tokens(client.answer(&asked, inline(live.clone())).await);
    let asked = asked_for_face(&client, &person.email).await;
    let asked = challenge(
        client.answer(&asked, inline(other.clone())).await,
        Step::Verify(Factor::Face),
    );
    let again = pictures::live();
    client
        .upload(&asked, again.clone())
        .await
        .expect("the picture is uploaded");
    let signed_in = tokens(client.answer(&asked, Answer::Uploaded).await);
    client
        .refresh(
            signed_in
                .refresh
                .as_deref()
                .expect("there is a refresh token"),
        )
        .await
        .expect("the refresh token is good");
    for tokens in [enrolled, signed_in] {
        // A token's signature, which nothing else contains.
        secrets.extend([("identity token", tail(&tokens.identity))]);
        secrets.extend([("access token", tail(&tokens.access))]);
        secrets.extend(tokens.refresh.map(|refresh| ("refresh token", refresh)));
    }
    let face = faces(&stack, person.user_name()).await;
    secrets.extend(face.into_iter().map(|face| ("face id", face)));
    for picture in [document, live, other, again] {
        // Enough bytes of the middle to be this picture's alone, at every offset of Base64.
        let middle = picture.len() / 2;
        for offset in 0..3 {
            let bytes = &picture[middle + offset..middle + offset + 24];
            secrets.push(("picture in Base64", STANDARD.encode(bytes)));
        }
        let bytes = &picture[middle..middle + 8];
        secrets.push(("picture in hexadecimal", hex::encode(bytes)));
        let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
        secrets.push(("picture as a list", numbers.join(", ")));
    }
    let logs = stack.logs().await;
    let lines: usize = logs.iter().map(|(_, text)| text.lines().count()).sum();
    assert!(
        logs.iter().any(|(_, text)| text.contains("judged")),
        "the functions' lines should be among {} logs",
        logs.len()
    );
    for (name, text) in &logs {
        for (what, secret) in &secrets {
            if text.contains(secret.as_str()) {
                return Seen::fell(format!("{what} in {name}"));
            }
        }
    }
    Seen::held(format!(
        "none of {} canaries in {lines} lines of {} logs",
        secrets.len(),
        logs.len()
    ))
}

/// The last 40 characters.
fn tail(token: &str) -> String {
    token[token.len().saturating_sub(40)..].to_owned()
}
