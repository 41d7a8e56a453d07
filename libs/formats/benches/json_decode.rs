//! Decoding 104-byte flight events: ours against bare arrow-json, clean and with 1 % bad records.
//! `cargo bench -p formats --profile dev`; the best of many rounds counts.

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::json::ReaderBuilder;
use formats::{JsonDecoder, JsonOptions, Origin, Record};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Prints how many records a second the fastest round did.
fn measure(name: &str, mut round: impl FnMut()) {
    let (begun, mut best) = (Instant::now(), Duration::MAX);
    while begun.elapsed() < Duration::from_secs(4) {
        let at = Instant::now();
        round();
        best = best.min(at.elapsed());
    }
    println!("{name:40} {:6.3} M records/s", ROWS as f64 / best.as_secs_f64() / 1e6);
}

fn main() {
    for (name, times) in [("with a TIMESTAMP", true), ("without", false)] {
        let joined = events(0).join("\n");
        let mut bare = ReaderBuilder::new(schema(times)).with_batch_size(ROWS).build_decoder().unwrap();
        measure(&format!("bare arrow-json, {name}"), || {
            assert_eq!(bare.decode(joined.as_bytes()).unwrap(), joined.len());
            black_box(bare.flush().unwrap());
        });
        for (kind, bad) in [("clean", 0), ("1 % bad", 1)] {
            let texts = events(bad);
            let records: Vec<_> = texts.iter().map(|text| Record::new(0, text.as_bytes())).collect();
            let origin = Origin { table: "t".into(), partition: event::Partition::new("p"), time_ms: 0 };
            let mut ours = JsonDecoder::new(schema(times), JsonOptions::default()).unwrap();
            measure(&format!("ours, {name}, {kind}"), || {
                let decoded = ours.decode(&records, &origin).unwrap();
                assert_eq!(decoded.dead.is_empty(), bad == 0);
                black_box(decoded);
            });
        }
    }
}
