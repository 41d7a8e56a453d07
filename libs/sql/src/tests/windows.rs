//! Windows and what is done with them.

use super::{check_each, check_with_tables};
use expect_test::expect;

#[test]
fn cumulating_windows() {
    check_with_tables(
        "INSERT INTO out SELECT k, COUNT(*) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '1' DAY, INTERVAL '8' HOUR)) GROUP BY window_start, window_end, k",
        expect![[r#"
            source t: fake: k, ts; watermark ts - 5s
            query out from t
              select ts, k, 1 as count(1)
              CUMULATE 10m up to 1d offset 8h on ts by k: count(1)
              select k, count(1) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn sessions() {
    check_with_tables(
        "INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) WHERE i > 0 GROUP BY window_start, window_end, k",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              filter i > 0
              select ts, k, 1 as count(1)
              SESSION 5m on ts by k: count(1)
              select k, count(1) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT 'all', COUNT(*) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end",
        expect![[r#"
            source t: fake: ts; watermark ts - 5s
            query out from t
              select ts, 1 as count(1)
              SESSION 5m on ts: count(1)
              select all as k, count(1) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT u, n FROM (SELECT UPPER(k) AS u, b AS n, i FROM TABLE(SESSION(TABLE t PARTITION BY i, DESCRIPTOR(ts), INTERVAL '5' MINUTE))) WHERE i > 0",
        expect![[r#"
            source t: fake: k, i, b, ts; watermark ts - 5s
            query out from t
              SESSION 5m on ts by i
              select upper(k) as u, b as n, i
              filter i > 0
              select u as k, n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn time_told_after_each_row() {
    check_with_tables(
        "CREATE TABLE e (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='fake','path'='x','scan.watermark.emit.strategy'='on-event'); INSERT INTO out SELECT k, 1 FROM e",
        expect![[r#"
            source e: fake: k, ts; watermark ts after each row
            query out from e
              select k, 1 as EXPR$1
              select k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "CREATE TABLE e (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='fake','path'='x','scan.watermark.emit.strategy'='on-periodic'); INSERT INTO out SELECT k, 1 FROM e",
        expect![[r#"
            source e: fake: k, ts; watermark ts
            query out from e
              select k, 1 as EXPR$1
              select k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "CREATE TABLE e (k STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='fake','path'='x','scan.watermark.emit.strategy'='sometimes'); INSERT INTO out SELECT k, 1 FROM e",
        expect![
            "line 4, column 104, at ''scan.watermark.emit.strategy'': 'scan.watermark.emit.strategy' is 'on-event' or 'on-periodic', not 'sometimes'"
        ],
    );
}

#[test]
fn windows_over_windows() {
    check_with_tables(
        "CREATE VIEW v AS SELECT window_start AS s, window_end AS e, window_time AS rt, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time, k; INSERT INTO out SELECT k, SUM(n) FROM TABLE(HOP(TABLE v, DESCRIPTOR(rt), INTERVAL '10' MINUTE, INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k",
        expect![[r#"
            source t: fake: k, ts; watermark ts - 5s
            query out from t
              select ts, k, 1 as count(1)
              TUMBLE 1m on ts by k: count(1)
              select window_time as rt, k, count(1) as n
              HOP 10m of 1h on rt by k: sum(n)
              select k, sum(n) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "CREATE VIEW v AS SELECT window_start, window_end, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k; INSERT INTO out SELECT CAST(COUNT(*) AS STRING), MAX(n) FROM v GROUP BY window_start, window_end",
        expect![[r#"
            source t: fake: k, ts; watermark ts - 5s
            query out from t
              select ts, k, 1 as count(1)
              TUMBLE 1m on ts by k: count(1)
              select window_start, window_end, 1 as count(1), count(1) as n
              each window window_start, window_end: count(1), max(n)
              select CAST(count(1) AS Utf8) as k, max(n) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "CREATE VIEW v AS SELECT window_time AS rt, k, b FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)); INSERT INTO out SELECT k, SUM(b) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k",
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query out from t
              TUMBLE 1m on ts
              select window_time as rt, k, b
              TUMBLE 1h on rt by k: sum(b)
              select k, sum(b) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn grouping_sets() {
    check_with_tables(
        "INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY GROUPING SETS ((window_start, window_end, k), (window_start, window_end))",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              select ts, k, CAST(i AS Int64) as sum(i)
              each row for (k), ()
              TUMBLE 1h on ts by k, __grouping_id: sum(i)
              select k, wrap(sum(i)) as EXPR$1
              select k, CAST(EXPR$1 AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, GROUPING_ID(k, i) + GROUPING(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) AS w GROUP BY window_start, window_end, ROLLUP (k, i)",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              select ts, k, i
              each row for (), (k), (k, i)
              TUMBLE 1h on ts by k, i, __grouping_id
              select k, wrap(CASE CAST(__grouping_id AS UInt32) WHEN 0 THEN 3 WHEN 1 THEN 1 WHEN 2 THEN 0 END) as grouping(w.k,w.i), wrap(CASE CAST(__grouping_id AS UInt32) WHEN 0 THEN 1 WHEN 1 THEN 1 WHEN 2 THEN 0 END) as grouping(w.i)
              select k, grouping(w.k,w.i) + grouping(w.i) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) AS w GROUP BY window_start, window_end, CUBE (k, i) HAVING COUNT(*) > 1",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query out from t
              select ts, k, i, CAST(i AS Int64) as sum(i), 1 as count(1)
              each row for (), (k), (i), (k, i)
              TUMBLE 1h on ts by k, i, __grouping_id: sum(i), count(1)
              select k, wrap(sum(i)) as sum(w.i), count(1) as count(Int64(1))
              filter count(Int64(1)) > 1
              select k, CAST(sum(w.i) AS Int64) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn the_first_rows_of_windows() {
    check_with_tables(
        "INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b DESC, k) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) AS w) WHERE rn <= 3 AND i > 0",
        expect![[r#"
            source t: fake: k, i, b, ts; watermark ts - 5s
            query out from t
              TUMBLE 1h on ts
              rows first 3 of each window window_start, window_end, ordered by b DESC, k
              select k, i, b, row_number() PARTITION BY [w.window_start, w.window_end] ORDER BY [w.b DESC NULLS LAST, w.k ASC NULLS FIRST] RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW as rn
              filter i > 0
              select k, b as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC NULLS LAST) AS rn FROM (SELECT window_start, window_end, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) AS w GROUP BY window_start, window_end, k)) WHERE 2 <= rn AND rn < 4",
        expect![[r#"
            source t: fake: k, ts; watermark ts - 5s
            query out from t
              select ts, k, 1 as count(1)
              TUMBLE 1h on ts by k: count(1)
              select window_start, window_end, k, count(1) as n
              rows 2 to 3 of each window window_start, window_end, ordered by n DESC
              select k, row_number() PARTITION BY [w.window_start, w.window_end] ORDER BY [n DESC NULLS LAST] RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts DESC) AS rn FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' MINUTE, INTERVAL '1' HOUR))) WHERE rn = 1",
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query out from t
              HOP 10m of 1h on ts
              rows first 1 of each window window_start, window_end by k, ordered by ts DESC, the later of equal ones
              select k, b as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts) AS rn FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn = 1",
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query out from t
              SESSION 1h on ts by k
              rows first 1 of each window window_start, window_end by k, ordered by ts
              select k, b as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, SUM(b) FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 10 GROUP BY window_start, window_end, k",
        expect![[r#"
            source t: fake: k, b, ts; watermark ts - 5s
            query out from t
              TUMBLE 1h on ts
              rows first 10 of each window window_start, window_end by k, ordered by b
              select window_start, window_end, k, b
              each window window_start, window_end by k: sum(b)
              select k, sum(b) as n
            sink out: fake: k STRING, n BIGINT
        "#]],
    );
}

#[test]
fn what_is_refused() {
    check_each(
        "INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY i, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY kk, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k)
INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY GROUPING SETS ((window_start, window_end, k), (window_start, k))
INSERT INTO out SELECT k, GROUPING(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k)
INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (UPPER(k))
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)))
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn > 3
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn < 1
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY b) AS rn FROM t) WHERE rn <= 3
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b * 2) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
INSERT INTO out SELECT k, b FROM (SELECT *, RANK() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
INSERT INTO out SELECT k, b FROM t WHERE ROW_NUMBER() OVER (ORDER BY b) < 3
CREATE VIEW v AS SELECT ts AS rt, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)); INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
CREATE VIEW v AS SELECT window_start AS rt, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)); INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
CREATE VIEW v AS SELECT window_start AS s, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k; INSERT INTO out SELECT k, SUM(n) FROM v GROUP BY s, k
INSERT INTO out SELECT t.k, b FROM t JOIN plain ON t.k = plain.k
INSERT INTO out SELECT t.k, b FROM t CROSS JOIN plain",
        expect![[r#"
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY i, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 115, at 'GROUP': GROUP BY must contain window_start, window_end and the partition keys of the session window, and only those: the partition keys are [i], the group keys are [k]
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end
                line 4, column 24, at 'k': column 'k' must stand in GROUP BY or inside an aggregate
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY kk, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 76, at 'kk': there is no column 'kk' in 't'; did you mean 'k'?
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k)
                line 4, column 115, at 'GROUP': GROUPING SETS, CUBE or ROLLUP over session windows is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY GROUPING SETS ((window_start, window_end, k), (window_start, k))
                line 4, column 97, at 'GROUP': a grouping set without window_end is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, GROUPING(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k)
                line 4, column 27, at 'GROUPING': the argument i of GROUPING must stand in GROUP BY
            INSERT INTO out SELECT k, SUM(i) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (UPPER(k))
                line 4, column 140, at 'UPPER': an expression in GROUPING SETS, CUBE or ROLLUP is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)))
                line 4, column 45, at 'ROW_NUMBER': ROW_NUMBER without a WHERE that bounds it from above (WHERE rn <= 3) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn > 3
                line 4, column 45, at 'ROW_NUMBER': ROW_NUMBER without a WHERE that bounds it from above (WHERE rn <= 3) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn < 1
                line 4, column 45, at 'ROW_NUMBER': row numbers begin at 1: this WHERE leaves none
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY b) AS rn FROM t) WHERE rn <= 3
                line 4, column 45, at 'ROW_NUMBER': ROW_NUMBER without both window_start and window_end of a window in PARTITION BY is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
                line 4, column 45, at 'ROW_NUMBER': the OVER clause of ROW_NUMBER must have an ORDER BY
            INSERT INTO out SELECT k, b FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b * 2) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
                line 4, column 45, at 'ROW_NUMBER': an expression in PARTITION BY or ORDER BY of ROW_NUMBER is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM (SELECT *, RANK() OVER (PARTITION BY window_start, window_end ORDER BY b) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3
                line 4, column 45, at 'RANK': RANK OVER is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE ROW_NUMBER() OVER (ORDER BY b) < 3
                line 4, column 42, at 'ROW_NUMBER': ROW_NUMBER outside the SELECT list is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE VIEW v AS SELECT ts AS rt, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)); INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 176, at 'rt': column 'rt' is no event time any more behind a window or an aggregation: use window_time
            CREATE VIEW v AS SELECT window_start AS rt, k FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)); INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 186, at 'rt': column 'rt' is no event time any more behind a window or an aggregation: use window_time
            CREATE VIEW v AS SELECT window_start AS s, k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, k; INSERT INTO out SELECT k, SUM(n) FROM v GROUP BY s, k
                line 4, column 204, at 'GROUP': a GROUP BY without both window_start and window_end of its window is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT t.k, b FROM t JOIN plain ON t.k = plain.k
                line 4, column 38, at 'JOIN': a JOIN whose ON lacks equal window_start and equal window_end of two windowed inputs is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT t.k, b FROM t CROSS JOIN plain
                line 4, column 38, at 'CROSS': CROSS JOIN is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
    );
}
