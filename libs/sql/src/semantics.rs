//! Flink's meaning of expressions, laid over DataFusion's plan before its own type coercion.
//!
//! Literals get Flink's types, `CAST`s and functions are chosen by their arguments' types, decimal arithmetic gets
//! Flink's precision, and what DataFusion would convert silently but Flink would not is refused.

use crate::fault::{unsupported, wrong};
use crate::functions::{cast, choose, compare, decimal, decimal_divide, is_placeholder, wrap};
use arrow::datatypes::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{Between, BinaryExpr, Case, InList};
use datafusion_expr::simplify::SimplifyContext;
use datafusion_expr::{Expr, ExprSchemable, Operator, binary_expr, cast as plain_cast, try_cast};
use datafusion_optimizer::simplify_expressions::ExprSimplifier;
use event::type_name;
use std::sync::Arc;

/// Gives an expression over `schema` Flink's meaning and final types.
pub(crate) fn convert(expression: Expr, schema: &DFSchema) -> Result<Expr> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(schema.clone()))
        .with_config_options(Arc::new(ConfigOptions::default()))
        .build();
    let simplifier = ExprSimplifier::new(context);
    let converted = expression.transform_up(|e| {
        let converted = node(e, schema)?;
        Ok(Transformed::yes(simplifier.coerce(converted, schema)?))
    })?;
    simplifier.simplify(converted.data)
}

fn node(expression: Expr, schema: &DFSchema) -> Result<Expr> {
    match expression {
        Expr::Literal(ScalarValue::Int64(Some(value)), metadata) => Ok(match i32::try_from(value) {
            Ok(small) => Expr::Literal(ScalarValue::Int32(Some(small)), metadata),
            Err(_) => Expr::Literal(ScalarValue::Int64(Some(value)), metadata),
        }),
        Expr::Literal(ScalarValue::UInt64(Some(value)), _) => Err(wrong(
            value.to_string(),
            "this number does not fit a BIGINT; write it as a DECIMAL, with a point",
        )),
        Expr::Cast(c) => {
            let from = c.expr.get_type(schema)?;
            cast(*c.expr, &from, c.field.data_type(), true)
        }
        Expr::TryCast(c) => {
            let from = c.expr.get_type(schema)?;
            cast(*c.expr, &from, c.field.data_type(), false)
        }
        Expr::ScalarFunction(f) if is_placeholder(&f.func) => choose(f.func.name(), f.args, schema),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => binary(*left, op, *right, schema),
        Expr::Between(Between { expr, negated, low, high }) => {
            let [expr, low, high] =
                <[Expr; 3]>::try_from(alike(vec![*expr, *low, *high], "BETWEEN", schema)?)
                    .unwrap_or_default();
            Ok(Expr::Between(Between::new(Box::new(expr), negated, Box::new(low), Box::new(high))))
        }
        Expr::InList(InList { expr, list, negated }) => {
            let mut all = alike([vec![*expr], list].concat(), "IN", schema)?;
            let list = all.split_off(1);
            Ok(Expr::InList(InList::new(Box::new(all.pop().unwrap_or_default()), list, negated)))
        }
        Expr::Case(c) => case(c, schema),
        Expr::Like(mut like) => {
            like.pattern = Box::new(escaped(*like.pattern, like.escape_char.take())?);
            for side in [&like.expr, &like.pattern] {
                if !matches!(side.get_type(schema)?, DataType::Utf8 | DataType::Null) {
                    return Err(wrong("LIKE", "LIKE compares texts; use CAST"));
                }
            }
            Ok(Expr::Like(like))
        }
        other => Ok(other),
    }
}

