//! `stateful_processor` over the sample stream.

use crate::says;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{Finished, Program, binary};

fn run(args: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let exe = binary("stateful_processor", option_env!("CARGO_BIN_EXE_stateful_processor"));
    let shared = ["--connect-timeout", "2", "--dev-services", "embedded", "--state-dir", "state"];
    Program::new(&exe, folder.path()).args(shared).args(args).start().finish(Duration::from_secs(60))
}

/// Goal: every key is said once when it comes, and the last total of every key has all its events.
#[test]
fn totals_have_every_event_and_keys_are_said_once() {
    let finished = run(&["--sink", "stdout", "--duration", "4", "--state-backend", "lsm"]).expect_code(0);
    let rows = finished.stdout.lines().filter_map(|line| line.strip_prefix("+I[")?.strip_suffix(']'));
    let (totals, keys): (Vec<&str>, Vec<&str>) = rows.partition(|row| row.contains(", "));
    let mut events: BTreeMap<&str, u64> = BTreeMap::new();
    for row in totals {
        let cells: Vec<&str> = row.split(", ").collect();
        let count = cells[1].parse().unwrap();
        assert!(
            events.insert(cells[0], count).is_none_or(|before| before < count),
            "{row}: no more than before"
        );
    }
    let mut said = keys.clone();
    said.sort_unstable();
    assert_eq!(said, events.keys().copied().collect::<Vec<_>>(), "each key once");
    let progress = finished.stderr.split("progress=").last().unwrap().trim();
    let progress: String = serde_json::from_str(progress).unwrap();
    let progress: serde_json::Value = serde_json::from_str(&progress).unwrap();
    assert_eq!(progress["sources"]["events"]["records"], events.values().sum::<u64>(), "{progress}");
}

#[test]
fn what_does_not_go_together_is_refused() {
    says(run(&["--state-backend", "rocksdb"]), 64, &["rocksdb", "--state-backend lsm", "--engine flink"]);
    says(run(&["--state-backend", "redis"]), 64, &["redis", "not supported yet"]);
    says(run(&["--engine", "flink", "--state-backend", "lsm"]), 64, &["--state-backend rocksdb"]);
    says(run(&["--sink", "files"]), 64, &["files", "postgresql"]);
}
