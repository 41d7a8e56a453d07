//! What is refused, and where.

use super::{check, check_each};
use expect_test::expect;

#[test]
fn statements() {
    check(
        "DROP TABLE t; USE CATALOG c; ALTER TABLE t RENAME TO u; ADD JAR 'x'; SHOW TABLES; SELECT 1; EXPLAIN SELECT 1; RESET;
         CREATE FUNCTION f AS 'x'; CREATE OR REPLACE TABLE t (a INT); INSRT INTO t SELECT 1; CREATE CATALOG c; INSERT OVERWRITE t SELECT 1;
         INSERT INTO t VALUES (1); INSERT INTO a.b SELECT 1; EXECUTE PLAN 'x'; 42",
        expect![[""]],
    );
}

#[test]
fn create_table() {
    check(
        "CREATE TABLE a (x INT) LIKE b;
CREATE TABLE b (x INT) WITH ('connector'='fake') LIKE c;
CREATE TABLE c (x INT);
CREATE TABLE d (x INT, x INT) WITH ('connector'='fake');
CREATE TABLE e (x INT, PRIMARY KEY (y) NOT ENFORCED) WITH ('connector'='fake');
CREATE TABLE f (x INT PRIMARY KEY) WITH ('connector'='fake');
CREATE TABLE g (x INT WITH ('connector'='fake');
CREATE TABLE h (x INT) WITH ('connector'='fake','a'='1','a'='2');
CREATE TABLE i (x INT, WATERMARK FOR y AS y) WITH ('connector'='fake');
CREATE TABLE j (x INTT) WITH ('connector'='fake');
CREATE TABLE k AS SELECT 1;
CREATE TABLE l (x INT, ) WITH ('connector'='fake')",
        expect![[""]],
    );
}

#[test]
fn computed_columns_and_watermarks() {
    check(
        "CREATE TABLE a (x TIMESTAMP(6), WATERMARK FOR x AS x) WITH ('connector'='fake');
CREATE TABLE b (x STRING, WATERMARK FOR x AS x) WITH ('connector'='fake');
CREATE TABLE c (x INT, y AS z + 1) WITH ('connector'='fake');
CREATE TABLE d (x INT, y AS x + 'a') WITH ('connector'='fake');
CREATE TABLE e (ts AS PROCTIME()) WITH ('connector'='fake');
CREATE TABLE f (ts AS LOCALTIMESTAMP) WITH ('connector'='fake');
CREATE TABLE g (x INT, y AS COUNT(x)) WITH ('connector'='fake');
CREATE TABLE h (x TIMESTAMP(3), WATERMARK FOR x AS x - ) WITH ('connector'='fake');
CREATE TABLE i (x INT, y AS x x) WITH ('connector'='fake')",
        expect![[""]],
    );
}

#[test]
fn names() {
    check_each(
        "INSERT INTO out SELECT kk, b FROM t
INSERT INTO out SELECT K, b FROM t
INSERT INTO out SELECT k, b FROM tt
INSERT INTO outt SELECT k, b FROM t
INSERT INTO out SELECT x.k, b FROM t
INSERT INTO out SELECT k, r.q FROM t
INSERT INTO out SELECT k, b FROM db.t
CREATE VIEW t AS SELECT 1
INSERT INTO out (k, m) SELECT k, b FROM t
INSERT INTO out (k, k) SELECT k, b FROM t
INSERT INTO out SELECT k, b FROM t; INSERT INTO out SELECT k, b FROM t",
        expect![[""]],
    );
}

#[test]
fn queries() {
    check_each(
        "INSERT INTO out SELECT k, b FROM t JOIN plain ON t.k = plain.k
INSERT INTO out SELECT t.k, b FROM t, plain
INSERT INTO out SELECT k, COUNT(*) FROM t GROUP BY k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start
INSERT INTO out SELECT k, COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), k
INSERT INTO out SELECT 'a', COUNT(*) FROM t
INSERT INTO out SELECT k, b FROM t ORDER BY b
INSERT INTO out SELECT k, b FROM t LIMIT 5
INSERT INTO out SELECT k, b FROM t FETCH FIRST 5 ROWS ONLY
INSERT INTO out SELECT DISTINCT k, b FROM t
INSERT INTO out SELECT k, b FROM t UNION ALL SELECT k, b FROM t
INSERT INTO out SELECT k, SUM(b) OVER (PARTITION BY k ORDER BY ts) FROM t
INSERT INTO out SELECT k, b FROM t WHERE i IN (SELECT i FROM plain)
INSERT INTO out SELECT k, b FROM t WHERE EXISTS (SELECT i FROM plain)
INSERT INTO out SELECT k, (SELECT 1) FROM t
INSERT INTO out SELECT k, b FROM t MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS TRUE)
INSERT INTO out SELECT k, b FROM t FOR SYSTEM_TIME AS OF ts
INSERT INTO out SELECT 'a', 1
INSERT INTO out SELECT k, b FROM t GROUP BY 1
INSERT INTO out SELECT k, b FROM t GROUP BY GROUPING SETS ((k), (b))
INSERT INTO out SELECT k, b FROM t HAVING b > 1
INSERT INTO out SELECT k, b FROM t WHERE
INSERT INTO out SELECT k, b FRM t
INSERT INTO out SELECT k, b FROM t WHERE k = \"x\"
INSERT INTO out (SELECT k, b FROM t) x
INSERT INTO out SELECT k, b FROM t, LATERAL TABLE(f(k))
INSERT INTO out SELECT k, b FROM t QUALIFY b > 1
INSERT INTO out SELECT k, b FROM t /*+ OPTIONS('a'='b') */",
        expect![[""]],
    );
}

