//! A hash table per key group.

use super::{Entry, KeyGroup, KeyedState};
use crate::StreamError;
use crate::exchange::KEY_GROUPS;
use std::collections::HashMap;

type Bytes = Box<[u8]>;

pub(super) struct Memory {
    /// By key group.
    groups: Vec<HashMap<Bytes, Bytes>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self { groups: (0..KEY_GROUPS).map(|_| HashMap::new()).collect() }
    }
}

impl KeyedState for Memory {
    fn get(&self, group: KeyGroup, key: &[u8], found: &mut dyn FnMut(&[u8])) -> Result<(), StreamError> {
        if let Some(value) = self.groups[usize::from(group)].get(key) {
            found(value);
        }
        Ok(())
    }

    fn put(&mut self, entries: &mut dyn Iterator<Item = Entry<'_>>) -> Result<(), StreamError> {
        for Entry { group, key, value } in entries {
            let group = &mut self.groups[usize::from(group)];
            match group.get_mut(key) {
                // Numbers keep their width, so mostly nothing is allocated.
                Some(known) if known.len() == value.len() => known.copy_from_slice(value),
                Some(known) => *known = value.into(),
                None => drop(group.insert(key.into(), value.into())),
            }
        }
        Ok(())
    }

    fn remove(&mut self, group: KeyGroup, key: &[u8]) -> Result<(), StreamError> {
        self.groups[usize::from(group)].remove(key);
        Ok(())
    }

    fn scan(&self, group: KeyGroup, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StreamError> {
        self.groups[usize::from(group)].iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }
}
