//! What goes wrong on a cluster, as the program says it.

use crate::script::Parameters;
use ::flink::FlinkError;
use service::{Exit, Failure};

/// Makes failures of errors, without the secrets that the script holds: Flink may quote it.
#[derive(Clone, Copy)]
pub struct Of<'a>(pub &'a Parameters);

impl Of<'_> {
    pub fn flink(&self, error: FlinkError) -> Failure {
        let exit = match &error {
            FlinkError::Sql { .. } => Exit::Data,
            FlinkError::Unreachable { .. }
            | FlinkError::SessionLost { .. }
            | FlinkError::JobUnknown { .. }
            | FlinkError::Timeout { .. } => Exit::Unavailable,
            FlinkError::Unsupported { .. } => Exit::Config,
            FlinkError::JobFailed { .. }
            | FlinkError::SubmissionUnknown { .. }
            | FlinkError::Protocol { .. } => Exit::Failure,
        };
        let failure = match &error {
            // As a mistake that the embedded engine finds.
            FlinkError::Sql { .. } => {
                return Failure::new(exit, "the script cannot run")
                    .detail(self.0.without_secrets_in(&error.to_string()));
            }
            _ => Failure::new(exit, self.0.without_secrets_in(&error.to_string())),
        };
        match error {
            FlinkError::SessionLost { .. } => failure
                .detail("jobs that it started run on")
                .remedy("run this again; nothing of this script was left behind"),
            FlinkError::JobUnknown { .. } => failure
                .detail("its JobManager was restarted without high availability, which ends every job")
                .remedy("run this again, with --from-savepoint if there is one: without, it starts afresh")
                .remedy("set high-availability.type on the cluster, so that jobs outlive their JobManager"),
            FlinkError::Unreachable { .. } => {
                failure.detail("a job that was submitted may run on without us")
            }
            _ => failure,
        }
    }
}
