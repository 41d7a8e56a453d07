//! Metadata columns, projections, and records that do not decode.

use crate::harness::{Kafka, Seen, metadata, open};
use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType};
use event::{DeadLetterReason, Partition};
use stream::{ErrorKind, TableSpec, TaskIndex};

const BOUNDED: (&str, &str) = ("scan.bounded.mode", "latest-offset");

/// id, text, and all metadata.
fn wide(kafka: &Kafka) -> TableSpec {
    let mut table = kafka.table("t", &[BOUNDED]);
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    table.columns.extend([
        metadata("at", "timestamp", time),
        metadata("from_topic", "topic", DataType::Utf8),
        metadata("from_partition", "partition", DataType::Int32),
        metadata("from_offset", "offset", DataType::Int64),
    ]);
    table
}

async fn read(table: &TableSpec) -> Seen {
    let mut source = open(table).await.unwrap().create(TaskIndex { index: 0, count: 1 }).unwrap();
    let mut seen = Seen::from(source.seek(None).await.unwrap());
    seen.read_until(&mut source, |seen| seen.ended).await;
    seen
}

/// Goal: what does not decode is set aside with its place, and the rows around it keep their own metadata.
#[tokio::test]
async fn dead_letters_and_metadata_keep_their_places() {
    let kafka = Kafka::with_topic("t", 1);
    let values = [
        Some(r#"{"id": 0}"#),
        Some("{broken"),
        Some(r#"{"id": 2}"#),
        None,
        Some(r#"{"id": "x"}"#),
        Some(r#"{"id": 5}"#),
    ];
    kafka.append("t", 0, values);
    let mut table = wide(&kafka);
    table.projection = vec![5, 0, 2, 3, 4];
    let seen = read(&table).await;

    let places: Vec<_> = seen.dead.iter().map(|dead| dead.offset.unwrap()).collect();
    assert_eq!(places, [1, 3, 4]);
    for dead in &seen.dead {
        assert_eq!(
            (dead.reason, dead.partition.clone()),
            (DeadLetterReason::Decode, Some(Partition::new("t/0")))
        );
        assert_eq!(dead.origin.as_ref(), "events (topic t)");
        assert!(dead.time_ms > 0 && !dead.error.is_empty());
    }
    assert_eq!(seen.dead[0].raw, b"{broken");
    assert!(seen.dead[1].raw.is_empty(), "a tombstone has no bytes");

    let rows =
        arrow::compute::concat_batches(&table.projected_schema(), seen.batches.iter().map(|b| &b.rows))
            .unwrap();
    let names: Vec<_> = rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["from_offset", "id", "at", "from_topic", "from_partition"]);
    assert_eq!(rows.column(0).as_primitive::<Int64Type>().values(), &[0, 2, 5]);
    assert_eq!(rows.column(1).as_primitive::<Int64Type>().values(), &[0, 2, 5]);
    let times = rows.column(2).as_primitive::<TimestampMillisecondType>();
    assert_eq!(times.values(), &[1_000_000, 1_000_002, 1_000_005]);
    assert!(rows.column(3).as_string::<i32>().iter().all(|topic| topic == Some("t")));
    assert_eq!(rows.column(4).as_primitive::<Int32Type>().values(), &[0, 0, 0]);
}

/// Goal: counting records needs no column, and what does not decode is still told apart.
#[tokio::test]
async fn no_column_at_all() {
    let kafka = Kafka::with_topic("t", 1);
    kafka.append("t", 0, [Some(r#"{"id": 0}"#), Some("{broken"), Some(r#"{"id": 1}"#)]);
    let mut table = wide(&kafka);
    table.projection = vec![];
    let seen = read(&table).await;
    assert_eq!(seen.batches.iter().map(|batch| batch.rows.num_rows()).sum::<usize>(), 2);
    assert_eq!(seen.dead.len(), 1);
}

#[tokio::test]
async fn metadata_that_cannot_be_is_refused() {
    let kafka = Kafka::with_topic("t", 1);
    for (key, data_type, expected) in [
        ("headers", DataType::Utf8, "the metadata key 'headers' is not supported yet"),
        ("ofset", DataType::Int64, "the metadata key 'ofset' is unknown"),
        ("offset", DataType::Utf8, "the metadata key 'offset' is of type BIGINT, not Utf8"),
    ] {
        let mut table = kafka.table("t", &[]);
        table.columns.push(metadata("m", key, data_type));
        let error = open(&table).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.starts_with(&format!("table 'events': column \"m\": {expected}")), "{error}");
    }
}
