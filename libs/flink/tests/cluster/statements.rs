//! Scripts: their errors and their statement sets.

use crate::cluster::{LIMIT, batch, jobs, query, run, statement, streaming};
use expect_test::{Expect, expect};
use flink::{FlinkError, Session, split};
use std::collections::BTreeMap;
use testkit::services::unique;

/// Runs a script until a statement fails, and gives the error.
async fn error_of(session: &Session, script: &str) -> FlinkError {
    for statement in split(script).unwrap() {
        let done = match session.execute(&statement).await {
            Ok(mut results) => results.collect(LIMIT).await.map(drop),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            return error;
        }
    }
    panic!("nothing of this failed: {script}")
}

#[track_caller]
fn check(error: FlinkError, expect: Expect) {
    let kind = match error {
        FlinkError::Sql { .. } => "sql",
        FlinkError::JobFailed { .. } => "job failed",
        FlinkError::Unreachable { .. } => "unreachable",
        FlinkError::SessionLost { .. } => "session lost",
        FlinkError::JobUnknown { .. } => "job unknown",
        FlinkError::SubmissionUnknown { .. } => "submission unknown",
        FlinkError::Timeout { .. } => "timeout",
        FlinkError::Unsupported { .. } => "unsupported",
        FlinkError::Protocol { .. } => "protocol",
    };
    expect.assert_eq(&format!("{kind}: {error}"));
}

