//! Services for the development environment, given to a program that configured none.
//!
//! - [`ContainerKafka`], [`ContainerPostgres`], [`ContainerFlink`]: the containers of `tools/dev`, found or started, and left running.
//! - [`EmbeddedPostgres`]: the real PostgreSQL server, its binaries fetched once, its data kept between runs.
//! - [`EmbeddedKafka`]: librdkafka's mock cluster in a process of its own. It holds little per partition, so
//!   producers are paced ([`Pacer`], [`GroupPacer`]), and it gives no transactional guarantee.
//!
//! What this library is not: it knows no configuration file, and is never used outside the
//! development environment. It reads no state but the folders it is given and [`cache_root`].
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! // First thing in `main`: the same executable also serves as the mock broker's process.
//! devservices::child_entry();
//!
//! let mut options = devservices::PostgresOptions::new("state/dev/postgres");
//! options.progress = Some(std::sync::Arc::new(|step| eprintln!("{step}")));
//! let postgres = devservices::EmbeddedPostgres::start(options).await?;
//! eprintln!("postgresql {}: {}", postgres.startup(), postgres.psql_command());
//! postgres.stop().await?;
//! # Ok(())
//! # }
//! ```

mod cache;
mod container;
mod error;
mod kafka;
mod lock;
mod postgres;
mod process;
mod progress;

pub use cache::cache_root;
pub use container::{ContainerFlink, ContainerKafka, ContainerOptions, ContainerPostgres};
pub use error::DevServiceError;
pub use kafka::{
    DevProgram, EmbeddedKafka, Found, GroupPacer, KafkaOptions, PARTITION_UNREAD_BYTES_MAX, Pacer,
    child_entry,
};
pub use postgres::{EmbeddedPostgres, PostgresOptions, StartedHow, Startup, Stopped, check_reachable};
pub use progress::{Progress, ProgressFn};
