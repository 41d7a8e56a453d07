//! Flink SQL scripts as plans of the embedded engine: text in, [`stream::Graph`] out.
//!
//! Not here: I/O (tables are opened by the connectors a program registers), running the graph (that is `stream`), and
//! a dialect of our own: a script is what a Flink SQL client takes. What Flink has and the engine has not is refused
//! with statement, line and column, never ignored.
//!
//! ```
//! let script = sql::parse(
//!     "CREATE TABLE clicks (page STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND)
//!          WITH ('connector' = 'kafka', 'topic' = 'clicks');
//!      CREATE TABLE hot (page STRING, n BIGINT) WITH ('connector' = 'print');
//!      INSERT INTO hot SELECT page, COUNT(*)
//!          FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
//!          GROUP BY window_start, window_end, page",
//! )?;
//! let pipeline = sql::plan(&script)?;
//! assert!(pipeline.describe().contains("TUMBLE 1m on ts by page"));
//! # Ok::<(), sql::SqlError>(())
//! ```
//!
//! # Where results differ from Flink's
//! `docs/flink-compat.md` lists what `e2e/parity` found. Besides,
//! SUM of FLOAT adds up in DOUBLE; integer SUMs and arithmetic wrap around as in Flink; timestamps keep the precision
//! of their unit (0, 3, 6 or 9 digits). Each INSERT INTO of a script belongs to the same pipeline, as if all stood in
//! one statement set.

mod ast;
mod cast_types;
mod catalog;
mod chain;
mod connect;
mod cursor;
mod ddl;
mod describe;
mod error;
mod fault;
mod functions;
mod lexer;
mod lower;
mod nearest;
mod params;
mod pipeline;
mod rewrite;
mod script;
mod semantics;
mod settings;
mod sink;
mod source;
mod table;
mod types;
mod window_call;

#[cfg(test)]
mod tests;

pub use error::{BuildError, Place, Problem, SqlError};
pub use pipeline::{Pipeline, plan};
pub use script::{Script, parse};
pub use settings::Settings;