#[test]
fn windows() {
    check_each(
        "INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(at), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(k), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(tz), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE tt, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, MAX(EXTRACT(HOUR FROM window_start)) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE window_end > TIMESTAMP '2020-01-01 00:00:00' GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM (SELECT k, window_start, window_end, CAST(window_time AS STRING) AS x FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE x <> 'a' GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, COUNT(*) FROM (SELECT k, ts AS window_start, ts AS window_end FROM t) GROUP BY window_start, window_end, k
CREATE VIEW v AS SELECT window_time AS rt FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time; INSERT INTO out SELECT 'a', COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end
CREATE VIEW v AS SELECT ts + INTERVAL '1' SECOND AS rt FROM t; INSERT INTO out SELECT 'a', COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end
INSERT INTO out SELECT k, SUM(COUNT(*)) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, SUM(k) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, i FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
INSERT INTO out SELECT k, LAST_VALUE(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k",
        expect![[""]],
    );
}

#[test]
fn expressions() {
    check_each(
        "INSERT INTO out SELECT NOW(), b FROM t
INSERT INTO out SELECT CAST(CURRENT_TIMESTAMP AS STRING), b FROM t
INSERT INTO out SELECT UUID(), b FROM t
INSERT INTO out SELECT REGEXP_EXTRACT(k, 'x', 1), b FROM t
INSERT INTO out SELECT UPER(k), b FROM t
INSERT INTO out SELECT UPPER(k, k), b FROM t
INSERT INTO out SELECT UPPER(i), b FROM t
INSERT INTO out SELECT k || i, b FROM t
INSERT INTO out SELECT k, b FROM t WHERE i = '1'
INSERT INTO out SELECT k, b FROM t WHERE i IN ('1')
INSERT INTO out SELECT k, b FROM t WHERE i
INSERT INTO out SELECT k, b FROM t WHERE k ILIKE 'x'
INSERT INTO out SELECT k, b FROM t WHERE k LIKE 'x\\_'
INSERT INTO out SELECT CAST(d AS STRING), b FROM t
INSERT INTO out SELECT CAST(k AS VARCHAR(3)), b FROM t
INSERT INTO out SELECT k, CAST(ts AS BIGINT) FROM t
INSERT INTO out SELECT k, b FROM t WHERE ts - ts > INTERVAL '1' HOUR
INSERT INTO out SELECT k, p % 2 FROM t
INSERT INTO out SELECT k, FLOOR(p) FROM t
INSERT INTO out SELECT k, TO_TIMESTAMP_LTZ(b, 6) FROM t
INSERT INTO out SELECT DATE_FORMAT(ts, 'EEE'), b FROM t
INSERT INTO out SELECT DATE_FORMAT(ts, k), b FROM t
INSERT INTO out SELECT k, 99999999999999999999 FROM t
INSERT INTO out SELECT k, b FROM t WHERE ROW(1, 2) = r
INSERT INTO out SELECT k, ARRAY[1][1] FROM t
INSERT INTO out SELECT k, EXTRACT(DOW FROM ts) FROM t
INSERT INTO out SELECT CURRENT_WATERMARK(ts), b FROM t
INSERT INTO out SELECT k, b FROM t WHERE ts > INTERVAL '1:30' HOUR TO MINUTE
INSERT INTO out SELECT k, CASE WHEN i > 0 THEN 1 ELSE 'x' END FROM t
INSERT INTO out SELECT k, b->>'x' FROM t",
        expect![[""]],
    );
}
