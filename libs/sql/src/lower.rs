//! A chain as operators: what stands before the window, the window, and what stands after it.

use crate::chain::{AggregateCall, Physical, Stage, columns, moved, plain_column, projected};
use crate::fault::{unsupported, wrong};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, internal_err};
use datafusion_physical_expr::aggregate::AggregateExprBuilder;
use datafusion_physical_expr::expressions::{Column, cast};
use datafusion_physical_expr::{conjunction, split_conjunction};
use std::sync::Arc;
use stream::{CalcStep, WindowAggregate, WindowAssign, WindowColumn, WindowShape};

/// The operators of one query.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub before: Vec<CalcStep>,
    /// Of what leaves `before`.
    pub before_schema: SchemaRef,
    pub window: Option<Windowed>,
    pub after: Vec<CalcStep>,
    /// Of what leaves `after`.
    pub schema: SchemaRef,
}

#[derive(Debug)]
pub(crate) enum Windowed {
    Aggregate(WindowAggregate),
    Assign(WindowAssign),
}

/// A column between a window and its aggregation: the window's own are not there yet.
#[derive(Clone, Copy, PartialEq)]
enum Virtual {
    Real(usize),
    Window(WindowColumn),
}

pub(crate) fn lower(mut stages: Vec<Stage>, scan: SchemaRef, origin: &str) -> Result<Lowered> {
    let aggregated = stages.iter().any(|stage| matches!(stage, Stage::Aggregate { .. }));
    filter_before_window(&mut stages);
    let mut lowering = Lowering {
        steps: Vec::new(),
        schema: scan,
        before: None,
        window: None,
        open: None,
        origin: Arc::from(origin),
    };
    for stage in stages {
        match stage {
            Stage::Filter(predicate) => lowering.filter(predicate)?,
            Stage::Project { expressions, schema } => lowering.project(expressions, &schema)?,
            Stage::Window { shape, time, schema } => lowering.window(shape, time, schema, aggregated)?,
            Stage::Aggregate { groups, calls, schema } => lowering.aggregate(groups, calls, &schema)?,
        }
    }
    if lowering.open.is_some() {
        return Err(unsupported("GROUP", "an aggregation before its window"));
    }
    Ok(match lowering.before {
        Some((before, before_schema)) => Lowered {
            before,
            before_schema,
            window: lowering.window,
            after: lowering.steps,
            schema: lowering.schema,
        },
        None => Lowered {
            before: lowering.steps,
            before_schema: lowering.schema.clone(),
            window: None,
            after: Vec::new(),
            schema: lowering.schema,
        },
    })
}

/// One projection in place of two, if nothing is computed twice by it.
fn merged(above: &[Physical], below: &[Physical]) -> Option<Vec<Physical>> {
    let mut uses = vec![0_usize; below.len()];
    for expression in above {
        for i in columns(expression) {
            *uses.get_mut(i)? += 1;
        }
    }
    let moves_only = above.iter().all(|e| plain_column(e).is_some());
    let renames_only = below.iter().all(|e| plain_column(e).is_some());
    let once = uses.iter().zip(below).all(|(uses, e)| *uses <= 1 || plain_column(e).is_some());
    if moves_only && once {
        return above.iter().map(|e| below.get(plain_column(e)?).cloned()).collect();
    }
    let substitute = |e: &Physical| {
        let replaced = e.clone().transform_up(|e| match plain_column(&e).and_then(|i| below.get(i)) {
            Some(expression) => Ok(Transformed::yes(expression.clone())),
            None => Ok(Transformed::no(e)),
        });
        replaced.ok().map(|replaced| replaced.data)
    };
    if renames_only { above.iter().map(substitute).collect() } else { None }
}

/// Moves conditions that do not look at the window before it: what they drop is never admitted.
fn filter_before_window(stages: &mut Vec<Stage>) {
    let mut moved = Vec::with_capacity(stages.len());
    for stage in stages.drain(..) {
        let Stage::Filter(predicate) = &stage else {
            moved.push(stage);
            continue;
        };
        let after_filters = moved.iter().rposition(|s| !matches!(s, Stage::Filter(_)));
        let (Some(at), Some(Stage::Window { schema, .. })) =
            (after_filters, after_filters.map(|at| &moved[at]))
        else {
            moved.push(stage);
            continue;
        };
        let width = schema.fields().len() - 3;
        let (before, after): (Vec<_>, Vec<_>) = split_conjunction(predicate)
            .into_iter()
            .cloned()
            .partition(|e| columns(e).last().is_none_or(|last| *last < width));
        if !before.is_empty() {
            moved.insert(at, Stage::Filter(conjunction(before)));
        }
        if !after.is_empty() {
            moved.push(Stage::Filter(conjunction(after)));
        }
    }
    *stages = moved;
}

