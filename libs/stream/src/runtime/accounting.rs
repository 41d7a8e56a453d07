//! What became of every row, published whole: always as of one committed epoch.

use crate::SinkCounters;
use event::Epoch;
use metrics::{counter, gauge};
use serde::Serialize;
use std::collections::BTreeMap;

/// The state of a pipeline after a committed epoch. For each query over one source:
/// `records = dead_lettered + filtered + late + no_event_time + admitted`, and for each sink
/// `emitted = committed + superseded + refused`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Progress {
    pub epoch: Epoch,
    /// By source table: `records`, `dead_lettered`.
    pub sources: BTreeMap<String, BTreeMap<String, u64>>,
    /// By sink table: `admitted`, `filtered`, `late`, `no_event_time`, `suppressed`.
    pub queries: BTreeMap<String, BTreeMap<String, u64>>,
    pub sinks: BTreeMap<String, SinkProgress>,
    /// From the barrier to the last sink's commit.
    pub checkpoint_ms: u64,
    pub snapshot_bytes: u64,
}

/// What became of the rows a sink was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SinkProgress {
    pub emitted: u64,
    #[serde(flatten)]
    pub counters: SinkCounters,
}

impl Progress {
    /// Sets the metrics to these totals.
    pub(super) fn publish(&self, pipeline: &str) {
        let pipeline = || pipeline.to_owned();
        for (source, counters) in &self.sources {
            for (outcome, count) in counters {
                let name = match outcome.as_str() {
                    "records" => "ibb_source_records_total",
                    _ => "ibb_source_dead_letters_total",
                };
                counter!(name, "pipeline" => pipeline(), "source" => source.clone()).absolute(*count);
            }
        }
        for (query, counters) in &self.queries {
            for (outcome, count) in counters {
                let labels =
                    [("pipeline", pipeline()), ("query", query.clone()), ("outcome", outcome.clone())];
                counter!("ibb_query_records_total", &labels).absolute(*count);
            }
        }
        for (sink, progress) in &self.sinks {
            let labels = [("pipeline", pipeline()), ("sink", sink.clone())];
            counter!("ibb_sink_rows_emitted_total", &labels).absolute(progress.emitted);
            counter!("ibb_sink_rows_committed_total", &labels).absolute(progress.counters.committed);
            counter!("ibb_sink_rows_superseded_total", &labels).absolute(progress.counters.superseded);
            counter!("ibb_sink_rows_refused_total", &labels).absolute(progress.counters.refused);
        }
        gauge!("ibb_epoch", "pipeline" => pipeline()).set(self.epoch.0 as f64);
        gauge!("ibb_checkpoint_duration_seconds", "pipeline" => pipeline())
            .set(self.checkpoint_ms as f64 / 1000.0);
        gauge!("ibb_snapshot_bytes", "pipeline" => pipeline()).set(self.snapshot_bytes as f64);
    }
}
