//! Stateless steps: fewer of them, and the filters first.

use super::{Lowered, Op};
use crate::chain::{Physical, Stage, Windows, columns, plain_column};
use arrow::datatypes::SchemaRef;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::{conjunction, split_conjunction};
use std::sync::Arc;
use stream::{CalcRole, CalcStep};

impl Lowered {
    /// The last step yields exactly `schema`: a NULL in a NOT NULL column stops the pipeline, as in Flink.
    pub fn shaped(mut self, schema: &SchemaRef) -> Self {
        if self.schema == *schema {
            return self;
        }
        let columns = self.schema.fields().iter().enumerate();
        let expressions = columns.map(|(i, f)| Arc::new(Column::new(f.name(), i)) as _).collect();
        let all = CalcStep::Project { expressions, schema: schema.clone() };
        match self.ops.last_mut() {
            Some(Op::Calc { steps, schema: last, .. }) => {
                match steps.last_mut() {
                    Some(CalcStep::Project { schema: last, .. }) => *last = schema.clone(),
                    _ => steps.push(all),
                }
                *last = schema.clone();
            }
            _ => self.ops.push(Op::Calc {
                steps: vec![all],
                schema: schema.clone(),
                role: CalcRole::AfterAggregate,
            }),
        }
        self.schema = schema.clone();
        self
    }
}

/// One projection in place of two, if nothing is computed twice by it.
pub(super) fn merged(above: &[Physical], below: &[Physical]) -> Option<Vec<Physical>> {
    let mut uses = vec![0_usize; below.len()];
    for expression in above {
        for i in columns(expression) {
            *uses.get_mut(i)? += 1;
        }
    }
    let moves_only = above.iter().all(|e| plain_column(e).is_some());
    let renames_only = below.iter().all(|e| plain_column(e).is_some());
    let once = uses.iter().zip(below).all(|(uses, e)| *uses <= 1 || plain_column(e).is_some());
    if moves_only && once {
        return above.iter().map(|e| below.get(plain_column(e)?).cloned()).collect();
    }
    let substitute = |e: &Physical| {
        let replaced = e.clone().transform_up(|e| match plain_column(&e).and_then(|i| below.get(i)) {
            Some(expression) => Ok(Transformed::yes(expression.clone())),
            None => Ok(Transformed::no(e)),
        });
        replaced.ok().map(|replaced| replaced.data)
    };
    if renames_only { above.iter().map(substitute).collect() } else { None }
}

/// Moves conditions that do not look at the window before it: what they drop is never admitted.
pub(super) fn filter_before_window(stages: &mut Vec<Stage>) {
    let mut moved = Vec::with_capacity(stages.len());
    for stage in stages.drain(..) {
        let Stage::Filter(predicate) = &stage else {
            moved.push(stage);
            continue;
        };
        let after_filters = moved.iter().rposition(|s| !matches!(s, Stage::Filter(_)));
        // What a filter drops from a session's rows still holds the session together.
        let (Some(at), Some(Stage::Window { windows: Windows::Fixed(_), schema, .. })) =
            (after_filters, after_filters.map(|at| &moved[at]))
        else {
            moved.push(stage);
            continue;
        };
        let width = schema.fields().len() - 3;
        let (before, after): (Vec<_>, Vec<_>) = split_conjunction(predicate)
            .into_iter()
            .cloned()
            .partition(|e| columns(e).last().is_none_or(|last| *last < width));
        if !before.is_empty() {
            moved.insert(at, Stage::Filter(conjunction(before)));
        }
        if !after.is_empty() {
            moved.push(Stage::Filter(conjunction(after)));
        }
    }
    *stages = moved;
}
