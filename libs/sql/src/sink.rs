//! What an `INSERT INTO` may write: columns by position, with the conversions Flink makes silently.

use crate::chain::{Chain, Physical};
use crate::ddl::{ColumnDef, DefKind};
use crate::error::Problem;
use crate::script::InsertDef;
use crate::table::Table;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion_common::ScalarValue;
use datafusion_physical_expr::expressions::{CastExpr, Column, Literal, TryCastExpr};
use event::type_name;
use std::sync::Arc;

/// The columns of a table that are written.
pub(crate) fn written(table: &Table) -> Vec<(&ColumnDef, &Field)> {
    let columns = table.def.columns.iter().zip(table.schema.fields()).map(|(c, f)| (c, f.as_ref()));
    columns
        .filter(|(column, _)| match &column.kind {
            DefKind::Physical(_) => true,
            DefKind::Metadata { virtual_, .. } => !virtual_,
            DefKind::Computed(_) => false,
        })
        .collect()
}

/// Appends to `chain` the projection that makes the sink's rows.
pub(crate) fn fit(chain: &mut Chain, insert: &InsertDef, table: &Table) -> Result<(), Problem> {
    let columns = written(table);
    let targets = targets(insert, &columns, table)?;
    let query = chain.schema.clone();
    if query.fields().len() != targets.len() {
        return Err(mismatch(insert, &targets, &columns, &query, "the numbers of columns differ"));
    }
    let fits = |(at, field): (&usize, &Arc<Field>)| implicit(field.data_type(), columns[*at].1.data_type());
    if !targets.iter().zip(query.fields()).all(fits) {
        return Err(mismatch(insert, &targets, &columns, &query, "their types do not fit; use CAST"));
    }
    let mut expressions: Vec<Physical> = Vec::new();
    for (at, (_, field)) in columns.iter().enumerate() {
        expressions.push(match targets.iter().position(|target| *target == at) {
            Some(from) => converted(query.field(from), from, field.data_type()),
            None if field.is_nullable() => {
                let null = ScalarValue::try_from(field.data_type()).unwrap_or(ScalarValue::Null);
                Arc::new(Literal::new(null))
            }
            None => {
                let message = format!(
                    "column '{}' of '{}' is NOT NULL and gets no value",
                    field.name(),
                    insert.table.value
                );
                return Err(Problem::new(&insert.table.place, message));
            }
        });
    }
    let names = columns.iter().map(|(column, _)| column.name.value.clone()).collect();
    chain.project(expressions, names).map_err(|error| Problem::new(&insert.place, error.strip_backtrace()))
}

/// For each column of the query, the index of the written column it goes to.
fn targets(
    insert: &InsertDef,
    columns: &[(&ColumnDef, &Field)],
    table: &Table,
) -> Result<Vec<usize>, Problem> {
    let Some(names) = &insert.columns else { return Ok((0..columns.len()).collect()) };
    let mut targets = Vec::new();
    for name in names {
        let Some(at) = columns.iter().position(|(column, _)| column.name.value == name.value) else {
            if table.def.column(&name.value).is_some() {
                return Err(Problem::new(&name.place, format!("column '{}' cannot be written", name.value)));
            }
            let hint = crate::nearest::suggestion(
                &name.value,
                columns.iter().map(|(c, _)| c.name.value.as_str()).collect::<Vec<_>>(),
            );
            return Err(Problem::new(&name.place, format!("there is no column '{}'{hint}", name.value)));
        };
        if targets.contains(&at) {
            return Err(Problem::new(&name.place, format!("column '{}' stands twice", name.value)));
        }
        targets.push(at);
    }
    Ok(targets)
}

/// Whether Flink converts silently.
fn implicit(from: &DataType, to: &DataType) -> bool {
    use DataType as T;
    let whole = |t: &T| t.is_signed_integer();
    let number = |t: &T| whole(t) || t.is_floating() || matches!(t, T::Decimal128(..));
    match (from, to) {
        (T::Null, _) => true,
        (T::Timestamp(..), T::Timestamp(..)) => true,
        (T::Timestamp(_, None), T::Date32 | T::Time32(_) | T::Time64(_)) => true,
        (T::Time32(_) | T::Time64(_), T::Time32(_) | T::Time64(_)) => true,
        (_, T::Decimal128(..) | T::Float64) => number(from),
        (_, T::Float32) => number(from) && *from != T::Float64,
        _ if whole(from) && whole(to) => from.primitive_width() <= to.primitive_width(),
        (T::List(from), T::List(to)) => implicit(from.data_type(), to.data_type()),
        (T::Struct(from), T::Struct(to)) => same_fields(from, to),
        _ => from == to,
    }
}

fn same_fields(from: &Fields, to: &Fields) -> bool {
    let same =
        |(f, t): (&Arc<Field>, &Arc<Field>)| f.name() == t.name() && implicit(f.data_type(), t.data_type());
    from.len() == to.len() && from.iter().zip(to).all(same)
}

fn converted(from: &Field, index: usize, to: &DataType) -> Physical {
    let column = Arc::new(Column::new(from.name(), index));
    match (from.data_type(), to) {
        (same, to) if same == to => column,
        // A number that does not fit a DECIMAL is NULL in Flink.
        (_, DataType::Decimal128(..)) => Arc::new(TryCastExpr::new(column, to.clone())),
        _ => Arc::new(CastExpr::new(column, to.clone(), None)),
    }
}

/// Names every column of both sides.
fn mismatch(
    insert: &InsertDef,
    targets: &[usize],
    columns: &[(&ColumnDef, &Field)],
    query: &Schema,
    why: &str,
) -> Problem {
    let mut message = format!("the query does not fit table '{}': {why}", insert.table.value);
    for i in 0..targets.len().max(query.fields().len()) {
        let sink = targets.get(i).map(|at| columns[*at].1);
        let query = query.fields().get(i);
        let side = |field: Option<&Field>| match field {
            Some(field) => format!("{} {}", field.name(), type_name(field.data_type())),
            None => "nothing".into(),
        };
        let fits = match (sink, query) {
            (Some(sink), Some(query)) => implicit(query.data_type(), sink.data_type()),
            _ => false,
        };
        let mark = if fits { "" } else { "  <- here" };
        message.push_str(&format!(
            "\n  {}: {} = {}{mark}",
            i + 1,
            side(sink),
            side(query.map(|f| f.as_ref()))
        ));
    }
    Problem::new(&insert.place, message)
}
