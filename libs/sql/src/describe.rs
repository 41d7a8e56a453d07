//! Plans in words.

use crate::lower::Windowed;
use crate::pipeline::{Pipeline, QueryPlan};
use crate::source::SourcePlan;
use stream::{CalcStep, WindowAggregate, WindowAssign, WindowShape};

impl Pipeline {
    /// The plan as a person reads it, for `--dry-run`.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for source in &self.sources {
            text.push_str(&format!("source {}: {}\n", source.spec.name, source_text(source)));
        }
        for query in &self.queries {
            text.push_str(&format!(
                "query {} from {}\n",
                query.spec.name, self.sources[query.source].spec.name
            ));
            for line in query_lines(query) {
                text.push_str(&format!("  {line}\n"));
            }
            text.push_str(&format!("sink {}: {}\n", query.spec.name, sink_text(query)));
        }
        for (key, value) in &self.settings.unused {
            text.push_str(&format!("not used by the embedded engine: {key} = {value}\n"));
        }
        text
    }
}

fn query_lines(query: &QueryPlan) -> Vec<String> {
    let mut lines: Vec<String> = query.lowered.before.iter().map(step).collect();
    match &query.lowered.window {
        Some(Windowed::Aggregate(window)) => lines.push(aggregate_text(window)),
        Some(Windowed::Assign(window)) => lines.push(assign_text(window)),
        None => {}
    }
    lines.extend(query.lowered.after.iter().map(step));
    lines
}

/// `kafka: carrier, ts; watermark ts - 30m`
pub(crate) fn source_text(source: &SourcePlan) -> String {
    let columns: Vec<&str> = source.schema.fields().iter().map(|f| f.name().as_str()).collect();
    let watermark = source.watermark.as_ref().map(|w| format!("; watermark {}", plain(&w.to_string())));
    let idle = source.idle_timeout.map(|idle| format!("; idle after {}", width(idle.as_millis() as i64)));
    let per_row = if source.watermark_per_row { " after each row" } else { "" };
    let connector = &source.table.def.connector.value;
    format!(
        "{connector}: {}{}{per_row}{}",
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
    }
}

/// `TUMBLE 1h by carrier: count(1), sum(delay)`
pub(crate) fn aggregate_text(window: &WindowAggregate) -> String {
    let keys: Vec<&str> = window.keys.iter().map(|i| window.input_schema.field(*i).name().as_str()).collect();
    let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
    let aggregates: Vec<&str> = window.aggregates.iter().map(|a| a.name()).collect();
    let time = window.input_schema.field(window.time).name();
    format!("{} on {time}{by}: {}", shape(window.shape), aggregates.join(", "))
}

pub(crate) fn assign_text(window: &WindowAssign) -> String {
    format!("{} on {}", shape(window.shape), window.schema.field(window.time).name())
}

fn shape(shape: WindowShape) -> String {
    let (name, offset_ms) = match shape {
        WindowShape::Tumble { offset_ms, .. } => ("TUMBLE".to_string(), offset_ms),
        WindowShape::Hop { slide_ms, offset_ms, .. } => (format!("HOP {} of", width(slide_ms)), offset_ms),
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
