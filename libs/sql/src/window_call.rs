//! `TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR))`: read from the tokens and replaced by a name.

use crate::cursor::{Cursor, Name};
use crate::error::{Place, Problem};
use crate::lexer::{is_word, place_of};
use crate::script::QueryText;
use datafusion_sql::sqlparser::keywords::Keyword;
use datafusion_sql::sqlparser::tokenizer::{Token, TokenWithSpan, Word};
use stream::WindowShape;

/// A call of a window table function.
#[derive(Clone, Debug)]
pub(crate) struct WindowCall {
    /// What stands for it in the query: no script can write this name.
    pub id: String,
    pub table: Name,
    pub time: Name,
    pub shape: WindowShape,
    pub place: Place,
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

fn window_call(cursor: &mut Cursor<'_>, id: String) -> Result<WindowCall, Problem> {
    let place = cursor.place();
    cursor.expect(&["TABLE"])?;
    cursor.expect_symbol(&Token::LParen)?;
    let function = cursor.name("a window table function")?;
    let name = function.value.to_uppercase();
    if name != "TUMBLE" && name != "HOP" {
        return Err(Problem::unsupported(&function.place, format!("table function {name}")));
    }
    cursor.expect_symbol(&Token::LParen)?;
    let mut arguments = Arguments::default();
    loop {
        arguments.read(cursor, name == "HOP")?;
        if !cursor.take_symbol(&Token::Comma) {
            break;
        }
    }
    if !cursor.take_symbol(&Token::RParen) || !cursor.take_symbol(&Token::RParen) {
        return Err(cursor.error("expected ',' or ')'"));
    }
    let missing = |what: &str| Problem::new(&function.place, format!("{name} lacks {what}"));
    let table = arguments.table.ok_or_else(|| missing("TABLE t"))?;
    let time = arguments.time.ok_or_else(|| missing("DESCRIPTOR(column)"))?;
    let size_ms = arguments.size.ok_or_else(|| missing("its size, an INTERVAL"))?;
    let offset_ms = arguments.offset.unwrap_or(0);
    let shape = match name.as_str() {
        "TUMBLE" => WindowShape::Tumble { size_ms, offset_ms },
        _ => {
            let slide_ms = arguments.slide.ok_or_else(|| missing("its slide, an INTERVAL"))?;
            if slide_ms <= 0 || size_ms % slide_ms != 0 {
                let message = "the size of HOP must be a multiple of its slide; HOP takes the slide first, then the size";
                return Err(Problem::new(&function.place, message));
            }
            WindowShape::Hop { size_ms, slide_ms, offset_ms }
        }
    };
    if size_ms <= 0 {
        return Err(Problem::new(&function.place, format!("the size of {name} must be above zero")));
    }
    if offset_ms.abs() >= size_ms {
        return Err(Problem::new(&function.place, format!("the offset of {name} must be below its size")));
    }
    Ok(WindowCall { id, table, time, shape, place })
}

#[derive(Default)]
struct Arguments {
    table: Option<Name>,
    time: Option<Name>,
    slide: Option<i64>,
    size: Option<i64>,
    offset: Option<i64>,
}

impl Arguments {
    /// One argument, by position or as `NAME => value`.
    fn read(&mut self, cursor: &mut Cursor<'_>, hop: bool) -> Result<(), Problem> {
        let place = cursor.place();
        let named = match cursor.peek_nth(1) {
            Some(Token::RArrow) => Some(cursor.name("an argument's name")?.value.to_uppercase()),
            _ => None,
        };
        if named.is_some() {
            cursor.expect_symbol(&Token::RArrow)?;
        }
        let order: &[&str] = match hop {
            true => &["DATA", "TIMECOL", "SLIDE", "SIZE", "OFFSET"],
            false => &["DATA", "TIMECOL", "SIZE", "OFFSET"],
        };
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
            "DATA" => self.table = Some(table(cursor)?),
            "TIMECOL" => self.time = Some(descriptor(cursor)?),
            "SLIDE" => self.slide = Some(interval_ms(cursor)?),
            "SIZE" => self.size = Some(interval_ms(cursor)?),
            _ => self.offset = Some(interval_ms(cursor)?),
        }
        Ok(())
    }

