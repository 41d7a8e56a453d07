//! A planned query brought to Flink's meaning, node by node from the scan up.

use crate::chain::grouping_sets;
use crate::fault::{unsupported, wrong};
use crate::functions::{GROUPING, cast, decimal_divide, lookup, wrap};
use crate::semantics::convert;
use arrow::datatypes::DataType;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Column, DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{AggregateFunction, AggregateFunctionParams, Case};
use datafusion_expr::expr_rewriter::NamePreserver;
use datafusion_expr::utils::grouping_set_to_exprlist;
use datafusion_expr::{
    Aggregate, AggregateUDF, Distinct, Expr, ExprSchemable, Filter, GroupingSet, Join, LogicalPlan, Operator,
    Projection, SubqueryAlias, Window, binary_expr, cast as plain_cast, lit, when,
};
use datafusion_functions_aggregate::{average, count, sum};
use std::sync::Arc;

/// Rewrites the whole plan; nodes that no stage of ours stands for are refused.
pub(crate) fn rewrite(plan: LogicalPlan) -> Result<LogicalPlan> {
    match plan {
        LogicalPlan::TableScan(scan) => Ok(LogicalPlan::TableScan(scan)),
        LogicalPlan::SubqueryAlias(alias) => {
            let input = Arc::new(rewrite(Arc::unwrap_or_clone(alias.input))?);
            Ok(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias.alias)?))
        }
        LogicalPlan::Projection(projection) => {
            let input = Arc::new(rewrite(Arc::unwrap_or_clone(projection.input))?);
            let expressions = named(projection.expr, input.schema())?;
            Ok(LogicalPlan::Projection(Projection::try_new(expressions, input)?))
        }
        LogicalPlan::Filter(filter) => {
            let input = Arc::new(rewrite(Arc::unwrap_or_clone(filter.input))?);
            let predicate = convert(filter.predicate, input.schema())?;
            if !matches!(predicate.get_type(input.schema())?, DataType::Boolean | DataType::Null) {
                return Err(crate::fault::wrong(crate::fault::CONDITION, "WHERE and HAVING take a BOOLEAN"));
            }
            Ok(LogicalPlan::Filter(Filter::try_new(predicate, input)?))
        }
        LogicalPlan::Aggregate(aggregate) => aggregation(aggregate),
        LogicalPlan::Distinct(Distinct::All(input)) => {
            let input = Arc::new(rewrite(Arc::unwrap_or_clone(input))?);
            let columns = input.schema().columns().into_iter().map(Expr::Column).collect();
            Ok(LogicalPlan::Aggregate(Aggregate::try_new(input, columns, Vec::new())?))
        }
        LogicalPlan::Join(join) => {
            let left = Arc::new(rewrite(Arc::unwrap_or_clone(join.left))?);
            let right = Arc::new(rewrite(Arc::unwrap_or_clone(join.right))?);
            let (constraint, nulls) = (join.join_constraint, join.null_equality);
            let mut joined =
                Join::try_new(left, right, join.on, None, join.join_type, constraint, nulls, false)?;
            joined.filter = join.filter.map(|filter| convert(filter, &joined.schema)).transpose()?;
            if let Some(filter) = &joined.filter
                && !matches!(filter.get_type(&joined.schema)?, DataType::Boolean | DataType::Null)
            {
                return Err(wrong("ON", "ON takes a BOOLEAN"));
            }
            Ok(LogicalPlan::Join(joined))
        }
        LogicalPlan::Union(union) => {
            let inputs =
                union.inputs.into_iter().map(|input| Ok(Arc::new(rewrite(Arc::unwrap_or_clone(input))?)));
            crate::union::rewritten(inputs.collect::<Result<_>>()?)
        }
        LogicalPlan::Window(window) => {
            // Its expressions are columns: nothing in them has to be converted.
            let input = Arc::new(rewrite(Arc::unwrap_or_clone(window.input))?);
            Ok(LogicalPlan::Window(Window::try_new(window.window_expr, input)?))
        }
        other => {
            let text = other.display().to_string();
            let what = text.split([':', ' ']).next().unwrap_or_default().to_string();
            Err(unsupported("SELECT", format!("{what} in a query")))
        }
    }
}