/// A LIKE pattern in which, whatever the script's own escape is, a backslash is: that is all the engine knows.
fn escaped(pattern: Expr, escape: Option<char>) -> Result<Expr> {
    let (text, metadata) = match pattern {
        Expr::Literal(ScalarValue::Utf8(Some(text)), metadata) => (text, metadata),
        other if escape.is_none_or(|escape| escape == '\\') => return Ok(other),
        _ => return Err(unsupported("ESCAPE", "ESCAPE with a pattern that is no literal")),
    };
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            _ if Some(c) == escape => match chars.next() {
                Some(next @ ('%' | '_')) => out.extend(['\\', next]),
                Some(next) if Some(next) == escape => {
                    out.extend(if next == '\\' { "\\\\".chars().collect() } else { vec![next] });
                }
                _ => return Err(wrong("LIKE", format!("in LIKE, {c} escapes %, _ or itself: '{text}'"))),
            },
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
    Ok(Expr::Literal(ScalarValue::Utf8(Some(out)), metadata))
}

fn case(case: Case, schema: &DFSchema) -> Result<Expr> {
    let (whens, thens): (Vec<_>, Vec<_>) =
        case.when_then_expr.into_iter().map(|(when, then)| (*when, *then)).unzip();
    let (operand, whens) = match case.expr {
        Some(operand) => {
            let mut all = alike([vec![*operand], whens].concat(), "CASE", schema)?;
            let whens = all.split_off(1);
            (all.pop().map(Box::new), whens)
        }
        None => (None, whens),
    };
    let count = thens.len();
    let mut results = alike(thens.into_iter().chain(case.else_expr.map(|e| *e)).collect(), "CASE", schema)?;
    let otherwise = results.split_off(count).pop().map(Box::new);
    let pairs = whens.into_iter().zip(results).map(|(when, then)| (Box::new(when), Box::new(then))).collect();
    Ok(Expr::Case(Case::new(operand, pairs, otherwise)))
}

/// Brings expressions together that are compared, or of which one is chosen.
///
/// Text against anything else, which DataFusion would convert by rules of its own, is refused; a DECIMAL becomes a
/// DOUBLE beside floating-point numbers.
pub(crate) fn alike(expressions: Vec<Expr>, near: &str, schema: &DFSchema) -> Result<Vec<Expr>> {
    let types = expressions.iter().map(|e| e.get_type(schema)).collect::<Result<Vec<_>>>()?;
    let mut known = types.iter().filter(|t| **t != DataType::Null);
    if let Some(first) = known.next()
        && let Some(other) = known.find(|t| (**t == DataType::Utf8) != (*first == DataType::Utf8))
    {
        let message = format!("{} and {} do not go together; use CAST", type_name(first), type_name(other));
        return Err(wrong(near, message));
    }
    let floating = types.iter().any(DataType::is_floating);
    let one = |(e, t): (Expr, &DataType)| match t {
        DataType::Decimal128(..) if floating => plain_cast(e, DataType::Float64),
        _ => e,
    };
    Ok(expressions.into_iter().zip(&types).map(one).collect())
}

