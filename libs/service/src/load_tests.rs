//! Layering, environment twins, and every error at once.

use std::io;

use super::*;
use crate::{Exit, LogFormat, ScriptCommand, StateDir};

/// A program with flags of its own.
#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    shared: SharedArgs,
    #[command(flatten)]
    engine: EngineArgs,
    /// The topic to read.
    #[arg(long)]
    kafka_topic: String,
    /// A number without a default.
    #[arg(long)]
    shards: u8,
    /// Window width.
    #[arg(long, default_value_t = 60)]
    window_seconds: u32,
    #[arg(long, value_delimiter = ',')]
    tables: Vec<String>,
}

impl AsRef<SharedArgs> for Program {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

const PROGRAM: ProgramInfo = ProgramInfo::new("probe", "1.2.3");

#[derive(Default)]
struct Given<'a> {
    line: &'a str,
    variables: &'a [(&'a str, &'a str)],
    base: Option<&'a str>,
    overlay: Option<&'a str>,
}

impl Given<'_> {
    fn load(&self) -> Result<Loaded<Program>, Stop> {
        let mut variables: BTreeMap<String, String> =
            self.variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        variables.insert("IBB_CACHE".to_owned(), "/not/of/this/family".to_owned());
        variables.entry("IBB__SHARDS".to_owned()).or_insert_with(|| "1".to_owned());
        variables.entry("IBB__KAFKA_TOPIC".to_owned()).or_insert_with(|| "events".to_owned());
        let (base, overlay) = (self.base.map(str::to_owned), self.overlay.map(str::to_owned));
        let read = move |path: &Path| match path.to_str() {
            Some("/ws/config/cluster.yaml") => base.clone().ok_or(io::ErrorKind::NotFound.into()),
            Some("/ws/config/staging.yaml") => overlay.clone().ok_or(io::ErrorKind::NotFound.into()),
            Some("/ws/other/own.yaml") => Ok("parallelism: 9".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        let from = Surroundings {
            arguments: std::iter::once("probe")
                .chain(self.line.split_whitespace())
                .map(OsString::from)
                .collect(),
            places: Places { user: "/ws/other".into(), workspace: "/ws".into() },
            variables,
            read_file: Arc::new(read),
        };
        load::<Program>(&PROGRAM, &from)
    }

    #[track_caller]
    fn loaded(&self) -> Loaded<Program> {
        self.load().unwrap_or_else(|stop| panic!("{stop:?}"))
    }

    /// The single errors of a configuration that is refused.
    #[track_caller]
    fn errors(&self) -> Vec<String> {
        match self.load() {
            Err(Stop::Fail(failure)) => {
                assert_eq!(failure.exit(), Exit::Config);
                failure.details().to_vec()
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Each row turns on one more layer, and its value must win.
#[test]
fn a_later_layer_wins() {
    let parallelism =
        |given: &Given<'_>| given.loaded().args.shared.parallelism.map(std::num::NonZeroUsize::get);
    let mut given = Given { line: "--env staging --pipeline p", ..Given::default() };
    assert_eq!(parallelism(&given), None);
    given.base = Some("parallelism: 1");
    assert_eq!(parallelism(&given), Some(1));
    given.overlay = Some("parallelism: 2");
    assert_eq!(parallelism(&given), Some(2));
    given.variables = &[("IBB__PARALLELISM", "3")];
    assert_eq!(parallelism(&given), Some(3));
    given.line = "--env staging --pipeline p --set parallelism=4";
    assert_eq!(parallelism(&given), Some(4));
    given.line = "--env staging --pipeline p --set parallelism=4 --parallelism 5";
    assert_eq!(parallelism(&given), Some(5));
}

#[test]
fn sections_are_layered_key_by_key() {
    let given = Given {
        line: "--env staging --pipeline p --set postgresql.user=set",
        variables: &[("IBB__POSTGRESQL__PORT", "7777"), ("IBB__POSTGRESQL__USER", "variable")],
        base: Some("postgresql: {host: base, database: base, user: base}"),
        overlay: Some("postgresql: {database: overlay, port: 1}"),
    };
    let loaded = given.loaded();
    let section = loaded.cluster.postgresql.unwrap();
    assert_eq!((section.host.as_str(), section.database.as_str(), section.port), ("base", "overlay", 7777));
    assert_eq!(section.user, "set");
    assert_eq!(loaded.files, ["/ws/config/cluster.yaml", "/ws/config/staging.yaml"].map(PathBuf::from));
    assert_eq!((loaded.environment.name(), loaded.pipeline.as_str()), ("staging", "p"));
}

#[test]
fn every_flag_has_an_environment_twin() {
    let given = Given {
        variables: &[
            ("IBB__DRY_RUN", "1"),
            ("IBB__RENDER", "false"),
            ("IBB__VERBOSE", "2"),
            ("IBB__LOG_FORMAT", "json"),
            ("IBB__CHECKPOINT_INTERVAL", "500"),
            ("IBB__STATE_DIR", "s3://bucket/x"),
            ("IBB__WINDOW_SECONDS", "5"),
            ("IBB__TABLES", "a,b"),
            ("IBB__ENGINE", "flink"),
            ("IBB__ENV", "staging"),
            ("IBB__PIPELINE", "orders"),
            ("IBB__CONFIG", "own.yaml"),
        ],
        ..Given::default()
    };
    let loaded = given.loaded();
    let Program { shared, engine, window_seconds, tables, kafka_topic, shards } = loaded.args;
    assert!(shared.dry_run && !shared.render);
    assert_eq!((shared.verbose, shared.log_format), (2, LogFormat::Json));
    assert_eq!(shared.checkpoint_interval.as_millis(), 500);
    assert_eq!(shared.state_dir(&loaded.places), StateDir::Url("s3://bucket/x".to_owned()));
    assert_eq!((window_seconds, tables.len(), kafka_topic.as_str(), shards), (5, 2, "events", 1));
    assert_eq!(engine.engine, crate::Engine::Flink);
    assert_eq!((loaded.environment.name(), loaded.pipeline.as_str()), ("staging", "orders"));
    assert_eq!(shared.env.name(), "staging");
    // A path in a variable starts where the user stands.
    assert_eq!(loaded.files, [PathBuf::from("/ws/other/own.yaml")]);
    assert_eq!(shared.parallelism().get(), 9);
}

#[test]
fn a_list_given_by_a_flag_replaces_the_one_of_a_layer() {
    let variables = &[("IBB__TABLES", "a,b")][..];
    let given = Given { line: "--tables c --tables d", variables, ..Given::default() };
    assert_eq!(given.loaded().args.tables, ["c", "d"]);
    let given = Given { line: "--set tables=e", variables, ..Given::default() };
    assert_eq!(given.loaded().args.tables, ["e"]);
}

#[test]
fn paths_in_a_file_start_at_that_file() {
    let given = Given { base: Some("state_dir: state"), ..Given::default() };
    let loaded = given.loaded();
    let expected = StateDir::Folder("/ws/config/state".into());
    assert_eq!(loaded.args.shared.state_dir(&loaded.places), expected);
}

#[test]
fn every_error_comes_at_once_with_its_origin_and_key() {
    let given = Given {
        line: "--env staging --set redis.nodes=r --set nonsense",
        variables: &[("IBB__PARALELISM", "4"), ("IBB__CONNECT_TIMEOUT", "soon"), ("IBB__KAFKA_TOPIC", "t")],
        base: Some("kafka: {broker: [a:1]}\ncheckpoint_interval: 1\nwindow_seconds: 5"),
        overlay: Some("log_format: xml\ndry_run: perhaps"),
    };
    let expected = [
        "--set: needs PATH=VALUE, such as kafka.brokers=host:9092",
        "/ws/config/cluster.yaml: kafka.brokers: is required; set it in the file or as IBB__KAFKA__BROKERS",
        "--set: redis.nodes: `r` is not host:port",
        "/ws/config/cluster.yaml: kafka.broker: is unknown; the nearest valid one is `kafka.brokers`",
        "environment variable IBB__PARALELISM: paralelism: is unknown; the nearest valid one is `IBB__PARALLELISM`",
        "/ws/config/staging.yaml: dry_run: is neither true nor false",
        "/ws/config/cluster.yaml: window_seconds: belongs to one program or run, and files are shared; \
         give --window-seconds or IBB__WINDOW_SECONDS",
    ];
    let errors = given.errors();
    for line in expected {
        assert!(errors.iter().any(|error| error == line), "{line}\nis not in {errors:#?}");
    }
    for start in [
        "/ws/config/cluster.yaml: checkpoint_interval: invalid value '1'",
        "environment variable IBB__CONNECT_TIMEOUT: connect_timeout: invalid value 'soon'",
        "/ws/config/staging.yaml: log_format: invalid value 'xml'",
        "--pipeline: pipeline: is required in the environment staging",
    ] {
        assert!(errors.iter().any(|error| error.starts_with(start)), "{start}\nis not in {errors:#?}");
    }
    assert_eq!(errors.len(), expected.len() + 4, "{errors:#?}");
}

#[test]
fn a_required_flag_that_a_layer_gives_wrongly_is_told_once() {
    let given = Given { variables: &[("IBB__SHARDS", "none"), ("IBB__ENV", "a/b")], ..Given::default() };
    let errors = given.errors();
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with("environment variable IBB__ENV: env: invalid value 'a/b'"), "{errors:?}");
    assert!(
        errors[1].starts_with("environment variable IBB__SHARDS: shards: invalid value 'none'"),
        "{errors:?}"
    );
}

#[test]
fn a_named_file_must_exist() {
    let given = Given { line: "--config none.yaml", ..Given::default() };
    let errors = given.errors();
    assert_eq!(errors, ["--config: cannot read /ws/other/none.yaml: entity not found"]);
    assert!(Given::default().load().is_ok(), "the default one need not");
}

#[test]
fn a_wrong_command_line_names_the_nearest_flag() {
    for (line, hint) in [
        ("--paralelism 4", "'--parallelism'"),
        ("--windw-seconds 4", "'--window-seconds'"),
        ("--engine fink", "'flink'"),
        ("--kafka-topic", "--kafka-topic <KAFKA_TOPIC>"),
    ] {
        match (Given { line, ..Given::default() }).load() {
            Err(Stop::Usage(error, problems)) => {
                let text = error.render().to_string();
                assert!(text.contains(hint) && problems.0.is_empty(), "{text} {problems:?}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn outside_development_the_pipeline_must_be_named() {
    assert_eq!(Given::default().loaded().pipeline, "probe");
    let errors = (Given { line: "--env production", ..Given::default() }).errors();
    assert!(errors[0].contains("is required in the environment production"), "{errors:?}");
}

/// A program that also checks things, and ends.
#[derive(Debug, Parser)]
struct WithTasks {
    #[command(flatten)]
    shared: SharedArgs,
    #[arg(long, default_value_t = 60)]
    window_seconds: u32,
    #[command(subcommand)]
    command: Option<ScriptCommand>,
}

impl AsRef<SharedArgs> for WithTasks {
    fn as_ref(&self) -> &SharedArgs {
        &self.shared
    }
}

/// Goal: a program's flags mean the same before and behind its subcommand, whatever layer they come from, and a task
/// beside the program needs no name for its state.
#[test]
fn flags_count_before_and_behind_a_subcommand() {
    let load = |line: &str, variable: Option<(&str, &str)>| {
        let variables = variable.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let from = Surroundings {
            arguments: std::iter::once("probe").chain(line.split_whitespace()).map(Into::into).collect(),
            variables: variables.collect(),
            places: Places { user: "/user".into(), workspace: "/ws".into() },
            read_file: Arc::new(|_: &Path| Err(io::ErrorKind::NotFound.into())),
        };
        super::load::<WithTasks>(&PROGRAM, &from).unwrap()
    };
    let layered = Some(("IBB__WINDOW_SECONDS", "7"));
    let cases = [
        ("validate a.sql b.sql", None, 60),
        ("--window-seconds 5 validate a.sql b.sql", layered, 5),
        ("validate a.sql --window-seconds 5 b.sql", layered, 5),
        ("validate a.sql b.sql --env production", layered, 7),
    ];
    for (line, variable, window_seconds) in cases {
        let loaded = load(line, variable);
        let Some(ScriptCommand::Validate { files }) = &loaded.args.command else { panic!("{loaded:?}") };
        assert_eq!(files, &[Path::new("a.sql"), Path::new("b.sql")], "{line}");
        assert_eq!((loaded.args.window_seconds, loaded.subcommand), (window_seconds, true), "{line}");
    }
    assert!(!load("", None).subcommand);
}

#[test]
fn help_version_and_completions_are_said() {
    let said = |line: &str| match (Given { line, ..Given::default() }).load() {
        Err(Stop::Say(text)) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(said("--version"), "probe 1.2.3\n");
    let help = said("--help");
    for text in ["[env: IBB__STATE_DIR]", "[env: IBB__KAFKA_TOPIC]", "[env: IBB__CONFIG]", "[default: 60]"] {
        assert!(help.contains(text), "{text} is not in {help}");
    }
    assert!(!help.contains("--completions"));
    assert!(said("--completions bash").contains("--window-seconds"));
}
