//! Plans in words.

use crate::chain::{Physical, plain_column};
use crate::lower::{Lowered, LoweredInput, Op};
use crate::pipeline::{Pipeline, QueryPlan};
use crate::source::SourcePlan;
use arrow::datatypes::Schema;
use std::time::Duration;
use stream::{
    AggregateSpec, CalcStep, JoinSide, RankOrder, SessionOutput, WatermarkEmit, WindowJoin, WindowShape,
    Windowing,
};

impl Pipeline {
    /// The plan as a person reads it, for `--dry-run`.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for source in &self.sources {
            text.push_str(&format!("source {}: {}\n", source.spec.name, source_text(source)));
        }
        for query in &self.queries {
            let tables = self.tables_of(&query.lowered).join(", ");
            text.push_str(&format!("query {} from {tables}\n", query.spec.name));
            for line in self.lines(&query.lowered) {
                text.push_str(&format!("  {line}\n"));
            }
            text.push_str(&format!("sink {}: {}\n", query.spec.name, sink_text(query)));
        }
        for (key, value) in &self.settings.unused {
            text.push_str(&format!("not used by the embedded engine: {key} = {value}\n"));
        }
        text
    }

    fn tables_of(&self, lowered: &Lowered) -> Vec<&str> {
        match &lowered.input {
            LoweredInput::Source(source) => vec![self.sources[*source].spec.name.as_str()],
            LoweredInput::Join(join) => join.sides.iter().flat_map(|side| self.tables_of(side)).collect(),
            LoweredInput::Union(sides) => sides.iter().flat_map(|side| self.tables_of(side)).collect(),
        }
    }

    /// A line for each step; the sides of a join or union stand indented before it.
    fn lines(&self, lowered: &Lowered) -> Vec<String> {
        let mut lines = Vec::new();
        let mut side = |name: String, side: &Lowered| {
            lines.push(format!("{name} from {}", self.tables_of(side).join(", ")));
            lines.extend(self.lines(side).into_iter().map(|line| format!("  {line}")));
        };
        match &lowered.input {
            LoweredInput::Source(_) => {}
            LoweredInput::Join(join) => {
                side("left".into(), &join.sides[0]);
                side("right".into(), &join.sides[1]);
                lines.push(join_text(&join.join));
            }
            LoweredInput::Union(sides) => {
                for (i, one) in sides.iter().enumerate() {
                    side(format!("part {i}"), one);
                }
                lines.push(union_text(sides.len()));
            }
        }
        for op in &lowered.ops {
            match op {
                Op::Calc { steps, .. } => lines.extend(steps.iter().map(step)),
                window => lines.push(window_text(window)),
            }
        }
        lines
    }
}

/// `INNER JOIN of each window window_start, window_end on k = k and n > m`
pub(crate) fn join_text(join: &WindowJoin) -> String {
    let [left, right] = &join.sides;
    let name = |side: &JoinSide, i: usize| side.schema.field(i).name().clone();
    let keys = left.keys.iter().zip(&right.keys);
    let equal = keys.map(|(l, r)| format!("{} = {}", name(left, *l), name(right, *r)));
    let condition = join.condition.iter().map(|condition| plain(&condition.to_string()));
    let on: Vec<String> = equal.chain(condition).collect();
    let on = if on.is_empty() { String::new() } else { format!(" on {}", on.join(" and ")) };
    let kind = format!("{:?}", join.kind).to_uppercase();
    format!("{kind} JOIN of each window {}, {}{on}", name(left, left.start), name(left, left.end))
}

/// `UNION ALL of 2`
pub(crate) fn union_text(parts: usize) -> String {
    format!("UNION ALL of {parts}")
}

/// `kafka: carrier, ts; watermark ts - 30m`
pub(crate) fn source_text(source: &SourcePlan) -> String {
    let columns: Vec<&str> = source.schema.fields().iter().map(|f| f.name().as_str()).collect();
    let watermark = source.watermark.as_ref().map(|w| format!("; watermark {}", plain(&w.to_string())));
    let emit = match (&source.watermark, source.emit) {
        (Some(_), WatermarkEmit::OnEvent(_)) => " after each row",
        _ => "",
    };
    let idle = source.idle_timeout.map(|idle| format!("; idle after {}", width(idle.as_millis() as i64)));
    let connector = &source.table.def.connector.value;
    format!(
        "{connector}: {}{}{emit}{}",
        columns.join(", "),
        watermark.unwrap_or_default(),
        idle.unwrap_or_default()
    )
}

