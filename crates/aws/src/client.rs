//! The SDK's clients: one configuration, one HTTP client, one TLS stack for all of them.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, environment, retry::RetryConfig};

/// Region, endpoints, credentials and the HTTP client, as the SDK holds them.
pub use aws_config::SdkConfig as Config;

use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

/// What a call to a service may take, its repeat included: less than a trigger's whole budget,
/// so that one call that hangs leaves time to say so.
pub(crate) const OPERATION: Duration = Duration::from_millis(2_500);

/// What one attempt may take before it is repeated.
const ATTEMPT: Duration = Duration::from_millis(1_500);

/// What reaching a service may take.
const CONNECT: Duration = Duration::from_millis(700);

/// Loads the configuration from the environment: region, endpoints and credentials, under the
/// names that Lambda and the SDKs use.
pub async fn load() -> Config {
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(2)
        .with_initial_backoff(Duration::from_millis(50));
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http)
        .credentials_provider(environment::EnvironmentVariableCredentialsProvider::new())
        .timeout_config(timeouts)
        .retry_config(retries)
        .load()
        .await
}
