//! How each service is started: one small table per service. Environment variables are those of the upstream images.

use crate::Image;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// User, password and database of the PostgreSQL containers, which listen on the loopback interface only.
pub const POSTGRES_LOGIN: &str = "ibb";

/// Ports as the services know them.
pub mod ports {
    pub const KAFKA: u16 = 9092;
    /// Kafka for other containers.
    pub const KAFKA_INSIDE: u16 = 19092;
    pub const POSTGRES: u16 = 5432;
    pub const REDIS: u16 = 6379;
    pub const CASSANDRA: u16 = 9042;
    pub const TRINO: u16 = 8080;
    pub const SCHEMA_REGISTRY: u16 = 8080;
    pub const CONNECT: u16 = 8083;
    pub const FLINK: u16 = 8081;
    pub const FLINK_GATEWAY: u16 = 8083;
    pub const SPARK: u16 = 15002;
}

/// What a container is made of. In values of `env` and `command`, `{host}` stands for the name by which other containers
/// reach it and `{port:9092}` for the port of this machine that leads to its port 9092.
#[derive(Clone, Debug)]
pub struct Spec {
    pub service: Image,
    /// Which part of a service of several containers; empty for the others.
    pub part: &'static str,
    pub env: BTreeMap<String, String>,
    pub command: Vec<String>,
    /// Published on the loopback interface.
    pub ports: Vec<u16>,
    /// Beyond it the kernel ends the service.
    pub memory_bytes: i64,
    /// How long it may take to serve, on a machine that is busy.
    pub start_limit: Duration,
}

/// Flink is three containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlinkPart {
    JobManager,
    TaskManager,
    SqlGateway,
}

const MIB: i64 = 1 << 20;

/// The containers share no disk: state goes into the checkpoint's own file, which the job manager writes, up to the
/// largest size that Flink takes there. A job with more can be stopped, but not resumed here.
const FLINK_PROPERTIES: &str = "execution.checkpointing.savepoint-dir: file:///tmp/savepoints\n\
                                execution.checkpointing.data-inline-threshold: 1mb";

impl Spec {
    pub fn of(service: Image) -> Self {
        match service {
            Image::Kafka => kafka(),
            Image::Postgres => Self::new(service, &[ports::POSTGRES], 768)
                .env("POSTGRES_USER", POSTGRES_LOGIN)
                .env("POSTGRES_PASSWORD", POSTGRES_LOGIN)
                .env("POSTGRES_DB", POSTGRES_LOGIN)
                .command(&["postgres", "-c", "wal_level=logical", "-c", "max_connections=200"])
                .command(&["-c", "max_replication_slots=50", "-c", "max_wal_senders=50"]),
            Image::Redis => Self::new(service, &[ports::REDIS], 384),
            Image::Cassandra => Self::new(service, &[ports::CASSANDRA], 1536)
                .env("MAX_HEAP_SIZE", "512M")
                .env("HEAP_NEWSIZE", "128M")
                .env("CASSANDRA_BROADCAST_RPC_ADDRESS", "127.0.0.1")
                .seconds(240),
            // Catalogs are made by SQL (CREATE CATALOG), so that each suite brings its own.
            Image::Trino => {
                Self::new(service, &[ports::TRINO], 2560).env("CATALOG_MANAGEMENT", "dynamic").seconds(300)
            }
            Image::SchemaRegistry => Self::new(service, &[ports::SCHEMA_REGISTRY], 768)
                .env("JAVA_OPTS", "-Xms64m -Xmx320m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"),
            Image::Connect => Self::new(service, &[ports::CONNECT], 1024)
                .env("KAFKA_HEAP_OPTS", "-Xms128m -Xmx512m")
                .env("CONNECT_REST_ADVERTISED_HOST_NAME", "{host}")
                .env("BOOTSTRAP_SERVERS", "kafka:19092"),
            Image::Flink => Self::flink(FlinkPart::JobManager, "{host}"),
            Image::Spark => Self::new(service, &[ports::SPARK], 2560).seconds(240),
        }
    }

