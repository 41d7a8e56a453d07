//! What becomes of columns: value, key, timestamp, headers, partition.

use crate::harness::{World, epoch, metadata, physical, rows};
use arrow::array::*;
use arrow::datatypes::*;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::Duration;
use testkit::services::Isolation;

/// The positive hash the Java client takes modulo the number of partitions, as its `Utils.murmur2` is specified.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c_u32 ^ bytes.len() as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    for (i, byte) in rest.iter().enumerate() {
        hash ^= u32::from(*byte) << (8 * i);
    }
    if !rest.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// Goal: the hash above is Java's, by the vectors of Kafka's own test (`UtilsTest.testMurmur2`).
#[test]
fn murmur2_is_javas() {
    for (text, hash) in [
        ("21", -973_932_308),
        ("foobar", -790_332_482),
        ("a-little-bit-long-string", -985_981_536),
        ("a-little-bit-longer-string", -1_486_304_829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
        ("abc", 479_470_107),
    ] {
        assert_eq!(murmur2(text.as_bytes()) as i32, hash, "{text}");
    }
}

/// Goal: equal keys meet in the partition where the Java client would put them, in the order of their rows.
#[tokio::test]
async fn keys_choose_the_partition_as_in_java() {
    let world = World::new("keyed", 7).await;
    let options = [("key.format", "json"), ("key.fields", "text")];
    let mut sink = world.claimed(&options).await;
    sink.commit(&epoch(1), &[rows((0..500).map(|n| n % 50))]).await.unwrap();
    let records = world.kafka.read_to_end(&world.topic, Isolation::ReadCommitted).await.unwrap();
    assert_eq!(records.len(), 500);
    for record in records {
        let key = record.key.as_deref().unwrap();
        let id = crate::harness::id(record.text());
        assert_eq!(key, format!(r#"{{"text":"row {id}"}}"#).as_bytes());
        assert_eq!(record.partition as u32, (murmur2(key) & 0x7fff_ffff) % 7, "{key:?}");
    }
}

/// Goal: `fixed` keeps to one partition, `round-robin` uses all alike.
#[tokio::test]
async fn partitioners_by_name() {
    for (partitioner, expected) in [("fixed", vec![30, 0, 0]), ("round-robin", vec![10, 10, 10])] {
        let world = World::new(partitioner, 3).await;
        let mut sink = world.claimed(&[("sink.partitioner", partitioner)]).await;
        sink.commit(&epoch(1), &[rows(0..30)]).await.unwrap();
        let records = world.kafka.read_to_end(&world.topic, Isolation::ReadCommitted).await.unwrap();
        let count = |partition| records.iter().filter(|record| record.partition == partition).count();
        assert_eq!((0..3).map(count).collect::<Vec<_>>(), expected, "{partitioner}");
    }
}

/// Goal: the key's columns may be left out of the value, and their prefix out of the key.
#[tokio::test]
async fn a_prefixed_key_is_not_part_of_the_value() {
    let world = World::new("prefix", 1).await;
    let mut table = world.table(&[
        ("key.format", "json"),
        ("key.fields", "k_text"),
        ("key.fields-prefix", "k_"),
        ("value.fields-include", "EXCEPT_KEY"),
    ]);
    table.columns[1] = physical("k_text", DataType::Utf8);
    let mut sink = world.try_open(&table).await.unwrap();
    sink.claim().await.unwrap();
    sink.commit(&epoch(1), &[rows(7..8)]).await.unwrap();
    let records = world.kafka.read_to_end(&world.topic, Isolation::ReadCommitted).await.unwrap();
    assert_eq!(records[0].text(), r#"{"id":7}"#);
    assert_eq!(records[0].key.as_deref(), Some(&br#"{"text":"row 7"}"#[..]));
}

/// Goal: every type as Flink writes it, and NULLs; timestamp and headers in the record itself.
#[tokio::test]
async fn types_timestamp_and_headers() {
    let world = World::new("types", 1).await;
    let mut table = world.table(&[]);
    let ltz = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let mut headers = MapBuilder::new(None, StringBuilder::new(), BinaryBuilder::new());
    headers.keys().append_value("a");
    headers.values().append_value(b"1");
    headers.keys().append_value("b");
    headers.values().append_null();
    headers.append(true).unwrap();
    headers.append(false).unwrap();
    let headers = headers.finish();
    let decimal = Decimal128Array::from(vec![Some(12_345), None]).with_precision_and_scale(10, 2).unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("b", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("i", Arc::new(Int32Array::from(vec![Some(-7), None]))),
        ("l", Arc::new(Int64Array::from(vec![Some(i64::MAX), None]))),
        ("d", Arc::new(Float64Array::from(vec![Some(1.5), None]))),
        ("m", Arc::new(decimal)),
        ("s", Arc::new(StringArray::from(vec![Some("ä\"\n"), None]))),
        ("y", Arc::new(BinaryArray::from(vec![Some(&b"\x00\xff"[..]), None]))),
        ("da", Arc::new(Date32Array::from(vec![Some(19_000), None]))),
        ("t", Arc::new(TimestampMillisecondArray::from(vec![Some(1_700_000_000_123), None]))),
    ];
    let mut spec: Vec<_> =
        columns.iter().map(|(name, column)| physical(name, column.data_type().clone())).collect();
    spec.push(metadata("at", "timestamp", ltz.clone()));
    spec.push(metadata("h", "headers", headers.data_type().clone()));
    table.columns = spec;
    let at: ArrayRef =
        Arc::new(TimestampMillisecondArray::from(vec![Some(1_600_000_000_000), None]).with_data_type(ltz));
    let batch: Vec<ArrayRef> =
        columns.into_iter().map(|(_, column)| column).chain([at, Arc::new(headers)]).collect();
    let batch = RecordBatch::try_new(table.schema(), batch).unwrap();
    let mut sink = world.try_open(&table).await.unwrap();
    sink.claim().await.unwrap();
    sink.commit(&epoch(1), &[batch]).await.unwrap();
    drop(sink);

    let records = world.kafka.read_to_end(&world.topic, Isolation::ReadCommitted).await.unwrap();
    assert_eq!(
        records[0].text(),
        r#"{"b":true,"i":-7,"l":9223372036854775807,"d":1.5,"m":123.45,"s":"ä\"\n","y":"AP8=","da":"2022-01-08","t":"2023-11-14 22:13:20.123"}"#
    );
    assert_eq!(
        records[1].text(),
        r#"{"b":null,"i":null,"l":null,"d":null,"m":null,"s":null,"y":null,"da":null,"t":null}"#
    );
    assert_eq!(records[0].timestamp_ms, Some(1_600_000_000_000));
    assert!(records[1].timestamp_ms > Some(1_700_000_000_000));
    assert_eq!(read_headers(&world), [vec![("a".into(), Some(b"1".to_vec())), ("b".into(), None)], vec![]]);
}

type HeaderList = Vec<(String, Option<Vec<u8>>)>;

/// The headers of the first two records of partition 0.
fn read_headers(world: &World) -> Vec<HeaderList> {
    let consumer: BaseConsumer = world.kafka.client_config().set("group.id", "headers").create().unwrap();
    let mut from = TopicPartitionList::new();
    from.add_partition_offset(&world.topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&from).unwrap();
    let read = |_| {
        let message = consumer.poll(Duration::from_secs(60)).unwrap().unwrap();
        let headers = message
            .headers()
            .map(|headers| headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect());
        headers.unwrap_or_default()
    };
    (0..2).map(read).collect()
}
