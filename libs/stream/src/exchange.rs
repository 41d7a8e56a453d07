//! Which task a key belongs to.

use crate::state::KeyGroup;
use crate::{StreamError, TaskIndex};
use arrow::array::{ArrayRef, BooleanArray, UInt32Array};
use arrow::compute::{filter_record_batch, take_record_batch};
use arrow::record_batch::RecordBatch;
use datafusion_common::hash_utils::{RandomState, create_hashes};

/// Keys are hashed into this many groups, and the groups are dealt to tasks: state can move to another number of tasks.
pub(crate) const KEY_GROUPS: KeyGroup = 128;

/// The task of each row among `tasks` tasks, by the hash of its key columns; without keys, task 0.
pub(crate) fn tasks_of(keys: &[ArrayRef], rows: usize, tasks: usize) -> Result<Vec<usize>, StreamError> {
    if keys.is_empty() || tasks == 1 {
        return Ok(vec![0; rows]);
    }
    Ok(key_groups(keys, rows)?.into_iter().map(|group| task_of(group, tasks)).collect())
}

/// The key group of each row, by the hash of its key columns.
pub(crate) fn key_groups(keys: &[ArrayRef], rows: usize) -> Result<Vec<KeyGroup>, StreamError> {
    let mut hashes = vec![0; rows];
    create_hashes(keys, &RandomState::with_seed(0), &mut hashes)?;
    Ok(hashes.into_iter().map(|hash| (hash % u64::from(KEY_GROUPS)) as KeyGroup).collect())
}

/// The task, among `tasks`, that a key group is dealt to.
pub(crate) fn task_of(group: KeyGroup, tasks: usize) -> usize {
    usize::from(group) * tasks / usize::from(KEY_GROUPS)
}

/// The rows of `batch` for each task; `None` where there are none.
pub(crate) fn split(
    batch: RecordBatch,
    keys: &[usize],
    tasks: usize,
) -> Result<Vec<Option<RecordBatch>>, StreamError> {
    if tasks == 1 {
        return Ok(vec![Some(batch)]);
    }
    let columns: Vec<ArrayRef> = keys.iter().map(|i| batch.column(*i).clone()).collect();
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); tasks];
    for (row, task) in tasks_of(&columns, batch.num_rows(), tasks)?.into_iter().enumerate() {
        rows[task].push(row as u32);
    }
    rows.into_iter()
        .map(|rows| match rows.len() {
            0 => Ok(None),
            n if n == batch.num_rows() => Ok(Some(batch.clone())),
            _ => Ok(Some(take_record_batch(&batch, &UInt32Array::from(rows))?)),
        })
        .collect()
}

/// The rows of a saved batch whose keys now belong to `task`.
pub(crate) fn own_rows(
    batch: &RecordBatch,
    keys: &[usize],
    task: TaskIndex,
) -> Result<RecordBatch, StreamError> {
    let keys: Vec<ArrayRef> = keys.iter().map(|i| batch.column(*i).clone()).collect();
    let tasks = tasks_of(&keys, batch.num_rows(), task.count)?;
    let mine: BooleanArray = tasks.iter().map(|of| Some(*of == task.index)).collect();
    Ok(filter_record_batch(batch, &mine)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{AsArray, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    #[test]
    fn equal_keys_meet_in_one_task_and_no_row_is_lost() {
        let names: Vec<Option<String>> =
            (0..1000).map(|i| if i % 50 == 0 { None } else { Some(format!("key-{}", i % 37)) }).collect();
        let schema = Arc::new(Schema::new(vec![Field::new("k", DataType::Utf8, true)]));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(StringArray::from(names))]).unwrap();
        let parts = split(batch, &[0], 3).unwrap();
        let mut home: BTreeMap<Option<String>, usize> = BTreeMap::new();
        let mut rows = 0;
        for (task, part) in parts.iter().enumerate() {
            let Some(part) = part else { continue };
            rows += part.num_rows();
            for key in part.column(0).as_string::<i32>() {
                assert_eq!(*home.entry(key.map(str::to_owned)).or_insert(task), task);
            }
        }
        assert_eq!(rows, 1000);
        assert!(parts.iter().all(Option::is_some), "37 keys should reach every one of three tasks");
    }
}
