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
        expect![""],
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
        expect![""],
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
        expect![""],
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
        expect![""],
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
    expect![""].assert_eq(&got);
    session.close().await.unwrap();
}
