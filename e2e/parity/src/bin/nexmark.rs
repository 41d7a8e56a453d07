//! Writes the events of the `nexmark-…` cases: people, auctions and bids in NEXMark's proportions, 1 to 3 to 46, out of order
//! by up to a second. Equal runs write equal files.
//!
//! Source: Tucker, Tufte, Papadimos, Maier: "NEXMark – A Benchmark for Queries over Data Streams" (2008), and its generator in
//! Apache Beam, of which ids, categories, hot auctions and the logarithmic prices are taken.

use anyhow::Context as _;
use parity::checkout;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::fmt::Write as _;

const SEED: u64 = 20_150_715;
const EVENTS: i64 = 2_500;
const FIRST_ID: i64 = 1_000;
/// Two minutes before eight in the morning, which q14 calls the beginning of the day.
const FIRST_SECOND: i64 = 7 * 3_600 + 58 * 60;
const EVERY_MS: i64 = 100;
/// Events that may change places: a second of them.
const DISORDER: usize = 10;
/// Every other bid goes to the newest of so many auctions.
const HOT_AUCTIONS: i64 = 10;
const IN_FLIGHT: i64 = 100;
const CATEGORIES: std::ops::Range<i64> = 10..15;

fn main() -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut events: Vec<String> = (0..EVENTS).map(|n| event(n, &mut random)).collect();
    for group in events.chunks_mut(DISORDER) {
        group.shuffle(&mut random);
    }
    let folder = checkout()?.join("e2e/parity/nexmark");
    let path = folder.join("nexmark.jsonl");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, events.concat()))
        .with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{}: {EVENTS} events", path.display());
    Ok(())
}

fn event(n: i64, random: &mut StdRng) -> String {
    let (round, place) = (n / 50, n % 50);
    let (time, extra) = (time(n * EVERY_MS), word(random, 4..12));
    // How many of each there have been by now.
    let (people, auctions) = (round + 1, round * 3 + place.clamp(1, 3));
    let (kind, row) = match place {
        0 => (0, person(FIRST_ID + round, &time, &extra, random)),
        1..=3 => (1, auction(FIRST_ID + auctions - 1, people, n, &extra, random)),
        _ => (2, bid(people, auctions, &time, &extra, random)),
    };
    let name = ["person", "auction", "bid"][kind];
    format!("{{\"event_type\":{kind},\"{name}\":{row}}}\n")
}

fn person(id: i64, time: &str, extra: &str, random: &mut StdRng) -> String {
    let first =
        ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
    let last = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
    let places =
        [("Phoenix", "AZ"), ("Los Angeles", "CA"), ("Boise", "ID"), ("Portland", "OR"), ("Seattle", "WA")];
    let name = format!("{} {}", pick(&first, random), pick(&last, random));
    let (city, state) = pick(&places, random);
    let email = format!("{}@{}.com", word(random, 5..8), word(random, 3..6));
    let card: Vec<String> = (0..4).map(|_| format!("{:04}", random.random_range(0..10_000))).collect();
    format!(
        r#"{{"id":{id},"name":"{name}","emailAddress":"{email}","creditCard":"{}","city":"{city}","state":"{state}","dateTime":"{time}","extra":"{extra}"}}"#,
        card.join(" ")
    )
}

fn auction(id: i64, people: i64, n: i64, extra: &str, random: &mut StdRng) -> String {
    let initial = price(random);
    let reserve = initial + price(random);
    let expires = time((n + random.random_range(20..400)) * EVERY_MS);
    let seller = FIRST_ID + random.random_range(0..people);
    let category = random.random_range(CATEGORIES);
    format!(
        r#"{{"id":{id},"itemName":"{}","description":"{}","initialBid":{initial},"reserve":{reserve},"dateTime":"{}","expires":"{expires}","seller":{seller},"category":{category},"extra":"{extra}"}}"#,
        word(random, 4..10),
        word(random, 8..16),
        time(n * EVERY_MS)
    )
}

fn bid(people: i64, auctions: i64, time: &str, extra: &str, random: &mut StdRng) -> String {
    let auction = match random.random_bool(0.5) {
        true => (auctions - 1) / HOT_AUCTIONS * HOT_AUCTIONS,
        false => random.random_range((auctions - IN_FLIGHT).max(0)..auctions),
    };
    let (auction, bidder) = (FIRST_ID + auction, FIRST_ID + random.random_range(0..people));
    let (channel, path) = match random.random_range(0..6) {
        0 => ("Google".to_owned(), "googl".to_owned()),
        1 => ("Facebook".to_owned(), "faceb".to_owned()),
        2 => ("Baidu".to_owned(), "baidu".to_owned()),
        3 => ("Apple".to_owned(), "apple".to_owned()),
        _ => {
            let number = random.random_range(0..100);
            (format!("channel-{number}"), word(random, 5..6))
        }
    };
    let mut url = format!(
        "https://www.nexmark.com/{path}/{}/{}/item.htm?query=1",
        word(random, 3..6),
        word(random, 3..6)
    );
    if random.random_bool(0.5) {
        let _ = write!(url, "&channel_id={}", random.random_range(0..1_000_000));
    }
    format!(
        r#"{{"auction":{auction},"bidder":{bidder},"price":{},"channel":"{channel}","url":"{url}","dateTime":"{time}","extra":"{extra}"}}"#,
        price(random)
    )
}

/// Cents, evenly spread over the orders of magnitude up to a million.
fn price(random: &mut StdRng) -> i64 {
    (10f64.powf(random.random_range(0.0..6.0)) * 100.0).round() as i64
}

fn word(random: &mut StdRng, lengths: std::ops::Range<usize>) -> String {
    let length = random.random_range(lengths);
    (0..length).map(|_| char::from(random.random_range(b'a'..=b'z'))).collect()
}

fn pick<T: Copy>(all: &[T], random: &mut StdRng) -> T {
    all[random.random_range(0..all.len())]
}

/// `ms` after the first event, as Flink's JSON writes a TIMESTAMP(3).
fn time(ms: i64) -> String {
    let ms = FIRST_SECOND * 1_000 + ms;
    let (s, m, h) = (ms / 1_000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    format!("2015-07-15 {h:02}:{m:02}:{s:02}.{:03}", ms % 1_000)
}
