//! The running graph at the admin address: its section of `/status`, and rows at `/tap`.

use service::{Context, TapRefusal};
use stream::{Monitor, TapError};

/// What the run is given so that the admin server shows it.
pub fn shown(ctx: &Context) -> Monitor {
    let monitor = Monitor::default();
    let graph = monitor.clone();
    ctx.status.provide("graph", move || serde_json::to_value(graph.status()).unwrap_or_default());
    let tapped = monitor.clone();
    ctx.taps.provide(move |request| {
        let monitor = tapped.clone();
        Box::pin(async move {
            let rows = monitor.tap(&request.operator, request.rows, request.wait).await;
            rows.map_err(|error| match error {
                TapError::Unknown { .. } => TapRefusal::Unknown(error.to_string()),
                TapError::NotJson(cause) => TapRefusal::Failed(cause.to_string()),
            })
        })
    });
    monitor
}
