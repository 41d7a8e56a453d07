//! One case from its folder to its outcome.

use crate::case::{Case, DEAD_LETTERS};
use crate::compare::compare;
use crate::dead_letters;
use crate::error::CaseError;
use crate::expected::expected;
use crate::input::Form;
use crate::outcome::{DeadOutcome, Outcome, SinkOutcome};
use crate::records::records;
use crate::rows::rows;
use crate::sink::{Capture, Captured};
use crate::stand_in::{Tables, stand_ins};
use resilience::RetryPolicy;
use sql::{BuildError, Pipeline};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use stream::{
    Connectors, ErrorKind, Graph, Monitor, RunOptions, Savepoints, SnapshotStore, StateBackend, StreamError,
    TableSpec,
};
use tokio_util::sync::CancellationToken;

/// Every operator is one task, so that equal input gives equal output.
const TASKS: usize = 1;
/// One epoch holds a whole case, unless it is larger than this.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(3_600);
const PENDING_BYTES_MAX: usize = 64 << 20;

/// Runs a rendered script over the records of a case, and compares.
///
/// `script_dir` is where the script's relative paths start; they are looked at and never opened.
///
/// # Errors
/// [`CaseError`]: the case gives no verdict. A pipeline that stops at its records is a verdict.
pub async fn run(
    case: &Case,
    script: &str,
    script_dir: &Path,
    connectors: &Connectors,
    shutdown: CancellationToken,
) -> Result<Outcome, CaseError> {
    let pipeline = sql::plan(&sql::parse(script)?)?;
    let context = stream::ConnectorContext {
        pipeline: "test".to_owned(),
        base_dir: script_dir.to_owned(),
        connect_timeout: Duration::ZERO,
        batch_rows_max: 1,
        rows_per_second_max: None,
    };
    pipeline.check_tables(connectors, &context).await?;
    let tables = Arc::new(open(case, &pipeline)?);
    let sinks: Vec<TableSpec> = pipeline.sink_tables().map(|(_, table)| table.clone()).collect();
    let names: Vec<&str> = sinks.iter().map(|table| table.name.as_str()).collect();
    let files = case.expected(&names)?;
    // What is expected must be sound before anything is said about what came.
    let mut wanted = Vec::new();
    for table in &sinks {
        wanted.push(files.get(&table.name).map(|path| expected(path, table)).transpose()?);
    }
    let wanted_letters = match files.get(DEAD_LETTERS) {
        Some(path) => dead_letters::expected(path)?,
        None => Vec::new(),
    };

    let built = pipeline.build(&stand_ins(connectors, &tables), &context, TASKS).await;
    let mut graph = built.map_err(of_build)?;
    let dead = Captured::default();
    graph.collect_dead_letters(Box::new(Capture::new(DEAD_LETTERS, dead.clone())));
    let stopped = execute(graph, shutdown).await?;

    let mut outcomes = Vec::new();
    for (table, wanted) in sinks.iter().zip(wanted) {
        let captured = tables.outputs.get(&table.name).map(Captured::take).unwrap_or_default();
        let rows = rows(table, &captured).map_err(CaseError::Engine)?;
        let difference = wanted.map(|wanted| compare(table, &wanted, &rows));
        outcomes.push(SinkOutcome { table: table.name.clone(), rows, difference });
    }
    let letters = dead_letters::letters(&dead.take());
    let (missing, unexpected) = dead_letters::compare(&wanted_letters, &letters);
    let dead = DeadOutcome { letters, missing, unexpected };
    Ok(Outcome { case: case.clone(), sinks: outcomes, dead, files, stopped })
}

/// The records of every table that is read, and a place for the rows of every one that is written.
fn open(case: &Case, pipeline: &Pipeline) -> Result<Tables, CaseError> {
    let names: Vec<&str> = pipeline.source_tables().map(|table| table.name.as_str()).collect();
    let files: BTreeMap<String, PathBuf> = case.inputs(&names)?;
    let mut tables = Tables::default();
    for table in pipeline.source_tables() {
        let form = Form::of(table).map_err(|error| CaseError::Folder(error.message))?;
        let entries = records(&files[&table.name], table, &form)?;
        tables.inputs.insert(table.name.clone(), entries.into());
    }
    for (_, table) in pipeline.sink_tables() {
        tables.outputs.insert(table.name.clone(), Captured::default());
    }
    Ok(tables)
}

/// Runs to the end of the input; returns why it stopped before.
async fn execute(graph: Graph, shutdown: CancellationToken) -> Result<Option<String>, CaseError> {
    let scratch = tempfile::tempdir()
        .map_err(|cause| CaseError::Engine(StreamError::io("no temporary folder can be made", cause)))?;
    let options = RunOptions {
        pipeline: "test".to_owned(),
        store: SnapshotStore::open(scratch.path(), "test").map_err(CaseError::Engine)?,
        state_backend: StateBackend::Memory,
        savepoints: Savepoints::default(),
        monitor: Monitor::default(),
        checkpoint_interval: CHECKPOINT_INTERVAL,
        pending_bytes_max: PENDING_BYTES_MAX,
        shutdown,
        commit_retry: RetryPolicy::default(),
        on_epoch: Arc::new(|_| {}),
    };
    match stream::run(graph, options).await {
        Ok(report) if report.ended => Ok(None),
        Ok(_) => Err(CaseError::Engine(StreamError::new(ErrorKind::Unavailable, "it was asked to stop"))),
        // What the records made of it is a result; what the machine did is none.
        Err(error) if matches!(error.kind, ErrorKind::Data | ErrorKind::Config) => Ok(Some(chain(&error))),
        Err(error) => Err(CaseError::Engine(error)),
    }
}

/// An error with its causes; one that its parent already tells is left out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.contains(&told) {
            text.push_str(&format!(": {told}"));
        }
        next = cause.source();
    }
    text
}

fn of_build(error: BuildError) -> CaseError {
    match error {
        BuildError::Script(error) => CaseError::Script(error),
        BuildError::Connector { cause, .. } if cause.kind == ErrorKind::Config => {
            CaseError::Folder(cause.message)
        }
        BuildError::Connector { cause, .. } => CaseError::Engine(cause),
    }
}
