//! The whole configuration of a cluster, and what a program may ask of it.

use std::{fmt, path::PathBuf};

use serde::Serialize;

use super::{
    layers::variable,
    reader::Reader,
    systems::{Cassandra, Flink, Kafka, Postgresql, Redis, SchemaRegistry, Spark, Trino},
};
use crate::{Environment, Failure};

/// A system that has a section of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// `kafka`
    Kafka,
    /// `postgresql`
    Postgresql,
    /// `redis`
    Redis,
    /// `cassandra`
    Cassandra,
    /// `trino`
    Trino,
    /// `flink`
    Flink,
    /// `spark`
    Spark,
    /// `schema_registry`
    SchemaRegistry,
}

impl System {
    /// The section's name, and the key it cannot do without.
    fn section(self) -> (&'static str, &'static str) {
        match self {
            Self::Kafka => ("kafka", "brokers"),
            Self::Postgresql => ("postgresql", "host"),
            Self::Redis => ("redis", "nodes"),
            Self::Cassandra => ("cassandra", "nodes"),
            Self::Trino => ("trino", "url"),
            Self::Flink => ("flink", "sql_gateway"),
            Self::Spark => ("spark", "remote"),
            Self::SchemaRegistry => ("schema_registry", "url"),
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.section().0)
    }
}

/// Every section, as far as configured. Safe to print: secrets show as `***`.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// `kafka`
    pub kafka: Option<Kafka>,
    /// `postgresql`
    pub postgresql: Option<Postgresql>,
    /// `redis`
    pub redis: Option<Redis>,
    /// `cassandra`
    pub cassandra: Option<Cassandra>,
    /// `trino`
    pub trino: Option<Trino>,
    /// `flink`
    pub flink: Option<Flink>,
    /// `spark`
    pub spark: Option<Spark>,
    /// `schema_registry`
    pub schema_registry: Option<SchemaRegistry>,
    /// Decides what a missing section means.
    #[serde(skip)]
    environment: Environment,
    /// The file that a missing section belongs into.
    #[serde(skip)]
    file: PathBuf,
}

/// One `require_…` per section.
macro_rules! requires {
    ($($(#[$doc:meta])* $name:ident: $field:ident as $system:ident = $section:ty;)+) => {$(
        $(#[$doc])*
        ///
        /// `None` means that dev services give it: only in development.
        ///
        /// # Errors
        /// A configuration failure (78) when the section is missing in any other environment.
        pub fn $name(&self) -> Result<Option<&$section>, Failure> {
            self.require(&[System::$system])?;
            Ok(self.$field.as_ref())
        }
    )+};
}

impl Cluster {
    pub(crate) fn read(reader: &mut Reader<'_>, environment: Environment, file: PathBuf) -> Self {
        Self {
            kafka: reader.section("kafka", Kafka::read),
            postgresql: reader.section("postgresql", Postgresql::read),
            redis: reader.section("redis", Redis::read),
            cassandra: reader.section("cassandra", Cassandra::read),
            trino: reader.section("trino", Trino::read),
            flink: reader.section("flink", Flink::read),
            spark: reader.section("spark", Spark::read),
            schema_registry: reader.section("schema_registry", SchemaRegistry::read),
            environment,
            file,
        }
    }

    /// Whether `system` has a section.
    pub fn has(&self, system: System) -> bool {
        match system {
            System::Kafka => self.kafka.is_some(),
            System::Postgresql => self.postgresql.is_some(),
            System::Redis => self.redis.is_some(),
            System::Cassandra => self.cassandra.is_some(),
            System::Trino => self.trino.is_some(),
            System::Flink => self.flink.is_some(),
            System::Spark => self.spark.is_some(),
            System::SchemaRegistry => self.schema_registry.is_some(),
        }
    }

    /// Checks that every one of `systems` is configured; in development a missing one means dev services.
    ///
    /// # Errors
    /// A configuration failure (78) that names every missing section, the file and the ways out.
    pub fn require(&self, systems: &[System]) -> Result<(), Failure> {
        let missing: Vec<_> = systems.iter().copied().filter(|system| !self.has(*system)).collect();
        let Some(first) = missing.first().filter(|_| !self.environment.is_development()) else {
            return Ok(());
        };
        let names: Vec<_> = missing.iter().map(System::to_string).collect();
        let failure = Failure::config(format!(
            "{} not configured in the environment {}",
            names.join(", "),
            self.environment
        ));
        let failure = missing.iter().fold(failure, |failure, system| {
            let (section, key) = system.section();
            failure.detail(format!("{}: {section}.{key}: is required", self.file.display()))
        });
        let (section, key) = first.section();
        let key = format!("{section}.{key}");
        Err(failure
            .remedy(format!("add the section `{section}` to {}", self.file.display()))
            .remedy(format!("set {}, or give --set {key}=…", variable(&key)))
            .remedy("--env development, where dev services stand in for what is missing"))
    }

    requires! {
        /// The brokers.
        require_kafka: kafka as Kafka = Kafka;
        /// The database.
        require_postgresql: postgresql as Postgresql = Postgresql;
        /// The Redis server or cluster.
        require_redis: redis as Redis = Redis;
        /// The Cassandra cluster.
        require_cassandra: cassandra as Cassandra = Cassandra;
        /// The Trino coordinator.
        require_trino: trino as Trino = Trino;
        /// The Flink SQL Gateway.
        require_flink: flink as Flink = Flink;
        /// The Spark Connect server.
        require_spark: spark as Spark = Spark;
        /// The schema registry.
        require_schema_registry: schema_registry as SchemaRegistry = SchemaRegistry;
    }
}
