//! OpenTelemetry traces over OTLP, only where an endpoint is configured.

use std::{collections::BTreeMap, time::Duration};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};

use crate::{Failure, OrFail, ProgramInfo, exit::Exit};

/// How long the end of the program waits for the last spans.
const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// The exporter of spans; ends with [`Traces::end`].
pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Starts exporting when `OTEL_EXPORTER_OTLP_ENDPOINT` (or its form for traces) is set and
    /// `OTEL_SDK_DISABLED` is not `true`. `OTEL_SERVICE_NAME` names the service, else the program does.
    ///
    /// Call it outside an async runtime: the exporter's HTTP client blocks, on a thread of its own.
    pub fn start(
        program: &ProgramInfo,
        variables: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, Failure> {
        if !is_configured(variables) {
            return Ok(None);
        }
        let exporter = SpanExporter::builder()
            .with_http()
            .build()
            .or_fail(Exit::Config, "traces cannot be exported; check OTEL_EXPORTER_OTLP_ENDPOINT")?;
        let mut resource = Resource::builder();
        if variables.get("OTEL_SERVICE_NAME").is_none_or(String::is_empty) {
            resource = resource.with_service_name(program.name);
        }
        let version = opentelemetry::KeyValue::new("service.version", program.version);
        let resource = resource.with_attribute(version).build();
        let provider =
            SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Some(Self { provider }))
    }

    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer("ibb")
    }

    /// Sends what is left. A collector that does not answer is not worth an exit code.
    pub fn end(self) {
        if let Err(cause) = self.provider.shutdown_with_timeout(FLUSH_LIMIT) {
            tracing::warn!(%cause, "the last traces were not delivered");
        }
    }
}

fn is_configured(variables: &BTreeMap<String, String>) -> bool {
    let set = |name: &str| variables.get(name).is_some_and(|value| !value.trim().is_empty());
    let disabled =
        variables.get("OTEL_SDK_DISABLED").is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
    !disabled && (set("OTEL_EXPORTER_OTLP_ENDPOINT") || set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_with_an_endpoint_and_not_disabled() {
        let check = |pairs: &[(&str, &str)], expected: bool| {
            let variables = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            assert_eq!(is_configured(&variables), expected, "{pairs:?}");
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        check(&[], false);
        check(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")], false);
        check(&[endpoint], true);
        check(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4318/v1/traces")], true);
        check(&[endpoint, ("OTEL_SDK_DISABLED", "TRUE")], false);
        check(&[endpoint, ("OTEL_SDK_DISABLED", "false")], true);
    }
}
