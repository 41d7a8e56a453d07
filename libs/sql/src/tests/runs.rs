//! What comes out of planned windows: the graph's operators, one task each, fed with a few rows.

use super::fake::{connectors, context};
use super::planned;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{SchemaRef, TimestampMillisecondType};
use arrow::record_batch::RecordBatch;
use arrow::util::display::array_value_to_string;
use event::Watermark;
use expect_test::{Expect, expect};
use std::io::Cursor;
use std::sync::Arc;
use stream::{Graph, NodeId, NodeKind, Operator, Output, Port, TaskIndex};

/// A graph without tasks and channels: what one node yields, the next ones get at once.
struct Run {
    graph: Graph,
    operators: Vec<Option<Box<dyn Operator>>>,
    watermarks: Vec<i64>,
    lines: Vec<String>,
    late: usize,
}

impl Run {
    fn new(graph: Graph) -> Self {
        let operator = |node: &stream::Node| match &node.kind {
            NodeKind::Operator(factory) => Some(factory.create(TaskIndex { index: 0, count: 1 }).unwrap()),
            _ => None,
        };
        let operators = graph.nodes.iter().map(operator).collect();
        let watermarks = vec![i64::MIN; graph.nodes.len()];
        Self { graph, operators, watermarks, lines: Vec::new(), late: 0 }
    }

    fn pass_on(&mut self, from: NodeId, batch: &RecordBatch) {
        for to in 0..self.graph.nodes.len() {
            for edge in 0..self.graph.nodes[to].inputs.len() {
                let input = &self.graph.nodes[to].inputs[edge];
                if input.from == from && input.port == Port::Rows {
                    self.take(to, edge, batch);
                }
            }
        }
    }

    fn take(&mut self, node: NodeId, edge: usize, batch: &RecordBatch) {
        let Some(operator) = &mut self.operators[node] else {
            let cell = |row, column: &Arc<dyn Array>| array_value_to_string(column, row).unwrap();
            let line = |row| batch.columns().iter().map(|c| cell(row, c)).collect::<Vec<_>>().join(" | ");
            self.lines.extend((0..batch.num_rows()).map(line));
            return;
        };
        let mut out = Output::default();
        operator.on_input(edge, batch.clone(), &mut out).unwrap();
        self.emit(node, out);
    }

    fn emit(&mut self, node: NodeId, out: Output) {
        self.late += out.dead.len();
        for rows in &out.rows {
            assert_eq!(rows.schema().fields(), self.graph.nodes[node].schema.fields());
            self.pass_on(node, rows);
        }
    }

    /// Rows first, then the time they tell.
    fn rows(&mut self, table: &str, rows: &str) {
        let id = format!("source:{table}");
        let source = self.graph.nodes.iter().position(|node| node.id == id).unwrap();
        let batch = read(&self.graph.nodes[source].schema, rows);
        self.pass_on(source, &batch);
        if let NodeKind::Source { watermark: Some(watermark), .. } = &self.graph.nodes[source].kind {
            let times = watermark.evaluate(&batch).unwrap().into_array(batch.num_rows()).unwrap();
            let time = arrow::compute::max(times.as_primitive::<TimestampMillisecondType>()).unwrap();
            self.watermarks[source] = self.watermarks[source].max(time);
        }
        self.advance();
    }

    fn end(&mut self) {
        for (node, watermark) in self.graph.nodes.iter().zip(&mut self.watermarks) {
            if matches!(node.kind, NodeKind::Source { .. }) {
                *watermark = i64::MAX;
            }
        }
        self.advance();
    }

    fn advance(&mut self) {
        for node in 0..self.graph.nodes.len() {
            let inputs = self.graph.nodes[node].inputs.iter().map(|edge| self.watermarks[edge.from]);
            let Some(now) = inputs.min() else { continue };
            if now > self.watermarks[node] {
                self.watermarks[node] = now;
                let mut out = Output::default();
                if let Some(operator) = &mut self.operators[node] {
                    operator.on_watermark(Watermark(now), &mut out).unwrap();
                }
                self.emit(node, out);
            }
        }
    }
}

