//! Flags of `health_monitor`.

use crate::performance::Form;
use clap::Parser;
use service::{LogFormat, SharedArgs, System};
use std::str::FromStr;
use std::time::Duration;

/// Health and consumer lag of every configured system: one line per component and round, or one JSON object per round.
///
/// A component is healthy when it answers in its own protocol, within `--connect-timeout`, and nothing is alarming.
/// Exit codes, by the last round: 0 all healthy, 1 an alert, 69 a component does not answer, 78 nothing is configured.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "health_monitor",
    version,
    mut_arg("connect_timeout", |flag| flag.default_value("5").help("How long one check may take"))
)]
pub struct HealthArgs {
    /// What to check: `all` that is configured, or names separated by commas
    #[arg(long, value_name = "all|NAME,…", default_value = "all")]
    pub components: Components,

    /// Time between the beginnings of two rounds
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = interval)]
    pub interval: Duration,

    /// End after this many rounds; 0 = go on until stopped. Scripts give 1
    #[arg(long, value_name = "N", default_value = "0")]
    pub rounds: u64,

    /// Consumer groups whose lag is looked at, separated by commas [default: every one the brokers list]
    #[arg(long, value_name = "GROUP,…", value_delimiter = ',')]
    pub kafka_group_id: Vec<String>,

    /// A group that is further than this behind the end of a topic is an alert
    #[arg(long, value_name = "N", default_value = "10000")]
    pub lag_alert_records: u64,

    /// A replication slot that keeps more of PostgreSQL's log than this is an alert
    #[arg(long, value_name = "MIB", default_value = "1024")]
    pub wal_alert_mib: u32,

    /// Form of the rounds on stdout; `--log-format json` means JSON here, too
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub output: Form,

    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Which components to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Components {
    All,
    Named(Vec<System>),
}

/// Every system, in the order of the configuration.
pub const SYSTEMS: [System; 8] = [
    System::Kafka,
    System::Postgresql,
    System::Redis,
    System::Cassandra,
    System::Trino,
    System::Flink,
    System::Spark,
    System::SchemaRegistry,
];

impl FromStr for Components {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let mut named = Vec::new();
        for name in text.split(',').map(str::trim) {
            let Some(system) = SYSTEMS.into_iter().find(|system| system.to_string() == name) else {
                let known = SYSTEMS.map(|system| system.to_string()).join(", ");
                return Err(format!("`{name}` is none of all, {known}"));
            };
            if !named.contains(&system) {
                named.push(system);
            }
        }
        Ok(Self::Named(named))
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(interval) if (0.01..=86_400.0).contains(&seconds) => Ok(interval),
        _ => Err("not between 0.01 and 86400 seconds".to_owned()),
    }
}

impl AsRef<SharedArgs> for HealthArgs {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

impl HealthArgs {
    pub fn json(&self) -> bool {
        self.output == Form::Json || self.shared.log_format == LogFormat::Json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_named_once_and_known() {
        assert_eq!("all".parse(), Ok(Components::All));
        let named = Components::Named(vec![System::Redis, System::SchemaRegistry]);
        assert_eq!("redis, schema_registry,redis".parse(), Ok(named));
        let error = "kafak".parse::<Components>().unwrap_err();
        assert!(error.contains("`kafak`") && error.contains("kafka, postgresql"), "{error}");
    }

    #[test]
    fn a_check_has_five_seconds_unless_said_otherwise() {
        let args = HealthArgs::parse_from(["health_monitor"]);
        assert_eq!(args.shared.connect_timeout, Duration::from_secs(5));
        assert!(HealthArgs::try_parse_from(["health_monitor", "--interval", "0"]).is_err());
    }
}
