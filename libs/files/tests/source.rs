//! The source on real folders: every record once, exact after a restart, errors by name.

mod common;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use common::{column, commit, context, hear, instance, rows, schema, table, table_of};
use event::Position;
use expect_test::expect;
use files::{FileFormat, FilesSink, Filesystem};
use formats::JsonOptions;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use stream::{Connector, ErrorKind, Polled, Sink, SourceFactory, TableSpec};
use tempfile::TempDir;

async fn factory(folder: &Path, table: &TableSpec) -> Arc<dyn SourceFactory> {
    Filesystem.source(table, &context(folder)).await.unwrap()
}

/// A folder `in` of these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join("in").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn json() -> TableSpec {
    table(&[("path", "in"), ("format", "json")])
}

fn parquet_bytes(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let mut bytes = Vec::new();
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

#[tokio::test]
async fn files_are_read_by_name_one_after_the_other() {
    let folder = folder(&[
        ("b.json", "{\"id\":4}\n\n  \n{\"id\":5}"),
        ("a.json", "{\"id\":1}\n{\"id\":\"x\"}\r\n{\"id\":2}\r\n{\"id\":3}\n"),
        ("c/d.json", "{\"id\":6}\n"),
        ("empty.json", ""),
        ("_hidden.json", "{\"id\":100}\n"),
        (".hidden/x.json", "{\"id\":100}\n"),
    ]);
    let factory = factory(folder.path(), &json()).await;
    assert!(factory.bounded());
    let heard = hear(instance(&factory, 0, 1).as_mut(), None, usize::MAX).await.unwrap();
    assert!(heard.ended);
    expect![[r#"
        Heard {
            ids: {
                Partition(
                    "a.json",
                ): [
                    1,
                    2,
                    3,
                ],
                Partition(
                    "b.json",
                ): [
                    4,
                    5,
                ],
                Partition(
                    "c/d.json",
                ): [
                    6,
                ],
            },
            dead: [
                "Some(9): column \"id\": expected BIGINT, got \"x\"",
            ],
            caught_up: [
                "a.json",
                "b.json",
                "c/d.json",
                "empty.json",
            ],
            position: Position(
                {
                    Partition(
                        "a.json",
                    ): 40,
                    Partition(
                        "b.json",
                    ): 21,
                    Partition(
                        "c/d.json",
                    ): 9,
                    Partition(
                        "empty.json",
                    ): 0,
                },
            ),
            ended: true,
        }
    "#]]
    .assert_debug_eq(&heard);
}

#[tokio::test]
async fn a_restart_goes_on_exactly_anywhere_and_under_any_parallelism() {
    let names: Vec<String> = (0..5).map(|file| format!("{file}.json")).collect();
    let texts: Vec<String> =
        (0..5).map(|file| (0..7).map(|row| format!("{{\"id\":{}}}\n", file * 7 + row)).collect()).collect();
    let pairs: Vec<_> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
    let folder = folder(&pairs);
    let factory = factory(folder.path(), &json()).await;
    for batches in 0..20 {
        for (before, after) in [(1, 1), (1, 3), (3, 2)] {
            let (mut ids, mut position) = (Vec::new(), Position::default());
            for index in 0..before {
                let heard = hear(instance(&factory, index, before).as_mut(), None, batches).await.unwrap();
                ids.extend(heard.all());
                position.merge(&heard.position);
            }
            for index in 0..after {
                let mut source = instance(&factory, index, after);
                ids.extend(hear(source.as_mut(), Some(&position), usize::MAX).await.unwrap().all());
            }
            ids.sort_unstable();
            assert_eq!(ids, (0..35).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn a_file_that_is_gone_or_shrank_is_an_error_by_name() {
    let folder = folder(&[("a.json", "{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n")]);
    let factory = factory(folder.path(), &json()).await;
    let heard = hear(instance(&factory, 0, 1).as_mut(), None, 1).await.unwrap();
    fs::write(folder.path().join("in/a.json"), "{\"id\":1}\n").unwrap();
    let error = hear(instance(&factory, 0, 1).as_mut(), Some(&heard.position), 9).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Data);
    assert!(
        error.message.ends_with("in/a.json has 9 bytes now, but 18 were read before; put the file back"),
        "{error}"
    );
    fs::remove_file(folder.path().join("in/a.json")).unwrap();
    let error = hear(instance(&factory, 0, 1).as_mut(), Some(&heard.position), 9).await.unwrap_err();
    assert!(error.kind == ErrorKind::Data && error.message.starts_with("file a.json of table t"), "{error}");
}

#[tokio::test]
async fn new_files_are_found_and_dropping_a_poll_loses_nothing() {
    let folder = folder(&[("a.json", "{\"id\":1}\n")]);
    let table = table(&[("path", "in"), ("format", "json"), ("source.monitor-interval", "100 ms")]);
    let factory = factory(folder.path(), &table).await;
    assert!(!factory.bounded());
    let mut source = instance(&factory, 0, 1);
    source.seek(None).await.unwrap();
    let (mut heard, mut given_up) = (Vec::new(), 0);
    let listen = async {
        while heard.last().map(String::as_str) != Some("caught up with b.json") {
            // Each poll is given up long before the interval is over: only a moment that stands is ever reached.
            match tokio::time::timeout(Duration::from_millis(10), source.poll()).await {
                Err(_) => {
                    given_up += 1;
                    if given_up == 1 {
                        fs::write(folder.path().join("in/.b.tmp"), "{\"id\":2}\n").unwrap();
                        fs::rename(folder.path().join("in/.b.tmp"), folder.path().join("in/b.json")).unwrap();
                    }
                }
                Ok(Ok(Polled::Batch(batch))) => {
                    heard.push(format!("{} rows of {}", batch.records, batch.partition))
                }
                Ok(Ok(Polled::Discovered(found))) => heard.push(format!("discovered {:?}", found.0)),
                Ok(Ok(Polled::CaughtUp(partition))) => heard.push(format!("caught up with {partition}")),
                Ok(other) => panic!("{other:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), listen).await.unwrap();
    expect![[r#"
        [
            "1 rows of a.json",
            "caught up with a.json",
            "discovered {Partition(\"b.json\"): 0}",
            "1 rows of b.json",
            "caught up with b.json",
        ]
    "#]]
    .assert_debug_eq(&heard);
}

#[tokio::test]
async fn reading_keeps_the_pace() {
    let text: String = (0..1_000).map(|id| format!("{{\"id\":{id}}}\n")).collect();
    let folder = folder(&[("a.json", &text)]);
    let mut context = context(folder.path());
    (context.rows_per_second_max, context.batch_rows_max) = (Some(5_000), 5_000);
    let factory = Filesystem.source(&json(), &context).await.unwrap();
    let begun = tokio::time::Instant::now();
    // Two batches of a tenth of a second each; the end, too, waits for its turn.
    let heard = hear(instance(&factory, 0, 1).as_mut(), None, usize::MAX).await.unwrap();
    assert_eq!(heard.all().len(), 1_000);
    assert!(begun.elapsed() >= Duration::from_millis(190), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn csv_with_its_own_line_breaks_and_comments() {
    let folder = folder(&[("a.csv", "# ids\n1,\"two\nlines\"\n2,x\n\nthree,y\n4\n5,\"z\"")]);
    let columns = vec![column("id", DataType::Int64, true), column("text", DataType::Utf8, true)];
    let table = table_of(columns, &[("path", "in/a.csv"), ("format", "csv"), ("csv.allow-comments", "true")]);
    let factory = factory(folder.path(), &table).await;
    let heard = hear(instance(&factory, 0, 1).as_mut(), None, usize::MAX).await.unwrap();
    expect![[r#"
        Heard {
            ids: {
                Partition(
                    "a.csv",
                ): [
                    1,
                    2,
                    5,
                ],
            },
            dead: [
                "Some(25): column \"id\": expected BIGINT, got \"three\"",
                "Some(33): expected 2 fields, got 1",
            ],
            caught_up: [
                "a.csv",
            ],
            position: Position(
                {
                    Partition(
                        "a.csv",
                    ): 40,
                },
            ),
            ended: true,
        }
    "#]]
    .assert_debug_eq(&heard);
}

#[tokio::test]
async fn parquet_by_name_of_column_and_exact_after_a_restart() {
    let folder = folder(&[]);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(4), Some(5)]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c", "d", "e"]));
    let time: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![1_000; 5]).with_timezone("UTC"));
    fs::create_dir(folder.path().join("in")).unwrap();
    let bytes = parquet_bytes(vec![("text", text), ("time", time), ("id", ids)]);
    fs::write(folder.path().join("in/a.parquet"), bytes).unwrap();
    let columns = vec![
        column("id", DataType::Int64, false),
        column("time", DataType::Timestamp(TimeUnit::Millisecond, None), true),
        column("text", DataType::Utf8, true),
    ];
    let table = table_of(columns, &[("path", "in"), ("format", "parquet")]);
    let factory = factory(folder.path(), &table).await;
    for batches in 0..4 {
        let before = hear(instance(&factory, 0, 1).as_mut(), None, batches).await.unwrap();
        let after =
            hear(instance(&factory, 0, 1).as_mut(), Some(&before.position), usize::MAX).await.unwrap();
        assert_eq!([before.all(), after.all()].concat(), [1, 2, 4, 5]);
        let dead = [before.dead, after.dead].concat();
        assert_eq!(dead, ["Some(2): column \"id\" is NOT NULL, got null"]);
    }
    let mut table = table;
    table.projection = vec![];
    let counting = Filesystem.source(&table, &context(folder.path())).await.unwrap();
    let heard = hear(instance(&counting, 0, 1).as_mut(), None, 9).await.unwrap();
    assert_eq!(heard.position.0.values().collect::<Vec<_>>(), [&5]);
}

#[tokio::test]
async fn what_does_not_fit_is_named_before_anything_runs() {
    let folder = folder(&[("json/a.json", "{}\n"), ("gz/a.json.gz", "x")]);
    let text: ArrayRef = Arc::new(StringArray::from(vec!["a"]));
    fs::write(folder.path().join("in/a.parquet"), parquet_bytes(vec![("id", text)])).unwrap();
    let two = vec![column("id", DataType::Int64, true), column("x", DataType::Utf8, true)];
    let nested = vec![column("tags", DataType::new_list(DataType::Utf8, true), true)];
    let mut metadata = table(&[("path", "in/json"), ("format", "json")]);
    metadata.columns[0].kind = stream::ColumnKind::Metadata { key: "file.size".into(), virtual_: true };
    let mut partitioned = table(&[("path", "in/json"), ("format", "json")]);
    partitioned.partitioned_by = vec!["id".into()];
    let tables = [
        table(&[("path", "in/none"), ("format", "json")]),
        table(&[("path", "s3://bucket/x"), ("format", "json")]),
        table(&[("path", "in/json"), ("format", "avro")]),
        table(&[("path", "in/json"), ("format", "json"), ("csv.null-literal", "x")]),
        table(&[("path", "in/json"), ("format", "json"), ("json.ignore-parse-errors", "true")]),
        table(&[("path", "in/json"), ("format", "json"), ("source.monitor-interval", "often")]),
        table(&[("path", "in/gz"), ("format", "json")]),
        table_of(two, &[("path", "in/a.parquet"), ("format", "parquet")]),
        table_of(nested, &[("path", "in/json"), ("format", "csv")]),
        metadata,
        partitioned,
    ];
    let mut errors = String::new();
    for table in tables {
        let error = Filesystem.source(&table, &context(folder.path())).await.err().unwrap();
        let message = error.message.replace(&folder.path().display().to_string(), "");
        errors.push_str(&format!("{:?}: {message}\n", error.kind));
    }
    let mut keyed = table(&[("path", "out"), ("format", "json")]);
    keyed.primary_key = vec!["id".into()];
    let error = Filesystem.sink(&keyed, &context(folder.path())).await.err().unwrap();
    errors.push_str(&format!("{:?}: {}\n", error.kind, error.message));
    expect![[r#"
        Config: there is no file or folder /in/none
        Config: table t: option 'path' = 's3://bucket/x': s3:// is not supported, only local files
        Config: table t: format 'avro' is not one of json, csv, parquet
        Config: table t: option 'csv.null-literal' does not belong to format 'json'
        Config: table t: option 'json.ignore-parse-errors' = 'true': not supported: bad records are never dropped, they go to the dead letters; remove the option
        Config: table t: option 'source.monitor-interval' = 'often': expected a time such as '10 s'
        Config: /in/gz/a.json.gz is compressed, which is not supported; unpack it
        Config: table t: /in/a.parquet does not fit: column "id" is STRING in the file, BIGINT in the table; column "x" is not in the file
        Config: table t: column "tags" of type ARRAY<STRING> cannot be carried by the csv format
        Config: table t: the filesystem connector has no metadata for column 'id'
        Config: table t: PARTITIONED BY is not supported by the filesystem connector
        Config: table t: a filesystem sink only appends, so it cannot keep a PRIMARY KEY; remove it
    "#]]
    .assert_eq(&errors);
}

#[tokio::test]
async fn a_folder_of_our_sink_is_read_by_its_manifests() {
    for format in ["json", "csv", "parquet"] {
        let folder = TempDir::new().unwrap();
        let out = table(&[("path", "in"), ("format", format)]);
        let mut sink = Filesystem.sink(&out, &context(folder.path())).await.unwrap();
        sink.claim().await.unwrap();
        sink.commit(&commit(1), &rows(0..3)).await.unwrap();
        sink.commit(&commit(2), &rows(3..5)).await.unwrap();
        fs::write(folder.path().join(format!("in/part-9-uncommitted-0.{format}")), "{\"id\":99}\n").unwrap();
        let factory = factory(folder.path(), &out).await;
        let heard = hear(instance(&factory, 0, 1).as_mut(), None, usize::MAX).await.unwrap();
        assert_eq!((heard.all(), heard.dead), ((0..5).collect(), vec![]), "{format}");
    }
}

#[tokio::test]
async fn a_record_without_end_is_an_error() {
    let folder = folder(&[]);
    fs::create_dir(folder.path().join("in")).unwrap();
    fs::write(folder.path().join("in/a.json"), vec![b'x'; (64 << 20) + (3 << 20)]).unwrap();
    let factory = factory(folder.path(), &json()).await;
    let error = hear(instance(&factory, 0, 1).as_mut(), None, 1).await.unwrap_err();
    assert!(error.kind == ErrorKind::Data && error.message.contains("is longer than 64 MB"), "{error}");
}

#[tokio::test]
async fn the_sink_and_the_source_agree_on_dead_letters() {
    let folder = TempDir::new().unwrap();
    let format = FileFormat::Json(JsonOptions::default());
    let path = folder.path().join("in");
    let mut sink = FilesSink::new("t", "p", &path, &schema(), &format).unwrap();
    sink.claim().await.unwrap();
    sink.commit(&commit(1), &rows(0..1)).await.unwrap();
    let file = files::committed_files(&path).unwrap().remove(0);
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"id\":null}\n");
    fs::write(&file, bytes).unwrap();
    let table = table_of(vec![column("id", DataType::Int64, false)], &[("path", "in"), ("format", "json")]);
    let factory = factory(folder.path(), &table).await;
    let heard = hear(instance(&factory, 0, 1).as_mut(), None, 9).await.unwrap();
    assert_eq!(heard.dead, ["Some(9): column \"id\" is NOT NULL, got null"]);
}
