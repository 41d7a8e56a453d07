//! Which expressions are supported, and their plain form: functions of special syntax become ordinary calls.

use super::literal::{digits_of, literal_precision, plain_interval};
use crate::error::Problem;
use crate::fault::Places;
use crate::functions::{AGGREGATES, GROUPING, NON_DETERMINISTIC, is_function, names};
use crate::nearest::suggestion;
use datafusion_sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CastKind, CeilFloorKind, DataType, DateTimeField, DuplicateTreatment, Expr,
    Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    Spanned, Subscript, TrimWhereField, TypedString, UnaryOperator, Value,
};
use datafusion_sql::sqlparser::tokenizer::Span;

/// Expressions may not be nested deeper.
const DEPTH_MAX: usize = 200;

/// A walk over the expressions of one SELECT.
pub(crate) struct Walk<'a> {
    places: Places<'a>,
    depth: usize,
    pub allow_aggregates: bool,
    /// In the SELECT list.
    pub allow_row_number: bool,
    /// Inside an aggregate's arguments, or where rows are not yet aggregated.
    pub in_aggregate: bool,
    /// The window's columns exist only after the aggregation.
    pub window_columns_come_later: bool,
}

impl<'a> Walk<'a> {
    pub fn new(places: Places<'a>) -> Self {
        Self {
            places,
            depth: 0,
            allow_aggregates: false,
            allow_row_number: false,
            in_aggregate: false,
            window_columns_come_later: false,
        }
    }

    fn unsupported(&self, spanned: &impl Spanned, what: impl std::fmt::Display) -> Problem {
        Problem::unsupported(&self.places.at(spanned.span().start), what)
    }

