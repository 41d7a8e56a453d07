//! A limit of rows per second for one source.

use std::time::Duration;
use tokio::time::Instant;

/// Holds the next batch back until the rows of the ones before have had their time.
pub(crate) struct Pace {
    rows_per_second_max: Option<u64>,
    next_at: Option<Instant>,
}

impl Pace {
    pub fn new(rows_per_second_max: Option<u64>) -> Self {
        Self { rows_per_second_max: rows_per_second_max.filter(|rows| *rows > 0), next_at: None }
    }

    /// Waits until more may be read.
    ///
    /// # Cancel safety
    /// Safe: the time is kept here, not in the future.
    pub async fn ready(&self) {
        if let Some(at) = self.next_at {
            tokio::time::sleep_until(at).await;
        }
    }

    /// Counts rows that were handed out.
    pub fn spend(&mut self, rows: u64) {
        let Some(rate) = self.rows_per_second_max else { return };
        let now = Instant::now();
        let from = self.next_at.map_or(now, |at| at.max(now));
        self.next_at = Some(from + Duration::from_secs_f64(rows as f64 / rate as f64));
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
        let wait = pace.next_at.unwrap() - before;
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_secs(20), "{wait:?}");
    }

    #[test]
    fn no_limit_never_waits() {
        for limit in [None, Some(0)] {
            let mut pace = Pace::new(limit);
            pace.spend(1_000_000);
            assert_eq!(pace.next_at, None);
        }
    }
}
