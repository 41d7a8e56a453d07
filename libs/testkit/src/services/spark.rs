//! A Spark Connect server.

use super::one_container;
use containers::services::{Container, HOST, ports};

/// One process that is driver and executor.
pub struct Spark {
    pub(super) container: Container,
}

one_container!(Spark);

impl Spark {
    /// `sc://…`
    pub fn remote(&self) -> String {
        format!("sc://{HOST}:{}", self.container.port(ports::SPARK))
    }
}
