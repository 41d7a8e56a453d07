//! Formats, keys and metadata of the tables of a case.

use crate::{Place, says};
use std::fs;

/// Goal: of an upsert the last row of a key is what a reader sees in the end.
#[test]
fn a_sink_with_a_primary_key_ends_with_the_last_row_of_each_key() {
    let script = "CREATE TABLE prices (item STRING, price DECIMAL(10, 2)) WITH ('connector' = 'filesystem',
            'path' = 'nowhere', 'format' = 'json');
        CREATE TABLE latest (item STRING, price DECIMAL(10, 2), PRIMARY KEY (item) NOT ENFORCED)
        WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1:1/none', 'table-name' = 'latest');
        INSERT INTO latest SELECT item, price FROM prices;";
    let place = Place::empty()
        .with("case/latest.sql", script)
        .with("case/input/prices.json", "{\"item\":\"tea\",\"price\":1}\n{\"item\":\"jam\",\"price\":2}\n{\"item\":\"tea\",\"price\":3.5}\n")
        .with("case/expected/latest.jsonl", "{\"item\":\"tea\",\"price\":3.50}\n{\"item\":\"jam\",\"price\":2}\n");
    place.test(0);
    let stdout = place
        .with(
            "case/expected/latest.jsonl",
            "{\"item\":\"tea\",\"price\":1}\n{\"item\":\"jam\",\"price\":2}\n",
        )
        .test(1);
    says(&stdout, &["1 row as expected, 1 different", "price: expected 1.0, came 3.5"]);
}

#[test]
fn a_table_of_csv_reads_csv_as_its_options_say() {
    let script = "CREATE TABLE lines (a INT, b STRING) WITH ('connector' = 'filesystem', 'path' = 'nowhere',
            'format' = 'csv', 'csv.field-delimiter' = ';');
        CREATE TABLE copy (a INT, b STRING) WITH ('connector' = 'print');
        INSERT INTO copy SELECT a, b FROM lines;";
    let place = Place::empty()
        .with("case/pipeline.sql", script)
        .with("case/input/lines.csv", "1;\"x\ny\"\n2;z\n")
        .with("case/expected/copy.jsonl", "{\"a\":1,\"b\":\"x\\ny\"}\n{\"a\":2,\"b\":\"z\"}\n");
    place.test(0);
    fs::rename(place.path("case/input/lines.csv"), place.path("case/input/lines.jsonl")).unwrap();
    says(&place.test(78), &["table 'lines' has the format csv; make lines.csv or lines.records.jsonl"]);
}

const METADATA: &str = "CREATE TABLE events (
  n INT,
  part INT METADATA FROM 'partition' VIRTUAL,
  place BIGINT METADATA FROM 'offset' VIRTUAL,
  topic STRING METADATA VIRTUAL,
  at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH ('connector' = 'kafka', 'topic' = 'here', 'properties.bootstrap.servers' = '127.0.0.1:1',
        'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE copy (n INT, part INT, place BIGINT, topic STRING, at TIMESTAMP_LTZ(3)) WITH ('connector' = 'print');
INSERT INTO copy SELECT n, part, place, topic, at FROM events;";

#[test]
fn the_long_form_gives_records_what_a_broker_would() {
    let place = Place::empty()
        .with("case/pipeline.sql", METADATA)
        .with(
            "case/input/events.records.jsonl",
            r#"{"value": {"n": 1}, "partition": 3, "offset": 40, "timestamp": "2026-03-01T12:00:00Z"}
{"value": {"n": 2}, "partition": 3, "timestamp": 1772366400123}
{"raw": "{\"n\": 3}", "topic": "there", "timestamp": 0}
{"raw": "no JSON", "offset": 9, "timestamp": 0}
{"timestamp": 0}
"#,
        )
        .with(
            "case/expected/copy.jsonl",
            r#"{"n": 1, "part": 3, "place": 40, "topic": "here", "at": "2026-03-01 12:00:00Z"}
{"n": 2, "part": 3, "place": 41, "topic": "here", "at": "2026-03-01 12:00:00.123Z"}
{"n": 3, "part": 0, "place": 0, "topic": "there", "at": "1970-01-01 00:00:00Z"}
"#,
        )
        .with(
            "case/expected/dead_letters.jsonl",
            "{\"reason\": \"decode\", \"value\": \"no JSON\", \"offset\": 9}\n{\"reason\": \"decode\", \"offset\": 10}\n",
        );
    place.test(0);
}

#[test]
fn a_timestamp_that_the_short_form_cannot_give_is_asked_for() {
    let place = Place::empty()
        .with("case/pipeline.sql", METADATA)
        .with("case/input/events.jsonl", "{\"n\": 1}\n")
        .with("case/expected/copy.jsonl", "");
    says(&place.test(78), &["column 'at': every record needs its timestamp", "input/events.records.jsonl"]);
}

/// Goal: partitions of a topic hold the watermark back for each other, and the end of the input for nobody.
#[test]
fn the_slowest_partition_decides_what_is_late() {
    let script = "CREATE TABLE events (k STRING, at TIMESTAMP(3), WATERMARK FOR at AS at)
        WITH ('connector' = 'kafka', 'topic' = 'events', 'properties.bootstrap.servers' = '127.0.0.1:1',
              'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
        CREATE TABLE counts (starts TIMESTAMP(3), n BIGINT) WITH ('connector' = 'print');
        INSERT INTO counts SELECT window_start, COUNT(*)
        FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(at), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;";
    let record = |partition: u32, second: u32| {
        format!("{{\"partition\": {partition}, \"value\": {{\"at\": \"2026-03-01 12:00:{second:02}\"}}}}\n")
    };
    let held_back = [record(0, 5), record(1, 5), record(0, 25), record(0, 6)].concat();
    let place = Place::empty()
        .with("case/pipeline.sql", script)
        .with("case/input/events.records.jsonl", &held_back)
        .with(
            "case/expected/counts.jsonl",
            "{\"starts\": \"2026-03-01 12:00:00\", \"n\": 3}\n{\"starts\": \"2026-03-01 12:00:20\", \"n\": 1}\n",
        );
    place.test(0);
    let let_go = [record(0, 5), record(1, 5), record(0, 25), record(1, 25), record(0, 6)].concat();
    let stdout = place.with("case/input/events.records.jsonl", &let_go).test(1);
    says(&stdout, &["1 unexpected", "\"reason\":\"late\""]);
}
