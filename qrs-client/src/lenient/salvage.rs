//! Reads a record in which some fields have an unexpected type: it leaves out those fields and reads the rest.
//!
//! This is slow, and only for records that cannot be read otherwise. Each field is tried alone, and then each part of a field that
//! does not fit, until the smallest part that does not fit is found.

use std::fmt::Write;

use super::ODD_FIELDS;
use crate::lend::Lend;

/// Maximum depth at which parts of fields are tried separately.
const MAX_DEPTH: usize = 6;

/// Fields that identify the record. A record without them is not salvaged.
const IDENTITY: [&str; 4] = ["id", "engineObjectId", "app", "app.id"];

/// The record in `element`, a valid JSON value, without its fields of an unexpected type. The record borrows from `salvaged`.
///
/// `None` if the value is not an object, if no field has an unexpected type, if a field that identifies the record has one, or if
/// the record's type requires a field that is left out.
pub(crate) fn salvage<'a, L: Lend>(
    element: &[u8],
    salvaged: &'a mut String,
) -> Option<L::Record<'a>> {
    let text = String::from_utf8_lossy(element);
    let text = text.trim();
    let mut trial = Trial::<L>::new();
    // A type that also accepts a number is not the type of a record.
    if !text.starts_with('{') || !trial.fits("{}") || trial.fits("0") {
        return None;
    }
    let kept = trial.object(text);
    let identifies = |(path, _): &(String, _)| IDENTITY.contains(&path.as_str());
    if trial.left_out.is_empty() || trial.left_out.iter().any(identifies) {
        return None;
    }
    let left_out = serde_json::to_string(&trial.left_out).ok()?;
    let comma = if kept.is_empty() { "" } else { "," };
    *salvaged = format!("{{{kept}{comma}\"{ODD_FIELDS}\":{left_out}}}");
    serde_json::from_str(salvaged).ok()
}

/// A step on the path to a value in the record.
enum Step {
    /// Under this key.
    Key(String),
    /// In a list.
    Element,
}

/// Tries to read parts of a record.
struct Trial<L> {
    steps: Vec<Step>,
    /// The paths of fields that do not fit, and the types of their values.
    left_out: Vec<(String, &'static str)>,
    record: std::marker::PhantomData<fn() -> L>,
}

impl<L: Lend> Trial<L> {
    fn new() -> Self {
        Self {
            steps: Vec::new(),
            left_out: Vec::new(),
            record: std::marker::PhantomData,
        }
    }

    /// Whether a record can be read that has only this value, at the current path.
    fn fits(&self, value: &str) -> bool {
        let mut text = String::new();
        for step in &self.steps {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(key) => write!(text, "{{{}:", serde_json::json!(key)),
                Step::Element => write!(text, "["),
            };
        }
        text.push_str(value);
        let ends = self.steps.iter().rev().map(|step| match step {
            Step::Key(_) => '}',
            Step::Element => ']',
        });
        text.extend(ends);
        serde_json::from_str::<L::Record<'_>>(&text).is_ok()
    }

    /// The parts of a value that fit.
    fn value(&mut self, value: &str) -> Option<String> {
        if self.fits(value) {
            return Some(value.to_owned());
        }
        if self.steps.len() < MAX_DEPTH {
            let kept = match value.as_bytes().first() {
                Some(b'{') if self.fits("{}") => Some(format!("{{{}}}", self.object(value))),
                Some(b'[') if self.fits("[]") => Some(format!("[{}]", self.list(value))),
                _ => None,
            };
            if let Some(kept) = kept.filter(|kept| self.fits(kept)) {
                return Some(kept);
            }
        }
        self.leave_out(kind(value));
        None
    }

    /// The members of an object that fit, separated by commas.
    fn object(&mut self, text: &str) -> String {
        let mut members: Vec<(String, &str)> = Vec::new();
        for (key, value) in Parts::new(text).members() {
            self.steps.push(Step::Key(key.clone()));
            match members.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => {
                    self.leave_out("more than one value");
                    known.1 = value;
                }
                None => members.push((key, value)),
            }
            self.steps.pop();
        }
        let mut kept = Vec::new();
        for (key, value) in members {
            self.steps.push(Step::Key(key.clone()));
            let value = self.value(value);
            self.steps.pop();
            kept.extend(value.map(|value| format!("{}:{value}", serde_json::json!(key))));
        }
        kept.join(",")
    }

    /// The elements of a list that fit, separated by commas.
    fn list(&mut self, text: &str) -> String {
        self.steps.push(Step::Element);
        let elements = Parts::new(text).elements();
        let kept: Vec<_> = elements.filter_map(|element| self.value(element)).collect();
        self.steps.pop();
        kept.join(",")
    }

    fn leave_out(&mut self, found: &'static str) {
        let keys = self.steps.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Element => None,
        });
        let path = keys.collect::<Vec<_>>().join(".");
        if !self.left_out.iter().any(|(known, _)| *known == path) {
            self.left_out.push((path, found));
        }
    }
}

