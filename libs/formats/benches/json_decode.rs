//! Decoding 104-byte flight events: ours against bare arrow-json, clean and with 1 % bad records.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::json::ReaderBuilder;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use formats::{JsonDecoder, JsonOptions, Origin, Record};
use std::hint::black_box;
use std::sync::Arc;

const ROWS: usize = 8_192;

fn schema(times: bool) -> SchemaRef {
    let time = if times { DataType::Timestamp(TimeUnit::Millisecond, None) } else { DataType::Utf8 };
    Arc::new(Schema::new(vec![
        Field::new("time", time, true),
        Field::new("carrier", DataType::Utf8, true),
        Field::new("flight", DataType::Int32, true),
        Field::new("delay", DataType::Int64, true),
        Field::new("distance", DataType::Float64, true),
    ]))
}

fn events(bad_percent: usize) -> Vec<String> {
    (0..ROWS)
        .map(|i| {
            let delay = if bad_percent > 0 && i * 37 % (100 / bad_percent) == 0 { "\"soon\"" } else { "12" };
            format!(
                r#"{{"time":"2026-01-01 10:{:02}:{:02}.{:03}","carrier":"AA","flight":{},"delay":{delay},"distance":{}.5}}"#,
                i / 60 % 60,
                i % 60,
                i % 1_000,
                1_000 + i,
                i % 3_000
            )
        })
        .collect()
}

fn bench(c: &mut Criterion) {
    let mut group = c.benchmark_group("json_decode");
    group.throughput(Throughput::Elements(ROWS as u64));
    let clean = events(0);
    for (name, times) in [("with_time", true), ("without_time", false)] {
        let joined = clean.join("\n");
        let mut bare = ReaderBuilder::new(schema(times)).with_batch_size(ROWS).build_decoder().unwrap();
        group.bench_function(format!("arrow_json/{name}"), |b| {
            b.iter(|| {
                let read = bare.decode(joined.as_bytes()).unwrap();
                assert!(read >= joined.len() - 1);
                black_box(bare.flush().unwrap())
            })
        });
        for (kind, bad) in [("clean", 0), ("1_percent_bad", 1)] {
            let texts = events(bad);
            let records: Vec<_> = texts.iter().map(|text| Record::new(0, text.as_bytes())).collect();
            let origin = Origin { table: "t".into(), partition: event::Partition::new("p"), time_ms: 0 };
            let mut ours = JsonDecoder::new(schema(times), JsonOptions::default()).unwrap();
            group.bench_function(format!("ours/{name}/{kind}"), |b| {
                b.iter(|| black_box(ours.decode(&records, &origin).unwrap()))
            });
        }
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
