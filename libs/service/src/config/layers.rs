//! Layers of configuration keys: a later layer overrides an earlier one key by key.

use std::{collections::BTreeMap, path::Path};

use serde_yaml::Value;

use super::{Origin, Problem};

/// What every environment variable of the configuration starts with.
const VARIABLE_PREFIX: &str = "IBB__";

/// A value with its origin. `layer` tells which of two keys that exclude each other is the later one.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub value: Value,
    pub origin: Origin,
    pub layer: usize,
}

/// All layers so far, flattened to dotted keys. Null is kept: it hides earlier layers and its key is checked.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub entries: BTreeMap<String, Entry>,
    layers: usize,
}

impl Layers {
    /// Adds a YAML file, given its `text`. Only the position of a syntax error is told, never the text there.
    pub fn add_file(&mut self, path: &Path, text: &str) -> Result<(), Problem> {
        let origin = Origin::File(path.to_owned());
        let wrong = |message: String| Problem { origin: origin.clone(), key: String::new(), message };
        let value: Value = serde_yaml::from_str(text).map_err(|cause| wrong(format!("not YAML: {cause}")))?;
        self.layers += 1;
        match value {
            Value::Null => Ok(()),
            Value::Mapping(mapping) if mapping.is_empty() => Ok(()),
            Value::Mapping(_) => self.add_tree(String::new(), value, &origin).map_err(wrong),
            _ => Err(wrong("must hold keys and values, such as `kafka:`".to_owned())),
        }
    }

    /// Adds every `IBB__` variable as one layer. An empty one counts as not set, yet its name is checked.
    pub fn add_variables(&mut self, variables: &BTreeMap<String, String>) {
        self.layers += 1;
        for (name, value) in variables {
            let Some(rest) = name.strip_prefix(VARIABLE_PREFIX) else { continue };
            let key = rest.to_ascii_lowercase().replace("__", ".");
            let value = if value.is_empty() { Value::Null } else { Value::String(value.clone()) };
            let hides = !value.is_null() || !self.entries.contains_key(&key);
            if hides {
                self.add(key, value, Origin::Variable(name.clone()));
            }
        }
    }

    /// Adds one layer of `path=value`. Every malformed one is reported.
    pub fn add_set(&mut self, assignments: &[String]) -> Vec<Problem> {
        self.layers += 1;
        let mut problems = Vec::new();
        for assignment in assignments {
            match assignment.split_once('=') {
                Some((key, value)) if !key.trim().is_empty() => {
                    let value = if value.is_empty() { Value::Null } else { Value::String(value.to_owned()) };
                    self.add(key.trim().to_owned(), value, Origin::Set);
                }
                // The text is not repeated: it may be a secret whose key was forgotten.
                _ => problems.push(Problem {
                    origin: Origin::Set,
                    key: String::new(),
                    message: "needs PATH=VALUE, such as kafka.brokers=host:9092".to_owned(),
                }),
            }
        }
        problems
    }

    fn add(&mut self, key: String, value: Value, origin: Origin) {
        self.entries.insert(key, Entry { value, origin, layer: self.layers });
    }

    fn add_tree(&mut self, key: String, value: Value, origin: &Origin) -> Result<(), String> {
        let Value::Mapping(mapping) = value else {
            self.add(key, value, origin.clone());
            return Ok(());
        };
        if mapping.is_empty() {
            // Kept, so that its name is checked.
            self.add(key, Value::Null, origin.clone());
            return Ok(());
        }
        for (name, value) in mapping {
            let Some(name) = scalar(&name) else {
                return Err(format!("a key under `{key}` is not text"));
            };
            let key = if key.is_empty() { name } else { format!("{key}.{name}") };
            self.add_tree(key, value, origin)?;
        }
        Ok(())
    }
}

/// The variable that sets `key`.
pub(crate) fn variable(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// A text, number or truth value as text.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
    }
}
