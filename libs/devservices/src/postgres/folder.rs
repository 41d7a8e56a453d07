//! The folder of one embedded server, and how an empty one is prepared.
//!
//! ```text
//! lock          held while someone starts or stops the server
//! users         held (shared) by every program that uses it: the last one stops it
//! pgpass        the password, for us and for psql
//! port          the port of the last run, taken again when it is free
//! server.log    of the running server; server.log.old of the one before
//! data/         PostgreSQL's own
//! ```

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::DevServiceError;
use crate::cache::{Binaries, MAJOR};
use crate::process::{self, ServiceUser, detached_command};

/// Name of the role and of the database.
pub(super) const NAME: &str = "ibb";
/// The only address the server listens on.
pub(super) const HOST: &str = "127.0.0.1";

/// Checks that the server could use `data_dir`: when we are root, user `nobody` must be able to enter every folder
/// on the way. Nothing is created.
///
/// # Errors
/// `Unreachable`, naming the folder that blocks.
pub fn check_reachable(data_dir: &Path) -> Result<(), DevServiceError> {
    let absolute =
        std::path::absolute(data_dir).map_err(|cause| DevServiceError::io("find", data_dir, cause))?;
    match ServiceUser::for_this_process() {
        Some(user) => user.check_reaches(&absolute),
        None => Ok(()),
    }
}

/// Creates `path` and its missing parents, open for all to enter whatever our umask says.
pub(crate) fn create_open_folder(path: &Path) -> Result<(), DevServiceError> {
    let failed = |cause| DevServiceError::io("create the folder", path, cause);
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::DirBuilder::new().recursive(true).mode(0o755).create(path).map_err(failed)?;
    for folder in missing.into_iter().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(failed)?;
    }
    Ok(())
}

/// A server's folder: it exists, and the server's user can enter it.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
    pub user: Option<ServiceUser>,
}

