//! The script on a Flink cluster, under the same load: its rows are counted, and their times read, in PostgreSQL.

use super::Run;
use super::pipeline::{Handle, SCRIPT};
use crate::failure::of_stream;
use crate::on_flink::{Of, Opened, create_targets, parameters};
use crate::processor_args::ProcessorArgs;
use crate::services::Services;
use ::flink::JobManager;
use postgres::{Inspection, PostgresError};
use service::{Exit, Failure, Postgresql};
use std::time::Duration;

/// When PostgreSQL took a row, in µs since 1970, by its own clock: that of a container is this machine's.
const WRITTEN_US: &str = "written_us";
/// How long a job may take to its first checkpoint, from which on it reads and commits.
const BEGIN_MAX: Duration = Duration::from_secs(120);
const END_MAX: Duration = Duration::from_secs(30);
/// How often the rows are counted. Counting costs the server more the more there are.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// What the cluster would run.
pub async fn explain(processor: &ProcessorArgs, services: &Services) -> Result<String, Failure> {
    let parameters = parameters(processor, services)?;
    Opened::new(processor, SCRIPT, services, &parameters).await?.explain().await
}

/// Runs until `handle.stop`, or until the job fails.
pub async fn run(
    run: &Run<'_>,
    processor: &ProcessorArgs,
    postgresql: &Postgresql,
    handle: &Handle,
) -> Result<(), Failure> {
    let parameters = parameters(processor, run.services)?;
    let opened = Opened::new(processor, SCRIPT, run.services, &parameters).await?;
    create_targets(processor, SCRIPT, run.ctx.places.user.clone(), run.services).await?;
    let mut table = run.inspect(postgresql).await?;
    table.stamp_rows(&run.names.table, WRITTEN_US).await.map_err(of_postgres)?;
    let (cluster, of) = (opened.cluster.clone(), opened.of);
    let jobs = opened.launch(&run.names.pipeline).await?;
    let mut measured = Ok(());
    for job in &jobs {
        measured = measured.and(watch(run, &cluster, &job.job, &of, &mut table, handle).await);
        if let Err(error) = end(&cluster, &job.job, &of).await {
            tracing::warn!(%error, job = job.job, "The run's job may be left on the cluster.");
        }
    }
    measured?;
    let latencies = read(run, &mut table).await.map_err(of_postgres);
    table.close().await;
    latencies
}

/// Counts rows while the job runs.
async fn watch(
    run: &Run<'_>,
    cluster: &JobManager,
    job: &str,
    of: &Of<'_>,
    table: &mut Inspection,
    handle: &Handle,
) -> Result<(), Failure> {
    begun(cluster, job, of).await?;
    handle.first.notify_one();
    let mut ticks = tokio::time::interval(COUNT_EVERY);
    loop {
        tokio::select! {
            () = handle.stop.cancelled() => return Ok(()),
            _ = ticks.tick() => {}
        }
        let (rows, last_us) = table.grown(&run.names.table, WRITTEN_US).await.map_err(of_postgres)?;
        run.measured.grew(rows, last_us);
        runs(cluster, job, of).await?;
    }
}

/// Waits for the first checkpoint.
async fn begun(cluster: &JobManager, job: &str, of: &Of<'_>) -> Result<(), Failure> {
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    let deadline = tokio::time::Instant::now() + BEGIN_MAX;
    loop {
        ticks.tick().await;
        runs(cluster, job, of).await?;
        if cluster.checkpoints(job).await.map_err(|error| of.flink(error))?.completed > 0 {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            return Err(Failure::unavailable(format!("job {job} took no checkpoint in {BEGIN_MAX:?}"))
                .remedy(
                    "look at the job in the JobManager's pages: a cluster without free slots waits for them",
                ));
        }
    }
}

/// A job that fails is no subject of a measurement, even where Flink restarts it; and nobody else ends this one.
async fn runs(cluster: &JobManager, job: &str, of: &Of<'_>) -> Result<(), Failure> {
    let state = cluster.state(job).await.map_err(|error| of.flink(error))?;
    let failures = cluster.exceptions(job).await.map_err(|error| of.flink(error))?;
    match failures.into_iter().next() {
        Some(failure) => Err(Failure::new(Exit::Failure, format!("job {job} failed on the cluster"))
            .detail(of.0.without_secrets_in(&failure.cause))),
        None if state.is_terminal() => {
            Err(Failure::new(Exit::Failure, format!("job {job} ended as {state}, and not by this program")))
        }
        None => Ok(()),
    }
}

async fn end(cluster: &JobManager, job: &str, of: &Of<'_>) -> Result<(), Failure> {
    cluster.cancel(job).await.map_err(|error| of.flink(error))?;
    cluster.wait_end(job, END_MAX).await.map(drop).map_err(|error| of.flink(error))
}

async fn read(run: &Run<'_>, table: &mut Inspection) -> Result<(), PostgresError> {
    let (name, from_us) = (&run.names.table, run.measured.first_us());
    let total = table.distances(name, ["due_us", WRITTEN_US], from_us).await?;
    let sending = table.distances(name, ["due_us", "sent_us"], from_us).await?;
    run.measured.measured_elsewhere(&total, &sending);
    Ok(())
}

fn of_postgres(error: PostgresError) -> Failure {
    of_stream(error.into())
}
