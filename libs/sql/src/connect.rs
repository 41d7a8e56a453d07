//! A pipeline meets the connectors a program was built with.

use crate::cursor::Name;
use crate::describe::{join_text, sink_text, source_text, steps_text, union_text, window_text};
use crate::error::{BuildError, Problem, SqlError};
use crate::lower::{Lowered, LoweredInput, Op};
use crate::nearest::{nearest, suggestion};
use crate::pipeline::{Pipeline, QueryPlan};
use crate::source::SOURCE_OPTIONS;
use crate::table::Table;
use arrow::datatypes::SchemaRef;
use std::sync::Arc;
use stream::{
    Calc, CalcRole, Connector, ConnectorContext, Connectors, Edge, Graph, JoinSide, Node, NodeId, NodeKind,
    OperatorFactory, Port, Routing, StreamError, WindowJoin,
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
        problems.extend(self.queries.iter().filter_map(|query| refused_changes(query, connectors)));
        problems.sort_by_key(|problem| (problem.place.line, problem.place.column));
        SqlError::of(problems)
    }

    /// Checks what every table says beyond the names of its options, by its connector, which asks no system.
    ///
    /// # Errors
    /// Those of [`Self::check_connectors`], and of every other table one at most, at the option that its connector
    /// names, or at the table.
    pub async fn check_tables(
        &self,
        connectors: &Connectors,
        context: &ConnectorContext,
    ) -> Result<(), SqlError> {
        let mut problems = self.check_connectors(connectors).err().map_or_else(Vec::new, |e| e.problems);
        let told: Vec<usize> = problems.iter().map(|problem| problem.place.statement).collect();
        let sound = |table: &Table| !told.contains(&table.def.statement);
        for source in self.sources.iter().filter(|source| sound(&source.table)) {
            let connector = connectors.get(&source.table.def.connector.value);
            if let Some(connector) = connector
                && let Err(error) = connector.check_source(&source.spec, context).await
            {
                problems.push(refused(&source.table, &error));
            }
        }
        for query in self.queries.iter().filter(|query| sound(&query.sink)) {
            let connector = connectors.get(&query.sink.def.connector.value);
            if let Some(connector) = connector
                && let Err(error) = connector.check_sink(&query.spec, context).await
            {
                problems.push(refused(&query.sink, &error));
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
                    emit: source.emit,
                    idle_timeout: source.idle_timeout,
                },
                inputs: Vec::new(),
                schema: source.schema.clone(),
                parallelism: parallelism.max(1),
            }));
        }
        for query in &self.queries {
            let name = &query.spec.name;
            let parallelism = parallelism.max(1);
            let last = operators(&mut graph, &sources, (name, name.clone()), &query.lowered, parallelism);
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

/// Results that change, into a table that only takes new rows.
fn refused_changes(query: &QueryPlan, connectors: &Connectors) -> Option<Problem> {
    let connector = connectors.get(&query.sink.def.connector.value)?;
    if !query.lowered.changes() || connector.takes_changes(&query.spec) {
        return None;
    }
    let message = format!(
        "table '{}' only takes new rows, but the results written to it change (an aggregation or ROW_NUMBER without a window): give \
         it a connector that takes changes, such as jdbc or upsert-kafka, and a PRIMARY KEY of the columns of GROUP BY or PARTITION BY",
        query.spec.name
    );
    Some(Problem::new(&query.sink.def.name.place, message))
}

/// What a connector refused, where the script says it.
fn refused(table: &Table, error: &StreamError) -> Problem {
    let named = |(key, _): &&(Name, String)| error.message.contains(&format!("'{}'", key.value));
    let place = table.def.options.iter().find(named).map_or(&table.def.name.place, |(key, _)| &key.place);
    Problem::new(place, &error.message)
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
        let own: &[&str] = if read { &SOURCE_OPTIONS } else { &[] };
        if takes(key) || own.contains(&key.as_str()) {
            continue;
        }
        let known = options.iter().map(|option| option.name).chain(own.iter().copied());
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

/// Operators one after the other.
struct Line<'g> {
    graph: &'g mut Graph,
    /// Of the query.
    label: &'g str,
    /// What the ids of the nodes begin with.
    name: String,
    last: NodeId,
    parallelism: usize,
    calcs: usize,
    windows: usize,
}

/// Adds the operators of a query, or of a side of its join, under this name; returns the last.
fn operators(
    graph: &mut Graph,
    sources: &[NodeId],
    (label, name): (&str, String),
    lowered: &Lowered,
    parallelism: usize,
) -> NodeId {
    let mut side = |of: &Lowered, word: &str| {
        operators(graph, sources, (label, format!("{name}/{word}")), of, parallelism)
    };
    let inputs: Vec<NodeId> = match &lowered.input {
        LoweredInput::Source(source) => vec![sources[*source]],
        LoweredInput::Join(join) => vec![side(&join.sides[0], "left"), side(&join.sides[1], "right")],
        LoweredInput::Union(sides) => {
            sides.iter().enumerate().map(|(i, one)| side(one, &format!("part-{i}"))).collect()
        }
    };
    let mut line = Line { graph, label, name, last: inputs[0], parallelism, calcs: 0, windows: 0 };
    match &lowered.input {
        LoweredInput::Source(_) => {}
        LoweredInput::Join(join) => line.join(&join.join, &inputs),
        LoweredInput::Union(sides) => line.union(&sides[0].schema, &inputs),
    }
    for op in &lowered.ops {
        line.op(op);
    }
    line.last
}

impl Line<'_> {
    fn join(&mut self, join: &WindowJoin, sides: &[NodeId]) {
        let edge = |(from, side): (&NodeId, &JoinSide)| Edge {
            from: *from,
            port: Port::Rows,
            routing: Routing::Hash(side.keys.clone()),
        };
        self.last = self.graph.add(Node {
            id: format!("{}/join", self.name),
            label: self.label.to_string(),
            description: join_text(join),
            kind: NodeKind::Operator(Arc::new(join.clone())),
            inputs: sides.iter().zip(&join.sides).map(edge).collect(),
            schema: join.output_schema.clone(),
            parallelism: if join.sides[0].keys.is_empty() { 1 } else { self.parallelism },
        });
    }

    /// Passes on what comes. Rows keep their order where every part has the same tasks; otherwise one task takes them all.
    fn union(&mut self, schema: &SchemaRef, parts: &[NodeId]) {
        let tasks = |node: &NodeId| self.graph.nodes[*node].parallelism;
        let first = tasks(&parts[0]);
        let alike = parts.iter().all(|part| tasks(part) == first);
        let routing = || if alike { Routing::Forward } else { Routing::Hash(Vec::new()) };
        let inputs =
            parts.iter().map(|from| Edge { from: *from, port: Port::Rows, routing: routing() }).collect();
        self.last = self.graph.add(Node {
            id: format!("{}/union", self.name),
            label: self.label.to_string(),
            description: union_text(parts.len()),
            kind: NodeKind::Operator(Arc::new(Calc { steps: Vec::new(), role: CalcRole::AfterAggregate })),
            inputs,
            schema: schema.clone(),
            parallelism: if alike { first } else { 1 },
        });
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Calc { steps, schema, role } => {
                let id = format!("calc-{}", self.calcs);
                self.calcs += 1;
                let calc = Arc::new(Calc { steps: steps.clone(), role: *role });
                self.operator(&id, steps_text(steps), calc, schema, None);
            }
            Op::Assign(window) => {
                self.window(window_text(op), Arc::new(window.clone()), &window.schema, None);
            }
            Op::Session(window) => {
                let (factory, schema) = (Arc::new(window.clone()), &window.output_schema);
                self.window(window_text(op), factory, schema, Some(&window.keys));
            }
            Op::Rank(rank) => {
                let (factory, schema) = (Arc::new(rank.clone()), &rank.output_schema);
                self.window(window_text(op), factory, schema, Some(&rank.keys));
            }
            Op::Running(running) => {
                let (factory, schema) = (Arc::new(running.clone()), &running.output_schema);
                self.operator("running", window_text(op), factory, schema, Some(&running.spec.keys));
            }
            Op::FirstRow(first) => {
                let (factory, schema) = (Arc::new(first.clone()), &first.schema);
                self.operator("first", window_text(op), factory, schema, Some(&first.keys));
            }
            Op::Aggregate(window) => {
                let (factory, schema) = (Arc::new(window.clone()), &window.output_schema);
                self.window(window_text(op), factory, schema, Some(&window.spec.keys));
            }
        }
    }

    /// `window`, `window-1`, …
    fn window(
        &mut self,
        description: String,
        factory: Arc<dyn OperatorFactory>,
        schema: &SchemaRef,
        keys: Option<&[usize]>,
    ) {
        let id = if self.windows == 0 { "window".into() } else { format!("window-{}", self.windows) };
        self.windows += 1;
        self.operator(&id, description, factory, schema, keys);
    }

    /// With `keys`, equal keys meet in one task.
    fn operator(
        &mut self,
        id: &str,
        description: String,
        factory: Arc<dyn OperatorFactory>,
        schema: &SchemaRef,
        keys: Option<&[usize]>,
    ) {
        let (routing, parallelism) = match keys {
            None => (Routing::Forward, self.graph.nodes[self.last].parallelism),
            Some([]) => (Routing::Hash(Vec::new()), 1),
            Some(keys) => (Routing::Hash(keys.to_vec()), self.parallelism),
        };
        self.last = self.graph.add(Node {
            id: format!("{}/{id}", self.name),
            label: self.label.to_string(),
            description,
            kind: NodeKind::Operator(factory),
            inputs: vec![Edge { from: self.last, port: Port::Rows, routing }],
            schema: schema.clone(),
            parallelism,
        });
    }
}
