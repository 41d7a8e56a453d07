//! Window results equal a plain loop, whatever the order within the bound and however many tasks.

use crate::fakes::{Case, Failure, Remembering, Replay, Row, Table, run, truth};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};
use stream::{RunReport, WatermarkEmit, WindowShape};

const KEYS: [&str; 5] = ["ada", "bob", "cyd", "dan", "eve"];
const DISORDER_MS: i64 = 40;

fn tumble(size_ms: i64) -> WindowShape {
    WindowShape::Tumble { size_ms, offset_ms: 0 }
}

/// Runs `partitions` to the end; the sorted rows, the sorted dead letters, the report.
fn results(
    partitions: Vec<Vec<Row>>,
    shape: WindowShape,
    parallelism: usize,
    batch_rows: usize,
) -> (Vec<String>, Vec<String>, RunReport) {
    let replay = Replay { partitions: Arc::new(partitions), batch_rows };
    run_case(Case { replay, shape, disorder_ms: DISORDER_MS, emit: WatermarkEmit::PerBatch, parallelism })
}

fn run_case(case: Case) -> (Vec<String>, Vec<String>, RunReport) {
    let (table, dead) = (Arc::new(Mutex::new(Table::default())), Arc::new(Mutex::new(Table::default())));
    let graph = case.graph(
        vec![Remembering::new("totals", &table, Failure::None)],
        Remembering::new("dead_letters", &dead, Failure::None),
    );
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let report = runtime.block_on(run(graph, folder.path())).unwrap();
    let sorted = |table: &Mutex<Table>| {
        let mut rows = table.lock().unwrap().rows.clone();
        rows.sort();
        rows
    };
    (sorted(&table), sorted(&dead), report)
}

/// Rows whose times rise by small steps, each up to `DISORDER_MS` early.
fn disordered() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row = (0..KEYS.len(), 0..20_i64, 0..DISORDER_MS, -100..100_i64);
    let partition = prop::collection::vec(row, 0..120).prop_map(|rows| {
        let mut now = 1_000;
        rows.into_iter()
            .map(|(key, step, early, value)| {
                now += step;
                (KEYS[key], now - early, value)
            })
            .collect::<Vec<Row>>()
    });
    prop::collection::vec(partition, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tumbling_totals_equal_a_plain_loop(rows in disordered(), tasks in 1..4_usize, size in 1..200_i64) {
        let expected = truth(&rows, tumble(size));
        let (got, dead, _) = results(rows, tumble(size), tasks, 7);
        prop_assert_eq!(got, expected);
        prop_assert!(dead.is_empty());
    }

    #[test]
    fn hopping_totals_equal_a_plain_loop(rows in disordered(), tasks in 1..4_usize, slide in 1..60_i64, n in 2..5_i64) {
        let shape = WindowShape::Hop { size_ms: slide * n, slide_ms: slide, offset_ms: 0 };
        let expected = truth(&rows, shape);
        let (got, dead, _) = results(rows, shape, tasks, 5);
        prop_assert_eq!(got, expected);
        prop_assert!(dead.is_empty());
    }
}

