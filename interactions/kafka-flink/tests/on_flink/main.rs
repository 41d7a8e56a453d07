//! `--engine flink` against a real cluster: the same rows as the embedded engine, and what becomes of a job when we, or
//! parts of the cluster, go away.

mod deaths;
mod lives;
mod run;
mod same_rows;
