//! Values as the database has them.

use std::borrow::Cow;

use catalog_store::backend;

/// A text without the character U+0000, which PostgreSQL cannot store.
pub(crate) fn storable(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{FFFD}")),
        false => Cow::Borrowed(text),
    }
}

/// The identity of a key: the first 128 bits of its SHA-256.
pub(crate) fn key_print(key: &str) -> [u8; 16] {
    backend::fingerprint(&[key])
}

/// A list of texts as JSON.
pub(crate) fn list(texts: &[String]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| storable(text)).collect();
    serde_json::json!(texts).to_string()
}

/// Reads a list of texts from JSON. What is not valid is an empty list.
pub(crate) fn texts(json: Option<&str>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default()
}

/// Sixteen bytes of a column; `None` if the column has another length.
pub(crate) fn sixteen(bytes: Option<&[u8]>) -> Option<[u8; 16]> {
    bytes.and_then(|bytes| bytes.try_into().ok())
}
