//! A machine without a Docker engine, as a person at `tools/dev` meets it.

use std::process::Command;

/// Goal: the message says what is missing and every way out, with an exit code for scripts.
#[test]
fn no_engine_is_told_with_the_ways_out() {
    let dev = std::env::var("CARGO_BIN_EXE_dev").ok().or(option_env!("CARGO_BIN_EXE_dev").map(str::to_owned));
    let output = Command::new(dev.expect("Cargo or Bazel says where it is"))
        .arg("status")
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(69), "{said}");
    for words in [
        "no Docker engine answers at unix:///nonexistent/docker.sock",
        "apt-get install docker.io",
        "DOCKER_HOST",
    ] {
        assert!(said.contains(words), "{words:?} is missing in {said}");
    }
}
