//! One script, two engines: what the embedded engine does with a Flink SQL script, compared with a real Flink cluster.
//!
//! A case is a folder of `cases/`: `case.sql`, whose first lines say what it shows and how the engines compare, and one
//! `<topic>.jsonl` for each topic it reads. `tests/suite` runs every case on both engines and fails where one says what
//! is not so; [`page`] makes `docs/flink-compat.md` of the same lines, so the page is true.
//!
//! Not here: the engines. They are run as a user runs them, as `stream_processor --sql … --engine …`.
//!
//! ```
//! let case = parity::Case::parse(
//!     "casts-text",
//!     "-- feature: Casts | a text as a number\n-- verdict: same\nCREATE TABLE t (a STRING) WITH (${input:t});\n",
//! )?;
//! assert_eq!(case.area, "Casts");
//! # Ok::<(), parity::CaseError>(())
//! ```

mod case;
mod checkout;
mod input;
mod judge;
mod page;
mod script;
mod value;

pub use case::{Case, CaseError, Ends, Verdict, cases};
pub use checkout::checkout;
pub use input::{Record, records};
pub use judge::{Engine, Found, Outcome, compare, judge};
pub use page::page;
pub use script::{Script, Topic, TopicUse, expand};
pub use value::{Value, table};
