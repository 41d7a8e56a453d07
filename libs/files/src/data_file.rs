//! Rows of one epoch as the bytes of one file.

use crate::manifest::{self, DataFile};
use crate::options::FileFormat;
use crate::parquet_rows;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use formats::{CsvEncoder, FormatError, JsonEncoder};
use std::fs;
use std::path::Path;
use stream::{ErrorKind, StreamError};

/// Turns rows into bytes.
pub(crate) enum Encoder {
    Json(JsonEncoder),
    Csv(CsvEncoder),
    Parquet(SchemaRef, parquet_rows::Compression),
}

impl Encoder {
    pub(crate) fn new(schema: &SchemaRef, format: &FileFormat) -> Result<Self, FormatError> {
        Ok(match format {
            FileFormat::Json(options) => Self::Json(JsonEncoder::new(schema, *options)?),
            FileFormat::Csv(options) => Self::Csv(CsvEncoder::new(schema, options.clone())?),
            FileFormat::Parquet(compression) => Self::Parquet(schema.clone(), *compression),
        })
    }

    fn encode(&self, rows: &[RecordBatch]) -> Result<Vec<u8>, StreamError> {
        let internal = |cause| StreamError::because(ErrorKind::Internal, "rows did not encode", cause);
        let mut out = Vec::new();
        match self {
            Self::Json(encoder) => {
                for batch in rows {
                    encoder.encode(batch, &mut out, |out| out.push(b'\n')).map_err(internal)?;
                }
            }
            Self::Csv(encoder) => {
                for batch in rows {
                    encoder.encode(batch, &mut out).map_err(internal)?;
                }
            }
            Self::Parquet(schema, compression) => out = parquet_rows::encode(schema, *compression, rows)?,
        }
        Ok(out)
    }

    /// Writes rows under a hidden name, makes them durable, and gives the file its name.
    pub(crate) fn write(
        &self,
        folder: &Path,
        name: String,
        rows: &[RecordBatch],
    ) -> Result<DataFile, StreamError> {
        let bytes = self.encode(rows)?;
        let (draft, path) = (folder.join(format!(".{name}.tmp")), folder.join(&name));
        let written = manifest::write_durably(&draft, &bytes).and_then(|()| {
            fs::rename(&draft, &path)
                .map_err(|cause| StreamError::io(format!("cannot rename {}", draft.display()), cause))
        });
        if let Err(error) = written {
            // Gives the space of a full disk back at once.
            drop(fs::remove_file(&draft));
            return Err(error);
        }
        manifest::sync_folder(folder)?;
        let rows = rows.iter().map(|batch| batch.num_rows() as u64).sum();
        let checksum = blake3::hash(&bytes).to_hex().to_string();
        Ok(DataFile { name, rows, bytes: bytes.len() as u64, checksum })
    }
}
