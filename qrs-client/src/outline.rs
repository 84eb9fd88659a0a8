//! The outline of a JSON object: its members that are neither arrays nor objects.

/// Collects the outline of a JSON object that arrives in pieces. An array or an object in it becomes `null`, so that an object
/// with a list of any length needs little memory.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    kept: Vec<u8>,
    depth: usize,
    place: Place,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    OutsideText,
    InText,
    AfterBackslash,
}

impl Outline {
    pub(crate) fn push(&mut self, piece: &[u8]) {
        for byte in piece {
            self.push_byte(*byte);
        }
    }

    /// The outline so far. That of a complete object is a JSON object.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.kept
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.kept
    }

    fn push_byte(&mut self, byte: u8) {
        let depth_before = self.depth;
        self.place = match (self.place, byte) {
            (Place::OutsideText, b'"') => Place::InText,
            (Place::OutsideText, b'{' | b'[') => {
                self.depth += 1;
                Place::OutsideText
            }
            (Place::OutsideText, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                Place::OutsideText
            }
            (Place::InText, b'"') => Place::OutsideText,
            (Place::InText, b'\\') => Place::AfterBackslash,
            (Place::AfterBackslash, _) => Place::InText,
            (place, _) => place,
        };
        match (depth_before, self.depth) {
            (1, 2) => self.kept.extend_from_slice(b"null"),
            (0 | 1, _) => self.kept.push(byte),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str) {
        for length in 1..=json.len() {
            let mut outline = Outline::default();
            json.as_bytes()
                .chunks(length)
                .for_each(|piece| outline.push(piece));
            assert_eq!(String::from_utf8_lossy(outline.bytes()), expected);
        }
    }

    #[test]
    fn what_is_nested_becomes_null() {
        check(
            r#"{"items":[{"id":"x"},[]],"id":"s-1","a":{"b":{}}}"#,
            r#"{"items":null,"id":"s-1","a":null}"#,
        );
    }

    #[test]
    fn brackets_and_quotes_in_texts_are_texts() {
        check(
            r#"{"a":"[\"{\\","b":[{"c":"]}\"\\"}],"d":1}"#,
            r#"{"a":"[\"{\\","b":null,"d":1}"#,
        );
    }

    #[test]
    fn what_is_cut_off_or_not_an_object_is_not_an_object_either() {
        check(r#"{"id":"s-1","items":[{"#, r#"{"id":"s-1","items":null"#);
        check("<html>", "<html>");
        check(r#"[{"id":1}]"#, "[null]");
    }
}
