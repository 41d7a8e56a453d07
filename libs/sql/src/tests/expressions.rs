//! What expressions mean: values from Flink's documentation and sources, not from our engine.

use super::planned;
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
    let script = format!(
        "CREATE TABLE src ({declared}, result AS {expression}) WITH ('connector'='fake');
         CREATE TABLE dst (a BIGINT) WITH ('connector'='fake');
         CREATE VIEW v AS SELECT * FROM src;
         INSERT INTO dst SELECT b FROM v WHERE COALESCE(CAST(result IS NULL AS INT), i) = 1 AND s = t AND d = 0 AND p = 0"
    );
    let pipeline = match planned(&script) {
        Ok(pipeline) => pipeline,
        Err(error) => return error.to_string(),
    };
    let source = &pipeline.sources[0];
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
    format!("{} {}", crate::types::type_name(column.data_type()), values.join(" | "))
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
        LN(1)
        i / 0",
        expect![[r#"
            i + 1  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i / 2  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i % 4  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            MOD(b, i)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            b + 1  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i * 2147483647  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            -i  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            ABS(i)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i + 1.5  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            d + i  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            d * 1.5  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p + 1  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p * p  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p / 3  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i / 2.0  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p * d  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            1e3  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            5 / 2  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            ROUND(d, 2)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            ROUND(d)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            ROUND(p, 1)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            ROUND(i)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            FLOOR(d)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CEIL(d)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            FLOOR(i)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            POWER(i, 2)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SQRT(4)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            EXP(0)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            LN(1)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i / 0  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
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
            UPPER(s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            LOWER(s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CHAR_LENGTH(s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CHARACTER_LENGTH(s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRIM(s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRIM(BOTH 'Se' FROM s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRIM(LEADING ' ' FROM s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SUBSTRING(s FROM 2 FOR 3)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SUBSTRING(s, 5)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SUBSTR(s, -2, 1)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SUBSTRING(s, 0)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            SUBSTRING(s, i)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CONCAT(s, '!', t)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            s || '!'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            POSITION('ra' IN s)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            s LIKE 'Str%'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            s LIKE '_12_'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            s NOT LIKE '%x%'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            'it''s'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
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
        d > 1",
        expect![[r#"
            COALESCE(s, 'none')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            COALESCE(NULL, i, 5)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            IFNULL(i, 0)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            NULLIF(i, 7)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            IF(i > 0, 'p', 'n')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CASE WHEN i > 0 THEN 'p' WHEN i < 0 THEN 'n' END  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CASE i WHEN 7 THEN 1 ELSE 2.5 END  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i > 0 AND d > 0  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i IS NULL OR b > 0  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            (i > 0) IS NOT TRUE  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i BETWEEN 0 AND 10  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i NOT IN (7, 8)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            i IS DISTINCT FROM 7  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            NOT i = 7  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p > 10  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            p = 10.5  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            d > 1  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
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
        CAST(s AS INT)
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
            CAST(i AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(b AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(b AS TINYINT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(d AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(1e20 AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(i AS DOUBLE)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(d AS DECIMAL(10, 1))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(d AS DECIMAL(1, 1))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(p AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(p AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(p AS DECIMAL(10, 1))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(i > 0 AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(i > 0 AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(' 12 ' AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(s AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRY_CAST(s AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRY_CAST(t AS TIMESTAMP(3))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(t AS TIMESTAMP(3))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TRY_CAST(t AS TIMESTAMP)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(TRY_CAST(t AS TIMESTAMP(3)) AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(TRY_CAST(t AS TIMESTAMP(0)) AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS TIMESTAMP(3))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(TO_TIMESTAMP_LTZ(b, 3) AS DATE)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST('2020-02-03' AS DATE)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(DATE '2020-02-03' AS STRING)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST('yes' AS BOOLEAN)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(NULL AS INT)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            CAST(i AS TIMESTAMP_LTZ(3))  =>  line 1, column 94, at 'CAST': CAST from INT to TIMESTAMP_LTZ(3) is not supported yet by the embedded engine; run it with --engine flink
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
            TO_TIMESTAMP(t)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP('2020-1-2')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP('02.01.2020 03h', 'dd.MM.yyyy HH''h''')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP('2020-01-02T03:04:05', 'yyyy-MM-dd''T''HH:mm:ss')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP_LTZ(b, 3)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP_LTZ(i, 0)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP(t) + INTERVAL '1' DAY  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '30' MINUTES  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP_LTZ(b, 3) - INTERVAL '0.5' SECOND  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP(t) + INTERVAL '1' MONTH  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TIMESTAMP '2020-01-02 03:04:05'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TIMESTAMP '2020-01-02 03:04:05.123456'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP(t) > TIMESTAMP '2020-01-02 03:04:05'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            TO_TIMESTAMP_LTZ(b, 3) > TIMESTAMP '2020-01-02 03:04:05'  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            EXTRACT(YEAR FROM TO_TIMESTAMP_LTZ(b, 3))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            EXTRACT(HOUR FROM TO_TIMESTAMP(t))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            EXTRACT(QUARTER FROM DATE '2020-05-06')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            HOUR(TO_TIMESTAMP_LTZ(b, 3))  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            WEEK(DATE '2021-01-03')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            DAYOFYEAR(DATE '2020-12-31')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            FLOOR(TO_TIMESTAMP_LTZ(b, 3) TO HOUR)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            FLOOR(TO_TIMESTAMP(t) TO MONTH)  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            DATE_FORMAT(TO_TIMESTAMP_LTZ(b, 3), 'yyyyMMdd HH:mm:ss.SSS')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
            DATE_FORMAT(TO_TIMESTAMP(t), 'HH''h''')  =>  line 4, column 97, at 's': there is no column 's'; did you mean 'b'?
        "#]],
    );
}
