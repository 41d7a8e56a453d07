//! The containers of this project, for a person: what runs, and its end.

use super::container::HOST;
use super::engine::Engine;
use super::host_ports::published;
use super::spec::{POSTGRES_LOGIN as LOGIN, ports};
use super::start::{LABEL_PURPOSE, LABEL_SERVICE};
use super::{ContainerError, Purpose};
use std::collections::BTreeMap;
use std::time::Duration;

/// A running or stopped container of this project, for a person.
#[derive(Clone, Debug)]
pub struct Listed {
    pub name: String,
    pub service: String,
    pub purpose: String,
    pub running: bool,
    /// `Up 5 minutes`
    pub status: String,
    pub ports: BTreeMap<u16, u16>,
    pub image: String,
}

/// All containers of this project for one purpose.
pub async fn list(purpose: Purpose) -> Result<Vec<Listed>, ContainerError> {
    let engine = Engine::connect().await?;
    let label = format!("{LABEL_PURPOSE}={}", purpose.label());
    let mut listed = Vec::new();
    for found in engine.list(&[label]).await? {
        let labels = found.labels.unwrap_or_default();
        let name = found.names.unwrap_or_default().first().cloned().unwrap_or_default();
        let name = name.trim_start_matches('/').to_owned();
        let config = engine.inspect(&name).await?.and_then(|found| found.host_config);
        listed.push(Listed {
            service: labels.get(LABEL_SERVICE).cloned().unwrap_or_default(),
            purpose: purpose.label().to_owned(),
            running: found.state.is_some_and(|state| state.to_string() == "running"),
            status: found.status.unwrap_or_default(),
            ports: published(config.unwrap_or_default()),
            image: found.image.unwrap_or_default(),
            name,
        });
    }
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(listed)
}

/// Ends a container in good order; it keeps its data.
pub async fn stop(name: &str) -> Result<(), ContainerError> {
    Engine::connect().await?.stop(name, Duration::from_secs(20)).await
}

/// Removes a container with its data.
pub async fn remove(name: &str) -> Result<(), ContainerError> {
    Engine::connect().await?.remove(name).await
}

/// The last lines of a container's log.
pub async fn last_lines(name: &str) -> Result<String, ContainerError> {
    Ok(Engine::connect().await?.last_lines(name).await)
}

/// What a person does with a dev service that runs: where it is, and how programs are told.
pub fn usage(container: &super::Container) -> Vec<String> {
    use crate::Image;
    let address = |inside| container.address(inside);
    let port = |inside| container.port(inside);
    match container.service() {
        Image::Kafka => vec![
            format!("bootstrap servers {}", address(ports::KAFKA)),
            format!("IBB__KAFKA__BROKERS={}", address(ports::KAFKA)),
        ],
        Image::Postgres => vec![
            format!("postgres://{LOGIN}:{LOGIN}@{}/{LOGIN}", address(ports::POSTGRES)),
            format!(
                "IBB__POSTGRESQL__HOST={HOST} IBB__POSTGRESQL__PORT={} IBB__POSTGRESQL__DATABASE={LOGIN} \
                 IBB__POSTGRESQL__USER={LOGIN} IBB__POSTGRESQL__PASSWORD={LOGIN} IBB__POSTGRESQL__TLS=disable",
                port(ports::POSTGRES)
            ),
            format!("docker exec -it {} psql -U {LOGIN}", container.name()),
        ],
        Image::Redis => vec![
            format!("redis://{}", address(ports::REDIS)),
            format!("IBB__REDIS__NODES={}", address(ports::REDIS)),
            format!("docker exec -it {} redis-cli", container.name()),
        ],
        Image::Cassandra => vec![
            format!(
                "IBB__CASSANDRA__NODES={} IBB__CASSANDRA__DATACENTER=datacenter1",
                address(ports::CASSANDRA)
            ),
            format!("docker exec -it {} cqlsh", container.name()),
        ],
        Image::Trino => vec![
            format!("http://{}", address(ports::TRINO)),
            format!("IBB__TRINO__URL=http://{} IBB__TRINO__USER={LOGIN}", address(ports::TRINO)),
        ],
        Image::SchemaRegistry => vec![format!(
            "IBB__SCHEMA_REGISTRY__URL=http://{}/apis/ccompat/v7",
            address(ports::SCHEMA_REGISTRY)
        )],
        Image::Connect => vec![format!("http://{}/connectors", address(ports::CONNECT))],
        // Its parts tell what they publish.
        Image::Flink => match container.part {
            "sql-gateway" => {
                vec![format!("IBB__FLINK__SQL_GATEWAY=http://{}", address(ports::FLINK_GATEWAY))]
            }
            "taskmanager" => Vec::new(),
            _ => vec![format!("http://{} (jobs)", address(ports::FLINK))],
        },
        Image::Spark => vec![format!("IBB__SPARK__REMOTE=sc://{}", address(ports::SPARK))],
    }
}
