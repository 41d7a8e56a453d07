//! Restarts from a position: each record exactly once over all lives, whatever the parallelism.

use crate::harness::{Kafka, Seen, failure, open, position};
use event::Position;
use std::sync::Arc;
use stream::{ErrorKind, SourceFactory, TaskIndex};

/// Reads with `count` tasks until together they have `rows` rows; gives the ids and the position reached.
async fn live(
    factory: &Arc<dyn SourceFactory>,
    count: usize,
    from: Option<&Position>,
    rows: usize,
) -> (Vec<i64>, Position) {
    let mut ids = Vec::new();
    let mut reached = Position::default();
    let mut lives = Vec::new();
    for index in 0..count {
        let mut source = factory.create(TaskIndex { index, count }).unwrap();
        let begun = source.seek(from).await.unwrap();
        lives.push((source, Seen::from(begun)));
    }
    while lives.iter().map(|(_, seen)| seen.rows()).sum::<usize>() < rows {
        let all_caught_up = lives.iter().all(|(_, seen)| seen.caught_up.len() == seen.position.0.len());
        let positions: Vec<_> = lives.iter().map(|(_, seen)| &seen.position).collect();
        assert!(!all_caught_up, "rows are missing: {positions:?}");
        for (source, seen) in &mut lives {
            // Nothing more in its partitions: the others have the rest.
            if seen.position.0.is_empty() || seen.caught_up.len() == seen.position.0.len() {
                continue;
            }
            let batches = seen.batches.len();
            let partitions = seen.position.0.len();
            seen.read_until(source, |seen| {
                seen.batches.len() > batches || seen.caught_up.len() == partitions
            })
            .await;
        }
    }
    for (_, seen) in &lives {
        ids.extend(seen.all_ids());
        reached.merge(&seen.position);
    }
    (ids, reached)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_records_once_each_over_three_lives() {
    const ROWS: i64 = 100_000;
    let kafka = Kafka::with_topic("t", 4);
    for partition in 0..4 {
        kafka.append_ids("t", partition, (0..ROWS).filter(|id| id % 4 == i64::from(partition)));
    }
    let factory = open(&kafka.table("t", &[])).await.unwrap();
    let (first, reached) = live(&factory, 2, None, 30_000).await;
    assert!(first.len() < ROWS as usize, "a restart in the middle");
    // More tasks than before, then fewer.
    let (second, reached) = live(&factory, 3, Some(&reached), 30_000).await;
    let rest = ROWS as usize - first.len() - second.len();
    let (third, reached) = live(&factory, 1, Some(&reached), rest).await;
    let mut ids = [first, second, third].concat();
    ids.sort_unstable();
    assert_eq!(ids, (0..ROWS).collect::<Vec<i64>>());
    assert_eq!(reached, position(&[("t/0", 25_000), ("t/1", 25_000), ("t/2", 25_000), ("t/3", 25_000)]));
}

#[tokio::test]
async fn partitions_the_position_does_not_name_begin_at_their_beginning() {
    let kafka = Kafka::with_topic("t", 2);
    kafka.append_ids("t", 0, 0..3);
    kafka.append_ids("t", 1, 3..6);
    let mut source = kafka.source("t", &[("scan.startup.mode", "latest-offset")]).await;
    let from = position(&[("t/0", 2), ("gone/7", 5)]);
    assert_eq!(source.seek(Some(&from)).await.unwrap(), position(&[("t/0", 2), ("t/1", 0)]));
}

#[tokio::test]
async fn an_offset_no_longer_retained_is_an_error() {
    let kafka = Kafka::with_topic("t", 1);
    // The mock keeps about 5 MB of a partition.
    let big = format!(r#"{{"id": 1, "text": "{}"}}"#, "x".repeat(100_000));
    kafka.append("t", 0, (0..100).map(|_| Some(big.as_str())));
    let mut source = kafka.source("t", &[]).await;
    let low = source.seek(None).await.unwrap().0.into_values().next().unwrap();
    assert!(low > 0, "the mock dropped nothing");
    let mut late = kafka.source("t", &[]).await;
    let error = late.seek(Some(&position(&[("t/0", low - 1)]))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    let expected = format!(
        "offset {} of partition t/0 is no longer retained: the oldest record there is {low}",
        low - 1
    );
    assert!(error.message.starts_with(&expected), "{error}");
}

#[tokio::test]
async fn an_offset_beyond_the_end_is_an_error() {
    let kafka = Kafka::with_topic("t", 1);
    kafka.append_ids("t", 0, 0..3);
    let mut source = kafka.source("t", &[]).await;
    let error = source.seek(Some(&position(&[("t/0", 4)]))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.starts_with("offset 4 of partition t/0 is beyond its end 3"), "{error}");
}

#[tokio::test]
async fn a_partition_that_is_gone_is_an_error() {
    let kafka = Kafka::with_topic("t", 1);
    let mut source = kafka.source("t", &[]).await;
    let error = source.seek(Some(&position(&[("t/0", 0), ("t/1", 5)]))).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.starts_with("partition t/1 of the snapshot no longer exists"), "{error}");
}

/// Goal: what retention took away while reading stood still is an error too, never a silent jump.
#[tokio::test]
async fn records_lost_while_reading_are_an_error() {
    let kafka = Kafka::with_topic("t", 1);
    kafka.append_ids("t", 0, 0..3);
    // The place is right when checked, and wrong when the broker is asked for records.
    kafka.cluster.request_errors(
        rdkafka::types::RDKafkaApiKey::Fetch,
        &[rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE; 3],
    );
    let mut source = kafka.source("t", &[]).await;
    source.seek(None).await.unwrap();
    let error = failure(&mut source).await;
    assert_eq!(error.kind, ErrorKind::Data, "{error}");
    assert!(error.message.starts_with("partition t/0 lost its place at offset"), "{error}");
}
