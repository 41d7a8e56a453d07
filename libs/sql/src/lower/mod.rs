//! A chain as operators: windows, what is done with them, and the stateless steps between.

mod accounts;
mod aggregate;
mod input;
mod join;
mod lateness;
mod rank;
mod running;
mod steps;
mod union;

use crate::chain::{Chain, Input, Physical, Stage, Windows, columns, moved, plain_column, projected};
use crate::fault::unsupported;
use crate::source::SourcePlan;
use crate::union::narrowed;
use aggregate::name_of;
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use datafusion_common::{Result, internal_err};
use datafusion_physical_expr::expressions::Column;
use rank::bound_ranks;
use std::sync::Arc;
use steps::{filter_before_window, merged};
use stream::{
    CalcRole, CalcStep, FirstRow, RunningAggregate, SessionOutput, SessionWindow, WindowAggregate,
    WindowAssign, WindowColumn, WindowJoin, WindowRank,
};

/// The operators of one query, one after the other.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub input: LoweredInput,
    pub ops: Vec<Op>,
    /// What is known of the columns that leave the last one.
    marks: Vec<Option<Mark>>,
    /// The table its rows come from, of a join the left one's.
    origin: Arc<str>,
    /// The number of key columns by which its results replace earlier ones; `None`: they are only added.
    keys: Option<usize>,
    /// Whether they replace those of their own window.
    per_window: bool,
    /// Of what leaves the last one.
    pub schema: SchemaRef,
}

/// What comes before the operators.
#[derive(Debug)]
pub(crate) enum LoweredInput {
    /// Index of a source.
    Source(usize),
    Join(Box<LoweredJoin>),
    /// Chains of one schema.
    Union(Vec<Lowered>),
}

/// A join, and the operators of its two sides.
#[derive(Debug)]
pub(crate) struct LoweredJoin {
    pub sides: [Lowered; 2],
    pub join: WindowJoin,
}

#[derive(Debug)]
pub(crate) enum Op {
    Calc { steps: Vec<CalcStep>, schema: SchemaRef, role: CalcRole },
    Assign(WindowAssign),
    Session(SessionWindow),
    Aggregate(WindowAggregate),
    Rank(WindowRank),
    Running(RunningAggregate),
    FirstRow(FirstRow),
}

impl Op {
    /// Whether it keeps rows or what they come to, and so accounts for them.
    fn is_stateful(&self) -> bool {
        !matches!(self, Self::Calc { .. } | Self::Assign(_))
    }
}

/// What is known of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mark {
    /// It is one of those of the row's window.
    Window(WindowColumn),
    /// It is the row's event time.
    Rowtime,
    /// It is this one of an aggregation's key columns, by which its results are replaced if they are.
    Key(usize),
}

/// What a column of the query is, where its rows are now.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    /// The column at this place.
    Real(usize, Option<Mark>),
    /// Of the window whose aggregation is still to come: not there yet.
    Coming(WindowColumn),
}

/// The operators of a chain over these sources.
pub(crate) fn lower(chain: &Chain, sources: &[SourcePlan]) -> Result<Lowered> {
    match &chain.input {
        Input::Table(name) => {
            let Some(at) = sources.iter().position(|source| source.spec.name == *name) else {
                return internal_err!("'{name}' is not read");
            };
            let source = &sources[at];
            let place = |i: usize| source.places.get(&i).copied().unwrap_or(usize::MAX);
            let stages = chain.pruned(&source.schema, place)?;
            let mut lowering = Lowering::new(LoweredInput::Source(at), source.schema.clone(), name);
            if let Some(rowtime) = source.rowtime {
                lowering.seen[rowtime] = Seen::Real(rowtime, Some(Mark::Rowtime));
            }
            lowering.stages(stages)
        }
        Input::Join(join) => {
            let (join, places) = join.narrowed(&chain.needed()[0])?;
            let [left, right] = &join.sides;
            let side = |chain| -> Result<Lowered> {
                Ok(lower(chain, sources)?.only_added("JOIN", "a JOIN of")?.before_stateful())
            };
            let sides = [side(left)?, side(right)?];
            let (join, seen) = join::window_join(&join, &sides)?;
            let schema = join.output_schema.clone();
            let place = |i: usize| places.get(&i).copied().unwrap_or(usize::MAX);
            let stages = chain.pruned(&schema, place)?;
            let origin = join.sides[0].origin.clone();
            let input = LoweredInput::Join(Box::new(LoweredJoin { sides, join }));
            Lowering { seen, fed: true, accounted: true, ..Lowering::new(input, schema, &origin) }
                .stages(stages)
        }
        Input::Union(sides) => {
            let (sides, places) = narrowed(sides, &chain.needed()[0])?;
            let side = |chain| lower(chain, sources)?.only_added("UNION", "a UNION of");
            let sides = sides.iter().map(side).collect::<Result<Vec<_>>>()?;
            let schema = union::schema(&sides);
            let place = |i: usize| places.get(&i).copied().unwrap_or(usize::MAX);
            let stages = chain.pruned(&schema, place)?;
            let (sides, seen, fed) = union::parts(sides, &schema, stages.iter().any(Stage::keeps_rows));
            let origin = sides[0].origin.clone();
            let new = Lowering::new(LoweredInput::Union(sides), schema, &origin);
            Lowering { seen, fed, accounted: fed, ..new }.stages(stages)
        }
    }
}

