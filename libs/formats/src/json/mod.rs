//! JSON, one object per record.

mod check;
mod decoder;
mod encoder;
mod options;

pub use decoder::JsonDecoder;
pub use encoder::JsonEncoder;
pub use options::JsonOptions;
