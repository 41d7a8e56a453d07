//! Event-time windows per key over a Kafka topic, into a sink, exactly once.

use service::ProgramInfo;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The same executable is the process of the embedded Kafka, when there is one.
    devservices::child_entry();
    service::run(ProgramInfo::new("stream_processor", env!("CARGO_PKG_VERSION")), kafka_flink::process)
}
