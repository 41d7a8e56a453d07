//! What a topic holds: the lines of a `.jsonl` file.

use crate::CaseError;

/// A record to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub partition: i32,
    pub key: Option<String>,
    /// `None`: a tombstone.
    pub value: Option<String>,
}

/// One record a line: `value`, `partition<TAB>value` or `partition<TAB>key<TAB>value`. JSON itself holds no tabs. A key
/// without a value is a tombstone. The partition is 0 unless it is given.
pub fn records(case: &str, text: &str, partitions: i32) -> Result<Vec<Record>, CaseError> {
    text.lines().filter(|line| !line.is_empty()).map(|line| record(case, line, partitions)).collect()
}

fn record(case: &str, line: &str, partitions: i32) -> Result<Record, CaseError> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (partition, key, value) = match fields[..] {
        [value] => ("0", None, value),
        [partition, value] => (partition, None, value),
        [partition, key, value] => (partition, Some(key.to_owned()), value),
        _ => return Err(CaseError::wrong(case, format!("a line of three tabs or more: {line}"))),
    };
    let partition = partition.parse().ok().filter(|partition| (0..partitions).contains(partition));
    let partition = partition.ok_or_else(|| {
        CaseError::wrong(case, format!("a line names no partition below {partitions}: {line}"))
    })?;
    let tombstone = key.is_some() && value.is_empty();
    Ok(Record { partition, key, value: (!tombstone).then(|| value.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Record, String> {
        let mut all = records("c", line, 2).map_err(|error| error.to_string())?;
        Ok(all.remove(0))
    }

    #[test]
    fn a_line_is_a_record() {
        let plain = Record { partition: 0, key: None, value: Some("{\"a\":1}".into()) };
        assert_eq!(read("{\"a\":1}"), Ok(plain.clone()));
        assert_eq!(read("1\t{\"a\":1}"), Ok(Record { partition: 1, ..plain.clone() }));
        let keyed = Record { partition: 1, key: Some("{\"k\":2}".into()), ..plain };
        assert_eq!(read("1\t{\"k\":2}\t{\"a\":1}"), Ok(keyed.clone()));
        assert_eq!(read("1\t{\"k\":2}\t"), Ok(Record { value: None, ..keyed }));
    }

    #[test]
    fn a_partition_that_is_not_there_is_named() {
        for line in ["2\t{}", "x\t{}", "-1\t{}"] {
            assert!(read(line).unwrap_err().contains("names no partition below 2"), "{line}");
        }
        assert!(read("1\t2\t3\t4").unwrap_err().contains("three tabs"));
    }
}
