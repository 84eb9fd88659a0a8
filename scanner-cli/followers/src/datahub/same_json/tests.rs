//! Tests of comparing JSON texts.

use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::*;

#[test]
fn fields_may_be_missing_in_what_was_stored_and_added_to_it() {
    for (stored, sent, expected) in [
        (r#"{"a":1}"#, r#"{"a":1}"#, true),
        (r#"{ "b": "x", "a": 1.0 }"#, r#"{"a":1,"b":"x"}"#, true),
        (r#"{"a":1,"more":2}"#, r#"{"a":1,"unknown":3}"#, true),
        (r#"{"a":2}"#, r#"{"a":1}"#, false),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
        (
            r#"{"a":{"b":[{"c":1,"d":2},{"c":3}]}}"#,
            r#"{"a":{"b":[{"c":3},{"c":1}]}}"#,
            true,
        ),
        (r#"{"a":[1]}"#, r#"{"a":[1,2]}"#, false),
        (r#""\u00e9\/""#, r#""é/""#, true),
        ("null", "{}", false),
        ("true", "false", false),
        ("1e2", "100", true),
    ] {
        assert_eq!(has(stored, sent), expected, "{stored} {sent}");
    }
}

#[test]
fn the_same_value_has_the_same_fields_apart_from_empty_ones() {
    for (one, other, expected) in [
        (r#"{"a":1,"b":"x"}"#, r#"{ "b":"x", "a":1.0 }"#, true),
        (
            r#"{"a":1,"b":[],"c":{},"d":"","e":null}"#,
            r#"{"a":1}"#,
            true,
        ),
        (r#"{"a":1,"b":0}"#, r#"{"a":1}"#, false),
        (r#"{"a":1}"#, r#"{"a":1,"b":false}"#, false),
        (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#, false),
        (r#"{"a":[1,2]}"#, r#"{"a":[1]}"#, false),
        (r#"[{"a":1,"b":null}]"#, r#"[{"a":1}]"#, true),
    ] {
        assert_eq!(is_same(one, other), expected, "{one} {other}");
        assert_eq!(is_same(other, one), expected, "{other} {one}");
    }
}

/// What [`is_same`] means, of values.
fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let mut names = fields.keys().chain(others.keys());
            names.all(|name| match (fields.get(name), others.get(name)) {
                (Some(one), Some(other)) => is_same_value(one, other),
                (alone, other_alone) => alone.or(other_alone).is_none_or(is_empty),
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            let mut both = one.iter().zip(other);
            one.len() == other.len() && both.all(|(one, other)| is_same_value(one, other))
        }
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (one, other) => one == other,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// What [`has`] means, of values.
fn has_value(stored: &Value, sent: &Value) -> bool {
    match (stored, sent) {
        (Value::Object(stored), Value::Object(sent)) => sent.iter().all(|(name, sent)| {
            let stored = stored.get(name);
            stored.is_none_or(|stored| has_value(stored, sent))
        }),
        (Value::Array(stored), Value::Array(sent)) => {
            let is_stored = |sent| stored.iter().any(|stored| has_value(stored, sent));
            sent.iter().all(is_stored)
        }
        (Value::Number(stored), Value::Number(sent)) => stored.as_f64() == sent.as_f64(),
        (stored, sent) => stored == sent,
    }
}

/// Texts of which many are equal, in different spellings.
const STRINGS: [&[&str]; 5] = [
    &[r#""""#],
    &[r#""é/""#, r#""\u00e9\/""#, r#""\u00E9/""#],
    &[r#""😀""#, r#""\ud83d\ude00""#],
    &[r#""a""#, r#""\u0061""#],
    &[r#""null""#, r#""\u006eull""#],
];

/// The same for numbers.
const NUMBERS: [&[&str]; 6] = [
    &["0", "-0", "0.0", "0e5"],
    &["1", "1.0", "1e0", "10E-1"],
    &["100", "1e2", "1E+2", "100.00"],
    &["-1.5", "-15e-1"],
    &["9007199254740993", "9007199254740993.0"],
    &["18446744073709551616", "1.8446744073709551616e19"],
];

/// A JSON text, and the same value in another spelling and another order of fields.
fn json() -> impl Strategy<Value = (String, String)> {
    let twice = |of: &'static [&'static str]| {
        let one = prop::sample::select(of).prop_map(str::to_owned);
        (one.clone(), one)
    };
    let string = prop::sample::select(&STRINGS[..]).prop_flat_map(twice);
    let number = prop::sample::select(&NUMBERS[..]).prop_flat_map(twice);
    let word = prop::sample::select(&["null", "true", "false"][..])
        .prop_map(|word| (word.to_owned(), word.to_owned()));
    prop_oneof![string.clone(), number, word].prop_recursive(4, 24, 4, move |inner| {
        let list = vec(inner.clone(), 0..4).prop_map(|entries| {
            let (one, other): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
            (
                format!("[{}]", one.join(",")),
                format!("[ {} ]", other.join(" ,\n")),
            )
        });
        let fields = vec((string.clone(), inner), 0..4).prop_map(|fields| {
            let fields = fields.into_iter();
            let fields = fields.map(|((name, other_name), (value, other))| {
                (format!("{name}:{value}"), format!("{other_name} : {other}"))
            });
            let (one, mut other): (Vec<_>, Vec<_>) = fields.unzip();
            let object: Value = serde_json::from_str(&format!("{{{}}}", one.join(","))).unwrap();
            // Of two fields with the same name, the last one counts.
            if object.as_object().unwrap().len() == other.len() {
                other.reverse();
            }
            (
                format!("{{{}}}", one.join(",")),
                format!("{{ {} }}", other.join(" , ")),
            )
        });
        prop_oneof![list, fields]
    })
}

fn check(one: &str, other: &str) {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (a, b) = (parse(one), parse(other));
    assert_eq!(is_same(one, other), is_same_value(&a, &b), "{one} {other}");
    assert_eq!(has(one, other), has_value(&a, &b), "{one} {other}");
}

proptest! {
    #[test]
    fn spellings_of_a_value_are_the_same((one, other) in json()) {
        assert!(is_same(&one, &other), "{one} {other}");
        assert!(has(&one, &other), "{one} {other}");
        check(&one, &other);
    }

    #[test]
    fn texts_are_compared_as_their_values_are((one, _) in json(), (other, _) in json()) {
        check(&one, &other);
        check(&format!("[{one}]"), &format!("[ {other} ]"));
        check(&format!(r#"{{"x":{one},"y":1}}"#), &format!(r#"{{ "y":1.0, "x":{other} }}"#));
    }
}

#[test]
fn what_is_not_valid_json_is_only_the_same_as_itself() {
    for text in ["", "{", "[1,", r#""\ud800""#, "nan", "inf", "1 2", "{}x"] {
        assert!(is_same(text, text) && has(text, text), "{text}");
        for other in ["1", "null", "{}", r#""x""#] {
            assert!(
                !is_same(text, other) && !is_same(other, text),
                "{text} {other}"
            );
        }
    }
    // A server's answer may be nested as deeply as it likes.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(!is_same(&deep, "[[1]]") && !has(&deep, "[[1]]"));
}
