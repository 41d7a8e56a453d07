//! The sink against a real PostgreSQL server: what it commits, refuses and survives.

mod accounting;
mod ahead;
mod commits;
mod faults;
mod fencing;
mod inspected;
mod options;
mod refused;
mod server;
mod types;
mod validation;
