//! What is refused, and where.

use super::{check, check_each};
use expect_test::expect;

#[test]
fn statements() {
    check(
        "DROP TABLE t; USE CATALOG c; ALTER TABLE t RENAME TO u; ADD JAR 'x'; SHOW TABLES; SELECT 1; EXPLAIN SELECT 1; RESET;
         CREATE FUNCTION f AS 'x'; CREATE OR REPLACE TABLE t (a INT); INSRT INTO t SELECT 1; CREATE CATALOG c; INSERT OVERWRITE t SELECT 1;
         INSERT INTO t VALUES (1); INSERT INTO a.b SELECT 1; EXECUTE PLAN 'x'; 42",
        expect![[r#"
            line 1, column 1, at 'DROP': DROP as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 15, at 'USE': USE as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 30, at 'ALTER': ALTER as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 57, at 'ADD': ADD as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 70, at 'SHOW': SHOW as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 83, at 'SELECT': SELECT as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 93, at 'EXPLAIN': EXPLAIN as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 1, column 111, at 'RESET': RESET as a statement is not supported yet by the embedded engine; it runs on a Flink cluster
            line 2, column 10, at 'CREATE': CREATE FUNCTION is not supported yet by the embedded engine; it runs on a Flink cluster
            line 2, column 36, at 'CREATE': CREATE OR REPLACE is not supported yet by the embedded engine; it runs on a Flink cluster
            line 2, column 71, at 'INSRT': no statement begins with 'INSRT'; did you mean 'INSERT'?
            line 2, column 94, at 'CREATE': CREATE CATALOG is not supported yet by the embedded engine; it runs on a Flink cluster
            line 2, column 119, at 'OVERWRITE': INSERT OVERWRITE is not supported yet by the embedded engine; it runs on a Flink cluster
            line 3, column 24, at 'VALUES': VALUES is not supported yet by the embedded engine; it runs on a Flink cluster
            line 3, column 48, at 'a': a name with a catalog or database is not supported yet by the embedded engine; it runs on a Flink cluster
            line 3, column 70, at 'PLAN': no statement begins with 'PLAN'; there is: SET, CREATE, INSERT, EXECUTE
            line 3, column 80, at '42': no statement begins with '42'; there is: SET, CREATE, INSERT, EXECUTE"#]],
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
        expect![[r#"
            line 1, column 24, at 'LIKE': CREATE TABLE … LIKE is not supported yet by the embedded engine; it runs on a Flink cluster
            line 2, column 50, at 'LIKE': CREATE TABLE … LIKE is not supported yet by the embedded engine; it runs on a Flink cluster
            line 3, column 14, at 'c': table 'c' names no 'connector'
            line 4, column 24, at 'x': column 'x' stands twice
            line 5, column 37, at 'y': there is no physical column 'y'; did you mean 'x'?
            line 6, column 34, at ')': expected NOT ENFORCED: Flink does not own the data
            line 7, column 23, at 'WITH': expected ',' or ')'
            line 8, column 57, at ''a'': option 'a' stands twice
            line 9, column 38, at 'y': there is no column 'y'; did you mean 'x'?
            line 10, column 19, at 'INTT': there is no type 'INTT'; did you mean 'INT'?
            line 11, column 16, at 'AS': CREATE TABLE … AS SELECT is not supported yet by the embedded engine; it runs on a Flink cluster
            line 12, column 24, at ')': expected a column, WATERMARK FOR or PRIMARY KEY"#]],
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
        expect![[r#"
            line 1, column 47, at 'x': the event-time column 'x' is TIMESTAMP(6), but must be TIMESTAMP(3) or TIMESTAMP_LTZ(3)
            line 2, column 41, at 'x': the event-time column 'x' is STRING, but must be TIMESTAMP(3) or TIMESTAMP_LTZ(3)
            line 3, column 29, at 'z': there is no column 'z'; did you mean 'x'?
            line 4, column 29, at 'x': + takes numbers, not INT and STRING; use CAST
            line 5, column 23, at 'PROCTIME': PROCTIME (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            line 6, column 23, at 'LOCALTIMESTAMP': LOCALTIMESTAMP (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            line 7, column 29, at 'COUNT': COUNT without GROUP BY window_start, window_end is not supported yet by the embedded engine; it runs on a Flink cluster
            line 8, column 55, at 'end of statement': expected an expression
            line 9, column 31, at 'x': expected the end of the statement"#]],
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
        expect![[r#"
            INSERT INTO out SELECT kk, b FROM t
                line 4, column 24, at 'kk': there is no column 'kk'; did you mean 'k'?
            INSERT INTO out SELECT K, b FROM t
                line 4, column 24, at 'K': there is no column 'K'; did you mean 'k'?
            INSERT INTO out SELECT k, b FROM tt
                line 4, column 34, at 'tt': there is no table or view 'tt'; did you mean 't'?
            INSERT INTO outt SELECT k, b FROM t
                line 4, column 13, at 'outt': there is no table 'outt'; did you mean 'out'?
            INSERT INTO out SELECT x.k, b FROM t
                line 4, column 26, at 'k': there is no column 'k'; did you mean 'k'?
            INSERT INTO out SELECT k, r.q FROM t
                line 4, column 17, at 'SELECT': field q not found in struct
            INSERT INTO out SELECT k, b FROM db.t
                line 4, column 34, at 'db': a name with a catalog or database is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE VIEW t AS SELECT 1
                line 4, column 13, at 't': 't' exists already
            INSERT INTO out (k, m) SELECT k, b FROM t
                line 4, column 21, at 'm': there is no column 'm'; did you mean 'k'?
            INSERT INTO out (k, k) SELECT k, b FROM t
                line 4, column 21, at 'k': column 'k' stands twice
            INSERT INTO out SELECT k, b FROM t; INSERT INTO out SELECT k, b FROM t
                line 4, column 49, at 'out': a second INSERT INTO 'out' is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
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
INSERT INTO out SELECT k, b FROM t UNION SELECT k, b FROM t
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
        expect![[r#"
            INSERT INTO out SELECT k, b FROM t JOIN plain ON t.k = plain.k
                line 4, column 62, at 'k': column 'k' is ambiguous
            INSERT INTO out SELECT t.k, b FROM t, plain
                line 4, column 39, at 'plain': a list of tables (a join) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, COUNT(*) FROM t GROUP BY k
                planned
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY k, window_start
                line 4, column 99, at 'GROUP': a GROUP BY without both window_start and window_end of its window is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, COUNT(*) FROM t GROUP BY TUMBLE(ts, INTERVAL '1' HOUR), k
                line 4, column 52, at 'TUMBLE': the legacy group window TUMBLE (use TABLE(TUMBLE(TABLE …))) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT 'a', COUNT(*) FROM t
                line 4, column 29, at 'COUNT': COUNT without GROUP BY window_start, window_end is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t ORDER BY b
                line 4, column 36, at 'ORDER': ORDER BY is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t LIMIT 5
                line 4, column 36, at 'LIMIT': LIMIT is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t FETCH FIRST 5 ROWS ONLY
                line 4, column 36, at 'FETCH': FETCH is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT DISTINCT k, b FROM t
                planned
            INSERT INTO out SELECT k, b FROM t UNION SELECT k, b FROM t
                line 4, column 36, at 'UNION': UNION is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, SUM(b) OVER (PARTITION BY k ORDER BY ts) FROM t
                line 4, column 27, at 'SUM': SUM OVER is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE i IN (SELECT i FROM plain)
                line 4, column 42, at 'i': a subquery in an expression is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE EXISTS (SELECT i FROM plain)
                line 4, column 50, at 'SELECT': a subquery in an expression is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, (SELECT 1) FROM t
                line 4, column 28, at 'SELECT': a subquery in an expression is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS TRUE)
                line 4, column 36, at 'MATCH_RECOGNIZE': MATCH_RECOGNIZE is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t FOR SYSTEM_TIME AS OF ts
                line 4, column 36, at 'FOR': FOR SYSTEM_TIME AS OF is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT 'a', 1
                line 4, column 17, at 'SELECT': SELECT without FROM is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t GROUP BY 1
                line 4, column 45, at '1': a constant in GROUP BY is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t GROUP BY GROUPING SETS ((k), (b))
                line 4, column 36, at 'GROUP': GROUPING SETS, CUBE or ROLLUP without a window is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t HAVING b > 1
                line 4, column 36, at 'HAVING': HAVING without GROUP BY is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE
                line 4, column 41, at 'end of statement': expected an expression
            INSERT INTO out SELECT k, b FRM t
                line 4, column 33, at 't': expected the end of the statement
            INSERT INTO out SELECT k, b FROM t WHERE k = "x"
                line 4, column 46, at '"x"': this kind of literal is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out (SELECT k, b FROM t) x
                line 4, column 38, at 'x': expected the end of the statement
            INSERT INTO out SELECT k, b FROM t, LATERAL TABLE(f(k))
                line 4, column 51, at 'f': table function F is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t QUALIFY b > 1
                line 4, column 44, at 'b': QUALIFY is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t /*+ OPTIONS('a'='b') */
                line 4, column 36, at '/*+ OPTIONS('a'='b') */': a hint (/*+ … */) is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
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
        expect![[r#"
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE plain, DESCRIPTOR(at), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 78, at 'at': table 'plain' has no WATERMARK FOR 'at'
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(k), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 74, at 'k': column 'k' is not the event time of 't': WATERMARK FOR stands on 'ts'
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(tz), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 74, at 'tz': there is no column 'tz' in 't'; did you mean 'ts'?
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE tt, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 60, at 'tt': there is no table or view 'tt'; did you mean 't'?
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 47, at 'HOP': the size of HOP must be a multiple of its slide; HOP takes the slide first, then the size
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 100, at 'GROUP': GROUP BY must contain window_start, window_end and the partition keys of the session window, and only those: the partition keys are [], the group keys are [k]
            INSERT INTO out SELECT k, MAX(EXTRACT(HOUR FROM window_start)) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 49, at 'window_start': window_start before the aggregation (use it after the aggregation) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) WHERE window_end > TIMESTAMP '2020-01-01 00:00:00' GROUP BY window_start, window_end, k
                line 4, column 105, at 'window_end': window_end before the aggregation (use it after the aggregation) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, COUNT(*) FROM (SELECT k, window_start, window_end, CAST(window_time AS STRING) AS x FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE x <> 'a' GROUP BY window_start, window_end, k
                line 4, column 83, at 'window_time': an expression over window_time before the aggregation (use it after the aggregation) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, COUNT(*) FROM (SELECT k, ts AS window_start, ts AS window_end FROM t) GROUP BY window_start, window_end, k
                planned
            CREATE VIEW v AS SELECT window_time AS rt FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time; INSERT INTO out SELECT 'a', COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end
                planned
            CREATE VIEW v AS SELECT ts + INTERVAL '1' SECOND AS rt FROM t; INSERT INTO out SELECT 'a', COUNT(*) FROM TABLE(TUMBLE(TABLE v, DESCRIPTOR(rt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end
                line 4, column 139, at 'rt': column 'rt' is computed: a window needs the event-time column itself
            INSERT INTO out SELECT k, SUM(COUNT(*)) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 31, at 'COUNT': the aggregate COUNT cannot stand here
            INSERT INTO out SELECT k, SUM(k) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 27, at 'SUM': there is no sum(STRING)
            INSERT INTO out SELECT k, i FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 27, at 'i': column 'i' must stand in GROUP BY or inside an aggregate
            INSERT INTO out SELECT k, LAST_VALUE(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k
                line 4, column 27, at 'LAST_VALUE': function LAST_VALUE is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
    );
}

#[test]
fn expressions() {
    check_each(
        "INSERT INTO out SELECT NOW(), b FROM t
INSERT INTO out SELECT CAST(CURRENT_TIMESTAMP AS STRING), b FROM t
INSERT INTO out SELECT UUID(), b FROM t
INSERT INTO out SELECT JSON_VALUE(k, '$.x'), b FROM t
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
INSERT INTO out SELECT k, b->>'x' FROM t",
        expect![[r#"
            INSERT INTO out SELECT NOW(), b FROM t
                line 4, column 24, at 'NOW': NOW (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT CAST(CURRENT_TIMESTAMP AS STRING), b FROM t
                line 4, column 29, at 'CURRENT_TIMESTAMP': CURRENT_TIMESTAMP (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT UUID(), b FROM t
                line 4, column 24, at 'UUID': UUID (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT JSON_VALUE(k, '$.x'), b FROM t
                line 4, column 24, at 'JSON_VALUE': function JSON_VALUE is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT UPER(k), b FROM t
                line 4, column 24, at 'UPER': function UPER (did you mean 'UPPER'?) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT UPPER(k, k), b FROM t
                line 4, column 24, at 'UPPER': UPPER takes one argument, not 2
            INSERT INTO out SELECT UPPER(i), b FROM t
                line 4, column 24, at 'UPPER': argument 1 of UPPER is INT, but must be STRING; use CAST
            INSERT INTO out SELECT k || i, b FROM t
                line 4, column 24, at 'k': || joins texts; use CAST
            INSERT INTO out SELECT k, b FROM t WHERE i = '1'
                line 4, column 42, at 'i': INT and STRING do not go together; use CAST
            INSERT INTO out SELECT k, b FROM t WHERE i IN ('1')
                line 4, column 42, at 'i': INT and STRING do not go together; use CAST
            INSERT INTO out SELECT k, b FROM t WHERE i
                line 4, column 42, at 'i': WHERE and HAVING take a BOOLEAN
            INSERT INTO out SELECT k, b FROM t WHERE k ILIKE 'x'
                line 4, column 42, at 'k': ILIKE is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE k LIKE 'x\_'
                planned
            INSERT INTO out SELECT CAST(d AS STRING), b FROM t
                line 4, column 24, at 'CAST': CAST from DOUBLE to STRING is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT CAST(k AS VARCHAR(3)), b FROM t
                line 4, column 34, at 'VARCHAR': CAST to VARCHAR(3) (CAST to STRING is) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, CAST(ts AS BIGINT) FROM t
                line 4, column 27, at 'CAST': CAST from TIMESTAMP(3) to BIGINT is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE ts - ts > INTERVAL '1' HOUR
                line 4, column 45, at '-': TIMESTAMP(3) - TIMESTAMP(3) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, p % 2 FROM t
                line 4, column 1, at 'INSERT': the query does not fit table 'out': their types do not fit; use CAST
                  1: k STRING = k STRING
                  2: n BIGINT = EXPR$1 DECIMAL(10, 2)  <- here
            INSERT INTO out SELECT k, FLOOR(p) FROM t
                line 4, column 27, at 'FLOOR': FLOOR of a DECIMAL is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, TO_TIMESTAMP_LTZ(b, 6) FROM t
                line 4, column 27, at 'TO_TIMESTAMP_LTZ': the precision of TO_TIMESTAMP_LTZ is 0 (seconds) or 3 (milliseconds)
            INSERT INTO out SELECT DATE_FORMAT(ts, 'EEE'), b FROM t
                line 4, column 24, at 'DATE_FORMAT': pattern letter 'E' in this form in 'EEE' is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT DATE_FORMAT(ts, k), b FROM t
                line 4, column 24, at 'DATE_FORMAT': a pattern that is no literal is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, 99999999999999999999 FROM t
                line 4, column 27, at '99999999999999999999': the number 99999999999999999999 is out of range; CAST a text to DECIMAL
            INSERT INTO out SELECT k, b FROM t WHERE ROW(1, 2) = r
                line 4, column 42, at 'ROW': function ROW is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, ARRAY[1][1] FROM t
                line 4, column 33, at '1': an element of an ARRAY or MAP is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, EXTRACT(DOW FROM ts) FROM t
                line 4, column 27, at 'EXTRACT': EXTRACT(DOW FROM …) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT CURRENT_WATERMARK(ts), b FROM t
                line 4, column 24, at 'CURRENT_WATERMARK': CURRENT_WATERMARK (a replay must give the same rows) is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b FROM t WHERE ts > INTERVAL '1:30' HOUR TO MINUTE
                line 4, column 56, at ''1:30'': this kind of INTERVAL is not supported yet by the embedded engine; it runs on a Flink cluster
            INSERT INTO out SELECT k, b->>'x' FROM t
                line 4, column 28, at '->>': operator ->> is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
    );
}

#[test]
fn types_that_do_not_go_together() {
    check_each(
        "INSERT INTO out SELECT k, CASE WHEN i > 0 THEN 1 ELSE 'x' END FROM t
INSERT INTO out SELECT k, b * 2 + (i = 1) FROM t
INSERT INTO out SELECT k, b FROM t UNION ALL SELECT k, k FROM t
INSERT INTO out SELECT k, b FROM t UNION ALL SELECT k FROM t",
        expect![[r#"
            INSERT INTO out SELECT k, CASE WHEN i > 0 THEN 1 ELSE 'x' END FROM t
                line 4, column 27, at 'CASE': INT and STRING do not go together; use CAST
            INSERT INTO out SELECT k, b * 2 + (i = 1) FROM t
                line 4, column 27, at 'b': there is no BIGINT + BOOLEAN; use CAST
            INSERT INTO out SELECT k, b FROM t UNION ALL SELECT k, k FROM t
                line 4, column 36, at 'UNION': column 2 of UNION ALL is BIGINT in one query and STRING in another; use CAST
            INSERT INTO out SELECT k, b FROM t UNION ALL SELECT k FROM t
                line 4, column 36, at 'UNION': the queries of UNION ALL have different numbers of columns
        "#]],
    );
}
