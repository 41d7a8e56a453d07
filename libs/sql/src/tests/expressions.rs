//! What expressions mean: values from Flink's documentation and sources, not from our engine.

mod limits;

use crate::catalog::Catalog;
use crate::parse;
use crate::script::Item;
use crate::source::{Timing, source};
use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::filter_record_batch;
use arrow::datatypes::Schema;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use expect_test::{Expect, expect};
use std::sync::Arc;
use stream::CalcStep;

/// The rows each expression is evaluated on.
fn rows() -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("s", Arc::new(StringArray::from(vec![Some("Straße"), Some(" 12 "), None]))),
        ("t", Arc::new(StringArray::from(vec![Some("2020-01-02 03:04:05.678"), Some("x"), None]))),
        ("i", Arc::new(Int32Array::from(vec![Some(7), Some(-7), None]))),
        ("b", Arc::new(Int64Array::from(vec![Some(1_577_934_245_678), Some(-1), None]))),
        ("d", Arc::new(Float64Array::from(vec![Some(2.5), Some(-1.005), None]))),
        ("p", {
            let decimals = Decimal128Array::from(vec![Some(1050), Some(-333), None]);
            Arc::new(decimals.with_precision_and_scale(10, 2).unwrap())
        }),
    ]
}

/// Evaluates each line on [`rows`] and prints its type and values.
fn evaluate(expression: &str) -> String {
    let declared = "s STRING, t STRING, i INT, b BIGINT, d DOUBLE, p DECIMAL(10, 2)";
    // A computed column takes whatever type the expression has.
    let text = format!("CREATE TABLE src ({declared}, result AS {expression}) WITH ('connector'='fake')");
    let script = match parse(&text) {
        Ok(script) => script,
        Err(error) => return error.to_string(),
    };
    let Some(Item::Table(def)) = script.items.first() else { return "no table".into() };
    let mut catalog = Catalog::new();
    if let Err(problem) = catalog.add_table(def) {
        return problem.to_string();
    }
    let table = &catalog.tables["src"];
    let source = source(table, (0..table.schema.fields().len()).collect(), Timing::default()).unwrap();
    let columns = source.spec.projected_schema();
    let all = rows();
    let arrays =
        columns.fields().iter().map(|f| all.iter().find(|(n, _)| n == f.name()).unwrap().1.clone()).collect();
    let mut batch = RecordBatch::try_new(columns, arrays).unwrap();
    for step in &source.computed {
        batch = match run(step, &batch) {
            Ok(batch) => batch,
            Err(error) => return error,
        };
    }
    let Some(column) = batch.column_by_name("result") else { return "no result".into() };
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(column, &options).unwrap();
    let values: Vec<String> = (0..column.len()).map(|row| formatter.value(row).to_string()).collect();
    format!("{} {}", event::type_name(column.data_type()), values.join(" | "))
}

fn run(step: &CalcStep, batch: &RecordBatch) -> Result<RecordBatch, String> {
    match step {
        CalcStep::Filter(predicate) => {
            let keep = predicate.evaluate(batch).unwrap().into_array(batch.num_rows()).unwrap();
            Ok(filter_record_batch(batch, arrow::array::AsArray::as_boolean(&keep)).unwrap())
        }
        CalcStep::Project { expressions, schema } => {
            let mut columns = Vec::new();
            for expression in expressions {
                let column = expression.evaluate(batch).and_then(|v| v.into_array(batch.num_rows()));
                columns.push(column.map_err(|error| error.strip_backtrace())?);
            }
            let schema: Arc<Schema> = schema.clone();
            RecordBatch::try_new(schema, columns).map_err(|error| error.to_string())
        }
        CalcStep::Expand { .. } => Err("no computed column expands".into()),
    }
}

#[track_caller]
fn check(expressions: &str, expect: Expect) {
    let lines = expressions.lines().map(str::trim).filter(|line| !line.is_empty());
    expect.assert_eq(&lines.map(|line| format!("{line}  =>  {}\n", evaluate(line))).collect::<String>());
}

