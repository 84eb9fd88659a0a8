//! The paths of QRS. Nothing here touches the network.

use url::Url;

use crate::error::Error;
use crate::filter::Filter;
use crate::percent_encoding::encoded;
use crate::site::SiteUrl;

/// A path of QRS and its query: what a request is for.
///
/// A text becomes a path as well; after a `?`, it has a percent-encoded query.
///
/// ```
/// use qrs_client::{Field, QrsPath};
///
/// let streams = QrsPath::new("stream/full")
///     .filter(Field::NAME.starts_with("Sales"))
///     .query("privileges", "true");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QrsPath {
    root: Root,
    path: String,
    query: Vec<(String, String)>,
}

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Root {
    /// Below `/qrs/`.
    Qrs,
    /// Directly below the virtual proxy's prefix.
    VirtualProxy,
}

/// Maximum length of a URL, in bytes. Qlik Sense's proxy refuses longer ones.
const MAX_URL_BYTES: usize = 16 * 1024;

impl QrsPath {
    /// Creates a path below `/qrs/`, such as `app/full`.
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let query = Vec::new();
        let root = Root::Qrs;
        Self { root, path, query }
    }

    /// A path of files that QRS refers to, such as `/tempcontent/…/Sales.qvf?serverNodeId=…`.
    pub(crate) fn of_file(path: &str) -> Self {
        let mut path = Self::from(path);
        path.root = Root::VirtualProxy;
        path.path = decoded(&path.path);
        path
    }

    /// Requests only the records that meet the condition.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        self.query("filter", filter.as_str())
    }

    /// Adds a parameter to the query; the client encodes it.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// The path without its query.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The URL of a request, without an xrfkey.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the path does not consist of
    /// plain segments, or the URL is longer than a site accepts.
    pub fn url(&self, site: &SiteUrl) -> Result<Url, Error> {
        self.url_with(site, None)
    }

    /// Whether this reads `/qrs/about`, which every account may read.
    pub(crate) fn is_about(&self) -> bool {
        self.segments().is_ok_and(|segments| segments.eq(["about"]))
    }

    /// The URL of the request. The xrfkey comes first, so that nothing in a filter can cut it off.
    pub(crate) fn url_with(&self, site: &SiteUrl, xrfkey: Option<&str>) -> Result<Url, Error> {
        let mut url = site.as_url().clone();
        let root = match self.root {
            Root::Qrs => "qrs/",
            Root::VirtualProxy => "",
        };
        let segments: Vec<_> = self.segments()?.map(encoded).collect();
        url.set_path(&format!(
            "{}{root}{}",
            site.as_url().path(),
            segments.join("/")
        ));
        let pairs = self
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = xrfkey.map(|key| ("xrfkey", key)).into_iter().chain(pairs);
        let query: Vec<_> = pairs
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
        if url.as_str().len() > MAX_URL_BYTES {
            let kib = url.as_str().len() / 1024;
            return Err(Error::configuration(format!(
                "the request's URL has {kib} KiB, more than a site accepts"
            ))
            .with_hint("shorten the filter, or read the records in several parts"));
        }
        Ok(url)
    }

    fn segments(&self) -> Result<impl Iterator<Item = &str>, Error> {
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        let path = match self.root {
            Root::Qrs => path.strip_prefix("qrs/").unwrap_or(path),
            Root::VirtualProxy => path,
        };
        let plain = |segment: &str| !matches!(segment, "" | "." | "..");
        if path.contains(['?', '#', '\\']) || !path.split('/').all(plain) {
            return Err(Error::configuration(format!(
                "`{}` is not a path below `/qrs/`, such as `app/full`",
                self.path.escape_debug()
            )));
        }
        Ok(path.split('/'))
    }
}

impl From<&str> for QrsPath {
    fn from(text: &str) -> Self {
        let Some((path, query)) = text.split_once('?') else {
            return Self::new(text);
        };
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.fold(Self::new(path), |path, (name, value)| {
            path.query(name, value)
        })
    }
}

