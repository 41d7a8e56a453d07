//! What is measured on the way: when the engine had a message, and when its row was committed.

use super::clock::RunClock;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use event::Position;
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use stream::{
    Claim, Commit, Connector, ConnectorContext, OptionSpec, Polled, Sink, SinkCounters, Source,
    SourceFactory, StreamError, TableSpec, TaskIndex,
};
use tokio::sync::Notify;

/// The longest latency that is told apart from longer ones.
const LATENCY_MAX_US: u64 = 3_600_000_000;

/// Latencies in µs, kept to three digits.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_MAX_US, 3).expect("the bounds are right")
}

/// The latency from `from_us` to `to_us`; at least a microsecond, which is what the histogram can hold.
pub fn record(histogram: &mut Histogram<u64>, from_us: i64, to_us: i64) {
    histogram.saturating_record(u64::try_from(to_us - from_us).unwrap_or(0).max(1));
}

/// Latencies of the whole way, and of its parts.
#[derive(Clone)]
pub struct Latencies {
    /// From due to committed: the one that counts.
    pub total: Histogram<u64>,
    /// From due to handed to the Kafka client.
    pub sending: Histogram<u64>,
    /// From there until the engine had the message decoded.
    pub reading: Histogram<u64>,
    /// From sent until its epoch was durable and the sink was asked to commit it.
    pub waiting: Histogram<u64>,
    /// One value per epoch with rows: the sink's commit.
    pub commit: Histogram<u64>,
}

/// Shared by the wrappers of sources and sink, and the one who waits.
pub struct Measured {
    clock: RunClock,
    /// Messages due before this are left out.
    from_us: AtomicI64,
    latencies: Mutex<Latencies>,
    committed: AtomicU64,
    /// When the last commit with rows returned.
    last_commit_us: AtomicI64,
    changed: Notify,
}

impl Measured {
    pub fn new(clock: RunClock) -> Arc<Self> {
        let empty = histogram();
        let latencies = Latencies {
            total: empty.clone(),
            sending: empty.clone(),
            reading: empty.clone(),
            waiting: empty.clone(),
            commit: empty,
        };
        Arc::new(Self {
            clock,
            from_us: AtomicI64::new(i64::MIN),
            latencies: Mutex::new(latencies),
            committed: AtomicU64::new(0),
            last_commit_us: AtomicI64::new(clock.now_us()),
            changed: Notify::new(),
        })
    }

    pub fn leave_out_before(&self, due_us: i64) {
        self.from_us.store(due_us, Ordering::Relaxed);
    }

    /// Rows the sink has committed.
    pub fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    pub fn last_commit_us(&self) -> i64 {
        self.last_commit_us.load(Ordering::Acquire)
    }

    /// Waits until `rows` are committed, up to `limit`; says whether they are.
    pub async fn committed_in_time(&self, rows: u64, limit: Duration) -> bool {
        let all = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Listening before looking: a commit in between is not missed.
                changed.as_mut().enable();
                if self.committed() >= rows {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(limit, all).await.is_ok()
    }

    pub fn latencies(&self) -> Latencies {
        self.locked().clone()
    }

    /// Rows that somebody else committed: how many there are by now, and when the last one came.
    pub fn grew(&self, rows: u64, last_us: Option<i64>) {
        if let Some(last_us) = last_us {
            self.last_commit_us.store(last_us, Ordering::Release);
        }
        self.committed.store(rows, Ordering::Release);
        self.changed.notify_waiters();
    }

    /// Latencies that somebody else measured, and of how many rows each is.
    pub fn measured_elsewhere(&self, total: &[(i64, u64)], sending: &[(i64, u64)]) {
        let mut latencies = self.locked();
        let Latencies { total: all, sending: first, .. } = &mut *latencies;
        for (histogram, measured) in [(all, total), (first, sending)] {
            for (us, rows) in measured {
                histogram.saturating_record_n(u64::try_from(*us).unwrap_or(0).max(1), *rows);
            }
        }
    }

    /// Messages due before this are left out.
    pub fn first_us(&self) -> i64 {
        self.from_us.load(Ordering::Relaxed)
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Latencies> {
        self.latencies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn was_read(&self, rows: &RecordBatch) {
        let now_us = self.clock.now_us();
        let from_us = self.first_us();
        let mut latencies = self.locked();
        for (due_us, sent_us) in moments(rows).filter(|(due_us, _)| *due_us >= from_us) {
            debug_assert!(due_us <= sent_us);
            record(&mut latencies.reading, sent_us, now_us);
        }
    }

    fn was_committed(&self, batches: &[RecordBatch], begun_us: i64) {
        let now_us = self.clock.now_us();
        let from_us = self.first_us();
        let mut rows = 0;
        let mut latencies = self.locked();
        for batch in batches {
            rows += batch.num_rows() as u64;
            for (due_us, sent_us) in moments(batch).filter(|(due_us, _)| *due_us >= from_us) {
                record(&mut latencies.total, due_us, now_us);
                record(&mut latencies.sending, due_us, sent_us);
                record(&mut latencies.waiting, sent_us, begun_us);
            }
        }
        if rows > 0 {
            record(&mut latencies.commit, begun_us, now_us);
            self.last_commit_us.store(now_us, Ordering::Release);
        }
        drop(latencies);
        self.committed.fetch_add(rows, Ordering::Release);
        self.changed.notify_waiters();
    }
}

/// `due_us` and `sent_us` of every row that has both.
fn moments(rows: &RecordBatch) -> impl Iterator<Item = (i64, i64)> {
    let column =
        |name: &str| rows.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    let pairs = column("due_us").zip(column("sent_us"));
    pairs
        .into_iter()
        .flat_map(|(due, sent)| due.iter().zip(sent.iter()))
        .filter_map(|(due, sent)| due.zip(sent))
}

/// A connector whose sources and sinks are measured.
pub struct MeasuredConnector<C> {
    pub inner: C,
    pub measured: Arc<Measured>,
    /// Whether a missing table of PostgreSQL is made: it is the run's own.
    pub makes_tables: bool,
}

#[async_trait]
impl<C: Connector> Connector for MeasuredConnector<C> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.inner.options()
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let inner = self.inner.source(table, context).await?;
        Ok(Arc::new(MeasuredSources { inner, measured: self.measured.clone() }))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        if self.makes_tables {
            postgres::create_table_if_missing(table, context).await?;
        }
        let inner = self.inner.sink(table, context).await?;
        Ok(Box::new(MeasuredSink { inner, measured: self.measured.clone() }))
    }
}

struct MeasuredSources {
    inner: Arc<dyn SourceFactory>,
    measured: Arc<Measured>,
}

impl SourceFactory for MeasuredSources {
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError> {
        let inner = self.inner.create(task)?;
        Ok(Box::new(MeasuredSource { inner, measured: self.measured.clone() }))
    }

