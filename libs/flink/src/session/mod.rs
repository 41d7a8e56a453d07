//! A session of the gateway: its tables and properties live as long as it does.

mod launch;
mod shared;

pub(crate) use shared::Shared;

use crate::error::FlinkError;
use crate::http::{Failed, Failure, Http, Repeat};
use crate::jobs::JobManager;
use crate::results::Results;
use crate::script::{Setting, Statement, StatementKind};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How a session is opened.
#[derive(Clone, Debug)]
pub struct SessionOptions {
    /// Flink options, as `SET` would take them: `execution.runtime-mode`, `parallelism.default`.
    pub properties: BTreeMap<String, String>,
    /// How often the gateway is told that the session is still wanted; it drops idle ones after
    /// `sql-gateway.session.idle-timeout` (10 min unless configured). `None` lets it. Default 60 s.
    pub heartbeat: Option<Duration>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { properties: BTreeMap::new(), heartbeat: Some(Duration::from_secs(60)) }
    }
}

impl SessionOptions {
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Queries read what is there now, end, and give inserts only.
    #[must_use]
    pub fn batch(self) -> Self {
        self.set("execution.runtime-mode", "batch")
    }
}

/// Flink's option for the zone of a session, and its value for the gateway's own zone.
const ZONE: &str = "table.local-time-zone";
const ZONE_DEFAULT: &str = "default";

/// An open session. [`Session::close`] ends it; a dropped one is closed in the background if a runtime is there, and
/// otherwise expires. Jobs it started run on either way, but a query's job ends with its session.
#[derive(Debug)]
pub struct Session {
    shared: Arc<Shared>,
    heartbeat: Option<JoinHandle<()>>,
    closed: bool,
    /// The time zone that statements see. The session itself stays in UTC: the gateway writes every `TIMESTAMP_LTZ` of a
    /// result as the wall clock of the session's zone, yet with a `Z`, which could not be undone where clocks go back.
    zone: Mutex<String>,
}

/// A job as it was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub job: String,
    /// Its unique `pipeline.name`.
    pub name: String,
}

