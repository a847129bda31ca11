//! A look behind the scenes, with an operator's credentials: the table, the buckets, the
//! collection.

use std::time::Duration;

use serde_json::{Value, json};
use signin_core::budget::{ENDED, ENROLMENT_LEASE};
use signin_core::lockout::Path;
use tokio::time::Instant;

use crate::attempts::now;
use crate::stack::Stack;

/// How long an event may take to come through before a test gives it up.
const PATIENCE: Duration = Duration::from_mins(1);

impl Stack {
    /// An item of the user table, attribute by attribute; null where there is none.
    pub async fn item(&self, partition: &str, sort: &str) -> Value {
        let key = json!({"PK": {"S": partition}, "SK": {"S": sort}});
        let request = json!({
            "TableName": self.outputs.user_table, "Key": key, "ConsistentRead": true,
        });
        self.dynamo_db("GetItem", &request).await["Item"].take()
    }

    /// Deletes an item of the user table.
    pub async fn delete_item(&self, partition: &str, sort: &str) {
        let key = json!({"PK": {"S": partition}, "SK": {"S": sort}});
        let request = json!({"TableName": self.outputs.user_table, "Key": key});
        self.dynamo_db("DeleteItem", &request).await;
    }

    /// Puts an item into the user table, in place of the one with its key.
    pub async fn put_item(&self, item: &Value) {
        let request = json!({"TableName": self.outputs.user_table, "Item": item});
        self.dynamo_db("PutItem", &request).await;
    }

    /// A user's profile.
    pub async fn profile(&self, user: &str) -> Value {
        self.item(&format!("USER#{user}"), "PROFILE").await
    }

    /// An enrolment of a user's.
    pub async fn enrolment(&self, user: &str, id: &str) -> Value {
        self.item(&format!("USER#{user}"), &format!("ENROLMENT#{id}"))
            .await
    }

    /// The key of the document that a user's face came from, where documents are kept.
    pub async fn kept_document(&self, user: &str) -> String {
        let profile = self.profile(user).await;
        let faces = profile["faces"]["M"].as_object().expect("a face is active");
        let face = faces.values().next().expect("a face is active");
        let key = face["M"]["documentKey"]["S"].as_str();
        key.expect("the document is kept").to_owned()
    }

    /// Sweeps a user's profile, as its TTL would after its time.
    pub async fn forget_profile(&self, user: &str) {
        self.delete_item(&format!("USER#{user}"), "PROFILE").await;
    }

    /// Sets an attribute of a user's profile, as a test does that needs time to have passed.
    pub async fn set_in_profile(&self, user: &str, attribute: &str, value: &Value) {
        let request = json!({
            "TableName": self.outputs.user_table,
            "Key": {"PK": {"S": format!("USER#{user}")}, "SK": {"S": "PROFILE"}},
            "UpdateExpression": "SET #a = :v",
            "ExpressionAttributeNames": {"#a": attribute},
            "ExpressionAttributeValues": {":v": value},
        });
        self.dynamo_db("UpdateItem", &request).await;
    }

    /// Takes an attribute out of a user's profile, as an operator does who removes a face.
    pub async fn remove_from_profile(&self, user: &str, attribute: &str) {
        let request = json!({
            "TableName": self.outputs.user_table,
            "Key": {"PK": {"S": format!("USER#{user}")}, "SK": {"S": "PROFILE"}},
            "UpdateExpression": "REMOVE #a",
            "ExpressionAttributeNames": {"#a": attribute},
        });
        self.dynamo_db("UpdateItem", &request).await;
    }

    /// Deletes a user's profile, as an operator does who erases somebody.
    pub async fn delete_profile(&self, user: &str) {
        let request = json!({
            "TableName": self.outputs.user_table,
            "Key": {"PK": {"S": format!("USER#{user}")}, "SK": {"S": "PROFILE"}},
        });
        self.dynamo_db("DeleteItem", &request).await;
    }

    /// The challenges and enrolments of a user's, by their keys, and what points to them.
    pub async fn records_of(&self, user: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut start = Value::Null;
        loop {
            let mut request = json!({
                "TableName": self.outputs.user_table,
                "ConsistentRead": true,
                "FilterExpression": "#u = :u OR #p = :p",
                "ExpressionAttributeNames": {"#u": "user", "#p": "PK"},
                "ExpressionAttributeValues": {
                    ":u": {"S": user}, ":p": {"S": format!("USER#{user}")},
                },
            });
            if start.is_object() {
                request["ExclusiveStartKey"] = start;
            }
            let mut page = self.dynamo_db("Scan", &request).await;
            for item in page["Items"].as_array().into_iter().flatten() {
                let key = |name: &str| item[name]["S"].as_str().expect("a key").to_owned();
                found.push((key("PK"), key("SK")));
            }
            start = page["LastEvaluatedKey"].take();
            if start.is_null() {
                return found;
            }
        }
    }

