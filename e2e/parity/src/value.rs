//! Rows as JSON, in one form for equal values.

use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// A JSON value. Numbers are equal when their decimal digits are: never rounded, however they are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Boolean(bool),
    /// Without exponent, unless the number is very large or small.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// A NULL field is left out, as if it were missing.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// What is no JSON is a text.
    pub fn read(json: &str) -> Self {
        parse(json).unwrap_or_else(|_| Self::Text(json.to_owned()))
    }
}

fn parse(json: &str) -> Result<Value, serde_json::Error> {
    let json = json.trim();
    Ok(match json.as_bytes().first() {
        Some(b'{') => {
            let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json)?;
            let mut object = BTreeMap::new();
            for (name, raw) in fields {
                match parse(raw.get())? {
                    Value::Null => {}
                    value => _ = object.insert(name, value),
                }
            }
            Value::Object(object)
        }
        Some(b'[') => {
            let items: Vec<Box<RawValue>> = serde_json::from_str(json)?;
            Value::List(items.iter().map(|raw| parse(raw.get())).collect::<Result<_, _>>()?)
        }
        Some(b'"') => Value::Text(serde_json::from_str(json)?),
        Some(b't' | b'f') => Value::Boolean(serde_json::from_str(json)?),
        Some(b'n') => serde_json::from_str(json).map(|()| Value::Null)?,
        _ => {
            // Whether it is a number at all.
            let raw: &RawValue = serde_json::from_str(json)?;
            Value::Number(number(raw.get()))
        }
    })
}

/// Longer runs of zeros are written as an exponent.
const ZEROS_MAX: i64 = 60;

/// One text for all ways to write a number. A negative zero, which only floating-point numbers have, stays one.
fn number(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let kept = digits.trim_end_matches('0');
    let significant = kept.trim_start_matches('0');
    if significant.is_empty() {
        return format!("{sign}0");
    }
    let exponent: i64 = exponent.trim_start_matches('+').parse().unwrap_or(0);
    let exponent = exponent - fraction.len() as i64 + (digits.len() - kept.len()) as i64;
    let length = significant.len() as i64;
    if exponent > ZEROS_MAX || exponent < -ZEROS_MAX - length {
        return format!("{sign}{significant}e{exponent}");
    }
    if exponent >= 0 {
        return format!("{sign}{significant}{}", "0".repeat(exponent as usize));
    }
    let places = exponent.unsigned_abs() as usize;
    let padded = format!("{}{significant}", "0".repeat((places + 1).saturating_sub(significant.len())));
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{fraction}")
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => f.write_str(&serde_json::Value::from(text.as_str()).to_string()),
            Self::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Object(fields) => {
                f.write_str("{")?;
                for (at, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if at > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The table that a keyed topic ends as: the last value of each key; one without a value is gone.
pub fn table(records: impl IntoIterator<Item = (Option<String>, Option<String>)>) -> Vec<Value> {
    let mut rows = BTreeMap::new();
    for (key, value) in records {
        let key = key.as_deref().map_or(Value::Null, Value::read);
        match value {
            Some(value) => _ = rows.insert(key, Value::read(&value)),
            None => _ = rows.remove(&key),
        }
    }
    rows.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_however_they_are_written() {
        for (one, other) in [
            ("1.0E10", "10000000000.0"),
            ("1.0E10", "10000000000"),
            ("0.10", "1e-1"),
            ("-1.50", "-15E-1"),
            ("0", "0.000"),
            ("1e+3", "1000"),
            ("4.9E-324", "49e-325"),
        ] {
            assert_eq!(Value::read(one), Value::read(other), "{one} {other}");
        }
        for (one, other) in [
            ("9007199254740993", "9007199254740992"),
            ("0.1234567890123456789012345678901234567", "0.1234567890123456789012345678901234568"),
            ("-0.0", "0.0"),
            ("1", "-1"),
            ("\"1\"", "1"),
        ] {
            assert_ne!(Value::read(one), Value::read(other), "{one} {other}");
        }
    }

    #[test]
    fn numbers_are_readable() {
        let shown = |text: &str| Value::read(text).to_string();
        assert_eq!(shown("1.0E10"), "10000000000");
        assert_eq!(shown("-12.50"), "-12.5");
        assert_eq!(shown("5e-3"), "0.005");
        assert_eq!(shown("1.7976931348623157E308"), "17976931348623157e292");
        assert_eq!(shown("-0.0"), "-0");
    }

    #[test]
    fn missing_is_null_and_order_does_not_count() {
        assert_eq!(Value::read(r#"{"a":1,"b":null}"#), Value::read(r#"{ "a": 1.0 }"#));
        assert_eq!(Value::read(r#"{"a":[1,null],"b":"\u00e9"}"#), Value::read(r#"{"b":"é","a":[1,null]}"#));
        assert_ne!(Value::read("[1,null]"), Value::read("[1]"));
        assert_eq!(Value::read("a,b"), Value::Text("a,b".into()));
        assert_eq!(
            Value::read(r#"{"b":"x y","a":[1.50,true]}"#).to_string(),
            r#"{a: [1.5, true], b: "x y"}"#
        );
    }

    #[test]
    fn a_keyed_topic_is_a_table() {
        let records = [("1", Some("a")), ("2", Some("b")), ("1.0", Some("c")), ("2", None)];
        let records = records.map(|(key, value)| (Some(key.to_owned()), value.map(str::to_owned)));
        assert_eq!(table(records), [Value::Text("c".into())]);
    }
}
