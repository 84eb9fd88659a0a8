//! Subjects and issuers, compared as RFC 5280 and Java compare them: regardless of case, white space and the kind of
//! string.

use std::fmt::Write;

use x509_parser::asn1_rs::{Any, Oid, Tag};
use x509_parser::objects::{oid_registry, oid2abbrev};
use x509_parser::x509::X509Name;

use crate::page_text::one_line;

/// A name as a list of relative names, each a sorted list of attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DistinguishedName(Vec<Vec<Attribute>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Attribute {
    kind: Vec<u8>,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Text(String),
    /// Not a readable string. It is compared byte by byte.
    Raw(u32, Vec<u8>),
}

impl DistinguishedName {
    pub(crate) fn from_x509(name: &X509Name<'_>) -> Self {
        let relative = name.iter_rdn().map(|relative| {
            let mut attributes: Vec<_> = relative
                .iter()
                .map(|attribute| Attribute {
                    kind: attribute.attr_type().as_bytes().to_vec(),
                    value: value(attribute.attr_value()),
                })
                .collect();
            attributes.sort();
            attributes
        });
        Self(relative.collect())
    }

    /// Whether it is equal to `above` or below it in the tree of names.
    pub(crate) fn is_within(&self, above: &Self) -> bool {
        self.0.starts_with(&above.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A name on one line, for people: `CN=server1, O=Acme`.
pub(super) fn describe(name: &X509Name<'_>) -> String {
    let relative = name.iter_rdn().map(|relative| {
        let attributes = relative.iter().map(|attribute| {
            let kind = kind(attribute.attr_type());
            let value = attribute.attr_value();
            let value = text(value).unwrap_or_else(|| hexadecimal(value.data));
            format!("{kind}={value}")
        });
        attributes.collect::<Vec<_>>().join(" + ")
    });
    one_line(&relative.collect::<Vec<_>>().join(", "))
}

fn kind(oid: &Oid<'_>) -> String {
    match oid2abbrev(oid, oid_registry()) {
        Ok(known) => known.to_owned(),
        Err(_) => oid.to_id_string(),
    }
}

/// A value that is not a string, in the format of RFC 4514.
fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = "#".to_owned();
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}

fn value(any: &Any<'_>) -> Value {
    match text(any) {
        Some(text) => Value::Text(folded(&text)),
        None => Value::Raw(any.tag().0, any.data.to_vec()),
    }
}

fn text(any: &Any<'_>) -> Option<String> {
    match any.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::Ia5String
        | Tag::NumericString
        | Tag::VisibleString => std::str::from_utf8(any.data).ok().map(str::to_owned),
        Tag::T61String => Some(any.data.iter().copied().map(char::from).collect()),
        Tag::BmpString => wide(any.data),
        Tag::UniversalString => universal(any.data),
        _ => None,
    }
}

fn wide(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks() else {
        return None;
    };
    let units: Vec<_> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    String::from_utf16(&units).ok()
}

fn universal(bytes: &[u8]) -> Option<String> {
    let (units, []) = bytes.as_chunks() else {
        return None;
    };
    let units = units.iter().map(|unit| u32::from_be_bytes(*unit));
    units.map(char::from_u32).collect()
}

/// In lower case, with single spaces.
fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_white_space_and_the_kind_of_string_are_ignored() {
        let text = |tag, bytes| value(&Any::from_tag_and_data(tag, bytes));
        let acme = text(Tag::Utf8String, b"Acme  Root");
        assert_eq!(text(Tag::PrintableString, b" ACME root "), acme);
        assert_eq!(text(Tag::BmpString, b"\0A\0c\0m\0e\0 \0R\0o\0o\0t"), acme);
        assert_ne!(text(Tag::Utf8String, b"AcmeRoot"), acme);
        assert_ne!(text(Tag::OctetString, b"Acme Root"), acme);
        assert_ne!(text(Tag::BmpString, b"\0A\0"), acme);
    }
}
