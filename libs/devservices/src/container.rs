//! Dev services in containers: those of `tools/dev`, started once for all programs and left running.

use crate::{DevServiceError, Progress, ProgressFn};
use containers::services::{
    Container, FlinkCluster, HOST, Options, POSTGRES_LOGIN, Purpose, Sharing, Spec, Startup, flink_cluster,
    ports, start,
};
use containers::{Image, ImageProgress};

/// A Kafka broker in a container, which keeps its topics until `tools/dev down --remove`.
#[derive(Debug)]
pub struct ContainerKafka {
    container: Container,
}

/// A PostgreSQL server in a container, which keeps its data until `tools/dev down --remove`.
#[derive(Debug)]
pub struct ContainerPostgres {
    container: Container,
}

/// A Flink session cluster with a SQL gateway, in three containers.
#[derive(Debug)]
pub struct ContainerFlink {
    cluster: FlinkCluster,
}

/// What a start may do.
#[derive(Clone, Default)]
pub struct ContainerOptions {
    /// Whether an image that no registry gives is built, which takes minutes. Default false.
    pub may_build: bool,
    /// Told about steps that take time. Default none.
    pub progress: Option<ProgressFn>,
}

impl ContainerKafka {
    /// Finds, wakes or starts it.
    ///
    /// # Errors
    /// `Container`; [`DevServiceError::is_no_container`] says whether another way may be tried.
    pub async fn start(options: &ContainerOptions) -> Result<Self, DevServiceError> {
        Ok(Self { container: given(Image::Kafka, options).await? })
    }

    pub fn bootstrap(&self) -> String {
        self.container.address(ports::KAFKA)
    }

    /// `host:port` for other containers.
    pub fn bootstrap_inside(&self) -> String {
        format!("{}:{}", self.container.name(), ports::KAFKA_INSIDE)
    }

    /// Stays the same while its topics stay.
    pub fn identity(&self) -> &str {
        self.container.id()
    }

    pub fn startup(&self) -> Startup {
        self.container.startup()
    }
}

impl ContainerPostgres {
    /// Finds, wakes or starts it.
    ///
    /// # Errors
    /// `Container`; [`DevServiceError::is_no_container`] says whether another way may be tried.
    pub async fn start(options: &ContainerOptions) -> Result<Self, DevServiceError> {
        Ok(Self { container: given(Image::Postgres, options).await? })
    }

    pub fn host(&self) -> &'static str {
        HOST
    }

    pub fn port(&self) -> u16 {
        self.container.port(ports::POSTGRES)
    }

    /// Host and port for other containers.
    pub fn address_inside(&self) -> (&str, u16) {
        (self.container.name(), ports::POSTGRES)
    }

    pub fn user(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    pub fn password(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    pub fn database(&self) -> &'static str {
        POSTGRES_LOGIN
    }

    /// A command line to paste into a shell.
    pub fn psql_command(&self) -> String {
        format!("docker exec -it {} psql -U {POSTGRES_LOGIN}", self.container.name())
    }

    pub fn startup(&self) -> Startup {
        self.container.startup()
    }
}

impl ContainerFlink {
    /// Finds, wakes or starts it.
    ///
    /// # Errors
    /// `Container`; there is no embedded Flink to fall back to.
    pub async fn start(options: &ContainerOptions) -> Result<Self, DevServiceError> {
        Ok(Self { cluster: flink_cluster(&start_options(options)?, |spec| spec).await? })
    }

    /// The SQL gateway's REST API.
    pub fn gateway_url(&self) -> String {
        format!("http://{}", self.cluster.gateway.address(ports::FLINK_GATEWAY))
    }

    /// The JobManager's REST API, and its pages for people.
    pub fn jobmanager_url(&self) -> String {
        format!("http://{}", self.cluster.jobmanager.address(ports::FLINK))
    }

    /// Of the slowest of its parts.
    pub fn startup(&self) -> Startup {
        let FlinkCluster { jobmanager, taskmanager, gateway } = &self.cluster;
        let parts = [jobmanager, taskmanager, gateway].map(Container::startup);
        parts.into_iter().fold(jobmanager.startup(), |slowest, part| {
            if part.elapsed > slowest.elapsed { part } else { slowest }
        })
    }
}

async fn given(service: Image, options: &ContainerOptions) -> Result<Container, DevServiceError> {
    Ok(start(Spec::of(service), &start_options(options)?).await?)
}

fn start_options(options: &ContainerOptions) -> Result<Options, DevServiceError> {
    let progress = match options.progress.clone() {
        Some(tell) => ImageProgress::new(move |step| tell(Progress::Image { step: step.to_string() })),
        None => ImageProgress::silent(),
    };
    let mut start_options = Options::new(Purpose::Dev, Sharing::Shared, progress)?;
    start_options.may_build = options.may_build;
    Ok(start_options)
}