/// Converts expressions and keeps the names others know them by.
fn named(expressions: Vec<Expr>, schema: &DFSchema) -> Result<Vec<Expr>> {
    let names = NamePreserver::new_for_projection();
    let convert_one = |expression: Expr| {
        let name = names.save(&expression);
        Ok(name.restore(convert(expression, schema)?))
    };
    expressions.into_iter().map(convert_one).collect()
}

/// An aggregation with Flink's result types: the plain aggregates, and above them a projection that makes the results.
fn aggregation(aggregate: Aggregate) -> Result<LogicalPlan> {
    let input = Arc::new(rewrite(Arc::unwrap_or_clone(aggregate.input))?);
    let groups = groups(aggregate.group_expr, input.schema())?;
    let mut parts = Parts { schema: input.schema(), groups: &groups, aggregates: Vec::new() };
    let mut results = Vec::new();
    for expression in aggregate.aggr_expr {
        let name = expression.schema_name().to_string();
        results.push((name, parts.result(expression)?));
    }
    let aggregates = parts.aggregates.into_iter().map(|(name, aggregate)| aggregate.alias(name));
    let aggregates: Vec<Expr> = aggregates.collect();
    let aggregate_count = aggregates.len();
    let below = Arc::new(LogicalPlan::Aggregate(Aggregate::try_new(input, groups, aggregates)?));
    let group_count = below.schema().fields().len() - aggregate_count;
    let mut expressions: Vec<Expr> =
        below.schema().iter().take(group_count).map(|(q, f)| Expr::Column(Column::from((q, f)))).collect();
    for (name, result) in results {
        expressions.push(convert(result, below.schema())?.alias(name));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(expressions, below)?))
}

/// Converted group expressions; those of grouping sets stay in their sets.
fn groups(groups: Vec<Expr>, schema: &DFSchema) -> Result<Vec<Expr>> {
    // DataFusion brings ROLLUP, CUBE and mixtures into one list of sets.
    match <[Expr; 1]>::try_from(groups) {
        Ok([Expr::GroupingSet(GroupingSet::GroupingSets(sets))]) => {
            let sets = sets.into_iter().map(|set| named(set, schema)).collect::<Result<Vec<_>>>()?;
            Ok(vec![Expr::GroupingSet(GroupingSet::GroupingSets(sets))])
        }
        // Alone, they are left as they are.
        Ok([Expr::GroupingSet(_)]) => {
            Err(unsupported("GROUP", "GROUPING SETS, CUBE or ROLLUP without a window"))
        }
        Ok([other]) => named(vec![other], schema),
        Err(groups) => named(groups, schema),
    }
}

/// The plain aggregates that are needed, each once, by name.
struct Parts<'a> {
    schema: &'a DFSchema,
    groups: &'a [Expr],
    aggregates: Vec<(String, Expr)>,
}

