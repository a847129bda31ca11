//! The proxy between the functions and what they call: what passed through it, and faults to
//! order.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::stack::Stack;

/// The proxy of a stack under test, and of those that share its servers.
#[derive(Clone, Debug)]
pub struct Proxy {
    url: String,
    /// What opens the proxy's interface: the stack's secret.
    key: String,
    http: reqwest::Client,
}

/// A call that a function, or Cognito, made.
#[derive(Clone, Debug, Deserialize)]
pub struct Call {
    /// Its number.
    pub number: u64,
    /// `TransactWriteItems`, `SearchFacesByImage`, `GetObject`, `Invoke:<function>`.
    pub operation: String,
    /// The access key id it was signed with, which is a function's own.
    pub signer: Option<String>,
    /// The status that the caller saw, if it saw any.
    pub status: Option<u16>,
    /// How long it took; none while it runs.
    pub milliseconds: Option<u64>,
    /// What the proxy did to it.
    pub fault: Option<String>,
    /// The length of its body, in bytes.
    pub length: usize,
}

/// A fault to order; it is taken back with [`Rule::remove`].
#[derive(Debug)]
#[must_use = "a rule stays until it is removed"]
pub struct Rule {
    proxy: Proxy,
    id: u64,
}

impl Proxy {
    pub(crate) fn of(stack: &Stack) -> Self {
        let url = stack.by_name.get("ProxyEndpoint");
        let url = url.expect("only stacks under test have a proxy; run: cargo xtask test attacks");
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            url: url.clone(),
            key: stack.outputs.secret_access_key.clone(),
            http: http.expect("an HTTP client can be made"),
        }
    }

    /// The number of the newest call: those after it are what comes next.
    pub async fn mark(&self) -> u64 {
        let seen = self.get("calls?after=18446744073709551615").await;
        seen["newest"].as_u64().expect("a number")
    }

    /// The calls after a mark whose path or body holds a text, oldest first. The text goes into
    /// the address as it is: letters, digits, `-`, `_` and `/`.
    pub async fn calls(&self, after: u64, containing: &str) -> Vec<Call> {
        let filter = match containing {
            "" => String::new(),
            text => format!("&containing={text}"),
        };
        let mut seen = self.get(&format!("calls?after={after}{filter}")).await;
        serde_json::from_value(seen["calls"].take()).expect("the proxy's calls are understood")
    }

    /// The calls after a mark whose path or body holds one of some texts, oldest first.
    pub async fn calls_of(&self, after: u64, any: &[String]) -> Vec<Call> {
        let mut path = format!("calls?after={after}");
        for text in any {
            path.push_str("&any=");
            path.push_str(text);
        }
        let mut seen = self.get(&path).await;
        serde_json::from_value(seen["calls"].take()).expect("the proxy's calls are understood")
    }

    /// The IAM actions that anybody's calls were ever for, by the access key id they were signed with.
    pub async fn actions(&self) -> BTreeMap<String, BTreeSet<String>> {
        let seen = self.get("actions").await;
        serde_json::from_value(seen).expect("the proxy's actions are understood")
    }

    /// Orders a fault, as the proxy's own documentation has it: `operation`, `containing`,
    /// `any_of`, `skip`, `times`, `fault`.
    pub async fn rule(&self, rule: &Value) -> Rule {
        let request = self.http.post(format!("{}/_proxy/rules", self.url));
        let response = request
            .bearer_auth(&self.key)
            .body(rule.to_string())
            .send()
            .await;
        let response = response.expect("the proxy answers");
        assert!(response.status().is_success(), "the proxy refuses {rule}");
        let answer: Value = response.json().await.expect("the proxy answers JSON");
        let id = answer["id"].as_u64().expect("a rule has a number");
        Rule {
            proxy: self.clone(),
            id,
        }
    }

    /// Orders that calls of an operation wait which hold all of these texts.
    pub async fn hold(&self, operation: &str, containing: &[&str]) -> Rule {
        let rule = json!({"operation": operation, "containing": containing, "fault": "hold"});
        self.rule(&rule).await
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/_proxy/{path}", self.url));
        let response = request
            .bearer_auth(&self.key)
            .send()
            .await
            .expect("the proxy answers");
        assert!(response.status().is_success(), "the proxy refuses {path}");
        response.json().await.expect("the proxy answers JSON")
    }
}

impl Rule {
    /// Waits until a call is held.
    pub async fn held(&self) {
        self.proxy
            .get(&format!("rules/{}?held=true", self.id))
            .await;
    }

    /// Waits until so many calls have met the fault.
    pub async fn bites(&self, times: u64) {
        self.proxy
            .get(&format!("rules/{}?bitten={times}", self.id))
            .await;
    }

    /// How many calls have met the fault.
    pub async fn bitten(&self) -> u64 {
        let progress = self.proxy.get(&format!("rules/{}", self.id)).await;
        progress["bitten"].as_u64().expect("a number")
    }

    /// Takes the fault back, and lets go what it holds.
    pub async fn remove(self) {
        let url = format!("{}/_proxy/rules/{}", self.proxy.url, self.id);
        let response = self
            .proxy
            .http
            .delete(url)
            .bearer_auth(&self.proxy.key)
            .send()
            .await;
        response.expect("the proxy answers");
    }
}