    /// The ids of a user's enrolments that are on record.
    pub async fn enrolments_of(&self, user: &str) -> Vec<String> {
        let records = self.records_of(user).await;
        let ids = records.iter().filter_map(|(_, sort)| {
            let id = sort.strip_prefix("ENROLMENT#")?;
            Some(id.to_owned())
        });
        ids.collect()
    }

    /// Has SES refuse mail to an address with such an error, or take it again.
    pub async fn refuse_mail_to(&self, email: &str, error: Option<&str>) {
        let url = format!("{}/_local/ses", self.outputs.cognito_endpoint);
        let request = http()
            .post(url)
            .bearer_auth(&self.outputs.secret_access_key);
        let order = json!({"to": email, "error": error});
        let request = request.header("content-type", "application/json");
        let answer = request.body(order.to_string()).send().await;
        let answer = answer.expect("local-cognito answers");
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Waits until it is on record that the last code to a user on a path could not be mailed.
    pub async fn mail_has_failed(&self, user: &str, path: Path) {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        let (partition, sort) = (format!("USER#{user}"), format!("MAILS#{}", path.name()));
        while self.item(&partition, &sort).await["failedAt"].is_null() {
            assert!(Instant::now() < deadline, "no mail has failed");
            ticks.tick().await;
        }
    }

    /// Has a user told that their face was removed, as operators do, whatever they were told today.
    pub async fn tell_of_a_removed_face(&self, user: &str) {
        let now = crate::attempts::now();
        let item = json!({
            "PK": {"S": format!("USER#{user}")},
            "SK": {"S": format!("NOTICE#FACE_REMOVED#{}", now.as_millis())},
            "at": {"N": now.as_millis().to_string()},
        });
        self.put_item(&item).await;
    }

    /// Forgets what a user was told today, as if that were yesterday.
    pub async fn forget_notices(&self, user: &str) {
        for (partition, sort) in self.records_of(user).await {
            if sort.starts_with("NOTICE#") {
                let request = json!({
                    "TableName": self.outputs.user_table,
                    "Key": {"PK": {"S": partition}, "SK": {"S": sort}},
                });
                self.dynamo_db("DeleteItem", &request).await;
            }
        }
    }

    /// Ends the lease of a record, where it has one, as a test does that needs time to have passed;
    /// and what is owed because calls have lost theirs is due.
    pub async fn end_lease(&self, partition: &str, sort: &str) {
        let item = self.item(partition, sort).await;
        // Long enough for whoever waits until the call itself has ended, and no longer: a call that
        // died long ago is another matter.
        let over = now().minus(ENROLMENT_LEASE + ENDED * 2);
        let leased = !item["lease"].is_null();
        let owed = !item["owedAt"].is_null() && (leased || !item["unsettled"].is_null());
        let (due, names) = match (leased, owed) {
            (true, true) => (
                "SET #l = :l, #o = :l",
                json!({"#l": "lease", "#o": "owedAt"}),
            ),
            (true, false) => ("SET #l = :l", json!({"#l": "lease"})),
            (false, true) => ("SET #o = :l", json!({"#o": "owedAt"})),
            (false, false) => return,
        };
        let request = json!({
            "TableName": self.outputs.user_table,
            "Key": {"PK": {"S": partition}, "SK": {"S": sort}},
            "UpdateExpression": due,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {":l": {"N": over.as_millis().to_string()}},
        });
        self.dynamo_db("UpdateItem", &request).await;
    }

    /// The enrolments of all faces in the collection.
    pub async fn enrolments_of_faces(&self) -> Vec<String> {
        let faces = self.faces().await;
        faces.into_iter().map(|(enrolment, _)| enrolment).collect()
    }

    /// All faces in the collection, each with its enrolment before it.
    pub async fn faces(&self) -> Vec<(String, String)> {
        let mut token = Value::Null;
        let mut ids = Vec::new();
        loop {
            let request = json!({
                "CollectionId": self.outputs.face_collection, "MaxResults": 1000,
                "NextToken": token,
            });
            let found = self.recognition("ListFaces", &request).await;
            let faces = found["Faces"].as_array().expect("ListFaces lists faces");
            let named = faces.iter().filter_map(|face| {
                let text = |name: &str| face[name].as_str().map(str::to_owned);
                Some((text("ExternalImageId")?, text("FaceId")?))
            });
            ids.extend(named);
            token = found["NextToken"].clone();
            if token.is_null() {
                return ids;
            }
        }
    }

    /// How many faces an enrolment has in the collection.
    pub async fn faces_of(&self, enrolment: &str) -> usize {
        let all = self.enrolments_of_faces().await;
        all.iter().filter(|id| *id == enrolment).count()
    }

    /// How often each operation of the recognition service was called since it started.
    pub async fn recognition_calls(&self) -> Value {
        let url = format!("{}/_local/calls", self.outputs.rekognition_endpoint);
        let request = http().get(url).bearer_auth(&self.outputs.secret_access_key);
        let response = request.send().await.expect("local-rekognition answers");
        response.json().await.expect("its counters are JSON")
    }

    /// How many versions, delete markers included, lie at keys that begin with this prefix.
    pub async fn versions(&self, bucket: &str, prefix: &str) -> usize {
        let listing = self
            .get_from_bucket(bucket, &format!("prefix={prefix}&versions="))
            .await;
        listing.matches("<VersionId>").count()
    }

    /// The version of what lies at a key.
    pub async fn newest_version(&self, bucket: &str, key: &str) -> String {
        let listing = self
            .get_from_bucket(bucket, &format!("prefix={key}&versions="))
            .await;
        let (_, rest) = listing.split_once("<VersionId>").expect("it has a version");
        let (version, _) = rest.split_once("</VersionId>").expect("a listing is XML");
        version.to_owned()
    }

    /// How many objects lie at keys that begin with this prefix.
    pub async fn objects(&self, bucket: &str, prefix: &str) -> usize {
        let listing = self
            .get_from_bucket(bucket, &format!("list-type=2&prefix={prefix}"))
            .await;
        listing.matches("<Key>").count()
    }

    /// Waits until an item of the table has a state; S3's events arrive when they arrive.
    pub async fn until_state(&self, partition: &str, sort: &str, state: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            let item = self.item(partition, sort).await;
            if item["state"]["S"] == state {
                return item;
            }
            assert!(
                Instant::now() < deadline,
                "{partition} should be {state}, and is {}",
                item["state"]
            );
        }
    }

