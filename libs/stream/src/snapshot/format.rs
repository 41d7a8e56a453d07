//! The content of a snapshot file.
//!
//! Layout: magic, Arrow IPC streams one after the other, a JSON footer that says what each stream is, the footer's
//! length (u64, little-endian), magic. The footer stands at the end so that rows are written once, as they come. The
//! magic ends with the version of the layout, a digit.

use crate::{SnapshotId, StreamError, TaskState};
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use arrow::record_batch::RecordBatch;
use event::{Epoch, Position};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};

const MAGIC: &[u8; 8] = b"IBBSNAP1";
/// What the magic of every version begins with.
const FAMILY: &[u8] = b"IBBSNAP";
/// The newest version of the layout that this program reads, and the one it writes.
pub(super) const VERSION: u8 = 1;

/// Everything a pipeline continues from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub pipeline: String,
    pub generation: u64,
    pub epoch: Epoch,
    pub writer: String,
    /// The snapshots this one descends from, nearest first; bounded.
    pub ancestors: Vec<SnapshotId>,
    /// The savepoint that this pipeline began with.
    pub savepoint: Option<SnapshotId>,
    /// By node id.
    pub nodes: BTreeMap<String, NodeState>,
    /// By sink name.
    pub sinks: BTreeMap<String, SinkRows>,
}

/// What one node continues from.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeState {
    pub signature: String,
    /// Sources only.
    pub position: Position,
    pub tasks: Vec<TaskState>,
    /// Totals over all tasks since the pipeline first started.
    pub counters: BTreeMap<String, u64>,
}

impl NodeState {
    /// The first epoch that its state builds on, if that is not the snapshot's own.
    pub fn since(&self) -> Option<Epoch> {
        self.tasks.iter().filter_map(|task| task.since).min()
    }
}

impl Snapshot {
    /// The first epoch that it builds on.
    pub fn since(&self) -> Epoch {
        self.nodes.values().filter_map(NodeState::since).min().unwrap_or(self.epoch)
    }
}

/// Rows a sink had not committed when the snapshot was taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct SinkRows {
    /// Rows handed to this sink since the pipeline first started, this epoch's included.
    pub emitted: u64,
    /// Every epoch from the first one here to the snapshot's own has an entry.
    pub epochs: BTreeMap<Epoch, Vec<RecordBatch>>,
}

#[derive(Serialize, Deserialize)]
struct Footer {
    pipeline: String,
    generation: u64,
    epoch: Epoch,
    writer: String,
    ancestors: Vec<SnapshotId>,
    /// Left out where there is none, as in every file from before there were savepoints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    savepoint: Option<SnapshotId>,
    nodes: BTreeMap<String, NodeFooter>,
    sinks: BTreeMap<String, SinkFooter>,
}

#[derive(Serialize, Deserialize)]
struct NodeFooter {
    signature: String,
    position: Position,
    tasks: Vec<TaskFooter>,
    counters: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct TaskFooter {
    value: serde_json::Value,
    /// What was written when every table of a state had one schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream: Option<Stream>,
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Epoch>,
}

#[derive(Serialize, Deserialize)]
struct SinkFooter {
    emitted: u64,
    epochs: BTreeMap<u64, Vec<Stream>>,
}

/// Where an Arrow IPC stream lies in the file, in bytes.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Stream {
    offset: u64,
    len: u64,
}

/// Writes a snapshot; the caller makes it durable.
pub(super) fn write(snapshot: &Snapshot, out: &mut impl Write) -> Result<(), StreamError> {
    let mut out = Counted { inner: out, written: 0 };
    out.write_all(MAGIC).map_err(cannot_write)?;
    let mut nodes = BTreeMap::new();
    for (id, node) in &snapshot.nodes {
        let tasks = node.tasks.iter().map(|task| {
            let streams = write_streams(&mut out, &task.batches)?;
            Ok(TaskFooter { value: task.value.clone(), stream: None, streams, since: task.since })
        });
        let tasks = tasks.collect::<Result<Vec<_>, StreamError>>()?;
        let (signature, position) = (node.signature.clone(), node.position.clone());
        nodes.insert(id.clone(), NodeFooter { signature, position, tasks, counters: node.counters.clone() });
    }
    let mut sinks = BTreeMap::new();
    for (name, rows) in &snapshot.sinks {
        let mut epochs = BTreeMap::new();
        for (epoch, batches) in &rows.epochs {
            epochs.insert(epoch.0, write_streams(&mut out, batches)?);
        }
        sinks.insert(name.clone(), SinkFooter { emitted: rows.emitted, epochs });
    }
    let footer = Footer {
        pipeline: snapshot.pipeline.clone(),
        generation: snapshot.generation,
        epoch: snapshot.epoch,
        writer: snapshot.writer.clone(),
        ancestors: snapshot.ancestors.clone(),
        savepoint: snapshot.savepoint.clone(),
        nodes,
        sinks,
    };
    let footer = serde_json::to_vec(&footer).map_err(|e| StreamError::internal(e.to_string()))?;
    out.write_all(&footer).map_err(cannot_write)?;
    out.write_all(&(footer.len() as u64).to_le_bytes()).map_err(cannot_write)?;
    out.write_all(MAGIC).map_err(cannot_write)
}

