//! Once a second: from what the tasks wrote to figures, for `/status` and the metrics.

use super::Monitor;
use super::describe::{OperatorKind, OperatorStatus};
use super::figures::Figures;
use super::meter::{Reading, TaskMeter};
use metrics::{counter, gauge};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::MissedTickBehavior;

/// What rates and shares are taken over.
const INTERVAL: Duration = Duration::from_secs(1);

/// Takes the figures of a running graph.
pub(crate) struct Sampler {
    monitor: Monitor,
    /// By node.
    meters: Vec<Vec<Arc<TaskMeter>>>,
    last: Vec<Vec<Reading>>,
    taken: Instant,
}

impl Sampler {
    pub(super) fn new(monitor: Monitor, meters: Vec<Vec<Arc<TaskMeter>>>) -> Self {
        let last = read(&meters);
        Self { monitor, meters, last, taken: Instant::now() }
    }

    /// Never ends.
    ///
    /// # Cancel safety
    /// A dropped future loses at most the figures of its last interval.
    pub async fn run(&mut self) -> Infallible {
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + INTERVAL, INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sample();
        }
    }

    pub fn sample(&mut self) {
        let (now, now_ms) = (Instant::now(), resilience::clock::now_ms());
        let (readings, took) = (read(&self.meters), now.duration_since(self.taken));
        let mut run = self.monitor.run();
        run.status.sampled_at_ms = Some(now_ms);
        let pairs = self.last.iter().zip(&readings);
        for (operator, (before, after)) in run.status.operators.iter_mut().zip(pairs) {
            operator.figures = Figures::between(before, after, took, now_ms);
        }
        let (pipeline, operators) = (run.status.pipeline.clone(), run.status.operators.clone());
        drop(run);
        operators.iter().for_each(|operator| publish(&pipeline, operator));
        (self.last, self.taken) = (readings, now);
    }
}

fn read(meters: &[Vec<Arc<TaskMeter>>]) -> Vec<Vec<Reading>> {
    meters.iter().map(|tasks| tasks.iter().map(|task| task.read()).collect()).collect()
}

fn publish(pipeline: &str, operator: &OperatorStatus) {
    let labels = [("pipeline", pipeline.to_owned()), ("operator", operator.id.clone())];
    let figures = &operator.figures;
    counter!("ibb_operator_rows_in_total", &labels).absolute(figures.rows_in);
    if operator.kind != OperatorKind::Sink {
        counter!("ibb_operator_rows_out_total", &labels).absolute(figures.rows_out);
    }
    if operator.kind == OperatorKind::Operator {
        gauge!("ibb_operator_state_rows", &labels).set(figures.state_rows as f64);
        if let Some(bytes) = figures.state_bytes {
            gauge!("ibb_operator_state_bytes", &labels).set(bytes as f64);
        }
    }
    gauge!("ibb_operator_busy_ratio", &labels).set(figures.busy_ratio);
    gauge!("ibb_operator_backpressured_ratio", &labels).set(figures.backpressured_ratio);
    gauge!("ibb_operator_idle_ratio", &labels).set(figures.idle_ratio);
    // Before the first watermark, and behind the last, there is no time to tell.
    if let (Some(watermark), Some(lag)) = (figures.watermark_ms, figures.watermark_lag_ms) {
        gauge!("ibb_operator_watermark_seconds", &labels).set(watermark as f64 / 1000.0);
        gauge!("ibb_operator_watermark_lag_seconds", &labels).set(lag as f64 / 1000.0);
    }
}
