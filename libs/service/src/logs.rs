//! Logs on stderr: one sentence and its fields, as text or JSON.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Write},
};

use opentelemetry_sdk::trace::SdkTracer;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter},
    fmt,
    prelude::*,
};

use crate::{Color, Failure, LogFormat, OrFail, SharedArgs, exit::Exit, progress};

/// Libraries that speak too much at the level of our own crates; they stay at `warn` until `-vv`.
const NOISY: [&str; 11] = [
    "fjall",
    "h2",
    "hyper",
    "hyper_util",
    "lsm_tree",
    "reqwest",
    "rustls",
    "sqlx",
    "librdkafka",
    "opentelemetry",
    "opentelemetry_sdk",
];

/// Makes the process log as `args` say, and send spans to `tracer`. `RUST_LOG`, where set, decides the levels.
///
/// # Errors
/// A configuration failure when `RUST_LOG` is wrong; an internal one when logs are already installed.
pub(crate) fn install(
    args: &SharedArgs,
    variables: &BTreeMap<String, String>,
    tracer: Option<SdkTracer>,
) -> Result<(), Failure> {
    let directives = variables.get("RUST_LOG").filter(|value| !value.is_empty()).cloned();
    let directives = directives.unwrap_or_else(|| levels(args.verbose, args.quiet));
    let filter =
        EnvFilter::try_new(directives).or_fail(Exit::Config, "RUST_LOG is not a list of log levels")?;
    let writer = || Writer;
    let lines = match args.log_format {
        LogFormat::Text => {
            let ansi = colored(args.color, variables, io::stderr().is_terminal());
            fmt::layer().with_writer(writer).with_target(false).with_ansi(ansi).boxed()
        }
        LogFormat::Json => fmt::layer().with_writer(writer).json().flatten_event(true).boxed(),
    };
    let spans = tracer.map(|tracer| {
        // The exporter's own HTTP calls must not become spans that it then exports.
        let own = tracing_subscriber::filter::filter_fn(|metadata| {
            !NOISY.iter().any(|noisy| metadata.target().split("::").next() == Some(noisy))
        });
        tracing_opentelemetry::layer().with_tracer(tracer).with_filter(LevelFilter::INFO.and(own))
    });
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(spans)
        .try_init()
        .or_fail(Exit::Internal, "logs are already installed")
}

/// Makes panics lines of the log, so that JSON logs stay JSON.
pub(crate) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let reason = panic.payload_as_str().unwrap_or_default();
        tracing::error!(place, reason, "A thread panicked; this is a bug.");
    }));
}

fn levels(verbose: u8, quiet: u8) -> String {
    let (own, noisy) = match (verbose, quiet) {
        (0, 0) => ("info", "warn"),
        (1, _) => ("debug", "warn"),
        (2.., _) => ("trace", "debug"),
        (0, 1) => ("warn", "warn"),
        (0, 2..) => ("error", "error"),
    };
    NOISY.iter().fold(own.to_owned(), |text, name| format!("{text},{name}={noisy}"))
}

fn colored(color: Color, variables: &BTreeMap<String, String>, terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let plain = variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
            terminal && !plain && variables.get("TERM").is_none_or(|term| term != "dumb")
        }
    }
}

/// stderr, with progress bars out of the way while a line is written.
struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::suspended(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbosity_decides_levels() {
        for (verbose, quiet, own) in
            [(0, 0, "info,"), (1, 0, "debug,"), (2, 0, "trace,"), (0, 1, "warn,"), (0, 3, "error,")]
        {
            let text = levels(verbose, quiet);
            assert!(text.starts_with(own), "{text}");
            assert!(EnvFilter::try_new(text).is_ok());
        }
    }

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        let none = BTreeMap::new();
        let plain = BTreeMap::from([("NO_COLOR".to_owned(), "1".to_owned())]);
        assert!(colored(Color::Auto, &none, true));
        assert!(!colored(Color::Auto, &none, false));
        assert!(!colored(Color::Auto, &plain, true));
        assert!(colored(Color::Always, &plain, false));
        assert!(!colored(Color::Never, &none, true));
    }
}
