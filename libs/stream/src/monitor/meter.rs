//! What one task tells of itself while it runs, at a cost per batch and never per row.

use super::tap::Tap;
use crate::TaskState;
use arrow::array::Array;
use arrow::record_batch::RecordBatch;
use event::Watermark;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// What a task waits for when it does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wait {
    /// Something to do: it is idle.
    Input,
    /// Room in the channel to the task behind it: it is backpressured.
    Output,
    /// The commit of its own destination: it is busy.
    Commit,
}

impl Wait {
    fn of(code: u8) -> Self {
        match code {
            code if code == Self::Output as u8 => Self::Output,
            code if code == Self::Commit as u8 => Self::Commit,
            _ => Self::Input,
        }
    }
}

/// How a task has spent its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimeSpent {
    pub busy: Duration,
    pub idle: Duration,
    pub backpressured: Duration,
}

/// The time up to the last change, and what the task does since.
struct Clock {
    spent: TimeSpent,
    since: Instant,
    /// `None`: it works.
    waits_for: Option<Wait>,
}

impl Clock {
    fn spent(&self, now: Instant) -> TimeSpent {
        let mut spent = self.spent;
        let more = now.saturating_duration_since(self.since);
        match self.waits_for {
            None | Some(Wait::Commit) => spent.busy += more,
            Some(Wait::Input) => spent.idle += more,
            Some(Wait::Output) => spent.backpressured += more,
        }
        spent
    }

    fn turn_to(&mut self, waits_for: Option<Wait>, now: Instant) {
        *self = Self { spent: self.spent(now), since: now, waits_for };
    }
}

/// Instead of [`Reading::state_bytes`] where there are none.
const UNKNOWN: u64 = u64::MAX;

/// The figures of one task. It alone writes them; the sampler reads.
pub(crate) struct TaskMeter {
    rows_in: AtomicU64,
    rows_out: AtomicU64,
    dead_letters: AtomicU64,
    state_bytes: AtomicU64,
    state_rows: AtomicU64,
    /// As last told to the tasks behind it, or to this sink.
    watermark: AtomicI64,
    /// Has no event time to offer for now.
    time_idle: AtomicBool,
    /// What it waits for if it comes to wait: a [`Wait`].
    next_wait: AtomicU8,
    /// Locked when the task wakes up and when it goes to sleep, and by the sampler.
    clock: Mutex<Clock>,
    tap: Arc<Tap>,
}

impl TaskMeter {
    pub fn new(tap: Arc<Tap>) -> Self {
        let clock =
            Clock { spent: TimeSpent::default(), since: Instant::now(), waits_for: Some(Wait::Input) };
        Self {
            rows_in: AtomicU64::new(0),
            rows_out: AtomicU64::new(0),
            dead_letters: AtomicU64::new(0),
            state_bytes: AtomicU64::new(0),
            state_rows: AtomicU64::new(0),
            watermark: AtomicI64::new(Watermark::MIN.0),
            time_idle: AtomicBool::new(false),
            next_wait: AtomicU8::new(Wait::Input as u8),
            clock: Mutex::new(clock),
            tap,
        }
    }

    pub fn received(&self, rows: u64) {
        self.rows_in.fetch_add(rows, Relaxed);
    }

    /// A sink's rows, which leave for no other task.
    pub fn arrived(&self, batch: &RecordBatch) {
        self.received(batch.num_rows() as u64);
        self.tap.offer(batch);
    }

    pub fn sent(&self, batch: &RecordBatch) {
        self.rows_out.fetch_add(batch.num_rows() as u64, Relaxed);
        self.tap.offer(batch);
    }

    pub fn set_aside(&self, letters: usize) {
        self.dead_letters.fetch_add(letters as u64, Relaxed);
    }

    /// The state that goes into a snapshot, and how many `rows` all of it has if that holds only what changed. Its tables
    /// are counted; its small values are not.
    pub fn holds(&self, state: &TaskState, rows: Option<u64>) {
        let saved = || state.batches.iter().map(|batch| batch.num_rows() as u64).sum();
        self.state_rows.store(rows.unwrap_or_else(saved), Relaxed);
        let bytes = if state.since.is_none() { state.batches.iter().map(bytes).sum() } else { UNKNOWN };
        self.state_bytes.store(bytes, Relaxed);
    }

    pub fn at(&self, watermark: Watermark) {
        self.watermark.store(watermark.0, Relaxed);
        self.time_idle.store(false, Relaxed);
    }

    pub fn time_idle(&self) {
        self.time_idle.store(true, Relaxed);
    }

    /// Awaits `future`; while that takes, the task waits for `wait`.
    pub async fn waiting<F: Future>(&self, wait: Wait, future: F) -> F::Output {
        self.next_wait.store(wait as u8, Relaxed);
        let output = future.await;
        self.next_wait.store(Wait::Input as u8, Relaxed);
        output
    }

