//! Where a source begins, as exact numbers.

use crate::harness::{Kafka, Seen, position};
use event::Position;
use stream::Source;

/// Ten records in partition 0, five in partition 1.
fn fifteen() -> Kafka {
    let kafka = Kafka::with_topic("t", 2);
    kafka.append_ids("t", 0, 0..10);
    kafka.append_ids("t", 1, 100..105);
    kafka
}

async fn begin(kafka: &Kafka, options: &[(&str, &str)]) -> (Box<dyn Source>, Position) {
    let mut source = kafka.source("t", options).await;
    let position = source.seek(None).await.unwrap();
    (source, position)
}

#[tokio::test]
async fn every_mode_gives_numbers() {
    let kafka = fifteen();
    let timestamp = "scan.startup.timestamp-millis";
    let specific = "scan.startup.specific-offsets";
    let mode = |name| ("scan.startup.mode", name);
    type Options<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Options, [i64; 2]); 4] = [
        (&[mode("earliest-offset")], [0, 0]),
        (&[mode("latest-offset")], [10, 5]),
        (&[mode("specific-offsets"), (specific, "partition:0,offset:7")], [7, 0]),
        // After every record: the end.
        (&[mode("timestamp"), (timestamp, "99999999999999")], [10, 5]),
    ];
    for (options, [first, second]) in cases {
        let (_, begun) = begin(&kafka, options).await;
        assert_eq!(begun, position(&[("t/0", first), ("t/1", second)]), "{options:?}");
    }
}

#[tokio::test]
async fn reading_begins_exactly_there() {
    let kafka = fifteen();
    let options = [
        ("scan.startup.mode", "specific-offsets"),
        ("scan.startup.specific-offsets", "partition:0,offset:7;partition:1,offset:5"),
    ];
    let (mut source, begun) = begin(&kafka, &options).await;
    let mut seen = Seen::from(begun);
    seen.read_until(&mut source, |seen| seen.rows() == 3).await;
    assert_eq!(seen.all_ids(), [7, 8, 9]);
    kafka.append_ids("t", 1, [105]);
    seen.read_until(&mut source, |seen| seen.rows() == 4).await;
    assert_eq!(seen.all_ids(), [7, 8, 9, 105]);
    assert_eq!(seen.position, position(&[("t/0", 10), ("t/1", 6)]));
}

#[tokio::test]
async fn latest_reads_only_what_comes() {
    let kafka = fifteen();
    let (mut source, begun) = begin(&kafka, &[("scan.startup.mode", "latest-offset")]).await;
    kafka.append_ids("t", 0, [10]);
    let mut seen = Seen::from(begun);
    seen.read_until(&mut source, |seen| seen.rows() == 1).await;
    assert_eq!(seen.all_ids(), [10]);
}

#[tokio::test]
async fn a_group_without_offsets_needs_to_be_told_where_to_begin() {
    let kafka = fifteen();
    let options = [("scan.startup.mode", "group-offsets"), ("properties.group.id", "fresh")];
    let mut source = kafka.source("t", &options).await;
    let error = source.seek(None).await.unwrap_err();
    assert!(error.message.starts_with("group 'fresh' has no committed offset for partition t/"), "{error}");
    for (reset, expected) in [("earliest", [0, 0]), ("latest", [10, 5])] {
        let told = [options[0], options[1], ("properties.auto.offset.reset", reset)];
        let (_, begun) = begin(&kafka, &told).await;
        assert_eq!(begun, position(&[("t/0", expected[0]), ("t/1", expected[1])]), "{reset}");
    }
}

/// Goal: committing shows progress to others and is where `group-offsets` begins, yet a snapshot alone decides a
/// restart.
#[tokio::test]
async fn committed_offsets_show_progress_and_decide_no_restart() {
    let kafka = fifteen();
    let group = ("properties.group.id", "g");
    let (mut source, _) = begin(&kafka, &[group]).await;
    source.commit(&position(&[("t/0", 4), ("t/1", 2), ("elsewhere/0", 9)])).await.unwrap();
    let by_group =
        [("scan.startup.mode", "group-offsets"), group, ("properties.auto.offset.reset", "latest")];
    let committed = position(&[("t/0", 4), ("t/1", 2)]);
    let committing = async {
        while begin(&kafka, &by_group).await.1 != committed {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::DEADLINE, committing).await.unwrap();
    let mut restarted = kafka.source("t", &by_group).await;
    let snapshot = position(&[("t/0", 8), ("t/1", 1)]);
    assert_eq!(restarted.seek(Some(&snapshot)).await.unwrap(), snapshot);
}

#[tokio::test]
async fn commit_without_a_group_does_nothing() {
    let kafka = fifteen();
    let (mut source, begun) = begin(&kafka, &[]).await;
    source.commit(&begun).await.unwrap();
}
