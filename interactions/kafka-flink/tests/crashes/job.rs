//! The program under test over its lives, and the producer that feeds it.

use crate::faults::Fault;
use crate::source_log::SourceLog;
use crate::world::World;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::{Finished, Metrics, Program, Running, binary, free_port};

const WAIT_MAX: Duration = Duration::from_secs(180);
/// Slow enough that every fault finds work under way.
const RECORDS_PER_SECOND: u32 = 20_000;
const CHECKPOINT_INTERVAL_MS: &str = "100";

/// A pipeline that is fed until `records` are produced, through all its deaths.
pub struct Job<'w> {
    world: &'w World,
    folder: PathBuf,
    records: u64,
    producer: Option<Running>,
    running: Option<Running>,
    admin_port: u16,
    /// Committed when the last fault struck.
    committed_before: u64,
    kills: u32,
    lives: u32,
}

impl<'w> Job<'w> {
    pub async fn start(world: &'w World, script: &str, seed: u64, records: u64) -> Self {
        let folder = world.folder.path().to_owned();
        fs::write(folder.join("script.sql"), script).unwrap();
        fs::create_dir(folder.join("producer")).unwrap();
        let exe = binary("test_producer", option_env!("CARGO_BIN_EXE_test_producer"));
        let brokers = format!("kafka.brokers={}", world.kafka.bootstrap());
        let (count, rate, seed) = (records.to_string(), RECORDS_PER_SECOND.to_string(), seed.to_string());
        let producer = Program::new(&exe, &folder.join("producer"))
            .args(["--topic", &world.source, "--count", &count, "--rate", &rate, "--seed", &seed])
            .args(["--keys", "500", "--skew", "0.5", "--late-fraction", "0.005", "--bad-fraction", "0.005"])
            .args(["--set", &brokers])
            .start();
        let mut job = Self {
            world,
            folder,
            records,
            producer: Some(producer),
            running: None,
            admin_port: free_port(),
            committed_before: 0,
            kills: 0,
            lives: 0,
        };
        job.running = Some(job.program().start());
        job
    }

    /// The program for its next life, which prints into a folder of its own.
    fn program(&mut self) -> Program {
        self.lives += 1;
        let (folder, life) = (&self.folder, self.folder.join(format!("life-{}", self.lives)));
        fs::create_dir(&life).unwrap();
        let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
        let path = |name: &str| folder.join(name).display().to_string();
        Program::new(&exe, &life)
            .args([
                "--sql",
                &path("script.sql"),
                "--state-dir",
                &path("state"),
                "--dead-letters",
                &path("dead"),
            ])
            .args(["--checkpoint-interval", CHECKPOINT_INTERVAL_MS, "--parallelism", "2"])
            .args(["--pipeline", &self.world.target, "--connect-timeout", "60"])
            .args(["--admin-addr", &format!("127.0.0.1:{}", self.admin_port)])
    }

    fn metrics(&self) -> Option<Metrics> {
        Metrics::read(self.admin_port)
    }

    /// Records whose fate is decided, by the program's own account; `None` while it does not answer.
    fn settled(&self) -> Option<u64> {
        let metrics = self.metrics()?;
        let rows = ["sink=\"copied\"", "sink=\"forwarded\""]
            .map(|sink| metrics.total("ibb_sink_rows_committed_total", sink));
        Some(rows.into_iter().max().unwrap_or(0) + metrics.total("ibb_source_dead_letters_total", ""))
    }

    /// Waits until something more is committed.
    pub async fn progress(&mut self) {
        let before = self.committed_before;
        let what = format!("more than {before} records settled");
        self.committed_before =
            self.wait(&what, |job| job.settled().filter(|settled| *settled > before)).await;
    }

    /// Waits without blocking the proxies, which run on the same runtime; fails when the program ends by itself.
    pub async fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        loop {
            if let Some(found) = tokio::task::block_in_place(|| look(self)) {
                return found;
            }
            self.assert_alive();
            let stderr = || self.running.as_ref().map(Running::stderr).unwrap_or_default();
            assert!(tokio::time::Instant::now() < deadline, "{what}: not within {WAIT_MAX:?}\n{}", stderr());
            // Between two looks the program gets the processor.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn committed_before(&self) -> u64 {
        self.committed_before
    }