#[test]
fn numbers() {
    check(
        "i + 1
        i / 2
        i % 4
        MOD(b, i)
        b + 1
        i * 2147483647
        -i
        ABS(i)
        i + 1.5
        d + i
        d * 1.5
        p + 1
        p * p
        p / 3
        i / 2.0
        p * d
        1e3
        5 / 2
        ROUND(d, 2)
        ROUND(d)
        ROUND(p, 1)
        ROUND(i)
        FLOOR(d)
        CEIL(d)
        FLOOR(i)
        POWER(i, 2)
        SQRT(4)
        EXP(0)
        LN(1)",
        expect![[r#"
            i + 1  =>  INT 8 | -6 | NULL
            i / 2  =>  INT 3 | -3 | NULL
            i % 4  =>  INT 3 | -3 | NULL
            MOD(b, i)  =>  INT 0 | -1 | NULL
            b + 1  =>  BIGINT 1577934245679 | 0 | NULL
            i * 2147483647  =>  INT 2147483641 | -2147483641 | NULL
            -i  =>  INT -7 | 7 | NULL
            ABS(i)  =>  INT 7 | 7 | NULL
            i + 1.5  =>  DECIMAL(12, 1) 8.5 | -5.5 | NULL
            d + i  =>  DOUBLE 9.5 | -8.004999999999999 | NULL
            d * 1.5  =>  DOUBLE 3.75 | -1.5074999999999998 | NULL
            p + 1  =>  DECIMAL(13, 2) 11.50 | -2.33 | NULL
            p * p  =>  DECIMAL(20, 4) 110.2500 | 11.0889 | NULL
            p / 3  =>  DECIMAL(21, 13) 3.5000000000000 | -1.1100000000000 | NULL
            i / 2.0  =>  DECIMAL(17, 6) 3.500000 | -3.500000 | NULL
            p * d  =>  DOUBLE 26.25 | 3.34665 | NULL
            1e3  =>  DOUBLE 1000.0 | 1000.0 | 1000.0
            5 / 2  =>  INT 2 | 2 | 2
            ROUND(d, 2)  =>  DOUBLE 2.5 | -1.01 | NULL
            ROUND(d)  =>  DOUBLE 3.0 | -1.0 | NULL
            ROUND(p, 1)  =>  DECIMAL(10, 1) 10.5 | -3.3 | NULL
            ROUND(i)  =>  INT 7 | -7 | NULL
            FLOOR(d)  =>  DOUBLE 2.0 | -2.0 | NULL
            CEIL(d)  =>  DOUBLE 3.0 | -1.0 | NULL
            FLOOR(i)  =>  INT 7 | -7 | NULL
            POWER(i, 2)  =>  DOUBLE 49.0 | 49.0 | NULL
            SQRT(4)  =>  DOUBLE 2.0 | 2.0 | 2.0
            EXP(0)  =>  DOUBLE 1.0 | 1.0 | 1.0
            LN(1)  =>  DOUBLE 0.0 | 0.0 | 0.0
        "#]],
    );
}

#[test]
fn texts() {
    check(
        "UPPER(s)
        LOWER(s)
        CHAR_LENGTH(s)
        CHARACTER_LENGTH(s)
        TRIM(s)
        TRIM(BOTH 'Se' FROM s)
        TRIM(LEADING ' ' FROM s)
        SUBSTRING(s FROM 2 FOR 3)
        SUBSTRING(s, 5)
        SUBSTR(s, -2, 1)
        SUBSTRING(s, 0)
        SUBSTRING(s, i)
        CONCAT(s, '!', t)
        s || '!'
        POSITION('ra' IN s)
        s LIKE 'Str%'
        s LIKE '_12_'
        s NOT LIKE '%x%'
        'it''s'",
        expect![[r#"
            UPPER(s)  =>  STRING STRASSE |  12  | NULL
            LOWER(s)  =>  STRING straße |  12  | NULL
            CHAR_LENGTH(s)  =>  INT 6 | 4 | NULL
            CHARACTER_LENGTH(s)  =>  INT 6 | 4 | NULL
            TRIM(s)  =>  STRING Straße | 12 | NULL
            TRIM(BOTH 'Se' FROM s)  =>  STRING traß |  12  | NULL
            TRIM(LEADING ' ' FROM s)  =>  STRING Straße | 12  | NULL
            SUBSTRING(s FROM 2 FOR 3)  =>  STRING tra | 12  | NULL
            SUBSTRING(s, 5)  =>  STRING ße |  | NULL
            SUBSTR(s, -2, 1)  =>  STRING ß | 2 | NULL
            SUBSTRING(s, 0)  =>  STRING Straße |  12  | NULL
            SUBSTRING(s, i)  =>  STRING  |  | NULL
            CONCAT(s, '!', t)  =>  STRING Straße!2020-01-02 03:04:05.678 |  12 !x | NULL
            s || '!'  =>  STRING Straße! |  12 ! | NULL
            POSITION('ra' IN s)  =>  INT 3 | 0 | NULL
            s LIKE 'Str%'  =>  BOOLEAN true | false | NULL
            s LIKE '_12_'  =>  BOOLEAN false | true | NULL
            s NOT LIKE '%x%'  =>  BOOLEAN true | true | NULL
            'it''s'  =>  STRING it's | it's | it's
        "#]],
    );
}

#[test]
fn conditions() {
    check(
        "COALESCE(s, 'none')
        COALESCE(NULL, i, 5)
        IFNULL(i, 0)
        NULLIF(i, 7)
        IF(i > 0, 'p', 'n')
        CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' END
        CASE i WHEN 7 THEN 1 ELSE 2.5 END
        i > 0 AND d > 0
        i IS NULL OR b > 0
        (i > 0) IS NOT TRUE
        i BETWEEN 0 AND 10
        i NOT IN (7, 8)
        i IS DISTINCT FROM 7
        NOT i = 7
        p > 10
        p = 10.5
        d > 1
        d > 1.5",
        expect![[r#"
            COALESCE(s, 'none')  =>  STRING Straße |  12  | none
            COALESCE(NULL, i, 5)  =>  INT 7 | -7 | 5
            IFNULL(i, 0)  =>  INT 7 | -7 | 0
            NULLIF(i, 7)  =>  INT NULL | -7 | NULL
            IF(i > 0, 'p', 'n')  =>  STRING p | n | n
            CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' END  =>  STRING p | n | NULL
            CASE i WHEN 7 THEN 1 ELSE 2.5 END  =>  DECIMAL(11, 1) 1.0 | 2.5 | 2.5
            i > 0 AND d > 0  =>  BOOLEAN true | false | NULL
            i IS NULL OR b > 0  =>  BOOLEAN true | false | true
            (i > 0) IS NOT TRUE  =>  BOOLEAN false | true | true
            i BETWEEN 0 AND 10  =>  BOOLEAN true | false | NULL
            i NOT IN (7, 8)  =>  BOOLEAN false | true | NULL
            i IS DISTINCT FROM 7  =>  BOOLEAN false | true | true
            NOT i = 7  =>  BOOLEAN false | true | NULL
            p > 10  =>  BOOLEAN true | false | NULL
            p = 10.5  =>  BOOLEAN true | false | NULL
            d > 1  =>  BOOLEAN true | false | NULL
            d > 1.5  =>  BOOLEAN true | false | NULL
        "#]],
    );
}

#[test]
fn casts() {
    check(
        "CAST(i AS STRING)
        CAST(b AS INT)
        CAST(b AS TINYINT)
        CAST(d AS INT)
        CAST(1e20 AS INT)
        CAST(i AS DOUBLE)
        CAST(d AS DECIMAL(10, 1))
        CAST(d AS DECIMAL(1, 1))
        CAST(p AS INT)
        CAST(p AS STRING)
        CAST(p AS DECIMAL(10, 1))
        CAST(i > 0 AS STRING)
        CAST(i > 0 AS INT)
        CAST(' 12 ' AS INT)
        TRY_CAST(s AS INT)
        TRY_CAST(t AS TIMESTAMP(3))
        CAST(t AS TIMESTAMP(3))
        TRY_CAST(t AS TIMESTAMP)
        CAST(TRY_CAST(t AS TIMESTAMP(3)) AS STRING)
        CAST(TRY_CAST(t AS TIMESTAMP(0)) AS STRING)
        CAST(TO_TIMESTAMP_LTZ(b, 3) AS STRING)
        CAST(TO_TIMESTAMP_LTZ(b, 3) AS TIMESTAMP(3))
        CAST(TO_TIMESTAMP_LTZ(b, 3) AS DATE)
        CAST('2020-02-03' AS DATE)
        CAST(DATE '2020-02-03' AS STRING)
        CAST('yes' AS BOOLEAN)
        CAST(NULL AS INT)
        CAST(i AS TIMESTAMP_LTZ(3))",
        expect![[r#"
            CAST(i AS STRING)  =>  STRING 7 | -7 | NULL
            CAST(b AS INT)  =>  INT 1681248046 | -1 | NULL
            CAST(b AS TINYINT)  =>  TINYINT 46 | -1 | NULL
            CAST(d AS INT)  =>  INT 2 | -1 | NULL
            CAST(1e20 AS INT)  =>  INT 2147483647 | 2147483647 | 2147483647
            CAST(i AS DOUBLE)  =>  DOUBLE 7.0 | -7.0 | NULL
            CAST(d AS DECIMAL(10, 1))  =>  DECIMAL(10, 1) 2.5 | -1.0 | NULL
            CAST(d AS DECIMAL(1, 1))  =>  DECIMAL(1, 1) NULL | NULL | NULL
            CAST(p AS INT)  =>  INT 10 | -3 | NULL
            CAST(p AS STRING)  =>  STRING 10.50 | -3.33 | NULL
            CAST(p AS DECIMAL(10, 1))  =>  DECIMAL(10, 1) 10.5 | -3.3 | NULL
            CAST(i > 0 AS STRING)  =>  STRING TRUE | FALSE | NULL
            CAST(i > 0 AS INT)  =>  INT 1 | 0 | NULL
            CAST(' 12 ' AS INT)  =>  INT 12 | 12 | 12
            TRY_CAST(s AS INT)  =>  INT NULL | 12 | NULL
            TRY_CAST(t AS TIMESTAMP(3))  =>  TIMESTAMP(3) 2020-01-02T03:04:05.678 | NULL | NULL
            CAST(t AS TIMESTAMP(3))  =>  Execution error: 'x' is no timestamp; TRY_CAST would give NULL
            TRY_CAST(t AS TIMESTAMP)  =>  TIMESTAMP(6) 2020-01-02T03:04:05.678 | NULL | NULL
            CAST(TRY_CAST(t AS TIMESTAMP(3)) AS STRING)  =>  STRING 2020-01-02 03:04:05.678 | NULL | NULL
            CAST(TRY_CAST(t AS TIMESTAMP(0)) AS STRING)  =>  STRING 2020-01-02 03:04:05 | NULL | NULL
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS STRING)  =>  STRING 2020-01-02 03:04:05.678 | 1969-12-31 23:59:59.999 | NULL
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS TIMESTAMP(3))  =>  TIMESTAMP(3) 2020-01-02T03:04:05.678 | 1969-12-31T23:59:59.999 | NULL
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS DATE)  =>  DATE 2020-01-02 | 1969-12-31 | NULL
            CAST('2020-02-03' AS DATE)  =>  DATE 2020-02-03 | 2020-02-03 | 2020-02-03
            CAST(DATE '2020-02-03' AS STRING)  =>  STRING 2020-02-03 | 2020-02-03 | 2020-02-03
            CAST('yes' AS BOOLEAN)  =>  BOOLEAN true | true | true
            CAST(NULL AS INT)  =>  INT NULL | NULL | NULL
            CAST(i AS TIMESTAMP_LTZ(3))  =>  line 1, column 94, at 'CAST': CAST from INT to TIMESTAMP_LTZ(3) is not supported yet by the embedded engine; it runs on a Flink cluster
        "#]],
    );
}

#[test]
fn times() {
    check(
        "TO_TIMESTAMP(t)
        TO_TIMESTAMP('2020-1-2')
        TO_TIMESTAMP('02.01.2020 03h', 'dd.MM.yyyy HH''h''')
        TO_TIMESTAMP('2020-01-02T03:04:05', 'yyyy-MM-dd''T''HH:mm:ss')
        TO_TIMESTAMP_LTZ(b, 3)
        TO_TIMESTAMP_LTZ(i, 0)
        TO_TIMESTAMP(t) + INTERVAL '1' DAY
        TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '30' MINUTES
        TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '0.5' SECOND
        TO_TIMESTAMP(t) + INTERVAL '1' MONTH
        TIMESTAMP '2020-01-02 03:04:05'
        TIMESTAMP '2020-01-02 03:04:05.123456'
        TO_TIMESTAMP(t) > TIMESTAMP '2020-01-02 03:04:05'
        TO_TIMESTAMP_LTZ(b, 3) > TIMESTAMP '2020-01-02 03:04:05'
        EXTRACT(YEAR FROM TO_TIMESTAMP_LTZ(b, 3))
        EXTRACT(HOUR FROM TO_TIMESTAMP(t))
        EXTRACT(QUARTER FROM DATE '2020-05-06')
        HOUR(TO_TIMESTAMP_LTZ(b, 3))
        WEEK(DATE '2021-01-03')
        DAYOFYEAR(DATE '2020-12-31')
        FLOOR(TO_TIMESTAMP_LTZ(b, 3) TO HOUR)
        FLOOR(TO_TIMESTAMP(t) TO MONTH)
        DATE_FORMAT(TO_TIMESTAMP_LTZ(b, 3), 'yyyyMMdd HH:mm:ss.SSS')
        DATE_FORMAT(TO_TIMESTAMP(t), 'HH''h''')",
        expect![[r#"
            TO_TIMESTAMP(t)  =>  TIMESTAMP(3) 2020-01-02T03:04:05.678 | NULL | NULL
            TO_TIMESTAMP('2020-1-2')  =>  TIMESTAMP(3) 2020-01-02T00:00:00 | 2020-01-02T00:00:00 | 2020-01-02T00:00:00
            TO_TIMESTAMP('02.01.2020 03h', 'dd.MM.yyyy HH''h''')  =>  TIMESTAMP(3) 2020-01-02T03:00:00 | 2020-01-02T03:00:00 | 2020-01-02T03:00:00
            TO_TIMESTAMP('2020-01-02T03:04:05', 'yyyy-MM-dd''T''HH:mm:ss')  =>  TIMESTAMP(3) 2020-01-02T03:04:05 | 2020-01-02T03:04:05 | 2020-01-02T03:04:05
            TO_TIMESTAMP_LTZ(b, 3)  =>  TIMESTAMP_LTZ(3) 2020-01-02T03:04:05.678Z | 1969-12-31T23:59:59.999Z | NULL
            TO_TIMESTAMP_LTZ(i, 0)  =>  TIMESTAMP_LTZ(3) 1970-01-01T00:00:07Z | 1969-12-31T23:59:53Z | NULL
            TO_TIMESTAMP(t) + INTERVAL '1' DAY  =>  TIMESTAMP(3) 2020-01-03T03:04:05.678 | NULL | NULL
            TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '30' MINUTES  =>  TIMESTAMP_LTZ(3) 2020-01-02T02:34:05.678Z | 1969-12-31T23:29:59.999Z | NULL
            TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '0.5' SECOND  =>  TIMESTAMP_LTZ(3) 2020-01-02T03:04:05.178Z | 1969-12-31T23:59:59.499Z | NULL
            TO_TIMESTAMP(t) + INTERVAL '1' MONTH  =>  TIMESTAMP(3) 2020-02-02T03:04:05.678 | NULL | NULL
            TIMESTAMP '2020-01-02 03:04:05'  =>  TIMESTAMP(3) 2020-01-02T03:04:05 | 2020-01-02T03:04:05 | 2020-01-02T03:04:05
            TIMESTAMP '2020-01-02 03:04:05.123456'  =>  TIMESTAMP(6) 2020-01-02T03:04:05.123456 | 2020-01-02T03:04:05.123456 | 2020-01-02T03:04:05.123456
            TO_TIMESTAMP(t) > TIMESTAMP '2020-01-02 03:04:05'  =>  BOOLEAN true | NULL | NULL
            TO_TIMESTAMP_LTZ(b, 3) > TIMESTAMP '2020-01-02 03:04:05'  =>  BOOLEAN true | false | NULL
            EXTRACT(YEAR FROM TO_TIMESTAMP_LTZ(b, 3))  =>  BIGINT 2020 | 1969 | NULL
            EXTRACT(HOUR FROM TO_TIMESTAMP(t))  =>  BIGINT 3 | NULL | NULL
            EXTRACT(QUARTER FROM DATE '2020-05-06')  =>  BIGINT 2 | 2 | 2
            HOUR(TO_TIMESTAMP_LTZ(b, 3))  =>  BIGINT 3 | 23 | NULL
            WEEK(DATE '2021-01-03')  =>  BIGINT 53 | 53 | 53
            DAYOFYEAR(DATE '2020-12-31')  =>  BIGINT 366 | 366 | 366
            FLOOR(TO_TIMESTAMP_LTZ(b, 3) TO HOUR)  =>  TIMESTAMP_LTZ(3) 2020-01-02T03:00:00Z | 1969-12-31T23:00:00Z | NULL
            FLOOR(TO_TIMESTAMP(t) TO MONTH)  =>  TIMESTAMP(3) 2020-01-01T00:00:00 | NULL | NULL
            DATE_FORMAT(TO_TIMESTAMP_LTZ(b, 3), 'yyyyMMdd HH:mm:ss.SSS')  =>  STRING 20200102 03:04:05.678 | 19691231 23:59:59.999 | NULL
            DATE_FORMAT(TO_TIMESTAMP(t), 'HH''h''')  =>  STRING 03h | NULL | NULL
        "#]],
    );
}
