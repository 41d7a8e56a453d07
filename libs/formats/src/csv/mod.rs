//! CSV without a header, columns by place.

mod decoder;
mod encoder;
mod options;
mod split;

pub use decoder::CsvDecoder;
pub use encoder::CsvEncoder;
pub use options::CsvOptions;
