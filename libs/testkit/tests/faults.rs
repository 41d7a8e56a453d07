//! Faults against the real services: what the helpers promise, seen from outside.

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, raw_sql};
use std::time::{Duration, Instant};
use testkit::faults::{PgProxy, TcpProxy};
use testkit::generate::{Domain, Events, Shape};
use testkit::oracle::{assert_order_per_key, assert_same_rows};
use testkit::services::{Database, Isolation, Kafka, Postgres, Redis};
use testkit::until_async;

async fn through(database: &Database, port: u16) -> PgConnection {
    database.connect_options().port(port).connect().await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    raw_sql(sql).execute(connection).await.map(drop)
}

/// Goal: the transaction whose COMMIT reply is cut is committed, its client sees a broken connection, and only that one
/// is cut.
#[tokio::test]
async fn exactly_the_reply_of_a_commit_is_lost() {
    let postgres = Postgres::start().await.unwrap();
    let database = postgres.database("commit_cut").await.unwrap();
    database.run("CREATE TABLE t (n int)").await;
    let proxy = PgProxy::to(format!("{}:{}", database.host(), database.port())).await;
    let mut connection = through(&database, proxy.port()).await;
    proxy.cut_commit_reply(2);
    let insert = async |connection: &mut PgConnection| -> Result<(), sqlx::Error> {
        run(connection, "BEGIN").await?;
        run(connection, "INSERT INTO t VALUES (1)").await?;
        run(connection, "COMMIT").await
    };
    insert(&mut connection).await.unwrap();
    assert!(insert(&mut connection).await.is_err());
    assert_eq!(database.count("SELECT count(*) FROM t").await, 2);
    let mut again = through(&database, proxy.port()).await;
    insert(&mut again).await.unwrap();
    assert_eq!((proxy.commits(), proxy.commits_cut()), (3, 1));
}

/// Goal: what is cut before the server sees it is not done.
#[tokio::test]
async fn a_statement_is_cut_before_the_server_sees_it() {
    let postgres = Postgres::start().await.unwrap();
    let database = postgres.database("statement_cut").await.unwrap();
    database.run("CREATE TABLE t (n int)").await;
    let proxy = PgProxy::to(format!("{}:{}", database.host(), database.port())).await;
    proxy.cut_before("INSERT");
    let mut connection = through(&database, proxy.port()).await;
    assert!(run(&mut connection, "INSERT INTO t VALUES (1)").await.is_err());
    assert!(proxy.is_done());
    assert_eq!(database.count("SELECT count(*) FROM t").await, 0);
}

/// Goal: generated events come back from Kafka as often as they were sent and in order per key, and PostgreSQL, which
/// was given their rows, computes the same sums.
#[tokio::test]
async fn events_go_through_kafka_and_the_oracles_agree() {
    let (kafka, postgres) = tokio::try_join!(Kafka::start(), Postgres::start()).unwrap();
    let shape =
        Shape { records: 20_000, duplicates: 0.05, poison: 0.01, disorder_ms: 500, ..Shape::seeded(5) };
    let events: Vec<_> = Events::new(Domain::Orders, shape).collect();
    let topic = kafka.topic("orders", 4).await.unwrap();
    let numbered: Vec<(String, String)> =
        events.iter().map(|event| (event.key.clone(), event.line.clone())).collect();
    assert_eq!(kafka.produce(&topic, numbered.clone()).await.unwrap(), events.len() as u64);
    let records = kafka.read_to_end(&topic, Isolation::ReadCommitted).await.unwrap();
    assert_same_rows(
        numbered.iter().map(|(_, line)| line.as_str()),
        records.iter().map(|record| record.text()),
    );
    let offset_of_key = records.iter().map(|record| (record.key.clone(), record.offset.unsigned_abs()));
    assert_order_per_key(offset_of_key);

    let database = postgres.database("orders").await.unwrap();
    database.run(&format!("CREATE TABLE orders ({})", Domain::Orders.columns())).await;
    let rows: Vec<&String> = events.iter().filter_map(|event| event.row.as_ref()).collect();
    assert_eq!(database.copy_csv("orders", &rows).await, rows.len() as u64);
    let wrong = "SELECT customer, sum(amount) + 1 AS amount FROM orders GROUP BY 1";
    let right = "SELECT customer, sum(amount) AS amount FROM orders GROUP BY 1";
    database.assert_same_rows(right, right).await;
    assert!(!database.rows_that_differ(right, wrong).await.is_empty());
}

/// Goal: a paused broker answers nobody and loses nothing; a cut network is felt and heals.
#[tokio::test]
async fn pauses_and_cuts_are_felt_and_heal() {
    let redis = Redis::exclusive().await.unwrap();
    let proxy =
        TcpProxy::to(redis.url().trim_start_matches("redis://").trim_end_matches('/').to_owned()).await;
    let client = redis::Client::open(format!("redis://{}/", proxy.address())).unwrap();
    let ping = async || -> Option<String> {
        let mut connection =
            tokio::time::timeout(Duration::from_secs(1), client.get_multiplexed_async_connection())
                .await
                .ok()?
                .ok()?;
        let answer = redis::cmd("PING");
        tokio::time::timeout(Duration::from_secs(1), answer.query_async(&mut connection)).await.ok()?.ok()
    };
    assert_eq!(ping().await.as_deref(), Some("PONG"));
    redis.pause().await.unwrap();
    assert_eq!(ping().await, None);
    redis.unpause().await.unwrap();
    until_async("an answer", Duration::from_secs(30), &ping).await;
    proxy.cut();
    assert_eq!(ping().await, None);
    assert!(proxy.resets() > 0);
    proxy.restore();
    until_async("an answer", Duration::from_secs(30), &ping).await;
    let begun = Instant::now();
    redis.kill().await.unwrap();
    assert_eq!(ping().await, None);
    redis.start_again().await.unwrap();
    until_async("an answer", Duration::from_secs(30), &ping).await;
    testkit::say(&format!("redis was killed and serves again after {:.1} s", begun.elapsed().as_secs_f64()));
}
