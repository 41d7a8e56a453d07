//! Aggregations without a window.

use super::fake::connectors;
use super::{TABLES, check_each, check_with_tables, planned};
use expect_test::{Expect, expect};

#[test]
fn plans() {
    check_with_tables(
        "SET 'table.exec.state.ttl' = '2 h';
CREATE TABLE totals (k STRING, n BIGINT, u BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');
INSERT INTO totals SELECT UPPER(k), COUNT(*), SUM(b) FILTER (WHERE i > 1) FROM t WHERE d IS NOT NULL GROUP BY UPPER(k)",
        expect![[r#"
            source t: fake: k, i, b, d, ts; watermark ts - 5s
            query totals from t
              filter d IS NOT NULL
              select upper(k) as upper(t.k), 1 as count(1), b, i > 1 as sum(b) FILTER (WHERE i > Int32(1))
              RUNNING by upper(t.k): count(1), sum(b) FILTER (WHERE i > Int32(1)); state kept for 2h
              select upper(t.k) as k, count(1) as n, sum(b) FILTER (WHERE i > Int32(1)) as u
            sink totals: fake: k STRING, n BIGINT, u BIGINT; key k
        "#]],
    );
    check_with_tables(
        "CREATE TABLE keys (i INT, k STRING, PRIMARY KEY (k, i) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');
INSERT INTO keys SELECT DISTINCT i, k FROM t",
        expect![[r#"
            source t: fake: k, i, ts; watermark ts - 5s
            query keys from t
              select i, k
              RUNNING by i, k
              select i, k
            sink keys: fake: i INT, k STRING; key k, i
        "#]],
    );
}

#[test]
fn deduplication() {
    let rows = "CREATE TABLE rows (i INT, n BIGINT, k STRING, PRIMARY KEY (k, i) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');";
    let query = |order: &str| {
        format!(
            "{rows} INSERT INTO rows SELECT i, b, k FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, i ORDER BY {order}) AS rn FROM t) WHERE rn = 1"
        )
    };
    check_with_tables(
        &query("ts"),
        expect![[r#"
        source t: fake: k, i, b, ts; watermark ts - 5s
        query rows from t
          FIRST row by k, i, ordered by ts
          select i, b as n, k
        sink rows: fake: i INT, n BIGINT, k STRING; key k, i
    "#]],
    );
    check_with_tables(
        &query("ts DESC"),
        expect![[r#"
        source t: fake: k, i, b, ts; watermark ts - 5s
        query rows from t
          FIRST row by k, i, ordered by ts DESC, the later of equal ones
          select i, b as n, k
        sink rows: fake: i INT, n BIGINT, k STRING; key k, i
    "#]],
    );
    check_with_tables(
        &query("d DESC, ts"),
        expect![[r#"
        source t: fake: k, i, b, d, ts; watermark ts - 5s
        query rows from t
          FIRST row by k, i, ordered by d DESC, ts
          select i, b as n, k
        sink rows: fake: i INT, n BIGINT, k STRING; key k, i
    "#]],
    );
}

/// What may stand behind results that change, and which key they are written by.
#[test]
fn refusals() {
    let totals = "CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');";
    let queries = "\
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k, i
INSERT INTO totals SELECT CAST(i AS STRING), n FROM (SELECT i, COUNT(*) AS n FROM t GROUP BY i)
INSERT INTO totals SELECT k, b FROM t
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k HAVING COUNT(*) > 1
INSERT INTO totals SELECT k, COUNT(*) FROM (SELECT DISTINCT k, i FROM t) GROUP BY k
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY ROLLUP (k)
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k UNION ALL SELECT k, b FROM t
INSERT INTO totals SELECT k, n FROM (SELECT k, n, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) AS r FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k)) WHERE r = 1
INSERT INTO totals SELECT DISTINCT ON (k) k, b FROM t";
    let scripts: Vec<String> = queries.lines().map(|query| format!("{totals} {query}")).collect();
    check_each(
        &scripts.join("\n"),
        expect![[r#"
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k
                planned
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k, i
                line 4, column 160, at 'GROUP': a PRIMARY KEY that is not the columns of GROUP BY, or of PARTITION BY, all of them, in the types they have there, is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT CAST(i AS STRING), n FROM (SELECT i, COUNT(*) AS n FROM t GROUP BY i)
                line 4, column 199, at 'GROUP': a PRIMARY KEY that is not the columns of GROUP BY, or of PARTITION BY, all of them, in the types they have there, is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, b FROM t
                planned
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k HAVING COUNT(*) > 1
                line 4, column 171, at 'HAVING': a condition on results that change (an aggregation or ROW_NUMBER without a window) is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM (SELECT DISTINCT k, i FROM t) GROUP BY k
                line 4, column 188, at 'GROUP': an aggregation of results that change (an aggregation or ROW_NUMBER without a window) is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY ROLLUP (k)
                line 4, column 160, at 'GROUP': GROUPING SETS, CUBE or ROLLUP without a window is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k UNION ALL SELECT k, b FROM t
                line 4, column 171, at 'UNION': a UNION of results that change (an aggregation or ROW_NUMBER without a window) is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT k, n FROM (SELECT k, n, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) AS r FROM (SELECT k, COUNT(*) AS n FROM t GROUP BY k)) WHERE r = 1
                line 4, column 165, at 'ROW_NUMBER': ROW_NUMBER over results that change (an aggregation or ROW_NUMBER without a window) is not supported yet by the embedded engine; it runs on a Flink cluster
            CREATE TABLE totals (k STRING, n BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y'); INSERT INTO totals SELECT DISTINCT ON (k) k, b FROM t
                line 4, column 141, at 'DISTINCT': SELECT DISTINCT ON is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
    );
}

#[track_caller]
fn check_sink(options: &str, expect: Expect) {
    let script = format!(
        "{TABLES}CREATE TABLE totals (k STRING, n BIGINT{options}) WITH ('connector' = 'fake', 'path' = 'y');
INSERT INTO totals SELECT k, COUNT(*) FROM t GROUP BY k"
    );
    let checked = planned(&script).unwrap().check_connectors(&connectors());
    expect.assert_eq(&checked.map_or_else(|error| error.to_string(), |()| "fine".into()));
}

#[test]
fn sinks_that_only_take_new_rows() {
    check_sink(", PRIMARY KEY (k) NOT ENFORCED", expect![["fine"]]);
    check_sink(
        "",
        expect![
            "line 4, column 14, at 'totals': table 'totals' only takes new rows, but the results written to it change (an aggregation or ROW_NUMBER without a window): give it a connector that takes changes, such as jdbc or upsert-kafka, and a PRIMARY KEY of the columns of GROUP BY or PARTITION BY"
        ],
    );
}
