//! The proxy before an upstream of the tests' own, over real connections.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use fault_proxy::{Upstreams, serve};
use local_guard::StackKey;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What opens the proxy's own interface.
const SECRET: &str = "secret";

/// What the upstream answers.
const ANSWER: &str = "a whole answer";

struct Setting {
    proxy: String,
    served: Arc<AtomicU32>,
    client: reqwest::Client,
}

/// An upstream that counts what it has served, and a proxy before it.
async fn setting() -> Setting {
    let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", upstream.local_addr().unwrap());
    let served = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&served);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = upstream.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{ANSWER}",
                ANSWER.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = format!("http://{}", listener.local_addr().unwrap());
    let upstreams = Upstreams {
        recognition: address.clone(),
        cognito: address.clone(),
        aws: address,
        siblings: Vec::new(),
    };
    let key = StackKey::new("LOCAL".to_owned(), SECRET.to_owned());
    tokio::spawn(serve(listener, upstreams, key, std::future::pending()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Setting {
        proxy,
        served,
        client,
    }
}

impl Setting {
    async fn rule(&self, fault: &str) -> u64 {
        let rule = json!({"operation": "GetObject", "containing": ["ada"], "fault": fault});
        self.order(&rule).await
    }

    async fn order(&self, rule: &Value) -> u64 {
        let request = self.client.post(format!("{}/_proxy/rules", self.proxy));
        let request = request.bearer_auth(SECRET);
        let response = request.body(rule.to_string()).send().await.unwrap();
        let answer: Value = response.json().await.unwrap();
        answer["id"].as_u64().unwrap()
    }

    async fn get(&self, key: &str) -> reqwest::Result<(u16, String)> {
        let response = self.client.get(format!("{}/bucket/{key}", self.proxy));
        let response = response.send().await?;
        let status = response.status().as_u16();
        Ok((status, response.text().await?))
    }

    async fn control(&self, method: reqwest::Method, path: &str) -> Value {
        let url = format!("{}/_proxy/{path}", self.proxy);
        let response = self
            .client
            .request(method, url)
            .bearer_auth(SECRET)
            .send()
            .await
            .unwrap();
        response.json().await.unwrap()
    }

    fn served(&self) -> u32 {
        self.served.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_no_rule_speaks_of_goes_through_and_is_remembered() {
    let setting = setting().await;
    setting.rule("reset").await;
    assert_eq!(setting.get("bob").await.unwrap(), (200, ANSWER.to_owned()));
    let seen = setting
        .control(reqwest::Method::GET, "calls?containing=bob")
        .await;
    assert_eq!(seen["calls"][0]["operation"], "GetObject");
    assert_eq!(seen["calls"][0]["status"], 200);
}

#[tokio::test]
async fn a_service_may_refuse_fail_or_vanish_without_hearing_of_the_call() {
    let setting = setting().await;
    for (fault, status) in [
        ("throttle", Some(503)),
        ("error", Some(500)),
        ("reset", None),
    ] {
        let rule = setting.rule(fault).await;
        let answer = setting.get("ada").await.ok().map(|(status, _)| status);
        assert_eq!(answer, status, "{fault}");
        let path = format!("rules/{rule}");
        setting.control(reqwest::Method::DELETE, &path).await;
    }
    assert_eq!(setting.served(), 0);
}

#[tokio::test]
async fn mail_is_throttled_and_fails_in_the_words_of_its_own_service() {
    let setting = setting().await;
    let mail = |to: &str| {
        let url = format!("{}/v2/email/outbound-emails", setting.proxy);
        let body = json!({"Destination": {"ToAddresses": [to]}});
        setting.client.post(url).body(body.to_string()).send()
    };
    for (fault, status, name) in [
        ("throttle", 429, "TooManyRequestsException"),
        ("error", 500, "InternalFailure"),
    ] {
        let order = json!({"operation": "SendEmail", "containing": ["ada@"], "fault": fault});
        let rule = setting.order(&order).await;
        let answer = mail("ada@example.org").await.unwrap();
        assert_eq!(answer.status(), status, "{fault}");
        assert_eq!(answer.headers()["x-amzn-errortype"], name);
        let told: Value = answer.json().await.unwrap();
        assert!(told["message"].is_string(), "{told}");
        assert_eq!(mail("bob@example.org").await.unwrap().status(), 200);
        let path = format!("rules/{rule}");
        setting.control(reqwest::Method::DELETE, &path).await;
    }
    assert_eq!(setting.served(), 2);
}

#[tokio::test]
async fn an_answer_may_get_lost_in_whole_or_in_part_after_the_deed() {
    let setting = setting().await;
    for fault in ["lost", "half"] {
        let rule = setting.rule(fault).await;
        assert!(setting.get("ada").await.is_err(), "{fault}");
        let path = format!("rules/{rule}");
        setting.control(reqwest::Method::DELETE, &path).await;
    }
    assert_eq!(setting.served(), 2);
}

#[tokio::test]
async fn a_call_that_is_held_goes_on_when_it_is_released() {
    let setting = setting().await;
    let rule = setting.rule("hold").await;
    let waiting = async {
        let held = format!("rules/{rule}?held=true");
        let held = setting.control(reqwest::Method::GET, &held).await;
        assert_eq!(held["held"], 1);
        assert_eq!(setting.served(), 0);
        let release = format!("rules/{rule}/release");
        setting.control(reqwest::Method::POST, &release).await;
    };
    let (answer, ()) = tokio::join!(setting.get("ada"), waiting);
    assert_eq!(answer.unwrap(), (200, ANSWER.to_owned()));
}

#[tokio::test]
async fn who_asks_for_so_many_calls_hears_when_they_have_met_the_fault() {
    let setting = setting().await;
    let rule = setting.rule("error").await;
    let path = format!("rules/{rule}?bitten=2");
    let waiting = setting.control(reqwest::Method::GET, &path);
    let calling = async {
        assert_eq!(setting.get("ada").await.unwrap().0, 500);
        assert_eq!(setting.get("ada").await.unwrap().0, 500);
    };
    let (progress, ()) = tokio::join!(waiting, calling);
    assert_eq!(progress["bitten"], 2);
}
