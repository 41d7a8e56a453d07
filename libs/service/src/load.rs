//! From the command line, the environment and the files to typed arguments and a typed cluster.
//!
//! Every flag is also a configuration key. What the layers say about a flag that the command line does not
//! give is put in front of the command line, so clap parses and checks values from every layer alike.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{
    Arg, ArgAction, ArgMatches, Args, Command, Parser, ValueHint, error::ContextKind, error::ContextValue,
    error::ErrorKind,
};
use serde_yaml::Value;

use crate::{
    Cluster, EngineArgs, Environment, Failure, Origin, Places, Problem, Problems, ProgramInfo, SharedArgs,
    config::{Layers, ReadFile, Reader, resolve, scalar, variable},
};

/// Flags that choose the layers and so cannot be in one of them.
const NOT_KEYS: [&str; 5] = ["config", "set", "completions", "help", "version"];

/// What the process was given from outside; tests make their own.
#[derive(Clone)]
pub struct Surroundings {
    /// The command line, with the program's name first.
    pub arguments: Vec<OsString>,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// Where relative paths start.
    pub places: Places,
    /// Reads configuration, secret and certificate files.
    pub read_file: Arc<ReadFile>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        let text = |value: OsString| value.to_string_lossy().into_owned();
        let variables: BTreeMap<_, _> =
            std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        let current = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self {
            arguments: std::env::args_os().collect(),
            places: Places::new(&variables, &current),
            variables,
            read_file: Arc::new(|path: &Path| std::fs::read_to_string(path)),
        }
    }
}

/// Everything a program is told at its start.
#[derive(Clone, Debug)]
pub struct Loaded<A> {
    /// The program's own flags, the shared ones included.
    pub args: A,
    /// The environment it runs in.
    pub environment: Environment,
    /// `--pipeline`, or in development the program's name.
    pub pipeline: String,
    /// The systems.
    pub cluster: Cluster,
    /// Where relative paths point to.
    pub places: Places,
    /// The configuration files that were read, the base one first.
    pub files: Vec<PathBuf>,
    /// Whether a subcommand was given: a short task beside the program's own, without an admin server and as quiet as
    /// with `-q`.
    pub subcommand: bool,
}

/// Why a program does not get to its body.
#[derive(Debug)]
pub enum Stop {
    /// The user asked for this text (help, version, completions).
    Say(String),
    /// The command line is wrong; clap's text names the nearest flag. Other problems come with it.
    Usage(Box<clap::Error>, Problems),
    /// The configuration is wrong.
    Fail(Failure),
}

/// Reads every layer: defaults < `config/cluster.yaml` < `config/<env>.yaml` < `IBB__…` < `--set` < flags.
///
/// # Errors
/// [`Stop`], with every configuration error at once.
pub fn load<A>(program: &ProgramInfo, from: &Surroundings) -> Result<Loaded<A>, Stop>
where
    A: Parser + AsRef<SharedArgs>,
{
    let command = command::<A>(program);
    // A lenient look at the command line: which flags it has, and which layers it names.
    let given = command
        .clone()
        .ignore_errors(true)
        .try_get_matches_from(&from.arguments)
        .map_err(|said| Stop::Say(said.render().to_string()))?;
    if let Some(shell) = given.get_one::<clap_complete::Shell>("completions") {
        return Err(Stop::Say(completions(*shell, command, program.name)));
    }
    let mut problems = Vec::new();
    let environment = environment(&given, from);
    let (layers, file, files) = layers(&given, &environment, from, &mut problems);

    let flags = Flags::of(&command);
    let mut reader = Reader::new(&layers, &from.places, &*from.read_file);
    let cluster = Cluster::read(&mut reader, environment.clone(), file);
    problems.extend(reader.finish(&flags.keys));
    let args = flags.parse::<A>(command, &given, &layers, from, &mut problems);
    let args = match args {
        Ok(args) => args,
        Err(None) => return Err(Stop::Fail(Problems(problems).into())),
        Err(Some(error)) => return Err(Stop::Usage(error, Problems(problems))),
    };
    let subcommand = given.subcommand_name().is_some();
    let pipeline = args.as_ref().pipeline.clone().unwrap_or_else(|| program.name.to_owned());
    if !subcommand {
        problems.extend(unnamed_pipeline(&environment, args.as_ref()));
    }
    if !problems.is_empty() {
        return Err(Stop::Fail(Problems(problems).into()));
    }
    Ok(Loaded { args, environment, pipeline, cluster, places: from.places.clone(), files, subcommand })
}

