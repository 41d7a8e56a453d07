//! Epochs: whole, once, in order, also idle ones.

use crate::harness::{World, epoch, rows};
use event::Epoch;
use stream::{ErrorKind, SinkCounters};
use testkit::services::Isolation;

fn total(committed: u64) -> SinkCounters {
    SinkCounters { committed, ..SinkCounters::default() }
}

/// Goal: nothing of an epoch before its commit, all of it after, across partitions and batches.
#[tokio::test]
async fn an_epoch_is_visible_once_committed() {
    let world = World::new("whole", 3).await;
    let mut sink = world.claimed(&[]).await;
    let counters = sink.commit(&epoch(1), &[rows(0..5_000), rows(5_000..5_001)]).await.unwrap();
    assert_eq!(counters, total(5_001));
    assert_eq!(world.committed_ids().await, (0..5_001).collect::<Vec<_>>());
    // The same epoch again changes nothing.
    assert_eq!(sink.commit(&epoch(1), &[rows(0..5_000), rows(5_000..5_001)]).await.unwrap(), total(5_001));
    assert_eq!(world.committed_ids().await.len(), 5_001);
}

/// Goal: idle epochs are held too, and a restart finds the last one with its identity and counters.
#[tokio::test]
async fn idle_epochs_are_held() {
    let world = World::new("idle", 2).await;
    let mut sink = world.open(&[]).await;
    let first = sink.claim().await.unwrap().unwrap();
    assert_eq!((first.token, first.held, first.counters), (1, None, total(0)));
    sink.commit(&epoch(1), &[rows(0..3)]).await.unwrap();
    for idle in 2..=4 {
        sink.commit(&epoch(idle), &[]).await.unwrap();
    }
    drop(sink);
    let mut again = world.open(&[]).await;
    let claim = again.claim().await.unwrap().unwrap();
    let held = claim.held.unwrap();
    assert_eq!((claim.token, held.epoch, held.generation), (2, Epoch(4), 1));
    assert_eq!((held.snapshot.0.as_str(), claim.counters), ("snapshot-4", total(3)));
    assert_eq!(again.commit(&epoch(5), &[rows(3..5)]).await.unwrap(), total(5));
    assert_eq!(world.committed_ids().await, [0, 1, 2, 3, 4]);
}

/// Goal: an epoch that does not follow the one held is refused, and leaves nothing.
#[tokio::test]
async fn only_the_next_epoch_is_taken() {
    let world = World::new("order", 1).await;
    let mut sink = world.claimed(&[]).await;
    sink.commit(&epoch(1), &[rows(0..1)]).await.unwrap();
    let error = sink.commit(&epoch(3), &[rows(1..2)]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data, "{error}");
    sink.commit(&epoch(2), &[rows(2..3)]).await.unwrap();
    assert_eq!(world.ids(Isolation::ReadUncommitted).await, [0, 2]);
}

/// Goal: at-least-once has no memory, writes all the same, and uncommitted readers need not wait.
#[tokio::test]
async fn at_least_once_when_asked() {
    let world = World::new("atleast", 2).await;
    let options = [("sink.delivery-guarantee", "at-least-once")];
    let mut sink = world.open(&options).await;
    assert_eq!(sink.claim().await.unwrap(), None);
    assert_eq!(sink.commit(&epoch(1), &[rows(0..100)]).await.unwrap(), total(100));
    drop(sink);
    let mut again = world.open(&options).await;
    assert_eq!(again.claim().await.unwrap(), None);
    assert_eq!(again.commit(&epoch(1), &[rows(0..100)]).await.unwrap(), total(100));
    assert_eq!(world.committed_ids().await.len(), 200);
}

/// Goal: what is wrong with the brokers' limits is said by the option's name.
#[tokio::test]
async fn a_transaction_timeout_beyond_the_brokers_is_named() {
    let world = World::new("timeout", 1).await;
    let mut sink = world.open(&[("properties.transaction.timeout.ms", "90000000")]).await;
    let error = sink.claim().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config, "{error}");
    assert!(error.message.contains("transaction.max.timeout.ms"), "{error}");
}
