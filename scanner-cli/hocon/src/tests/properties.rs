use proptest::prelude::*;
use std::{collections::BTreeMap, path::Path};

use super::{MemoryFiles, read_text};
use crate::{Colors, Masking, Node, Object, SourceDiagnostic, Value, read, settings, to_json};

/// Texts made of tokens of the format, so that most of them are valid beyond the first character.
pub(super) fn hocon_like() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "b",
        "a.b",
        ".",
        " ",
        "\n",
        "\r\n",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "=",
        "+=",
        "\"",
        "\"\"\"",
        "\\",
        "\\u00e9",
        "#",
        "//",
        "$",
        "${a}",
        "${?b}",
        "${",
        "null",
        "true",
        "1",
        "-1.5e3",
        "include ",
        "include \"x\"",
        "é",
        "password",
        "@",
        "+",
        "\u{feff}",
        "\u{2028}",
        "\"x\"",
        "a = 1\n",
        "a += ",
        "\na = ${a} é",
        "b { ",
        "url =\n",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40)
        .prop_map(|pieces| pieces.concat())
}

/// JSON trees without settings that this crate treats as secrets.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        ".*".prop_map(serde_json::Value::from),
    ];
    let tree = leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(".*", inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(".*", tree, 0..5)
        .prop_map(|members| serde_json::Value::Object(members.into_iter().collect()))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_with_places_inside_the_file(text in prop_oneof![hocon_like(), any::<String>()]) {
        match read_text(&text) {
            Ok(document) => {
                document.warnings.iter().for_each(|warning| assert_inside(&text, warning));
                assert_places(&text, &document.root);
            }
            Err(errors) => {
                prop_assert!(!errors.is_empty());
                errors.iter().for_each(|error| assert_inside(&text, error));
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let outcome = read(Path::new("site.conf"), &bytes, &BTreeMap::new(), &MemoryFiles::default());
        for error in outcome.err().unwrap_or_default() {
            prop_assert!(!error.render(Colors::Ansi).is_empty());
        }
    }

    #[test]
    fn json_is_read_unchanged(tree in json()) {
        for text in [tree.to_string(), format!("{tree:#}")] {
            let document = read_text(&text).expect("JSON is HOCON");
            prop_assert_eq!(to_json(&document.root, Masking::Reveal), tree.clone());
        }
    }
}

fn assert_inside(text: &str, diagnostic: &SourceDiagnostic) {
    let rendered = diagnostic.render(Colors::None);
    assert!(
        rendered.contains(&diagnostic.place.to_string()),
        "{rendered}"
    );
    assert_place(text, &diagnostic.place);
}

fn assert_place(text: &str, place: &catalog_model::Place) {
    let line = text
        .split('\n')
        .nth(place.line as usize - 1)
        .expect("the line is in the file");
    assert!(
        place.column as usize <= line.chars().count() + 1,
        "{place} in {line:?}"
    );
}

fn assert_places(text: &str, object: &Object) {
    for entry in object.iter() {
        assert_place(text, &entry.key_place);
        assert_node(text, &entry.value);
    }
    for setting in settings(object) {
        assert_place(text, &setting.node.place);
    }
}

fn assert_node(text: &str, node: &Node) {
    assert_place(text, &node.place);
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| assert_node(text, item)),
        Value::Object(object) => assert_places(text, object),
        _ => {}
    }
}
