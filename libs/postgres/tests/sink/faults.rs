//! Broken connections and crashed writers: every epoch is applied once.

use crate::server::*;
use stream::ErrorKind;

const END_BACKEND: &str = "SELECT pg_terminate_backend(backend_pid)::text FROM ibb.sink_epochs";

async fn check_once(db: &Db, totals: stream::SinkCounters) {
    assert_eq!(totals, counters(2, 0, 0));
    assert_eq!(content(db, "t").await, ["1=a", "2=b"]);
    assert_eq!(db.staging_tables().await, [""; 0]);
}

/// Statements of an epoch whose rows are staged, as they are for a column of another type than the script's.
const STAGED: (&str, &[&str]) = (
    "CREATE TABLE t (k bigint, v varchar)",
    &[
        "DROP TABLE IF EXISTS ibb.",
        "COPY ibb.",
        "BEGIN",
        "SELECT token",
        "SELECT count(*) FROM ibb.",
        "SAVEPOINT merging",
        "DROP TABLE ibb.",
        "UPDATE ibb.sink_epochs SET generation",
        "COMMIT",
    ],
);

/// Those of one whose rows are copied straight into the table.
const DIRECT: (&str, &[&str]) = (
    "CREATE TABLE t (k bigint, v text)",
    &["BEGIN", "SELECT token", "COPY ", "UPDATE ibb.sink_epochs SET generation", "COMMIT"],
);

/// Goal: wherever the connection breaks, before a statement or before its answer, rows are there once.
#[tokio::test]
async fn a_broken_connection_is_resolved_by_claiming_again() {
    for (create, statements) in [STAGED, DIRECT] {
        for (statement, reply) in statements.iter().flat_map(|s| [(*s, false), (*s, true)]) {
            let db = Db::new().await;
            db.run(create).await;
            let proxy = proxy(&db).await;
            let mut sink = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
            sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
            if reply {
                proxy.cut_reply_to(statement)
            } else {
                proxy.cut_before(statement)
            }
            let totals = within(sink.commit(&epoch(2), &[rows(&[(2, "b")])])).await;
            assert!(proxy.is_done(), "{statement} was never seen");
            check_once(&db, totals.unwrap_or_else(|error| panic!("{statement}: {error}"))).await;
            assert_eq!(db.epochs().await, ["2 2 s2 2 0 0"], "claimed again once after {statement}");
        }
    }
}

/// Goal: the answer to claiming again may be lost as well; that is no other writer.
#[tokio::test]
async fn a_lost_answer_to_claiming_again_is_not_taken_for_fencing() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v varchar)").await;
    let proxy = proxy(&db).await;
    let mut sink = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
    sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    proxy.cut_reply_to("COMMIT");
    proxy.cut_reply_to("UPDATE ibb.sink_epochs SET token");
    proxy.cut_reply_to("UPDATE ibb.sink_epochs SET token");
    let totals = within(sink.commit(&epoch(2), &[rows(&[(2, "b")])])).await.unwrap();
    assert!(proxy.is_done());
    check_once(&db, totals).await;
    assert_eq!(db.epochs().await, ["4 2 s2 2 0 0"]);
}

/// Goal: a backend that is ended while it merges, or just before it commits, leaves nothing behind and the epoch is
/// run again.
#[tokio::test]
async fn an_ended_backend_is_resolved() {
    for statement in ["SAVEPOINT merging", "COMMIT"] {
        let db = Db::new().await;
        db.run("CREATE TABLE t (k bigint, v varchar)").await;
        let proxy = proxy(&db).await;
        let mut sink = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
        sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
        let hold = proxy.hold(statement);
        let commit = tokio::spawn(async move { sink.commit(&epoch(2), &[rows(&[(2, "b")])]).await });
        hold.reached().await;
        assert_eq!(db.texts(END_BACKEND).await, ["true"]);
        hold.release();
        check_once(&db, within(commit).await.unwrap().unwrap()).await;
    }
}

