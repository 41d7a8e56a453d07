//! Lost requests and lost answers of the one call that decides, through a proxy that knows Kafka's framing.

use crate::harness::{World, context, epoch, rows, table};
use crate::proxy::{Fault, KafkaProxy};
use event::Epoch;
use kafka::KafkaConnector;
use std::time::Duration;
use stream::{Connector as _, ErrorKind, Sink};
use testkit::services::Isolation;

/// Commits are given up after this, so that the sink must find out by itself.
const TIMEOUT: (&str, &str) = ("properties.transaction.timeout.ms", "3000");

async fn through(proxy: &KafkaProxy, world: &World) -> Box<dyn Sink> {
    let table = table(&proxy.address(), &world.topic, &[TIMEOUT]);
    let mut sink = KafkaConnector.sink(&table, &context(&world.pipeline)).await.unwrap();
    sink.claim().await.unwrap();
    sink
}

/// Goal: the answer to the commit is lost and the brokers are away for longer than the commit is waited for: the sink
/// claims again, finds the epoch held, and neither loses nor repeats it. With the request lost, it finds nothing held
/// and commits anew.
#[tokio::test]
async fn a_lost_commit_is_resolved_by_claiming_again() {
    for fault in [Fault::LoseAnswer, Fault::LoseRequest] {
        let world = World::new("lost", 2).await;
        let proxy = KafkaProxy::to(&world.kafka.bootstrap()).await;
        let mut sink = through(&proxy, &world).await;
        sink.commit(&epoch(1), &[rows(0..10)]).await.unwrap();
        proxy.arm(fault);
        let (second, batches) = (epoch(2), [rows(10..30)]);
        let committing = sink.commit(&second, &batches);
        let healing = async {
            proxy.struck().await;
            // Longer than the commit is waited for: the client that sent it is given up.
            tokio::time::sleep(Duration::from_secs(4)).await;
            proxy.heal();
        };
        let (counters, ()) = tokio::join!(committing, healing);
        assert_eq!(counters.unwrap().committed, 30, "{fault:?}");
        sink.commit(&epoch(3), &[rows(30..31)]).await.unwrap();
        assert_eq!(world.committed_ids().await, (0..31).collect::<Vec<_>>(), "{fault:?}");
        let seen = world.ids(Isolation::ReadUncommitted).await.len();
        match fault {
            Fault::LoseAnswer => assert_eq!(seen, 31, "the epoch was written twice"),
            Fault::LoseRequest => assert_eq!(seen, 51, "the first try was not aborted"),
        }
        assert!(sink.claim().await.unwrap().unwrap().token >= 3, "it did not claim again");
    }
}

/// Goal: brokers that stay away make the commit unavailable, not lost; the engine's next try finds out.
#[tokio::test]
async fn a_commit_that_nobody_answers_is_unavailable() {
    let world = World::new("away", 1).await;
    let proxy = KafkaProxy::to(&world.kafka.bootstrap()).await;
    let table = table(&proxy.address(), &world.topic, &[TIMEOUT]);
    let mut impatient = context(&world.pipeline);
    impatient.connect_timeout = Duration::from_secs(3);
    let mut sink = KafkaConnector.sink(&table, &impatient).await.unwrap();
    sink.claim().await.unwrap();
    proxy.arm(Fault::LoseAnswer);
    let error = sink.commit(&epoch(1), &[rows(0..5)]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    proxy.heal();
    assert_eq!(sink.commit(&epoch(1), &[rows(0..5)]).await.unwrap().committed, 5);
    assert_eq!(world.committed_ids().await, [0, 1, 2, 3, 4]);
}

/// Goal: an instance cut off in the middle of a commit, with another claiming meanwhile, commits nothing when it is back.
#[tokio::test]
async fn a_zombie_in_the_middle_of_a_commit_is_refused() {
    let world = World::new("zombie", 1).await;
    let proxy = KafkaProxy::to(&world.kafka.bootstrap()).await;
    let mut zombie = through(&proxy, &world).await;
    zombie.commit(&epoch(1), &[rows(0..5)]).await.unwrap();
    proxy.arm(Fault::LoseRequest);
    let (second, batches) = (epoch(2), [rows(100..105)]);
    let stuck = zombie.commit(&second, &batches);
    let taking_over = async {
        proxy.struck().await;
        let mut new = world.open(&[]).await;
        let claim = new.claim().await.unwrap().unwrap();
        assert_eq!(claim.held.unwrap().epoch, Epoch(1));
        new.commit(&epoch(2), &[rows(5..10)]).await.unwrap();
        proxy.heal();
        new
    };
    let (error, mut new) = tokio::join!(stuck, taking_over);
    assert_eq!(error.unwrap_err().kind, ErrorKind::Fenced);
    new.commit(&epoch(3), &[rows(10..12)]).await.unwrap();
    assert_eq!(world.committed_ids().await, (0..12).collect::<Vec<_>>());
}

/// Goal: what was tried is said, with the address and the time.
#[tokio::test]
async fn unreachable_brokers_are_named() {
    let table = table("127.0.0.1:1", "t", &[]);
    let mut impatient = context("p");
    impatient.connect_timeout = Duration::from_secs(1);
    let error = KafkaConnector.sink(&table, &impatient).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("127.0.0.1:1") && error.message.contains("1 s"), "{error}");
}
