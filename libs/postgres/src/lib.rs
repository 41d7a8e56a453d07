//! The `jdbc` connector for PostgreSQL: an exactly-once sink.
//!
//! **Guarantee: exactly once.** Rows, epoch number, snapshot identity and counters of an epoch become visible in one
//! transaction of the target database, and that transaction ends with `UPDATE ibb.sink_epochs … WHERE token = $mine
//! AND epoch = $previous`, which must touch one row: an epoch is applied once or not at all, and a writer that was
//! replaced can commit nothing. A lost answer to COMMIT is resolved by claiming again on a new connection (which ends
//! the old backend and waits for its lock) and comparing what the row holds, never by a plain SELECT.
//!
//! - Rows go by binary COPY into an unlogged staging table, whose row count the transaction checks, and from there
//!   into the target: INSERT without a primary key in the script, upsert with one. Within an epoch the last row of a
//!   key wins; the earlier ones count as superseded, also when that last row is refused. Without a key, and where every
//!   column has the type that the script's maps to, one COPY inside the transaction goes straight into the target, begun while the
//!   epoch's snapshot is still being written; only an epoch with refused rows is then staged.
//! - A row that the database refuses (SQLSTATE class 22 or 23) lands in `<table>_dead_letters` in the same
//!   transaction, with its error; its neighbours are committed. Any other error aborts the epoch.
//! - `committed + superseded + refused` = rows emitted, kept in `ibb.sink_epochs` with the epoch.
//! - A value that fits its column only after rounding (scale of a numeric, fractions of a second) is rounded, as
//!   PostgreSQL does on every assignment; one that overflows it is refused.
//!
//! What the role needs: CREATE on the database (or a schema `ibb` with USAGE and CREATE), INSERT on the target, SELECT
//! and UPDATE too for an upsert, CREATE in the target's schema for the dead letters. Ending the backend of the writer
//! before needs the same role (or `pg_signal_backend`); without that a claim simply waits for its row lock, which
//! `idle_in_transaction_session_timeout` bounds. Backends are identified, so a pooler between us and the server must
//! pool whole sessions.
//!
//! Not here: reading tables, change data capture.
//!
//! ```no_run
//! # async fn run(table: stream::TableSpec, context: stream::ConnectorContext) -> Result<(), stream::StreamError> {
//! use stream::Connector as _;
//!
//! println!("{}", postgres::create_table_sql(&table));
//! let mut sink = postgres::Jdbc.sink(&table, &context).await?;
//! let claim = sink.claim().await?;
//! # Ok(())
//! # }
//! ```

mod ahead;
mod catalog;
mod connect;
mod connector;
mod ddl;
mod dead_letters;
mod encode;
mod epochs;
mod error;
mod inspect;
mod merge;
mod options;
mod rows;
mod sink;
mod staging;
mod target;
mod types;
mod url;

pub use connector::Jdbc;
pub use ddl::{create_table_if_missing, create_table_sql};
pub use error::PostgresError;
pub use inspect::{Counted, Inspection, ReplicationSlot, ServerHealth};
