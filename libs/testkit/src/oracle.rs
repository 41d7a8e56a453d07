//! What a result must be: the same rows as often, in order for each key, and what PostgreSQL itself computes.

use crate::services::Database;
use std::collections::BTreeMap;
use std::fmt;

/// Shown of each kind of difference.
const SHOWN: usize = 10;

/// How two multisets differ. The default: not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<T> {
    /// Expected more often than seen, with how many are lost.
    pub lost: Vec<(T, u64)>,
    /// Seen more often than expected, with how many are too many.
    pub surplus: Vec<(T, u64)>,
}

impl<T> Difference<T> {
    pub fn is_none(&self) -> bool {
        self.lost.is_empty() && self.surplus.is_empty()
    }

    pub fn lost_count(&self) -> u64 {
        self.lost.iter().map(|(_, count)| count).sum()
    }

    pub fn surplus_count(&self) -> u64 {
        self.surplus.iter().map(|(_, count)| count).sum()
    }
}

impl<T: fmt::Debug> fmt::Display for Difference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lost, {} too many", self.lost_count(), self.surplus_count())?;
        for (what, rows) in [("lost", &self.lost), ("too many", &self.surplus)] {
            for (row, count) in rows.iter().take(SHOWN) {
                write!(f, "\n  {what} {count} × {row:?}")?;
            }
            if rows.len() > SHOWN {
                write!(f, "\n  … and {} more", rows.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

/// Compares how often each row is expected and seen; order does not count.
pub fn difference<T: Ord>(
    expected: impl IntoIterator<Item = T>,
    seen: impl IntoIterator<Item = T>,
) -> Difference<T> {
    let mut counts = BTreeMap::<T, i64>::new();
    for row in expected {
        *counts.entry(row).or_default() += 1;
    }
    for row in seen {
        *counts.entry(row).or_default() -= 1;
    }
    let mut difference = Difference { lost: Vec::new(), surplus: Vec::new() };
    for (row, count) in counts {
        match count {
            0 => {}
            1.. => difference.lost.push((row, count.unsigned_abs())),
            _ => difference.surplus.push((row, count.unsigned_abs())),
        }
    }
    difference
}

/// # Panics
/// When a row is lost or too many, naming the first of them.
#[track_caller]
pub fn assert_same_rows<T: Ord + fmt::Debug>(
    expected: impl IntoIterator<Item = T>,
    seen: impl IntoIterator<Item = T>,
) {
    let difference = difference(expected, seen);
    assert!(difference.is_none(), "{difference}");
}

/// Checks that the numbers of each key never fall.
///
/// # Panics
/// At the first that does, naming both.
#[track_caller]
pub fn assert_order_per_key<K: Ord + Clone + fmt::Debug>(records: impl IntoIterator<Item = (K, u64)>) {
    let mut last = BTreeMap::<K, u64>::new();
    for (at, (key, number)) in records.into_iter().enumerate() {
        let before = last.insert(key.clone(), number);
        assert!(before <= Some(number), "record {at}: of {key:?}, {number} comes after {before:?}");
    }
}

/// With no failure in `trials` independent tries, the share of failures is below this with 95 % confidence (rule of
/// three).
pub fn failure_bound(trials: u64) -> f64 {
    3.0 / trials.max(1) as f64
}

impl Database {
    /// Rows of one query that the other has not, as text, at most ten of each: `lost` are in `expected` only, `surplus`
    /// in `seen` only. How often a row comes counts.
    pub async fn rows_that_differ(&self, expected: &str, seen: &str) -> Vec<String> {
        self.texts(&format!(
            "(SELECT 'lost ' || row::text FROM (({expected}) EXCEPT ALL ({seen})) AS row LIMIT {SHOWN})
             UNION ALL
             (SELECT 'surplus ' || row::text FROM (({seen}) EXCEPT ALL ({expected})) AS row LIMIT {SHOWN})"
        ))
        .await
    }

    /// # Panics
    /// When two queries differ in a row or in how often it comes, naming some.
    pub async fn assert_same_rows(&self, expected: &str, seen: &str) {
        let differ = self.rows_that_differ(expected, seen).await;
        assert!(differ.is_empty(), "rows differ from what PostgreSQL computes:\n{}", differ.join("\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_not_only_seen() {
        let difference = difference([1, 1, 2, 3], [3, 2, 2, 4]);
        assert_eq!(
            (difference.lost.clone(), difference.surplus.clone()),
            (vec![(1, 2)], vec![(2, 1), (4, 1)])
        );
        assert_eq!(
            difference.to_string(),
            "2 lost, 2 too many\n  lost 2 × 1\n  too many 1 × 2\n  too many 1 × 4"
        );
        assert_same_rows([1, 2, 2], [2, 1, 2]);
    }

    #[test]
    #[should_panic(expected = "of \"a\", 1 comes after Some(2)")]
    fn order_is_per_key() {
        assert_order_per_key([("a", 1), ("b", 9), ("a", 2), ("b", 9)]);
        assert_order_per_key([("a", 2), ("a", 1)]);
    }

    #[test]
    fn the_rule_of_three() {
        assert!((failure_bound(300) - 0.01).abs() < 1e-12);
    }
}
