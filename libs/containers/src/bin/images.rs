//! Pulls or builds the services' images: all, or those named on the command line.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;

use containers::{Image, ImageError, ImageProgress, ImageStep, Origin, ensure};

const USAGE: &str = "usage: images [--origin auto|upstream|local] [name…]

Pulls or builds the named images, by default all, and prints what they are.
The origin is IBB_IMAGES when it is not given, else auto: what is present, else pulled, else built.";

/// While one image is downloaded, another is built.
const AT_ONCE: usize = 3;

/// As in sysexits.h: the command line is wrong.
const USAGE_ERROR: u8 = 64;

#[tokio::main]
async fn main() -> ExitCode {
    let (origin, images) = match arguments(std::env::args().skip(1)) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            println!("{USAGE}\nNames: {}.", names());
            return ExitCode::SUCCESS;
        }
        Err(reason) => {
            eprintln!("{reason}\n\n{USAGE}\nNames: {}.", names());
            return ExitCode::from(USAGE_ERROR);
        }
    };
    println!("{:<16} {:<34} {:<9} {:>7} {:>8}", "service", "image", "origin", "MB", "seconds");
    let begun = Instant::now();
    let mut all = futures::stream::iter(images)
        .map(|image| async move { (image, one(image, origin).await) })
        .buffer_unordered(AT_ONCE);
    while let Some((image, result)) = all.next().await {
        if let Err(error) = result {
            eprintln!("{image}: {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            return ExitCode::FAILURE;
        }
    }
    eprintln!("all in {:.0} s", begun.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

fn names() -> String {
    Image::ALL.map(Image::name).join(", ")
}

/// What the command line asks for; `None` for help.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<(Origin, Vec<Image>)>, String> {
    let (mut origin, mut images) = (None, Vec::new());
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "-h" | "--help" => return Ok(None),
            "--origin" => {
                let value = given.next().ok_or("--origin needs a value")?;
                origin = Some(
                    Origin::parse(&value)
                        .map_err(|_| format!("--origin is {value:?}; it takes auto, upstream or local"))?,
                );
            }
            name => match Image::ALL.into_iter().find(|image| image.name() == name) {
                Some(image) => images.push(image),
                None => return Err(format!("there is no image {name:?}")),
            },
        }
    }
    let origin = origin.map_or_else(Origin::from_env, Ok).map_err(|error| error.to_string())?;
    Ok(Some((origin, if images.is_empty() { Image::ALL.to_vec() } else { images })))
}

async fn one(image: Image, origin: Origin) -> Result<(), ImageError> {
    let begun = Instant::now();
    let worked = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&worked);
    let progress = ImageProgress::new(move |step| {
        seen.fetch_or(!matches!(step, ImageStep::Waiting { .. }), Ordering::Relaxed);
        eprintln!("{step}");
    });
    let name = ensure(image, origin, &progress).await?;
    let origin = match (worked.load(Ordering::Relaxed), name.is_local()) {
        (false, _) => "present",
        (true, true) => "built",
        (true, false) => "pulled",
    };
    let megabytes = containers::image_bytes(&name).await? / 1_000_000;
    let seconds = round(begun.elapsed());
    println!("{:<16} {:<34} {origin:<9} {megabytes:>7} {seconds:>8}", image.name(), name.to_string());
    Ok(())
}

fn round(elapsed: Duration) -> String {
    format!("{:.1}", elapsed.as_secs_f64())
}
