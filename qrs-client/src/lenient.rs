//! Reads fields as real sites write them: null for any value, text with invalid characters.
//!
//! For record types of your own:
//!
//! ```
//! use qrs_client::{AppObjectId, lenient};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Sheet {
//!     id: AppObjectId,
//!     #[serde(default, deserialize_with = "lenient::text")]
//!     name: String,
//!     #[serde(default, deserialize_with = "lenient::or_default")]
//!     published: bool,
//! }
//!
//! let sheet: Sheet = serde_json::from_str(r#"{"id":"1","name":"\ud83d?","published":null}"#)?;
//! assert_eq!(sheet.name, "\u{FFFD}?");
//! # Ok::<(), serde_json::Error>(())
//! ```

mod salvage;

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use outbound_http::one_line;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, SeqAccess, Visitor};

use crate::lend::{Lend, Owned};
pub(crate) use salvage::salvage;

/// Maximum size of an identifier, in bytes. Qlik Sense's own have 36 characters. A longer one is refused rather than cut: two
/// that differ only after the cut would become equal.
pub(crate) const MAX_ID_BYTES: usize = 1_024;

/// Maximum number of elements of an array within a record, such as its tags.
const MAX_LIST_ELEMENTS: usize = 10_000;

/// Fields by name; see the field `extra` of each record.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// The member of a record that lists the fields that were left out. To read it, declare a field of the type [`OddFields`] with
/// this name in your own type.
pub const ODD_FIELDS: &str = "$odd";

/// The fields of a record that had an unexpected type and were left out, such as a name that is a number.
///
/// ```
/// use qrs_client::{AppObjectId, lenient};
/// use serde::Deserialize;
///
/// #[derive(Default, Deserialize)]
/// #[serde(default)]
/// struct Sheet {
///     id: AppObjectId,
///     #[serde(deserialize_with = "lenient::text")]
///     name: String,
///     #[serde(rename = "$odd")]
///     odd: lenient::OddFields,
/// }
///
/// let sheet: Sheet = lenient::record(br#"{"id":"1","name":5}"#).unwrap();
/// assert_eq!(sheet.name, "");
/// assert!(sheet.odd.has("name"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct OddFields(Vec<(String, String)>);

impl OddFields {
    /// Whether the field at this path, such as `app.stream`, was left out, or a part of it, or the field that contains it.
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.0.iter().any(|(left_out, _)| {
            let parts = (left_out.split('.'), path.split('.'));
            parts
                .0
                .zip(parts.1)
                .all(|(left_out, wanted)| left_out == wanted)
        })
    }

    /// The paths, each with the type of the value there: `a number`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.0.iter();
        fields.map(|(path, found)| (path.as_str(), found.as_str()))
    }

    /// Whether no field was left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads one record as a list does: fields of an unexpected type are left out ([`OddFields`]), unless they identify the record
/// (`id`, `engineObjectId`, `app.id`). `None` if it is not a record.
pub fn record<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    lent_record::<Owned<T>>(json, &mut String::new())
}

/// Reads one record like [`record`]. It borrows from `json` or, if fields are left out, from the text that is then written to
/// `salvaged`.
pub fn lent_record<'a, L: Lend>(json: &'a [u8], salvaged: &'a mut String) -> Option<L::Record<'a>> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    let whole: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(json);
    whole.ok()?;
    let record = serde_json::from_slice(json).ok();
    record.or_else(|| salvage::<L>(json, salvaged))
}

/// Reads a value; null becomes the default value.
///
/// # Errors
///
/// The deserializer's, if the value has another type.
pub fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads text; null becomes empty text. Invalid Unicode, such as half of a surrogate pair, becomes U+FFFD, so that one invalid
/// character does not cost the record.
///
/// # Errors
///
/// The deserializer's, if the value is not text.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    borrowed_text(deserializer).map(Cow::into_owned)
}

/// Reads text like [`text`], and borrows it where its characters allow that: it has no escapes and is valid UTF-8.
///
/// # Errors
///
/// The deserializer's, if the value is not text.
pub fn borrowed_text<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Cow<'a, str>, D::Error> {
    deserializer.deserialize_option(TextVisitor)
}

/// Reads text for people, on one line; null becomes empty text. White space is joined, and the text is cut after 300 characters.
///
/// # Errors
///
/// The deserializer's, if the value is not text.
pub fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer).map(|text| one_line(&text))
}

/// Reads text that identifies something, such as a user's name in its directory; null becomes empty text.
///
/// # Errors
///
/// The deserializer's, if the value is not text or has more than 1,024 bytes. It is not cut: two that differ only
/// after the cut would become equal.
pub fn identifier<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    borrowed_identifier(deserializer).map(Cow::into_owned)
}

/// Reads text like [`identifier`], and borrows it where its characters allow that.
///
/// # Errors
///
/// As [`identifier`].
pub fn borrowed_identifier<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Cow<'a, str>, D::Error> {
    let text = borrowed_text(deserializer)?;
    if text.len() > MAX_ID_BYTES {
        let length = text.len();
        let message = format!("an id of {length} bytes, longer than {MAX_ID_BYTES}");
        return Err(D::Error::custom(message));
    }
    Ok(text)
}

