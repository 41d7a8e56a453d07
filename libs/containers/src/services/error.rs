//! Why a service in a container could not be given.

use crate::{Image, ImageError};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use testcontainers::bollard::errors::Error as EngineError;

/// Why a container could not be started, found, or told what to do. Every message names the way out.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// Nothing answers where the engine should be.
    #[error(
        "no Docker engine answers at {host} ({reason}); install one (Debian: apt-get install docker.io), start it \
         (systemctl start docker, or dockerd in the background), or point DOCKER_HOST at one; `tools/dev up` does \
         the first two where it may"
    )]
    NoDocker { host: String, reason: String },
    /// The engine's socket is there and closed to us.
    #[error(
        "this user may not use the Docker engine at {host}; join the group of its socket (usermod -aG docker $USER, \
         then log in again), or run as root"
    )]
    NoPermission { host: String },
    /// Its image could be neither found nor had.
    #[error("the image of {} cannot be had", service.name())]
    Image {
        service: Image,
        #[source]
        cause: ImageError,
    },
    /// It is not here, no registry gives it, and building takes minutes, which nobody asked for.
    #[error(
        "the image of {} is not on this machine and no registry gives it; `tools/dev up {}` builds it, once",
        service.name(), service.name()
    )]
    MustBuild { service: Image },
    /// The variable that says where images come from is wrong.
    #[error(transparent)]
    Origin(ImageError),
    /// The engine refused.
    #[error("Docker cannot {action} {name}: {}", reason(cause))]
    Engine { action: &'static str, name: String, cause: Box<EngineError> },
    /// testcontainers or the engine refused to create or start the container.
    #[error("{name} cannot be started: {reason}")]
    Start { name: String, reason: String },
    /// It ended before it was ready, or while it was waited for.
    #[error("{name} ended with code {code} before it was ready; its last lines:\n{log}")]
    Ended { name: String, code: i64, log: String },
    /// It runs and does not serve.
    #[error("{name} was not ready within {} s ({last}); its last lines:\n{log}", limit.as_secs())]
    NeverReady { name: String, limit: Duration, last: String, log: String },
    /// The port it had is taken, or none is free.
    #[error("{name} finds no free port on 127.0.0.1; its last try: {reason}")]
    Port { name: String, reason: String },
    /// Others use it, so nobody may kill, pause or restart it.
    #[error("{name} is shared: take an exclusive one to {action} it")]
    Shared { name: String, action: &'static str },
    /// Another program is busy starting the same service.
    #[error("another program has held {} for {} s; wait for it, or end it", path.display(), limit.as_secs())]
    Locked { path: PathBuf, limit: Duration },
    /// A failure of the file system.
    #[error("cannot open {}; choose another cache folder with IBB_CACHE", path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
}

impl ContainerError {
    pub(crate) fn engine(action: &'static str, name: &str, cause: EngineError) -> Self {
        Self::Engine { action, name: name.to_owned(), cause: Box::new(cause) }
    }

    /// Whether there is no engine that we could use: a program may look for another way.
    pub fn is_no_docker(&self) -> bool {
        matches!(self, Self::NoDocker { .. } | Self::NoPermission { .. })
    }
}

/// What the engine said, without the client's wrapping.
pub(crate) fn reason(error: &EngineError) -> String {
    match error {
        EngineError::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        other => chain(other),
    }
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
