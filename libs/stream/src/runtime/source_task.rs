//! The loop around one source instance: positions, watermarks, barriers.

use super::channel::Message;
use super::coordinator::{Report, Reporter};
use super::outputs::{Outputs, Stop};
use crate::operators::apply;
use crate::watermark::{EventTime, PartitionWatermarks, WatermarkTracker};
use crate::{Barrier, CalcStep, Output, Polled, Source, StreamError, TaskState, WatermarkEmit};
use arrow::array::{Array, AsArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use datafusion_physical_expr::PhysicalExpr;
use event::{Batch, Partition, Position, Watermark};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// What the coordinator tells a source task.
pub(super) enum Control {
    Barrier {
        barrier: Barrier,
        /// Nothing is read after it.
        last: bool,
    },
    /// Every sink has committed everything before this.
    Committed(Position),
}

pub(super) struct SourceTask {
    pub source: Box<dyn Source>,
    pub computed: Vec<CalcStep>,
    pub watermark: Option<Arc<dyn PhysicalExpr>>,
    pub emit: WatermarkEmit,
    pub tracker: WatermarkTracker,
    pub position: Position,
    pub control: mpsc::UnboundedReceiver<Control>,
    pub outputs: Outputs,
    pub reporter: Reporter,
    pub records: u64,
    pub dead: u64,
    pub ended: bool,
    /// What was last sent downstream.
    pub told: Option<EventTime>,
}

impl SourceTask {
    pub async fn run(mut self) {
        match self.work().await {
            Ok(()) | Err(Stop::Closed) => {}
            Err(Stop::Failed(error)) => self.reporter.send(Report::Failed(error)).await,
        }
    }

    async fn work(&mut self) -> Result<(), Stop> {
        loop {
            let change = self.tracker.next_change(Instant::now());
            tokio::select! {
                biased;
                control = self.control.recv() => match control {
                    Some(Control::Barrier { barrier, last }) => {
                        self.barrier(barrier).await?;
                        if last {
                            self.outputs.broadcast(Message::End).await?;
                            return self.commit_until_closed().await;
                        }
                    }
                    Some(Control::Committed(position)) => self.commit(&position).await,
                    None => return Ok(()),
                },
                () = sleep_until(change), if change.is_some() => {}
                polled = self.source.poll(), if !self.ended => self.take_in(polled?).await?,
            }
            self.tell_time().await?;
        }
    }

    async fn take_in(&mut self, polled: Polled) -> Result<(), Stop> {
        match polled {
            Polled::Batch(batch) => self.batch(batch).await,
            Polled::Discovered(partitions) => {
                self.position.merge(&partitions);
                self.tracker.discovered(&partitions);
                Ok(())
            }
            Polled::CaughtUp(partition) => {
                self.tracker.caught_up(&partition, Instant::now());
                Ok(())
            }
            Polled::End => {
                self.ended = true;
                self.tracker.end();
                self.tell_time().await?;
                self.reporter.send(Report::Ended).await;
                Ok(())
            }
        }
    }

    async fn batch(&mut self, batch: Batch) -> Result<(), Stop> {
        self.records += batch.records;
        self.outputs.meter.received(batch.records);
        self.dead += batch.dead.len() as u64;
        let mut out = Output { rows: Vec::new(), dead: batch.dead };
        let mut greatest = None;
        if batch.rows.num_rows() > 0 {
            let (rows, _) = apply(&self.computed, batch.rows)?;
            let watermarks = self.watermarks(&rows)?;
            greatest = watermarks.as_ref().and_then(arrow::compute::max).map(Watermark);
            let rest = match (self.emit, watermarks) {
                (WatermarkEmit::OnEvent(rowtime), Some(watermarks)) => {
                    self.row_by_row(rows, rowtime, &watermarks, &batch.partition).await?
                }
                _ => rows,
            };
            out.rows.push(rest);
        }
        // Rows first: a watermark must not overtake the rows it comes from.
        self.outputs.send(&mut out).await?;
        self.position.advance(&batch.partition, batch.next_offset);
        self.tracker.advance(&batch.partition, greatest);
        Ok(())
    }

    /// Sends rows and the watermarks between them, as far as a row could tell that a watermark came before it; returns
    /// the rest of the rows.
    ///
    /// A row more than 1 ms ahead of the watermark falls into no window that it closes, and begins no session before
    /// the one that it closes: then the order of the two makes no difference.
    async fn row_by_row(
        &mut self,
        rows: RecordBatch,
        rowtime: usize,
        watermarks: &TimestampMillisecondArray,
        partition: &Partition,
    ) -> Result<RecordBatch, Stop> {
        let times = rows.column(rowtime);
        let DataType::Timestamp(_, zone) = times.data_type() else {
            return Err(StreamError::internal("the rowtime is no timestamp").into());
        };
        let milliseconds = DataType::Timestamp(TimeUnit::Millisecond, zone.clone());
        let times = arrow::compute::cast(times, &milliseconds).map_err(StreamError::from)?;
        let times = times.as_primitive::<TimestampMillisecondType>();
        let others = self.tracker.others(partition, Instant::now()).unwrap_or(Watermark::MAX);
        let mut own = self.tracker.of(partition);
        let mut told = match self.told {
            Some(EventTime::At(watermark)) => watermark,
            _ => Watermark::MIN,
        };
        let mut from = 0;
        for row in 0..rows.num_rows() {
            let before = own.min(others);
            if before > told && times.is_valid(row) && times.value(row) <= before.0.saturating_add(1) {
                let mut out = Output { rows: vec![rows.slice(from, row - from)], dead: Vec::new() };
                self.outputs.send(&mut out).await?;
                self.outputs.broadcast(Message::Watermark(before)).await?;
                self.told = Some(EventTime::At(before));
                told = before;
                from = row;
            }
            if watermarks.is_valid(row) {
                own = own.max(Watermark(watermarks.value(row)));
            }
        }
        Ok(rows.slice(from, rows.num_rows() - from))
    }

    /// The watermark of each row.
    fn watermarks(&self, rows: &RecordBatch) -> Result<Option<TimestampMillisecondArray>, StreamError> {
        let Some(expression) = &self.watermark else { return Ok(None) };
        let array = expression.evaluate(rows)?.into_array(rows.num_rows())?;
        let times = array.as_primitive_opt::<TimestampMillisecondType>();
        let times = times.ok_or_else(|| {
            StreamError::internal(format!("a watermark of type {} is no timestamp in ms", array.data_type()))
        })?;
        Ok(Some(times.clone()))
    }

    /// Tells its event time if that is another than before.
    pub async fn tell_time(&mut self) -> Result<(), Stop> {
        let now = self.tracker.event_time(Instant::now());
        if self.told == Some(now) {
            return Ok(());
        }
        self.told = Some(now);
        let message = match now {
            EventTime::At(watermark) => Message::Watermark(watermark),
            EventTime::Idle => Message::Idle,
        };
        Ok(self.outputs.broadcast(message).await?)
    }

    async fn barrier(&mut self, barrier: Barrier) -> Result<(), Stop> {
        let watermarks = serde_json::to_value(self.tracker.save());
        let state = TaskState {
            value: watermarks.map_err(|e| StreamError::internal(e.to_string()))?,
            batches: Vec::new(),
            counters: BTreeMap::from([
                ("records".to_owned(), self.records),
                ("dead_lettered".to_owned(), self.dead),
            ]),
            since: None,
        };
        self.reporter.state(barrier.epoch, state, self.position.clone()).await;
        Ok(self.outputs.broadcast(Message::Barrier(barrier)).await?)
    }

    async fn commit(&mut self, position: &Position) {
        if let Err(error) = self.source.commit(position).await {
            tracing::warn!(%error, "the source did not take note of the committed position; this loses nothing");
        }
    }

    /// After the last barrier: the position of the last epoch is still to be told upstream.
    async fn commit_until_closed(&mut self) -> Result<(), Stop> {
        while let Some(control) = self.control.recv().await {
            if let Control::Committed(position) = control {
                self.commit(&position).await;
            }
        }
        Ok(())
    }
}

/// The watermarks of all tasks of a source, as their snapshots hold them.
pub(super) fn saved_watermarks(tasks: &[TaskState]) -> Result<PartitionWatermarks, StreamError> {
    let mut all = PartitionWatermarks::default();
    for task in tasks {
        let saved: PartitionWatermarks = serde_json::from_value(task.value.clone())
            .map_err(|e| StreamError::internal(format!("state of a source is unreadable: {e}")))?;
        all.0.extend(saved.0);
    }
    Ok(all)
}

async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
