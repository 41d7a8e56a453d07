//! The frame around a program's body: from the command line to the exit code.

use std::{
    any::Any,
    borrow::Cow,
    io::{IsTerminal, Write},
    panic::AssertUnwindSafe,
    pin::Pin,
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use clap::{Parser, ValueEnum};

use crate::{
    Admin, AdminAddr, AdminState, Cluster, Environment, Exit, Failure, Health, Loaded, LogFormat, Metrics,
    OrFail, Places, Progress, SharedArgs, Shutdown, Status, Surroundings, Taps, config::variable, load,
    load::Stop, logs, shutdown, traces::Traces,
};

/// How long a graceful end may take.
pub const SHUTDOWN_LIMIT: Duration = Duration::from_secs(30);

/// How long threads that block may hold up the end of the process.
const BLOCKED_LIMIT: Duration = Duration::from_secs(1);

/// How often observations of histograms are moved into buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// A program's name and version.
#[derive(Clone, Copy, Debug)]
pub struct ProgramInfo {
    /// As the user calls it.
    pub name: &'static str,
    /// `env!("CARGO_PKG_VERSION")`.
    pub version: &'static str,
    /// How long a graceful end may take; default [`SHUTDOWN_LIMIT`].
    pub shutdown_limit: Duration,
}

impl ProgramInfo {
    /// A program with the default limit.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, shutdown_limit: SHUTDOWN_LIMIT }
    }
}

/// What a program's body is given.
#[derive(Clone, Debug)]
pub struct Context {
    /// Name and version.
    pub program: ProgramInfo,
    /// The environment.
    pub environment: Environment,
    /// Identity of state, transactions and epochs.
    pub pipeline: String,
    /// The systems, as configured.
    pub cluster: Cluster,
    /// Where relative paths point to.
    pub places: Places,
    /// A request to stop, and what delays it.
    pub shutdown: Shutdown,
    /// Which inputs and outputs are connected.
    pub health: Health,
    /// Sections of `/status`.
    pub status: Status,
    /// Rows at `/tap`.
    pub taps: Taps,
    show_progress: bool,
}

impl Context {
    /// Shows how far a bounded run is, on a terminal; counts `unit` (plural, such as `rows`).
    pub fn progress(&self, what: impl Into<Cow<'static, str>>, total: Option<u64>, unit: &str) -> Progress {
        Progress::start(self.show_progress, what, total, unit)
    }
}

/// The body of a program, boxed by the library that has it: an `async fn` would be compiled again in every program and
/// test that awaits it.
pub type Body = Pin<Box<dyn Future<Output = Result<(), Failure>>>>;

/// Runs `body` between everything a program needs: configuration, logs, traces, metrics, the admin server,
/// signals and `--duration`. An error becomes its exit code and the last lines on stderr.
///
/// After a signal or the duration, `body` has [`ProgramInfo::shutdown_limit`] to return; it need not be `Send`,
/// and must not block its thread.
pub fn run<A, F>(program: ProgramInfo, body: impl FnOnce(Context, A) -> F) -> ExitCode
where
    A: Parser + AsRef<SharedArgs>,
    F: Future<Output = Result<(), Failure>>,
{
    run_with(program, &Surroundings::of_process(), body).into()
}

/// [`run`] with a command line and variables of the caller's. It installs logs, metrics and signal handlers of
/// the process, so one process can do it once.
pub fn run_with<A, F>(program: ProgramInfo, from: &Surroundings, body: impl FnOnce(Context, A) -> F) -> Exit
where
    A: Parser + AsRef<SharedArgs>,
    F: Future<Output = Result<(), Failure>>,
{
    let loaded = match load::<A>(&program, from) {
        Ok(loaded) => loaded,
        Err(stop) => return stopped(stop, wanted_format(from)),
    };
    let format = loaded.args.as_ref().log_format;
    match serve(program, loaded, from, body) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            failure.report(format);
            failure.exit()
        }
    }
}

fn serve<A, F>(
    program: ProgramInfo,
    loaded: Loaded<A>,
    surroundings: &Surroundings,
    body: impl FnOnce(Context, A) -> F,
) -> Result<(), Failure>
where
    A: AsRef<SharedArgs>,
    F: Future<Output = Result<(), Failure>>,
{
    let traces = Traces::start(&program, &surroundings.variables)?;
    let mut shared = loaded.args.as_ref().clone();
    if loaded.subcommand && shared.verbose == 0 {
        shared.quiet = shared.quiet.max(1);
    }
    logs::install(&shared, &surroundings.variables, traces.as_ref().map(Traces::tracer))?;
    logs::install_panic_hook();
    let metrics = Metrics::install()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .or_fail(Exit::Failure, "the async runtime cannot start")?;
    let caught = std::panic::catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(drive(program, loaded, metrics, body))
    }));
    runtime.shutdown_timeout(BLOCKED_LIMIT);
    if let Some(traces) = traces {
        traces.end();
    }
    caught.unwrap_or_else(|panic| {
        Err(Failure::internal(format!("{} has a bug: {}", program.name, panic_text(&*panic)))
            .remedy("report it with the lines above"))
    })
}

