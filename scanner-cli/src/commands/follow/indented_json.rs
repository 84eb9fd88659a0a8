//! JSON on several lines, for people.

use serde::de::IgnoredAny;

/// A JSON text with one element per line, in the same order. `None` if it is not JSON.
pub(super) fn indented(json: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let mut text = String::with_capacity(json.len() * 2);
    let (mut depth, mut is_string, mut is_escaped) = (0, false, false);
    for char in json.chars() {
        if is_string {
            text.push(char);
            is_string = is_escaped || char != '"';
            is_escaped = !is_escaped && char == '\\';
            continue;
        }
        match char {
            '"' => {
                text.push(char);
                is_string = true;
            }
            '{' | '[' => {
                depth += 1;
                text.push(char);
                break_line(&mut text, depth);
            }
            '}' | ']' => {
                depth -= 1;
                let content = text.trim_end().len();
                text.truncate(content);
                if !text.ends_with(['{', '[']) {
                    break_line(&mut text, depth);
                }
                text.push(char);
            }
            ',' => {
                text.push(char);
                break_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ if char.is_whitespace() => {}
            _ => text.push(char),
        }
    }
    Some(text)
}

fn break_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_is_indented_as_by_serde_and_keeps_its_order() {
        for value in [
            json!({"a": [1, {"b": "x, y: {z}", "c": []}], "d": {}, "e": "\\\"", "f": null}),
            json!([]),
            json!("text [\"\\"),
            json!([[], [{}], {"": [true, -1.5e300]}]),
        ] {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            assert_eq!(indented(&value.to_string()).unwrap(), pretty);
            assert_eq!(indented(&pretty).unwrap(), pretty);
        }
        assert_eq!(
            indented(r#"{"b":1,"a":2}"#).unwrap(),
            "{\n  \"b\": 1,\n  \"a\": 2\n}"
        );
        assert_eq!(indented("not JSON"), None);
        let text = indented(r#"["a\\","]"]"#).unwrap();
        assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}
