//! Faults between a program and its services, and of the program itself.

mod mayhem;
mod pg_proxy;
mod tcp_proxy;

pub use mayhem::{Fault, Mayhem, seed_or};
pub use pg_proxy::{Hold, PgProxy};
pub use tcp_proxy::{Conditions, TcpProxy};
