//! Dates and times as text, in the two forms Flink knows.

use arrow::datatypes::TimeUnit;

/// How a timestamp is written: the option `timestamp-format.standard`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampFormat {
    /// `2026-01-01 10:00:00.123`, and for TIMESTAMP_LTZ `2026-01-01 10:00:00.123Z`. Flink's default.
    #[default]
    Sql,
    /// `2026-01-01T10:00:00.123`, and for TIMESTAMP_LTZ `2026-01-01T10:00:00.123Z`.
    Iso8601,
}

impl TimestampFormat {
    /// An example, for errors.
    pub(crate) fn example(self, zoned: bool) -> &'static str {
        match (self, zoned) {
            (Self::Sql, false) => "'2026-01-01 10:00:00.123'",
            (Self::Sql, true) => "'2026-01-01 10:00:00.123Z'",
            (Self::Iso8601, false) => "'2026-01-01T10:00:00.123'",
            (Self::Iso8601, true) => "'2026-01-01T10:00:00.123Z'",
        }
    }
}

/// `YYYY-MM-DD` as days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i32> {
    match text.as_bytes() {
        bytes if bytes.len() == 10 => days(bytes),
        _ => None,
    }
}

/// `HH:MM:SS[.fraction]` as nanoseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    match clock(text.as_bytes())? {
        (nanos, []) => Some(nanos),
        _ => None,
    }
}

/// A timestamp in exactly the given form; digits beyond the unit are cut off.
pub(crate) fn parse_timestamp(
    text: &str,
    unit: TimeUnit,
    format: TimestampFormat,
    zoned: bool,
) -> Option<i64> {
    let (date, rest) = text.as_bytes().split_at_checked(10)?;
    let (separator, rest) = rest.split_first()?;
    let expected = match format {
        TimestampFormat::Sql => b' ',
        TimestampFormat::Iso8601 => b'T',
    };
    if *separator != expected {
        return None;
    }
    let days = i64::from(days(date)?);
    let (nanos, rest) = clock(rest)?;
    let zone: &[u8] = if zoned { b"Z" } else { b"" };
    if rest != zone {
        return None;
    }
    let per_second = per_second(unit);
    let seconds = days * 86_400 + nanos / 1_000_000_000;
    seconds.checked_mul(per_second)?.checked_add(nanos % 1_000_000_000 / (1_000_000_000 / per_second))
}

/// Units in a second.
pub(crate) fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Writes a timestamp; the fraction has as many digits as it needs, as in Flink.
pub(crate) fn write_timestamp(
    value: i64,
    unit: TimeUnit,
    format: TimestampFormat,
    zoned: bool,
    out: &mut Vec<u8>,
) {
    let per_second = per_second(unit);
    let seconds = value.div_euclid(per_second);
    let nanos = value.rem_euclid(per_second) * (1_000_000_000 / per_second);
    write_date(seconds.div_euclid(86_400), out);
    out.push(match format {
        TimestampFormat::Sql => b' ',
        TimestampFormat::Iso8601 => b'T',
    });
    write_time(seconds.rem_euclid(86_400), nanos, out);
    if zoned {
        out.push(b'Z');
    }
}

/// Writes `YYYY-MM-DD` from days since 1970-01-01 (H. Hinnant's civil_from_days).
pub(crate) fn write_date(days: i64, out: &mut Vec<u8>) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    if (0..=9999).contains(&year) {
        digits(year, 4, out);
    } else {
        out.extend_from_slice(format!("{year:+05}").as_bytes());
    }
    out.push(b'-');
    digits(month, 2, out);
    out.push(b'-');
    digits(day, 2, out);
}

