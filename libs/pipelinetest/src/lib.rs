//! Tests of users' own pipelines: a script, the records it reads, the rows it should write. No service is touched.
//!
//! A [`Case`] is a folder. [`run`] takes its script unchanged, gives every table a stand-in for its connector, which
//! reads `input/` or keeps what it is given, runs it on the embedded engine, and compares with `expected/`. The real
//! connectors still judge the tables ([`stream::Connector::check_source`]), so a script that they refuse is refused here.
//!
//! - Records are decoded by the table's own format; its computed columns and its watermark are those of the script.
//! - Every operator is one task, and the watermark rises after each record: what can be late is late, in every run.
//!   Between *several* tables there is no order, so a case about late rows has one that is read.
//! - At the end of its input event time ends, too, and every window closes.
//!
//! Not here: what is right. That is said by files of the user alone; [`Outcome::update`] writes them when asked.
//!
//! ```
//! # async fn test(connectors: stream::Connectors) -> Result<(), pipelinetest::CaseError> {
//! for case in pipelinetest::cases(&["tests/orders".into()])? {
//!     let script = case.script()?.expect("the folder has a script");
//!     let text = std::fs::read_to_string(&script).expect("a readable script");
//!     let outcome = pipelinetest::run(&case, &text, &case.folder, &connectors, Default::default()).await?;
//!     assert!(outcome.passed(), "{outcome}");
//! }
//! # Ok(())
//! # }
//! ```

mod case;
mod compare;
mod dead_letters;
mod error;
mod expected;
mod input;
mod near;
mod outcome;
mod records;
mod rows;
mod run;
mod sink;
mod source;
mod stand_in;

pub use case::{Case, cases};
pub use error::CaseError;
pub use outcome::Outcome;
pub use run::run;
