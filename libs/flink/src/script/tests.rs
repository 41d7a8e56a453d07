//! Scripts in, statements out.

use super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn check(script: &str, expect: Expect) {
    let got = match split(script) {
        Ok(statements) => statements
            .iter()
            .map(|s| format!("{} {} {:?}: {}\n", s.number, s.place, s.kind, s.text.replace('\n', "⏎")))
            .collect(),
        Err(error) => error.to_string(),
    };
    expect.assert_eq(&got);
}

#[test]
fn semicolons_split_except_in_texts_names_and_comments() {
    check(
        "-- first; of all\nSELECT 'it''s; a `;' AS `a;``b`;; /* ; '\n */ SHOW TABLES; // so; what\n  ;",
        expect![[r#"
            1 line 2, column 1 Query: SELECT 'it''s; a `;' AS `a;``b`
            2 line 3, column 5 Other: SHOW TABLES
        "#]],
    );
    check("SELECT 1 -- the end", expect!["1 line 1, column 1 Query: SELECT 1\n"]);
    check(" \n;\n-- nothing", expect![""]);
}

#[test]
fn a_hint_is_code() {
    check(
        "SELECT * FROM t /*+ OPTIONS('a;b'='*/') */; SELECT 2",
        expect![[r#"
            1 line 1, column 1 Query: SELECT * FROM t /*+ OPTIONS('a;b'='*/') */
            2 line 1, column 45 Query: SELECT 2
        "#]],
    );
}

#[test]
fn a_statement_set_is_one_statement() {
    check(
        "EXECUTE STATEMENT SET\nBEGIN\n INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM t;\n -- END;\n INSERT INTO b SELECT 1;\nEND;\nSELECT 1;",
        expect![[r#"
            1 line 1, column 1 Job: EXECUTE STATEMENT SET⏎BEGIN⏎ INSERT INTO a SELECT CASE WHEN x THEN 1 END FROM t;⏎ -- END;⏎ INSERT INTO b SELECT 1;⏎END
            2 line 7, column 1 Query: SELECT 1
        "#]],
    );
    check(
        "EXPLAIN STATEMENT SET BEGIN INSERT INTO a VALUES (1); END; COMPILE AND EXECUTE PLAN 'f' FOR STATEMENT SET BEGIN END; SHOW JOBS",
        expect![[r#"
            1 line 1, column 1 Other: EXPLAIN STATEMENT SET BEGIN INSERT INTO a VALUES (1); END
            2 line 1, column 60 Job: COMPILE AND EXECUTE PLAN 'f' FOR STATEMENT SET BEGIN END
            3 line 1, column 118 Other: SHOW JOBS
        "#]],
    );
}

#[test]
fn the_older_statement_set_is_several_statements_as_for_flink() {
    check(
        "BEGIN STATEMENT SET; INSERT INTO a VALUES (1); END;",
        expect![[r#"
            1 line 1, column 1 Other: BEGIN STATEMENT SET
            2 line 1, column 22 Job: INSERT INTO a VALUES (1)
            3 line 1, column 48 Job: END
        "#]],
    );
}

#[test]
fn kinds() {
    check(
        "set 'a' = 'it''s'; RESET 'a'; RESET; SET; WITH x AS (SELECT 1) SELECT * FROM x; (VALUES (1));
CREATE TABLE t AS SELECT 1; CREATE TABLE t (a AS b, c INT) WITH ('x' = 'y') AS SELECT 1;
CREATE VIEW TABLE_V AS SELECT 1; CREATE TABLE t (a INT, b AS (a)); CREATE OR REPLACE TABLE t AS (SELECT 1);
EXECUTE PLAN 'f'; DELETE FROM t; DESCRIBE t",
        expect![[r#"
            1 line 1, column 1 Setting(Set { key: "a", value: "it's" }): set 'a' = 'it''s'
            2 line 1, column 20 Setting(Reset { key: "a" }): RESET 'a'
            3 line 1, column 31 Setting(ResetAll): RESET
            4 line 1, column 38 Setting(List): SET
            5 line 1, column 43 Query: WITH x AS (SELECT 1) SELECT * FROM x
            6 line 1, column 81 Query: (VALUES (1))
            7 line 2, column 1 Job: CREATE TABLE t AS SELECT 1
            8 line 2, column 29 Job: CREATE TABLE t (a AS b, c INT) WITH ('x' = 'y') AS SELECT 1
            9 line 3, column 1 Other: CREATE VIEW TABLE_V AS SELECT 1
            10 line 3, column 34 Other: CREATE TABLE t (a INT, b AS (a))
            11 line 3, column 68 Job: CREATE OR REPLACE TABLE t AS (SELECT 1)
            12 line 4, column 1 Job: EXECUTE PLAN 'f'
            13 line 4, column 19 Job: DELETE FROM t
            14 line 4, column 34 Other: DESCRIBE t
        "#]],
    );
}

#[test]
fn what_is_not_closed_has_a_place() {
    check("SELECT 1;\n SELECT 'abc;", expect!["line 2, column 9: a text begins here and never ends"]);
    check("SELECT `a;", expect!["line 1, column 8: a name in backticks begins here and never ends"]);
    check("\r\n\r/* SELECT", expect!["line 3, column 1: a comment begins here and never ends"]);
}

/// Goal: Flink counts from the statement and in UTF-16; people count from the script and in characters.
#[test]
fn places_are_mapped_to_the_script() {
    let script = "SHOW TABLES;\n\n  SELECT '🦀🦀', x\nFROM t WHERE '🦀' = y";
    let statement = &split(script).unwrap()[1];
    let at = |line, column| statement.in_script(Place { line, column });
    assert_eq!(at(1, 1), Place { line: 3, column: 3 });
    // x, behind two characters of two units each.
    assert_eq!(at(1, 16), Place { line: 3, column: 16 });
    assert_eq!(at(2, 21), Place { line: 4, column: 20 });
    // Past the end, as for a statement that ends too early.
    assert_eq!(at(2, 99), Place { line: 4, column: 98 });
}

#[test]
fn one_statement_is_one() {
    assert_eq!(Statement::one("SELECT 1;").unwrap().text, "SELECT 1");
    assert_eq!(
        Statement::one("SELECT 1; SELECT 2").unwrap_err().to_string(),
        "line 1, column 11: one statement was expected; here begins another"
    );
    assert_eq!(Statement::one(";").unwrap_err().to_string(), "there is no statement");
}