async fn drive<A, F>(
    program: ProgramInfo,
    loaded: Loaded<A>,
    metrics: Metrics,
    body: impl FnOnce(Context, A) -> F,
) -> Result<(), Failure>
where
    A: AsRef<SharedArgs>,
    F: Future<Output = Result<(), Failure>>,
{
    let started = Instant::now();
    let Loaded { args, environment, pipeline, cluster, places, files, subcommand } = loaded;
    let shared: &SharedArgs = args.as_ref();
    let (shutdown, health, status) = (Shutdown::default(), Health::default(), Status::default());
    let taps = Taps::new(shared.admin_tap.unwrap_or(environment.is_development()));
    tokio::spawn(shutdown::Signals::install()?.watch(shutdown.clone()));
    build_info(&program, &pipeline, &environment);
    tracing::info!(program = program.name, version = program.version, %environment, pipeline, ?files, "Starting.");

    let state = AdminState {
        program,
        pipeline: pipeline.clone(),
        environment: environment.clone(),
        started,
        health: health.clone(),
        status: status.clone(),
        metrics: metrics.clone(),
        taps: taps.clone(),
    };
    // A check beside a running program must not compete for its port.
    let admin_addr = if subcommand { Some(&AdminAddr::Off) } else { shared.admin_addr.as_ref() };
    let _admin = Admin::start(admin_addr, state).await?;
    tokio::spawn(upkeep(metrics));
    if let Some(duration) = shared.duration() {
        tokio::spawn(shutdown::stop_after(duration, health.clone(), shutdown.clone()));
    }
    let terminal = std::io::stderr().is_terminal();
    let show_progress = terminal && shared.quiet == 0 && shared.log_format == LogFormat::Text;
    let stop = shutdown.clone();
    let ctx = Context {
        program,
        environment,
        pipeline,
        cluster,
        places,
        shutdown,
        health,
        status,
        taps,
        show_progress,
    };
    tokio::select! {
        biased;
        ended = body(ctx, args) => ended,
        failure = stop.overdue(program.shutdown_limit) => Err(failure),
    }
}

fn build_info(program: &ProgramInfo, pipeline: &str, environment: &Environment) {
    metrics::gauge!(
        "ibb_build_info",
        "program" => program.name,
        "version" => program.version,
        "pipeline" => pipeline.to_owned(),
        "environment" => environment.to_string(),
    )
    .set(1.0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    metrics::gauge!("ibb_start_time_seconds").set(now.as_secs_f64());
}

async fn upkeep(metrics: Metrics) {
    let mut ticks = tokio::time::interval(UPKEEP);
    loop {
        ticks.tick().await;
        metrics.upkeep();
    }
}

/// Says why the body is not reached.
fn stopped(stop: Stop, format: LogFormat) -> Exit {
    match stop {
        Stop::Say(text) => {
            // A reader that closed the pipe early, such as `head`, has seen enough.
            let _ = std::io::stdout().write_all(text.as_bytes());
            Exit::Done
        }
        Stop::Fail(failure) => {
            failure.report(format);
            failure.exit()
        }
        Stop::Usage(error, problems) => {
            if !problems.0.is_empty() {
                Failure::from(problems).report(format);
            }
            match format {
                LogFormat::Text => {
                    let _ = error.print();
                }
                LogFormat::Json => {
                    let text = error.render().to_string();
                    Failure::usage(text.trim_start_matches("error: ").trim_end()).report(format);
                }
            }
            Exit::Usage
        }
    }
}

/// The log format as far as it can be known before the configuration is.
fn wanted_format(surroundings: &Surroundings) -> LogFormat {
    let arguments: Vec<_> =
        surroundings.arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--log-format="));
    let apart = arguments.windows(2).find(|pair| pair[0] == "--log-format").map(|pair| &*pair[1]);
    let twin = surroundings.variables.get(&variable("log_format")).map(String::as_str);
    let text = joined.or(apart).or(twin).unwrap_or_default();
    LogFormat::from_str(text, true).unwrap_or_default()
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("it panicked")
}
