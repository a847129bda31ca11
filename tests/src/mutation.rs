//! The stack whose functions can be made to forget a defence, and functions called directly.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use signin_core::time::Timestamp;

use crate::clock;
use crate::stack::{Stack, Variant, logical_name};

/// A trigger, as the pool's settings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Decides what comes next.
    Define,
    /// Asks.
    Create,
    /// Judges.
    Verify,
    /// Stands before tokens.
    BeforeTokens,
}

impl Trigger {
    fn name(self) -> &'static str {
        match self {
            Self::Define => "DefineAuthChallenge",
            Self::Create => "CreateAuthChallenge",
            Self::Verify => "VerifyAuthChallengeResponse",
            Self::BeforeTokens => "PreTokenGeneration",
        }
    }
}

impl Stack {
    /// Takes a defence away from the mutated functions, which behave like a variant of the
    /// template otherwise.
    pub async fn mutate(&self, mutation: &str, variant: Variant) {
        let proven = mutation != "unproven-addresses";
        self.prove_addresses(proven).await;
        for (name, mut variables) in self.functions().await {
            for (setting, value) in like(variant) {
                if variables.contains_key(setting) {
                    variables.insert(setting.to_owned(), json!(value));
                }
            }
            variables.insert("MUTATION".to_owned(), json!(mutation));
            self.set_environment(&name, &variables).await;
        }
    }

    /// Does something while the stack's functions have other settings, where they have them at all,
    /// and gives them back their own, also where it panics.
    pub async fn with_settings<T: Send + 'static>(
        &self,
        settings: &[(&str, &str)],
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let own = self.functions().await;
        for (name, variables) in &own {
            let mut changed = variables.clone();
            for (setting, value) in settings {
                if changed.contains_key(*setting) {
                    changed.insert((*setting).to_owned(), json!(value));
                }
            }
            self.set_environment(name, &changed).await;
        }
        let done = tokio::spawn(work).await;
        for (name, variables) in &own {
            self.set_environment(name, variables).await;
        }
        done.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// Asks the functions for all that they could ever log, by the names that runtimes and SDKs
    /// know.
    pub async fn be_talkative(&self) {
        for (name, mut variables) in self.functions().await {
            for (setting, value) in [
                ("RUST_LOG", "trace"),
                ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
                ("RUST_BACKTRACE", "full"),
            ] {
                variables.insert(setting.to_owned(), json!(value));
            }
            self.set_environment(&name, &variables).await;
        }
    }

