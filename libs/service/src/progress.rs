//! Progress of bounded runs, on a terminal only.

use std::{borrow::Cow, sync::OnceLock};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

static BARS: OnceLock<MultiProgress> = OnceLock::new();

/// A line on the terminal that tells how far a run is. It draws nothing when stderr is no terminal.
///
/// Dropping it without [`Progress::done`] removes the line.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts one for `total` of `unit` (plural, such as `rows`); an unknown total shows count and rate only.
    pub(crate) fn start(
        visible: bool,
        what: impl Into<Cow<'static, str>>,
        total: Option<u64>,
        unit: &str,
    ) -> Self {
        let bar = if visible {
            bars().add(total.map_or_else(ProgressBar::no_length, ProgressBar::new))
        } else {
            ProgressBar::hidden()
        };
        let template = match total {
            Some(_) => {
                format!("{{msg}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit} ({{per_sec}}, {{eta}} left)")
            }
            None => format!("{{spinner}} {{msg}} {{human_pos}} {unit} ({{per_sec}})"),
        };
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar }
    }

    /// Counts `more` as done.
    pub fn add(&self, more: u64) {
        self.bar.inc(more);
    }

    /// Sets how much is done.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// How much is done.
    pub fn position(&self) -> u64 {
        self.bar.position()
    }

    /// Leaves the line in place as it is.
    pub fn done(&self) {
        self.bar.abandon();
    }
}

/// Runs `write` while no progress line is on the terminal.
pub(crate) fn suspended<T>(write: impl FnOnce() -> T) -> T {
    match BARS.get() {
        Some(bars) => bars.suspend(write),
        None => write(),
    }
}

fn bars() -> &'static MultiProgress {
    BARS.get_or_init(MultiProgress::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_without_a_terminal() {
        for total in [Some(10), None] {
            let progress = Progress::start(false, "reading", total, "rows");
            progress.add(3);
            progress.clone().add(2);
            assert_eq!(progress.position(), 5);
            assert!(progress.bar.is_hidden());
        }
    }
}
