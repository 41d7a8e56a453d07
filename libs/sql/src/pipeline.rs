//! A script as sources, queries and sinks, without any I/O.

use crate::catalog::Catalog;
use crate::chain::{Chain, chain};
use crate::ddl::DefKind;
use crate::error::{Problem, SqlError};
use crate::fault::Places;
use crate::lower::{Lowered, lower};
use crate::script::{InsertDef, Item, Script, ViewDef};
use crate::settings::Settings;
use crate::sink::fit;
use crate::source::{SourcePlan, source, table_spec, timing};
use crate::table::Table;
use crate::window_call::first_place;
use datafusion_expr::{Expr, LogicalPlanBuilder, ident};
use std::collections::BTreeSet;
use std::sync::Arc;
use stream::TableSpec;

/// What a script does, ready to be checked against connectors and built into a graph.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) settings: Settings,
    /// In the order of their first use.
    pub(crate) sources: Vec<SourcePlan>,
    pub(crate) queries: Vec<QueryPlan>,
}

/// One `INSERT INTO`.
#[derive(Debug)]
pub(crate) struct QueryPlan {
    pub lowered: Lowered,
    pub sink: Arc<Table>,
    pub spec: TableSpec,
}

impl Pipeline {
    /// What the `SET` statements say.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The tables that are read, each once.
    pub fn source_tables(&self) -> impl Iterator<Item = &TableSpec> {
        self.sources.iter().map(|source| &source.spec)
    }

    /// The tables that are written, each with the name of its connector, in the order of the script.
    pub fn sink_tables(&self) -> impl Iterator<Item = (&str, &TableSpec)> {
        self.queries.iter().map(|query| (query.sink.def.connector.value.as_str(), &query.spec))
    }
}

/// Resolves every name and type of a script.
///
/// # Errors
/// Everything that is wrong, one problem per statement; what follows from an earlier problem is left out.
pub fn plan(script: &Script) -> Result<Pipeline, SqlError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("sql-plan".into()).stack_size(STACK_BYTES);
        match thread.spawn_scoped(scope, || plan_here(script)) {
            Ok(planning) => planning.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => plan_here(script),
        }
    })
}

/// Trees of long expressions are walked and dropped recursively; a query has at most 20,000 tokens.
const STACK_BYTES: usize = 256 << 20;

fn plan_here(script: &Script) -> Result<Pipeline, SqlError> {
    let mut planner = Planner { catalog: Catalog::new(), broken: BTreeSet::new(), queries: Vec::new() };
    let mut problems = Vec::new();
    for item in &script.items {
        if let Err(problem) = planner.item(item) {
            planner.broken.extend(item.defines());
            if !planner.follows(&problem) {
                problems.push(problem);
            }
        }
    }
    SqlError::of(problems)?;
    if planner.queries.is_empty() {
        let place = crate::error::Place { line: 1, column: 1, ..Default::default() };
        return Err(Problem::new(&place, "the script has no INSERT INTO: nothing would run").into());
    }
    planner.finish(script.settings())
}

impl Item {
    fn defines(&self) -> Option<String> {
        match self {
            Item::Table(table) => Some(table.name.value.clone()),
            Item::View(view) => Some(view.name.value.clone()),
            Item::Insert(_) => None,
        }
    }
}

struct Planner<'s> {
    catalog: Catalog,
    /// Tables and views whose own statement is wrong.
    broken: BTreeSet<String>,
    queries: Vec<(Chain, &'s InsertDef, Arc<Table>)>,
}

impl<'s> Planner<'s> {
    fn item(&mut self, item: &'s Item) -> Result<(), Problem> {
        match item {
            Item::Table(table) => self.catalog.add_table(table),
            Item::View(view) => self.view(view),
            Item::Insert(insert) => self.insert(insert),
        }
    }

    /// Whether a problem is only that something broken is not there.
    fn follows(&self, problem: &Problem) -> bool {
        let token = problem.place.token.trim_matches('`');
        self.broken.contains(token) && problem.message.contains("there is no table")
    }