/// A window whose aggregation is still to come.
struct Open {
    windows: Windows,
    /// Where its rowtime and then its partition keys are now.
    carried: Vec<usize>,
    time_type: DataType,
}

struct Lowering {
    input: LoweredInput,
    ops: Vec<Op>,
    /// The calc at hand.
    steps: Vec<CalcStep>,
    /// Of what leaves `steps`.
    schema: SchemaRef,
    /// What the query sees as its columns.
    seen: Vec<Seen>,
    open: Option<Open>,
    /// Whether the rows that come in are accounted for already.
    fed: bool,
    /// Whether those that are here now are.
    accounted: bool,
    /// As in [`Lowered::keys`].
    keys: Option<usize>,
    origin: Arc<str>,
}

impl Lowering {
    fn new(input: LoweredInput, scan: SchemaRef, origin: &str) -> Self {
        Self {
            input,
            ops: Vec::new(),
            steps: Vec::new(),
            seen: (0..scan.fields().len()).map(|i| Seen::Real(i, None)).collect(),
            schema: scan,
            open: None,
            fed: false,
            accounted: false,
            keys: None,
            origin: Arc::from(origin),
        }
    }

    fn stages(mut self, mut stages: Vec<Stage>) -> Result<Lowered> {
        bound_ranks(&mut stages)?;
        filter_before_window(&mut stages);
        for (at, stage) in stages.iter().enumerate() {
            if self.keys.is_some() {
                running::refuse_behind(stage)?;
            }
            match stage {
                Stage::Filter(predicate) => self.filter(predicate)?,
                Stage::Project { expressions, schema } => self.project(expressions, schema)?,
                Stage::Window { windows, time, schema } => {
                    let calc = |stage: &&Stage| matches!(stage, Stage::Filter(_) | Stage::Project { .. });
                    let next = stages[at + 1..].iter().find(|stage| !calc(stage));
                    match next {
                        Some(Stage::Aggregate { .. }) => self.open(windows, *time, schema),
                        _ => self.window(windows, *time, schema)?,
                    }
                }
                Stage::Rank { keys, order, from, to, schema } => {
                    self.rank(keys, order, (*from, *to), schema)?
                }
                Stage::Aggregate { groups, sets, calls, schema } => {
                    self.aggregate(groups, sets, calls, schema)?
                }
            }
        }
        Ok(self.finish())
    }

    /// The expression over the columns that are there.
    fn real(&self, expression: &Physical) -> Result<Physical> {
        for i in columns(expression) {
            if let Some(Seen::Coming(column)) = self.seen.get(i) {
                let name = name_of(*column);
                let what = format!(
                    "an expression over {name} before the aggregation (use it after the aggregation)"
                );
                return Err(unsupported(name, what));
            }
        }
        let place = |i: usize| match self.seen.get(i) {
            Some(Seen::Real(at, _)) => *at,
            _ => usize::MAX,
        };
        moved(expression, &self.schema, place)
    }

    /// What an expression is, if it is just a column.
    fn seen(&self, expression: &Physical) -> Option<Seen> {
        plain_column(expression).and_then(|i| self.seen.get(i).copied())
    }

    /// What an expression is of its row's window, if it is just such a column.
    fn window_column(&self, expression: &Physical) -> Option<WindowColumn> {
        match self.seen(expression)? {
            Seen::Real(_, Some(Mark::Window(column))) | Seen::Coming(column) => Some(column),
            Seen::Real(..) => None,
        }
    }

    fn filter(&mut self, predicate: &Physical) -> Result<()> {
        self.steps.push(CalcStep::Filter(self.real(predicate)?));
        Ok(())
    }

