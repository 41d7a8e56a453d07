//! Which session each row of a key falls into, and which sessions close.

use arrow::row::Rows;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A place in what the operator has stored: which batch, which row.
pub(super) type Part = (usize, usize);

/// Rows of one key of which no two neighbours are further apart than the gap.
pub(super) struct Session {
    /// Event time of its first and last row, in ms.
    pub first: i64,
    pub last: i64,
    /// Where its rows, or their partial aggregates, are stored.
    pub parts: Vec<Part>,
    key: Arc<[u8]>,
    /// The last part that was added, if that was for the batch of this number.
    group: Option<(u64, usize)>,
}

/// The open sessions of every key.
///
/// As in Flink, a row at `t` is a window `[t, t + gap)`, and windows that overlap or touch are one session. A session is
/// closed once the watermark has reached its last millisecond; whatever comes then begins another one, unless it is
/// late.
pub(super) struct Sessions {
    gap_ms: i64,
    /// The open sessions of a key, by their slots.
    by_key: HashMap<Arc<[u8]>, Vec<usize>>,
    slots: Vec<Option<Session>>,
    free: Vec<usize>,
    /// `(end, slot)`
    by_end: BTreeSet<(i64, usize)>,
    /// Parts of all of them.
    parts: usize,
}

/// The key of row `row`; `None`: there is but one key.
pub(super) fn key_of(keys: &Option<Rows>, row: usize) -> &[u8] {
    keys.as_ref().map_or(&[], |rows| rows.row(row).data())
}

impl Sessions {
    pub fn new(gap_ms: i64) -> Self {
        Self {
            gap_ms,
            by_key: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            by_end: BTreeSet::new(),
            parts: 0,
        }
    }

    pub fn parts(&self) -> usize {
        self.parts
    }

    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn end(&self, session: &Session) -> i64 {
        session.last.saturating_add(self.gap_ms)
    }

    /// The session that takes a row at `time_ms`, made, extended or merged as need be; `None`: the row is late.
    pub fn admit(&mut self, key: &[u8], time_ms: i64, watermark_ms: i64) -> Option<usize> {
        let (mut found, mut other) = (None, None);
        for slot in self.by_key.get(key).into_iter().flatten() {
            let Some(session) = &self.slots[*slot] else { continue };
            let meets = session.first <= time_ms.saturating_add(self.gap_ms) && time_ms <= self.end(session);
            if meets && found.is_none() {
                found = Some(*slot);
            } else if meets {
                // A row's own window is too short to meet three.
                other = Some(*slot);
            }
        }
        let Some(slot) = found else {
            let closed = time_ms.saturating_add(self.gap_ms).saturating_sub(1) <= watermark_ms;
            return (!closed).then(|| self.open(key, time_ms, time_ms, Vec::new()));
        };
        let absorbed = other.and_then(|other| self.remove(other));
        let session = self.slots[slot].as_mut()?;
        let before = session.last;
        session.first = session.first.min(time_ms);
        session.last = session.last.max(time_ms);
        if let Some(absorbed) = absorbed {
            session.first = session.first.min(absorbed.first);
            session.last = session.last.max(absorbed.last);
            self.parts += absorbed.parts.len();
            session.parts.extend(absorbed.parts);
        }
        if session.last != before {
            let (before, now) =
                (before.saturating_add(self.gap_ms), session.last.saturating_add(self.gap_ms));
            self.by_end.remove(&(before, slot));
            self.by_end.insert((now, slot));
        }
        Some(slot)
    }

    /// A session that meets no other.
    pub fn open(&mut self, key: &[u8], first: i64, last: i64, parts: Vec<Part>) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        let key = match self.by_key.get_key_value(key) {
            Some((known, _)) => known.clone(),
            None => Arc::from(key),
        };
        self.by_key.entry(key.clone()).or_default().push(slot);
        self.parts += parts.len();
        let session = Session { first, last, parts, key, group: None };
        self.by_end.insert((self.end(&session), slot));
        self.slots[slot] = Some(session);
        slot
    }

    /// The part that collects the session's rows of batch `batch`: `next` if it has none yet.
    pub fn part(&mut self, slot: usize, batch: u64, run: usize, next: usize) -> usize {
        let Some(session) = &mut self.slots[slot] else { return next };
        match session.group {
            Some((at, group)) if at == batch => group,
            _ => {
                session.group = Some((batch, next));
                session.parts.push((run, next));
                self.parts += 1;
                next
            }
        }
    }

    /// Adds a part of its own to a session.
    pub fn push(&mut self, slot: usize, part: Part) {
        if let Some(session) = &mut self.slots[slot] {
            session.parts.push(part);
            self.parts += 1;
        }
    }

    /// Takes out the sessions that are closed at the watermark, the earliest end first.
    pub fn close(&mut self, watermark_ms: i64) -> Vec<Session> {
        let mut closed = Vec::new();
        while let Some((end, slot)) = self.by_end.first().copied() {
            if end.saturating_sub(1) > watermark_ms {
                break;
            }
            closed.extend(self.remove(slot));
        }
        closed
    }

    fn remove(&mut self, slot: usize) -> Option<Session> {
        let session = self.slots[slot].take()?;
        self.free.push(slot);
        self.parts -= session.parts.len();
        self.by_end.remove(&(self.end(&session), slot));
        if let Some(slots) = self.by_key.get_mut(&session.key) {
            slots.retain(|other| *other != slot);
            if slots.is_empty() {
                self.by_key.remove(&session.key);
            }
        }
        Some(session)
    }

    /// Every open session.
    pub fn iter(&self) -> impl Iterator<Item = &Session> {
        self.slots.iter().flatten()
    }

    /// Tells every open session, in the order of [`Self::iter`], where its parts are now.
    pub fn place(&mut self, mut parts: impl FnMut(&Session) -> Vec<Part>) {
        self.parts = 0;
        for session in self.slots.iter_mut().flatten() {
            session.parts = parts(session);
            session.group = None;
            self.parts += session.parts.len();
        }
    }
}
