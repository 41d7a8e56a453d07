//! What every sink with a memory promises.

use super::within;
use crate::faults::seed_or;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use async_trait::async_trait;
use event::Epoch;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use stream::{Commit, ErrorKind, Sink, SinkCounters, SnapshotId, StreamError};

/// The system under test.
#[async_trait]
pub trait SinkWorld: Sync {
    type Place: SinkPlace;

    /// A fresh, empty destination for rows of `id BIGINT, text STRING`, appended.
    async fn place(&self, stem: &str) -> Self::Place;

    /// Why this system cannot keep the promise of this name.
    fn waiver(&self, _promise: &str) -> Option<&'static str> {
        None
    }
}

/// One destination.
#[async_trait]
pub trait SinkPlace: Send + Sync {
    /// A new instance for a pipeline, as after a start of the program. Called often for one place.
    async fn open(&self, pipeline: &str) -> Result<Box<dyn Sink>, StreamError>;

    /// The `id` of every row that an outside reader of committed data sees now, in any order.
    async fn visible(&self) -> Vec<i64>;
}

pub fn waiver(world: &impl SinkWorld, promise: &str) -> Option<&'static str> {
    world.waiver(promise)
}

const PIPELINE: &str = "conformance";

fn rows(ids: impl IntoIterator<Item = i64>) -> RecordBatch {
    let ids: Vec<i64> = ids.into_iter().collect();
    let text: ArrayRef = Arc::new(StringArray::from_iter_values(ids.iter().map(|id| format!("row {id}"))));
    let id: ArrayRef = Arc::new(Int64Array::from(ids));
    RecordBatch::try_from_iter_with_nullable([("id", id, true), ("text", text, true)])
        .expect("two columns of one length")
}

fn commit(epoch: u64) -> Commit {
    Commit { generation: 1, epoch: Epoch(epoch), snapshot: SnapshotId(format!("snapshot-{epoch}")) }
}

async fn open(place: &impl SinkPlace) -> Box<dyn Sink> {
    within(place.open(PIPELINE)).await.expect("the sink opens")
}

async fn claimed(place: &impl SinkPlace) -> Box<dyn Sink> {
    let mut sink = open(place).await;
    within(sink.claim()).await.expect("the sink is claimed");
    sink
}

async fn committed(sink: &mut Box<dyn Sink>, epoch: u64, batches: &[RecordBatch]) -> SinkCounters {
    within(sink.commit(&commit(epoch), batches)).await.expect("the epoch is committed")
}

async fn visible(place: &impl SinkPlace) -> Vec<i64> {
    let mut ids = within(place.visible()).await;
    ids.sort_unstable();
    ids
}

fn total(committed: u64) -> SinkCounters {
    SinkCounters { committed, superseded: 0, refused: 0 }
}

/// A place that nobody wrote to holds no epoch, and has a token to give.
pub async fn the_first_claim_holds_nothing(world: &impl SinkWorld) {
    let place = world.place("first").await;
    let mut sink = open(&place).await;
    let claim = within(sink.claim()).await.unwrap().expect("a sink with a memory");
    assert_eq!((claim.held, claim.counters), (None, total(0)));
    assert!(claim.token > 0);
    assert_eq!(visible(&place).await, [0; 0]);
}

/// Rows of several batches are there after the commit, duplicates too, and totals add up.
pub async fn an_epoch_is_visible_whole_once_committed(world: &impl SinkWorld) {
    let place = world.place("whole").await;
    let mut sink = claimed(&place).await;
    assert_eq!(committed(&mut sink, 1, &[rows([1, 2]), rows([2, 3])]).await, total(4));
    assert_eq!(visible(&place).await, [1, 2, 2, 3]);
    assert_eq!(committed(&mut sink, 2, &[rows([4])]).await, total(5));
    assert_eq!(visible(&place).await, [1, 2, 2, 3, 4]);
}

/// Rows that were given ahead of their commit are seen with it, once; without it nobody sees them, not even after the next
/// claim. A commit of other rows than those prepared applies its own.
pub async fn what_is_prepared_is_seen_once_committed(world: &impl SinkWorld) {
    let place = world.place("prepared").await;
    let mut sink = claimed(&place).await;
    within(sink.prepare(&[rows([1, 2])])).await;
    assert_eq!(visible(&place).await, [0; 0]);
    assert_eq!(committed(&mut sink, 1, &[rows([1, 2])]).await, total(2));
    within(sink.prepare(&[rows([3])])).await;
    within(sink.prepare(&[rows([3, 4])])).await;
    assert_eq!(committed(&mut sink, 2, &[rows([3, 4])]).await, total(4));
    assert_eq!(visible(&place).await, [1, 2, 3, 4]);

    within(sink.prepare(&[rows([7])])).await;
    let mut sink = claimed(&place).await;
    assert_eq!(visible(&place).await, [1, 2, 3, 4]);
    within(sink.prepare(&[rows([8])])).await;
    assert_eq!(committed(&mut sink, 3, &[rows([5, 6])]).await, total(6));
    within(sink.prepare(&[])).await;
    assert_eq!(committed(&mut sink, 4, &[]).await, total(6));
    assert_eq!(visible(&place).await, [1, 2, 3, 4, 5, 6]);
}

