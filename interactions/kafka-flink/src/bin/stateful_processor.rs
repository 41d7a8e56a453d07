//! Running totals per key over a Kafka topic, and each key when it comes for the first time, exactly once.

use service::ProgramInfo;
use std::process::ExitCode;

fn main() -> ExitCode {
    // The same executable is the process of the embedded Kafka, when there is one.
    devservices::child_entry();
    service::run(ProgramInfo::new("stateful_processor", env!("CARGO_PKG_VERSION")), kafka_flink::stateful)
}