    pub fn assert_alive(&mut self) {
        let running = self.running.as_mut().expect("a program");
        assert!(!running.has_ended(), "it ended by itself:\n{}", running.stderr());
    }

    /// # Panics
    /// When nothing is left to be torn.
    pub fn assert_under_way(&mut self, fault: Fault) {
        self.assert_alive();
        let settled = self.committed_before;
        assert!(settled < self.records, "{fault:?} came after the end of the work");
    }

    pub fn kill_and_restart(&mut self) {
        let running = self.running.take().expect("a program");
        assert!(running.kill(), "it had ended by itself");
        self.kills += 1;
        self.running = Some(self.program().start());
    }

    /// Ends the present life and starts one that dies at `failpoint`, then the next.
    pub fn strike_at(&mut self, failpoint: &str) {
        self.running.take().expect("a program").kill();
        let finished = self.program().env("IBB_FAILPOINT", failpoint).start().finish(WAIT_MAX);
        assert_eq!(finished.status.signal(), Some(6), "{failpoint} was not hit:\n{}", finished.stderr);
        assert!(finished.stderr.contains("failpoint "), "{}", finished.stderr);
        self.kills += 1;
        self.running = Some(self.program().start());
    }

    /// Stops the program where it stands and starts another in its place.
    pub fn freeze_and_replace(&mut self) -> Zombie {
        let zombie = Zombie(self.running.take().expect("a program"));
        zombie.signal("STOP");
        self.admin_port = free_port();
        self.running = Some(self.program().start());
        zombie
    }

    /// Waits until all that was produced is settled, asks the program to end, and reads what the source holds.
    pub async fn finish(&mut self) -> SourceLog {
        let producer = self.producer.take().expect("a producer");
        let produced = tokio::task::block_in_place(|| producer.finish(WAIT_MAX));
        produced.expect_code(0);
        let log = self.world.source_log().await;
        let records = log.records() as u64;
        assert!(records >= self.records, "{records} records in the source, {} were to be sent", self.records);
        let all = format!("all {records} records settled");
        self.wait(&all, |job| job.settled().filter(|settled| *settled >= records)).await;
        let running = self.running.take().expect("a program");
        running.ask_to_end();
        tokio::task::block_in_place(|| running.finish(WAIT_MAX)).expect_code(0);
        assert_eq!(letters(&self.folder.join("dead"), "decode"), log.poison.len() as u64, "poison is kept");
        log
    }

    /// Events that came after their window had closed, and are kept.
    pub fn late(&self) -> u64 {
        letters(&self.folder.join("dead"), "late")
    }

    pub fn report(&self, what: &str, faults: usize, seed: u64) {
        let kills = f64::from(self.kills);
        println!(
            "{what}: 0 lost, 0 duplicated in 1 run x {} kills (and {} other faults) x {} records, seed {seed}; 95 % bound \
             on the rate per kill: 3/{} = {:.2}",
            self.kills,
            faults - (self.kills as usize).min(faults),
            self.records,
            self.kills,
            3.0 / kills
        );
    }
}

/// A program that was stopped and replaced.
pub struct Zombie(Running);

impl Zombie {
    fn signal(&self, name: &str) {
        let pid = self.0.pid().to_string();
        let done = std::process::Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(done.expect("kill exists").success(), "no process {pid} to send {name}");
    }

    pub fn wake(&self) {
        self.signal("CONT");
    }

    pub fn finish(self) -> Finished {
        self.0.finish(WAIT_MAX)
    }
}

/// Dead letters of this reason that are committed.
fn letters(folder: &Path, reason: &str) -> u64 {
    let of_reason = format!("\"reason\":\"{reason}\"");
    let files = files::committed_files(folder).unwrap();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().filter(|line| line.contains(&of_reason)).count() as u64
}
