//! Elements that are too large to be records. They are skipped without being kept; only their size and their id are
//! recorded. Nothing here touches the network.

use memchr::memchr2;

use crate::id::AppObjectId;
use crate::lenient::MAX_ID_BYTES;

/// An element of a list that is being skipped.
pub(super) struct Oversize {
    /// Position in the response, in bytes.
    pub(super) offset: u64,
    /// Number of bytes that were read.
    pub(super) length: u64,
    /// Its `id`, once that was read.
    pub(super) id: Option<String>,
    depth: u64,
    inside: Inside,
    /// Position within the outermost object.
    member: Member,
    /// The string at the outermost level that is being read, with its quotes, as far as it may be an id.
    token: Vec<u8>,
}

/// The part of the element that is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Nothing yet: the element begins.
    Start,
    /// An object or an array, between its strings.
    Structure,
    Text,
    /// A string, after a backslash.
    Escape,
    /// A number or a word outside of any object or array.
    Word,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Name,
    /// The value of the member `id`.
    Id,
    OtherValue,
}

/// Maximum size of a token that may be an id, in bytes: each character may be written as `\u` and four digits.
const MAX_TOKEN_BYTES: usize = MAX_ID_BYTES * 6 + 2;

impl Oversize {
    pub(super) fn new(offset: u64) -> Self {
        Self {
            offset,
            length: 0,
            id: None,
            depth: 0,
            inside: Inside::Start,
            member: Member::OtherValue,
            token: Vec::new(),
        }
    }

    /// Continues with these bytes. If the element ends within them, returns how many of them belong to it.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.inside == Inside::Text && !self.is_token_kept() {
                // Large elements consist mostly of strings.
                match memchr2(b'"', b'\\', &bytes[at..]) {
                    Some(length) => at += length,
                    None => break,
                }
            }
            let byte = bytes[at];
            if self.inside == Inside::Word
                && matches!(byte, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')
            {
                self.length += widened(at);
                return Some(at);
            }
            at += 1;
            if self.step(byte) == Step::Ended {
                self.length += widened(at);
                return Some(at);
            }
        }
        self.length += widened(bytes.len());
        None
    }

    fn is_token_kept(&self) -> bool {
        self.depth == 1 && self.member != Member::OtherValue && self.token.len() < MAX_TOKEN_BYTES
    }

    fn step(&mut self, byte: u8) -> Step {
        match self.inside {
            Inside::Text | Inside::Escape => {
                if self.is_token_kept() {
                    self.token.push(byte);
                }
                return self.step_in_text(byte);
            }
            Inside::Word => return Step::Inside,
            Inside::Start | Inside::Structure => {}
        }
        match byte {
            b'"' => {
                self.inside = Inside::Text;
                self.token.clear();
                self.token.push(byte);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.inside = Inside::Structure;
                if self.depth == 1 && byte == b'{' {
                    self.member = Member::Name;
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Step::Ended;
                }
            }
            b',' if self.depth == 1 => self.member = Member::Name,
            _ if self.inside == Inside::Start => self.inside = Inside::Word,
            _ => {}
        }
        Step::Inside
    }

    fn step_in_text(&mut self, byte: u8) -> Step {
        self.inside = match (self.inside, byte) {
            (Inside::Escape, _) => Inside::Text,
            (_, b'\\') => Inside::Escape,
            (_, b'"') => {
                self.end_text();
                if self.depth == 0 {
                    return Step::Ended;
                }
                Inside::Structure
            }
            _ => Inside::Text,
        };
        Step::Inside
    }

    fn end_text(&mut self) {
        if self.depth != 1 {
            return;
        }
        match self.member {
            Member::Name if self.token == b"\"id\"" => self.member = Member::Id,
            Member::Name => self.member = Member::OtherValue,
            Member::Id => {
                let id: Option<AppObjectId> = serde_json::from_slice(&self.token).ok();
                self.id = id.filter(|id| !id.is_empty()).map(String::from);
                self.member = Member::OtherValue;
            }
            Member::OtherValue => {}
        }
        self.token = Vec::new();
    }
}

#[derive(PartialEq, Eq)]
enum Step {
    Inside,
    Ended,
}

fn widened(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the element as a whole and byte by byte. The results must be equal.
    fn check(element: &str, id: Option<&str>) {
        for rest in [",", "]", " ", ",{\"id\":\"next\"}]"] {
            let bytes = format!("{element}{rest}").into_bytes();
            let mut whole = Oversize::new(0);
            assert_eq!(whole.read(&bytes), Some(element.len()), "{element}{rest}");
            let mut slow = Oversize::new(0);
            let ends = bytes.iter().map(|byte| slow.read(&[*byte]));
            let end = ends.take_while(Option::is_none).count();
            assert!(
                (element.len() - 1..=element.len()).contains(&end),
                "{element}{rest}"
            );
            for oversize in [whole, slow] {
                assert_eq!(oversize.id.as_deref(), id, "{element}{rest}");
                assert_eq!(oversize.length, widened(element.len()));
            }
        }
    }

    #[test]
    fn the_end_of_an_element_and_its_id_are_found() {
        check(r#"{"id":"a","name":"x"}"#, Some("a"));
        check(r#"{"name":"}\"]\\","id" : "a\u0062"}"#, Some("ab"));
        check(r#"{"name":{"id":"inner"},"tags":[{"id":"t"}]}"#, None);
        check(r#"{"x":"id","y":"no"}"#, None);
        check(r#"{"id":5,"name":"no id"}"#, None);
        check(r#"[{"id":"a"},"]"]"#, None);
        check(r#"["id","no"]"#, None);
        check(r#""a text, with ] and \" and }""#, None);
        check("-1.5e3", None);
        check("null", None);
        check("{}", None);
    }

    #[test]
    fn an_id_that_is_too_long_is_not_kept() {
        let mut oversize = Oversize::new(0);
        oversize.read(b"{\"id\":\"");
        for _ in 0..100 {
            assert_eq!(oversize.read(&[b'x'; 1000]), None);
        }
        assert!(oversize.token.len() <= MAX_TOKEN_BYTES);
        assert_eq!(oversize.read(b"\"}"), Some(2));
        assert_eq!((oversize.id, oversize.length), (None, 100_009));
    }
}