    fn bounded(&self) -> bool {
        self.inner.bounded()
    }
}

struct MeasuredSource {
    inner: Box<dyn Source>,
    measured: Arc<Measured>,
}

#[async_trait]
impl Source for MeasuredSource {
    async fn seek(&mut self, from: Option<&Position>) -> Result<Position, StreamError> {
        self.inner.seek(from).await
    }

    async fn poll(&mut self) -> Result<Polled, StreamError> {
        // Nothing is awaited behind it: as cancel-safe as the source itself.
        let polled = self.inner.poll().await?;
        if let Polled::Batch(batch) = &polled {
            self.measured.was_read(&batch.rows);
        }
        Ok(polled)
    }

    async fn commit(&mut self, position: &Position) -> Result<(), StreamError> {
        self.inner.commit(position).await
    }
}

struct MeasuredSink {
    inner: Box<dyn Sink>,
    measured: Arc<Measured>,
}

#[async_trait]
impl Sink for MeasuredSink {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        self.inner.claim().await
    }

    async fn prepare(&mut self, rows: &[RecordBatch]) {
        self.inner.prepare(rows).await;
    }

    async fn commit(&mut self, commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        let begun_us = self.measured.clock.now_us();
        let counters = self.inner.commit(commit, rows).await?;
        self.measured.was_committed(rows, begun_us);
        Ok(counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array};

    fn rows(due_us: &[i64], sent_us: &[i64]) -> RecordBatch {
        let column = |values: &[i64]| Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
        RecordBatch::try_from_iter([("due_us", column(due_us)), ("sent_us", column(sent_us))]).unwrap()
    }

    #[tokio::test]
    async fn latency_counts_from_the_moment_a_message_was_due() {
        let clock = RunClock::start();
        let measured = Measured::new(clock);
        let now = clock.now_us();
        // Due a second before it was sent: the second counts.
        measured.was_committed(&[rows(&[now - 3_000_000], &[now - 2_000_000])], now);
        let latencies = measured.latencies();
        assert!(latencies.total.max() >= 2_990_000, "{}", latencies.total.max());
        assert!((990_000..1_010_000).contains(&latencies.sending.max()), "{}", latencies.sending.max());
        assert!((1_990_000..2_010_000).contains(&latencies.waiting.max()), "{}", latencies.waiting.max());
        assert!(measured.committed_in_time(1, Duration::ZERO).await);
        assert!(!measured.committed_in_time(2, Duration::ZERO).await);
    }

    #[test]
    fn what_is_left_out_still_counts_as_committed() {
        let clock = RunClock::start();
        let measured = Measured::new(clock);
        let now = clock.now_us();
        measured.leave_out_before(now);
        measured.was_committed(&[rows(&[now - 1, now], &[now, now])], now);
        assert_eq!((measured.committed(), measured.latencies().total.len()), (2, 1));
    }
}
