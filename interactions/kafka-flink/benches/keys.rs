//! Totals without a window over more and more keys, with the state in memory and in the LSM tree: each key comes twice or,
//! where keys are few, as often as two million rows allow, far apart; and a stream of which 99 in 100 rows have the same key,
//! so that one task does all the work. Prints rows/s, the most memory each run took, and how long checkpoints took from the
//! barrier to the last commit; checks what the counters say.
//!
//! Each run is a process of its own: this program again, told which.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use stream::{Blackhole, ConnectorContext, Connectors, Datagen, RunOptions, SnapshotStore, StateBackend};

const ROWS_MIN: u64 = 2_000_000;
const EVEN: &str = "MOD(id * 7919, ${keys})";
const SKEWED: &str = "CASE WHEN MOD(id, 100) > 0 THEN 0 ELSE MOD(id * 7919, ${keys}) END";
/// Backend, keys, and which key each row has.
const RUNS: [(&str, u64, &str); 7] = [
    ("memory", 10_000, EVEN),
    ("memory", 10_000, SKEWED),
    ("lsm", 10_000, EVEN),
    ("memory", 1_000_000, EVEN),
    ("lsm", 1_000_000, EVEN),
    ("memory", 10_000_000, EVEN),
    ("lsm", 10_000_000, EVEN),
];

fn rows(keys: u64) -> u64 {
    ROWS_MIN.max(2 * keys)
}

/// The multiplier is prime, so rows after each other have keys far apart.
fn script(keys: u64, key: &str) -> String {
    let key = key.replace("${keys}", &keys.to_string());
    let last = rows(keys) - 1;
    format!(
        "CREATE TABLE events (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000000000',
             'fields.id.kind' = 'sequence', 'fields.id.start' = '0', 'fields.id.end' = '{last}');
         CREATE TABLE totals (k BIGINT, n BIGINT, total BIGINT, latest BIGINT) WITH ('connector' = 'blackhole');
         INSERT INTO totals SELECT {key}, COUNT(*), SUM(id), MAX(id) FROM events GROUP BY {key}"
    )
}

async fn run(backend: &str, keys: u64, key: &str) {
    let folder = tempfile::tempdir().expect("a folder for snapshots");
    let context = ConnectorContext {
        pipeline: "keys".into(),
        base_dir: folder.path().into(),
        connect_timeout: Duration::from_secs(1),
        batch_rows_max: 8_192,
        rows_per_second_max: None,
    };
    let pipeline = sql::plan(&sql::parse(&script(keys, key)).expect("a script")).expect("a plan");
    let connectors = Connectors::default().with(Datagen).with(Blackhole);
    let graph = pipeline.build(&connectors, &context, 2).await.expect("a graph");
    let longest_ms = Arc::new(AtomicU64::new(0));
    let longest = longest_ms.clone();
    let options = RunOptions {
        pipeline: "keys".into(),
        store: SnapshotStore::open(folder.path().join("snapshots"), "keys").expect("a store"),
        savepoints: Default::default(),
        monitor: Default::default(),
        state_backend: match backend {
            "lsm" => StateBackend::Lsm { folder: folder.path().join("lsm") },
            _ => StateBackend::Memory,
        },
        checkpoint_interval: Duration::from_secs(1),
        pending_bytes_max: 64 << 20,
        shutdown: Default::default(),
        commit_retry: Default::default(),
        on_epoch: Arc::new(move |progress| {
            longest.fetch_max(progress.checkpoint_ms, Ordering::Relaxed);
        }),
    };
    let begun = Instant::now();
    let report = stream::run(graph, options).await.expect("a run");
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(report.progress.queries["totals"]["admitted"], rows(keys));
    let emitted = report.progress.sinks["totals"].emitted;
    assert!(key == SKEWED || emitted >= keys, "{emitted} results");
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    let peak_kib: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!(
        "{backend:>6} {keys:>10} keys{}: {:.2} M rows/s, {:.0} MiB, {} epochs, of which the longest took {} ms",
        if key == SKEWED { ", skewed" } else { "" },
        rows(keys) as f64 / took / 1e6,
        peak_kib / 1024.0,
        report.epoch,
        longest_ms.load(Ordering::Relaxed)
    );
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [backend, keys, key] = &args[..] {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(run(backend, keys.parse().expect("a number"), key));
    }
    for (backend, keys, key) in RUNS {
        let this = std::env::current_exe().expect("this program");
        let ended = Command::new(this).args([backend, &keys.to_string(), key]).status().expect("it starts");
        assert!(ended.success(), "{backend} with {keys} keys failed");
    }
}
