//! Named places where a test ends the process as `kill -9` would.
//!
//! `IBB_FAILPOINT=name@n` (n counts from 1, default 1) ends the process the n-th time `name` is passed: no
//! destructor runs, nothing is flushed. Unset, a failpoint costs one load.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

struct Armed {
    name: String,
    left: AtomicU64,
}

static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| {
    let spec = std::env::var("IBB_FAILPOINT").ok()?;
    let (name, nth) = match spec.split_once('@') {
        Some((name, nth)) => (name.to_owned(), nth.parse().unwrap_or(1)),
        None => (spec, 1),
    };
    Some(Armed { name, left: AtomicU64::new(nth) })
});

/// Ends the process here if this failpoint is armed and its count is reached.
pub fn hit(name: &str) {
    if let Some(armed) = ARMED.as_ref()
        && armed.name == name
        && armed.left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        eprintln!("failpoint {name}: ending the process");
        std::process::abort();
    }
}
