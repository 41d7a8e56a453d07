//! Load from Kafka to committed rows in PostgreSQL, and a report.

use service::ProgramInfo;
use std::process::ExitCode;
use std::time::Duration;

/// A stop still waits for what was sent, which has limits of its own.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2 * 3_600);

fn main() -> ExitCode {
    // The same executable is the process of the embedded Kafka, when there is one.
    devservices::child_entry();
    let program = ProgramInfo::new("performance_test", env!("CARGO_PKG_VERSION"));
    service::run(ProgramInfo { shutdown_limit: SHUTDOWN_LIMIT, ..program }, kafka_flink::performance)
}