impl From<String> for QrsPath {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// A fresh xrfkey: 16 letters and digits (Qlik help, Using Xrfkey headers).
pub(crate) fn xrfkey() -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(16)
        .collect()
}

/// A fresh GUID.
pub(crate) fn guid() -> String {
    let hex: String = std::iter::repeat_with(|| fastrand::digit(16))
        .take(32)
        .collect();
    let groups = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    groups.join("-")
}

/// Decodes percent-encoding. A `+` stands for itself.
fn decoded(text: &str) -> String {
    let bytes = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = url::form_urlencoded::parse(bytes.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(text, _)| text.into_owned())
}

#[cfg(test)]
mod tests {
    use crate::filter::Field;

    use super::*;

    fn check(get: &QrsPath, xrfkey: Option<&str>, expected: &str) {
        let site = SiteUrl::parse("https://qlik.example/vp/").unwrap();
        assert_eq!(get.url_with(&site, xrfkey).unwrap().as_str(), expected);
    }

    #[test]
    fn the_xrfkey_comes_first_and_the_filter_is_encoded_as_a_whole() {
        let filter = Field::NAME.equals("R&D #1 100% \\ 'ü' + a=b");
        let get = QrsPath::new("app/full")
            .filter(filter)
            .query("privileges", "true");
        check(
            &get,
            Some("0123456789abcdef"),
            "https://qlik.example/vp/qrs/app/full?xrfkey=0123456789abcdef\
             &filter=name%20eq%20%27R%26D%20%231%20100%25%20%5C%5C%20%5C%27%C3%BC%5C%27%20%2B%20a%3Db%27\
             &privileges=true",
        );
        check(
            &QrsPath::new("about"),
            None,
            "https://qlik.example/vp/qrs/about",
        );
    }

    #[test]
    fn a_path_may_begin_with_a_slash_or_qrs() {
        for path in [
            "app/object/full",
            "/app/object/full",
            "/qrs/app/object/full",
        ] {
            check(
                &QrsPath::new(path),
                None,
                "https://qlik.example/vp/qrs/app/object/full",
            );
        }
        check(
            &QrsPath::new("app/a b%"),
            None,
            "https://qlik.example/vp/qrs/app/a%20b%25",
        );
    }

    #[test]
    fn a_text_with_a_query_becomes_a_path() {
        let path = QrsPath::from("app/a-1/copy?name=Sales%20%26%20more&keep=");
        check(
            &path,
            Some("0123456789abcdef"),
            "https://qlik.example/vp/qrs/app/a-1/copy?xrfkey=0123456789abcdef\
             &name=Sales%20%26%20more&keep=",
        );
        assert_eq!(QrsPath::from("about"), QrsPath::new("about"));
    }

    #[test]
    fn a_path_outside_of_qrs_is_refused() {
        let site = SiteUrl::parse("https://qlik.example/").unwrap();
        for path in [
            "",
            "/",
            "a//b",
            "a/",
            "../qps/user",
            "a/./b",
            "app?x=1",
            "app#x",
            "a\\b",
        ] {
            assert!(QrsPath::new(path).url(&site).is_err(), "{path}");
        }
    }

    #[test]
    fn a_url_that_is_too_long_is_refused() {
        let site = SiteUrl::parse("https://qlik.example/").unwrap();
        let get = QrsPath::new("app/full").filter(Field::NAME.equals(&"x".repeat(MAX_URL_BYTES)));
        let error = get.url(&site).unwrap_err();
        assert!(error.to_string().contains("16 KiB"), "{error}");
    }

    #[test]
    fn an_xrfkey_is_16_letters_and_digits_and_fresh() {
        let key = xrfkey();
        assert_eq!(key.len(), 16);
        assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(key, xrfkey());
    }
}
