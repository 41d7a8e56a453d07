//! Reading a table once for all queries that need it.

use crate::chain::{Physical, physical};
use crate::ddl::DefKind;
use crate::error::Problem;
use crate::settings::duration;
use crate::table::Table;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion_common::{DFSchema, Result};
use datafusion_physical_expr::expressions::Column as PhysicalColumn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use stream::{CalcStep, Column, ColumnKind, TableSpec, WatermarkEmit};

const IDLE_TIMEOUT: &str = "scan.watermark.idle-timeout";
const EMIT_STRATEGY: &str = "scan.watermark.emit.strategy";

/// Options of any source table that the engine itself understands.
pub(crate) const SOURCE_OPTIONS: [&str; 2] = [IDLE_TIMEOUT, EMIT_STRATEGY];

/// A table to be read.
#[derive(Debug)]
pub(crate) struct SourcePlan {
    pub table: Arc<Table>,
    pub spec: TableSpec,
    pub computed: Vec<CalcStep>,
    pub watermark: Option<Physical>,
    pub emit: WatermarkEmit,
    /// Where the column of the watermark is in `schema`.
    pub rowtime: Option<usize>,
    pub idle_timeout: Option<Duration>,
    /// Of the rows after the computed columns.
    pub schema: SchemaRef,
    /// Where each needed column of the table is in `schema`.
    pub places: BTreeMap<usize, usize>,
}

/// Plans reading the columns in `needed`, which are indices into the table's schema.
pub(crate) fn source(table: &Arc<Table>, mut needed: BTreeSet<usize>, timing: Timing) -> Result<SourcePlan> {
    let index = |name: &str| table.schema.index_of(name).ok();
    if let Some(watermark) = &table.watermark {
        needed.insert(watermark.rowtime);
        needed.extend(watermark.expression.column_refs().iter().filter_map(|c| index(&c.name)));
    }
    let (mut computed, mut read): (BTreeSet<usize>, BTreeSet<usize>) =
        needed.iter().partition(|i| table.computed[**i].is_some());
    for i in &computed {
        let inputs =
            table.computed[*i].iter().flat_map(|e| e.column_refs().into_iter().cloned().collect::<Vec<_>>());
        read.extend(inputs.filter_map(|c| index(&c.name)));
    }
    // A row without columns would not be seen by every decoder.
    if read.is_empty() {
        read.extend((0..table.computed.len()).find(|i| table.computed[*i].is_none()));
    }
    computed.retain(|i| needed.contains(i));
    let spec = spec(table, &read);
    let projected = spec.projected_schema();
    let over = DFSchema::try_from(projected.as_ref().clone())?;
    let mut expressions: Vec<Physical> = Vec::new();
    for i in &needed {
        let field = table.schema.field(*i);
        expressions.push(match &table.computed[*i] {
            Some(expression) => physical(expression, &over)?,
            None => Arc::new(PhysicalColumn::new_with_schema(field.name(), &projected)?),
        });
    }
    let fields = needed.iter().map(|i| table.schema.field(*i).clone()).collect::<Vec<_>>();
    let (steps, schema) = if needed == read {
        (Vec::new(), projected)
    } else {
        let schema = Arc::new(Schema::new(fields));
        (vec![CalcStep::Project { expressions, schema: schema.clone() }], schema)
    };
    let over = DFSchema::try_from(schema.as_ref().clone())?;
    let watermark = table.watermark.as_ref().map(|w| physical(&w.expression, &over)).transpose()?;
    let order: Vec<usize> =
        if steps.is_empty() { read.into_iter().collect() } else { needed.into_iter().collect() };
    let places: BTreeMap<usize, usize> = order.into_iter().enumerate().map(|(at, i)| (i, at)).collect();
    let rowtime = table.watermark.as_ref().and_then(|w| places.get(&w.rowtime)).copied();
    let emit = match rowtime {
        Some(rowtime) if timing.on_event => WatermarkEmit::OnEvent(rowtime),
        _ => WatermarkEmit::PerBatch,
    };
    let Timing { idle_timeout, .. } = timing;
    let table = table.clone();
    Ok(SourcePlan { table, spec, computed: steps, watermark, emit, rowtime, idle_timeout, schema, places })
}

/// What the connector is told; `read` are indices into the table's schema.
fn spec(table: &Table, read: &BTreeSet<usize>) -> TableSpec {
    let stored: Vec<usize> = (0..table.computed.len()).filter(|i| table.computed[*i].is_none()).collect();
    let projection = stored.iter().enumerate().filter(|(_, i)| read.contains(i)).map(|(at, _)| at).collect();
    TableSpec { projection, ..table_spec(table, |kind| !matches!(kind, DefKind::Computed(_))) }
}

/// The table with the columns that `keep` wants, all of them projected.
pub(crate) fn table_spec(table: &Table, keep: impl Fn(&DefKind) -> bool) -> TableSpec {
    let columns: Vec<Column> = table
        .def
        .columns
        .iter()
        .zip(table.schema.fields())
        .filter(|(column, _)| keep(&column.kind))
        .map(|(column, field)| Column {
            name: field.name().clone(),
            data_type: field.data_type().clone(),
            nullable: field.is_nullable(),
            kind: match &column.kind {
                DefKind::Metadata { key, virtual_, .. } => {
                    ColumnKind::Metadata { key: key.clone(), virtual_: *virtual_ }
                }
                DefKind::Physical(_) | DefKind::Computed(_) => ColumnKind::Physical,
            },
        })
        .collect();
    let options = table.def.options.iter().filter(|(key, _)| !SOURCE_OPTIONS.contains(&key.value.as_str()));
    TableSpec {
        name: table.def.name.value.clone(),
        projection: (0..columns.len()).collect(),
        columns,
        primary_key: table.def.primary_key.iter().map(|name| name.value.clone()).collect(),
        partitioned_by: table.def.partitioned_by.iter().map(|name| name.value.clone()).collect(),
        options: options.map(|(key, value)| (key.value.clone(), value.clone())).collect(),
    }
}

/// When a source's watermark is told, and when it no longer waits for a partition.
#[derive(Clone, Copy, Default)]
pub(crate) struct Timing {
    pub idle_timeout: Option<Duration>,
    /// Flink's 'on-event': after each row.
    on_event: bool,
}

/// What the table's options say; `idle_timeout` is that of the script.
pub(crate) fn timing(table: &Table, idle_timeout: Option<Duration>) -> Result<Timing, Problem> {
    let mut timing = Timing { idle_timeout, on_event: false };
    for (key, value) in &table.def.options {
        let value = crate::cursor::Name { value: value.clone(), place: key.place.clone() };
        match key.value.as_str() {
            IDLE_TIMEOUT => timing.idle_timeout = Some(duration(&value)?).filter(|t| !t.is_zero()),
            EMIT_STRATEGY => {
                timing.on_event = match value.value.to_lowercase().as_str() {
                    "on-event" => true,
                    "on-periodic" => false,
                    other => {
                        let message =
                            format!("'{EMIT_STRATEGY}' is 'on-event' or 'on-periodic', not '{other}'");
                        return Err(Problem::new(&key.place, message));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(timing)
}
