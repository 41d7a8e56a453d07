//! When a program is killed or frozen: random, and the same again for the same seed.

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::ops::Range;
use std::time::Duration;

/// What happens to the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL.
    Kill,
    /// SIGSTOP for this long, then SIGCONT.
    Freeze(Duration),
}

/// A seeded plan of faults. The seed is printed, so that a failed run can be had again with `IBB_SEED`.
pub struct Mayhem {
    seed: u64,
    random: StdRng,
    between: Range<Duration>,
    freezes: Option<Range<Duration>>,
}

impl Mayhem {
    /// Kills with pauses of a length within `between`.
    pub fn new(seed: u64, between: Range<Duration>) -> Self {
        let seed = seed_or(seed);
        Self { seed, random: StdRng::seed_from_u64(seed), between, freezes: None }
    }

    /// One fault in four is a freeze of such a length.
    pub fn with_freezes(mut self, lengths: Range<Duration>) -> Self {
        self.freezes = Some(lengths);
        self
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The next fault, and how long to let the program work before it.
    pub fn next_fault(&mut self) -> (Duration, Fault) {
        let wait = self.random.random_range(self.between.clone());
        let fault = match &self.freezes {
            Some(lengths) if self.random.random_range(0..4) == 0 => {
                Fault::Freeze(self.random.random_range(lengths.clone()))
            }
            Some(_) | None => Fault::Kill,
        };
        (wait, fault)
    }

    /// One of `choices`, such as the failpoint to arm next.
    ///
    /// # Panics
    /// When there is none.
    pub fn choose<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.random.random_range(0..choices.len())]
    }
}

/// `IBB_SEED`, or `seed`; printed either way.
///
/// # Panics
/// When `IBB_SEED` is no number.
pub fn seed_or(seed: u64) -> u64 {
    let seed = match std::env::var("IBB_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("IBB_SEED={text} is no number")),
        Err(_) => seed,
    };
    println!("seed {seed} (again with IBB_SEED={seed})");
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let plan = || {
            let ms = Duration::from_millis;
            let mut mayhem = Mayhem::new(7, ms(10)..ms(50)).with_freezes(ms(1)..ms(2));
            (0..50).map(|_| mayhem.next_fault()).collect::<Vec<_>>()
        };
        assert_eq!(plan(), plan());
        let freezes = plan().iter().filter(|(_, fault)| *fault != Fault::Kill).count();
        assert!((5..25).contains(&freezes), "{freezes}");
    }
}
