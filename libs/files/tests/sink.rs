//! The sink on real folders: exactly once, fenced, and honest about trouble.

mod common;

use common::{commit, rows, schema};
use files::{Compression, FileFormat, FilesSink, committed_files};
use formats::JsonOptions;
use std::fs;
use std::path::Path;
use std::process::Command;
use stream::{Claim, ErrorKind, Sink, SinkCounters};
use tempfile::TempDir;

fn sink(folder: &Path) -> FilesSink {
    FilesSink::new("out", "pipeline", folder, &schema(), &FileFormat::Json(JsonOptions::default())).unwrap()
}

async fn claimed(folder: &Path) -> (FilesSink, Claim) {
    let mut sink = sink(folder);
    let claim = sink.claim().await.unwrap().unwrap();
    (sink, claim)
}

fn content(folder: &Path) -> String {
    let files = committed_files(folder).unwrap();
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

/// Every name in a folder, hidden ones too.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn committed(count: u64) -> SinkCounters {
    SinkCounters { committed: count, ..Default::default() }
}

#[tokio::test]
async fn epochs_become_visible_once_and_are_remembered() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("deep/out");
    assert!(committed_files(&path).unwrap().is_empty());
    let (mut sink, claim) = claimed(&path).await;
    assert_eq!(claim, Claim { token: 1, held: None, counters: committed(0) });

    assert_eq!(sink.commit(&commit(1), &rows(0..3)).await.unwrap(), committed(3));
    assert_eq!(sink.commit(&commit(1), &rows(0..3)).await.unwrap(), committed(3));
    assert_eq!(sink.commit(&commit(2), &[]).await.unwrap(), committed(3));
    assert_eq!(sink.commit(&commit(3), &rows(3..4)).await.unwrap(), committed(4));
    assert_eq!(content(&path), "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n{\"id\":3}\n");

    let (_, claim) = claimed(&path).await;
    let held = claim.held.unwrap();
    assert_eq!((held.generation, held.epoch.0, held.snapshot.0.as_str()), (1, 3, "snapshot-3"));
    assert_eq!(claim.counters, committed(4));
}

#[tokio::test]
async fn idle_epochs_leave_one_manifest() {
    let folder = TempDir::new().unwrap();
    let (mut sink, _) = claimed(folder.path()).await;
    for epoch in 1..200 {
        sink.commit(&commit(epoch), &[]).await.unwrap();
    }
    // The claim, and the newest commit.
    let manifests = names(&folder.path().join("_manifests"));
    assert_eq!(manifests, ["00000000000000000001.json", "00000000000000000200.json"]);
    let (_, claim) = claimed(folder.path()).await;
    assert_eq!(claim.held.unwrap().epoch.0, 199);
}

#[tokio::test]
async fn a_fenced_writer_commits_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut old, _) = claimed(folder.path()).await;
    old.commit(&commit(1), &rows(0..1)).await.unwrap();
    let (mut new, claim) = claimed(folder.path()).await;
    assert_eq!(claim.held.unwrap().epoch.0, 1);
    for round in 0..2 {
        let error = old.commit(&commit(2), &rows(10..20)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fenced, "{error}");
        // Even when much has been pruned since.
        for epoch in [2, 3, 4] {
            new.commit(&commit(epoch + 3 * round), &[]).await.unwrap();
        }
    }
    new.commit(&commit(8), &rows(1..2)).await.unwrap();
    assert_eq!(content(folder.path()), "{\"id\":0}\n{\"id\":1}\n");
    // What the fenced one wrote in vain goes with the next claim; a newer writer's files stay.
    assert_eq!(names(folder.path()).len(), 1 + 2 + 1);
    claimed(folder.path()).await;
    assert_eq!(names(folder.path()).len(), 1 + 2);
    assert_eq!(content(folder.path()), "{\"id\":0}\n{\"id\":1}\n");
}

#[tokio::test]
async fn many_claimants_get_different_tokens_and_one_stays() {
    let folder = TempDir::new().unwrap();
    let claims = (0..8).map(|_| tokio::spawn(claimed_owned(folder.path().to_owned())));
    let mut writers = Vec::new();
    for claim in claims.collect::<Vec<_>>() {
        writers.push(claim.await.unwrap());
    }
    writers.sort_by_key(|(_, claim)| claim.token);
    assert!(writers.windows(2).all(|pair| pair[0].1.token < pair[1].1.token));
    let (mut newest, _) = writers.pop().unwrap();
    newest.commit(&commit(1), &rows(0..1)).await.unwrap();
    for (mut older, _) in writers {
        assert_eq!(older.commit(&commit(1), &rows(5..6)).await.unwrap_err().kind, ErrorKind::Fenced);
    }
    assert_eq!(content(folder.path()), "{\"id\":0}\n");
}

async fn claimed_owned(folder: std::path::PathBuf) -> (FilesSink, Claim) {
    claimed(&folder).await
}

/// The body of the process that a failpoint ends; it does nothing in an ordinary run.
#[tokio::test]
async fn crash_child() {
    let Ok(folder) = std::env::var("CRASH_FOLDER") else { return };
    let (mut sink, _) = claimed(Path::new(&folder)).await;
    sink.commit(&commit(1), &rows(0..1)).await.unwrap();
    sink.commit(&commit(2), &rows(1..2)).await.unwrap();
}

