//! The recorder behind the `metrics` facade, rendered for Prometheus by the admin server.
//!
//! Metric names start with `ibb_`, use base units (`_seconds`, `_bytes`) and end with `_total` when they count.

use std::sync::{Mutex, PoisonError};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{Failure, OrFail, exit::Exit};

/// Upper bounds of every histogram in seconds: from a call in memory to a slow checkpoint.
const SECONDS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// The process's metrics.
#[derive(Clone)]
pub struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Makes the Prometheus recorder the process's one; a second call gives the same.
    ///
    /// # Errors
    /// An internal failure when another recorder is already installed.
    pub fn install() -> Result<Self, Failure> {
        let mut installed = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*installed {
            return Ok(Self { handle: handle.clone() });
        }
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .or_fail(Exit::Internal, "the metrics' buckets are refused")?
            .build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)
            .map_err(|_| Failure::internal("another metrics recorder is installed"))?;
        describe();
        Ok(Self { handle: installed.insert(handle).clone() })
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Moves observations of histograms into buckets; call it every few seconds, or they pile up in memory.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

fn describe() {
    use metrics::{Unit, describe_gauge};
    describe_gauge!(
        "ibb_build_info",
        "Always 1; the labels tell program, version, pipeline and environment."
    );
    describe_gauge!(
        "ibb_start_time_seconds",
        Unit::Seconds,
        "When the program started, since the Unix epoch."
    );
    describe_gauge!("ibb_ready", "1 when every input and output is connected.");
    describe_gauge!("ibb_component_connected", "1 when this input or output is connected.");
}
