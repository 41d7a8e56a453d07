//! Every promise of a sink and of a source, kept by folders.

mod reading;
mod writing;
