//! The options of a `'connector' = 'kafka'` table, by Flink's names and with Flink's defaults.

use crate::KafkaError;
use crate::settings::KafkaSettings;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stream::OptionSpec;

/// Every option the connector understands; some only to refuse them with a reason.
pub(crate) const OPTIONS: [OptionSpec; 27] = [
    spec("topic", "topic to read, or several separated by ';'"),
    spec("topic-pattern", "not supported yet: list the topics"),
    OptionSpec {
        name: "properties.bootstrap.servers",
        required: true,
        help: "host:port, separated by commas",
    },
    spec("properties.group.id", "group whose offsets show progress, and where 'group-offsets' begins"),
    spec("properties.*", "a property of the Kafka client, by Java's or librdkafka's name"),
    spec("format", "how values decode: json"),
    spec("value.format", "the same as 'format'"),
    spec("json.*", "options of the json format"),
    spec("value.json.*", "the same as 'json.*'"),
    spec("key.format", "for writing: how the columns of 'key.fields' make the key: json"),
    spec("key.fields", "for writing: columns of the key, separated by ';'"),
    spec("key.fields-prefix", "for writing: a prefix of the key's columns that the key itself leaves out"),
    spec("key.json.*", "for writing: options of the key's json format"),
    spec("value.fields-include", "ALL (the default); for writing also EXCEPT_KEY"),
    spec(
        "scan.startup.mode",
        "earliest-offset, latest-offset, group-offsets (default), timestamp, specific-offsets",
    ),
    spec("scan.startup.timestamp-millis", "where the mode 'timestamp' begins, in ms since 1970"),
    spec("scan.startup.specific-offsets", "partition:0,offset:42;partition:1,offset:300"),
    spec("scan.bounded.mode", "unbounded (default) or latest-offset: stop at the end as of the start"),
    spec("scan.bounded.specific-offsets", "not supported yet"),
    spec("scan.bounded.timestamp-millis", "not supported yet"),
    spec(
        "scan.topic-partition-discovery.interval",
        "how often to look for new partitions; default 5 min, 0: never",
    ),
    spec("scan.parallelism", "not supported: use --parallelism"),
    spec("sink.partitioner", "for writing: default (by key, else random), fixed or round-robin"),
    spec("sink.delivery-guarantee", "for writing: exactly-once (default here) or at-least-once"),
    spec("sink.transactional-id-prefix", "for writing: begins the transactional.id; default: the pipeline"),
    spec("sink.parallelism", "for writing: 1, as one transaction holds an epoch"),
    spec("sink.semantic", "not supported: use 'sink.delivery-guarantee'"),
];

const fn spec(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, required: false, help }
}

/// Where reading begins in a partition no position names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Startup {
    Earliest,
    Latest,
    /// The group's committed offsets.
    Group {
        group: String,
        otherwise: Option<Reset>,
    },
    /// The first record at or after this time; the end if there is none.
    Timestamp(i64),
    /// By partition; those not named begin where the group stands, if there is one, else at their beginning.
    Specific {
        offsets: BTreeMap<i32, i64>,
        group: Option<String>,
    },
}

/// `auto.offset.reset`: where to begin when the group has committed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reset {
    Earliest,
    Latest,
}

/// A table's options, understood.
#[derive(Clone, Debug)]
pub(crate) struct SourceOptions {
    pub topics: Vec<Arc<str>>,
    pub settings: KafkaSettings,
    pub group: Option<String>,
    pub startup: Startup,
    pub bounded: bool,
    /// `None`: never look.
    pub discovery_interval: Option<Duration>,
    /// Options of the json format, with their `json.` prefix.
    pub format: BTreeMap<String, String>,
}

impl SourceOptions {
    pub fn parse(options: &BTreeMap<String, String>) -> Result<Self, KafkaError> {
        refuse_unsupported(options)?;
        let properties: BTreeMap<String, String> = options
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("properties.")?.to_owned(), value.clone())))
            .collect();
        let settings = KafkaSettings::from_properties(&properties)?;
        let group = settings.get("group.id").map(str::to_owned);
        let topics = topics(options)?;
        let startup = startup(options, &settings, group.as_ref(), topics.len())?;
        let bounded = bounded(options)?;
        let discovery_interval = match options.get("scan.topic-partition-discovery.interval") {
            None => Some(Duration::from_secs(5 * 60)),
            Some(text) => {
                Some(duration("scan.topic-partition-discovery.interval", text)?).filter(|d| !d.is_zero())
            }
        };
        // What a bounded source reads is settled at its start.
        let discovery_interval = discovery_interval.filter(|_| !bounded);
        let format = json_options(options, "value.");
        Ok(Self { topics, settings, group, startup, bounded, discovery_interval, format })
    }
}

