//! How another program finds the embedded Kafka of a state folder.

use std::fs;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{DevServiceError, process};

/// Limit for one connection attempt on the loopback interface.
const CONNECT: Duration = Duration::from_secs(1);

/// A live embedded Kafka. Also the content of the file that announces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The broker's process.
    pub pid: i32,
    /// `host:port` for `bootstrap.servers`.
    pub bootstrap: String,
    /// When the process started, in clock ticks since boot, so that a reused pid is not taken for it.
    started_ticks: u64,
}

impl Found {
    /// `None` when the process has ended already.
    pub(super) fn new(pid: i32, bootstrap: String) -> Option<Self> {
        Some(Self { pid, bootstrap, started_ticks: process::started_ticks(pid)? })
    }

    /// The one announced in `state_dir`, if its process lives and its port answers.
    pub(super) fn discover(state_dir: &Path) -> Option<Self> {
        let text = fs::read_to_string(file(state_dir)).ok()?;
        let found: Self = serde_json::from_str(&text).ok()?;
        (found.lives() && found.answers()).then_some(found)
    }

    fn lives(&self) -> bool {
        process::started_ticks(self.pid) == Some(self.started_ticks)
    }

    fn answers(&self) -> bool {
        let address: Option<SocketAddr> =
            self.bootstrap.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
        address.is_some_and(|address| TcpStream::connect_timeout(&address, CONNECT).is_ok())
    }

    /// Writes the file aside, then renames it: a reader sees all of it or none.
    pub(super) fn announce(&self, state_dir: &Path) -> Result<(), DevServiceError> {
        let path = file(state_dir);
        let aside = path.with_extension("json.new");
        let text = serde_json::to_string(self).expect("plain fields always serialise");
        fs::write(&aside, text)
            .and_then(|()| fs::rename(&aside, &path))
            .map_err(|cause| DevServiceError::io("write", &path, cause))
    }

    /// Removes the file if it still announces this one.
    pub(super) fn withdraw(&self, state_dir: &Path) {
        let path = file(state_dir);
        let ours = fs::read_to_string(&path)
            .is_ok_and(|text| serde_json::from_str(&text).is_ok_and(|announced: Self| announced == *self));
        if ours && let Err(error) = fs::remove_file(&path) {
            tracing::warn!(path = %path.display(), %error, "The file that announced the embedded Kafka stays");
        }
    }
}

/// The folder of the development services of `state_dir`.
pub(super) fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join("dev")
}

fn file(state_dir: &Path) -> PathBuf {
    folder(state_dir).join("kafka.json")
}
