//! Who accounts for the rows of a source: each is counted once, by one operator.

use super::{Lowered, LoweredInput, Op};
use crate::chain::{Stage, Windows};
use stream::CalcRole;

impl Stage {
    /// Whether its operator keeps rows until their window closes.
    pub(super) fn keeps_rows(&self) -> bool {
        match self {
            Self::Filter(_) | Self::Project { .. } => false,
            Self::Window { windows, .. } => matches!(windows, Windows::Session { .. }),
            Self::Rank { .. } | Self::Aggregate { .. } => true,
        }
    }
}

impl Lowered {
    /// Whether one of its operators accounts for the rows of the source.
    pub(super) fn accounts(&self) -> bool {
        let before = match &self.input {
            LoweredInput::Source(_) => false,
            LoweredInput::Join(_) => true,
            LoweredInput::Union(sides) => sides.iter().any(Self::accounts),
        };
        before || self.ops.iter().any(Op::is_stateful)
    }

    /// Its rows go into an operator that accounts for them.
    pub(super) fn before_stateful(mut self) -> Self {
        if self.accounts() {
            return self;
        }
        if let LoweredInput::Union(sides) = &mut self.input {
            *sides = std::mem::take(sides).into_iter().map(Self::before_stateful).collect();
        }
        self.ops.retain(|op| !matches!(op, Op::Calc { steps, .. } if steps.is_empty()));
        for op in &mut self.ops {
            if let Op::Calc { role, .. } = op {
                *role = CalcRole::BeforeAggregate;
            }
        }
        self
    }
}
