//! Session windows, with and without aggregation.

use super::fleet::{Outcome, Row, Step, count_and_sum, outcome, schema, stamp, steps, timed, totals};
use crate::{SessionOutput, SessionWindow};
use arrow::datatypes::{Field, Schema};
use proptest::prelude::*;
use std::sync::Arc;

fn aggregate(gap_ms: i64) -> SessionWindow {
    let (output, output_schema) = totals();
    let output = SessionOutput::Aggregates(count_and_sum(), output);
    let input_schema = schema();
    let origin = "events".into();
    SessionWindow {
        input_schema,
        time: 1,
        gap_ms,
        keys: vec![0],
        output,
        output_schema,
        of_source: true,
        origin,
    }
}

fn rows(gap_ms: i64) -> SessionWindow {
    let window = ["start", "end", "time_of_window"].map(|name| Arc::new(Field::new(name, stamp(), false)));
    let fields: Vec<_> = schema().fields().iter().cloned().chain(window).collect();
    let output_schema = Arc::new(Schema::new(fields));
    SessionWindow { output: SessionOutput::Rows, output_schema, ..aggregate(gap_ms) }
}

/// A window that grows: `[start, end)` and its rows in the order they came.
struct Session {
    start: i64,
    end: i64,
    rows: Vec<(usize, Row)>,
}

/// One row after the other, as Flink's documents tell it: each begins as a window of its own and is merged with all
/// windows of its key that it overlaps or touches; it is late if the window it ends up in is closed.
fn truth(gap: i64, steps: &[(Step, i64)], lines: impl Fn(&Session) -> Vec<String>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut watermark = i64::MIN;
    let mut open: Vec<Session> = Vec::new();
    let mut arrived = 0;
    for (step, now) in steps {
        match step {
            Step::Rows(rows) => {
                for row in rows {
                    arrived += 1;
                    let mut merged = Session { start: row.1, end: row.1 + gap, rows: vec![(arrived, *row)] };
                    let meets =
                        |s: &Session| s.rows[0].1.0 == row.0 && s.start <= row.1 + gap && row.1 <= s.end;
                    let (met, others) = open.into_iter().partition(meets);
                    open = others;
                    for session in met as Vec<Session> {
                        merged.start = merged.start.min(session.start);
                        merged.end = merged.end.max(session.end);
                        merged.rows.extend(session.rows);
                    }
                    if merged.end - 1 <= watermark {
                        outcome.late += 1;
                    } else {
                        outcome.admitted += 1;
                        merged.rows.sort_by_key(|(arrived, _)| *arrived);
                        open.push(merged);
                    }
                }
            }
            Step::Pass(_) => {
                watermark = *now;
                let (due, others) = open.into_iter().partition(|s: &Session| s.end - 1 <= watermark);
                open = others;
                outcome.add(*now, (due as Vec<Session>).iter().flat_map(&lines).collect());
            }
            Step::Restart(_) => {}
        }
    }
    outcome
}

fn total(session: &Session) -> Vec<String> {
    let sum: i64 = session.rows.iter().map(|(_, row)| row.2).sum();
    let (start, end, count) = (session.start, session.end, session.rows.len());
    let key = session.rows[0].1.0.unwrap_or("-");
    vec![format!("{key} {start} {end} {} {count} {sum}", end - 1)]
}

fn each(session: &Session) -> Vec<String> {
    let (start, end) = (session.start, session.end);
    let line = |(_, (key, time, value)): &(usize, Row)| {
        format!("{} {time} {value} {start} {end} {}", key.unwrap_or("-"), end - 1)
    };
    session.rows.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_equal_a_plain_loop(gap in 1..60_i64, steps in steps(150, 60)) {
        let steps = timed(steps);
        prop_assert_eq!(outcome(&aggregate(gap), &[0], &steps), truth(gap, &steps, total));
    }

    #[test]
    fn rows_of_sessions_equal_a_plain_loop(gap in 1..60_i64, steps in steps(150, 60)) {
        let steps = timed(steps);
        prop_assert_eq!(outcome(&rows(gap), &[0], &steps), truth(gap, &steps, each));
    }
}

/// Enough batches that the store is compacted while sessions are open.
#[test]
fn a_long_session_survives_compaction() {
    let mut steps: Vec<(Step, i64)> = Vec::new();
    for i in 0..1_000 {
        steps.push((Step::Rows(vec![(Some("ada"), i * 10, 1), (None, i * 10, 2)]), 0));
        steps.push((Step::Pass(10), i * 10));
    }
    steps.push((Step::Pass(0), i64::MAX));
    assert_eq!(outcome(&aggregate(10), &[0], &steps), truth(10, &steps, total));
    assert_eq!(outcome(&rows(10), &[0], &steps), truth(10, &steps, each));
}

#[test]
fn sessions_that_touch_are_one() {
    let steps = vec![
        (Step::Rows(vec![(Some("ada"), 0, 1), (Some("ada"), 10, 2), (Some("ada"), 21, 4)]), 0),
        (Step::Pass(0), i64::MAX),
    ];
    let expected = vec!["ada 0 20 19 2 3".to_owned(), "ada 21 31 30 1 4".to_owned()];
    assert_eq!(outcome(&aggregate(10), &[0], &steps).results, [(i64::MAX, expected)]);
}
