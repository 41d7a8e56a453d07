//! Every type's way from a SELECT into Arrow.

use crate::cluster::{LIMIT, batch, query};
use arrow::array::Array;
use arrow::util::display::array_value_to_string;
use expect_test::{Expect, expect};

/// Each line is an expression; the answer is its type as Flink and as Arrow call it, and its value.
async fn check(expressions: &[&str], expect: Expect) {
    let session = batch().await;
    session.set("table.local-time-zone", "Europe/Berlin").await.unwrap();
    let list = expressions.iter().enumerate().map(|(at, text)| format!("{text} AS c{at}"));
    let mut results = query(&session, &format!("SELECT {}", list.collect::<Vec<_>>().join(", "))).await;
    let changes = results.collect(LIMIT).await.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(changes.rows.num_rows(), 1);
    let mut got = String::new();
    for (at, column) in results.columns().iter().enumerate() {
        let cell = changes.rows.column(at);
        let value = match cell.is_null(0) {
            true => "NULL".to_owned(),
            false => format!("[{}]", array_value_to_string(cell, 0).unwrap()),
        };
        let arrow = changes.rows.schema().field(at).data_type().to_string();
        got.push_str(&format!("{} → {arrow}: {value}\n", column.sql_type));
    }
    expect.assert_eq(&got);
    session.close().await.unwrap();
}

