//! A client of Trino: a statement in, columns and rows out.
//!
//! What it is not: a connector of the engine, a SQL parser, or an API of Trino's own beyond `/v1/statement`. The
//! published clients bring a TLS stack or an HTTP stack of their own; this one is a few calls over the one we have.
//!
//! ```no_run
//! # async fn example() -> Result<(), trino::TrinoError> {
//! let trino = trino::Client::new("http://127.0.0.1:8080", "ibb")?;
//! let answer = trino.query("SELECT 1 AS one, 'a' AS letter").await?;
//! assert_eq!(answer.columns[0].name, "one");
//! assert_eq!(answer.rows, [[serde_json::json!(1), serde_json::json!("a")]]);
//! # Ok(())
//! # }
//! ```

mod client;
mod error;

pub use client::{Answer, Client, Column};
pub use error::TrinoError;
