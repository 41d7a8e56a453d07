//! A limit of rows per second, for sources that are to read no faster.

use std::time::Duration;
use tokio::time::Instant;

/// Holds the next batch back until the rows of those before have had their time.
#[derive(Debug)]
pub struct Pace {
    rows_per_second_max: Option<u64>,
    /// When the next batch may be read.
    next: Option<Instant>,
}

impl Pace {
    /// `None` and 0 are no limit.
    pub fn new(rows_per_second_max: Option<u64>) -> Self {
        Self { rows_per_second_max: rows_per_second_max.filter(|rate| *rate > 0), next: None }
    }

    /// Rows to read at once, at least 1 and at most `rows_max`: a tenth of a second's, so that the pace is even.
    pub fn rows_max(&self, rows_max: usize) -> usize {
        match self.rows_per_second_max {
            None => rows_max.max(1),
            Some(rate) => rows_max.min((rate / 10).try_into().unwrap_or(usize::MAX)).max(1),
        }
    }

    /// Waits until the next batch may be read.
    ///
    /// # Cancel safety
    /// Safe: the time is kept here, not in the future.
    pub async fn ready(&self) {
        if let Some(next) = self.next {
            tokio::time::sleep_until(next).await;
        }
    }

    /// Counts rows that were handed out.
    pub fn spend(&mut self, rows: u64) {
        let Some(rate) = self.rows_per_second_max else { return };
        let now = Instant::now();
        let from = self.next.map_or(now, |next| next.max(now));
        self.next = Some(from + Duration::from_secs_f64(rows as f64 / rate as f64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_take_their_time() {
        let mut pace = Pace::new(Some(100));
        let before = Instant::now();
        pace.spend(50);
        pace.spend(150);
        let wait = pace.next.unwrap() - before;
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_secs(20), "{wait:?}");
        assert_eq!((pace.rows_max(8_192), pace.rows_max(4)), (10, 4));
    }

    #[test]
    fn no_limit_never_waits() {
        for limit in [None, Some(0)] {
            let mut pace = Pace::new(limit);
            pace.spend(1_000_000);
            assert_eq!((pace.next, pace.rows_max(8_192)), (None, 8_192));
        }
    }
}
