//! Sample rows of a running operator, for whoever asks.

use crate::StreamError;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use arrow::record_batch::RecordBatch;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout_at};

/// Why no rows are shown.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    #[error("no operator is named '{operator}'; there are {}", known.join(", "))]
    Unknown { operator: String, known: Vec<String> },
    #[error("the rows cannot be shown as JSON")]
    NotJson(#[from] StreamError),
}

/// Where the tasks of one operator leave copies of rows while somebody looks.
#[derive(Default)]
pub(crate) struct Tap {
    /// Whether there are listeners: all that a batch costs when there are none.
    tapped: AtomicBool,
    listeners: Mutex<Vec<Listener>>,
}

struct Listener {
    /// How many more it wants, which bounds what waits in its channel.
    rows: usize,
    sender: UnboundedSender<RecordBatch>,
}

impl Tap {
    pub fn offer(&self, batch: &RecordBatch) {
        if self.tapped.load(Relaxed) && batch.num_rows() > 0 {
            self.give(batch);
        }
    }

    #[cold]
    fn give(&self, batch: &RecordBatch) {
        let mut listeners = self.listeners();
        listeners.retain_mut(|listener| {
            let rows = listener.rows.min(batch.num_rows());
            listener.rows -= rows;
            listener.sender.send(batch.slice(0, rows)).is_ok() && listener.rows > 0
        });
        self.tapped.store(!listeners.is_empty(), Relaxed);
    }

    /// The channel closes behind the last of `rows` rows.
    fn listen(&self, rows: usize) -> UnboundedReceiver<RecordBatch> {
        let (sender, receiver) = unbounded_channel();
        let mut listeners = self.listeners();
        // Those who gave up while no row came.
        listeners.retain(|listener| !listener.sender.is_closed());
        if rows > 0 {
            listeners.push(Listener { rows, sender });
        }
        self.tapped.store(!listeners.is_empty(), Relaxed);
        receiver
    }

    pub async fn sample(&self, rows: usize, wait: Duration) -> Result<String, TapError> {
        let mut batches = self.listen(rows);
        let deadline = Instant::now() + wait;
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(Vec::new());
        while let Ok(Some(batch)) = timeout_at(deadline, batches.recv()).await {
            writer.write(&batch).map_err(StreamError::from)?;
        }
        writer.finish().map_err(StreamError::from)?;
        Ok(String::from_utf8_lossy(&writer.into_inner()).into_owned())
    }

    fn listeners(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array};
    use std::sync::Arc;

    fn batch(values: &[Option<i64>]) -> RecordBatch {
        let column = Arc::new(Int64Array::from(values.to_vec())) as ArrayRef;
        RecordBatch::try_from_iter_with_nullable([("n", column, true)]).unwrap()
    }

    #[tokio::test]
    async fn a_listener_gets_its_rows_and_no_more() {
        let tap = Arc::new(Tap::default());
        tap.offer(&batch(&[Some(0)]));
        let two = tokio::spawn({
            let tap = tap.clone();
            async move { tap.sample(3, Duration::from_secs(60)).await.unwrap() }
        });
        while !tap.tapped.load(Relaxed) {
            tokio::task::yield_now().await;
        }
        tap.offer(&batch(&[Some(1), None]));
        tap.offer(&batch(&[Some(3), Some(4)]));
        assert_eq!(two.await.unwrap(), "{\"n\":1}\n{\"n\":null}\n{\"n\":3}\n");
        assert!(!tap.tapped.load(Relaxed), "nobody looks any more");
    }

    #[tokio::test]
    async fn a_silent_operator_is_not_waited_for_longer_than_asked() {
        let tap = Tap::default();
        assert_eq!(tap.sample(3, Duration::from_millis(1)).await.unwrap(), "");
        tap.offer(&batch(&[Some(1)]));
        assert!(!tap.tapped.load(Relaxed), "who gave up is forgotten with the next batch");
    }
}
