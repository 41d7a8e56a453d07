//! The program under test over its lives, and the producer that feeds it.

use crate::services::Services;
use crate::source_log::SourceLog;
use crate::tally::Tally;
use crate::world::{DEAD_LETTERS, World};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::Duration;
use testkit::{Finished, Metrics, Program, Running, binary, free_port};
use tokio::task::block_in_place;

const WAIT_MAX: Duration = Duration::from_secs(180);
/// Less than the program can take, so that it catches up after each fault; what comes meanwhile is the work that the next
/// fault finds under way.
const RECORDS_PER_SECOND: &str = "15000";
const CHECKPOINT_INTERVAL_MS: &str = "100";

/// A pipeline through all its deaths, fed until it is finished.
pub struct Job<'w> {
    world: &'w World<'w>,
    folder: PathBuf,
    /// `None` once all is produced.
    producer: Option<Running>,
    running: Option<Running>,
    admin_port: u16,
    /// When the last fault struck.
    settled_before: u64,
    kills: u64,
    pub other_faults: u64,
    lives: u32,
}

impl<'w> Job<'w> {
    /// Starts the producer and the first life.
    pub fn start(world: &'w World<'w>, script: &str, seed: u64) -> Self {
        let folder = world.folder.path().to_owned();
        fs::write(folder.join("script.sql"), script).unwrap();
        fs::create_dir(folder.join("producer")).unwrap();
        let exe = binary("test_producer", option_env!("CARGO_BIN_EXE_test_producer"));
        let brokers = format!("kafka.brokers={}", world.bootstrap());
        let producer = Program::new(&exe, &folder.join("producer"))
            .args(["--topic", &world.source, "--rate", RECORDS_PER_SECOND, "--seed", &seed.to_string()])
            .args(["--keys", "500", "--skew", "0.5", "--late-fraction", "0.005", "--bad-fraction", "0.005"])
            .args(["--set", &brokers])
            .start();
        let mut job = Self {
            world,
            folder,
            producer: Some(producer),
            running: None,
            admin_port: free_port(),
            settled_before: 0,
            kills: 0,
            other_faults: 0,
            lives: 0,
        };
        job.running = Some(job.program().start());
        job
    }

    pub fn services(&self) -> &'w Services {
        self.world.services
    }

    /// The program for its next life, which prints into a folder of its own.
    fn program(&mut self) -> Program {
        self.lives += 1;
        let (folder, life) = (&self.folder, self.folder.join(format!("life-{}", self.lives)));
        fs::create_dir(&life).unwrap();
        let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
        let path = |name: &str| folder.join(name).display().to_string();
        Program::new(&exe, &life)
            .args(["--sql", &path("script.sql"), "--state-dir", &path("state")])
            .args(["--dead-letters", &path(DEAD_LETTERS), "--pipeline", &self.world.target])
            .args(["--checkpoint-interval", CHECKPOINT_INTERVAL_MS, "--parallelism", "2"])
            .args(["--connect-timeout", "60", "--admin-addr", &format!("127.0.0.1:{}", self.admin_port)])
    }

    /// Records whose fate is decided, by the program's own account; `None` while it does not answer.
    fn settled(&self) -> Option<u64> {
        let metrics = Metrics::read(self.admin_port)?;
        let rows = ["sink=\"copied\"", "sink=\"forwarded\""]
            .map(|sink| metrics.total("ibb_sink_rows_committed_total", sink));
        Some(rows.into_iter().max().unwrap_or(0) + metrics.total("ibb_source_dead_letters_total", ""))
    }

    /// Waits until something more is committed.
    pub async fn progress(&mut self) {
        self.settled_before = self.wait_settled(self.settled_before + 1).await;
    }

    async fn wait_settled(&mut self, least: u64) -> u64 {
        let what = format!("{least} records settled");
        self.wait(&what, |job| job.settled().filter(|settled| *settled >= least)).await
    }

    /// Waits without blocking the proxies, which run on the same runtime; fails when the program ends by itself.
    pub async fn wait<T>(&mut self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = tokio::time::Instant::now() + WAIT_MAX;
        loop {
            if let Some(found) = block_in_place(|| look(self)) {
                return found;
            }
            self.assert_under_way();
            let stderr = || self.running.as_ref().map(Running::stderr).unwrap_or_default();
            assert!(tokio::time::Instant::now() < deadline, "{what}: not within {WAIT_MAX:?}\n{}", stderr());
            // Between two looks the program gets the processor.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub fn settled_before(&self) -> u64 {
        self.settled_before
    }

    /// # Panics
    /// When there is nothing to be torn: the program has ended, or nobody feeds it.
    pub fn assert_under_way(&mut self) {
        let running = self.running.as_mut().expect("a program");
        assert!(!running.has_ended(), "it ended by itself:\n{}", running.stderr());
        if let Some(producer) = &mut self.producer {
            assert!(!producer.has_ended(), "the producer ended:\n{}", producer.stderr());
        }
    }

    fn kill(&mut self) {
        let running = self.running.take().expect("a program");
        assert!(running.kill(), "it had ended by itself");
        self.kills += 1;
    }

    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.running = Some(self.program().start());
    }

    /// Ends the present life, then starts one that dies at each failpoint, and one that lives.
    pub async fn strike_at(&mut self, failpoints: impl IntoIterator<Item = (&'static str, u32)>) {
        self.progress().await;
        self.kill();
        for (name, nth) in failpoints {
            let life = self.program().env("IBB_FAILPOINT", &format!("{name}@{nth}")).start();
            let finished = block_in_place(|| life.finish(WAIT_MAX));
            let hit = finished.stderr.contains(&format!("failpoint {name}: "));
            assert!(
                hit && finished.status.signal() == Some(6),
                "{name}@{nth} was not hit:\n{}",
                finished.stderr
            );
            self.kills += 1;
            println!("{name}@{nth} was hit");
        }
        self.running = Some(self.program().start());
    }

    /// Stops the program where it stands and starts another in its place.
    pub fn freeze_and_replace(&mut self) -> Running {
        let zombie = self.running.take().expect("a program");
        zombie.freeze();
        self.other_faults += 1;
        self.admin_port = free_port();
        self.running = Some(self.program().start());
        zombie
    }

    /// How a program that was replaced ends once it goes on.
    pub fn wake(zombie: Running) -> Finished {
        zombie.thaw();
        block_in_place(|| zombie.finish(WAIT_MAX))
    }

    /// Lets it work until at least `records` are settled and all that was produced is, asks it to end, and reads what the
    /// source holds.
    pub async fn finish(mut self, records: u64) -> (SourceLog, Tally) {
        self.wait_settled(records).await;
        let producer = self.producer.take().expect("a producer");
        producer.ask_to_end();
        block_in_place(|| producer.finish(WAIT_MAX)).expect_code(0);
        let log = self.world.source_log().await;
        let all = log.records() as u64;
        assert_eq!(self.wait_settled(all).await, all, "no more is settled than was produced");
        let running = self.running.take().expect("a program");
        running.ask_to_end();
        block_in_place(|| running.finish(WAIT_MAX)).expect_code(0);
        assert_eq!(self.world.dead_letters("decode"), log.poison.len() as u64, "poison is kept");
        let Self { kills, other_faults, .. } = self;
        (log, Tally { runs: 1, kills, other_faults, records: all })
    }
}
