//! Pipelines that stop with a savepoint, and others that begin with it: no row lost, none twice, and what a changed
//! script cannot go on with is refused by name.

use crate::fakes::{Case, Failure, Remembering, Replay, Row, Table, add_sink, options, truth};
use crate::recovery::{newest_snapshot, rows, shape};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use stream::{ErrorKind, Graph, RunReport, Savepoints, StreamError, WatermarkEmit, WindowShape};

const TUMBLE: WindowShape = WindowShape::Tumble { size_ms: 60, offset_ms: 0 };

/// One destination for each query, which every pipeline of the test writes under a memory of its own.
struct World {
    folder: tempfile::TempDir,
    rows: Arc<Vec<Vec<Row>>>,
}

/// A pipeline, and what its sinks remember.
struct Pipeline<'w> {
    world: &'w World,
    name: &'static str,
    parallelism: usize,
    totals: Arc<Mutex<Table>>,
    others: Arc<Mutex<Table>>,
    dead: Arc<Mutex<Table>>,
}

/// One run of it.
#[derive(Default)]
struct Run {
    /// Ends in order after this epoch.
    stop_after: Option<u64>,
    savepoints: Savepoints,
}

impl World {
    fn new(seed: u64) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), rows: Arc::new(rows(seed)) }
    }

    /// One partition, so that what was read before a stop is a prefix of it.
    fn single(seed: u64) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), rows: Arc::new(rows(seed)[..1].to_vec()) }
    }

    fn pipeline(&self, name: &'static str, parallelism: usize) -> Pipeline<'_> {
        let (totals, others, dead) = (Arc::default(), Arc::default(), Arc::default());
        Pipeline { world: self, name, parallelism, totals, others, dead }
    }

    fn savepoints(&self) -> PathBuf {
        self.folder.path().join("savepoints")
    }

    /// Stops a new pipeline of this name in the middle of its work.
    async fn stopped(&self, name: &'static str, parallelism: usize) -> (Pipeline<'_>, RunReport) {
        let pipeline = self.pipeline(name, parallelism);
        let report = pipeline.run(pipeline.totals(Failure::None), self.stop(4)).await.unwrap();
        assert!(!report.ended, "the stop must come before the end");
        (pipeline, report)
    }

    fn stop(&self, after: u64) -> Run {
        let savepoints = Savepoints { stop_into: Some(self.savepoints()), ..Savepoints::default() };
        Run { stop_after: Some(after), savepoints }
    }

    fn count_savepoints(&self) -> usize {
        fs::read_dir(self.savepoints()).map_or(0, Iterator::count)
    }
}

fn from(savepoint: &Path) -> Run {
    Run { savepoints: Savepoints { from: Some(savepoint.into()), ..Savepoints::default() }, stop_after: None }
}

fn dropping(savepoint: &Path) -> Run {
    let mut run = from(savepoint);
    run.savepoints.allow_non_restored_state = true;
    run
}

impl Pipeline<'_> {
    fn case(&self, shape: WindowShape) -> Case {
        let replay = Replay { partitions: self.world.rows.clone(), batch_rows: 50 };
        let (emit, parallelism) = (WatermarkEmit::PerBatch, self.parallelism);
        Case { replay, shape, disorder_ms: 10, emit, parallelism }
    }

    fn totals_into(&self, failure: Failure) -> Remembering {
        Remembering::new("totals", &self.totals, failure)
    }

    fn dead(&self) -> Remembering {
        Remembering::new("dead_letters", &self.dead, Failure::None)
    }

    /// The script: one query.
    fn totals(&self, failure: Failure) -> Graph {
        self.case(shape()).graph(vec![self.totals_into(failure)], self.dead())
    }

    /// The script with a second query, over the same source or over one of its own.
    fn totals_and_others(&self, source: &str) -> Graph {
        let mut graph = Graph::default();
        let (hop, tumble) = (self.case(shape()), self.case(TUMBLE));
        let events = hop.source(&mut graph, "events");
        let of_others = if source == "events" { events } else { hop.source(&mut graph, source) };
        let totals = hop.window(&mut graph, events, "totals");
        add_sink(&mut graph, totals, self.totals_into(Failure::None));
        let others = tumble.window(&mut graph, of_others, "others");
        add_sink(&mut graph, others, Remembering::new("others", &self.others, Failure::None));
        graph.collect_dead_letters(Box::new(self.dead()));
        graph
    }

    async fn run(&self, graph: Graph, run: Run) -> Result<RunReport, StreamError> {
        let mut options = options(self.name, &self.world.folder.path().join(self.name))?;
        let (shutdown, stop_after) = (options.shutdown.clone(), run.stop_after.unwrap_or(u64::MAX));
        options.on_epoch = Arc::new(move |progress| {
            if progress.epoch.0 >= stop_after {
                shutdown.cancel();
            }
        });
        options.savepoints = run.savepoints;
        stream::run(graph, options).await
    }

    async fn refused(&self, graph: Graph, run: Run, words: &[&str]) {
        let error = self.run(graph, run).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config, "{error}");
        for word in words {
            assert!(error.message.contains(word), "{word:?} is missing: {error}");
        }
    }
}

