//! A connector's name, options and judgement, without its system.

use crate::input::Form;
use crate::records::Entry;
use crate::sink::{Capture, Captured};
use crate::source::RecordsFactory;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use stream::{
    Connector, ConnectorContext, Connectors, OptionSpec, Sink, SourceFactory, StreamError, TableSpec,
};

/// What the tables of a case read and write, by name.
#[derive(Default)]
pub(crate) struct Tables {
    pub inputs: BTreeMap<String, Arc<[Entry]>>,
    pub outputs: BTreeMap<String, Captured>,
}

/// The same connectors over the tables of a case.
pub(crate) fn stand_ins(real: &Connectors, tables: &Arc<Tables>) -> Connectors {
    let all = real.names().filter_map(|name| real.get(name));
    all.fold(Connectors::default(), |connectors, connector| {
        connectors.with(StandIn { real: connector.clone(), tables: tables.clone() })
    })
}

struct StandIn {
    real: Arc<dyn Connector>,
    tables: Arc<Tables>,
}

#[async_trait]
impl Connector for StandIn {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.real.options()
    }

    fn takes_changes(&self, table: &TableSpec) -> bool {
        self.real.takes_changes(table)
    }

    async fn check_source(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        self.real.check_source(table, context).await
    }

    async fn check_sink(&self, table: &TableSpec, context: &ConnectorContext) -> Result<(), StreamError> {
        self.real.check_sink(table, context).await
    }

    async fn source(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Arc<dyn SourceFactory>, StreamError> {
        let entries = self.tables.inputs.get(&table.name);
        let entries = entries.ok_or_else(|| StreamError::internal("a source table without records"))?;
        Ok(Arc::new(RecordsFactory::new(table, Form::of(table)?, entries.clone())?))
    }

    async fn sink(
        &self,
        table: &TableSpec,
        _context: &ConnectorContext,
    ) -> Result<Box<dyn Sink>, StreamError> {
        let rows = self.tables.outputs.get(&table.name);
        let rows = rows.ok_or_else(|| StreamError::internal("a sink table that nothing keeps"))?;
        Ok(Box::new(Capture::new(&table.name, rows.clone())))
    }
}
