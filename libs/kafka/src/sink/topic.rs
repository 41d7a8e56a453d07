//! What the brokers say about the topic that is written, and making one that is missing.

use crate::KafkaError;
use crate::cluster::refused;
use crate::connection::{Connection, Session};
use crate::producer::{Producer, ProducerConfig};
use crate::properties::for_producer;
use crate::settings::KafkaSettings;
use crate::sink::options::destination;
use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use std::sync::Arc;
use std::time::Duration;
use stream::{ConnectorContext, StreamError, TableSpec};

/// What a topic's configuration says, as far as we may read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TopicRules {
    /// `max.message.bytes`: of a batch of records.
    pub batch_bytes_max: Option<usize>,
    /// Records without a key are refused.
    pub compacted: bool,
}

impl TopicRules {
    /// Asks for the configuration; a user that may not see it goes without.
    pub async fn ask(
        settings: &KafkaSettings,
        connection: &Arc<Connection>,
        topic: &str,
        timeout: Duration,
    ) -> Result<Self, KafkaError> {
        let admin: AdminClient<Session> = settings
            .client_config(for_producer)
            .create_with_context(Session(connection.clone()))
            .map_err(|cause| refused(connection, cause))?;
        let options = AdminOptions::new().request_timeout(Some(timeout));
        let answer = admin.describe_configs([&ResourceSpecifier::Topic(topic)], &options).await;
        let described = match answer.map(|mut topics| topics.pop()) {
            Ok(Some(Ok(described))) => described,
            other => {
                let reason = match other {
                    Ok(Some(Err(code))) => code.to_string(),
                    Ok(_) => "no answer".to_owned(),
                    Err(error) => error.to_string(),
                };
                tracing::info!(
                    topic,
                    reason,
                    "the topic's settings are not visible (DESCRIBE_CONFIGS); records that are too large are found \
                     by trying"
                );
                return Ok(Self::default());
            }
        };
        let value = |name: &str| described.get(name).and_then(|entry| entry.value.as_deref());
        Ok(Self {
            batch_bytes_max: value("max.message.bytes").and_then(|text| text.parse().ok()),
            compacted: value("cleanup.policy")
                .is_some_and(|policy| policy.split(',').any(|p| p == "compact")),
        })
    }
}

/// Creates the topic of a table if it is missing, with `partitions`; says whether it was.
pub async fn create_topic_if_missing(
    table: &TableSpec,
    context: &ConnectorContext,
    partitions: u32,
) -> Result<bool, StreamError> {
    let (topic, settings) = destination(&table.options)?;
    ensure(&table.name, &settings, &topic, partitions, context.connect_timeout)
        .await
        .map_err(StreamError::from)
}

/// Creates a topic if it is missing; says whether it was.
pub(crate) async fn ensure(
    name: &str,
    settings: &KafkaSettings,
    topic: &str,
    partitions: u32,
    timeout: Duration,
) -> Result<bool, KafkaError> {
    let mut config = ProducerConfig::new(name, settings.clone());
    config.connect_timeout = timeout;
    let producer = Producer::connect(config).await?;
    if producer.has_topic(topic).await? {
        return Ok(false);
    }
    producer.ensure_topic(topic, partitions).await?;
    Ok(true)
}
