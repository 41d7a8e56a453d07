//! Two multisets of rows, and which of their differences belong together.

use crate::rows::{columns, key};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use stream::TableSpec;

/// Pairs are looked for among so many rows of each side.
const PAIRED_MAX: usize = 200;

/// How the rows that came differ from those that were expected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub alike: usize,
    pub changed: Vec<Changed>,
    pub missing: Vec<String>,
    pub unexpected: Vec<String>,
}

/// A missing row and the unexpected one that most likely came in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    pub expected: String,
    pub came: String,
    /// `total: expected 3.0, came 4.0`
    pub columns: Vec<String>,
}

impl Difference {
    pub fn is_none(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.unexpected.is_empty()
    }
}

/// Compares without regard to order; a row that comes twice must be expected twice.
pub(crate) fn compare(table: &TableSpec, expected: &[String], came: &[String]) -> Difference {
    let mut left: BTreeMap<&str, usize> = BTreeMap::new();
    for row in came {
        *left.entry(row).or_default() += 1;
    }
    let mut difference = Difference::default();
    for row in expected {
        match left.get_mut(row.as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                difference.alike += 1;
            }
            _ => difference.missing.push(row.clone()),
        }
    }
    difference.missing.sort();
    let repeated = left.into_iter().flat_map(|(row, count)| std::iter::repeat_n(row.to_owned(), count));
    difference.unexpected = repeated.collect();
    pair(table, &mut difference);
    difference
}

/// Finds for each missing row the unexpected one of its key, or without a key the one that has most columns in common,
/// at least half of them.
fn pair(table: &TableSpec, difference: &mut Difference) {
    let mut came: Vec<(String, Map<String, Value>)> = std::mem::take(&mut difference.unexpected)
        .into_iter()
        .map(|row| (row.clone(), columns(&row)))
        .collect();
    let mut unpaired = Vec::new();
    for (number, row) in std::mem::take(&mut difference.missing).into_iter().enumerate() {
        let expected = columns(&row);
        let candidates = came.iter().take(PAIRED_MAX).enumerate().filter(|_| number < PAIRED_MAX);
        let fitting = candidates.filter_map(|(at, (_, other))| {
            let differing = differing(table, &expected, other).count();
            let fits = match table.primary_key.is_empty() {
                true => differing * 2 <= table.columns.len(),
                false => key(table, &expected) == key(table, other),
            };
            fits.then_some((differing, at))
        });
        match fitting.min() {
            None => unpaired.push(row),
            Some((_, at)) => {
                let (came, other) = came.remove(at);
                let columns = differing(table, &expected, &other).collect();
                difference.changed.push(Changed { expected: row, came, columns });
            }
        }
    }
    difference.missing = unpaired;
    difference.unexpected = came.into_iter().map(|(row, _)| row).collect();
}

fn differing<'a>(
    table: &'a TableSpec,
    expected: &'a Map<String, Value>,
    came: &'a Map<String, Value>,
) -> impl Iterator<Item = String> + 'a {
    table.columns.iter().filter_map(move |column| {
        let value = |row: &Map<String, Value>| row.get(&column.name).cloned().unwrap_or_default();
        let (expected, came) = (value(expected), value(came));
        (expected != came).then(|| format!("{}: expected {expected}, came {came}", column.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::DataType;
    use stream::{Column, ColumnKind};

    fn table(primary_key: &[&str]) -> TableSpec {
        let column = |name: &str| Column {
            name: name.into(),
            data_type: DataType::Int32,
            nullable: true,
            kind: ColumnKind::Physical,
        };
        TableSpec {
            name: "t".into(),
            columns: ["a", "b", "c"].map(column).into(),
            primary_key: primary_key.iter().map(|name| (*name).to_owned()).collect(),
            partitioned_by: Vec::new(),
            options: Default::default(),
            projection: vec![0, 1, 2],
        }
    }

    fn rows(rows: &[[u32; 3]]) -> Vec<String> {
        rows.iter().map(|[a, b, c]| format!(r#"{{"a":{a},"b":{b},"c":{c}}}"#)).collect()
    }

    /// The numbers of rows that are alike, changed, missing and unexpected.
    fn counts(key: &[&str], expected: &[[u32; 3]], came: &[[u32; 3]]) -> [usize; 4] {
        let found = compare(&table(key), &rows(expected), &rows(came));
        assert_eq!(found.is_none(), expected.len() == found.alike && came.len() == found.alike);
        [found.alike, found.changed.len(), found.missing.len(), found.unexpected.len()]
    }

    #[test]
    fn rows_are_a_multiset() {
        assert_eq!(counts(&[], &[[1, 1, 1], [2, 2, 2]], &[[2, 2, 2], [1, 1, 1]]), [2, 0, 0, 0]);
        assert_eq!(counts(&[], &[[1, 1, 1]], &[[1, 1, 1], [1, 1, 1]]), [1, 0, 0, 1]);
        assert_eq!(counts(&[], &[[1, 1, 1], [1, 1, 1]], &[[1, 1, 1]]), [1, 0, 1, 0]);
        assert_eq!(counts(&[], &[], &[]), [0, 0, 0, 0]);
    }

    #[test]
    fn rows_are_paired_by_key_or_by_what_they_share() {
        assert_eq!(counts(&[], &[[1, 1, 1]], &[[1, 1, 2]]), [0, 1, 0, 0]);
        assert_eq!(counts(&[], &[[1, 1, 1]], &[[1, 2, 2]]), [0, 0, 1, 1]);
        assert_eq!(counts(&["a"], &[[1, 1, 1]], &[[1, 2, 2]]), [0, 1, 0, 0]);
        assert_eq!(counts(&["a"], &[[1, 1, 1]], &[[2, 1, 1]]), [0, 0, 1, 1]);
        // The nearest of several.
        let found = compare(&table(&[]), &rows(&[[1, 1, 1]]), &rows(&[[1, 2, 3], [1, 1, 3]]));
        assert_eq!(found.changed[0].came, r#"{"a":1,"b":1,"c":3}"#);
        assert_eq!(found.changed[0].columns, ["c: expected 1, came 3"]);
    }
}
