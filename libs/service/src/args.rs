//! The flags that every program takes, and those of programs that run SQL on an engine.

use std::{fmt, num::NonZeroUsize, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Subcommand, ValueEnum, ValueHint};

use crate::{Environment, Failure, Places};

/// Flags of every program. Each has an environment twin (`--state-dir`, `IBB__STATE_DIR`) and, but for the
/// first three, a key in the configuration files (`state_dir`).
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Shared options")]
pub struct SharedArgs {
    /// Configuration file [default: config/cluster.yaml of the workspace]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Environment: `development`, `production` or another name; adds `<env>.yaml` beside the file
    #[arg(long, value_name = "NAME", default_value = "development")]
    pub env: Environment,

    /// Override one configuration key; may be repeated
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,

    /// Tasks per operator [default: one per core]
    #[arg(long, value_name = "N")]
    pub parallelism: Option<NonZeroUsize>,

    /// Time between two checkpoints, in milliseconds, at least 10
    #[arg(long, value_name = "MS", default_value = "1000", value_parser = checkpoint_interval)]
    pub checkpoint_interval: Duration,

    /// Stop by itself this many seconds after everything is connected; 0 = for ever
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub duration: Duration,

    /// Validate everything, print the plan, and end
    #[arg(long)]
    pub dry_run: bool,

    /// Print the script with its parameters filled, and end
    #[arg(long)]
    pub render: bool,

    /// Identity of state, transactions and epochs; required outside development [default: the program's name]
    #[arg(long, value_name = "NAME", value_parser = pipeline_name)]
    pub pipeline: Option<String>,

    /// Checkpoints and savepoints: a folder or an object store URL [default: .ibb in the workspace]
    #[arg(long, value_name = "PATH|URL", value_hint = ValueHint::DirPath)]
    pub state_dir: Option<String>,

    /// Where bad records go: a topic, a file (with a `/` in it), or `off` [default: decided by the program]
    #[arg(long, value_name = "TOPIC|PATH|off")]
    pub dead_letters: Option<DeadLetters>,

    /// Who gives the services that are not configured, in development
    #[arg(long, value_name = "WHO", default_value = "auto")]
    pub dev_services: DevServices,

    /// How long to wait for inputs and outputs at the start
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub connect_timeout: Duration,

    /// Format of the logs, which go to stderr
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,

    /// Health, metrics, status and a live page over HTTP, or `off` [default: 127.0.0.1:9464, or a free port if that is taken]
    #[arg(long, value_name = "HOST:PORT|off")]
    pub admin_addr: Option<AdminAddr>,

    /// Show rows of the running pipeline at /tap of the admin address [default: in development only]
    #[arg(long, value_name = "true|false")]
    pub admin_tap: Option<bool>,

    /// Log more: -v debug, -vv trace
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Log less: -q warnings and errors, -qq errors only
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub quiet: u8,

    /// Colour in logs
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

impl SharedArgs {
    /// `--parallelism`, or the number of cores this process may use.
    pub fn parallelism(&self) -> NonZeroUsize {
        self.parallelism.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// `--duration`, where 0 is none.
    pub fn duration(&self) -> Option<Duration> {
        (!self.duration.is_zero()).then_some(self.duration)
    }

    /// `--state-dir` resolved: `.ibb` of the workspace when not given.
    pub fn state_dir(&self, places: &Places) -> StateDir {
        match self.state_dir.as_deref() {
            None => StateDir::Folder(places.workspace_path(".ibb")),
            Some(url) if url.contains("://") => StateDir::Url(url.to_owned()),
            Some(path) => StateDir::Folder(places.user_path(path)),
        }
    }
}

/// Flags of programs that run SQL on an engine.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Engine options")]
pub struct EngineArgs {
    /// Where the SQL runs: in this process, or on a cluster
    #[arg(long, value_name = "ENGINE", default_value = "embedded")]
    pub engine: Engine,

    /// Run this script in place of the shipped one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub sql: Option<PathBuf>,

    /// When stopping, take a savepoint and print its place
    #[arg(long)]
    pub stop_with_savepoint: bool,

    /// Start from this savepoint, as a new generation
    #[arg(long, value_name = "PATH|URL")]
    pub from_savepoint: Option<String>,

    /// Drop what the savepoint holds and the script has no place for; without it that is refused by name
    #[arg(long)]
    pub allow_non_restored_state: bool,

