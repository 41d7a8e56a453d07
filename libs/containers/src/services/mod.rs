//! Services as containers: how each is started, shared between processes, and found ready.
//!
//! - One small table per service ([`Spec::of`]): variables, ports, memory.
//! - A shared container is named after what it is made of, so whoever needs the same finds the same. The first starts it
//!   under a file lock; the others wait, ask it whether it serves, and use it. One that is dead or deaf is replaced.
//! - An exclusive one belongs to a process, which may kill it. It goes with its handle, and at the next start of
//!   anything if its process was killed.
//! - Ready means that the service itself answered in its own protocol.

mod container;
mod engine;
mod error;
mod flink;
mod host_ports;
mod image;
mod lock;
mod manage;
mod owner;
mod probe;
mod spec;
mod start;

pub use container::{Container, HOST};
pub use engine::Output;
pub use error::ContainerError;
pub use flink::{FlinkCluster, flink_cluster};
pub use manage::{Listed, last_lines, list, remove, stop, usage};
pub use spec::{FlinkPart, POSTGRES_LOGIN, Spec, ports};
pub use start::{Options, Purpose, Sharing, StartedHow, Startup, start};
