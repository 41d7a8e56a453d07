//! Flags of `stream_processor`.

use clap::{Parser, ValueEnum};
use service::{DeadLetters, Engine, EngineArgs, EngineSupport, Failure, ScriptCommand, SharedArgs};
use std::path::PathBuf;

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

    #[command(subcommand)]
    pub command: Option<ScriptCommand>,

    #[command(flatten)]
    pub engine: EngineArgs,

    #[command(flatten)]
    pub shared: SharedArgs,
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
        if !on_flink && (self.engine.stop_with_savepoint || self.engine.from_savepoint.is_some()) {
            let message = "--stop-with-savepoint, --from-savepoint: not supported yet by the embedded engine";
            return Err(Failure::usage(message).remedy("--engine flink, which takes savepoints"));
        }
        let support =
            EngineSupport { engines: &[Engine::Embedded, Engine::Flink], sql: true, savepoints: true };
        self.engine.check(program, &support)?;
        if on_flink {
            self.check_on_flink()?;
        }
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