    pub fn expression(&mut self, expression: &mut Expr) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.unsupported(&*expression, "an expression nested so deeply"));
        }
        let result = self.one(expression);
        self.depth -= 1;
        result
    }

    pub(super) fn all<'e>(
        &mut self,
        expressions: impl IntoIterator<Item = &'e mut Expr>,
    ) -> Result<(), Problem> {
        expressions.into_iter().try_for_each(|expression| self.expression(expression))
    }

    fn one(&mut self, expression: &mut Expr) -> Result<(), Problem> {
        match expression {
            Expr::Identifier(name) => self.column(&name.value.clone(), expression),
            Expr::CompoundIdentifier(names) => {
                let last = names.last().map(|name| name.value.clone()).unwrap_or_default();
                self.column(&last, expression)
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                let plain = access_chain.iter().all(|access| match access {
                    AccessExpr::Dot(field) => matches!(field, Expr::Identifier(_)),
                    AccessExpr::Subscript(Subscript::Index { .. }) | AccessExpr::Subscript(_) => false,
                });
                if !plain {
                    return Err(self.unsupported(&*expression, "an element of an ARRAY or MAP"));
                }
                self.expression(root)
            }
            Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => self.literal(expression),
            Expr::Cast {
                kind: CastKind::Cast | CastKind::TryCast, expr, array: false, format: None, ..
            } => self.expression(expr),
            Expr::Case { operand, conditions, else_result, .. } => {
                self.all(operand.as_deref_mut())?;
                for when in conditions {
                    self.expression(&mut when.condition)?;
                    self.expression(&mut when.result)?;
                }
                self.all(else_result.as_deref_mut())
            }
            Expr::Nested(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner) => self.expression(inner),
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.all([left.as_mut(), right.as_mut()])
            }
            Expr::UnaryOp { op, expr } => match op {
                UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not => self.expression(expr),
                _ => Err(self.unsupported(&*expression, "this operator")),
            },
            Expr::BinaryOp { left, op, right } => {
                if !is_plain(op) {
                    return Err(Problem::unsupported(
                        &self.places.near(&op.to_string()),
                        format!("operator {op}"),
                    ));
                }
                self.all([left.as_mut(), right.as_mut()])
            }
            Expr::Between { expr, low, high, .. } => self.all([expr.as_mut(), low.as_mut(), high.as_mut()]),
            Expr::InList { expr, list, .. } => {
                self.expression(expr)?;
                self.all(list)
            }
            Expr::Like { any: false, expr, pattern, .. } => self.all([expr.as_mut(), pattern.as_mut()]),
            Expr::Function(_) => self.function(expression),
            Expr::InSubquery { .. } | Expr::Exists { .. } | Expr::Subquery(_) => {
                Err(self.unsupported(&*expression, "a subquery in an expression"))
            }
            _ => self.special(expression),
        }
    }

    fn literal(&self, expression: &mut Expr) -> Result<(), Problem> {
        match expression {
            Expr::Value(value) => match value.value {
                Value::Number(ref text, false) if text.contains(['e', 'E']) => {
                    *expression = cast_text(text.clone(), DataType::DoublePrecision);
                    Ok(())
                }
                Value::Number(ref text, false) if digits_of(text).is_none() => {
                    let message = format!("the number {text} is out of range; CAST a text to DECIMAL");
                    Err(Problem::new(&self.places.at(expression.span().start), message))
                }
                Value::Number(_, false) | Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => {
                    Ok(())
                }
                _ => Err(self.unsupported(&*expression, "this kind of literal")),
            },
            Expr::TypedString(TypedString { data_type, .. }) => match data_type {
                DataType::Date => Ok(()),
                DataType::Timestamp(None, _) => {
                    let precision = literal_precision(expression);
                    if let Expr::TypedString(TypedString { data_type: DataType::Timestamp(p, _), .. }) =
                        expression
                    {
                        *p = Some(precision);
                    }
                    Ok(())
                }
                _ => Err(self.unsupported(&*expression, "this kind of literal")),
            },
            Expr::Interval(interval) => {
                let ok = plain_interval(interval);
                if ok { Ok(()) } else { Err(self.unsupported(&*expression, "this kind of INTERVAL")) }
            }
            _ => Err(self.unsupported(&*expression, "this kind of literal")),
        }
    }

    fn column(&self, name: &str, expression: &Expr) -> Result<(), Problem> {
        let window = ["window_start", "window_end", "window_time"].contains(&name);
        if window && self.window_columns_come_later && self.in_aggregate {
            let what = format!("{name} before the aggregation (use it after the aggregation)");
            return Err(self.unsupported(expression, what));
        }
        Ok(())
    }

    /// Syntax of its own becomes an ordinary call.
    fn special(&mut self, expression: &mut Expr) -> Result<(), Problem> {
        let place = self.places.at(expression.span().start);
        let refused = |what: &str| Err(Problem::unsupported(&place, what));
        let (name, arguments): (&str, Vec<Expr>) = match expression {
            Expr::Extract { field, expr, .. } => {
                ("extract", vec![text(field.to_string().to_uppercase()), expr.as_ref().clone()])
            }
            Expr::Ceil { expr, field } | Expr::Floor { expr, field }
                if matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)) =>
            {
                let inner = expr.as_ref().clone();
                (if matches!(expression, Expr::Ceil { .. }) { "ceil" } else { "floor" }, vec![inner])
            }
            Expr::Floor { expr, field: CeilFloorKind::DateTimeField(unit) } => {
                ("floor_to", vec![text(unit.to_string().to_uppercase()), expr.as_ref().clone()])
            }
            Expr::Substring { expr, substring_from: Some(from), substring_for, .. } => {
                let arguments = [Some(expr.as_ref()), Some(from.as_ref()), substring_for.as_deref()];
                ("substring", arguments.into_iter().flatten().cloned().collect())
            }
            Expr::Position { expr, r#in } => ("position", vec![expr.as_ref().clone(), r#in.as_ref().clone()]),
            Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "trim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let arguments = [Some(expr.as_ref()), trim_what.as_deref()];
                (name, arguments.into_iter().flatten().cloned().collect())
            }
            Expr::ILike { .. } => return refused("ILIKE"),
            Expr::SimilarTo { .. } => return refused("SIMILAR TO"),
            Expr::AtTimeZone { .. } => return refused("AT TIME ZONE"),
            Expr::Array(_) => return refused("ARRAY[…]"),
            Expr::Map(_) => return refused("MAP[…]"),
            Expr::Tuple(_) | Expr::Struct { .. } => return refused("a ROW made by the query"),
            Expr::Overlay { .. } => return refused("OVERLAY"),
            _ => return refused("this kind of expression"),
        };
        let span = expression.span();
        *expression = call(name, arguments, span);
        self.function(expression)
    }

    fn function(&mut self, expression: &mut Expr) -> Result<(), Problem> {
        let place = self.places.at(expression.span().start);
        let Expr::Function(function) = expression else { return Ok(()) };
        let written = function.name.to_string();
        let name = written.trim_matches('`').to_lowercase();
        let aggregate = AGGREGATES.contains(&name.as_str());
        if function.over.is_some() {
            return self.row_number(function, &name, &place);
        }
        if NON_DETERMINISTIC.contains(&name.as_str()) {
            let what = format!("{} (a replay must give the same rows)", written.to_uppercase());
            return Err(Problem::unsupported(&place, what));
        }
        if ["tumble", "hop", "session"].contains(&name.trim_end_matches("_start").trim_end_matches("_end")) {
            let what =
                format!("the legacy group window {} (use TABLE(TUMBLE(TABLE …)))", written.to_uppercase());
            return Err(Problem::unsupported(&place, what));
        }
        if !aggregate && !is_function(&name) {
            let hint = suggestion(&name, names().chain(AGGREGATES).collect::<Vec<_>>());
            let hint = if hint.contains("did you mean") {
                hint.to_uppercase().replace("; DID YOU MEAN ", " (did you mean ").replace('?', "?)")
            } else {
                String::new()
            };
            return Err(Problem::unsupported(&place, format!("function {}{hint}", written.to_uppercase())));
        }
        let plain = function.null_treatment.is_none()
            && function.within_group.is_empty()
            && !function.uses_odbc_syntax
            && function.parameters == FunctionArguments::None
            && (aggregate || function.filter.is_none());
        if !plain {
            return Err(Problem::unsupported(&place, format!("a clause of {}", written.to_uppercase())));
        }
        function.name = ObjectName::from(vec![Ident {
            value: name.clone(),
            quote_style: Some('`'),
            span: function.name.span(),
        }]);
        if aggregate { self.aggregate(function, &name) } else { self.arguments(function, &name) }
    }

    fn aggregate(&mut self, function: &mut Function, name: &str) -> Result<(), Problem> {
        let place = self.places.at(function.name.span().start);
        if self.in_aggregate {
            return Err(Problem::new(
                &place,
                format!("the aggregate {} cannot stand here", name.to_uppercase()),
            ));
        }
        if !self.allow_aggregates {
            let what = format!("{} without GROUP BY window_start, window_end", name.to_uppercase());
            return Err(Problem::unsupported(&place, what));
        }
        if let FunctionArguments::List(list) = &mut function.args {
            for argument in &mut list.args {
                if name == "count" && *argument == FunctionArg::Unnamed(FunctionArgExpr::Wildcard) {
                    *argument = FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::value(Value::Number(
                        "1".into(),
                        false,
                    ))));
                }
            }
            if list.args.len() != 1 && (list.args.is_empty() || !name.starts_with(GROUPING)) {
                return Err(Problem::new(&place, format!("{} takes one argument", name.to_uppercase())));
            }
        }
        self.in_aggregate = true;
        let result = self.arguments(function, name).and_then(|()| self.all(function.filter.as_deref_mut()));
        self.in_aggregate = false;
        result
    }

    fn arguments(&mut self, function: &mut Function, name: &str) -> Result<(), Problem> {
        let place = self.places.at(function.name.span().start);
        let wrong =
            || Problem::new(&place, format!("the arguments of {} are not understood", name.to_uppercase()));
        let FunctionArguments::List(FunctionArgumentList { duplicate_treatment, args, clauses }) =
            &mut function.args
        else {
            return Err(wrong());
        };
        let distinct = matches!(duplicate_treatment, Some(DuplicateTreatment::Distinct));
        if let Some(clause) = clauses.first() {
            return Err(self.unsupported(clause, format!("a clause inside {}( )", name.to_uppercase())));
        }
        if distinct && !AGGREGATES.contains(&name) {
            return Err(wrong());
        }
        for argument in args {
            match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => self.expression(expression)?,
                _ => return Err(wrong()),
            }
        }
        Ok(())
    }
}

fn is_plain(op: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        op,
        Op::Plus
            | Op::Minus
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::StringConcat
            | Op::Gt
            | Op::Lt
            | Op::GtEq
            | Op::LtEq
            | Op::Eq
            | Op::NotEq
            | Op::And
            | Op::Or
    )
}

fn text(value: String) -> Expr {
    Expr::value(Value::SingleQuotedString(value))
}

fn cast_text(value: String, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(text(value)), data_type, array: false, format: None }
}

fn call(name: &str, arguments: Vec<Expr>, span: Span) -> Expr {
    let args = arguments.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident { value: name.into(), quote_style: Some('`'), span }]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args,
            clauses: Vec::new(),
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}