/// The version of the layout that these bytes name, whether or not this program reads it; `None`: they name none.
pub(super) fn version(bytes: &[u8]) -> Option<u8> {
    let digit = bytes.strip_prefix(FAMILY)?.first().filter(|digit| digit.is_ascii_digit())?;
    Some(digit - b'0')
}

/// Reads what [`write`] wrote. `None`: these bytes are no whole snapshot.
pub(super) fn read(bytes: &[u8]) -> Option<Snapshot> {
    let body = bytes.strip_prefix(MAGIC)?.strip_suffix(MAGIC)?;
    let (body, len) = body.split_last_chunk::<8>()?;
    let start = body.len().checked_sub(usize::try_from(u64::from_le_bytes(*len)).ok()?)?;
    let footer: Footer = serde_json::from_slice(&body[start..]).ok()?;
    let mut snapshot = Snapshot {
        pipeline: footer.pipeline,
        generation: footer.generation,
        epoch: footer.epoch,
        writer: footer.writer,
        ancestors: footer.ancestors,
        savepoint: footer.savepoint,
        ..Snapshot::default()
    };
    for (id, node) in footer.nodes {
        let tasks = node.tasks.into_iter().map(|task| {
            let batches = read_streams(bytes, task.stream.into_iter().chain(task.streams))?;
            Some(TaskState { value: task.value, batches, since: task.since, ..TaskState::default() })
        });
        let tasks = tasks.collect::<Option<Vec<_>>>()?;
        let (signature, position, counters) = (node.signature, node.position, node.counters);
        snapshot.nodes.insert(id, NodeState { signature, position, tasks, counters });
    }
    for (name, sink) in footer.sinks {
        let mut rows = SinkRows { emitted: sink.emitted, ..SinkRows::default() };
        for (epoch, streams) in sink.epochs {
            rows.epochs.insert(Epoch(epoch), read_streams(bytes, streams.into_iter())?);
        }
        snapshot.sinks.insert(name, rows);
    }
    Some(snapshot)
}

/// One stream for each run of batches that share a schema.
fn write_streams(
    out: &mut Counted<'_, impl Write>,
    batches: &[RecordBatch],
) -> Result<Vec<Stream>, StreamError> {
    let alike = batches.chunk_by(|one, next| one.schema_ref() == next.schema_ref());
    alike.map(|batches| write_stream(out, batches)).collect()
}

fn write_stream(out: &mut Counted<'_, impl Write>, batches: &[RecordBatch]) -> Result<Stream, StreamError> {
    let offset = out.written;
    let mut writer = StreamWriter::try_new(&mut *out, batches[0].schema_ref()).map_err(cannot_write_arrow)?;
    for batch in batches {
        writer.write(batch).map_err(cannot_write_arrow)?;
    }
    writer.finish().map_err(cannot_write_arrow)?;
    drop(writer);
    Ok(Stream { offset, len: out.written - offset })
}

fn read_streams(bytes: &[u8], streams: impl Iterator<Item = Stream>) -> Option<Vec<RecordBatch>> {
    let batches = streams.map(|stream| read_stream(bytes, stream));
    Some(batches.collect::<Option<Vec<_>>>()?.concat())
}

fn read_stream(bytes: &[u8], stream: Stream) -> Option<Vec<RecordBatch>> {
    let start = usize::try_from(stream.offset).ok()?;
    let end = start.checked_add(usize::try_from(stream.len).ok()?)?;
    let reader = StreamReader::try_new(bytes.get(start..end)?, None).ok()?;
    reader.collect::<Result<Vec<_>, _>>().ok()
}

fn cannot_write(cause: io::Error) -> StreamError {
    StreamError::io("the snapshot could not be written", cause)
}

fn cannot_write_arrow(cause: arrow::error::ArrowError) -> StreamError {
    match cause {
        arrow::error::ArrowError::IoError(message, cause) => {
            StreamError::io(format!("the snapshot could not be written: {message}"), cause)
        }
        other => StreamError::from(other),
    }
}

struct Counted<'a, W> {
    inner: &'a mut W,
    written: u64,
}

impl<W: Write> Write for Counted<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.written += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
