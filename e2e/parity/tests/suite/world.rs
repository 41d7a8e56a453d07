//! What all cases share: a broker, a cluster, the program, and the folder of the cases.

use std::path::PathBuf;
use std::sync::OnceLock;
use testkit::services::{Flink, Kafka};
use tokio::runtime::Runtime;

/// Services are started by the first case that runs, so that listing the cases starts none.
pub struct World {
    pub cases: PathBuf,
    pub runtime: Runtime,
    services: OnceLock<Result<Services, String>>,
}

pub struct Services {
    pub kafka: Kafka,
    pub flink: Flink,
    pub program: PathBuf,
}

impl World {
    pub fn new(cases: PathBuf) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        Self { cases, runtime, services: OnceLock::new() }
    }

    pub fn services(&self) -> Result<&Services, String> {
        let started = self.services.get_or_init(|| {
            self.runtime.block_on(async {
                let started = tokio::try_join!(Kafka::start(), Flink::start());
                let (kafka, flink) = started.map_err(|error| error.to_string())?;
                let program = testkit::binary("stream_processor", None);
                Ok(Services { kafka, flink, program })
            })
        });
        started.as_ref().map_err(Clone::clone)
    }
}
