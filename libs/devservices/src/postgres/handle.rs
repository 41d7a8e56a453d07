//! The handle of a program on its embedded PostgreSQL.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection as _};

use super::folder::{Folder, HOST, NAME};
use super::options::PostgresOptions;
use super::server::{self, LOOK_EVERY, Server};
use crate::cache::postgres_binaries;
use crate::lock::{self, FileLock};
use crate::process::on_path;
use crate::{DevServiceError, Progress};

/// How long `stop` waits for another program that starts or stops the same server.
const STOP_LOCK: Duration = Duration::from_secs(30);

/// How a start came to its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedHow {
    /// The binaries were fetched, then the server was started.
    Downloaded,
    /// The server was started from cached binaries.
    Started,
    /// A server of this folder was running: of another program, or of a run that was killed.
    Adopted,
}

/// What a start did, to be shown to a person: `started in 0.41 s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Startup {
    pub how: StartedHow,
    /// From the call to a server that answers.
    pub elapsed: Duration,
}

impl fmt::Display for Startup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.how {
            StartedHow::Downloaded => "downloaded and started",
            StartedHow::Started => "started",
            StartedHow::Adopted => "found running",
        };
        write!(f, "{verb} in {:.2} s", self.elapsed.as_secs_f64())
    }
}

/// What became of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It has ended.
    Ended,
    /// Other programs use it; the last of them ends it.
    LeftToOthers,
    /// It was asked to stay (`keep_running`).
    KeptRunning,
}

/// A PostgreSQL 17 server of one's own on 127.0.0.1, with role `ibb` (a superuser) and database `ibb`.
///
/// - Several programs may use one folder: the first starts the server, the others adopt it, the last stops it.
/// - A server left by a killed program stays up and is adopted; a killed server recovers at the next start.
/// - Dropping the handle asks the server to shut down without waiting for it; [`EmbeddedPostgres::stop`] waits.
pub struct EmbeddedPostgres {
    folder: Folder,
    server: Server,
    password: String,
    startup: Startup,
    keep_running: bool,
    /// Says that we use the server. `None` once we gave it up.
    using: Option<FileLock>,
}

impl EmbeddedPostgres {
    /// Gives a server that answers: adopted, started, or fetched and started.
    ///
    /// # Errors
    /// See [`DevServiceError`]; a server that was launched and never became ready is ended again.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a server that starts; the next start adopts it.
    pub async fn start(options: PostgresOptions) -> Result<Self, DevServiceError> {
        let begun = Instant::now();
        let folder = Folder::open(&options.data_dir)?;
        // Who holds the lock may be fetching the binaries first.
        let _lock = lock::exclusive(&folder.lock(), options.download_timeout + options.start_timeout).await?;
        let password = folder.password()?;
        let look = Instant::now();
        let mut tick = tokio::time::interval(LOOK_EVERY);
        let mut this = loop {
            tick.tick().await;
            let running = server::find_running(&folder, look, look + options.start_timeout).await?;
            let (server, how) = match running {
                Some(server) => (server, StartedHow::Adopted),
                None => Self::launch(&options, &folder, &password).await?,
            };
            let mut this = Self {
                folder: folder.clone(),
                server,
                password: password.clone(),
                startup: Startup { how, elapsed: begun.elapsed() },
                keep_running: options.keep_running,
                using: None,
            };
            let Err(error) = this.ensure_database().await else { break this };
            this.keep_running = true;
            if how != StartedHow::Adopted {
                this.server.stop().await?;
                return Err(error);
            }
            // A server that was told to end looks ready for a moment longer.
            if !error.is_shutting_down() || look.elapsed() >= options.start_timeout {
                return Err(error);
            }
        };
        // Nobody holds this lock alone without holding the folder's lock, which we have.
        this.using = lock::try_shared(&this.folder.users())?;
        this.startup.elapsed = begun.elapsed();
        Ok(this)
    }

    async fn launch(
        options: &PostgresOptions,
        folder: &Folder,
        password: &str,
    ) -> Result<(Server, StartedHow), DevServiceError> {
        let tell = |step| {
            if let Some(tell) = &options.progress {
                tell(step);
            }
        };
        let binaries =
            postgres_binaries(&options.cache_dir, options.download_timeout, options.progress.as_ref())
                .await?;
        if let Some(user) = &folder.user {
            user.check_reaches(binaries.root())?;
        }
        if !folder.data().exists() {
            tell(Progress::Initialising);
        }
        folder.init(&binaries, password, options.durable).await?;
        tell(Progress::Starting);
        let begun = Instant::now();
        let deadline = begun + options.start_timeout;
        let server = server::launch(folder, &binaries, options.durable, begun, deadline).await?;
        let how = if binaries.downloaded { StartedHow::Downloaded } else { StartedHow::Started };
        Ok((server, how))
    }

