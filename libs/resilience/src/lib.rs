//! Retry, clocks, entropy and failpoints: whatever touches time or chance, so that nothing else has to.
//!
//! Not here: any system that is protected. Wall-clock time and writer identities come from here,
//! so that simulated time has one door.

pub mod clock;
pub mod entropy;
pub mod failpoint;
mod retry;

pub use retry::{Retry, RetryPolicy, retry};
