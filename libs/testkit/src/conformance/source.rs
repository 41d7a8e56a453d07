//! What every source promises.

use super::within;
use crate::faults::seed_or;
use crate::oracle::assert_same_rows;
use arrow::array::AsArray as _;
use arrow::datatypes::Int64Type;
use async_trait::async_trait;
use event::{Batch, Partition, Position};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stream::{Polled, Source, SourceFactory, StreamError, TaskIndex};

/// Rows that a source of the suite may put into one batch.
pub const BATCH_ROWS_MAX: usize = 100;
/// Partitions that the suite asks for.
pub const PARTITIONS: usize = 4;
const PER_PARTITION: i64 = 500;

/// The system under test.
#[async_trait]
pub trait SourceWorld: Sync {
    type Place: SourcePlace;

    /// A fresh origin of rows `id BIGINT` with this many empty partitions, read from the beginning, in batches of at
    /// most [`BATCH_ROWS_MAX`] rows.
    async fn place(&self, stem: &str, partitions: usize) -> Self::Place;

    /// Why this system cannot keep the promise of this name.
    fn waiver(&self, _promise: &str) -> Option<&'static str> {
        None
    }
}

/// One origin.
#[async_trait]
pub trait SourcePlace: Send + Sync {
    /// Appends records to the end of a partition; one that is not there is added.
    async fn append(&self, partition: usize, ids: Vec<i64>);

    /// A factory, as after a start of the program.
    async fn factory(&self) -> Result<Arc<dyn SourceFactory>, StreamError>;
}

pub fn waiver(world: &impl SourceWorld, promise: &str) -> Option<&'static str> {
    world.waiver(promise)
}

/// Ids of a partition: rising, and different from those of others.
fn ids(partition: usize) -> Vec<i64> {
    let base = partition as i64 * 1_000_000;
    (base..base + PER_PARTITION).collect()
}

async fn filled<W: SourceWorld>(world: &W, stem: &str) -> W::Place {
    let place = world.place(stem, PARTITIONS).await;
    for partition in 0..PARTITIONS {
        place.append(partition, ids(partition)).await;
    }
    place
}

fn everything() -> Vec<i64> {
    (0..PARTITIONS).flat_map(ids).collect()
}

async fn source(place: &impl SourcePlace, task: TaskIndex) -> Box<dyn Source> {
    let factory = within(place.factory()).await.expect("the origin is reached");
    factory.create(task).expect("a source")
}

const ALONE: TaskIndex = TaskIndex { index: 0, count: 1 };

/// What a source said, by partition, with the position after each batch.
#[derive(Default)]
struct Heard {
    ids: BTreeMap<Partition, Vec<i64>>,
    /// In the order in which they came.
    arrived: Vec<i64>,
    position: Position,
    /// With how many rows had come by then.
    after_batch: Vec<(Position, usize)>,
    discovered: Position,
}

impl Heard {
    fn count(&self) -> usize {
        self.arrived.len()
    }

    fn all(&self) -> impl Iterator<Item = i64> + '_ {
        self.arrived.iter().copied()
    }

    fn take(&mut self, batch: &Batch) {
        assert!(batch.dead.is_empty(), "{:?}", batch.dead);
        let column = batch.rows.column(0).as_primitive::<Int64Type>();
        self.ids.entry(batch.partition.clone()).or_default().extend(column.values());
        self.position.advance(&batch.partition, batch.next_offset);
        self.arrived.extend(column.values());
        self.after_batch.push((self.position.clone(), self.arrived.len()));
    }

    fn assert_in_order(&self) {
        for (partition, ids) in &self.ids {
            assert!(ids.is_sorted(), "{partition:?} is out of order");
        }
    }
}

/// Seeks and polls until `count` rows came, or the end.
async fn hear(source: &mut Box<dyn Source>, from: Option<&Position>, count: usize) -> Heard {
    let start = within(source.seek(from)).await.expect("the position is there");
    let mut heard = Heard { position: start, ..Heard::default() };
    more(source, &mut heard, count).await;
    heard
}

async fn more(source: &mut Box<dyn Source>, heard: &mut Heard, count: usize) {
    while heard.count() < count {
        match within(source.poll()).await.expect("the origin is readable") {
            Polled::Batch(batch) => heard.take(&batch),
            Polled::Discovered(position) => {
                heard.position.merge(&position);
                heard.discovered.merge(&position);
            }
            Polled::CaughtUp(_) => {}
            Polled::End => break,
        }
    }
}

pub async fn everything_comes_once_and_in_order(world: &impl SourceWorld) {
    let place = filled(world, "everything").await;
    let heard = hear(&mut source(&place, ALONE).await, None, everything().len()).await;
    heard.assert_in_order();
    assert_eq!(heard.ids.len(), PARTITIONS);
    assert_same_rows(everything(), heard.all());
}

