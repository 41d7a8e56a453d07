//! Requests to one REST service, tried again only where that changes nothing.

use crate::endpoint::Endpoint;
use crate::error::FlinkError;
use reqwest::{Certificate, Method, StatusCode};
use resilience::{Retry, RetryPolicy, retry};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::error::Error as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until a connection stands. Default 5 s.
    pub connect: Duration,
    /// Until one request is answered. A gateway answers within seconds whatever a statement does, as it runs
    /// statements in the background; a busy machine takes longer. Default 60 s.
    pub request: Duration,
    /// How long an unreachable service is asked again, where asking again is safe. Default 30 s.
    pub unreachable: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(60),
            unreachable: Duration::from_secs(30),
        }
    }
}

/// Why a request gave no answer to use.
#[derive(Debug)]
pub(crate) enum Failure {
    /// No connection: the service has not seen the request.
    NotSent(String),
    /// The service may have seen it.
    Lost(String),
    /// It answered with an error; the texts are its own.
    Refused { status: StatusCode, errors: Vec<String> },
    /// It answered something else.
    Garbled(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSent(reason) | Self::Lost(reason) | Self::Garbled(reason) => f.write_str(reason),
            Self::Refused { status, .. } => write!(f, "HTTP status {status}"),
        }
    }
}

/// Whether a request may be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It reads, or says the same thing again.
    Safe,
    /// Only while it surely did not arrive.
    Unsent,
    /// Not even then: once, for clean-up.
    Never,
}

/// A request that failed for good, with what was tried.
#[derive(Debug)]
pub(crate) struct Failed {
    pub failure: Failure,
    pub waited: Duration,
    pub tries: u32,
}

/// One service: a gateway or a JobManager.
#[derive(Clone)]
pub(crate) struct Http {
    pub service: &'static str,
    /// Without a final `/`.
    pub url: String,
    client: reqwest::Client,
    login: Option<(String, String)>,
    unreachable: Duration,
}

/// Without the login.
impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.service, self.url)
    }
}

impl Http {
    pub fn new(service: &'static str, endpoint: Endpoint, timeouts: Timeouts) -> Result<Self, FlinkError> {
        let unusable = |error| FlinkError::protocol(format!("preparing to ask {service}"), error);
        let mut client = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.request)
            // Addresses are given; a proxy of the environment is for the world outside.
            .no_proxy();
        if let Some(pem) = &endpoint.authorities_pem {
            client = client.tls_certs_only(Certificate::from_pem_bundle(pem).map_err(unusable)?);
        }
        let client = client.build().map_err(unusable)?;
        let url = endpoint.url.trim_end_matches('/').to_owned();
        Ok(Self { service, url, client, login: endpoint.login, unreachable: timeouts.unreachable })
    }

    pub fn with_unreachable(&self, after: Duration) -> Self {
        Self { unreachable: after, ..self.clone() }
    }

    /// Sends, and sends again while `repeat` allows it. The answer is the body.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
        repeat: Repeat,
    ) -> Result<String, Failed> {
        let policy = RetryPolicy { total_max: self.unreachable, ..RetryPolicy::default() };
        let (begun, tries) = (Instant::now(), AtomicU32::new(0));
        let decide = |failure: &Failure| match (failure, repeat) {
            (Failure::NotSent(_), Repeat::Safe | Repeat::Unsent) | (Failure::Lost(_), Repeat::Safe) => {
                Retry::Backoff
            }
            // The JobManager is starting, or electing a leader.
            (Failure::Refused { status, .. }, Repeat::Safe) if *status == StatusCode::SERVICE_UNAVAILABLE => {
                Retry::Backoff
            }
            (Failure::NotSent(_) | Failure::Lost(_) | Failure::Refused { .. } | Failure::Garbled(_), _) => {
                Retry::Never
            }
        };
        let attempt = || {
            tries.fetch_add(1, Ordering::Relaxed);
            self.once(method.clone(), path, body)
        };
        let answer = retry(policy, decide, attempt).await;
        answer.map_err(|failure| Failed {
            failure,
            waited: begun.elapsed(),
            tries: tries.load(Ordering::Relaxed),
        })
    }

    /// A GET whose answer is JSON.
    pub async fn get<T: DeserializeOwned>(&self, doing: &str, path: &str) -> Result<T, FlinkError> {
        let text = self
            .send(Method::GET, path, None, Repeat::Safe)
            .await
            .map_err(|failed| self.error(doing, failed))?;
        self.read(doing, &text)
    }

    pub fn read<'a, T: Deserialize<'a>>(&self, doing: &str, text: &'a str) -> Result<T, FlinkError> {
        serde_json::from_str(text).map_err(|error| {
            let start: String = text.chars().take(200).collect();
            FlinkError::protocol(doing, format!("{error} in {start}"))
        })
    }

    /// What a failure means when no more is known about the request.
    pub fn error(&self, doing: &str, failed: Failed) -> FlinkError {
        let unreachable = |reason| FlinkError::Unreachable {
            service: self.service,
            url: self.url.clone(),
            waited: failed.waited,
            tries: failed.tries,
            reason,
        };
        match failed.failure {
            Failure::NotSent(reason) | Failure::Lost(reason) => unreachable(reason),
            Failure::Refused { status, errors } => {
                let cause = crate::stack::reduce(&errors.join("\n"));
                let reason = format!("{} ({status})", cause.named());
                // Something listens there, but the service itself is not up yet: to who waits for it that is the same.
                if status == StatusCode::SERVICE_UNAVAILABLE {
                    return unreachable(reason);
                }
                FlinkError::protocol(doing, format!("{} at {} says: {reason}", self.service, self.url))
            }
            Failure::Garbled(reason) => FlinkError::protocol(doing, reason),
        }
    }

    async fn once(
        &self,
        method: Method,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<String, Failure> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some((user, password)) = &self.login {
            request = request.basic_auth(user, Some(password));
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let lost = |error: reqwest::Error| match error {
            error if error.is_connect() || error.is_builder() => Failure::NotSent(innermost(&error)),
            error => Failure::Lost(innermost(&error)),
        };
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let text = response.text().await.map_err(lost)?;
        if status.is_success() {
            return Ok(text);
        }
        match serde_json::from_str::<Errors>(&text) {
            Ok(answer) => Err(Failure::Refused { status, errors: answer.errors }),
            Err(_) => {
                let start: String = text.chars().take(200).collect();
                Err(Failure::Garbled(format!("HTTP status {status} and no answer of Flink's: {start}")))
            }
        }
    }
}

/// How both services say no.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

/// reqwest's own message only says that sending failed.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause = error.source();
    let mut message = error.to_string();
    while let Some(inner) = cause {
        message = inner.to_string();
        cause = inner.source();
    }
    message
}
