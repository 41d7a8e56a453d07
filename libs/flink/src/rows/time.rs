//! Dates and times as Java writes them.

/// Days since 1970-01-01 of `2020-02-29`; years before 1 and after 9999 carry a sign.
pub(super) fn date(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut parts = digits.splitn(3, '-');
    let year: i64 = number(parts.next()?)?;
    let (month, day): (i64, i64) = (number(parts.next()?)?, number(parts.next()?)?);
    let year = if negative { -year } else { year };
    ((1..=12).contains(&month) && (1..=31).contains(&day)).then(|| days(year, month, day))
}

/// Nanoseconds since midnight of `12:34`, `12:34:56` or `12:34:56.789`.
pub(super) fn time(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = whole.splitn(3, ':');
    let (hour, minute): (i64, i64) = (number(parts.next()?)?, number(parts.next()?)?);
    let second: i64 = parts.next().map_or(Some(0), number)?;
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let nanos = if fraction.is_empty() { 0 } else { number(&format!("{fraction:0<9}"))? };
    Some(((hour * 60 + minute) * 60 + second) * 1_000_000_000 + nanos)
}

/// Nanoseconds since 1970-01-01T00:00:00 of `2020-02-29T12:34:56.789`, with or without a final `Z`.
pub(super) fn timestamp(text: &str) -> Option<i128> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (day, clock) = text.split_once(['T', ' '])?;
    Some(i128::from(date(day)?) * 86_400_000_000_000 + i128::from(time(clock)?))
}

fn number(digits: &str) -> Option<i64> {
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that a leap day ends one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_the_whole_calendar() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2000-02-29"), Some(11_016));
        assert_eq!(date("1969-12-31"), Some(-1));
        assert_eq!(date("0001-01-01"), Some(-719_162));
        assert_eq!(date("9999-12-31"), Some(2_932_896));
        assert_eq!(date("+10000-01-01"), Some(2_932_897));
        assert_eq!(date("-0001-12-31"), Some(-719_529));
        assert_eq!(date("2020-13-01"), None);
        assert_eq!(date("2020-01"), None);
    }

    #[test]
    fn times_with_as_many_digits_as_there_are() {
        assert_eq!(time("00:00"), Some(0));
        assert_eq!(time("12:34:56"), Some(45_296_000_000_000));
        assert_eq!(time("00:00:00.5"), Some(500_000_000));
        assert_eq!(time("24:00:00"), None);
        assert_eq!(time("00:00:00.x"), None);
    }

    #[test]
    fn timestamps_before_and_after_1970() {
        assert_eq!(timestamp("1970-01-01T00:00:00.000000001"), Some(1));
        assert_eq!(timestamp("1969-12-31T23:59:59.999Z"), Some(-1_000_000));
        assert_eq!(timestamp("2020-01-01"), None);
    }
}
