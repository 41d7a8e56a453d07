//! Two instances of one pipeline.

use crate::harness::{World, epoch, rows};
use event::Epoch;
use stream::ErrorKind;

/// Goal: the older instance can commit nothing any more, and says that it was replaced; the newer goes on undisturbed.
#[tokio::test]
async fn the_older_instance_is_refused() {
    let world = World::new("fenced", 2).await;
    let mut old = world.claimed(&[]).await;
    old.commit(&epoch(1), &[rows(0..10)]).await.unwrap();

    let mut new = world.open(&[]).await;
    let claim = new.claim().await.unwrap().unwrap();
    assert_eq!((claim.token, claim.held.unwrap().epoch), (2, Epoch(1)));
    for _ in 0..2 {
        let error = old.commit(&epoch(2), &[rows(100..110)]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
        assert!(error.message.contains("newer instance"), "{error}");
    }
    new.commit(&epoch(2), &[rows(10..20)]).await.unwrap();
    new.commit(&epoch(3), &[rows(20..21)]).await.unwrap();
    assert_eq!(world.committed_ids().await, (0..21).collect::<Vec<_>>());
}

/// Goal: fenced also when the newer instance has committed meanwhile, and when the older has nothing to write.
#[tokio::test]
async fn an_idle_epoch_of_the_older_instance_is_refused() {
    let world = World::new("fencedidle", 1).await;
    let mut old = world.claimed(&[]).await;
    let mut new = world.claimed(&[]).await;
    new.commit(&epoch(1), &[rows(0..1)]).await.unwrap();
    assert_eq!(old.commit(&epoch(1), &[]).await.unwrap_err().kind, ErrorKind::Fenced);
    new.commit(&epoch(2), &[]).await.unwrap();
    assert_eq!(new.claim().await.unwrap().unwrap().held.unwrap().epoch, Epoch(2));
}

/// Goal: an instance may claim again, each time with a higher token; other sinks and pipelines are not touched.
#[tokio::test]
async fn tokens_rise_and_sinks_are_apart() {
    let world = World::new("tokens", 1).await;
    let mut one = world.claimed(&[]).await;
    one.commit(&epoch(1), &[rows(0..1)]).await.unwrap();
    let mut table = world.table(&[]);
    table.name = "other".into();
    let mut other = world.try_open(&table).await.unwrap();
    let claim = other.claim().await.unwrap().unwrap();
    assert_eq!((claim.token, claim.held), (1, None));
    other.commit(&epoch(1), &[rows(1..2)]).await.unwrap();
    one.commit(&epoch(2), &[rows(2..3)]).await.unwrap();
    for token in 2..4 {
        assert_eq!(one.claim().await.unwrap().unwrap().token, token);
    }
    one.commit(&epoch(3), &[rows(3..4)]).await.unwrap();
    assert_eq!(world.committed_ids().await, [0, 1, 2, 3]);
}
