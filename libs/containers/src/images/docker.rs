//! The `docker` command: what it says, sorted into errors with a way out.
//!
//! The command and not the engine's API: it knows contexts, credentials and proxies, packs build contexts, and is on
//! every machine that has an engine.

use std::collections::VecDeque;
use std::process::Stdio;
use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::time::Instant;

use super::ImageName;
use super::error::ImageError;

/// How many of a command's last lines an error shows.
const LINES_KEPT: usize = 40;
/// An engine that does not answer a question for this long does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// How a command ended.
#[derive(Debug)]
pub(super) struct Finished {
    pub success: bool,
    /// The last lines of both streams.
    pub lines: VecDeque<String>,
}

impl Finished {
    pub fn log(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// The line to show of a failed command: the last that is not empty.
    pub fn reason(&self) -> String {
        self.lines.iter().rev().find(|line| !line.trim().is_empty()).cloned().unwrap_or_default()
    }
}

/// When a command is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub first_line: Duration,
    pub whole: Duration,
}

/// `docker` with these arguments.
pub(super) fn docker<'a>(args: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new("docker");
    // Lines, not a drawing, also from the newer builder.
    command.args(args).env("BUILDKIT_PROGRESS", "plain").env("DOCKER_CLI_HINTS", "false");
    command
}

/// Runs `command` and tells each line it prints; `None` when it was stopped because a limit passed.
///
/// # Errors
/// `NoDocker` when there is no such program; failures to read from it.
///
/// # Cancel safety
/// Dropping the future kills the program.
pub(super) async fn run(
    mut command: Command,
    limits: Limits,
    mut told: impl FnMut(&str),
) -> Result<Option<Finished>, ImageError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let failed = |cause| ImageError::io("run", std::path::Path::new("docker"), cause);
    let mut child = command.spawn().map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => ImageError::NoDocker,
        _ => failed(cause),
    })?;
    let out = lines(child.stdout.take().expect("piped"));
    let err = lines(child.stderr.take().expect("piped"));
    let mut lines = Box::pin(stream::select(out, err));
    let begun = Instant::now();
    let mut deadline = begun + limits.first_line.min(limits.whole);
    let mut kept = VecDeque::new();
    loop {
        match tokio::time::timeout_at(deadline, lines.next()).await {
            Ok(Some(line)) => {
                let line = line.map_err(failed)?;
                deadline = begun + limits.whole;
                told(&line);
                if kept.len() == LINES_KEPT {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
            Ok(None) => break,
            Err(_) => {
                child.kill().await.map_err(failed)?;
                return Ok(None);
            }
        }
    }
    match tokio::time::timeout_at(deadline, child.wait()).await {
        Ok(status) => Ok(Some(Finished { success: status.map_err(failed)?.success(), lines: kept })),
        Err(_) => {
            child.kill().await.map_err(failed)?;
            Ok(None)
        }
    }
}

/// The lines of a stream, whatever bytes they hold.
fn lines(from: impl AsyncRead + Unpin) -> impl futures::Stream<Item = std::io::Result<String>> {
    stream::unfold(BufReader::new(from), |mut reader| async {
        let mut line = Vec::new();
        match reader.read_until(b'\n', &mut line).await {
            Ok(0) => None,
            Ok(_) => Some((Ok(plain(&String::from_utf8_lossy(&line))), reader)),
            Err(cause) => Some((Err(cause), reader)),
        }
    })
}

/// The line without colours, which the builder gives to what a step prints on standard error.
fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_string();
    let text = parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest));
    text.trim_end().to_string()
}

/// Asks the engine something that takes no time.
async fn ask(args: &[&str]) -> Result<Finished, ImageError> {
    let limits = Limits { first_line: ANSWER_MAX, whole: ANSWER_MAX };
    run(docker(args.iter().copied()), limits, |_| {}).await?.ok_or_else(|| ImageError::NotRunning {
        reason: format!("no answer within {} s", ANSWER_MAX.as_secs()),
    })
}

/// Checks that there is an engine and that we may use it.
///
/// # Errors
/// `NoDocker`, `NotRunning`, `NoPermission`.
pub(super) async fn check() -> Result<(), ImageError> {
    let finished = ask(&["version", "--format", "{{.Server.Version}}"]).await?;
    if finished.success { Ok(()) } else { Err(refusal("version", &finished)) }
}

