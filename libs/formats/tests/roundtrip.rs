//! What the encoders write, the decoders read back unchanged.

use arrow::array::*;
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use formats::{
    CsvDecoder, CsvEncoder, CsvOptions, JsonDecoder, JsonEncoder, JsonOptions, Origin, Record,
    TimestampFormat,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::sync::Arc;

/// Years 1 to 9999, in ms.
const TIMES: std::ops::Range<i64> = -62_135_596_800_000..253_402_300_800_000;

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    float: Option<f64>,
    text: Option<String>,
    bytes: Option<Vec<u8>>,
    decimal: Option<i128>,
    time_ms: Option<i64>,
    flag: Option<bool>,
    tags: Option<Vec<Option<i32>>>,
}

prop_compose! {
    fn row()(
        id in any::<i64>(),
        float in option::of(any::<f64>()),
        text in option::of(".{0,12}"),
        bytes in option::of(vec(any::<u8>(), 0..6)),
        decimal in option::of(-(10_i128.pow(38) - 1)..10_i128.pow(38)),
        time_ms in option::of(TIMES),
        flag in option::of(any::<bool>()),
        tags in option::of(vec(option::of(-700_000..2_900_000), 0..4)),
    ) -> Row {
        Row { id, float, text, bytes, decimal, time_ms, flag, tags }
    }
}

fn flat(rows: &[Row]) -> (Vec<Field>, Vec<ArrayRef>) {
    let times: TimestampMillisecondArray = rows.iter().map(|r| r.time_ms).collect();
    let decimals: Decimal128Array = rows.iter().map(|r| r.decimal).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|r| Some(r.id)).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|r| r.float).collect::<Float64Array>()),
        Arc::new(rows.iter().map(|r| r.text.clone()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|r| r.bytes.clone()).collect::<BinaryArray>()),
        Arc::new(decimals.with_precision_and_scale(38, 10).unwrap()),
        Arc::new(times.clone()),
        Arc::new(times.with_timezone("UTC")),
        Arc::new(rows.iter().map(|r| r.flag).collect::<BooleanArray>()),
    ];
    let fields = columns
        .iter()
        .enumerate()
        .map(|(i, c)| Field::new(format!("c\"{i}"), c.data_type().clone(), i != 0))
        .collect();
    (fields, columns)
}

/// A ROW of an ARRAY of DATE, NULL where the tags are.
fn nested(rows: &[Row]) -> ArrayRef {
    let mut list = ListBuilder::new(Date32Builder::new());
    for row in rows {
        list.append_option(row.tags.clone());
    }
    let list = list.finish();
    let nulls = list.nulls().cloned();
    let fields = Fields::from(vec![Field::new("tags", list.data_type().clone(), true)]);
    Arc::new(StructArray::new(fields, vec![Arc::new(list)], nulls))
}

fn origin() -> Origin {
    Origin { table: "t".into(), partition: event::Partition::new("p"), time_ms: 0 }
}

proptest! {
    #[test]
    fn json(rows in vec(row(), 0..20), iso in any::<bool>(), ignore_null_fields in any::<bool>()) {
        let (mut fields, mut columns) = flat(&rows);
        columns.push(nested(&rows));
        fields.push(Field::new("nested", columns[8].data_type().clone(), true));
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let timestamp_format = if iso { TimestampFormat::Iso8601 } else { TimestampFormat::Sql };
        let options = JsonOptions { timestamp_format, ignore_null_fields, ..Default::default() };
        let lines = JsonEncoder::new(&batch.schema(), options).unwrap().encode_rows(&batch).unwrap();
        prop_assert!(lines.iter().all(|line| !line.contains(&b'\n')));
        let records: Vec<_> = lines.iter().map(|line| Record::new(0, line)).collect();
        let decoded = JsonDecoder::new(batch.schema(), options).unwrap().decode(&records, &origin()).unwrap();
        prop_assert_eq!(decoded.dead, vec![]);
        prop_assert_eq!(decoded.rows, batch);
    }

    #[test]
    fn csv(rows in vec(row(), 1..20), delimiter in prop::sample::select(vec![b',', b';', b'\t'])) {
        let (fields, columns) = flat(&rows);
        let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        let options = CsvOptions { delimiter, null_literal: Some("null".into()), ..Default::default() };
        let mut bytes = Vec::new();
        CsvEncoder::new(&batch.schema(), options.clone()).unwrap().encode(&batch, &mut bytes).unwrap();
        let (mut records, mut rest) = (Vec::new(), bytes.as_slice());
        while !rest.is_empty() {
            let end = options.record_end(rest).unwrap();
            records.push(Record::new(0, &rest[..end]));
            rest = &rest[end..];
        }
        let all: Vec<usize> = (0..batch.num_columns()).collect();
        let decoded = CsvDecoder::new(&batch.schema(), &all, options).unwrap().decode(&records, &origin()).unwrap();
        prop_assert_eq!(decoded.dead, vec![]);
        prop_assert_eq!(decoded.rows, batch);
    }

    /// No bytes make the decoder fail or lose count, and neighbours do not matter.
    #[test]
    fn any_bytes(noise in vec(prop_oneof![
        vec(any::<u8>(), 0..30),
        "[\\{\\}\\[\\]\",:ac10 .-]{0,20}".prop_map(String::into_bytes),
        Just(b"{\"a\":1}".to_vec()),
    ], 0..30)) {
        let fields = vec![
            Field::new("a", DataType::Int32, true),
            Field::new("c", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        ];
        let schema = Arc::new(Schema::new(fields));
        let records: Vec<_> = noise.iter().map(|bytes| Record::new(0, bytes)).collect();
        let mut decoder = JsonDecoder::new(schema.clone(), JsonOptions::default()).unwrap();
        let decoded = decoder.decode(&records, &origin()).unwrap();
        prop_assert_eq!(decoded.rows.num_rows() + decoded.dead.len(), records.len());
        for (index, record) in records.iter().enumerate() {
            let mut alone = JsonDecoder::new(schema.clone(), JsonOptions::default()).unwrap();
            let alone = alone.decode(&[*record], &origin()).unwrap();
            prop_assert_eq!(alone.dead.len(), usize::from(decoded.dead_at.contains(&index)));
        }
    }
}
