//! The operators of the embedded engine; each file is one of them, with its factory, or what several share.

mod calc;
mod epoch_rows;
mod first_row;
mod groups;
mod keyed_rows;
mod rowtime;
mod running_aggregate;
mod session_window;
mod sessions;
mod shape;
mod window_aggregate;
mod window_assign;
mod window_join;
mod window_rank;
mod windowing;

#[cfg(test)]
mod tests;

pub(crate) use calc::apply;
pub use calc::{Calc, CalcRole, CalcStep};
pub use first_row::FirstRow;
pub use groups::AggregateSpec;
pub use running_aggregate::RunningAggregate;
pub use session_window::{SessionOutput, SessionWindow};
pub use shape::WindowShape;
pub use window_aggregate::{WindowAggregate, WindowColumn};
pub use window_assign::WindowAssign;
pub use window_join::{JoinKind, JoinSide, WindowJoin};
pub use window_rank::{RankOrder, WindowRank};
pub use windowing::Windowing;