pub(crate) fn error(name: &str, problem: impl std::fmt::Display) -> KafkaError {
    KafkaError::Option(format!("option '{name}' {problem}"))
}

fn refuse_unsupported(options: &BTreeMap<String, String>) -> Result<(), KafkaError> {
    if options.contains_key("topic-pattern") {
        return Err(error(
            "topic-pattern",
            "is not supported yet; list the topics in 'topic', separated by ';'",
        ));
    }
    for name in options.keys() {
        if name.starts_with("key.") {
            return Err(error(
                name,
                "is not supported yet: every column comes from the record's value; remove it",
            ));
        }
        if name == "scan.parallelism" {
            return Err(error(
                name,
                "is not supported; the program's --parallelism says how many tasks read",
            ));
        }
    }
    if let Some(include) = options.get("value.fields-include").filter(|include| *include != "ALL") {
        return Err(error("value.fields-include", format!("is '{include}'; only ALL is supported")));
    }
    let (name, format) = value_format(options)?;
    if format != "json" {
        let problem = format!(
            "is '{format}', which the kafka connector of the embedded engine does not read yet; json is"
        );
        return Err(error(name, problem));
    }
    Ok(())
}

/// The option that says how values are written (`format` or `value.format`), and what it says.
pub(crate) fn value_format(options: &BTreeMap<String, String>) -> Result<(&'static str, &str), KafkaError> {
    match (options.get("format"), options.get("value.format")) {
        (Some(_), Some(_)) => Err(error("value.format", "means the same as 'format'; give one of them")),
        (Some(format), None) => Ok(("format", format)),
        (None, Some(format)) => Ok(("value.format", format)),
        (None, None) => Err(error("format", "is required: 'json'")),
    }
}

/// Options of the json format, with their `json.` and without a `prefix` before it.
pub(crate) fn json_options(options: &BTreeMap<String, String>, prefix: &str) -> BTreeMap<String, String> {
    let of_json = options.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix(prefix).unwrap_or(name);
        name.starts_with("json.").then(|| (name.to_owned(), value.clone()))
    });
    of_json.collect()
}

pub(crate) fn topics(options: &BTreeMap<String, String>) -> Result<Vec<Arc<str>>, KafkaError> {
    let text = options.get("topic").ok_or_else(|| error("topic", "is required"))?;
    let mut topics: Vec<Arc<str>> = Vec::new();
    for name in text.split(';').map(str::trim).filter(|name| !name.is_empty()) {
        let valid = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !valid || name.len() > 249 || name == "." || name == ".." {
            let problem =
                format!("names '{name}'; letters, digits, '.', '_' and '-' make a topic's name, at most 249");
            return Err(error("topic", problem));
        }
        if topics.iter().any(|known| known.as_ref() == name) {
            return Err(error("topic", format!("names '{name}' twice")));
        }
        topics.push(name.into());
    }
    if topics.is_empty() {
        return Err(error("topic", "is empty"));
    }
    Ok(topics)
}

fn bounded(options: &BTreeMap<String, String>) -> Result<bool, KafkaError> {
    match options.get("scan.bounded.mode").map(String::as_str) {
        None | Some("unbounded") => Ok(false),
        Some("latest-offset") => Ok(true),
        Some(mode @ ("group-offsets" | "timestamp" | "specific-offsets")) => Err(error(
            "scan.bounded.mode",
            format!("'{mode}' is not supported yet; unbounded and latest-offset are"),
        )),
        Some(mode) => {
            Err(error("scan.bounded.mode", format!("is '{mode}'; expected unbounded or latest-offset")))
        }
    }
}

