//! Values as cells of CSV that no spreadsheet program evaluates as a formula.

use serde_json::Value;

/// The first characters of cells that spreadsheet programs may evaluate as a formula.
const FORMULA_SIGNS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Formats a value as a safe cell. Numbers need no protection.
#[must_use]
pub fn safe_value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        value => safe_cell(cell_text(value)),
    }
}

/// Formats a value as one text. A list becomes its elements, a contact its e-mail address.
#[must_use]
pub fn cell_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(cell_text).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => fields.get("email").map(cell_text).unwrap_or_default(),
        scalar => scalar.to_string(),
    }
}

/// Makes a text safe: a `'` before a sign that may begin a formula, and U+FFFD instead of control characters. Tabs and line
/// breaks are kept.
#[must_use]
pub fn safe_cell(text: String) -> String {
    let is_control = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
    let mut cell = match text.contains(is_control) {
        true => text.replace(is_control, "\u{fffd}"),
        false => text,
    };
    if cell.starts_with(FORMULA_SIGNS) {
        cell.insert(0, '\'');
    }
    cell
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_cannot_begin_a_formula_and_has_no_control_characters() {
        for (value, expected) in [
            (json!("=1+1"), "'=1+1"),
            (json!("＠SUM(A1)"), "'＠SUM(A1)"),
            (json!("\n=1"), "'\n=1"),
            (
                json!("a\u{0}b\u{1b}[2J\tc\r\n"),
                "a\u{fffd}b\u{fffd}[2J\tc\r\n",
            ),
            (json!(-5), "-5"),
            (json!(["-x", "y"]), "'-x; y"),
            (json!([{"role": "owner", "email": "@a"}]), "'@a"),
            (json!(null), ""),
            (json!("it's =1"), "it's =1"),
        ] {
            assert_eq!(safe_value(&value), expected);
        }
    }
}