/// Goal: a staging table that lost its rows, as unlogged ones do in a crash, stops the epoch; run again, it succeeds.
#[tokio::test]
async fn an_emptied_staging_table_is_noticed() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v varchar)").await;
    let proxy = proxy(&db).await;
    let mut sink = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
    let hold = proxy.hold("BEGIN");
    let commit = tokio::spawn(async move {
        let result = sink.commit(&epoch(1), &[rows(&[(1, "a"), (2, "b")])]).await;
        (sink, result)
    });
    hold.reached().await;
    let staging = db.staging_tables().await;
    assert_eq!(staging.len(), 1);
    db.run(&format!("TRUNCATE ibb.\"{}\"", staging[0])).await;
    hold.release();
    let (mut sink, result) = within(commit).await.unwrap();
    let error = result.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("holds 0 of 2 rows") && error.message.contains(&staging[0]), "{error}");
    assert_eq!(content(&db, "t").await, [""; 0]);
    check_once(&db, sink.commit(&epoch(1), &[rows(&[(1, "a"), (2, "b")])]).await.unwrap()).await;
}

/// Goal: staging tables of a writer that crashed are removed by the next claim of the same sink, and only those.
#[tokio::test]
async fn leftovers_are_removed_by_the_next_claim() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v varchar); CREATE TABLE u (k bigint, v varchar)").await;
    for name in ["t", "u"] {
        let proxy = proxy(&db).await;
        let mut sink = claimed(&db.table_at(Some(proxy.port()), name, &columns(), &[])).await;
        let hold = proxy.hold("BEGIN");
        let commit = tokio::spawn(async move { sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await });
        hold.reached().await;
        commit.abort();
        assert!(commit.await.unwrap_err().is_cancelled());
    }
    assert_eq!(db.staging_tables().await.len(), 2);
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    assert_eq!(db.staging_tables().await.len(), 1);
    sink.commit(&epoch(1), &[rows(&[(1, "b")])]).await.unwrap();
    assert_eq!(content(&db, "t").await, ["1=b"]);
}

/// Goal: a dropped future leaves a sink that goes on with the next call.
#[tokio::test]
async fn a_dropped_commit_can_be_called_again() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v varchar)").await;
    let proxy = proxy(&db).await;
    let mut sink = claimed(&db.table_at(Some(proxy.port()), "t", &columns(), &[])).await;
    let hold = proxy.hold("SAVEPOINT merging");
    let (first, batch) = (epoch(1), [rows(&[(1, "a"), (2, "b")])]);
    tokio::select! {
        _ = sink.commit(&first, &batch) => panic!("the statement is held"),
        () = hold.reached() => {}
    }
    check_once(&db, within(sink.commit(&first, &batch)).await.unwrap()).await;
}

/// Goal: when connections keep breaking the sink gives up as unavailable, and a later call finishes the epoch.
#[tokio::test]
async fn retries_are_bounded() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v varchar)").await;
    let proxy = proxy(&db).await;
    let mut table = db.table_at(Some(proxy.port()), "t", &columns(), &[]);
    table.options.insert("sink.max-retries".into(), "1".into());
    let mut sink = claimed(&table).await;
    proxy.cut_before("COMMIT");
    proxy.cut_reply_to("COMMIT");
    let batch = [rows(&[(1, "a"), (2, "b")])];
    let error = within(sink.commit(&epoch(1), &batch)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
    assert!(error.message.contains("while committing the transaction"), "{error}");
    check_once(&db, within(sink.commit(&epoch(1), &batch)).await.unwrap()).await;
}

/// Goal: a server that crashes and comes back has what was committed, and the sink goes on by itself.
#[tokio::test]
async fn a_crashed_server_is_resolved() {
    let (embedded, folder) = start_embedded().await;
    let db = Db::of(Server::embedded(&embedded)).await;
    db.run("CREATE TABLE t (k bigint, v varchar)").await;
    let mut sink = claimed(&db.table("t", &columns(), &[])).await;
    sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    let port = embedded.port();
    within(embedded.kill()).await.unwrap();
    let restarted = within(restart_embedded(&folder)).await;
    assert_eq!(restarted.port(), port, "the folder keeps its port");
    check_once(&db, within(sink.commit(&epoch(2), &[rows(&[(2, "b")])])).await.unwrap()).await;
    within(restarted.stop()).await.unwrap();
}

/// Goal: a database that does not answer is named with what was tried, as one to try again.
#[tokio::test]
async fn an_unreachable_server_is_named() {
    let db = Db::new().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let table = db.table_at(Some(port), "t", &columns(), &[]);
    let mut context = context();
    context.connect_timeout = std::time::Duration::from_millis(400);
    let error = stream::Connector::sink(&postgres::Jdbc, &table, &context).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    for part in [&format!("127.0.0.1:{port}"), "400ms", "tries", "refused"] {
        assert!(error.message.contains(part), "{error}");
    }
    assert!(!full_message(&error).contains(db.password()));
}
