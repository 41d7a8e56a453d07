//! The program on a cluster.

use flink::{JobManager, Timeouts};
use std::fs;
use std::path::Path;
use std::time::Duration;
use testkit::services::Flink;
use testkit::{Program, Running, binary, until_async};

pub const LIMIT: Duration = Duration::from_secs(180);

/// Runs for ever, needs nothing, and has a checkpoint every 200 ms.
pub const ENDLESS: &str =
    "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
    CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole');
    INSERT INTO hole SELECT n FROM ticks;";

pub fn program(folder: &Path, flink: &Flink, args: &[&str]) -> Program {
    let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
    let (gateway, rest) =
        (format!("flink.sql_gateway={}", flink.gateway_url()), format!("flink.rest={}", flink.url()));
    Program::new(&exe, folder)
        .args(["--engine", "flink", "--checkpoint-interval", "200", "--set", &gateway, "--set", &rest])
        .args(["--admin-addr", "off"])
        .args(args)
}

/// Runs [`ENDLESS`] until its job is at work: it says RUNNING before it has slots, and a checkpoint only of tasks that run.
pub async fn endless(folder: &Path, flink: &Flink, args: &[&str]) -> Running {
    fs::write(folder.join("endless.sql"), ENDLESS).unwrap();
    let mut running = program(folder, flink, &[&["--sql", "endless.sql"], args].concat()).start();
    running_again(&mut running, 1);
    let (cluster, job) =
        (JobManager::new(flink.url(), Timeouts::default()).unwrap(), job_id(&running.stderr()));
    until_async("the first checkpoint", LIMIT, async || {
        (cluster.checkpoints(&job).await.unwrap().completed > 0).then_some(())
    })
    .await;
    running
}

/// Waits until the job is said to be at work for the `times`-th time.
pub fn running_again(running: &mut Running, times: usize) {
    let mut last = String::new();
    let what = format!("a job at work, {times} times");
    // The handle cannot be asked what it printed while it waits.
    let path = running.stderr_path();
    running.work_until(&what, LIMIT, || {
        last = fs::read_to_string(&path).unwrap_or_default();
        last.matches("state=RUNNING").count() >= times
    });
}

/// Waits until it says so.
pub fn says(running: &mut Running, words: &str) {
    let path = running.stderr_path();
    running.work_until(words, LIMIT, || fs::read_to_string(&path).unwrap_or_default().contains(words));
}

/// The id in `flink: job 0123… 'name' is on the cluster`.
pub fn job_id(stderr: &str) -> String {
    let (_, rest) = stderr.split_once("flink: job ").unwrap_or_else(|| panic!("no job in:\n{stderr}"));
    rest.split(' ').next().unwrap().to_owned()
}
