//! Errors at validation: what was tried, for how long, and what is near.

use crate::harness::{Kafka, context, open, table};
use kafka::KafkaConnector;
use std::time::{Duration, Instant};
use stream::{Connector, ErrorKind};

#[tokio::test]
async fn no_broker_answers() {
    let mut context = context();
    context.connect_timeout = Duration::from_secs(1);
    let started = Instant::now();
    let error = KafkaConnector.source(&table("127.0.0.1:1", "t", &[]), &context).await.err().unwrap();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let expected = "table 'events': no broker of 127.0.0.1:1 answered within 1 s (PLAINTEXT); last: ";
    assert!(error.message.starts_with(expected), "{error}");
    assert!(error.message.contains("refused"), "{error}");
}

#[tokio::test]
async fn a_missing_topic_names_its_neighbours() {
    let kafka = Kafka::with_topic("flights", 1);
    kafka.cluster.create_topic("weather", 1, 1).unwrap();
    let error = open(&kafka.table("flight", &[])).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    let expected = format!(
        "table 'events': topic 'flight' does not exist on {}; did you mean 'flights'?",
        kafka.brokers()
    );
    assert_eq!(error.message, expected);
}

#[tokio::test]
async fn a_topic_we_may_not_see() {
    let kafka = Kafka::with_topic("t", 1);
    let denied = rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    kafka.cluster.topic_error("t", denied).unwrap();
    let error = open(&kafka.table("t", &[])).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Permission, "{error}");
    assert!(error.message.contains("grant DESCRIBE and READ"), "{error}");
}

#[tokio::test]
async fn tls_against_a_plain_broker() {
    let kafka = Kafka::with_topic("t", 1);
    let mut context = context();
    context.connect_timeout = Duration::from_secs(1);
    let table = kafka.table("t", &[("properties.security.protocol", "SSL")]);
    let error = KafkaConnector.source(&table, &context).await.err().unwrap();
    // The broker only hangs up, which it may also do for a moment: that it might be the protocol is said.
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(
        error.message.contains("(SSL); last: ") && error.message.contains("PLAINTEXT broker listener?"),
        "{error}"
    );
}

#[tokio::test]
async fn a_value_the_client_refuses() {
    let kafka = Kafka::with_topic("t", 1);
    let error = open(&kafka.table("t", &[("properties.fetch.min.bytes", "many")])).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.starts_with("table 'events': property 'fetch.min.bytes': "), "{error}");
}