    fn view(&mut self, view: &ViewDef) -> Result<(), Problem> {
        let mut plan = self.catalog.query(&view.query)?;
        if !view.columns.is_empty() {
            let fields: Vec<String> = plan.schema().fields().iter().map(|f| f.name().clone()).collect();
            if fields.len() != view.columns.len() {
                let message =
                    format!("the view names {} columns, its query has {}", view.columns.len(), fields.len());
                return Err(Problem::new(&view.columns[0].place, message));
            }
            let renamed: Vec<Expr> = fields
                .iter()
                .zip(&view.columns)
                .map(|(f, name)| ident(f.clone()).alias(&name.value))
                .collect();
            let built = LogicalPlanBuilder::from(plan).project(renamed).and_then(LogicalPlanBuilder::build);
            plan = built.map_err(|error| Problem::new(&view.name.place, error.strip_backtrace()))?;
        }
        self.catalog.views.insert(view.name.value.clone(), plan);
        Ok(())
    }

    fn insert(&mut self, insert: &'s InsertDef) -> Result<(), Problem> {
        let name = &insert.table;
        let plan = self.catalog.query(&insert.query);
        let Some(table) = self.catalog.tables.get(&name.value).cloned() else {
            if self.catalog.views.contains_key(&name.value) {
                return Err(Problem::new(
                    &name.place,
                    format!("'{}' is a view; only tables are written", name.value),
                ));
            }
            let known: Vec<&str> = self.catalog.tables.keys().map(String::as_str).collect();
            let hint = crate::nearest::suggestion(&name.value, known.iter().copied());
            return Err(Problem::new(&name.place, format!("there is no table '{}'{hint}", name.value)));
        };
        let places = Places { tokens: &insert.query.tokens, statement: insert.query.statement };
        let mut chain = chain(&plan?, &self.catalog).map_err(|error| places.problem(&error))?;
        fit(&mut chain, insert, &table)?;
        self.queries.push((chain, insert, table));
        Ok(())
    }

    fn finish(self, settings: &Settings) -> Result<Pipeline, SqlError> {
        let mut tables = Vec::new();
        for (chain, insert, _) in &self.queries {
            let places = Places { tokens: &insert.query.tokens, statement: insert.query.statement };
            chain.demand(&mut tables).map_err(|error| places.problem(&error))?;
        }
        let mut sources = Vec::new();
        for (name, needed) in tables {
            let table = &self.catalog.tables[&name];
            let timing = timing(table, settings.idle_timeout)?;
            let planned = source(table, needed, timing);
            sources
                .push(planned.map_err(|error| Problem::new(&table.def.name.place, error.strip_backtrace()))?);
        }
        let mut queries = Vec::new();
        let mut problems = Vec::new();
        for (chain, insert, sink) in &self.queries {
            match query(chain, insert, sink, &sources, settings) {
                Ok((lowered, spec)) => queries.push(QueryPlan { lowered, sink: sink.clone(), spec }),
                Err(problem) => problems.push(problem),
            }
        }
        SqlError::of(problems)?;
        Ok(Pipeline { settings: settings.clone(), sources, queries })
    }
}

fn query(
    chain: &Chain,
    insert: &InsertDef,
    sink: &Table,
    sources: &[SourcePlan],
    settings: &Settings,
) -> Result<(Lowered, TableSpec), Problem> {
    let places = Places { tokens: &insert.query.tokens, statement: insert.query.statement };
    let mut lowered = lower(chain, sources).map_err(|error| places.problem(&error))?;
    lowered.keep_state_for(settings.state_ttl);
    lowered.allow_lateness(settings.allowed_lateness).map_err(|error| places.problem(&error))?;
    let spec = table_spec(sink, |kind| match kind {
        DefKind::Physical(_) => true,
        DefKind::Metadata { virtual_, .. } => !virtual_,
        DefKind::Computed(_) => false,
    });
    let is_key = |column: &stream::Column| spec.primary_key.contains(&column.name);
    let keys: Vec<usize> =
        spec.columns.iter().enumerate().filter(|(_, column)| is_key(column)).map(|(i, _)| i).collect();
    lowered.check_primary_key(&keys).map_err(|error| places.problem(&error))?;
    let lowered = lowered.shaped(&spec.schema());
    let fits = lowered
        .schema
        .fields()
        .iter()
        .zip(spec.schema().fields())
        .all(|(a, b)| a.data_type() == b.data_type());
    if !fits {
        return Err(Problem::new(
            &first_place(&insert.query),
            "the planner made rows of other types than the sink's",
        ));
    }
    Ok((lowered, spec))
}
