//! The texts that messages need about a request: its URL without secrets, the server's name, what to redact.

use secrecy::SecretString;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::redactor::Redactor;

/// A request as messages may describe it.
#[derive(Debug, Clone)]
pub struct RequestContext {
    server_name: &'static str,
    url: String,
    /// Length of the server's own part of the URL, in bytes.
    base_length: usize,
    redactor: Redactor,
}

impl RequestContext {
    /// Describes a request for `url`, which begins with `base`, the server's URL. The base is never redacted, even if the
    /// server's host name contains the name of the account.
    #[must_use]
    pub fn new(server_name: &'static str, base: &Url, url: &Url, redactor: Redactor) -> Self {
        let base = base.as_str();
        let rest = url.as_str().strip_prefix(base).unwrap_or_default();
        Self {
            server_name,
            url: base.to_owned() + &redactor.redact(rest),
            base_length: base.len(),
            redactor,
        }
    }

    /// Also redacts these secrets, such as cookies that came with the response.
    pub fn add_secrets(&mut self, secrets: impl IntoIterator<Item = SecretString>) {
        self.redactor = std::mem::take(&mut self.redactor).with(secrets);
    }

    /// The URL of the request, without secrets.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The part of the URL after the server's own, without secrets.
    #[must_use]
    pub fn path(&self) -> &str {
        self.url.get(self.base_length..).unwrap_or_default()
    }

    /// What must be redacted in texts about the request.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The name of the server in messages, such as `the server`.
    pub(crate) fn server_name(&self) -> &'static str {
        self.server_name
    }

    /// An error about the request.
    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_url(&self.url)
    }
}
