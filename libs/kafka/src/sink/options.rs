//! The options of a table that is written, by Flink's names.

use crate::KafkaError;
use crate::options::{error, json_options, topics, value_format};
use crate::settings::KafkaSettings;
use formats::JsonOptions;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stream::TableSpec;

/// What the dead letters' topic appends to the name of the table's topic.
pub(crate) const DEAD_LETTERS: &str = ".dead-letters";
/// A transaction spans one commit, never an interval; a producer that takes longer is given up.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);

/// `sink.delivery-guarantee`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarantee {
    ExactlyOnce,
    AtLeastOnce,
}

/// `sink.partitioner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Partitioner {
    /// By the key as the Java client does; without one at random, batch by batch.
    Default,
    /// One writer, so one partition.
    Fixed,
    RoundRobin,
}

/// Which columns the key is made of.
#[derive(Clone, Debug)]
pub(crate) struct KeyOptions {
    pub fields: Vec<String>,
    pub prefix: String,
    pub json: JsonOptions,
}

/// A table's options, understood.
#[derive(Clone, Debug)]
pub(crate) struct SinkOptions {
    pub topic: Arc<str>,
    pub settings: KafkaSettings,
    pub json: JsonOptions,
    pub key: Option<KeyOptions>,
    /// Whether the key's columns are part of the value, too.
    pub value_includes_key: bool,
    pub partitioner: Partitioner,
    pub guarantee: Guarantee,
    pub transactional_id_prefix: Option<String>,
    pub transaction_timeout: Duration,
}

impl SinkOptions {
    pub fn parse(table: &TableSpec) -> Result<Self, KafkaError> {
        let options = &table.options;
        refuse_unsupported(table)?;
        let (topic, settings) = destination(options)?;
        if settings.get("enable.idempotence").is_some_and(|value| value != "true") {
            return Err(error(
                "properties.enable.idempotence",
                "is off, without which retries of the client would repeat and reorder records; remove it",
            ));
        }
        let transaction_timeout = match settings.get("transaction.timeout.ms") {
            None => TRANSACTION_TIMEOUT,
            Some(text) => {
                text.trim().parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis).ok_or_else(|| {
                    error("properties.transaction.timeout.ms", format!("is '{text}'; expected milliseconds"))
                })?
            }
        };
        let value = format(options)?;
        let key = key(table)?;
        Ok(Self {
            topic,
            settings,
            json: value,
            partitioner: partitioner(options, key.is_some())?,
            value_includes_key: value_includes_key(options, key.as_ref())?,
            key,
            guarantee: guarantee(options)?,
            transactional_id_prefix: options.get("sink.transactional-id-prefix").cloned(),
            transaction_timeout,
        })
    }
}

/// The topic, and how its cluster is reached.
pub(crate) fn destination(
    options: &BTreeMap<String, String>,
) -> Result<(Arc<str>, KafkaSettings), KafkaError> {
    let properties: BTreeMap<String, String> = options
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("properties.")?.to_owned(), value.clone())))
        .collect();
    Ok((topic(options)?, KafkaSettings::from_properties(&properties)?))
}

fn refuse_unsupported(table: &TableSpec) -> Result<(), KafkaError> {
    let options = &table.options;
    if !table.primary_key.is_empty() {
        return Err(KafkaError::Option(
            "the kafka connector with format json takes no PRIMARY KEY when it is written, because it appends and \
             cannot keep keys unique; remove the key, or write to 'connector' = 'upsert-kafka'"
                .into(),
        ));
    }
    if !table.partitioned_by.is_empty() {
        return Err(KafkaError::Option(
            "PARTITIONED BY has no meaning for kafka; name the key's columns in 'key.fields'".into(),
        ));
    }
    if options.contains_key("topic-pattern") {
        return Err(error("topic-pattern", "is for reading; name one topic in 'topic'"));
    }
    if options.contains_key("sink.semantic") {
        return Err(error("sink.semantic", "is no longer an option of Flink; use 'sink.delivery-guarantee'"));
    }
    match options.get("sink.parallelism").map(|text| text.trim()) {
        None | Some("1") => Ok(()),
        Some(text) => Err(error(
            "sink.parallelism",
            format!("is '{text}'; only 1 is supported, as one transaction holds the rows of an epoch"),
        )),
    }
}

fn topic(options: &BTreeMap<String, String>) -> Result<Arc<str>, KafkaError> {
    let mut names = topics(options)?;
    let Some(topic) = names.pop().filter(|_| names.is_empty()) else {
        return Err(error("topic", "names several topics; a table is written to one"));
    };
    // Kafka's own limit, with room for the name of the dead letters.
    match topic.len() + DEAD_LETTERS.len() {
        0..=249 => Ok(topic),
        _ => Err(error("topic", format!("is too long: {DEAD_LETTERS} must fit behind it within 249"))),
    }
}

