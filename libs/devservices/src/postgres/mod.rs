//! The embedded PostgreSQL: a real server of one's own, from nothing.

mod folder;
mod handle;
mod options;
mod server;

pub use folder::check_reachable;
pub(crate) use folder::{create_open_folder, last_lines};
pub use handle::{EmbeddedPostgres, StartedHow, Startup, Stopped};
pub use options::PostgresOptions;
