//! The flights of 2013 from files into PostgreSQL, through kills, failpoints and savepoints; PostgreSQL itself computes the truth.

mod accounting;
mod crash;
mod lateness;
mod running;
mod savepoint;
mod sessions;
mod world;
