//! The URL of a site. Nothing here touches the network.

use std::fmt;

use url::Url;

/// The URL of a Qlik Sense site, with the prefix of its virtual proxy if it has one.
///
/// ```
/// use qrs_client::SiteUrl;
///
/// // A URL that was copied from a browser is fine.
/// let site = SiteUrl::parse("https://qlik.example/scanner/hub/my/work")?;
/// assert_eq!(site.to_string(), "https://qlik.example/scanner/");
/// # Ok::<(), qrs_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SiteUrl(
    /// Its scheme is http or https. It has a host, no user name, query or fragment, and ends in `/`.
    Url,
);

impl SiteUrl {
    /// Wraps a URL that meets the conditions of the type.
    pub(crate) fn from_checked(url: Url) -> Self {
        Self(url)
    }

    /// The URL. Its path ends in `/`, so that paths can be joined to it.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The prefix of the virtual proxy, if the URL has one.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        let prefix = self.0.path().trim_matches('/');
        (!prefix.is_empty()).then_some(prefix)
    }

    /// The host: a name or an address, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

impl fmt::Display for SiteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}
