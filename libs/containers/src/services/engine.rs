//! What is asked of the Docker engine beside starting containers: whether it answers, what runs, logs, commands.

use super::ContainerError;
use super::error::chain;
use futures::StreamExt as _;
use std::collections::HashMap;
use std::io;
use std::time::Duration;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error as EngineError;
use testcontainers::bollard::exec::{CreateExecOptions, StartExecResults};
use testcontainers::bollard::models::{ContainerInspectResponse, ContainerSummary, NetworkCreateRequest};
use testcontainers::bollard::query_parameters::{
    KillContainerOptionsBuilder, ListContainersOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, StatsOptionsBuilder, StopContainerOptionsBuilder,
};
use testcontainers::core::client::docker_client_instance;

/// How long the engine may take to say that it is there.
const PING: Duration = Duration::from_secs(10);
/// How many lines an error shows.
const LOG_LINES: &str = "30";

/// A Docker engine that answers.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    docker: Docker,
}

/// What a command inside a container gave.
#[derive(Clone, Debug)]
pub struct Output {
    pub code: i64,
    /// Standard output and error, as they came.
    pub text: String,
}

impl Engine {
    pub async fn connect() -> Result<Self, ContainerError> {
        let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let unreachable = |cause: &(dyn std::error::Error + 'static)| {
            if kind_of(cause) == Some(io::ErrorKind::PermissionDenied) {
                ContainerError::NoPermission { host: host.clone() }
            } else {
                ContainerError::NoDocker { host: host.clone(), reason: chain(cause) }
            }
        };
        let docker = docker_client_instance().await.map_err(|cause| unreachable(&cause))?;
        match tokio::time::timeout(PING, docker.ping()).await {
            Ok(Ok(_)) => Ok(Self { docker }),
            Ok(Err(cause)) => Err(unreachable(&cause)),
            Err(_) => Err(ContainerError::NoDocker { host, reason: "it does not answer".to_owned() }),
        }
    }

    /// Containers that carry all `labels`, running or not.
    pub async fn list(&self, labels: &[String]) -> Result<Vec<ContainerSummary>, ContainerError> {
        let filters = HashMap::from([("label", labels.to_vec())]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let listed = self.docker.list_containers(Some(options)).await;
        listed.map_err(|cause| ContainerError::engine("list", "containers", cause))
    }

    /// `None`: there is no such container.
    pub async fn inspect(&self, name: &str) -> Result<Option<ContainerInspectResponse>, ContainerError> {
        found(self.docker.inspect_container(name, None).await, "inspect", name)
    }

    pub async fn image_id(&self, image: &str) -> Result<String, ContainerError> {
        let image_is = self.docker.inspect_image(image).await;
        let id = image_is.map_err(|cause| ContainerError::engine("inspect", image, cause))?.id;
        Ok(id.unwrap_or_default())
    }

    /// Removes it with its volumes, running or not. One that is gone already is fine.
    pub async fn remove(&self, name: &str) -> Result<(), ContainerError> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(name, Some(options)).await {
            // 409: someone else is removing it.
            Err(EngineError::DockerResponseServerError { status_code: 404 | 409, .. }) | Ok(()) => Ok(()),
            Err(cause) => Err(ContainerError::engine("remove", name, cause)),
        }
    }

    pub async fn start(&self, name: &str) -> Result<(), ContainerError> {
        let started = self.docker.start_container(name, None).await;
        started.map_err(|cause| ContainerError::engine("start", name, cause))
    }

    /// Asks it to end, and kills it after `limit`.
    pub async fn stop(&self, name: &str, limit: Duration) -> Result<(), ContainerError> {
        let seconds = i32::try_from(limit.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        let stopped = self.docker.stop_container(name, Some(options)).await;
        stopped.map_err(|cause| ContainerError::engine("stop", name, cause))
    }

    pub async fn signal(&self, name: &str, signal: &str) -> Result<(), ContainerError> {
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        let sent = self.docker.kill_container(name, Some(options)).await;
        sent.map_err(|cause| ContainerError::engine("signal", name, cause))
    }

    pub async fn pause(&self, name: &str) -> Result<(), ContainerError> {
        let paused = self.docker.pause_container(name).await;
        paused.map_err(|cause| ContainerError::engine("pause", name, cause))
    }

    pub async fn unpause(&self, name: &str) -> Result<(), ContainerError> {
        let resumed = self.docker.unpause_container(name).await;
        resumed.map_err(|cause| ContainerError::engine("resume", name, cause))
    }

    /// The last lines of both its streams.
    pub async fn last_lines(&self, name: &str) -> String {
        let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(LOG_LINES).build();
        let mut logs = self.docker.logs(name, Some(options));
        let mut text = String::new();
        while let Some(frame) = logs.next().await {
            match frame {
                Ok(frame) => text.push_str(&frame.to_string()),
                Err(cause) => text.push_str(&format!("(its log cannot be read: {cause})\n")),
            }
        }
        text.trim_end().to_owned()
    }

    /// Runs `command` inside and waits for its end.
    pub async fn exec(&self, name: &str, command: &[&str]) -> Result<Output, ContainerError> {
        let failed = |cause| ContainerError::engine("run a command in", name, cause);
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..CreateExecOptions::default()
        };
        let exec = self.docker.create_exec(name, options).await.map_err(failed)?.id;
        let mut text = String::new();
        if let StartExecResults::Attached { mut output, .. } =
            self.docker.start_exec(&exec, None).await.map_err(failed)?
        {
            while let Some(frame) = output.next().await {
                text.push_str(&frame.map_err(failed)?.to_string());
            }
        }
        let code = self.docker.inspect_exec(&exec).await.map_err(failed)?.exit_code;
        Ok(Output { code: code.unwrap_or(-1), text })
    }

    /// Memory in use, without the page cache that the kernel would give back.
    pub async fn memory_bytes(&self, name: &str) -> Result<u64, ContainerError> {
        let options = StatsOptionsBuilder::default().stream(false).one_shot(true).build();
        let answer = self.docker.stats(name, Some(options)).next().await;
        let memory = match answer {
            Some(Ok(stats)) => stats.memory_stats.unwrap_or_default(),
            Some(Err(cause)) => return Err(ContainerError::engine("measure", name, cause)),
            None => return Ok(0),
        };
        let parts = memory.stats.unwrap_or_default();
        // cgroup v1 says total_inactive_file, v2 inactive_file; `docker stats` subtracts the same.
        let cache = ["total_inactive_file", "inactive_file"].iter().find_map(|key| parts.get(*key));
        Ok(memory.usage.unwrap_or(0).saturating_sub(cache.copied().unwrap_or(0)))
    }

    /// Makes sure of the network on which services know each other by name. The caller holds a lock: the engine
    /// would make two of one name.
    pub async fn ensure_network(&self, name: &str) -> Result<(), ContainerError> {
        if found(self.docker.inspect_network(name, None).await, "inspect network", name)?.is_some() {
            return Ok(());
        }
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            ..NetworkCreateRequest::default()
        };
        let made = self.docker.create_network(request).await;
        made.map(|_| ()).map_err(|cause| ContainerError::engine("create network", name, cause))
    }
}

fn found<T>(
    answer: Result<T, EngineError>,
    action: &'static str,
    name: &str,
) -> Result<Option<T>, ContainerError> {
    match answer {
        Ok(it) => Ok(Some(it)),
        Err(EngineError::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
        Err(cause) => Err(ContainerError::engine(action, name, cause)),
    }
}

/// What the operating system said, anywhere down the causes.
fn kind_of(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io.kind());
        }
        next = error.source();
    }
    None
}
