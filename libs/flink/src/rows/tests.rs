//! JSON rows in, Arrow out.

use super::*;
use arrow::util::pretty::pretty_format_batches;
use expect_test::{Expect, expect};

/// A result of one column `v`, as the gateway writes it.
fn read(logical_type: &str, cells: &str) -> Result<Changes, String> {
    let columns: Vec<ColumnInfo> =
        serde_json::from_str(&format!(r#"[{{"name":"v","logicalType":{logical_type},"comment":null}}]"#))
            .unwrap();
    let rows = cells
        .split(" | ")
        .map(|cell| format!(r#"{{"kind":"INSERT","fields":[{cell}]}}"#))
        .collect::<Vec<_>>();
    let rows: Vec<Box<RawValue>> = rows.into_iter().map(|row| RawValue::from_string(row).unwrap()).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|row| serde_json::from_str(row.get()).unwrap()).collect();
    changes(&schema(&columns)?, &rows)
}

#[track_caller]
fn check(logical_type: &str, cells: &str, expect: Expect) {
    let got = match read(logical_type, cells) {
        Ok(changes) => {
            let table = pretty_format_batches(std::slice::from_ref(&changes.rows)).unwrap().to_string();
            let cells: Vec<&str> =
                table.lines().skip(3).filter(|l| !l.starts_with('+')).map(|l| &l[2..l.len() - 2]).collect();
            let cells: Vec<&str> = cells.iter().map(|cell| cell.trim_end()).collect();
            format!("{}: {}", changes.rows.schema().field(0).data_type(), cells.join(" | "))
        }
        Err(error) => error,
    };
    expect.assert_eq(&got);
}

/// Goal: no digit is lost on the way, whatever notation Java chose.
#[test]
fn decimals_keep_every_digit() {
    let wide = r#"{"type":"DECIMAL","nullable":true,"precision":38,"scale":0}"#;
    check(
        wide,
        "99999999999999999999999999999999999999 | -1 | 1E+2 | null | 0",
        expect!["Decimal128(38, 0): 99999999999999999999999999999999999999 | -1 | 100 |  | 0"],
    );
    let fine = r#"{"type":"DECIMAL","nullable":true,"precision":38,"scale":38}"#;
    check(
        fine,
        "-1E-38 | 0E-38",
        expect![
            "Decimal128(38, 38): -0.00000000000000000000000000000000000001 | 0.00000000000000000000000000000000000000"
        ],
    );
    let plain = r#"{"type":"DECIMAL","nullable":true,"precision":5,"scale":2}"#;
    check(plain, "1.5 | 1.500 | -0.01", expect!["Decimal128(5, 2): 1.50 | 1.50 | -0.01"]);
    check(plain, "1.005", expect!["column 'v': 1.005 is no DECIMAL(5, 2)"]);
    check(plain, "\"x\"", expect!["column 'v': \"x\" is no DECIMAL(5, 2)"]);
}

#[test]
fn numbers_at_their_ends() {
    check(r#"{"type":"TINYINT","nullable":true}"#, "-128 | 127 | null", expect!["Int8: -128 | 127 | "]);
    check(r#"{"type":"TINYINT","nullable":true}"#, "128", expect!["column 'v': cannot read 128"]);
    check(
        r#"{"type":"BIGINT","nullable":true}"#,
        "-9223372036854775808 | 9223372036854775807",
        expect!["Int64: -9223372036854775808 | 9223372036854775807"],
    );
    check(
        r#"{"type":"DOUBLE","nullable":true}"#,
        r#"1.0E300 | "NaN" | "Infinity" | "-Infinity" | -0.0"#,
        expect!["Float64: 1e300 | NaN | inf | -inf | -0.0"],
    );
    check(
        r#"{"type":"FLOAT","nullable":true}"#,
        "1.1 | 3.4028235E38",
        expect!["Float32: 1.1 | 3.4028235e38"],
    );
}

#[test]
fn times_take_the_unit_that_holds_their_precision() {
    let of =
        |root: &str, precision: u8| format!(r#"{{"type":"{root}","nullable":true,"precision":{precision}}}"#);
    check(
        &of("TIMESTAMP_WITHOUT_TIME_ZONE", 3),
        r#""2020-01-01T00:00:00.12" | "1969-12-31T23:59:59.999" | "9999-12-31T23:59:59.999""#,
        expect!["Timestamp(ms): 2020-01-01T00:00:00.120 | 1969-12-31T23:59:59.999 | 9999-12-31T23:59:59.999"],
    );
    check(
        &of("TIMESTAMP_WITH_LOCAL_TIME_ZONE", 6),
        r#""2020-01-01T00:00:00.123456Z""#,
        expect![[r#"Timestamp(µs, "UTC"): 2020-01-01T00:00:00.123456Z"#]],
    );
    check(
        &of("TIMESTAMP_WITHOUT_TIME_ZONE", 9),
        r#""0001-01-01T00:00:00""#,
        expect![[r#"column 'v': "0001-01-01T00:00:00" is outside of what the column can hold"#]],
    );
    check(&of("TIME_WITHOUT_TIME_ZONE", 0), r#""12:34:56""#, expect!["Time32(s): 12:34:56"]);
    check(
        r#"{"type":"DATE","nullable":true}"#,
        r#""0001-01-01" | "9999-12-31""#,
        expect!["Date32: 0001-01-01 | 9999-12-31"],
    );
}

#[test]
fn intervals_are_months_and_milliseconds() {
    check(
        r#"{"type":"INTERVAL_YEAR_MONTH","nullable":true,"precision":2,"resolution":"YEAR_TO_MONTH"}"#,
        "14 | -12",
        expect!["Interval(YearMonth): 1 years 2 mons | -1 years 0 mons"],
    );
    check(
        r#"{"type":"INTERVAL_DAY_TIME","nullable":true,"precision":2,"fractionalPrecision":6,"resolution":"DAY_TO_SECOND"}"#,
        "93784567 | -1",
        expect!["Interval(DayTime): 1 days 2 hours 3 mins 4.567 secs | -0.001 secs"],
    );
}

#[test]
fn nested_values() {
    let int = r#"{"type":"INTEGER","nullable":true}"#;
    let text = r#"{"type":"VARCHAR","nullable":true,"length":2147483647}"#;
    check(
        &format!(r#"{{"type":"ARRAY","nullable":true,"elementType":{int}}}"#),
        "[1,null,3] | null | []",
        expect!["List(Int32): [1, , 3] |  | []"],
    );
    check(
        &format!(r#"{{"type":"MAP","nullable":true,"keyType":{text},"valueType":{int}}}"#),
        r#"{"b":1,"a":null,"null":3} | {}"#,
        expect![[
            r#"Map("entries": non-null Struct("keys": non-null Utf8, "values": Int32), unsorted): {b: 1, a: , null: 3} | {}"#
        ]],
    );
    let inner =
        format!(r#"{{"type":"ROW","nullable":false,"fields":[{{"name":"x y","fieldType":{text}}}]}}"#);
    check(
        &format!(
            r#"{{"type":"ROW","nullable":true,"fields":[{{"name":"a","fieldType":{int}}},{{"name":"b","fieldType":{inner}}}]}}"#
        ),
        r#"{"a":1,"b":{"x y":"süß\"🦀"}} | {"a":null,"b":{"x y":null}}"#,
        expect![[
            r#"Struct("a": Int32, "b": non-null Struct("x y": Utf8)): {a: 1, b: {x y: süß"🦀}} | {a: , b: {x y: }}"#
        ]],
    );
}

#[test]
fn bytes_are_base64() {
    check(
        r#"{"type":"VARBINARY","nullable":true,"length":9}"#,
        r#""AP8Q" | "" | "AQ==""#,
        expect!["Binary: 00ff10 |  | 01"],
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    check(
        r#"{"type":"VARIANT","nullable":true}"#,
        "1",
        expect!["column 'v': type VARIANT cannot be read; CAST it to STRING in the query"],
    );
    check(r#"{"type":"INTEGER","nullable":false}"#, "null", expect!["column 'v' is NOT NULL and holds NULL"]);
    let int = r#"{"type":"INTEGER","nullable":true}"#;
    check(
        &format!(r#"{{"type":"MAP","nullable":true,"keyType":{int},"valueType":{int}}}"#),
        "{}",
        expect!["column 'v': keys of Int32 cannot be read; the row format knows texts only"],
    );
}

#[test]
fn types_as_people_write_them() {
    let sql = |logical_type: &str| {
        let column = format!(r#"[{{"name":"v","logicalType":{logical_type}}}]"#);
        columns(&serde_json::from_str::<Vec<ColumnInfo>>(&column).unwrap())[0].sql_type.clone()
    };
    assert_eq!(sql(r#"{"type":"CHAR","nullable":false,"length":3}"#), "CHAR(3) NOT NULL");
    assert_eq!(sql(r#"{"type":"VARCHAR","nullable":true,"length":2147483647}"#), "STRING");
    assert_eq!(sql(r#"{"type":"DECIMAL","nullable":true,"precision":10,"scale":2}"#), "DECIMAL(10, 2)");
    let row = r#"{"type":"ROW","nullable":true,"fields":[{"name":"a","fieldType":{"type":"INTEGER","nullable":false}}]}"#;
    assert_eq!(
        sql(&format!(r#"{{"type":"ARRAY","nullable":true,"elementType":{row}}}"#)),
        "ARRAY<ROW<`a` INT NOT NULL>>"
    );
}