    fn works(&self) {
        self.turn_to(None);
    }

    fn waits(&self) {
        self.turn_to(Some(Wait::of(self.next_wait.load(Relaxed))));
    }

    fn turn_to(&self, waits_for: Option<Wait>) {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).turn_to(waits_for, Instant::now());
    }

    pub fn read(&self) -> Reading {
        let clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        Reading {
            rows_in: self.rows_in.load(Relaxed),
            rows_out: self.rows_out.load(Relaxed),
            dead_letters: self.dead_letters.load(Relaxed),
            state_bytes: Some(self.state_bytes.load(Relaxed)).filter(|bytes| *bytes != UNKNOWN),
            state_rows: self.state_rows.load(Relaxed),
            watermark: Watermark(self.watermark.load(Relaxed)),
            time_idle: self.time_idle.load(Relaxed),
            spent: clock.spent(Instant::now()),
        }
    }
}

/// Of the values themselves: a slice counts without the rest of its buffers.
fn bytes(batch: &RecordBatch) -> u64 {
    let column = |array: &Arc<dyn Array>| array.to_data().get_slice_memory_size().unwrap_or(0) as u64;
    batch.columns().iter().map(column).sum()
}

/// The totals of one task at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub rows_in: u64,
    pub rows_out: u64,
    pub dead_letters: u64,
    /// `None`: the snapshot holds only what changed.
    pub state_bytes: Option<u64>,
    pub state_rows: u64,
    pub watermark: Watermark,
    pub time_idle: bool,
    pub spent: TimeSpent,
}

/// A task's future that notes when it works: while it is polled. Between two polls it waits.
pub(crate) struct Metered<F> {
    pub future: Pin<Box<F>>,
    pub meter: Arc<TaskMeter>,
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.meter.works();
        let polled = self.future.as_mut().poll(cx);
        self.meter.waits();
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(now: Instant) -> Clock {
        Clock { spent: TimeSpent::default(), since: now, waits_for: Some(Wait::Input) }
    }

    #[test]
    fn every_moment_is_busy_idle_or_backpressured() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut clock = clock(start);
        clock.turn_to(None, at(100));
        clock.turn_to(Some(Wait::Output), at(130));
        clock.turn_to(None, at(200));
        clock.turn_to(Some(Wait::Commit), at(205));
        let ms = |idle, busy, backpressured| TimeSpent {
            busy: Duration::from_millis(busy),
            idle: Duration::from_millis(idle),
            backpressured: Duration::from_millis(backpressured),
        };
        assert_eq!(clock.spent(at(205)), ms(100, 35, 70));
        assert_eq!(clock.spent(at(1000)), ms(100, 830, 70), "a wait counts before it ends");
        assert_eq!(clock.spent(start), ms(100, 35, 70), "a moment before the last change adds nothing");
    }

    /// Goal: what a wait counts as is what the task waits for then, and the next wait is for input again.
    #[tokio::test]
    async fn a_wait_has_its_reason() {
        let meter = Arc::new(TaskMeter::new(Arc::default()));
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let inner = meter.clone();
        let task = async move {
            let _ = inner.waiting(Wait::Output, receiver).await;
            std::future::pending::<()>().await;
        };
        let mut metered = Metered { future: Box::pin(task), meter: meter.clone() };
        let waits_for = || meter.clock.lock().unwrap().waits_for;
        assert!(futures::poll!(&mut metered).is_pending());
        assert_eq!(waits_for(), Some(Wait::Output));
        sender.send(()).unwrap();
        assert!(futures::poll!(&mut metered).is_pending());
        assert_eq!(waits_for(), Some(Wait::Input));
    }

    fn numbers(count: i64) -> RecordBatch {
        let column = arrow::array::Int64Array::from_iter_values(0..count);
        RecordBatch::try_from_iter([("n", Arc::new(column) as Arc<dyn Array>)]).unwrap()
    }

    #[test]
    fn a_slice_counts_only_its_own_rows() {
        let long = numbers(1000);
        assert_eq!((bytes(&long), bytes(&long.slice(10, 3))), (8000, 24));
    }

    /// Goal: what a snapshot holds is not told as the size of a state of which it is a part.
    #[test]
    fn a_snapshot_of_changes_does_not_tell_the_size_of_the_state() {
        let meter = TaskMeter::new(Arc::default());
        let whole = TaskState { batches: vec![numbers(2), numbers(3)], ..TaskState::default() };
        meter.holds(&whole, None);
        assert_eq!((meter.read().state_rows, meter.read().state_bytes), (5, Some(40)));
        let changes = TaskState { since: Some(event::Epoch(1)), ..whole };
        meter.holds(&changes, Some(1_000_000));
        assert_eq!((meter.read().state_rows, meter.read().state_bytes), (1_000_000, None));
    }
}