/// Writes `HH:MM:SS[.fraction]`.
pub(crate) fn write_time(second_of_day: i64, nanos: i64, out: &mut Vec<u8>) {
    digits(second_of_day / 3_600, 2, out);
    out.push(b':');
    digits(second_of_day / 60 % 60, 2, out);
    out.push(b':');
    digits(second_of_day % 60, 2, out);
    if nanos > 0 {
        out.push(b'.');
        digits(nanos, 9, out);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn digits(value: i64, width: u32, out: &mut Vec<u8>) {
    for place in (0..width).rev() {
        out.push(b'0' + (value / 10_i64.pow(place) % 10) as u8);
    }
}

/// Exactly ten bytes `YYYY-MM-DD` (H. Hinnant's days_from_civil).
fn days(bytes: &[u8]) -> Option<i32> {
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..10])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i32::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if bytes[4] != b'-' || bytes[7] != b'-' || day < 1 || day > longest {
        return None;
    }
    let shifted_year = year - i32::from(month <= 2);
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// `HH:MM:SS[.fraction]` as nanoseconds, and what follows it.
fn clock(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (head, mut rest) = bytes.split_at_checked(8)?;
    let (hour, minute, second) = (number(&head[..2])?, number(&head[3..5])?, number(&head[6..8])?);
    if head[2] != b':' || head[5] != b':' || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut nanos = 0;
    if let Some((b'.', fraction)) = rest.split_first() {
        let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 || length > 9 {
            return None;
        }
        nanos = number(&fraction[..length])? * 10_i32.pow(9 - length as u32);
        rest = &fraction[length..];
    }
    let seconds = i64::from(hour * 3_600 + minute * 60 + second);
    Some((seconds * 1_000_000_000 + i64::from(nanos), rest))
}

/// At most nine digits.
fn number(bytes: &[u8]) -> Option<i32> {
    let mut value = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i32::from(digit);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn only_the_chosen_form_is_a_timestamp() {
        let mut table = String::new();
        for text in [
            "2026-01-01 10:00:00.123",
            "2026-01-01 10:00:00",
            "2026-01-01T10:00:00.5",
            "2026-01-01 10:00:00.123Z",
            "2026-01-01T10:00:00Z",
            "1969-12-31 23:59:59.999",
            "2026-02-29 00:00:00",
            "2024-02-29 00:00:00",
            "2026-01-01 24:00:00",
            "2026-01-01 10:00",
            "2026-01-01 10:00:00.",
            "1767261600000",
            "2026-01-01",
            "",
            "äääää 10:00:00",
        ] {
            let mut line = format!("{text:26}");
            for (format, zoned) in [
                (TimestampFormat::Sql, false),
                (TimestampFormat::Sql, true),
                (TimestampFormat::Iso8601, false),
                (TimestampFormat::Iso8601, true),
            ] {
                let value = parse_timestamp(text, TimeUnit::Millisecond, format, zoned);
                line.push_str(&value.map_or(" -".into(), |v| format!(" {v}")));
            }
            table.push_str(line.trim_end());
            table.push('\n');
        }
        expect![[r#"
            2026-01-01 10:00:00.123    1767261600123 - - -
            2026-01-01 10:00:00        1767261600000 - - -
            2026-01-01T10:00:00.5      - - 1767261600500 -
            2026-01-01 10:00:00.123Z   - 1767261600123 - -
            2026-01-01T10:00:00Z       - - - 1767261600000
            1969-12-31 23:59:59.999    -1 - - -
            2026-02-29 00:00:00        - - - -
            2024-02-29 00:00:00        1709164800000 - - -
            2026-01-01 24:00:00        - - - -
            2026-01-01 10:00           - - - -
            2026-01-01 10:00:00.       - - - -
            1767261600000              - - - -
            2026-01-01                 - - - -
                                       - - - -
            äääää 10:00:00             - - - -
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn writing_and_parsing_agree_on_every_day() {
        for day in (-719_000..2_932_000).step_by(61) {
            let mut out = Vec::new();
            write_date(day, &mut out);
            assert_eq!(parse_date(std::str::from_utf8(&out).unwrap()), Some(day as i32));
        }
    }

    #[test]
    fn the_fraction_is_as_short_as_it_can_be() {
        for (nanos, text) in [(0, "10:00:00"), (500_000_000, "10:00:00.5"), (1_000, "10:00:00.000001")] {
            let mut out = Vec::new();
            write_time(36_000, nanos, &mut out);
            assert_eq!(std::str::from_utf8(&out).unwrap(), text);
            assert_eq!(parse_time(text), Some(36_000_000_000_000 + nanos));
        }
    }
}
