//! Processes: who we are, who serves for us, who is still alive.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::DevServiceError;

/// The unprivileged user a service runs as when we are root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceUser {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

impl ServiceUser {
    /// `nobody` when this process runs as root; `None` when it is unprivileged itself.
    pub fn for_this_process() -> Option<Self> {
        let euid = fs::metadata("/proc/self").map(|metadata| metadata.uid()).ok()?;
        if euid != 0 {
            return None;
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(Self::nobody_of(&passwd))
    }

    /// `nobody` as `/etc/passwd` has it, else the number the kernel itself uses.
    fn nobody_of(passwd: &str) -> Self {
        let ids = passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == "nobody").then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        });
        let (uid, gid) = ids.unwrap_or((65534, 65534));
        Self { name: "nobody".to_string(), uid, gid }
    }

    /// Checks that this user can enter every folder on the way to `path`, and `path` itself if it is one.
    pub fn check_reaches(&self, path: &Path) -> Result<(), DevServiceError> {
        let mut folders: Vec<&Path> = path.ancestors().collect();
        folders.reverse();
        for folder in folders {
            let Ok(metadata) = fs::metadata(folder) else { break };
            if metadata.is_dir() && !self.may_enter(&metadata) {
                return Err(DevServiceError::Unreachable {
                    user: self.name.clone(),
                    blocked: folder.to_path_buf(),
                    path: path.to_path_buf(),
                });
            }
        }
        Ok(())
    }

    fn may_enter(&self, folder: &fs::Metadata) -> bool {
        let class = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & class != 0
    }
}

/// A command that runs as `user` with nothing inherited: no environment, no folder of ours, no terminal signals.
///
/// Its own process group keeps Ctrl-C in a terminal from reaching it before we have ended in good order.
pub(crate) fn detached_command(program: &Path, user: Option<&ServiceUser>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin").current_dir("/").process_group(0);
    if let Some(user) = user {
        // The standard library drops our supplementary groups too when root sets a uid.
        command.gid(user.gid).uid(user.uid);
    }
    command
}

/// Signals a service understands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    /// PostgreSQL: end now, in good order.
    Interrupt,
    /// PostgreSQL: end at once, recover at the next start.
    Quit,
    /// The kernel ends it.
    Kill,
}

/// Sends `signal`; `Ok` too when the process has ended already.
pub(crate) fn send(pid: i32, signal: Signal) -> io::Result<()> {
    let number = match signal {
        Signal::Interrupt => libc::SIGINT,
        Signal::Quit => libc::SIGQUIT,
        Signal::Kill => libc::SIGKILL,
    };
    assert!(pid > 1, "process {pid} is no service of ours");
    // SAFETY: kill takes two integers and touches no memory of ours.
    if unsafe { libc::kill(pid, number) } == 0 {
        return Ok(());
    }
    let cause = io::Error::last_os_error();
    if cause.raw_os_error() == Some(libc::ESRCH) { Ok(()) } else { Err(cause) }
}

/// The folder a live process works in; `None` when it ended or is not ours to look at.
pub(crate) fn working_folder(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// When a live process started, in clock ticks since boot: with the pid it names a process for good.
pub(crate) fn started_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses and may hold anything, so count from its end.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") { None } else { fields.nth(18)?.parse().ok() }
}

/// `bytes` random bytes from the kernel, in hexadecimal.
pub(crate) fn random_hex(bytes: usize) -> Result<String, DevServiceError> {
    let path = Path::new("/dev/urandom");
    let mut raw = vec![0_u8; bytes];
    fs::File::open(path)
        .and_then(|mut file| file.read_exact(&mut raw))
        .map_err(|cause| DevServiceError::io("read", path, cause))?;
    Ok(raw.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a program of this name is on the `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(OsStr::new(&path)).any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: the numbers of nobody come from passwd, else from the kernel's convention.
    #[test]
    fn nobody_is_found() {
        let debian = "root:x:0:0:root:/root:/bin/bash\nnobody:x:99:98:nobody:/:/sbin/nologin\n";
        let user = ServiceUser::nobody_of(debian);
        assert_eq!((user.uid, user.gid), (99, 98));
        assert_eq!(ServiceUser::nobody_of("").uid, 65534);
    }

    /// Goal: our own process has a start time, one that cannot exist has none.
    #[test]
    fn start_times_name_processes() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(started_ticks(own).is_some());
        assert_eq!(started_ticks(i32::MAX), None);
    }

    /// Goal: random text has the length asked for and does not repeat.
    #[test]
    fn random_text_differs() {
        let one = random_hex(16).unwrap();
        assert_eq!(one.len(), 32);
        assert_ne!(one, random_hex(16).unwrap());
    }
}
