//! Joins of two chains.

use crate::catalog::Catalog;
use crate::chain::{Chain, Input, Physical, chain, columns, moved, physical};
use crate::fault::unsupported;
use crate::union::narrowed;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion_common::{JoinType, Result};
use datafusion_expr::utils::{conjunction, split_conjunction};
use datafusion_expr::{BinaryExpr, Expr, Operator, logical_plan};
use datafusion_physical_expr::expressions::Column;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use stream::JoinKind;

/// Two chains side by side.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub sides: [Chain; 2],
    pub kind: JoinKind,
    /// Pairs of columns, of the left and of the right chain, that must be equal.
    pub on: Vec<(usize, usize)>,
    /// What else must hold, over the columns of both.
    pub condition: Option<Physical>,
    /// The left chain's columns, then the right one's.
    pub schema: SchemaRef,
}

/// Reads a rewritten join.
pub(crate) fn joined(join: &logical_plan::Join, catalog: &Catalog) -> Result<Chain> {
    let kind = match join.join_type {
        JoinType::Inner => JoinKind::Inner,
        JoinType::Left => JoinKind::Left,
        JoinType::Right => JoinKind::Right,
        JoinType::Full => JoinKind::Full,
        other => return Err(unsupported("JOIN", format!("a {other} JOIN"))),
    };
    let sides = [chain(&join.left, catalog)?, chain(&join.right, catalog)?];
    let width = sides[0].schema.fields().len();
    let index = |e: &Expr| match e {
        Expr::Column(column) => join.schema.index_of_column(column).ok(),
        _ => None,
    };
    let (mut on, mut others) = (Vec::new(), Vec::new());
    for condition in join.filter.iter().flat_map(split_conjunction) {
        let equal = match condition {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => index(left).zip(index(right)),
            _ => None,
        };
        match equal.map(|(a, b)| (a.min(b), a.max(b))) {
            Some((left, right)) if left < width && right >= width => on.push((left, right - width)),
            _ => others.push(condition.clone()),
        }
    }
    let condition = conjunction(others).map(|condition| physical(&condition, &join.schema)).transpose()?;
    let schema = Arc::new(join.schema.as_arrow().clone());
    let join = Join { sides, kind, on, condition, schema: schema.clone() };
    Ok(Chain { input: Input::Join(Box::new(join)), stages: Vec::new(), schema })
}

impl Join {
    /// The same with just the columns in `needed` and those it compares itself; and where each column is then.
    pub fn narrowed(&self, needed: &BTreeSet<usize>) -> Result<(Self, BTreeMap<usize, usize>)> {
        let width = self.sides[0].schema.fields().len();
        let mut kept = needed.clone();
        kept.extend(self.condition.iter().flat_map(columns));
        kept.extend(self.on.iter().flat_map(|(left, right)| [*left, width + *right]));
        let places: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(at, i)| (*i, at)).collect();
        let [mut left, mut right] = self.sides.clone();
        let on_left = kept.range(..width).count();
        keep(&mut left, kept.range(..width).copied())?;
        keep(&mut right, kept.range(width..).map(|i| i - width))?;
        let fields: Vec<_> = kept.iter().map(|i| self.schema.field(*i).clone()).collect();
        let schema = Arc::new(Schema::new(fields));
        let place = |i: usize| places.get(&i).copied().unwrap_or(usize::MAX);
        let condition = self.condition.as_ref().map(|e| moved(e, &schema, place)).transpose()?;
        let on = self.on.iter().map(|(left, right)| (place(*left), place(width + right) - on_left)).collect();
        Ok((Self { sides: [left, right], kind: self.kind, on, condition, schema }, places))
    }
}

/// Drops the other columns.
pub(crate) fn keep(chain: &mut Chain, kept: impl Iterator<Item = usize>) -> Result<()> {
    let kept: Vec<usize> = kept.collect();
    let names: Vec<String> = kept.iter().map(|i| chain.schema.field(*i).name().clone()).collect();
    let column = |(i, name): (&usize, &String)| Arc::new(Column::new(name, *i)) as Physical;
    let expressions = kept.iter().zip(&names).map(column).collect();
    chain.project(expressions, names)
}

impl Chain {
    /// Adds the columns it needs of each table, tables in the order of their first use.
    pub fn demand(&self, tables: &mut Vec<(String, BTreeSet<usize>)>) -> Result<()> {
        let needed = self.needed().swap_remove(0);
        match &self.input {
            Input::Table(name) => match tables.iter_mut().find(|(known, _)| known == name) {
                Some((_, all)) => all.extend(needed),
                None => tables.push((name.clone(), needed)),
            },
            Input::Join(join) => {
                for side in &join.narrowed(&needed)?.0.sides {
                    side.demand(tables)?;
                }
            }
            Input::Union(sides) => {
                for side in &narrowed(sides, &needed)?.0 {
                    side.demand(tables)?;
                }
            }
        }
        Ok(())
    }
}
