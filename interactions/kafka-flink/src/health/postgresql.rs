//! PostgreSQL: a query, its connections, and what replication slots keep.

use super::finding::Facts;
use crate::script::jdbc_url;
use postgres::{Inspection, ServerHealth};
use serde_json::{Value, json};
use service::Postgresql;
use std::time::Duration;

/// Share of the connections in use that is alarming, in percent.
const CONNECTIONS_ALERT_PERCENT: i64 = 90;

pub async fn check(postgresql: &Postgresql, wal_alert_mib: u32, timeout: Duration) -> Result<Facts, String> {
    let password = postgresql.password.as_ref().map(|password| password.expose());
    let opened = Inspection::open(&jdbc_url(postgresql), &postgresql.user, password, timeout).await;
    let mut inspection = opened.map_err(|error| error.to_string())?;
    let health = inspection.health().await;
    inspection.close().await;
    Ok(facts(&health.map_err(|error| error.to_string())?, wal_alert_mib))
}

fn facts(health: &ServerHealth, wal_alert_mib: u32) -> Facts {
    let ServerHealth { version, in_recovery, connections, connections_max, slots } = health;
    let role = if *in_recovery { "standby" } else { "primary" };
    let slot = |slot: &postgres::ReplicationSlot| {
        json!({
            "name": slot.name,
            "active": slot.active,
            "status": slot.status,
            "retained_bytes": slot.retained_bytes,
        })
    };
    let summary = format!(
        "postgresql {version}, {role}, {connections} of {connections_max} connections, {} replication slots",
        slots.len()
    );
    let mut facts = Facts::new(summary)
        .with("version", version.clone())
        .with("role", role)
        .with("connections", *connections)
        .with("connections_max", *connections_max)
        .with("replication_slots", slots.iter().map(slot).collect::<Vec<Value>>());
    if connections * 100 >= connections_max * CONNECTIONS_ALERT_PERCENT {
        facts.alert(format!("{connections} of {connections_max} connections are in use"));
    }
    for slot in slots {
        let retained_mib = slot.retained_bytes >> 20;
        if retained_mib > i64::from(wal_alert_mib) {
            facts.alert(format!("replication slot {} keeps {retained_mib} MiB of the log", slot.name));
        }
        if slot.status.as_deref() == Some("lost") {
            facts.alert(format!("replication slot {} is lost", slot.name));
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use postgres::ReplicationSlot;

    fn server(connections: i64, retained_bytes: i64, status: &str) -> ServerHealth {
        let status = Some(status.to_owned());
        ServerHealth {
            version: "17.6".into(),
            in_recovery: false,
            connections,
            connections_max: 100,
            slots: vec![ReplicationSlot { name: "cdc".into(), active: true, status, retained_bytes }],
        }
    }

    #[test]
    fn full_servers_and_slots_alert() {
        assert_eq!(facts(&server(89, 1 << 30, "reserved"), 1_024).alerts, [""; 0]);
        assert_eq!(
            facts(&server(90, (1 << 30) + (1 << 20), "lost"), 1_024).alerts,
            [
                "90 of 100 connections are in use",
                "replication slot cdc keeps 1025 MiB of the log",
                "replication slot cdc is lost"
            ]
        );
    }
}
