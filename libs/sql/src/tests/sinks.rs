//! Which rows fit which tables.

use super::{check_each, check_with_tables};
use expect_test::expect;

#[test]
fn types_must_fit_column_by_column() {
    check_with_tables("INSERT INTO out SELECT b, k FROM t", expect![[""]]);
    check_with_tables("INSERT INTO out SELECT k, d, i FROM t", expect![[""]]);
    check_with_tables("INSERT INTO out SELECT k FROM t", expect![[""]]);
    check_with_tables(
        "CREATE TABLE wide (a INT, b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d DATE, e DECIMAL(12, 4), f FLOAT, g ROW<x BIGINT>) WITH ('connector'='fake');
         INSERT INTO wide SELECT b, ts, ts, ts, i, d, r FROM t",
        expect![[""]],
    );
}

#[test]
fn what_flink_converts_silently() {
    check_with_tables(
        "CREATE TABLE wide (a BIGINT, b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d DATE, e DECIMAL(12, 4), f FLOAT, g DOUBLE NOT NULL, h ROW<x BIGINT, y ROW<z STRING>>) WITH ('connector'='fake');
         INSERT INTO wide SELECT i, ts, ts, ts, i, p, p, r FROM t",
        expect![[""]],
    );
}

#[test]
fn columns_of_the_sink() {
    check_each(
        "CREATE TABLE s (a INT NOT NULL, b INT) WITH ('connector'='fake'); INSERT INTO s (b) SELECT i FROM t
CREATE TABLE s (a INT, b AS a + 1) WITH ('connector'='fake'); INSERT INTO s (b) SELECT i FROM t
CREATE TABLE s (a INT, b AS a + 1) WITH ('connector'='fake'); INSERT INTO s SELECT i FROM t
CREATE VIEW s AS SELECT i FROM t; INSERT INTO s SELECT i FROM t
CREATE TABLE s (a INTT); INSERT INTO s SELECT i FROM t
CREATE TABLE s (a AS nothing) WITH ('connector'='fake'); INSERT INTO out SELECT a FROM s
CREATE VIEW v (a, b) AS SELECT i FROM t
CREATE VIEW v AS SELECT i FROM t",
        expect![[""]],
    );
}