/// Whether the engine has this image.
pub(super) async fn present(image: &ImageName) -> Result<bool, ImageError> {
    let finished = ask(&["image", "inspect", "--format", "{{.Id}}", &image.to_string()]).await?;
    let log = finished.log().to_lowercase();
    match finished.success {
        true => Ok(true),
        false if log.contains("no such image") || log.contains("not found") => Ok(false),
        false => Err(refusal("image inspect", &finished)),
    }
}

/// The size of an image that the engine has.
pub(super) async fn bytes(image: &ImageName) -> Result<u64, ImageError> {
    let finished = ask(&["image", "inspect", "--format", "{{.Size}}", &image.to_string()]).await?;
    finished.reason().trim().parse().map_err(|_| refusal("image inspect", &finished))
}

/// The error that fits what a failed command printed.
pub(super) fn refusal(command: &str, finished: &Finished) -> ImageError {
    let log = finished.log().to_lowercase();
    let reason = finished.reason();
    if log.contains("permission denied") && (log.contains("docker.sock") || log.contains("daemon socket")) {
        ImageError::NoPermission { reason }
    } else if [
        "cannot connect to the docker",
        "is the docker daemon running",
        "failed to connect to the docker",
    ]
    .iter()
    .any(|sign| log.contains(sign))
    {
        ImageError::NotRunning { reason }
    } else if is_full(&log) {
        ImageError::DiskFull { place: "where the Docker engine keeps images".to_string() }
    } else {
        ImageError::Docker { command: command.to_string(), reason }
    }
}

/// Whether the lower-case text tells of a full file system.
pub(super) fn is_full(log: &str) -> bool {
    log.contains("no space left on device") || log.contains("enough free space")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finished(text: &str) -> Finished {
        Finished { success: false, lines: text.lines().map(str::to_string).collect() }
    }

    #[test]
    fn what_docker_prints_becomes_the_error_that_fits() {
        let socket = "permission denied while trying to connect to the Docker daemon socket at \
                      unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied";
        let text = |log| refusal("version", &finished(log)).to_string();
        assert!(text(socket).contains("join the group docker"), "{}", text(socket));
        let down = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
        assert!(text(down).starts_with("the Docker engine does not answer; start it"), "{}", text(down));
        // Inside a build, a refused file is no matter of the socket.
        let build = "cp: cannot stat 'x': Permission denied\nThe command '/bin/sh -c cp x y' returned 1";
        assert!(text(build).starts_with("`docker version` failed: The command"), "{}", text(build));
        let full = "write /var/lib/docker/x: no space left on device";
        assert!(text(full).starts_with("no space left where the Docker engine"), "{}", text(full));
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(plain("\u{1b}[91mdebconf: no \u{1b}[0mfrontend\r\n"), "debconf: no frontend");
        assert_eq!(plain("Step 1/9 : FROM x"), "Step 1/9 : FROM x");
    }

    #[tokio::test]
    async fn a_program_that_is_missing_is_no_docker() {
        let limits = Limits { first_line: ANSWER_MAX, whole: ANSWER_MAX };
        let error = run(Command::new("no-such-docker"), limits, |_| {}).await.unwrap_err();
        assert!(error.to_string().starts_with("Docker is not installed; install it"), "{error}");
    }

    #[tokio::test]
    async fn a_silent_command_is_stopped_and_a_talking_one_is_not() {
        let limits = Limits { first_line: Duration::from_millis(50), whole: Duration::from_secs(60) };
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert!(run(shell("exec sleep 60"), limits, |_| {}).await.unwrap().is_none());
        let limits = Limits { first_line: ANSWER_MAX, whole: ANSWER_MAX };
        let mut seen = Vec::new();
        let finished =
            run(shell("echo one; echo two >&2; exit 3"), limits, |line| seen.push(line.to_string()));
        let finished = finished.await.unwrap().expect("it ended");
        seen.sort();
        assert_eq!((finished.success, seen), (false, vec!["one".to_string(), "two".to_string()]));
    }
}
