//! Flags of `stream_processor`.

use clap::{Parser, ValueEnum};
use service::{DeadLetters, Engine, EngineArgs, EngineSupport, Failure, ScriptCommand, SharedArgs};
use std::path::PathBuf;
use std::time::Duration;

/// Event-time windows per key over a Kafka topic, into a sink, exactly once.
///
/// Without any configuration it starts what it needs: an embedded Kafka with a sample stream and a PostgreSQL.
#[derive(Parser, Clone, Debug)]
#[command(name = "stream_processor", version)]
pub struct ProcessorArgs {
    /// The topic to read
    #[arg(long, default_value = "events")]
    pub kafka_topic: String,

    /// Consumer group that shows how far we have read; it never decides where we restart
    #[arg(long, default_value = "stream_processor")]
    pub kafka_group_id: String,

    /// Width of the windows
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub window_seconds: u32,

    /// Hopping windows: a new one starts this often; must divide the width
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub slide_seconds: Option<u32>,

    /// Session windows per key, in place of `--window-seconds`: a gap this long ends one
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub session_gap_seconds: Option<u32>,

    /// Where the windows go
    #[arg(long, default_value = "postgresql")]
    pub sink: SinkKind,

    /// Table of `--sink postgresql`
    #[arg(long, default_value = "events_per_key")]
    pub table_name: String,

    /// Topic of `--sink kafka`
    #[arg(long, default_value = "events_per_key")]
    pub output_topic: String,

    /// Folder of `--sink files`, with its format
    #[arg(long, default_value = "events_per_key")]
    pub output_path: PathBuf,

    /// Where the state of aggregations without a window lives: in memory, or in a tree on the local disk
    #[arg(long, value_name = "BACKEND", default_value = "memory")]
    pub state_backend: StateBackendKind,

    /// Which script runs unless `--sql` names one.
    #[arg(skip)]
    pub shipped: Shipped,

    #[command(subcommand)]
    pub command: Option<ScriptCommand>,

    #[command(flatten)]
    pub engine: EngineArgs,

    #[command(flatten)]
    pub shared: SharedArgs,
}

/// The scripts that programs bring along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shipped {
    /// Windows per key, of `stream_processor`.
    #[default]
    Windows,
    /// Totals per key, of `stateful_processor`, kept for `ttl` after a key's last event; zero: for ever.
    Totals { keys_seen: String, ttl: Duration },
}

/// What `--state-backend` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StateBackendKind {
    Memory,
    Lsm,
    /// Flink's own, with `--engine flink`.
    Rocksdb,
    Redis,
}

/// What `--sink` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SinkKind {
    Postgresql,
    Files,
    Stdout,
    Redis,
    Kafka,
}

impl AsRef<SharedArgs> for ProcessorArgs {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

impl ProcessorArgs {
    /// Refuses, by name, what the command line of `program` knows and this version cannot do yet.
    pub fn check(&self, program: &str) -> Result<(), Failure> {
        let on_flink = self.engine.engine == Engine::Flink;
        let support =
            EngineSupport { engines: &[Engine::Embedded, Engine::Flink], sql: true, savepoints: true };
        self.engine.check(program, &support)?;
        match on_flink {
            true => self.check_on_flink()?,
            false => self.check_embedded()?,
        }
        self.check_state_backend(on_flink)?;
        match self.sink {
            SinkKind::Postgresql | SinkKind::Files | SinkKind::Stdout | SinkKind::Kafka => {}
            SinkKind::Redis => {
                return Err(Failure::usage("--sink redis is not supported yet")
                    .remedy("--sink postgresql, kafka, files or stdout"));
            }
        }
        if self.session_gap_seconds.is_some() && self.slide_seconds.is_some() {
            return Err(Failure::usage("--session-gap-seconds and --slide-seconds exclude each other")
                .remedy("one of them: session windows have no slide"));
        }
        match self.slide_seconds {
            Some(slide) if !self.window_seconds.is_multiple_of(slide) => Err(Failure::usage(format!(
                "--slide-seconds {slide} does not divide --window-seconds {}",
                self.window_seconds
            ))),
            _ => Ok(()),
        }
    }

    fn check_state_backend(&self, on_flink: bool) -> Result<(), Failure> {
        match self.state_backend {
            StateBackendKind::Memory => Ok(()),
            StateBackendKind::Lsm if !on_flink => Ok(()),
            StateBackendKind::Rocksdb if on_flink => Ok(()),
            StateBackendKind::Lsm => Err(Failure::usage("--state-backend lsm is the embedded engine's")
                .remedy("--state-backend rocksdb, which is Flink's own for state beyond memory")),
            StateBackendKind::Rocksdb => Err(Failure::usage("--state-backend rocksdb is Flink's own")
                .remedy("--state-backend lsm, for state beyond memory in the embedded engine")
                .remedy("--engine flink")),
            StateBackendKind::Redis => Err(Failure::usage("--state-backend redis is not supported yet")
                .remedy("--state-backend memory or lsm")),
        }
    }

    /// What only a Flink cluster can do.
    fn check_embedded(&self) -> Result<(), Failure> {
        match &self.engine.from_savepoint {
            Some(url) if url.contains("://") => {
                let message = format!(
                    "--from-savepoint {url}: object stores are not supported yet by the embedded engine"
                );
                Err(Failure::usage(message)
                    .remedy("the path of a local file, as --stop-with-savepoint prints it"))
            }
            _ => Ok(()),
        }
    }

    /// What only the embedded engine can do.
    fn check_on_flink(&self) -> Result<(), Failure> {
        if self.sink == SinkKind::Stdout && self.engine.sql.is_none() {
            let message = "--sink stdout: Flink prints into the logs of its task managers, not here";
            return Err(Failure::usage(message).remedy("--sink postgresql, kafka or files"));
        }
        if !matches!(self.shared.dead_letters, None | Some(DeadLetters::Off)) {
            let message = "--dead-letters: a job on Flink fails at a record that it cannot read, and keeps no late ones";
            return Err(Failure::usage(message)
                .remedy("--engine embedded, which keeps both")
                .remedy("'json.ignore-parse-errors' = 'true' in the script, which drops bad records"));
        }
        Ok(())
    }
}
