//! What was asked, for the messages about what came of it.

use secrecy::SecretString;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::excerpt::{joined, one_line, readable, text_of};
use crate::scrub::Secrets;
use crate::site::SiteUrl;

/// How much of a text is considered for one line, in bytes.
const MAX_LINE_SOURCE: usize = 16 * 1024;

/// The URL of a request as it may be shown, and what must not be.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    site: SiteUrl,
    url: String,
    /// Where the part after the site's own begins.
    path: usize,
    secrets: Secrets,
}

impl Asked {
    /// The URL is the one without an xrfkey.
    pub(crate) fn new(site: &SiteUrl, url: &Url, secrets: Vec<SecretString>) -> Self {
        let secrets = Secrets::new(secrets);
        let base = site.as_url().as_str();
        // The site's own part is no secret, even where its host has the name of the account.
        let rest = url.as_str().strip_prefix(base).unwrap_or_default();
        let path = base.len();
        let url = base.to_owned() + &secrets.scrub(rest);
        let site = site.clone();
        Self {
            site,
            url,
            path,
            secrets,
        }
    }

    /// Also hides what came with the answer.
    pub(crate) fn hide(&mut self, secrets: Vec<SecretString>) {
        self.secrets = std::mem::take(&mut self.secrets).and(secrets);
    }

    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).with_url(&self.url)
    }

    /// The site that was asked.
    pub(crate) fn site(&self) -> &SiteUrl {
        &self.site
    }

    /// What was asked for, without secrets.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same without the site's own address.
    pub(crate) fn path(&self) -> &str {
        self.url.get(self.path..).unwrap_or_default()
    }

    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// All that a body says, on one line, secrets included: to be compared, never to be shown.
    pub(crate) fn unredacted(body: &[u8]) -> String {
        joined(&text_of(body))
    }

    /// The beginning of what a body says, if anything.
    pub(crate) fn excerpt(&self, body: &[u8]) -> Option<String> {
        let line = one_line(&readable(body, &self.secrets));
        (!line.is_empty()).then_some(line)
    }

    pub(crate) fn scrub(&self, text: &str) -> String {
        self.secrets.scrub(text)
    }

    /// A text without secrets, on one line and cut to a length that people read.
    pub(crate) fn scrub_line(&self, text: &str) -> String {
        let length = text.floor_char_boundary(MAX_LINE_SOURCE);
        let shown = if length < text.len() {
            text.floor_char_boundary(self.secrets.shown_of_cut(&text.as_bytes()[..length]))
        } else {
            length
        };
        one_line(&self.scrub(&text[..shown]))
    }
}
