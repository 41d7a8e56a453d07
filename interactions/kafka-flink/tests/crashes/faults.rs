//! Faults at seeded random moments, each while work is under way.

use crate::job::Job;
use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::time::Duration;

/// What strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL to the program.
    Kill,
    /// SIGKILL to the broker; it comes back on its data.
    BrokerKill,
    /// SIGKILL to every process of the database; it comes back and recovers.
    DatabaseKill,
    /// Every connection to the broker is reset.
    BrokerReset,
    /// Every connection to the database is reset.
    DatabaseReset,
    /// The database commits, and the connection dies before the program hears of it.
    CommitReplyLost,
    /// Both services answer late and in small pieces for a while.
    Slow,
}

/// A seeded order of `faults`, each struck when the program has committed something since the one before.
///
/// # Panics
/// If a fault came when all work was done: it would prove nothing.
pub async fn strike_all(world: &World, job: &mut Job<'_>, faults: &[Fault], seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut left = faults.to_vec();
    while !left.is_empty() {
        let fault = left.swap_remove(random.random_range(0..left.len()));
        job.progress().await;
        // A random moment of the epochs that follow: this is the fault itself, nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..300))).await;
        job.assert_under_way(fault);
        match fault {
            Fault::Kill => job.kill_and_restart(),
            Fault::BrokerKill => {
                world.kafka.kill().await.unwrap();
                world.kafka.start_again().await.unwrap();
            }
            Fault::DatabaseKill => {
                world.postgres.kill().await.unwrap();
                world.postgres.start_again().await.unwrap();
            }
            Fault::BrokerReset => world.kafka_path.reset_all(),
            Fault::DatabaseReset => world.postgres_path.reset_all(),
            Fault::CommitReplyLost => world.lose_commit_reply(job).await,
            Fault::Slow => world.slow_down(Duration::from_millis(800)).await,
        }
        println!("seed {seed}: {fault:?} with {} records settled", job.committed_before());
    }
}
