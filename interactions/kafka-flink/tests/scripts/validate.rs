//! `validate`: everything that can be known of a script beforehand.

use crate::{Place, SCRIPT, says};

#[test]
fn the_shipped_script_is_fine() {
    let finished = Place::empty().run(&["validate"]).expect_code(0);
    assert_eq!(
        (finished.stdout.as_str(), finished.stderr.as_str()),
        ("the shipped script: fine: reads events; writes events_per_key (jdbc)\n", "")
    );
}

#[test]
fn scripts_are_named_by_place_and_by_flag() {
    let place = Place::empty().with("a.sql", SCRIPT).with("b.sql", SCRIPT);
    let stdout = place.run(&["validate", "a.sql", "--sql", "b.sql"]).expect_code(0).stdout;
    says(&stdout, &["a.sql: fine: reads payments; writes per_minute (jdbc)", "b.sql: fine"]);
}

/// Goal: one look shows everything: names and values of options of every connector, in every script, with its line.
#[test]
fn every_problem_of_every_script_comes_at_once_with_its_place() {
    let values = SCRIPT.replace("'earliest-offset'", "'earliest'").replace("jdbc:postgresql:", "jdbc:mysql:");
    let sources = "CREATE TABLE a (n INT) WITH ('connector' = 'datagen', 'number-of-rows' = 'three');
CREATE TABLE b (n INT, PRIMARY KEY (n) NOT ENFORCED) WITH ('connector' = 'filesystem', 'path' = 'x', 'format' = 'json');
INSERT INTO b SELECT n FROM a;";
    let names = SCRIPT.replace("'topic'", "'topik'");
    let place = Place::empty()
        .with("values.sql", &values)
        .with("sources.sql", sources)
        .with("names.sql", &names)
        .with("syntax.sql", "SELEC 1;\nSET 'x' = 'y'")
        .with("fine.sql", SCRIPT);
    let files = ["values.sql", "sources.sql", "names.sql", "syntax.sql", "fine.sql"];
    let finished = place.run(&[&["validate"], &files[..]].concat()).expect_code(65);
    says(&finished.stdout, &["fine.sql: fine"]);
    let lines = [
        "error: 4 of 5 scripts cannot run",
        "values.sql: line 7, column 9, at ''scan.startup.mode''",
        "values.sql: line 9",
        "sources.sql: line 1, column 55, at ''number-of-rows''",
        "sources.sql: line 2",
        "names.sql: line 6",
        "did you mean 'topic'",
        "syntax.sql: line 1, column 1, at 'SELEC'",
        "syntax.sql: line 2",
    ];
    says(&finished.stderr, &lines);
}

/// Goal: the shipped script's parameters take several lines; the lines of the file are what people look at.
#[test]
fn places_are_those_of_the_file_also_behind_parameters() {
    let script = "CREATE TABLE events (event_key STRING) WITH (\n  ${source_options}\n);
CREATE TABLE out (k STRING) WITH ('connector' = 'print');
INSERT INTO out SELECT event_kye FROM events;";
    let finished = Place::empty().with("own.sql", script).run(&["validate", "own.sql"]).expect_code(65);
    says(&finished.stderr, &["own.sql: line 5, column 24, at 'event_kye'"]);
}

#[test]
fn flags_count_behind_the_subcommand_as_before_it() {
    let place = Place::empty();
    for line in [["--slide-seconds", "3", "validate"], ["validate", "--slide-seconds", "3"]] {
        says(
            &place.run(&line).expect_code(64).stderr,
            &["--slide-seconds 3 does not divide --window-seconds 10"],
        );
    }
    says(&place.run(&["validate", "--engine", "flink"]).expect_code(64).stderr, &["not --engine flink"]);
    says(&place.run(&["validate", "nowhere.sql"]).expect_code(74).stderr, &["nowhere.sql cannot be read"]);
}

/// Goal: a check in CI needs no name for a state that it does not have.
#[test]
fn outside_development_no_pipeline_is_asked_for() {
    let place = Place::empty().with("own.sql", SCRIPT);
    place.run(&["validate", "own.sql", "--env", "production"]).expect_code(0);
}
