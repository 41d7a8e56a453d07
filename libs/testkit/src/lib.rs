//! What tests share: real services in containers, seeded events, faults, oracles, the suites of `stream`'s contracts,
//! and programs that are started, watched, frozen and killed.
//!
//! Test only. A test that needs Docker and finds none fails, and says what to do.
//!
//! - [`services`]: `Kafka::start().await?` and friends, shared by all suites of a machine, isolated by names.
//! - [`generate`]: orders, payments, clicks and sensor readings, with skew, disorder, duplicates and poison.
//! - [`faults`]: a network that fails on demand, a COMMIT whose reply is lost, random kills.
//! - [`oracle`]: the same rows as often, order per key, and what PostgreSQL computes.
//! - [`conformance`]: what every source and sink promises.

pub mod conformance;
pub mod faults;
mod flights;
pub mod generate;
mod metrics;
pub mod oracle;
mod program;
mod say;
pub mod services;
mod until;

pub use flights::{FLIGHTS, FlightEvents, flights_csv};
pub use metrics::Metrics;
pub use program::{Finished, Program, Running, binary};
pub use say::say;
pub use until::{free_port, until, until_async};
