//! Says what is wrong with one record, by column. Used where a batch did not decode: it finds the suspects, and its
//! words go into their dead letters. The verdict itself is the decoder's, so that a record's fate never depends on its
//! neighbours.

use crate::record::shorten;
use crate::text::wire_type;
use arrow::datatypes::{DataType, Field, Fields};
use event::type_name;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// What a record suffers from.
#[derive(Debug, PartialEq)]
pub(super) enum Problem {
    /// A column is not in the record.
    Missing(String),
    Other(String),
}

pub(super) struct Checker {
    root: Node,
    fail_on_missing: bool,
}

struct Node {
    /// `tags[]`, `address.city`; empty for the record itself.
    path: String,
    type_name: String,
    nullable: bool,
    kind: Kind,
}

enum Kind {
    Integer { min: i64, max: i64 },
    Float,
    Boolean,
    Text,
    Row(Vec<(String, Node)>),
    Array(Box<Node>),
    Map(Box<Node>),
}

impl Checker {
    pub(super) fn new(fields: &Fields, fail_on_missing: bool) -> Self {
        let kind = Kind::Row(row_nodes("", fields));
        let root = Node { path: String::new(), type_name: "a JSON object".into(), nullable: false, kind };
        Self { root, fail_on_missing }
    }

    /// `None`: nothing found.
    pub(super) fn check(&self, record: &[u8]) -> Option<Problem> {
        let found = RefCell::new(None);
        let seed = Seed { node: &self.root, found: &found, fail_on_missing: self.fail_on_missing };
        let mut json = serde_json::Deserializer::from_slice(record);
        let result = seed.deserialize(&mut json).and_then(|()| json.end());
        match (found.into_inner(), result) {
            (Some(problem), _) => Some(problem),
            (None, Err(error)) => {
                let text = error.to_string();
                let text = text.split(" at line ").next().unwrap_or_default();
                let place = if error.line() == 1 {
                    format!("at byte {}", error.column())
                } else {
                    format!("at line {} byte {}", error.line(), error.column())
                };
                Some(Problem::Other(format!("not one JSON object: {text} {place}")))
            }
            (None, Ok(())) => None,
        }
    }
}

fn row_nodes(path: &str, fields: &Fields) -> Vec<(String, Node)> {
    let child = |field: &Field| {
        let name = field.name();
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        (name.clone(), node(path, field))
    };
    fields.iter().map(|field| child(field)).collect()
}

fn node(path: String, field: &Field) -> Node {
    let kind = match wire_type(field.data_type()) {
        DataType::Int8 => Kind::Integer { min: i8::MIN.into(), max: i8::MAX.into() },
        DataType::Int16 => Kind::Integer { min: i16::MIN.into(), max: i16::MAX.into() },
        DataType::Int32 => Kind::Integer { min: i32::MIN.into(), max: i32::MAX.into() },
        DataType::Int64 => Kind::Integer { min: i64::MIN, max: i64::MAX },
        DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Boolean => Kind::Boolean,
        DataType::Struct(_) => match field.data_type() {
            DataType::Struct(fields) => Kind::Row(row_nodes(&path, fields)),
            _ => Kind::Text,
        },
        DataType::List(_) => match field.data_type() {
            DataType::List(item) => Kind::Array(Box::new(node(format!("{path}[]"), item))),
            _ => Kind::Text,
        },
        DataType::Map(_, _) => match field.data_type() {
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(pair) if pair.len() == 2 => {
                    Kind::Map(Box::new(node(format!("{path}[]"), &pair[1])))
                }
                _ => Kind::Text,
            },
            _ => Kind::Text,
        },
        _ => Kind::Text,
    };
    Node { path, type_name: type_name(field.data_type()), nullable: field.is_nullable(), kind }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    node: &'a Node,
    found: &'a RefCell<Option<Problem>>,
    fail_on_missing: bool,
}

impl<'a> Seed<'a> {
    fn at(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }

    fn stop<E: serde::de::Error>(self, problem: Problem) -> E {
        *self.found.borrow_mut() = Some(problem);
        E::custom("")
    }

    fn refuse<E: serde::de::Error>(self, got: impl fmt::Display) -> E {
        let Node { path, type_name, .. } = self.node;
        self.stop(Problem::Other(match path.as_str() {
            "" => format!("not one JSON object: got {got}"),
            _ => format!("column \"{path}\": expected {type_name}, got {got}"),
        }))
    }

    fn null<E: serde::de::Error>(self) -> Result<(), E> {
        let path = &self.node.path;
        match (self.node.nullable, path.as_str()) {
            (true, _) => Ok(()),
            (false, "") => Err(self.refuse("null")),
            (false, _) => Err(self.stop(Problem::Other(format!("column \"{path}\" is NOT NULL, got null")))),
        }
    }

    fn absent<E: serde::de::Error>(self) -> Result<(), E> {
        let path = &self.node.path;
        if self.fail_on_missing {
            return Err(self.stop(Problem::Missing(format!("column \"{path}\" is missing"))));
        }
        match self.node.nullable {
            true => Ok(()),
            false => Err(self.stop(Problem::Other(format!("column \"{path}\" is NOT NULL, but missing")))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.node.type_name)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        match self.node.kind {
            Kind::Boolean | Kind::Text => Ok(()),
            _ => Err(self.refuse(value)),
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        match self.node.kind {
            Kind::Integer { min, max } if (min..=max).contains(&value) => Ok(()),
            Kind::Float | Kind::Text => Ok(()),
            _ => Err(self.refuse(value)),
        }
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match self.node.kind {
            Kind::Integer { max, .. } if value <= max as u64 => Ok(()),
            Kind::Float | Kind::Text => Ok(()),
            _ => Err(self.refuse(value)),
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        match self.node.kind {
            Kind::Integer { min, max } if value > min as f64 - 1.0 && value < max as f64 + 1.0 => Ok(()),
            Kind::Float | Kind::Text => Ok(()),
            _ => Err(self.refuse(value)),
        }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        let fits = match self.node.kind {
            Kind::Integer { min, max } => {
                value.trim().parse::<i64>().is_ok_and(|value| (min..=max).contains(&value))
            }
            Kind::Float => value.trim().parse::<f64>().is_ok(),
            Kind::Text => true,
            Kind::Boolean | Kind::Row(_) | Kind::Array(_) | Kind::Map(_) => false,
        };
        if fits { Ok(()) } else { Err(self.refuse(format!("\"{}\"", shorten(value)))) }
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.null()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Kind::Array(item) = &self.node.kind else { return Err(self.refuse("an array")) };
        while items.next_element_seed(self.at(item))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        match &self.node.kind {
            Kind::Map(value) => {
                while entries.next_key::<IgnoredAny>()?.is_some() {
                    entries.next_value_seed(self.at(value))?;
                }
                Ok(())
            }
            Kind::Row(fields) => {
                let mut seen = vec![false; fields.len()];
                while let Some(at) = entries.next_key_seed(Name(fields))? {
                    match at {
                        Some(at) => {
                            seen[at] = true;
                            entries.next_value_seed(self.at(&fields[at].1))?;
                        }
                        None => drop(entries.next_value::<IgnoredAny>()?),
                    }
                }
                let absent = seen.iter().zip(fields).filter(|(seen, _)| !**seen);
                for (_, (_, node)) in absent {
                    self.at(node).absent()?;
                }
                Ok(())
            }
            _ => Err(self.refuse("an object")),
        }
    }
}

/// Finds a field by its name.
struct Name<'a>(&'a [(String, Node)]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|(field, _)| field == name))
    }
}
