//! JSON cells as Arrow columns.

use super::time;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, IntervalDayTimeArray, IntervalYearMonthArray,
    ListArray, MapArray, NullArray, PrimitiveArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Field, Fields, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalDayTime, IntervalUnit, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, DeserializeOwned, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A cell as it came; `None` is NULL. Kept as text, so that a DECIMAL keeps all its digits.
pub(crate) type Cell<'a> = Option<&'a RawValue>;

const DAY_MS: i64 = 86_400_000;

/// One column of cells.
///
/// # Errors
/// What a cell holds that its type does not allow.
pub(crate) fn column(field: &Field, cells: &[Cell<'_>]) -> Result<ArrayRef, String> {
    if !field.is_nullable() && cells.iter().any(|cell| null(*cell).is_none()) {
        return Err(format!("column '{}' is NOT NULL and holds NULL", field.name()));
    }
    array(field.data_type(), cells).map_err(|bad| format!("column '{}': {bad}", field.name()))
}

fn array(data_type: &DataType, cells: &[Cell<'_>]) -> Result<ArrayRef, String> {
    Ok(match data_type {
        DataType::Null => Arc::new(NullArray::new(cells.len())),
        DataType::Boolean => Arc::new(each(cells, parse::<bool>)?.into_iter().collect::<BooleanArray>()),
        DataType::Int8 => numbers::<Int8Type>(cells)?,
        DataType::Int16 => numbers::<Int16Type>(cells)?,
        DataType::Int32 => numbers::<Int32Type>(cells)?,
        DataType::Int64 => numbers::<Int64Type>(cells)?,
        DataType::Float32 => numbers::<Float32Type>(cells)?,
        DataType::Float64 => numbers::<Float64Type>(cells)?,
        DataType::Decimal128(precision, scale) => {
            let values = each(cells, |cell| decimal(cell.get(), *precision, *scale))?;
            let column = values.into_iter().collect::<Decimal128Array>();
            Arc::new(column.with_precision_and_scale(*precision, *scale).map_err(|error| error.to_string())?)
        }
        DataType::Utf8 => Arc::new(each(cells, parse::<String>)?.into_iter().collect::<StringArray>()),
        DataType::Binary => {
            Arc::new(each(cells, binary)?.iter().map(Option::as_deref).collect::<BinaryArray>())
        }
        DataType::Date32 => primitive::<Date32Type>(cells, |text| time::date(text)?.try_into().ok())?,
        DataType::Time32(TimeUnit::Second) => {
            primitive::<Time32SecondType>(cells, |t| whole(time::time(t)?, 9))?
        }
        DataType::Time32(_) => primitive::<Time32MillisecondType>(cells, |t| whole(time::time(t)?, 6))?,
        DataType::Time64(TimeUnit::Microsecond) => {
            primitive::<Time64MicrosecondType>(cells, |t| whole(time::time(t)?, 3))?
        }
        DataType::Time64(_) => primitive::<Time64NanosecondType>(cells, time::time)?,
        DataType::Timestamp(unit, zone) => timestamps(cells, *unit, zone.clone())?,
        DataType::Interval(IntervalUnit::YearMonth) => {
            Arc::new(each(cells, parse::<i32>)?.into_iter().collect::<IntervalYearMonthArray>())
        }
        DataType::Interval(_) => {
            Arc::new(each(cells, day_time)?.into_iter().collect::<IntervalDayTimeArray>())
        }
        DataType::List(element) => list(element, cells)?,
        DataType::Map(entries, _) => map(entries, cells)?,
        DataType::Struct(fields) => row(fields, cells)?,
        other => return Err(format!("{other} is no type of the gateway")),
    })
}

/// JSON's `null` is NULL too.
fn null(cell: Cell<'_>) -> Option<&RawValue> {
    cell.filter(|raw| raw.get() != "null")
}

fn each<T>(
    cells: &[Cell<'_>],
    read: impl Fn(&RawValue) -> Result<T, String>,
) -> Result<Vec<Option<T>>, String> {
    cells.iter().map(|cell| null(*cell).map(&read).transpose()).collect()
}

fn parse<T: DeserializeOwned>(raw: &RawValue) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|_| unexpected(raw))
}

fn unexpected(raw: &RawValue) -> String {
    let text: String = raw.get().chars().take(80).collect();
    format!("cannot read {text}")
}

/// Integers and floats; NaN and infinities come as texts.
fn numbers<T: ArrowPrimitiveType>(cells: &[Cell<'_>]) -> Result<ArrayRef, String>
where
    T::Native: FromStr,
{
    let read = |raw: &RawValue| match raw.get().trim_matches('"') {
        "Infinity" => "inf".parse().map_err(|_| unexpected(raw)),
        "-Infinity" => "-inf".parse().map_err(|_| unexpected(raw)),
        text => text.parse::<T::Native>().map_err(|_| unexpected(raw)),
    };
    Ok(Arc::new(each(cells, read)?.into_iter().collect::<PrimitiveArray<T>>()))
}

/// Texts that `read` understands.
fn primitive<T: ArrowPrimitiveType>(
    cells: &[Cell<'_>],
    read: impl Fn(&str) -> Option<T::Native>,
) -> Result<ArrayRef, String> {
    let read = |raw: &RawValue| read(&parse::<String>(raw)?).ok_or_else(|| unexpected(raw));
    Ok(Arc::new(each(cells, read)?.into_iter().collect::<PrimitiveArray<T>>()))
}

/// Nanoseconds in a unit of 10^`digits` of them, if they are whole.
fn whole<N, T>(nanos: N, digits: u32) -> Option<T>
where
    N: Into<i128>,
    T: TryFrom<i128>,
{
    let (nanos, unit): (i128, i128) = (nanos.into(), 10_i128.pow(digits));
    (nanos % unit == 0).then(|| T::try_from(nanos / unit).ok())?
}

fn timestamps(cells: &[Cell<'_>], unit: TimeUnit, zone: Option<Arc<str>>) -> Result<ArrayRef, String> {
    macro_rules! of {
        ($type:ty, $digits:literal) => {{
            let column = each(cells, |raw| {
                let nanos = time::timestamp(&parse::<String>(raw)?).ok_or_else(|| unexpected(raw))?;
                whole(nanos, $digits)
                    .ok_or_else(|| format!("{} is outside of what the column can hold", raw.get()))
            })?;
            Arc::new(column.into_iter().collect::<PrimitiveArray<$type>>().with_timezone_opt(zone))
                as ArrayRef
        }};
    }
    Ok(match unit {
        TimeUnit::Second => of!(TimestampSecondType, 9),
        TimeUnit::Millisecond => of!(TimestampMillisecondType, 6),
        TimeUnit::Microsecond => of!(TimestampMicrosecondType, 3),
        TimeUnit::Nanosecond => of!(TimestampNanosecondType, 0),
    })
}

/// Milliseconds, as days and the rest of a day.
fn day_time(raw: &RawValue) -> Result<IntervalDayTime, String> {
    let total: i64 = parse(raw)?;
    let days = i32::try_from(total / DAY_MS).map_err(|_| unexpected(raw))?;
    Ok(IntervalDayTime::new(days, (total % DAY_MS) as i32))
}

/// `1.5`, `100` and `1E+2` as an integer of 10^-scale.
fn decimal(text: &str, precision: u8, scale: i8) -> Result<i128, String> {
    let bad = || format!("{text} is no DECIMAL({precision}, {scale})");
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |digits| (true, digits));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad());
    }
    let exponent: i64 = exponent.parse().map_err(|_| bad())?;
    // The value is digits × 10^shift × 10^-scale.
    let shift = exponent - fraction.len() as i64 + i64::from(scale);
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let text_of = |digits: &str| digits.parse::<i128>().map_err(|_| bad());
    let value = if shift >= 0 {
        text_of(&format!("{digits}{}", "0".repeat(usize::try_from(shift.min(40)).map_err(|_| bad())?)))?
    } else {
        let cut = digits.len().saturating_sub(usize::try_from(-shift).map_err(|_| bad())?);
        let (kept, lost) = digits.split_at(cut);
        if lost.bytes().any(|b| b != b'0') {
            return Err(bad());
        }
        if kept.is_empty() { 0 } else { text_of(kept)? }
    };
    Ok(if negative { -value } else { value })
}

fn binary(raw: &RawValue) -> Result<Vec<u8>, String> {
    STANDARD.decode(parse::<String>(raw)?).map_err(|_| unexpected(raw))
}

fn list(element: &Arc<Field>, cells: &[Cell<'_>]) -> Result<ArrayRef, String> {
    let lists = each_borrowed(cells, |raw| serde_json::from_str::<Vec<Cell<'_>>>(raw.get()).ok())?;
    let lengths = lists.iter().map(|list| list.as_ref().map_or(0, Vec::len));
    let offsets = OffsetBuffer::from_lengths(lengths);
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect();
    let items: Vec<Cell<'_>> = lists.into_iter().flatten().flatten().collect();
    let items = column(element, &items)?;
    let list = ListArray::try_new(Arc::clone(element), offsets, items, Some(nulls));
    Ok(Arc::new(list.map_err(|error| error.to_string())?))
}

fn map(entries: &Arc<Field>, cells: &[Cell<'_>]) -> Result<ArrayRef, String> {
    let DataType::Struct(pair) = entries.data_type() else { return Err("a map has no entries".to_owned()) };
    if *pair[0].data_type() != DataType::Utf8 {
        return Err(format!(
            "keys of {} cannot be read; the row format knows texts only",
            pair[0].data_type()
        ));
    }
    let maps = each_borrowed(cells, |raw| serde_json::from_str::<Members<'_>>(raw.get()).ok())?;
    let offsets =
        OffsetBuffer::from_lengths(maps.iter().map(|map| map.as_ref().map_or(0, |map| map.0.len())));
    let nulls: NullBuffer = maps.iter().map(Option::is_some).collect();
    let (keys, values): (Vec<String>, Vec<Cell<'_>>) =
        maps.into_iter().flatten().flat_map(|map| map.0).unzip();
    let columns = vec![Arc::new(StringArray::from(keys)) as ArrayRef, column(&pair[1], &values)?];
    let pairs = StructArray::try_new(pair.clone(), columns, None).map_err(|error| error.to_string())?;
    let map = MapArray::try_new(Arc::clone(entries), offsets, pairs, Some(nulls), false);
    Ok(Arc::new(map.map_err(|error| error.to_string())?))
}

fn row(fields: &Fields, cells: &[Cell<'_>]) -> Result<ArrayRef, String> {
    let rows = each_borrowed(cells, |raw| serde_json::from_str::<Members<'_>>(raw.get()).ok())?;
    let nulls: NullBuffer = rows.iter().map(Option::is_some).collect();
    let mut columns = Vec::with_capacity(fields.len());
    for (at, field) in fields.iter().enumerate() {
        // A field that is NOT NULL still has no value where the whole row is NULL.
        let lenient = field.as_ref().clone().with_nullable(true);
        let values = column(
            &lenient,
            &rows.iter().map(|row| member(row, at, field.name())).collect::<Result<Vec<_>, _>>()?,
        )?;
        columns.push(values);
    }
    let row = StructArray::try_new_with_length(fields.clone(), columns, Some(nulls), cells.len());
    Ok(Arc::new(row.map_err(|error| error.to_string())?))
}

/// Members come in the order of the type; looking by name is for gateways that think otherwise.
fn member<'a>(row: &Option<Members<'a>>, at: usize, name: &str) -> Result<Cell<'a>, String> {
    let Some(row) = row else { return Ok(None) };
    let found = row.0.get(at).filter(|member| member.0 == name);
    let found = found.or_else(|| row.0.iter().find(|member| member.0 == name));
    Ok(found.ok_or_else(|| format!("a row lacks its field '{name}'"))?.1)
}

fn each_borrowed<'a, T>(
    cells: &[Cell<'a>],
    read: impl Fn(&'a RawValue) -> Option<T>,
) -> Result<Vec<Option<T>>, String> {
    cells
        .iter()
        .map(|cell| null(*cell).map(|raw| read(raw).ok_or_else(|| unexpected(raw))).transpose())
        .collect()
}

/// The members of a JSON object in their order.
struct Members<'a>(Vec<(String, Cell<'a>)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, Option<&'de RawValue>>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}