/// Goal: what Flink says about a statement points into the script, behind characters of two UTF-16 units and tabs too.
#[tokio::test]
async fn errors_point_into_the_script() {
    let session = batch().await;
    let table = "CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '1');\n";
    check(
        error_of(&session, "-- one\nSHOW TABLES;\n  SELECT a FORM t;").await,
        expect![[r#"sql: line 3, column 17: Encountered "t"."#]],
    );
    check(
        error_of(&session, &format!("{table}\n SELECT b,\n   x FROM t;")).await,
        expect!["sql: line 4, column 4: Column 'x' not found in any table"],
    );
    check(
        error_of(&session, "SELECT '🦀', missing FROM t").await,
        expect!["sql: line 1, column 13: Column 'missing' not found in any table"],
    );
    check(
        error_of(&session, "SELECT\t1,\tmissing FROM t").await,
        expect!["sql: line 1, column 11: Column 'missing' not found in any table"],
    );
    check(
        error_of(&session, "SHOW TABLES; SELECT a FROM\n nowhere").await,
        expect!["sql: line 2, column 2: Object 'nowhere' not found"],
    );
    check(error_of(&session, "SELECT (1").await, expect![[r#"sql: line 1, column 9: Encountered "<EOF>"."#]]);
    check(error_of(&session, "SELECT \"a\"").await, expect![[r#"sql: line 1, column 8: Encountered "\""."#]]);
    check(
        error_of(&session, "SELECT UNKNOWN_FUNCTION(1)").await,
        expect!["sql: line 1, column 8: No match found for function signature UNKNOWN_FUNCTION(<NUMERIC>)"],
    );
    check(
        error_of(&session, "SELECT 'a' + DATE '2020-01-01'").await,
        expect![
            "sql: line 1, column 8: Cannot apply '+' to arguments of type '<CHAR(1)> + <DATE>'. Supported form(s): '<NUMERIC> + <NUMERIC>' '<DATETIME_INTERVAL> + <DATETIME_INTERVAL>' '<DATETIME> + <DATETIME_INTERVAL>' '<DATETIME_INTERVAL> + <DATETIME>'"
        ],
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn errors_without_a_place() {
    let session = batch().await;
    let unknown = "CREATE TABLE u (a INT) WITH ('connector' = 'nothing'); SELECT * FROM u";
    let error = error_of(&session, unknown).await.to_string();
    let (what, known) = error.split_once(" Available factory identifiers are: ").expect(&error);
    assert_eq!(
        what,
        "Could not find any factory for identifier 'nothing' that implements \
         'org.apache.flink.table.factories.DynamicTableFactory' in the classpath."
    );
    // Which others there are is a matter of the cluster's jars.
    assert!(known.split(' ').any(|name| name == "datagen"), "{known}");
    check(
        error_of(
            &session,
            "CREATE TABLE v (a INT) WITH ('connector' = 'datagen', 'rows' = '1'); SELECT * FROM v",
        )
        .await,
        expect![
            "sql: Unsupported options found for 'datagen'. Unsupported options: rows Supported options: connector fields.a.kind fields.a.max fields.a.min fields.a.null-rate number-of-rows rows-per-second scan.parallelism"
        ],
    );
    check(
        error_of(&session, "CREATE TABLE u (a INT) WITH ('connector' = 'print')").await,
        expect!["sql: Table (or view) default_database.u already exists in Catalog default_catalog."],
    );
    check(
        error_of(&session, "DROP TABLE nowhere").await,
        expect!["sql: Table with identifier 'default_catalog.default_database.nowhere' does not exist."],
    );
    check(
        error_of(&session, "USE CATALOG nowhere").await,
        expect!["sql: A catalog with name [nowhere] does not exist."],
    );
    session.close().await.unwrap();
}

/// Goal: a query that fails while it runs says why, and names its job.
#[tokio::test]
async fn a_failing_query_says_why() {
    let session = batch().await;
    let mut results =
        query(&session, "SELECT CAST(x AS INT) FROM (VALUES ('1'), ('no number')) AS t (x)").await;
    let error = results.collect(LIMIT).await.unwrap_err();
    let FlinkError::JobFailed { ref cause, .. } = error else { panic!("{error:?}") };
    expect!["NumberFormatException: For input string: 'no number'. Invalid character found."]
        .assert_eq(cause);
    session.close().await.unwrap();
}

/// Goal: one job fills both sinks, and an error in the second INSERT has its place.
#[tokio::test]
async fn a_statement_set_is_one_job() {
    let session = streaming().await;
    for name in ["left_sink", "right_sink"] {
        run(&session, &format!("CREATE TABLE {name} (n BIGINT) WITH ('connector' = 'blackhole')")).await;
    }
    run(&session, "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '100')")
        .await;
    let name = unique("set");
    let set = statement(
        "EXECUTE STATEMENT SET BEGIN\n INSERT INTO left_sink SELECT n FROM numbers;\n INSERT INTO right_sink SELECT n FROM numbers;\nEND",
    );
    let submitted = session.submit(&set, &name, &BTreeMap::new(), &jobs().await, LIMIT).await.unwrap();
    let detail = jobs().await.job(&submitted.job).await.unwrap();
    assert_eq!(detail.name, name);
    assert_eq!(jobs().await.wait_end(&submitted.job, LIMIT).await.unwrap(), flink::JobState::Finished);
    let script = "SHOW TABLES;\nEXECUTE STATEMENT SET BEGIN\n INSERT INTO left_sink SELECT n FROM numbers;\n INSERT INTO right_sink SELECT missing FROM numbers;\nEND;";
    check(
        error_of(&session, script).await,
        expect!["sql: line 4, column 32: Column 'missing' not found in any table"],
    );
    session.close().await.unwrap();
}

/// Goal: `SET` and `RESET` of a script change the session.
#[tokio::test]
async fn settings_are_the_sessions() {
    let session = streaming().await;
    run(&session, "SET 'pipeline.name' = 'it''s'").await;
    assert_eq!(session.properties().await.unwrap().get("pipeline.name").map(String::as_str), Some("it's"));
    run(&session, "RESET 'pipeline.name'").await;
    assert_eq!(session.properties().await.unwrap().get("pipeline.name"), None);
    check(
        session
            .set("parallelism.default", "many")
            .await
            .err()
            .unwrap_or(FlinkError::Timeout { doing: "none".into(), limit: LIMIT }),
        expect!["sql: Could not parse value 'many' for key 'parallelism.default'."],
    );
    session.close().await.unwrap();
}
