use super::read_text;
use crate::{Entry, Node, Object, Value};

/// Reads every case, and compares the result with that of the Zeenea scanner's parser.
#[test]
fn unusual_files_are_read_like_the_zeenea_scanner_reads_them() {
    let cases = include_str!("cases.txt")
        .lines()
        .filter(|line| !line.starts_with("// "));
    let mut wrong = Vec::new();
    for case in cases {
        let (input, expected) = case
            .rsplit_once(" => ")
            .expect("a case is an input and a verdict");
        let text = input
            .replace('⏎', "\n")
            .replace('␍', "\r")
            .replace('␉', "\t");
        let got = match read_text(&text) {
            Ok(document) => canonical(&document.root),
            Err(_) => "refused".to_owned(),
        };
        if got != expected {
            wrong.push(format!("{input}\n  expected {expected}\n  got      {got}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Formats a tree as in the table of cases.
fn canonical(object: &Object) -> String {
    let mut entries: Vec<&Entry<Node>> = object.iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    let members = entries
        .iter()
        .map(|entry| format!("{}:{}", quoted(&entry.key), written(&entry.value.value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(text) => text.clone(),
        Value::String(text) => quoted(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| written(&item.value)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(object) => canonical(object),
    }
}

fn quoted(text: &str) -> String {
    let units = text.encode_utf16().map(|unit| match u8::try_from(unit) {
        Ok(quote @ (b'"' | b'\\')) => format!("\\{}", char::from(quote)),
        Ok(plain @ b' '..=b'~') => char::from(plain).to_string(),
        _ => format!("\\u{unit:04x}"),
    });
    format!("\"{}\"", units.collect::<String>())
}
