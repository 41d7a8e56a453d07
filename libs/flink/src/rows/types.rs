//! The gateway's column types as Arrow types.

use arrow::datatypes::{DataType, Field, FieldRef, Fields, IntervalUnit, TimeUnit};
use serde::Deserialize;
use std::sync::Arc;

/// A column as the gateway describes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct ColumnInfo {
    pub name: String,
    #[serde(rename = "logicalType")]
    pub logical_type: LogicalType,
}

/// A Flink type as the gateway writes it. Which of the fields are there depends on `root`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogicalType {
    #[serde(rename = "type")]
    root: String,
    /// NULL's type says nothing here.
    #[serde(default = "nullable_default")]
    pub nullable: bool,
    length: Option<u64>,
    precision: Option<u8>,
    scale: Option<i8>,
    resolution: Option<String>,
    fractional_precision: Option<u8>,
    element_type: Option<Box<LogicalType>>,
    key_type: Option<Box<LogicalType>>,
    value_type: Option<Box<LogicalType>>,
    fields: Option<Vec<RowField>>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RowField {
    name: String,
    field_type: LogicalType,
}

fn nullable_default() -> bool {
    true
}

/// STRING and BYTES are the longest VARCHAR and VARBINARY.
const LENGTH_MAX: u64 = i32::MAX as u64;

impl LogicalType {
    /// The Arrow type whose values the JSON row format can carry.
    ///
    /// # Errors
    /// The name of a type that it cannot, or of a description that lacks a part.
    pub fn arrow(&self) -> Result<DataType, String> {
        Ok(match self.root.as_str() {
            "NULL" => DataType::Null,
            "CHAR" | "VARCHAR" => DataType::Utf8,
            "BOOLEAN" => DataType::Boolean,
            "TINYINT" => DataType::Int8,
            "SMALLINT" => DataType::Int16,
            "INTEGER" => DataType::Int32,
            "BIGINT" => DataType::Int64,
            "FLOAT" => DataType::Float32,
            "DOUBLE" => DataType::Float64,
            "DECIMAL" => DataType::Decimal128(self.part(self.precision)?, self.part(self.scale)?),
            "DATE" => DataType::Date32,
            "TIME_WITHOUT_TIME_ZONE" => match unit(self.part(self.precision)?) {
                unit @ (TimeUnit::Second | TimeUnit::Millisecond) => DataType::Time32(unit),
                unit @ (TimeUnit::Microsecond | TimeUnit::Nanosecond) => DataType::Time64(unit),
            },
            "TIMESTAMP_WITHOUT_TIME_ZONE" => DataType::Timestamp(unit(self.part(self.precision)?), None),
            "TIMESTAMP_WITH_LOCAL_TIME_ZONE" => {
                DataType::Timestamp(unit(self.part(self.precision)?), Some(Arc::from("UTC")))
            }
            "BINARY" | "VARBINARY" => DataType::Binary,
            "ARRAY" => {
                let element = self.child(&self.element_type)?;
                DataType::List(Arc::new(Field::new_list_field(element.arrow()?, element.nullable)))
            }
            "MAP" => {
                map_of(self.child(&self.key_type)?.arrow()?, self.child(&self.value_type)?.field("values")?)
            }
            // How often each element is there.
            "MULTISET" => map_of(
                self.child(&self.element_type)?.arrow()?,
                Arc::new(Field::new("values", DataType::Int32, false)),
            ),
            "ROW" => DataType::Struct(
                self.row_fields()?.iter().map(|field| field.field_type.field(&field.name)).collect::<Result<
                    Fields,
                    String,
                >>(
                )?,
            ),
            "INTERVAL_YEAR_MONTH" => DataType::Interval(IntervalUnit::YearMonth),
            "INTERVAL_DAY_TIME" => DataType::Interval(IntervalUnit::DayTime),
            other => return Err(format!("type {other} cannot be read; CAST it to STRING in the query")),
        })
    }

    pub fn field(&self, name: &str) -> Result<FieldRef, String> {
        Ok(Arc::new(Field::new(name, self.arrow()?, self.nullable)))
    }

    /// As people write it: `DECIMAL(10, 2) NOT NULL`.
    pub fn sql(&self) -> String {
        let name = self.sql_name();
        if self.nullable { name } else { format!("{name} NOT NULL") }
    }

    fn sql_name(&self) -> String {
        let precision = |name: &str| match self.precision {
            Some(precision) => format!("{name}({precision})"),
            None => name.to_owned(),
        };
        let child =
            |child: &Option<Box<LogicalType>>| child.as_ref().map_or_else(String::new, |child| child.sql());
        match self.root.as_str() {
            "INTEGER" => "INT".to_owned(),
            "VARCHAR" if self.length == Some(LENGTH_MAX) => "STRING".to_owned(),
            "VARBINARY" if self.length == Some(LENGTH_MAX) => "BYTES".to_owned(),
            "CHAR" | "VARCHAR" | "BINARY" | "VARBINARY" => {
                format!("{}({})", self.root, self.length.unwrap_or_default())
            }
            "DECIMAL" => {
                format!("DECIMAL({}, {})", self.precision.unwrap_or_default(), self.scale.unwrap_or_default())
            }
            "TIME_WITHOUT_TIME_ZONE" => precision("TIME"),
            "TIMESTAMP_WITHOUT_TIME_ZONE" => precision("TIMESTAMP"),
            "TIMESTAMP_WITH_LOCAL_TIME_ZONE" => precision("TIMESTAMP_LTZ"),
            "ARRAY" | "MULTISET" => format!("{}<{}>", self.root, child(&self.element_type)),
            "MAP" => format!("MAP<{}, {}>", child(&self.key_type), child(&self.value_type)),
            "ROW" => {
                let fields = self.fields.iter().flatten();
                let fields: Vec<String> =
                    fields.map(|f| format!("`{}` {}", f.name, f.field_type.sql())).collect();
                format!("ROW<{}>", fields.join(", "))
            }
            "INTERVAL_YEAR_MONTH" | "INTERVAL_DAY_TIME" => {
                format!("INTERVAL {}", self.resolution.as_deref().unwrap_or_default().replace('_', " "))
            }
            other => other.to_owned(),
        }
    }

    fn part<T>(&self, part: Option<T>) -> Result<T, String> {
        part.ok_or_else(|| format!("type {} comes without its precision", self.root))
    }

    fn child<'a>(&self, child: &'a Option<Box<LogicalType>>) -> Result<&'a LogicalType, String> {
        child.as_deref().ok_or_else(|| format!("type {} comes without what it holds", self.root))
    }

    fn row_fields(&self) -> Result<&[RowField], String> {
        self.fields.as_deref().ok_or_else(|| "type ROW comes without its fields".to_owned())
    }
}

fn map_of(key: DataType, values: FieldRef) -> DataType {
    let entries = Fields::from(vec![Arc::new(Field::new("keys", key, false)), values]);
    DataType::Map(Arc::new(Field::new("entries", DataType::Struct(entries), false)), false)
}

/// The unit that holds so many fractional digits; the embedded engine takes the same.
fn unit(precision: u8) -> TimeUnit {
    match precision {
        0 => TimeUnit::Second,
        1..=3 => TimeUnit::Millisecond,
        4..=6 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}
