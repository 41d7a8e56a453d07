//! Everything that can go wrong with Kafka, and what kind of trouble it is.

use crate::partition::TopicPartition;
use rdkafka::error::RDKafkaErrorCode;
use std::time::Duration;
use stream::{ErrorKind, StreamError};

/// Why Kafka could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// An option of the table or a property is wrong.
    #[error("{0}")]
    Option(String),
    /// Nothing was read or written; retrying is safe.
    #[error("no broker of {brokers} answered within {} ({protocol}); last: {last}", seconds(.timeout))]
    Unreachable { brokers: String, protocol: &'static str, timeout: Duration, last: String },
    #[error("the brokers {brokers} refuse the credentials ({protocol}): {reason}")]
    Authentication { brokers: String, protocol: &'static str, reason: String },
    #[error("no TLS connection to {brokers} ({protocol}): {reason}")]
    Tls { brokers: String, protocol: &'static str, reason: String },
    #[error("{0}")]
    Forbidden(String),
    #[error("topic '{topic}' does not exist on {brokers}{}", hint(.nearest))]
    TopicMissing { topic: String, brokers: String, nearest: Vec<String> },
    #[error("topic '{topic}' no longer exists: it was deleted while it was read ({reason})")]
    TopicGone { topic: String, reason: String },
    #[error(
        "partition {partition} of the snapshot no longer exists in its topic: the topic was recreated with fewer \
         partitions; start anew or restore a snapshot from before"
    )]
    PartitionGone { partition: TopicPartition },
    /// Records are gone; a person must choose a new start.
    #[error(
        "offset {offset} of partition {partition} is no longer retained: the oldest record there is {low}, so \
         {} records are lost; raise the topic's retention and choose a new start (a new pipeline name, or \
         'scan.startup.mode' with a fresh state)", .low - .offset
    )]
    OffsetExpired { partition: TopicPartition, offset: i64, low: i64 },
    #[error(
        "offset {offset} of partition {partition} is beyond its end {high}: the topic was truncated or recreated \
         since the snapshot; choose a new start (a new pipeline name)"
    )]
    OffsetAhead { partition: TopicPartition, offset: i64, high: i64 },
    #[error("partition {partition} lost its place at offset {offset}: {reason}")]
    OffsetLost { partition: TopicPartition, offset: i64, reason: String },
    #[error(
        "group '{group}' has no committed offset for partition {partition}, and properties.auto.offset.reset is \
         not set to say where to begin then (earliest or latest)"
    )]
    NoCommittedOffset { group: String, partition: TopicPartition },
    #[error("a record of partition {partition} at or after offset {offset} cannot be read: {reason}")]
    Unreadable { partition: TopicPartition, offset: i64, reason: String },
    #[error("{failed} of {total} records were not delivered; first: {first}")]
    Undelivered { failed: u64, total: u64, first: String },
    #[error("{in_flight} records are still unacknowledged after {}", seconds(.timeout))]
    Unflushed { in_flight: u64, timeout: Duration },
    /// What became of the last call is unknown until the sink is claimed again.
    #[error("lost the transaction of '{transactional_id}' while {doing}: {reason}")]
    Lost { transactional_id: String, doing: &'static str, reason: String },
    #[error(
        "sink '{sink}' of pipeline '{pipeline}' is owned by a newer instance (transactional.id \
         '{transactional_id}'): this instance must stop"
    )]
    Fenced { pipeline: String, sink: String, transactional_id: String },
    /// What the group holds contradicts what was to be committed.
    #[error("{0}")]
    Contradiction(String),
    /// librdkafka declared its client unusable.
    #[error("the Kafka client failed for good: {0}")]
    Fatal(String),
    #[error("{what}")]
    Client {
        what: String,
        /// Whether the same call may succeed later.
        transient: bool,
        #[source]
        cause: rdkafka::error::KafkaError,
    },
    #[error("{0}")]
    Internal(String),
}

impl KafkaError {
    /// A failed call of librdkafka, sorted by its code.
    pub(crate) fn client(what: impl Into<String>, cause: rdkafka::error::KafkaError) -> Self {
        let what = what.into();
        let code = match &cause {
            rdkafka::error::KafkaError::AdminOp(code) => Some(*code),
            other => other.rdkafka_error_code(),
        };
        match code {
            Some(
                code @ (RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed),
            ) => Self::Forbidden(format!("{what}: {code}; grant it in the brokers' access control lists")),
            code => Self::Client { what, transient: code.is_some_and(is_transient), cause },
        }
    }

    /// No wildcard arm: a new variant must decide.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable { .. } | Self::Unflushed { .. } | Self::Lost { .. } => ErrorKind::Unavailable,
            Self::Fenced { .. } => ErrorKind::Fenced,
            Self::Client { transient, .. } => {
                if *transient {
                    ErrorKind::Unavailable
                } else {
                    ErrorKind::Config
                }
            }
            Self::Option(_)
            | Self::Tls { .. }
            | Self::TopicMissing { .. }
            | Self::TopicGone { .. }
            | Self::NoCommittedOffset { .. } => ErrorKind::Config,
            Self::Authentication { .. } | Self::Forbidden(_) => ErrorKind::Permission,
            Self::PartitionGone { .. }
            | Self::OffsetExpired { .. }
            | Self::OffsetAhead { .. }
            | Self::OffsetLost { .. }
            | Self::Unreadable { .. }
            | Self::Contradiction(_)
            | Self::Undelivered { .. } => ErrorKind::Data,
            Self::Fatal(_) | Self::Internal(_) => ErrorKind::Internal,
        }
    }
}

impl From<KafkaError> for StreamError {
    fn from(error: KafkaError) -> Self {
        let (kind, message) = (error.kind(), error.to_string());
        match error {
            KafkaError::Client { cause, .. } => StreamError::because(kind, message, cause),
            _ => StreamError::new(kind, message),
        }
    }
}

/// Whether the same call may succeed later. Codes of the protocol are many; these blame the call.
fn is_transient(code: RDKafkaErrorCode) -> bool {
    !matches!(
        code,
        RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::InvalidPartitions
            | RDKafkaErrorCode::InvalidReplicationFactor
            | RDKafkaErrorCode::InvalidConfig
            | RDKafkaErrorCode::InvalidArgument
            | RDKafkaErrorCode::PolicyViolation
            | RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::OffsetMetadataTooLarge
            | RDKafkaErrorCode::UnsupportedVersion
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::UnsupportedForMessageFormat
    )
}

/// Whether a person must change something before a transaction can succeed; anything else passes, or is told by a
/// new claim.
pub(crate) fn is_final(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
            | RDKafkaErrorCode::OffsetMetadataTooLarge
            | RDKafkaErrorCode::InvalidGroupId
            | RDKafkaErrorCode::UnsupportedVersion
            | RDKafkaErrorCode::UnsupportedForMessageFormat
            | RDKafkaErrorCode::UnsupportedFeature
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::InvalidRequiredAcks
            | RDKafkaErrorCode::InvalidConfig
    )
}

fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        return "; create it first".into();
    }
    let names: Vec<String> = nearest.iter().map(|name| format!("'{name}'")).collect();
    format!("; did you mean {}?", names.join(" or "))
}
