//! Ports of this machine for services in containers.

use super::container::HOST;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::net::TcpListener;
use testcontainers::bollard::models::{HostConfig, PortBinding};

/// Ports as they were asked for: `9092/tcp` → what it was bound to.
pub(super) fn published(config: HostConfig) -> BTreeMap<u16, u16> {
    let bound = |bindings: Option<Vec<PortBinding>>| bindings?.first()?.host_port.as_ref()?.parse().ok();
    let ports = config.port_bindings.unwrap_or_default().into_iter();
    ports.filter_map(|(inside, to)| Some((inside.split('/').next()?.parse().ok()?, bound(to)?))).collect()
}

/// A port below those that the kernel gives to outgoing connections, or it might be taken during a restart.
pub(super) fn free_port() -> Option<u16> {
    (0_u32..200)
        .map(|attempt| 20_000 + (RandomState::new().hash_one(attempt) % 12_000) as u16)
        .find(|port| is_free(*port))
}

pub(super) fn is_free(port: u16) -> bool {
    TcpListener::bind((HOST, port)).is_ok()
}
