//! Which column types of a script fit which of PostgreSQL, and how their values travel.

use crate::catalog::DbColumn;
use arrow::datatypes::{DataType, Field, TimeUnit};
use std::sync::Arc;

/// How nested values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Json {
    Json,
    Jsonb,
}

/// How the values of one column travel to the database.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mapping {
    /// What a batch's column is cast to before it is encoded.
    pub arrow: DataType,
    /// Nested values become text of this type.
    pub json: Option<Json>,
    /// The staging column's type: the script's, so that a value too large for the target is refused row by row.
    pub staging: String,
    /// Where PostgreSQL assigns the staging type to the column's only when told so.
    pub cast: Option<String>,
}

impl Mapping {
    /// Whether COPY may write the column itself: its type is the one that is staged, so nothing is assigned or cast.
    pub fn is_direct(&self, column: &DbColumn) -> bool {
        let staged = match self.staging.as_str() {
            "boolean" => "bool",
            "smallint" => "int2",
            "integer" => "int4",
            "bigint" => "int8",
            "real" => "float4",
            "double precision" => "float8",
            same => same,
        };
        self.cast.is_none() && staged == column.base_type
    }
}

fn entry_types(entries: &Field) -> Option<(&DataType, &DataType)> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Some((fields[0].data_type(), fields[1].data_type())),
        _ => None,
    }
}

/// The type a new table gets for it, which is also what it is staged as.
pub(crate) fn sql_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".into(),
        DataType::Int8 | DataType::Int16 => "smallint".into(),
        DataType::Int32 => "integer".into(),
        DataType::Int64 => "bigint".into(),
        DataType::Float32 => "real".into(),
        DataType::Float64 => "double precision".into(),
        DataType::Decimal128(precision, scale) => format!("numeric({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "bytea".into()
        }
        DataType::Date32 => "date".into(),
        DataType::Time32(_) | DataType::Time64(_) => "time".into(),
        DataType::Timestamp(_, None) => "timestamp".into(),
        DataType::Timestamp(_, Some(_)) => "timestamptz".into(),
        DataType::List(item) | DataType::LargeList(item) if element(item.data_type()).is_some() => {
            format!("{}[]", sql_type(item.data_type()))
        }
        _ => "jsonb".into(),
    }
}

/// The Arrow type an array's elements are cast to, and PostgreSQL's name of such an array's type.
fn element(item: &DataType) -> Option<(DataType, &'static str)> {
    Some(match item {
        DataType::Boolean => (DataType::Boolean, "_bool"),
        DataType::Int8 | DataType::Int16 => (DataType::Int16, "_int2"),
        DataType::Int32 => (DataType::Int32, "_int4"),
        DataType::Int64 => (DataType::Int64, "_int8"),
        DataType::Float32 => (DataType::Float32, "_float4"),
        DataType::Float64 => (DataType::Float64, "_float8"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => (DataType::Utf8, "_text"),
        _ => return None,
    })
}

/// Why a type cannot be written at all.
pub(crate) fn unsupported(data_type: &DataType) -> Option<&'static str> {
    match data_type {
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            Some("PostgreSQL keeps microseconds; declare a precision of at most 6")
        }
        DataType::Map(entries, _) => match entry_types(entries) {
            Some((DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View, value)) => unsupported(value),
            _ => Some("the keys of a MAP must be STRING to become JSON"),
        },
        DataType::List(item) | DataType::LargeList(item) => unsupported(item.data_type()),
        DataType::Struct(fields) => fields.iter().find_map(|f| unsupported(f.data_type())),
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(_, _)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_)
        | DataType::Date32
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(_, _) => None,
        _ => Some("the jdbc connector cannot write this type"),
    }
}

