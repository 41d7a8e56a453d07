//! Window Top-N and window deduplication.

use super::{Lowering, Mark, Op, Seen};
use crate::chain::{Physical, Stage, columns, plain_column};
use crate::fault::{unsupported, wrong};
use crate::functions::ROW_NUMBER;
use arrow::datatypes::SchemaRef;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::Operator;
use datafusion_physical_expr::expressions::{BinaryExpr, Literal};
use datafusion_physical_expr::{conjunction, split_conjunction};
use std::any::Any;
use stream::{RankOrder, WindowColumn, WindowRank};

/// Moves conditions on a row's number into the stage that gives it.
pub(super) fn bound_ranks(stages: &mut Vec<Stage>) -> Result<()> {
    for at in 0..stages.len() {
        let (before, after) = stages.split_at_mut(at + 1);
        let Some(Stage::Rank { from, to, schema, .. }) = before.last_mut() else { continue };
        // Where the number is.
        let mut places = vec![schema.fields().len() - 1];
        for stage in after {
            match stage {
                Stage::Project { expressions, .. } => {
                    let is_number = |e: &Physical| plain_column(e).is_some_and(|i| places.contains(&i));
                    let (numbers, others): (Vec<_>, Vec<_>) =
                        expressions.iter().enumerate().partition(|(_, e)| is_number(e));
                    if others.iter().any(|(_, e)| columns(e).iter().any(|i| places.contains(i)))
                        && to.is_none()
                    {
                        break;
                    }
                    places = numbers.into_iter().map(|(i, _)| i).collect();
                }
                Stage::Filter(predicate) => {
                    let mut others = Vec::new();
                    for condition in split_conjunction(predicate) {
                        match bound(condition, &places) {
                            Some((first, last)) => {
                                *from = first.map_or(*from, |first| first.max(*from));
                                *to = last.map_or(*to, |last| Some(to.map_or(last, |to| to.min(last))));
                            }
                            None => others.push(condition.clone()),
                        }
                    }
                    *predicate = conjunction(others);
                }
                _ => break,
            }
        }
    }
    // A filter without conditions keeps everything.
    stages.retain(|stage| !matches!(stage, Stage::Filter(predicate) if is_true(predicate)));
    Ok(())
}

fn literal(expression: &Physical) -> Option<&ScalarValue> {
    (expression.as_ref() as &dyn Any).downcast_ref::<Literal>().map(Literal::value)
}

fn is_true(expression: &Physical) -> bool {
    matches!(literal(expression), Some(ScalarValue::Boolean(Some(true))))
}

/// The first and the last number a condition leaves; numbers below 1 come out as 0.
fn bound(condition: &Physical, places: &[usize]) -> Option<(Option<u64>, Option<u64>)> {
    let binary = (condition.as_ref() as &dyn Any).downcast_ref::<BinaryExpr>()?;
    let is_number = |e: &Physical| plain_column(e).is_some_and(|i| places.contains(&i));
    let (op, value) = match (is_number(binary.left()), is_number(binary.right())) {
        (true, false) => (*binary.op(), literal(binary.right())?),
        (false, true) => (binary.op().swap()?, literal(binary.left())?),
        _ => return None,
    };
    let ScalarValue::Int64(Some(value)) = value else { return None };
    let clamped = |value: i64| Some(u64::try_from(value).unwrap_or(0));
    Some(match op {
        Operator::Eq => (clamped(*value), clamped(*value)),
        Operator::LtEq => (None, clamped(*value)),
        Operator::Lt => (None, clamped(value.saturating_sub(1))),
        Operator::GtEq => (clamped(*value), None),
        Operator::Gt => (clamped(value.saturating_add(1)), None),
        _ => return None,
    })
}

impl Lowering {
    pub(super) fn rank(
        &mut self,
        keys: &[usize],
        order: &[RankOrder],
        (from, to): (u64, Option<u64>),
        schema: &SchemaRef,
    ) -> Result<()> {
        let place = |wanted: WindowColumn| {
            keys.iter().copied().find(|i| self.seen[*i] == Seen::Real(*i, Some(Mark::Window(wanted))))
        };
        let time = Some(Mark::Window(WindowColumn::Time));
        let by_time = |i: usize| matches!(self.seen[i], Seen::Real(_, mark) if mark == time || mark == Some(Mark::Rowtime));
        // That is deduplication in Flink, which keeps the last of equal rows.
        let later_first = matches!(order, [by] if by.descending && by_time(by.column)) && to == Some(1);
        let (Some(start), Some(end)) = (place(WindowColumn::Start), place(WindowColumn::End)) else {
            let is_window = |seen: &Seen| matches!(seen, Seen::Real(_, Some(Mark::Window(_))));
            if (from, to) == (1, Some(1)) && !keys.is_empty() && !self.seen.iter().any(is_window) {
                return self.first_row(keys, order, later_first, schema);
            }
            let what = "ROW_NUMBER without both window_start and window_end of a window in PARTITION BY";
            return Err(unsupported(ROW_NUMBER, what));
        };
        let Some(to) = to else {
            let what = "ROW_NUMBER without a WHERE that bounds it from above (WHERE rn <= 3)";
            return Err(unsupported(ROW_NUMBER, what));
        };
        if to < 1 {
            return Err(wrong(ROW_NUMBER, "row numbers begin at 1: this WHERE leaves none"));
        }
        let keys = keys.iter().copied();
        let keys = keys.filter(|i| !matches!(self.seen[*i], Seen::Real(_, Some(Mark::Window(_))))).collect();
        self.flush();
        self.ops.push(Op::Rank(WindowRank {
            input_schema: self.schema.clone(),
            start,
            end,
            keys,
            order: order.to_vec(),
            from: from.max(1),
            to,
            later_first,
            output_schema: schema.clone(),
            of_source: !std::mem::replace(&mut self.accounted, true),
            origin: self.origin.clone(),
        }));
        self.seen.push(Seen::Real(self.seen.len(), None));
        self.schema = schema.clone();
        Ok(())
    }
}