    /// Checks that the server takes our password, and creates the database unless it is there.
    async fn ensure_database(&self) -> Result<(), DevServiceError> {
        let work = async {
            let mut admin = self.connect_options().database("postgres").connect().await?;
            let found: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = 'ibb'")
                .fetch_optional(&mut admin)
                .await?;
            if found.is_none() {
                sqlx::query("CREATE DATABASE ibb").execute(&mut admin).await?;
            }
            admin.close().await
        };
        work.await.map_err(|cause: sqlx::Error| DevServiceError::Connect {
            host: HOST,
            port: self.server.port,
            path: self.folder.root().to_path_buf(),
            cause: Box::new(cause),
        })
    }

    /// Ready-made options for `sqlx`, password included.
    pub fn connect_options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(HOST)
            .port(self.server.port)
            .username(NAME)
            .password(&self.password)
            .database(NAME)
            .ssl_mode(PgSslMode::Disable)
    }

    pub fn host(&self) -> &'static str {
        HOST
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }

    pub fn user(&self) -> &'static str {
        NAME
    }

    /// Never log it.
    pub fn password(&self) -> &str {
        &self.password
    }

    pub fn database(&self) -> &'static str {
        NAME
    }

    /// `postgres://…` with the password in it: never log it.
    pub fn url(&self) -> String {
        format!("postgres://{NAME}:{}@{HOST}:{}/{NAME}?sslmode=disable", self.password, self.server.port)
    }

    /// The server's process.
    pub fn pid(&self) -> i32 {
        self.server.pid
    }

    /// How long the start took and what it did.
    pub fn startup(&self) -> Startup {
        self.startup
    }

    /// What the start did.
    pub fn started_how(&self) -> StartedHow {
        self.startup.how
    }

    /// The server's own log.
    pub fn log_file(&self) -> std::path::PathBuf {
        self.folder.log()
    }

    /// A command line to paste into a shell; it names a password file instead of the password.
    pub fn psql_command(&self) -> String {
        let passfile = shell_quoted(&self.folder.passfile());
        format!("PGPASSFILE={passfile} psql -h {HOST} -p {} -U {NAME} -d {NAME}", self.server.port)
    }

    /// What to do when there is no `psql` on the `PATH` (the fetched binaries have none); `None` when there is.
    pub fn psql_hint(&self) -> Option<&'static str> {
        (!on_path("psql")).then_some(
            "psql is not installed: `apt-get install postgresql-client` brings it, and any other client can use the \
             same host, port, user, database and the password at the end of the password file",
        )
    }

    /// Gives the server up: ends it and waits, unless others use it or it shall stay.
    ///
    /// # Errors
    /// `StopTimedOut` when it ends neither in good order nor at once.
    pub async fn stop(mut self) -> Result<Stopped, DevServiceError> {
        let _lock = lock::exclusive(&self.folder.lock(), STOP_LOCK).await?;
        self.using = None;
        let keep = std::mem::replace(&mut self.keep_running, true);
        if keep {
            return Ok(Stopped::KeptRunning);
        }
        if lock::try_exclusive(&self.folder.users())?.is_none() {
            return Ok(Stopped::LeftToOthers);
        }
        self.server.stop().await?;
        Ok(Stopped::Ended)
    }

    /// Ends the server as a crash would (SIGKILL), for tests of recovery. Whoever else uses it loses it too.
    pub async fn kill(mut self) -> Result<(), DevServiceError> {
        self.keep_running = true;
        self.server.kill().await
    }

    /// The part of `stop` that cannot wait. A lock that is taken means that someone else needs the server now.
    fn ask_to_stop(&mut self) -> Result<(), DevServiceError> {
        self.using = None;
        let Some(_lock) = lock::try_exclusive(&self.folder.lock())? else { return Ok(()) };
        match lock::try_exclusive(&self.folder.users())? {
            Some(_alone) => self.server.ask_to_stop(),
            None => Ok(()),
        }
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        if self.keep_running {
            return;
        }
        if let Err(error) = self.ask_to_stop() {
            tracing::warn!(pid = self.server.pid, %error, "The embedded PostgreSQL could not be asked to stop");
        }
    }
}

impl fmt::Debug for EmbeddedPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedPostgres")
            .field("folder", &self.folder.root())
            .field("port", &self.server.port)
            .field("pid", &self.server.pid)
            .field("startup", &self.startup)
            .finish_non_exhaustive()
    }
}

/// `path` as one word of a POSIX shell.
fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a pasted path is one word, whatever it holds.
    #[test]
    fn paths_are_quoted_for_a_shell() {
        assert_eq!(shell_quoted(Path::new("/a/b-c.d")), "/a/b-c.d");
        assert_eq!(shell_quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
