//! What events are about.

use rand::Rng as _;
use rand::rngs::StdRng;

/// A kind of event. All have `event_time` as `YYYY-MM-DD hh:mm:ss.mmm` in UTC and a number of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// Keyed by customer.
    Orders,
    /// Keyed by account; each pays an order of the same number.
    Payments,
    /// Keyed by user.
    Clicks,
    /// Keyed by device.
    SensorReadings,
}

impl Domain {
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Payments => "payments",
            Self::Clicks => "clicks",
            Self::SensorReadings => "sensor_readings",
        }
    }

    /// The columns of a PostgreSQL table that takes [`super::Event::row`], in order.
    pub fn columns(self) -> &'static str {
        match self {
            Self::Orders => {
                "order_id bigint, customer text, product text, quantity int, amount double precision, \
                 event_time timestamp(3)"
            }
            Self::Payments => {
                "payment_id bigint, order_id bigint, account text, amount double precision, method text, \
                 event_time timestamp(3)"
            }
            Self::Clicks => "click_id bigint, user_id text, page text, event_time timestamp(3)",
            Self::SensorReadings => {
                "reading_id bigint, device text, temperature double precision, humidity double precision, \
                 event_time timestamp(3)"
            }
        }
    }

    /// The columns of a Flink SQL table over the JSON lines.
    pub fn flink_columns(self) -> String {
        self.columns()
            .replace(" text", " STRING")
            .replace(" double precision", " DOUBLE")
            .replace(" bigint", " BIGINT")
            .replace(" int,", " INT,")
            .replace(" timestamp(3)", " TIMESTAMP(3)")
    }

    /// Key, JSON line and CSV row. Amounts are multiples of 1/4, so that sums are exact in any order.
    pub(super) fn record(
        self,
        random: &mut StdRng,
        id: u64,
        key_number: u32,
        time_ms: i64,
    ) -> (String, String, String) {
        let time = timestamp(time_ms);
        let mut quarters = |most: u32| f64::from(random.random_range(1..=most * 4)) / 4.0;
        match self {
            Self::Orders => {
                let (key, amount) = (format!("customer-{key_number}"), quarters(1_000));
                let (product, quantity) = (random.random_range(0..50), random.random_range(1..=5));
                let line = format!(
                    r#"{{"order_id":{id},"customer":"{key}","product":"product-{product}","quantity":{quantity},"amount":{amount},"event_time":"{time}"}}"#
                );
                let row = format!("{id},{key},product-{product},{quantity},{amount},{time}");
                (key, line, row)
            }
            Self::Payments => {
                let (key, amount) = (format!("account-{key_number}"), quarters(1_000));
                let method = ["card", "transfer", "wallet"][random.random_range(0..3)];
                let line = format!(
                    r#"{{"payment_id":{id},"order_id":{id},"account":"{key}","amount":{amount},"method":"{method}","event_time":"{time}"}}"#
                );
                let row = format!("{id},{id},{key},{amount},{method},{time}");
                (key, line, row)
            }
            Self::Clicks => {
                let key = format!("user-{key_number}");
                let page = ["/", "/search", "/product", "/basket", "/pay"][random.random_range(0..5)];
                let line =
                    format!(r#"{{"click_id":{id},"user_id":"{key}","page":"{page}","event_time":"{time}"}}"#);
                let row = format!("{id},{key},{page},{time}");
                (key, line, row)
            }
            Self::SensorReadings => {
                let key = format!("device-{key_number}");
                let (temperature, humidity) = (quarters(40), quarters(100));
                let line = format!(
                    r#"{{"reading_id":{id},"device":"{key}","temperature":{temperature},"humidity":{humidity},"event_time":"{time}"}}"#
                );
                let row = format!("{id},{key},{temperature},{humidity},{time}");
                (key, line, row)
            }
        }
    }
}

/// `2026-01-01 00:00:00.000` (civil from days: Howard Hinnant's algorithm).
fn timestamp(ms: i64) -> String {
    let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, millis) = (of_day / 1_000, of_day % 1_000);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}.{millis:03}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_sql_does() {
        assert_eq!(timestamp(0), "1970-01-01 00:00:00.000");
        assert_eq!(timestamp(1_330_559_940_123), "2012-02-29 23:59:00.123");
        assert_eq!(timestamp(1_767_225_600_000), "2026-01-01 00:00:00.000");
        assert_eq!(timestamp(-1), "1969-12-31 23:59:59.999");
    }

    #[test]
    fn flink_reads_the_same_columns() {
        assert_eq!(
            Domain::Orders.flink_columns(),
            "order_id BIGINT, customer STRING, product STRING, quantity INT, amount DOUBLE, event_time TIMESTAMP(3)"
        );
    }
}
