//! The embedded PostgreSQL on the real thing: fetched, started, adopted, killed, recovered.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use devservices::{DevServiceError, EmbeddedPostgres, PostgresOptions, Progress, StartedHow, Stopped};
use sqlx::{ConnectOptions, Connection, PgConnection};

/// Set in the process that `a_killed_program_leaves_a_server_to_adopt` starts and kills.
const HOLDER: &str = "DEVSERVICES_TEST_HOLDER";

/// A folder that any user can enter, as a program's state folder must be for a server of root.
fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn options(state: &Path) -> PostgresOptions {
    PostgresOptions { durable: false, ..PostgresOptions::new(state.join("dev/postgres")) }
}

async fn connect(server: &EmbeddedPostgres) -> PgConnection {
    server.connect_options().connect().await.unwrap()
}

async fn count(server: &EmbeddedPostgres) -> i64 {
    let mut client = connect(server).await;
    let count = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut client).await.unwrap();
    client.close().await.unwrap();
    count
}

async fn fill(server: &EmbeddedPostgres) {
    let mut client = connect(server).await;
    sqlx::query("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        .execute(&mut client)
        .await
        .unwrap();
    client.close().await.unwrap();
}

fn alive(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Goal: a durable server answers as PostgreSQL 17, keeps its data and its port, and tells nobody its password.
#[tokio::test]
async fn data_outlives_a_stop() {
    let state = open_folder();
    let durable = PostgresOptions::new(state.path().join("dev/postgres"));
    let server = EmbeddedPostgres::start(durable.clone()).await.unwrap();
    assert_ne!(server.started_how(), StartedHow::Adopted);
    println!("with an empty data folder: {}", server.startup());
    let mut client = sqlx::PgConnection::connect(&server.url()).await.unwrap();
    let version: String = sqlx::query_scalar("SELECT version()").fetch_one(&mut client).await.unwrap();
    assert!(version.starts_with("PostgreSQL 17."), "{version}");
    for (setting, expected) in [
        ("fsync", "on"),
        ("wal_level", "logical"),
        ("max_connections", "50"),
        ("listen_addresses", "127.0.0.1"),
    ] {
        let value: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut client)
            .await
            .unwrap();
        assert_eq!(value, expected, "{setting}");
    }
    client.close().await.unwrap();
    fill(&server).await;
    let (port, pid) = (server.port(), server.pid());
    assert!(!format!("{server:?}").contains(server.password()));
    assert!(!server.psql_command().contains(server.password()));
    assert_eq!(server.stop().await.unwrap(), Stopped::Ended);
    assert!(!alive(pid));

    let server = EmbeddedPostgres::start(durable).await.unwrap();
    assert_eq!(server.started_how(), StartedHow::Started);
    assert_eq!((server.port(), count(&server).await), (port, 1000));
    println!("{}: {}", server.startup(), server.psql_command());
    server.stop().await.unwrap();
}

/// Goal: the pasted command line works where psql is installed, and the hint says so where it is not.
#[tokio::test]
async fn the_psql_command_works() {
    let state = open_folder();
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    if server.psql_hint().is_none() {
        let line = format!("{} -Atc 'SELECT 6 * 7'", server.psql_command());
        let output = tokio::process::Command::new("sh").arg("-c").arg(line).output().await.unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "42\n",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    server.stop().await.unwrap();
}

/// Goal: the server of root runs as nobody, without root's groups; other passwords are refused.
#[tokio::test]
async fn the_server_is_unprivileged_and_asks_for_the_password() {
    let state = open_folder();
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_ascii_whitespace().skip(1).map(str::to_string).collect::<Vec<_>>()
    };
    assert!(!field("Uid:").contains(&"0".to_string()), "{status}");
    assert!(!field("Gid:").contains(&"0".to_string()), "{status}");
    assert!(!field("Groups:").contains(&"0".to_string()), "{status}");
    let wrong = server.connect_options().password("wrong").connect().await;
    assert!(matches!(wrong, Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("28P01")));
    let passfile = std::fs::metadata(state.path().join("dev/postgres/pgpass")).unwrap();
    assert_eq!(passfile.permissions().mode() & 0o777, 0o600);
    server.stop().await.unwrap();
}

/// Goal: two starts at once give one server, and the last user ends it.
#[tokio::test]
async fn two_starts_share_one_server() {
    let state = open_folder();
    let (one, two) = tokio::join!(
        EmbeddedPostgres::start(options(state.path())),
        EmbeddedPostgres::start(options(state.path()))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.pid(), two.pid());
    let adopted = [&one, &two].iter().filter(|server| server.started_how() == StartedHow::Adopted).count();
    assert_eq!(adopted, 1);
    let pid = one.pid();
    assert_eq!(one.stop().await.unwrap(), Stopped::LeftToOthers);
    fill(&two).await;
    assert_eq!(two.stop().await.unwrap(), Stopped::Ended);
    assert!(!alive(pid));
}

/// Goal: a server that shall stay does, and dropping a handle ends one that shall not.
#[tokio::test]
async fn a_server_stays_only_when_asked_to() {
    let state = open_folder();
    let kept = PostgresOptions { keep_running: true, ..options(state.path()) };
    let server = EmbeddedPostgres::start(kept).await.unwrap();
    let pid = server.pid();
    assert_eq!(server.stop().await.unwrap(), Stopped::KeptRunning);
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    assert_eq!((server.started_how(), server.pid()), (StartedHow::Adopted, pid));
    drop(server);
    // The next start waits for the end of the old one.
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    assert_ne!(server.pid(), pid);
    server.stop().await.unwrap();
}

/// The body of the process that is killed: holds a server until its input ends. Does nothing in an ordinary run.
#[tokio::test]
async fn holder_process() {
    let Some(state) = std::env::var_os(HOLDER).map(PathBuf::from) else { return };
    let server = EmbeddedPostgres::start(options(&state)).await.unwrap();
    fill(&server).await;
    println!("\npid {}", server.pid());
    std::io::stdin().lines().for_each(drop);
    server.stop().await.unwrap();
}

/// Goal: the server of a program that was killed serves on and is adopted with its data.
#[tokio::test]
async fn a_killed_program_leaves_a_server_to_adopt() {
    let state = open_folder();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["holder_process", "--exact", "--nocapture", "--quiet"])
        .env(HOLDER, state.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(holder.stdout.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().strip_prefix("pid ").map(|pid| pid.parse::<i32>().unwrap()));
    holder.kill().unwrap();
    holder.wait().unwrap();
    let pid = told.expect("the holder tells its server");
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    assert_eq!((server.started_how(), server.pid()), (StartedHow::Adopted, pid));
    assert_eq!(count(&server).await, 1000);
    assert_eq!(server.stop().await.unwrap(), Stopped::Ended);
    assert!(!alive(pid));
}

/// Goal: a server that was killed recovers at the next start, with what was committed.
#[tokio::test]
async fn a_killed_server_recovers() {
    let state = open_folder();
    let options = PostgresOptions::new(state.path().join("dev/postgres"));
    let server = EmbeddedPostgres::start(options.clone()).await.unwrap();
    fill(&server).await;
    // A session that is open when the crash comes keeps shared memory attached for a moment.
    let _open = connect(&server).await;
    let pid = server.pid();
    server.kill().await.unwrap();
    assert!(!alive(pid));
    let server = EmbeddedPostgres::start(options).await.unwrap();
    assert_eq!((server.started_how(), count(&server).await), (StartedHow::Started, 1000));
    server.stop().await.unwrap();
}

/// Goal: an interrupted preparation is begun again, and a pid file of another process is not believed.
#[tokio::test]
async fn leftovers_do_not_matter() {
    let state = open_folder();
    let folder = state.path().join("dev/postgres");
    std::fs::create_dir_all(folder.join("data.new/base")).unwrap();
    std::fs::write(folder.join("password.new"), "old").unwrap();
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    server.stop().await.unwrap();
    let lies = format!("{}\n/elsewhere\n1\n1\n\n127.0.0.1\n1 1\nready\n", std::process::id());
    std::fs::write(folder.join("data/postmaster.pid"), lies).unwrap();
    let server = EmbeddedPostgres::start(options(state.path())).await.unwrap();
    server.stop().await.unwrap();
}

/// Goal: each folder that cannot serve is refused by name, with the remedy, and stays as it is.
#[tokio::test]
async fn unusable_folders_are_refused() {
    let state = open_folder();
    let folder = state.path().join("dev/postgres");
    std::fs::create_dir_all(folder.join("data")).unwrap();
    let error = EmbeddedPostgres::start(options(state.path())).await.unwrap_err();
    assert!(matches!(&error, DevServiceError::Damaged { path } if path.ends_with("pgpass")), "{error}");

    std::fs::write(folder.join("pgpass"), "127.0.0.1:*:*:ibb:secret\n").unwrap();
    std::fs::write(folder.join("data/PG_VERSION"), "16\n").unwrap();
    let error = EmbeddedPostgres::start(options(state.path())).await.unwrap_err();
    assert!(matches!(&error, DevServiceError::DataVersion { found, .. } if found == "16"), "{error}");
    assert!(!format!("{error} {error:?}").contains("secret"));

    let as_root = std::fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t0");
    if as_root {
        let closed = open_folder();
        std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let error = EmbeddedPostgres::start(options(closed.path())).await.unwrap_err();
        assert!(
            matches!(&error, DevServiceError::Unreachable { blocked, .. } if blocked == closed.path()),
            "{error}"
        );
        assert!(error.to_string().contains("chmod o+x"), "{error}");
        assert!(devservices::check_reachable(closed.path()).is_err());
        assert_eq!(std::fs::read_dir(closed.path()).unwrap().count(), 0, "nothing is created");
    }
}

/// Goal: a server that cannot become ready is reported with its own last words, and does not stay.
#[tokio::test]
async fn a_broken_server_says_why() {
    let state = open_folder();
    EmbeddedPostgres::start(options(state.path())).await.unwrap().stop().await.unwrap();
    let settings = state.path().join("dev/postgres/data/postgresql.conf");
    std::fs::write(&settings, "no_such_setting = 1\n").unwrap();
    let short = PostgresOptions { start_timeout: Duration::from_secs(20), ..options(state.path()) };
    let error = EmbeddedPostgres::start(short).await.unwrap_err();
    assert!(
        matches!(&error, DevServiceError::Exited { log, .. } if log.contains("no_such_setting")),
        "{error}"
    );
}

/// Goal: two programs with an empty cache at once fetch once, and what they fetch is whole.
#[tokio::test]
async fn an_empty_cache_is_filled_once() {
    let (cache, one, two) = (open_folder(), open_folder(), open_folder());
    // What an interrupted fetch leaves.
    std::fs::create_dir_all(cache.path().join("postgresql/unpacking/tree/bin")).unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let with_cache = |state: &Path| {
        let told = Arc::clone(&steps);
        PostgresOptions {
            cache_dir: cache.path().to_path_buf(),
            progress: Some(Arc::new(move |step| told.lock().unwrap().push(step))),
            ..options(state)
        }
    };
    let (one, two) = tokio::join!(
        EmbeddedPostgres::start(with_cache(one.path())),
        EmbeddedPostgres::start(with_cache(two.path()))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    println!("{}; {}", one.startup(), two.startup());
    let fetched = [&one, &two].iter().filter(|server| server.started_how() == StartedHow::Downloaded).count();
    assert_eq!(fetched, 1);
    let count = |is: fn(&Progress) -> bool| steps.lock().unwrap().iter().filter(|step| is(step)).count();
    assert!(count(|step| matches!(step, Progress::Downloading { .. })) > 0);
    assert_eq!(count(|step| matches!(step, Progress::Extracting { .. })), 1);
    assert_eq!(count(|step| *step == Progress::Starting), 2);
    assert_eq!(
        std::fs::read_dir(cache.path().join("postgresql")).unwrap().count(),
        2,
        "the binaries and the lock"
    );
    one.stop().await.unwrap();
    two.stop().await.unwrap();
}
