//! `'connector' = 'kafka'`.

use crate::KafkaError;
use crate::cluster::{Cluster, blocking};
use crate::decode::Layout;
use crate::options::{OPTIONS, SourceOptions};
use crate::source::{KafkaSourceFactory, Shared};
use async_trait::async_trait;
use formats::JsonOptions;
use std::sync::Arc;
use stream::{Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec};

/// Reads tables from Kafka topics; writing comes later.
#[derive(Clone, Copy, Debug, Default)]
pub struct KafkaConnector;

#[async_trait]
impl Connector for KafkaConnector {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let in_table = |error: KafkaError| {
            let mut error = StreamError::from(error);
            error.message = format!("table '{}': {}", table.name, error.message);
            error
        };
        let options = SourceOptions::parse(&table.options).map_err(in_table)?;
        let json = JsonOptions::from_table(&options.format, "json.")
            .map_err(|error| StreamError::config(format!("table '{}': {error}", table.name)))?;
        let layout = Layout::new(table, json).map_err(|mut error| {
            if !error.message.starts_with("table ") {
                error.message = format!("table '{}': {}", table.name, error.message);
            }
            error
        })?;
        let cluster = Cluster::new(&table.name, &options.settings).map_err(in_table)?;
        let topics: Arc<[Arc<str>]> = options.topics.clone().into();
        let (reached, wanted, timeout) = (cluster.clone(), topics.clone(), context.connect_timeout);
        blocking(move || wanted.iter().try_for_each(|topic| reached.reach(topic, timeout).map(drop)))
            .await
            .map_err(in_table)?;
        let context = context.clone();
        Ok(Arc::new(KafkaSourceFactory(Arc::new(Shared { options, topics, layout, cluster, context }))))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        Err(StreamError::config(format!(
            "table '{}': writing to kafka is not supported yet by the embedded engine; use --engine flink, or another \
             sink",
            table.name
        )))
    }
}
