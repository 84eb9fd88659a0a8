//! A request as messages may describe it: the site, the URL without secrets, what to redact.

use outbound_http::Redactor;

use crate::credentials::LoginKind;
use crate::error::{Error, ErrorKind};
use crate::site::SiteUrl;

/// A request as messages may describe it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RequestContext<'a> {
    pub(crate) site: &'a SiteUrl,
    /// How the client logs in.
    pub(crate) login: LoginKind,
    pub(crate) http: &'a outbound_http::RequestContext,
}

impl RequestContext<'_> {
    /// An error about the request.
    pub(crate) fn error(self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_url(self.http.url())
    }

    /// What must be redacted in texts about the request.
    pub(crate) fn redactor(&self) -> &Redactor {
        self.http.redactor()
    }
}
