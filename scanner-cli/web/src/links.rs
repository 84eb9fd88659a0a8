//! Makes the addresses of pages. Every link of every page comes from here, so that each begins with the base path.

use std::sync::Arc;

use catalog_model::ItemKey;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::assets;

/// All characters are encoded but the unreserved ones of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Makes addresses below a base path.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Empty, or begins with a slash and does not end in one.
    base: Arc<str>,
    /// When the catalog was written to files, if these are links between files.
    written: Option<Timestamp>,
}

impl Links {
    /// Addresses below `base`, such as `/catalog`.
    #[must_use]
    pub fn below(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').into(),
            written: None,
        }
    }

    /// Addresses between files, which begin with a mark until they are replaced.
    pub(crate) fn for_files(mark: &str, written: Timestamp) -> Self {
        Self {
            base: mark.into(),
            written: Some(written),
        }
    }

    /// When the catalog was written to files. Not set on a server.
    pub(crate) fn written(&self) -> Option<Timestamp> {
        self.written
    }

    /// The base path: empty, or such as `/catalog`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of a fixed path, such as `/search`.
    #[must_use]
    pub fn to(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The address of a fixed path with parameters.
    #[must_use]
    pub fn with_query(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        match query.finish() {
            query if query.is_empty() => self.to(path),
            query => format!("{}{path}?{query}", self.base),
        }
    }

    /// The address of an item: the parts of its key are percent-encoded, its slashes are kept.
    #[must_use]
    pub fn item(&self, key: &str) -> String {
        format!("{}/items/{}", self.base, encoded_key(key))
    }

    /// The address of an item in the JSON API.
    #[must_use]
    pub fn api_item(&self, key: &str) -> String {
        format!("{}/api/v1/items/{}", self.base, encoded_key(key))
    }

    /// The address of a container: `path` is that of its kind, `id` the source's own id.
    #[must_use]
    pub fn container(&self, path: &str, code: &str, id: &str) -> String {
        let (code, id) = (encoded(code), encoded(id));
        format!("{}/{path}/{code}/{id}", self.base)
    }

    /// The address of an embedded file, which contains a hash of its content.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::path_of(name).map_or_else(String::new, |path| self.to(&path))
    }
}

/// A part of a path, percent-encoded.
pub(crate) fn encoded(part: &str) -> String {
    utf8_percent_encode(part, ENCODED).to_string()
}

/// A key as a path. Its own escapes are those of paths, so a part is encoded from its plain text.
fn encoded_key(key: &str) -> String {
    let parts: Vec<_> = match key.parse::<ItemKey>() {
        Ok(key) => key.parts().map(|part| encoded(&part)).collect(),
        Err(_) => key.split('/').map(encoded).collect(),
    };
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_slashes_and_its_parts_are_encoded() {
        let links = Links::below("/catalog/");
        for (key, expected) in [
            ("sales/a/b", "/catalog/items/sales/a/b"),
            ("s/a%2Fb/100%25", "/catalog/items/s/a%2Fb/100%25"),
            ("s/ü ?#", "/catalog/items/s/%C3%BC%20%3F%23"),
        ] {
            assert_eq!(links.item(key), expected);
        }
        assert_eq!(Links::default().to("/search"), "/search");
        let query = links.with_query("/search", &[("q", "a&b c")]);
        assert_eq!(query, "/catalog/search?q=a%26b+c");
    }
}