impl Submitted {
    /// Its name without the random digits of [`Session::launch`]: the same every time the script is run.
    pub fn stable_name(&self) -> &str {
        self.name.rsplit_once(' ').map_or(&self.name, |(stable, _)| stable)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    session_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Accepted {
    operation_handle: String,
}

#[derive(Deserialize)]
struct Properties {
    properties: BTreeMap<String, String>,
}

impl Session {
    pub(crate) async fn open(http: Http, options: SessionOptions) -> Result<Self, FlinkError> {
        let doing = "opening a session";
        let body = json!({ "properties": options.properties });
        // A lost answer leaves a session nobody uses, which expires: asking again is safe.
        let answer = http.send(Method::POST, "/v3/sessions", Some(&body), Repeat::Safe).await;
        let answer = answer.map_err(|failed| http.error(doing, failed))?;
        let handle = http.read::<Opened>(doing, &answer)?.session_handle;
        let shared = Arc::new(Shared { http, handle });
        let heartbeat =
            options.heartbeat.map(|every| tokio::spawn(shared::keep_alive(Arc::clone(&shared), every)));
        let session = Self { shared, heartbeat, closed: false, zone: Mutex::new(String::new()) };
        session.take_zone().await?;
        Ok(session)
    }

    /// The gateway's name of this session, for logs.
    pub fn handle(&self) -> &str {
        &self.shared.handle
    }

    /// The properties now in force, the gateway's own defaults among them.
    pub async fn properties(&self) -> Result<BTreeMap<String, String>, FlinkError> {
        let text =
            self.shared.call("reading the session's properties", Method::GET, "", None, Repeat::Safe).await?;
        let mut properties =
            self.shared.http.read::<Properties>("reading the session's properties", &text)?.properties;
        let zone = self.zone().clone();
        if zone.is_empty() {
            return Ok(properties);
        }
        properties.insert(ZONE.to_owned(), zone);
        Ok(properties)
    }

    /// `SET 'key' = 'value'`.
    pub async fn set(&self, key: &str, value: &str) -> Result<(), FlinkError> {
        self.configure(&format!("SET '{}' = '{}'", key.replace('\'', "''"), value.replace('\'', "''"))).await
    }

    /// `RESET 'key'`: back to the gateway's own value, or to none.
    pub async fn reset(&self, key: &str) -> Result<(), FlinkError> {
        self.configure(&format!("RESET '{}'", key.replace('\'', "''"))).await
    }

    /// Submits a statement without waiting for what it does.
    ///
    /// # Errors
    /// [`FlinkError::Unreachable`] when the gateway did not get it. A query is sent again when its answer was lost; for
    /// any other statement that is [`FlinkError::SubmissionUnknown`] (see [`Session::submit`] for jobs).
    pub async fn execute(&self, statement: &Statement) -> Result<Results, FlinkError> {
        self.execute_with(statement, &BTreeMap::new()).await
    }

    /// The same, with properties for this statement alone.
    pub async fn execute_with(
        &self,
        statement: &Statement,
        properties: &BTreeMap<String, String>,
    ) -> Result<Results, FlinkError> {
        if changes_settings(&statement.kind) {
            let message = "SET and RESET are run, not executed: they give no rows".to_owned();
            return Err(FlinkError::Sql { place: Some(statement.place), message });
        }
        match self.post(statement, properties).await {
            Ok(results) => Ok(results),
            Err(failed) => Err(match failed.failure {
                Failure::Lost(reason) if repeat(&statement.kind) != Repeat::Safe => {
                    FlinkError::SubmissionUnknown { name: excerpt(&statement.text), reason }
                }
                _ => self.shared.error(&doing(statement), failed).placed(|place| statement.in_script(place)),
            }),
        }
    }

    /// Runs a statement to its end and forgets its rows: definitions, `SET`, `USE`.
    ///
    /// # Errors
    /// As [`Session::execute`] and [`Results::next`]; [`FlinkError::Timeout`] after `limit`.
    pub async fn run(&self, statement: &Statement, limit: Duration) -> Result<(), FlinkError> {
        if let StatementKind::Setting(Setting::Set { .. } | Setting::Reset { .. } | Setting::ResetAll) =
            statement.kind
        {
            let done = self.configure(&statement.text).await;
            return done.map_err(|error| error.placed(|place| statement.in_script(place)));
        }
        let mut results = self.execute(statement).await?;
        let all = async {
            while results.next().await?.is_some() {}
            Ok(())
        };
        let late = || FlinkError::Timeout { doing: doing(statement), limit };
        tokio::time::timeout(limit, all).await.map_err(|_| late())?
    }

    /// Submits a statement that starts a job, under a `pipeline.name` that nothing else has, and waits until the
    /// cluster has taken it. It is sent once: after a lost answer the job is looked for by its name.
    ///
    /// # Errors
    /// [`FlinkError::Sql`] when Flink refuses it, [`FlinkError::SubmissionUnknown`] when no answer came and no job of
    /// that name appeared within `limit`, [`FlinkError::Timeout`] when neither an answer nor an error came.
    pub async fn submit(
        &self,
        statement: &Statement,
        name: &str,
        properties: &BTreeMap<String, String>,
        cluster: &JobManager,
        limit: Duration,
    ) -> Result<Submitted, FlinkError> {
        let begun = Instant::now();
        let mut properties = properties.clone();
        properties.insert("pipeline.name".to_owned(), name.to_owned());
        let mut results = match self.post(statement, &properties).await {
            Ok(results) => results,
            Err(Failed { failure: Failure::Lost(reason), .. }) => {
                return found(cluster, name, reason, limit.saturating_sub(begun.elapsed())).await;
            }
            Err(failed) => {
                return Err(self
                    .shared
                    .error(&doing(statement), failed)
                    .placed(|place| statement.in_script(place)));
            }
        };
        // Rows of the answer tell the job too; its first page names it.
        match tokio::time::timeout(limit, results.ready()).await {
            Err(_) => Err(FlinkError::Timeout { doing: format!("submitting job '{name}'"), limit }),
            Ok(Ok(())) => match results.job() {
                Some(job) => Ok(Submitted { job: job.to_owned(), name: name.to_owned() }),
                None => Err(FlinkError::protocol(doing(statement), "the statement started no job")),
            },
            // It was accepted and may run: the gateway died on us, not the cluster.
            Ok(Err(error @ (FlinkError::SessionLost { .. } | FlinkError::Unreachable { .. }))) => {
                found(cluster, name, error.to_string(), limit.saturating_sub(begun.elapsed())).await
            }
            Ok(Err(error)) => Err(error),
        }
    }

    /// Ends the session. Its operations are cancelled, queries among them; jobs run on. One that is gone already is no
    /// error.
    pub async fn close(mut self) -> Result<(), FlinkError> {
        self.closed = true;
        self.stop_heartbeat();
        match self.shared.call("closing the session", Method::DELETE, "", None, Repeat::Safe).await {
            Ok(_) | Err(FlinkError::SessionLost { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Changes of properties take effect at once and are no operation.
    async fn configure(&self, statement: &str) -> Result<(), FlinkError> {
        self.configure_as_is(statement).await?;
        let about_zone = match Statement::one(statement)?.kind {
            StatementKind::Setting(Setting::Set { key, .. } | Setting::Reset { key }) => key == ZONE,
            StatementKind::Setting(Setting::ResetAll) => true,
            StatementKind::Setting(Setting::List)
            | StatementKind::Query
            | StatementKind::Job
            | StatementKind::Other => false,
        };
        if about_zone { self.take_zone().await } else { Ok(()) }
    }

    async fn configure_as_is(&self, statement: &str) -> Result<(), FlinkError> {
        let body = json!({ "statement": statement });
        let doing = format!("running {}", excerpt(statement));
        self.shared
            .call(&doing, Method::POST, "/configure-session", Some(&body), Repeat::Safe)
            .await
            .map(drop)
    }

    /// Remembers the zone that the session has now, and puts the session into UTC.
    async fn take_zone(&self) -> Result<(), FlinkError> {
        self.zone().clear();
        let zone = self.properties().await?.remove(ZONE).unwrap_or_else(|| ZONE_DEFAULT.to_owned());
        self.configure_as_is(&format!("SET '{ZONE}' = 'UTC'")).await?;
        *self.zone() = zone;
        Ok(())
    }

    fn zone(&self) -> MutexGuard<'_, String> {
        self.zone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(
        &self,
        statement: &Statement,
        properties: &BTreeMap<String, String>,
    ) -> Result<Results, Failed> {
        let mut properties = properties.clone();
        properties.entry(ZONE.to_owned()).or_insert_with(|| self.zone().clone());
        let body = json!({ "statement": statement.text, "executionConfig": properties });
        let path = format!("/v3/sessions/{}/statements", self.shared.handle);
        let answer = self.shared.http.send(Method::POST, &path, Some(&body), repeat(&statement.kind)).await?;
        let accepted: Accepted = serde_json::from_str(&answer).map_err(|error| Failed {
            failure: Failure::Garbled(format!("{error} in {answer}")),
            waited: Duration::ZERO,
            tries: 1,
        })?;
        Ok(Results::new(Arc::clone(&self.shared), accepted.operation_handle, statement.clone()))
    }

    fn stop_heartbeat(&mut self) {
        if let Some(heartbeat) = self.heartbeat.take() {
            heartbeat.abort();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stop_heartbeat();
        if self.closed {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let shared = Arc::clone(&self.shared);
            runtime.spawn(async move {
                let path = format!("/v3/sessions/{}", shared.handle);
                // Nobody is left to be told; an unreachable gateway drops the session by itself.
                let _ = shared.http.send(Method::DELETE, &path, None, Repeat::Never).await;
            });
        }
    }
}

fn changes_settings(kind: &StatementKind) -> bool {
    matches!(kind, StatementKind::Setting(Setting::Set { .. } | Setting::Reset { .. } | Setting::ResetAll))
}

/// Whether a statement may be sent twice: a second copy of a query ends with the session.
fn repeat(kind: &StatementKind) -> Repeat {
    match kind {
        StatementKind::Query | StatementKind::Setting(_) => Repeat::Safe,
        StatementKind::Job | StatementKind::Other => Repeat::Unsent,
    }
}

/// Waits for a job of that name, which alone can say whether a lost submission arrived.
async fn found(
    cluster: &JobManager,
    name: &str,
    reason: String,
    limit: Duration,
) -> Result<Submitted, FlinkError> {
    match cluster.wait_named(name, limit).await {
        Ok(job) => Ok(Submitted { job, name: name.to_owned() }),
        Err(FlinkError::Timeout { .. } | FlinkError::Unreachable { .. }) => {
            Err(FlinkError::SubmissionUnknown { name: name.to_owned(), reason })
        }
        Err(error) => Err(error),
    }
}

pub(crate) fn doing(statement: &Statement) -> String {
    format!("running statement {}, {}", statement.number, excerpt(&statement.text))
}

/// Enough of a statement to know which one it is.
fn excerpt(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
