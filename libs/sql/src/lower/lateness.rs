//! `ibb.window.allowed-lateness`: windows that take rows after they have closed.

use super::{Lowered, LoweredInput, Op};
use crate::fault::wrong;
use datafusion_common::{DataFusionError, Result};
use std::time::Duration;
use stream::{CalcStep, WindowAggregate, WindowShape, Windowing};

impl Lowered {
    /// Lets windows take rows for so long after they have closed; their results then replace earlier ones.
    ///
    /// # Errors
    /// Windows that cannot do so are refused: an answer of theirs would be wrong without a word.
    pub(crate) fn allow_lateness(&mut self, lateness: Option<Duration>) -> Result<()> {
        let Some(lateness) = lateness else { return Ok(()) };
        if self.has_windows_before() {
            return Err(refused("a join, or a union of windows"));
        }
        let Some(at) = self.ops.iter().position(Op::has_windows) else { return Ok(()) };
        let (first, behind) = self.ops[at..].split_at_mut(1);
        let [Op::Aggregate(aggregate)] = first else {
            return Err(refused("anything but an aggregation per window"));
        };
        if !takes_late_rows(aggregate) {
            return Err(refused("CUMULATE, GROUPING SETS, CUBE or ROLLUP"));
        }
        if !behind.iter().all(only_projects) {
            return Err(refused("HAVING, or another window behind it"));
        }
        aggregate.lateness_ms = i64::try_from(lateness.as_millis()).unwrap_or(i64::MAX);
        self.keys = Some(aggregate.spec.keys.len());
        self.per_window = true;
        Ok(())
    }

    fn has_windows_before(&self) -> bool {
        match &self.input {
            LoweredInput::Source(_) => false,
            LoweredInput::Join(_) => true,
            LoweredInput::Union(sides) => {
                sides.iter().any(|side| side.has_windows_before() || side.ops.iter().any(Op::has_windows))
            }
        }
    }
}

impl Op {
    fn has_windows(&self) -> bool {
        match self {
            Self::Calc { .. } | Self::Running(_) | Self::FirstRow(_) => false,
            Self::Assign(_) | Self::Session(_) | Self::Aggregate(_) | Self::Rank(_) => true,
        }
    }
}

fn takes_late_rows(aggregate: &WindowAggregate) -> bool {
    let shape = match aggregate.windowing {
        Windowing::Assigned { shape, .. } => shape,
        Windowing::Attached { .. } => return false,
    };
    aggregate.copies.is_none() && matches!(shape, WindowShape::Tumble { .. } | WindowShape::Hop { .. })
}

fn only_projects(op: &Op) -> bool {
    let projects = |step: &CalcStep| matches!(step, CalcStep::Project { .. });
    matches!(op, Op::Calc { steps, .. } if steps.iter().all(projects))
}

fn refused(what: &str) -> DataFusionError {
    let message = format!(
        "'ibb.window.allowed-lateness' does not go with {what}: it is for aggregations over TUMBLE and HOP whose results \
         are written as they are"
    );
    wrong("TABLE", message)
}
