//! Identification keys, which identify an item in a catalog permanently.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use crate::ConnectionCode;

/// An item's identification key: ordered, non-empty parts, the first of them the connection's code.
///
/// `Display` joins the parts with `/`; a `%` or `/` inside a part is written `%25` or `%2F`, so that two different keys
/// never have the same text. [`FromStr`] is the inverse and accepts exactly what `Display` writes. Keys are case
/// sensitive.
///
/// ```
/// use catalog_model::ItemKey;
///
/// let key = ItemKey::new(["sales", "a/b", "100%"])?; assert_eq!(key.to_string(), "sales/a%2Fb/100%25");
/// assert_eq!(key.to_string().parse::<ItemKey>()?, key); assert_eq!(key.parts().collect::<Vec<_>>(), ["sales", "a/b",
/// "100%"]);
/// # Ok::<(), catalog_model::InvalidKey>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemKey {
    /// The text of the key, which is compared, stored and printed. Copies of a key share it.
    written: Arc<str>,
}

/// Why a text or a list of parts is not an [`ItemKey`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidKey {
    /// A key without any part.
    #[error("a key needs at least one part")]
    NoPart,
    /// A part is empty. Its index counts from 1.
    #[error("part {0} of the key is empty")]
    EmptyPart(usize),
    /// A `%` that begins neither `%25` nor `%2F`. Its byte offset counts from 0.
    #[error("`%` at byte {0} of the key begins neither `%25` (a percent sign) nor `%2F` (a slash)")]
    UnknownEscape(usize),
}

impl ItemKey {
    /// Joins `parts` into a key.
    ///
    /// # Errors
    /// If `parts` is empty or contains an empty part.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidKey> {
        let mut written = String::with_capacity(96);
        for (index, part) in parts.into_iter().enumerate() {
            if part.is_empty() {
                return Err(InvalidKey::EmptyPart(index + 1));
            }
            if index > 0 {
                written.push('/');
            }
            escape_into(&mut written, part);
        }
        if written.is_empty() {
            return Err(InvalidKey::NoPart);
        }
        Ok(Self {
            written: written.into(),
        })
    }

    /// The written form, as `Display` prints it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// The parts in order, without escapes.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        self.written.split('/').map(unescape)
    }

    /// Whether the key belongs to the connection of this code.
    #[must_use]
    pub fn belongs_to(&self, code: &ConnectionCode) -> bool {
        self.parts().next().as_deref() == Some(code.as_str())
    }
}

/// Compares and sorts as the written form does.
impl Borrow<str> for ItemKey {
    fn borrow(&self) -> &str {
        &self.written
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

impl fmt::Debug for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemKey({})", self.written)
    }
}

impl FromStr for ItemKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if text.is_empty() {
            return Err(InvalidKey::NoPart);
        }
        if let Some(index) = text.split('/').position(str::is_empty) {
            return Err(InvalidKey::EmptyPart(index + 1));
        }
        if let Some((at, _)) = text
            .match_indices('%')
            .find(|(at, _)| !matches!(text.get(at + 1..at + 3), Some("25" | "2F")))
        {
            return Err(InvalidKey::UnknownEscape(at));
        }
        Ok(Self {
            written: text.into(),
        })
    }
}

fn escape_into(written: &mut String, part: &str) {
    let mut rest = part;
    let is_escaped = |byte: u8| matches!(byte, b'%' | b'/');
    while let Some(at) = rest.bytes().position(is_escaped) {
        written.push_str(&rest[..at]);
        written.push_str(if rest.as_bytes()[at] == b'%' {
            "%25"
        } else {
            "%2F"
        });
        rest = &rest[at + 1..];
    }
    written.push_str(rest);
}

fn unescape(part: &str) -> String {
    // `%2F` first: the other order would turn `%252F`, an escaped "%2F", into a slash.
    part.replace("%2F", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Result<&[&str], InvalidKey>) {
        let parsed = text.parse::<ItemKey>();
        assert_eq!(
            parsed.map(|key| key.parts().collect::<Vec<_>>()),
            expected.map(|parts| parts.iter().map(ToString::to_string).collect()),
            "{text:?}"
        );
    }

    #[test]
    fn a_written_key_is_read_back_part_by_part() {
        check("qlik/app/JDWuPK", Ok(&["qlik", "app", "JDWuPK"]));
        check("one", Ok(&["one"]));
        check("a%2Fb/50%25", Ok(&["a/b", "50%"]));
        check("%252F", Ok(&["%2F"]));
        check("Ünï/日本", Ok(&["Ünï", "日本"]));
    }

    #[test]
    fn a_key_with_an_empty_part_is_refused() {
        check("", Err(InvalidKey::NoPart));
        check("/a", Err(InvalidKey::EmptyPart(1)));
        check("a//b", Err(InvalidKey::EmptyPart(2)));
        check("a/", Err(InvalidKey::EmptyPart(2)));
        assert_eq!(ItemKey::new([]), Err(InvalidKey::NoPart));
        assert_eq!(ItemKey::new(["", "a"]), Err(InvalidKey::EmptyPart(1)));
        assert_eq!(ItemKey::new(["a", ""]), Err(InvalidKey::EmptyPart(2)));
    }

    #[test]
    fn an_escape_that_display_never_writes_is_refused() {
        check("a/%2f", Err(InvalidKey::UnknownEscape(2)));
        check("100%", Err(InvalidKey::UnknownEscape(3)));
        check("%é", Err(InvalidKey::UnknownEscape(0)));
    }

    #[test]
    fn keys_are_case_sensitive() {
        assert_ne!(ItemKey::new(["a", "X"]), ItemKey::new(["a", "x"]));
    }

    #[test]
    fn a_key_belongs_to_the_connection_of_its_first_part() {
        let key = ItemKey::new(["a/b", "app"]).unwrap();
        assert!(key.belongs_to(&ConnectionCode::new("a/b").unwrap()));
        assert!(!key.belongs_to(&ConnectionCode::new("a").unwrap()));
    }

    proptest! {
        #[test]
        fn a_printed_key_parses_to_the_same_parts(parts in prop::collection::vec("(?s).{1,12}", 1..5)) {
            let key = ItemKey::new(parts.iter().map(String::as_str)).unwrap();
            prop_assert_eq!(key.to_string().parse::<ItemKey>().unwrap(), key.clone());
            prop_assert_eq!(key.parts().collect::<Vec<_>>(), parts);
        }

        #[test]
        fn a_parsed_key_is_printed_unchanged(text in "[a%25F/]{0,12}") {
            if let Ok(key) = text.parse::<ItemKey>() {
                prop_assert_eq!(ItemKey::new(key.parts().collect::<Vec<_>>().iter().map(String::as_str)).unwrap(), key.clone());
                prop_assert_eq!(key.to_string(), text);
            }
        }
    }
}
