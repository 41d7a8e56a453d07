//! What becomes of one JSON record, and of its neighbours.

use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use expect_test::{Expect, expect};
use formats::{Decoded, JsonDecoder, JsonEncoder, JsonOptions, Origin, Record, TimestampFormat};
use std::sync::Arc;

fn origin() -> Origin {
    Origin { table: "t".into(), partition: event::Partition::new("t/0"), time_ms: 7 }
}

fn decode_with(fields: Vec<Field>, options: JsonOptions, records: &[&str]) -> Decoded {
    let mut decoder = JsonDecoder::new(Arc::new(Schema::new(fields)), options).unwrap();
    let records: Vec<Record<'_>> = records
        .iter()
        .enumerate()
        .map(|(offset, text)| Record::new(offset as i64, text.as_bytes()))
        .collect();
    decoder.decode(&records, &origin()).unwrap()
}

/// One line per record: its row, or why it is dead.
fn table(decoded: &Decoded, records: &[&str]) -> String {
    let display = FormatOptions::new().with_null("NULL");
    let columns: Vec<_> =
        decoded.rows.columns().iter().map(|c| ArrayFormatter::try_new(c, &display).unwrap()).collect();
    let (mut row, mut dead, mut text) =
        (0, decoded.dead_at.iter().zip(&decoded.dead).peekable(), String::new());
    for (index, record) in records.iter().enumerate() {
        let fate = match dead.next_if(|(at, _)| **at == index) {
            Some((_, letter)) => {
                assert_eq!((letter.raw.as_slice(), letter.offset), (record.as_bytes(), Some(index as i64)));
                format!("! {}", letter.error)
            }
            None => {
                row += 1;
                let values = columns.iter().map(|c| c.value(row - 1).to_string());
                values.collect::<Vec<_>>().join(" | ")
            }
        };
        text.push_str(&format!("{record} => {fate}\n"));
    }
    assert_eq!(row, decoded.rows.num_rows());
    text
}

/// Decodes all together, and checks that each record alone, and each among good ones, has the same fate.
fn check_with(fields: Vec<Field>, options: JsonOptions, records: &[&str], expected: Expect) {
    let together = table(&decode_with(fields.clone(), options, records), records);
    let alone: String =
        records.iter().map(|r| table(&decode_with(fields.clone(), options, &[r]), &[r])).collect();
    assert_eq!(alone, together);
    expected.assert_eq(&together);
}

fn check(fields: Vec<Field>, records: &[&str], expected: Expect) {
    check_with(fields, JsonOptions::default(), records, expected);
}