impl Folder {
    pub fn open(data_dir: &Path) -> Result<Self, DevServiceError> {
        check_reachable(data_dir)?;
        create_open_folder(data_dir)?;
        let root = data_dir.canonicalize().map_err(|cause| DevServiceError::io("find", data_dir, cause))?;
        // Again, because a symbolic link may have led elsewhere.
        check_reachable(&root)?;
        Ok(Self { root, user: ServiceUser::for_this_process() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub fn users(&self) -> PathBuf {
        self.root.join("users")
    }

    pub fn passfile(&self) -> PathBuf {
        self.root.join("pgpass")
    }

    pub fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    /// The port of the last run, if it is free now, else one the kernel chooses.
    pub fn choose_port(&self, avoid: Option<u16>) -> Result<u16, DevServiceError> {
        let last: Option<u16> =
            fs::read_to_string(self.root.join("port")).ok().and_then(|text| text.trim().parse().ok());
        let free = |port| std::net::TcpListener::bind((HOST, port)).and_then(|socket| socket.local_addr());
        let again = last.filter(|port| Some(*port) != avoid).and_then(|port| free(port).ok());
        let address = match again {
            Some(address) => address,
            None => free(0).map_err(|cause| DevServiceError::NoPort { cause })?,
        };
        Ok(address.port())
    }

    pub fn remember_port(&self, port: u16) -> Result<(), DevServiceError> {
        let path = self.root.join("port");
        fs::write(&path, format!("{port}\n")).map_err(|cause| DevServiceError::io("write", &path, cause))
    }

    /// The password: the one kept, or a new random one for a new folder.
    pub fn password(&self) -> Result<String, DevServiceError> {
        let path = self.passfile();
        match fs::read_to_string(&path) {
            Ok(line) => match line.trim_end().rsplit_once(':') {
                Some((_, password)) if !password.is_empty() => Ok(password.to_string()),
                _ => Err(DevServiceError::Damaged { path }),
            },
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                if self.data().exists() {
                    return Err(DevServiceError::Damaged { path });
                }
                let password = process::random_hex(16)?;
                self.keep_password(&password)?;
                Ok(password)
            }
            Err(cause) => Err(DevServiceError::io("read", &path, cause)),
        }
    }

    fn keep_password(&self, password: &str) -> Result<(), DevServiceError> {
        let path = self.root.join("pgpass.new");
        let failed = |cause| DevServiceError::io("write", &path, cause);
        remove_if_there(&path).map_err(failed)?;
        write_secret(&path, &format!("{HOST}:*:*:{NAME}:{password}\n")).map_err(failed)?;
        fs::rename(&path, self.passfile()).map_err(failed)
    }

    /// Prepares the data folder unless it is there. Needs the folder's lock.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a folder under another name, which the next call removes.
    pub async fn init(
        &self,
        binaries: &Binaries,
        password: &str,
        durable: bool,
    ) -> Result<(), DevServiceError> {
        let path = self.data().join("PG_VERSION");
        match fs::read_to_string(&path) {
            Ok(found) if found.trim() == MAJOR => return Ok(()),
            Ok(found) => {
                let found = found.trim().to_string();
                return Err(DevServiceError::DataVersion { path: self.data(), found, wanted: MAJOR });
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && !self.data().exists() => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(DevServiceError::Damaged { path });
            }
            Err(cause) => return Err(DevServiceError::io("read", &path, cause)),
        }
        let fresh = self.root.join("data.new");
        let secret = self.root.join("password.new");
        let failed = |cause| DevServiceError::io("prepare", &fresh, cause);
        if fresh.exists() {
            fs::remove_dir_all(&fresh).map_err(failed)?;
        }
        remove_if_there(&secret).map_err(failed)?;
        fs::DirBuilder::new().mode(0o700).create(&fresh).map_err(failed)?;
        write_secret(&secret, password).map_err(failed)?;
        self.give_away(&fresh)?;
        self.give_away(&secret)?;
        let result = self.run_initdb(binaries, &fresh, &secret, durable).await;
        remove_if_there(&secret).map_err(failed)?;
        result?;
        fs::rename(&fresh, self.data()).map_err(failed)
    }

    async fn run_initdb(
        &self,
        binaries: &Binaries,
        fresh: &Path,
        secret: &Path,
        durable: bool,
    ) -> Result<(), DevServiceError> {
        let program = binaries.program("initdb");
        let mut command = detached_command(&program, self.user.as_ref());
        command.arg("--pgdata").arg(fresh).arg("--pwfile").arg(secret).args([
            "--username=ibb",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]);
        if !durable {
            command.arg("--no-sync");
        }
        command.stdin(Stdio::null());
        let output = tokio::process::Command::from(command)
            .kill_on_drop(true)
            .output()
            .await
            .map_err(|cause| DevServiceError::io("run", &program, cause))?;
        if output.status.success() {
            return Ok(());
        }
        let log = last_lines(&String::from_utf8_lossy(&output.stderr));
        if log.contains("No space left on device") {
            let cause = io::ErrorKind::StorageFull.into();
            return Err(DevServiceError::DiskFull { path: fresh.to_path_buf(), cause });
        }
        if log.contains("could not look up effective user ID") {
            return Err(DevServiceError::NamelessUser { log });
        }
        Err(DevServiceError::Tool {
            program: "initdb",
            status: output.status,
            path: fresh.to_path_buf(),
            log,
        })
    }

    /// Makes `path` the server's own when it runs as another user.
    fn give_away(&self, path: &Path) -> Result<(), DevServiceError> {
        let Some(user) = &self.user else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid))
            .map_err(|cause| DevServiceError::io("change the owner of", path, cause))
    }

    /// The last lines the server wrote, joined for an error message.
    pub fn log_tail(&self) -> String {
        last_lines(&String::from_utf8_lossy(&fs::read(self.log()).unwrap_or_default()))
    }
}

/// The last eight lines of `text`, or a word that there are none.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return "(none)".to_string();
    }
    lines[lines.len().saturating_sub(8)..].join(" | ")
}

/// Only a server that crashed leaves files of these names; taking our lock proved that nobody writes them.
fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
