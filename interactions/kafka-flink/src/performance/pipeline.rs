//! The pipeline under load: the script, run by the same engine as `stream_processor`'s, with measuring on its way.

use super::args::Names;
use super::measure::{Measured, MeasuredConnector};
use crate::failure::of_stream;
use crate::process::{BATCH_ROWS, COMMIT_RETRY, PENDING_BYTES_MAX, of_build, of_sql};
use kafka::KafkaConnector;
use postgres::Jdbc;
use resilience::RetryPolicy;
use service::{Context, Failure, SharedArgs};
use sql::Script;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use stream::{
    ConnectorContext, Connectors, Graph, Monitor, RunOptions, Savepoints, SnapshotStore, StateBackend,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub const SCRIPT: &str = include_str!("../../sql/performance_test.sql");

/// What others know of a running pipeline.
#[derive(Default)]
pub struct Handle {
    /// Asks it to end after a last epoch.
    pub stop: CancellationToken,
    /// Cancelled when it ended, for whatever reason.
    pub ended: CancellationToken,
    pub first: Arc<Notify>,
}

/// The checked script.
pub fn plan(
    parameters: &BTreeMap<String, String>,
    measured: &Arc<Measured>,
) -> Result<sql::Pipeline, Failure> {
    let script = sql::parse(&Script::render(SCRIPT, parameters).map_err(of_sql)?).map_err(of_sql)?;
    let pipeline = sql::plan(&script).map_err(of_sql)?;
    pipeline.check_connectors(&connectors(measured)).map_err(of_sql)?;
    Ok(pipeline)
}

fn connectors(measured: &Arc<Measured>) -> Connectors {
    let measured = || measured.clone();
    Connectors::default()
        .with(MeasuredConnector { inner: KafkaConnector, measured: measured(), makes_tables: false })
        .with(MeasuredConnector { inner: Jdbc, measured: measured(), makes_tables: true })
}

/// The graph, with its topic and its table looked at.
pub async fn build(
    pipeline: sql::Pipeline,
    ctx: &Context,
    shared: &SharedArgs,
    names: &Names,
    measured: &Arc<Measured>,
) -> Result<Graph, Failure> {
    let context = ConnectorContext {
        pipeline: names.pipeline.clone(),
        base_dir: ctx.places.user.clone(),
        connect_timeout: shared.connect_timeout,
        batch_rows_max: BATCH_ROWS,
        rows_per_second_max: None,
    };
    let parallelism = shared.parallelism().get();
    pipeline.build(&connectors(measured), &context, parallelism).await.map_err(of_build)
}

/// Runs until `handle.stop`, or until it fails.
pub async fn run(
    graph: Graph,
    shared: &SharedArgs,
    names: &Names,
    snapshots: &Path,
    handle: &Handle,
) -> Result<(), Failure> {
    let committed = handle.first.clone();
    let options = RunOptions {
        pipeline: names.pipeline.clone(),
        store: SnapshotStore::open(snapshots.to_owned(), &names.pipeline).map_err(of_stream)?,
        state_backend: StateBackend::Memory,
        checkpoint_interval: shared.checkpoint_interval,
        pending_bytes_max: PENDING_BYTES_MAX,
        shutdown: handle.stop.clone(),
        commit_retry: RetryPolicy { total_max: COMMIT_RETRY, ..RetryPolicy::default() },
        on_epoch: Arc::new(move |_| committed.notify_one()),
        savepoints: Savepoints::default(),
        monitor: Monitor::default(),
    };
    stream::run(graph, options).await.map(drop).map_err(of_stream)
}

impl Handle {
    /// Waits for the first epoch, which is empty: from then on the pipeline reads and commits. `false`: it ended.
    pub async fn began(&self) -> bool {
        tokio::select! {
            biased;
            () = self.ended.cancelled() => false,
            () = self.first.notified() => true,
        }
    }
}
