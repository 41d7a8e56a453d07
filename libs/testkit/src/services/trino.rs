//! A Trino server.

use super::one_container;
use containers::services::{Container, ports};

/// One server that is coordinator and worker. Catalogs are made by SQL: `CREATE CATALOG … USING postgresql WITH (…)`.
pub struct Trino {
    pub(super) container: Container,
}

one_container!(Trino);

impl Trino {
    pub fn url(&self) -> String {
        format!("http://{}", self.container.address(ports::TRINO))
    }
}