/// An epoch that brought nothing is held all the same.
pub async fn an_epoch_without_rows_is_remembered(world: &impl SinkWorld) {
    let place = world.place("empty").await;
    let mut sink = claimed(&place).await;
    for epoch in 1..=3 {
        assert_eq!(committed(&mut sink, epoch, &[]).await, total(0));
    }
    let claim = within(open(&place).await.claim()).await.unwrap().unwrap();
    assert_eq!(claim.held.map(|held| held.epoch.0), Some(3));
}

/// The same epoch again, from this instance or the next, changes nothing.
pub async fn a_held_epoch_is_not_applied_again(world: &impl SinkWorld) {
    let place = world.place("again").await;
    let mut sink = claimed(&place).await;
    committed(&mut sink, 1, &[rows([1])]).await;
    assert_eq!(committed(&mut sink, 1, &[rows([1])]).await, total(1));
    let mut next = claimed(&place).await;
    assert_eq!(committed(&mut next, 1, &[rows([1])]).await, total(1));
    assert_eq!(committed(&mut next, 2, &[rows([2])]).await, total(2));
    assert_eq!(visible(&place).await, [1, 2]);
}

/// A claim names the last epoch, its generation and snapshot, and the totals; tokens rise.
pub async fn a_claim_says_what_is_held(world: &impl SinkWorld) {
    let place = world.place("claim").await;
    let mut sink = open(&place).await;
    let first = within(sink.claim()).await.unwrap().unwrap();
    committed(&mut sink, 1, &[rows([1, 2])]).await;
    committed(&mut sink, 2, &[rows([3])]).await;
    let mut next = open(&place).await;
    let claim = within(next.claim()).await.unwrap().unwrap();
    assert!(claim.token > first.token, "{} after {}", claim.token, first.token);
    assert_eq!(claim.counters, total(3));
    let held = claim.held.expect("two epochs were committed");
    assert_eq!((held.generation, held.epoch.0, held.snapshot.0.as_str()), (1, 2, "snapshot-2"));
}

/// After a newer claim the older writer is refused, and leaves nothing.
pub async fn an_older_writer_is_fenced(world: &impl SinkWorld) {
    let place = world.place("fenced").await;
    let mut old = claimed(&place).await;
    committed(&mut old, 1, &[rows([1])]).await;
    let mut new = claimed(&place).await;
    for epoch in [2, 3] {
        let error = within(old.commit(&commit(epoch), &[rows([100])])).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
    }
    committed(&mut new, 2, &[rows([2])]).await;
    assert_eq!(visible(&place).await, [1, 2]);
}

/// An epoch that does not follow, and another snapshot of a held epoch, are refused and leave nothing.
pub async fn gaps_and_strangers_are_refused(world: &impl SinkWorld) {
    let place = world.place("gaps").await;
    let mut sink = claimed(&place).await;
    committed(&mut sink, 1, &[rows([1])]).await;
    let stranger = Commit { snapshot: SnapshotId("another".into()), ..commit(1) };
    for refused in [commit(3), stranger] {
        let error = within(sink.commit(&refused, &[rows([100])])).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Data, "{refused:?}: {error}");
    }
    // The refusals did not harm it, or a new instance takes over.
    let mut next = claimed(&place).await;
    committed(&mut next, 2, &[rows([2])]).await;
    assert_eq!(visible(&place).await, [1, 2]);
}

/// A restored savepoint opens a generation, whose first epoch may be any.
pub async fn a_new_generation_may_start_anywhere(world: &impl SinkWorld) {
    let place = world.place("generation").await;
    let mut sink = claimed(&place).await;
    committed(&mut sink, 1, &[rows([1])]).await;
    let restored = Commit { generation: 2, ..commit(7) };
    within(sink.commit(&restored, &[rows([7])])).await.unwrap();
    let claim = within(open(&place).await.claim()).await.unwrap().unwrap();
    let held = claim.held.unwrap();
    assert_eq!((held.generation, held.epoch.0), (2, 7));
    assert_eq!(visible(&place).await, [1, 7]);
}

