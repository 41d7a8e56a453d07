//! `TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))`: read from the tokens and replaced by a name.

use crate::cursor::{Cursor, Name};
use crate::error::{Place, Problem};
use crate::lexer::{is_word, place_of};
use crate::script::QueryText;
use datafusion_sql::sqlparser::keywords::Keyword;
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};
use std::collections::BTreeMap;
use stream::WindowShape;

/// A call of a window table function.
#[derive(Clone, Debug)]
pub(crate) struct WindowCall {
    /// What stands for it in the query: no script can write this name.
    pub id: String,
    pub table: Name,
    pub time: Name,
    pub windows: CalledWindows,
}

/// Which windows a call makes.
#[derive(Clone, Debug)]
pub(crate) enum CalledWindows {
    Fixed(WindowShape),
    Session { gap_ms: i64, partition: Vec<Name> },
}

/// Names of window scans begin with this.
pub(crate) const PREFIX: &str = "\u{1}window";

/// The query with each call replaced by its name, and the calls.
pub(crate) fn replace_window_calls(
    query: &QueryText,
) -> Result<(Vec<TokenWithSpan>, Vec<WindowCall>), Problem> {
    let mut tokens = Vec::with_capacity(query.tokens.len());
    let mut calls: Vec<WindowCall> = Vec::new();
    let mut at = 0;
    while let Some(token) = query.tokens.get(at) {
        let after = |n: usize| query.tokens.get(at + n).map(|t| &t.token);
        if is_word(&token.token, "TABLE") && after(1) == Some(&Token::LParen) {
            let mut cursor = Cursor::new(&query.tokens[at..], query.statement);
            let id = format!("{PREFIX} {} {}", query.statement, calls.len());
            let call = window_call(&mut cursor, id)?;
            let word = Word { value: call.id.clone(), quote_style: Some('`'), keyword: Keyword::NoKeyword };
            tokens.push(TokenWithSpan { token: Token::Word(word), span: token.span });
            calls.push(call);
            at += cursor.position();
        } else {
            tokens.push(token.clone());
            at += 1;
        }
    }
    Ok((tokens, calls))
}

