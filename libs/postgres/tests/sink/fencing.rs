//! Who may write: claims end the writer before, and one that was replaced commits nothing.

use crate::server::*;
use stream::ErrorKind;

/// Goal: a writer whose token is old is fenced, even while its connection lives, and its rows stay invisible.
#[tokio::test]
async fn a_zombie_is_fenced() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let table = db.table("t", &columns(), &[]);
    let mut zombie = claimed(&table).await;
    zombie.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    // As a claim of another role would: it cannot end the zombie's backend.
    db.run("UPDATE ibb.sink_epochs SET token = token + 1, backend_pid = 1").await;
    let error = zombie.commit(&epoch(2), &[rows(&[(2, "zombie")])]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced);
    assert!(error.message.contains("owned by a newer instance"), "{error}");
    // Also for an epoch it knows to be held, and for one without rows.
    assert_eq!(zombie.commit(&epoch(1), &[]).await.unwrap_err().kind, ErrorKind::Fenced);
    assert_eq!(zombie.commit(&epoch(2), &[]).await.unwrap_err().kind, ErrorKind::Fenced);
    assert_eq!(content(&db, "t").await, ["1=a"]);
    assert_eq!(db.staging_tables().await, [""; 0]);
}

/// Goal: a claim ends the old backend; the old writer, which then has to claim again, finds itself fenced.
#[tokio::test]
async fn a_claim_ends_the_old_backend() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let table = db.table("t", &columns(), &[]);
    let mut zombie = claimed(&table).await;
    zombie.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    let mut owner = sink(&table).await.unwrap();
    let claim = within(owner.claim()).await.unwrap().unwrap();
    assert_eq!((claim.token, claim.held.unwrap().epoch.0), (2, 1));
    let error = within(zombie.commit(&epoch(2), &[rows(&[(2, "zombie")])])).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
    owner.commit(&epoch(2), &[rows(&[(2, "owner")])]).await.unwrap();
    assert_eq!(content(&db, "t").await, ["1=a", "2=owner"]);
}

/// Goal: a writer that stopped inside its transaction, holding the epoch's row, is ended by the next claim.
#[tokio::test]
async fn a_claim_does_not_wait_for_a_stopped_writer() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let proxy = proxy(&db).await;
    let mut stopped = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
    let hold = proxy.hold("COMMIT");
    let commit = tokio::spawn(async move { stopped.commit(&epoch(1), &[rows(&[(1, "stopped")])]).await });
    hold.reached().await;
    let mut owner = sink(&db.table("t", &columns(), &[])).await.unwrap();
    let claim = within(owner.claim()).await.unwrap().unwrap();
    assert_eq!((claim.token, claim.held), (2, None));
    owner.commit(&epoch(1), &[rows(&[(1, "owner")])]).await.unwrap();
    hold.release();
    let error = within(commit).await.unwrap().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
    assert_eq!(content(&db, "t").await, ["1=owner"]);
}

/// Goal: without permission to end the old backend, a claim waits for its transaction and sees what it committed.
#[tokio::test]
async fn a_claim_of_another_role_waits_for_the_lock() {
    let db = Db::new().await;
    let role = format!("{}_role", db.name);
    db.run(&format!(
        "CREATE TABLE t (k bigint, v text); DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN PASSWORD 'other';
         GRANT ALL ON t TO {role}; GRANT ALL ON SCHEMA public TO {role}"
    ))
    .await;
    let proxy = proxy(&db).await;
    let mut first = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
    db.run(&format!("GRANT ALL ON SCHEMA ibb TO {role}; GRANT ALL ON ibb.sink_epochs TO {role}")).await;
    let hold = proxy.hold("COMMIT");
    let commit = tokio::spawn(async move { first.commit(&epoch(1), &[rows(&[(1, "first")])]).await });
    hold.reached().await;
    let mut table = db.table("t", &columns(), &[]);
    table.options.insert("username".into(), role.clone());
    table.options.insert("password".into(), "other".into());
    let mut other = sink(&table).await.unwrap();
    let claim = tokio::spawn(async move { other.claim().await });
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    within(async {
        while db.count(waiting).await == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    hold.release();
    within(commit).await.unwrap().unwrap();
    let claim = within(claim).await.unwrap().unwrap().unwrap();
    assert_eq!((claim.token, claim.held.unwrap().epoch.0, claim.counters), (2, 1, counters(1, 0, 0)));
    db.run(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}

/// Goal: claims of many instances at once, in an empty database, all succeed and each gets a token of its own.
#[tokio::test]
async fn claims_at_once_do_not_collide() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let table = db.table("t", &columns(), &[]);
    let mut claims = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let table = table.clone();
        claims.spawn(async move {
            let mut sink = sink(&table).await.unwrap();
            sink.claim().await.unwrap().unwrap().token
        });
    }
    let tokens = within(claims.join_all()).await;
    let distinct: std::collections::BTreeSet<_> = tokens.iter().collect();
    assert_eq!(distinct.len(), 6, "{tokens:?}");
}
