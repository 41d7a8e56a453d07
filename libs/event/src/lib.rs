//! The vocabulary every other crate speaks: records in batches, where they came from, and when they happened.
//!
//! Not here: any I/O, any clock, anything about one system. A [`Batch`] knows its [`Partition`] and the offset after
//! it; a [`Position`] is where reading continues; a [`Watermark`] says how far event time has come; an [`Epoch`]
//! numbers what sinks commit.

mod batch;
mod dead_letter;
mod names;
mod position;
mod time;

pub use batch::Batch;
pub use dead_letter::{DeadLetter, DeadLetterReason, dead_letter_schema, dead_letters_to_batch};
pub use names::type_name;
pub use position::{Partition, Position};
pub use time::{Epoch, Watermark};