fn column(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

#[test]
fn a_record_is_exactly_one_object() {
    check(
        vec![column("a", DataType::Int32)],
        &[
            r#"{"a":1}"#,
            r#" { "a" : 2 , "b" : [ {"c": "}"} ] } "#,
            r#"{"a":1}{"a":2}"#,
            r#"{"a":1"#,
            r#"}"#,
            r#"{"a":3}"#,
            r#"{"a":1} x"#,
            "",
            "  ",
            "null",
            "[1]",
            "12",
            "\"a\"",
            r#"{}"#,
            r#"{"a":null}"#,
            r#"{"a":1,"a":9}"#,
            r#"{"a":nul}"#,
            r#"{"a":"\ud800"}"#,
            r#"{'a':1}"#,
        ],
        expect![[r#"
            {"a":1} => 1
             { "a" : 2 , "b" : [ {"c": "}"} ] }  => 2
            {"a":1}{"a":2} => ! not one JSON object: trailing characters at byte 8
            {"a":1 => ! not one JSON object: EOF while parsing an object at byte 6
            } => ! not one JSON object: expected value at byte 1
            {"a":3} => 3
            {"a":1} x => ! not one JSON object: trailing characters at byte 9
             => ! the record is empty
               => ! not one JSON object: EOF while parsing a value at byte 2
            null => ! not one JSON object: got null
            [1] => ! not one JSON object: got an array
            12 => ! not one JSON object: got 12
            "a" => ! not one JSON object: got "a"
            {} => NULL
            {"a":null} => NULL
            {"a":1,"a":9} => 9
            {"a":nul} => ! not one JSON object: expected ident at byte 9
            {"a":"\ud800"} => ! not one JSON object: unexpected end of hex escape at byte 13
            {'a':1} => ! not one JSON object: key must be a string at byte 2
        "#]],
    );
}

#[test]
fn numbers_text_and_booleans() {
    check(
        vec![
            column("i", DataType::Int32),
            column("t", DataType::Int8),
            column("f", DataType::Float64),
            column("s", DataType::Utf8),
            column("b", DataType::Boolean),
        ],
        &[
            r#"{"i":12,"t":-128,"f":1.5,"s":"x","b":true}"#,
            r#"{"i":"12","t":" 7 ","f":"NaN","s":3,"b":false}"#,
            r#"{"i":1.7,"f":"Infinity","s":true}"#,
            r#"{"i":1e3,"f":-1E-2,"s":"\u00e9\n"}"#,
            r#"{"i":2147483648}"#,
            r#"{"t":128}"#,
            r#"{"i":"one"}"#,
            r#"{"i":true}"#,
            r#"{"i":[1]}"#,
            r#"{"f":"fast"}"#,
            r#"{"s":{"a":1}}"#,
            r#"{"b":"true"}"#,
            r#"{"b":1}"#,
        ],
        expect![[r#"
            {"i":12,"t":-128,"f":1.5,"s":"x","b":true} => 12 | -128 | 1.5 | x | true
            {"i":"12","t":" 7 ","f":"NaN","s":3,"b":false} => 12 | 7 | NaN | 3 | false
            {"i":1.7,"f":"Infinity","s":true} => 1 | NULL | inf | true | NULL
            {"i":1e3,"f":-1E-2,"s":"\u00e9\n"} => 1000 | NULL | -0.01 | é
             | NULL
            {"i":2147483648} => ! column "i": expected INT, got 2147483648
            {"t":128} => ! column "t": expected TINYINT, got 128
            {"i":"one"} => ! column "i": expected INT, got "one"
            {"i":true} => ! column "i": expected INT, got true
            {"i":[1]} => ! column "i": expected INT, got an array
            {"f":"fast"} => ! column "f": expected DOUBLE, got "fast"
            {"s":{"a":1}} => ! column "s": expected STRING, got an object
            {"b":"true"} => ! column "b": expected BOOLEAN, got "true"
            {"b":1} => ! column "b": expected BOOLEAN, got 1
        "#]],
    );
}

#[test]
fn times_bytes_and_decimals() {
    check(
        vec![
            column("ts", DataType::Timestamp(TimeUnit::Millisecond, None)),
            column("ltz", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
            column("d", DataType::Date32),
            column("t", DataType::Time32(TimeUnit::Millisecond)),
            column("x", DataType::Binary),
            column("n", DataType::Decimal128(20, 2)),
        ],
        &[
            r#"{"ts":"2026-01-01 10:00:00.123","ltz":"2026-01-01 10:00:00Z","d":"2026-01-01","t":"10:00:00.5"}"#,
            r#"{"x":"aGk=","n":123456789012345678.915}"#,
            r#"{"n":"-0.005"}"#,
            r#"{"n":1e2}"#,
            r#"{"ts":"2026-01-01T10:00:00"}"#,
            r#"{"ts":1767261600000}"#,
            r#"{"ltz":"2026-01-01 10:00:00"}"#,
            r#"{"d":20260101}"#,
            r#"{"x":"hi!"}"#,
            r#"{"n":1234567890123456789}"#,
            r#"{"n":"a lot"}"#,
        ],
        expect![[r#"
            {"ts":"2026-01-01 10:00:00.123","ltz":"2026-01-01 10:00:00Z","d":"2026-01-01","t":"10:00:00.5"} => 2026-01-01T10:00:00.123 | 2026-01-01T10:00:00Z | 2026-01-01 | 10:00:00.500 | NULL | NULL
            {"x":"aGk=","n":123456789012345678.915} => NULL | NULL | NULL | NULL | 6869 | 123456789012345678.92
            {"n":"-0.005"} => NULL | NULL | NULL | NULL | NULL | -0.01
            {"n":1e2} => NULL | NULL | NULL | NULL | NULL | 100.00
            {"ts":"2026-01-01T10:00:00"} => ! column "ts": expected TIMESTAMP(3) ('2026-01-01 10:00:00.123'), got "2026-01-01T10:00:00"
            {"ts":1767261600000} => ! column "ts": expected TIMESTAMP(3) ('2026-01-01 10:00:00.123'), got "1767261600000"
            {"ltz":"2026-01-01 10:00:00"} => ! column "ltz": expected TIMESTAMP_LTZ(3) ('2026-01-01 10:00:00.123Z'), got "2026-01-01 10:00:00"
            {"d":20260101} => ! column "d": expected DATE ('2026-01-01'), got "20260101"
            {"x":"hi!"} => ! column "x": expected BYTES (base64), got "hi!"
            {"n":1234567890123456789} => ! column "n": expected DECIMAL(20, 2), got "1234567890123456789"
            {"n":"a lot"} => ! column "n": expected DECIMAL(20, 2), got "a lot"
        "#]],
    );
}

#[test]
fn iso_8601() {
    check_with(
        vec![
            column("ts", DataType::Timestamp(TimeUnit::Microsecond, None)),
            column("ltz", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
        ],
        JsonOptions { timestamp_format: TimestampFormat::Iso8601, ..Default::default() },
        &[
            r#"{"ts":"2026-01-01T10:00:00.123456","ltz":"2026-01-01T10:00:00.5Z"}"#,
            r#"{"ts":"2026-01-01 10:00:00"}"#,
            r#"{"ltz":"2026-01-01T10:00:00+02:00"}"#,
        ],
        expect![[r#"
            {"ts":"2026-01-01T10:00:00.123456","ltz":"2026-01-01T10:00:00.5Z"} => 2026-01-01T10:00:00.123456 | 2026-01-01T10:00:00.500Z
            {"ts":"2026-01-01 10:00:00"} => ! column "ts": expected TIMESTAMP(6) ('2026-01-01T10:00:00.123'), got "2026-01-01 10:00:00"
            {"ltz":"2026-01-01T10:00:00+02:00"} => ! column "ltz": expected TIMESTAMP_LTZ(3) ('2026-01-01T10:00:00.123Z'), got "2026-01-01T10:00:00+02:00"
        "#]],
    );
}

#[test]
fn nested_columns() {
    let item = Arc::new(Field::new_list_field(DataType::Date32, true));
    let row = Fields::from(vec![
        Field::new("n", DataType::Decimal128(5, 1), false),
        Field::new("tags", DataType::List(item), true),
    ]);
    let entries = Fields::from(vec![
        Field::new("keys", DataType::Utf8, false),
        Field::new("values", DataType::Binary, true),
    ]);
    let entries = Arc::new(Field::new("entries", DataType::Struct(entries), false));
    check(
        vec![column("r", DataType::Struct(row)), column("m", DataType::Map(entries, false))],
        &[
            r#"{"r":{"n":1.25,"tags":["2026-01-01",null]},"m":{"a":"aGk=","b":null}}"#,
            r#"{"r":null,"m":{}}"#,
            r#"{"r":{"n":null}}"#,
            r#"{"r":{}}"#,
            r#"{"r":{"n":1,"tags":[]}}"#,
            r#"{"r":{"n":1,"tags":["2026-01-01","soon"]}}"#,
            r#"{"r":{"n":1,"tags":"2026-01-01"}}"#,
            r#"{"r":[1]}"#,
            r#"{"m":{"a":"?"}}"#,
            r#"{"m":[]}"#,
        ],
        expect![[r#"
            {"r":{"n":1.25,"tags":["2026-01-01",null]},"m":{"a":"aGk=","b":null}} => {n: 1.3, tags: [2026-01-01, NULL]} | {a: 6869, b: NULL}
            {"r":null,"m":{}} => NULL | {}
            {"r":{"n":null}} => ! column "r.n" is NOT NULL, got null
            {"r":{}} => ! column "r.n" is NOT NULL, but missing
            {"r":{"n":1,"tags":[]}} => {n: 1.0, tags: []} | NULL
            {"r":{"n":1,"tags":["2026-01-01","soon"]}} => ! column "r.tags[]": expected DATE ('2026-01-01'), got "soon"
            {"r":{"n":1,"tags":"2026-01-01"}} => ! column "r.tags": expected ARRAY<DATE>, got "2026-01-01"
            {"r":[1]} => ! column "r": expected ROW<n DECIMAL(5, 1), tags ARRAY<DATE>>, got an array
            {"m":{"a":"?"}} => ! column "m.values": expected BYTES (base64), got "?"
            {"m":[]} => ! column "m": expected MAP<STRING, BYTES>, got an array
        "#]],
    );
}

#[test]
fn not_null_and_missing() {
    let fields = vec![Field::new("a", DataType::Int32, false), column("b", DataType::Int32)];
    let records = [r#"{"a":1,"b":2}"#, r#"{"a":1}"#, r#"{"b":1}"#, r#"{"a":null}"#, r#"{"a":1,"b":null}"#];
    check(
        fields.clone(),
        &records,
        expect![[r#"
            {"a":1,"b":2} => 1 | 2
            {"a":1} => 1 | NULL
            {"b":1} => ! column "a" is NOT NULL, but missing
            {"a":null} => ! column "a" is NOT NULL, got null
            {"a":1,"b":null} => 1 | NULL
        "#]],
    );
    let options = JsonOptions { fail_on_missing_field: true, ..Default::default() };
    check_with(
        fields,
        options,
        &records,
        expect![[r#"
            {"a":1,"b":2} => 1 | 2
            {"a":1} => ! column "b" is missing
            {"b":1} => ! column "a" is missing
            {"a":null} => ! column "a" is NOT NULL, got null
            {"a":1,"b":null} => 1 | NULL
        "#]],
    );
}

#[test]
fn no_column_is_needed() {
    let decoded = decode_with(vec![], JsonOptions::default(), &[r#"{"a":1}"#, "x", r#"{"a":2}"#]);
    assert_eq!((decoded.rows.num_rows(), decoded.dead_at), (2, vec![1]));
}

#[test]
fn a_tombstone_is_a_dead_letter() {
    let schema = Arc::new(Schema::new(vec![column("a", DataType::Int32)]));
    let mut decoder = JsonDecoder::new(schema, JsonOptions::default()).unwrap();
    let decoded = decoder.decode(&[Record { offset: 5, value: None }], &origin()).unwrap();
    assert_eq!(decoded.dead[0].error, "the record has no value (a tombstone)");
    assert_eq!((decoded.dead[0].offset, decoded.dead[0].time_ms), (Some(5), 7));
}

#[test]
fn hostile_records_harm_nobody() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let long = format!(r#"{{"n":{}}}"#, "9".repeat(1_000));
    let bytes = b"{\"a\":\"\xff\"}";
    let fields = vec![column("a", DataType::Int32), column("n", DataType::Decimal128(10, 2))];
    let mut decoder = JsonDecoder::new(Arc::new(Schema::new(fields)), JsonOptions::default()).unwrap();
    let values: [&[u8]; 5] = [br#"{"a":1}"#, deep.as_bytes(), long.as_bytes(), bytes, br#"{"a":2}"#];
    let records: Vec<_> = values.iter().enumerate().map(|(i, v)| Record::new(i as i64, v)).collect();
    let decoded = decoder.decode(&records, &origin()).unwrap();
    assert_eq!((decoded.rows.num_rows(), decoded.dead_at), (2, vec![1, 2, 3]));
    assert_eq!(decoded.dead[0].error, "nested deeper than 512");
    assert!(decoded.dead.iter().all(|letter| letter.error.len() < 150));
}

#[test]
fn many_bad_records_among_many_good_ones() {
    let schema = Arc::new(Schema::new(vec![column("a", DataType::Int32)]));
    let mut decoder = JsonDecoder::new(schema, JsonOptions::default()).unwrap();
    for round in 0..3 {
        let texts: Vec<String> = (0..1_000)
            .map(
                |i| if i % 97 == 0 && round != 1 { "{\"a\":\"x\"}".into() } else { format!("{{\"a\":{i}}}") },
            )
            .collect();
        let records: Vec<_> =
            texts.iter().enumerate().map(|(i, t)| Record::new(i as i64, t.as_bytes())).collect();
        let decoded = decoder.decode(&records, &origin()).unwrap();
        let dead = if round == 1 { 0 } else { 11 };
        assert_eq!((decoded.rows.num_rows(), decoded.dead.len()), (1_000 - dead, dead));
    }
}

#[test]
fn rows_are_written_as_flink_writes_them() {
    let fields = vec![
        column("i", DataType::Int64),
        column("f", DataType::Float64),
        column("s", DataType::Utf8),
        column("x", DataType::Binary),
        column("n", DataType::Decimal128(10, 2)),
        column("ts", DataType::Timestamp(TimeUnit::Millisecond, None)),
        column("ltz", DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))),
        column("d", DataType::Date32),
        column("t", DataType::Time32(TimeUnit::Millisecond)),
    ];
    let record = r#"{"i":9007199254740993,"f":"NaN","s":"a\"b\n","x":"aGk=","n":"1.5",
        "ts":"2026-01-01 10:00:00.120","ltz":"2026-01-01 10:00:00Z","d":"2026-01-01","t":"10:00:00.5"}"#;
    let rows = decode_with(fields, JsonOptions::default(), &[record, "{}"]).rows;
    let iso = JsonOptions {
        timestamp_format: TimestampFormat::Iso8601,
        ignore_null_fields: true,
        ..Default::default()
    };
    let mut text = String::new();
    for options in [JsonOptions::default(), iso] {
        for row in JsonEncoder::new(&rows.schema(), options).unwrap().encode_rows(&rows).unwrap() {
            text.push_str(&format!("{}\n", String::from_utf8(row).unwrap()));
        }
    }
    expect![[r#"
        {"i":9007199254740993,"f":"NaN","s":"a\"b\n","x":"aGk=","n":1.50,"ts":"2026-01-01 10:00:00.12","ltz":"2026-01-01 10:00:00Z","d":"2026-01-01","t":"10:00:00.500"}
        {"i":null,"f":null,"s":null,"x":null,"n":null,"ts":null,"ltz":null,"d":null,"t":null}
        {"i":9007199254740993,"f":"NaN","s":"a\"b\n","x":"aGk=","n":1.50,"ts":"2026-01-01T10:00:00.12","ltz":"2026-01-01T10:00:00Z","d":"2026-01-01","t":"10:00:00.500"}
        {}
    "#]]
    .assert_eq(&text);
}
