//! What becomes of one CSV record.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use expect_test::expect;
use formats::{CsvDecoder, CsvEncoder, CsvOptions, Origin, Record};
use std::collections::BTreeMap;
use std::sync::Arc;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("id", DataType::Int32, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("at", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        Field::new("ok", DataType::Boolean, true),
    ])
}

fn decode(options: CsvOptions, projection: &[usize], records: &[&str]) -> String {
    let mut decoder = CsvDecoder::new(&schema(), projection, options).unwrap();
    let origin = Origin { table: "t".into(), partition: event::Partition::new("f"), time_ms: 0 };
    let mut table = String::new();
    for record in records {
        let decoded = decoder.decode(&[Record::new(0, record.as_bytes())], &origin).unwrap();
        let display = FormatOptions::new().with_null("-");
        let columns = decoded.rows.columns().iter().map(|c| ArrayFormatter::try_new(c, &display).unwrap());
        let line = match decoded.dead.first() {
            Some(letter) => format!("! {}", letter.error),
            None => columns.map(|c| format!("{:?}", c.value(0).to_string())).collect::<Vec<_>>().join(" "),
        };
        table.push_str(&format!("{record} => {line}\n"));
    }
    table
}

#[test]
fn records() {
    let records = [
        "1,a,2026-01-01 10:00:00,true",
        "2,\"b, \"\"c\"\"\",,FALSE",
        "3,,,",
        "4,NULL,NULL,NULL",
        "5,\"NULL\",,",
        ",a,,",
        "x,a,,",
        "1,a",
        "1,a,,true,9",
        "1,\"a,,",
        "1,\"a\"b,,",
        "1,a,2026-01-01T10:00:00,",
        "1,a,,yes",
    ];
    let options = CsvOptions { null_literal: Some("NULL".into()), ..Default::default() };
    expect![[r#"
        1,a,2026-01-01 10:00:00,true => "1" "a" "2026-01-01T10:00:00" "true"
        2,"b, ""c""",,FALSE => "2" "b, \"c\"" "-" "false"
        3,,, => "3" "" "-" "-"
        4,NULL,NULL,NULL => "4" "-" "-" "-"
        5,"NULL",, => "5" "NULL" "-" "-"
        ,a,, => ! column "id" is NOT NULL, but empty
        x,a,, => ! column "id": expected INT, got "x"
        1,a => ! expected 4 fields, got 2
        1,a,,true,9 => ! expected 4 fields, got 5
        1,"a,, => ! field 2: the closing quote is missing
        1,"a"b,, => ! field 2: text after the closing quote
        1,a,2026-01-01T10:00:00, => ! column "at": expected TIMESTAMP(3) ('2026-01-01 10:00:00.123'), got "2026-01-01T10:00:00"
        1,a,,yes => ! column "ok": expected BOOLEAN, got "yes"
    "#]]
    .assert_eq(&decode(options, &[0, 1, 2, 3], &records));
    expect![[r#"
        x,NULL,soon,maybe => "NULL"
        1,a => ! expected 4 fields, got 2
    "#]]
    .assert_eq(&decode(CsvOptions::default(), &[1], &["x,NULL,soon,maybe", "1,a"]));
}

#[test]
fn rows_are_quoted_where_they_must_be() {
    let schema = Arc::new(schema());
    let options = CsvOptions { null_literal: Some("-".into()), delimiter: b';', ..Default::default() };
    let mut decoder = CsvDecoder::new(&schema, &[0, 1, 2, 3], options.clone()).unwrap();
    let records = ["1;a;2026-01-01 10:00:00.5;true", "2;\"-\";-;-", "3;\"\";;", "4;\"x;\"\"y\";;", "5;-;;"];
    let records = records.map(|r| Record::new(0, r.as_bytes()));
    let origin = Origin { table: "t".into(), partition: event::Partition::new("f"), time_ms: 0 };
    let rows = decoder.decode(&records, &origin).unwrap().rows;
    let mut out = Vec::new();
    CsvEncoder::new(&schema, options).unwrap().encode(&rows, &mut out).unwrap();
    expect![[r#"
        1;a;2026-01-01 10:00:00.5;true
        2;"-";-;-
        3;"";-;-
        4;"x;""y";-;-
        5;-;-;-
    "#]]
    .assert_eq(&String::from_utf8(out).unwrap());
}

#[test]
fn options_are_checked() {
    let mut table = String::new();
    for (name, value) in [
        ("csv.field-delimiter", "\\t"),
        ("csv.field-delimiter", "||"),
        ("csv.field-delimiter", "\""),
        ("csv.ignore-parse-errors", "true"),
        ("csv.escape-character", "\\"),
        ("csv.allow-comments", "maybe"),
    ] {
        let options = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let line = match CsvOptions::from_table(&options, "csv.") {
            Ok(options) => format!("{options:?}"),
            Err(error) => error.to_string(),
        };
        table.push_str(&format!("{line}\n"));
    }
    let nested = Schema::new(vec![Field::new("tags", DataType::new_list(DataType::Utf8, true), true)]);
    table.push_str(&CsvEncoder::new(&nested, CsvOptions::default()).err().unwrap().to_string());
    expect![[r#"
        CsvOptions { delimiter: 9, quote: Some(34), null_literal: None, allow_comments: false }
        option 'csv.field-delimiter' = '||': expected one ASCII character
        option 'csv.field-delimiter' = '"': must differ from the quote character
        option 'csv.ignore-parse-errors' = 'true': not supported: bad records are never dropped, they go to the dead letters; remove the option
        option 'csv.escape-character' = '\': not an option of the csv format; known are field-delimiter, quote-character, disable-quote-character, null-literal, allow-comments
        option 'csv.allow-comments' = 'maybe': expected 'true' or 'false'
        column "tags" of type ARRAY<STRING> cannot be carried by the csv format"#]].assert_eq(&table);
}
