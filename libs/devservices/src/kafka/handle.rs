//! The handle of a program on its embedded Kafka.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::broker::{Answer, SERVICE_KAFKA, SERVICE_VARIABLE, TOPICS_VARIABLE, Topic};
use super::discovery::{self, Found};
use crate::lock::{self, FileLock};
use crate::postgres::{create_open_folder, last_lines};
use crate::{DevServiceError, Startup};

const SERVICE: &str = "the embedded Kafka";

/// How long the broker's process may take to notice that we let go of it.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer to one command may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// The program to run as the broker's process.
#[derive(Clone, Debug)]
pub struct DevProgram {
    pub exe: PathBuf,
    pub args: Vec<String>,
}

impl DevProgram {
    /// This very executable, even if its file was replaced meanwhile.
    fn this() -> Self {
        Self { exe: PathBuf::from("/proc/self/exe"), args: Vec::new() }
    }
}

/// Where and how to start. [`KafkaOptions::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct KafkaOptions {
    /// The program's state folder; `dev/kafka.json` in it announces the broker while it runs.
    pub state_dir: PathBuf,
    /// Topics to create, each with its number of partitions. A topic not named here comes into being with four
    /// partitions when a client first asks for it. Default none.
    pub topics: Vec<(String, i32)>,
    /// Limit for the broker to answer. Default 30 s.
    pub start_timeout: Duration,
    /// What to run; it must call [`crate::child_entry`] first. Default: this program, without arguments.
    pub program: DevProgram,
}

impl KafkaOptions {
    /// The defaults for a broker announced in `state_dir`.
    pub fn new(state_dir: impl Into<PathBuf>) -> Self {
        Self {
            state_dir: state_dir.into(),
            topics: Vec::new(),
            start_timeout: Duration::from_secs(30),
            program: DevProgram::this(),
        }
    }
}

/// librdkafka's mock cluster of one broker, in a process that ends when this handle, or the program, does.
///
/// It is no Kafka to rely on: nothing is kept on disk, a partition keeps 5 MiB of record batches and drops the oldest
/// beyond that (see [`crate::Pacer`]), aborted transactions stay visible, and offsets in transactions are ignored.
pub struct EmbeddedKafka {
    state_dir: PathBuf,
    found: Found,
    startup: Startup,
    child: Child,
    /// Its end is the broker's end. `None` once we let go.
    commands: Option<ChildStdin>,
    answers: Lines<BufReader<ChildStdout>>,
    /// One broker per state folder.
    _lock: FileLock,
}

impl EmbeddedKafka {
    /// Starts the broker and waits until it answers.
    ///
    /// # Errors
    /// `AlreadyRunning` when a live program has one in the same state folder; see [`DevServiceError`] for the rest.
    ///
    /// # Cancel safety
    /// Dropping the future ends the broker's process.
    pub async fn start(options: KafkaOptions) -> Result<Self, DevServiceError> {
        let begun = std::time::Instant::now();
        if std::env::var_os(SERVICE_VARIABLE).is_some() {
            return Err(DevServiceError::NoChildEntry);
        }
        let folder = discovery::folder(&options.state_dir);
        create_open_folder(&folder)?;
        let lock = Self::lock(&options, &folder).await?;
        let log = folder.join("kafka.log");
        let mut child = Self::spawn(&options, &log)?;
        let commands = child.stdin.take();
        let answers = child.stdout.take().expect("standard output is piped");
        let mut answers = BufReader::new(answers).lines();
        let timeout = options.start_timeout;
        let bootstrap = match tokio::time::timeout(timeout, first_answer(&mut answers)).await {
            Ok(Ok(Answer::Bootstrap(bootstrap))) => bootstrap,
            Ok(Ok(Answer::Failed(reason))) => {
                return Err(DevServiceError::Broker { action: "start", reason });
            }
            Ok(Ok(answer)) => return Err(DevServiceError::BadAnswer { answer: format!("{answer:?}") }),
            Ok(Err(Some(answer))) => return Err(DevServiceError::BadAnswer { answer }),
            Ok(Err(None)) => return Err(ended(&mut child, &log).await),
            Err(_) => {
                return Err(DevServiceError::StartTimedOut { service: SERVICE, timeout, log: tail(&log) });
            }
        };
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let Some(found) = pid.and_then(|pid| Found::new(pid, bootstrap)) else {
            return Err(ended(&mut child, &log).await);
        };
        found.announce(&options.state_dir)?;
        let startup = Startup { how: crate::StartedHow::Started, elapsed: begun.elapsed() };
        Ok(Self { state_dir: options.state_dir, found, startup, child, commands, answers, _lock: lock })
    }

    /// The embedded Kafka of another program with this state folder, if it lives and answers. May block for 1 s.
    pub fn discover(state_dir: &Path) -> Option<Found> {
        Found::discover(state_dir)
    }