    /// Whether an address must be proven before it is an account's: the pool's setting, which is
    /// a defence too.
    async fn prove_addresses(&self, proven: bool) {
        let attributes = if proven { vec!["email"] } else { vec![] };
        let request = json!({
            "UserPoolId": self.outputs.user_pool_id,
            "AutoVerifiedAttributes": ["email"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": attributes},
        });
        self.settings("UpdateUserPool", &request).await;
    }

    /// The access key ids of the stack's functions, each with the executable that it is.
    pub async fn callers(&self) -> BTreeMap<String, String> {
        let key = self.key();
        let deployed = self.deployed().await;
        let callers = crate::events::functions()
            .into_iter()
            .filter_map(|executable| {
                let place = logical_name(&executable);
                let (_, function) = deployed.iter().find(|(name, _)| name.contains(&place))?;
                let text = |name: &str| function[name].as_str().expect("a function has both");
                let id = key.id_of_function(text("FunctionArn"), text("Role"));
                Some((id, executable))
            });
        callers.collect()
    }

    /// The stack's functions with their settings.
    async fn functions(&self) -> BTreeMap<String, Map<String, Value>> {
        let deployed = self.deployed().await.into_iter();
        let with_settings = deployed.map(|(name, function)| {
            let variables = function["Environment"]["Variables"].as_object();
            (name, variables.cloned().unwrap_or_default())
        });
        with_settings.collect()
    }

    /// The stack's functions as Lambda lists them. All their names begin as a trigger's does.
    async fn deployed(&self) -> BTreeMap<String, Value> {
        let trigger = self.trigger(Trigger::Verify).await;
        let (stack, _) = trigger
            .split_once("VerifyAuthChallengeFunction")
            .expect("a function is named after its place in the template");
        // Fifty to a page.
        let mut listed = Vec::new();
        let mut marker = String::new();
        loop {
            let path = format!("/2015-03-31/functions/{marker}");
            let mut page = self.lambda("GET", &path, b"").await;
            let functions = page["Functions"].as_array_mut();
            listed.append(functions.expect("functions are listed"));
            match page["NextMarker"].as_str() {
                Some(next) if !next.is_empty() => marker = format!("?Marker={next}"),
                _ => break,
            }
        }
        let own = listed.iter().filter_map(|function| {
            let name = function["FunctionName"].as_str()?;
            let place = name.strip_prefix(stack)?;
            // Another stack's name may begin with this one's.
            let own = place.split('-').next()?.ends_with("Function");
            own.then(|| (name.to_owned(), function.clone()))
        });
        let own: BTreeMap<_, _> = own.collect();
        // These two stand only in a stack that mails, and the first on Cognito's plan LITE.
        let stands = |name: &str| own.keys().any(|own| own.contains(&logical_name(name)));
        let known = crate::events::functions();
        let known = known.iter().filter(|name| {
            stands(name) || !["custom-message", "send-mail"].contains(&name.as_str())
        });
        assert_eq!(
            own.len(),
            known.count(),
            "every function belongs to a stack"
        );
        own
    }

    /// The name of a trigger's function.
    async fn trigger(&self, trigger: Trigger) -> String {
        let pool = json!({"UserPoolId": self.outputs.user_pool_id});
        let described = self.settings("DescribeUserPool", &pool).await;
        let triggers = &described["UserPool"]["LambdaConfig"];
        let function = match trigger {
            Trigger::BeforeTokens => &triggers["PreTokenGenerationConfig"]["LambdaArn"],
            Trigger::Define | Trigger::Create | Trigger::Verify => &triggers[trigger.name()],
        };
        let function = function.as_str().expect("the pool has the trigger");
        function.rsplit(':').next().unwrap_or(function).to_owned()
    }

    /// Calls a function of the template's that is no trigger, by what the template calls it.
    pub async fn invoke_other(&self, logical_name: &str, event: &Value) -> Result<Value, Value> {
        let functions = self.functions().await;
        let name = functions.keys().find(|name| name.contains(logical_name));
        let name = name.unwrap_or_else(|| panic!("the stack has no {logical_name}"));
        self.invoke_by_name(name, event).await
    }

    /// Sweeps, as the schedule would so long from now; what was done, or the error that it ended
    /// with. Only what lay there for so long is swept: a test that others run beside sweeps now.
    pub async fn sweep(&self, from_now: Duration) -> Result<Value, Value> {
        let now = clock::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from((now + from_now).as_millis()).unwrap_or(u64::MAX);
        // An event names a whole second: the next one, or what became due in this one would not be.
        let millis = millis.next_multiple_of(1_000);
        let event = json!({
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "time": Timestamp::from_millis(millis).to_rfc3339(),
            "resources": [],
            "detail": {},
        });
        self.invoke_other("SweepFunction", &event).await
    }

    /// The event that tells of an upload to the document bucket.
    pub fn upload_event(&self, key: &str, version: Option<&str>) -> Value {
        let mut object = json!({
            "key": key, "size": 1, "eTag": "0", "sequencer": "0067A1B2C3D4E5F601",
        });
        if let Some(version) = version {
            object["versionId"] = json!(version);
        }
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": self.outputs.region,
            "eventTime": "2026-11-21T00:00:00.000Z",
            "eventName": "ObjectCreated:Post",
            "userIdentity": {"principalId": "AWS:EXAMPLE"},
            "requestParameters": {"sourceIPAddress": "192.0.2.1"},
            "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "face-documents",
                "bucket": {
                    "name": self.outputs.document_bucket,
                    "ownerIdentity": {"principalId": "EXAMPLE"},
                    "arn": format!("arn:aws:s3:::{}", self.outputs.document_bucket),
                },
                "object": object,
            },
        }]})
    }

    async fn invoke_by_name(&self, name: &str, event: &Value) -> Result<Value, Value> {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let answer = self
            .lambda("POST", &path, event.to_string().as_bytes())
            .await;
        if answer["errorMessage"].is_string() {
            Err(answer)
        } else {
            Ok(answer)
        }
    }

    async fn set_environment(&self, function: &str, variables: &Map<String, Value>) {
        let path = format!("/2015-03-31/functions/{function}/configuration");
        let body = json!({"Environment": {"Variables": variables}}).to_string();
        self.lambda("PUT", &path, body.as_bytes()).await;
    }

    /// Calls Cognito's settings, which the local AWS keeps.
    pub async fn settings(&self, operation: &str, request: &Value) -> Value {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let endpoint = &self.outputs.lambda_endpoint;
        self.call("cognito-idp", endpoint, "1.1", &target, request)
            .await
    }

    /// Every log that there is, by its name: the functions', and the servers' of our own.
    pub async fn logs(&self) -> Vec<(String, String)> {
        let endpoint = &self.outputs.lambda_endpoint;
        let ask = async |operation: &str, request: Value| {
            let target = format!("Logs_20140328.{operation}");
            self.call("logs", endpoint, "1.1", &target, &request).await
        };
        let mut logs = Vec::new();
        let groups = ask("DescribeLogGroups", json!({})).await;
        for group in groups["logGroups"].as_array().into_iter().flatten() {
            let name = group["logGroupName"].as_str().expect("a name").to_owned();
            let mut text = String::new();
            let mut token = Value::Null;
            loop {
                let mut request = json!({"logGroupName": name});
                if token.is_string() {
                    request["nextToken"] = token;
                }
                let mut page = ask("FilterLogEvents", request).await;
                for event in page["events"].as_array().into_iter().flatten() {
                    text.push_str(event["message"].as_str().unwrap_or_default());
                    text.push('\n');
                }
                token = page["nextToken"].take();
                if token.is_null() {
                    break;
                }
            }
            logs.push((name, text));
        }
        for entry in std::fs::read_dir(&self.logs).expect("the logs' folder is there") {
            let path = entry.expect("the logs' folder can be read").path();
            let bytes = std::fs::read(&path).expect("a log can be read");
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            logs.push((
                name.into_owned(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ));
        }
        logs
    }

    /// Calls a trigger directly, as nobody but Cognito can; what it returns, or the error that it
    /// ends with.
    pub async fn invoke(&self, trigger: Trigger, event: &Value) -> Result<Value, Value> {
        let name = self.trigger(trigger).await;
        self.invoke_by_name(&name, event).await
    }

    /// An event of a user's for a trigger, around a request.
    pub fn event(&self, trigger: Trigger, user: &str, request: &Value) -> Value {
        let (version, source) = match trigger {
            Trigger::BeforeTokens => ("2", "TokenGeneration_Authentication".to_owned()),
            other => ("1", format!("{}_Authentication", other.name())),
        };
        json!({
            "version": version,
            "region": self.outputs.region,
            "userPoolId": self.outputs.user_pool_id,
            "userName": user,
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": self.outputs.user_pool_client_id,
            },
            "triggerSource": source,
            "request": request,
            "response": {},
        })
    }
}

