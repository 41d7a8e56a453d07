//! Kafka → PostgreSQL, Kafka → Kafka, and both from one script, on real services that are killed, cut off and frozen
//! while records stream. The truth is what the source topic holds, read by a plain consumer; PostgreSQL and plain loops
//! compare.
//!
//! Every fault must find work under way, every failpoint must be hit; otherwise the test fails.

mod both;
mod faults;
mod job;
mod source_log;
mod tables;
mod to_kafka;
mod to_postgres;
mod world;
mod zombies;