/// Two pipelines into one place have memories of their own and do not fence each other.
pub async fn pipelines_do_not_know_each_other(world: &impl SinkWorld) {
    let place = world.place("pipelines").await;
    let mut one = claimed(&place).await;
    committed(&mut one, 1, &[rows([1])]).await;
    let mut other = within(place.open("another")).await.unwrap();
    assert_eq!(within(other.claim()).await.unwrap().unwrap().held, None);
    committed(&mut other, 1, &[rows([10])]).await;
    committed(&mut one, 2, &[rows([2])]).await;
    assert_eq!(visible(&place).await, [1, 2, 10]);
}

/// A commit whose future is dropped anywhere, as in a crash, left its whole epoch or nothing of it, and the next claim
/// knows which.
pub async fn a_dropped_commit_is_whole_or_nothing(world: &impl SinkWorld) {
    const TRIES: u64 = 24;
    let place = world.place("dropped").await;
    let mut random = StdRng::seed_from_u64(seed_or(20_260_101));
    let (mut held, mut expected, mut dropped) = (0, Vec::new(), 0);
    // How long a commit takes here, so that the cuts fall into it.
    let begun = Instant::now();
    let mut sink = claimed(&place).await;
    committed(&mut sink, 1, &[rows([0])]).await;
    let usual = begun.elapsed().max(Duration::from_micros(100));
    held += 1;
    expected.push(0);
    for number in 1..=TRIES as i64 {
        let epoch = held + 1;
        let batch = rows((0..50).map(|_| number));
        let limit = random.random_range(Duration::ZERO..usual);
        dropped +=
            u64::from(tokio::time::timeout(limit, sink.commit(&commit(epoch), &[batch])).await.is_err());
        sink = open(&place).await;
        let claim = within(sink.claim()).await.unwrap().unwrap();
        let now = claim.held.expect("an epoch is held").epoch.0;
        assert!(now == held || now == epoch, "epoch {now} is held after {held}");
        if now == epoch {
            expected.extend([number; 50]);
        }
        held = now;
        assert_eq!(visible(&place).await, expected, "after try {number}");
        assert_eq!(claim.counters, total(expected.len() as u64));
    }
    assert!(dropped > 0, "no commit was dropped: {usual:?} is too long a guess");
}

/// A zombie that commits while its successor claims: each epoch is applied once, by one of them.
pub async fn two_writers_at_once_leave_each_row_once(world: &impl SinkWorld) {
    let place = world.place("zombie").await;
    let mut old = claimed(&place).await;
    committed(&mut old, 1, &[rows([1])]).await;
    for epoch in 2..=6_u64 {
        let batch = [rows([epoch as i64])];
        let commit = commit(epoch);
        let zombie = old.commit(&commit, &batch);
        let successor = async {
            let mut sink = open(&place).await;
            let claim = within(sink.claim()).await.unwrap().unwrap();
            (sink, claim)
        };
        let (zombie, (mut new, claim)) = within(async { tokio::join!(zombie, successor) }).await;
        let held = claim.held.expect("an epoch is held").epoch.0;
        match zombie {
            // It came in time, so the successor knows it.
            Ok(_) => assert_eq!(held, epoch),
            Err(error) => {
                assert!(matches!(error.kind, ErrorKind::Fenced | ErrorKind::Unavailable), "{error}");
            }
        }
        committed(&mut new, epoch, &batch).await;
        old = new;
    }
    assert_eq!(visible(&place).await, [1, 2, 3, 4, 5, 6]);
}

/// Whoever reads while a large epoch is committed sees all of it or nothing.
pub async fn readers_never_see_a_part_of_an_epoch(world: &impl SinkWorld) {
    const ROWS: i64 = 20_000;
    const EPOCHS: u64 = 5;
    const LOOKS: u64 = 3;
    let place = world.place("readers").await;
    let mut sink = claimed(&place).await;
    let (looks, done) = (AtomicU64::new(0), AtomicBool::new(false));
    let writer = async {
        let mut epochs = 0;
        // On a busy machine a look may take longer than all epochs.
        while epochs < EPOCHS || looks.load(Ordering::SeqCst) < LOOKS {
            epochs += 1;
            let batches: Vec<RecordBatch> = (0..ROWS).step_by(1_000).map(|at| rows(at..at + 1_000)).collect();
            committed(&mut sink, epochs, &batches).await;
        }
        done.store(true, Ordering::SeqCst);
        epochs
    };
    let reader = async {
        while !done.load(Ordering::SeqCst) {
            let seen = visible(&place).await.len() as i64;
            assert_eq!(seen % ROWS, 0, "{seen} rows of epochs of {ROWS}");
            looks.fetch_add(1, Ordering::SeqCst);
            // A place that answers at once must not keep the writer from its turn.
            tokio::task::yield_now().await;
        }
    };
    let (epochs, ()) = within(async { tokio::join!(writer, reader) }).await;
    assert_eq!(visible(&place).await.len() as i64, ROWS * epochs as i64);
}