    /// A part of a Flink cluster whose job manager has this name.
    pub fn flink(part: FlinkPart, jobmanager: &str) -> Self {
        let (name, ports, memory_mib): (_, &[u16], _) = match part {
            FlinkPart::JobManager => ("jobmanager", &[ports::FLINK], 1024),
            FlinkPart::TaskManager => ("taskmanager", &[], 2048),
            FlinkPart::SqlGateway => ("sql-gateway", &[ports::FLINK_GATEWAY], 1024),
        };
        let spec = Self::new(Image::Flink, ports, memory_mib).command(&[name]).seconds(240);
        let spec = spec.env("JOB_MANAGER_RPC_ADDRESS", jobmanager).env("FLINK_PROPERTIES", FLINK_PROPERTIES);
        Self { part: name, ..spec }
    }

    fn new(service: Image, ports: &[u16], memory_mib: i64) -> Self {
        Self {
            service,
            part: "",
            env: BTreeMap::new(),
            command: Vec::new(),
            ports: ports.to_vec(),
            memory_bytes: memory_mib * MIB,
            start_limit: Duration::from_secs(180),
        }
    }

    /// Adds or replaces a variable: a service with other settings is another container.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds to the command.
    pub fn command(mut self, words: &[&str]) -> Self {
        self.command.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    fn seconds(mut self, seconds: u64) -> Self {
        self.start_limit = Duration::from_secs(seconds);
        self
    }

    /// `kafka`, `flink-jobmanager`
    pub fn name(&self) -> String {
        let dash = if self.part.is_empty() { "" } else { "-" };
        format!("{}{dash}{}", self.service.name(), self.part)
    }

    /// Eight hexadecimal digits: equal ones may share a container.
    pub(crate) fn hash(&self, image_id: &str) -> String {
        let said =
            format!("{image_id} {:?} {:?} {:?} {}", self.env, self.command, self.ports, self.memory_bytes);
        let digest = Sha256::digest(said.as_bytes());
        digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// One broker that is its own controller. Programs on this machine and other containers reach it by different names.
fn kafka() -> Spec {
    let listeners =
        format!("PLAINTEXT://:{},INSIDE://:{},CONTROLLER://:9093", ports::KAFKA, ports::KAFKA_INSIDE);
    let advertised =
        format!("PLAINTEXT://127.0.0.1:{{port:{}}},INSIDE://{{host}}:{}", ports::KAFKA, ports::KAFKA_INSIDE);
    Spec::new(Image::Kafka, &[ports::KAFKA], 1280)
        .env("KAFKA_NODE_ID", "1")
        .env("KAFKA_PROCESS_ROLES", "broker,controller")
        .env("KAFKA_LISTENERS", &listeners)
        .env("KAFKA_ADVERTISED_LISTENERS", &advertised)
        .env(
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "CONTROLLER:PLAINTEXT,INSIDE:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        )
        .env("KAFKA_INTER_BROKER_LISTENER_NAME", "INSIDE")
        .env("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
        .env("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
        .env("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
        .env("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "5")
        .env("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1")
        .env("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1")
        .env("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "5")
        .env("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")
        .env("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1")
        .env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
        // A topic that nobody made is a mistake that should be seen.
        .env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        .env("KAFKA_HEAP_OPTS", "-Xms256m -Xmx512m")
}

/// Fills `{host}` and `{port:n}`.
pub(crate) fn filled(text: &str, hostname: &str, host_ports: &BTreeMap<u16, u16>) -> String {
    let mut filled = text.replace("{host}", hostname);
    for (inside, outside) in host_ports {
        filled = filled.replace(&format!("{{port:{inside}}}"), &outside.to_string());
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: what Kafka tells clients leads to the port that was chosen.
    #[test]
    fn places_are_filled_in() {
        let spec = Spec::of(Image::Kafka);
        let advertised = &spec.env["KAFKA_ADVERTISED_LISTENERS"];
        assert_eq!(
            filled(advertised, "k", &BTreeMap::from([(9092, 20001)])),
            "PLAINTEXT://127.0.0.1:20001,INSIDE://k:19092"
        );
    }

    /// Goal: another setting or another image is another container.
    #[test]
    fn only_equal_ones_are_shared() {
        let spec = Spec::of(Image::Redis);
        assert_eq!(spec.hash("a"), spec.clone().hash("a"));
        assert_ne!(spec.hash("a"), spec.hash("b"));
        assert_ne!(spec.hash("a"), spec.clone().env("A", "1").hash("a"));
        assert_eq!(spec.hash("a").len(), 8);
    }
}
