//! What a running stack tells its clients, read from `outputs.json`.

use std::fs;
use std::io::{Write, stdout};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Reads those of a stack's outputs that somebody needs.
pub(crate) fn read<Outputs: DeserializeOwned>(dir: &Path) -> Result<Outputs> {
    let path = dir.join("outputs.json");
    let text = fs::read_to_string(&path).with_context(|| {
        let path = path.display();
        format!("{path} cannot be read; is the stack up? (cargo xtask up)")
    })?;
    serde_json::from_str(&text)
        .with_context(|| format!("{} does not hold a stack's outputs", path.display()))
}

/// What the AWS CLI and SDKs need to reach a stack on this machine as its operator.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Reach {
    region: String,
    access_key_id: String,
    secret_access_key: String,
    s3_endpoint: String,
    cognito_endpoint: String,
    rekognition_endpoint: String,
}

impl Reach {
    /// Lines for a shell. Nothing in the values needs more than quotes: they are addresses and keys
    /// of ours.
    fn lines(&self) -> String {
        [
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
            ("AWS_ACCESS_KEY_ID", &self.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &self.secret_access_key),
            ("AWS_ENDPOINT_URL", &self.s3_endpoint),
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                &self.cognito_endpoint,
            ),
            ("AWS_ENDPOINT_URL_REKOGNITION", &self.rekognition_endpoint),
            ("AWS_ENDPOINT_URL_SESV2", &self.cognito_endpoint),
        ]
        .map(|(name, value)| format!("export {name}='{value}'\n"))
        .concat()
    }
}

/// Prints lines with which a shell's AWS CLI reaches the stack: `eval "$(cargo xtask env)"`.
pub(crate) fn print_environment(dir: &Path) -> Result<()> {
    let reach: Reach = read(dir)?;
    stdout()
        .write_all(reach.lines().as_bytes())
        .context("cannot write to the terminal")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::paths::Scratch;

    #[test]
    fn a_shell_is_told_where_the_stack_is_and_by_which_key() {
        let scratch = Scratch::new("outputs");
        let outputs = serde_json::json!({
            "Region": "us-east-1",
            "AccessKeyId": "key",
            "SecretAccessKey": "secret",
            "S3Endpoint": "http://127.0.0.1:1",
            "CognitoEndpoint": "http://127.0.0.1:2",
            "RekognitionEndpoint": "http://127.0.0.1:3",
            "Other": "output",
        });
        fs::write(scratch.path().join("outputs.json"), outputs.to_string()).unwrap();
        let reach: Reach = read(scratch.path()).unwrap();
        let lines = reach.lines();
        assert!(lines.contains("export AWS_ENDPOINT_URL='http://127.0.0.1:1'\n"));
        assert!(lines.contains("export AWS_SECRET_ACCESS_KEY='secret'\n"));
        assert!(lines.contains("export AWS_ENDPOINT_URL_SESV2='http://127.0.0.1:2'\n"));
        assert_eq!(lines.lines().count(), 8);
    }

    #[test]
    fn where_no_stack_is_up_the_error_says_how_to_start_one() {
        let scratch = Scratch::new("no-outputs");
        let error = read::<Reach>(scratch.path()).err().unwrap().to_string();
        assert!(
            error.ends_with("is the stack up? (cargo xtask up)"),
            "{error}"
        );
    }
}
