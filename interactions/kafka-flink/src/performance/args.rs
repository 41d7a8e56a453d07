//! Flags of `performance_test`.

use crate::processor_args::ProcessorArgs;
use clap::{Parser, ValueEnum};
use service::{Engine, SharedArgs};
use std::num::NonZeroU32;
use std::time::Duration;

/// Load from Kafka to committed rows in PostgreSQL, and a report: throughput, latency, loss, duplicates.
///
/// Messages are sent at the asked rate whatever the rest does: a system that is too slow shows as latency, which counts
/// from the moment a message was due. It works in a topic and a table of its own and removes them at the end.
/// Exit codes: 0 the rate was sustained and no row lost or doubled, 1 otherwise.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "performance_test",
    version,
    mut_arg("duration", |flag| flag
        .default_value("60")
        .help("How long messages are sent; 0 = until Ctrl-C. What was sent is then waited for"))
)]
pub struct PerformanceArgs {
    /// Messages to send per second
    #[arg(long, default_value = "15000")]
    pub messages_per_second: NonZeroU32,

    /// What is measured: this process, or the same script on a Flink cluster
    #[arg(long, value_name = "ENGINE", default_value = "embedded")]
    pub engine: Engine,

    /// Partitions of the topic
    #[arg(long, default_value = "4", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub partitions: u32,

    /// How long a message may wait for others to share its batch; more than a broker takes to answer, or librdkafka
    /// spins while it waits for the answer
    #[arg(long, value_name = "MS", default_value = "5", value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub linger_ms: u32,

    /// Seed of keys and amounts
    #[arg(long, default_value = "1")]
    pub seed: u64,

    /// Leave the first seconds out of the latencies; loss and duplicates count from the first message all the same
    #[arg(long, value_name = "SECONDS", default_value = "0")]
    pub warm_up: u32,

    /// How long the last messages may take to be committed
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub drain_timeout: u32,

    /// Leave the topic, its group, the table and the snapshots behind
    #[arg(long)]
    pub keep: bool,

    /// Form of the report
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub output: Form,

    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Form of what is printed for people or programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    /// One JSON object.
    Json,
}

impl AsRef<SharedArgs> for PerformanceArgs {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

impl PerformanceArgs {
    pub fn drain_max(&self) -> Duration {
        Duration::from_secs(self.drain_timeout.into())
    }

    /// How many messages are to be sent; `None`: until a stop.
    pub fn messages(&self) -> Option<u64> {
        let duration = self.shared.duration()?;
        Some((f64::from(self.messages_per_second.get()) * duration.as_secs_f64()).round() as u64)
    }

    /// The same shared flags, as the pipeline of `stream_processor` takes them.
    pub fn processor(&self, names: &Names) -> ProcessorArgs {
        let flags = [
            "stream_processor",
            "--kafka-topic",
            &names.topic,
            "--kafka-group-id",
            &names.group,
            "--sink",
            "postgresql",
            "--table-name",
            &names.table,
        ];
        let mut args = ProcessorArgs::parse_from(flags);
        args.shared = self.shared.clone();
        args.engine.engine = self.engine;
        // As many tasks on a cluster as here, whatever it has for a default.
        args.shared.parallelism = Some(self.shared.parallelism());
        args
    }
}

/// What one run calls its own.
#[derive(Clone, Debug)]
pub struct Names {
    pub topic: String,
    pub group: String,
    pub table: String,
    pub pipeline: String,
}

impl Names {
    pub fn of_run(id: &str) -> Self {
        let name = format!("ibb_performance_{id}");
        Self { topic: name.clone(), group: name.clone(), table: name.clone(), pipeline: name }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_flags_it_is_the_documented_load() {
        let args = PerformanceArgs::parse_from(["performance_test"]);
        assert_eq!((args.messages_per_second.get(), args.messages()), (15_000, Some(900_000)));
        let args = PerformanceArgs::parse_from(["performance_test", "--duration", "0"]);
        assert_eq!(args.messages(), None);
    }

    #[test]
    fn the_pipeline_gets_names_and_shared_flags() {
        let args = PerformanceArgs::parse_from(["performance_test", "--checkpoint-interval", "100"]);
        let processor = args.processor(&Names::of_run("7"));
        assert_eq!(processor.kafka_topic, "ibb_performance_7");
        assert_eq!(processor.table_name, "ibb_performance_7");
        assert_eq!(processor.shared.checkpoint_interval, Duration::from_millis(100));
    }
}
