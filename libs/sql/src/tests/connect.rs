//! Connectors, their options, and the graph.

use super::fake::{connectors, context};
use super::{TABLES, planned};
use expect_test::{Expect, expect};

#[track_caller]
fn check(text: &str, expect: Expect) {
    let pipeline = planned(text).unwrap();
    let got = pipeline.check_connectors(&connectors()).map_or_else(|error| error.to_string(), |()| "fine".into());
    expect.assert_eq(&got);
}

#[test]
fn options() {
    check(
        "CREATE TABLE a (x INT) WITH ('connector'='fake','pth'='1','frmat'='2','properties.x'='3','zzzzzzzz'='4');
         CREATE TABLE b (x INT) WITH ('connector'='fakee');
         CREATE TABLE c (x INT) WITH ('connector'='nonsense','path'='1');
         INSERT INTO b SELECT x FROM a; INSERT INTO c SELECT x FROM a",
        expect![[""]],
    );
    check(
        "CREATE TABLE a (x INT) WITH ('connector'='fake','path'='1','scan.watermark.idle-timeout'='1 s');
         CREATE TABLE b (x INT) WITH ('connector'='fake','path'='1','scan.watermark.idle-timeout'='1 s');
         INSERT INTO b SELECT x FROM a",
        expect![[""]],
    );
}

#[track_caller]
fn check_graph(text: &str, parallelism: usize, expect: Expect) {
    let pipeline = planned(&format!("{TABLES}{text}")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let graph = runtime.block_on(pipeline.build(&connectors(), &context(), parallelism));
    let got = match graph {
        Ok(graph) => graph.describe(),
        Err(error) => format!("{error}: {}", std::error::Error::source(&error).unwrap()),
    };
    expect.assert_eq(&got);
}

#[test]
fn graphs() {
    check_graph("INSERT INTO out SELECT k, b FROM t", 3, expect![[""]]);
    check_graph(
        "CREATE TABLE all_ (s TIMESTAMP(3), n BIGINT, PRIMARY KEY (s) NOT ENFORCED) WITH ('connector'='fake','path'='x');
         INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '90' SECOND)) WHERE i > 0 GROUP BY window_start, window_end, k;
         INSERT INTO all_ SELECT window_start, COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND)) GROUP BY window_start, window_end",
        4,
        expect![[""]],
    );
    check_graph(
        "CREATE TABLE w (s TIMESTAMP(3), k STRING) WITH ('connector'='fake','path'='x');
         INSERT INTO w SELECT window_start, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '90' SECOND)) WHERE i > 0",
        2,
        expect![[""]],
    );
}

#[test]
fn a_connectors_refusal_names_the_table() {
    check_graph(
        "CREATE TABLE a (x STRING, y BIGINT) WITH ('connector'='fake','path'='nowhere'); INSERT INTO out SELECT x, y FROM a",
        1,
        expect![[""]],
    );
}
