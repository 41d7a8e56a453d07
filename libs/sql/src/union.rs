//! UNION ALL: several chains, whose rows go on as one stream.

use crate::catalog::Catalog;
use crate::chain::{Chain, Input, chain};
use crate::fault::wrong;
use crate::join::keep;
use datafusion_common::Result;
use datafusion_expr::{LogicalPlan, Union, logical_plan};
use event::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A union of rewritten queries; columns meet by their places and are called as in the first.
pub(crate) fn rewritten(inputs: Vec<Arc<LogicalPlan>>) -> Result<LogicalPlan> {
    let Some((first, others)) = inputs.split_first() else {
        return Err(wrong("UNION", "UNION ALL of nothing"));
    };
    for other in others {
        for (i, (a, b)) in first.schema().fields().iter().zip(other.schema().fields()).enumerate() {
            if a.data_type() != b.data_type() {
                let (number, a, b) = (i + 1, type_name(a.data_type()), type_name(b.data_type()));
                let message =
                    format!("column {number} of UNION ALL is {a} in one query and {b} in another; use CAST");
                return Err(wrong("UNION", message));
            }
        }
    }
    Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
}

/// Reads a rewritten union.
pub(crate) fn united(union: &logical_plan::Union, catalog: &Catalog) -> Result<Chain> {
    let sides = union.inputs.iter().map(|input| chain(input, catalog)).collect::<Result<_>>()?;
    let schema = Arc::new(union.schema.as_arrow().clone());
    Ok(Chain { input: Input::Union(sides), stages: Vec::new(), schema })
}

/// The sides with just the columns in `needed`, and where each of those is then.
pub(crate) fn narrowed(
    sides: &[Chain],
    needed: &BTreeSet<usize>,
) -> Result<(Vec<Chain>, BTreeMap<usize, usize>)> {
    let places = needed.iter().enumerate().map(|(at, i)| (*i, at)).collect();
    let mut sides = sides.to_vec();
    for side in &mut sides {
        keep(side, needed.iter().copied())?;
    }
    Ok((sides, places))
}
