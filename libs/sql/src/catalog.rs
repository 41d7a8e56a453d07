//! The tables, views and windows of a script, as the planner asks for them.

use crate::ast::{Walk, check_query, parse_expression, parse_query};
use crate::chain::Windows;
use crate::ddl::TableDef;
use crate::error::Problem;
use crate::fault::Places;
use crate::functions::{AGGREGATES, GROUPING, ROW_NUMBER, lookup, row_number};
use crate::nearest::suggestion;
use crate::rewrite::rewrite;
use crate::script::QueryText;
use crate::table::{Table, resolve};
use crate::window_call::{CalledWindows, WindowCall, replace_window_calls};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{DFSchema, Result as DfResult, TableReference, plan_err};
use datafusion_expr::builder::LogicalTableSource;
use datafusion_expr::planner::{ContextProvider, ExprPlanner, TypePlanner};
use datafusion_expr::{AggregateUDF, Expr, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF};
use datafusion_functions::core::planner::CoreFunctionPlanner;
use datafusion_functions_aggregate::{average, count, grouping, min_max, stddev, sum, variance};
use datafusion_sql::planner::{ParserOptions, PlannerContext, SqlToRel};
use datafusion_sql::sqlparser::ast::Statement;
use event::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A window table function over a table or view.
#[derive(Debug)]
pub(crate) struct WindowScan {
    pub call: WindowCall,
    pub windows: Windows,
    /// Index of the rowtime in the input.
    pub time: usize,
    /// The input's columns and the three of the window.
    pub schema: SchemaRef,
}

pub(crate) struct Catalog {
    pub tables: BTreeMap<String, Arc<Table>>,
    /// With Flink's meaning already.
    pub views: BTreeMap<String, LogicalPlan>,
    pub windows: BTreeMap<String, WindowScan>,
    options: ConfigOptions,
    planners: Vec<Arc<dyn ExprPlanner>>,
    types: Arc<dyn TypePlanner>,
}

impl Catalog {
    pub fn new() -> Self {
        Self {
            tables: BTreeMap::new(),
            views: BTreeMap::new(),
            windows: BTreeMap::new(),
            options: ConfigOptions::default(),
            planners: vec![Arc::new(CoreFunctionPlanner::default())],
            types: Arc::new(crate::cast_types::FlinkTypes),
        }
    }

    pub fn add_table(&mut self, def: &TableDef) -> Result<(), Problem> {
        let table = resolve(def, self)?;
        self.tables.insert(def.name.value.clone(), Arc::new(table));
        Ok(())
    }

    /// Names a query may read.
    fn readable(&self) -> BTreeSet<String> {
        self.tables.keys().chain(self.views.keys()).cloned().collect()
    }

    /// Plans a scalar expression over `schema`, with Flink's meaning.
    pub fn expression(&self, places: Places<'_>, schema: &DFSchema) -> Result<Expr, Problem> {
        let mut tree = parse_expression(places)?;
        Walk::new(places).expression(&mut tree)?;
        let planned = self
            .planner()
            .sql_to_expr(tree, schema, &mut PlannerContext::new())
            .and_then(|expression| crate::semantics::convert(expression, schema));
        planned.map_err(|error| places.problem(&error))
    }

    /// Plans a query, with Flink's meaning.
    pub fn query(&mut self, query: &QueryText) -> Result<LogicalPlan, Problem> {
        let places = Places { tokens: &query.tokens, statement: query.statement };
        let (tokens, calls) = replace_window_calls(query)?;
        for call in calls {
            self.add_window(call)?;
        }
        let mut tree = parse_query(tokens, places)?;
        check_query(&mut tree, places, &self.readable())?;
        self.planner()
            .sql_statement_to_plan(Statement::Query(Box::new(tree)))
            .and_then(rewrite)
            .map_err(|error| places.problem(&error))
    }