/// `jdbc: carrier STRING, n BIGINT; key carrier`
pub(crate) fn sink_text(query: &QueryPlan) -> String {
    let name = |c: &stream::Column| format!("{} {}", c.name, event::type_name(&c.data_type));
    let columns: Vec<String> = query.spec.columns.iter().map(name).collect();
    let key = match query.spec.primary_key.as_slice() {
        [] => String::new(),
        key => format!("; key {}", key.join(", ")),
    };
    format!("{}: {}{key}", query.sink.def.connector.value, columns.join(", "))
}

/// Steps of one operator.
pub(crate) fn steps_text(steps: &[CalcStep]) -> String {
    match steps {
        [] => "everything".into(),
        steps => steps.iter().map(step).collect::<Vec<_>>().join("; "),
    }
}

fn step(step: &CalcStep) -> String {
    match step {
        CalcStep::Filter(predicate) => format!("filter {}", plain(&predicate.to_string())),
        CalcStep::Project { expressions, schema } => {
            let column = |(e, f): (
                &std::sync::Arc<dyn datafusion_physical_expr::PhysicalExpr>,
                &std::sync::Arc<arrow::datatypes::Field>,
            )| {
                let text = plain(&e.to_string());
                if text == *f.name() { text } else { format!("{text} as {}", f.name()) }
            };
            let columns: Vec<String> = expressions.iter().zip(schema.fields()).map(column).collect();
            format!("select {}", columns.join(", "))
        }
        CalcStep::Expand { copies, schema } => {
            // Keys stand behind the columns they come from, the number of the grouping set behind them.
            let is_key = |i: usize| copies.iter().all(|copy| plain_column(&copy[i]) != Some(i));
            let keys: Vec<usize> = (0..schema.fields().len() - 1).filter(|i| is_key(*i)).collect();
            let keys = |copy: &Vec<Physical>| -> String {
                let kept = keys.iter().filter(|i| plain_column(&copy[**i]).is_some());
                let names: Vec<&str> = kept.map(|i| schema.field(*i).name().as_str()).collect();
                format!("({})", names.join(", "))
            };
            format!("each row for {}", copies.iter().map(keys).collect::<Vec<_>>().join(", "))
        }
    }
}

/// `TUMBLE 1h on ts by carrier: count(1), sum(delay)`
pub(crate) fn window_text(op: &Op) -> String {
    match op {
        Op::Calc { steps, .. } => steps_text(steps),
        Op::Assign(window) => {
            format!("{} on {}", shape(window.shape), window.schema.field(window.time).name())
        }
        Op::Session(window) => {
            let time = window.input_schema.field(window.time).name();
            let by = keys_text(&window.keys, &window.input_schema);
            let aggregates = match &window.output {
                SessionOutput::Aggregates(spec, _) => aggregates_text(spec),
                SessionOutput::Rows => String::new(),
            };
            format!("SESSION {} on {time}{by}{aggregates}", width(window.gap_ms))
        }
        Op::Rank(rank) => {
            let name = |i: usize| rank.input_schema.field(i).name();
            let order = order_text(&rank.order, &rank.input_schema);
            let rows = if rank.from == 1 {
                format!("first {}", rank.to)
            } else {
                format!("{} to {}", rank.from, rank.to)
            };
            let window = format!("{}, {}", name(rank.start), name(rank.end));
            let by = keys_text(&rank.keys, &rank.input_schema);
            let ties = if rank.later_first { ", the later of equal ones" } else { "" };
            format!("rows {rows} of each window {window}{by}, ordered by {order}{ties}")
        }
        Op::Running(running) => {
            let spec = &running.spec;
            let by = keys_text(&spec.keys, &spec.input_schema);
            format!("RUNNING{by}{}{}", aggregates_text(spec), ttl_text(running.ttl))
        }
        Op::FirstRow(first) => {
            let by = keys_text(&first.keys, &first.schema);
            let order = order_text(&first.order, &first.schema);
            let ties = if first.later_first { ", the later of equal ones" } else { "" };
            format!("FIRST row{by}, ordered by {order}{ties}{}", ttl_text(first.ttl))
        }
        Op::Aggregate(window) => {
            let spec = &window.spec;
            let windows = match window.windowing {
                Windowing::Assigned { shape: of, time } => {
                    format!("{} on {}", shape(of), spec.input_schema.field(time).name())
                }
                Windowing::Attached { start, end } => {
                    let name = |i: usize| spec.input_schema.field(i).name();
                    format!("each window {}, {}", name(start), name(end))
                }
            };
            let late = match window.lateness_ms {
                0 => String::new(),
                lateness_ms => format!("; late rows amend for {}", width(lateness_ms)),
            };
            let by = keys_text(&spec.keys, &spec.input_schema);
            format!("{windows}{by}{}{late}", aggregates_text(spec))
        }
    }
}

