//! Events into a Kafka topic: seeded ones, or those of a file.

use service::ProgramInfo;
use std::process::ExitCode;

fn main() -> ExitCode {
    service::run(ProgramInfo::new("test_producer", env!("CARGO_PKG_VERSION")), kafka_flink::produce)
}
