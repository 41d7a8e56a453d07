//! Unions.

use super::{Lowered, Seen};
use arrow::datatypes::{Field, Schema, SchemaRef};
use std::sync::Arc;

/// The schema of a union: the first one's names, and NULL where any of them has it.
pub(super) fn schema(sides: &[Lowered]) -> SchemaRef {
    let nullable = |i: usize| sides.iter().any(|side| side.schema.field(i).is_nullable());
    let fields = sides[0].schema.fields().iter().enumerate();
    let fields = fields.map(|(i, field)| field.as_ref().clone().with_nullable(nullable(i)));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

/// The sides as they go into the union, what is known of its columns, and whether its rows are accounted for already. They are
/// not where `keeping` operators come behind it and none is before.
pub(super) fn parts(
    sides: Vec<Lowered>,
    schema: &SchemaRef,
    keeping: bool,
) -> (Vec<Lowered>, Vec<Seen>, bool) {
    let fed = !keeping || sides.iter().any(Lowered::accounts);
    let seen = (0..schema.fields().len()).map(|i| {
        let first = sides[0].marks[i];
        Seen::Real(i, first.filter(|_| sides.iter().all(|side| side.marks[i] == first)))
    });
    let seen = seen.collect();
    let sides = sides.into_iter().map(|side| if fed { side } else { side.before_stateful() });
    (sides.map(|side| side.shaped(schema)).collect(), seen, fed)
}
