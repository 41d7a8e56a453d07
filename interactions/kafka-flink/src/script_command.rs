//! `validate` and `test`: what a script says and does, without any service.

use crate::process::{connectors, of_sql};
use crate::processor_args::ProcessorArgs;
use crate::script::Parameters;
use crate::services::{Needs, Services};
use pipelinetest::{Case, CaseError, Outcome};
use service::{Context, Engine, Exit, Failure, ScriptCommand};
use sql::{Script, SqlError};
use std::path::{Path, PathBuf};
use std::time::Duration;
use stream::ConnectorContext;

/// Does what the subcommand says.
pub async fn script_command(
    ctx: &Context,
    args: &ProcessorArgs,
    command: &ScriptCommand,
) -> Result<(), Failure> {
    if args.engine.engine == Engine::Flink {
        return Err(Failure::usage("validate and test: they use the embedded engine, not --engine flink")
            .remedy("leave --engine out; a cluster checks a script when it is given to it"));
    }
    match command {
        ScriptCommand::Validate { files } => validate(ctx, args, files).await,
        ScriptCommand::Test { folders, update } => test(ctx, args, folders, *update).await,
    }
}

/// A script with its parameters filled.
struct Rendered {
    /// For people.
    name: String,
    text: Result<String, SqlError>,
    /// Where its relative paths start.
    folder: PathBuf,
}

/// Reads a script, or takes the shipped one. A parameter of several lines becomes one line, so that places in errors are
/// those of the file; secrets stay out, as nobody is asked for anything.
fn rendered(ctx: &Context, args: &ProcessorArgs, path: Option<&Path>) -> Result<Rendered, Failure> {
    let (name, text, folder) = match path {
        None => ("the shipped script".to_owned(), args.shipped.text().to_owned(), ctx.places.user.clone()),
        Some(given) => {
            let path = ctx.places.user_path(given);
            let text = std::fs::read_to_string(&path)
                .map_err(|cause| Failure::io(format!("{} cannot be read", path.display()), cause))?;
            let folder = path.parent().map_or_else(|| ctx.places.user.clone(), Path::to_path_buf);
            (shorter(&path, &ctx.places.user), text, folder)
        }
    };
    let needs = Needs::of(&text, args);
    let services = Services::configured(ctx, needs)?.with_placeholders(needs);
    let mut parameters =
        Parameters::new(args, services.kafka.as_ref(), services.postgresql.as_ref()).without_secrets();
    for value in parameters.values_mut() {
        *value = value.replace('\n', " ");
    }
    Ok(Rendered { name, text: Script::render(&text, &parameters), folder })
}

async fn validate(ctx: &Context, args: &ProcessorArgs, files: &[PathBuf]) -> Result<(), Failure> {
    let named = args.engine.sql.iter().chain(files).map(|path| Some(path.as_path()));
    let mut scripts: Vec<Option<&Path>> = named.collect();
    if scripts.is_empty() {
        scripts.push(None);
    }
    let mut problems = Vec::new();
    let mut wrong = 0;
    for script in &scripts {
        let script = rendered(ctx, args, *script)?;
        match check(&script).await {
            Ok(summary) => println!("{}: fine: {summary}", script.name),
            Err(error) => {
                wrong += 1;
                let lines = error.problems.iter().map(|problem| format!("{}: {problem}", script.name));
                problems.extend(lines);
            }
        }
    }
    if wrong == 0 {
        return Ok(());
    }
    let message = match scripts.len() {
        1 => "the script cannot run".to_owned(),
        all => format!("{wrong} of {all} scripts cannot run"),
    };
    Err(problems.into_iter().fold(Failure::data(message), Failure::detail))
}

