//! Aggregations and deduplication without a window: their results replace earlier ones of the same key.

use super::input::{Input, aggregates};
use super::{Lowered, Lowering, Mark, Op, Seen};
use crate::chain::{AggregateCall, Physical, Stage, projected};
use crate::fault::unsupported;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion_common::{Result, ScalarValue};
use datafusion_physical_expr::expressions::{Column, Literal};
use std::sync::Arc;
use std::time::Duration;
use stream::{AggregateSpec, FirstRow, RankOrder, RunningAggregate, WindowColumn};

const CHANGING: &str = "results that change (an aggregation or ROW_NUMBER without a window)";

/// Nothing but a projection may follow an operator whose results change.
pub(super) fn refuse_behind(stage: &Stage) -> Result<()> {
    let (near, what) = match stage {
        Stage::Project { .. } => return Ok(()),
        Stage::Filter(_) => ("HAVING", "a condition on"),
        Stage::Window { .. } => ("TABLE", "a window over"),
        Stage::Rank { .. } => (crate::functions::ROW_NUMBER, "ROW_NUMBER over"),
        Stage::Aggregate { .. } => ("GROUP", "an aggregation of"),
    };
    Err(unsupported(near, format!("{what} {CHANGING}")))
}

impl Lowered {
    /// Refuses results that change as the input of what `taker` says.
    pub(super) fn only_added(self, near: &str, taker: &str) -> Result<Self> {
        match self.keys {
            None => Ok(self),
            Some(_) => Err(unsupported(near, format!("{taker} {CHANGING}"))),
        }
    }

    /// Whether results replace earlier ones.
    pub(crate) fn changes(&self) -> bool {
        self.keys.is_some()
    }

    /// Refuses a PRIMARY KEY, of these columns, that is not the key by which results replace earlier ones.
    pub(crate) fn check_primary_key(&self, primary_key: &[usize]) -> Result<()> {
        let Some(keys) = self.keys.filter(|_| !primary_key.is_empty()) else { return Ok(()) };
        let is_bound = |column: &&usize| {
            let bounds = [WindowColumn::Start, WindowColumn::End].map(|bound| Some(Mark::Window(bound)));
            self.per_window && bounds.contains(&self.marks[**column])
        };
        let (bounds, others): (Vec<&usize>, Vec<&usize>) = primary_key.iter().partition(is_bound);
        if self.per_window && bounds.is_empty() {
            let what = "a PRIMARY KEY without window_start and window_end of windows that take late rows";
            return Err(unsupported("GROUP", what));
        }
        let of = |column: &usize| match self.marks[*column] {
            Some(Mark::Key(key)) => Some(key),
            _ => None,
        };
        let mut found: Vec<Option<usize>> = others.into_iter().map(of).collect();
        found.sort_unstable();
        found.dedup();
        if found == (0..keys).map(Some).collect::<Vec<_>>() {
            return Ok(());
        }
        let what = "a PRIMARY KEY that is not the columns of GROUP BY, or of PARTITION BY, all of them, in the types they have there,";
        Err(unsupported("GROUP", what))
    }

    /// State of results that change is kept for so long after a key's last row; `None`: for ever.
    pub(crate) fn keep_state_for(&mut self, ttl: Option<Duration>) {
        for op in &mut self.ops {
            match op {
                Op::Running(running) => running.ttl = ttl,
                Op::FirstRow(first) => first.ttl = ttl,
                _ => {}
            }
        }
    }
}

impl Lowering {
    /// Deduplication: the row that is number 1 of its keys; its number is a constant.
    pub(super) fn first_row(
        &mut self,
        keys: &[usize],
        order: &[RankOrder],
        later_first: bool,
        schema: &SchemaRef,
    ) -> Result<()> {
        self.flush();
        self.ops.push(Op::FirstRow(FirstRow {
            schema: self.schema.clone(),
            keys: keys.to_vec(),
            order: order.to_vec(),
            later_first,
            ttl: None,
            of_source: !std::mem::replace(&mut self.accounted, true),
        }));
        let mark = |i: usize| keys.iter().position(|key| *key == i).map(Mark::Key);
        let width = self.schema.fields().len();
        self.seen = (0..=width).map(|i| Seen::Real(i, mark(i))).collect();
        self.keys = Some(keys.len());
        let column = |i: usize| Arc::new(Column::new(self.schema.field(i).name(), i)) as Physical;
        let mut expressions: Vec<Physical> = (0..width).map(column).collect();
        let number = ScalarValue::Int64(Some(1)).cast_to(schema.field(width).data_type())?;
        expressions.push(Arc::new(Literal::new(number)));
        self.compute(expressions, schema.clone());
        Ok(())
    }

    pub(super) fn running(
        &mut self,
        groups: &[(Physical, String)],
        sets: &[Vec<usize>],
        calls: &[AggregateCall],
        schema: &SchemaRef,
    ) -> Result<()> {
        if !sets.is_empty() {
            return Err(unsupported("GROUP", "GROUPING SETS, CUBE or ROLLUP without a window"));
        }
        let current = self.schema.clone();
        let mut input = Input::new(&current);
        let (mut keys, mut key_output) = (Vec::new(), Vec::new());
        for (expression, name) in groups {
            let key = input.add(self.real(expression)?, name)?;
            let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                keys.push(key);
                keys.len() - 1
            });
            key_output.push(at);
        }
        let arguments = self.arguments(calls, &mut input)?;
        let Input { expressions, names, .. } = input;
        let input_schema = projected(&expressions, names, &self.schema)?;
        self.compute(expressions, input_schema.clone());
        let (aggregates, filters) = aggregates(calls, &arguments, &input_schema)?;
        let of_key = |key: &usize| input_schema.field(keys[*key]).clone();
        let key_fields =
            key_output.iter().zip(schema.fields()).map(|(key, f)| of_key(key).with_name(f.name()));
        let of_calls = schema.fields().iter().skip(groups.len()).map(|field| field.as_ref().clone());
        let output_schema = Arc::new(Schema::new(key_fields.chain(of_calls).collect::<Vec<Field>>()));
        self.flush();
        let mark = |i: usize| key_output.get(i).map(|key| Mark::Key(*key));
        self.seen = (0..output_schema.fields().len()).map(|i| Seen::Real(i, mark(i))).collect();
        self.schema = output_schema.clone();
        self.keys = Some(keys.len());
        self.ops.push(Op::Running(RunningAggregate {
            spec: AggregateSpec { input_schema, keys, aggregates, filters },
            key_output,
            output_schema,
            ttl: None,
            of_source: !std::mem::replace(&mut self.accounted, true),
        }));
        Ok(())
    }
}
