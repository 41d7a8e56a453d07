//! Faults at seeded random moments, each while work is under way.

use crate::job::Job;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::time::Duration;
use testkit::faults::TcpProxy;

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

/// Every fault as often as said, in a random order, each struck when the program has committed something since the one
/// before.
pub async fn strike_all(job: &mut Job<'_>, faults: &[(Fault, usize)], random: &mut StdRng) {
    let mut all: Vec<Fault> =
        faults.iter().flat_map(|(fault, times)| std::iter::repeat_n(*fault, *times)).collect();
    all.shuffle(random);
    for fault in all {
        job.progress().await;
        // A random moment of the epochs that follow: this is the fault itself, nothing is waited for.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..300))).await;
        job.assert_under_way();
        strike(job, fault).await;
        println!("{fault:?} with {} records settled", job.settled_before());
    }
    job.progress().await;
}

async fn strike(job: &mut Job<'_>, fault: Fault) {
    let services = job.services();
    match fault {
        Fault::Kill => return job.kill_and_restart(),
        Fault::BrokerKill => {
            services.kafka.kill().await.unwrap();
            services.kafka.start_again().await.unwrap();
        }
        Fault::DatabaseKill => {
            services.postgres.kill().await.unwrap();
            services.postgres.start_again().await.unwrap();
        }
        Fault::BrokerReset => reset(job, &services.kafka_path).await,
        Fault::DatabaseReset => reset(job, &services.postgres_path).await,
        Fault::CommitReplyLost => {
            let cut = services.commits.commits_cut();
            services.commits.cut_commit_reply(1);
            let is_cut = |_: &Job<'_>| (services.commits.commits_cut() > cut).then_some(());
            job.wait("a COMMIT whose reply is lost", is_cut).await;
        }
        Fault::Slow => services.slow_down(Duration::from_millis(800)).await,
    }
    job.other_faults += 1;
}

async fn reset(job: &mut Job<'_>, path: &TcpProxy) {
    let before = path.resets();
    path.reset_all();
    job.wait("a reset that meets a connection", |_| (path.resets() > before).then_some(())).await;
}
