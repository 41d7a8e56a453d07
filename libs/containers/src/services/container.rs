//! A running service, and what may be done to it.

use super::engine::{Engine, Output};
use super::start::Startup;
use super::{ContainerError, probe};
use crate::Image;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

/// The interface that ports are published on.
pub const HOST: &str = "127.0.0.1";

/// How often a service that starts is asked.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long a service may take to end when asked.
const STOP: Duration = Duration::from_secs(20);

/// A service in a container. A shared one stays when the handle is dropped; an exclusive one is removed.
pub struct Container {
    pub(super) engine: Engine,
    pub(super) service: Image,
    pub(super) part: &'static str,
    pub(super) name: String,
    /// The engine's own, once it is known.
    pub(super) id: String,
    pub(super) ports: BTreeMap<u16, u16>,
    pub(super) exclusive: bool,
    pub(super) start_limit: Duration,
    pub(super) startup: Startup,
}

impl Container {
    pub fn service(&self) -> Image {
        self.service
    }

    /// Its name, by which other containers reach it too.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another one after it was removed and made again.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the start did and how long it took.
    pub fn startup(&self) -> Startup {
        self.startup
    }

    /// The port of this machine that leads to `inside`.
    ///
    /// # Panics
    /// When the service does not publish `inside`.
    pub fn port(&self, inside: u16) -> u16 {
        *self.ports.get(&inside).unwrap_or_else(|| panic!("{} does not publish {inside}", self.name))
    }

    /// `127.0.0.1:<port>`
    pub fn address(&self, inside: u16) -> String {
        format!("{HOST}:{}", self.port(inside))
    }

    /// SIGKILL, as a crash.
    ///
    /// # Errors
    /// `Shared` unless it is exclusive.
    pub async fn kill(&self) -> Result<(), ContainerError> {
        self.only_exclusive("kill")?;
        self.engine.signal(&self.name, "KILL").await?;
        self.wait_ended().await
    }

    /// Freezes all its processes: connections stay open and nothing answers.
    ///
    /// # Errors
    /// `Shared` unless it is exclusive.
    pub async fn pause(&self) -> Result<(), ContainerError> {
        self.only_exclusive("pause")?;
        self.engine.pause(&self.name).await
    }

    /// Undoes [`Container::pause`].
    pub async fn unpause(&self) -> Result<(), ContainerError> {
        self.only_exclusive("resume")?;
        self.engine.unpause(&self.name).await
    }

    /// Starts it again after a kill, with its data and at the same address, and waits until it serves.
    pub async fn start_again(&self) -> Result<Duration, ContainerError> {
        self.only_exclusive("start")?;
        self.engine.start(&self.name).await?;
        self.wait_ready(self.start_limit).await
    }

    /// Ends it in good order and starts it again.
    pub async fn restart(&self) -> Result<Duration, ContainerError> {
        self.only_exclusive("restart")?;
        self.engine.stop(&self.name, STOP).await?;
        self.start_again().await
    }

    /// Runs a command inside.
    pub async fn exec(&self, command: &[&str]) -> Result<Output, ContainerError> {
        self.engine.exec(&self.name, command).await
    }

    /// The last lines of its log.
    pub async fn last_lines(&self) -> String {
        self.engine.last_lines(&self.name).await
    }

    /// Memory in use, without the page cache.
    pub async fn memory_bytes(&self) -> Result<u64, ContainerError> {
        self.engine.memory_bytes(&self.name).await
    }

    /// Waits until the service itself says that it serves.
    ///
    /// # Errors
    /// `Ended` and `NeverReady`, with the last lines of its log.
    pub async fn wait_ready(&self, limit: Duration) -> Result<Duration, ContainerError> {
        let begun = Instant::now();
        let mut tick = tokio::time::interval(ASK_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let Err(not_yet) = probe::ask(self).await else { return Ok(begun.elapsed()) };
            if let Some(code) = self.ended().await? {
                let log = self.last_lines().await;
                return Err(ContainerError::Ended { name: self.name.clone(), code, log });
            }
            if begun.elapsed() >= limit {
                let log = self.last_lines().await;
                return Err(ContainerError::NeverReady {
                    name: self.name.clone(),
                    limit,
                    last: not_yet,
                    log,
                });
            }
        }
    }

    /// Its exit code, once it has ended; -1 when it is gone altogether.
    async fn ended(&self) -> Result<Option<i64>, ContainerError> {
        let Some(found) = self.engine.inspect(&self.name).await? else { return Ok(Some(-1)) };
        let state = found.state.unwrap_or_default();
        Ok((!state.running.unwrap_or(false)).then(|| state.exit_code.unwrap_or(-1)))
    }

    async fn wait_ended(&self) -> Result<(), ContainerError> {
        let deadline = Instant::now() + STOP;
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        while self.ended().await?.is_none() && Instant::now() < deadline {
            tick.tick().await;
        }
        Ok(())
    }

    fn only_exclusive(&self, action: &'static str) -> Result<(), ContainerError> {
        if self.exclusive {
            return Ok(());
        }
        Err(ContainerError::Shared { name: self.name.clone(), action })
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.exclusive {
            return;
        }
        let (engine, name) = (self.engine.clone(), self.name.clone());
        // The runtime of the test may be ending, so the removal gets one of its own.
        let removal = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(engine.remove(&name)).map_err(std::io::Error::other)
        };
        match std::thread::spawn(removal).join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(container = self.name, %error, "A container could not be removed")
            }
            Err(_) => tracing::warn!(container = self.name, "A container could not be removed"),
        }
    }
}

impl fmt::Debug for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Container")
            .field("name", &self.name)
            .field("ports", &self.ports)
            .field("exclusive", &self.exclusive)
            .field("startup", &self.startup)
            .finish_non_exhaustive()
    }
}
