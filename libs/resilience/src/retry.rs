//! Retry with exponential backoff and jitter.

use backon::{BackoffBuilder, ExponentialBuilder};
use std::future::Future;
use std::time::Duration;

/// What an error says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Nothing happened; the same call may succeed later.
    Backoff,
    /// The same call will fail again.
    Never,
}

/// How long to go on.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// First wait; later ones double, with jitter.
    pub delay_min: Duration,
    pub delay_max: Duration,
    /// No attempt starts after this much waiting.
    pub total_max: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            delay_min: Duration::from_millis(50),
            delay_max: Duration::from_secs(2),
            total_max: Duration::from_secs(30),
        }
    }
}

/// Calls `attempt` until it succeeds, its error says [`Retry::Never`], or the policy is used up; the last error wins.
///
/// # Cancel safety
/// As safe as `attempt` itself.
pub async fn retry<T, E, F, Fut>(
    policy: RetryPolicy,
    decide: impl Fn(&E) -> Retry,
    mut attempt: F,
) -> Result<T, E>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, E>>,
    E: std::fmt::Display,
{
    let mut delays = ExponentialBuilder::default()
        .with_min_delay(policy.delay_min)
        .with_max_delay(policy.delay_max)
        .with_total_delay(Some(policy.total_max))
        .without_max_times()
        .with_jitter()
        .build();
    loop {
        let error = match attempt().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let next = if decide(&error) == Retry::Backoff { delays.next() } else { None };
        let Some(delay) = next else { return Err(error) };
        tracing::warn!(%error, delay_ms = delay.as_millis() as u64, "trying again");
        tokio::time::sleep(delay).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    async fn run(fail_times: u32, decision: Retry) -> (Result<u32, String>, u32) {
        let calls = AtomicU32::new(0);
        let policy = RetryPolicy {
            delay_min: Duration::from_millis(1),
            delay_max: Duration::from_millis(1),
            total_max: Duration::from_millis(20),
        };
        let result = retry(
            policy,
            |_: &String| decision,
            || async {
                let n = calls.fetch_add(1, Ordering::SeqCst);
                if n < fail_times { Err(format!("failure {n}")) } else { Ok(n) }
            },
        )
        .await;
        (result, calls.load(Ordering::SeqCst))
    }

    #[tokio::test]
    async fn succeeds_after_transient_failures() {
        assert_eq!(run(3, Retry::Backoff).await, (Ok(3), 4));
    }

    #[tokio::test]
    async fn a_final_error_is_not_tried_again() {
        assert_eq!(run(3, Retry::Never).await, (Err("failure 0".into()), 1));
    }

    #[tokio::test]
    async fn gives_up_with_the_last_error() {
        let (result, calls) = run(u32::MAX, Retry::Backoff).await;
        assert_eq!(result, Err(format!("failure {}", calls - 1)));
        assert!(calls > 2);
    }
}
