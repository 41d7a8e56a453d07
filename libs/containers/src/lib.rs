//! The services of the project in containers: their images, pulled or built, and how each is started and found ready.

mod images;
pub mod services;

pub use images::{
    Image, ImageError, ImageName, ImageProgress, ImageStep, Origin, cache_root, ensure, image_bytes,
};
