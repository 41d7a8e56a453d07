//! From the readings of a node's tasks to the figures of the node.

use super::meter::Reading;
use event::Watermark;
use serde::Serialize;
use std::time::Duration;

/// Where event time stands at an operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventTimeStatus {
    /// No watermark has come yet.
    #[default]
    None,
    Advancing,
    /// No task has rows to wait for.
    Idle,
    /// The input has come to its end.
    Ended,
}

/// The live figures of an operator: totals since the run began, rates and shares of the last interval.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    pub rows_in: u64,
    pub rows_out: u64,
    /// Set aside: not decoded, late, without event time.
    pub dead_letters: u64,
    pub rows_in_per_second: f64,
    pub rows_out_per_second: f64,
    /// Of the busiest task.
    pub busy_ratio: f64,
    /// Of the most backpressured task: the share it waited to send.
    pub backpressured_ratio: f64,
    /// Of the least idle task.
    pub idle_ratio: f64,
    /// Of the tables in its last snapshot; `None` where that holds only what changed.
    pub state_bytes: Option<u64>,
    /// As of the last snapshot.
    pub state_rows: u64,
    pub event_time: EventTimeStatus,
    /// The least of its tasks that are not idle, in ms since the epoch.
    pub watermark_ms: Option<i64>,
    /// Behind the wall clock.
    pub watermark_lag_ms: Option<i64>,
}

impl Figures {
    /// `before` and `after` are of the same tasks, `took` apart.
    pub(super) fn between(before: &[Reading], after: &[Reading], took: Duration, now_ms: i64) -> Self {
        let sum = |figure: fn(&Reading) -> u64| after.iter().map(figure).sum::<u64>();
        let seconds = took.as_secs_f64().max(f64::EPSILON);
        let rate = |figure: fn(&Reading) -> u64| {
            (sum(figure) - before.iter().map(figure).sum::<u64>()) as f64 / seconds
        };
        let shares = |figure: fn(&Reading) -> Duration| {
            let pairs = before.iter().zip(after);
            let shares = pairs.map(|(b, a)| figure(a).saturating_sub(figure(b)).as_secs_f64() / seconds);
            shares.map(|share| share.min(1.0)).collect::<Vec<f64>>()
        };
        let most = |shares: Vec<f64>| shares.into_iter().fold(0.0, f64::max);
        let (event_time, watermark) = event_time(after);
        Self {
            rows_in: sum(|task| task.rows_in),
            rows_out: sum(|task| task.rows_out),
            dead_letters: sum(|task| task.dead_letters),
            rows_in_per_second: rate(|task| task.rows_in),
            rows_out_per_second: rate(|task| task.rows_out),
            busy_ratio: most(shares(|task| task.spent.busy)),
            backpressured_ratio: most(shares(|task| task.spent.backpressured)),
            idle_ratio: shares(|task| task.spent.idle).into_iter().fold(1.0, f64::min),
            state_bytes: after.iter().map(|task| task.state_bytes).sum(),
            state_rows: sum(|task| task.state_rows),
            event_time,
            watermark_ms: watermark,
            watermark_lag_ms: watermark.map(|watermark| now_ms - watermark),
        }
    }
}

/// The least watermark of the tasks that are not idle; of all idle ones the greatest, as those that never had a
/// partition have none.
fn event_time(tasks: &[Reading]) -> (EventTimeStatus, Option<i64>) {
    let active = tasks.iter().filter(|task| !task.time_idle).map(|task| task.watermark);
    let (status, watermark) = match active.min() {
        Some(watermark) => (EventTimeStatus::Advancing, watermark),
        None => {
            (EventTimeStatus::Idle, tasks.iter().map(|task| task.watermark).max().unwrap_or(Watermark::MIN))
        }
    };
    match watermark {
        Watermark::MAX => (EventTimeStatus::Ended, None),
        Watermark::MIN if status == EventTimeStatus::Advancing => (EventTimeStatus::None, None),
        Watermark::MIN => (status, None),
        watermark => (status, Some(watermark.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::meter::TimeSpent;
    use super::*;

    fn reading(rows: u64, busy_ms: u64, backpressured_ms: u64, idle_ms: u64) -> Reading {
        let ms = Duration::from_millis;
        let spent = TimeSpent { busy: ms(busy_ms), idle: ms(idle_ms), backpressured: ms(backpressured_ms) };
        let watermark = Watermark::MIN;
        Reading {
            rows_in: rows,
            rows_out: rows / 2,
            dead_letters: 1,
            state_bytes: Some(10),
            state_rows: 3,
            watermark,
            time_idle: false,
            spent,
        }
    }

    fn time(watermark: Watermark, time_idle: bool) -> Reading {
        Reading { watermark, time_idle, ..reading(0, 0, 0, 0) }
    }

    #[test]
    fn totals_add_up_and_shares_are_those_of_the_task_that_stands_out() {
        let before = [reading(100, 1000, 0, 0), reading(0, 0, 0, 1000)];
        let after = [reading(300, 2800, 200, 0), reading(40, 0, 1500, 1500)];
        let figures = Figures::between(&before, &after, Duration::from_secs(2), 0);
        assert_eq!((figures.rows_in, figures.rows_out, figures.dead_letters), (340, 170, 2));
        assert_eq!((figures.rows_in_per_second, figures.rows_out_per_second), (120.0, 60.0));
        assert_eq!((figures.busy_ratio, figures.backpressured_ratio, figures.idle_ratio), (0.9, 0.75, 0.0));
        assert_eq!((figures.state_bytes, figures.state_rows), (Some(20), 6));
        let partly = [after[0], Reading { state_bytes: None, ..after[1] }];
        assert_eq!(Figures::between(&before, &partly, Duration::from_secs(2), 0).state_bytes, None);
    }

    #[test]
    fn the_watermark_is_the_least_of_the_tasks_that_are_not_idle() {
        let figures = |tasks: &[Reading]| {
            let figures = Figures::between(tasks, tasks, Duration::from_secs(1), 5_000);
            (figures.event_time, figures.watermark_ms, figures.watermark_lag_ms)
        };
        let (early, late) = (Watermark(1_000), Watermark(4_000));
        let advancing = |at| (EventTimeStatus::Advancing, Some(at), Some(5_000 - at));
        assert_eq!(figures(&[time(early, false), time(late, false)]), advancing(1_000));
        assert_eq!(figures(&[time(early, true), time(late, false)]), advancing(4_000));
        let idle = [time(Watermark::MIN, true), time(early, true)];
        assert_eq!(figures(&idle), (EventTimeStatus::Idle, Some(1_000), Some(4_000)));
        assert_eq!(figures(&[time(Watermark::MIN, false), time(late, false)]).0, EventTimeStatus::None);
        assert_eq!(figures(&[time(Watermark::MAX, false)]), (EventTimeStatus::Ended, None, None));
    }
}