/// How values of `data_type` reach `column`; `None`: they do not fit.
pub(crate) fn mapping(data_type: &DataType, column: &DbColumn) -> Option<Mapping> {
    let db = column.base_type.as_str();
    let plain = |arrow: DataType, staging: &str| {
        Some(Mapping { arrow, json: None, staging: staging.into(), cast: None })
    };
    match data_type {
        DataType::Boolean if db == "bool" => plain(DataType::Boolean, "boolean"),
        DataType::Int8 | DataType::Int16 if matches!(db, "int2" | "int4" | "int8" | "numeric") => {
            plain(DataType::Int16, "smallint")
        }
        DataType::Int32 if matches!(db, "int4" | "int8" | "numeric") => plain(DataType::Int32, "integer"),
        DataType::Int64 if matches!(db, "int8" | "numeric") => plain(DataType::Int64, "bigint"),
        DataType::Float32 if matches!(db, "float4" | "float8") => plain(DataType::Float32, "real"),
        DataType::Float64 if db == "float8" => plain(DataType::Float64, "double precision"),
        DataType::Decimal128(_, _) if db == "numeric" => plain(data_type.clone(), "numeric"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let cast = match db {
                "text" | "varchar" | "bpchar" | "name" => None,
                "citext" | "uuid" | "json" | "jsonb" | "inet" | "cidr" => Some(column.cast_type.clone()),
                _ if column.is_enum => Some(column.cast_type.clone()),
                _ => return None,
            };
            Some(Mapping { arrow: DataType::Utf8, json: None, staging: "text".into(), cast })
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
            if db == "bytea" =>
        {
            plain(DataType::Binary, "bytea")
        }
        DataType::Date32 if db == "date" => plain(DataType::Date32, "date"),
        DataType::Time32(_) | DataType::Time64(_) if db == "time" => {
            plain(DataType::Time64(TimeUnit::Microsecond), "time")
        }
        DataType::Timestamp(_, None) if db == "timestamp" => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, None), "timestamp")
        }
        DataType::Timestamp(_, Some(_)) if db == "timestamptz" => {
            plain(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), "timestamptz")
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::Map(_, _) | DataType::Struct(_) => {
            nested(data_type, db)
        }
        _ => None,
    }
}

fn nested(data_type: &DataType, db: &str) -> Option<Mapping> {
    let json = match db {
        "jsonb" => Some(Json::Jsonb),
        "json" => Some(Json::Json),
        _ => None,
    };
    if json.is_some() {
        return Some(Mapping { arrow: data_type.clone(), json, staging: db.into(), cast: None });
    }
    let (DataType::List(item) | DataType::LargeList(item)) = data_type else { return None };
    let (arrow, array) = element(item.data_type())?;
    if db != array && (db, array) != ("_varchar", "_text") {
        return None;
    }
    let staging = format!("{}[]", sql_type(&arrow));
    Some(Mapping {
        arrow: DataType::List(Arc::new(Field::new("item", arrow, true))),
        json: None,
        staging,
        cast: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(base_type: &str) -> DbColumn {
        DbColumn { base_type: base_type.into(), cast_type: base_type.into(), ..DbColumn::default() }
    }

    #[test]
    fn narrowing_is_no_match_and_widening_is() {
        for (script, column, fits) in [
            (DataType::Int32, "int8", true),
            (DataType::Int64, "int4", false),
            (DataType::Float64, "float4", false),
            (DataType::Utf8, "varchar", true),
            (DataType::Utf8, "uuid", true),
            (DataType::Utf8, "int4", false),
            (DataType::Timestamp(TimeUnit::Millisecond, None), "timestamptz", false),
            (DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())), "timestamptz", true),
            (DataType::List(Arc::new(Field::new("item", DataType::Int32, true))), "_int4", true),
            (DataType::List(Arc::new(Field::new("item", DataType::Int32, true))), "jsonb", true),
            (DataType::List(Arc::new(Field::new("item", DataType::Int32, true))), "_int8", false),
        ] {
            assert_eq!(mapping(&script, &db(column)).is_some(), fits, "{script} into {column}");
        }
    }

    #[test]
    fn nanoseconds_and_odd_map_keys_are_refused_by_name() {
        let ns = DataType::Timestamp(TimeUnit::Nanosecond, None);
        assert_eq!(event::type_name(&ns), "TIMESTAMP(9)");
        assert!(unsupported(&ns).unwrap().contains("microseconds"));
        let row = DataType::Struct(vec![Field::new("at", ns, true)].into());
        assert!(unsupported(&row).is_some());
    }
}
