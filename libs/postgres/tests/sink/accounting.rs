//! Random epochs against a model in memory.

use crate::server::*;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::collections::BTreeMap;
use stream::SinkCounters;

/// Goal: after every epoch `committed + superseded + refused` equals the rows emitted, each count and the table's
/// content are the model's, and restarts in between change nothing.
#[tokio::test]
async fn counts_and_content_follow_the_model() {
    let seed: u64 = std::env::var("IBB_TEST_SEED").ok().map_or_else(rand::random, |s| s.parse().unwrap());
    eprintln!("IBB_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let db = Db::new().await;
    db.run("CREATE TABLE t (k bigint PRIMARY KEY CHECK (k <> 13), v varchar(3) NOT NULL)").await;
    let table = db.table("t", &columns(), &["k"]);
    let mut sink = claimed(&table).await;
    let mut model: BTreeMap<i64, String> = BTreeMap::new();
    let (mut expected, mut emitted) = (SinkCounters::default(), 0);
    for number in 1..=40 {
        let values = ["a", "bb", "ccc", "dddd", "null", "\0"];
        let batches: Vec<Vec<(i64, &str)>> = (0..random.random_range(0..4))
            .map(|_| {
                let rows = random.random_range(0..40);
                (0..rows)
                    .map(|_| (random.random_range(0..30), values[random.random_range(0..values.len())]))
                    .collect()
            })
            .collect();
        let last: BTreeMap<i64, &str> = batches.iter().flatten().copied().collect();
        let total = batches.iter().map(Vec::len).sum::<usize>() as u64;
        emitted += total;
        expected.superseded += total - last.len() as u64;
        for (k, v) in last {
            match k == 13 || v.len() > 3 || v == "\0" {
                true => expected.refused += 1,
                false => {
                    expected.committed += 1;
                    model.insert(k, v.to_owned());
                }
            }
        }
        let batches: Vec<_> = batches.iter().map(|batch| rows(batch)).collect();
        let totals = sink.commit(&epoch(number), &batches).await.unwrap();
        assert_eq!(totals, expected, "epoch {number}");
        assert_eq!(totals.committed + totals.superseded + totals.refused, emitted);
        if random.random_bool(0.2) {
            let claim = sink.claim().await.unwrap().unwrap();
            assert_eq!((claim.held.unwrap().epoch.0, claim.counters), (number, expected));
        }
    }
    let mut content = content(&db, "t").await;
    content.sort();
    let mut wanted: Vec<String> = model.iter().map(|(k, v)| format!("{k}={v}")).collect();
    wanted.sort();
    assert_eq!(content, wanted);
    assert_eq!(db.count("SELECT count(*) FROM t_dead_letters").await as u64, expected.refused);
}
