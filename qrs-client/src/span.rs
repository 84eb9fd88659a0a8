//! The `tracing` span of a request: what was requested, and how it went. No secret, no query, and not the site's address.

use outbound_http::{Method, Response};
use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::call::Call;
use crate::error::Error;

/// The span of a request, from its first try to the end of its response.
pub(crate) struct RequestSpan {
    span: Span,
    begun: Instant,
    bytes: u64,
}

impl RequestSpan {
    pub(crate) fn new(call: &Call) -> Self {
        Self::with_path(&call.method, call.path.path())
    }

    /// The span of a request with this path, which must not contain a secret.
    pub(crate) fn with_path(method: &Method, path: &str) -> Self {
        let span = tracing::debug_span!(
            "qrs_request",
            %method,
            path,
            status = Empty,
            tries = Empty,
            bytes = Empty,
            seconds = Empty,
            error = Empty,
        );
        Self {
            span,
            begun: Instant::now(),
            bytes: 0,
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Waits for the only try of a request that has no [`Call`], and records how it went.
    pub(crate) async fn only_try(
        self,
        request: impl Future<Output = Result<Response, Error>>,
    ) -> Result<Response, Error> {
        let response = request.instrument(self.span()).await;
        match &response {
            Ok(response) => self.record_status(response.status(), 1),
            Err(error) => self.record_error(error, 1),
        }
        response
    }

    pub(crate) fn record_status(&self, status: u16, tries: u32) {
        self.span.record("status", status);
        self.span.record("tries", tries);
    }

    pub(crate) fn record_error(&self, error: &Error, tries: u32) {
        if let Some(status) = error.status() {
            self.span.record("status", status);
        }
        self.span.record("tries", tries);
        self.span
            .record("error", tracing::field::debug(error.kind()));
    }

    pub(crate) fn add_bytes(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        self.span.record("bytes", self.bytes);
        self.span
            .record("seconds", self.begun.elapsed().as_secs_f64());
    }
}
