//! Urns: the names under which DataHub knows entities for good.

use std::{collections::BTreeMap, fmt::Write as _};

use catalog_model::{ConnectionCode, ItemKey};
use md5::{Digest, Md5};

use crate::{json_text::ascii_json, product::PLATFORM};

/// Maximum length of a urn, in characters after the URL encoding of Java. DataHub refuses longer ones.
const MAX_LENGTH: usize = 512;

/// The urn of an item or container is longer than DataHub accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "its urn has {length} characters after URL encoding, and DataHub accepts {MAX_LENGTH}: `{urn}`"
)]
pub struct UrnTooLong {
    /// The urn.
    pub urn: String,
    /// Its length.
    pub length: usize,
}

/// A tag of DataHub: its urn, and the name that people read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag {
    /// The urn.
    pub urn: String,
    /// The name.
    pub name: String,
    /// Whether the name is too long for a urn, which then has a shorter form of it and a hash.
    pub is_shortened: bool,
}

/// Maximum number of characters of a name in a message.
const MAX_SHOWN: usize = 60;

impl Tag {
    /// What people should know of it.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let shown: String = self.name.chars().take(MAX_SHOWN).collect();
        self.is_shortened.then(|| {
            format!(
                "the name of the tag `{shown}…` is too long for a urn: it is shortened with a hash to `{}`",
                self.urn
            )
        })
    }
}

/// The urn of the platform.
pub fn platform() -> String {
    format!("urn:li:dataPlatform:{PLATFORM}")
}

/// The urn of the platform's instance, which is the connection.
pub fn instance(code: &ConnectionCode) -> String {
    format!(
        "urn:li:dataPlatformInstance:({},{})",
        platform(),
        encode_instance(code.as_str())
    )
}

/// The urn of an item, which is a dashboard: `urn:li:dashboard:(qlik-sense,<code>.<app>.<sheet>)`.
///
/// # Errors
/// If it is too long.
pub fn dashboard(key: &ItemKey) -> Result<String, UrnTooLong> {
    let mut id = String::new();
    for (index, part) in key.parts().enumerate() {
        match index {
            0 => id.push_str(&encode_instance(&part)),
            // A dot separates the parts. Only the instance may contain dots, so that there is one way to read the id.
            _ => write!(id, ".{}", encode(&part, is_plain)).unwrap_or_default(),
        }
    }
    checked(format!("urn:li:dashboard:({PLATFORM},{id})"))
}

/// The urn of a container: a hash of what identifies it, in the form that DataHub's own sources use. It follows from
/// the container's key, `code/kind:id`.
pub fn container(key: &ItemKey) -> String {
    let mut parts = key.parts();
    let code = parts.next().unwrap_or_default();
    let rest = parts.next().unwrap_or_default();
    let (kind, id) = rest.split_once(':').unwrap_or(("", &rest));
    // Sorted by name, as the form demands.
    let identity = BTreeMap::from([
        ("instance", code.as_str()),
        ("platform", PLATFORM),
        (kind, id),
    ]);
    let digest = Md5::digest(ascii_json(&identity));
    format!("urn:li:container:{}", hex(&digest))
}

/// A tag with a name of the source. A name that is too long for a urn is shortened there, and made unique by a hash.
pub fn tag(name: &str) -> Tag {
    const PREFIX: &str = "urn:li:tag:";
    let urn = format!("{PREFIX}{}", encode_name(name));
    let is_shortened = java_length(&urn) > MAX_LENGTH;
    Tag {
        urn: match is_shortened {
            false => urn,
            true => shortened(PREFIX, name),
        },
        name: name.to_owned(),
        is_shortened,
    }
}

/// The urn of a person, whom DataHub knows under this id; `None` if no such urn is possible.
pub fn person(id: &str) -> Option<String> {
    let id = id.trim();
    let urn = format!("urn:li:corpuser:{}", encode_name(id));
    (!id.is_empty() && java_length(&urn) <= MAX_LENGTH).then_some(urn)
}

fn checked(urn: String) -> Result<String, UrnTooLong> {
    let length = java_length(&urn);
    match length <= MAX_LENGTH {
        true => Ok(urn),
        false => Err(UrnTooLong { urn, length }),
    }
}

fn shortened(prefix: &str, name: &str) -> String {
    let hash = hex(&Md5::digest(name));
    let room = MAX_LENGTH - java_length(prefix) - 1 - hash.len();
    let mut kept = String::new();
    for char in name.chars() {
        let next = encode_name(char.encode_utf8(&mut [0; 4]));
        if java_length(&kept) + java_length(&next) > room {
            break;
        }
        kept.push_str(&next);
    }
    format!("{prefix}{kept}-{hash}")
}

fn is_plain(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_')
}

fn encode_instance(code: &str) -> String {
    encode(code, |char| is_plain(char) || char == '.')
}

