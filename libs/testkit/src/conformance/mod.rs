//! The promises of `stream`'s contracts as tests: every adapter runs them whole against the real system.
//!
//! An adapter says how a fresh place is made and looked at ([`SinkWorld`], [`SourceWorld`]) and calls
//! `testkit::sink_suite!` or `testkit::source_suite!` in a file of its `tests/`; each promise becomes a test of its
//! name. A promise that a system cannot keep is waived by name, with the reason, which the test prints.

pub mod sink;
pub mod source;

pub use sink::{SinkPlace, SinkWorld};
pub use source::{SourcePlace, SourceWorld};

use std::time::Duration;

/// Nothing that is waited for takes longer on any machine that works.
const DEADLINE: Duration = Duration::from_secs(90);

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("the deadline has passed")
}

/// One `#[tokio::test]` for each promise of [`sink`]: `testkit::sink_suite!(MyWorld::start().await);`
#[macro_export]
macro_rules! sink_suite {
    ($world:expr) => {
        $crate::conformance_cases! { sink, $world,
            the_first_claim_holds_nothing
            an_epoch_is_visible_whole_once_committed
            what_is_prepared_is_seen_once_committed
            an_epoch_without_rows_is_remembered
            a_held_epoch_is_not_applied_again
            a_claim_says_what_is_held
            an_older_writer_is_fenced
            gaps_and_strangers_are_refused
            a_new_generation_may_start_anywhere
            pipelines_do_not_know_each_other
            a_dropped_commit_is_whole_or_nothing
            two_writers_at_once_leave_each_row_once
            readers_never_see_a_part_of_an_epoch
        }
    };
}

/// One `#[tokio::test]` for each promise of [`source`]: `testkit::source_suite!(MyWorld::start().await);`
#[macro_export]
macro_rules! source_suite {
    ($world:expr) => {
        $crate::conformance_cases! { source, $world,
            everything_comes_once_and_in_order
            batches_keep_to_their_bounds
            a_restart_goes_on_from_any_position
            a_dropped_poll_loses_nothing
            tasks_share_the_partitions
            commit_does_not_decide_where_a_restart_begins
            what_is_appended_later_is_read
            partitions_that_appear_are_discovered
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($suite:ident, $world:expr, $($case:ident)+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let world = $world;
            match $crate::conformance::$suite::waiver(&world, stringify!($case)) {
                Some(reason) => println!("waived: {reason}"),
                None => $crate::conformance::$suite::$case(&world).await,
            }
        }
    )+ };
}
