//! The ports on AWS: Table on DynamoDB ([`dynamo::DynamoTable`]), Blob on S3 ([`s3::S3Blob`]).
//!
//! Invariants:
//! - Both keep the contracts of `vitrine-table` and `vitrine-blob`; the tests run those suites on independent servers.
//! - Credentials come from the SDK's default chain (environment, profile, web identity, container or instance role)
//!   unless [`Settings::credentials`] says otherwise; none is ever logged.
//! - Every call has time-outs. What may be repeated without harm is repeated by the SDK; what may not is sent once.
//!
//! Not here: choosing the backend (configuration does), infrastructure (roles, KMS keys, backups, lifecycle rules).

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use secrecy::{ExposeSecret, SecretString};

pub mod dynamo;
pub mod s3;

pub use aws_config::SdkConfig;

/// Where AWS, or what stands in for it, is reached.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Region, as `eu-central-1`.
    pub region: String,
    /// Another endpoint than AWS's own (`http://host:port`); S3 is then addressed by path.
    pub endpoint: Option<String>,
    /// Access key id and secret; `None`: the SDK's default chain.
    pub credentials: Option<(String, SecretString)>,
}

/// Resolves credentials and endpoints; makes no call yet.
pub async fn connect(settings: &Settings) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .read_timeout(Duration::from_secs(60))
                .build(),
        );
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some((id, secret)) = &settings.credentials {
        let secret = secret.expose_secret();
        loader = loader.credentials_provider(aws_sdk_s3::config::Credentials::new(id, secret, None, None, "settings"));
    }
    loader.load().await
}
