//! Where rows get their windows from, and what is kept until those close.

use super::rowtime::{RowTime, late_letter, no_time_letter};
use super::shape::{Span, WindowShape};
use crate::{Output, StreamError, TaskState};
use arrow::record_batch::RecordBatch;
use event::Watermark;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where the rows of an operator get their windows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Windowing {
    /// From a rowtime column, a timestamp in ms: the operator itself assigns windows of this shape.
    Assigned { shape: WindowShape, time: usize },
    /// From two columns, timestamps in ms, that an operator before has written: each row is in that one window.
    Attached { start: usize, end: usize },
}

impl Windowing {
    /// The windows that hold a slice, the one that closes first first.
    pub(super) fn windows_of(self, slice: Span) -> impl Iterator<Item = Span> {
        let (assigned, attached) = match self {
            Self::Assigned { shape, .. } => (Some(shape.windows_of(slice)), None),
            Self::Attached { .. } => (None, Some(slice)),
        };
        assigned.into_iter().flatten().chain(attached)
    }

    fn last_window_of(self, slice: Span) -> Span {
        match self {
            Self::Assigned { shape, .. } => shape.last_window_of(slice),
            Self::Attached { .. } => slice,
        }
    }

    /// The column that says when a row was; without a value there, a row has no window.
    pub(super) fn time(self) -> usize {
        match self {
            Self::Assigned { time, .. } => time,
            Self::Attached { end, .. } => end,
        }
    }

    /// Sorts the rows of a batch into slices; a row all of whose windows have closed is late.
    pub(super) fn split(self, batch: &RecordBatch, watermark: Watermark) -> Result<Split, StreamError> {
        let mut split = Split::default();
        match self {
            Self::Assigned { shape, time } => {
                let times = RowTime::of(batch, time)?;
                split.each(times.len(), watermark, self, |row, before: Option<Span>| {
                    let time = times.get(row)?;
                    // Neighbours mostly share a slice: compare bounds before dividing.
                    let same = before.filter(|slice| slice.start <= time && time < slice.end);
                    Some(same.unwrap_or_else(|| shape.slice_of(time)))
                });
            }
            Self::Attached { start, end } => {
                let (starts, ends) = (RowTime::of(batch, start)?, RowTime::of(batch, end)?);
                split.each(starts.len(), watermark, self, |row, _| {
                    Some(Span { start: starts.get(row)?, end: ends.get(row)? })
                });
            }
        }
        Ok(split)
    }
}

/// The rows of a batch by the slice they fall into; the rest is late or has no time.
#[derive(Default)]
pub(super) struct Split {
    pub slices: BTreeMap<Span, Vec<u32>>,
    pub late: Vec<usize>,
    pub no_time: Vec<usize>,
}

impl Split {
    fn each(
        &mut self,
        rows: usize,
        watermark: Watermark,
        windowing: Windowing,
        slice_of: impl Fn(usize, Option<Span>) -> Option<Span>,
    ) {
        let mut current: Option<(Span, bool)> = None;
        let mut run = Vec::new();
        for row in 0..rows {
            let Some(slice) = slice_of(row, current.map(|(slice, _)| slice)) else {
                self.no_time.push(row);
                continue;
            };
            let late = match current {
                Some((before, late)) if before == slice => late,
                _ => {
                    self.add(current, &mut run);
                    let late = windowing.last_window_of(slice).last() <= watermark.0;
                    current = Some((slice, late));
                    late
                }
            };
            if late { self.late.push(row) } else { run.push(row as u32) }
        }
        self.add(current, &mut run);
    }

    fn add(&mut self, slice: Option<(Span, bool)>, rows: &mut Vec<u32>) {
        if let (Some((slice, _)), false) = (slice, rows.is_empty()) {
            self.slices.entry(slice).or_default().append(rows);
        }
    }

    /// Whether one slice takes every row of the batch.
    pub fn is_whole(&self) -> bool {
        self.slices.len() == 1 && self.late.is_empty() && self.no_time.is_empty()
    }
}

/// What became of the rows a stateful operator was given.
#[derive(Default)]
pub(super) struct Account {
    pub admitted: u64,
    pub late: u64,
    pub no_event_time: u64,
}

impl Account {
    /// Sets the rows of a batch aside that no window takes, each with its reason.
    pub fn set_aside(
        &mut self,
        batch: &RecordBatch,
        time: usize,
        split: &Split,
        watermark: Watermark,
        origin: &Arc<str>,
        out: &mut Output,
    ) -> Result<(), StreamError> {
        self.late += split.late.len() as u64;
        self.no_event_time += split.no_time.len() as u64;
        for row in &split.late {
            let time_ms = RowTime::of(batch, time)?.get(*row);
            out.dead.push(late_letter(batch, *row, time_ms, watermark, origin)?);
        }
        for row in &split.no_time {
            out.dead.push(no_time_letter(batch, *row, time, origin)?);
        }
        Ok(())
    }

