//! Window Top-N.

use super::fleet::{Outcome, Step, outcome_of, schema, stamp, steps, timed};
use crate::{RankOrder, WindowRank};
use arrow::array::{Array, ArrayRef, AsArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

pub const SIZE: i64 = 50;

/// `key, time, value, start, end`
pub fn windowed_schema(more: Option<Field>) -> SchemaRef {
    let window = ["start", "end"].map(|name| Arc::new(Field::new(name, stamp(), false)));
    let fields =
        schema().fields().iter().cloned().chain(window).chain(more.map(Arc::new)).collect::<Vec<_>>();
    Arc::new(Schema::new(fields))
}

pub fn attach(batch: RecordBatch) -> RecordBatch {
    let times = batch.column(1).as_primitive::<TimestampMillisecondType>();
    let starts: TimestampMillisecondArray =
        times.iter().map(|t| t.map(|t| t.div_euclid(SIZE) * SIZE)).collect();
    let ends: TimestampMillisecondArray =
        starts.iter().map(|start| start.map(|start| start + SIZE)).collect();
    assert_eq!(starts.null_count(), 0);
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.extend([Arc::new(starts) as ArrayRef, Arc::new(ends) as ArrayRef]);
    RecordBatch::try_new(windowed_schema(None), columns).unwrap()
}

fn rank(from: u64, to: u64, descending: bool, later_first: bool) -> WindowRank {
    WindowRank {
        input_schema: windowed_schema(None),
        start: 3,
        end: 4,
        keys: vec![0],
        order: vec![RankOrder { column: 2, descending, nulls_first: !descending }],
        from,
        to,
        later_first,
        output_schema: windowed_schema(Some(Field::new("number", DataType::Int64, false))),
        of_source: true,
        origin: "events".into(),
    }
}

fn truth(rank: &WindowRank, steps: &[(Step, i64)]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut watermark = i64::MIN;
    let mut open: BTreeMap<(i64, &str), Vec<(i64, i64)>> = BTreeMap::new();
    for (step, now) in steps {
        match step {
            Step::Rows(rows) => {
                for (key, time, value) in rows {
                    let start = time.div_euclid(SIZE) * SIZE;
                    if start + SIZE - 1 <= watermark {
                        outcome.late += 1;
                        continue;
                    }
                    outcome.admitted += 1;
                    open.entry((start, key.unwrap_or("-"))).or_default().push((*time, *value));
                }
            }
            Step::Pass(_) => {
                watermark = *now;
                let mut lines = Vec::new();
                for ((start, key), rows) in
                    open.iter().filter(|((start, _), _)| start + SIZE - 1 <= watermark)
                {
                    let mut rows = rows.clone();
                    if rank.later_first {
                        rows.reverse();
                    }
                    let sign = if rank.order[0].descending { -1 } else { 1 };
                    rows.sort_by_key(|(_, value)| sign * value);
                    let numbered = rows.iter().zip(1..).filter(|(_, n)| (rank.from..=rank.to).contains(n));
                    let line = |((time, value), n): (&(i64, i64), u64)| {
                        format!("{key} {time} {value} {start} {} {n}", start + SIZE)
                    };
                    lines.extend(numbered.map(line));
                }
                outcome.add(*now, lines);
                open.retain(|(start, _), _| start + SIZE - 1 > watermark);
            }
            Step::Restart(_) => {}
        }
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_first_rows_of_each_window_equal_a_plain_loop(
        from in 1..4_u64,
        more in 0..3_u64,
        descending: bool,
        later_first: bool,
        steps in steps(120, 60),
    ) {
        let rank = rank(from, from + more, descending, later_first);
        // Few values, so that many rows are equal in their order.
        let steps: Vec<(Step, i64)> = timed(steps).into_iter().map(|(step, at)| match step {
            Step::Rows(rows) => (Step::Rows(rows.into_iter().map(|(k, t, v)| (k, t, v % 4)).collect()), at),
            other => (other, at),
        }).collect();
        prop_assert_eq!(outcome_of(&rank, &[0], &steps, attach), truth(&rank, &steps));
    }
}

/// More rows than a window holds before it drops those that no longer count.
#[test]
fn a_large_window_keeps_its_first_rows() {
    let rank = rank(1, 2, false, false);
    let rows = |from: i64| (from..from + 2_000).map(|i| (Some("ada"), 7, -(i * 7_919 % 20_011))).collect();
    let mut steps: Vec<(Step, i64)> = (0..10).map(|i| (Step::Rows(rows(i * 2_000)), 0)).collect();
    steps.push((Step::Pass(0), i64::MAX));
    assert_eq!(outcome_of(&rank, &[0], &steps, attach), truth(&rank, &steps));
}
