//! One plain HTTP request: a custom resource's answer to CloudFormation.

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use signin_core::budget;

use crate::fault::Fault;

/// Puts `body` to a presigned URL, a few times if need be. No content type is sent: the URL was
/// signed without one.
pub async fn put(url: &str, body: &str) -> Result<(), Fault> {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(budget::ANSWER_CONNECTION)
        .read_timeout(budget::ANSWER_READ)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build();
    let mut last = Fault::new("PutAnswer", "never tried");
    for attempt in 0..budget::ANSWERS {
        tokio::time::sleep(budget::ANSWER_PAUSE * attempt).await;
        match put_once(&connector, url, body).await {
            Ok(()) => return Ok(()),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

async fn put_once(connector: &Connector, url: &str, body: &str) -> Result<(), Fault> {
    let fault = |kind: &str| Fault::new("PutAnswer", kind);
    let mut request = HttpRequest::new(SdkBody::from(body));
    request
        .set_method("PUT")
        .map_err(|_| fault("method not accepted"))?;
    request
        .set_uri(url)
        .map_err(|_| fault("URL not accepted"))?;
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    let response = connector
        .call(request)
        .await
        .map_err(|_| fault("not reached"))?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(fault(&format!("answered {}", response.status().as_u16())))
    }
}
