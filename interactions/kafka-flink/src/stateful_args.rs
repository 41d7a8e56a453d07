//! Flags of `stateful_processor`.

use crate::processor_args::{ProcessorArgs, Shipped, SinkKind, StateBackendKind};
use clap::{Parser, ValueEnum};
use service::{EngineArgs, ScriptCommand, SharedArgs};
use std::path::PathBuf;
use std::time::Duration;

/// Running totals per key over a Kafka topic, and each key when it comes for the first time, exactly once.
///
/// Without any configuration it starts what it needs: an embedded Kafka with a sample stream and a PostgreSQL.
#[derive(Parser, Clone, Debug)]
#[command(name = "stateful_processor", version)]
pub struct StatefulArgs {
    /// The topic to read
    #[arg(long, default_value = "events")]
    pub topic: String,

    /// Consumer group that shows how far we have read; it never decides where we restart
    #[arg(long, default_value = "stateful_processor")]
    pub kafka_group_id: String,

    /// Where the totals and the new keys go
    #[arg(long, default_value = "postgresql")]
    pub sink: StatefulSink,

    /// Table, or topic, of the totals
    #[arg(long, value_name = "NAME", default_value = "totals_per_key")]
    pub totals: String,

    /// Table, or topic, of the keys seen for the first time
    #[arg(long, value_name = "NAME", default_value = "keys_seen")]
    pub keys_seen: String,

    /// Where the state of the keys lives: in memory, or for more keys than it holds in a tree on the local disk
    #[arg(long, value_name = "BACKEND", default_value = "memory")]
    pub state_backend: StateBackendKind,

    /// Forget a key that had no event for this long, by the wall clock; 0 = never
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub state_ttl: u64,

    #[command(subcommand)]
    pub command: Option<ScriptCommand>,

    #[command(flatten)]
    pub engine: EngineArgs,

    #[command(flatten)]
    pub shared: SharedArgs,
}

/// What `--sink` may name: results that change need a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StatefulSink {
    Postgresql,
    Kafka,
    Stdout,
}

impl AsRef<SharedArgs> for StatefulArgs {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

impl StatefulArgs {
    /// The same pipeline runner with another script.
    pub fn into_processor(self) -> ProcessorArgs {
        let Self { topic, kafka_group_id, sink, totals, keys_seen, state_backend, state_ttl, .. } = self;
        ProcessorArgs {
            kafka_topic: topic,
            kafka_group_id,
            window_seconds: 1,
            slide_seconds: None,
            session_gap_seconds: None,
            sink: match sink {
                StatefulSink::Postgresql => SinkKind::Postgresql,
                StatefulSink::Kafka => SinkKind::Kafka,
                StatefulSink::Stdout => SinkKind::Stdout,
            },
            table_name: totals.clone(),
            output_topic: totals,
            output_path: PathBuf::new(),
            state_backend,
            shipped: Shipped::Totals { keys_seen, ttl: Duration::from_secs(state_ttl) },
            command: self.command,
            engine: self.engine,
            shared: self.shared,
        }
    }
}
