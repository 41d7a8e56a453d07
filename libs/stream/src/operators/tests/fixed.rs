//! Tumbling, hopping and cumulating windows.

use super::fleet::{Fleet, Outcome, Step, count_and_sum, outcome, steps, timed, totals};
use crate::{WindowAggregate, WindowShape, Windowing};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn aggregate(shape: WindowShape, lateness_ms: i64) -> WindowAggregate {
    let (output, output_schema) = totals();
    WindowAggregate {
        windowing: Windowing::Assigned { shape, time: 1 },
        spec: count_and_sum(),
        output,
        output_schema,
        copies: None,
        of_source: true,
        lateness_ms,
        origin: "events".into(),
    }
}

/// Every window that holds a time, by trying all that might.
fn windows(shape: WindowShape, time: i64) -> Vec<(i64, i64)> {
    let (size, grid, offset) = match shape {
        WindowShape::Tumble { size_ms, offset_ms } => (size_ms, size_ms, offset_ms),
        WindowShape::Hop { size_ms, slide_ms, offset_ms } => (size_ms, slide_ms, offset_ms),
        WindowShape::Cumulate { size_ms, offset_ms, .. } => (size_ms, size_ms, offset_ms),
    };
    let starts = (time - size + 1..=time).filter(|start| (start - offset) % grid == 0);
    starts
        .flat_map(|start| match shape {
            WindowShape::Cumulate { size_ms, step_ms, .. } => {
                (1..=size_ms / step_ms).map(|n| (start, start + n * step_ms)).collect()
            }
            _ => vec![(start, start + size)],
        })
        .filter(|(_, end)| time < *end)
        .collect()
}

fn truth(shape: WindowShape, steps: &[(Step, i64)]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut watermark = i64::MIN;
    let mut open: BTreeMap<(i64, i64, String), (i64, i64)> = BTreeMap::new();
    for (step, now) in steps {
        match step {
            Step::Rows(rows) => {
                for (key, time, value) in rows {
                    let mut admitted = false;
                    for (start, end) in windows(shape, *time) {
                        if end - 1 > watermark {
                            admitted = true;
                            let total = open.entry((start, end, key.unwrap_or("-").into())).or_default();
                            *total = (total.0 + 1, total.1 + value);
                        }
                    }
                    if admitted { outcome.admitted += 1 } else { outcome.late += 1 }
                }
            }
            Step::Pass(_) => {
                watermark = *now;
                let line = |((start, end, key), (count, sum)): (&(i64, i64, String), &(i64, i64))| {
                    format!("{key} {start} {end} {} {count} {sum}", end - 1)
                };
                let due = open.iter().filter(|((_, end, _), _)| end - 1 <= watermark).map(line);
                outcome.add(*now, due.collect());
                open.retain(|(_, end, _), _| *end - 1 > watermark);
            }
            Step::Restart(_) => {}
        }
    }
    outcome
}

fn shapes() -> impl Strategy<Value = WindowShape> {
    (0..3, 1..40_i64, 1..6_i64, -50..50_i64).prop_map(|(kind, part, n, offset_ms)| match kind {
        0 => WindowShape::Tumble { size_ms: part, offset_ms: offset_ms % part },
        1 => WindowShape::Hop { size_ms: part * n, slide_ms: part, offset_ms },
        _ => WindowShape::Cumulate { size_ms: part * n, step_ms: part, offset_ms },
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_of_fixed_bounds_equal_a_plain_loop(shape in shapes(), steps in steps(120, 60)) {
        let steps = timed(steps);
        prop_assert_eq!(outcome(&aggregate(shape, 0), &[0], &steps), truth(shape, &steps));
    }
}

/// Tumbling and hopping windows that take rows for a while after they have closed.
fn lenient() -> impl Strategy<Value = (WindowShape, i64)> {
    (1..40_i64, 1..6_i64, -50..50_i64, 1..150_i64).prop_map(|(part, n, offset_ms, lateness_ms)| {
        (WindowShape::Hop { size_ms: part * n, slide_ms: part, offset_ms }, lateness_ms)
    })
}

/// By window and key.
type Totals = BTreeMap<(i64, i64, String), (i64, i64)>;

/// What every window has come to, and how many rows were too late, where each step is followed by a barrier.
fn lenient_truth(shape: WindowShape, lateness_ms: i64, steps: &[(Step, i64)]) -> (Totals, u64) {
    let (mut totals, mut late, mut watermark) = (Totals::new(), 0, i64::MIN);
    for (step, now) in steps {
        match step {
            Step::Rows(rows) => {
                for (key, time, value) in rows {
                    let takes = |end: i64| end - 1 > watermark.saturating_sub(lateness_ms);
                    let windows = windows(shape, *time);
                    late += u64::from(!windows.iter().any(|(_, end)| takes(*end)));
                    for (start, end) in windows.into_iter().filter(|(_, end)| takes(*end)) {
                        let total = totals.entry((start, end, key.unwrap_or("-").into())).or_default();
                        *total = (total.0 + 1, total.1 + value);
                    }
                }
            }
            Step::Pass(_) => watermark = *now,
            Step::Restart(_) => {}
        }
    }
    (totals, late)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Goal: whoever keeps the last result of each window and key ends with the truth, over restarts at any time, and an
    /// amendment says only keys that had rows.
    #[test]
    fn late_rows_amend_their_windows((shape, lateness_ms) in lenient(), steps in steps(120, 60)) {
        let steps = timed(steps);
        let mut fleet = Fleet::new(Box::new(aggregate(shape, lateness_ms)), &[0]);
        let mut last = Totals::new();
        let mut touched = BTreeSet::new();
        for (epoch, (step, now)) in steps.iter().enumerate() {
            // An epoch ends before each restart, at the end, and now and then.
            let ends = epoch % 3 == 0 || matches!(step, Step::Restart(_)) || *now == i64::MAX;
            let mut emitted = Vec::new();
            if ends {
                fleet.barrier(epoch as u64);
                for line in fleet.taken() {
                    let key = line.split(' ').next().unwrap().to_owned();
                    prop_assert!(touched.contains(&key), "{line} had no row");
                    emitted.push(line);
                }
                touched.clear();
            }
            if let Step::Rows(rows) = step {
                touched.extend(rows.iter().map(|(key, ..)| key.unwrap_or("-").to_owned()));
            }
            fleet.step(step, *now);
            emitted.extend(fleet.taken());
            for line in emitted {
                let cells: Vec<&str> = line.split(' ').collect();
                let number = |i: usize| cells[i].parse::<i64>().unwrap();
                last.insert((number(1), number(2), cells[0].to_owned()), (number(4), number(5)));
            }
        }
        prop_assert_eq!((last, fleet.late), lenient_truth(shape, lateness_ms, &steps));
    }
}
