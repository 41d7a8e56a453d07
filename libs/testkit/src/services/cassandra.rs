//! A Cassandra node.

use super::{ServiceError, one_container, unique};
use containers::services::{Container, ports};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;

/// A cluster of one node, whose data centre is `datacenter1`.
pub struct Cassandra {
    pub(super) container: Container,
}

one_container!(Cassandra);

impl Cassandra {
    /// `host:port` of the node.
    pub fn contact_point(&self) -> String {
        self.container.address(ports::CASSANDRA)
    }

    pub async fn session(&self) -> Result<Session, ServiceError> {
        let session = SessionBuilder::new().known_node(self.contact_point()).build().await;
        session.map_err(|cause| ServiceError::new("Cassandra does not let us in", &cause))
    }

    /// A keyspace of its own for a test.
    pub async fn keyspace(&self, stem: &str) -> Result<String, ServiceError> {
        let name = unique(stem);
        let cql = format!(
            "CREATE KEYSPACE {name} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}"
        );
        let made = self.session().await?.query_unpaged(cql, ()).await;
        made.map_err(|cause| ServiceError::new("no keyspace could be made", &cause))?;
        Ok(name)
    }
}
