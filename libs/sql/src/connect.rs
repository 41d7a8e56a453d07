//! A pipeline meets the connectors a program was built with.

use crate::cursor::Name;
use crate::describe::{aggregate_text, assign_text, sink_text, source_text, steps_text};
use crate::error::{BuildError, Problem, SqlError};
use crate::lower::Windowed;
use crate::nearest::{nearest, suggestion};
use crate::pipeline::{Pipeline, QueryPlan};
use crate::source::WATERMARK_OPTIONS;
use crate::table::Table;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;
use stream::{
    Calc, CalcRole, CalcStep, Connector, ConnectorContext, Connectors, Edge, Graph, Node, NodeId, NodeKind,
    OperatorFactory, Port, Routing, StreamError,
};

impl Pipeline {
    /// Checks every table that is read or written against its connector's options.
    ///
    /// # Errors
    /// All at once: unknown connectors and options with the nearest valid one, and required options that are missing.
    pub fn check_connectors(&self, connectors: &Connectors) -> Result<(), SqlError> {
        let mut problems = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (table, read) in self.tables() {
            let name = table.def.name.value.as_str();
            if !seen.contains(&name) {
                seen.push(name);
                check_table(table, read, connectors, &mut problems);
            }
        }
        problems.sort_by_key(|problem| (problem.place.line, problem.place.column));
        SqlError::of(problems)
    }

    fn tables(&self) -> impl Iterator<Item = (&Table, bool)> {
        let sources = self.sources.iter().map(|source| (source.table.as_ref(), true));
        sources.chain(self.queries.iter().map(|query| (query.sink.as_ref(), false)))
    }

    /// Opens every table through its connector and puts the graph together.
    ///
    /// The script's `ibb.source.batch-rows` and, where the context has no limit, its `ibb.source.rows-per-second` hold
    /// for every source.
    ///
    /// # Errors
    /// Those of [`Self::check_connectors`], and what the connectors themselves refuse.
    pub async fn build(
        &self,
        connectors: &Connectors,
        context: &ConnectorContext,
        parallelism: usize,
    ) -> Result<Graph, BuildError> {
        self.check_connectors(connectors)?;
        let mut context = context.clone();
        context.batch_rows_max = self.settings.batch_rows_max.unwrap_or(context.batch_rows_max);
        context.rows_per_second_max = context.rows_per_second_max.or(self.settings.rows_per_second_max);
        let mut graph = Graph::default();
        let mut sources = Vec::new();
        for source in &self.sources {
            let connector = connector(&source.table, connectors)?;
            let refused = |cause| BuildError::Connector { table: source.spec.name.clone(), cause };
            let factory = connector.source(&source.spec, &context).await.map_err(refused)?;
            sources.push(graph.add(Node {
                id: format!("source:{}", source.spec.name),
                label: source.spec.name.clone(),
                description: source_text(source),
                kind: NodeKind::Source {
                    factory,
                    computed: source.computed.clone(),
                    watermark: source.watermark.clone(),
                    idle_timeout: source.idle_timeout,
                    watermark_per_row: source.watermark_per_row,
                },
                inputs: Vec::new(),
                schema: source.schema.clone(),
                parallelism: parallelism.max(1),
            }));
        }
        for query in &self.queries {
            let last = operators(&mut graph, query, sources[query.source], parallelism.max(1));
            let connector = connector(&query.sink, connectors)?;
            let refused = |cause| BuildError::Connector { table: query.spec.name.clone(), cause };
            let sink = connector.sink(&query.spec, &context).await.map_err(refused)?;
            graph.add(Node {
                id: format!("sink:{}", query.spec.name),
                label: query.spec.name.clone(),
                description: sink_text(query),
                kind: NodeKind::Sink(Some(sink)),
                inputs: vec![Edge { from: last, port: Port::Rows, routing: Routing::Gather }],
                schema: query.lowered.schema.clone(),
                parallelism: 1,
            });
        }
        Ok(graph)
    }
}

