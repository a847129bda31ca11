//! What the recognition service says of pictures, asked directly: a client of the sign-in is
//! never told a similarity.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use signin_client::{ClientError, Outputs};

use crate::Stop;
use crate::pictures::{Picture, Pictures};

/// The recognition service of a local stack, which takes its key instead of a signature.
pub(crate) struct Recognition {
    http: reqwest::Client,
    endpoint: String,
    key: String,
}

/// What a call came to.
enum Reply {
    /// An answer.
    Answer(Value),
    /// The service's word for a picture without a face.
    NoFace,
}

impl Recognition {
    /// The service of the stack with these outputs.
    pub(crate) fn new(outputs: &Outputs) -> Result<Self, ClientError> {
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            endpoint: outputs.rekognition_endpoint.clone(),
            key: outputs.secret_access_key.clone(),
        })
    }

    /// Holds every picture to its purpose before anything is tried with it: there must be a face.
    pub(crate) async fn expect_faces(&self, pictures: &Pictures) -> Result<(), Stop> {
        for (_, picture) in pictures.all() {
            let found = self.faces(&picture.bytes).await;
            if found.map_err(|error| Stop::Broken(error.to_string()))? == 0 {
                return Err(no_face(picture));
            }
        }
        Ok(())
    }

    /// How many faces a picture shows.
    async fn faces(&self, picture: &[u8]) -> Result<usize, ClientError> {
        let request = json!({ "Image": image(picture) });
        match self.call("DetectFaces", &request).await? {
            Reply::NoFace => Ok(0),
            Reply::Answer(answer) => answer["FaceDetails"]
                .as_array()
                .map(Vec::len)
                .ok_or_else(|| not_understood("DetectFaces")),
        }
    }

    /// How similar the widest face of the first picture is to the most similar one of the second,
    /// 0 to 100; nothing where one of them shows no face.
    pub(crate) async fn similarity(
        &self,
        source: &[u8],
        target: &[u8],
    ) -> Result<Option<f64>, ClientError> {
        let request = json!({
            "SourceImage": image(source),
            "TargetImage": image(target),
            "SimilarityThreshold": 0,
        });
        match self.call("CompareFaces", &request).await? {
            Reply::NoFace => Ok(None),
            Reply::Answer(answer) => answer["FaceMatches"][0]["Similarity"]
                .as_f64()
                .map(Some)
                .ok_or_else(|| not_understood("CompareFaces")),
        }
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Reply, ClientError> {
        let response = self
            .http
            .post(&self.endpoint)
            .bearer_auth(&self.key)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("RekognitionService.{operation}"))
            .body(request.to_string())
            .send()
            .await?;
        let status = response.status();
        let answer: Value = response.json().await?;
        if status.is_success() {
            return Ok(Reply::Answer(answer));
        }
        match answer["__type"].as_str() {
            Some("InvalidParameterException") => Ok(Reply::NoFace),
            other => Err(ClientError::Failed(format!(
                "{operation} was refused with {}",
                other.unwrap_or("no reason")
            ))),
        }
    }
}

fn image(bytes: &[u8]) -> Value {
    json!({ "Bytes": STANDARD.encode(bytes) })
}

fn not_understood(operation: &str) -> ClientError {
    ClientError::Protocol(format!("the answer to {operation} is not understood"))
}

/// A picture without a face is whoever's who named it.
fn no_face(picture: &Picture) -> Stop {
    match picture.argument {
        Some(argument) => Stop::Usage(format!(
            "{argument} {}: no face was found; expected a picture of one person's face, upright, \
             from the front, at least 80 pixels wide and neither dark nor blurred",
            picture.name
        )),
        None => Stop::Broken(format!(
            "no face was found in the {}; is the recognition service the right one?",
            picture.name
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_without_a_face_names_its_argument_and_says_what_was_expected() {
        let picture = |argument| Picture {
            name: "wall.jpg".to_owned(),
            argument,
            bytes: Vec::new(),
        };
        let stop = no_face(&picture(Some("--sign-in")));
        let Stop::Usage(message) = stop else {
            panic!("expected wrong usage, found {stop:?}");
        };
        assert!(
            message.starts_with("--sign-in wall.jpg: no face"),
            "{message}"
        );
        assert!(message.contains("80 pixels"), "{message}");
        assert!(matches!(no_face(&picture(None)), Stop::Broken(_)));
    }
}
