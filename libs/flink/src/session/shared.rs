//! Requests about one session, and what their failures mean.

use crate::error::FlinkError;
use crate::http::{Failed, Failure, Http, Repeat};
use crate::stack::{Fault, reduce};
use reqwest::Method;
use std::sync::Arc;
use std::time::Duration;

/// What a session's results need too.
#[derive(Debug)]
pub(crate) struct Shared {
    pub http: Http,
    pub handle: String,
}

impl Shared {
    /// A request about this session.
    pub async fn call(
        &self,
        doing: &str,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
        repeat: Repeat,
    ) -> Result<String, FlinkError> {
        let path = format!("/v3/sessions/{}{path}", self.handle);
        self.http.send(method, &path, body, repeat).await.map_err(|failed| self.error(doing, failed))
    }

    /// What a failed request about this session means. Places are still those of the statement.
    pub fn error(&self, doing: &str, failed: Failed) -> FlinkError {
        let Failure::Refused { errors, .. } = &failed.failure else { return self.http.error(doing, failed) };
        if errors.iter().any(|error| error.contains("Could not map response to JSON")) {
            let message = "the result has a type that the gateway cannot send: a MAP whose keys are no texts, VARIANT, \
                           RAW or a structured type; CAST it to STRING";
            return FlinkError::Sql { place: None, message: message.to_owned() };
        }
        let cause = reduce(&errors.join("\n"));
        match cause.fault() {
            Fault::SessionGone => {
                FlinkError::SessionLost { gateway: self.http.url.clone(), session: self.handle.clone() }
            }
            Fault::Sql => FlinkError::Sql { place: cause.place, message: cause.message },
            Fault::Job => FlinkError::JobFailed { job: None, cause: cause.named() },
            Fault::ClusterUnreachable => FlinkError::Unreachable {
                service: "the JobManager behind the SQL gateway",
                url: self.http.url.clone(),
                waited: failed.waited,
                tries: failed.tries,
                reason: cause.named(),
            },
            Fault::Other => self.http.error(doing, failed),
        }
    }
}

/// Tells the gateway now and then that the session is wanted, until it no longer knows it.
pub(super) async fn keep_alive(shared: Arc<Shared>, every: Duration) {
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tick.tick().await;
    loop {
        tick.tick().await;
        match shared.call("keeping the session", Method::POST, "/heartbeat", None, Repeat::Safe).await {
            Ok(_) => {}
            Err(error @ FlinkError::SessionLost { .. }) => {
                tracing::warn!(%error, "no more heartbeats");
                return;
            }
            // Whoever uses the session next is told; the gateway may be back by then.
            Err(error) => tracing::warn!(%error, "a heartbeat was not answered"),
        }
    }
}
