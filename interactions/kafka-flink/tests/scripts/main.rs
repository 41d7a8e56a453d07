//! `validate` and `test`: what a user sees, and the exit codes. No test of this file has a service to speak to.

mod broken;
mod tables;
mod validate;
mod verdicts;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::{Finished, Program, binary};

/// A folder for one test.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, with its folders.
    pub fn with(self, name: &str, text: &str) -> Self {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
        self
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        let exe = binary("stream_processor", option_env!("CARGO_BIN_EXE_stream_processor"));
        // Whoever tried to start or reach a service would say so.
        let nobody = ["--dev-services", "off", "--connect-timeout", "1"];
        Program::new(&exe, self.0.path()).args(args).args(nobody).start().finish(Duration::from_secs(60))
    }

    /// `test case`, with this exit code; returns what stands on stdout.
    #[track_caller]
    pub fn test(&self, code: i32) -> String {
        self.run(&["test", "case"]).expect_code(code).stdout
    }
}

#[track_caller]
pub fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in:\n{text}");
    }
}

/// Payments per minute: a window, an upsert by key, and a watermark without slack.
pub const SCRIPT: &str = "CREATE TABLE payments (
  payer STRING,
  amount DOUBLE,
  at TIMESTAMP(3),
  WATERMARK FOR at AS at
) WITH ('connector' = 'kafka', 'topic' = 'payments', 'properties.bootstrap.servers' = '127.0.0.1:1',
        'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE per_minute (minute TIMESTAMP(3), payer STRING, payments BIGINT, total DOUBLE)
WITH ('connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1:1/none', 'table-name' = 'per_minute');
INSERT INTO per_minute
SELECT window_start, payer, COUNT(*), SUM(amount)
FROM TABLE(TUMBLE(TABLE payments, DESCRIPTOR(at), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, payer;
";

pub const PAYMENTS: &str = r#"{"payer": "ada", "amount": 1.5, "at": "2026-03-01 12:00:10"}
{"payer": "bob", "amount": 2, "at": "2026-03-01 12:00:20"}
{"payer": "ada", "amount": 3, "at": "2026-03-01 12:00:30"}
"#;

pub const PER_MINUTE: &str = r#"{"minute": "2026-03-01 12:00:00", "payer": "bob", "payments": 1, "total": 2.0}
{"minute": "2026-03-01 12:00:00.000", "payer": "ada", "payments": 2, "total": 4.5}
"#;

/// A case that passes; tests spoil one file of it.
pub fn payments() -> Place {
    Place::empty()
        .with("case/pipeline.sql", SCRIPT)
        .with("case/input/payments.jsonl", PAYMENTS)
        .with("case/expected/per_minute.jsonl", PER_MINUTE)
}

/// The cases that stand beside the shipped script.
pub fn shipped_cases() -> PathBuf {
    let folder = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    Path::new(&folder).join("cases").canonicalize().unwrap()
}