    /// Waits until a face is in the collection no more.
    pub async fn until_forgotten(&self, face: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        while self.faces().await.iter().any(|(_, id)| id == face) {
            assert!(Instant::now() < deadline, "the face is still there");
            ticks.tick().await;
        }
    }

    /// Waits until a line of some log holds a text.
    pub async fn until_logged(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(500));
        loop {
            ticks.tick().await;
            let logs = self.logs().await;
            if logs.iter().any(|(_, log)| log.contains(text)) {
                return;
            }
            assert!(Instant::now() < deadline, "no log says {text}");
        }
    }

    /// Cognito's name for the account with an address.
    pub async fn user_name_of(&self, email: &str) -> String {
        let account = self.admin("AdminGetUser", serde_json::json!({"Username": email}));
        let name = account.await["Username"].as_str().map(str::to_owned);
        name.expect("an account has a name")
    }

    /// Waits until nothing lies at a key any more, in any version.
    pub async fn until_gone(&self, bucket: &str, key: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        while self.versions(bucket, key).await > 0 {
            assert!(Instant::now() < deadline, "{key} should be gone");
            ticks.tick().await;
        }
    }

    async fn get_from_bucket(&self, bucket: &str, query: &str) -> String {
        let query = query.replace('/', "%2F");
        let url = format!(
            "{}/{bucket}?{query}",
            self.outputs.s3_endpoint.trim_end_matches('/')
        );
        let mut request = http().get(&url);
        for (name, value) in self.signature("s3", "GET", &url, b"") {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("S3 answers");
        let status = response.status();
        assert!(status.is_success(), "S3 answered {status} to a listing");
        response.text().await.expect("a listing is text")
    }

    async fn dynamo_db(&self, operation: &str, request: &Value) -> Value {
        let endpoint = &self.outputs.dynamo_db_endpoint;
        let target = format!("DynamoDB_20120810.{operation}");
        self.call("dynamodb", endpoint, "1.0", &target, request)
            .await
    }

    /// Calls Cognito as an app does, without a signature: the status and the answer.
    pub async fn cognito(&self, operation: &str, request: &Value) -> (u16, Value) {
        self.send_to_cognito(operation, request, &[]).await
    }

    /// Calls Cognito as an administrator does.
    pub async fn administrate(&self, operation: &str, request: &Value) -> (u16, Value) {
        let url = format!("{}/", self.outputs.cognito_endpoint);
        let body = request.to_string().into_bytes();
        let signed = self.signature("cognito-idp", "POST", &url, &body);
        self.send_to_cognito(operation, request, &signed).await
    }

    /// An operation of Cognito's on this stack's pool, called as an administrator does, which must
    /// succeed: `stack.admin("AdminSetUserPassword", json!({"Username": …})).await`.
    pub async fn admin(&self, operation: &str, mut request: Value) -> Value {
        request["UserPoolId"] = json!(self.outputs.user_pool_id);
        let (status, answer) = self.administrate(operation, &request).await;
        assert_eq!(status, 200, "{operation} was refused: {answer}");
        answer
    }

    async fn send_to_cognito(
        &self,
        operation: &str,
        request: &Value,
        headers: &[(String, String)],
    ) -> (u16, Value) {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let mut call = http()
            .post(format!("{}/", self.outputs.cognito_endpoint))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", target)
            .body(request.to_string());
        for (name, value) in headers {
            call = call.header(name, value);
        }
        let response = call.send().await.expect("Cognito answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("Cognito answers JSON"))
    }

    /// Calls the recognition service as an operator.
    pub async fn recognition(&self, operation: &str, request: &Value) -> Value {
        let endpoint = &self.outputs.rekognition_endpoint;
        let target = format!("RekognitionService.{operation}");
        self.call("rekognition", endpoint, "1.1", &target, request)
            .await
    }

    /// Calls the recognition service as whoever has this access key id, such as a function: the
    /// status and the answer.
    pub async fn recognition_as(
        &self,
        access_key_id: &str,
        operation: &str,
        request: &Value,
    ) -> (u16, Value) {
        let endpoint = self.outputs.rekognition_endpoint.trim_end_matches('/');
        let url = format!("{endpoint}/");
        let body = request.to_string().into_bytes();
        let caller = self.key_of(access_key_id);
        let mut call = http()
            .post(&url)
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("RekognitionService.{operation}"));
        for (name, value) in self.signature_of(&caller, "rekognition", "POST", &url, &body) {
            call = call.header(name, value);
        }
        let response = call.body(body).send().await.expect("Rekognition answers");
        let status = response.status().as_u16();
        let answer = response.json().await;
        (status, answer.expect("Rekognition answers JSON"))
    }

    /// Calls Lambda's own interface.
    pub(crate) async fn lambda(&self, method: &str, path: &str, body: &[u8]) -> Value {
        let endpoint = self.outputs.lambda_endpoint.trim_end_matches('/');
        let url = format!("{endpoint}{path}");
        let verb = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = http().request(verb, &url).body(body.to_vec());
        for (name, value) in self.signature("lambda", method, &url, body) {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("Lambda answers");
        let status = response.status();
        let answer: Value = response.json().await.expect("Lambda answers JSON");
        assert!(
            status.is_success(),
            "{method} {path} answered {status}: {answer}"
        );
        answer
    }

    /// Calls a service that speaks AWS's JSON protocol. MiniStack, which fails a listing while another
    /// request adds to what it lists, is asked again where it fails, as every AWS SDK does; our own
    /// servers must not fail.
    pub(crate) async fn call(
        &self,
        service: &str,
        endpoint: &str,
        version: &str,
        target: &str,
        request: &Value,
    ) -> Value {
        // Three is what the SDKs' standard retry mode has.
        let attempts = if endpoint == self.outputs.lambda_endpoint {
            3
        } else {
            1
        };
        let url = format!("{}/", endpoint.trim_end_matches('/'));
        let body = request.to_string().into_bytes();
        let mut failures = Vec::new();
        while failures.len() < attempts {
            let mut request = http()
                .post(&url)
                .header("content-type", format!("application/x-amz-json-{version}"))
                .header("x-amz-target", target);
            for (name, value) in self.signature(service, "POST", &url, &body) {
                request = request.header(name, value);
            }
            let response = request
                .body(body.clone())
                .send()
                .await
                .expect("the service answers");
            let status = response.status();
            let answer: Value = response.json().await.expect("the answer is JSON");
            if status.is_success() {
                return answer;
            }
            failures.push(format!("{status}: {answer}"));
            assert!(status.is_server_error(), "{target} answered {failures:?}");
        }
        panic!("{target} answered {failures:?}");
    }
}

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client can be made")
}