/// A window whose aggregation is still to come.
struct Open {
    shape: WindowShape,
    /// Where the rowtime is now.
    time: usize,
    /// What the query sees as its columns.
    seen: Vec<Virtual>,
    time_type: DataType,
}

struct Lowering {
    steps: Vec<CalcStep>,
    schema: SchemaRef,
    /// What stood before the window, once it came.
    before: Option<(Vec<CalcStep>, SchemaRef)>,
    window: Option<Windowed>,
    open: Option<Open>,
    origin: Arc<str>,
}

impl Open {
    /// The expression over the columns that are there.
    fn real(&self, expression: &Physical, schema: &Schema) -> Result<Physical> {
        for i in columns(expression) {
            if let Some(Virtual::Window(column)) = self.seen.get(i) {
                let name = match column {
                    WindowColumn::Start => "window_start",
                    WindowColumn::End => "window_end",
                    _ => "window_time",
                };
                return Err(unsupported(
                    name,
                    format!(
                        "an expression over {name} before the aggregation (use it after the aggregation)"
                    ),
                ));
            }
        }
        let place = |i: usize| match self.seen.get(i) {
            Some(Virtual::Real(at)) => *at,
            _ => usize::MAX,
        };
        moved(expression, schema, place)
    }

    fn seen(&self, expression: &Physical) -> Option<Virtual> {
        plain_column(expression).and_then(|i| self.seen.get(i).copied())
    }
}

impl Lowering {
    fn filter(&mut self, predicate: Physical) -> Result<()> {
        let predicate = match &self.open {
            Some(open) => open.real(&predicate, &self.schema)?,
            None => predicate,
        };
        self.steps.push(CalcStep::Filter(predicate));
        Ok(())
    }

    fn project(&mut self, expressions: Vec<Physical>, schema: &SchemaRef) -> Result<()> {
        let Some(open) = &mut self.open else {
            self.compute(expressions, schema.clone());
            return Ok(());
        };
        let mut real = Vec::new();
        let mut names = Vec::new();
        let mut seen = Vec::new();
        for (expression, field) in expressions.iter().zip(schema.fields()) {
            if let Some(window @ Virtual::Window(_)) = open.seen(expression) {
                seen.push(window);
                continue;
            }
            seen.push(Virtual::Real(real.len()));
            real.push(open.real(expression, &self.schema)?);
            names.push(field.name().clone());
        }
        let carried = real.iter().position(|e| plain_column(e) == Some(open.time));
        let time = carried.unwrap_or(real.len());
        if carried.is_none() {
            let name = self.schema.field(open.time).name().clone();
            real.push(Arc::new(Column::new(&name, open.time)) as Physical);
            names.push(name);
        }
        open.time = time;
        open.seen = seen;
        let schema = projected(&real, names, &self.schema)?;
        self.compute(real, schema);
        Ok(())
    }

    /// Adds a projection, unless it changes nothing.
    fn compute(&mut self, expressions: Vec<Physical>, schema: SchemaRef) {
        let same = expressions.iter().enumerate().all(|(i, e)| plain_column(e) == Some(i));
        if !(same && schema == self.schema) {
            let expressions = match self.steps.last() {
                Some(CalcStep::Project { expressions: below, .. }) => merged(&expressions, below),
                _ => None,
            }
            .inspect(|_| drop(self.steps.pop()))
            .unwrap_or(expressions);
            self.steps.push(CalcStep::Project { expressions, schema: schema.clone() });
        }
        self.schema = schema;
    }

    fn window(&mut self, shape: WindowShape, time: usize, schema: SchemaRef, aggregated: bool) -> Result<()> {
        if self.before.is_some() || self.open.is_some() {
            return Err(unsupported("TABLE", "a window over a window"));
        }
        let width = schema.fields().len() - 3;
        if aggregated {
            let window = [WindowColumn::Start, WindowColumn::End, WindowColumn::Time].map(Virtual::Window);
            let seen = (0..width).map(Virtual::Real).chain(window).collect();
            self.open =
                Some(Open { shape, time, seen, time_type: schema.field(width + 2).data_type().clone() });
            return Ok(());
        }
        if !matches!(self.schema.field(time).data_type(), DataType::Timestamp(TimeUnit::Millisecond, _)) {
            return Err(unsupported("TABLE", "a window without aggregation over a TIMESTAMP(0)"));
        }
        self.before = Some((std::mem::take(&mut self.steps), self.schema.clone()));
        self.schema = schema.clone();
        self.window =
            Some(Windowed::Assign(WindowAssign { shape, time, schema, origin: self.origin.clone() }));
        Ok(())
    }

