//! `'connector' = 'upsert-kafka'`: a topic whose last record of a key is the row of that key.

use crate::KafkaError;
use crate::options::error;
use crate::sink::KafkaSink;
use async_trait::async_trait;
use std::sync::Arc;
use stream::{Connector, ConnectorContext, OptionSpec, Sink, SourceFactory, StreamError, TableSpec};

/// Writes rows that replace earlier ones of their PRIMARY KEY, as records with that key. Rows are never deleted, so there
/// are no tombstones. Everything else is as with the `kafka` connector: exactly once unless the table says otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct UpsertKafka;

const OPTIONS: [OptionSpec; 13] = [
    required("topic", "topic to write"),
    required("properties.bootstrap.servers", "host:port, separated by commas"),
    optional("properties.*", "a property of the Kafka client, by Java's or librdkafka's name"),
    required("key.format", "how the columns of the PRIMARY KEY make the key: json"),
    required("value.format", "how values are written: json"),
    optional("key.json.*", "options of the key's json format"),
    optional("value.json.*", "options of the value's json format"),
    optional("key.fields-prefix", "a prefix of the key's columns that the key itself leaves out"),
    optional("value.fields-include", "ALL (the default) or EXCEPT_KEY"),
    optional("sink.delivery-guarantee", "exactly-once (default here) or at-least-once"),
    optional("sink.transactional-id-prefix", "begins the transactional.id; default: the pipeline"),
    optional("sink.parallelism", "1, as one transaction holds an epoch"),
    optional("scan.*", "for reading, which is not supported yet"),
];

const fn required(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, required: true, help }
}

const fn optional(name: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, required: false, help }
}

#[async_trait]
impl Connector for UpsertKafka {
    fn name(&self) -> &'static str {
        "upsert-kafka"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn takes_changes(&self, _table: &TableSpec) -> bool {
        true
    }

    async fn check_source(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        Err(not_read(table))
    }

    async fn check_sink(&self, table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        KafkaSink::check(&keyed(table)?)
    }

    async fn source(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        Err(not_read(table))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        let opened = match keyed(table) {
            Ok(keyed) => KafkaSink::open(&keyed, context).await,
            Err(error) => Err(error.into()),
        };
        match opened {
            Ok(sink) => Ok(Box::new(sink)),
            Err(mut error) => {
                error.message = format!("table '{}': {}", table.name, error.message);
                Err(error)
            }
        }
    }
}

fn not_read(table: &TableSpec) -> StreamError {
    StreamError::config(format!(
        "table '{}': reading upsert-kafka is not supported yet by the embedded engine; it runs on a Flink cluster",
        table.name
    ))
}

/// The table as the kafka connector writes it: its PRIMARY KEY makes the records' key.
fn keyed(table: &TableSpec) -> Result<TableSpec, KafkaError> {
    if table.primary_key.is_empty() {
        let problem = "upsert-kafka needs a PRIMARY KEY (… NOT ENFORCED), which makes the key of its records";
        return Err(KafkaError::Option(problem.into()));
    }
    if let Some(column) = table.primary_key.iter().find(|column| column.contains(';')) {
        return Err(error("key.fields", format!("cannot name '{column}', which holds a ';'")));
    }
    let mut keyed = table.clone();
    keyed.options.insert("key.fields".into(), table.primary_key.join(";"));
    keyed.primary_key.clear();
    Ok(keyed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;
    use stream::{Column, ColumnKind};

    fn table(primary_key: &[&str]) -> TableSpec {
        let column = |name: &&str| Column {
            name: (*name).into(),
            data_type: DataType::Utf8,
            nullable: false,
            kind: ColumnKind::Physical,
        };
        TableSpec {
            name: "totals".into(),
            columns: ["a", "b", "c;d"].iter().map(column).collect(),
            primary_key: primary_key.iter().map(|name| (*name).to_owned()).collect(),
            partitioned_by: Vec::new(),
            options: [("topic".to_owned(), "t".to_owned())].into(),
            projection: Vec::new(),
        }
    }

    #[test]
    fn the_primary_key_makes_the_records_key() {
        let keyed = keyed(&table(&["b", "a"])).unwrap();
        assert_eq!(keyed.options["key.fields"], "b;a");
        assert!(keyed.primary_key.is_empty());
    }

    #[test]
    fn a_key_that_cannot_be_made_is_refused() {
        assert!(keyed(&table(&[])).unwrap_err().to_string().contains("needs a PRIMARY KEY"));
        assert!(keyed(&table(&["c;d"])).unwrap_err().to_string().contains("'c;d'"));
    }
}
