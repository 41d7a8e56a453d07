//! The client against a real cluster: a JobManager, a TaskManager with four slots and a gateway of Flink 2.2.

mod changelog;
mod cluster;
mod jobs;
mod sessions;
mod statements;
mod types;
