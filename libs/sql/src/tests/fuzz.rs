//! Nothing a person types makes the planner panic.

use super::TABLES;
use crate::{parse, plan};
use proptest::prelude::*;

const WORDS: [&str; 104] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "HAVING",
    "INSERT",
    "INTO",
    "out",
    "t",
    "plain",
    "k",
    "i",
    "b",
    "d",
    "p",
    "ts",
    "r",
    "x",
    "(",
    ")",
    ",",
    ";",
    ".",
    "*",
    "+",
    "-",
    "/",
    "%",
    "=",
    "<",
    ">",
    "<=",
    "<>",
    "||",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "IN",
    "BETWEEN",
    "LIKE",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "CAST",
    "AS",
    "STRING",
    "INT",
    "TIMESTAMP",
    "DECIMAL",
    "1",
    "2.5",
    "1e5",
    "'a'",
    "'1'",
    "''",
    "INTERVAL",
    "SECOND",
    "HOUR",
    "TABLE",
    "TUMBLE",
    "HOP",
    "CUMULATE",
    "SESSION",
    "PARTITION",
    "ROW_NUMBER",
    "OVER",
    "ORDER",
    "ROLLUP",
    "GROUPING",
    "DESCRIPTOR",
    "window_start",
    "window_end",
    "window_time",
    "COUNT",
    "SUM",
    "AVG",
    "MAX",
    "COALESCE",
    "IF",
    "SUBSTRING",
    "ROUND",
    "TO_TIMESTAMP",
    "EXTRACT",
    "YEAR",
    "FLOOR",
    "TO",
    "CREATE",
    "VIEW",
    "WITH",
    "'connector'",
    "WATERMARK",
    "FOR",
    "PRIMARY",
    "KEY",
    "ROW",
    "ARRAY",
    "SET",
    "BEGIN",
    "`",
];

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..40).prop_map(|words| words.join(" "))
}

fn try_plan(text: &str) {
    if let Ok(script) = parse(text) {
        let _ = plan(&script).map(|pipeline| pipeline.describe());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn token_soup_is_refused_or_planned(text in soup()) {
        try_plan(&text);
    }

    #[test]
    fn soup_in_a_query_is_refused_or_planned(columns in soup(), filter in soup()) {
        try_plan(&format!("{TABLES} INSERT INTO out SELECT {columns} FROM t WHERE {filter}"));
        try_plan(&format!("{TABLES} INSERT INTO out SELECT k, {columns} FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k"));
        try_plan(&format!("CREATE TABLE a (x INT, y AS {columns}, {filter}) WITH ('connector' = 'fake')"));
    }

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        try_plan(&text);
        let _ = crate::Script::render(&text, &Default::default());
    }
}

#[test]
fn deep_and_long_expressions_are_refused_or_planned() {
    let sum = vec!["i"; 5000].join(" + ");
    let deep = format!("{}i{}", "(".repeat(5000), ")".repeat(5000));
    let list = (0..5000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let or = vec!["i = 1"; 5000].join(" OR ");
    for expression in
        [sum, deep, format!("CASE WHEN i IN ({list}) THEN 1 END"), format!("CASE WHEN {or} THEN 1 END")]
    {
        try_plan(&format!("{TABLES} INSERT INTO out SELECT k, {expression} FROM t"));
    }
    let types = format!("CREATE TABLE a (x {}INT{})", "ARRAY<".repeat(5000), ">".repeat(5000));
    try_plan(&types);
}
