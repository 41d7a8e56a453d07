//! All runs again and again with new seeds, for as long as somebody has time.

use crate::services::with_services;
use crate::tally::Tally;
use crate::{both, to_kafka, to_postgres, zombies};
use std::time::{Duration, Instant};
use testkit::faults::seed_or;

const MINUTES_DEFAULT: u64 = 30;

fn minutes() -> u64 {
    match std::env::var("IBB_SOAK_MINUTES") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("IBB_SOAK_MINUTES={text} is no number")),
        Err(_) => MINUTES_DEFAULT,
    }
}

/// Goal: what the suites show for one seed each holds for any. The round under way when the time is over is completed.
#[test]
#[ignore = "takes IBB_SOAK_MINUTES, 30 unless set; CONTRIBUTING.md says how to run it"]
fn soak() {
    let (begun, limit) = (Instant::now(), Duration::from_secs(60 * minutes()));
    let first = seed_or(rand::random::<u32>().into());
    let mut rounds = Vec::new();
    while rounds.is_empty() || begun.elapsed() < limit {
        let seed = first + rounds.len() as u64;
        testkit::say(&format!("round with seed {seed} after {} s", begun.elapsed().as_secs()));
        let round: Tally = with_services(async |services| {
            [
                to_postgres::run(services, seed).await,
                to_kafka::run(services, seed).await,
                both::run(services, seed).await,
                zombies::run_postgres(services, seed).await,
                zombies::run_kafka(services, seed).await,
            ]
            .into_iter()
            .sum()
        });
        round.say("soak, one round", &format!("seed {seed}"));
        rounds.push(round);
    }
    let last = first + rounds.len() as u64 - 1;
    rounds.into_iter().sum::<Tally>().say("soak", &format!("seeds {first} to {last}"));
}
