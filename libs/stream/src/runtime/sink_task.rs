//! Gathers the rows of an epoch for the coordinator, who commits them.

use super::channel::{Event, Inputs};
use super::coordinator::{Report, Reporter};
use crate::monitor::{TaskMeter, Wait};
use arrow::record_batch::RecordBatch;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

pub(super) struct SinkTask {
    pub inputs: Inputs,
    pub reporter: Reporter,
    pub meter: Arc<TaskMeter>,
    /// Above this many bytes the epoch is asked to end early, and nothing more is read while another is committed.
    pub pending_bytes_max: usize,
    pub early: Arc<Notify>,
    pub committing: watch::Receiver<bool>,
}

impl SinkTask {
    pub async fn run(mut self) {
        let mut rows: Vec<RecordBatch> = Vec::new();
        let mut bytes = 0;
        // The first result of a run is not kept waiting for the interval.
        let mut first = true;
        loop {
            match self.inputs.next().await {
                Event::Rows(_, batch) => {
                    self.meter.arrived(&batch);
                    bytes += batch.get_array_memory_size();
                    rows.push(batch);
                    if std::mem::take(&mut first) {
                        self.early.notify_one();
                    }
                    if bytes > self.pending_bytes_max {
                        self.early.notify_one();
                        // Only while a commit is under way: the barrier that ends this epoch must come through.
                        let committed = self.committing.wait_for(|committing| !committing);
                        if self.meter.waiting(Wait::Commit, committed).await.is_err() {
                            return;
                        }
                    }
                }
                Event::Barrier(barrier) => {
                    bytes = 0;
                    let node = self.reporter.node;
                    let rows = std::mem::take(&mut rows);
                    self.reporter.send(Report::Rows { node, epoch: barrier.epoch, rows }).await;
                }
                Event::Watermark(watermark) => self.meter.at(watermark),
                Event::Idle => self.meter.time_idle(),
                Event::End => return,
            }
        }
    }
}
