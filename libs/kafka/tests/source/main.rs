//! The source against librdkafka's mock cluster: exact positions, nothing lost, nothing twice, errors that say why.

mod columns;
mod errors;
mod harness;
mod reading;
mod restart;
mod startup;