/// The format of the value (`format` or `value.format`), with its options.
fn format(options: &BTreeMap<String, String>) -> Result<JsonOptions, KafkaError> {
    let (name, format) = value_format(options)?;
    refuse_other_format(name, format)?;
    json(&json_options(options, "value."), "json.")
}

fn json(options: &BTreeMap<String, String>, prefix: &str) -> Result<JsonOptions, KafkaError> {
    JsonOptions::from_table(options, prefix).map_err(|problem| KafkaError::Option(problem.to_string()))
}

fn refuse_other_format(name: &str, format: &str) -> Result<(), KafkaError> {
    match format {
        "json" => Ok(()),
        _ => Err(error(
            name,
            format!(
                "is '{format}', which the kafka connector of the embedded engine does not write yet; json is"
            ),
        )),
    }
}

fn key(table: &TableSpec) -> Result<Option<KeyOptions>, KafkaError> {
    let options = &table.options;
    let (format, fields) = match (options.get("key.format"), options.get("key.fields")) {
        (None, None) => {
            let orphan =
                options.keys().find(|name| name.starts_with("key.json.") || *name == "key.fields-prefix");
            return match orphan {
                None => Ok(None),
                Some(name) => Err(error(name, "needs 'key.format' and 'key.fields'")),
            };
        }
        (Some(format), Some(fields)) => (format, fields),
        (Some(_), None) => return Err(error("key.format", "needs 'key.fields', the columns of the key")),
        (None, Some(_)) => return Err(error("key.fields", "needs 'key.format', how they are written")),
    };
    refuse_other_format("key.format", format)?;
    let prefix = options.get("key.fields-prefix").cloned().unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for name in fields.split(';').map(str::trim).filter(|name| !name.is_empty()) {
        let physical = |column: &&stream::Column| column.kind == stream::ColumnKind::Physical;
        if !table.columns.iter().filter(physical).any(|column| column.name == name) {
            let problem = format!("names '{name}', which is no physical column of the table");
            return Err(error("key.fields", problem));
        }
        if !name.starts_with(&prefix) {
            let problem =
                format!("names '{name}', which does not begin with 'key.fields-prefix' ('{prefix}')");
            return Err(error("key.fields", problem));
        }
        if names.iter().any(|known| known == name) {
            return Err(error("key.fields", format!("names '{name}' twice")));
        }
        names.push(name.to_owned());
    }
    if names.is_empty() {
        return Err(error("key.fields", "is empty"));
    }
    Ok(Some(KeyOptions { fields: names, prefix, json: json(options, "key.json.")? }))
}

fn value_includes_key(
    options: &BTreeMap<String, String>,
    key: Option<&KeyOptions>,
) -> Result<bool, KafkaError> {
    let name = "value.fields-include";
    match options.get(name).map_or("ALL", String::as_str) {
        "ALL" if key.is_some_and(|key| !key.prefix.is_empty()) => {
            Err(error("key.fields-prefix", format!("needs '{name}' = 'EXCEPT_KEY'")))
        }
        "ALL" => Ok(true),
        "EXCEPT_KEY" if key.is_none() => Err(error(name, "is EXCEPT_KEY, but there is no 'key.fields'")),
        "EXCEPT_KEY" => Ok(false),
        other => Err(error(name, format!("is '{other}'; expected ALL or EXCEPT_KEY"))),
    }
}

fn partitioner(options: &BTreeMap<String, String>, keyed: bool) -> Result<Partitioner, KafkaError> {
    let name = "sink.partitioner";
    match options.get(name).map_or("default", String::as_str) {
        "default" => Ok(Partitioner::Default),
        "fixed" => Ok(Partitioner::Fixed),
        "round-robin" if keyed => {
            Err(error(name, "is round-robin, which works only without 'key.fields'; use default"))
        }
        "round-robin" => Ok(Partitioner::RoundRobin),
        other => Err(error(
            name,
            format!("is '{other}'; expected default, fixed or round-robin (Java classes cannot be loaded)"),
        )),
    }
}

fn guarantee(options: &BTreeMap<String, String>) -> Result<Guarantee, KafkaError> {
    let name = "sink.delivery-guarantee";
    match options.get(name).map_or("exactly-once", String::as_str) {
        "exactly-once" => Ok(Guarantee::ExactlyOnce),
        "at-least-once" => Ok(Guarantee::AtLeastOnce),
        "none" => Err(error(name, "is none, which may lose rows; at-least-once costs next to nothing more")),
        other => Err(error(name, format!("is '{other}'; expected exactly-once or at-least-once"))),
    }
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
