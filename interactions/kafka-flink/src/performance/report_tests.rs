//! A report says so when rows are missing, doubled or late, and says nothing when all is well.

use super::super::clock::RunClock;
use super::super::measure::{Measured, record};
use super::*;

/// A thousand messages in ten seconds, all well.
fn good() -> Report {
    let mut latencies = Measured::new(RunClock::start()).latencies();
    for us in 1..=1_000 {
        record(&mut latencies.total, 0, us * 1_000);
    }
    Report {
        asked: Asked {
            engine: Engine::Embedded,
            per_second: 100,
            checkpoint_interval: Duration::from_secs(1),
            parallelism: 2,
            partitions: 4,
            warm_up: Duration::ZERO,
            embedded_kafka: false,
            embedded_postgresql: false,
        },
        seen: Seen {
            due: 1_000,
            sent: 1_000,
            acknowledged: 1_000,
            not_delivered: 0,
            sending: Duration::from_secs(10),
            drained: Some(Duration::from_millis(900)),
            reported: 1_000,
            counted: Counted { rows: 1_000, distinct: 1_000, least: Some(0), greatest: Some(999) },
            cpu_seconds: Some(1.5),
            peak_rss_bytes: Some(64 << 20),
        },
        latencies,
    }
}

#[track_caller]
fn says(change: impl FnOnce(&mut Seen), expected: &[&str]) {
    let mut report = good();
    change(&mut report.seen);
    assert_eq!(report.problems(), expected);
    assert_eq!(report.to_json()["passed"], expected.is_empty());
    for problem in expected {
        assert!(report.to_text().contains(problem), "{}", report.to_text());
    }
}

#[test]
fn a_good_run_has_no_problems() {
    says(|_| {}, &[]);
    assert!(good().to_text().contains("sustained, nothing lost or doubled"));
}

#[test]
fn missing_rows_are_lost() {
    says(
        |seen| seen.counted = Counted { rows: 997, distinct: 997, ..seen.counted },
        &["lost: 3 of 1000 acknowledged messages are not in the table"],
    );
}

#[test]
fn a_row_that_came_twice_is_doubled_also_when_another_is_missing() {
    says(|seen| seen.counted.rows = 1_002, &["doubled: 2 rows are in the table more than once"]);
    says(
        |seen| seen.counted = Counted { rows: 1_000, distinct: 999, ..seen.counted },
        &[
            "lost: 1 of 1000 acknowledged messages are not in the table",
            "doubled: 1 rows are in the table more than once",
        ],
    );
}

#[test]
fn a_row_nobody_sent_is_strange() {
    let words = "strange: there are rows whose number was never sent";
    says(|seen| seen.counted.greatest = Some(1_000), &[words]);
    says(|seen| seen.counted.least = Some(-1), &[words]);
}

#[test]
fn what_kafka_did_not_take_is_said() {
    says(
        |seen| {
            (seen.acknowledged, seen.not_delivered) = (990, 10);
            seen.counted = Counted { rows: 990, distinct: 990, ..seen.counted };
        },
        &["not delivered: Kafka acknowledged 10 messages too few"],
    );
}

#[test]
fn a_lower_rate_never_passes_in_silence() {
    says(|seen| seen.due = 1_200, &["not sustained: 200 of 1200 due messages were not sent"]);
    says(
        |seen| seen.drained = Some(Duration::from_millis(3_100)),
        &["not sustained: the last row was committed 3.1 s after its message was due; 3.0 s are allowed"],
    );
    says(|seen| seen.drained = None, &["not sustained: the rows were not all committed by the deadline"]);
}

#[test]
fn a_backlog_that_was_worked_off_is_said_too() {
    let mut report = good();
    for _ in 0..20 {
        record(&mut report.latencies.total, 0, 9_000_000);
    }
    assert_eq!(report.problems(), ["not sustained: the p99 latency was 9.0 s; 3.0 s are allowed"]);
}

#[test]
fn a_run_that_did_nothing_is_no_success() {
    let mut report = good();
    report.seen = Seen { drained: Some(Duration::ZERO), ..Seen::default() };
    report.latencies = Measured::new(RunClock::start()).latencies();
    assert_eq!(report.problems(), ["nothing was sent"]);
    assert_eq!((report.sent_per_second(), report.committed_per_second()), (0.0, 0.0));
}

#[test]
fn figures_are_what_they_say() {
    let report = good();
    let json = report.to_json();
    assert_eq!(json["messages_per_second"], json!({"asked": 100, "sent": 100.0, "committed": 91.743}));
    let total = &json["latency_ms"]["total"];
    assert_eq!(total["count"], 1_000);
    // Three digits are kept.
    for (name, expected) in [("p50", 500.0), ("p95", 950.0), ("p99", 990.0), ("max", 1_000.0)] {
        let value = total[name].as_f64().unwrap();
        assert!((value - expected).abs() <= expected / 500.0, "{name}: {value}");
    }
    assert_eq!(json["latency_ms"]["commit"]["count"], 0);
    assert!(report.to_text().contains("nothing was measured"), "{}", report.to_text());
}

#[test]
fn of_a_cluster_only_the_whole_way_is_told() {
    let mut report = good();
    report.asked.engine = Engine::Flink;
    let json = report.to_json();
    let stages: Vec<&str> = json["latency_ms"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((json["engine"].as_str(), stages), (Some("flink"), vec!["sending", "total"]));
    assert!(!report.to_text().contains("decoded by the engine"), "{}", report.to_text());
}
