//! A table whose computed columns and watermark are planned.

use crate::catalog::Catalog;
use crate::ddl::{DefKind, TableDef};
use crate::error::Problem;
use crate::fault::Places;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion_common::DFSchema;
use datafusion_expr::{Expr, ExprSchemable};
use event::type_name;
use std::sync::Arc;

/// A table of the script, resolved.
#[derive(Debug)]
pub(crate) struct Table {
    pub def: TableDef,
    /// Every declared column, computed ones too, in order.
    pub schema: SchemaRef,
    /// The expression of each computed column, over the other columns; `None` for the others.
    pub computed: Vec<Option<Expr>>,
    pub watermark: Option<TableWatermark>,
}

#[derive(Debug)]
pub(crate) struct TableWatermark {
    /// Index of the event-time column in the schema.
    pub rowtime: usize,
    /// Over the table's schema.
    pub expression: Expr,
}

pub(crate) fn resolve(def: &TableDef, catalog: &Catalog) -> Result<Table, Problem> {
    let declared: Vec<Option<Field>> = def.columns.iter().map(|column| declared(def, column)).collect();
    let base = dfschema(declared.iter().flatten().cloned().collect(), def)?;
    let mut fields = Vec::new();
    let mut computed = Vec::new();
    for (column, field) in def.columns.iter().zip(declared) {
        match (&column.kind, field) {
            (DefKind::Computed(tokens), _) => {
                let places = Places { tokens, statement: def.statement };
                let expression = catalog.expression(places, &base)?;
                let problem = |error| places.problem(&error);
                let data_type = expression.get_type(&base).map_err(problem)?;
                let nullable = expression.nullable(&base).map_err(problem)?;
                fields.push(Field::new(&column.name.value, data_type, nullable));
                computed.push(Some(expression));
            }
            (_, Some(field)) => {
                fields.push(field);
                computed.push(None);
            }
            (_, None) => {}
        }
    }
    let schema = Arc::new(Schema::new(fields));
    let watermark = watermark(def, &schema, catalog)?;
    Ok(Table { def: def.clone(), schema, computed, watermark })
}

fn declared(def: &TableDef, column: &crate::ddl::ColumnDef) -> Option<Field> {
    let name = &column.name.value;
    match &column.kind {
        DefKind::Physical(declared) | DefKind::Metadata { declared, .. } => {
            let key = def.primary_key.iter().any(|k| k.value == *name);
            Some(Field::new(name, declared.data_type.clone(), declared.nullable && !key))
        }
        DefKind::Computed(_) => None,
    }
}

fn dfschema(fields: Vec<Field>, def: &TableDef) -> Result<DFSchema, Problem> {
    DFSchema::try_from(Schema::new(fields)).map_err(|error| Problem::new(&def.name.place, error.to_string()))
}

fn watermark(
    def: &TableDef,
    schema: &SchemaRef,
    catalog: &Catalog,
) -> Result<Option<TableWatermark>, Problem> {
    let Some(watermark) = &def.watermark else { return Ok(None) };
    let column = &watermark.column;
    let rowtime = schema.index_of(&column.value).map_err(|e| Problem::new(&column.place, e.to_string()))?;
    let data_type = schema.field(rowtime).data_type();
    if !matches!(data_type, DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, _)) {
        let message = format!(
            "the event-time column '{}' is {}, but must be TIMESTAMP(3) or TIMESTAMP_LTZ(3)",
            column.value,
            type_name(data_type)
        );
        return Err(Problem::new(&column.place, message));
    }
    let places = Places { tokens: &watermark.expression, statement: def.statement };
    let over = dfschema(schema.fields().iter().map(|f| f.as_ref().clone()).collect(), def)?;
    let expression = catalog.expression(places, &over)?;
    let found = expression.get_type(&over).map_err(|error| places.problem(&error))?;
    if !matches!(found, DataType::Timestamp(TimeUnit::Second | TimeUnit::Millisecond, _)) {
        let message =
            format!("the watermark is {}, but must be TIMESTAMP(3) or TIMESTAMP_LTZ(3)", type_name(&found));
        return Err(Problem::new(&places.first(), message));
    }
    Ok(Some(TableWatermark { rowtime, expression }))
}
