//! Requests as plain values. Nothing here touches the network.

use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::error::Error;
use crate::filter::Filter;
use crate::site::SiteUrl;

/// A request that reads a path of QRS.
///
/// ```
/// use qrs_client::{Field, Get};
///
/// let streams = Get::new("stream/full")
///     .filter(Field::NAME.starts_with("Sales"))
///     .query("privileges", "true");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Get {
    path: String,
    query: Vec<(String, String)>,
}

/// Maximum length of a URL, in bytes. Qlik Sense's proxy refuses longer ones.
const MAX_URL_BYTES: usize = 16 * 1024;

impl Get {
    /// Creates a request for a path below `/qrs/`, such as `app/full`.
    pub fn new(path: impl Into<String>) -> Self {
        let path = path.into();
        let query = Vec::new();
        Self { path, query }
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

    /// The URL of the request, without an xrfkey.
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
        let path = self.segments()?.fold("qrs".to_owned(), |path, segment| {
            path + "/" + &encoded(segment)
        });
        url.set_path(&(site.as_url().path().to_owned() + &path));
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
        let path = path.strip_prefix("qrs/").unwrap_or(path);
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

/// A fresh xrfkey: 16 letters and digits (Qlik help, Using Xrfkey headers).
pub(crate) fn xrfkey() -> String {
    std::iter::repeat_with(fastrand::alphanumeric)
        .take(16)
        .collect()
}

/// Percent-encodes everything except letters, digits and `*-._`. A space becomes `%20`: not every server decodes `+` as a space.
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes())
        .map(|piece| if piece == "+" { "%20" } else { piece })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::filter::Field;

    use super::*;

    fn check(get: &Get, xrfkey: Option<&str>, expected: &str) {
        let site = SiteUrl::parse("https://qlik.example/vp/").unwrap();
        assert_eq!(get.url_with(&site, xrfkey).unwrap().as_str(), expected);
    }

    #[test]
    fn the_xrfkey_comes_first_and_the_filter_is_encoded_as_a_whole() {
        let filter = Field::NAME.equals("R&D #1 100% \\ 'ü' + a=b");
        let get = Get::new("app/full")
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
            &Get::new("about"),
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
                &Get::new(path),
                None,
                "https://qlik.example/vp/qrs/app/object/full",
            );
        }
        check(
            &Get::new("app/a b%"),
            None,
            "https://qlik.example/vp/qrs/app/a%20b%25",
        );
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
            assert!(Get::new(path).url(&site).is_err(), "{path}");
        }
    }

    #[test]
    fn a_url_that_is_too_long_is_refused() {
        let site = SiteUrl::parse("https://qlik.example/").unwrap();
        let get = Get::new("app/full").filter(Field::NAME.equals(&"x".repeat(MAX_URL_BYTES)));
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