fn ttl_text(ttl: Option<Duration>) -> String {
    ttl.map(|ttl| format!("; state kept for {}", width(ttl.as_millis() as i64))).unwrap_or_default()
}

/// `price DESC, ts NULLS LAST`
fn order_text(order: &[RankOrder], schema: &Schema) -> String {
    let one = |by: &RankOrder| {
        let direction = if by.descending { " DESC" } else { "" };
        let nulls = match (by.descending, by.nulls_first) {
            (false, false) => " NULLS LAST",
            (true, true) => " NULLS FIRST",
            _ => "",
        };
        format!("{}{direction}{nulls}", schema.field(by.column).name())
    };
    order.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn keys_text(keys: &[usize], schema: &Schema) -> String {
    let names: Vec<&str> = keys.iter().map(|i| schema.field(*i).name().as_str()).collect();
    if names.is_empty() { String::new() } else { format!(" by {}", names.join(", ")) }
}

fn aggregates_text(spec: &AggregateSpec) -> String {
    let names: Vec<&str> = spec.aggregates.iter().map(|a| a.name()).collect();
    if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) }
}

fn shape(shape: WindowShape) -> String {
    let (name, offset_ms) = match shape {
        WindowShape::Tumble { offset_ms, .. } => ("TUMBLE".to_string(), offset_ms),
        WindowShape::Hop { slide_ms, offset_ms, .. } => (format!("HOP {} of", width(slide_ms)), offset_ms),
        WindowShape::Cumulate { step_ms, offset_ms, .. } => {
            (format!("CUMULATE {} up to", width(step_ms)), offset_ms)
        }
    };
    let offset = if offset_ms == 0 { String::new() } else { format!(" offset {}", width(offset_ms)) };
    format!("{name} {}{offset}", width(shape.size_ms()))
}

/// `90000` ms as `90s`, in the largest unit that divides it.
fn width(ms: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    match units.into_iter().find(|(unit, _)| ms % unit == 0 && ms != 0) {
        Some((unit, name)) => format!("{}{name}", ms / unit),
        None => format!("{ms}ms"),
    }
}

/// `IntervalMonthDayNano { months: 0, days: 0, nanoseconds: 1800000000000 }` as `30m`.
fn intervals(text: &str) -> String {
    const BEGIN: &str = "IntervalMonthDayNano { ";
    let Some((before, rest)) = text.split_once(BEGIN) else { return text.into() };
    let Some((inside, after)) = rest.split_once(" }") else { return text.into() };
    let numbers: Vec<i64> =
        inside.split(", ").filter_map(|part| part.split_once(": ")?.1.parse().ok()).collect();
    let interval = match numbers.as_slice() {
        [0, 0, nanos] => width(nanos / 1_000_000),
        [0, days, 0] => format!("{days}d"),
        [months, 0, 0] => format!("{months} months"),
        _ => inside.to_string(),
    };
    format!("{before}{interval}{}", intervals(after))
}

/// Without the column numbers (`carrier@2`), and with intervals as people write them.
fn plain(text: &str) -> String {
    let text = &intervals(text);
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '@' && chars.peek().is_some_and(char::is_ascii_digit) {
            while chars.next_if(char::is_ascii_digit).is_some() {}
        } else {
            out.push(c);
        }
    }
    out
}
