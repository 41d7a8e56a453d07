//! Connectors, their options, and the graph.

use super::fake::{connectors, context};
use super::{TABLES, planned};
use expect_test::{Expect, expect};

#[track_caller]
fn check(text: &str, expect: Expect) {
    let pipeline = planned(text).unwrap();
    let got =
        pipeline.check_connectors(&connectors()).map_or_else(|error| error.to_string(), |()| "fine".into());
    expect.assert_eq(&got);
}

#[test]
fn options() {
    check(
        "CREATE TABLE a (x INT) WITH ('connector'='fake','pth'='1','frmat'='2','properties.x'='3','zzzzzzzz'='4');
         CREATE TABLE b (x INT) WITH ('connector'='fakee');
         CREATE TABLE c (x INT) WITH ('connector'='nonsense','path'='1');
         INSERT INTO b SELECT x FROM a; INSERT INTO c SELECT x FROM a",
        expect![[r#"
            line 1, column 14, at 'a': table 'a' lacks the option 'path': where
            line 1, column 49, at ''pth'': connector 'fake' has no option 'pth'; did you mean 'path'?
            line 1, column 59, at ''frmat'': connector 'fake' has no option 'frmat'; did you mean 'format'?
            line 1, column 90, at ''zzzzzzzz'': connector 'fake' has no option 'zzzzzzzz'; there is: path, format, properties.*, scan.watermark.idle-timeout, scan.watermark.emit.strategy
            line 2, column 51, at ''fakee'': unknown connector 'fakee'; did you mean 'fake'? (there is: fake)
            line 3, column 51, at ''nonsense'': unknown connector 'nonsense' (there is: fake)"#]],
    );
    check(
        "CREATE TABLE a (x INT) WITH ('connector'='fake','path'='1','scan.watermark.idle-timeout'='1 s');
         CREATE TABLE b (x INT) WITH ('connector'='fake','path'='1','scan.watermark.idle-timeout'='1 s');
         INSERT INTO b SELECT x FROM a",
        expect![
            "line 2, column 69, at ''scan.watermark.idle-timeout'': connector 'fake' has no option 'scan.watermark.idle-timeout'; there is: path, format, properties.*"
        ],
    );
}

/// Goal: names and values come together, each where it stands; of a table whose names are wrong only those.
#[test]
fn values() {
    let text = "CREATE TABLE a (x INT) WITH ('connector'='fake','path'='1','format'='odd');
         CREATE TABLE b (x INT, PRIMARY KEY (x) NOT ENFORCED) WITH ('connector'='fake','path'='1');
         CREATE TABLE c (x INT, PRIMARY KEY (x) NOT ENFORCED) WITH ('connector'='fake','pth'='1');
         INSERT INTO b SELECT x FROM a; INSERT INTO c SELECT x FROM a";
    let pipeline = planned(text).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(pipeline.check_tables(&connectors(), &context())).unwrap_err();
    expect![[r#"
        line 1, column 60, at ''format'': option 'format' = 'odd': no such format
        line 2, column 23, at 'b': it takes no key
        line 3, column 23, at 'c': table 'c' lacks the option 'path': where
        line 3, column 88, at ''pth'': connector 'fake' has no option 'pth'; did you mean 'path'?"#]]
    .assert_eq(&error.to_string());
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
    check_graph(
        "INSERT INTO out SELECT k, b FROM t",
        3,
        expect![[r#"
            0: source:t x3  fake: k, b, ts; watermark ts - 5s
            1: out/calc-0 x3  select k, b as n  <- 0
            2: sink:out x1  fake: k STRING, n BIGINT  <- 1 gathered
        "#]],
    );
    check_graph(
        "CREATE TABLE all_ (s TIMESTAMP(3), n BIGINT, PRIMARY KEY (s) NOT ENFORCED) WITH ('connector'='fake','path'='x');
         INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '90' SECOND)) WHERE i > 0 GROUP BY window_start, window_end, k;
         INSERT INTO all_ SELECT window_start, COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND)) GROUP BY window_start, window_end",
        4,
        expect![[r#"
            0: source:t x4  fake: k, i, ts; watermark ts - 5s
            1: out/calc-0 x4  filter i > 0; select ts, k, 1 as count(1)  <- 0
            2: out/window x4  TUMBLE 90s on ts by k: count(1)  <- 1 hashed by k
            3: out/calc-1 x4  select k, count(1) as n  <- 2
            4: sink:out x1  fake: k STRING, n BIGINT  <- 3 gathered
            5: all_/calc-0 x4  select ts, 1 as count(1)  <- 0
            6: all_/window x1  HOP 1s of 2s on ts: count(1)  <- 5 hashed by 
            7: all_/calc-1 x1  select window_start as s, count(1) as n  <- 6
            8: sink:all_ x1  fake: s TIMESTAMP(3), n BIGINT; key s  <- 7 gathered
        "#]],
    );
    check_graph(
        "CREATE TABLE w (s TIMESTAMP(3), k STRING) WITH ('connector'='fake','path'='x');
         INSERT INTO w SELECT window_start, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '90' SECOND)) WHERE i > 0",
        2,
        expect![[r#"
            0: source:t x2  fake: k, i, ts; watermark ts - 5s
            1: w/calc-0 x2  filter i > 0  <- 0
            2: w/window x2  TUMBLE 90s on ts  <- 1
            3: w/calc-1 x2  select window_start as s, k  <- 2
            4: sink:w x1  fake: s TIMESTAMP(3), k STRING  <- 3 gathered
        "#]],
    );
}

#[test]
fn a_connectors_refusal_names_the_table() {
    check_graph(
        "CREATE TABLE a (x STRING, y BIGINT) WITH ('connector'='fake','path'='nowhere'); INSERT INTO out SELECT x, y FROM a",
        1,
        expect!["cannot open table 'a': there is no such file"],
    );
}
