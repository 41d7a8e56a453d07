//! Leaving nothing behind: for programs that made a topic and a group of their own.

use crate::KafkaError;
use crate::cluster::refused;
use crate::connection::{Connection, Session};
use crate::properties::for_producer;
use crate::settings::KafkaSettings;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use std::time::Duration;

/// Deletes a topic and the committed offsets of a group. What is not there is as good as deleted.
///
/// # Errors
/// If the brokers refuse, or do not answer within `timeout`.
pub async fn delete_topic_and_group(
    settings: &KafkaSettings,
    topic: &str,
    group: &str,
    timeout: Duration,
) -> Result<(), KafkaError> {
    let connection = Connection::new("cleanup", &settings.brokers, settings.security.protocol.as_str());
    let admin: AdminClient<Session> = settings
        .client_config(for_producer)
        .create_with_context(Session(connection.clone()))
        .map_err(|cause| refused(&connection, cause))?;
    let options = || AdminOptions::new().request_timeout(Some(timeout)).operation_timeout(Some(timeout));
    let failed = |what: &str, cause| KafkaError::client(what, cause);
    let deleting_topic = format!("deleting topic '{topic}'");
    let topics = admin.delete_topics(&[topic], &options()).await;
    for result in topics.map_err(|cause| failed(&deleting_topic, cause))? {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic)) => {}
            Err((_, code)) => return Err(failed(&deleting_topic, ClientError::AdminOp(code))),
        }
    }
    let deleting_group = format!("deleting group '{group}'");
    let groups = admin.delete_groups(&[group], &options()).await;
    for result in groups.map_err(|cause| failed(&deleting_group, cause))? {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::GroupIdNotFound)) => {}
            Err((_, code)) => return Err(failed(&deleting_group, ClientError::AdminOp(code))),
        }
    }
    Ok(())
}
