//! Which windows a timestamp falls into, and the slices they share.

use serde::{Deserialize, Serialize};

/// A stretch of event time, `[start, end)`, in milliseconds: a window, or a slice of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub start: i64,
    pub end: i64,
}

impl Span {
    /// Its last millisecond: a window closes when the watermark reaches it.
    pub fn last(self) -> i64 {
        self.end.saturating_sub(1)
    }
}

/// Event-time windows of fixed bounds, in milliseconds; starts are aligned to `offset_ms` past the Unix epoch.
///
/// A slice is the longest stretch whose rows all fall into the same windows; every window is a row of whole slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowShape {
    /// `TUMBLE`: every row falls into exactly one window.
    Tumble { size_ms: i64, offset_ms: i64 },
    /// `HOP`: windows of `size_ms` start every `slide_ms`. As in Flink, size must be a multiple of slide.
    Hop { size_ms: i64, slide_ms: i64, offset_ms: i64 },
    /// `CUMULATE`: windows with one start grow by `step_ms` until `size_ms`, which is a multiple of step; the next ones
    /// start there.
    Cumulate { size_ms: i64, step_ms: i64, offset_ms: i64 },
}

impl WindowShape {
    /// The size of its longest window.
    pub fn size_ms(self) -> i64 {
        match self {
            Self::Tumble { size_ms, .. } | Self::Hop { size_ms, .. } | Self::Cumulate { size_ms, .. } => {
                size_ms
            }
        }
    }

    /// The width of its slices.
    pub fn slice_ms(self) -> i64 {
        match self {
            Self::Tumble { size_ms, .. } => size_ms,
            Self::Hop { slide_ms, .. } => slide_ms,
            Self::Cumulate { step_ms, .. } => step_ms,
        }
    }

    fn offset_ms(self) -> i64 {
        match self {
            Self::Tumble { offset_ms, .. }
            | Self::Hop { offset_ms, .. }
            | Self::Cumulate { offset_ms, .. } => offset_ms,
        }
    }

    /// The greatest multiple of `step_ms` past the offset that is not after `time_ms`.
    fn floor(self, time_ms: i64, step_ms: i64) -> i64 {
        time_ms.saturating_sub(time_ms.saturating_sub(self.offset_ms()).rem_euclid(step_ms))
    }

    /// The slice that holds `time_ms`.
    pub fn slice_of(self, time_ms: i64) -> Span {
        let start = self.floor(time_ms, self.slice_ms());
        Span { start, end: start.saturating_add(self.slice_ms()) }
    }

    /// The windows that hold `slice` as a whole, the one that closes first first.
    pub fn windows_of(self, slice: Span) -> impl Iterator<Item = Span> {
        let (first, step_start, step_end, count) = match self {
            Self::Tumble { .. } => (slice, 0, 0, 1),
            Self::Hop { size_ms, slide_ms, .. } => {
                let start = slice.end.saturating_sub(size_ms);
                (Span { start, end: slice.end }, slide_ms, slide_ms, size_ms / slide_ms)
            }
            Self::Cumulate { size_ms, step_ms, .. } => {
                let start = self.floor(slice.start, size_ms);
                let full = start.saturating_add(size_ms);
                (Span { start, end: slice.end }, 0, step_ms, (full - slice.end) / step_ms + 1)
            }
        };
        (0..count).map(move |i| Span {
            start: first.start.saturating_add(i * step_start),
            end: first.end.saturating_add(i * step_end),
        })
    }

    /// The last of [`Self::windows_of`].
    pub fn last_window_of(self, slice: Span) -> Span {
        match self {
            Self::Tumble { .. } => slice,
            Self::Hop { size_ms, .. } => {
                Span { start: slice.start, end: slice.start.saturating_add(size_ms) }
            }
            Self::Cumulate { size_ms, .. } => {
                let start = self.floor(slice.start, size_ms);
                Span { start, end: start.saturating_add(size_ms) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(shape: WindowShape, time_ms: i64) -> Vec<(i64, i64)> {
        let slice = shape.slice_of(time_ms);
        let windows: Vec<_> = shape.windows_of(slice).map(|w| (w.start, w.end)).collect();
        let last = shape.last_window_of(slice);
        assert_eq!(windows.last(), Some(&(last.start, last.end)));
        windows
    }

    #[test]
    fn a_timestamp_before_1970_falls_into_the_window_that_holds_it() {
        let tumble = WindowShape::Tumble { size_ms: 10, offset_ms: 0 };
        assert_eq!(windows(tumble, -1), [(-10, 0)]);
        assert_eq!(windows(tumble, -10), [(-10, 0)]);
    }

    #[test]
    fn an_offset_shifts_the_starts() {
        let tumble = WindowShape::Tumble { size_ms: 10, offset_ms: 3 };
        assert_eq!(windows(tumble, 12), [(3, 13)]);
        assert_eq!(windows(tumble, 13), [(13, 23)]);
        let back = WindowShape::Tumble { size_ms: 10, offset_ms: -3 };
        assert_eq!(windows(back, 6), [(-3, 7)]);
        let hop = WindowShape::Hop { size_ms: 20, slide_ms: 10, offset_ms: 3 };
        assert_eq!(windows(hop, 12), [(-7, 13), (3, 23)]);
        let cumulate = WindowShape::Cumulate { size_ms: 20, step_ms: 10, offset_ms: -3 };
        assert_eq!(windows(cumulate, 6), [(-3, 7), (-3, 17)]);
        assert_eq!(windows(cumulate, 7), [(-3, 17)]);
    }

    #[test]
    fn hopping_windows_overlap() {
        let hop = WindowShape::Hop { size_ms: 30, slide_ms: 10, offset_ms: 0 };
        assert_eq!(windows(hop, 35), [(10, 40), (20, 50), (30, 60)]);
        assert_eq!(hop.slice_of(35), Span { start: 30, end: 40 });
    }

    #[test]
    fn cumulating_windows_grow_until_their_full_size() {
        let cumulate = WindowShape::Cumulate { size_ms: 30, step_ms: 10, offset_ms: 0 };
        assert_eq!(windows(cumulate, 31), [(30, 40), (30, 50), (30, 60)]);
        assert_eq!(windows(cumulate, 49), [(30, 50), (30, 60)]);
        assert_eq!(windows(cumulate, 59), [(30, 60)]);
        assert_eq!(windows(cumulate, -1), [(-30, 0)]);
    }
}
