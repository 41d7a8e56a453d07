//! `'connector' = 'kafka'`.

use crate::cluster::{Cluster, blocking};
use crate::decode::Layout;
use crate::options::{OPTIONS, SourceOptions};
use crate::sink::KafkaSink;
use crate::source::{KafkaSourceFactory, Shared};
use async_trait::async_trait;
use formats::JsonOptions;
use std::sync::Arc;
use stream::{Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec};

/// Reads tables from Kafka topics, and writes them.
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

    async fn check_source(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        understand(table).map(drop)
    }

    async fn check_sink(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        KafkaSink::check(table)
    }

    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        match self.prepare(table, context).await {
            Ok(shared) => Ok(Arc::new(KafkaSourceFactory(shared))),
            Err(mut error) => {
                error.message = format!("table '{}': {}", table.name, error.message);
                Err(error)
            }
        }
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        match KafkaSink::open(table, context).await {
            Ok(sink) => Ok(Box::new(sink)),
            Err(mut error) => {
                error.message = format!("table '{}': {}", table.name, error.message);
                Err(error)
            }
        }
    }
}

impl KafkaConnector {
    /// Understands the options and reaches every topic.
    pub(crate) async fn prepare(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<Shared>, StreamError> {
        let (options, layout) = understand(table)?;
        let cluster = Cluster::new(&table.name, &options.settings)?;
        let topics: Arc<[Arc<str>]> = options.topics.clone().into();
        let (reached, wanted, timeout) = (cluster.clone(), topics.clone(), context.connect_timeout);
        blocking(move || wanted.iter().try_for_each(|topic| reached.reach(topic, timeout).map(drop))).await?;
        Ok(Arc::new(Shared { options, topics, layout, cluster, context: context.clone() }))
    }
}

/// What a table that is read says, without asking a broker.
fn understand(table: &TableSpec) -> Result<(SourceOptions, Layout), StreamError> {
    let options = SourceOptions::parse(&table.options)?;
    let json = JsonOptions::from_table(&options.format, "json.")
        .map_err(|error| StreamError::config(error.to_string()))?;
    let layout = Layout::new(table, json)?;
    Ok((options, layout))
}
