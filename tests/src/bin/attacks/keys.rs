//! 1: the client names the picture that it is compared with.

use e2e::people::{asked_for_face, enrolled};
use e2e::stack::fresh_email;
use e2e::trial::{Ground, Seen};
use signin_client::{Answer, Round};
use tokio::net::TcpListener;

use crate::common::{fresh_id, words};

/// The victim's kept document is named as the live picture.
pub(crate) async fn of_the_enrolment(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let client = stack.client();
    let (victim, _) = enrolled(&stack).await;
    let key = stack.kept_document(victim.user_name()).await;
    let bucket = &stack.outputs.document_bucket;
    ground.begins().await;
    let mut seen = Vec::new();
    let mut asked = asked_for_face(&client, &victim.email).await;
    for answer in [
        key.clone(),
        format!("s3://{bucket}/{key}"),
        format!("../{key}"),
    ] {
        let round = client.answer(&asked, Answer::Text(answer)).await;
        seen.push(words(&round));
        match round {
            Ok(Round::Tokens(_)) => return Seen::fell("tokens for the victim's own document"),
            Ok(Round::Challenge(next)) => asked = next,
            Err(_) => break,
        }
    }
    Seen::held(seen.join("; "))
}

/// Any other key, URL or path; nothing may be fetched.
pub(crate) async fn of_anything_else(ground: Ground) -> Seen {
    let stack = ground.stack.clone();
    let (client, proxy) = (stack.client(), stack.proxy());
    ground.begins().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    for template in [
        "enrolments/somebody/NAME",
        "http://127.0.0.1:PORT/NAME",
        "uploaded:sign-in/somebody/NAME",
        "file:///etc/NAME",
        r#"{"bucket":"documents","key":"NAME"}"#,
    ] {
        let name = fresh_id();
        let answer = template
            .replace("NAME", &name)
            .replace("PORT", &port.to_string());
        let asked = asked_for_face(&client, &fresh_email()).await;
        let mark = proxy.mark().await;
        let round = client.answer(&asked, Answer::Text(answer.clone())).await;
        if let Ok(Round::Tokens(_)) = round {
            return Seen::fell("tokens");
        }
        let calls = proxy.calls(mark, &name).await;
        let fetched = calls
            .iter()
            .find(|call| !call.operation.starts_with("Invoke:"));
        if let Some(fetched) = fetched {
            return Seen::fell(format!("{} of what the client named", fetched.operation));
        }
        let called = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
        if called.is_ok() {
            return Seen::fell("a request to an address that the client named");
        }
    }
    Seen::held("NOT_AN_IMAGE, and no call that names any of it")
}
