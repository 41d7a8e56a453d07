//! The engine end to end on fake adapters: results against a plain loop, and seeded failures at every commit,
//! and what a run shows of itself.

mod fakes;
mod monitor;
mod recovery;
mod savepoints;
mod windows;
