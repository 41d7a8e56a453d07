//! What a running job measures.

use super::{JobManager, JobState, Vertex};
use crate::error::FlinkError;
use serde::Deserialize;
use serde_json::Value;

/// What following a job shows. Flink gathers measurements when asked, at most every ten seconds: the first answer has few
/// of them, and counts lag behind.
#[derive(Clone, Debug, PartialEq)]
pub struct JobMetrics {
    pub state: JobState,
    /// Rows that sources gave.
    pub records_in: u64,
    /// Rows that sinks took.
    pub records_out: u64,
    /// Restarts since the submission.
    pub restarts: u64,
    /// Of the least advanced vertex that has one, milliseconds since 1970.
    pub watermark_ms: Option<i64>,
    /// From sources to sinks.
    pub vertices: Vec<VertexMetrics>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct VertexMetrics {
    pub name: String,
    pub parallelism: u32,
    /// Rows from other vertices.
    pub records_in: u64,
    /// Rows to other vertices.
    pub records_out: u64,
    /// Rows that sources in this vertex gave; `None` where there are none.
    pub source_records: Option<u64>,
    /// Rows that sinks in this vertex took; `None` where there are none.
    pub sink_records: Option<u64>,
    /// The busiest subtask's share of time at work, 0 to 1. `None` until it was measured.
    pub busy: Option<f64>,
    /// The most held up subtask's share of time waiting for what comes after it, 0 to 1.
    pub backpressured: Option<f64>,
    pub watermark_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Name {
    id: String,
}

#[derive(Deserialize)]
struct Single {
    value: Option<String>,
}

/// Over the subtasks of a vertex.
#[derive(Deserialize)]
struct Aggregate {
    id: String,
    max: Option<Value>,
    sum: Option<Value>,
}

const BUSY: &str = "busyTimeMsPerSecond";
const BACKPRESSURED: &str = "backPressuredTimeMsPerSecond";
const RECORDS_IN: &str = "numRecordsIn";
const RECORDS_OUT: &str = "numRecordsOut";

impl JobManager {
    /// Everything that following a job shows.
    ///
    /// # Errors
    /// [`FlinkError::JobUnknown`].
    pub async fn metrics(&self, job: &str) -> Result<JobMetrics, FlinkError> {
        let detail = self.job(job).await?;
        let restarts: Vec<Single> = self.about(DOING, job, "/metrics?get=numRestarts").await?;
        let mut vertices = Vec::with_capacity(detail.vertices.len());
        for vertex in &detail.vertices {
            vertices.push(self.vertex_metrics(job, vertex).await?);
        }
        Ok(JobMetrics {
            state: detail.state,
            records_in: vertices.iter().filter_map(|vertex| vertex.source_records).sum(),
            records_out: vertices.iter().filter_map(|vertex| vertex.sink_records).sum(),
            restarts: restarts.first().and_then(|metric| metric.value.as_ref()?.parse().ok()).unwrap_or(0),
            watermark_ms: vertices.iter().filter_map(|vertex| vertex.watermark_ms).min(),
            vertices,
        })
    }

    async fn vertex_metrics(&self, job: &str, vertex: &Vertex) -> Result<VertexMetrics, FlinkError> {
        let path = format!("/vertices/{}/subtasks/metrics", vertex.id);
        let names: Vec<Name> = self.about(DOING, job, &path).await?;
        let wanted: Vec<&str> =
            names.iter().map(|name| name.id.as_str()).filter(|name| is_wanted(name)).collect();
        let measured: Vec<Aggregate> = match wanted.is_empty() {
            true => Vec::new(),
            false => self.about(DOING, job, &format!("{path}?get={}", wanted.join(","))).await?,
        };
        let sum = |of: fn(&str) -> bool| {
            let sums = measured
                .iter()
                .filter(|metric| of(&metric.id))
                .filter_map(|metric| number(metric.sum.as_ref()));
            sums.map(|sum| sum as u64).reduce(|a, b| a + b)
        };
        let share = |name: &str| {
            let metric = measured.iter().find(|metric| metric.id == name)?;
            Some((number(metric.max.as_ref())? / 1000.0).clamp(0.0, 1.0))
        };
        let marks: Vec<Single> =
            self.about(DOING, job, &format!("/vertices/{}/watermarks", vertex.id)).await?;
        // A subtask that has seen no watermark holds the others back.
        let marks =
            marks.iter().map(|mark| mark.value.as_ref()?.parse::<i64>().ok()).collect::<Option<Vec<i64>>>();
        Ok(VertexMetrics {
            name: vertex.name.clone(),
            parallelism: vertex.parallelism,
            records_in: sum(|id| id == RECORDS_IN).unwrap_or(vertex.metrics.read_records),
            records_out: sum(|id| id == RECORDS_OUT).unwrap_or(vertex.metrics.write_records),
            source_records: sum(is_source),
            sink_records: sum(is_sink),
            busy: share(BUSY),
            backpressured: share(BACKPRESSURED),
            watermark_ms: marks.and_then(|marks| marks.into_iter().min()).filter(|mark| *mark != i64::MIN),
        })
    }
}

const DOING: &str = "reading a job's metrics";

/// `Source__ticks[1].numRecordsOut`: counted by the operator, as nothing is counted between chained ones.
fn is_source(id: &str) -> bool {
    id.starts_with("Source__") && id.ends_with(".numRecordsOut")
}

/// `hole[3]__Writer.numRecordsIn`, or `Sink__hole[3].numRecordsIn` of an older kind of sink.
fn is_sink(id: &str) -> bool {
    id.ends_with("__Writer.numRecordsIn") || id.starts_with("Sink__") && id.ends_with(".numRecordsIn")
}

fn is_wanted(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.[]-$".contains(c);
    let known = [BUSY, BACKPRESSURED, RECORDS_IN, RECORDS_OUT].contains(&id) || is_source(id) || is_sink(id);
    // Names are a list in the question, and a table may be called anything.
    known && id.chars().all(plain)
}

/// A number, or a text such as `"NaN"`, which is none.
fn number(value: Option<&Value>) -> Option<f64> {
    let number = value?.as_f64().or_else(|| value?.as_str()?.parse().ok())?;
    number.is_finite().then_some(number)
}