    fn has(&self, slot: &str) -> bool {
        match slot {
            "DATA" => self.table.is_some(),
            "TIMECOL" => self.time.is_some(),
            "SLIDE" => self.slide.is_some(),
            "SIZE" => self.size.is_some(),
            _ => self.offset.is_some(),
        }
    }
}

fn table(cursor: &mut Cursor<'_>) -> Result<Name, Problem> {
    if cursor.peek() == Some(&Token::LParen) {
        return Err(Problem::unsupported(
            &cursor.place(),
            "a subquery as the input of a window (name it with CREATE VIEW)",
        ));
    }
    cursor.expect(&["TABLE"])?;
    let name = cursor.object_name("a table's name")?;
    if cursor.sees(&["PARTITION"]) || cursor.sees(&["ORDER"]) {
        return Err(Problem::unsupported(
            &cursor.place(),
            "PARTITION BY or ORDER BY in a window table function",
        ));
    }
    Ok(name)
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
    if cursor.sees(&["TO"]) || cursor.peek() == Some(&Token::LParen) {
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
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    #[track_caller]
    fn check(text: &str, expect: Expect) {
        let statement = crate::lexer::statements(text).unwrap().remove(0);
        let got = match replace_window_calls(&QueryText { tokens: statement.tokens, statement: 1 }) {
            Ok((_, calls)) => calls
                .iter()
                .map(|c| format!("{} by {}: {:?}\n", c.table.value, c.time.value, c.shape))
                .collect(),
            Err(problem) => problem.to_string(),
        };
        expect.assert_eq(&got);
    }

    #[test]
    fn calls_by_position_and_by_name() {
        check(
            "FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR)) JOIN table(hop(table u, descriptor(x), interval '5' second, interval '1' minutes))",
            expect![[r#"
                t by ts: Tumble { size_ms: 3600000, offset_ms: 0 }
                u by x: Hop { size_ms: 60000, slide_ms: 5000, offset_ms: 0 }
            "#]],
        );
        check(
            "TABLE(HOP(SIZE => INTERVAL '10' SECOND, SLIDE => INTERVAL '2.5' SECOND, DATA => TABLE `my t`, TIMECOL => DESCRIPTOR(ts)))",
            expect![[r#"
                my t by ts: Hop { size_ms: 10000, slide_ms: 2500, offset_ms: 0 }
            "#]],
        );
        check(
            "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '-8' HOUR))",
            expect![[r#"
                t by ts: Tumble { size_ms: 86400000, offset_ms: -28800000 }
            "#]],
        );
    }

    #[test]
    fn what_flink_refuses() {
        check(
            "TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '5' MINUTE))",
            expect![
                "line 1, column 7, at 'HOP': the size of HOP must be a multiple of its slide; HOP takes the slide first, then the size"
            ],
        );
        check(
            "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' MONTH))",
            expect!["line 1, column 52, at 'MONTH': a window has a fixed length: months and years have none"],
        );
        check(
            "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts)))",
            expect!["line 1, column 7, at 'TUMBLE': TUMBLE lacks its size, an INTERVAL"],
        );
        check(
            "TABLE(TUMBLE(TABLE t, ts, INTERVAL '1' HOUR))",
            expect!["line 1, column 23, at 'ts': expected DESCRIPTOR"],
        );
        check(
            "TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '0' HOUR))",
            expect!["line 1, column 7, at 'TUMBLE': the size of TUMBLE must be above zero"],
        );
    }

    #[test]
    fn what_is_missing_here() {
        check(
            "TABLE(SESSION(TABLE t PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
            expect![
                "line 1, column 7, at 'SESSION': table function SESSION is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
        check(
            "TABLE(CUMULATE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' HOUR, INTERVAL '1' DAY))",
            expect![
                "line 1, column 7, at 'CUMULATE': table function CUMULATE is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
        check(
            "TABLE(TUMBLE(TABLE db.t, DESCRIPTOR(ts), INTERVAL '1' HOUR))",
            expect![
                "line 1, column 20, at 'db': a name with a catalog or database is not supported yet by the embedded engine; it runs on a Flink cluster"
            ],
        );
    }
}