/// A batch has a record and no more than it may, and its position moves on.
pub async fn batches_keep_to_their_bounds(world: &impl SourceWorld) {
    let place = filled(world, "bounds").await;
    let mut source = source(&place, ALONE).await;
    let mut position = within(source.seek(None)).await.unwrap();
    let mut rows = 0;
    while rows < everything().len() {
        let batch = match within(source.poll()).await.unwrap() {
            Polled::Batch(batch) => batch,
            Polled::Discovered(more) => {
                position.merge(&more);
                continue;
            }
            Polled::CaughtUp(_) => continue,
            Polled::End => break,
        };
        assert!(
            batch.records > 0 && batch.rows.num_rows() <= BATCH_ROWS_MAX,
            "{} rows",
            batch.rows.num_rows()
        );
        let before = position.0.get(&batch.partition).copied();
        assert!(before < Some(batch.next_offset), "{before:?} then {}", batch.next_offset);
        position.advance(&batch.partition, batch.next_offset);
        rows += batch.rows.num_rows();
    }
    assert_eq!(rows, everything().len());
}

/// From the position after any batch, another instance reads exactly the rest.
pub async fn a_restart_goes_on_from_any_position(world: &impl SourceWorld) {
    let place = filled(world, "restart").await;
    let whole = hear(&mut source(&place, ALONE).await, None, everything().len()).await;
    let mut random = StdRng::seed_from_u64(seed_or(42));
    for _ in 0..8 {
        let at = random.random_range(0..whole.after_batch.len() - 1);
        let (from, before) = &whole.after_batch[at];
        let left = everything().len() - before;
        let rest = hear(&mut source(&place, ALONE).await, Some(from), left).await;
        rest.assert_in_order();
        assert_same_rows(whole.arrived[*before..].iter().copied(), rest.all());
    }
}

/// Polls that are dropped at random moments lose nothing and repeat nothing.
pub async fn a_dropped_poll_loses_nothing(world: &impl SourceWorld) {
    let place = filled(world, "dropped").await;
    let mut random = StdRng::seed_from_u64(seed_or(43));
    let mut source = source(&place, ALONE).await;
    let start = within(source.seek(None)).await.unwrap();
    let mut heard = Heard { position: start, ..Heard::default() };
    let mut dropped = 0_u64;
    let reading = async {
        while heard.count() < everything().len() {
            let limit = Duration::from_micros(random.random_range(0..2_000));
            match tokio::time::timeout(limit, source.poll()).await {
                Ok(Ok(Polled::Batch(batch))) => heard.take(&batch),
                Ok(Ok(Polled::Discovered(position))) => heard.position.merge(&position),
                Ok(Ok(Polled::CaughtUp(_))) => {}
                Ok(Ok(Polled::End)) => break,
                Ok(Err(error)) => panic!("{error}"),
                Err(_) => dropped += 1,
            }
        }
    };
    within(reading).await;
    heard.assert_in_order();
    assert_same_rows(everything(), heard.all());
    println!("{dropped} polls were dropped");
}

/// Tasks read disjoint parts that are everything together, however many they are.
pub async fn tasks_share_the_partitions(world: &impl SourceWorld) {
    let place = filled(world, "tasks").await;
    for count in [2, 3, PARTITIONS + 1] {
        let mut all = Vec::new();
        for index in 0..count {
            let mut source = source(&place, TaskIndex { index, count }).await;
            let mine = within(source.seek(None)).await.unwrap().0.len();
            // A task without partitions may wait for ever for its first.
            let heard = match mine {
                0 => Heard::default(),
                _ => {
                    let mut heard = Heard::default();
                    more(&mut source, &mut heard, mine * PER_PARTITION as usize).await;
                    heard
                }
            };
            all.extend(heard.all());
        }
        assert_same_rows(everything(), all);
    }
}

/// What was committed upstream only frees it: a restart from an earlier position reads from there.
pub async fn commit_does_not_decide_where_a_restart_begins(world: &impl SourceWorld) {
    let place = filled(world, "commit").await;
    let mut first = source(&place, ALONE).await;
    let whole = hear(&mut first, None, everything().len()).await;
    let (from, before) = &whole.after_batch[whole.after_batch.len() / 2];
    // Twice, as after a lost answer.
    for _ in 0..2 {
        within(first.commit(from)).await.expect("a commit");
    }
    let left = everything().len() - before;
    let rest = hear(&mut source(&place, ALONE).await, Some(from), left).await;
    assert_same_rows(whole.arrived[*before..].iter().copied(), rest.all());
}

/// A source that has caught up reads what comes later.
pub async fn what_is_appended_later_is_read(world: &impl SourceWorld) {
    let place = filled(world, "later").await;
    let mut source = source(&place, ALONE).await;
    let mut heard = hear(&mut source, None, everything().len()).await;
    let later: Vec<i64> = (900_000..900_050).collect();
    place.append(0, later.clone()).await;
    more(&mut source, &mut heard, everything().len() + later.len()).await;
    heard.assert_in_order();
    assert_same_rows(everything().into_iter().chain(later), heard.all());
}

/// A partition that appears is told with its start before its first record, and read from its beginning.
pub async fn partitions_that_appear_are_discovered(world: &impl SourceWorld) {
    let place = filled(world, "appears").await;
    let mut source = source(&place, ALONE).await;
    let mut heard = hear(&mut source, None, everything().len()).await;
    place.append(PARTITIONS, ids(PARTITIONS)).await;
    more(&mut source, &mut heard, everything().len() + PER_PARTITION as usize).await;
    assert_eq!(heard.discovered.0.len(), 1, "{:?}", heard.discovered);
    assert_same_rows((0..=PARTITIONS).flat_map(ids), heard.all());
}
