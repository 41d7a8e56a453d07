//! What people call Arrow types: the names of Flink SQL.

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};

/// The SQL name of an Arrow type: `BIGINT`, `TIMESTAMP(3)`, `ARRAY<STRING>`.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Null => "NULL".into(),
        DataType::Boolean => "BOOLEAN".into(),
        DataType::Int8 => "TINYINT".into(),
        DataType::Int16 => "SMALLINT".into(),
        DataType::Int32 => "INT".into(),
        DataType::Int64 => "BIGINT".into(),
        DataType::Float32 => "FLOAT".into(),
        DataType::Float64 => "DOUBLE".into(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision}, {scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "STRING".into(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BYTES".into()
        }
        DataType::Date32 => "DATE".into(),
        DataType::Time32(unit) | DataType::Time64(unit) => format!("TIME({})", digits(*unit)),
        DataType::Timestamp(unit, None) => format!("TIMESTAMP({})", digits(*unit)),
        DataType::Timestamp(unit, Some(_)) => format!("TIMESTAMP_LTZ({})", digits(*unit)),
        DataType::Interval(_) => "INTERVAL".into(),
        DataType::List(item) | DataType::LargeList(item) => format!("ARRAY<{}>", type_name(item.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => format!("MAP<{}>", list(pair, |field| type_name(field.data_type()))),
            other => format!("MAP<{other}>"),
        },
        DataType::Struct(fields) => {
            let named = |field: &Field| format!("{} {}", field.name(), type_name(field.data_type()));
            format!("ROW<{}>", list(fields, named))
        }
        other => other.to_string(),
    }
}

fn list(fields: &Fields, text: impl Fn(&Field) -> String) -> String {
    fields.iter().map(|field| text(field)).collect::<Vec<_>>().join(", ")
}

/// Digits of a second that a unit tells.
fn digits(unit: TimeUnit) -> u8 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}
