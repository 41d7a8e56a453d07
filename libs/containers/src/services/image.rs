//! Getting a service's image, with or without the minutes that a build takes.

use super::{ContainerError, Options};
use crate::{Image, ImageName, ImageProgress, ImageStep, ensure};
use tokio::sync::watch;

/// The image's name. Where nothing may be built, the first sign of a build ends the attempt.
pub(super) async fn image(service: Image, options: &Options) -> Result<ImageName, ContainerError> {
    let (told, mut builds) = watch::channel(false);
    let (progress, may_build) = (options.progress.clone(), options.may_build);
    let watching = ImageProgress::new(move |step| match &step {
        ImageStep::Building { .. } | ImageStep::PullFailed { .. } if !may_build => {
            told.send_replace(true);
        }
        _ => progress.tell(step),
    });
    let must_build = async {
        // An error means that nobody tells any more: the attempt has ended.
        if builds.wait_for(|must| *must).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = must_build => Err(ContainerError::MustBuild { service }),
        named = ensure(service, options.origin, &watching) => {
            named.map_err(|cause| ContainerError::Image { service, cause })
        }
    }
}
