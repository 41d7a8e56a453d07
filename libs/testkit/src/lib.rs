//! What tests share: real data as events, programs that are started, watched and killed, and waiting for conditions.
//!
//! Test only. Services in containers, generators for other domains, network faults and conformance suites come with
//! the suites that need them.

mod flights;
mod program;
mod until;

pub use flights::{FLIGHTS, FlightEvents, flights_csv};
pub use program::{Finished, Program, Running, binary};
pub use until::{free_port, until};
