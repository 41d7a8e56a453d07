//! A query is a chain: one table, a join of two chains or a union of several, and the stages its rows pass. Columns are plain indices here.

use crate::catalog::Catalog;
use crate::fault::unsupported;
use crate::functions::ROW_NUMBER;
use crate::join::{Join, joined};
use crate::union::united;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, internal_err};
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::expr::AggregateFunction;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_expr::utils::grouping_set_to_exprlist;
use datafusion_expr::{AggregateUDF, Expr, GroupingSet, LogicalPlan, Window};
use datafusion_physical_expr::expressions::Column;
use datafusion_physical_expr::utils::collect_columns;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};
use std::collections::BTreeSet;
use std::sync::Arc;
use stream::{RankOrder, WindowShape};

pub(crate) type Physical = Arc<dyn PhysicalExpr>;

/// What happens to the rows of a table on their way to a sink.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub input: Input,
    pub stages: Vec<Stage>,
    /// Of the rows that come out.
    pub schema: SchemaRef,
}

#[derive(Clone, Debug)]
pub(crate) enum Input {
    Table(String),
    Join(Box<Join>),
    /// `UNION ALL`: the rows of all of these.
    Union(Vec<Chain>),
}

#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Filter(Physical),
    Project {
        expressions: Vec<Physical>,
        schema: SchemaRef,
    },
    /// Appends the three columns of the window.
    Window {
        windows: Windows,
        time: usize,
        schema: SchemaRef,
    },
    /// Appends the row's number among those with equal `keys`, and drops rows with other numbers than `from..=to`.
    Rank {
        keys: Vec<usize>,
        order: Vec<RankOrder>,
        from: u64,
        /// `None` as long as no condition has bounded it.
        to: Option<u64>,
        schema: SchemaRef,
    },
    /// With grouping sets, a column after the groups numbers the sets.
    Aggregate {
        groups: Vec<(Physical, String)>,
        /// The groups of each grouping set; empty: every group, once.
        sets: Vec<Vec<usize>>,
        calls: Vec<AggregateCall>,
        schema: SchemaRef,
    },
}

/// Which windows a table function makes.
#[derive(Clone, Debug)]
pub(crate) enum Windows {
    Fixed(WindowShape),
    /// Per value of these columns.
    Session {
        gap_ms: i64,
        partition: Vec<usize>,
    },
}

impl Windows {
    pub fn partition(&self) -> &[usize] {
        match self {
            Self::Fixed(_) => &[],
            Self::Session { partition, .. } => partition,
        }
    }

