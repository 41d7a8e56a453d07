//! Kafka → PostgreSQL, Kafka → Kafka, and both from one script, on real services that are killed, cut off and frozen
//! while records stream. The truth is what the source topic holds, read by a plain consumer; PostgreSQL and plain loops
//! compare.
//!
//! Every fault must find work under way, every failpoint must be hit; otherwise the test fails. Seeds are printed, and
//! `IBB_SEED` repeats one.

mod both;
mod faults;
mod job;
mod services;
mod soak;
mod source_log;
mod tables;
mod tally;
mod to_kafka;
mod to_postgres;
mod world;
mod zombies;
