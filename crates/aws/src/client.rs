//! The SDK's clients: one configuration, one HTTP client, one TLS stack for all of them.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, environment, retry::RetryConfig};

/// Region, endpoints, credentials and the HTTP client, as the SDK holds them.
pub use aws_config::SdkConfig as Config;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use signin_core::budget;

/// Loads the configuration from the environment: region, endpoints and credentials, under the
/// names that Lambda and the SDKs use.
pub async fn load() -> Config {
    let (http, timeouts, retries) = habits();
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .credentials_provider(environment::EnvironmentVariableCredentialsProvider::new())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}

/// The same with an endpoint, a region and a key that are told: for tests.
#[cfg(feature = "memory")]
pub fn at(endpoint: &str, region: &str, key: &str, secret: &str) -> Config {
    let (http, timeouts, retries) = habits();
    let credentials = aws_credential_types::Credentials::new(key, secret, None, None, "tests");
    Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .endpoint_url(endpoint)
        .region(aws_config::Region::new(region.to_owned()))
        .credentials_provider(
            aws_credential_types::provider::SharedCredentialsProvider::new(credentials),
        )
        .timeout_config(timeouts)
        .retry_config(retries)
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .build()
}

/// How calls are made, wherever they go.
fn habits() -> (SharedHttpClient, TimeoutConfig, RetryConfig) {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(budget::CONNECTION)
        .operation_attempt_timeout(budget::ATTEMPT)
        .operation_timeout(budget::OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(2)
        .with_initial_backoff(Duration::from_millis(50));
    (http, timeouts, retries)
}
