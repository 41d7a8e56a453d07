//! Where the state of a pipeline lies, and what the pipeline is called there.

use crate::processor_args::ProcessorArgs;
use crate::services::Services;
use service::{Context, EngineArgs, Failure, SharedArgs, StateDir};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use stream::Savepoints;

/// The local folder of `--state-dir`.
pub fn state_folder(ctx: &Context, shared: &SharedArgs) -> Result<PathBuf, Failure> {
    match shared.state_dir(&ctx.places) {
        StateDir::Folder(folder) => Ok(folder),
        StateDir::Url(url) => {
            Err(Failure::usage(format!("--state-dir {url}: object stores are not supported yet"))
                .remedy("a local folder"))
        }
    }
}

/// Savepoints lie beside the pipelines, as they outlive them.
pub fn savepoints(ctx: &Context, engine: &EngineArgs, folder: &Path) -> Savepoints {
    Savepoints {
        from: engine.from_savepoint.as_ref().map(|path| ctx.places.user_path(path)),
        allow_non_restored_state: engine.allow_non_restored_state,
        stop_into: engine.stop_with_savepoint.then(|| folder.join("savepoints")),
    }
}

/// On an embedded Kafka every run starts from an empty log, so its state is its own too, unless it is named.
pub fn pipeline_name(
    ctx: &Context,
    args: &ProcessorArgs,
    services: &Services,
    in_script: Option<&str>,
    state: &Path,
) -> Result<String, Failure> {
    let named = args.shared.pipeline.is_some();
    let name = match in_script {
        Some(name) if !named => {
            name.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_', "_")
        }
        _ => ctx.pipeline.clone(),
    };
    Ok(match (&services.dev_kafka, &services.container_kafka) {
        (Some(_), _) if !named => format!("{name}.{}", resilience::entropy::writer_id()),
        // Its log lasts as long as the container, and so does what we know of it. Containers outlive checkouts, and serve
        // several: each has pipelines of its own there.
        (None, Some(container)) if !named => {
            let own = folder_id(state)
                .map_err(|cause| Failure::io(format!("the state folder {}", state.display()), cause))?;
            format!("{name}.{:.12}.{own}", container.identity())
        }
        _ => name,
    })
}

/// What tells this state folder from others, the same for as long as it exists.
fn folder_id(state: &Path) -> io::Result<String> {
    let path = state.join("id");
    std::fs::create_dir_all(state)?;
    let fresh = resilience::entropy::writer_id();
    let draft = state.join(format!("id.{fresh}"));
    std::fs::write(&draft, &fresh)?;
    // Whole or not at all, and the first of two programs that start at once gives it.
    let linked = std::fs::hard_link(&draft, &path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(cause),
        _ => std::fs::read_to_string(&path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_id_and_another_has_another() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let id = folder_id(one.path()).unwrap();
        assert_eq!(id.len(), 16);
        assert_eq!(folder_id(one.path()).unwrap(), id);
        assert_ne!(folder_id(other.path()).unwrap(), id);
        assert_eq!(std::fs::read_dir(one.path()).unwrap().count(), 1, "no draft is left");
    }
}
