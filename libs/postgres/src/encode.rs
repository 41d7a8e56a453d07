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

/// Makes the encoder of one COPY after the other.
pub(crate) struct Encoders {
    schema: SchemaRef,
    builders: HashMap<String, EncoderBuilder>,
}

fn internal(error: pgpq::error::ErrorKind) -> PostgresError {
    PostgresError::Internal(format!("rows could not be encoded for COPY: {error}"))
}

impl Encoders {
    pub fn new(target: &Target) -> Result<Self, PostgresError> {
        let schema = staged_schema(target);
        let mut builders = HashMap::new();
        for (i, field) in schema.fields().iter().enumerate() {
            // The ordinal comes first.
            let json = i.checked_sub(1).and_then(|column| target.columns[column].mapping.json);
            let text_as = |output| StringEncoderBuilder::new_with_output(field.clone(), output);
            let builder = match json {
                Some(Json::Jsonb) => EncoderBuilder::String(text_as(PostgresType::Jsonb).map_err(internal)?),
                Some(Json::Json) => EncoderBuilder::String(text_as(PostgresType::Json).map_err(internal)?),
                None => EncoderBuilder::try_new(field.clone()).map_err(internal)?,
            };
            builders.insert(field.name().clone(), builder);
        }
        Ok(Self { schema, builders })
    }

    pub fn start(&self, out: &mut BytesMut) -> Result<Encoder, PostgresError> {
        let encoder = ArrowToPostgresBinaryEncoder::try_new_with_encoders(&self.schema, &self.builders);
        let mut encoder = Encoder(encoder.map_err(internal)?);
        encoder.0.write_header(out).map_err(internal)?;
        Ok(encoder)
    }
}

/// The encoder of one COPY.
pub(crate) struct Encoder(ArrowToPostgresBinaryEncoder);

impl Encoder {
    pub fn write(&mut self, rows: &RecordBatch, out: &mut BytesMut) -> Result<(), PostgresError> {
        self.0.write_batch(rows, out).map_err(internal)
    }

    pub fn finish(mut self, out: &mut BytesMut) -> Result<(), PostgresError> {
        self.0.write_footer(out).map_err(internal)
    }
}