    /// The same with its columns at other places.
    fn moved(&self, place: impl Fn(usize) -> usize) -> Self {
        match self {
            Self::Fixed(shape) => Self::Fixed(*shape),
            Self::Session { gap_ms, partition } => {
                Self::Session { gap_ms: *gap_ms, partition: partition.iter().copied().map(place).collect() }
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct AggregateCall {
    pub function: Arc<AggregateUDF>,
    pub argument: Physical,
    pub filter: Option<Physical>,
    pub distinct: bool,
    /// As a person reads it.
    pub name: String,
}

/// Plans one expression for execution.
pub(crate) fn physical(expression: &Expr, schema: &DFSchema) -> Result<Physical> {
    create_physical_expr(expression, schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())
}

/// Reads a rewritten plan.
pub(crate) fn chain(plan: &LogicalPlan, catalog: &Catalog) -> Result<Chain> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            if scan.projection.is_some() || !scan.filters.is_empty() {
                return internal_err!("a scan is not plain");
            }
            scanned(scan.table_name.table(), catalog)
        }
        LogicalPlan::SubqueryAlias(alias) => chain(&alias.input, catalog),
        LogicalPlan::Filter(filter) => {
            let mut chain = chain(&filter.input, catalog)?;
            chain.stages.push(Stage::Filter(physical(&filter.predicate, filter.input.schema())?));
            Ok(chain)
        }
        LogicalPlan::Projection(projection) => {
            let mut chain = chain(&projection.input, catalog)?;
            let input = projection.input.schema();
            let expressions =
                projection.expr.iter().map(|e| physical(e, input)).collect::<Result<Vec<_>>>()?;
            let names = projection.schema.fields().iter().map(|f| f.name().clone()).collect();
            chain.project(expressions, names)?;
            Ok(chain)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let mut chain = chain(&aggregate.input, catalog)?;
            let input = aggregate.input.schema();
            let fields = aggregate.schema.fields();
            let group = |(e, field): (&&Expr, &Arc<Field>)| Ok((physical(e, input)?, field.name().clone()));
            let distinct = grouping_set_to_exprlist(&aggregate.group_expr)?;
            let groups = distinct.iter().zip(fields).map(group).collect::<Result<Vec<_>>>()?;
            let sets = grouping_sets(&aggregate.group_expr);
            let index = |e: &Expr| distinct.iter().position(|known| *known == e);
            let sets = sets.iter().map(|set| set.iter().filter_map(index).collect()).collect();
            let calls = aggregate.aggr_expr.iter().map(|e| call(e, input)).collect::<Result<Vec<_>>>()?;
            chain.schema = Arc::new(aggregate.schema.as_arrow().clone());
            chain.stages.push(Stage::Aggregate { groups, sets, calls, schema: chain.schema.clone() });
            Ok(chain)
        }
        LogicalPlan::Join(join) => joined(join, catalog),
        LogicalPlan::Union(union) => united(union, catalog),
        LogicalPlan::Window(window) => {
            let mut chain = chain(&window.input, catalog)?;
            chain.schema = Arc::new(window.schema.as_arrow().clone());
            chain.stages.push(numbered(window, &chain.schema)?);
            Ok(chain)
        }
        other => internal_err!("no stage stands for {}", other.display()),
    }
}

/// `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …)`, of columns.
fn numbered(window: &Window, schema: &SchemaRef) -> Result<Stage> {
    let [Expr::WindowFunction(function)] = window.window_expr.as_slice() else {
        return Err(unsupported(ROW_NUMBER, "several ROW_NUMBERs in one SELECT"));
    };
    let input = window.input.schema();
    let column = |e: &Expr| match e {
        Expr::Column(column) => input.index_of_column(column),
        _ => Err(unsupported(ROW_NUMBER, "an expression in PARTITION BY or ORDER BY of ROW_NUMBER")),
    };
    let params = &function.params;
    let keys = params.partition_by.iter().map(column).collect::<Result<_>>()?;
    let order = params.order_by.iter().map(|by| {
        Ok(RankOrder { column: column(&by.expr)?, descending: !by.asc, nulls_first: by.nulls_first })
    });
    let order = order.collect::<Result<_>>()?;
    Ok(Stage::Rank { keys, order, from: 1, to: None, schema: schema.clone() })
}

/// The grouping sets of an aggregation; none if it groups by all its expressions.
pub(crate) fn grouping_sets(groups: &[Expr]) -> &[Vec<Expr>] {
    match groups {
        [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => sets,
        _ => &[],
    }
}

fn scanned(name: &str, catalog: &Catalog) -> Result<Chain> {
    if let Some(table) = catalog.tables.get(name) {
        return Ok(Chain {
            input: Input::Table(name.into()),
            stages: Vec::new(),
            schema: table.schema.clone(),
        });
    }
    if let Some(view) = catalog.views.get(name) {
        return chain(view, catalog);
    }
    let Some(window) = catalog.windows.get(name) else {
        return internal_err!("'{name}' is neither table nor view");
    };
    let mut chain = scanned(&window.call.table.value, catalog)?;
    chain.schema = window.schema.clone();
    chain.stages.push(Stage::Window {
        windows: window.windows.clone(),
        time: window.time,
        schema: chain.schema.clone(),
    });
    Ok(chain)
}

fn call(expression: &Expr, input: &DFSchema) -> Result<AggregateCall> {
    let name = expression.name_for_alias()?;
    let Expr::AggregateFunction(AggregateFunction { func, params }) = expression.clone().unalias() else {
        return internal_err!("'{expression}' is no aggregate");
    };
    let [argument] = params.args.as_slice() else {
        return internal_err!("'{expression}' has not one argument");
    };
    Ok(AggregateCall {
        function: func.clone(),
        argument: physical(argument, input)?,
        filter: params.filter.as_ref().map(|filter| physical(filter, input)).transpose()?,
        distinct: params.distinct,
        name,
    })
}

impl Chain {
    /// Appends a projection; its schema follows from the expressions.
    pub fn project(&mut self, expressions: Vec<Physical>, names: Vec<String>) -> Result<()> {
        self.schema = projected(&expressions, names, &self.schema)?;
        self.stages.push(Stage::Project { expressions, schema: self.schema.clone() });
        Ok(())
    }

    /// Which columns are needed before each stage, and at last after all of them.
    pub fn needed(&self) -> Vec<BTreeSet<usize>> {
        let mut needed: BTreeSet<usize> = (0..self.schema.fields().len()).collect();
        let mut all = vec![needed.clone()];
        for stage in self.stages.iter().rev() {
            needed = match stage {
                Stage::Filter(predicate) => needed.into_iter().chain(columns(predicate)).collect(),
                Stage::Project { expressions, .. } => {
                    needed.iter().filter_map(|i| expressions.get(*i)).flat_map(columns).collect()
                }
                Stage::Window { windows, time, schema } => {
                    let width = schema.fields().len() - 3;
                    let of_input = needed.into_iter().filter(|i| *i < width);
                    of_input.chain([*time]).chain(windows.partition().iter().copied()).collect()
                }
                Stage::Rank { keys, order, schema, .. } => {
                    let of_input = needed.into_iter().filter(|i| i + 1 < schema.fields().len());
                    of_input.chain(keys.iter().copied()).chain(order.iter().map(|by| by.column)).collect()
                }
                Stage::Aggregate { groups, calls, .. } => {
                    let arguments = calls
                        .iter()
                        .map(|c| &c.argument)
                        .chain(calls.iter().filter_map(|c| c.filter.as_ref()));
                    groups.iter().map(|(e, _)| e).chain(arguments).flat_map(columns).collect()
                }
            };
            all.push(needed.clone());
        }
        all.reverse();
        all
    }

    /// The same stages over a scan that yields `schema`, where `at(i)` is the place of the table's i-th column, without
    /// the columns nobody needs.
    pub fn pruned(&self, schema: &SchemaRef, at: impl Fn(usize) -> usize) -> Result<Vec<Stage>> {
        let needed = self.needed();
        let mut now = schema.clone();
        let width = needed.first().and_then(|n| n.last()).map_or(0, |last| last + 1);
        let mut places: Vec<usize> =
            (0..width).map(|i| if needed[0].contains(&i) { at(i) } else { 0 }).collect();
        let mut stages = Vec::new();
        for (stage, wanted) in self.stages.iter().zip(needed.iter().skip(1)) {
            let moved = |e: &Physical| moved(e, &now, |i| places[i]);
            stages.push(match stage {
                Stage::Filter(predicate) => Stage::Filter(moved(predicate)?),
                Stage::Project { expressions, schema } => {
                    let kept = wanted.iter().map(|i| moved(&expressions[*i])).collect::<Result<Vec<_>>>()?;
                    let names = wanted.iter().map(|i| schema.field(*i).name().clone()).collect();
                    let order: Vec<usize> = wanted.iter().copied().collect();
                    places =
                        (0..schema.fields().len()).map(|i| order.binary_search(&i).unwrap_or(0)).collect();
                    now = projected(&kept, names, &now)?;
                    Stage::Project { expressions: kept, schema: now.clone() }
                }
                Stage::Window { windows, time, schema } => {
                    let windows = windows.moved(|i| places[i]);
                    let time = places[*time];
                    let width = now.fields().len();
                    let inner = schema.fields().len() - 3;
                    places.resize(inner, 0);
                    places.extend([width, width + 1, width + 2]);
                    let appended = schema.fields().iter().skip(inner).cloned();
                    now = Arc::new(Schema::new(
                        now.fields().iter().cloned().chain(appended).collect::<Vec<_>>(),
                    ));
                    Stage::Window { windows, time, schema: now.clone() }
                }
                Stage::Rank { keys, order, from, to, schema } => {
                    let keys = keys.iter().map(|i| places[*i]).collect();
                    let order =
                        order.iter().map(|by| RankOrder { column: places[by.column], ..*by }).collect();
                    let inner = schema.fields().len() - 1;
                    places.resize(inner, 0);
                    places.push(now.fields().len());
                    let number = schema.fields().iter().skip(inner).cloned();
                    now =
                        Arc::new(Schema::new(now.fields().iter().cloned().chain(number).collect::<Vec<_>>()));
                    Stage::Rank { keys, order, from: *from, to: *to, schema: now.clone() }
                }
                Stage::Aggregate { groups, sets, calls, schema } => {
                    let groups =
                        groups.iter().map(|(e, n)| Ok((moved(e)?, n.clone()))).collect::<Result<Vec<_>>>()?;
                    let calls = calls
                        .iter()
                        .map(|call| {
                            let filter = call.filter.as_ref().map(&moved).transpose()?;
                            Ok(AggregateCall { argument: moved(&call.argument)?, filter, ..call.clone() })
                        })
                        .collect::<Result<Vec<_>>>()?;
                    places = (0..schema.fields().len()).collect();
                    now = schema.clone();
                    Stage::Aggregate { groups, sets: sets.clone(), calls, schema: now.clone() }
                }
            });
        }
        Ok(stages)
    }
}

/// Indices of the columns an expression reads.
pub(crate) fn columns(expression: &Physical) -> BTreeSet<usize> {
    collect_columns(expression).iter().map(Column::index).collect()
}

/// The index, if the expression is just a column.
pub(crate) fn plain_column(expression: &Physical) -> Option<usize> {
    (expression.as_ref() as &dyn std::any::Any).downcast_ref::<Column>().map(Column::index)
}

/// The expression with its columns at other places of `schema`.
pub(crate) fn moved(
    expression: &Physical,
    schema: &Schema,
    place: impl Fn(usize) -> usize,
) -> Result<Physical> {
    let moved = expression.clone().transform_up(|e| {
        let Some(index) = plain_column(&e) else { return Ok(Transformed::no(e)) };
        let to = place(index);
        let Some(field) = schema.fields().get(to) else { return internal_err!("there is no column {to}") };
        Ok(Transformed::yes(Arc::new(Column::new(field.name(), to)) as Physical))
    })?;
    Ok(moved.data)
}

/// The schema of what the expressions compute.
pub(crate) fn projected(expressions: &[Physical], names: Vec<String>, input: &Schema) -> Result<SchemaRef> {
    let field =
        |(e, name): (&Physical, String)| Ok(Field::new(name, e.data_type(input)?, e.nullable(input)?));
    let fields = expressions.iter().zip(names).map(field).collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(Schema::new(fields)))
}
