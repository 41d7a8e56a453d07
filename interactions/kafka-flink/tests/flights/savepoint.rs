//! A pipeline that stops with a savepoint half-way, and another that goes on from there; the table equals the truth.

use crate::crash::{FILES, RUN_MAX, paced, progressed};
use crate::world::{SCRIPT, World};
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;

const SEED: u64 = 7_301;

fn savepoints(world: &World) -> Vec<PathBuf> {
    let folder = world.path("state/savepoints");
    let files = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "savepoint")).collect()
}

#[tokio::test]
async fn the_table_is_exact_after_a_stop_and_another_pipeline() {
    let world = World::new(&paced(40_000), FILES).await;
    world.write_flights(SEED, 1);
    world.load_truth().await;

    // Torn while it was kept, it is no savepoint, and the pipeline has lost nothing.
    let stopping = ["--stop-with-savepoint"];
    let mut torn = world.program(&stopping).env("IBB_FAILPOINT", "savepoint.written").start();
    progressed(&world, &mut torn).await;
    torn.ask_to_end();
    let finished = torn.finish(RUN_MAX);
    assert_eq!(finished.status.signal(), Some(6), "the failpoint was not hit:\n{}", finished.stderr);
    assert!(savepoints(&world).is_empty());

    let mut running = world.start(&stopping);
    progressed(&world, &mut running).await;
    running.ask_to_end();
    let finished = running.finish(RUN_MAX).expect_code(0);
    let printed = finished.stdout.lines().find_map(|line| line.strip_prefix("savepoint: "));
    let savepoint = printed.expect("a savepoint's path").to_owned();
    assert_eq!(savepoints(&world), [PathBuf::from(&savepoint)]);
    let so_far = world.flights().await;
    assert!((1..testkit::FLIGHTS as i64).contains(&so_far), "{so_far} flights: stopped in the middle");

    let from = ["--from-savepoint", savepoint.as_str()];
    let script = fs::read_to_string(world.path("flights.sql")).unwrap();
    fs::write(world.path("flights.sql"), script.replace("INTERVAL '1' HOUR", "INTERVAL '2' HOUR")).unwrap();
    assert!(SCRIPT.contains("INTERVAL '1' HOUR"));
    let refused = world.program_as("flights-2", &from).start().finish(RUN_MAX).expect_code(78);
    for word in ["'flights_per_carrier/window' has changed", "--allow-non-restored-state", &savepoint] {
        assert!(refused.stderr.contains(word), "{word}\n{}", refused.stderr);
    }
    fs::write(world.path("flights.sql"), script).unwrap();

    world.program_as("flights-2", &from).start().finish(RUN_MAX).expect_code(0);
    world.assert_exact().await;
    // A start from the beginning would write the first windows again, which the table's key would hide.
    let mut connection = world.connect().await;
    let written = "SELECT count(*), sum(committed)::bigint, (SELECT count(*) FROM truth) FROM ibb.sink_epochs
        WHERE sink = 'flights_per_carrier'";
    let (pipelines, rows, windows): (i64, i64, i64) =
        sqlx::query_as(written).fetch_one(&mut connection).await.unwrap();
    assert_eq!((pipelines, rows), (2, windows), "the two have written every window once");
    drop(connection);
    // The same command line once more, as a supervisor would: its own state is newer.
    let again = world.program_as("flights-2", &from).start().finish(RUN_MAX).expect_code(0);
    assert!(again.stderr.contains("the savepoint is used already"), "{}", again.stderr);
    world.assert_exact().await;
    world.postgres.stop().await.unwrap();
}