/// All rows that these pipelines have written, and no late ones.
fn written(pipelines: &[&Pipeline<'_>]) -> Vec<String> {
    let mut rows = Vec::new();
    for pipeline in pipelines {
        assert!(pipeline.dead.lock().unwrap().rows.is_empty(), "{}: nothing is late", pipeline.name);
        rows.extend(pipeline.totals.lock().unwrap().rows.clone());
    }
    rows.sort();
    rows
}

fn others(pipeline: &Pipeline<'_>) -> Vec<String> {
    let mut rows = pipeline.others.lock().unwrap().rows.clone();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_pipeline_goes_on_with_other_parallelism_without_loss_or_repetition() {
    for (seed, before, after) in [(20, 1, 1), (21, 1, 3), (22, 3, 2), (23, 2, 1)] {
        let world = World::new(seed);
        let (old, report) = world.stopped("old", before).await;
        let (savepoint, read) = (report.savepoint.unwrap(), report.progress.sources["events"]["records"]);
        let new = world.pipeline("new", after);
        let report = new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap();
        assert_eq!(report.restored_from, None, "epochs begin anew");
        assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()), "seed {seed}");
        assert!(!written(&[&old]).is_empty() && !written(&[&new]).is_empty(), "seed {seed}: both took part");
        // Its counters are its own, and hold against its own sinks.
        let all: usize = world.rows.iter().map(Vec::len).sum();
        assert_eq!(report.progress.sources["events"]["records"] + read, all as u64);
        let totals = report.progress.sinks["totals"];
        assert_eq!(totals.emitted, new.totals.lock().unwrap().committed);
        assert_eq!(new.totals.lock().unwrap().held.as_ref().unwrap().generation, 2);
    }
}

/// A supervisor starts the same command line again and again; the file may even have gone by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_state_wins_over_the_savepoint_it_came_from() {
    for failure in [Failure::Before(1), Failure::After(1), Failure::Before(3), Failure::After(3)] {
        let world = World::new(24);
        let (old, report) = world.stopped("old", 2).await;
        let savepoint = report.savepoint.unwrap();
        let new = world.pipeline("new", 2);
        let error = new.run(new.totals(failure), from(&savepoint)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{error}");
        fs::remove_file(&savepoint).unwrap();
        let report = new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap();
        assert!(report.restored_from.is_some());
        assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()), "{failure:?}");
    }
}

