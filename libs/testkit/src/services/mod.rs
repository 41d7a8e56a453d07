//! Real services for suites: shared containers with names of one's own, or exclusive ones that may be killed.
//!
//! `Kafka::start()` gives the container that every suite shares; a suite keeps to topics, databases, keyspaces and key
//! prefixes that a handle names for it. `Kafka::exclusive()` gives one to kill, pause and restart. A handle is its
//! [`containers::services::Container`] too: `kill`, `pause`, `unpause`, `restart`, `exec`, `last_lines`.

mod cassandra;
mod flink;
mod kafka;
mod kafka_reader;
mod postgres;
mod redis;
mod schema_registry;
mod spark;
mod trino;

pub use cassandra::Cassandra;
pub use flink::Flink;
pub use kafka::Kafka;
pub use kafka_reader::{Isolation, KafkaRecord};
pub use postgres::{Database, Postgres};
pub use redis::Redis;
pub use schema_registry::SchemaRegistry;
pub use spark::Spark;
pub use trino::Trino;

use containers::ImageProgress;
pub use containers::services::{Container, Sharing};
use containers::services::{ContainerError, Options, Purpose, Spec, start};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Why a suite cannot have its service. Shown whole where a test unwraps it.
#[derive(thiserror::Error)]
#[error("{0}")]
pub struct ServiceError(String);

impl fmt::Debug for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ServiceError {
    pub(crate) fn new(what: &str, cause: &dyn std::error::Error) -> Self {
        Self(format!("{what}: {}", chain(cause)))
    }
}

impl From<ContainerError> for ServiceError {
    fn from(error: ContainerError) -> Self {
        let mut text = chain(&error);
        if error.is_no_docker() {
            text.push_str(
                "\nthis suite needs containers and never passes without them; leave such suites out with \
                 `tools/bazel test --config=quick //...`",
            );
        }
        Self(text)
    }
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Starts or finds a service of the suites.
async fn give(spec: Spec, sharing: Sharing) -> Result<Container, ServiceError> {
    let progress = ImageProgress::new(|step| eprintln!("{step}"));
    Ok(start(spec, &Options::new(Purpose::Test, sharing, progress)?).await?)
}

/// A name that nobody else uses, now or in a later run: `<stem>_<run>_<n>`, lower case, fit for topics, databases,
/// keyspaces and key prefixes.
pub fn unique(stem: &str) -> String {
    static RUN: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let readable: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .take(24)
        .collect();
    format!("{readable}_{:08x}_{}", *RUN as u32, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// `start` and `exclusive` of a service that is one container, whose handle it also is.
macro_rules! one_container {
    ($service:ident) => {
        impl $service {
            /// The container that all suites share.
            pub async fn start() -> Result<Self, crate::services::ServiceError> {
                Self::with(std::convert::identity, containers::services::Sharing::Shared).await
            }

            /// One of our own, to be killed and paused; removed when dropped.
            pub async fn exclusive() -> Result<Self, crate::services::ServiceError> {
                Self::with(std::convert::identity, containers::services::Sharing::Exclusive).await
            }

            /// One with other settings. Shared with whoever asks for the same settings.
            pub async fn with(
                change: impl FnOnce(containers::services::Spec) -> containers::services::Spec,
                sharing: containers::services::Sharing,
            ) -> Result<Self, crate::services::ServiceError> {
                let spec = change(containers::services::Spec::of(containers::Image::$service));
                Ok(Self { container: crate::services::give(spec, sharing).await? })
            }
        }

        impl std::ops::Deref for $service {
            type Target = containers::services::Container;

            fn deref(&self) -> &Self::Target {
                &self.container
            }
        }
    };
}
pub(crate) use one_container;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_readable_and_never_the_same() {
        let (one, two) = (unique("Late orders"), unique("Late orders"));
        assert_ne!(one, two);
        assert!(one.starts_with("late_orders_"), "{one}");
        assert!(unique(&"long ".repeat(50)).len() <= 48);
    }
}
