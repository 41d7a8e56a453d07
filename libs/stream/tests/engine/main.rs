//! The engine end to end on fake adapters: results against a plain loop, and seeded failures at every commit.

mod fakes;
mod recovery;
mod savepoints;
mod windows;
