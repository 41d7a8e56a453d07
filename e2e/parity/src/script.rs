//! A case's script as an engine takes it: table options filled in.

use crate::CaseError;
use std::collections::{BTreeMap, BTreeSet};

/// How a script uses a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicUse {
    Input,
    /// Rows are only added: compared as a multiset.
    Append,
    /// Keyed: compared as the table it ends as.
    Upsert,
}

/// A topic that a script names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub used: TopicUse,
    /// What it is called in Kafka.
    pub name: String,
}

/// A script without placeholders of its own; `${kafka_brokers}`, which the program fills, is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub text: String,
    /// By the name in the placeholder.
    pub topics: BTreeMap<String, Topic>,
}

/// Fills
///
/// - `${input:name}`: the options of a Kafka table over the input topic `name`, read from its beginning to its end;
/// - `${output}`, `${output:name}`: those of a Kafka table that is written;
/// - `${upsert}`, `${upsert:name}`: those of one that is written by key;
/// - `${topic:name}`: just the topic, of an input if there is one of that name, else of an output;
///
/// each on one line, so that lines count as in the case. `inputs` are the names of the case's `.jsonl` files, `topic`
/// says what one is called in Kafka.
pub fn expand(
    case: &str,
    script: &str,
    inputs: &BTreeSet<String>,
    topic: impl Fn(&str) -> String,
) -> Result<Script, CaseError> {
    let mut topics: BTreeMap<String, Topic> = BTreeMap::new();
    let mut text = String::with_capacity(script.len());
    let mut rest = script;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (inside, behind) =
            after.split_once('}').ok_or_else(|| CaseError::wrong(case, "a `${` without its `}`"))?;
        rest = behind;
        let (kind, name) = inside.split_once(':').unwrap_or((inside, "output"));
        let used = match kind {
            "kafka_brokers" => {
                text.push_str("${kafka_brokers}");
                continue;
            }
            "input" => TopicUse::Input,
            "topic" if inputs.contains(name) => TopicUse::Input,
            "output" | "topic" => TopicUse::Append,
            "upsert" => TopicUse::Upsert,
            _ => return Err(CaseError::wrong(case, format!("unknown placeholder ${{{inside}}}"))),
        };
        if (used == TopicUse::Input) != inputs.contains(name) {
            let problem = match used {
                TopicUse::Input => format!("${{{inside}}} has no file {name}.jsonl"),
                _ => format!("${{{inside}}} is written, but {name}.jsonl is there"),
            };
            return Err(CaseError::wrong(case, problem));
        }
        let known = topics.entry(name.to_owned()).or_insert_with(|| Topic { used, name: topic(name) });
        let options = if kind == "topic" { known.name.clone() } else { options(used, &known.name) };
        text.push_str(&options);
    }
    text.push_str(rest);
    if let Some(unused) = inputs.iter().find(|name| !topics.contains_key(*name)) {
        return Err(CaseError::wrong(case, format!("{unused}.jsonl is read by no ${{input:{unused}}}")));
    }
    Ok(Script { text, topics })
}

fn options(used: TopicUse, topic: &str) -> String {
    let (connector, more) = match used {
        TopicUse::Input => {
            let read = "'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json'";
            ("kafka", read)
        }
        // Nothing crashes here, so nothing comes twice; and transactions would only cost time.
        TopicUse::Append => ("kafka", "'sink.delivery-guarantee' = 'at-least-once', 'format' = 'json'"),
        TopicUse::Upsert => {
            let by_key =
                "'sink.delivery-guarantee' = 'at-least-once', 'key.format' = 'json', 'value.format' = 'json'";
            ("upsert-kafka", by_key)
        }
    };
    format!(
        "'connector' = '{connector}', 'topic' = '{topic}', 'properties.bootstrap.servers' = '${{kafka_brokers}}', {more}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn expanded(script: &str) -> Result<Script, String> {
        let inputs = BTreeSet::from(["orders".to_owned()]);
        expand("c", script, &inputs, |name| format!("{name}-1")).map_err(|error| error.to_string())
    }

    #[test]
    fn placeholders_become_options_on_one_line() {
        let script = expanded(
            "CREATE TABLE a (x INT) WITH (${input:orders}, 'json.x' = 'y');\nCREATE TABLE b (x INT) WITH (${output});\n\
             CREATE TABLE c (x INT) WITH ('topic' = '${topic:orders}', 'b' = '${kafka_brokers}');",
        )
        .unwrap();
        expect![[r#"
            CREATE TABLE a (x INT) WITH ('connector' = 'kafka', 'topic' = 'orders-1', 'properties.bootstrap.servers' = '${kafka_brokers}', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json', 'json.x' = 'y');
            CREATE TABLE b (x INT) WITH ('connector' = 'kafka', 'topic' = 'output-1', 'properties.bootstrap.servers' = '${kafka_brokers}', 'sink.delivery-guarantee' = 'at-least-once', 'format' = 'json');
            CREATE TABLE c (x INT) WITH ('topic' = 'orders-1', 'b' = '${kafka_brokers}');"#]]
        .assert_eq(&script.text);
        assert_eq!(script.topics["orders"].used, TopicUse::Input);
        assert_eq!(script.topics["output"], Topic { used: TopicUse::Append, name: "output-1".into() });
    }

    #[test]
    fn what_cannot_be_filled_is_named() {
        assert_eq!(expanded("${nothing}").unwrap_err(), "case c: unknown placeholder ${nothing}");
        assert_eq!(expanded("${input:x}").unwrap_err(), "case c: ${input:x} has no file x.jsonl");
        assert_eq!(
            expanded("${output:orders}").unwrap_err(),
            "case c: ${output:orders} is written, but orders.jsonl is there"
        );
        assert_eq!(expanded("${output}").unwrap_err(), "case c: orders.jsonl is read by no ${input:orders}");
        assert_eq!(expanded("a ${b").unwrap_err(), "case c: a `${` without its `}`");
    }
}