/// A row behind its closed window is kept as a dead letter and counted, and changes no window.
#[test]
fn late_rows_are_kept_with_their_reason() {
    let rows = vec![("ada", 1_000, 1), ("ada", 1_200, 2), ("ada", 1_010, 4), ("ada", 1_190, 8)];
    let (got, dead, report) = results(vec![rows], tumble(100), 1, 1);
    assert_eq!(
        got,
        [
            "ada [1000, 1100) count 1 sum 1",
            "ada [1100, 1200) count 1 sum 8",
            "ada [1200, 1300) count 1 sum 2"
        ]
    );
    assert_eq!(dead, [r#"late {"key":"ada","time":"1970-01-01T00:00:01.010","value":4}"#]);
    let query = &report.progress.queries["totals"];
    assert_eq!((query["admitted"], query["late"], query["no_event_time"]), (3, 1, 0));
    assert_eq!(report.progress.sources["events"]["records"], 4);
    assert!(report.ended);
}

/// With a watermark after each row, what is late does not depend on how rows come in batches.
#[test]
fn lateness_is_a_matter_of_the_rows_when_the_watermark_follows_each() {
    let rows =
        vec![("ada", 1_000, 1), ("ada", 1_138, 2), ("ada", 1_099, 4), ("ada", 1_140, 8), ("ada", 1_099, 16)];
    let totals = |emit, batch_rows| {
        let replay = Replay { partitions: Arc::new(vec![rows.clone()]), batch_rows };
        let case = Case { replay, shape: tumble(100), disorder_ms: 40, emit, parallelism: 1 };
        let (rows, dead, _) = run_case(case);
        (rows, dead.len())
    };
    let per_row = totals(WatermarkEmit::OnEvent(1), 1);
    // Time 1140 - 40 closes [1000, 1100); 1139 - 40 does not.
    let expected = ["ada [1000, 1100) count 2 sum 5", "ada [1100, 1200) count 2 sum 10"];
    assert_eq!((per_row.0.as_slice(), per_row.1), (expected.map(String::from).as_slice(), 1));
    for batch_rows in 2..6 {
        assert_eq!(totals(WatermarkEmit::OnEvent(1), batch_rows), per_row, "{batch_rows}");
    }
    assert_ne!(totals(WatermarkEmit::PerBatch, 5), per_row, "all rows come before the first watermark");
}

/// In hopping windows a row is late only when its last window has closed; an open one still takes it.
#[test]
fn a_row_enters_the_hopping_windows_that_are_still_open() {
    let shape = WindowShape::Hop { size_ms: 100, slide_ms: 50, offset_ms: 0 };
    // Time 1140 - 40 closes [1000, 1100); the row at 1060 still belongs into [1050, 1150).
    let rows = vec![("ada", 1_060, 1), ("ada", 1_140, 2), ("ada", 1_060, 4)];
    let (got, dead, _) = results(vec![rows], shape, 1, 1);
    assert_eq!(
        got,
        [
            "ada [1000, 1100) count 1 sum 1",
            "ada [1050, 1150) count 3 sum 7",
            "ada [1100, 1200) count 1 sum 2"
        ]
    );
    assert!(dead.is_empty());
}

/// The windows and the late rows a plain loop makes of one partition's rows when time advances with each of them.
fn row_by_row(rows: &[Row], size: i64) -> (Vec<String>, usize) {
    let (mut watermark, mut late) = (i64::MIN, 0);
    let mut admitted = Vec::new();
    for row in rows {
        let last = row.1.div_euclid(size) * size + size - 1;
        if last <= watermark {
            late += 1
        } else {
            admitted.push(*row)
        }
        watermark = watermark.max(row.1 - DISORDER_MS);
    }
    (truth(&[admitted], tumble(size)), late)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// With the watermark told after each row it makes no difference how rows come in batches.
    #[test]
    fn a_row_meets_the_watermark_of_every_row_before_it(
        steps in prop::collection::vec((0..KEYS.len(), -150..150_i64), 1..200),
        batch_rows in 1..60_usize,
        size in 1..120_i64,
    ) {
        let mut now = 10_000;
        let rows: Vec<Row> = steps.iter().map(|(key, step)| {
            now += step;
            (KEYS[*key], now, 1)
        }).collect();
        let (expected, late) = row_by_row(&rows, size);
        let replay = Replay { partitions: Arc::new(vec![rows]), batch_rows };
        let emit = WatermarkEmit::OnEvent(1);
        let (got, dead, _) =
            run_case(Case { replay, shape: tumble(size), disorder_ms: DISORDER_MS, emit, parallelism: 1 });
        prop_assert_eq!(got, expected);
        prop_assert_eq!(dead.len(), late);
    }
}