/// Everything that can be known of a script beforehand.
async fn check(script: &Rendered) -> Result<String, SqlError> {
    let pipeline = sql::plan(&sql::parse(script.text.as_ref().map_err(Clone::clone)?)?)?;
    let context = ConnectorContext {
        pipeline: "validate".to_owned(),
        base_dir: script.folder.clone(),
        connect_timeout: Duration::ZERO,
        batch_rows_max: 1,
        rows_per_second_max: None,
    };
    pipeline.check_tables(&connectors(false), &context).await?;
    let read: Vec<&str> = pipeline.source_tables().map(|table| table.name.as_str()).collect();
    let written: Vec<String> =
        pipeline.sink_tables().map(|(connector, table)| format!("{} ({connector})", table.name)).collect();
    Ok(format!("reads {}; writes {}", read.join(", "), written.join(", ")))
}

/// How many cases ended how, and what the program ends with.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// Of the first case that gave no verdict.
    broken: Option<Exit>,
    broken_count: usize,
}

async fn test(ctx: &Context, args: &ProcessorArgs, folders: &[PathBuf], update: bool) -> Result<(), Failure> {
    let folders: Vec<PathBuf> = folders.iter().map(|folder| ctx.places.user_path(folder)).collect();
    let mut tally = Tally::default();
    for mut case in pipelinetest::cases(&folders).map_err(of_case)? {
        case.name = shorter(&case.folder, &ctx.places.user);
        match run_case(ctx, args, &case, update).await {
            // What came is what is expected from now on.
            Ok(_) if update => tally.passed += 1,
            Ok(outcome) => {
                println!("{outcome}");
                match outcome.passed() {
                    true => tally.passed += 1,
                    false => tally.failed += 1,
                }
            }
            Err(failure) => {
                println!("BROKEN  {}\n  {failure}", case.name);
                let causes = failure.causes();
                failure.details().iter().chain(&causes).for_each(|line| println!("    {line}"));
                tally.broken.get_or_insert(failure.exit());
                tally.broken_count += 1;
            }
        }
        if ctx.shutdown.token().is_cancelled() {
            break;
        }
    }
    tally.end(update)
}

impl Tally {
    fn end(&self, update: bool) -> Result<(), Failure> {
        let Self { passed, failed, broken_count, .. } = self;
        let passed_word = if update { "updated" } else { "passed" };
        let broken = match broken_count {
            0 => String::new(),
            count => format!(", {count} broken"),
        };
        println!("{passed} {passed_word}, {failed} failed{broken}");
        match (self.broken, failed) {
            (None, 0) => Ok(()),
            (None, _) => {
                Err(Failure::new(Exit::Failure, format!("{failed} of {} cases failed", passed + failed))
                    .remedy("if what came is right: test --update writes it as what is expected"))
            }
            (Some(exit), _) => {
                Err(Failure::new(exit, format!("{broken_count} of the cases could not be run")))
            }
        }
    }
}

async fn run_case(
    ctx: &Context,
    args: &ProcessorArgs,
    case: &Case,
    update: bool,
) -> Result<Outcome, Failure> {
    let own = case.script().map_err(of_case)?;
    let script = rendered(ctx, args, args.engine.sql.as_deref().or(own.as_deref()))?;
    let text = script.text.map_err(of_sql)?;
    let shutdown = ctx.shutdown.token().clone();
    let outcome = pipelinetest::run(case, &text, &script.folder, &connectors(false), shutdown).await;
    let outcome =
        outcome.map_err(of_case).map_err(|failure| failure.detail(format!("tested: {}", script.name)))?;
    if update {
        for path in outcome.update().map_err(of_case)? {
            println!("written {}", shorter(&path, &ctx.places.user));
        }
    } else if !outcome.expects() {
        return Err(Failure::config(format!("{} has no expected/: nothing would be checked", case.name))
            .remedy("test --update writes what comes out; read it before you keep it"));
    }
    Ok(outcome)
}

/// A path as somebody in `folder` writes it.
fn shorter(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).display().to_string()
}

fn of_case(error: CaseError) -> Failure {
    match error {
        CaseError::Folder(problem) => Failure::config(problem),
        CaseError::Script(error) => of_sql(error),
        CaseError::Engine(error) => crate::failure::of_stream(error),
    }
}
