//! Every type, with its extremes, against the same values written as plain SQL.

use crate::server::*;
use arrow::array::*;
use arrow::datatypes::{DataType, Field, Fields, Float32Type, Int32Type};
use std::sync::Arc;

/// One column: its type in the script and in the database, its values for both.
struct Case {
    name: &'static str,
    sql_type: &'static str,
    values: ArrayRef,
    /// One literal for each value.
    literals: Vec<&'static str>,
}

fn case(
    name: &'static str,
    sql_type: &'static str,
    values: impl Array + 'static,
    literals: &[&'static str],
) -> Case {
    assert_eq!(values.len(), literals.len(), "{name}");
    Case { name, sql_type, values: Arc::new(values), literals: literals.to_vec() }
}

fn numbers() -> Vec<Case> {
    let decimals = |values: Vec<Option<i128>>, precision, scale| {
        Decimal128Array::from(values).with_precision_and_scale(precision, scale).unwrap()
    };
    let nines = 10_i128.pow(38) - 1;
    vec![
        case(
            "tiny",
            "smallint",
            Int8Array::from(vec![Some(i8::MIN), Some(i8::MAX), None]),
            &["-128", "127", "NULL"],
        ),
        case(
            "small",
            "int2",
            Int16Array::from(vec![Some(i16::MIN), Some(i16::MAX), None]),
            &["-32768", "32767", "NULL"],
        ),
        case(
            "int",
            "integer",
            Int32Array::from(vec![Some(i32::MIN), Some(i32::MAX), None]),
            &["-2147483648", "2147483647", "NULL"],
        ),
        case(
            "big",
            "bigint",
            Int64Array::from(vec![Some(i64::MIN), Some(i64::MAX), None]),
            &["'-9223372036854775808'", "9223372036854775807", "NULL"],
        ),
        case(
            "wide",
            "numeric",
            Int32Array::from(vec![Some(i32::MIN), Some(0), None]),
            &["-2147483648", "0", "NULL"],
        ),
        case(
            "real",
            "real",
            Float32Array::from(vec![Some(f32::NAN), Some(f32::MAX), Some(f32::NEG_INFINITY)]),
            &["'NaN'", "'3.4028235e38'", "'-Infinity'"],
        ),
        case(
            "double",
            "double precision",
            Float64Array::from(vec![Some(f64::NAN), Some(f64::MIN_POSITIVE), Some(0.1)]),
            &["'NaN'", "'2.2250738585072014e-308'", "0.1"],
        ),
        case(
            "price",
            "numeric(10,2)",
            decimals(vec![Some(-1), Some(9_999_999_999), None], 10, 2),
            &["-0.01", "99999999.99", "NULL"],
        ),
        case(
            "huge",
            "numeric",
            decimals(vec![Some(nines), Some(-nines), Some(0)], 38, 10),
            &[
                "9999999999999999999999999999.9999999999",
                "-9999999999999999999999999999.9999999999",
                "0.0000000000",
            ],
        ),
    ]
}

fn texts_and_times() -> Vec<Case> {
    let tz = |values: TimestampMillisecondArray| values.with_timezone("UTC");
    vec![
        case(
            "yes",
            "boolean",
            BooleanArray::from(vec![Some(true), Some(false), None]),
            &["true", "false", "NULL"],
        ),
        case(
            "text",
            "text",
            StringArray::from(vec![Some("Zürich 🛫 '\"\\\n"), Some(""), None]),
            &["E'Zürich 🛫 ''\"\\\\\\n'", "''", "NULL"],
        ),
        case(
            "view",
            "varchar(3)",
            StringViewArray::from(vec![Some("äöü"), Some("a"), None]),
            &["'äöü'", "'a'", "NULL"],
        ),
        case(
            "fixed",
            "char(3)",
            StringArray::from(vec![Some("a"), Some("abc"), None]),
            &["'a'", "'abc'", "NULL"],
        ),
        case(
            "uuid",
            "uuid",
            StringArray::from(vec![Some("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"), None, None]),
            &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "NULL", "NULL"],
        ),
        case(
            "doc",
            "jsonb",
            StringArray::from(vec![Some("{\"a\": [1]}"), None, Some("7")]),
            &["'{\"a\":[1]}'", "NULL", "'7'"],
        ),
        case(
            "mood",
            "mood",
            StringArray::from(vec![Some("happy"), Some("sad"), None]),
            &["'happy'", "'sad'", "NULL"],
        ),
        case(
            "bytes",
            "bytea",
            BinaryArray::from(vec![Some(&b"\0\xff"[..]), Some(b""), None]),
            &["'\\x00ff'", "''", "NULL"],
        ),
        case(
            "day",
            "date",
            Date32Array::from(vec![Some(-2_440_588), Some(2_145_042_905), Some(19_782)]),
            &["'4714-11-24 BC'", "'5874897-12-31'", "'2024-02-29'"],
        ),
        case(
            "clock",
            "time",
            Time32MillisecondArray::from(vec![Some(0), Some(86_399_999), None]),
            &["'00:00'", "'23:59:59.999'", "NULL"],
        ),
        case(
            "clock6",
            "time",
            Time64MicrosecondArray::from(vec![Some(1), Some(86_399_999_999), None]),
            &["'00:00:00.000001'", "'23:59:59.999999'", "NULL"],
        ),
        case(
            "at3",
            "timestamp",
            TimestampMillisecondArray::from(vec![Some(-1), Some(1_709_164_800_123), None]),
            &["'1969-12-31 23:59:59.999'", "'2024-02-29 00:00:00.123'", "NULL"],
        ),
        case(
            "at6",
            "timestamp(6)",
            TimestampMicrosecondArray::from(vec![Some(-210_866_803_200_000_000), Some(i64::MAX), None]),
            &["'4714-11-24 00:00:00 BC'", "'294247-01-10 04:00:54.775807'", "NULL"],
        ),
        case(
            "ltz",
            "timestamptz",
            tz(TimestampMillisecondArray::from(vec![Some(0), Some(1_709_164_800_123), None])),
            &["'1970-01-01 00:00:00+00'", "'2024-02-29 01:00:00.123+01'", "NULL"],
        ),
    ]
}

