//! What every program shares: command line, layered configuration, logs, metrics, traces, health,
//! graceful shutdown, progress and exit codes.
//!
//! It knows nothing about pipelines or about the systems they speak to: it hands a program its typed
//! [`Cluster`] configuration and a [`Context`], and turns what the program returns into an exit code.
//!
//! ```no_run
//! use service::{Context, Failure, ProgramInfo, SharedArgs};
//!
//! /// Counts the events of a topic.
//! #[derive(clap::Parser)]
//! struct Args {
//!     #[command(flatten)]
//!     shared: SharedArgs,
//!     /// The topic to read.
//!     #[arg(long, default_value = "events")]
//!     topic: String,
//! }
//!
//! impl AsRef<SharedArgs> for Args {
//!     fn as_ref(&self) -> &SharedArgs {
//!         &self.shared
//!     }
//! }
//!
//! async fn count(ctx: Context, args: Args) -> Result<(), Failure> {
//!     let kafka = ctx.cluster.require_kafka()?; // `None`: dev services give one
//!     let input = ctx.health.component("kafka");
//!     println!("{} from {:?}", args.topic, kafka.map(|kafka| &kafka.brokers));
//!     input.connected();
//!     ctx.shutdown.cancelled().await;
//!     Ok(())
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     service::run(ProgramInfo::new("event_count", "0.1.0"), count)
//! }
//! ```

mod admin;
mod args;
mod config;
mod environment;
mod exit;
mod failure;
mod health;
mod load;
mod logs;
mod places;
mod progress;
mod prometheus;
mod run;
mod secret;
mod shutdown;
mod status;
mod tap;
mod traces;

pub use admin::{Admin, AdminState};
pub use args::{
    AdminAddr, Color, DeadLetters, DevServices, Engine, EngineArgs, EngineSupport, LogFormat, ScriptCommand,
    SharedArgs, StateDir,
};
pub use config::{
    Cassandra, Cluster, Flink, Kafka, KafkaProtocol, KafkaSecurity, Origin, PostgresTls, Postgresql, Problem,
    Problems, Redis, SaslMechanism, SchemaRegistry, Spark, System, Trino,
};
pub use environment::Environment;
pub use exit::Exit;
pub use failure::{Failure, OrFail};
pub use health::{Component, Health};
pub use load::{Loaded, Stop, Surroundings, load};
pub use places::Places;
pub use progress::Progress;
pub use prometheus::Metrics;
pub use run::{Body, Context, ProgramInfo, SHUTDOWN_LIMIT, run, run_with};
pub use secret::Secret;
pub use shutdown::{Shutdown, Task};
pub use status::Status;
pub use tap::{TapAnswer, TapRefusal, TapRequest, Taps};
