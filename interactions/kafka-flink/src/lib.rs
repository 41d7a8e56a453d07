//! Kafka → event-time windows in Flink SQL → PostgreSQL, files or the terminal.
//!
//! The pipeline is `sql/stream_processor.sql`; this crate fills its parameters from flags and configuration, gives dev
//! services where nothing is configured, and runs it on the embedded engine, or on a Flink cluster (`--engine flink`).
//!
//! **Guarantee: exactly once** into PostgreSQL and files, for every record that is in Kafka: rows, epoch and snapshot
//! identity are one transaction of the sink. On stdout: at least once. On Flink: what Flink's own sinks guarantee.

mod echo;
mod events;
mod failure;
mod health;
mod input;
mod live;
mod on_flink;
mod performance;
mod process;
mod processor_args;
mod produce;
mod producer_args;
mod sample;
mod script;
mod script_command;
mod services;
mod state;
mod stateful_args;
mod topics;

pub use health::{HealthArgs, health};
pub use performance::{PerformanceArgs, performance};
pub use process::{process, stateful};
pub use processor_args::ProcessorArgs;
pub use produce::produce;
pub use producer_args::ProducerArgs;
pub use stateful_args::StatefulArgs;
