//! Values of the shared flags, and what a program refuses by name.

use std::{collections::BTreeMap, path::Path};

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Program {
    #[command(flatten)]
    shared: SharedArgs,
    #[command(flatten)]
    engine: EngineArgs,
}

fn parse(line: &str) -> Result<Program, clap::Error> {
    Program::try_parse_from(std::iter::once("program").chain(line.split_whitespace()))
}

#[test]
fn dead_letters_are_a_topic_a_file_or_off() {
    let parsed = |text: &str| text.parse::<DeadLetters>();
    assert_eq!(parsed("off"), Ok(DeadLetters::Off));
    assert_eq!(parsed("orders.dead-letters"), Ok(DeadLetters::Topic("orders.dead-letters".to_owned())));
    assert_eq!(parsed("./dead.jsonl"), Ok(DeadLetters::File("./dead.jsonl".into())));
    assert!(parsed("a b").is_err() && parsed("").is_err() && parsed("..").is_err());
}

#[test]
fn values_out_of_bounds_are_refused() {
    for line in [
        "--parallelism 0",
        "--checkpoint-interval 9",
        "--duration -1",
        "--duration NaN",
        "--duration 1e300",
        "--connect-timeout soon",
        "--pipeline ../up",
        "--admin-addr 9464",
        "--admin-addr host:99999",
        "--admin-tap perhaps",
        "--log-format xml",
        "--env a/b",
        "-v -q",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
    let args = parse("--duration 1.5 --admin-addr [::1]:0 -vv").unwrap().shared;
    assert_eq!(args.duration(), Some(Duration::from_millis(1500)));
    assert_eq!((args.admin_addr, args.verbose), (Some(AdminAddr::At("[::1]:0".to_owned())), 2));
}

#[test]
fn the_state_dir_is_the_workspaces_unless_given() {
    let places = Places::new(&BTreeMap::new(), Path::new("/srv"));
    let state_dir = |line| parse(line).unwrap().shared.state_dir(&places);
    assert_eq!(state_dir(""), StateDir::Folder("/srv/.ibb".into()));
    assert_eq!(state_dir("--state-dir here"), StateDir::Folder("/srv/here".into()));
    assert_eq!(state_dir("--state-dir s3://b/p"), StateDir::Url("s3://b/p".to_owned()));
}

#[test]
fn what_a_program_cannot_do_is_refused_by_name_all_at_once() {
    let support =
        EngineSupport { engines: &[Engine::Embedded, Engine::Flink], sql: false, savepoints: false };
    let line = "--engine spark --sql a.sql --stop-with-savepoint --from-savepoint s3://b/1";
    let failure = parse(line).unwrap().engine.check("relay", &support).unwrap_err();
    assert_eq!(failure.exit(), crate::Exit::Usage);
    assert_eq!(failure.details().len(), 4);
    assert_eq!(failure.details()[0], "--engine spark: it runs on embedded, flink");

    let alone = parse("--allow-non-restored-state").unwrap().engine.check("relay", &support).unwrap_err();
    assert!(alone.details()[0].contains("--from-savepoint"));

    let detached = parse("--detach").unwrap().engine.check("relay", &support).unwrap_err();
    assert!(detached.details()[0].starts_with("--detach"));
    assert!(parse("--engine flink --detach").unwrap().engine.check("relay", &support).is_ok());
}