/// `a 1 10:00:05` lines: the key, the value, the time of 1 January 1970; `-` is NULL.
fn read(schema: &SchemaRef, rows: &str) -> RecordBatch {
    let json = |line: &str| {
        let [k, v, time] = <[&str; 3]>::try_from(line.split(' ').collect::<Vec<_>>()).unwrap();
        let k = if k == "-" { "null".into() } else { format!("\"{k}\"") };
        format!("{{\"k\": {k}, \"v\": {v}, \"ts\": \"1970-01-01T{time}\"}}\n")
    };
    let text: String = rows.split(", ").map(json).collect();
    let mut reader = arrow::json::ReaderBuilder::new(schema.clone()).build(Cursor::new(text)).unwrap();
    reader.next().unwrap().unwrap()
}

const TABLES: &str = "
    CREATE TABLE t (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'fake', 'path' = 'x');
    CREATE TABLE u (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'fake', 'path' = 'x');
";

/// Runs a script over batches of rows; the results, sorted, and the number of late rows.
#[track_caller]
fn check(script: &str, batches: &[(&str, &str)], expect: Expect) {
    let pipeline = planned(&format!("{TABLES}{script}")).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let graph = runtime.block_on(pipeline.build(&connectors(), &context(), 1)).unwrap();
    let mut run = Run::new(graph);
    for (table, rows) in batches {
        run.rows(table, rows);
    }
    run.end();
    run.lines.sort();
    expect.assert_eq(&format!("{}\nlate: {}\n", run.lines.join("\n"), run.late));
}