    fn aggregate(
        &mut self,
        groups: Vec<(Physical, String)>,
        calls: Vec<AggregateCall>,
        schema: &SchemaRef,
    ) -> Result<()> {
        let Some(open) = self.open.take() else {
            let what = match self.before {
                Some(_) => "an aggregation over an aggregation",
                None => "an aggregation without a TUMBLE or HOP window",
            };
            return Err(unsupported("GROUP", what));
        };
        let mut input = Input::new(&open, &self.schema)?;
        let mut output = Vec::new();
        let mut keys = Vec::new();
        for (expression, name) in &groups {
            if let Some(Virtual::Window(column)) = open.seen(expression) {
                output.push(column);
                continue;
            }
            let key = input.add(open.real(expression, &self.schema)?, name)?;
            let at = keys.iter().position(|k| *k == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            output.push(WindowColumn::Key(at));
        }
        if !output.contains(&WindowColumn::Start) || !output.contains(&WindowColumn::End) {
            return Err(unsupported(
                "GROUP",
                "a GROUP BY without both window_start and window_end of its window",
            ));
        }
        let mut arguments = Vec::new();
        for call in &calls {
            let argument = input.add(open.real(&call.argument, &self.schema)?, &call.name)?;
            let filter = match &call.filter {
                Some(filter) => Some(input.add(open.real(filter, &self.schema)?, &call.name)?),
                None => None,
            };
            arguments.push((argument, filter));
        }
        output.extend((0..calls.len()).map(WindowColumn::Aggregate));
        let Input { expressions, names, .. } = input;
        let input_schema = projected(&expressions, names, &self.schema)?;
        self.compute(expressions, input_schema.clone());
        let (aggregates, filters) = aggregates(&calls, &arguments, &input_schema)?;
        let fields = output.iter().zip(schema.fields()).map(|(column, field)| {
            let (data_type, nullable) = match column {
                WindowColumn::Start | WindowColumn::End => {
                    (DataType::Timestamp(TimeUnit::Millisecond, None), false)
                }
                WindowColumn::Time => (open.time_type.clone(), false),
                WindowColumn::Key(i) => {
                    let key = input_schema.field(keys[*i]);
                    (key.data_type().clone(), key.is_nullable())
                }
                WindowColumn::Aggregate(_) => (field.data_type().clone(), field.is_nullable()),
            };
            Field::new(field.name(), data_type, nullable)
        });
        let output_schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        self.before = Some((std::mem::take(&mut self.steps), input_schema.clone()));
        self.schema = output_schema.clone();
        self.window = Some(Windowed::Aggregate(WindowAggregate {
            shape: open.shape,
            input_schema,
            time: 0,
            keys,
            aggregates,
            filters,
            output,
            output_schema,
            origin: self.origin.clone(),
        }));
        Ok(())
    }
}

/// The columns an aggregation reads, each once: the rowtime, keys, arguments, filters.
struct Input<'s> {
    expressions: Vec<Physical>,
    names: Vec<String>,
    schema: &'s Schema,
}

impl<'s> Input<'s> {
    fn new(open: &Open, schema: &'s Schema) -> Result<Self> {
        let field = schema.field(open.time);
        let column = Arc::new(Column::new(field.name(), open.time)) as Physical;
        let DataType::Timestamp(_, zone) = field.data_type() else {
            return internal_err!("the rowtime is no timestamp");
        };
        let time = cast(column, schema, DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))?;
        Ok(Self { expressions: vec![time], names: vec![field.name().clone()], schema })
    }

    fn add(&mut self, expression: Physical, name: &str) -> Result<usize> {
        if let Some(at) = self.expressions.iter().position(|known| **known == *expression) {
            return Ok(at);
        }
        let name = match plain_column(&expression) {
            Some(i) => self.schema.field(i).name().clone(),
            None => name.to_string(),
        };
        self.expressions.push(expression);
        self.names.push(name);
        Ok(self.expressions.len() - 1)
    }
}

type Aggregates =
    (Vec<Arc<datafusion_physical_expr::aggregate::AggregateFunctionExpr>>, Vec<Option<Physical>>);

fn aggregates(
    calls: &[AggregateCall],
    arguments: &[(usize, Option<usize>)],
    input: &SchemaRef,
) -> Result<Aggregates> {
    let column = |i: usize| Arc::new(Column::new(input.field(i).name(), i)) as Physical;
    let mut aggregates = Vec::new();
    let mut filters = Vec::new();
    for (call, (argument, filter)) in calls.iter().zip(arguments) {
        let built = AggregateExprBuilder::new(call.function.clone(), vec![column(*argument)])
            .schema(input.clone())
            .alias(&call.name)
            .with_distinct(call.distinct)
            .build()
            .map_err(|error| wrong(call.function.name(), error.strip_backtrace()))?;
        aggregates.push(Arc::new(built));
        filters.push(filter.map(column));
    }
    Ok((aggregates, filters))
}
