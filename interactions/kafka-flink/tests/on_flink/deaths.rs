//! Parts of the cluster die while a job is followed.

use crate::run::{LIMIT, endless, running_again, says};
use testkit::services::Flink;

/// Goal: a dead task manager is said and the job goes on; a dead gateway does not matter; a dead job manager without high
/// availability is the end, and is said with the way out.
#[tokio::test]
async fn deaths_are_said_and_survived_where_possible() {
    let flink = Flink::exclusive().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut running = endless(folder.path(), &flink, &[]).await;

    flink.cluster.taskmanager.kill().await.unwrap();
    says(&mut running, "The job failed; Flink restarts it if it may.");
    flink.cluster.taskmanager.start_again().await.unwrap();
    running_again(&mut running, 2);

    flink.cluster.gateway.kill().await.unwrap();
    flink.cluster.gateway.start_again().await.unwrap();
    assert!(!running.has_ended(), "{}", running.stderr());

    flink.cluster.jobmanager.kill().await.unwrap();
    says(&mut running, "The cluster is silent");
    flink.cluster.jobmanager.start_again().await.unwrap();
    let finished = running.finish(LIMIT).expect_code(69);
    for words in ["has no job", "without high availability", "--from-savepoint"] {
        assert!(finished.stderr.contains(words), "{words}\n{}", finished.stderr);
    }
}
