//! What a written table's options mean, and how wrong ones are refused.

use super::*;
use arrow::datatypes::DataType;
use expect_test::expect;
use stream::{Column, ColumnKind};

fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), data_type: DataType::Int64, nullable: true, kind }
}

fn table(changes: &[(&str, &str)]) -> TableSpec {
    let base = [("topic", "out"), ("properties.bootstrap.servers", "localhost:9092"), ("format", "json")];
    let mut options = BTreeMap::new();
    for (name, value) in base.iter().chain(changes) {
        match *value {
            "-" => options.remove(*name),
            value => options.insert((*name).to_owned(), value.to_owned()),
        };
    }
    let at = ColumnKind::Metadata { key: "timestamp".into(), virtual_: false };
    TableSpec {
        name: "out".into(),
        columns: vec![
            column("id", ColumnKind::Physical),
            column("k_id", ColumnKind::Physical),
            column("at", at),
        ],
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options,
        projection: vec![0, 1, 2],
    }
}

#[test]
fn defaults_are_exactly_once_without_a_key() {
    let options = SinkOptions::parse(&table(&[])).unwrap();
    assert_eq!((options.guarantee, options.partitioner), (Guarantee::ExactlyOnce, Partitioner::Default));
    assert!(options.key.is_none() && options.value_includes_key);
    assert_eq!(options.transaction_timeout, Duration::from_secs(60));
}

#[test]
fn a_key_with_its_prefix() {
    let options = SinkOptions::parse(&table(&[
        ("key.format", "json"),
        ("key.fields", "k_id"),
        ("key.fields-prefix", "k_"),
        ("value.fields-include", "EXCEPT_KEY"),
        ("key.json.encode.ignore-null-fields", "true"),
        ("sink.delivery-guarantee", "at-least-once"),
        ("sink.transactional-id-prefix", "mine"),
        ("properties.transaction.timeout.ms", "5000"),
        ("properties.max.request.size", "2000000"),
    ]))
    .unwrap();
    let key = options.key.unwrap();
    assert_eq!((key.fields, key.prefix), (vec!["k_id".to_owned()], "k_".to_owned()));
    assert!(key.json.ignore_null_fields && !options.json.ignore_null_fields && !options.value_includes_key);
    assert_eq!(options.guarantee, Guarantee::AtLeastOnce);
    assert_eq!(options.transactional_id_prefix.as_deref(), Some("mine"));
    assert_eq!(options.transaction_timeout, Duration::from_secs(5));
    assert_eq!(options.settings.get("message.max.bytes"), Some("2000000"));
}

#[test]
fn a_primary_key_is_refused() {
    let mut table = table(&[]);
    table.primary_key = vec!["id".into()];
    let error = SinkOptions::parse(&table).unwrap_err().to_string();
    assert!(error.contains("PRIMARY KEY"), "{error}");
}

#[test]
fn wrong_options_are_named() {
    let keyed = ("key.format", "json");
    let cases: [&[(&str, &str)]; 24] = [
        &[("topic", "a;b")],
        &[("topic-pattern", "a.*")],
        &[("format", "-")],
        &[("value.format", "json")],
        &[("format", "avro-confluent")],
        &[keyed],
        &[("key.fields", "id")],
        &[("key.json.x", "1")],
        &[("key.format", "raw"), ("key.fields", "id")],
        &[keyed, ("key.fields", "")],
        &[keyed, ("key.fields", "no")],
        &[keyed, ("key.fields", "at")],
        &[keyed, ("key.fields", "id;id")],
        &[keyed, ("key.fields", "id"), ("key.fields-prefix", "k_")],
        &[keyed, ("key.fields", "k_id"), ("key.fields-prefix", "k_")],
        &[("value.fields-include", "EXCEPT_KEY")],
        &[("value.fields-include", "SOME")],
        &[("sink.partitioner", "org.x.Mine")],
        &[("sink.partitioner", "round-robin"), keyed, ("key.fields", "id")],
        &[("sink.delivery-guarantee", "none")],
        &[("sink.semantic", "exactly-once")],
        &[("sink.parallelism", "2")],
        &[("properties.transaction.timeout.ms", "1 min")],
        &[("properties.enable.idempotence", "false")],
    ];
    let mut text = String::new();
    for case in cases {
        let line = match SinkOptions::parse(&table(case)) {
            Ok(_) => "ok".to_owned(),
            Err(error) => error.to_string(),
        };
        text.push_str(&format!("{line}\n"));
    }
    expect![[r#"
        option 'topic' names several topics; a table is written to one
        option 'topic-pattern' is for reading; name one topic in 'topic'
        option 'format' is required: 'json'
        option 'value.format' means the same as 'format'; give one of them
        option 'format' is 'avro-confluent', which the kafka connector of the embedded engine does not write yet; json is
        option 'key.format' needs 'key.fields', the columns of the key
        option 'key.fields' needs 'key.format', how they are written
        option 'key.json.x' needs 'key.format' and 'key.fields'
        option 'key.format' is 'raw', which the kafka connector of the embedded engine does not write yet; json is
        option 'key.fields' is empty
        option 'key.fields' names 'no', which is no physical column of the table
        option 'key.fields' names 'at', which is no physical column of the table
        option 'key.fields' names 'id' twice
        option 'key.fields' names 'id', which does not begin with 'key.fields-prefix' ('k_')
        option 'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY'
        option 'value.fields-include' is EXCEPT_KEY, but there is no 'key.fields'
        option 'value.fields-include' is 'SOME'; expected ALL or EXCEPT_KEY
        option 'sink.partitioner' is 'org.x.Mine'; expected default, fixed or round-robin (Java classes cannot be loaded)
        option 'sink.partitioner' is round-robin, which works only without 'key.fields'; use default
        option 'sink.delivery-guarantee' is none, which may lose rows; at-least-once costs next to nothing more
        option 'sink.semantic' is no longer an option of Flink; use 'sink.delivery-guarantee'
        option 'sink.parallelism' is '2'; only 1 is supported, as one transaction holds the rows of an epoch
        option 'properties.transaction.timeout.ms' is '1 min'; expected milliseconds
        option 'properties.enable.idempotence' is off, without which retries of the client would repeat and reorder records; remove it
    "#]]
    .assert_eq(&text);
}
