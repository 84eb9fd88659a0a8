//! Names: what OpenMetadata knows entities by for good, and their fully qualified names.

use std::fmt::Write as _;

use catalog_model::{ConnectionCode, ItemKey};
use md5::{Digest, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Maximum length of a name, in characters.
pub const MAX_LENGTH: usize = 256;

/// What is encoded in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The name of an item, which is a chart: `<app>_<sheet>`. A dashboard never has this name, because its name has no `_`.
pub fn chart(key: &ItemKey) -> String {
    let parts: Vec<_> = key.parts().skip(1).map(|part| id(&part)).collect();
    bounded(parts.join("_"))
}

/// The name of a container, which is a dashboard: its id. It follows from the key, `code/kind:id`.
pub fn dashboard(key: &ItemKey) -> String {
    let rest = key.parts().nth(1).unwrap_or_default();
    let own = rest.split_once(':').map_or(&*rest, |(_, id)| id);
    bounded(id(own))
}

/// The name of a connection, which is a service: its code, as far as a name may have its characters.
pub fn service(code: &ConnectionCode) -> String {
    let is_plain = |char: char| char.is_alphanumeric() || matches!(char, ' ' | '.' | '-' | '_');
    bounded(encoded(code.as_str(), is_plain))
}

/// The name of a tag. Where the text has characters that a name must not have, they are replaced, and a hash keeps it
/// apart from others.
pub fn tag(text: &str) -> String {
    let is_odd = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}' | '"');
    let name = text.replace(is_odd, " ").replace("::", ": ");
    let name = name.trim();
    match name == text {
        true => bounded(name.to_owned()),
        false => shortened(name, text),
    }
}

/// A fully qualified name. A part is quoted if it contains a dot, and only then.
pub fn qualified(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| match part.contains('.') {
        true => format!("\"{part}\""),
        false => (*part).to_owned(),
    });
    parts.collect::<Vec<_>>().join(".")
}

/// A fully qualified name in a path.
pub fn in_path(name: &str) -> String {
    utf8_percent_encode(name, IN_PATH).to_string()
}

/// Whether a server accepts a name.
pub fn is_valid(name: &str) -> bool {
    let is_odd = |char: char| char.is_control() || char == '"';
    !name.contains("::") && !name.contains(is_odd) && (1..=MAX_LENGTH).contains(&length(name))
}

/// An id of the source. Its other characters become `(XX)`: a `%` in a path is refused by some servers.
fn id(text: &str) -> String {
    encoded(text, |char| char.is_ascii_alphanumeric() || char == '-')
}

fn encoded(text: &str, is_plain: impl Fn(char) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for char in text.chars() {
        if is_plain(char) {
            encoded.push(char);
            continue;
        }
        for byte in char.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a text cannot fail.
            let _ = write!(encoded, "({byte:02X})");
        }
    }
    encoded
}

fn bounded(name: String) -> String {
    match length(&name) <= MAX_LENGTH {
        true => name,
        false => shortened(&name, &name),
    }
}

/// The beginning of a name with a hash of the whole text.
fn shortened(name: &str, text: &str) -> String {
    let mut hash = String::new();
    for byte in Md5::digest(text) {
        let _ = write!(hash, "{byte:02x}");
    }
    let kept: String = name.chars().take(MAX_LENGTH - 1 - hash.len()).collect();
    format!("{kept}-{hash}")
}

fn length(name: &str) -> usize {
    name.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(parts: &[&str]) -> ItemKey {
        ItemKey::new(parts.iter().copied()).unwrap()
    }

    #[test]
    fn names_of_charts_and_dashboards_have_every_part_and_are_never_the_same() {
        for (parts, expected) in [
            (["q", "0fb8-d2", "2ca6"], "0fb8-d2_2ca6"),
            (["q", "a_b", "c.d/e"], "a(5F)b_c(2E)d(2F)e"),
            (["q", "ü", "(c)"], "(C3)(BC)_(28)c(29)"),
        ] {
            assert_eq!(chart(&key(&parts)), expected);
        }
        assert_eq!(dashboard(&key(&["q", "app:0fb8_1"])), "0fb8(5F)1");
        let [one, other] = ["x", "y"].map(|end| chart(&key(&["q", &"a".repeat(300), end])));
        assert_ne!(one, other);
        assert!(is_valid(&one) && is_valid(&other));
    }

    #[test]
    fn only_a_part_with_a_dot_is_quoted() {
        let code = |code| service(&ConnectionCode::new(code).unwrap());
        for (parts, expected, path) in [
            (
                vec![code("qlik-prod"), "a".into()],
                "qlik-prod.a",
                "qlik-prod.a",
            ),
            (
                vec![code("qlik.prod"), "a".into()],
                "\"qlik.prod\".a",
                "%22qlik.prod%22.a",
            ),
            (
                vec![code("a/b\"c"), "a".into()],
                "a(2F)b(22)c.a",
                "a%282F%29b%2822%29c.a",
            ),
            (
                vec!["Süd".into(), "a/b".into()],
                "Süd.a/b",
                "S%C3%BCd.a%2Fb",
            ),
        ] {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let name = qualified(&parts);
            assert_eq!((name.as_str(), in_path(&name).as_str()), (expected, path));
        }
    }

    #[test]
    fn any_tag_has_a_valid_name_of_its_own() {
        assert_eq!(tag("Finance / a.b 100%"), "Finance / a.b 100%");
        let texts = [
            "a\"b",
            "a b",
            "a::b",
            "a: b",
            "two\nlines",
            "\u{0}",
            " a b",
            &"日".repeat(300),
        ];
        let names: std::collections::BTreeSet<_> = texts.iter().map(|text| tag(text)).collect();
        assert_eq!(names.len(), texts.len());
        assert!(names.iter().all(|name| is_valid(name)), "{names:?}");
    }
}
