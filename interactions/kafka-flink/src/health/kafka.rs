//! Kafka: brokers, partitions in need, and the lag of consumer groups.

use super::finding::Facts;
use kafka::{ClusterHealth, Groups, Monitor};
use serde_json::{Value, json};
use std::time::Duration;

/// Names in one alert at most; the rest is counted.
const NAMES_MAX: usize = 3;

pub async fn check(
    monitor: &Monitor,
    groups: &[String],
    lag_alert_records: u64,
    timeout: Duration,
) -> Result<Facts, String> {
    let groups = match groups {
        [] => Groups::All,
        named => Groups::Named(named.to_vec()),
    };
    let asked = match &groups {
        Groups::All => Vec::new(),
        Groups::Named(names) => names.clone(),
    };
    let health = monitor.look(groups, timeout).await.map_err(|error| error.to_string())?;
    for lag in &health.lag {
        metrics::gauge!("ibb_kafka_group_lag_records", "group" => lag.group.clone(), "topic" => lag.topic.clone())
            .set(lag.records as f64);
    }
    Ok(facts(&health, &asked, lag_alert_records))
}

fn facts(health: &ClusterHealth, asked: &[String], lag_alert_records: u64) -> Facts {
    let (brokers, groups) = (health.brokers.len(), health.groups);
    let largest = health.lag.iter().map(|lag| lag.records).max().unwrap_or(0);
    let summary = format!(
        "{brokers} brokers, {} topics, {} partitions, {groups} groups, largest lag {largest}",
        health.topics, health.partitions
    );
    let lag = |lag: &kafka::GroupLag| json!({"group": lag.group, "topic": lag.topic, "records": lag.records});
    let in_need = |partition: &kafka::PartitionInNeed| {
        json!({
            "partition": partition.partition,
            "leaderless": partition.leaderless,
            "replicas": partition.replicas,
            "in_sync": partition.in_sync,
        })
    };
    let mut facts = Facts::new(summary)
        .with("brokers", health.brokers.clone())
        .with("brokers_missing", health.brokers_missing.clone())
        .with("controller", health.controller)
        .with("topics", health.topics)
        .with("partitions", health.partitions)
        .with("partitions_in_need", health.in_need.iter().map(in_need).collect::<Vec<Value>>())
        .with("groups", groups)
        .with("lag", health.lag.iter().map(lag).collect::<Vec<Value>>())
        .with("lag_unknown", health.unknown_lag.clone());
    if !health.brokers_missing.is_empty() {
        facts.alert(format!("brokers {:?} are down", health.brokers_missing));
    }
    let named = |leaderless: bool| {
        let partitions = health.in_need.iter().filter(move |partition| partition.leaderless == leaderless);
        partitions.map(|partition| partition.partition.clone()).collect::<Vec<String>>()
    };
    for (names, what) in [(named(true), "without a leader"), (named(false), "under-replicated")] {
        if !names.is_empty() {
            facts.alert(format!("{} partitions {what}: {}", names.len(), some(&names)));
        }
    }
    for lag in health.lag.iter().filter(|lag| lag.records > lag_alert_records) {
        facts.alert(format!("group {} is {} records behind in {}", lag.group, lag.records, lag.topic));
    }
    if !health.unknown_lag.is_empty() {
        facts.alert(format!("lag is unknown: {}", some(&health.unknown_lag)));
    }
    for group in asked.iter().filter(|group| !health.lag.iter().any(|lag| lag.group == **group)) {
        // Named by someone who expects it: a typing error must not look like no lag.
        if !health.unknown_lag.iter().any(|unknown| unknown.starts_with(&format!("{group}:"))) {
            facts.alert(format!("group {group} has committed no offset"));
        }
    }
    facts
}

fn some(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMES_MAX)].join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka::{GroupLag, PartitionInNeed};

    fn healthy() -> ClusterHealth {
        ClusterHealth { brokers: vec![1, 2, 3], topics: 2, partitions: 8, ..ClusterHealth::default() }
    }

    fn lag(group: &str, records: u64) -> GroupLag {
        GroupLag { group: group.into(), topic: "orders".into(), records }
    }

    #[track_caller]
    fn alerts(health: ClusterHealth, asked: &[&str], expected: &[&str]) {
        let asked: Vec<String> = asked.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(facts(&health, &asked, 10_000).alerts, expected);
    }

    #[test]
    fn lag_alerts_above_the_limit_only() {
        let health = ClusterHealth { lag: vec![lag("a", 10_000)], ..healthy() };
        alerts(health, &["a"], &[]);
        let health = ClusterHealth { lag: vec![lag("a", 10_001)], ..healthy() };
        alerts(health, &[], &["group a is 10001 records behind in orders"]);
    }

    #[test]
    fn partitions_in_need_and_missing_brokers_alert() {
        let in_need = |number: usize, leaderless| PartitionInNeed {
            partition: format!("orders/{number}"),
            leaderless,
            replicas: 3,
            in_sync: 2,
        };
        let health = ClusterHealth {
            brokers_missing: vec![4],
            in_need: [vec![in_need(9, true)], (0..5).map(|n| in_need(n, false)).collect()].concat(),
            ..healthy()
        };
        alerts(
            health,
            &[],
            &[
                "brokers [4] are down",
                "1 partitions without a leader: orders/9",
                "5 partitions under-replicated: orders/0, orders/1, orders/2 and 2 more",
            ],
        );
    }

    #[test]
    fn a_lag_that_is_not_known_is_no_good_news() {
        let health = ClusterHealth { unknown_lag: vec!["a: forbidden".into()], ..healthy() };
        alerts(health, &["a"], &["lag is unknown: a: forbidden"]);
        alerts(healthy(), &["typo"], &["group typo has committed no offset"]);
    }
}
