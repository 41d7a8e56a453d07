//! Windows that take late rows.

use super::{check_each, check_with_tables};
use expect_test::expect;

const SCRIPT: &str = "SET 'ibb.window.allowed-lateness' = '1 min';
CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');";

#[test]
fn plans() {
    check_with_tables(
        &format!(
            "{SCRIPT} INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end, k"
        ),
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query sums from t
              select ts, k, b
              HOP 10s of 30s on ts by k: sum(b); late rows amend for 1m
              select window_start as s, window_end as e, k, sum(b) as n
            sink sums: fake: s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT; key s, k
        "#]],
    );
}

#[test]
fn what_cannot_take_late_rows_is_refused() {
    let window = "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))";
    let group = "GROUP BY window_start, window_end";
    let queries = [
        "SELECT ts, ts, k, b FROM t".to_owned(),
        format!("SELECT window_start, window_end, k, SUM(b) {window} {group}, k HAVING SUM(b) > 1"),
        format!("SELECT window_start, window_end, 'a', SUM(b) {window} {group}"),
        format!("SELECT window_start, window_end, k, SUM(b) {window} {group}, k, i"),
        format!("SELECT window_start, window_end, k, SUM(b) {window} {group}, GROUPING SETS ((k), ())"),
        format!("SELECT window_start, window_end, k, b {window}"),
        "SELECT window_start, window_end, k, SUM(b) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k".to_owned(),
        "SELECT window_start, window_end, k, SUM(b) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k".to_owned(),
    ];
    let head = SCRIPT.replace('\n', " ");
    let scripts: Vec<String> =
        queries.iter().map(|query| format!("{head} INSERT INTO sums {query}")).collect();
    check_each(
        &scripts.join("\n"),
        expect![[r#"
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT ts, ts, k, b FROM t
            planned
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k HAVING SUM(b) > 1
            line 4, column 258, at 'TABLE': 'ibb.window.allowed-lateness' does not go with HAVING, or another window behind it: it is for aggregations over TUMBLE and HOP whose results are written as they are
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, 'a', SUM(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end
            line 4, column 321, at 'GROUP': a PRIMARY KEY that is not the columns of GROUP BY, or of PARTITION BY, all of them, in the types they have there, is not supported yet by the embedded engine; it runs on a Flink cluster
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k, i
            line 4, column 319, at 'GROUP': a PRIMARY KEY that is not the columns of GROUP BY, or of PARTITION BY, all of them, in the types they have there, is not supported yet by the embedded engine; it runs on a Flink cluster
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, GROUPING SETS ((k), ())
            line 4, column 258, at 'TABLE': 'ibb.window.allowed-lateness' does not go with CUMULATE, GROUPING SETS, CUBE or ROLLUP: it is for aggregations over TUMBLE and HOP whose results are written as they are
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, b FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND))
            line 4, column 253, at 'TABLE': 'ibb.window.allowed-lateness' does not go with anything but an aggregation per window: it is for aggregations over TUMBLE and HOP whose results are written as they are
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k
            line 4, column 258, at 'TABLE': 'ibb.window.allowed-lateness' does not go with CUMULATE, GROUPING SETS, CUBE or ROLLUP: it is for aggregations over TUMBLE and HOP whose results are written as they are
        SET 'ibb.window.allowed-lateness' = '1 min'; CREATE TABLE sums (s TIMESTAMP(3), e TIMESTAMP(3), k STRING, n BIGINT, PRIMARY KEY (s, k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO sums SELECT window_start, window_end, k, SUM(b) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k
            line 4, column 258, at 'TABLE': 'ibb.window.allowed-lateness' does not go with anything but an aggregation per window: it is for aggregations over TUMBLE and HOP whose results are written as they are
    "#]],
    );
}
