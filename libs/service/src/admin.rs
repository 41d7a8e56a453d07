//! The admin server: health, metrics, status and a page over HTTP.
//!
//! | path | answer |
//! |---|---|
//! | `/` | a page that draws `/status` anew every second |
//! | `/livez`, `/healthz` | 200, or 503 when only a restart helps |
//! | `/readyz`, `/health` | 200 when every input and output is connected, else 503; lists each |
//! | `/metrics` | Prometheus' text format |
//! | `/status` | JSON: program, version, pipeline, environment, uptime, health, the program's sections |
//! | `/tap?operator=ID` | rows that leave an operator of the running pipeline, as JSON lines ([`Taps`]) |

use std::{
    future::IntoFuture,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    Json, Router,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{AdminAddr, Environment, Exit, Failure, Health, Metrics, ProgramInfo, Status, Taps};

/// Where it listens when the user does not say: loopback only, the port OpenTelemetry uses for Prometheus.
const DEFAULT_ADDR: &str = "127.0.0.1:9464";

/// Self-contained: it asks for nothing but `/status` and `/tap`.
const PAGE: &str = include_str!("page.html");

/// Keeps it so, whatever a description or a row contains.
const PAGE_POLICY: &str = "default-src 'none'; connect-src 'self'; img-src data:; style-src 'unsafe-inline'; \
                           script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the admin server tells.
pub struct AdminState {
    /// Name and version.
    pub program: ProgramInfo,
    /// The pipeline's name.
    pub pipeline: String,
    /// The environment.
    pub environment: Environment,
    /// When the program started.
    pub started: Instant,
    /// `/livez`, `/readyz`.
    pub health: Health,
    /// Sections of `/status`.
    pub status: Status,
    /// `/metrics`.
    pub metrics: Metrics,
    /// `/tap`.
    pub taps: Taps,
}

/// A running admin server; it ends when dropped.
pub struct Admin {
    address: SocketAddr,
    _stop: DropGuard,
}

impl Admin {
    /// Starts the server, or none for `off`. Without an address it takes the default one, or a free port when
    /// that is taken.
    ///
    /// # Errors
    /// Unavailable (69) when an address that was asked for is taken, 77 when it is not permitted, else 78.
    pub async fn start(addr: Option<&AdminAddr>, state: AdminState) -> Result<Option<Self>, Failure> {
        let listener = match addr {
            Some(AdminAddr::Off) => return Ok(None),
            Some(AdminAddr::At(addr)) => {
                TcpListener::bind(addr).await.map_err(|cause| refused(addr, cause))?
            }
            None => default_listener().await?,
        };
        let address = listener.local_addr().map_err(|cause| refused("the admin address", cause))?;
        let stop = CancellationToken::new();
        let server = axum::serve(listener, router(Arc::new(state), address.ip().is_loopback()));
        let stopped = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                ended = server.into_future() => if let Err(cause) = ended {
                    tracing::warn!(%cause, "The admin server ended.");
                },
                () = stopped.cancelled() => {}
            }
        });
        tracing::info!(
            url = format!("http://{address}/"),
            "Health, metrics, status and a live page are served."
        );
        Ok(Some(Self { address, _stop: stop.drop_guard() }))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn default_listener() -> Result<TcpListener, Failure> {
    match TcpListener::bind(DEFAULT_ADDR).await {
        Ok(listener) => Ok(listener),
        Err(cause) if cause.kind() == io::ErrorKind::AddrInUse => {
            tracing::info!("{DEFAULT_ADDR} is taken, so the admin server takes a free port.");
            TcpListener::bind("127.0.0.1:0").await.map_err(|cause| refused("127.0.0.1:0", cause))
        }
        Err(cause) => Err(refused(DEFAULT_ADDR, cause)),
    }
}

fn refused(addr: &str, cause: io::Error) -> Failure {
    let (exit, message) = match cause.kind() {
        io::ErrorKind::AddrInUse => (Exit::Unavailable, format!("the admin address {addr} is taken")),
        io::ErrorKind::PermissionDenied => {
            (Exit::NoPermission, format!("the admin address {addr} is not permitted"))
        }
        _ => (Exit::Config, format!("the admin server cannot listen on {addr}")),
    };
    Failure::new(exit, message)
        .because(cause)
        .remedy("give another --admin-addr HOST:PORT, port 0 for a free one, or off")
}

fn router(state: Arc<AdminState>, loopback: bool) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/healthz", get(livez))
        .route("/health", get(readyz))
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/tap", get(move |state, headers, query| tap(state, headers, query, loopback)))
        .with_state(state)
}

async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], Html(PAGE)).into_response()
}

async fn livez(State(state): State<Arc<AdminState>>) -> Response {
    answer(state.health.is_live(), &state)
}

async fn readyz(State(state): State<Arc<AdminState>>) -> Response {
    answer(state.health.is_ready(), &state)
}

fn answer(fine: bool, state: &AdminState) -> Response {
    let code = if fine { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(state.health.to_json())).into_response()
}

async fn metrics(State(state): State<Arc<AdminState>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], state.metrics.render())
        .into_response()
}

async fn status(State(state): State<Arc<AdminState>>) -> Response {
    Json(json!({
        "program": state.program.name,
        "version": state.program.version,
        "pipeline": state.pipeline,
        "environment": state.environment,
        "uptime_seconds": state.started.elapsed().as_secs(),
        "health": state.health.to_json(),
        "tap": state.taps.offered(),
        "sections": state.status.to_json(),
    }))
    .into_response()
}

async fn tap(
    State(state): State<Arc<AdminState>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    loopback: bool,
) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if loopback && !names_this_machine(host) {
        let text = format!(
            "rows are not shown to {host}: ask for localhost, or give --admin-addr an outer address\n"
        );
        return (StatusCode::FORBIDDEN, text).into_response();
    }
    state.taps.answer(query.as_deref().unwrap_or_default()).await
}

/// A site elsewhere can let its name point here and then have the browser of somebody who visits it read our answers
/// (DNS rebinding). The browser still says that name.
fn names_this_machine(host: &str) -> bool {
    let port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').filter(|(_, end)| port(end)).map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_localhost_and_addresses_name_this_machine() {
        for host in ["localhost", "LOCALHOST:9464", "127.0.0.1:9464", "[::1]:9464", "[::1]", "10.0.0.7"] {
            assert!(names_this_machine(host), "{host}");
        }
        for host in
            ["", "example.com", "localhost.example.com:9464", "127.0.0.1.example.com", "example.com:80"]
        {
            assert!(!names_this_machine(host), "{host}");
        }
    }
}
