//! Systems of several nodes: each is asked, and one that is gone is an alert.

use super::finding::Facts;
use serde_json::{Map, Value};

/// What one node told.
#[derive(Clone, Debug)]
pub struct Node(pub Facts);

/// All nodes, with why those did not answer that did not.
#[derive(Debug)]
pub struct Nodes(Vec<(String, Result<Node, String>)>);

/// Asks every node, one after the other: configurations name few.
///
/// # Errors
/// If none answers.
pub async fn all_nodes<F>(addresses: &[String], ask: impl Fn(String) -> F) -> Result<Nodes, String>
where
    F: Future<Output = Result<Node, String>>,
{
    let mut nodes = Vec::with_capacity(addresses.len());
    for address in addresses {
        nodes.push((address.clone(), ask(address.clone()).await));
    }
    if nodes.iter().all(|(_, answer)| answer.is_err()) {
        let reasons: Vec<String> = nodes.into_iter().filter_map(|(_, answer)| answer.err()).collect();
        return Err(reasons.join("; "));
    }
    Ok(Nodes(nodes))
}

impl Nodes {
    /// The first node speaks for all; of the others their alerts count.
    pub fn facts(self, name: &str) -> Facts {
        let count = self.0.len();
        let mut all = Facts::default();
        let mut values = Map::new();
        for (address, answer) in self.0 {
            match answer {
                Ok(Node(facts)) => {
                    if all.summary.is_empty() {
                        all.summary = facts.summary;
                    }
                    let alert = |alert: String| if count > 1 { format!("{address}: {alert}") } else { alert };
                    all.alerts.extend(facts.alerts.into_iter().map(alert));
                    values.insert(address, Value::Object(facts.values));
                }
                Err(reason) => {
                    values.insert(address, Value::Null);
                    all.alert(format!("a node does not answer: {reason}"));
                }
            }
        }
        if count > 1 {
            all.summary = format!("{count} nodes; {}", all.summary);
        }
        all.with(name, values)
    }
}
