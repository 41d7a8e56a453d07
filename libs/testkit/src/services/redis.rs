//! A Redis server.

use super::{ServiceError, one_container, unique};
use containers::services::{Container, ports};
use redis::aio::MultiplexedConnection;

/// One server, no cluster.
pub struct Redis {
    pub(super) container: Container,
}

one_container!(Redis);

impl Redis {
    pub fn url(&self) -> String {
        format!("redis://{}/", self.container.address(ports::REDIS))
    }

    /// What all keys of a test begin with: `<unique>:`.
    pub fn key_prefix(&self, stem: &str) -> String {
        format!("{}:", unique(stem))
    }

    pub async fn connect(&self) -> Result<MultiplexedConnection, ServiceError> {
        let failed = |cause| ServiceError::new("Redis does not let us in", &cause);
        let client = redis::Client::open(self.url()).map_err(failed)?;
        client.get_multiplexed_async_connection().await.map_err(failed)
    }
}
