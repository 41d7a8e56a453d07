//! Files in a local folder as a table: the `filesystem` connector.
//!
//! Not here: object stores (`s3://` and `hdfs://` are refused by name), and how a row is written (`formats`).
//!
//! - Source: files of a folder, one after the other by name. A partition is a file; its offset counts bytes (JSON
//!   lines, CSV) or rows (Parquet), so a restart goes on exactly where it was.
//! - Sink: exactly once. Rows are in files that no one sees until a numbered manifest, linked exclusively, names them;
//!   [`committed_files`] follows the manifests, and so does the source.
//!
//! ```sql
//! CREATE TABLE flights (carrier STRING, delay INT)
//! WITH ('connector' = 'filesystem', 'path' = 'data/flights', 'format' = 'json');
//! ```

mod connector;
mod data_file;
mod lines;
mod listing;
mod manifest;
mod options;
mod parquet_rows;
mod sink;
mod source;

pub use connector::Filesystem;
pub use manifest::committed_files;
pub use options::FileFormat;
pub use parquet_rows::Compression;
pub use sink::FilesSink;