    fn planner(&self) -> SqlToRel<'_, Self> {
        let options = ParserOptions::new()
            .with_parse_float_as_decimal(true)
            .with_enable_ident_normalization(false)
            .with_map_string_types_to_utf8view(false);
        SqlToRel::new_with_options(self, options)
    }

    fn add_window(&mut self, call: WindowCall) -> Result<(), Problem> {
        let name = &call.table.value;
        let Some(input) = self.schema_of(name) else {
            let known = self.readable();
            let hint = suggestion(name, known.iter().map(String::as_str));
            return Err(Problem::new(&call.table.place, format!("there is no table or view '{name}'{hint}")));
        };
        let Ok(time) = input.index_of(&call.time.value) else {
            let hint = suggestion(&call.time.value, input.fields().iter().map(|f| f.name().as_str()));
            let message = format!("there is no column '{}' in '{name}'{hint}", call.time.value);
            return Err(Problem::new(&call.time.place, message));
        };
        self.check_rowtime(&call, time)?;
        let DataType::Timestamp(_, zone) = input.field(time).data_type() else {
            let found = type_name(input.field(time).data_type());
            return Err(Problem::new(
                &call.time.place,
                format!("column '{}' is {found}, no timestamp", call.time.value),
            ));
        };
        let plain = DataType::Timestamp(TimeUnit::Millisecond, None);
        let rowtime = DataType::Timestamp(TimeUnit::Millisecond, zone.clone());
        let mut fields: Vec<Field> = input.fields().iter().map(|f| f.as_ref().clone()).collect();
        for (name, data_type) in [("window_start", &plain), ("window_end", &plain), ("window_time", &rowtime)]
        {
            if input.index_of(name).is_ok() {
                let message = format!("'{}' has a column '{name}' already", call.table.value);
                return Err(Problem::unsupported(&call.table.place, message));
            }
            fields.push(Field::new(name, data_type.clone(), false));
        }
        let windows = windows(&call, &input)?;
        let scan = WindowScan { windows, time, schema: Arc::new(Schema::new(fields)), call };
        self.windows.insert(scan.call.id.clone(), scan);
        Ok(())
    }

    fn schema_of(&self, name: &str) -> Option<SchemaRef> {
        if let Some(table) = self.tables.get(name) {
            return Some(table.schema.clone());
        }
        if let Some(view) = self.views.get(name) {
            return Some(Arc::new(view.schema().as_arrow().clone()));
        }
        self.windows.get(name).map(|window| window.schema.clone())
    }

    fn check_rowtime(&self, call: &WindowCall, time: usize) -> Result<(), Problem> {
        let column = &call.time.value;
        match self.origin_in(&call.table.value, time) {
            Origin::WindowTime => Ok(()),
            Origin::Materialized => {
                let message = format!(
                    "column '{column}' is no event time any more behind a window or an aggregation: use window_time"
                );
                Err(Problem::new(&call.time.place, message))
            }
            Origin::Column(table, index) => match &table.watermark {
                Some(watermark) if watermark.rowtime == index => Ok(()),
                Some(watermark) => {
                    let rowtime = table.schema.field(watermark.rowtime).name();
                    let message = format!(
                        "column '{column}' is not the event time of '{}': WATERMARK FOR stands on '{rowtime}'",
                        table.def.name.value
                    );
                    Err(Problem::new(&call.time.place, message))
                }
                None => {
                    let message = format!("table '{}' has no WATERMARK FOR '{column}'", table.def.name.value);
                    Err(Problem::new(&call.time.place, message))
                }
            },
            Origin::Computed => {
                let message =
                    format!("column '{column}' is computed: a window needs the event-time column itself");
                Err(Problem::new(&call.time.place, message))
            }
        }
    }

    /// Where a column of a table, view or window comes from.
    fn origin_in(&self, name: &str, index: usize) -> Origin<'_> {
        if let Some(table) = self.tables.get(name) {
            return Origin::Column(table, index);
        }
        if let Some(view) = self.views.get(name) {
            return self.origin(view, index);
        }
        match self.windows.get(name) {
            Some(window) if index + 1 == window.schema.fields().len() => Origin::WindowTime,
            Some(_) => Origin::Materialized,
            None => Origin::Computed,
        }
    }

    /// Where a column of a plan comes from.
    fn origin(&self, plan: &LogicalPlan, index: usize) -> Origin<'_> {
        if index >= plan.schema().fields().len() {
            return Origin::Computed;
        }
        match plan {
            LogicalPlan::Projection(projection) => {
                self.origin_of(projection.expr.get(index).cloned(), &projection.input)
            }
            LogicalPlan::Filter(filter) => self.origin(&filter.input, index),
            LogicalPlan::Window(window) => self.origin(&window.input, index),
            LogicalPlan::Join(join) => {
                let width = join.left.schema().fields().len();
                match index.checked_sub(width) {
                    Some(index) => self.origin(&join.right, index),
                    None => self.origin(&join.left, index),
                }
            }
            LogicalPlan::Union(union) => {
                let origins = union.inputs.iter().map(|input| self.origin(input, index));
                // It stays event time only where it is that in every query.
                origins
                    .reduce(
                        |one, other| if one.is_time() && other.is_time() { one } else { Origin::Computed },
                    )
                    .unwrap_or(Origin::Computed)
            }
            LogicalPlan::SubqueryAlias(alias) => self.origin(&alias.input, index),
            LogicalPlan::TableScan(scan) => self.origin_in(scan.table_name.table(), index),
            LogicalPlan::Aggregate(aggregate) => {
                match self.origin_of(aggregate.group_expr.get(index).cloned(), &aggregate.input) {
                    Origin::WindowTime => Origin::WindowTime,
                    Origin::Column(..) | Origin::Materialized => Origin::Materialized,
                    Origin::Computed => Origin::Computed,
                }
            }
            _ => Origin::Computed,
        }
    }

    fn origin_of(&self, expression: Option<Expr>, input: &LogicalPlan) -> Origin<'_> {
        let Some(Expr::Column(column)) = expression.map(Expr::unalias) else { return Origin::Computed };
        match input.schema().index_of_column(&column) {
            Ok(index) => self.origin(input, index),
            Err(_) => Origin::Computed,
        }
    }
}

