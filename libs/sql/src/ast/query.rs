//! Which queries are supported.

use super::expression::Walk;
use crate::error::{Place, Problem};
use crate::fault::Places;
use crate::window_call::PREFIX;
use datafusion_sql::sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Ident, JoinConstraint, JoinOperator, Query, Select, SelectItem, SetExpr,
    SetOperator, SetQuantifier, Spanned, TableFactor, TableWithJoins, WildcardAdditionalOptions,
};
use std::collections::BTreeSet;

/// Queries may not be nested deeper.
const DEPTH_MAX: usize = 32;

/// Checks a query and rewrites its expressions; `tables` are the names it may read.
pub(crate) fn check_query(
    query: &mut Query,
    places: Places<'_>,
    tables: &BTreeSet<String>,
) -> Result<(), Problem> {
    Check { places, tables: tables.clone() }.query(query, 0)
}

struct Check<'a> {
    places: Places<'a>,
    tables: BTreeSet<String>,
}

impl Check<'_> {
    fn unsupported(&self, spanned: &impl Spanned, what: &str) -> Problem {
        Problem::unsupported(&self.places.at(spanned.span().start), what)
    }

    fn near(&self, word: &str, what: &str) -> Problem {
        Problem::unsupported(&self.places.near(word), what)
    }

    fn query(&mut self, query: &mut Query, depth: usize) -> Result<(), Problem> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        if depth > DEPTH_MAX {
            return Err(self.near("SELECT", "a query nested so deeply"));
        }
        if let Some(with) = with {
            if with.recursive {
                return Err(self.near("RECURSIVE", "WITH RECURSIVE"));
            }
            for cte in &mut with.cte_tables {
                self.query(&mut cte.query, depth + 1)?;
                self.tables.insert(cte.alias.name.value.clone());
            }
        }
        if order_by.is_some() {
            return Err(self.near("ORDER", "ORDER BY"));
        }
        if limit_clause.is_some() || fetch.is_some() {
            let word = if fetch.is_some() { "FETCH" } else { "LIMIT" };
            return Err(self.near(word, word));
        }
        if !locks.is_empty() || for_clause.is_some() {
            return Err(self.near("FOR", "FOR"));
        }
        if settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
            return Err(self.near("SELECT", "a clause after this SELECT"));
        }
        self.body(body, depth)
    }

    fn body(&mut self, body: &mut SetExpr, depth: usize) -> Result<(), Problem> {
        if depth > DEPTH_MAX {
            return Err(self.near("SELECT", "a query nested so deeply"));
        }
        match body {
            SetExpr::Select(select) => self.select(select, depth),
            SetExpr::Query(query) => self.query(query, depth + 1),
            SetExpr::SetOperation {
                op: SetOperator::Union,
                set_quantifier: SetQuantifier::All,
                left,
                right,
            } => {
                self.body(left, depth + 1)?;
                self.body(right, depth + 1)
            }
            SetExpr::SetOperation { op, .. } => Err(self.near(&op.to_string(), &op.to_string())),
            SetExpr::Values(_) => Err(self.near("VALUES", "VALUES")),
            other => Err(self.unsupported(&*other, "this kind of query")),
        }
    }

    fn select(&mut self, select: &mut Select, depth: usize) -> Result<(), Problem> {
        self.clauses(select)?;
        let at = self.places.at(select.select_token.0.span.start);
        let joined = select.from.iter().any(|from| !from.joins.is_empty());
        let windowed = match select.from.as_mut_slice() {
            [] => return Err(Problem::unsupported(&at, "SELECT without FROM")),
            [one] => self.from(one, depth)?,
            [_, more, ..] => return Err(self.unsupported(&*more, "a list of tables (a join)")),
        };
        // A join has its windows already.
        let windowed = windowed && !joined;
        let grouped = self.group_by(&mut select.group_by, windowed)?;
        let mut walk = Walk::new(self.places);
        walk.allow_aggregates = grouped;
        walk.window_columns_come_later = grouped && windowed;
        if let Some(selection) = &mut select.selection {
            walk.allow_aggregates = false;
            walk.in_aggregate = true;
            walk.expression(selection)?;
            walk.in_aggregate = false;
            walk.allow_aggregates = grouped;
        }
        if let Some(having) = &mut select.having {
            if !grouped {
                return Err(self.near("HAVING", "HAVING without GROUP BY"));
            }
            walk.expression(having)?;
        }
        walk.allow_row_number = true;
        self.projection(&mut select.projection, &mut walk)
    }

    fn clauses(&self, select: &Select) -> Result<(), Problem> {
        if matches!(&select.distinct, Some(distinct) if *distinct != Distinct::Distinct) {
            return Err(self.near("DISTINCT", "SELECT DISTINCT ON"));
        }
        if !select.named_window.is_empty() {
            return Err(self.near("WINDOW", "WINDOW"));
        }
        if let Some(qualify) = &select.qualify {
            return Err(self.unsupported(qualify, "QUALIFY"));
        }
        let strange = select.top.is_some()
            || select.into.is_some()
            || select.prewhere.is_some()
            || select.exclude.is_some()
            || select.value_table_mode.is_some()
            || select.select_modifiers.is_some()
            || !select.optimizer_hints.is_empty()
            || !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || !select.cluster_by.is_empty()
            || !select.distribute_by.is_empty()
            || !select.sort_by.is_empty();
        if strange {
            return Err(self.unsupported(select, "a clause of this SELECT"));
        }
        Ok(())
    }

    /// Returns whether it is a window table function.
    fn from(&mut self, from: &mut TableWithJoins, depth: usize) -> Result<bool, Problem> {
        for join in &mut from.joins {
            use JoinOperator as J;
            let condition = match &mut join.join_operator {
                J::Join(on)
                | J::Inner(on)
                | J::Left(on)
                | J::LeftOuter(on)
                | J::Right(on)
                | J::RightOuter(on)
                | J::FullOuter(on) => on,
                _ => return Err(self.near("JOIN", "this kind of JOIN")),
            };
            let JoinConstraint::On(condition) = condition else {
                return Err(self.near("JOIN", "a JOIN without ON"));
            };
            let mut walk = Walk::new(self.places);
            walk.in_aggregate = true;
            walk.expression(condition)?;
            self.relation(&mut join.relation, depth)?;
        }
        self.relation(&mut from.relation, depth)
    }

    fn relation(&mut self, relation: &mut TableFactor, depth: usize) -> Result<bool, Problem> {
        match relation {
            TableFactor::Table {
                name,
                alias: _,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                let place = self.places.at(name.span().start);
                let plain = args.is_none()
                    && with_hints.is_empty()
                    && version.is_none()
                    && !*with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty();
                if !plain {
                    return Err(Problem::unsupported(&place, "this form of a table"));
                }
                self.table(&name.0.iter().filter_map(|part| part.as_ident()).collect::<Vec<_>>(), &place)
            }
            TableFactor::Derived { lateral: false, subquery, alias: _, sample: None } => {
                self.query(subquery, depth + 1)?;
                Ok(false)
            }
            other => Err(self.unsupported(&*other, "this form of FROM")),
        }
    }

    fn table(&self, name: &[&Ident], place: &Place) -> Result<bool, Problem> {
        let [name] = name else {
            return Err(Problem::unsupported(place, "a name with a catalog or database"));
        };
        if name.value.starts_with(PREFIX) {
            return Ok(true);
        }
        if !self.tables.contains(&name.value) {
            let hint = crate::nearest::suggestion(&name.value, self.tables.iter().map(String::as_str));
            return Err(Problem::new(place, format!("there is no table or view '{}'{hint}", name.value)));
        }
        Ok(false)
    }

    /// Returns whether there is a GROUP BY.
    fn group_by(&self, group_by: &mut GroupByExpr, windowed: bool) -> Result<bool, Problem> {
        let (expressions, modifiers) = match group_by {
            GroupByExpr::All(_) => return Err(self.near("ALL", "GROUP BY ALL")),
            GroupByExpr::Expressions(expressions, modifiers) => (expressions, modifiers),
        };
        if !modifiers.is_empty() {
            return Err(self.near("GROUP", "this kind of GROUP BY"));
        }
        if expressions.is_empty() {
            return Ok(false);
        }
        let mut walk = Walk::new(self.places);
        for expression in expressions.iter_mut() {
            match expression {
                Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                    let columns = |e: &Expr| matches!(e, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
                    if let Some(other) = sets.iter().flatten().find(|e| !columns(e)) {
                        return Err(self.unsupported(other, "an expression in GROUPING SETS, CUBE or ROLLUP"));
                    }
                }
                Expr::Tuple(_) => return Err(self.near("GROUP", "a list in GROUP BY")),
                Expr::Value(_) => return Err(self.unsupported(&*expression, "a constant in GROUP BY")),
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {}
                other => {
                    walk.window_columns_come_later = windowed;
                    walk.in_aggregate = true;
                    walk.expression(other)?;
                }
            }
        }
        Ok(true)
    }

    /// Names what has no name, as Flink does: `EXPR$0`.
    fn projection(&self, items: &mut [SelectItem], walk: &mut Walk<'_>) -> Result<(), Problem> {
        let mut names = BTreeSet::new();
        for (number, item) in items.iter_mut().enumerate() {
            let (expression, alias) = match item {
                SelectItem::UnnamedExpr(expression) => {
                    let plain = last_name(expression).map(str::to_string);
                    (expression, plain.unwrap_or_else(|| format!("EXPR${number}")))
                }
                SelectItem::ExprWithAlias { expr, alias } => (expr, alias.value.clone()),
                SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
                    if *options != plain_wildcard(options) {
                        return Err(self.near("*", "an option of *"));
                    }
                    continue;
                }
                other => return Err(self.unsupported(&*other, "this kind of result column")),
            };
            walk.expression(expression)?;
            let alias = unique(alias, &names);
            names.insert(alias.clone());
            if !matches!(expression, Expr::Identifier(name) if name.value == alias) {
                let alias = Ident::with_quote('`', alias);
                *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias };
            }
        }
        Ok(())
    }
}

fn unique(name: String, taken: &BTreeSet<String>) -> String {
    let candidates = std::iter::once(name.clone()).chain((0..).map(|n| format!("{name}{n}")));
    candidates.into_iter().find(|candidate| !taken.contains(candidate)).unwrap_or(name)
}

/// The same wildcard without options.
fn plain_wildcard(options: &WildcardAdditionalOptions) -> WildcardAdditionalOptions {
    WildcardAdditionalOptions { wildcard_token: options.wildcard_token.clone(), ..Default::default() }
}

fn last_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Identifier(name) => Some(&name.value),
        Expr::CompoundIdentifier(names) => names.last().map(|name| name.value.as_str()),
        _ => None,
    }
}
