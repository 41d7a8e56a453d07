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
        expect![[r#"
            source flights: kafka: carrier, dep_delay, ts; watermark ts - 30m
            query flights_per_carrier from flights
              filter carrier IS NOT NULL
              select ts, carrier, 1 as count(1), dep_delay
              TUMBLE 1h on ts by carrier: count(1), count(dep_delay), avg(dep_delay), max(dep_delay)
              select window_start, window_end, carrier, count(1) as flights, count(dep_delay) as departed, avg(dep_delay) as mean_delay, max(dep_delay) as max_delay
            sink flights_per_carrier: jdbc: window_start TIMESTAMP(3), window_end TIMESTAMP(3), carrier STRING, flights BIGINT, departed BIGINT, mean_delay DOUBLE, max_delay DOUBLE; key window_start, carrier
        "#]],
    );
}

#[test]
fn a_filter_and_a_projection() {
    check_with_tables(
        "INSERT INTO out SELECT k, b FROM t WHERE d > 1.5 AND i IN (1, 2)",
        expect![[r#"
            source t: fake: k, i, b, d, ts; watermark ts - 5s
            query out from t
              filter float_gt(d, 1.5) AND (i = 1 OR i = 2)
              select k, b as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT * FROM (SELECT k, b FROM t)",
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query out from t
              select k, b as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT x.r.y.z, x.r.x + 1 FROM t AS x",
        expect![[r#"
            source t: fake: ts, r; watermark ts - 5s
            query out from t
              select get_field(r, y, z) as z, get_field(r, x) + 1 as EXPR$1
              select z as k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out WITH c AS (SELECT k, i * 2 AS n FROM t) SELECT k, n FROM c",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              select k, i * 2 as n
              select k, CAST(n AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn windows() {
    check_with_tables(
        "INSERT INTO out SELECT k, COUNT(DISTINCT i) FILTER (WHERE d > 0) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '1' MINUTE)) AS w GROUP BY k, window_start, window_end HAVING COUNT(*) > 2",
        expect![[r#"
            source t: fake: k, i, d, ts; watermark ts - 5s
            query out from t
              select ts, k, i, float_gt(d, 0) as count(DISTINCT i) FILTER (WHERE float_gt(d, Int32(0))), 1 as count(1)
              HOP 5s of 1m on ts by k: count(DISTINCT i) FILTER (WHERE float_gt(d, Int32(0))), count(1)
              select k, count(DISTINCT i) FILTER (WHERE float_gt(d, Int32(0))) as count(DISTINCT w.i) FILTER (WHERE w.d > Int64(0)), count(1) as count(Int64(1))
              filter count(Int64(1)) > 2
              select k, count(DISTINCT w.i) FILTER (WHERE w.d > Int64(0)) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT CAST(window_end AS STRING), SUM(b * 2) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '8' HOUR)) GROUP BY window_start, window_end, window_time",
        expect![[r#"
            source t: fake: b, ts; watermark ts - 5s
            query out from t
              select ts, b * 2 as sum(b * 2)
              TUMBLE 1d offset 8h on ts: sum(b * 2)
              select timestamp_to_string(window_end) as k, sum(b * 2) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT u, COUNT(*) FROM (SELECT UPPER(k) AS u, window_start AS window_start, window_end FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE i > 0) WHERE u <> 'X' GROUP BY u, window_start, window_end",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              filter i > 0
              select upper(k) as u, ts
              filter u != X
              select ts, u, 1 as count(1)
              TUMBLE 1h on ts by u: count(1)
              select u as k, count(1) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "CREATE TABLE w (s TIMESTAMP(3), e TIMESTAMP(3), k STRING) WITH ('connector'='fake','path'='w');
         INSERT INTO w SELECT window_start, window_end, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE i > 0 AND window_start > TIMESTAMP '2020-01-01 00:00:00'",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query w from t
              filter i > 0
              TUMBLE 1h on ts
              filter window_start > 1577836800000
              select window_start as s, window_end as e, k
            sink w: fake: s TIMESTAMP(3), e TIMESTAMP(3), k STRING
        "#]],
    );
}

#[test]
fn results_have_flinks_types() {
    check_with_tables(
        "CREATE TABLE a (s1 INT, a1 INT, s2 BIGINT, a2 BIGINT, s3 DECIMAL(38, 2), a3 DECIMAL(38, 6), a4 DOUBLE) WITH ('connector'='fake','path'='w');
         INSERT INTO a SELECT SUM(i), AVG(i), SUM(b), AVG(b), SUM(p), AVG(p), AVG(d) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end",
        expect![[r#"
            source t: fake: i, b, d, p, ts; watermark ts - 5s
            query a from t
              select ts, CAST(i AS Int64) as sum(i), b, TRY_CAST(p AS Decimal128(38, 2)) as sum(p), d
              TUMBLE 1h on ts: sum(i), count(i), sum(b), count(b), sum(p), count(p), avg(d)
              select wrap(sum(i)) as s1, wrap(sum(i) / count(i)) as a1, sum(b) as s2, wrap(sum(b) / count(b)) as a2, sum(p) as s3, decimal_divide(sum(p), TRY_CAST(count(p) AS Decimal128(20, 0))) as a3, avg(d) as a4
            sink a: fake: s1 INT, a1 INT, s2 BIGINT, a2 BIGINT, s3 DECIMAL(38, 2), a3 DECIMAL(38, 6), a4 DOUBLE
        "#]],
    );
}

#[test]
fn a_view_is_a_query_with_a_name() {
    check_with_tables(
        "CREATE TEMPORARY VIEW v (kk, at, twice, unused) AS SELECT k, ts, i * 2, d / 2 FROM t WHERE i > 0;
         INSERT INTO out SELECT kk, SUM(twice) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(at), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, kk",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              filter i > 0
              select k as kk, ts as at, i * 2 as twice
              select at, kk, CAST(twice AS Int64) as sum(twice)
              TUMBLE 1h on at by kk: sum(twice)
              select kk, wrap(sum(twice)) as EXPR$1
              select kk as k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn a_source_of_several_queries_is_read_once() {
    check_with_tables(
        "CREATE TABLE out2 (n BIGINT) WITH ('connector'='fake','path'='z');
         EXECUTE STATEMENT SET BEGIN
         INSERT INTO out SELECT k, b FROM plain JOIN_ CROSS_; INSERT INTO out2 SELECT b FROM t; END;",
        expect!["line 6, column 55, at 'CROSS_': expected the end of the statement"],
    );
    check_with_tables(
        "CREATE TABLE out2 (n BIGINT) WITH ('connector'='fake','path'='z');
         EXECUTE STATEMENT SET BEGIN INSERT INTO out SELECT k, i FROM t; INSERT INTO out2 SELECT b FROM t; END;",
        expect![[r#"
            source t: fake: k, i, b, ts; watermark ts - 5s
            query out from t
              select k, CAST(i AS Int64) as n
            sink out: fake: k STRING, n BIGINT
            query out2 from t
              select b as n
            sink out2: fake: n BIGINT
        "#]],
    );
}

#[test]
fn columns_of_every_kind() {
    check(
        "CREATE TABLE m (`off set` BIGINT METADATA FROM 'offset' VIRTUAL, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', a INT NOT NULL COMMENT 'x', twice AS a * 2 COMMENT 'y', s STRING, WATERMARK FOR at AS at) COMMENT 'c' PARTITIONED BY (s) WITH ('connector'='fake','path'='x','scan.watermark.idle-timeout'='5 s');
         CREATE TABLE o (a BIGINT, t INT, at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp', o BIGINT METADATA VIRTUAL) WITH ('connector'='fake','path'='x');
         INSERT INTO o SELECT `off set`, twice, at FROM m",
        expect![[r#"
            source m: fake: off set, at, twice; watermark at; idle after 5s
            query o from m
              select off set as a, twice as t, at
            sink o: fake: a BIGINT, t INT, at TIMESTAMP_LTZ(3)
        "#]],
    );
    check_with_tables(
        "INSERT INTO out (n) SELECT 1 FROM t",
        expect![[r#"
            source t: fake: ts; watermark ts - 5s
            query out from t
              select 1 as EXPR$0
              select NULL as k, CAST(EXPR$0 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn settings_of_a_cluster_are_listed() {
    check_with_tables(
        "SET 'state.backend.type' = 'rocksdb'; INSERT INTO out SELECT k, NULL FROM t",
        expect![[r#"
            source t: fake: k, ts; watermark ts - 5s
            query out from t
              select k, NULL as EXPR$1
              select k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
            not used by the embedded engine: state.backend.type = rocksdb
        "#]],
    );
}
