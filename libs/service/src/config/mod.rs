//! The configuration of the cluster: layers of keys, and the typed sections read from them.

mod cluster;
mod layers;
mod reader;
mod systems;

use std::{fmt, path::PathBuf};

pub use cluster::{Cluster, System};
pub use systems::{
    Cassandra, Flink, Kafka, KafkaProtocol, KafkaSecurity, PostgresTls, Postgresql, Redis, SaslMechanism,
    SchemaRegistry, Spark, Trino,
};
pub(crate) use {
    layers::{Layers, scalar, variable},
    reader::{ReadFile, Reader, resolve},
};

use crate::Failure;

/// Where a configuration value, or the want of one, comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// `--set`.
    Set,
    /// A flag of its own, such as `--pipeline`.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Set => f.write_str("--set"),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// One thing that is wrong in the configuration. It never holds a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The key, such as `kafka.brokers`; empty when a whole file is meant.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            return write!(f, "{}: {}", self.origin, self.message);
        }
        write!(f, "{}: {}: {}", self.origin, self.key, self.message)
    }
}

/// Everything that is wrong in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl From<Problems> for Failure {
    fn from(Problems(problems): Problems) -> Self {
        let failure = match problems.len() {
            1 => Self::config("the configuration has an error"),
            count => Self::config(format!("the configuration has {count} errors")),
        };
        problems.iter().map(Problem::to_string).fold(failure, Self::detail)
    }
}

#[cfg(test)]
mod tests;