/// The windows of a call over columns of `input`.
fn windows(call: &WindowCall, input: &Schema) -> Result<Windows, Problem> {
    let (gap_ms, names) = match &call.windows {
        CalledWindows::Fixed(shape) => return Ok(Windows::Fixed(*shape)),
        CalledWindows::Session { gap_ms, partition } => (*gap_ms, partition),
    };
    let mut partition = Vec::new();
    for name in names {
        let Ok(index) = input.index_of(&name.value) else {
            let hint = suggestion(&name.value, input.fields().iter().map(|f| f.name().as_str()));
            let message = format!("there is no column '{}' in '{}'{hint}", name.value, call.table.value);
            return Err(Problem::new(&name.place, message));
        };
        if partition.contains(&index) {
            return Err(Problem::new(&name.place, format!("column '{}' stands twice", name.value)));
        }
        partition.push(index);
    }
    Ok(Windows::Session { gap_ms, partition })
}

/// Where a column comes from, as far as event time is concerned.
enum Origin<'a> {
    Column(&'a Table, usize),
    /// It is the time of a window.
    WindowTime,
    /// It may have been event time before a window or an aggregation.
    Materialized,
    Computed,
}

impl Origin<'_> {
    fn is_time(&self) -> bool {
        match self {
            Self::Column(table, index) => table.watermark.as_ref().is_some_and(|w| w.rowtime == *index),
            Self::WindowTime => true,
            Self::Materialized | Self::Computed => false,
        }
    }
}

impl ContextProvider for Catalog {
    fn get_table_source(&self, name: TableReference) -> DfResult<Arc<dyn TableSource>> {
        match self.schema_of(name.table()) {
            Some(schema) => Ok(Arc::new(LogicalTableSource::new(schema))),
            None => plan_err!("there is no table or view '{}'", name.table()),
        }
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(self.types.clone())
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        lookup(name)
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        Some(match name {
            "avg" => average::avg_udaf(),
            "count" => count::count_udaf(),
            GROUPING | "grouping_id" => grouping::grouping_udaf(),
            "max" => min_max::max_udaf(),
            "min" => min_max::min_udaf(),
            "stddev" | "stddev_samp" => stddev::stddev_udaf(),
            "stddev_pop" => stddev::stddev_pop_udaf(),
            "sum" => sum::sum_udaf(),
            "var_pop" => variance::var_pop_udaf(),
            "var_samp" | "variance" => variance::var_samp_udaf(),
            _ => return None,
        })
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        (name == ROW_NUMBER).then(row_number)
    }

    fn get_variable_type(&self, _variable_names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        crate::functions::names().map(str::to_string).collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        AGGREGATES.map(str::to_string).to_vec()
    }

    fn udwf_names(&self) -> Vec<String> {
        vec![ROW_NUMBER.into()]
    }
}