fn command<A: Parser>(program: &ProgramInfo) -> Command {
    let completions = Arg::new("completions")
        .long("completions")
        .value_name("SHELL")
        .hide(true)
        .value_parser(clap::value_parser!(clap_complete::Shell))
        .help("Print shell completions, and end");
    let command = A::command();
    // A program's flags mean the same before and behind its subcommand.
    let global = command.has_subcommands();
    command.name(program.name).version(program.version).arg(completions).mut_args(|arg| {
        let arg = if global && arg.get_long().is_some() { arg.global(true) } else { arg };
        if !is_key(&arg) && arg.get_id() != "config" {
            return arg;
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let twin = variable(arg.get_id().as_str());
        arg.help(format!("{help} [env: {twin}]"))
    })
}

fn completions(shell: clap_complete::Shell, mut command: Command, name: &str) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Whether a flag has a configuration key.
fn is_key(arg: &Arg) -> bool {
    arg.get_long().is_some() && !NOT_KEYS.contains(&arg.get_id().as_str())
}

fn on_command_line(given: &ArgMatches, id: &str) -> bool {
    given.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

/// The environment; a wrong name is reported later, when clap meets it.
fn environment(given: &ArgMatches, from: &Surroundings) -> Environment {
    let twin = from.variables.get(&variable("env")).filter(|value| !value.is_empty());
    match twin {
        Some(name) if !on_command_line(given, "env") => name.parse().unwrap_or_default(),
        _ => given.get_one::<Environment>("env").cloned().unwrap_or_default(),
    }
}

/// All layers, the base file's path, and the files that were read.
fn layers(
    given: &ArgMatches,
    environment: &Environment,
    from: &Surroundings,
    problems: &mut Vec<Problem>,
) -> (Layers, PathBuf, Vec<PathBuf>) {
    let mut layers = Layers::default();
    let twin = variable("config");
    let variable = from.variables.get(&twin).filter(|value| !value.is_empty());
    let (file, named_by) = match (given.get_one::<PathBuf>("config"), variable) {
        (Some(path), _) => (from.places.user_path(path), Some(Origin::Flag("--config".to_owned()))),
        (None, Some(path)) => (from.places.user_path(path), Some(Origin::Variable(twin.clone()))),
        (None, None) => (from.places.workspace_path("config/cluster.yaml"), None),
    };
    let overlay = file.with_file_name(format!("{environment}.yaml"));
    let mut files = Vec::new();
    for (path, must_exist) in [(&file, named_by), (&overlay, None)] {
        if files.contains(path) {
            continue;
        }
        match (from.read_file)(path) {
            Ok(text) => {
                files.push(path.clone());
                problems.extend(layers.add_file(path, &text).err());
            }
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && must_exist.is_none() => {}
            Err(cause) => problems.push(Problem {
                origin: must_exist.unwrap_or_else(|| Origin::File(path.clone())),
                key: String::new(),
                message: format!("cannot read {}: {cause}", path.display()),
            }),
        }
    }
    let mut variables = from.variables.clone();
    variables.remove(&twin);
    layers.add_variables(&variables);
    let assignments: Vec<String> = given.get_many::<String>("set").into_iter().flatten().cloned().collect();
    problems.extend(layers.add_set(&assignments));
    (layers, file, files)
}

fn unnamed_pipeline(environment: &Environment, shared: &SharedArgs) -> Option<Problem> {
    (shared.pipeline.is_none() && !environment.is_development()).then(|| Problem {
        origin: Origin::Flag("--pipeline".to_owned()),
        key: "pipeline".to_owned(),
        message: format!(
            "is required in the environment {environment}: it names the pipeline's state and transactions; \
             give --pipeline NAME or {}",
            variable("pipeline")
        ),
    })
}

/// The flags of a program that are configuration keys.
struct Flags {
    args: Vec<Arg>,
    /// Keys that are valid: the program's own, and those every program may have.
    keys: BTreeSet<String>,
    /// Keys that files may hold, for files are shared by all programs.
    file_keys: BTreeSet<String>,
}

impl Flags {
    fn of(command: &Command) -> Self {
        let key = |arg: &Arg| arg.get_id().to_string();
        let args: Vec<Arg> = command.get_arguments().filter(|arg| is_key(arg)).cloned().collect();
        let shared = EngineArgs::augment_args(SharedArgs::augment_args(Command::new("shared")));
        let file_keys: BTreeSet<_> =
            shared.get_arguments().filter(|arg| is_key(arg) && arg.get_id() != "env").map(key).collect();
        let keys = args.iter().map(key).chain(file_keys.iter().cloned()).collect();
        Self { args, keys, file_keys }
    }

    /// Parses the command line with what the layers say in front of it. A value of a layer that clap refuses
    /// becomes a problem and is left out, so that every other one is found as well.
    fn parse<A: Parser>(
        &self,
        command: Command,
        given: &ArgMatches,
        layers: &Layers,
        from: &Surroundings,
        problems: &mut Vec<Problem>,
    ) -> Result<A, Option<Box<clap::Error>>> {
        let mut injected = self.injected(given, layers, &from.places, problems);
        let (name, rest) = from.arguments.split_at(from.arguments.len().min(1));
        let mut refused = Vec::new();
        injected.retain(|id, (arguments, origin)| {
            let alone = name.iter().chain(&*arguments);
            let Err(error) = command.clone().try_get_matches_from(alone) else { return true };
            // What it needs beside it may come from elsewhere.
            let fits =
                matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict);
            if !fits {
                problems.push(Problem { origin: origin.clone(), key: id.clone(), message: reason(&error) });
                refused.push(id.clone());
            }
            fits
        });
        let line = name.iter().chain(injected.values().flat_map(|(arguments, _)| arguments)).chain(rest);
        let parsed = command.try_get_matches_from(line).and_then(|matches| A::from_arg_matches(&matches));
        parsed.map_err(|error| {
            // What is missing only because its value was refused has been told already.
            let missing = error.kind() == ErrorKind::MissingRequiredArgument;
            let told = missing && missing_flags(&error).iter().all(|id| refused.contains(id));
            (!told).then(|| Box::new(error))
        })
    }

    /// The arguments that stand for values of the layers, by flag, with their origin.
    fn injected(
        &self,
        given: &ArgMatches,
        layers: &Layers,
        places: &Places,
        problems: &mut Vec<Problem>,
    ) -> BTreeMap<String, (Vec<OsString>, Origin)> {
        let mut injected = BTreeMap::new();
        for arg in &self.args {
            let id = arg.get_id().as_str();
            let Some(entry) = layers.entries.get(id).filter(|entry| !entry.value.is_null()) else { continue };
            let wrong =
                |message: String| Problem { origin: entry.origin.clone(), key: id.to_owned(), message };
            if matches!(entry.origin, Origin::File(_)) && !self.file_keys.contains(id) {
                let flag = arg.get_long().unwrap_or_default();
                problems.push(wrong(format!(
                    "belongs to one program or run, and files are shared; give --{flag} or {}",
                    variable(id)
                )));
                continue;
            }
            if on_command_line(given, id) {
                continue;
            }
            match arguments(arg, &entry.value, &entry.origin, places) {
                Ok(arguments) => {
                    injected.insert(id.to_owned(), (arguments, entry.origin.clone()));
                }
                Err(message) => problems.push(wrong(message)),
            }
        }
        injected
    }
}

/// `value` as arguments of the flag `arg`.
fn arguments(arg: &Arg, value: &Value, origin: &Origin, places: &Places) -> Result<Vec<OsString>, String> {
    let flag = format!("--{}", arg.get_long().unwrap_or_default());
    let items = match value {
        Value::Sequence(items) => items.iter().map(scalar).collect(),
        value => scalar(value).map(|text| vec![text]),
    };
    let items: Vec<String> = items.ok_or("needs one value or a list of values")?;
    match arg.get_action() {
        ArgAction::SetTrue => match items.as_slice() {
            [text] if ["true", "1", "yes", "on"].contains(&text.as_str()) => Ok(vec![flag.into()]),
            [text] if ["false", "0", "no", "off"].contains(&text.as_str()) => Ok(Vec::new()),
            _ => Err("is neither true nor false".to_owned()),
        },
        ArgAction::Count => match items.as_slice() {
            [text] => match text.parse::<usize>() {
                Ok(count) if count <= 9 => Ok(vec![flag.into(); count]),
                _ => Err(format!("`{text}` is not a number from 0 to 9")),
            },
            _ => Err("needs one number".to_owned()),
        },
        action => {
            let path =
                matches!(arg.get_value_hint(), ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath);
            let argument = |item: &str| -> OsString {
                let place = if path && !item.contains("://") {
                    resolve(origin, places, item).to_string_lossy().into_owned()
                } else {
                    item.to_owned()
                };
                format!("{flag}={place}").into()
            };
            match action {
                ArgAction::Append => Ok(items.iter().map(|item| argument(item)).collect()),
                _ if items.len() == 1 => Ok(vec![argument(&items[0])]),
                _ => Err("needs one value, not a list".to_owned()),
            }
        }
    }
}

/// The ids of the flags that clap misses: `--state-dir <PATH>` is `state_dir`.
fn missing_flags(error: &clap::Error) -> Vec<String> {
    let Some(ContextValue::Strings(texts)) = error.get(ContextKind::InvalidArg) else { return Vec::new() };
    let id = |text: &String| {
        let end = text.find([' ', '=']).unwrap_or(text.len());
        text[..end].trim_start_matches('-').replace('-', "_")
    };
    texts.iter().map(id).collect()
}

/// clap's first paragraph without its label.
fn reason(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
