//! The end of a followed run: jobs are stopped with a savepoint, so that what was read is committed, or left alone.

use super::errors::Of;
use crate::processor_args::ProcessorArgs;
use ::flink::{FlinkError, JobManager, Submitted};
use service::{Context, Failure};
use std::io::{BufRead, IsTerminal};
use std::time::Duration;

/// Below the limit of a graceful end, which then names what was not done.
const STOP_MAX: Duration = Duration::from_secs(25);

/// Stops the jobs, after asking a person who pressed Ctrl-C.
pub async fn stop(
    ctx: &Context,
    args: &ProcessorArgs,
    cluster: &JobManager,
    jobs: &[Submitted],
    of: &Of<'_>,
) -> Result<(), Failure> {
    let at_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if ctx.shutdown.is_interrupted()
        && at_terminal
        && !args.engine.stop_with_savepoint
        && leave_running().await
    {
        for job in jobs {
            eprintln!("flink: job {} '{}' runs on", job.job, job.name);
        }
        return Ok(());
    }
    for job in jobs {
        let _task = ctx.shutdown.task(format!("stopping job {} '{}', which may run on", job.job, job.name));
        stop_one(args, cluster, job).await.map_err(|error| of.flink(error))?;
    }
    Ok(())
}

/// Asks; no answer is a no.
async fn leave_running() -> bool {
    eprint!("The job runs on the cluster. Leave it running? [y/N] ");
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    match answer.await {
        Ok(Ok(line)) => means_yes(&line),
        _ => false,
    }
}

fn means_yes(line: &str) -> bool {
    matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

async fn stop_one(args: &ProcessorArgs, cluster: &JobManager, job: &Submitted) -> Result<(), FlinkError> {
    let Submitted { job, name } = job;
    if cluster.state(job).await?.is_terminal() {
        return Ok(());
    }
    match cluster.stop(job, None, false, STOP_MAX).await {
        Ok(path) => {
            cluster.wait_end(job, STOP_MAX).await?;
            println!("savepoint: {path}");
            tracing::info!(job, name, path, "The job has stopped; what it read is committed.");
            Ok(())
        }
        Err(error) if args.engine.stop_with_savepoint || cluster.state(job).await?.is_terminal() => {
            Err(error)
        }
        Err(error) => {
            // Of a cluster that was never told where savepoints go, above all.
            cluster.cancel(job).await?;
            cluster.wait_end(job, STOP_MAX).await?;
            tracing::warn!(job, name, %error, "The job is cancelled: it stopped at its last checkpoint, as it could \
                not be stopped with a savepoint. --state-dir URL says where savepoints go.");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_leaves_a_job_running() {
        let left: Vec<bool> = ["y\n", " Yes \n", "n\n", "\n", "", "what?\n"].map(means_yes).into();
        assert_eq!(left, [true, true, false, false, false, false]);
    }
}
