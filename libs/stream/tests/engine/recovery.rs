//! Runs that end at any commit, before or after it took effect, and are started again: every row exactly once.

use crate::fakes::{Case, Failure, Remembering, Replay, Row, Table, run, truth};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use stream::{ErrorKind, StreamError, WatermarkEmit, WindowShape};

const KEYS: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];

pub fn shape() -> WindowShape {
    WindowShape::Hop { size_ms: 60, slide_ms: 20, offset_ms: 0 }
}

pub fn rows(seed: u64) -> Vec<Vec<Row>> {
    let mut random = StdRng::seed_from_u64(seed);
    let partition = |random: &mut StdRng| {
        let mut now = 0;
        let mut row = |_| {
            now += random.random_range(0..4);
            (KEYS[random.random_range(0..KEYS.len())], now - random.random_range(0..10) + 100, 1)
        };
        (0..2_000).map(&mut row).collect()
    };
    (0..3).map(|_| partition(&mut random)).collect()
}

struct World {
    folder: tempfile::TempDir,
    first: Arc<Mutex<Table>>,
    second: Arc<Mutex<Table>>,
    dead: Arc<Mutex<Table>>,
    rows: Arc<Vec<Vec<Row>>>,
}

impl World {
    fn new(seed: u64) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            first: Arc::default(),
            second: Arc::default(),
            dead: Arc::default(),
            rows: Arc::new(rows(seed)),
        }
    }

    async fn run(&self, parallelism: usize, first: Failure, second: Failure) -> Result<(), StreamError> {
        let replay = Replay { partitions: self.rows.clone(), batch_rows: 50 };
        let case =
            Case { replay, shape: shape(), disorder_ms: 10, emit: WatermarkEmit::PerBatch, parallelism };
        let graph = case.graph(
            vec![
                Remembering::new("first", &self.first, first),
                Remembering::new("second", &self.second, second),
            ],
            Remembering::new("dead_letters", &self.dead, Failure::None),
        );
        run(graph, self.folder.path()).await.map(drop)
    }

    fn assert_exactly_once(&self, what: &str) {
        let expected = truth(&self.rows, shape());
        for table in [&self.first, &self.second] {
            let mut rows = table.lock().unwrap().rows.clone();
            rows.sort();
            assert_eq!(rows, expected, "{what}");
        }
        assert!(self.dead.lock().unwrap().rows.is_empty(), "{what}: nothing was late");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sinks_stay_exact_through_crashes_at_random_commits_and_other_parallelism() {
    for seed in 0..12 {
        let world = World::new(seed);
        let mut random = StdRng::seed_from_u64(1_000 + seed);
        let mut crashes = 0;
        for _ in 0..6 {
            let at = random.random_range(1..6);
            let failure = if random.random() { Failure::Before(at) } else { Failure::After(at) };
            let (first, second) =
                if random.random() { (failure, Failure::None) } else { (Failure::None, failure) };
            match world.run(random.random_range(1..4), first, second).await {
                Ok(()) => break,
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::Io, "seed {seed}: {error}");
                    crashes += 1;
                }
            }
        }
        world.run(2, Failure::None, Failure::None).await.unwrap();
        assert!(crashes > 0, "seed {seed}: no run was interrupted");
        world.assert_exactly_once(&format!("seed {seed}, {crashes} crashes"));
    }
}

pub fn newest_snapshot(folder: &Path) -> std::path::PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|e| e == "snapshot")).max().unwrap()
}

/// The first sink holds the newest epoch, so an older snapshot would repeat its rows: refused, by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_snapshot_that_a_sink_holds_is_refused_by_name() {
    let world = World::new(1);
    world.run(1, Failure::After(3), Failure::None).await.unwrap_err();
    let torn = newest_snapshot(world.folder.path());
    fs::write(&torn, b"torn").unwrap();
    let error = world.run(1, Failure::None, Failure::None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(error.message.contains("is torn") && error.message.contains("sink 'first'"), "{error}");
}

/// A newer program's snapshot is whole to that program, so that an older one is the wrong one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_of_a_newer_program_is_not_passed_over() {
    let world = World::new(7);
    world.run(1, Failure::Before(3), Failure::None).await.unwrap_err();
    let newest = newest_snapshot(world.folder.path());
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, [b"IBBSNAP2", &bytes[8..]].concat()).unwrap();
    let error = world.run(1, Failure::None, Failure::None).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains(newest.to_str().unwrap()), "{error}");
    assert!(error.message.contains("version 2") && error.message.contains("up to 1"), "{error}");
    fs::write(&newest, bytes).unwrap();
    world.run(1, Failure::None, Failure::None).await.unwrap();
    world.assert_exactly_once("after the newer program has gone");
}

/// Nobody holds the newest epoch yet, so the snapshot before it is right.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_snapshot_that_no_sink_holds_is_passed_over() {
    let world = World::new(2);
    world.run(1, Failure::Before(3), Failure::None).await.unwrap_err();
    fs::write(newest_snapshot(world.folder.path()), b"torn").unwrap();
    world.run(1, Failure::None, Failure::None).await.unwrap();
    world.assert_exactly_once("after a torn snapshot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sinks_that_hold_an_epoch_without_any_snapshot_are_refused_by_name() {
    let world = World::new(3);
    world.run(1, Failure::After(3), Failure::None).await.unwrap_err();
    for entry in fs::read_dir(world.folder.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let error = world.run(1, Failure::None, Failure::None).await.unwrap_err();
    assert!(error.message.contains("sink 'first' holds epoch 3"), "{error}");
}

/// A sink whose memory is gone would miss every row committed so far, or, as the first epoch's rows are still kept, get
/// them again: refused, by name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_forgot_is_refused_by_name() {
    for epochs in [1, 4] {
        let world = World::new(4);
        world.run(1, Failure::After(epochs), Failure::None).await.unwrap_err();
        *world.first.lock().unwrap() = Table::default();
        *world.second.lock().unwrap() = Table::default();
        let error = world.run(1, Failure::None, Failure::None).await.unwrap_err();
        assert!(error.message.contains("sink 'first' remembers nothing of this pipeline"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_was_replaced_is_fenced() {
    let world = World::new(5);
    world.run(1, Failure::Before(2), Failure::None).await.unwrap_err();
    // A newer instance claims between our claim and our first commit.
    let table = world.first.clone();
    let thief = tokio::spawn(async move {
        loop {
            let stolen = {
                let mut table = table.lock().unwrap();
                let claimed = table.token > 1;
                table.token += u64::from(claimed) * 100;
                claimed
            };
            if stolen {
                break;
            }
            tokio::task::yield_now().await;
        }
    });
    let error = world.run(1, Failure::None, Failure::None).await.unwrap_err();
    thief.await.unwrap();
    assert_eq!(error.kind, ErrorKind::Fenced);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_window_refuses_the_old_state() {
    let world = World::new(6);
    world.run(1, Failure::After(2), Failure::None).await.unwrap_err();
    let replay = Replay { partitions: world.rows.clone(), batch_rows: 50 };
    let other = WindowShape::Tumble { size_ms: 60, offset_ms: 0 };
    let case = Case { replay, shape: other, disorder_ms: 10, emit: WatermarkEmit::PerBatch, parallelism: 1 };
    let graph = case.graph(
        vec![
            Remembering::new("first", &world.first, Failure::None),
            Remembering::new("second", &world.second, Failure::None),
        ],
        Remembering::new("dead_letters", &world.dead, Failure::None),
    );
    let error = run(graph, world.folder.path()).await.unwrap_err();
    assert!(error.message.contains("'totals/window' has changed from Hop"), "{error}");
}