/// A window table function and its arguments, in order.
const FUNCTIONS: [(&str, &[&str]); 4] = [
    ("TUMBLE", &["DATA", "TIMECOL", "SIZE", "OFFSET"]),
    ("HOP", &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"]),
    ("CUMULATE", &["DATA", "TIMECOL", "STEP", "SIZE", "OFFSET"]),
    ("SESSION", &["DATA", "TIMECOL", "GAP"]),
];

fn window_call(cursor: &mut Cursor<'_>, id: String) -> Result<WindowCall, Problem> {
    cursor.expect(&["TABLE"])?;
    cursor.expect_symbol(&Token::LParen)?;
    let function = cursor.name("a window table function")?;
    let name = function.value.to_uppercase();
    let Some((name, order)) = FUNCTIONS.into_iter().find(|(known, _)| *known == name) else {
        return Err(Problem::unsupported(&function.place, format!("table function {name}")));
    };
    cursor.expect_symbol(&Token::LParen)?;
    let mut arguments = Arguments::default();
    loop {
        arguments.read(cursor, name, order)?;
        if !cursor.take_symbol(&Token::Comma) {
            break;
        }
    }
    if !cursor.take_symbol(&Token::RParen) || !cursor.take_symbol(&Token::RParen) {
        return Err(cursor.error("expected ',' or ')'"));
    }
    let missing = |what: &str| Problem::new(&function.place, format!("{name} lacks {what}"));
    let (table, partition) = arguments.table.take().ok_or_else(|| missing("TABLE t"))?;
    let time = arguments.time.take().ok_or_else(|| missing("DESCRIPTOR(column)"))?;
    let windows = arguments.windows(name, partition, &function.place)?;
    Ok(WindowCall { id, table, time, windows })
}

#[derive(Default)]
struct Arguments {
    table: Option<(Name, Vec<Name>)>,
    time: Option<Name>,
    /// `SIZE`, `SLIDE`, `STEP`, `GAP` and `OFFSET`, in ms.
    intervals: BTreeMap<&'static str, i64>,
}

impl Arguments {
    /// One argument, by position or as `NAME => value`.
    fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
        function: &str,
        order: &[&'static str],
    ) -> Result<(), Problem> {
        let place = cursor.place();
        let named = match cursor.peek_nth(1) {
            Some(Token::RArrow) => Some(cursor.name("an argument's name")?.value.to_uppercase()),
            _ => None,
        };
        if named.is_some() {
            cursor.expect_symbol(&Token::RArrow)?;
        }
        let slot = match &named {
            Some(name) => *order.iter().find(|o| *o == name).ok_or_else(|| {
                let hint = crate::nearest::suggestion(name, order.iter().copied());
                Problem::new(&place, format!("there is no argument '{name}'{hint}"))
            })?,
            None => order
                .iter()
                .find(|slot| !self.has(slot))
                .ok_or_else(|| Problem::new(&place, "one argument too many"))?,
        };
        if self.has(slot) {
            return Err(Problem::new(&place, format!("argument {slot} stands twice")));
        }
        match slot {
            "DATA" => self.table = Some(table(cursor, function)?),
            "TIMECOL" => self.time = Some(descriptor(cursor)?),
            interval => {
                self.intervals.insert(interval, interval_ms(cursor)?);
            }
        }
        Ok(())
    }

    fn has(&self, slot: &str) -> bool {
        match slot {
            "DATA" => self.table.is_some(),
            "TIMECOL" => self.time.is_some(),
            interval => self.intervals.contains_key(interval),
        }
    }

    /// The windows these arguments describe, if Flink takes them.
    fn windows(&self, name: &str, partition: Vec<Name>, place: &Place) -> Result<CalledWindows, Problem> {
        let positive = |slot: &str| {
            let what = slot.to_lowercase();
            match self.intervals.get(slot) {
                None => Err(Problem::new(place, format!("{name} lacks its {what}, an INTERVAL"))),
                Some(ms) if *ms <= 0 => {
                    Err(Problem::new(place, format!("the {what} of {name} must be above zero")))
                }
                Some(ms) => Ok(*ms),
            }
        };
        if name == "SESSION" {
            return Ok(CalledWindows::Session { gap_ms: positive("GAP")?, partition });
        }
        let size_ms = positive("SIZE")?;
        let offset_ms = self.intervals.get("OFFSET").copied().unwrap_or(0);
        let parts = |slot: &str| {
            let part_ms = positive(slot)?;
            if size_ms % part_ms != 0 {
                let what = slot.to_lowercase();
                let message = format!(
                    "the size of {name} must be a multiple of its {what}; {name} takes the {what} first, then the size"
                );
                return Err(Problem::new(place, message));
            }
            Ok(part_ms)
        };
        Ok(CalledWindows::Fixed(match name {
            "HOP" => WindowShape::Hop { size_ms, slide_ms: parts("SLIDE")?, offset_ms },
            "CUMULATE" => WindowShape::Cumulate { size_ms, step_ms: parts("STEP")?, offset_ms },
            _ if offset_ms.abs() >= size_ms => {
                let message = format!("the offset of {name} must be below its size");
                return Err(Problem::new(place, message));
            }
            _ => WindowShape::Tumble { size_ms, offset_ms },
        }))
    }
}

/// `TABLE t [PARTITION BY k, … | PARTITION BY (k, …)]`
fn table(cursor: &mut Cursor<'_>, function: &str) -> Result<(Name, Vec<Name>), Problem> {
    if cursor.peek() == Some(&Token::LParen) {
        return Err(Problem::unsupported(
            &cursor.place(),
            "a subquery as the input of a window (name it with CREATE VIEW)",
        ));
    }
    cursor.expect(&["TABLE"])?;
    let name = cursor.object_name("a table's name")?;
    let place = cursor.place();
    let mut partition = Vec::new();
    if cursor.take(&["PARTITION", "BY"]) {
        if function != "SESSION" {
            let message = format!("{function} takes no PARTITION BY: only SESSION does");
            return Err(Problem::new(&place, message));
        }
        partition = match cursor.peek() {
            Some(Token::LParen) => cursor.names("a column's name")?,
            _ => partition_names(cursor)?,
        };
    }
    if cursor.sees(&["ORDER"]) {
        return Err(Problem::new(&cursor.place(), "a window table function takes no ORDER BY"));
    }
    Ok((name, partition))
}

/// `k, l` before the `, DESCRIPTOR(…)` or `, NAME => …` of the next argument.
fn partition_names(cursor: &mut Cursor<'_>) -> Result<Vec<Name>, Problem> {
    let mut names = vec![cursor.name("a column's name")?];
    while cursor.peek() == Some(&Token::Comma)
        && matches!(cursor.peek_nth(1), Some(Token::Word(_)))
        && !matches!(cursor.peek_nth(2), Some(Token::LParen | Token::RArrow | Token::SingleQuotedString(_)))
    {
        cursor.take_symbol(&Token::Comma);
        names.push(cursor.name("a column's name")?);
    }
    Ok(names)
}

fn descriptor(cursor: &mut Cursor<'_>) -> Result<Name, Problem> {
    cursor.expect(&["DESCRIPTOR"])?;
    cursor.expect_symbol(&Token::LParen)?;
    let name = cursor.name("a column's name")?;
    cursor.expect_symbol(&Token::RParen)?;
    Ok(name)
}

/// `INTERVAL '10' MINUTES` in milliseconds.
fn interval_ms(cursor: &mut Cursor<'_>) -> Result<i64, Problem> {
    cursor.expect(&["INTERVAL"])?;
    let value = cursor.string("an amount")?;
    let unit = cursor.name("a unit such as SECOND, MINUTE, HOUR or DAY")?;
    let unit_ms: i64 = match unit.value.to_uppercase().as_str() {
        "SECOND" | "SECONDS" => 1_000,
        "MINUTE" | "MINUTES" => 60_000,
        "HOUR" | "HOURS" => 3_600_000,
        "DAY" | "DAYS" => 86_400_000,
        "WEEK" | "WEEKS" => 7 * 86_400_000,
        "MONTH" | "MONTHS" | "YEAR" | "YEARS" | "QUARTER" | "QUARTERS" => {
            return Err(Problem::new(&unit.place, "a window has a fixed length: months and years have none"));
        }
        _ => return Err(Problem::new(&unit.place, "expected a unit such as SECOND, MINUTE, HOUR or DAY")),
    };
    // `SECOND(5)`: how many digits Flink shall allow.
    if cursor.take_symbol(&Token::LParen) {
        cursor.number("a precision")?;
        cursor.expect_symbol(&Token::RParen)?;
    }
    if cursor.sees(&["TO"]) {
        return Err(Problem::unsupported(&cursor.place(), "an INTERVAL of several units"));
    }
    amount_ms(&value.value, unit_ms)
        .ok_or_else(|| Problem::new(&value.place, "expected a number, with at most millisecond precision"))
}

fn amount_ms(text: &str, unit_ms: i64) -> Option<i64> {
    let text = text.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let unsigned = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    if unsigned.is_empty() || !digits(unsigned) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let number = unsigned.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(part)?.checked_mul(unit_ms)?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    (number % scale == 0).then(|| sign * (number / scale))
}

/// The place of a query's first token.
pub(crate) fn first_place(query: &QueryText) -> Place {
    query.tokens.first().map(|token| place_of(token, query.statement)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
