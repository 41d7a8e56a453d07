//! Health and consumer lag of every configured system.

use service::ProgramInfo;
use std::process::ExitCode;

fn main() -> ExitCode {
    service::run(ProgramInfo::new("health_monitor", env!("CARGO_PKG_VERSION")), kafka_flink::health)
}
