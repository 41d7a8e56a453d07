//! JSON and CSV to Arrow and back, with Flink's meaning of every option.
//!
//! Not here: where bytes come from (files, Kafka), and any clock: the caller says when and where a record was read.
//! A decoder takes many raw records at once and gives one `RecordBatch`; a record that does not decode becomes a
//! [`event::DeadLetter`] that names the column and what was wrong, and all the others decode.
//!
//! ```
//! use arrow::datatypes::{DataType, Field, Schema};
//! use formats::{JsonDecoder, JsonOptions, Origin, Record};
//! use std::sync::Arc;
//!
//! let schema = Arc::new(Schema::new(vec![Field::new("delay", DataType::Int32, true)]));
//! let mut decoder = JsonDecoder::new(schema, JsonOptions::default())?;
//! let origin = Origin { table: "flights".into(), partition: event::Partition::new("flights/0"), time_ms: 0 };
//! let records =
//!     [Record::new(0, br#"{"delay": 3, "other": true}"#), Record::new(1, br#"{"delay": "soon"}"#)];
//! let decoded = decoder.decode(&records, &origin)?;
//! assert_eq!(decoded.rows.num_rows(), 1);
//! assert_eq!(decoded.dead[0].error, r#"column "delay": expected INT, got "soon""#);
//! # Ok::<(), formats::FormatError>(())
//! ```

mod csv;
mod error;
mod json;
mod names;
mod record;
mod temporal;
mod text;

pub use csv::{CsvDecoder, CsvEncoder, CsvOptions};
pub use error::FormatError;
pub use json::{JsonDecoder, JsonEncoder, JsonOptions};
pub use names::timestamp_text;
pub use record::{Decoded, Origin, Record};
pub use temporal::TimestampFormat;