    fn project(&mut self, expressions: &[Physical], schema: &SchemaRef) -> Result<()> {
        let (mut real, mut names, mut seen) = (Vec::new(), Vec::new(), Vec::new());
        for (expression, field) in expressions.iter().zip(schema.fields()) {
            let known = self.seen(expression);
            if let Some(coming @ Seen::Coming(_)) = known {
                seen.push(coming);
                continue;
            }
            let mark = if let Some(Seen::Real(_, mark)) = known { mark } else { None };
            seen.push(Seen::Real(real.len(), mark));
            real.push(self.real(expression)?);
            names.push(field.name().clone());
        }
        let Some(mut open) = self.open.take() else {
            self.seen = seen;
            self.compute(real, schema.clone());
            return Ok(());
        };
        for carried in &mut open.carried {
            let at = real.iter().position(|e| plain_column(e) == Some(*carried)).unwrap_or_else(|| {
                let name = self.schema.field(*carried).name();
                real.push(Arc::new(Column::new(name, *carried)));
                names.push(name.clone());
                real.len() - 1
            });
            *carried = at;
        }
        self.open = Some(open);
        self.seen = seen;
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

    /// A window that its aggregation will make: its columns are not needed before.
    fn open(&mut self, windows: &Windows, time: usize, schema: &Schema) {
        let width = schema.fields().len() - 3;
        let coming = [WindowColumn::Start, WindowColumn::End, WindowColumn::Time].map(Seen::Coming);
        self.seen = (0..width).map(|i| Seen::Real(i, None)).chain(coming).collect();
        let carried = [&[time][..], windows.partition()].concat();
        let time_type = schema.field(width + 2).data_type().clone();
        self.open = Some(Open { windows: windows.clone(), carried, time_type });
    }

    /// A window whose rows are wanted.
    fn window(&mut self, windows: &Windows, time: usize, schema: &SchemaRef) -> Result<()> {
        if !matches!(self.schema.field(time).data_type(), DataType::Timestamp(TimeUnit::Millisecond, _)) {
            return Err(unsupported("TABLE", "a window without aggregation over a TIMESTAMP(0)"));
        }
        self.flush();
        let origin = self.origin.clone();
        self.ops.push(match windows {
            Windows::Fixed(shape) => {
                Op::Assign(WindowAssign { shape: *shape, time, schema: schema.clone(), origin })
            }
            Windows::Session { gap_ms, partition } => Op::Session(SessionWindow {
                input_schema: self.schema.clone(),
                time,
                gap_ms: *gap_ms,
                keys: partition.clone(),
                output: SessionOutput::Rows,
                output_schema: schema.clone(),
                of_source: !std::mem::replace(&mut self.accounted, true),
                origin,
            }),
        });
        let width = schema.fields().len() - 3;
        let window = [WindowColumn::Start, WindowColumn::End, WindowColumn::Time];
        let mark = |i: usize| match i.checked_sub(width) {
            Some(i) => Some(Mark::Window(window[i])),
            None => (i == time).then_some(Mark::Rowtime),
        };
        self.seen = (0..width + 3).map(|i| Seen::Real(i, mark(i))).collect();
        self.schema = schema.clone();
        Ok(())
    }

    /// Ends the calc at hand.
    fn flush(&mut self) {
        if !self.steps.is_empty() {
            let steps = std::mem::take(&mut self.steps);
            self.ops.push(Op::Calc { steps, schema: self.schema.clone(), role: CalcRole::AfterAggregate });
        }
    }

    fn finish(mut self) -> Lowered {
        self.flush();
        let mut ops = self.ops;
        let stateful = ops.iter().position(Op::is_stateful);
        let role = if stateful.is_some() { CalcRole::BeforeAggregate } else { CalcRole::Stateless };
        let before = match (self.fed, stateful) {
            (true, _) => 0,
            (false, Some(at)) => at,
            (false, None) => {
                count_first(&mut ops, &self.schema);
                ops.iter().position(|op| matches!(op, Op::Assign(_))).unwrap_or(ops.len())
            }
        };
        for op in ops.iter_mut().take(before) {
            if let Op::Calc { role: of, .. } = op {
                *of = role;
            }
        }
        let mark = |seen: &Seen| match seen {
            Seen::Real(_, mark) => *mark,
            Seen::Coming(_) => None,
        };
        let marks = self.seen.iter().map(mark).collect();
        let Self { input, origin, keys, schema, .. } = self;
        Lowered { input, ops, marks, origin, keys, per_window: false, schema }
    }
}

/// Where no operator keeps rows, a calc counts what comes in, even if it changes nothing.
fn count_first(ops: &mut Vec<Op>, schema: &SchemaRef) {
    let schema = match ops.first() {
        Some(Op::Calc { .. }) => return,
        Some(Op::Assign(assign)) => {
            let width = assign.schema.fields().len() - 3;
            Arc::new(Schema::new(assign.schema.fields()[..width].to_vec()))
        }
        _ => schema.clone(),
    };
    ops.insert(0, Op::Calc { steps: Vec::new(), schema, role: CalcRole::Stateless });
}
