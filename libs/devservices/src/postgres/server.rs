//! The server process: found alive, launched, made ready, ended.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::folder::{Folder, HOST};
use crate::DevServiceError;
use crate::cache::Binaries;
use crate::process::{self, Signal, detached_command};

/// How often a condition is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a fast shutdown may take before the server is told to end at once.
const FAST_STOP: Duration = Duration::from_secs(20);
/// How long ending at once may take.
const IMMEDIATE_STOP: Duration = Duration::from_secs(10);

pub(super) const SERVICE: &str = "the embedded PostgreSQL";

/// A ready server.
#[derive(Debug)]
pub(super) struct Server {
    pub pid: i32,
    pub port: u16,
    /// Ours to reap when we launched it; `None` when adopted.
    child: Option<Child>,
}

/// What `postmaster.pid` says.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: i32,
    /// `None` while the server has only begun to write the file.
    port: Option<u16>,
    ready: bool,
}

impl PidFile {
    /// Lines: pid, data folder, start time, port, socket folder, listen address, shared memory, status.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok().filter(|pid| *pid > 1)?,
            port: lines.get(3).and_then(|port| port.parse().ok()),
            ready: lines.get(7) == Some(&"ready"),
        })
    }

    fn read(folder: &Folder) -> Result<Option<Self>, DevServiceError> {
        let path = folder.data().join("postmaster.pid");
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(DevServiceError::io("read", &path, cause)),
        }
    }
}

/// The server that already serves `folder`, once it is ready. Needs the folder's lock.
///
/// `None` when there is none, or when the one there ended while we waited. A file that names a process of someone
/// else (after a reboot) is removed, since PostgreSQL itself would refuse to start beside it.
///
/// # Errors
/// `StartTimedOut` when a live server is not ready by `deadline`.
pub(super) async fn find_running(
    folder: &Folder,
    begun: Instant,
    deadline: Instant,
) -> Result<Option<Server>, DevServiceError> {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let Some(file) = PidFile::read(folder)? else { return Ok(None) };
        if !serves(file.pid, &folder.data()) {
            let path = folder.data().join("postmaster.pid");
            if process::started_ticks(file.pid).is_some() {
                fs::remove_file(&path).map_err(|cause| DevServiceError::io("remove", &path, cause))?;
            }
            return Ok(None);
        }
        if let (true, Some(port)) = (file.ready, file.port) {
            return Ok(Some(Server { pid: file.pid, port, child: None }));
        }
        if Instant::now() >= deadline {
            return Err(timed_out(folder, begun));
        }
    }
}

