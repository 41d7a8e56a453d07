//! Every row is accounted for, also after a crash: read from /metrics, held against the table and the dead letters.

use crate::world::World;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fs;
use std::time::Duration;
use testkit::{FlightEvents, Metrics, flights_csv, free_port, until};

const SEED: u64 = 42;
const EVENTS: usize = 60_000;
const WAIT_MAX: Duration = Duration::from_secs(120);

/// One in a hundred is broken, another one two days late.
fn events() -> (Vec<String>, u64, u64) {
    let flights = FlightEvents::read(&flights_csv(), SEED, crate::world::DISORDER_MS);
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut broken, mut late) = (0, 0);
    let mut lines = Vec::new();
    for (index, line) in flights.lines()[..EVENTS].iter().enumerate() {
        // The first day has no earlier one to be late from.
        match random.random_range(0..100) {
            0 => {
                broken += 1;
                lines.push(line[..line.len() / 2].to_owned());
            }
            1 if index > EVENTS / 10 => {
                late += 1;
                let at = line.find("\"scheduled\":\"").unwrap() + 13;
                lines.push(format!("{}2012-12-30{}", &line[..at], &line[at + 10..]));
            }
            _ => lines.push(line.clone()),
        }
    }
    (lines, broken, late)
}

fn dead_letter_lines(world: &World, reason: &str) -> u64 {
    let files = files::committed_files(world.path("dead")).unwrap();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().filter(|line| line.contains(&format!("\"reason\":\"{reason}\""))).count() as u64
}

#[tokio::test]
async fn nothing_is_unaccounted_for_after_a_crash() {
    let source = "'connector' = 'filesystem', 'path' = 'flights', 'format' = 'json', 'source.monitor-interval' = '1 s'";
    let world = World::new("SET 'ibb.source.rows-per-second' = '30000';", source).await;
    let (lines, broken, late) = events();
    fs::create_dir(world.path("flights")).unwrap();
    fs::write(world.path("flights/part-0.jsonl"), lines.join("\n")).unwrap();

    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let flags = ["--dead-letters", "./dead", "--admin-addr", address.as_str()];
    let records = |metrics: &Metrics| metrics.total("ibb_source_records_total", "flights");
    let running = world.start(&flags);
    let before = until("a third of the events", WAIT_MAX, || {
        Metrics::read(port).map(|metrics| records(&metrics)).filter(|records| *records > EVENTS as u64 / 3)
    });
    assert!(before < EVENTS as u64 && running.kill(), "the crash must interrupt work");

    let running = world.start(&flags);
    let metrics = until("all events", WAIT_MAX, || {
        Metrics::read(port).filter(|metrics| records(metrics) == EVENTS as u64)
    });
    let query = |outcome: &str| metrics.total("ibb_query_records_total", &format!("outcome=\"{outcome}\""));
    let dead = metrics.total("ibb_source_dead_letters_total", "flights");
    assert_eq!(dead, broken);
    assert_eq!(query("late"), late);
    let accounted = dead + query("admitted") + query("filtered") + query("late") + query("no_event_time");
    assert_eq!(accounted, EVENTS as u64, "{metrics:#?}");

    let sink = |what: &str, name: &str| metrics.total(&format!("ibb_sink_rows_{what}_total"), name);
    let became = |name: &str| sink("committed", name) + sink("superseded", name) + sink("refused", name);
    assert_eq!(sink("emitted", "flights_per_carrier"), became("flights_per_carrier"));
    assert_eq!(sink("emitted", "dead_letters"), became("dead_letters"));

    running.ask_to_end();
    running.finish(WAIT_MAX).expect_code(0);
    let mut connection = world.connect().await;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM flights_per_carrier")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(rows as u64, sink("committed", "flights_per_carrier"));
    assert_eq!((dead_letter_lines(&world, "decode"), dead_letter_lines(&world, "late")), (broken, late));
    drop(connection);
    world.postgres.stop().await.unwrap();
}
