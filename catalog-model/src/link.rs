//! Links to what people open in a browser.

use std::{fmt, str::FromStr};

use url::Url;

/// An absolute URL, percent-encoded.
///
/// It is checked once, and then only extended: a source makes the links of many items from one [`Link`].
///
/// ```
/// use catalog_model::Link;
///
/// let folder: Link = "https://example.com/folders".parse()?;
/// assert_eq!(folder.below(["a b", "view"]).as_str(), "https://example.com/folders/a%20b/view");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(Box<str>);

impl Link {
    /// The URL as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The link with these segments, which are percent-encoded, at the end of its path.
    #[must_use]
    pub fn below<const N: usize>(&self, segments: [&str; N]) -> Self {
        let is_extensible =
            self.0.bytes().all(|byte| !matches!(byte, b'?' | b'#')) && !self.0.ends_with('/');
        if !is_extensible || !segments.iter().all(|segment| is_plain(segment)) {
            return self.below_parsed(segments);
        }
        let length: usize = segments.iter().map(|segment| segment.len() + 1).sum();
        let mut text = String::with_capacity(self.0.len() + length);
        text.push_str(&self.0);
        for segment in segments {
            text.push('/');
            text.push_str(segment);
        }
        Self(text.into())
    }

    fn below_parsed<const N: usize>(&self, segments: [&str; N]) -> Self {
        let Ok(mut url) = Url::parse(&self.0) else {
            return self.clone();
        };
        // A URL without a path, such as `mailto:`, cannot be extended.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url.into()
    }
}

/// Whether a segment of a path needs no percent-encoding, and means itself.
fn is_plain(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !segment.is_empty() && segment.bytes().all(is_plain)
}

impl From<Url> for Link {
    fn from(url: Url) -> Self {
        Self(String::from(url).into())
    }
}

impl FromStr for Link {
    type Err = url::ParseError;

    fn from_str(text: &str) -> Result<Self, url::ParseError> {
        Url::parse(text).map(Self::from)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_extended_as_a_url_is() {
        let bases = [
            "https://h",
            "https://h/",
            "https://h/a",
            "https://h/a%20b/",
            "https://h/a?q=1#f",
        ];
        let segments = [
            "JDWuPK",
            "a b",
            "a/b",
            "",
            ".",
            "..",
            "%2F",
            "ä?#",
            "a.b",
            "a\tb",
            "x\\y",
            "~!$&'()*+,;=:@",
        ];
        for base in bases {
            for segment in segments {
                let mut url = Url::parse(base).unwrap();
                let mut path = url.path_segments_mut().unwrap();
                path.pop_if_empty().extend([segment, "view"]);
                drop(path);
                let link: Link = base.parse().unwrap();
                assert_eq!(link.below([segment, "view"]).as_str(), url.as_str());
            }
        }
    }
}
