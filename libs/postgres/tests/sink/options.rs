//! Options that cannot work, and what messages never tell.

use crate::server::*;
use stream::{Connector as _, ErrorKind};

/// Goal: wrong options are refused by name.
#[tokio::test]
async fn wrong_options_are_named() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    for (option, value, part) in [
        ("url", "jdbc:mysql://h/d", "option 'url'"),
        ("driver", "com.mysql.Driver", "com.mysql.Driver"),
        ("sink.max-retries", "many", "option 'sink.max-retries' is 'many'"),
        ("connection.max-retry-timeout", "soon", "option 'connection.max-retry-timeout' is 'soon'"),
        ("lookup.cache", "PARTIAL", "option 'lookup.cache' is unknown"),
    ] {
        let mut table = db.table("t", &columns(), &[]);
        table.options.insert(option.into(), value.into());
        let error = sink(&table).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(part), "{error}");
    }
    let mut table = db.table("t", &columns(), &[]);
    table.options.remove("table-name");
    assert!(sink(&table).await.err().unwrap().message.contains("needs option 'table-name'"));
}

/// Goal: all of Flink's sink options are accepted.
#[tokio::test]
async fn flinks_options_are_accepted() {
    let db = Db::new().await;
    db.run("CREATE SCHEMA ops; CREATE TABLE ops.t (k bigint, v text)").await;
    let mut table = db.table("t", &columns(), &[]);
    for (name, value) in [
        ("driver", "org.postgresql.Driver"),
        ("sink.buffer-flush.interval", "2s"),
        ("sink.buffer-flush.max-rows", "500"),
        ("sink.max-retries", "5"),
        ("sink.parallelism", "2"),
        ("connection.max-retry-timeout", "30 s"),
    ] {
        table.options.insert(name.into(), value.into());
    }
    let url = format!("{}&currentSchema=ops,public&connectTimeout=5", table.options["url"]);
    table.options.insert("url".into(), url);
    let mut sink = claimed(&table).await;
    sink.commit(&epoch(1), &[rows(&[(1, "a")])]).await.unwrap();
    assert_eq!(content(&db, "ops.t").await, ["1=a"]);
}

/// Goal: reading is refused by name.
#[tokio::test]
async fn sources_are_refused() {
    let db = Db::new().await;
    let error = postgres::Jdbc.source(&db.table("t", &columns(), &[]), &context()).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.starts_with("reading a jdbc table is not supported yet"), "{error}");
}

/// Goal: a wrong password, role or database is told from a server that does not answer; the password is never told.
#[tokio::test]
async fn failed_logins_are_told_apart_without_the_password() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let started = std::time::Instant::now();
    for (option, value, kind) in [
        ("password", "wr0ng-hunter2", ErrorKind::Permission),
        ("username", "nobody_here", ErrorKind::Permission),
        ("database", "no_such_database", ErrorKind::Config),
    ] {
        let mut table = db.table("t", &columns(), &[]);
        match option {
            "database" => {
                let url = table.options["url"].replace(&db.name, value);
                table.options.insert("url".into(), url);
            }
            _ => _ = table.options.insert(option.into(), value.into()),
        }
        let error = sink(&table).await.err().unwrap();
        assert_eq!(error.kind, kind, "{error}");
        for secret in [db.password(), "wr0ng-hunter2"] {
            assert!(!full_message(&error).contains(secret), "{error}");
            assert!(!format!("{error:?}").contains(secret), "{error:?}");
        }
    }
    assert!(started.elapsed() < DEADLINE, "such errors are not retried");
}

/// Goal: without TLS at the server, `require` is refused and `prefer` goes on.
#[tokio::test]
async fn tls_is_required_or_preferred() {
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint, v text)").await;
    let with = |mode: &str| {
        let mut table = db.table("t", &columns(), &[]);
        let url = table.options["url"].replace("sslmode=disable", &format!("sslmode={mode}"));
        table.options.insert("url".into(), url);
        table
    };
    sink(&with("prefer")).await.unwrap();
    if db.texts("SHOW ssl").await == ["off"] {
        let error = sink(&with("verify-full")).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains("TLS"), "{error}");
    }
}
