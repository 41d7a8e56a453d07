//! What a running source says: batches, caught up, the end; and that dropped futures lose nothing.

use crate::harness::{DEADLINE, Kafka, Seen, open, position};
use event::Partition;
use futures::FutureExt;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use stream::TaskIndex;

const BOUNDED: (&str, &str) = ("scan.bounded.mode", "latest-offset");

fn partitions(names: &[&str]) -> BTreeSet<Partition> {
    names.iter().map(Partition::new).collect()
}

#[tokio::test]
async fn says_when_it_has_caught_up_and_goes_on() {
    let kafka = Kafka::with_topic("t", 2);
    kafka.append_ids("t", 0, 0..5);
    let mut source = kafka.source("t", &[]).await;
    let mut seen = Seen::from(source.seek(None).await.unwrap());
    let both = partitions(&["t/0", "t/1"]);
    seen.read_until(&mut source, |seen| seen.caught_up == both).await;
    assert_eq!(seen.all_ids(), [0, 1, 2, 3, 4]);
    kafka.append_ids("t", 1, 5..7);
    seen.read_until(&mut source, |seen| seen.rows() == 7).await;
    seen.read_until(&mut source, |seen| seen.caught_up == both).await;
}

#[tokio::test]
async fn a_bounded_source_stops_where_the_end_was() {
    let kafka = Kafka::with_topic("t", 3);
    kafka.append_ids("t", 0, 0..1500);
    kafka.append_ids("t", 1, 1500..1503);
    let factory = open(&kafka.table("t", &[BOUNDED])).await.unwrap();
    assert!(factory.bounded());
    let mut source = factory.create(TaskIndex { index: 0, count: 1 }).unwrap();
    let mut seen = Seen::from(source.seek(None).await.unwrap());
    // After the start, so not to be read.
    for partition in 0..3 {
        kafka.append_ids("t", partition, 9000..9010);
    }
    seen.read_until(&mut source, |seen| seen.ended).await;
    assert_eq!(seen.all_ids(), (0..1503).collect::<Vec<i64>>());
    assert_eq!(seen.position, position(&[("t/0", 1500), ("t/1", 3), ("t/2", 0)]));
    assert_eq!(seen.caught_up, partitions(&["t/0", "t/1", "t/2"]));
    // The end is resolved anew at a restart.
    let mut again = factory.create(TaskIndex { index: 0, count: 1 }).unwrap();
    let mut more = Seen::from(again.seek(Some(&seen.position)).await.unwrap());
    more.read_until(&mut again, |seen| seen.ended).await;
    assert_eq!(more.rows(), 30);
}

#[tokio::test]
async fn a_bounded_source_of_nothing_ends_at_once() {
    let kafka = Kafka::with_topic("t", 1);
    let factory = open(&kafka.table("t", &[BOUNDED])).await.unwrap();
    // The second task has no partition at all.
    for index in 0..2 {
        let mut source = factory.create(TaskIndex { index, count: 2 }).unwrap();
        let mut seen = Seen::from(source.seek(None).await.unwrap());
        seen.read_until(&mut source, |seen| seen.ended).await;
        assert_eq!((seen.rows(), seen.caught_up.len()), (0, 1 - index));
    }
}

#[tokio::test]
async fn several_topics_at_once() {
    let kafka = Kafka::with_topic("a", 2);
    kafka.cluster.create_topic("b", 2, 1).unwrap();
    kafka.append_ids("a", 0, 0..10);
    kafka.append_ids("a", 1, 10..20);
    kafka.append_ids("b", 0, 20..30);
    kafka.append_ids("b", 1, 30..40);
    let factory = open(&kafka.table("a;b", &[BOUNDED])).await.unwrap();
    let mut ids = Vec::new();
    for index in 0..3 {
        let mut source = factory.create(TaskIndex { index, count: 3 }).unwrap();
        let mut seen = Seen::from(source.seek(None).await.unwrap());
        seen.read_until(&mut source, |seen| seen.ended).await;
        ids.extend(seen.all_ids());
    }
    ids.sort_unstable();
    assert_eq!(ids, (0..40).collect::<Vec<i64>>());
}

/// Goal: `poll` futures dropped at any time lose nothing and repeat nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_polls_lose_nothing() {
    const ROWS: i64 = 20_000;
    for seed in 0..3 {
        let kafka = Kafka::with_topic("t", 3);
        for partition in 0..3 {
            kafka.append_ids("t", partition, (0..ROWS).filter(|id| id % 3 == i64::from(partition)));
        }
        let discovery = ("scan.topic-partition-discovery.interval", "1 ms");
        let mut source = kafka.source("t", &[discovery]).await;
        let mut seen = Seen::from(source.seek(None).await.unwrap());
        let mut random = StdRng::seed_from_u64(seed);
        let mut dropped = 0;
        let reading = async {
            while seen.rows() < ROWS as usize {
                let polled = if random.random_bool(0.7) {
                    source.poll().now_or_never()
                } else {
                    let patience = std::time::Duration::from_micros(random.random_range(0..2000));
                    tokio::time::timeout(patience, source.poll()).await.ok()
                };
                match polled {
                    Some(polled) => seen.take(polled.unwrap()),
                    None => {
                        dropped += 1;
                        tokio::task::yield_now().await;
                    }
                }
            }
        };
        tokio::time::timeout(DEADLINE, reading).await.unwrap();
        assert!(dropped > 0, "seed {seed}");
        for (partition, ids) in &seen.ids {
            assert!(ids.is_sorted(), "seed {seed}: {partition} out of order");
        }
        let mut ids = seen.all_ids();
        ids.sort_unstable();
        assert_eq!(ids, (0..ROWS).collect::<Vec<i64>>(), "seed {seed}");
    }
}

/// Goal: brokers that go away are waited for; nothing is lost or repeated when they are back.
#[tokio::test]
async fn goes_on_when_the_broker_is_back() {
    let kafka = Kafka::with_topic("t", 1);
    kafka.append_ids("t", 0, 0..10);
    let mut source = kafka.source("t", &[("properties.reconnect.backoff.max.ms", "200")]).await;
    let mut seen = Seen::from(source.seek(None).await.unwrap());
    seen.read_until(&mut source, |seen| seen.rows() == 10).await;
    kafka.cluster.broker_down(1).unwrap();
    let quiet = async {
        // Whatever it still says, it is neither a record nor an error.
        loop {
            let polled = source.poll().await.unwrap();
            seen.take(polled);
        }
    };
    assert!(tokio::time::timeout(std::time::Duration::from_millis(300), quiet).await.is_err());
    assert_eq!(seen.rows(), 10);
    kafka.cluster.broker_up(1).unwrap();
    kafka.append_ids("t", 0, 10..20);
    seen.read_until(&mut source, |seen| seen.rows() == 20).await;
    assert_eq!(seen.all_ids(), (0..20).collect::<Vec<i64>>());
}
