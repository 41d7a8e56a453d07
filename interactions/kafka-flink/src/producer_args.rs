//! Flags of `test_producer`.

use clap::Parser;
use service::SharedArgs;
use std::path::PathBuf;

/// Events into a Kafka topic: seeded ones, or those of a file.
///
/// Equal seeds give equal events. Without a configured Kafka it feeds the embedded one of a running stream_processor.
#[derive(Parser, Clone, Debug)]
#[command(name = "test_producer", version)]
pub struct ProducerArgs {
    /// The topic to write
    #[arg(long, default_value = "events")]
    pub topic: String,

    /// Partitions of the topic, should it not exist yet
    #[arg(long, default_value = "4", value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub partitions: i32,

    /// Consumer group whose progress paces us on an embedded Kafka
    #[arg(long, default_value = "stream_processor")]
    pub kafka_group_id: String,

    /// Events per second; 0 = as fast as possible
    #[arg(long, default_value = "1000")]
    pub rate: u32,

    /// How many events; 0 = until stopped
    #[arg(long, default_value = "0")]
    pub count: u64,

    /// Seed of the events
    #[arg(long, default_value = "1")]
    pub seed: u64,

    /// Distinct keys
    #[arg(long, default_value = "10", value_parser = clap::value_parser!(u32).range(1..))]
    pub keys: u32,

    /// 0: keys are equally frequent; 1: the first is twice as frequent as the second, thrice as the third, …
    #[arg(long, default_value = "0", value_parser = skew)]
    pub skew: f64,

    /// Share of events that come far too late, 0 to 1
    #[arg(long, default_value = "0", value_parser = fraction)]
    pub late_fraction: f64,

    /// Share of events that are no valid JSON, 0 to 1
    #[arg(long, default_value = "0", value_parser = fraction)]
    pub bad_fraction: f64,

    /// A file whose rows become the events: .csv, .jsonl or .parquet
    #[arg(long, conflicts_with_all = ["keys", "skew", "late_fraction", "bad_fraction", "seed"])]
    pub input: Option<PathBuf>,

    /// Column of `--input` whose value becomes the message key
    #[arg(long, requires = "input")]
    pub key_column: Option<String>,

    #[command(flatten)]
    pub shared: SharedArgs,
}

impl AsRef<SharedArgs> for ProducerArgs {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("not a number from 0 to 1".into()),
    }
}

fn skew(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=10.0).contains(&value) => Ok(value),
        _ => Err("not a number from 0 to 10".into()),
    }
}
