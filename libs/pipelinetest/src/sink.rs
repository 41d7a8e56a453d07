//! Keeps what a sink is given.

use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use stream::{Claim, Commit, Sink, SinkCounters, StreamError};

/// Rows of one sink, shared with its [`Capture`].
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<RecordBatch>>>);

impl Captured {
    pub fn take(&self) -> Vec<RecordBatch> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// At least once, without memory: a case is never continued.
pub(crate) struct Capture {
    name: String,
    rows: Captured,
    counters: SinkCounters,
}

impl Capture {
    pub fn new(name: &str, rows: Captured) -> Self {
        Self { name: name.to_owned(), rows, counters: SinkCounters::default() }
    }
}

#[async_trait]
impl Sink for Capture {
    fn name(&self) -> &str {
        &self.name
    }

    async fn claim(&mut self) -> Result<Option<Claim>, StreamError> {
        Ok(None)
    }

    async fn commit(&mut self, _commit: &Commit, rows: &[RecordBatch]) -> Result<SinkCounters, StreamError> {
        self.rows.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(rows);
        self.counters.committed += rows.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        Ok(self.counters)
    }
}
