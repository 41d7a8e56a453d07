//! A schema registry with Confluent's API.

use super::{one_container, unique};
use containers::services::{Container, ports};

/// Keeps schemas in memory.
pub struct SchemaRegistry {
    pub(super) container: Container,
}

one_container!(SchemaRegistry);

impl SchemaRegistry {
    /// Where Confluent's API begins.
    pub fn url(&self) -> String {
        format!("http://{}/apis/ccompat/v7", self.container.address(ports::SCHEMA_REGISTRY))
    }

    /// The same for other containers.
    pub fn url_inside(&self) -> String {
        format!("http://{}:{}/apis/ccompat/v7", self.container.name(), ports::SCHEMA_REGISTRY)
    }

    /// A subject of its own for a test: `<unique>-value`.
    pub fn subject(&self, stem: &str) -> String {
        format!("{}-value", unique(stem))
    }
}
