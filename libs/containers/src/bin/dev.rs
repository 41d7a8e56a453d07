//! `tools/dev`: the services of a developer's machine, in containers.

use clap::{Parser, Subcommand};
use containers::services::{
    Container, ContainerError, Options, Purpose, Sharing, Spec, flink_cluster, last_lines, list, ports,
    remove, start, stop, usage,
};
use containers::{Image, ImageProgress};
use std::error::Error;
use std::process::ExitCode;

/// As in sysexits.h.
const USAGE: u8 = 64;
const UNAVAILABLE: u8 = 69;

/// Services in containers for development: started once, reused by every program, kept until `down`.
#[derive(Parser)]
#[command(name = "tools/dev")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start services that do not run yet, and say how to reach each [default: kafka postgres]
    Up { services: Vec<String> },
    /// What runs
    Status,
    /// The last lines of a service's log [default: of every service]
    Logs { service: Option<String> },
    /// Stop the services; their data stays for the next `up`
    Down {
        /// Remove the containers that suites left for the next suite
        #[arg(long)]
        tests: bool,
        /// Remove the services with their data
        #[arg(long, conflicts_with = "tests")]
        remove: bool,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // `tools/dev status | head -1` ends quietly.
    // SAFETY: no other thread runs yet, and SIG_DFL is no handler of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let done = match Args::parse().command {
        Command::Up { services } => match parsed(&services) {
            Ok(services) => up(&services).await,
            Err(unknown) => {
                eprintln!("tools/dev: {unknown} is no service; there are {}", names().join(", "));
                return ExitCode::from(USAGE);
            }
        },
        Command::Status => status().await,
        Command::Logs { service } => logs(service.as_deref()).await,
        Command::Down { tests: true, .. } => end(Purpose::Test, true).await,
        Command::Down { tests: false, remove } => end(Purpose::Dev, remove).await,
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprint!("tools/dev: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprint!(": {error}");
        cause = error.source();
    }
    eprintln!();
    ExitCode::from(UNAVAILABLE)
}

fn names() -> Vec<&'static str> {
    Image::ALL.iter().map(|service| service.name()).collect()
}

fn parsed(services: &[String]) -> Result<Vec<Image>, &str> {
    if services.is_empty() {
        return Ok(vec![Image::Kafka, Image::Postgres]);
    }
    let find = |name: &String| Image::ALL.into_iter().find(|service| service.name() == name);
    services.iter().map(|name| find(name).ok_or(name.as_str())).collect()
}

async fn up(services: &[Image]) -> Result<(), ContainerError> {
    let options = Options::new(Purpose::Dev, Sharing::Shared, ImageProgress::stderr())?;
    for service in services {
        match service {
            Image::Flink => {
                let cluster = flink_cluster(&options, std::convert::identity).await?;
                for part in [&cluster.jobmanager, &cluster.taskmanager, &cluster.gateway] {
                    say(part);
                }
            }
            // It keeps its own state in Kafka.
            Image::Connect => {
                let kafka = start(Spec::of(Image::Kafka), &options).await?;
                let bootstrap = format!("{}:{}", kafka.name(), ports::KAFKA_INSIDE);
                say(&kafka);
                say(&start(Spec::of(*service).env("BOOTSTRAP_SERVERS", &bootstrap), &options).await?);
            }
            _ => say(&start(Spec::of(*service), &options).await?),
        }
    }
    Ok(())
}

fn say(container: &Container) {
    println!("{} ({})", container.name(), container.startup());
    for line in usage(container) {
        println!("    {line}");
    }
}

async fn status() -> Result<(), ContainerError> {
    for (purpose, title) in [(Purpose::Dev, "dev services"), (Purpose::Test, "containers of suites")] {
        let found = list(purpose).await?;
        println!("{title}: {}", if found.is_empty() { "none" } else { "" });
        for container in found {
            let ports =
                container.ports.iter().map(|(inside, outside)| format!("127.0.0.1:{outside} → {inside}"));
            println!(
                "    {:<40} {:<24} {}",
                container.name,
                container.status,
                ports.collect::<Vec<_>>().join(", ")
            );
        }
    }
    Ok(())
}

async fn logs(service: Option<&str>) -> Result<(), ContainerError> {
    for container in list(Purpose::Dev).await? {
        if service.is_none_or(|service| container.service.starts_with(service)) {
            println!("{}:\n{}", container.name, last_lines(&container.name).await?);
        }
    }
    Ok(())
}

async fn end(purpose: Purpose, with_data: bool) -> Result<(), ContainerError> {
    for container in list(purpose).await? {
        if with_data {
            remove(&container.name).await?;
            println!("{} removed", container.name);
        } else if container.running {
            stop(&container.name).await?;
            println!("{} stopped", container.name);
        }
    }
    Ok(())
}