/// A name with everything percent-encoded that a urn must not contain. `%` is encoded too, so that two names never
/// become one urn.
fn encode_name(name: &str) -> String {
    let inner = name.trim();
    let (start, end) = match inner.is_empty() {
        true => (name.len(), name.len()),
        false => {
            let start = name.len() - name.trim_start().len();
            (start, start + inner.len())
        }
    };
    let is_allowed =
        |char: char| !char.is_control() && !matches!(char, '%' | ',' | '(' | ')' | '\u{241f}');
    let blank = |text: &str| encode(text, |_| false);
    blank(&name[..start]) + &encode(&name[start..end], is_allowed) + &blank(&name[end..])
}

fn encode(text: &str, is_allowed: impl Fn(char) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for char in text.chars() {
        if is_allowed(char) {
            encoded.push(char);
            continue;
        }
        for byte in char.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The length of a text after the URL encoding of Java, in which DataHub measures urns.
fn java_length(text: &str) -> usize {
    let lengths = text.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' | b' ' => 1,
        _ => 3,
    });
    lengths.sum()
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: &str) -> ConnectionCode {
        ConnectionCode::new(code).unwrap()
    }

    #[test]
    fn the_urn_of_an_item_has_every_part_of_its_key_once() {
        for (parts, expected) in [
            (["qlik-prod", "0fb8", "2ca6"], "qlik-prod.0fb8.2ca6"),
            (["qlik.prod", "a.b", "c"], "qlik.prod.a%2Eb.c"),
            (
                ["Süd, Ost", "a/b", "(c)"],
                "S%C3%BCd%2C%20Ost.a%2Fb.%28c%29",
            ),
        ] {
            let key = ItemKey::new(parts).unwrap();
            let expected = format!("urn:li:dashboard:(qlik-sense,{expected})");
            assert_eq!(dashboard(&key), Ok(expected));
        }
    }

    #[test]
    fn a_urn_is_measured_after_the_url_encoding_of_java() {
        for (text, length) in [("a b.-*_", 7), ("ü", 6), ("日", 9), (":(,/", 12)] {
            assert_eq!(java_length(text), length, "{text}");
        }
        // `:` and `(` and `,` count 3 each.
        let fixed = java_length("urn:li:dashboard:(qlik-sense,c.a.)");
        let sheet = "s".repeat(MAX_LENGTH - fixed);
        let key = ItemKey::new(["c", "a", &sheet]).unwrap();
        assert!(dashboard(&key).is_ok());
        let key = ItemKey::new(["c", "a", &(sheet + "s")]).unwrap();
        let error = dashboard(&key).unwrap_err();
        assert_eq!(error.length, MAX_LENGTH + 1);
    }

    #[test]
    fn the_urn_of_a_container_is_the_hash_that_datahub_makes_of_its_identity() {
        let app = "qlik-prod/app:0fb8b3f9-d25a-c71b-0366-8982c1b1fba3";
        for (key, expected) in [
            (app, "d0a7cc257be145798c8c615dab67de61"),
            (
                "qlik-prod/stream:Finance",
                "2897f1a3e7c6ec073296e4760a3b15e9",
            ),
            // The hash of `{"instance":"S\u00fcd","platform":"qlik-sense","stream":"\ud83d\udcc8"}`.
            ("Süd/stream:📈", "3594dc655ec088421ab1b4b4ee1453d3"),
        ] {
            let urn = container(&key.parse().unwrap());
            assert_eq!(urn, format!("urn:li:container:{expected}"), "{key}");
        }
    }

    #[test]
    fn a_tag_keeps_its_name_and_gets_a_urn_that_is_allowed() {
        for (name, expected) in [
            ("Finance", "Finance"),
            ("x,y", "x%2Cy"),
            ("100% (a)", "100%25 %28a%29"),
            ("Umsätze / 日本", "Umsätze / 日本"),
            (" a ", "%20a%20"),
            (" ", "%20"),
            ("a\u{241f}b\nc", "a%E2%90%9Fb%0Ac"),
        ] {
            let tag = tag(name);
            assert_eq!(tag.urn, format!("urn:li:tag:{expected}"));
            assert_eq!((tag.name.as_str(), tag.notice()), (name, None));
        }
    }

    #[test]
    fn a_long_name_of_a_tag_is_shortened_in_the_urn_and_stays_unique() {
        let [one, other] = ["日", "ü,"].map(|char| char.repeat(300));
        for name in [&one, &other] {
            let tags = [tag(name), tag(&format!("{name}!"))];
            assert_ne!(tags[0].urn, tags[1].urn);
            for tag in tags {
                assert!(tag.is_shortened && tag.notice().unwrap().contains(&tag.urn));
                assert!(java_length(&tag.urn) <= MAX_LENGTH, "{}", tag.urn);
            }
        }
    }

    #[test]
    fn the_instance_is_the_code_of_the_connection() {
        assert_eq!(
            instance(&code("qlik-prod")),
            "urn:li:dataPlatformInstance:(urn:li:dataPlatform:qlik-sense,qlik-prod)"
        );
    }
}
