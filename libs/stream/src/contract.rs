//! What a source, an operator and a sink promise.

use crate::StreamError;
use crate::state::KeyedState;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use event::{Batch, DeadLetter, Epoch, Partition, Position, Watermark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// An ordered, replayable origin of records; one instance reads the partitions that fall to its task.
///
/// - Replay: after `seek(p)`, `poll` yields everything from `p` on, in order per partition, each record once.
/// - Authority: restarts resume from our snapshot; `commit` only frees upstream retention and shows progress.
/// - Bounds: a batch holds at least one record and at most the size the source was configured with.
#[async_trait]
pub trait Source: Send {
    /// Resolves where reading begins in every partition of this instance, and goes there.
    ///
    /// `None` is the first start: the configured start-up mode decides, and what it decides is written down before
    /// the first read. `Some(from)` is a restart: known partitions resume exactly there, even if the record is gone
    /// (that is an error, never a skip); partitions it does not name are new and start at their beginning. `from` may
    /// name partitions of other instances; they are ignored. Called once, before the first `poll`.
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError>;

    /// Waits for what comes next.
    ///
    /// # Cancel safety
    /// A dropped future loses no record.
    async fn poll(&mut self) -> Result<Polled, StreamError>;

    /// Everything before `position` is committed by every sink. Idempotent; failure is logged by the caller, never
    /// fatal.
    async fn commit(&mut self, position: &Position) -> Result<(), StreamError>;
}

/// What a source had to say.
#[derive(Debug)]
pub enum Polled {
    Batch(Batch),
    /// New partitions of this instance, each with its start: they hold the watermark back from now on.
    Discovered(Position),
    /// Nothing more to read in this partition for now: it may become idle.
    CaughtUp(Partition),
    /// Nothing more to read, ever. Not polled again.
    End,
}

/// The end of an epoch on its way through the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barrier {
    pub epoch: Epoch,
    /// The states that follow must be whole, and build on no earlier one.
    pub whole: bool,
}

/// Where an operator puts what it makes.
#[derive(Default)]
pub struct Output {
    pub rows: Vec<RecordBatch>,
    /// Rows set aside, with their reason.
    pub dead: Vec<DeadLetter>,
}

/// A deterministic step: equal state and inputs give equal outputs. No I/O, no clock, no tasks: event time arrives as a
/// watermark, which never goes back, and the wall clock's as an input, too.
pub trait Operator: Send {
    /// Gives it the state by key that its factory asks for. Called before everything else.
    fn open(&mut self, _state: Box<dyn KeyedState>) -> Result<(), StreamError> {
        Ok(())
    }

    /// What the wall clock says, in ms since the Unix epoch, before each batch and each barrier: for state that expires.
    fn on_clock(&mut self, _now_ms: i64) {}

    fn on_batch(&mut self, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError>;

    /// A batch of the `input`-th edge of its node; only an operator with several has to tell them apart.
    fn on_input(&mut self, _input: usize, batch: RecordBatch, out: &mut Output) -> Result<(), StreamError> {
        self.on_batch(batch, out)
    }

    /// Called only when the watermark rises.
    fn on_watermark(&mut self, watermark: Watermark, out: &mut Output) -> Result<(), StreamError>;

    /// The last rows of an epoch, just before its snapshot.
    fn on_barrier(&mut self, _barrier: Barrier, _out: &mut Output) -> Result<(), StreamError> {
        Ok(())
    }

    /// The state to continue from. `restore(snapshot())` changes nothing observable.
    fn snapshot(&mut self) -> Result<TaskState, StreamError>;

    /// How many rows its state has, where its snapshots hold only what changed; `None`: as many as its last one.
    fn state_rows(&self) -> Option<u64> {
        None
    }

    /// Takes over its share of the states of *all* tasks of its node, which may have been more or fewer than now.
    /// Called before the first batch: once, or once for each epoch that [`TaskState::since`] asks for, in their order.
    fn restore(&mut self, states: &[TaskState]) -> Result<(), StreamError>;
}

/// State of one task of one node: small values as JSON, tables as Arrow, counters by name.
#[derive(Clone, Debug, Default)]
pub struct TaskState {
    pub value: serde_json::Value,
    pub batches: Vec<RecordBatch>,
    /// The state is this one and those of all epochs before it from this one on, each of which holds what changed.
    /// `None`: this one alone.
    pub since: Option<Epoch>,
    /// Counts since this task was created. The engine adds them over tasks and to those of earlier runs; `restore`
    /// leaves them alone.
    pub counters: BTreeMap<String, u64>,
}

/// The identity of a durable snapshot: its file's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotId(pub String);

/// What a sink remembers of the last epoch it committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub generation: u64,
    pub epoch: Epoch,
    pub snapshot: SnapshotId,
}

/// What became of the rows a sink was given, since the pipeline first started.
/// `committed + superseded + refused` = rows emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkCounters {
    pub committed: u64,
    /// Replaced by a later row of the same key in the same epoch.
    pub superseded: u64,
    /// Not accepted by the destination; kept in its dead letters.
    pub refused: u64,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Rises with every claim; a writer with an older one is fenced.
    pub token: u64,
    /// `None`: this sink has committed nothing yet for this pipeline.
    pub held: Option<Held>,
    pub counters: SinkCounters,
}

/// One epoch to be committed.
#[derive(Clone, Debug)]
pub struct Commit {
    pub generation: u64,
    pub epoch: Epoch,
    /// The durable snapshot that holds these rows.
    pub snapshot: SnapshotId,
}

/// A destination made durable one epoch at a time.
///
/// The engine calls `claim` once, then `prepare(rows)` and `commit(e, rows)` for rising `e`. Rows, epoch and snapshot
/// identity become visible together or not at all.
#[async_trait]
pub trait Sink: Send {
    /// The table's name in the script.
    fn name(&self) -> &str;

    /// Fences every older writer of this pipeline and says what this sink holds. `None`: a sink without memory, which
    /// is given rows again after a crash (at-least-once).
    async fn claim(&mut self) -> Result<Option<Claim>, StreamError>;

    /// Gives the rows of the next `commit` while their snapshot is still being written: whoever can take them without
    /// showing them saves time. Nothing of them may be seen, or outlive this instance, before that `commit`, which has the
    /// same rows and may never come. What goes wrong here is left to it.
    async fn prepare(&mut self, _rows: &[RecordBatch]) {}

    /// Idempotent: an epoch already held changes nothing. A fenced writer gets [`crate::ErrorKind::Fenced`]. Called
    /// for every epoch, with or without rows. Returns the totals so far. [`crate::ErrorKind::Unavailable`] means that
    /// nothing of this epoch is visible, or that the sink found out otherwise by itself; the engine may call again.
    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError>;
}
