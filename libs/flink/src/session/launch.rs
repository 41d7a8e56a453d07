//! A whole script, run statement by statement; its jobs.

use super::Session;
use crate::error::{FlinkError, Place};
use crate::jobs::JobManager;
use crate::rows::Changes;
use crate::script::{Statement, StatementKind};
use crate::session::Submitted;
use arrow::array::AsArray;
use std::collections::BTreeMap;
use std::time::Duration;

impl Session {
    /// Runs a script and gives the jobs it started, in its order. They are called `name`, or `name.1`, `name.2` and so on
    /// where there are several, a space, and random digits, so that each can be found again. When a statement is refused, the jobs of those before it are cancelled: a script
    /// runs whole or not at all.
    ///
    /// # Errors
    /// [`FlinkError::Sql`] for a query (nobody would read its rows) and for a script without a job, before anything runs;
    /// otherwise as [`Session::run`] and [`Session::submit`], with `limit` for each statement.
    pub async fn launch(
        &self,
        script: &[Statement],
        name: &str,
        cluster: &JobManager,
        limit: Duration,
    ) -> Result<Vec<Submitted>, FlinkError> {
        check(script)?;
        let several = script.iter().filter(|statement| statement.kind == StatementKind::Job).count() > 1;
        let mut jobs = Vec::new();
        for statement in script {
            let done = match statement.kind {
                StatementKind::Job => {
                    let number = if several { format!(".{}", jobs.len() + 1) } else { String::new() };
                    let name = format!("{name}{number} {}", resilience::entropy::writer_id());
                    let job = self.submit(statement, &name, &BTreeMap::new(), cluster, limit).await;
                    job.map(|job| jobs.push(job))
                }
                StatementKind::Setting(_) | StatementKind::Query | StatementKind::Other => {
                    self.run(statement, limit).await
                }
            };
            if let Err(error) = done {
                for job in &jobs {
                    if let Err(left) = cluster.cancel(&job.job).await {
                        tracing::error!(error = %left, job = job.job, name = job.name, "A job is left running.");
                    }
                }
                return Err(error);
            }
        }
        Ok(jobs)
    }

    /// What the cluster would run: Flink's plans of the script's jobs, one after the other. Nothing is started.
    ///
    /// # Errors
    /// As [`Session::launch`].
    pub async fn explain(&self, script: &[Statement], limit: Duration) -> Result<String, FlinkError> {
        check(script)?;
        let mut plans = Vec::new();
        for statement in script {
            if statement.kind != StatementKind::Job {
                self.run(statement, limit).await?;
                continue;
            }
            let (explained, shift) = explanation(statement);
            let rows = async { self.execute(&explained).await?.collect(limit).await }.await;
            let rows = rows.map_err(|error| {
                error.placed(|place| match place.line {
                    1 => statement
                        .in_script(Place { column: place.column.saturating_sub(shift).max(1), ..place }),
                    _ => statement.in_script(place),
                })
            })?;
            plans.push(texts(&rows));
        }
        Ok(plans.join("\n"))
    }

    /// Where the JobManager answers, as the gateway knows it: `http://host:8081`.
    pub async fn jobmanager_url(&self) -> Result<String, FlinkError> {
        let properties = self.properties().await?;
        let get = |key: &str| properties.get(key).map(String::as_str);
        let host = get("rest.address").or_else(|| get("jobmanager.rpc.address")).unwrap_or("localhost");
        let scheme = if get("security.ssl.rest.enabled") == Some("true") { "https" } else { "http" };
        Ok(format!("{scheme}://{host}:{}", get("rest.port").unwrap_or("8081")))
    }
}

fn check(script: &[Statement]) -> Result<(), FlinkError> {
    if let Some(query) = script.iter().find(|statement| statement.kind == StatementKind::Query) {
        let message = "a query on its own gives rows that nobody reads; INSERT them INTO a table".to_owned();
        return Err(FlinkError::Sql { place: Some(query.place), message });
    }
    if !script.iter().any(|statement| statement.kind == StatementKind::Job) {
        let message = "the script starts no job: it has no INSERT INTO".to_owned();
        return Err(FlinkError::Sql { place: None, message });
    }
    Ok(())
}

/// `EXPLAIN INSERT …`, `EXPLAIN STATEMENT SET BEGIN … END`, as a script of its own; and how far to the right its first
/// line has moved.
fn explanation(statement: &Statement) -> (Statement, u64) {
    const EXECUTE: &str = "EXECUTE";
    let text = &statement.text;
    let (text, shift) = match text.get(..EXECUTE.len()) {
        // As long as the word it stands for.
        Some(start) if start.eq_ignore_ascii_case(EXECUTE) => {
            (format!("EXPLAIN{}", &text[EXECUTE.len()..]), 0)
        }
        _ => (format!("EXPLAIN {text}"), 8),
    };
    let place = Place { line: 1, column: 1 };
    (Statement { text, place, kind: StatementKind::Query, ..statement.clone() }, shift)
}

fn texts(changes: &Changes) -> String {
    let Some(column) = changes.rows.columns().first().and_then(|column| column.as_string_opt::<i32>()) else {
        return String::new();
    };
    column.iter().flatten().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::split;

    #[track_caller]
    fn refused(script: &str, message: &str) {
        let error = check(&split(script).unwrap()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }

    #[test]
    fn scripts_that_would_do_nothing_are_refused() {
        refused("SET 'a' = 'b';\n  SELECT 1", "line 2, column 3: a query on its own");
        refused("CREATE TABLE t (n INT)", "no INSERT INTO");
    }

    #[test]
    fn only_what_stands_before_a_statement_changes() {
        let script =
            split("INSERT INTO t SELECT 1; EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END").unwrap();
        let (insert, shift) = explanation(&script[0]);
        assert_eq!((insert.text.as_str(), shift), ("EXPLAIN INSERT INTO t SELECT 1", 8));
        let (set, shift) = explanation(&script[1]);
        assert_eq!((&set.text[..27], shift), ("EXPLAIN STATEMENT SET BEGIN", 0));
    }
}