/// The settings in which a variant differs from the template's defaults.
fn like(variant: Variant) -> BTreeMap<&'static str, String> {
    let policy = Stack::read(variant).by_name["SignInChains"].clone();
    let model = match variant {
        Variant::Mesh => "mesh-468",
        _ => "descriptor-128",
    };
    let bulk = match variant {
        Variant::Password | Variant::Compare => "1",
        Variant::Default
        | Variant::Data
        | Variant::Mesh
        | Variant::Chains
        | Variant::Mailed
        | Variant::Lite
        | Variant::Mutated => "",
    };
    let (mode, keep) = match variant {
        Variant::Compare => ("COMPARE", "true"),
        _ => ("COLLECTION", "false"),
    };
    let alone = policy.split(',').any(|chain| chain == "FACE_DATA");
    BTreeMap::from([
        ("SIGN_IN_POLICY", policy),
        ("BULK_CONSENT", bulk.to_owned()),
        ("FACE_DATA_MODEL", model.to_owned()),
        ("ALLOW_FACE_DATA_ONLY", alone.to_string()),
        ("SIMILARITY_THRESHOLD", "99".to_owned()),
        ("MATCH_MODE", mode.to_owned()),
        ("KEEP_DOCUMENTS", keep.to_owned()),
    ])
}