fn startup(
    options: &BTreeMap<String, String>,
    settings: &KafkaSettings,
    group: Option<&String>,
    topic_count: usize,
) -> Result<Startup, KafkaError> {
    let otherwise = match settings.get("auto.offset.reset") {
        None | Some("none" | "error") => None,
        Some("earliest" | "smallest" | "beginning") => Some(Reset::Earliest),
        Some("latest" | "largest" | "end") => Some(Reset::Latest),
        Some(other) => {
            let problem = format!("is '{other}'; expected earliest, latest or none");
            return Err(error("properties.auto.offset.reset", problem));
        }
    };
    let mode = options.get("scan.startup.mode").map_or("group-offsets", String::as_str);
    for (name, needed_by) in [
        ("scan.startup.timestamp-millis", "timestamp"),
        ("scan.startup.specific-offsets", "specific-offsets"),
    ] {
        match options.contains_key(name) {
            true if mode != needed_by => {
                return Err(error(
                    name,
                    format!("belongs to 'scan.startup.mode' = '{needed_by}', which is '{mode}'"),
                ));
            }
            false if mode == needed_by => {
                return Err(error(name, format!("is required by 'scan.startup.mode' = '{mode}'")));
            }
            _ => {}
        }
    }
    match mode {
        "earliest-offset" => Ok(Startup::Earliest),
        "latest-offset" => Ok(Startup::Latest),
        "group-offsets" => match group {
            Some(group) => Ok(Startup::Group { group: group.clone(), otherwise }),
            None => Err(error(
                "scan.startup.mode",
                "is 'group-offsets' (the default), which needs 'properties.group.id'; set it, or say \
                 'earliest-offset' or 'latest-offset'",
            )),
        },
        "timestamp" => {
            let text = &options["scan.startup.timestamp-millis"];
            let time = text.trim().parse().ok().filter(|time: &i64| *time >= 0).ok_or_else(|| {
                error("scan.startup.timestamp-millis", format!("is '{text}'; expected ms since 1970-01-01"))
            })?;
            Ok(Startup::Timestamp(time))
        }
        "specific-offsets" if topic_count > 1 => {
            Err(error("scan.startup.specific-offsets", "names no topic, so 'topic' may name only one"))
        }
        "specific-offsets" => {
            let offsets = specific_offsets(&options["scan.startup.specific-offsets"])?;
            Ok(Startup::Specific { offsets, group: group.cloned() })
        }
        other => Err(error(
            "scan.startup.mode",
            format!(
                "is '{other}'; expected earliest-offset, latest-offset, group-offsets, timestamp or specific-offsets"
            ),
        )),
    }
}

/// Reads `partition:0,offset:42;partition:1,offset:300`.
fn specific_offsets(text: &str) -> Result<BTreeMap<i32, i64>, KafkaError> {
    let name = "scan.startup.specific-offsets";
    let mut offsets = BTreeMap::new();
    for pair in text.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
        let parsed = pair.split_once(',').and_then(|(partition, offset)| {
            let partition: i32 = partition.trim().strip_prefix("partition:")?.trim().parse().ok()?;
            let offset: i64 = offset.trim().strip_prefix("offset:")?.trim().parse().ok()?;
            (partition >= 0 && offset >= 0).then_some((partition, offset))
        });
        let Some((partition, offset)) = parsed else {
            return Err(error(
                name,
                format!("holds '{pair}'; expected partition:0,offset:42;partition:1,offset:300"),
            ));
        };
        if offsets.insert(partition, offset).is_some() {
            return Err(error(name, format!("names partition {partition} twice")));
        }
    }
    Ok(offsets)
}

/// Reads Flink's durations: `5 min`, `30s`, `500 ms`; a bare number counts ms.
fn duration(name: &str, text: &str) -> Result<Duration, KafkaError> {
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(split);
    let unit_ms = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => Some(1),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1_000),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60_000),
        "h" | "hour" | "hours" => Some(3_600_000),
        "d" | "day" | "days" => Some(86_400_000),
        _ => None,
    };
    let ms = number
        .parse::<u64>()
        .ok()
        .zip(unit_ms)
        .and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    ms.map(Duration::from_millis).ok_or_else(|| {
        error(name, format!("is '{text}'; expected a duration such as '5 min', '30 s' or '0'"))
    })
}

#[cfg(test)]
#[path = "options_tests.rs"]
mod tests;
