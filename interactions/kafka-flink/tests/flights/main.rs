//! The flights of 2013 from files into PostgreSQL, through kills and failpoints; PostgreSQL itself computes the truth.

mod accounting;
mod crash;
mod running;
mod world;
