//! One case on both engines, as an outsider runs it: topics in, a script, a program, topics out.

use crate::world::{Services, World};
use parity::{Case, Engine, Outcome, Script, Topic, TopicUse, Value, expand, records, table};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::Program;
use testkit::services::{Isolation, KafkaRecord, unique};

/// No case takes a tenth of it on a machine that does nothing else.
const LIMIT: Duration = Duration::from_secs(150);
/// For a program that is asked to end, and to stop its job first.
const GRACE: Duration = Duration::from_secs(20);

pub struct Runs {
    pub embedded: Outcome,
    pub flink: Outcome,
    /// For people.
    pub took: String,
}

/// Both engines read the same topics, so that even the time of a record is the same.
pub fn both(world: &World, case: &Case) -> Result<Runs, String> {
    let services = world.services()?;
    let inputs = inputs(&world.cases.join(&case.name))?;
    let mut topics = BTreeMap::new();
    for (name, text) in &inputs {
        let records = records(&case.name, text, case.partitions).map_err(|error| error.to_string())?;
        let records = records.into_iter().map(|r| (r.partition, r.key, r.value)).collect();
        let topic = unique(&format!("in_{name}"));
        world.runtime.block_on(async {
            services.kafka.create_topic(&topic, case.partitions, &[]).await.map_err(text_of)?;
            services.kafka.append_records(&topic, records).await.map_err(text_of)
        })?;
        topics.insert(name.clone(), topic);
    }
    let started = Instant::now();
    let embedded = one(world, services, case, &topics, Engine::Embedded)?;
    let between = Instant::now();
    let flink = one(world, services, case, &topics, Engine::Flink)?;
    let took = format!("embedded {:.1?}, flink {:.1?}", between - started, between.elapsed());
    Ok(Runs { embedded, flink, took })
}

fn text_of(error: testkit::services::ServiceError) -> String {
    error.to_string()
}

/// The `.jsonl` files of a case, by topic.
fn inputs(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut inputs = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            inputs.insert(name, std::fs::read_to_string(&path).map_err(unreadable)?);
        }
    }
    Ok(inputs)
}

fn one(
    world: &World,
    services: &Services,
    case: &Case,
    inputs: &BTreeMap<String, String>,
    engine: Engine,
) -> Result<Outcome, String> {
    let names: BTreeSet<String> = inputs.keys().cloned().collect();
    let topic = |name: &str| inputs.get(name).cloned().unwrap_or_else(|| unique(&format!("out_{name}")));
    let script = expand(&case.name, &case.script, &names, topic).map_err(|error| error.to_string())?;
    for topic in script.topics.values().filter(|topic| topic.used != TopicUse::Input) {
        world.runtime.block_on(services.kafka.create_topic(&topic.name, 1, &[])).map_err(text_of)?;
    }
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("case.sql");
    std::fs::write(&file, &script.text).map_err(|error| error.to_string())?;
    match execute(services, case, &file, engine)? {
        Some(failed) => Ok(failed),
        None => world.runtime.block_on(outputs(services, &script)).map(Outcome::Ran),
    }
}

/// Runs the program; `None` when it ended well.
fn execute(services: &Services, case: &Case, file: &Path, engine: Engine) -> Result<Option<Outcome>, String> {
    let folder = file.parent().ok_or("a file without a folder")?;
    let (name, brokers) = match engine {
        Engine::Embedded => ("embedded", services.kafka.bootstrap()),
        Engine::Flink => ("flink", services.kafka.bootstrap_inside()),
    };
    let pipeline = unique(&case.name);
    let mut program = Program::new(&services.program, folder)
        .args(["--sql".as_ref(), file.as_os_str()])
        .args(["--engine", name, "--pipeline", &pipeline, "--env", "production"])
        .args(["--checkpoint-interval", "200", "--connect-timeout", "60"])
        .args(["--admin-addr", "off", "--dev-services", "off"])
        .env("IBB__KAFKA__BROKERS", &brokers);
    if engine == Engine::Flink {
        program = program
            .env("IBB__FLINK__SQL_GATEWAY", &services.flink.gateway_url())
            .env("IBB__FLINK__REST", &services.flink.url());
    }
    let mut running = program.start();
    if running.work_for(LIMIT) {
        // A job that is left behind would keep its slot.
        running.ask_to_end();
        running.work_for(GRACE);
        let stderr = running.stderr();
        return Err(format!("{}: {name} still runs after {LIMIT:?}:\n{stderr}", case.name));
    }
    let finished = running.finish(GRACE);
    match (finished.status.code(), Outcome::of_failure(finished.status.code(), &finished.stderr)) {
        (Some(0), _) => Ok(None),
        (_, Some(outcome)) => Ok(Some(outcome)),
        // Nothing that a script could do: a service is away, or the program has crashed.
        (code, None) => Err(format!("{}: {name} ended with {code:?}:\n{}", case.name, finished.stderr)),
    }
}

async fn outputs(services: &Services, script: &Script) -> Result<BTreeMap<String, Vec<Value>>, String> {
    let mut outputs = BTreeMap::new();
    for (name, topic) in &script.topics {
        if topic.used != TopicUse::Input {
            let records = services.kafka.read_to_end(&topic.name, Isolation::ReadUncommitted).await;
            outputs.insert(name.clone(), rows(topic, records.map_err(text_of)?)?);
        }
    }
    Ok(outputs)
}

fn rows(topic: &Topic, records: Vec<KafkaRecord>) -> Result<Vec<Value>, String> {
    let text = |bytes: Option<Vec<u8>>| match bytes.map(String::from_utf8).transpose() {
        Ok(text) => Ok(text),
        Err(error) => Err(format!("topic {}: a record is no UTF-8: {error}", topic.name)),
    };
    let records = records.into_iter().map(|record| Ok((text(record.key)?, text(record.value)?)));
    let records: Vec<(Option<String>, Option<String>)> = records.collect::<Result<_, String>>()?;
    Ok(match topic.used {
        TopicUse::Upsert => table(records),
        TopicUse::Input | TopicUse::Append => records
            .into_iter()
            .map(|(_, value)| value.map_or(Value::Null, |value| Value::read(&value)))
            .collect(),
    })
}
