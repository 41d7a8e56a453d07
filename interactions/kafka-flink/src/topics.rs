//! What is written to Kafka: how a table over a topic is reached, and topics that are made in development.

use async_trait::async_trait;
use kafka::create_topic_if_missing;
use service::{Kafka, KafkaProtocol};
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{
    Column, ColumnKind, Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec,
};

/// Partitions of a topic that development makes.
const PARTITIONS: u32 = 4;

/// What a script says in place of a secret.
pub const PASSWORD: &str = "${kafka_password}";
pub const KEY_PASSWORD: &str = "${kafka_key_password}";

/// The options of a kafka table that lead to the configured brokers; `password` and `key_password` stand for those.
pub fn connection(kafka: &Kafka, password: &str, key_password: &str) -> Vec<(&'static str, String)> {
    let mut options = vec![("properties.bootstrap.servers", kafka.brokers.join(","))];
    let security = &kafka.security;
    if security.protocol != KafkaProtocol::Plaintext {
        options.push(("properties.security.protocol", security.protocol.name().to_uppercase()));
    }
    if let Some(file) = &security.ca_file {
        options.push(("properties.ssl.truststore.type", "PEM".into()));
        options.push(("properties.ssl.truststore.location", file.display().to_string()));
    }
    if let (Some(certificate), Some(key)) = (&security.certificate_file, &security.key_file) {
        options.push(("properties.ssl.certificate.location", certificate.display().to_string()));
        options.push(("properties.ssl.key.location", key.display().to_string()));
    }
    if security.key_password.is_some() {
        options.push(("properties.ssl.key.password", key_password.into()));
    }
    if let (Some(mechanism), Some(user)) = (security.mechanism, &security.username) {
        let module = if mechanism.name() == "PLAIN" { "plain.Plain" } else { "scram.Scram" };
        options.push(("properties.sasl.mechanism", mechanism.name().into()));
        options.push((
            "properties.sasl.jaas.config",
            format!(
                "org.apache.kafka.common.security.{module}LoginModule required username=\"{user}\" \
                 password=\"{password}\";"
            ),
        ));
    }
    options
}

/// The table of `--dead-letters TOPIC`.
pub fn dead_letters_table(kafka: &Kafka, topic: &str, guarantee: &str) -> TableSpec {
    let secret = |secret: &Option<service::Secret>| {
        secret.as_ref().map_or(String::new(), |secret| secret.expose().to_owned())
    };
    // Inside the quotes of a login configuration.
    let password = secret(&kafka.security.password).replace('\\', "\\\\").replace('"', "\\\"");
    let mut options = connection(kafka, &password, &secret(&kafka.security.key_password));
    options.push(("topic", topic.to_owned()));
    options.push(("format", "json".into()));
    options.push(("sink.delivery-guarantee", guarantee.into()));
    let schema = event::dead_letter_schema();
    let column = |field: &Arc<arrow::datatypes::Field>| Column {
        name: field.name().clone(),
        data_type: field.data_type().clone(),
        nullable: field.is_nullable(),
        kind: ColumnKind::Physical,
    };
    TableSpec {
        name: "dead_letters".into(),
        columns: schema.fields().iter().map(column).collect(),
        primary_key: Vec::new(),
        partitioned_by: Vec::new(),
        options: options
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>(),
        projection: (0..schema.fields().len()).collect(),
    }
}

/// Makes the topic of a table, in development; `false` when it was there.
pub async fn create_topic(table: &TableSpec, context: &ConnectorContext) -> Result<bool, StreamError> {
    create_topic_if_missing(table, context, PARTITIONS).await
}

/// A connector of Kafka in development: a missing topic is made; elsewhere it belongs to whoever owns the cluster.
pub struct CreatingTopics<C>(pub C);

#[async_trait]
impl<C: Connector> Connector for CreatingTopics<C> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.0.options()
    }

    fn takes_changes(&self, table: &TableSpec) -> bool {
        self.0.takes_changes(table)
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        self.0.source(table, context).await
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        // Nothing is made for a table that is wrong.
        self.0.check_sink(table, context).await?;
        if create_topic(table, context).await? {
            tracing::info!(
                table = table.name,
                "The topic was missing and was created, as this is development."
            );
        }
        self.0.sink(table, context).await
    }
}
