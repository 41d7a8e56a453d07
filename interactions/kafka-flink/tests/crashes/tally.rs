//! What was survived, in the words in which we say it.

use std::iter::Sum;

/// Of one run or of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub runs: u64,
    /// Deaths of the program.
    pub kills: u64,
    /// Of services, of the network, and programs that were frozen.
    pub other_faults: u64,
    pub records: u64,
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |a, b| Self {
            runs: a.runs + b.runs,
            kills: a.kills + b.kills,
            other_faults: a.other_faults + b.other_faults,
            records: a.records + b.records,
        })
    }
}

impl Tally {
    /// A line of the log, also when the test passes. The bound is the rule of three: nothing in n trials.
    pub fn say(&self, what: &str, seeds: &str) {
        let Self { runs, kills, other_faults, records } = self;
        let trials = kills + other_faults;
        testkit::say(&format!(
            "{what}: 0 lost, 0 duplicated in {runs} run(s) x {kills} kills (and {other_faults} other faults) x {records} \
             records, {seeds}; 95 % bound on the rate per fault: 3/{trials} = {:.4}",
            3.0 / trials as f64
        ));
    }
}