fn nested() -> Vec<Case> {
    let fields = Fields::from(vec![
        Field::new("carrier", DataType::Utf8, true),
        Field::new("delays", DataType::new_list(DataType::Int32, true), true),
    ]);
    let carriers: ArrayRef = Arc::new(StringArray::from(vec![Some("UA \"🛫\""), None, None]));
    let delays: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1), None]),
        Some(vec![]),
        None,
    ]));
    let row = StructArray::new(fields, vec![carriers, delays.clone()], Some(vec![true, true, false].into()));
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
    map.keys().append_value("a");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(true).unwrap();
    map.append(false).unwrap();
    let ints = delays.as_list::<i32>().clone();
    let floats =
        ListArray::from_iter_primitive::<Float32Type, _, _>([Some(vec![Some(f32::NAN)]), None, None]);
    vec![
        case(
            "rec",
            "jsonb",
            row,
            &[
                "'{\"carrier\": \"UA \\\"🛫\\\"\", \"delays\": [1, null]}'",
                "'{\"carrier\": null, \"delays\": []}'",
                "NULL",
            ],
        ),
        case("dict", "jsonb", map.finish(), &["'{\"a\": 1}'", "'{}'", "NULL"]),
        case("list_json", "jsonb", ints.clone(), &["'[1, null]'", "'[]'", "NULL"]),
        case("list", "integer[]", ints, &["'{1,NULL}'", "'{}'", "NULL"]),
        case("floats", "real[]", floats, &["'{NaN}'", "NULL", "NULL"]),
    ]
}

/// Goal: what the sink writes equals what an INSERT of literals writes, for every type, in append and in upsert.
#[tokio::test]
async fn every_type_arrives_as_plain_sql_would_write_it() {
    for cases in [numbers(), texts_and_times(), nested()] {
        let db = Db::new().await;
        let columns: Vec<String> = cases.iter().map(|c| format!("\"{}\" {}", c.name, c.sql_type)).collect();
        let columns = format!("id integer PRIMARY KEY, {}", columns.join(", "));
        db.run("CREATE TYPE mood AS ENUM ('sad', 'happy')").await;
        db.run(&format!("CREATE TABLE expected ({columns}); CREATE TABLE written ({columns})")).await;
        for row in 0..3 {
            let literals: Vec<&str> = cases.iter().map(|c| c.literals[row]).collect();
            db.run(&format!("INSERT INTO expected VALUES ({row}, {})", literals.join(", "))).await;
        }
        let ids: ArrayRef = Arc::new(Int32Array::from(vec![0, 1, 2]));
        let mut fields = vec![("id", ids, false)];
        fields.extend(cases.iter().map(|c| (c.name, c.values.clone(), true)));
        let batch = RecordBatch::try_from_iter_with_nullable(fields).unwrap();
        let spec: Vec<(&str, DataType, bool)> = batch
            .schema_ref()
            .fields()
            .iter()
            .map(|f| (f.name().as_str(), f.data_type().clone(), f.is_nullable()))
            .collect();
        for key in [&[][..], &["id"][..]] {
            db.run("TRUNCATE written").await;
            let mut sink = claimed(&db.table("written", &spec, key)).await;
            let number = sink.claim().await.unwrap().unwrap().held.map_or(1, |held| held.epoch.0 + 1);
            let totals = sink.commit(&epoch(number), std::slice::from_ref(&batch)).await.unwrap();
            assert_eq!(totals.refused, 0, "{:?}", db.texts("SELECT error FROM written_dead_letters").await);
            for case in &cases {
                let name = format!("\"{}\"", case.name);
                let differences = db
                    .texts(&format!(
                        "SELECT concat({name}::text, ' instead of ', (SELECT e.{name}::text FROM expected e WHERE e.id = w.id))
                         FROM written w WHERE ROW({name}) IS DISTINCT FROM
                         (SELECT ROW(e.{name}) FROM expected e WHERE e.id = w.id)"
                    ))
                    .await;
                assert_eq!(differences, [""; 0], "{name}");
            }
            assert_eq!(db.count("SELECT count(*) FROM written").await, 3);
        }
    }
}

/// Goal: the table that the sink proposes takes everything it was proposed for.
#[tokio::test]
async fn the_proposed_table_fits_every_type() {
    let db = Db::new().await;
    let cases: Vec<Case> = [numbers(), texts_and_times(), nested()].into_iter().flatten().collect();
    let fields = cases.iter().map(|c| (c.name, c.values.clone(), true));
    let batch = RecordBatch::try_from_iter_with_nullable(fields).unwrap();
    let spec: Vec<(&str, DataType, bool)> = batch
        .schema_ref()
        .fields()
        .iter()
        .map(|f| (f.name().as_str(), f.data_type().clone(), true))
        .collect();
    let table = db.table("proposed", &spec, &[]);
    postgres::create_table_if_missing(&table, &context()).await.unwrap();
    let mut sink = claimed(&table).await;
    assert_eq!(sink.commit(&epoch(1), &[batch]).await.unwrap(), counters(3, 0, 0));
}