    /// Hand the job to the cluster and end; with a cluster engine only
    #[arg(long)]
    pub detach: bool,
}

/// What a program does with a script instead of running it. Neither starts, nor asks, any service.
#[derive(Subcommand, Clone, Debug)]
pub enum ScriptCommand {
    /// Check scripts and the options of their tables, and end
    Validate {
        /// The scripts; without any that of --sql, else the shipped one
        #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Run scripts over the records of a folder, and compare with the rows it expects
    Test {
        /// Folders with `input/` and `expected/`, or folders of such folders
        #[arg(value_name = "FOLDER", required = true, value_hint = ValueHint::DirPath)]
        folders: Vec<PathBuf>,

        /// Write what comes out as what is expected
        #[arg(long, display_order = 0)]
        update: bool,
    },
}

/// What of [`EngineArgs`] a program can do.
#[derive(Clone, Copy, Debug)]
pub struct EngineSupport {
    /// The engines it runs on.
    pub engines: &'static [Engine],
    /// Whether a script may be given.
    pub sql: bool,
    /// Whether savepoints can be taken and restored.
    pub savepoints: bool,
}

impl EngineArgs {
    /// Refuses, by name and all at once, what `program` does not support.
    ///
    /// # Errors
    /// A usage failure (64).
    pub fn check(&self, program: &str, support: &EngineSupport) -> Result<(), Failure> {
        let mut refused = Vec::new();
        if !support.engines.contains(&self.engine) {
            let engines: Vec<_> = support.engines.iter().map(Engine::to_string).collect();
            refused.push(format!("--engine {}: it runs on {}", self.engine, engines.join(", ")));
        }
        if self.sql.is_some() && !support.sql {
            refused.push("--sql: it has no script to replace".to_owned());
        }
        if self.stop_with_savepoint && !support.savepoints {
            refused.push("--stop-with-savepoint: it keeps no state".to_owned());
        }
        if self.from_savepoint.is_some() && !support.savepoints {
            refused.push("--from-savepoint: it keeps no state".to_owned());
        }
        if self.allow_non_restored_state && self.from_savepoint.is_none() {
            refused
                .push("--allow-non-restored-state: it says what --from-savepoint may leave out".to_owned());
        }
        if self.detach && self.engine == Engine::Embedded {
            refused.push(
                "--detach: the embedded engine ends with the program; name a cluster engine".to_owned(),
            );
        }
        if refused.is_empty() {
            return Ok(());
        }
        let failure = Failure::usage(format!("{program} does not support what the command line asks for"));
        Err(refused.into_iter().fold(failure, Failure::detail).remedy(format!("{program} --help")))
    }
}

/// Where the SQL runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// In this process.
    Embedded,
    /// On a Flink cluster, through its SQL Gateway.
    Flink,
    /// On a Spark cluster, through Spark Connect.
    Spark,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Embedded => "embedded",
            Self::Flink => "flink",
            Self::Spark => "spark",
        })
    }
}

/// Format of the logs and of the last error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One sentence and fields, for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Who gives services that are not configured. Outside development nobody does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DevServices {
    /// A container if Docker answers and has the image or can pull it, else an embedded one.
    #[default]
    Auto,
    /// A container; its image is built if no registry gives it.
    Container,
    /// One in this process or beside it, without Docker.
    Embedded,
    /// Nobody: what is not configured is an error.
    Off,
}

/// When logs are coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where bad records go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadLetters {
    /// Nowhere: bad records are counted and dropped.
    Off,
    /// A Kafka topic.
    Topic(String),
    /// A file, as the user gave it; resolve it with [`Places::user_path`].
    File(PathBuf),
}

impl FromStr for DeadLetters {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let topic = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        match text {
            "off" => Ok(Self::Off),
            // A slash is in no topic name, so it tells a file; `./name` gives one beside the user.
            _ if text.contains('/') => Ok(Self::File(text.into())),
            _ if (1..=249).contains(&text.len())
                && text.chars().all(topic)
                && text != "."
                && text != ".." =>
            {
                Ok(Self::Topic(text.to_owned()))
            }
            _ => Err("neither a topic name, nor a path with a `/`, nor `off`".to_owned()),
        }
    }
}

/// Where the admin server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddr {
    /// No admin server.
    Off,
    /// `HOST:PORT`; port 0 takes a free one.
    At(String),
}

impl FromStr for AdminAddr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let port = |port: &str| port.parse::<u16>().is_ok();
        match text.rsplit_once(':') {
            _ if text == "off" => Ok(Self::Off),
            Some((host, end)) if !host.is_empty() && port(end) => Ok(Self::At(text.to_owned())),
            _ => Err("neither HOST:PORT nor `off`".to_owned()),
        }
    }
}

/// Where checkpoints and savepoints live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StateDir {
    /// A folder, resolved.
    Folder(PathBuf),
    /// An object store, such as `s3://bucket/prefix`.
    Url(String),
}

/// Seconds, fractions allowed, up to ten years.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if seconds <= 315_360_000.0 => Ok(duration),
        _ => Err("not between 0 and ten years".to_owned()),
    }
}

fn checkpoint_interval(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(ms) if (10..=86_400_000).contains(&ms) => Ok(Duration::from_millis(ms)),
        _ => Err("not a number of milliseconds between 10 and 86400000".to_owned()),
    }
}

/// A pipeline's name becomes part of folder, group and transaction names.
fn pipeline_name(text: &str) -> Result<String, String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=100).contains(&text.len()) && text.chars().all(fine) && !text.starts_with('.') {
        Ok(text.to_owned())
    } else {
        Err("a pipeline is named by 1 to 100 letters, digits, `.`, `_` and `-`".to_owned())
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