/// Starts the server and waits until it is ready. Needs the folder's lock.
///
/// What the previous server may leave for a moment (its shared memory, its port) is waited out until `deadline`.
///
/// # Cancel safety
/// Dropping the future may leave a server that starts; the next start adopts it.
pub(super) async fn launch(
    folder: &Folder,
    binaries: &Binaries,
    durable: bool,
    begun: Instant,
    deadline: Instant,
) -> Result<Server, DevServiceError> {
    let mut tick = tokio::time::interval(LOOK_EVERY);
    let mut avoid = None;
    loop {
        tick.tick().await;
        if let Some(server) = find_running(folder, begun, deadline).await? {
            return Ok(server);
        }
        let port = folder.choose_port(avoid)?;
        let child = spawn(folder, binaries, durable, port)?;
        match wait_ready(folder, child, port, begun, deadline).await {
            Ok(server) => {
                folder.remember_port(port)?;
                return Ok(server);
            }
            Err(DevServiceError::Exited { log, .. })
                if passes_by_itself(&log) && Instant::now() < deadline =>
            {
                avoid = Some(port);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether the reason for an early end goes away: the port was taken in between, or processes of a killed server
/// have not noticed yet.
fn passes_by_itself(log: &str) -> bool {
    ["Address already in use", "shared memory block", "\"postmaster.pid\" already exists"]
        .iter()
        .any(|reason| log.contains(reason))
}

fn spawn(folder: &Folder, binaries: &Binaries, durable: bool, port: u16) -> Result<Child, DevServiceError> {
    let log = folder.log();
    if log.exists() {
        let old = log.with_extension("log.old");
        fs::rename(&log, &old).map_err(|cause| DevServiceError::io("rename", &log, cause))?;
    }
    // The log may quote data, so it is for our eyes only; the server writes through the open file.
    let stderr = fs::OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&log)
        .map_err(|cause| DevServiceError::io("create", &log, cause))?;
    let on_off = if durable { "on" } else { "off" };
    let settings = [
        format!("listen_addresses={HOST}"),
        format!("port={port}"),
        // Paths of sockets are limited to 107 bytes, so TCP on the loopback interface is the one way in.
        "unix_socket_directories=".to_string(),
        "max_connections=50".to_string(),
        "shared_buffers=32MB".to_string(),
        "wal_level=logical".to_string(),
        format!("fsync={on_off}"),
        format!("full_page_writes={on_off}"),
        format!("synchronous_commit={on_off}"),
        "logging_collector=off".to_string(),
        "timezone=UTC".to_string(),
        "log_timezone=UTC".to_string(),
    ];
    let program = binaries.program("postgres");
    let mut command = detached_command(&program, folder.user.as_ref());
    command.arg("-D").arg(folder.data());
    for setting in settings {
        command.arg("-c").arg(setting);
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        .spawn()
        .map_err(|cause| DevServiceError::io("run", &program, cause))
}

async fn wait_ready(
    folder: &Folder,
    mut child: Child,
    port: u16,
    begun: Instant,
    deadline: Instant,
) -> Result<Server, DevServiceError> {
    let pid = i32::try_from(child.id()).expect("Linux pids fit");
    let mut tick = tokio::time::interval(LOOK_EVERY);
    loop {
        tick.tick().await;
        let ended =
            child.try_wait().map_err(|cause| DevServiceError::io("wait for", folder.root(), cause))?;
        if let Some(status) = ended {
            let log = folder.log_tail();
            return Err(DevServiceError::Exited { service: SERVICE, status: status.to_string(), log });
        }
        if PidFile::read(folder)?.is_some_and(|file| file.pid == pid && file.ready) {
            return Ok(Server { pid, port, child: Some(child) });
        }
        if Instant::now() >= deadline {
            let error = timed_out(folder, begun);
            Server { pid, port, child: Some(child) }.stop().await?;
            return Err(error);
        }
    }
}

fn timed_out(folder: &Folder, begun: Instant) -> DevServiceError {
    DevServiceError::StartTimedOut { service: SERVICE, timeout: begun.elapsed(), log: folder.log_tail() }
}

/// Whether `pid` lives and is the server of `data`: a server works inside its data folder.
fn serves(pid: i32, data: &Path) -> bool {
    process::working_folder(pid).is_some_and(|folder| folder == data)
}

impl Server {
    /// Ends the server in good order (fast shutdown: sessions are cut, data is written), at once if that takes too
    /// long.
    pub async fn stop(&mut self) -> Result<(), DevServiceError> {
        if self.signal_and_wait(Signal::Interrupt, FAST_STOP).await? {
            return Ok(());
        }
        tracing::warn!(
            pid = self.pid,
            "The embedded PostgreSQL did not shut down in time and is ended at once"
        );
        if self.signal_and_wait(Signal::Quit, IMMEDIATE_STOP).await? {
            return Ok(());
        }
        Err(DevServiceError::StopTimedOut {
            service: SERVICE,
            pid: self.pid,
            timeout: FAST_STOP + IMMEDIATE_STOP,
        })
    }

    /// Ends the server like a crash would.
    pub async fn kill(&mut self) -> Result<(), DevServiceError> {
        if self.signal_and_wait(Signal::Kill, IMMEDIATE_STOP).await? {
            return Ok(());
        }
        Err(DevServiceError::StopTimedOut { service: SERVICE, pid: self.pid, timeout: IMMEDIATE_STOP })
    }

    /// Asks for a fast shutdown and does not wait for it.
    pub fn ask_to_stop(&mut self) -> Result<(), DevServiceError> {
        if self.ended() { Ok(()) } else { self.send(Signal::Interrupt) }
    }

    /// True when the process ended within `limit`.
    async fn signal_and_wait(&mut self, signal: Signal, limit: Duration) -> Result<bool, DevServiceError> {
        if self.ended() {
            return Ok(true);
        }
        self.send(signal)?;
        let deadline = Instant::now() + limit;
        let mut tick = tokio::time::interval(LOOK_EVERY);
        while Instant::now() < deadline {
            tick.tick().await;
            if self.ended() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn send(&self, signal: Signal) -> Result<(), DevServiceError> {
        let path = Path::new("/proc").join(self.pid.to_string());
        process::send(self.pid, signal).map_err(|cause| DevServiceError::io("signal", &path, cause))
    }

    /// Whether the process is gone; reaps it when it was ours.
    fn ended(&mut self) -> bool {
        match &mut self.child {
            Some(child) => !matches!(child.try_wait(), Ok(None)),
            None => process::working_folder(self.pid).is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: only a whole file of a ready server counts as ready.
    #[test]
    fn pid_files_are_read() {
        let whole = "4711\n/x/data\n1700000000\n5433\n\n127.0.0.1\n  5433001   3\nready   \n";
        assert_eq!(PidFile::parse(whole), Some(PidFile { pid: 4711, port: Some(5433), ready: true }));
        let starting = whole.replace("ready", "starting");
        assert_eq!(PidFile::parse(&starting), Some(PidFile { pid: 4711, port: Some(5433), ready: false }));
        assert_eq!(PidFile::parse("4711\n/x"), Some(PidFile { pid: 4711, port: None, ready: false }));
        for bad in ["", "0\n", "-1\n", "x\n"] {
            assert_eq!(PidFile::parse(bad), None, "{bad:?}");
        }
    }
}
