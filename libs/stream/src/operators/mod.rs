//! The operators of the embedded engine; each file is one of them, with its factory.

mod calc;
mod groups;
mod rowtime;
mod shape;
mod window_aggregate;
mod window_assign;

pub(crate) use calc::apply;
pub use calc::{Calc, CalcRole, CalcStep};
pub use shape::WindowShape;
pub use window_aggregate::{WindowAggregate, WindowColumn};
pub use window_assign::WindowAssign;