#[tokio::test]
async fn texts_and_bytes() {
    check(
        &[
            "CAST('ab' AS CHAR(4))",
            "CAST('ab' AS VARCHAR(3))",
            "CAST('süß🦀\"\\' AS STRING)",
            "CAST(NULL AS STRING)",
            "''",
            "x'00ff10'",
            "CAST(x'00' AS BINARY(3))",
            "CAST(x'0102' AS VARBINARY(5))",
            "CAST(x'0102' AS BYTES)",
            "CAST(NULL AS BYTES)",
        ],
        expect![[r#"
            CHAR(4) NOT NULL → Utf8: [ab  ]
            VARCHAR(3) NOT NULL → Utf8: [ab]
            STRING NOT NULL → Utf8: [süß🦀"\]
            STRING → Utf8: NULL
            CHAR(0) NOT NULL → Utf8: []
            BINARY(3) NOT NULL → Binary: [00ff10]
            BINARY(3) NOT NULL → Binary: [000000]
            VARBINARY(5) NOT NULL → Binary: [0102]
            BYTES NOT NULL → Binary: [0102]
            BYTES → Binary: NULL
        "#]],
    )
    .await;
}

#[tokio::test]
async fn numbers() {
    check(
        &[
            "TRUE",
            "CAST(NULL AS BOOLEAN)",
            "CAST(-128 AS TINYINT)",
            "CAST(-32768 AS SMALLINT)",
            "-2147483648",
            "CAST('-9223372036854775808' AS BIGINT)",
            "CAST(NULL AS BIGINT)",
            "CAST('1.1' AS FLOAT)",
            "CAST('1e300' AS DOUBLE)",
            "SQRT(-1 - RAND())",
            "-(1 + RAND()) * 1E308 * 10",
            "CAST((1 + RAND()) * 1E308 * 10 AS FLOAT)",
            "CAST(1.50 AS DECIMAL(10, 3))",
            "CAST(100 AS DECIMAL(5, 0))",
            "CAST(0 AS DECIMAL(5, 2))",
            "CAST('99999999999999999999999999999999999999' AS DECIMAL(38, 0))",
            "CAST('-0.00000000000000000000000000000000000001' AS DECIMAL(38, 38))",
            "CAST(NULL AS DECIMAL(10, 2))",
        ],
        expect![[r#"
            BOOLEAN NOT NULL → Boolean: [true]
            BOOLEAN → Boolean: NULL
            TINYINT NOT NULL → Int8: [-128]
            SMALLINT NOT NULL → Int16: [-32768]
            INT NOT NULL → Int32: [-2147483648]
            BIGINT NOT NULL → Int64: [-9223372036854775808]
            BIGINT → Int64: NULL
            FLOAT NOT NULL → Float32: [1.1]
            DOUBLE NOT NULL → Float64: [1e300]
            DOUBLE NOT NULL → Float64: [NaN]
            DOUBLE NOT NULL → Float64: [-inf]
            FLOAT NOT NULL → Float32: [inf]
            DECIMAL(10, 3) NOT NULL → Decimal128(10, 3): [1.500]
            DECIMAL(5, 0) NOT NULL → Decimal128(5, 0): [100]
            DECIMAL(5, 2) NOT NULL → Decimal128(5, 2): [0.00]
            DECIMAL(38, 0) NOT NULL → Decimal128(38, 0): [99999999999999999999999999999999999999]
            DECIMAL(38, 38) NOT NULL → Decimal128(38, 38): [-0.00000000000000000000000000000000000001]
            DECIMAL(10, 2) → Decimal128(10, 2): NULL
        "#]],
    )
    .await;
}

#[tokio::test]
async fn dates_and_times() {
    check(
        &[
            "DATE '0001-01-01'",
            "DATE '9999-12-31'",
            "CAST(NULL AS DATE)",
            "TIME '12:34:56'",
            "CAST('12:34:56.789' AS TIME(3))",
            "CAST(TIMESTAMP '2020-01-01 00:00:00' AS TIMESTAMP(0))",
            "CAST(TIMESTAMP '2020-01-01 00:00:00.12' AS TIMESTAMP(3))",
            "CAST(TIMESTAMP '1969-12-31 23:59:59.999999' AS TIMESTAMP(6))",
            "CAST(TIMESTAMP '2020-01-01 00:00:00.123456789' AS TIMESTAMP(9))",
            "CAST('9999-12-31 23:59:59.999' AS TIMESTAMP(3))",
            "TO_TIMESTAMP_LTZ(1234, 3)",
            "CAST(TIMESTAMP '2020-07-01 00:00:00.5' AS TIMESTAMP_LTZ(6))",
            "CAST(TIMESTAMP '2021-03-28 02:30:00' AS TIMESTAMP_LTZ(3))",
            "CAST(NULL AS TIMESTAMP_LTZ(3))",
            "INTERVAL '1-2' YEAR TO MONTH",
            "INTERVAL '1 02:03:04.567' DAY TO SECOND",
            "-INTERVAL '90' MINUTE",
        ],
        expect![[r#"
            DATE NOT NULL → Date32: [0001-01-01]
            DATE NOT NULL → Date32: [9999-12-31]
            DATE → Date32: NULL
            TIME(0) NOT NULL → Time32(s): [12:34:56]
            TIME(0) NOT NULL → Time32(s): [12:34:56]
            TIMESTAMP(0) NOT NULL → Timestamp(s): [2020-01-01T00:00:00]
            TIMESTAMP(3) NOT NULL → Timestamp(ms): [2020-01-01T00:00:00.120]
            TIMESTAMP(6) NOT NULL → Timestamp(µs): [1969-12-31T23:59:59.999999]
            TIMESTAMP(9) NOT NULL → Timestamp(ns): [2020-01-01T00:00:00.123456789]
            TIMESTAMP(3) NOT NULL → Timestamp(ms): [9999-12-31T23:59:59.999]
            TIMESTAMP_LTZ(3) → Timestamp(ms, "UTC"): [1970-01-01T00:00:01.234Z]
            TIMESTAMP_LTZ(6) NOT NULL → Timestamp(µs, "UTC"): [2020-06-30T22:00:00.500Z]
            TIMESTAMP_LTZ(3) NOT NULL → Timestamp(ms, "UTC"): [2021-03-28T01:30:00Z]
            TIMESTAMP_LTZ(3) → Timestamp(ms, "UTC"): NULL
            INTERVAL MONTH NOT NULL → Interval(YearMonth): [1 years 2 mons]
            INTERVAL SECOND NOT NULL → Interval(DayTime): [1 days 2 hours 3 mins 4.567 secs]
            INTERVAL SECOND NOT NULL → Interval(DayTime): [-1 hours -30 mins]
        "#]],
    )
    .await;
}

#[tokio::test]
async fn nested() {
    check(
        &[
            "ARRAY[1, CAST(NULL AS INT), 3]",
            "ARRAY[ARRAY['a'], ARRAY['b', 'c']]",
            "CAST(NULL AS ARRAY<INT>)",
            "MAP['k', 1, 'l', CAST(NULL AS INT)]",
            "MAP['a', ARRAY[DATE '2020-01-01']]",
            "ROW(1, 'a')",
            "CAST(ROW(1, ROW('x', ARRAY[1.5])) AS ROW<a INT, b ROW<c STRING, d ARRAY<DECIMAL(4, 2)>>>)",
            "CAST(NULL AS ROW<a INT NOT NULL, b STRING>)",
            "ARRAY[ROW(1, 2), ROW(3, 4)]",
        ],
        expect![[r#"
            ARRAY<INT> NOT NULL → List(Int32): [[1, , 3]]
            ARRAY<ARRAY<CHAR(1) NOT NULL> NOT NULL> NOT NULL → List(non-null List(non-null Utf8)): [[[a], [b, c]]]
            ARRAY<INT> → List(Int32): NULL
            MAP<CHAR(1) NOT NULL, INT> NOT NULL → Map("entries": non-null Struct("keys": non-null Utf8, "values": Int32), unsorted): [{k: 1, l: }]
            MAP<CHAR(1) NOT NULL, ARRAY<DATE NOT NULL> NOT NULL> NOT NULL → Map("entries": non-null Struct("keys": non-null Utf8, "values": non-null List(non-null Date32)), unsorted): [{a: [2020-01-01]}]
            ROW<`EXPR$0` INT NOT NULL, `EXPR$1` CHAR(1) NOT NULL> NOT NULL → Struct("EXPR$0": non-null Int32, "EXPR$1": non-null Utf8): [{EXPR$0: 1, EXPR$1: a}]
            ROW<`a` INT, `b` ROW<`c` STRING, `d` ARRAY<DECIMAL(4, 2)>>> NOT NULL → Struct("a": Int32, "b": Struct("c": Utf8, "d": List(Decimal128(4, 2)))): [{a: 1, b: {c: x, d: [1.50]}}]
            ROW<`a` INT NOT NULL, `b` STRING> → Struct("a": non-null Int32, "b": Utf8): NULL
            ARRAY<ROW<`EXPR$0` INT NOT NULL, `EXPR$1` INT NOT NULL> NOT NULL> NOT NULL → List(non-null Struct("EXPR$0": non-null Int32, "EXPR$1": non-null Int32)): [[{EXPR$0: 1, EXPR$1: 2}, {EXPR$0: 3, EXPR$1: 4}]]
        "#]],
    )
    .await;
}

/// Goal: what the row format cannot carry is said, not guessed.
#[tokio::test]
async fn what_cannot_be_read_is_said() {
    let session = batch().await;
    let mut got = String::new();
    for text in ["MAP[1, 'a']", "PARSE_JSON('{\"a\":1}')"] {
        let mut results = query(&session, &format!("SELECT {text} AS v")).await;
        let error = results.collect(LIMIT).await.unwrap_err();
        got.push_str(&format!("{text}: {error}\n"));
    }
    expect![[r#"
        MAP[1, 'a']: the result has a type that the gateway cannot send: a MAP whose keys are no texts, VARIANT, RAW or a structured type; CAST it to STRING
        PARSE_JSON('{"a":1}'): the result has a type that the gateway cannot send: a MAP whose keys are no texts, VARIANT, RAW or a structured type; CAST it to STRING
    "#]].assert_eq(&got);
    session.close().await.unwrap();
}
