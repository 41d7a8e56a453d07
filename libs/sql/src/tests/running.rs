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
        expect![[""]],
    );
    check_with_tables(
        "CREATE TABLE keys (i INT, k STRING, PRIMARY KEY (k, i) NOT ENFORCED) WITH ('connector' = 'fake', 'path' = 'y');
INSERT INTO keys SELECT DISTINCT i, k FROM t",
        expect![[""]],
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
    check_each(&scripts.join("\n"), expect![[""]]);
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
    check_sink("", expect![[""]]);
}