    async fn lock(options: &KafkaOptions, folder: &Path) -> Result<FileLock, DevServiceError> {
        let path = folder.join("kafka.lock");
        if let Some(lock) = lock::try_exclusive(&path)? {
            return Ok(lock);
        }
        // Its owner may be starting it, or ending.
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        let deadline = std::time::Instant::now() + options.start_timeout;
        loop {
            tick.tick().await;
            if let Some(lock) = lock::try_exclusive(&path)? {
                return Ok(lock);
            }
            if let Some(Found { pid, bootstrap, .. }) = Self::discover(&options.state_dir) {
                return Err(DevServiceError::AlreadyRunning { bootstrap, pid });
            }
            if std::time::Instant::now() >= deadline {
                return Err(DevServiceError::Locked { path, timeout: options.start_timeout });
            }
        }
    }

    fn spawn(options: &KafkaOptions, log: &Path) -> Result<Child, DevServiceError> {
        let topics: Vec<Topic> = options
            .topics
            .iter()
            .map(|(topic, partitions)| Topic { topic: topic.clone(), partitions: *partitions })
            .collect();
        let topics = serde_json::to_string(&topics).expect("plain fields always serialise");
        let stderr = fs::File::create(log).map_err(|cause| DevServiceError::io("create", log, cause))?;
        let DevProgram { exe, args } = &options.program;
        Command::new(exe)
            .args(args)
            .env(SERVICE_VARIABLE, SERVICE_KAFKA)
            .env(TOPICS_VARIABLE, topics)
            // Ctrl-C in a terminal reaches its whole group: the broker must outlive our own shutdown.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| DevServiceError::io("run", exe, cause))
    }

    /// `host:port` for `bootstrap.servers`.
    pub fn bootstrap(&self) -> &str {
        &self.found.bootstrap
    }

    /// The broker's process.
    pub fn pid(&self) -> i32 {
        self.found.pid
    }

    /// How long the start took.
    pub fn startup(&self) -> Startup {
        self.startup
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// `Broker` when it exists already or `partitions` is not positive; `StartTimedOut` when the broker hangs.
    pub async fn create_topic(&mut self, topic: &str, partitions: i32) -> Result<(), DevServiceError> {
        let wanted = Topic { topic: topic.to_string(), partitions };
        let mut line = serde_json::to_string(&wanted).expect("plain fields always serialise");
        line.push('\n');
        let broken = |reason: String| DevServiceError::Broker { action: "create a topic", reason };
        let Some(commands) = &mut self.commands else { return Err(broken("it has ended".to_string())) };
        commands.write_all(line.as_bytes()).await.map_err(|error| broken(error.to_string()))?;
        match tokio::time::timeout(ANSWER_TIMEOUT, first_answer(&mut self.answers)).await {
            Ok(Ok(Answer::Created(created))) if created == wanted => Ok(()),
            Ok(Ok(Answer::Failed(reason))) => Err(broken(reason)),
            Ok(Ok(answer)) => Err(DevServiceError::BadAnswer { answer: format!("{answer:?}") }),
            Ok(Err(line)) => Err(broken(format!("it has ended ({})", line.unwrap_or_default()))),
            Err(_) => Err(broken(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))),
        }
    }

    /// Ends the broker and waits for its process. Every record in it is gone.
    ///
    /// # Errors
    /// `StopTimedOut` when the process does not end; dropping the handle kills it then.
    pub async fn stop(mut self) -> Result<(), DevServiceError> {
        self.found.withdraw(&self.state_dir);
        drop(self.commands.take());
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(DevServiceError::io("wait for", Path::new("/proc/self"), cause)),
            Err(_) => Err(DevServiceError::StopTimedOut {
                service: SERVICE,
                pid: self.found.pid,
                timeout: STOP_TIMEOUT,
            }),
        }
    }
}

impl Drop for EmbeddedKafka {
    fn drop(&mut self) {
        self.found.withdraw(&self.state_dir);
    }
}

impl fmt::Debug for EmbeddedKafka {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedKafka")
            .field("state_dir", &self.state_dir)
            .field("found", &self.found)
            .finish_non_exhaustive()
    }
}

/// The next answer. Other lines are passed over; if nothing but those came, the last of them is the error.
async fn first_answer(lines: &mut Lines<BufReader<ChildStdout>>) -> Result<Answer, Option<String>> {
    let mut other = None;
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(answer) => return Ok(answer),
            Err(_) if line.trim().is_empty() => {}
            Err(_) => other = Some(line),
        }
    }
    Err(other)
}

async fn ended(child: &mut Child, log: &Path) -> DevServiceError {
    let status = match tokio::time::timeout(STOP_TIMEOUT, child.wait()).await {
        Ok(Ok(status)) => status.to_string(),
        _ => "its output was closed".to_string(),
    };
    DevServiceError::Exited { service: SERVICE, status, log: tail(log) }
}

fn tail(log: &Path) -> String {
    last_lines(&String::from_utf8_lossy(&fs::read(log).unwrap_or_default()))
}
