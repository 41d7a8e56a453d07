//! Operators alone, against plain loops: any order of rows and watermarks, state moved to other tasks in between.

mod fixed;
mod fleet;
mod joins;
mod ranks;
mod running;
mod sessions;
