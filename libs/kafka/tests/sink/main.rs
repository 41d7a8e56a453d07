//! The sink against a real broker: transactions, fencing, lost answers, crashes, refused records.

mod columns;
mod commits;
mod conformance;
mod crash;
mod faults;
mod fencing;
mod harness;
mod proxy;
mod refused;