/// As a person writes it. State is found by this name: it holds nothing that shifts when another statement comes.
fn readable(expression: &Expr) -> Result<String> {
    let plain = expression.clone().transform_up(|e| match e {
        Expr::Column(column) => Ok(Transformed::yes(Expr::Column(Column::new_unqualified(column.name)))),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(plain.data.human_display().to_string())
}

impl Parts<'_> {
    fn part(&mut self, func: Arc<AggregateUDF>, params: AggregateFunctionParams) -> Result<Expr> {
        let expression = Expr::AggregateFunction(AggregateFunction { func, params });
        if let Some((name, _)) = self.aggregates.iter().find(|(_, known)| *known == expression) {
            return Ok(Expr::Column(Column::new_unqualified(name)));
        }
        let mut name = readable(&expression)?;
        while self.aggregates.iter().any(|(known, _)| *known == name)
            || self.schema.fields().iter().any(|field| *field.name() == name)
        {
            name.push('\'');
        }
        self.aggregates.push((name.clone(), expression));
        Ok(Expr::Column(Column::new_unqualified(name)))
    }

    /// What stands for an aggregate of the query.
    fn result(&mut self, expression: Expr) -> Result<Expr> {
        let Expr::AggregateFunction(AggregateFunction { func, mut params }) = expression.unalias() else {
            return Err(unsupported("GROUP", "this aggregate"));
        };
        let name = func.name().to_string();
        if name == GROUPING {
            return self.grouping(&params.args);
        }
        if !params.order_by.is_empty() || params.null_treatment.is_some() {
            return Err(unsupported(name, "ORDER BY inside an aggregate"));
        }
        if let Some(filter) = params.filter.take() {
            params.filter = Some(Box::new(convert(*filter, self.schema)?));
        }
        let argument = match params.args.pop() {
            Some(argument) if params.args.is_empty() => convert(argument, self.schema)?,
            _ => {
                return Err(crate::fault::wrong(
                    &name,
                    format!("{} takes one argument", name.to_uppercase()),
                ));
            }
        };
        let of = argument.get_type(self.schema)?;
        let with = |argument: Expr| AggregateFunctionParams { args: vec![argument], ..params.clone() };
        match name.as_str() {
            "count" => self.part(func, with(argument)),
            "min" | "max" => {
                // A repeated value changes neither.
                let params = AggregateFunctionParams { distinct: false, ..with(argument) };
                match of {
                    DataType::Struct(_) | DataType::List(_) | DataType::Map(..) => Err(not_for(&name, &of)),
                    _ => self.part(func, params),
                }
            }
            "sum" => self.sum(argument, &of, with),
            "avg" => self.average(argument, &of, with),
            _ => self.spread(&name, argument, &of, with),
        }
    }

    /// For each argument a bit, the last one lowest: 1 where the row's grouping set lacks it.
    fn grouping(&self, arguments: &[Expr]) -> Result<Expr> {
        let named = arguments.iter().cloned().map(|e| convert(e, self.schema)).collect::<Result<Vec<_>>>()?;
        let known = grouping_set_to_exprlist(self.groups)?;
        if let Some(other) = named.iter().find(|argument| !known.contains(argument)) {
            let what = readable(other)?;
            return Err(wrong("GROUPING", format!("the argument {what} of GROUPING must stand in GROUP BY")));
        }
        let bits =
            |set: &Vec<Expr>| named.iter().fold(0_i64, |bits, e| bits * 2 + i64::from(!set.contains(e)));
        let sets = grouping_sets(self.groups);
        if sets.is_empty() {
            return Ok(plain_cast(lit(0_i64), DataType::Int64));
        }
        let id = Expr::Column(Column::new_unqualified(Aggregate::INTERNAL_GROUPING_ID));
        let whens = (0_u32..).zip(sets).map(|(id, set)| (Box::new(lit(id)), Box::new(lit(bits(set)))));
        let case = Case::new(Some(Box::new(id)), whens.collect(), None);
        Ok(plain_cast(Expr::Case(case), DataType::Int64))
    }

    /// `SUM` has its argument's type; of a `DECIMAL(p, s)` it is `DECIMAL(38, s)`.
    fn sum(
        &mut self,
        argument: Expr,
        of: &DataType,
        with: impl Fn(Expr) -> AggregateFunctionParams,
    ) -> Result<Expr> {
        match of {
            DataType::Int64 | DataType::Float64 => self.part(sum::sum_udaf(), with(argument)),
            _ if of.is_integer() => {
                let total = self.part(sum::sum_udaf(), with(widened(argument, of)))?;
                Ok(wrap(total, of))
            }
            DataType::Float32 => {
                let total = self.part(sum::sum_udaf(), with(plain_cast(argument, DataType::Float64)))?;
                Ok(plain_cast(total, DataType::Float32))
            }
            DataType::Decimal128(_, scale) => {
                let wide = DataType::Decimal128(38, *scale);
                let argument = cast(argument, of, &wide, true)?;
                self.part(sum::sum_udaf(), with(argument))
            }
            _ => Err(not_for("sum", of)),
        }
    }

    /// `AVG` has its argument's type, so that of integers is cut off; of a `DECIMAL(p, s)` it is
    /// `DECIMAL(38, max(6, s))`.
    fn average(
        &mut self,
        argument: Expr,
        of: &DataType,
        with: impl Fn(Expr) -> AggregateFunctionParams,
    ) -> Result<Expr> {
        match of {
            DataType::Float64 => self.part(average::avg_udaf(), with(argument)),
            DataType::Float32 => {
                let mean = self.part(average::avg_udaf(), with(plain_cast(argument, DataType::Float64)))?;
                Ok(plain_cast(mean, DataType::Float32))
            }
            _ if of.is_integer() => {
                let wide = widened(argument, of);
                let total = self.part(sum::sum_udaf(), with(wide.clone()))?;
                let rows = self.part(count::count_udaf(), with(wide))?;
                Ok(wrap(binary_expr(total, Operator::Divide, rows), of))
            }
            DataType::Decimal128(_, scale) => {
                let argument = cast(argument, of, &DataType::Decimal128(38, *scale), true)?;
                let total = self.part(sum::sum_udaf(), with(argument.clone()))?;
                let rows = self.part(count::count_udaf(), with(argument))?;
                let rows = plain_cast(rows, DataType::Decimal128(20, 0));
                Ok(decimal_divide(total, rows, DataType::Decimal128(38, (*scale).max(6))))
            }
            _ => Err(not_for("avg", of)),
        }
    }
}

impl Parts<'_> {
    /// Variances and standard deviations of DOUBLEs, by the very formula that Flink's planner makes of them (Calcite's
    /// AggregateReduceFunctionsRule), so that their last digits are Flink's too.
    fn spread(
        &mut self,
        name: &str,
        argument: Expr,
        of: &DataType,
        with: impl Fn(Expr) -> AggregateFunctionParams,
    ) -> Result<Expr> {
        if *of != DataType::Float64 {
            let what = format!("{} of {} (of DOUBLE it is)", name.to_uppercase(), event::type_name(of));
            return Err(unsupported(name, what));
        }
        let square = binary_expr(argument.clone(), Operator::Multiply, argument.clone());
        let squares = self.part(sum::sum_udaf(), with(square))?;
        let total = self.part(sum::sum_udaf(), with(argument.clone()))?;
        let rows = self.part(count::count_udaf(), with(argument))?;
        let rows = plain_cast(rows, DataType::Float64);
        let mean_square = binary_expr(total.clone() * total, Operator::Divide, rows.clone());
        let biased = name.ends_with("_pop");
        let below = if biased {
            rows
        } else {
            let null = lit(ScalarValue::Float64(None));
            when(rows.clone().eq(lit(1.0)), null).otherwise(rows - lit(1.0))?
        };
        let variance = binary_expr(squares - mean_square, Operator::Divide, below);
        match (name.starts_with("stddev"), lookup("power")) {
            (true, Some(power)) => Ok(power.call(vec![variance, lit(0.5)])),
            _ => Ok(variance),
        }
    }
}

/// As a BIGINT.
fn widened(argument: Expr, of: &DataType) -> Expr {
    if *of == DataType::Int64 { argument } else { plain_cast(argument, DataType::Int64) }
}

fn not_for(name: &str, of: &DataType) -> datafusion_common::DataFusionError {
    let message = format!("there is no {} of {}", name.to_uppercase(), event::type_name(of));
    crate::fault::wrong(name, message)
}