    /// As counters, if the rows are those of a source; the rows of another operator were counted when they got there.
    pub fn counters(&self, of_source: bool) -> BTreeMap<String, u64> {
        let counters =
            [("admitted", self.admitted), ("late", self.late), ("no_event_time", self.no_event_time)];
        let counted = counters.into_iter().filter(|(name, count)| of_source || *name == "late" && *count > 0);
        counted.map(|(name, count)| (name.to_owned(), count)).collect()
    }
}

/// What [`TaskState::value`] of an operator over windows holds; its batches are those of `spans`, in their order.
#[derive(Serialize, Deserialize)]
struct Saved {
    watermark: Watermark,
    spans: Vec<Span>,
}

/// What is kept per slice until the last window that holds it has closed.
pub(super) struct Slices<S> {
    windowing: Windowing,
    /// How long after its last window has closed a slice still takes rows.
    lateness_ms: i64,
    pub watermark: Watermark,
    pub kept: BTreeMap<Span, S>,
}

impl<S> Slices<S> {
    pub fn new(windowing: Windowing) -> Self {
        Self { windowing, lateness_ms: 0, watermark: Watermark::MIN, kept: BTreeMap::new() }
    }

    pub fn with_lateness(self, lateness_ms: i64) -> Self {
        Self { lateness_ms, ..self }
    }

    /// What is late lies in windows that this watermark closes.
    pub fn lateness_ends(&self) -> Watermark {
        Watermark(self.watermark.0.saturating_sub(self.lateness_ms))
    }

    /// Whether a window has closed and still takes rows.
    pub fn is_amended(&self, window: Span) -> bool {
        window.last() <= self.watermark.0 && window.last() > self.lateness_ends().0
    }

    /// The state of an operator, with what it saves of each slice.
    pub fn saved(&self, batches: Vec<RecordBatch>) -> Result<TaskState, StreamError> {
        let saved = Saved { watermark: self.watermark, spans: self.kept.keys().copied().collect() };
        let value = serde_json::to_value(saved).map_err(|e| StreamError::internal(e.to_string()))?;
        Ok(TaskState { value, batches, ..TaskState::default() })
    }

    /// Goes on from where [`Self::saved`] was; the slices that were kept then.
    pub fn restore(&mut self, state: &TaskState) -> Result<Vec<Span>, StreamError> {
        let saved: Saved = serde_json::from_value(state.value.clone())
            .map_err(|e| StreamError::internal(format!("state of windows is unreadable: {e}")))?;
        self.watermark = self.watermark.max(saved.watermark);
        Ok(saved.spans)
    }

    /// Raises the watermark; the windows that close by it and hold something, the earliest end first.
    ///
    /// After a restart time may seem to be earlier than it was: a partition that had ended counts again until its end
    /// is read once more. Then nothing changes, for what had closed has been emitted.
    pub fn advance(&mut self, now: Watermark) -> Vec<Span> {
        let now = now.max(self.watermark);
        let before = std::mem::replace(&mut self.watermark, now);
        let mut closing = BTreeSet::new();
        for slice in self.kept.keys() {
            let windows = self.windowing.windows_of(*slice);
            let due = windows.skip_while(|w| w.last() <= before.0).take_while(|w| w.last() <= now.0);
            closing.extend(due.map(|w| (w.end, w.start)));
        }
        closing.into_iter().map(|(end, start)| Span { start, end }).collect()
    }

    /// The slices a window is made of that hold something.
    pub fn members(&self, window: Span) -> Vec<Span> {
        match self.windowing {
            Windowing::Assigned { .. } => {
                let from = Span { start: window.start, end: i64::MIN };
                let until = Span { start: window.end, end: i64::MIN };
                self.kept.range(from..until).map(|(slice, _)| *slice).collect()
            }
            Windowing::Attached { .. } => {
                self.kept.contains_key(&window).then_some(window).into_iter().collect()
            }
        }
    }

    /// Whether `slice` is not needed any more once `window` has closed.
    pub fn is_last(&self, window: Span, slice: Span) -> bool {
        self.lateness_ms == 0 && self.windowing.last_window_of(slice) == window
    }

    /// Forgets the slices all of whose windows have closed, and take no more rows.
    pub fn forget_closed(&mut self) {
        let (windowing, watermark) = (self.windowing, self.lateness_ends());
        self.kept.retain(|slice, _| windowing.last_window_of(*slice).last() > watermark.0);
    }
}
