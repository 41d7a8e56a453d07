//! Window joins.

use super::{Lowered, Mark, Seen};
use crate::fault::unsupported;
use crate::join::Join;
use arrow::datatypes::{Field, Schema};
use datafusion_common::Result;
use std::sync::Arc;
use stream::{JoinKind, JoinSide, WindowColumn, WindowJoin};

/// The operator of a join of these sides, and what is known of its columns.
pub(super) fn window_join(join: &Join, sides: &[Lowered; 2]) -> Result<(WindowJoin, Vec<Seen>)> {
    let [left, right] = sides;
    let is = |column| Some(Mark::Window(column));
    let bound = |column| {
        let both = |(l, r): &&(usize, usize)| left.marks[*l] == is(column) && right.marks[*r] == is(column);
        join.on.iter().find(both).copied()
    };
    let (Some(start), Some(end)) = (bound(WindowColumn::Start), bound(WindowColumn::End)) else {
        let what = "a JOIN whose ON lacks equal window_start and equal window_end of two windowed inputs";
        return Err(unsupported("JOIN", what));
    };
    let keys: Vec<(usize, usize)> =
        join.on.iter().copied().filter(|pair| *pair != start && *pair != end).collect();
    let side = |of: &Lowered, start, end, keys| JoinSide {
        schema: of.schema.clone(),
        start,
        end,
        keys,
        of_source: !of.accounts(),
        origin: of.origin.clone(),
    };
    let left_side = side(left, start.0, end.0, keys.iter().map(|(l, _)| *l).collect());
    let right_side = side(right, start.1, end.1, keys.iter().map(|(_, r)| *r).collect());
    let optional = |kinds: [JoinKind; 2]| kinds.contains(&join.kind);
    let left_optional = optional([JoinKind::Right, JoinKind::Full]);
    let right_optional = optional([JoinKind::Left, JoinKind::Full]);
    let field =
        |f: &Arc<Field>, optional: bool| f.as_ref().clone().with_nullable(optional || f.is_nullable());
    let fields = left.schema.fields().iter().map(|f| field(f, left_optional));
    let fields = fields.chain(right.schema.fields().iter().map(|f| field(f, right_optional)));
    let output_schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    // A window that may be NULL is none.
    let marks = left.marks.iter().map(|mark| mark.filter(|_| !left_optional));
    let marks = marks.chain(right.marks.iter().map(|mark| mark.filter(|_| !right_optional)));
    let seen = marks.enumerate().map(|(i, mark)| Seen::Real(i, mark)).collect();
    let (kind, condition) = (join.kind, join.condition.clone());
    Ok((WindowJoin { sides: [left_side, right_side], kind, condition, output_schema }, seen))
}