/// A crash before anything of its own came: epoch 0 holds the savepoint's state, whatever has become of that file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn epoch_zero_holds_the_state_of_the_savepoint() {
    let world = World::new(35);
    let (old, report) = world.stopped("old", 2).await;
    let savepoint = report.savepoint.unwrap();
    let new = world.pipeline("new", 1);
    new.run(new.totals(Failure::Before(1)), from(&savepoint)).await.unwrap_err();
    fs::write(newest_snapshot(&world.folder.path().join("new")), b"torn").unwrap();
    fs::remove_file(&savepoint).unwrap();
    let report = new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap();
    assert_eq!(report.restored_from.unwrap().0, 0);
    assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_that_came_from_elsewhere_refuses_the_savepoint_by_name() {
    let world = World::new(25);
    let (old, report) = world.stopped("old", 1).await;
    let savepoint = report.savepoint.unwrap();
    let (other, _) = world.stopped("other", 1).await;
    let words = ["pipeline 'other'", "epoch 5", savepoint.to_str().unwrap(), "leave --from-savepoint out"];
    other.refused(other.totals(Failure::None), from(&savepoint), &words).await;
    // Its own one it goes on with; once it has gone on without it, that would be a step back.
    let mut run = world.stop(6);
    run.savepoints.from = Some(savepoint.clone());
    let second = old.run(old.totals(Failure::None), run).await.unwrap().savepoint.unwrap();
    old.run(old.totals(Failure::None), from(&savepoint)).await.unwrap();
    old.refused(old.totals(Failure::None), from(&second), &["pipeline 'old'", second.to_str().unwrap()])
        .await;
    assert_eq!(written(&[&old]), truth(&world.rows, shape()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_come_into_the_script_starts_empty() {
    let world = World::single(26);
    let (old, report) = world.stopped("old", 1).await;
    let (savepoint, read) = (report.savepoint.unwrap(), report.progress.sources["events"]["records"]);

    let new = world.pipeline("new", 1);
    new.run(new.totals_and_others("events"), from(&savepoint)).await.unwrap();
    assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()));
    let rest = vec![world.rows[0][read as usize..].to_vec()];
    assert_eq!(others(&new), truth(&rest, TUMBLE), "a new query over an old source sees what comes");

    let new = world.pipeline("newer", 1);
    new.run(new.totals_and_others("more"), from(&savepoint)).await.unwrap();
    assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()));
    assert_eq!(others(&new), truth(&world.rows, TUMBLE), "a new source starts at its beginning");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_gone_from_the_script_is_refused_by_name_or_dropped() {
    let world = World::new(27);
    let old = world.pipeline("old", 2);
    let report = old.run(old.totals_and_others("more"), world.stop(4)).await.unwrap();
    let savepoint = report.savepoint.unwrap();
    let new = world.pipeline("new", 2);
    let words = [
        savepoint.to_str().unwrap(),
        "'others/window' has gone from the script; 'source:more' has gone",
        "--allow-non-restored-state",
    ];
    new.refused(new.totals(Failure::None), from(&savepoint), &words).await;
    assert_eq!(new.totals.lock().unwrap().token, 0, "refused before anybody is fenced");
    new.run(new.totals(Failure::None), dropping(&savepoint)).await.unwrap();
    assert_eq!(written(&[&old, &new]), truth(&world.rows, shape()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_changed_its_meaning_is_refused_by_name_or_dropped() {
    let world = World::single(28);
    let (_, report) = world.stopped("old", 1).await;
    let (savepoint, read) = (report.savepoint.unwrap(), report.progress.sources["events"]["records"]);
    let new = world.pipeline("new", 1);
    let changed = || new.case(TUMBLE).graph(vec![new.totals_into(Failure::None)], new.dead());
    let words = ["'totals/window' has changed from Hop", "to Tumble", "--allow-non-restored-state"];
    new.refused(changed(), from(&savepoint), &words).await;
    new.run(changed(), dropping(&savepoint)).await.unwrap();
    let rest = vec![world.rows[0][read as usize..].to_vec()];
    assert_eq!(written(&[&new]), truth(&rest, TUMBLE), "positions stay, the window starts empty");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_that_nobody_reads_any_more_are_refused_by_name_or_dropped() {
    let world = World::new(29);
    let (_, report) = world.stopped("old", 1).await;
    let savepoint = report.savepoint.unwrap();
    let new = world.pipeline("new", 2);
    let fewer = || {
        let mut case = new.case(shape());
        case.replay.partitions = Arc::new(world.rows[..2].to_vec());
        case.graph(vec![new.totals_into(Failure::None)], new.dead())
    };
    new.refused(fewer(), from(&savepoint), &["'source:events' no longer reads partition 2"]).await;
    let report = new.run(fewer(), dropping(&savepoint)).await.unwrap();
    assert!(report.ended);
}

/// The old pipeline goes on after it was stopped: its snapshots come and go, what was kept stays, and still restores.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_savepoint_survives_the_snapshots_beside_it() {
    let world = World::new(30);
    let old = world.pipeline("old", 2);
    let snapshots = world.folder.path().join("old");
    let mut run = world.stop(4);
    run.savepoints.stop_into = Some(snapshots.clone());
    let report = old.run(old.totals(Failure::None), run).await.unwrap();
    let savepoint = report.savepoint.unwrap();
    let (bytes, newest) = (fs::read(&savepoint).unwrap(), newest_snapshot(&snapshots));
    let until_then = written(&[&old]);
    old.run(old.totals(Failure::None), Run::default()).await.unwrap();
    assert_eq!(written(&[&old]), truth(&world.rows, shape()));
    assert!(!newest.exists(), "the snapshot it was taken of is pruned");
    assert_eq!(fs::read(&savepoint).unwrap(), bytes);

    let new = world.pipeline("new", 1);
    new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap();
    let mut both = [until_then, written(&[&new])].concat();
    both.sort();
    assert_eq!(both, truth(&world.rows, shape()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_failed_leaves_no_savepoint() {
    let world = World::new(31);
    // At the last epoch, and before it.
    for failure in [Failure::Before(5), Failure::After(5), Failure::Before(2)] {
        let old = world.pipeline("old", 1);
        let error = old.run(old.totals(failure), world.stop(4)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Io, "{error}");
        assert_eq!(world.count_savepoints(), 0, "{failure:?}");
        fs::remove_dir_all(world.folder.path().join("old")).unwrap();
    }
    let (_, report) = world.stopped("old", 1).await;
    assert_eq!((report.epoch.0, world.count_savepoints()), (5, 1));
}

/// Rows that a sink holds of this pipeline came after the savepoint, or before it: nobody could say.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sinks_that_hold_something_of_this_pipeline_refuse_a_savepoint_by_name() {
    let world = World::new(33);
    let (old, report) = world.stopped("old", 1).await;
    fs::remove_dir_all(world.folder.path().join("old")).unwrap();
    let run = from(&report.savepoint.unwrap());
    let error = old.run(old.totals(Failure::None), run).await.unwrap_err();
    assert!(error.message.contains("sink 'totals' holds epoch 5"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_savepoint_that_cannot_be_written_takes_back_nothing() {
    let world = World::new(34);
    let old = world.pipeline("old", 1);
    fs::write(world.savepoints(), "a file where the folder would be").unwrap();
    let error = old.run(old.totals(Failure::None), world.stop(4)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io, "{error}");
    assert!(error.message.contains(world.savepoints().to_str().unwrap()), "{error}");
    assert!(error.message.contains("everything read is committed"), "{error}");
    assert_eq!(old.totals.lock().unwrap().held.as_ref().unwrap().epoch.0, 5);
    old.run(old.totals(Failure::None), Run::default()).await.unwrap();
    assert_eq!(written(&[&old]), truth(&world.rows, shape()));
}

/// Goal: nobody is fenced and nothing is started by a savepoint that cannot be used.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_savepoint_is_refused_before_anybody_is_fenced() {
    let world = World::new(32);
    let (_, report) = world.stopped("old", 1).await;
    let savepoint = report.savepoint.unwrap();
    let bytes = fs::read(&savepoint).unwrap();
    let new = world.pipeline("new", 1);
    for (torn, kind, word) in [
        (bytes[..bytes.len() / 2].to_vec(), ErrorKind::Data, "cut short, changed or renamed"),
        (Vec::new(), ErrorKind::Data, "cut short, changed or renamed"),
        ([b"IBBSNAP9", &bytes[8..]].concat(), ErrorKind::Config, "has version 9 of the state format"),
    ] {
        fs::write(&savepoint, torn).unwrap();
        let error = new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(word), "{error}");
        assert!(error.message.contains(savepoint.to_str().unwrap()), "{error}");
    }
    assert_eq!(new.totals.lock().unwrap().token, 0);
    fs::write(&savepoint, bytes).unwrap();
    new.run(new.totals(Failure::None), from(&savepoint)).await.unwrap();
}
