//! The sink.

use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use files::{FileFormat, FilesSink, committed_files};
use formats::JsonOptions;
use std::fs;
use std::sync::Arc;
use stream::{Sink, StreamError};
use tempfile::TempDir;
use testkit::conformance::{SinkPlace, SinkWorld};

struct World;

struct Folder(TempDir);

#[async_trait]
impl SinkWorld for World {
    type Place = Folder;

    async fn place(&self, _stem: &str) -> Folder {
        Folder(TempDir::new().unwrap())
    }

    fn waiver(&self, promise: &str) -> Option<&'static str> {
        match promise {
            "pipelines_do_not_know_each_other" => {
                Some("a folder belongs to one pipeline; another is refused")
            }
            _ => None,
        }
    }
}

#[async_trait]
impl SinkPlace for Folder {
    async fn open(&self, pipeline: &str) -> Result<Box<dyn Sink>, StreamError> {
        let fields = vec![Field::new("id", DataType::Int64, true), Field::new("text", DataType::Utf8, true)];
        let format = FileFormat::Json(JsonOptions::default());
        let folder = self.0.path().join("out");
        Ok(Box::new(FilesSink::new("out", pipeline, &folder, &Arc::new(Schema::new(fields)), &format)?))
    }

    async fn visible(&self) -> Vec<i64> {
        let mut ids = Vec::new();
        for file in committed_files(self.0.path().join("out")).unwrap() {
            for line in fs::read_to_string(file).unwrap().lines() {
                let digits: String = line
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .take_while(char::is_ascii_digit)
                    .collect();
                ids.push(digits.parse().unwrap());
            }
        }
        ids
    }
}

testkit::sink_suite!(World);
