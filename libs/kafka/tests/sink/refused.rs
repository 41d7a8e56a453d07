//! Records that the brokers do not take.

use crate::harness::{World, epoch, metadata, rows, sized};
use arrow::array::{ArrayRef, RecordBatch, TimestampMillisecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use std::sync::Arc;
use stream::{ErrorKind, SinkCounters};
use testkit::services::Isolation;

fn counted(committed: u64, refused: u64) -> SinkCounters {
    SinkCounters { committed, superseded: 0, refused }
}

/// The refused rows as kept, parts put together.
async fn dead_letters(world: &World) -> Vec<String> {
    let topic = format!("{}.dead-letters", world.topic);
    let records = world.kafka.read_to_end(&topic, Isolation::ReadCommitted).await.unwrap();
    let mut texts: Vec<String> = Vec::new();
    for record in records {
        match texts.last_mut().filter(|_| !record.text().starts_with(r#"{"id":"#)) {
            Some(last) => last.push_str(record.text()),
            None => texts.push(record.text().to_owned()),
        }
    }
    texts
}

/// Goal: rows larger than the topic takes do not hold up their epoch; they are kept whole, their neighbours committed.
#[tokio::test]
async fn too_large_rows_are_kept_aside() {
    let world = World::with("large", 1, &[("max.message.bytes", "20000")]).await;
    let mut sink = world.claimed(&[]).await;
    let mixed = sized((0..1_000).map(|id| (id, if id % 300 == 7 { 50_000 } else { 100 })));
    assert_eq!(sink.commit(&epoch(1), &[mixed]).await.unwrap(), counted(996, 4));
    assert_eq!(sink.commit(&epoch(2), &[rows(1_000..1_010)]).await.unwrap(), counted(1_006, 4));
    assert_eq!(world.committed_ids().await.len(), 1_006);
    let kept = dead_letters(&world).await;
    assert_eq!(kept.len(), 4);
    assert!(
        kept.iter().all(|text| text.len() > 50_000),
        "{:?}",
        kept.iter().map(String::len).collect::<Vec<_>>()
    );
    // The counters are part of what is held.
    assert_eq!(world.open(&[]).await.claim().await.unwrap().unwrap().counters, counted(1_006, 4));
}

/// Goal: a limit that was lowered after the start is found by trying: the brokers refuse whole batches, and only the
/// rows that are too large are set aside. The same with at-least-once.
#[tokio::test]
async fn a_lowered_limit_is_found_by_trying() {
    for guarantee in ["exactly-once", "at-least-once"] {
        let world = World::new("lowered", 1).await;
        let mut sink = world.open(&[("sink.delivery-guarantee", guarantee)]).await;
        sink.claim().await.unwrap();
        sink.commit(&epoch(1), &[rows(0..3)]).await.unwrap();
        world.alter("max.message.bytes", "2000").await;
        let mixed = sized((10..40).map(|id| (id, if id == 20 || id == 31 { 5_000 } else { 300 })));
        let counters = sink.commit(&epoch(2), &[mixed]).await.unwrap();
        assert_eq!(counters, counted(31, 2), "{guarantee}");
        let mut expected: Vec<i64> = (0..3).chain(10..40).collect();
        expected.retain(|id| *id != 20 && *id != 31);
        assert_eq!(world.committed_ids().await, expected, "{guarantee}");
        assert_eq!(dead_letters(&world).await.len(), 2, "{guarantee}");
    }
}

/// Goal: timestamps the brokers do not take are the row's trouble alone.
#[tokio::test]
async fn timestamps_out_of_range_are_refused() {
    let world = World::new("times", 1).await;
    let mut table = world.table(&[]);
    table.columns[1] = metadata("at", "timestamp", DataType::Timestamp(TimeUnit::Millisecond, None));
    let mut sink = world.try_open(&table).await.unwrap();
    sink.claim().await.unwrap();
    let far: i64 = 7_000_000_000_000;
    let times = [Some(1_600_000_000_000), Some(-5), Some(far), None, Some(0)];
    let at: ArrayRef = Arc::new(TimestampMillisecondArray::from(times.to_vec()));
    let id = rows(0..5).column(0).clone();
    let batch = RecordBatch::try_new(table.schema(), vec![id, at]).unwrap();
    assert_eq!(sink.commit(&epoch(1), &[batch]).await.unwrap(), counted(2, 3));
    let records = world.kafka.read_to_end(&world.topic, Isolation::ReadCommitted).await.unwrap();
    let texts: Vec<&str> = records.iter().map(|record| record.text()).collect();
    assert_eq!(texts, [r#"{"id":0}"#, r#"{"id":3}"#]);
    assert_eq!(dead_letters(&world).await.len(), 3);
}

/// Goal: a compacted topic needs keys; that is said before anything is written.
#[tokio::test]
async fn a_compacted_topic_needs_a_key() {
    let world = World::with("compacted", 1, &[("cleanup.policy", "compact")]).await;
    let error = world.try_open(&world.table(&[])).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("key.fields"), "{error}");
    let keyed = [("key.format", "json"), ("key.fields", "id")];
    let mut sink = world.claimed(&keyed).await;
    assert_eq!(sink.commit(&epoch(1), &[rows(0..9)]).await.unwrap(), counted(9, 0));
}
