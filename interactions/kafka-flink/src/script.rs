//! The script that runs, and what fills its parameters.

use crate::processor_args::{ProcessorArgs, Shipped, SinkKind, StateBackendKind};
use crate::topics::{KEY_PASSWORD, PASSWORD, connection};
use service::{Engine, Kafka, PostgresTls, Postgresql, Secret};
use std::collections::BTreeMap;

impl Shipped {
    /// The script.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Windows => include_str!("../sql/stream_processor.sql"),
            Self::Totals { .. } => include_str!("../sql/stateful_processor.sql"),
        }
    }
}

/// Values of a script's parameters; secrets apart, so that `--render` can leave them open.
#[derive(Debug, Default)]
pub struct Parameters {
    open: BTreeMap<String, String>,
    secret: BTreeMap<String, Secret>,
}

impl Parameters {
    /// Everything the flags and the configured systems give.
    pub fn new(args: &ProcessorArgs, kafka: Option<&Kafka>, postgresql: Option<&Postgresql>) -> Self {
        let mut parameters = Self::default();
        let interval = args.shared.checkpoint_interval.as_millis().to_string();
        parameters.put("checkpoint_interval_ms", interval);
        match &args.shipped {
            Shipped::Windows => parameters.put("window", window(args)),
            Shipped::Totals { ttl, .. } => {
                parameters.put("state_ttl_ms", ttl.as_millis().to_string());
                parameters.put("state_backend", flink_backend(args.state_backend));
            }
        }
        if let Some(kafka) = kafka {
            parameters.kafka(args, kafka);
        }
        if let Some(postgresql) = postgresql {
            parameters.postgresql(postgresql);
        }
        parameters.sink(args, kafka);
        parameters
    }

    /// For the embedded Kafka. It has no real transactions, so it is written at least once; and it answers a fetch that
    /// found nothing only when the whole wait is over, whatever arrives meanwhile, so that wait is short.
    pub fn on_embedded_kafka(mut self) -> Self {
        for name in ["sink_options", "keys_seen_options"] {
            if let Some(options) = self.open.get_mut(name) {
                *options = options.replace(EXACTLY_ONCE, AT_LEAST_ONCE);
            }
        }
        if let Some(options) = self.open.get_mut("source_options") {
            options.push_str(",\n  'properties.fetch.max.wait.ms' = '20'");
        }
        self
    }

    /// For the engine.
    pub fn all(&self) -> BTreeMap<String, String> {
        let mut all = self.open.clone();
        all.extend(self.secret.iter().map(|(name, secret)| (name.clone(), secret.expose().to_owned())));
        nested(all)
    }

    /// For people: secrets stay `${name}`.
    pub fn without_secrets(&self) -> BTreeMap<String, String> {
        let mut all = self.open.clone();
        all.extend(self.secret.keys().map(|name| (name.clone(), format!("${{{name}}}"))));
        nested(all)
    }

    /// A text that may quote the script, without its secrets.
    pub fn without_secrets_in(&self, text: &str) -> String {
        // What is shorter stands in any text, and hides nothing.
        let secrets = self.secret.values().map(Secret::expose).filter(|secret| secret.len() > 3);
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }

    /// Names of the secrets a script needs.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.secret.keys().map(String::as_str)
    }

    fn put(&mut self, name: &str, value: impl Into<String>) {
        self.open.insert(name.into(), value.into());
    }

    fn kafka(&mut self, args: &ProcessorArgs, kafka: &Kafka) {
        let mut options = vec![("connector", "kafka".to_owned()), ("topic", args.kafka_topic.clone())];
        options.extend(connection(kafka, PASSWORD, KEY_PASSWORD));
        options.push(("properties.group.id", args.kafka_group_id.clone()));
        options.push(("scan.startup.mode", "earliest-offset".into()));
        options.push(("format", "json".into()));
        let security = &kafka.security;
        let secrets =
            [("kafka_password", &security.password), ("kafka_key_password", &security.key_password)];
        for (name, secret) in secrets {
            if let Some(secret) = secret {
                self.secret.insert(name.into(), secret.clone());
            }
        }
        self.put("kafka_brokers", kafka.brokers.join(","));
        self.put("kafka_topic", &args.kafka_topic);
        self.put("kafka_group_id", &args.kafka_group_id);
        self.put("source_options", with(&options));
    }

    fn postgresql(&mut self, postgresql: &Postgresql) {
        self.put("postgres_url", jdbc_url(postgresql));
        self.put("postgres_user", &postgresql.user);
        if let Some(password) = &postgresql.password {
            self.secret.insert("postgres_password".into(), password.clone());
        }
    }

    fn sink(&mut self, args: &ProcessorArgs, kafka: Option<&Kafka>) {
        let key = match args.sink {
            SinkKind::Postgresql => ",\n  PRIMARY KEY (window_start, event_key) NOT ENFORCED",
            _ => "",
        };
        self.put("sink_key", key);
        self.put("sink_options", with(&self.sink_options(args, &args.table_name, kafka)));
        if let Shipped::Totals { keys_seen, .. } = &args.shipped {
            let keys = ProcessorArgs { output_topic: keys_seen.clone(), ..args.clone() };
            self.put("keys_seen_options", with(&self.sink_options(&keys, keys_seen, kafka)));
        }
    }

    fn sink_options(
        &self,
        args: &ProcessorArgs,
        table_name: &str,
        kafka: Option<&Kafka>,
    ) -> Vec<(&'static str, String)> {
        let mut options = match args.sink {
            SinkKind::Postgresql => vec![
                ("connector", "jdbc".to_owned()),
                ("url", "${postgres_url}".into()),
                ("table-name", table_name.to_owned()),
                ("username", "${postgres_user}".into()),
            ],
            SinkKind::Files => vec![
                ("connector", "filesystem".to_owned()),
                ("path", args.output_path.display().to_string()),
                ("format", "json".into()),
            ],
            SinkKind::Kafka => kafka_sink(args, kafka),
            _ => vec![("connector", "print".to_owned())],
        };
        if args.sink == SinkKind::Postgresql && self.secret.contains_key("postgres_password") {
            options.push(("password", "${postgres_password}".into()));
        }
        options
    }
}

