//! Graceful shutdown: one token, and the names of what still has to be finished.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{Exit, Failure, Health, OrFail};

/// A request to stop, and the work that delays it. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    token: CancellationToken,
    interrupted: Arc<AtomicBool>,
    tasks: Arc<Mutex<Tasks>>,
}

#[derive(Debug, Default)]
struct Tasks {
    next: u64,
    open: BTreeMap<u64, String>,
}

/// A piece of work that a graceful end waits for; done when dropped.
#[derive(Debug)]
pub struct Task {
    id: u64,
    tasks: Arc<Mutex<Tasks>>,
}

impl Shutdown {
    /// The token, for libraries that take one.
    pub fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Waits until a stop is requested. Cancel-safe.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }

    /// Whether a stop is requested.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Whether it was SIGINT, Ctrl-C on a terminal, that requested it.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Requests a stop.
    pub fn cancel(&self) {
        self.token.cancel();
    }

    /// Names a piece of work (`the checkpoint of epoch 7`), so that a stop at the limit can say it was not done.
    #[must_use = "the task counts as done when dropped"]
    pub fn task(&self, name: impl Into<String>) -> Task {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        let id = tasks.next;
        tasks.next += 1;
        tasks.open.insert(id, name.into());
        Task { id, tasks: Arc::clone(&self.tasks) }
    }

    /// The names of the work not done yet, oldest first.
    pub fn unfinished(&self) -> Vec<String> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).open.values().cloned().collect()
    }

    /// Waits until a requested stop took longer than `limit`, and gives the failure to end with.
    pub(crate) async fn overdue(&self, limit: Duration) -> Failure {
        self.cancelled().await;
        tokio::time::sleep(limit).await;
        let unfinished = self.unfinished();
        let failure =
            Failure::new(Exit::Failure, format!("the program did not stop within {} s", limit.as_secs_f64()));
        if unfinished.is_empty() {
            return failure.detail("not finished: the program's own work");
        }
        unfinished.iter().fold(failure, |failure, name| failure.detail(format!("not finished: {name}")))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.id);
    }
}

/// SIGINT and SIGTERM of this process.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Takes over the signals: from now on they no longer end the process.
    pub fn install() -> Result<Self, Failure> {
        let install = |kind| signal(kind).or_fail(Exit::Internal, "the signals cannot be handled");
        Ok(Self {
            interrupt: install(SignalKind::interrupt())?,
            terminate: install(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal and names it.
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }

    /// The first signal requests a stop; the second ends the process at once.
    pub async fn watch(mut self, shutdown: Shutdown) {
        let name = self.next().await;
        tracing::info!(signal = name, "Stopping; a second signal ends at once.");
        shutdown.interrupted.store(name == "SIGINT", Ordering::Relaxed);
        shutdown.cancel();
        let name = self.next().await;
        let unfinished = shutdown.unfinished();
        tracing::error!(signal = name, ?unfinished, "Ended at once, before everything was finished.");
        std::process::exit(Exit::Failure.code().into());
    }
}

/// Requests a stop `duration` after everything was connected for the first time.
pub(crate) async fn stop_after(duration: Duration, health: Health, shutdown: Shutdown) {
    health.ready().await;
    tokio::time::sleep(duration).await;
    tracing::info!(duration_seconds = duration.as_secs_f64(), "Stopping, for the duration is over.");
    shutdown.cancel();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_overdue_stop_names_what_is_unfinished() {
        let shutdown = Shutdown::default();
        let first = shutdown.task("the checkpoint of epoch 7");
        let second = shutdown.task("the last commit");
        drop(second);
        shutdown.cancel();
        let failure = shutdown.overdue(Duration::from_millis(1)).await;
        assert_eq!(failure.exit(), Exit::Failure);
        assert_eq!(failure.details(), ["not finished: the checkpoint of epoch 7"]);
        drop(first);
        assert!(shutdown.unfinished().is_empty());
    }

    #[tokio::test]
    async fn the_duration_counts_from_readiness() {
        let (health, shutdown) = (Health::default(), Shutdown::default());
        let mut stop = std::pin::pin!(stop_after(Duration::ZERO, health.clone(), shutdown.clone()));
        tokio::select! {
            biased;
            () = &mut stop => panic!("nothing is connected yet"),
            () = std::future::ready(()) => {}
        }
        health.no_components();
        stop.await;
        assert!(shutdown.is_cancelled());
    }
}
