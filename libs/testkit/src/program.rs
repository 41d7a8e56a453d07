//! A program under test: started, watched through what it prints, ended or killed.

use crate::until;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The path of a program of the package under test: Bazel names it at run time, Cargo at compile time.
///
/// Call it as `binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"))`.
pub fn binary(name: &str, at_compile_time: Option<&str>) -> PathBuf {
    let given = std::env::var(format!("CARGO_BIN_EXE_{name}")).ok();
    let path = given.or(at_compile_time.map(str::to_owned));
    let path = path.unwrap_or_else(|| panic!("neither Cargo nor Bazel says where {name} is"));
    Path::new(&path).canonicalize().unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What to start.
pub struct Program {
    command: Command,
    folder: PathBuf,
}

impl Program {
    /// A program whose output is kept in files of `folder`, where it also runs.
    pub fn new(exe: &Path, folder: &Path) -> Self {
        let mut command = Command::new(exe);
        command.current_dir(folder).stdin(Stdio::null());
        // The machine's own settings must not reach the program.
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("IBB__") || name.starts_with("BUILD_"))
        {
            command.env_remove(name);
        }
        Self { command, folder: folder.to_owned() }
    }

    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn start(mut self) -> Running {
        let output = |name: &str| {
            let path = self.folder.join(name);
            File::options()
                .create(true)
                .write(true)
                .truncate(true)
                .read(true)
                .open(path)
                .expect("a writable folder")
        };
        let (stdout, stderr) = (output("stdout"), output("stderr"));
        let again = |file: &File| Stdio::from(file.try_clone().expect("another handle of a file"));
        let child = self.command.stdout(again(&stdout)).stderr(again(&stderr)).spawn();
        Running { child: child.expect("the program starts"), stdout, stderr }
    }
}

/// A started program; killed when dropped.
pub struct Running {
    child: Child,
    stdout: File,
    stderr: File,
}

/// How a program ended.
#[derive(Debug)]
pub struct Finished {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn stdout(&self) -> String {
        text(&self.stdout)
    }

    pub fn stderr(&self) -> String {
        text(&self.stderr)
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// SIGKILL. Returns whether that ended it: `false` when it had already ended by itself.
    pub fn kill(mut self) -> bool {
        let interrupted = !self.has_ended();
        let _ = self.child.kill();
        let _ = self.child.wait();
        interrupted
    }

    /// SIGTERM: a graceful end is asked for.
    pub fn ask_to_end(&self) {
        let status = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
        assert!(status.expect("kill exists").success());
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After `limit`, with what it printed.
    pub fn finish(mut self, limit: Duration) -> Finished {
        let deadline = std::time::Instant::now() + limit;
        let status = until("the end of the program", limit + Duration::from_secs(1), || {
            let ended = self.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_some() || std::time::Instant::now() < deadline,
                "still running after {limit:?}; stdout:\n{}\nstderr:\n{}",
                text(&self.stdout),
                text(&self.stderr)
            );
            ended
        });
        Finished { status, stdout: text(&self.stdout), stderr: text(&self.stderr) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// # Panics
    /// Unless it ended with `code`.
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

fn text(file: &File) -> String {
    let mut file = file.try_clone().expect("another handle of a file");
    let mut bytes = Vec::new();
    // The handle shares its offset with the program's own, which only ever appends through its own.
    let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
    match File::open(path) {
        Ok(mut own) => own.read_to_end(&mut bytes),
        Err(_) => file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_end(&mut bytes)),
    }
    .expect("a readable file");
    String::from_utf8_lossy(&bytes).into_owned()
}
