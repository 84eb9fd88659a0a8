use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::*;

#[derive(Serialize)]
enum Variant {
    Unit,
    New(u8),
    Tuple(i64, f64),
    Struct { a: Option<bool>, b: () },
}

fn check(value: &impl Serialize) {
    let mut line = Vec::new();
    value.serialize(Compact(&mut line)).unwrap();
    let line = String::from_utf8(line).unwrap();
    assert_eq!(line, serde_json::to_string(value).unwrap());
}

#[test]
fn values_are_written_as_serde_json_writes_them() {
    check(&json!({ "a": [1, -2, 1.5e300, 0.1, true, null, "x", [], {}], "b": { "c": "" } }));
    check(&(1_u8, "two", 'c', Some(f64::NAN), None::<u8>, i128::MIN));
    check(&BTreeMap::from([("key", [Variant::Unit, Variant::New(5)])]));
    check(&[
        Variant::Tuple(-1, 2.0),
        Variant::Struct {
            a: Some(true),
            b: (),
        },
    ]);
    assert!(
        BTreeMap::from([(1, 2)])
            .serialize(Compact(&mut Vec::new()))
            .is_err()
    );
}

#[test]
fn texts_are_escaped_wherever_the_character_is() {
    for odd in [
        "\"",
        "\\",
        "\n",
        "\u{1}",
        "\u{1f}",
        "é",
        "日",
        "📈",
        "\u{8}\u{c}\r\t",
    ] {
        for before in 0..40 {
            for after in [0, 1, 15, 16, 33] {
                check(&format!("{}{odd}{}", "x".repeat(before), "y".repeat(after)));
            }
        }
    }
    let mut line = Vec::new();
    write_text(&mut line, "a\u{7f}\u{202e}\u{e0041}é");
    assert_eq!(line, br#""a\u007f\u202e\udb40\udc41"#.iter().chain("é\"".as_bytes()).copied().collect::<Vec<_>>());
    let back: Value = serde_json::from_slice(&line).unwrap();
    assert_eq!(back, json!("a\u{7f}\u{202e}\u{e0041}é"));
}