fn binary(left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Result<Expr> {
    match op {
        Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo => {
            arithmetic(left, op, right, schema)
        }
        Operator::StringConcat => {
            for side in [&left, &right] {
                if !matches!(side.get_type(schema)?, DataType::Utf8 | DataType::Null) {
                    return Err(wrong("||", "|| joins texts; use CAST"));
                }
            }
            Ok(binary_expr(left, op, right))
        }
        _ => {
            let [left, right] =
                <[Expr; 2]>::try_from(alike(vec![left, right], &op.to_string(), schema)?).unwrap_or_default();
            let (l, r) = (left.get_type(schema)?, right.get_type(schema)?);
            let number = |t: &DataType| t.is_numeric();
            if ((l.is_floating() && number(&r)) || (r.is_floating() && number(&l)))
                && let Some(compared) = compare(left.clone(), op, right.clone())
            {
                return Ok(compared);
            }
            Ok(binary_expr(left, op, right))
        }
    }
}

/// `+ - * / %` with Flink's result types.
pub(crate) fn arithmetic(left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Result<Expr> {
    let (l, r) = (left.get_type(schema)?, right.get_type(schema)?);
    let near = op.to_string();
    let temporal =
        |t: &DataType| matches!(t, DataType::Timestamp(..) | DataType::Date32 | DataType::Interval(_));
    if temporal(&l) || temporal(&r) {
        let interval = |t: &DataType| matches!(t, DataType::Interval(_));
        let shifts = interval(&r) && matches!(op, Operator::Plus | Operator::Minus)
            || interval(&l) && op == Operator::Plus;
        let date = l == DataType::Date32 || r == DataType::Date32;
        if !shifts || date {
            return Err(unsupported(near, format!("{} {op} {}", type_name(&l), type_name(&r))));
        }
        return Ok(binary_expr(left, op, right));
    }
    let number = |t: &DataType| t.is_numeric() || *t == DataType::Null;
    if !number(&l) || !number(&r) {
        return Err(wrong(
            near,
            format!("{op} takes numbers, not {} and {}; use CAST", type_name(&l), type_name(&r)),
        ));
    }
    let decimal = |t: &DataType| matches!(t, DataType::Decimal128(..));
    if decimal(&l) || decimal(&r) {
        return decimal_arithmetic(left, op, right, (&l, &r));
    }
    // Beside a FLOAT on its left, a DOUBLE is a FLOAT.
    let right = match (&l, &r) {
        (DataType::Float32, DataType::Float64) => plain_cast(right, DataType::Float32),
        _ => right,
    };
    let result = binary_expr(left, op, right);
    // The remainder has the divisor's type.
    if op == Operator::Modulo && l.is_integer() && r.is_integer() && width(&l) > width(&r) {
        return Ok(wrap(result, &r));
    }
    Ok(result)
}

fn width(data_type: &DataType) -> Option<usize> {
    data_type.primitive_width()
}

/// Precision and scale of an exact number.
fn exact(data_type: &DataType) -> Option<(i32, i32)> {
    Some(match data_type {
        DataType::Int8 => (3, 0),
        DataType::Int16 => (5, 0),
        DataType::Int32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::Decimal128(precision, scale) => (i32::from(*precision), i32::from(*scale)),
        _ => return None,
    })
}

/// Makes a precision fit 38 digits: up to six fractional ones are kept at the cost of the whole ones.
fn fit(precision: i32, scale: i32) -> DataType {
    if precision <= 38 {
        return DataType::Decimal128(precision as u8, scale as i8);
    }
    let scale = (38 - (precision - scale)).max(scale.min(6));
    DataType::Decimal128(38, scale as i8)
}

fn decimal_arithmetic(left: Expr, op: Operator, right: Expr, types: (&DataType, &DataType)) -> Result<Expr> {
    let (Some((p1, s1)), Some((p2, s2))) = (exact(types.0), exact(types.1)) else {
        if *types.0 == DataType::Null || *types.1 == DataType::Null {
            return Ok(binary_expr(left, op, right));
        }
        let double = |e| plain_cast(e, DataType::Float64);
        return Ok(binary_expr(double(left), op, double(right)));
    };
    let as_decimal = |e: Expr, t: &DataType, p: i32, s: i32| match t {
        DataType::Decimal128(..) => e,
        _ => plain_cast(e, DataType::Decimal128(p as u8, s as i8)),
    };
    let left = as_decimal(left, types.0, p1, s1);
    let right = as_decimal(right, types.1, p2, s2);
    let result = match op {
        Operator::Plus | Operator::Minus => {
            let scale = s1.max(s2);
            fit((p1 - s1).max(p2 - s2) + scale + 1, scale)
        }
        Operator::Multiply => fit(p1 + p2, s1 + s2),
        Operator::Divide => {
            let scale = (s1 + p2 + 1).max(6);
            let result = fit(p1 - s1 + s2 + scale, scale);
            return Ok(decimal_divide(left, right, result));
        }
        _ => {
            let scale = s1.max(s2);
            fit((p1 - s1).min(p2 - s2) + scale, scale)
        }
    };
    // Where nothing can overflow, the engine's own arithmetic is exact.
    let exact = match op {
        Operator::Plus | Operator::Minus => (p1 - s1).max(p2 - s2) + s1.max(s2) < 38,
        Operator::Multiply => p1 + p2 <= 38,
        _ => false,
    };
    match exact {
        true => Ok(try_cast(binary_expr(left, op, right), result)),
        false => Ok(decimal(left, op, right, result)),
    }
}
