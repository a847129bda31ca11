//! What a stack tells its clients.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// A stack's outputs: one flat object, as `outputs.json` holds it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Outputs {
    /// The region, such as `us-east-1`.
    pub region: String,
    /// The user pool's id.
    pub user_pool_id: String,
    /// The app client's id.
    pub user_pool_client_id: String,
    /// What a sign-in takes: chains of steps, with commas between them.
    pub sign_in_chains: String,
    /// The bucket of document pictures.
    pub document_bucket: String,
    /// The bucket of sign-in pictures.
    pub sign_in_bucket: String,
    /// The DynamoDB table.
    pub user_table: String,
    /// The Rekognition collection.
    pub face_collection: String,
    /// Where Cognito listens.
    pub cognito_endpoint: String,
    /// Where S3 listens.
    pub s3_endpoint: String,
    /// Where DynamoDB listens.
    pub dynamo_db_endpoint: String,
    /// Where Lambda listens.
    pub lambda_endpoint: String,
    /// Where Rekognition listens.
    pub rekognition_endpoint: String,
    /// The sample page; empty where there is none.
    pub web_url: String,
    /// An operator's access key id, for tests that look behind the scenes.
    pub access_key_id: String,
    /// The secret that belongs to it.
    pub secret_access_key: String,
}

/// Why a stack's outputs could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OutputsError {
    /// There is no such file, or it cannot be read.
    #[error("{path} cannot be read ({source}); is the stack up? (cargo xtask up)")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} does not hold a stack's outputs: {source}")]
    NotUnderstood {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl Outputs {
    /// Reads the outputs from a file.
    ///
    /// # Errors
    /// When the file cannot be read, or lacks an output.
    pub fn read(path: &Path) -> Result<Self, OutputsError> {
        let text = fs::read(path).map_err(|source| OutputsError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        serde_json::from_slice(&text).map_err(|source| OutputsError::NotUnderstood {
            path: path.to_owned(),
            source,
        })
    }
}

impl fmt::Debug for Outputs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outputs")
            .field("user_pool_id", &self.user_pool_id)
            .field("user_pool_client_id", &self.user_pool_client_id)
            .field("cognito_endpoint", &self.cognito_endpoint)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn outputs_are_read_by_the_names_that_the_stack_writes() {
        let text = r#"{
            "Region": "us-east-1", "UserPoolId": "us-east-1_A", "UserPoolClientId": "c",
            "SignInChains": "FACE",
            "DocumentBucket": "d", "SignInBucket": "s", "UserTable": "t", "FaceCollection": "f",
            "CognitoEndpoint": "http://127.0.0.1:1", "S3Endpoint": "http://127.0.0.1:2",
            "DynamoDbEndpoint": "http://127.0.0.1:3", "LambdaEndpoint": "http://127.0.0.1:4",
            "RekognitionEndpoint": "http://127.0.0.1:5", "WebUrl": "",
            "AccessKeyId": "id", "SecretAccessKey": "secret"
        }"#;
        let outputs: Outputs = serde_json::from_str(text).unwrap();
        assert_eq!(outputs.s3_endpoint, "http://127.0.0.1:2");
        assert_eq!(outputs.dynamo_db_endpoint, "http://127.0.0.1:3");
        assert!(!format!("{outputs:?}").contains("secret"));
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        let error = Outputs::read(Path::new("no/such/outputs.json")).unwrap_err();
        assert!(error.to_string().contains("cargo xtask up"), "{error}");
    }
}
