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
        let stderr_path = self.folder.join("stderr");
        Running { child: child.expect("the program starts"), stdout, stderr, stderr_path }
    }
}

/// A started program; killed when dropped.
pub struct Running {
    child: Child,
    stdout: File,
    stderr: File,
    stderr_path: PathBuf,
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

    /// The file that what it prints on stderr goes to.
    pub fn stderr_path(&self) -> PathBuf {
        self.stderr_path.clone()
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
        self.signal("TERM");
    }

    /// SIGSTOP: it stands still, its connections stay open. [`Running::thaw`] lets it go on; a test that only drops it
    /// kills it.
    pub fn freeze(&self) {
        self.signal("STOP");
        until("the program stands still", Duration::from_secs(10), || {
            (self.state() == Some('T')).then_some(())
        });
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(status.expect("kill exists").success());
    }

    /// The kernel's letter for what it does; `None` once it is gone.
    fn state(&self) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).ok()?;
        // The name, in parentheses, may hold anything.
        stat.rsplit_once(')')?.1.trim_start().chars().next()
    }

    /// Lets it work until `condition` holds.
    ///
    /// # Panics
    /// After `limit`, or when it ends by itself before, with what it printed.
    pub fn work_until(&mut self, what: &str, limit: Duration, mut condition: impl FnMut() -> bool) {
        let deadline = std::time::Instant::now() + limit;
        while !condition() {
            let ended = self.has_ended();
            assert!(
                !ended && std::time::Instant::now() < deadline,
                "{what}: not within {limit:?}{}; stdout:\n{}\nstderr:\n{}",
                if ended { ", and the program has ended" } else { "" },
                self.stdout(),
                self.stderr()
            );
            // A look costs little; this only keeps the core free between two of them.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Lets it work for `span`, which is a random moment chosen by the test. Returns whether it still runs.
    pub fn work_for(&mut self, span: Duration) -> bool {
        let end = std::time::Instant::now() + span;
        while std::time::Instant::now() < end && !self.has_ended() {
            // The moment is what is asked for; there is no condition.
            std::thread::sleep(
                Duration::from_millis(2).min(end.saturating_duration_since(std::time::Instant::now())),
            );
        }
        !self.has_ended()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(folder: &Path) -> Running {
        let script = "n=0; while :; do n=$((n+1)); echo $n; done";
        Program::new(Path::new("/bin/sh"), folder).args(["-c", script]).start()
    }

    /// Goal: a frozen program does nothing at all, a thawed one goes on, a killed one was at work.
    #[test]
    fn frozen_thawed_killed() {
        let folder = std::env::temp_dir().join(format!("testkit-program-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut program = counting(&folder);
        let stdout = |program: &Running| program.stdout().len();
        let out = folder.join("stdout");
        let size = || std::fs::metadata(&out).unwrap().len();
        program.work_until("output", Duration::from_secs(30), || size() > 0);
        program.freeze();
        let frozen = stdout(&program);
        assert!(program.work_for(Duration::from_millis(50)));
        assert_eq!(stdout(&program), frozen);
        program.thaw();
        program.work_until("more output", Duration::from_secs(30), || size() > frozen as u64);
        assert!(program.kill());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
