//! Which rows fit which tables.

use super::{check_each, check_with_tables};
use expect_test::expect;

#[test]
fn types_must_fit_column_by_column() {
    check_with_tables(
        "INSERT INTO out SELECT b, k FROM t",
        expect![[r#"
        line 4, column 1, at 'INSERT': the query does not fit table 'out': their types do not fit; use CAST
          1: k STRING = b BIGINT  <- here
          2: n BIGINT = k STRING  <- here"#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k, d, i FROM t",
        expect![[r#"
        line 4, column 1, at 'INSERT': the query does not fit table 'out': the numbers of columns differ
          1: k STRING = k STRING
          2: n BIGINT = d DOUBLE  <- here
          3: nothing = i INT  <- here"#]],
    );
    check_with_tables(
        "INSERT INTO out SELECT k FROM t",
        expect![[r#"
        line 4, column 1, at 'INSERT': the query does not fit table 'out': the numbers of columns differ
          1: k STRING = k STRING
          2: n BIGINT = nothing  <- here"#]],
    );
    check_with_tables(
        "CREATE TABLE wide (a INT, b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d DATE, e DECIMAL(12, 4), f FLOAT, g ROW<x BIGINT>) WITH ('connector'='fake');
         INSERT INTO wide SELECT b, ts, ts, ts, i, d, r FROM t",
        expect![[r#"
            line 5, column 10, at 'INSERT': the query does not fit table 'wide': their types do not fit; use CAST
              1: a INT = b BIGINT  <- here
              2: b TIMESTAMP(6) = ts TIMESTAMP(3)
              3: c TIMESTAMP_LTZ(3) = ts0 TIMESTAMP(3)
              4: d DATE = ts1 TIMESTAMP(3)
              5: e DECIMAL(12, 4) = i INT
              6: f FLOAT = d DOUBLE  <- here
              7: g ROW<x BIGINT> = r ROW<x INT, y ROW<z STRING>>  <- here"#]],
    );
}

#[test]
fn what_flink_converts_silently() {
    check_with_tables(
        "CREATE TABLE wide (a BIGINT, b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d DATE, e DECIMAL(12, 4), f FLOAT, g DOUBLE NOT NULL, h ROW<x BIGINT, y ROW<z STRING>>) WITH ('connector'='fake');
         INSERT INTO wide SELECT i, ts, ts, ts, i, p, p, r FROM t",
        expect![[r#"
            source t: fake: i, p, ts, r; watermark ts - 5s
            query wide from t
              select CAST(i AS Int64) as a, CAST(ts AS Timestamp(µs)) as b, CAST(ts AS Timestamp(ms, "UTC")) as c, CAST(ts AS Date32) as d, TRY_CAST(i AS Decimal128(12, 4)) as e, CAST(p AS Float32) as f, CAST(p AS Float64) as g, CAST(r AS Struct("x": Int64, "y": Struct("z": Utf8))) as h
            sink wide: fake: a BIGINT, b TIMESTAMP(6), c TIMESTAMP_LTZ(3), d DATE, e DECIMAL(12, 4), f FLOAT, g DOUBLE, h ROW<x BIGINT, y ROW<z STRING>>
        "#]],
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
        expect![[r#"
            CREATE TABLE s (a INT NOT NULL, b INT) WITH ('connector'='fake'); INSERT INTO s (b) SELECT i FROM t
                line 4, column 79, at 's': column 'a' of 's' is NOT NULL and gets no value
            CREATE TABLE s (a INT, b AS a + 1) WITH ('connector'='fake'); INSERT INTO s (b) SELECT i FROM t
                line 4, column 78, at 'b': column 'b' cannot be written
            CREATE TABLE s (a INT, b AS a + 1) WITH ('connector'='fake'); INSERT INTO s SELECT i FROM t
                planned
            CREATE VIEW s AS SELECT i FROM t; INSERT INTO s SELECT i FROM t
                line 4, column 47, at 's': 's' is a view; only tables are written
            CREATE TABLE s (a INTT); INSERT INTO s SELECT i FROM t
                line 4, column 19, at 'INTT': there is no type 'INTT'; did you mean 'INT'?
            CREATE TABLE s (a AS nothing) WITH ('connector'='fake'); INSERT INTO out SELECT a FROM s
                line 4, column 22, at 'nothing': there is no column 'nothing'
            CREATE VIEW v (a, b) AS SELECT i FROM t
                line 4, column 16, at 'a': the view names 2 columns, its query has 1
            CREATE VIEW v AS SELECT i FROM t
                line 1, column 1: the script has no INSERT INTO: nothing would run
        "#]],
    );
}
