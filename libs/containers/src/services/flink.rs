//! A Flink cluster: three containers that find each other by name.

use super::spec::FlinkPart;
use super::{Container, ContainerError, Options, Spec, probe, start};
use std::time::{Duration, Instant};

/// How long the task manager may take to be known to the job manager.
const REGISTERED: Duration = Duration::from_secs(120);

/// A session cluster with one task manager, and a SQL gateway.
#[derive(Debug)]
pub struct FlinkCluster {
    pub jobmanager: Container,
    pub taskmanager: Container,
    pub gateway: Container,
}

/// Gives a cluster whose job manager knows its task manager and whose gateway takes sessions; `change` is made to each of
/// its three parts.
///
/// # Errors
/// As [`start`]; `NeverReady` when the task manager does not register.
pub async fn flink_cluster(
    options: &Options,
    change: impl Fn(Spec) -> Spec,
) -> Result<FlinkCluster, ContainerError> {
    let jobmanager = start(change(Spec::of(crate::Image::Flink)), options).await?;
    let name = jobmanager.name().to_owned();
    let part = |part| start(change(Spec::flink(part, &name)), options);
    let (taskmanager, gateway) = (part(FlinkPart::TaskManager), part(FlinkPart::SqlGateway));
    let (taskmanager, gateway) = tokio::try_join!(taskmanager, gateway)?;
    let cluster = FlinkCluster { jobmanager, taskmanager, gateway };
    cluster.wait_registered().await?;
    Ok(cluster)
}

impl FlinkCluster {
    /// Waits until the job manager knows a task manager: after the start, or after one was killed and started again.
    pub async fn wait_registered(&self) -> Result<(), ContainerError> {
        let begun = Instant::now();
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            tick.tick().await;
            let last = match probe::task_managers(&self.jobmanager).await {
                Ok(1..) => return Ok(()),
                Ok(0) => "no task manager is registered".to_owned(),
                Err(not_yet) => not_yet,
            };
            if begun.elapsed() >= REGISTERED {
                let name = self.taskmanager.name().to_owned();
                let log = self.taskmanager.last_lines().await;
                return Err(ContainerError::NeverReady { name, limit: REGISTERED, last, log });
            }
        }
    }
}