const EXACTLY_ONCE: &str = "'sink.delivery-guarantee' = 'exactly-once'";
const AT_LEAST_ONCE: &str = "'sink.delivery-guarantee' = 'at-least-once'";

fn kafka_sink(args: &ProcessorArgs, kafka: Option<&Kafka>) -> Vec<(&'static str, String)> {
    let (connector, key_fields) = match args.shipped {
        Shipped::Windows => ("kafka", Some("event_key")),
        // Its tables have a key of their own.
        Shipped::Totals { .. } => ("upsert-kafka", None),
    };
    let mut options = vec![("connector", connector.to_owned()), ("topic", args.output_topic.clone())];
    options.extend(kafka.into_iter().flat_map(|kafka| connection(kafka, PASSWORD, KEY_PASSWORD)));
    options.push(("key.format", "json".into()));
    options.extend(key_fields.map(|fields| ("key.fields", fields.to_owned())));
    options.push(("value.format", "json".into()));
    options.push(("sink.delivery-guarantee", "exactly-once".into()));
    let on_flink = args.engine.engine == Engine::Flink;
    // Flink needs a prefix; the embedded engine takes the pipeline's name by itself.
    match &args.shared.pipeline {
        Some(pipeline) => options.push(("sink.transactional-id-prefix", pipeline.clone())),
        None if on_flink => options.push(("sink.transactional-id-prefix", args.output_topic.clone())),
        None => {}
    }
    if on_flink {
        // Its own default is an hour, which brokers refuse unless they are told otherwise.
        options.push(("properties.transaction.timeout.ms", "900000".into()));
    }
    options
}

/// The URL of the configured database, without credentials.
pub fn jdbc_url(postgresql: &Postgresql) -> String {
    let mut url =
        format!("jdbc:postgresql://{}:{}/{}", postgresql.host, postgresql.port, postgresql.database);
    if postgresql.tls != PostgresTls::Prefer {
        url.push_str(&format!("?sslmode={}", postgresql.tls.name()));
    }
    if let Some(file) = &postgresql.ca_file {
        let separator = if url.contains('?') { '&' } else { '?' };
        url.push_str(&format!("{separator}sslrootcert={}", file.display()));
    }
    url
}

/// Parameters may stand inside others: fills those once.
fn nested(all: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let fill = |text: &String| {
        let inner =
            ["postgres_url", "postgres_user", "postgres_password", "kafka_password", "kafka_key_password"];
        inner.iter().fold(text.clone(), |text, name| match all.get(*name) {
            // Inside a string literal a quote is written twice.
            Some(value) if text != *value => {
                text.replace(&format!("${{{name}}}"), &value.replace('\'', "''"))
            }
            _ => text,
        })
    };
    all.iter().map(|(name, text)| (name.clone(), fill(text))).collect()
}

fn with(options: &[(&str, String)]) -> String {
    let lines: Vec<String> =
        options.iter().map(|(key, value)| format!("'{key}' = '{}'", value.replace('\'', "''"))).collect();
    lines.join(",\n  ")
}

/// The embedded engine takes its own from the flag.
fn flink_backend(backend: StateBackendKind) -> &'static str {
    match backend {
        StateBackendKind::Rocksdb => "rocksdb",
        StateBackendKind::Memory | StateBackendKind::Lsm | StateBackendKind::Redis => "hashmap",
    }
}

fn window(args: &ProcessorArgs) -> String {
    if let Some(gap) = args.session_gap_seconds {
        let gap = interval(gap);
        return format!("SESSION(TABLE events PARTITION BY event_key, DESCRIPTOR(event_time), {gap})");
    }
    let size = interval(args.window_seconds);
    match args.slide_seconds {
        None => format!("TUMBLE(TABLE events, DESCRIPTOR(event_time), {size})"),
        Some(slide) => {
            format!("HOP(TABLE events, DESCRIPTOR(event_time), {}, {size})", interval(slide))
        }
    }
}

/// Flink allows two digits unless a precision says more.
fn interval(seconds: u32) -> String {
    for (unit, name) in [(86_400, "DAY"), (3_600, "HOUR"), (60, "MINUTE")] {
        if seconds.is_multiple_of(unit) && seconds / unit < 100 {
            return format!("INTERVAL '{}' {name}", seconds / unit);
        }
    }
    match seconds {
        0..100 => format!("INTERVAL '{seconds}' SECOND"),
        _ => format!("INTERVAL '{seconds}' SECOND(5)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_as_flink_takes_them() {
        let written: Vec<String> = [1, 60, 90, 3_600, 86_400, 5_940, 5_999].map(interval).into();
        assert_eq!(
            written,
            [
                "INTERVAL '1' SECOND",
                "INTERVAL '1' MINUTE",
                "INTERVAL '90' SECOND",
                "INTERVAL '1' HOUR",
                "INTERVAL '1' DAY",
                "INTERVAL '99' MINUTE",
                "INTERVAL '5999' SECOND(5)"
            ]
        );
    }

    #[test]
    fn a_quote_in_an_option_stays_inside_it() {
        assert_eq!(with(&[("a", "it's".into())]), "'a' = 'it''s'");
    }
}
