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
//! # What a query may be
//! Filters and projections over a table or view; event-time windows (`TUMBLE`, `HOP`, `CUMULATE`, `SESSION`), and over
//! them, with `window_start` and `window_end`:
//! - aggregations, with `FILTER`, `DISTINCT`, `HAVING`, and `GROUPING SETS`, `ROLLUP` or `CUBE` (not over sessions);
//! - Top-N and deduplication: `ROW_NUMBER() OVER (PARTITION BY window_start, window_end, … ORDER BY …) AS rn` of columns,
//!   bounded by `WHERE rn <= N`;
//! - joins, `INNER`, `LEFT`, `RIGHT` or `FULL`, whose `ON` compares both bounds;
//! - and each of these over the results of another, by its window's bounds or, as event time, its `window_time`.
//!
//! Without a window, `GROUP BY`, `SELECT DISTINCT` and `ROW_NUMBER() … = 1` yield results that change: into a table whose
//! PRIMARY KEY are the columns of the group or partition, and with nothing behind them but projections.
//!
//! A row is late once the last window it falls into has closed. Before Top-N and joins each row stands once in each of
//! its windows, and so is late, and counted, per window.
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
mod join;
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
mod union;
mod window_call;

#[cfg(test)]
mod tests;

pub use error::{BuildError, Place, Problem, SqlError};
pub use pipeline::{Pipeline, plan};
pub use script::{Script, parse};
pub use settings::Settings;