fn connector<'c>(table: &Table, connectors: &'c Connectors) -> Result<&'c Arc<dyn Connector>, BuildError> {
    let name = &table.def.connector.value;
    connectors.get(name).ok_or_else(|| BuildError::Connector {
        table: table.def.name.value.clone(),
        cause: StreamError::config(format!("there is no connector '{name}'")),
    })
}

fn check_table(table: &Table, read: bool, connectors: &Connectors, problems: &mut Vec<Problem>) {
    let wanted = &table.def.connector;
    let Some(connector) = connectors.get(&wanted.value) else {
        let known: Vec<&str> = connectors.names().collect();
        let near = nearest(&wanted.value, known.iter().copied());
        let near = near.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default();
        let message = format!("unknown connector '{}'{near} (there is: {})", wanted.value, known.join(", "));
        problems.push(Problem::new(&wanted.place, message));
        return;
    };
    let options = connector.options();
    let takes = |key: &str| {
        options.iter().any(|option| match option.name.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => option.name == key,
        })
    };
    for (Name { value: key, place }, _) in &table.def.options {
        if takes(key) || (read && WATERMARK_OPTIONS.contains(&key.as_str())) {
            continue;
        }
        let known =
            options.iter().map(|option| option.name).chain(WATERMARK_OPTIONS.into_iter().filter(|_| read));
        let hint = suggestion(key, known.collect::<Vec<_>>());
        problems
            .push(Problem::new(place, format!("connector '{}' has no option '{key}'{hint}", wanted.value)));
    }
    for option in options.iter().filter(|option| option.required) {
        if !table.def.options.iter().any(|(key, _)| key.value == option.name) {
            let message = format!(
                "table '{}' lacks the option '{}': {}",
                table.def.name.value, option.name, option.help
            );
            problems.push(Problem::new(&table.def.name.place, message));
        }
    }
}

/// Adds the operators of a query; returns the last.
fn operators(graph: &mut Graph, query: &QueryPlan, source: NodeId, parallelism: usize) -> NodeId {
    let mut line = Line { graph, name: &query.spec.name, last: source, parallelism, calcs: 0 };
    let lowered = &query.lowered;
    match &lowered.window {
        None => line.calc(&lowered.before, CalcRole::Stateless, &lowered.before_schema),
        Some(Windowed::Assign(window)) => {
            line.calc(&lowered.before, CalcRole::Stateless, &lowered.before_schema);
            let factory = Arc::new(window.clone());
            line.operator("window", assign_text(window), factory, &window.schema, Routing::Forward);
        }
        Some(Windowed::Aggregate(window)) => {
            if !lowered.before.is_empty() {
                line.calc(&lowered.before, CalcRole::BeforeAggregate, &lowered.before_schema);
            }
            if window.keys.is_empty() {
                line.parallelism = 1;
            }
            let routing = Routing::Hash(window.keys.clone());
            let factory = Arc::new(window.clone());
            line.operator("window", aggregate_text(window), factory, &window.output_schema, routing);
        }
    }
    if !lowered.after.is_empty() {
        line.calc(&lowered.after, CalcRole::AfterAggregate, &lowered.schema);
    }
    line.last
}

/// Operators one after the other.
struct Line<'g> {
    graph: &'g mut Graph,
    name: &'g str,
    last: NodeId,
    parallelism: usize,
    calcs: usize,
}

impl Line<'_> {
    fn calc(&mut self, steps: &[CalcStep], role: CalcRole, schema: &SchemaRef) {
        let id = format!("calc-{}", self.calcs);
        self.calcs += 1;
        let calc = Arc::new(Calc { steps: steps.to_vec(), role });
        self.operator(&id, steps_text(steps), calc, schema, Routing::Forward);
    }

    fn operator(
        &mut self,
        id: &str,
        description: String,
        factory: Arc<dyn OperatorFactory>,
        schema: &SchemaRef,
        routing: Routing,
    ) {
        self.last = self.graph.add(Node {
            id: format!("{}/{id}", self.name),
            label: self.name.to_string(),
            description,
            kind: NodeKind::Operator(factory),
            inputs: vec![Edge { from: self.last, port: Port::Rows, routing }],
            schema: schema.clone(),
            parallelism: self.parallelism,
        });
    }
}
