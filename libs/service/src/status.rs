//! What a program tells about itself at `/status`.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Serialize;
use serde_json::{Map, Value};

type Provider = Arc<dyn Fn() -> Value + Send + Sync>;

/// Named sections of JSON. Clones share them.
#[derive(Clone, Default)]
pub struct Status {
    sections: Arc<Mutex<BTreeMap<String, Section>>>,
}

#[derive(Clone)]
enum Section {
    Value(Value),
    Provider(Provider),
}

impl Status {
    /// Sets the section `name`. A value that cannot be JSON shows as the text of that error.
    pub fn set(&self, name: impl Into<String>, value: impl Serialize) {
        let value =
            serde_json::to_value(value).unwrap_or_else(|cause| Value::String(format!("not JSON: {cause}")));
        self.insert(name.into(), Section::Value(value));
    }

    /// Asks `provider` for the section `name` at every request. It must be quick and must not block.
    pub fn provide(&self, name: impl Into<String>, provider: impl Fn() -> Value + Send + Sync + 'static) {
        self.insert(name.into(), Section::Provider(Arc::new(provider)));
    }

    /// Every section as it is now.
    pub fn to_json(&self) -> Value {
        // Providers run outside the lock: one may set a section itself.
        let sections = self.sections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let value = |section| match section {
            Section::Value(value) => value,
            Section::Provider(provider) => provider(),
        };
        Value::Object(
            sections.into_iter().map(|(name, section)| (name, value(section))).collect::<Map<_, _>>(),
        )
    }

    fn insert(&self, name: String, section: Section) {
        self.sections.lock().unwrap_or_else(PoisonError::into_inner).insert(name, section);
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Status").field(&self.to_json()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_set_or_provided() {
        let status = Status::default();
        status.set("epoch", 7);
        let inner = status.clone();
        status.provide("rows", move || {
            inner.set("asked", true);
            serde_json::json!({"admitted": 3})
        });
        assert_eq!(status.to_json(), serde_json::json!({"epoch": 7, "rows": {"admitted": 3}}));
        assert_eq!(status.to_json()["asked"], true);
    }
}
