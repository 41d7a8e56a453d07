//! Which windows a timestamp falls into.

/// Event-time windows, in milliseconds; starts are aligned to `offset_ms` past the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowShape {
    /// `TUMBLE`: every row falls into exactly one window.
    Tumble { size_ms: i64, offset_ms: i64 },
    /// `HOP`: windows of `size_ms` start every `slide_ms`. As in Flink, size must be a multiple of slide.
    Hop { size_ms: i64, slide_ms: i64, offset_ms: i64 },
}

impl WindowShape {
    pub fn size_ms(self) -> i64 {
        match self {
            Self::Tumble { size_ms, .. } | Self::Hop { size_ms, .. } => size_ms,
        }
    }

    /// The distance between window starts. Slices have this width: a window is `size / slide` of them.
    pub fn slide_ms(self) -> i64 {
        match self {
            Self::Tumble { size_ms, .. } => size_ms,
            Self::Hop { slide_ms, .. } => slide_ms,
        }
    }

    fn offset_ms(self) -> i64 {
        match self {
            Self::Tumble { offset_ms, .. } | Self::Hop { offset_ms, .. } => offset_ms,
        }
    }

    /// Start of the slice that holds `time_ms`: also the start of the last window that holds it.
    pub fn slice_start(self, time_ms: i64) -> i64 {
        let slide = self.slide_ms();
        let offset = self.offset_ms();
        (time_ms - offset).div_euclid(slide) * slide + offset
    }

    /// Starts of all windows that hold `time_ms`, earliest first.
    pub fn windows_of(self, time_ms: i64) -> impl Iterator<Item = i64> {
        let last = self.slice_start(time_ms);
        let slide = self.slide_ms();
        let first = last - (self.size_ms() / slide - 1) * slide;
        (0..self.size_ms() / slide).map(move |i| first + i * slide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_before_1970_falls_into_the_window_that_holds_it() {
        let tumble = WindowShape::Tumble { size_ms: 10, offset_ms: 0 };
        assert_eq!(tumble.windows_of(-1).collect::<Vec<_>>(), [-10]);
        assert_eq!(tumble.windows_of(-10).collect::<Vec<_>>(), [-10]);
    }

    #[test]
    fn an_offset_shifts_the_starts() {
        let tumble = WindowShape::Tumble { size_ms: 10, offset_ms: 3 };
        assert_eq!(tumble.windows_of(12).collect::<Vec<_>>(), [3]);
        assert_eq!(tumble.windows_of(13).collect::<Vec<_>>(), [13]);
    }

    #[test]
    fn hopping_windows_overlap() {
        let hop = WindowShape::Hop { size_ms: 30, slide_ms: 10, offset_ms: 0 };
        assert_eq!(hop.windows_of(35).collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!(hop.slice_start(35), 30);
    }
}