#[test]
fn cumulating_windows() {
    check(
        "CREATE TABLE o (s TIMESTAMP(3), e TIMESTAMP(3), n BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT window_start, window_end, SUM(v) FROM TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '3' HOUR)) GROUP BY window_start, window_end",
        &[("t", "a 1 00:10:00, a 2 01:10:00"), ("t", "a 4 00:20:00, a 8 03:00:00"), ("t", "a 16 02:59:59")],
        // The row of 00:20 comes after [0, 1) has closed and enters the two that are open.
        expect![[r#"
            1970-01-01T00:00:00 | 1970-01-01T01:00:00 | 1
            1970-01-01T00:00:00 | 1970-01-01T02:00:00 | 7
            1970-01-01T00:00:00 | 1970-01-01T03:00:00 | 7
            1970-01-01T03:00:00 | 1970-01-01T04:00:00 | 8
            1970-01-01T03:00:00 | 1970-01-01T05:00:00 | 8
            1970-01-01T03:00:00 | 1970-01-01T06:00:00 | 8
            late: 1
        "#]],
    );
}

#[test]
fn sessions() {
    let rows = [
        ("t", "a 1 00:00:00, b 2 00:03:00, a 4 00:05:00, a 8 00:10:01"),
        ("t", "a 16 00:15:00, b 32 00:09:00"),
    ];
    check(
        "CREATE TABLE o (k STRING, s TIMESTAMP(3), e TIMESTAMP(3), n BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, window_start, window_end, SUM(v) FROM TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) GROUP BY window_start, window_end, k",
        &rows,
        expect![[r#"
            a | 1970-01-01T00:00:00 | 1970-01-01T00:10:00 | 5
            a | 1970-01-01T00:10:01 | 1970-01-01T00:20:00 | 24
            b | 1970-01-01T00:03:00 | 1970-01-01T00:08:00 | 2
            b | 1970-01-01T00:09:00 | 1970-01-01T00:14:00 | 32
            late: 0
        "#]],
    );
    check(
        "CREATE TABLE o (k STRING, v BIGINT, e TIMESTAMP(3), rt TIMESTAMP(3)) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, v, window_end, window_time FROM TABLE(SESSION(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTE)) WHERE v > 1",
        &rows,
        // One key. What a filter drops has held its session together before.
        expect![[r#"
            a | 16 | 1970-01-01T00:20:00 | 1970-01-01T00:19:59.999
            a | 4 | 1970-01-01T00:10:00 | 1970-01-01T00:09:59.999
            a | 8 | 1970-01-01T00:20:00 | 1970-01-01T00:19:59.999
            b | 2 | 1970-01-01T00:10:00 | 1970-01-01T00:09:59.999
            b | 32 | 1970-01-01T00:20:00 | 1970-01-01T00:19:59.999
            late: 0
        "#]],
    );
}

#[test]
fn windows_over_windows() {
    let rows = [("t", "a 1 00:10:00, b 2 00:50:00"), ("t", "a 4 01:10:00, a 8 02:10:00")];
    check(
        "CREATE TABLE o (e TIMESTAMP(3), k STRING, n BIGINT, c BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         CREATE VIEW hours AS SELECT window_start AS s, window_end AS e, window_time AS rt, k, SUM(v) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time, k;
         INSERT INTO o SELECT window_end, k, SUM(n), COUNT(*) FROM TABLE(TUMBLE(TABLE hours, DESCRIPTOR(rt), INTERVAL '2' HOUR)) GROUP BY window_start, window_end, k",
        &rows,
        expect![[r#"
            1970-01-01T02:00:00 | a | 5 | 2
            1970-01-01T02:00:00 | b | 2 | 1
            1970-01-01T04:00:00 | a | 8 | 1
            late: 0
        "#]],
    );
    check(
        "CREATE TABLE o (e TIMESTAMP(3), n BIGINT, c BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         CREATE VIEW hours AS SELECT window_start AS s, window_end AS e, k, SUM(v) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k;
         INSERT INTO o SELECT e, MAX(n), COUNT(*) FROM hours GROUP BY s, e",
        &rows,
        expect![[r#"
            1970-01-01T01:00:00 | 2 | 2
            1970-01-01T02:00:00 | 4 | 1
            1970-01-01T03:00:00 | 8 | 1
            late: 0
        "#]],
    );
}

#[test]
fn grouping_sets() {
    check(
        "CREATE TABLE o (k STRING, v BIGINT, n BIGINT, c BIGINT, g BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, v, SUM(v), COUNT(*) FILTER (WHERE v > 1), GROUPING_ID(k, v) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, ROLLUP (k, v)",
        &[("t", "a 1 00:10:00, - 2 00:20:00, a 4 00:30:00"), ("t", "a 1 01:00:00"), ("t", "b 1 00:40:00")],
        // The NULL of a key is not the NULL of all keys together.
        expect![[r#"
             |  | 1 | 0 | 3
             |  | 2 | 1 | 1
             |  | 7 | 2 | 3
             | 2 | 2 | 1 | 0
            a |  | 1 | 0 | 1
            a |  | 5 | 1 | 1
            a | 1 | 1 | 0 | 0
            a | 1 | 1 | 0 | 0
            a | 4 | 4 | 1 | 0
            late: 1
        "#]],
    );
}

#[test]
fn the_first_rows() {
    let rows = [
        ("t", "a 3 00:10:00, b 5 00:20:00, a 5 00:30:00, c 1 00:30:00, - 9 00:05:00"),
        ("t", "a 2 01:00:00"),
    ];
    check(
        "CREATE TABLE o (k STRING, v BIGINT, rn BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v DESC) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn <= 3",
        &rows,
        expect![[r#"
             | 9 | 1
            a | 2 | 1
            a | 5 | 3
            b | 5 | 2
            late: 0
        "#]],
    );
    check(
        "CREATE TABLE o (k STRING, n BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, n FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, k) AS rn FROM (SELECT window_start, window_end, k, SUM(v) AS n FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k)) WHERE rn = 2",
        &rows,
        expect![[r#"
            a | 8
            late: 0
        "#]],
    );
}

/// Deduplication by event time keeps the last of rows with one time, where it keeps the last row.
#[test]
fn one_row_per_key() {
    let script = |order: &str| {
        format!(
            "CREATE TABLE o (k STRING, v BIGINT) WITH ('connector' = 'fake', 'path' = 'y');
             INSERT INTO o SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts {order}) AS rn FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) WHERE rn = 1"
        )
    };
    let rows = [("t", "a 1 00:10:00, a 2 00:10:00, a 3 00:20:00, a 4 00:20:00, b 5 00:05:00")];
    check(
        &script("ASC"),
        &rows,
        expect![[r#"
        a | 1
        b | 5
        late: 0
    "#]],
    );
    check(
        &script("DESC"),
        &rows,
        expect![[r#"
        a | 4
        b | 5
        late: 0
    "#]],
    );
}

#[test]
fn joins_of_windows() {
    let script = |kind: &str, on: &str| {
        format!(
            "CREATE TABLE o (k STRING, a BIGINT, b BIGINT, e TIMESTAMP(3)) WITH ('connector' = 'fake', 'path' = 'y');
             INSERT INTO o SELECT COALESCE(l.k, r.k), l.v, r.n, COALESCE(l.window_end, r.window_end)
             FROM (SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))) l
             {kind} JOIN (SELECT window_start, window_end, k, SUM(v) AS n FROM TABLE(TUMBLE(TABLE u, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, k) r
             ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.k = r.k{on}"
        )
    };
    let rows = [
        ("t", "a 1 00:10:00, a 2 00:20:00, b 4 00:30:00, a 8 01:10:00"),
        ("u", "a 10 00:00:00, c 20 00:30:00, a 40 00:59:59, - 80 01:00:00"),
        ("t", "- 16 02:00:00, a 32 00:50:00"),
        ("u", "a 160 01:30:00"),
    ];
    // The row of 00:50 is late: by then both inputs have passed 01:00.
    check(
        &script("", ""),
        &rows,
        expect![[r#"
        a | 1 | 50 | 1970-01-01T01:00:00
        a | 2 | 50 | 1970-01-01T01:00:00
        a | 8 | 160 | 1970-01-01T02:00:00
        late: 1
    "#]],
    );
    check(
        &script("FULL OUTER", " AND l.v < 2"),
        &rows,
        expect![[r#"
         |  | 80 | 1970-01-01T02:00:00
         | 16 |  | 1970-01-01T03:00:00
        a |  | 160 | 1970-01-01T02:00:00
        a | 1 | 50 | 1970-01-01T01:00:00
        a | 2 |  | 1970-01-01T01:00:00
        a | 8 |  | 1970-01-01T02:00:00
        b | 4 |  | 1970-01-01T01:00:00
        c |  | 20 | 1970-01-01T01:00:00
        late: 1
    "#]],
    );
}

#[test]
fn unions() {
    let rows = [
        ("t", "a 1 00:10:00, a 200 00:20:00, b 4 00:30:00, a 8 01:10:00"),
        ("u", "a 10 00:00:00, c 20 00:30:00, a 40 01:00:00"),
        ("t", "a 32 00:50:00"),
        ("u", "a 160 01:30:00"),
    ];
    // A window closes when both tables have passed it; by 00:50 they have.
    check(
        "CREATE TABLE o (k STRING, n BIGINT, e TIMESTAMP(3)) WITH ('connector' = 'fake', 'path' = 'y');
         CREATE VIEW changes AS SELECT k, v, ts FROM t WHERE v < 100 UNION ALL SELECT k, -v, ts FROM u;
         INSERT INTO o SELECT k, SUM(v), window_end FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(ts), INTERVAL '1' HOUR))
         GROUP BY k, window_start, window_end",
        &rows,
        expect![[r#"
            a | -192 | 1970-01-01T02:00:00
            a | -9 | 1970-01-01T01:00:00
            b | 4 | 1970-01-01T01:00:00
            c | -20 | 1970-01-01T01:00:00
            late: 1
        "#]],
    );
    // A table may stand in it twice, and windows in one of its queries.
    check(
        "CREATE TABLE o (k STRING, n BIGINT, what STRING) WITH ('connector' = 'fake', 'path' = 'y');
         INSERT INTO o SELECT k, v, 'row' FROM u UNION ALL SELECT k, v, 'again' FROM u WHERE v > 10 UNION ALL (
           SELECT k, SUM(v), 'sum' FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))
           GROUP BY k, window_start, window_end)",
        &rows[..2],
        expect![[r#"
            a | 10 | row
            a | 201 | sum
            a | 40 | again
            a | 40 | row
            a | 8 | sum
            b | 4 | sum
            c | 20 | again
            c | 20 | row
            late: 0
        "#]],
    );
}
