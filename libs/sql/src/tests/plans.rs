//! What scripts become.

use super::{check, check_with_tables};
use expect_test::expect;

#[test]
fn the_sample() {
    check(
        "SET 'execution.checkpointing.interval' = '1 s';
CREATE TABLE flights (carrier STRING, dep_delay DOUBLE, cancelled BOOLEAN, sched STRING, ts AS TO_TIMESTAMP_LTZ(sched_ms, 3), sched_ms BIGINT, WATERMARK FOR ts AS ts - INTERVAL '30' MINUTE) WITH ('connector'='kafka','topic'='flights','properties.bootstrap.servers'='b:9092','format'='json');
CREATE TABLE flights_per_carrier (window_start TIMESTAMP(3), window_end TIMESTAMP(3), carrier STRING, flights BIGINT, departed BIGINT, mean_delay DOUBLE, max_delay DOUBLE, PRIMARY KEY (window_start, carrier) NOT ENFORCED) WITH ('connector'='jdbc','url'='u','table-name'='flights_per_carrier','username'='u','password'='p');
INSERT INTO flights_per_carrier SELECT window_start, window_end, carrier, COUNT(*), COUNT(dep_delay), AVG(dep_delay), MAX(dep_delay) FROM TABLE(TUMBLE(TABLE flights, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE carrier IS NOT NULL GROUP BY window_start, window_end, carrier;",
        expect![[""]],
    );
}

#[test]
fn a_filter_and_a_projection() {
    check_with_tables("INSERT INTO out SELECT k, b FROM t WHERE d > 1.5 AND i IN (1, 2)", expect![[""]]);
    check_with_tables("INSERT INTO out SELECT * FROM (SELECT k, b FROM t)", expect![[""]]);
    check_with_tables("INSERT INTO out SELECT x.r.y.z, x.r.x + 1 FROM t AS x", expect![[""]]);
    check_with_tables("INSERT INTO out WITH c AS (SELECT k, i * 2 AS n FROM t) SELECT k, n FROM c", expect![[""]]);
}

#[test]
fn windows() {
    check_with_tables(
        "INSERT INTO out SELECT k, COUNT(DISTINCT i) FILTER (WHERE d > 0) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '1' MINUTE)) AS w GROUP BY k, window_start, window_end HAVING COUNT(*) > 2",
        expect![[""]],
    );
    check_with_tables(
        "INSERT INTO out SELECT CAST(window_end AS STRING), SUM(b * 2) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '8' HOUR)) GROUP BY window_start, window_end, window_time",
        expect![[""]],
    );
    check_with_tables(
        "INSERT INTO out SELECT u, COUNT(*) FROM (SELECT UPPER(k) AS u, window_start AS window_start, window_end FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE i > 0) WHERE u <> 'X' GROUP BY u, window_start, window_end",
        expect![[""]],
    );
    check_with_tables(
        "CREATE TABLE w (s TIMESTAMP(3), e TIMESTAMP(3), k STRING) WITH ('connector'='fake','path'='w');
         INSERT INTO w SELECT window_start, window_end, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE i > 0 AND window_start > TIMESTAMP '2020-01-01 00:00:00'",
        expect![[""]],
    );
}

#[test]
fn results_have_flinks_types() {
    check_with_tables(
        "CREATE TABLE a (s1 INT, a1 INT, s2 BIGINT, a2 BIGINT, s3 DECIMAL(38, 2), a3 DECIMAL(38, 6), a4 DOUBLE) WITH ('connector'='fake','path'='w');
         INSERT INTO a SELECT SUM(i), AVG(i), SUM(b), AVG(b), SUM(p), AVG(p), AVG(d) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end",
        expect![[""]],
    );
}

#[test]
fn a_view_is_a_query_with_a_name() {
    check_with_tables(
        "CREATE TEMPORARY VIEW v (kk, at, twice, unused) AS SELECT k, ts, i * 2, d / 2 FROM t WHERE i > 0;
         INSERT INTO out SELECT kk, SUM(twice) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(at), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, kk",
        expect![[""]],
    );
}

#[test]
fn a_source_of_several_queries_is_read_once() {
    check_with_tables(
        "CREATE TABLE out2 (n BIGINT) WITH ('connector'='fake','path'='z');
         EXECUTE STATEMENT SET BEGIN
         INSERT INTO out SELECT k, b FROM plain JOIN_ CROSS_; INSERT INTO out2 SELECT b FROM t; END;",
        expect![[""]],
    );
    check_with_tables(
        "CREATE TABLE out2 (n BIGINT) WITH ('connector'='fake','path'='z');
         EXECUTE STATEMENT SET BEGIN INSERT INTO out SELECT k, i FROM t; INSERT INTO out2 SELECT b FROM t; END;",
        expect![[""]],
    );
}

#[test]
fn columns_of_every_kind() {
    check(
        "CREATE TABLE m (`off set` BIGINT METADATA FROM 'offset' VIRTUAL, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', a INT NOT NULL COMMENT 'x', twice AS a * 2 COMMENT 'y', s STRING, WATERMARK FOR at AS at) COMMENT 'c' PARTITIONED BY (s) WITH ('connector'='fake','path'='x','scan.watermark.idle-timeout'='5 s');
         CREATE TABLE o (a BIGINT, t INT, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', o BIGINT METADATA VIRTUAL) WITH ('connector'='fake','path'='x');
         INSERT INTO o SELECT `off set`, twice, at FROM m",
        expect![[""]],
    );
    check_with_tables("INSERT INTO out (n) SELECT 1 FROM t", expect![[""]]);
}

#[test]
fn settings_of_a_cluster_are_listed() {
    check_with_tables(
        "SET 'state.backend.type' = 'rocksdb'; INSERT INTO out SELECT k, NULL FROM t",
        expect![[""]],
    );
}
