//! The seam between a script's `WITH ('connector' = '…')` and the crates that know one system each.

use crate::{Sink, Source, StreamError, TaskIndex};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A column of a table as the script declares it; computed columns are the engine's affair and not listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
    pub nullable: bool,
    pub kind: ColumnKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// Part of the record's value.
    Physical,
    /// `METADATA FROM 'key'`: given by the connector; `virtual_` ones are never written.
    Metadata { key: String, virtual_: bool },
}

/// A table of a script, ready for its connector. Its `Debug` shows no secret.
#[derive(Clone)]
pub struct TableSpec {
    pub name: String,
    pub columns: Vec<Column>,
    /// Names of the primary key's columns; empty when none is declared.
    pub primary_key: Vec<String>,
    pub partitioned_by: Vec<String>,
    /// The `WITH` options, without `connector`.
    pub options: BTreeMap<String, String>,
    /// For a source: the columns that are needed, as rising indices into `columns`; others need not be decoded. The
    /// rows of the source have just these, in this order.
    pub projection: Vec<usize>,
}

impl fmt::Debug for TableSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = |name: &str| ["password", "jaas", "secret"].iter().any(|word| name.contains(word));
        let options =
            self.options.iter().map(|(name, value)| (name, if secret(name) { "***" } else { value }));
        f.debug_struct("TableSpec")
            .field("name", &self.name)
            .field("columns", &self.columns)
            .field("primary_key", &self.primary_key)
            .field("partitioned_by", &self.partitioned_by)
            .field("options", &options.collect::<BTreeMap<_, _>>())
            .field("projection", &self.projection)
            .finish()
    }
}

impl TableSpec {
    /// Every declared column, in order.
    pub fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(Column::field).collect::<Vec<_>>()))
    }

    /// The columns a source yields.
    pub fn projected_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.projection.iter().map(|i| self.columns[*i].field()).collect::<Vec<_>>()))
    }
}

impl Column {
    pub fn field(&self) -> Field {
        Field::new(&self.name, self.data_type.clone(), self.nullable)
    }
}

/// An option a connector understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// `topic`; a name ending in `.*` allows any suffix (`properties.*`).
    pub name: &'static str,
    pub required: bool,
    /// One line for people.
    pub help: &'static str,
}

/// What a connector may need beside its table.
#[derive(Clone, Debug)]
pub struct ConnectorContext {
    /// Identity of state, transactions and epochs.
    pub pipeline: String,
    /// Relative paths of a script are resolved against this folder.
    pub base_dir: PathBuf,
    /// How long to try to reach a service before giving up.
    pub connect_timeout: Duration,
    /// Rows a source may put in one batch.
    pub batch_rows_max: usize,
    /// Rows per second and source instance; `None` is as fast as possible.
    pub rows_per_second_max: Option<u64>,
}

/// Makes the source instances of one table, one for each task.
pub trait SourceFactory: Send + Sync {
    /// The instance for `task` reads the partitions that fall to it; together the instances of a node read each
    /// partition exactly once.
    fn create(&self, task: TaskIndex) -> Result<Box<dyn Source>, StreamError>;

    /// Whether the source ends by itself.
    fn bounded(&self) -> bool;
}

/// One system that a table can live in.
#[async_trait]
pub trait Connector: Send + Sync {
    /// The value of `'connector' = '…'`.
    fn name(&self) -> &'static str;

    /// Every option it understands; any other is refused by name before `source` or `sink` is called, as is a missing
    /// required one.
    fn options(&self) -> &'static [OptionSpec];

    /// Whether rows may be written to this table that replace earlier ones: those of its primary key or, where it has
    /// none, whatever a reader takes them for.
    fn takes_changes(&self, _table: &TableSpec) -> bool {
        false
    }

    /// What `source` would refuse by looking at the table alone: values of options, types of columns. It touches
    /// nothing outside, so a script can be checked anywhere.
    async fn check_source(&self, _table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        Ok(())
    }

    /// The same for `sink`.
    async fn check_sink(&self, _table: &TableSpec, _context: &ConnectorContext) -> Result<(), StreamError> {
        Ok(())
    }

    /// Validates the options and the outside object (does the topic exist?) and prepares reading.
    async fn source(
        &self,
        table: &TableSpec,
        context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError>;

    /// Validates the options and the outside object (has the table these columns?) and prepares writing.
    async fn sink(&self, table: &TableSpec, context: &ConnectorContext)
    -> Result<Box<dyn Sink>, StreamError>;
}

/// The connectors a program was built with.
#[derive(Clone, Default)]
pub struct Connectors(BTreeMap<&'static str, Arc<dyn Connector>>);

impl Connectors {
    pub fn with(mut self, connector: impl Connector + 'static) -> Self {
        self.0.insert(connector.name(), Arc::new(connector));
        self
    }

    pub fn get(&self, name: &str) -> Option<&Arc<dyn Connector>> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }
}
