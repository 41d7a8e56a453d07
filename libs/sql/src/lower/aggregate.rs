//! Aggregations per window.

use super::input::{Input, aggregates};
use super::{Lowering, Mark, Op, Open, Seen};
use crate::chain::{AggregateCall, Physical, Windows, projected};
use crate::fault::{unsupported, wrong};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion_common::{Result, ScalarValue};
use datafusion_physical_expr::expressions::{Column, Literal};
use std::sync::Arc;
use stream::{
    AggregateSpec, CalcStep, SessionOutput, SessionWindow, WindowAggregate, WindowColumn, Windowing,
};

/// Where an aggregation's windows come from.
enum Basis {
    /// It assigns them itself.
    Open(Open),
    /// Two columns of its input say them, and perhaps a third their time.
    Attached { start: usize, end: usize, time_type: DataType },
}

/// An aggregation's input and result, apart from its windows.
struct Parts {
    spec: AggregateSpec,
    output: Vec<WindowColumn>,
    output_schema: SchemaRef,
    /// The column that numbers the copies of a row.
    copies: Option<usize>,
}

impl Lowering {
    pub(super) fn aggregate(
        &mut self,
        groups: &[(Physical, String)],
        sets: &[Vec<usize>],
        calls: &[AggregateCall],
        schema: &SchemaRef,
    ) -> Result<()> {
        let from = match self.open.take() {
            Some(open) => Basis::Open(open),
            None => match self.attached(groups)? {
                Some(attached) => attached,
                None => return self.running(groups, sets, calls, schema),
            },
        };
        let current = self.schema.clone();
        let mut input = Input::new(&current);
        let times = match &from {
            Basis::Open(open) => vec![input.add_time(open.carried[0])?],
            Basis::Attached { start, end, .. } => vec![input.add_time(*start)?, input.add_time(*end)?],
        };
        let (mut output, mut keys) = (Vec::new(), Vec::new());
        for (expression, name) in groups {
            if let Some(column) = self.window_column(expression) {
                output.push(column);
                continue;
            }
            let key = input.add(self.real(expression)?, name)?;
            let at = keys.iter().position(|k| *k == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            output.push(WindowColumn::Key(at));
        }
        if !output.contains(&WindowColumn::Start) || !output.contains(&WindowColumn::End) {
            let what = "a GROUP BY without both window_start and window_end of its window";
            return Err(unsupported("GROUP", what));
        }
        if let Basis::Open(Open { windows: Windows::Session { .. }, carried, .. }) = &from {
            if !sets.is_empty() {
                return Err(unsupported("GROUP", "GROUPING SETS, CUBE or ROLLUP over session windows"));
            }
            self.check_session_keys(&carried[1..], &keys, &input)?;
        }
        let arguments = self.arguments(calls, &mut input)?;
        let Input { expressions, names, .. } = input;
        let mut input_schema = projected(&expressions, names, &self.schema)?;
        self.compute(expressions, input_schema.clone());
        let mut copies = None;
        if !sets.is_empty() {
            let number = schema.field(groups.len());
            (input_schema, keys) = self.expand(sets, &output, &keys, number)?;
            copies = keys.last().copied();
            output.push(WindowColumn::Key(keys.len() - 1));
        }
        output.extend((0..calls.len()).map(WindowColumn::Aggregate));
        let (aggregates, filters) = aggregates(calls, &arguments, &input_schema)?;
        let spec = AggregateSpec { input_schema, keys, aggregates, filters };
        let time_type = match &from {
            Basis::Open(open) => &open.time_type,
            Basis::Attached { time_type, .. } => time_type,
        };
        let output_schema = output_schema(&output, schema, &spec, time_type);
        self.push_aggregate(from, &times, Parts { spec, output, output_schema, copies });
        Ok(())
    }

    /// Each row once per grouping set: with its keys, NULL where the set lacks them, and the set's number behind all
    /// other columns. Returns the schema, and where the keys are then, the number last.
    fn expand(
        &mut self,
        sets: &[Vec<usize>],
        output: &[WindowColumn],
        keys: &[usize],
        number: &Field,
    ) -> Result<(SchemaRef, Vec<usize>)> {
        let has = |set: &Vec<usize>, column| set.iter().any(|group| output[*group] == column);
        for column in output.iter().filter(|column| !matches!(column, WindowColumn::Key(_))) {
            if !sets.iter().all(|set| has(set, *column)) {
                let what = format!("a grouping set without {}", name_of(*column));
                return Err(unsupported("GROUP", what));
            }
        }
        let before = self.schema.clone();
        let width = before.fields().len();
        let column = |i: usize| Arc::new(Column::new(before.field(i).name(), i)) as Physical;
        let copy = |(at, set): (usize, &Vec<usize>)| -> Result<Vec<Physical>> {
            let mut expressions: Vec<Physical> = (0..width).map(column).collect();
            for (key, of) in keys.iter().enumerate() {
                expressions.push(match has(set, WindowColumn::Key(key)) {
                    true => column(*of),
                    false => Arc::new(Literal::new(ScalarValue::try_from(before.field(*of).data_type())?)),
                });
            }
            let at = ScalarValue::UInt64(Some(at as u64)).cast_to(number.data_type())?;
            expressions.push(Arc::new(Literal::new(at)));
            Ok(expressions)
        };
        let copies = sets.iter().enumerate().map(copy).collect::<Result<Vec<_>>>()?;
        let key_fields = keys.iter().map(|i| before.field(*i).clone().with_nullable(true));
        let fields = before.fields().iter().map(|f| f.as_ref().clone()).chain(key_fields);
        let fields: Vec<Field> = fields.chain([number.clone()]).collect();
        let schema = Arc::new(Schema::new(fields));
        self.steps.push(CalcStep::Expand { copies, schema: schema.clone() });
        self.schema = schema.clone();
        Ok((schema, (width..=width + keys.len()).collect()))
    }

    /// Where the argument of each call is then, and the condition of its FILTER.
    pub(super) fn arguments(
        &self,
        calls: &[AggregateCall],
        input: &mut Input<'_>,
    ) -> Result<Vec<(usize, Option<usize>)>> {
        let one = |call: &AggregateCall| {
            let argument = input.add(self.real(&call.argument)?, &call.name)?;
            let filter = call.filter.as_ref().map(|filter| input.add(self.real(filter)?, &call.name));
            Ok((argument, filter.transpose()?))
        };
        calls.iter().map(one).collect()
    }

    /// The windows that rows have from an operator before, if they have any.
    fn attached(&self, groups: &[(Physical, String)]) -> Result<Option<Basis>> {
        let place = |wanted: WindowColumn| {
            groups.iter().find_map(|(e, _)| match self.seen(e) {
                Some(Seen::Real(at, Some(Mark::Window(column)))) if column == wanted => Some(at),
                _ => None,
            })
        };
        let has_windows = self.seen.iter().any(|seen| matches!(seen, Seen::Real(_, Some(Mark::Window(_)))));
        match (place(WindowColumn::Start), place(WindowColumn::End)) {
            (Some(start), Some(end)) => {
                let time = place(WindowColumn::Time).unwrap_or(end);
                let time_type = self.schema.field(time).data_type().clone();
                Ok(Some(Basis::Attached { start, end, time_type }))
            }
            _ if has_windows => {
                let what = "a GROUP BY without both window_start and window_end of its window";
                Err(unsupported("GROUP", what))
            }
            _ => Ok(None),
        }
    }

    /// Flink aggregates a session per its own keys only.
    fn check_session_keys(&self, partition: &[usize], keys: &[usize], input: &Input<'_>) -> Result<()> {
        let field = |i: &usize| self.schema.field(*i).name().as_str();
        let group_names: Vec<String> = keys.iter().map(|i| input.names[*i].clone()).collect();
        let mut wanted = partition.to_vec();
        wanted.sort_unstable();
        let mut grouped: Vec<Option<usize>> =
            keys.iter().map(|i| crate::chain::plain_column(&input.expressions[*i])).collect();
        grouped.sort_unstable();
        if grouped.len() == wanted.len() && grouped.iter().zip(&wanted).all(|(g, w)| *g == Some(*w)) {
            return Ok(());
        }
        let message = format!(
            "GROUP BY must contain window_start, window_end and the partition keys of the session window, and only \
             those: the partition keys are [{}], the group keys are [{}]",
            partition.iter().map(field).collect::<Vec<_>>().join(", "),
            group_names.join(", "),
        );
        Err(wrong("GROUP", message))
    }

    fn push_aggregate(&mut self, from: Basis, times: &[usize], parts: Parts) {
        let Parts { spec, output, output_schema, copies } = parts;
        self.flush();
        self.seen = (0..output_schema.fields().len())
            .map(|i| match output.get(i) {
                Some(column @ (WindowColumn::Start | WindowColumn::End | WindowColumn::Time)) => {
                    Seen::Real(i, Some(Mark::Window(*column)))
                }
                Some(WindowColumn::Key(key)) => Seen::Real(i, Some(Mark::Key(*key))),
                _ => Seen::Real(i, None),
            })
            .collect();
        self.schema = output_schema.clone();
        let of_source = !std::mem::replace(&mut self.accounted, true);
        let origin = self.origin.clone();
        let windowing = match from {
            Basis::Open(Open { windows: Windows::Session { gap_ms, .. }, .. }) => {
                self.ops.push(Op::Session(SessionWindow {
                    input_schema: spec.input_schema.clone(),
                    time: times[0],
                    gap_ms,
                    keys: spec.keys.clone(),
                    output: SessionOutput::Aggregates(spec, output),
                    output_schema,
                    of_source,
                    origin,
                }));
                return;
            }
            Basis::Open(Open { windows: Windows::Fixed(shape), .. }) => {
                Windowing::Assigned { shape, time: times[0] }
            }
            Basis::Attached { .. } => Windowing::Attached { start: times[0], end: times[1] },
        };
        self.ops.push(Op::Aggregate(WindowAggregate {
            windowing,
            spec,
            output,
            output_schema,
            copies,
            of_source,
            lateness_ms: 0,
            origin,
        }));
    }
}

pub(super) fn name_of(column: WindowColumn) -> &'static str {
    match column {
        WindowColumn::Start => "window_start",
        WindowColumn::End => "window_end",
        _ => "window_time",
    }
}

fn output_schema(
    output: &[WindowColumn],
    schema: &Schema,
    spec: &AggregateSpec,
    time_type: &DataType,
) -> SchemaRef {
    let fields = output.iter().zip(schema.fields()).map(|(column, field)| {
        let (data_type, nullable) = match column {
            WindowColumn::Start | WindowColumn::End => {
                (DataType::Timestamp(TimeUnit::Millisecond, None), false)
            }
            WindowColumn::Time => (time_type.clone(), false),
            WindowColumn::Key(i) => {
                let key = spec.input_schema.field(spec.keys[*i]);
                (key.data_type().clone(), key.is_nullable())
            }
            WindowColumn::Aggregate(_) => (field.data_type().clone(), field.is_nullable()),
        };
        Field::new(field.name(), data_type, nullable)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
