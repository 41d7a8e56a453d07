//! Timestamps as text, in the patterns of Java's `SimpleDateFormat` that Flink scripts use.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// One piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Year,
    Month(usize),
    Day(usize),
    Hour(usize),
    Minute(usize),
    Second(usize),
    /// `S`: fractional digits.
    Fraction(usize),
    Text(String),
}

/// A pattern such as `yyyy-MM-dd'T'HH:mm:ss.SSS`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern(Vec<Piece>);

impl Pattern {
    /// The first letter that is not understood is the error.
    pub fn read(pattern: &str) -> Result<Self, char> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut chars = pattern.chars().peekable();
        let mut text = String::new();
        while let Some(c) = chars.next() {
            if c == '\'' {
                quoted(&mut chars, &mut text);
                continue;
            }
            if !c.is_ascii_alphabetic() {
                text.push(c);
                continue;
            }
            let mut count = 1;
            while chars.next_if_eq(&c).is_some() {
                count += 1;
            }
            if !text.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
            }
            pieces.push(match (c, count) {
                ('y' | 'u', 4) => Piece::Year,
                ('M', 1 | 2) => Piece::Month(count),
                ('d', 1 | 2) => Piece::Day(count),
                ('H', 1 | 2) => Piece::Hour(count),
                ('m', 1 | 2) => Piece::Minute(count),
                ('s', 1 | 2) => Piece::Second(count),
                ('S', 1..=9) => Piece::Fraction(count),
                _ => return Err(c),
            });
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self(pieces))
    }

    pub fn format(&self, time: &NaiveDateTime) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Year => out.push_str(&format!("{:04}", time.year())),
                Piece::Month(width) => out.push_str(&format!("{:01$}", time.month(), *width)),
                Piece::Day(width) => out.push_str(&format!("{:01$}", time.day(), *width)),
                Piece::Hour(width) => out.push_str(&format!("{:01$}", time.hour(), *width)),
                Piece::Minute(width) => out.push_str(&format!("{:01$}", time.minute(), *width)),
                Piece::Second(width) => out.push_str(&format!("{:01$}", time.second(), *width)),
                Piece::Fraction(width) => out.push_str(&format!("{:09}", time.nanosecond())[..*width]),
                Piece::Text(text) => out.push_str(text),
            }
        }
        out
    }

    /// `None` when the text does not have this form.
    pub fn parse(&self, text: &str) -> Option<NaiveDateTime> {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        let (mut hour, mut minute, mut second, mut nanos) = (0, 0, 0, 0);
        let mut rest = text;
        for piece in &self.0 {
            match piece {
                Piece::Year => year = i32::try_from(number(&mut rest, 4, 4)?).ok()?,
                Piece::Month(width) => month = number(&mut rest, *width, 2)?,
                Piece::Day(width) => day = number(&mut rest, *width, 2)?,
                Piece::Hour(width) => hour = number(&mut rest, *width, 2)?,
                Piece::Minute(width) => minute = number(&mut rest, *width, 2)?,
                Piece::Second(width) => second = number(&mut rest, *width, 2)?,
                Piece::Fraction(width) => {
                    let digits = number(&mut rest, *width, *width)?;
                    nanos = digits.checked_mul(10_u32.pow(9 - u32::try_from(*width).ok()?))?;
                }
                Piece::Text(expected) => rest = rest.strip_prefix(expected.as_str())?,
            }
        }
        if !rest.is_empty() {
            return None;
        }
        let time = NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?;
        Some(date_of(year, month, day)?.and_time(time))
    }
}

/// `'text'`, where `''` is a quote.
fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) {
    if chars.next_if_eq(&'\'').is_some() {
        text.push('\'');
        return;
    }
    while let Some(c) = chars.next() {
        if c != '\'' {
            text.push(c);
        } else if chars.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            return;
        }
    }
}

/// Takes `least` to `most` digits off the front.
fn number(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let count = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    let (digits, after) = rest.split_at(count);
    *rest = after;
    digits.parse().ok()
}

