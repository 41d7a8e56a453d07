//! Window joins.

use super::fleet::{Row, Step, lines, schema, stamp, steps, timed};
use super::ranks::{SIZE, attach, windowed_schema};
use crate::exchange::split;
use crate::{JoinKind, JoinSide, Operator, OperatorFactory, Output, TaskIndex, TaskState, WindowJoin};
use arrow::datatypes::{Field, Schema};
use datafusion_expr::Operator as BinaryOperator;
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::{BinaryExpr, Column};
use event::Watermark;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

fn join(kind: JoinKind, condition: bool) -> WindowJoin {
    let side = || JoinSide {
        schema: windowed_schema(None),
        start: 3,
        end: 4,
        keys: vec![0],
        of_source: true,
        origin: "events".into(),
    };
    let fields = windowed_schema(None);
    let nullable = |f: &Arc<Field>| f.as_ref().clone().with_nullable(true);
    let fields: Vec<Field> = fields.fields().iter().chain(fields.fields()).map(nullable).collect();
    assert_eq!((fields.len(), schema().fields().len(), fields[3].data_type()), (10, 3, &stamp()));
    let value = |name, at| Arc::new(Column::new(name, at)) as Arc<dyn PhysicalExpr>;
    let less = BinaryExpr::new(value("value", 2), BinaryOperator::Lt, value("value", 7));
    WindowJoin {
        sides: [side(), side()],
        kind,
        condition: condition.then(|| Arc::new(less) as _),
        output_schema: Arc::new(Schema::new(fields)),
    }
}

/// `key time value start end`, or as many NULLs.
fn half(row: Option<&Row>) -> String {
    match row {
        None => "- - - - -".into(),
        Some((key, time, value)) => {
            let start = time.div_euclid(SIZE) * SIZE;
            format!("{} {time} {value} {start} {}", key.unwrap_or("-"), start + SIZE)
        }
    }
}

/// Every pair of one window, tried.
fn pairs(kind: JoinKind, condition: bool, left: &[Row], right: &[Row]) -> Vec<String> {
    let meets = |l: &Row, r: &Row| l.0.is_some() && l.0 == r.0 && (!condition || l.2 < r.2);
    let mut lines = Vec::new();
    for l in left {
        let partners: Vec<&Row> = right.iter().filter(|r| meets(l, r)).collect();
        lines.extend(partners.iter().map(|r| format!("{} {}", half(Some(l)), half(Some(r)))));
        if partners.is_empty() && matches!(kind, JoinKind::Left | JoinKind::Full) {
            lines.push(format!("{} {}", half(Some(l)), half(None)));
        }
    }
    for r in right.iter().filter(|r| !left.iter().any(|l| meets(l, r))) {
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            lines.push(format!("{} {}", half(None), half(Some(r))));
        }
    }
    lines
}

/// The lines of each watermark, sorted; and how many rows were late.
type Joined = (Vec<(i64, Vec<String>)>, usize);

/// Rows with odd values go left, those with even values right.
fn sides(rows: &[Row]) -> [Vec<Row>; 2] {
    let (left, right) = rows.iter().copied().partition(|row: &Row| row.2 % 2 != 0);
    [left, right]
}

fn truth(kind: JoinKind, condition: bool, steps: &[(Step, i64)]) -> Joined {
    let (mut joined, mut late) = (Vec::new(), 0);
    let mut watermark = i64::MIN;
    let mut open: BTreeMap<i64, [Vec<Row>; 2]> = BTreeMap::new();
    for (step, now) in steps {
        match step {
            Step::Rows(rows) => {
                for (side, rows) in sides(rows).into_iter().enumerate() {
                    for row in rows {
                        let start = row.1.div_euclid(SIZE) * SIZE;
                        if start + SIZE - 1 <= watermark {
                            late += 1;
                        } else {
                            open.entry(start).or_default()[side].push(row);
                        }
                    }
                }
            }
            Step::Pass(_) => {
                watermark = *now;
                let due = open.iter().filter(|(start, _)| *start + SIZE - 1 <= watermark);
                let lines = due.flat_map(|(_, [left, right])| pairs(kind, condition, left, right));
                let mut lines: Vec<String> = lines.collect();
                lines.sort();
                joined.push((*now, lines));
                open.retain(|start, _| *start + SIZE - 1 > watermark);
            }
            Step::Restart(_) => {}
        }
    }
    (joined, late)
}

fn outcome(join: &WindowJoin, steps: &[(Step, i64)]) -> Joined {
    let create = |count| -> Vec<Box<dyn Operator>> {
        (0..count).map(|index| join.create(TaskIndex { index, count }).unwrap()).collect()
    };
    let mut tasks = create(1);
    let (mut joined, mut late) = (Vec::new(), 0);
    for (step, watermark) in steps {
        let mut out = Output::default();
        match step {
            Step::Rows(rows) => {
                for (side, rows) in sides(rows).iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
                    let parts = split(attach(super::fleet::batch(rows)), &[0], tasks.len()).unwrap();
                    for (task, part) in tasks.iter_mut().zip(parts) {
                        part.into_iter().for_each(|part| task.on_input(side, part, &mut out).unwrap());
                    }
                }
            }
            Step::Pass(_) => {
                for task in &mut tasks {
                    task.on_watermark(Watermark(*watermark), &mut out).unwrap();
                }
                let mut lines: Vec<String> = out.rows.iter().flat_map(lines).collect();
                lines.sort();
                joined.push((*watermark, lines));
            }
            Step::Restart(into) => {
                let states: Vec<TaskState> = tasks.iter_mut().map(|task| task.snapshot().unwrap()).collect();
                tasks = create(*into);
                tasks.iter_mut().for_each(|task| task.restore(&states).unwrap());
            }
        }
        late += out.dead.len();
    }
    (joined, late)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn joined_windows_equal_a_plain_loop(
        kind in prop::sample::select(vec![JoinKind::Inner, JoinKind::Left, JoinKind::Right, JoinKind::Full]),
        condition: bool,
        steps in steps(120, 60),
    ) {
        let steps = timed(steps);
        prop_assert_eq!(outcome(&join(kind, condition), &steps), truth(kind, condition, &steps));
    }
}

/// More pairs than are looked at together.
#[test]
fn a_window_may_have_many_pairs() {
    let rows: Vec<Row> = (0..300).map(|i| (Some("ada"), 7, i)).collect();
    let steps = [(Step::Rows(rows), 0), (Step::Pass(0), i64::MAX)];
    for kind in [JoinKind::Inner, JoinKind::Full] {
        assert_eq!(outcome(&join(kind, true), &steps), truth(kind, true, &steps));
    }
}