/// Reads a size in bytes. Null and negative numbers, which sites write for "unknown", become `None`.
///
/// # Errors
///
/// The deserializer's, if the value is not a number.
pub fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_option(SizeVisitor)
}

/// Reads an array; null becomes an empty array, and elements that are null are left out.
///
/// # Errors
///
/// The deserializer's, if the value is not an array, an element has another type, or there are more than 10,000.
pub fn list<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_option(ListVisitor(PhantomData))
}

/// Reads the fields of a record that its type does not know. [`ODD_FIELDS`], which no site sends, is left out.
pub(crate) fn extra<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    let mut extra = Extra::deserialize(deserializer)?;
    extra.remove(ODD_FIELDS);
    Ok(extra)
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(""))
    }

    /// Reads bytes, because `serde_json` refuses half a surrogate pair and invalid UTF-8 in a string.
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_bytes(self)
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(repaired(bytes)),
        })
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => repaired(bytes),
        }))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text))
    }
}

/// Repairs text in which `serde_json` has encoded half a surrogate pair as three bytes, as UTF-8 would.
fn repaired(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = rest.windows(3).position(is_surrogate) {
        text.push_str(&String::from_utf8_lossy(&rest[..at]));
        text.push(char::REPLACEMENT_CHARACTER);
        rest = &rest[at + 3..];
    }
    let tail: Cow<'_, str> = String::from_utf8_lossy(rest);
    text.push_str(&tail);
    text
}

fn is_surrogate(bytes: &[u8]) -> bool {
    matches!(bytes, [0xED, 0xA0..=0xBF, 0x80..=0xBF])
}

struct SizeVisitor;

impl<'de> Visitor<'de> for SizeVisitor {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of bytes")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<Self::Value, E> {
        Ok(Some(size))
    }

    fn visit_i64<E: Error>(self, size: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(size).ok())
    }

    fn visit_f64<E: Error>(self, size: f64) -> Result<Self::Value, E> {
        // `as` saturates, which is precise enough for a size in floating point.
        Ok((size >= 0.0).then_some(size as u64))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<Option<T>>()? {
            if list.len() == MAX_LIST_ELEMENTS {
                let message = format!("an array of more than {MAX_LIST_ELEMENTS} elements");
                return Err(A::Error::custom(message));
            }
            list.extend(element);
        }
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Deserializer, Value, json};

    use super::*;

    fn read_text(json: &[u8]) -> Result<String, serde_json::Error> {
        text(&mut Deserializer::from_slice(json))
    }

    #[test]
    fn text_with_any_characters_is_read() {
        let cases: [(&[u8], &str); 7] = [
            (b"\"plain\"", "plain"),
            (b"null", ""),
            (b"\"a\\ud83d\\ude00b\"", "a\u{1F600}b"),
            (b"\"a\\ud83db\"", "a\u{FFFD}b"),
            (b"\"a\\ude00\"", "a\u{FFFD}"),
            (b"\"a\xFFb\"", "a\u{FFFD}b"),
            (b"\"a\\\\\\\"\\u00e9\"", "a\\\"\u{e9}"),
        ];
        for (json, expected) in cases {
            assert_eq!(read_text(json).unwrap(), expected);
        }
        for json in ["5", "true", "{}", "[1]"] {
            assert!(read_text(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(
            text(json!("a value in memory")).unwrap(),
            "a value in memory"
        );
        assert_eq!(text(Value::Null).unwrap(), "");
    }

    #[test]
    fn an_unknown_size_is_none() {
        let cases = [
            ("null", None),
            ("-1", None),
            ("0", Some(0)),
            ("52428800", Some(52_428_800)),
            ("1.5e3", Some(1500)),
            ("-1.0", None),
        ];
        for (json, expected) in cases {
            assert_eq!(
                size(&mut Deserializer::from_str(json)).unwrap(),
                expected,
                "{json}"
            );
        }
        assert!(size(&mut Deserializer::from_str("\"5\"")).is_err());
    }

    #[test]
    fn an_array_of_too_many_elements_is_refused() {
        let array = |length| json!(vec![1; length]);
        let most = list::<u8, _>(array(MAX_LIST_ELEMENTS)).unwrap();
        assert_eq!(most.len(), MAX_LIST_ELEMENTS);
        let error = list::<u8, _>(array(MAX_LIST_ELEMENTS + 1)).unwrap_err();
        assert!(error.to_string().contains("more than 10000"), "{error}");
    }

    #[test]
    fn null_is_left_out_of_lists_and_becomes_defaults() {
        assert_eq!(list::<u8, _>(json!([1, null, 3])).unwrap(), [1, 3]);
        assert!(list::<u8, _>(Value::Null).unwrap().is_empty());
        assert!(list::<u8, _>(json!({})).is_err());
        assert!(!or_default::<bool, _>(Value::Null).unwrap());
        assert!(or_default::<bool, _>(json!(true)).unwrap());
    }
}