#[tokio::test]
async fn a_crash_between_any_two_steps_loses_and_doubles_nothing() {
    for (failpoint, epoch, orphans) in [
        ("files.claimed", None, 0),
        ("files.data_written@1", None, 1),
        ("files.committed@1", Some(1), 0),
        ("files.data_written@2", Some(1), 1),
        ("files.committed@2", Some(2), 0),
    ] {
        let folder = TempDir::new().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        let child = child.args(["--exact", "crash_child"]).env("CRASH_FOLDER", folder.path());
        let output = child.env("IBB_FAILPOINT", failpoint).output().unwrap();
        assert!(!output.status.success(), "{failpoint} was not passed");

        let files = names(folder.path()).len() - 1;
        assert_eq!(files - committed_files(folder.path()).unwrap().len(), orphans, "{failpoint}");
        let (mut sink, claim) = claimed(folder.path()).await;
        assert_eq!(claim.held.map(|held| held.epoch.0), epoch, "{failpoint}");
        assert_eq!(names(folder.path()).len() - 1, committed_files(folder.path()).unwrap().len());
        // From the epoch that is held, which changes nothing.
        for epoch in epoch.unwrap_or(1)..=3 {
            sink.commit(&commit(epoch), &rows(epoch as i64 - 1..epoch as i64)).await.unwrap();
        }
        assert_eq!(content(folder.path()), "{\"id\":0}\n{\"id\":1}\n{\"id\":2}\n", "{failpoint}");
    }
}

#[tokio::test]
async fn folders_of_others_are_refused_by_name() {
    let folder = TempDir::new().unwrap();
    claimed(folder.path()).await;
    let format = FileFormat::Json(JsonOptions::default());
    for (name, pipeline) in [("out", "another"), ("other", "pipeline")] {
        let mut sink = FilesSink::new(name, pipeline, folder.path(), &schema(), &format).unwrap();
        let error = sink.claim().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains("belongs to sink 'out' of pipeline 'pipeline'"), "{error}");
    }

    let strange = TempDir::new().unwrap();
    fs::write(strange.path().join("precious.json"), "{}").unwrap();
    let error = sink(strange.path()).claim().await.unwrap_err();
    assert!(error.kind == ErrorKind::Config && error.message.contains("precious.json"), "{error}");
    let error = sink(&strange.path().join("precious.json")).claim().await.unwrap_err();
    assert!(error.message.contains("is a file; a sink writes into a folder"), "{error}");
}

#[tokio::test]
async fn a_broken_manifest_is_named() {
    let folder = TempDir::new().unwrap();
    claimed(folder.path()).await;
    fs::write(folder.path().join("_manifests/00000000000000000001.json"), "{").unwrap();
    let error = committed_files(folder.path()).unwrap_err();
    assert!(error.kind == ErrorKind::Data && error.message.contains("00000000000000000001.json"), "{error}");
}

#[tokio::test]
async fn no_permission_is_named() {
    // Nobody may make a folder in /sys, not even root.
    let error = sink(Path::new("/sys/ibb-test")).claim().await.unwrap_err();
    assert!(error.kind == ErrorKind::Permission && error.message.contains("/sys/ibb-test"), "{error}");
}

#[tokio::test]
async fn a_full_disk_commits_nothing_and_can_be_helped() {
    let folder = TempDir::new().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(folder.path())
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        eprintln!("skipped: mounting a small disk needs root");
        return;
    }
    let (mut sink, _) = claimed(folder.path()).await;
    sink.commit(&commit(1), &rows(0..1)).await.unwrap();
    let error = sink.commit(&commit(2), &rows(0..100_000)).await.unwrap_err();
    let result = (error.kind, error.message.contains("part-0000000002"));
    let visible = content(folder.path());
    let retried = sink.commit(&commit(2), &rows(1..2)).await;
    let after = content(folder.path());
    assert!(Command::new("umount").arg(folder.path()).status().unwrap().success());
    assert_eq!(result, (ErrorKind::Io, true), "{error}");
    assert_eq!(visible, "{\"id\":0}\n");
    assert_eq!((retried.unwrap(), after.as_str()), (committed(2), "{\"id\":0}\n{\"id\":1}\n"));
}

#[tokio::test]
async fn manifests_tell_what_the_files_are() {
    let folder = TempDir::new().unwrap();
    let format = FileFormat::Parquet(Compression::Zstd);
    let mut sink = FilesSink::new("out", "pipeline", folder.path(), &schema(), &format).unwrap();
    sink.claim().await.unwrap();
    sink.commit(&commit(1), &rows(0..1_000)).await.unwrap();
    let manifest = fs::read(folder.path().join("_manifests/00000000000000000002.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let file = &manifest["commit"]["files"][0];
    let bytes = fs::read(folder.path().join(file["name"].as_str().unwrap())).unwrap();
    assert_eq!((file["rows"].as_u64(), file["bytes"].as_u64()), (Some(1_000), Some(bytes.len() as u64)));
    assert_eq!(file["checksum"], blake3::hash(&bytes).to_hex().as_str());
}

#[tokio::test]
async fn dead_letters_can_be_kept_in_a_folder() {
    let folder = TempDir::new().unwrap();
    let format = FileFormat::Json(JsonOptions::default());
    let schema = event::dead_letter_schema();
    let mut sink = FilesSink::new("dead", "pipeline", folder.path(), &schema, &format).unwrap();
    sink.claim().await.unwrap();
    let letter = event::DeadLetter {
        reason: event::DeadLetterReason::Decode,
        error: "no".into(),
        origin: "t".into(),
        partition: None,
        offset: Some(3),
        event_time_ms: None,
        time_ms: 1_500,
        raw: b"{".to_vec(),
    };
    sink.commit(&commit(1), &[event::dead_letters_to_batch(&[letter])]).await.unwrap();
    assert_eq!(
        content(folder.path()),
        "{\"reason\":\"decode\",\"error\":\"no\",\"origin\":\"t\",\"partition\":null,\"offset\":3,\
         \"event_time\":null,\"time\":\"1970-01-01 00:00:01.5Z\",\"raw\":\"{\",\"raw_base64\":null}\n"
    );
}
