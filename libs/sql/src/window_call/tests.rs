//! Calls as they are read, and what is refused.

use super::*;
use expect_test::{Expect, expect};

#[track_caller]
fn check(text: &str, expect: Expect) {
    let statement = crate::lexer::statements(text).unwrap().remove(0);
    let got = match replace_window_calls(&QueryText { tokens: statement.tokens, statement: 1 }) {
        Ok((_, calls)) => calls
            .iter()
            .map(|c| match &c.windows {
                CalledWindows::Fixed(shape) => {
                    format!("{} by {}: {shape:?}\n", c.table.value, c.time.value)
                }
                CalledWindows::Session { gap_ms, partition } => {
                    let keys: Vec<&str> = partition.iter().map(|k| k.value.as_str()).collect();
                    let keys = keys.join(", ");
                    format!("{} by {}: session of [{keys}], {gap_ms} ms\n", c.table.value, c.time.value)
                }
            })
            .collect(),
        Err(problem) => problem.to_string(),
    };
    expect.assert_eq(&got);
}

#[test]
fn calls_by_position_and_by_name() {
    check(
        "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) JOIN table(hop(table u, descriptor(x), interval '5' second, interval '1' minutes))",
        expect![[r#"
            t by ts: Tumble { size_ms: 3600000, offset_ms: 0 }
            u by x: Hop { size_ms: 60000, slide_ms: 5000, offset_ms: 0 }
        "#]],
    );
    check(
        "TABLE(HOP(SIZE => INTERVAL '10' SECOND, SLIDE => INTERVAL '2.5' SECOND, DATA => TABLE `my t`, TIMECOL => DESCRIPTOR(ts)))",
        expect![[r#"
            my t by ts: Hop { size_ms: 10000, slide_ms: 2500, offset_ms: 0 }
        "#]],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5999' SECOND(5)))",
        expect![[r#"
            t by ts: Tumble { size_ms: 5999000, offset_ms: 0 }
        "#]],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '-8' HOUR))",
        expect![[r#"
            t by ts: Tumble { size_ms: 86400000, offset_ms: -28800000 }
        "#]],
    );
}

#[test]
fn sessions_and_cumulating_windows() {
    check(
        "TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR)) TABLE(SESSION(TABLE t PARTITION BY (k, `l m`), DESCRIPTOR(ts), INTERVAL '5' SECOND)) TABLE(SESSION(TABLE t PARTITION BY k, l, DESCRIPTOR(ts), INTERVAL '5' SECOND)) TABLE(SESSION(DATA => TABLE t PARTITION BY k, l, TIMECOL => DESCRIPTOR(ts), GAP => INTERVAL '5' SECOND)) TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '5' SECOND))",
        expect![[r#"
            t by ts: session of [k], 3600000 ms
            t by ts: session of [k, l m], 5000 ms
            t by ts: session of [k, l], 5000 ms
            t by ts: session of [k, l], 5000 ms
            t by ts: session of [], 5000 ms
        "#]],
    );
    check(
        "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY)) TABLE(CUMULATE(DATA => TABLE t, TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '1' DAY, STEP => INTERVAL '1' HOUR, OFFSET => INTERVAL '30' MINUTE))",
        expect![[r#"
            t by ts: Cumulate { size_ms: 86400000, step_ms: 3600000, offset_ms: 0 }
            t by ts: Cumulate { size_ms: 86400000, step_ms: 3600000, offset_ms: 1800000 }
        "#]],
    );
}

#[test]
fn what_flink_refuses() {
    check(
        "TABLE(TUMBLE(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        expect!["line 1, column 22, at 'PARTITION': TUMBLE takes no PARTITION BY: only SESSION does"],
    );
    check(
        "TABLE(SESSION(TABLE t PARTITION BY k ORDER BY ts, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        expect!["line 1, column 38, at 'ORDER': a window table function takes no ORDER BY"],
    );
    check(
        "TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '0' HOUR))",
        expect!["line 1, column 7, at 'SESSION': the gap of SESSION must be above zero"],
    );
    check(
        "TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' HOUR))",
        expect!["line 1, column 59, at 'INTERVAL': one argument too many"],
    );
    check(
        "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        expect!["line 1, column 7, at 'CUMULATE': CUMULATE lacks its size, an INTERVAL"],
    );
    check(
        "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '7' MINUTE, INTERVAL '1' HOUR))",
        expect![
            "line 1, column 7, at 'CUMULATE': the size of CUMULATE must be a multiple of its step; CUMULATE takes the step first, then the size"
        ],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' HOUR))",
        expect!["line 1, column 7, at 'TUMBLE': the offset of TUMBLE must be below its size"],
    );
    check(
        "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))",
        expect![
            "line 1, column 7, at 'HOP': the size of HOP must be a multiple of its slide; HOP takes the slide first, then the size"
        ],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MONTH))",
        expect!["line 1, column 52, at 'MONTH': a window has a fixed length: months and years have none"],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts)))",
        expect!["line 1, column 7, at 'TUMBLE': TUMBLE lacks its size, an INTERVAL"],
    );
    check(
        "TABLE(TUMBLE(TABLE t, ts, INTERVAL '1' HOUR))",
        expect!["line 1, column 23, at 'ts': expected DESCRIPTOR"],
    );
    check(
        "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0' HOUR))",
        expect!["line 1, column 7, at 'TUMBLE': the size of TUMBLE must be above zero"],
    );
}

#[test]
fn what_is_missing_here() {
    check(
        "TABLE(PIVOT(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        expect![
            "line 1, column 7, at 'PIVOT': table function PIVOT is not supported yet by the embedded engine; it runs on a Flink cluster"
        ],
    );
    check(
        "TABLE(TUMBLE(TABLE db.t, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
        expect![
            "line 1, column 20, at 'db': a name with a catalog or database is not supported yet by the embedded engine; it runs on a Flink cluster"
        ],
    );
}