/// The type of a JSON value, for people.
fn kind(value: &str) -> &'static str {
    match value.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The parts of a valid JSON object or list.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.get(1..).unwrap_or_default(),
        }
    }

    fn members(mut self) -> impl Iterator<Item = (String, &'a str)> {
        std::iter::from_fn(move || {
            loop {
                let (key, value) = (self.next()?, self.next()?);
                // No field of a record has a key that is not Unicode.
                if let Ok(key) = serde_json::from_str(key) {
                    return Some((key, value));
                }
            }
        })
    }

    fn elements(mut self) -> impl Iterator<Item = &'a str> {
        std::iter::from_fn(move || self.next())
    }

    /// The next value, past the punctuation before it.
    fn next(&mut self) -> Option<&'a str> {
        let punctuation = [',', ':', ' ', '\t', '\n', '\r', '}', ']'];
        self.rest = self.rest.trim_start_matches(punctuation);
        let (value, rest) = self.rest.split_at_checked(end(self.rest.as_bytes()))?;
        self.rest = rest;
        (!value.is_empty()).then_some(value)
    }
}

/// The end of the value at the beginning.
fn end(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at += string(&bytes[at + 1..]),
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

/// Number of bytes of a string after its first quote, including the last quote.
fn string(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use crate::lend::Owned;
    use crate::models::AppObject;

    fn salvage(json: &[u8]) -> Option<AppObject> {
        super::salvage::<Owned<AppObject>>(json, &mut String::new())
    }

    /// Salvages a sheet and compares its name and its tags.
    fn check(json: &str, name: &str, tags: &[&str]) {
        let sheet = salvage(json.as_bytes()).expect(json);
        assert_eq!(
            (sheet.id.as_str(), sheet.name.as_str()),
            ("1", name),
            "{json}"
        );
        let read: Vec<_> = sheet.tags.iter().map(|tag| tag.name.as_str()).collect();
        assert_eq!(read, tags, "{json}");
    }

    #[test]
    fn only_fields_that_do_not_fit_are_left_out() {
        check(r#"{"id":"1","name":5,"tags":[{"name":"a"}]}"#, "", &["a"]);
        check(r#"{"id":"1","name":"n","tags":"a"}"#, "n", &[]);
        check(r#"{"id":"1","name":"n","tags":{"name":"a"}}"#, "n", &[]);
        check(
            r#"{"id":"1","tags":[{"name":"a"},"b",{"name":5},{"name":"c"}],"name":"n"}"#,
            "n",
            &["a", "", "c"],
        );
        check(
            r#" { "id" : "1" , "name" : "n" , "approved" : "true" } "#,
            "n",
            &[],
        );
        check(
            r#"{"id":"1","name":"a, \"b\"}]","size":[1,[2,{}]]}"#,
            "a, \"b\"}]",
            &[],
        );
        check(
            r#"{"id":"1","name":"n","createdDate":1e999,"unknown":[1e999]}"#,
            "n",
            &[],
        );
        check(r#"{"id":"1","name":"a","name":"b"}"#, "b", &[]);
        let deep = format!("{}{}", "[".repeat(500), "]".repeat(500));
        check(
            &format!(r#"{{"id":"1","name":"n","owner":{deep}}}"#),
            "n",
            &[],
        );
    }

    #[test]
    fn only_the_part_of_a_nested_record_that_does_not_fit_is_left_out() {
        let json =
            r#"{"id":"1","app":{"id":"a","name":7,"stream":[]},"owner":{"userId":"u","name":1}}"#;
        let sheet = salvage(json.as_bytes()).unwrap();
        let (app, owner) = (sheet.app.unwrap(), sheet.owner.unwrap());
        assert_eq!(
            (app.id.as_str(), app.name.as_str(), app.stream),
            ("a", "", None)
        );
        assert_eq!((owner.user_id.as_str(), owner.name.as_str()), ("u", ""));
    }

    #[test]
    fn a_record_without_its_identity_is_not_read() {
        for json in [
            r#"{"id":5,"name":"n"}"#,
            r#"{"id":"1","engineObjectId":[]}"#,
            r#"{"id":"1","app":"a"}"#,
            r#"{"id":"1","app":{"id":{}}}"#,
            r#"{"id":"1","id":"2"}"#,
            "[]",
            "5",
        ] {
            assert_eq!(salvage(json.as_bytes()), None, "{json}");
        }
    }
}
