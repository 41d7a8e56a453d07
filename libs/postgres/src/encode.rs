//! Arrow rows as PostgreSQL's binary COPY format, in chunks.

use crate::PostgresError;
use crate::rows::staged_schema;
use crate::target::Target;
use crate::types::Json;
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::BytesMut;
use pgpq::ArrowToPostgresBinaryEncoder;
use pgpq::encoders::{EncoderBuilder, StringEncoderBuilder};
use pgpq::pg_schema::PostgresType;
use std::collections::HashMap;
use std::sync::Arc;

/// Makes the encoder of one COPY after the other.
pub(crate) struct Encoders {
    schema: SchemaRef,
    builders: HashMap<String, EncoderBuilder>,
    /// Which columns of a staged batch are written.
    columns: Vec<usize>,
}

fn internal(error: pgpq::error::ErrorKind) -> PostgresError {
    PostgresError::Internal(format!("rows could not be encoded for COPY: {error}"))
}

fn of_arrow(error: arrow::error::ArrowError) -> PostgresError {
    PostgresError::Internal(format!("rows could not be made ready for COPY: {error}"))
}

impl Encoders {
    /// For the staging table: the ordinal, then the columns.
    pub fn staged(target: &Target) -> Result<Self, PostgresError> {
        Self::new(target, 0)
    }

    /// For the table itself, where that takes rows as they are.
    pub fn direct(target: &Target) -> Result<Option<Self>, PostgresError> {
        target.is_direct().then(|| Self::new(target, 1)).transpose()
    }

    fn new(target: &Target, first: usize) -> Result<Self, PostgresError> {
        let staged = staged_schema(target);
        let columns: Vec<usize> = (first..staged.fields().len()).collect();
        let schema = Arc::new(staged.project(&columns).map_err(of_arrow)?);
        let mut builders = HashMap::new();
        for (i, field) in schema.fields().iter().enumerate() {
            // The ordinal comes first.
            let json = columns[i].checked_sub(1).and_then(|column| target.columns[column].mapping.json);
            let text_as = |output| StringEncoderBuilder::new_with_output(field.clone(), output);
            let builder = match json {
                Some(Json::Jsonb) => EncoderBuilder::String(text_as(PostgresType::Jsonb).map_err(internal)?),
                Some(Json::Json) => EncoderBuilder::String(text_as(PostgresType::Json).map_err(internal)?),
                None => EncoderBuilder::try_new(field.clone()).map_err(internal)?,
            };
            builders.insert(field.name().clone(), builder);
        }
        Ok(Self { schema, builders, columns })
    }

    pub fn start(&self, out: &mut BytesMut) -> Result<Encoder<'_>, PostgresError> {
        let encoder = ArrowToPostgresBinaryEncoder::try_new_with_encoders(&self.schema, &self.builders);
        let mut encoder = Encoder { encoder: encoder.map_err(internal)?, columns: &self.columns };
        encoder.encoder.write_header(out).map_err(internal)?;
        Ok(encoder)
    }
}

/// The encoder of one COPY.
pub(crate) struct Encoder<'a> {
    encoder: ArrowToPostgresBinaryEncoder,
    columns: &'a [usize],
}

impl Encoder<'_> {
    /// Adds rows as they are staged.
    pub fn write(&mut self, rows: &RecordBatch, out: &mut BytesMut) -> Result<(), PostgresError> {
        let rows = rows.project(self.columns).map_err(of_arrow)?;
        self.encoder.write_batch(&rows, out).map_err(internal)
    }

    pub fn finish(mut self, out: &mut BytesMut) -> Result<(), PostgresError> {
        self.encoder.write_footer(out).map_err(internal)
    }
}
