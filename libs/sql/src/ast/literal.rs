//! Literals: which of them are read, and as what.

use datafusion_sql::sqlparser::ast::{DateTimeField, Expr, Interval, TypedString, Value};

/// The digits of an exact number without its point, if they are not too many for a BIGINT.
pub(super) fn digits_of(number: &str) -> Option<u64> {
    let digits: String = number.chars().filter(|c| *c != '.').collect();
    // One more than the largest stands in the smallest.
    digits.parse().ok().filter(|digits| *digits <= i64::MAX.unsigned_abs() + 1)
}

/// Fractional digits of `TIMESTAMP '…'`, at least milliseconds.
pub(super) fn literal_precision(expression: &Expr) -> u64 {
    let digits = match expression {
        Expr::TypedString(TypedString { value, .. }) => match &value.value {
            Value::SingleQuotedString(text) => text.split_once('.').map_or(0, |(_, fraction)| fraction.len()),
            _ => 0,
        },
        _ => 0,
    };
    match digits {
        0..=3 => 3,
        4..=6 => 6,
        _ => 9,
    }
}

/// Whether it is `INTERVAL 'n' UNIT`; brings the unit into its singular.
pub(super) fn plain_interval(interval: &mut Interval) -> bool {
    use DateTimeField as F;
    let unit = match &interval.leading_field {
        Some(F::Second | F::Seconds) => F::Second,
        Some(F::Minute | F::Minutes) => F::Minute,
        Some(F::Hour | F::Hours) => F::Hour,
        Some(F::Day | F::Days) => F::Day,
        Some(F::Month | F::Months) => F::Month,
        Some(F::Year | F::Years) => F::Year,
        _ => return false,
    };
    let amount = match interval.value.as_ref() {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => text.trim().parse::<f64>().is_ok(),
            _ => false,
        },
        _ => false,
    };
    interval.leading_field = Some(unit);
    amount
        && interval.last_field.is_none()
        && interval.leading_precision.is_none()
        && interval.fractional_seconds_precision.is_none()
}
