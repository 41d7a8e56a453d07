//! A Flink cluster with a SQL gateway.

use super::ServiceError;
use containers::ImageProgress;
use containers::services::{FlinkCluster, Options, Purpose, Sharing, Spec, flink_cluster, ports};

/// A session cluster: `jobmanager`, `taskmanager` and `gateway` are its containers.
pub struct Flink {
    pub cluster: FlinkCluster,
}

impl Flink {
    /// The cluster that all suites share.
    pub async fn start() -> Result<Self, ServiceError> {
        Self::with(std::convert::identity, Sharing::Shared).await
    }

    /// One of our own.
    pub async fn exclusive() -> Result<Self, ServiceError> {
        Self::with(std::convert::identity, Sharing::Exclusive).await
    }

    /// One with other settings of its parts, in `FLINK_PROPERTIES`. Shared with whoever asks for the same settings.
    pub async fn with(change: impl Fn(Spec) -> Spec, sharing: Sharing) -> Result<Self, ServiceError> {
        let progress = ImageProgress::new(|step| eprintln!("{step}"));
        let options = Options::new(Purpose::Test, sharing, progress)?;
        Ok(Self { cluster: flink_cluster(&options, change).await? })
    }

    /// The job manager's REST API.
    pub fn url(&self) -> String {
        format!("http://{}", self.cluster.jobmanager.address(ports::FLINK))
    }

    /// The SQL gateway's REST API.
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.cluster.gateway.address(ports::FLINK_GATEWAY))
    }
}
