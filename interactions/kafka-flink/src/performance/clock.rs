//! One clock for a run: wall-clock time at its start, and from there a clock that never jumps.

use std::time::{Duration, Instant};

/// Tells microseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    begun: Instant,
    begun_us: i64,
}

impl RunClock {
    pub fn start() -> Self {
        Self { begun: Instant::now(), begun_us: resilience::clock::now_ms() * 1_000 }
    }

    pub fn now_us(&self) -> i64 {
        self.begun_us + self.begun.elapsed().as_micros() as i64
    }

    /// `us` as a moment to sleep until; one that is past already is now.
    pub fn until(&self, us: i64) -> tokio::time::Instant {
        let left = u64::try_from(us - self.now_us()).unwrap_or(0);
        tokio::time::Instant::now() + Duration::from_micros(left)
    }
}
