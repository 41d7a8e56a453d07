//! Which inputs and outputs are connected: the ground of `/livez` and `/readyz`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};
use tokio::sync::watch;

/// A registry of the components that a program depends on. Clones share it.
///
/// The program is ready when at least one component is registered, or [`Health::no_components`] was called,
/// and every one is connected.
#[derive(Clone, Debug)]
pub struct Health {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    board: Mutex<Board>,
    ready: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Board {
    components: BTreeMap<String, State>,
    no_components: bool,
    fatal: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    Connected,
    Failed(String),
}

/// One component's place in the registry. Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct Component {
    name: String,
    health: Health,
}

impl Default for Health {
    fn default() -> Self {
        Self { inner: Arc::new(Inner { board: Mutex::default(), ready: watch::Sender::new(false) }) }
    }
}

impl Health {
    /// Registers `name` as not yet connected; the same name again gives the same component.
    pub fn component(&self, name: impl Into<String>) -> Component {
        let name = name.into();
        self.change(|board| {
            board.components.entry(name.clone()).or_insert_with(|| {
                metrics::gauge!("ibb_component_connected", "component" => name.clone()).set(0.0);
                State::Connecting
            });
        });
        Component { name, health: self.clone() }
    }

    /// Says that the program depends on nothing and is ready.
    pub fn no_components(&self) {
        self.change(|board| board.no_components = true);
    }

    /// Says that only a restart helps: `/livez` fails from now on. The first reason stays.
    pub fn fatal(&self, reason: impl Into<String>) {
        self.change(|board| {
            board.fatal.get_or_insert(reason.into());
        });
    }

    /// Whether everything is connected.
    pub fn is_ready(&self) -> bool {
        *self.inner.ready.borrow()
    }

    /// Whether no restart is asked for.
    pub fn is_live(&self) -> bool {
        self.board().fatal.is_none()
    }

    /// Waits until everything is connected. Cancel-safe.
    pub async fn ready(&self) {
        let mut ready = self.inner.ready.subscribe();
        // The sender lives in `self`, so waiting cannot fail.
        let _ = ready.wait_for(|ready| *ready).await;
    }

    /// The registry as JSON: `status` is `ready`, `starting` or `failed`.
    pub fn to_json(&self) -> Value {
        let board = self.board();
        let components: BTreeMap<&String, Value> = board
            .components
            .iter()
            .map(|(name, state)| {
                let state = match state {
                    State::Connecting => json!({"state": "connecting"}),
                    State::Connected => json!({"state": "connected"}),
                    State::Failed(reason) => json!({"state": "failed", "reason": reason}),
                };
                (name, state)
            })
            .collect();
        let failed =
            board.fatal.is_some() || board.components.values().any(|s| matches!(s, State::Failed(_)));
        let status = if failed {
            "failed"
        } else if board.is_ready() {
            "ready"
        } else {
            "starting"
        };
        let mut value = json!({"status": status, "components": components});
        if let Some(fatal) = &board.fatal {
            value["fatal"] = json!(fatal);
        }
        value
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.inner.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        change(&mut board);
        // Still under the lock, so that two changes cannot publish in the wrong order.
        let ready = board.is_ready();
        self.inner.ready.send_if_modified(|last| std::mem::replace(last, ready) != ready);
        metrics::gauge!("ibb_ready").set(f64::from(u8::from(ready)));
    }
}

impl Board {
    fn is_ready(&self) -> bool {
        let connected = self.components.values().all(|state| *state == State::Connected);
        self.fatal.is_none() && connected && (self.no_components || !self.components.is_empty())
    }
}

impl Component {
    /// It can be used now.
    pub fn connected(&self) {
        self.set(State::Connected);
    }

    /// It is being connected, again perhaps.
    pub fn connecting(&self) {
        self.set(State::Connecting);
    }

    /// It cannot be used; `reason` is printed by `/readyz`, so it must hold no secret.
    pub fn failed(&self, reason: impl Into<String>) {
        self.set(State::Failed(reason.into()));
    }

    fn set(&self, state: State) {
        let up = f64::from(u8::from(state == State::Connected));
        metrics::gauge!("ibb_component_connected", "component" => self.name.clone()).set(up);
        self.health.change(|board| {
            board.components.insert(self.name.clone(), state);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_every_component_is_connected() {
        let health = Health::default();
        assert!(!health.is_ready(), "nothing is known yet");
        let (input, output) = (health.component("kafka"), health.component("postgresql"));
        input.connected();
        assert!(!health.is_ready());
        output.connected();
        assert!(health.is_ready());
        assert_eq!(health.to_json()["status"], "ready");
        input.failed("no broker answers");
        assert!(!health.is_ready() && health.is_live());
        assert_eq!(health.to_json()["components"]["kafka"]["reason"], "no broker answers");
    }

    #[test]
    fn a_fatal_state_stays() {
        let health = Health::default();
        health.no_components();
        assert!(health.is_ready());
        health.fatal("state is lost");
        health.fatal("later");
        assert!(!health.is_live() && !health.is_ready());
        assert_eq!(health.to_json()["fatal"], "state is lost");
    }
}
