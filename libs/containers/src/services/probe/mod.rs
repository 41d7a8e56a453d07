//! Whether a service serves: asked of the service itself, in its own protocol, without a client library.

mod cassandra;
mod http;
mod kafka;

use super::Container;
use super::spec::{POSTGRES_LOGIN, ports};
use crate::Image;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(5);

/// Why it does not serve yet, for a person.
pub(super) type NotYet = String;

/// Asks once.
pub(super) async fn ask(container: &Container) -> Result<(), NotYet> {
    let port = |inside| container.port(inside);
    let question = async {
        match container.service() {
            Image::Kafka => kafka::metadata(port(ports::KAFKA)).await,
            Image::Postgres => select_one(container).await,
            Image::Redis => ping(port(ports::REDIS)).await,
            Image::Cassandra => cassandra::query(port(ports::CASSANDRA)).await,
            Image::Trino => http::trino(port(ports::TRINO)).await,
            Image::SchemaRegistry => {
                http::array(port(ports::SCHEMA_REGISTRY), "/apis/ccompat/v7/subjects").await
            }
            Image::Connect => http::array(port(ports::CONNECT), "/connectors").await,
            Image::Flink => match container.part {
                "sql-gateway" => http::object(port(ports::FLINK_GATEWAY), "/v3/info", "productName").await,
                // It has no port of its own; `flink_cluster` asks the job manager for it.
                "taskmanager" => Ok(()),
                _ => http::object(port(ports::FLINK), "/overview", "taskmanagers").await,
            },
            Image::Spark => http2_settings(port(ports::SPARK)).await,
        }
    };
    match tokio::time::timeout(ANSWER, question).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", ANSWER.as_secs())),
    }
}

/// How many task managers a job manager knows.
pub(super) async fn task_managers(jobmanager: &Container) -> Result<u64, NotYet> {
    let overview = http::get(jobmanager.port(ports::FLINK), "/overview").await?;
    overview["taskmanagers"].as_u64().ok_or_else(|| overview.to_string())
}

/// A query over TCP inside the container: the server that prepares a new database listens on a socket file only.
async fn select_one(container: &Container) -> Result<(), NotYet> {
    let login = POSTGRES_LOGIN;
    let command = ["psql", "-h", "127.0.0.1", "-U", login, "-d", login, "-Atc", "SELECT 1"];
    match container.exec(&command).await {
        Ok(output) if output.code == 0 && output.text.trim() == "1" => Ok(()),
        Ok(output) => Err(output.text.trim().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

async fn ping(port: u16) -> Result<(), NotYet> {
    let mut stream = connect(port).await?;
    stream.write_all(b"PING\r\n").await.map_err(said)?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.map_err(said)?;
    if &answer == b"+PONG\r\n" { Ok(()) } else { Err(String::from_utf8_lossy(&answer).into_owned()) }
}

/// Spark Connect speaks gRPC: the preface of HTTP/2 and empty settings are answered with settings.
async fn http2_settings(port: u16) -> Result<(), NotYet> {
    const SETTINGS: u8 = 4;
    let mut stream = connect(port).await?;
    let empty_settings = [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0];
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.map_err(said)?;
    stream.write_all(&empty_settings).await.map_err(said)?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.map_err(said)?;
    if head[3] == SETTINGS { Ok(()) } else { Err(format!("frame {} instead of settings", head[3])) }
}

async fn connect(port: u16) -> Result<TcpStream, NotYet> {
    TcpStream::connect(("127.0.0.1", port)).await.map_err(said)
}

fn said(error: impl std::error::Error) -> NotYet {
    super::error::chain(&error)
}