/// As Java's lenient enough resolver: a 29th to 31st that the month has not is its last day.
fn date_of(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    let shorter = || (28..day).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day));
    let date = NaiveDate::from_ymd_opt(year, month, day);
    if day > 31 { None } else { date.or_else(shorter) }
}

/// Flink's own form: `yyyy-[M]M-[d]d[ [H]H:[m]m:[s]s[.fraction]]`.
pub(super) fn parse_default(text: &str) -> Option<NaiveDateTime> {
    let mut rest = text;
    let year = i32::try_from(number(&mut rest, 4, 4)?).ok()?;
    rest = rest.strip_prefix('-')?;
    let month = number(&mut rest, 1, 2)?;
    rest = rest.strip_prefix('-')?;
    let day = number(&mut rest, 1, 2)?;
    let date = date_of(year, month, day)?;
    if rest.is_empty() {
        return Some(date.and_time(NaiveTime::MIN));
    }
    rest = rest.strip_prefix(' ')?;
    let hour = number(&mut rest, 1, 2)?;
    rest = rest.strip_prefix(':')?;
    let minute = number(&mut rest, 1, 2)?;
    rest = rest.strip_prefix(':')?;
    let second = number(&mut rest, 1, 2)?;
    let mut nanos = 0;
    if let Some(after) = rest.strip_prefix('.') {
        rest = after;
        let before = rest.len();
        let digits = number(&mut rest, 0, 9).or(rest.is_empty().then_some(0))?;
        nanos = digits * 10_u32.pow(9 - u32::try_from(before - rest.len()).ok()?);
    }
    if !rest.is_empty() {
        return None;
    }
    Some(date.and_time(NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?))
}

/// As `CAST(… AS STRING)` prints it: a space, and `digits` fractional digits.
pub(super) fn print_default(time: &NaiveDateTime, digits: usize) -> String {
    let seconds = time.format("%Y-%m-%d %H:%M:%S");
    match digits {
        0 => seconds.to_string(),
        _ => format!("{seconds}.{}", &format!("{:09}", time.nanosecond())[..digits]),
    }
}

/// The time of an Arrow timestamp in units of `1 / per_second`.
pub(super) fn from_units(value: i64, per_second: i64) -> Option<NaiveDateTime> {
    let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
    let nanos = u32::try_from(nanos).ok()?;
    Some(DateTime::from_timestamp(value.div_euclid(per_second), nanos)?.naive_utc())
}

/// The inverse; digits finer than the unit are cut off.
pub(super) fn to_units(time: &NaiveDateTime, per_second: i64) -> Option<i64> {
    let utc = time.and_utc();
    let part = i64::from(utc.timestamp_subsec_nanos()) / (1_000_000_000 / per_second);
    utc.timestamp().checked_mul(per_second)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        parse_default(text).map(|time| print_default(&time, 3))
    }

    #[test]
    fn flinks_own_form() {
        assert_eq!(parse("2020-1-2 3:4:5.6").as_deref(), Some("2020-01-02 03:04:05.600"));
        assert_eq!(parse("2020-01-02").as_deref(), Some("2020-01-02 00:00:00.000"));
        assert_eq!(parse("2020-01-02 03:04:05.123456789").as_deref(), Some("2020-01-02 03:04:05.123"));
        for wrong in
            ["2020-01-02T03:04:05", "2020-13-02", "2020-01-02 03:04", "2020-01-02 03:04:05Z", "", "x"]
        {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn patterns() {
        let pattern = Pattern::read("dd.MM.yyyy HH'h'mm''ss.SSS").unwrap();
        let time = pattern.parse("02.01.2020 03h04'05.678").unwrap();
        assert_eq!(print_default(&time, 9), "2020-01-02 03:04:05.678000000");
        assert_eq!(pattern.format(&time), "02.01.2020 03h04'05.678");
        assert_eq!(pattern.parse("02.01.2020 03h04'05.6"), None);
        assert_eq!(Pattern::read("yyyy-MM-dd EEE"), Err('E'));
    }

    #[test]
    fn units_before_1970() {
        let time = from_units(-1, 1000).unwrap();
        assert_eq!(print_default(&time, 3), "1969-12-31 23:59:59.999");
        assert_eq!(to_units(&time, 1000), Some(-1));
    }
}
