//! Not more rows per second than asked for.

use std::time::Duration;
use tokio::time::Instant;

pub(crate) struct Pace {
    rows_per_second: Option<u64>,
    /// When the next batch may be read.
    next: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(rows_per_second: Option<u64>) -> Self {
        Self { rows_per_second: rows_per_second.map(|rate| rate.max(1)), next: None }
    }

    /// Rows to read at once: a tenth of a second's, so that the pace is even.
    pub(crate) fn rows_max(&self, rows_max: usize) -> usize {
        match self.rows_per_second {
            None => rows_max.max(1),
            Some(rate) => rows_max.min((rate / 10).try_into().unwrap_or(usize::MAX)).max(1),
        }
    }

    /// Waits until the next batch may be read. Cancel-safe: the moment stands.
    pub(crate) async fn ready(&self) {
        if let Some(next) = self.next {
            tokio::time::sleep_until(next).await;
        }
    }

    /// `rows` have been read.
    pub(crate) fn spent(&mut self, rows: u64) {
        if let Some(rate) = self.rows_per_second {
            let now = Instant::now();
            let from = self.next.map_or(now, |next| next.max(now));
            self.next = Some(from + Duration::from_secs_f64(rows as f64 / rate as f64));
        }
    }
}
