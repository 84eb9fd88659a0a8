//! A JSON array as its bytes arrive: bytes in, records out. Nothing here touches the network.
//!
//! One element at a time is decoded from the head of what is there. If it ends too early, it stays
//! until more has come; an element that does not fit its type is skipped and reported.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::oversize::Oversize;
use super::{Record, UnreadableRecord};
use crate::excerpt::one_line;
use crate::id::AppObjectId;
use crate::salvage::salvage;

/// Maximum size of a record, in bytes. An app object has about 1.5 KB, a user in thousands of groups some 500 KB. A
/// larger element is read past and reported; the list goes on after it.
const MAX_RECORD_BYTES: usize = 4_000_000;

/// Maximum size of an element that is read past, in bytes. A larger one ends the list: it may have no end.
const MAX_ELEMENT_BYTES: u64 = 64_000_000;

/// A buffer that one large element has blown up is given back beyond this size.
const LARGEST_IDLE_BUFFER: usize = 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) struct ListDecoder<T> {
    buffer: Vec<u8>,
    /// Where in `buffer` the bytes begin that are not decoded yet.
    head: usize,
    /// Where in the answer `buffer` begins.
    base: u64,
    expected: Expected,
    input: Input,
    /// The number of elements so far, good and bad.
    count: u64,
    /// How many bytes must be there before the element at the head is tried again. It grows by
    /// half each time, so that the tries for one huge element add up to three times its size.
    wanted: usize,
    /// The element at the head, if it is too large to be a record. Its bytes leave the buffer as they come.
    oversize: Option<Oversize>,
    max_record: usize,
    max_element: u64,
    record: PhantomData<fn() -> T>,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Start,
    ElementOrEnd,
    Element,
    CommaOrEnd,
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    Open,
    Ended,
}

/// The answer is no array, or not a whole one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) reason: String,
    /// Where in the answer, in bytes.
    pub(super) offset: u64,
    pub(super) flaw: Flaw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It ends before its end, as when the connection is cut.
    Short,
    /// It is no JSON array, whatever may still come.
    Wrong,
    /// One of its elements is larger than any element may be.
    TooLarge,
}

impl<T: DeserializeOwned> ListDecoder<T> {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            head: 0,
            base: 0,
            expected: Expected::Start,
            input: Input::Open,
            count: 0,
            wanted: 0,
            oversize: None,
            max_record: MAX_RECORD_BYTES,
            max_element: MAX_ELEMENT_BYTES,
            record: PhantomData,
        }
    }

    /// Takes more of the answer. Call [`next`](Self::next) until it has nothing left before the
    /// next piece, so that only the beginning of one element is ever moved.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.head);
        self.base += widened(self.head);
        self.head = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > LARGEST_IDLE_BUFFER {
            self.buffer = Vec::new();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that the answer has ended, cleanly or not: only the closing bracket tells.
    pub(super) fn finish(&mut self) {
        self.input = Input::Ended;
    }

    /// Where in the answer the next element begins, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.base + widened(self.head)
    }

    /// The next record; none if that takes more of the answer, or if the list is over.
    pub(super) fn next(&mut self) -> Result<Option<Record<T>>, Broken> {
        if self.offset() == 0 && self.skip_byte_order_mark() == Skipped::NotYet {
            return Ok(None);
        }
        if self.oversize.is_some() {
            return self.pass();
        }
        loop {
            let space = self.rest().iter().take_while(|byte| is_space(**byte));
            self.head += space.count();
            let Some(byte) = self.rest().first() else {
                return self.out_of_bytes();
            };
            self.expected = match (self.expected, byte) {
                (Expected::Start, b'[') => Expected::ElementOrEnd,
                (Expected::ElementOrEnd | Expected::CommaOrEnd, b']') => Expected::Nothing,
                (Expected::CommaOrEnd, b',') => Expected::Element,
                (Expected::ElementOrEnd | Expected::Element, _) => return self.element(),
                (expected, byte) => return Err(self.stray(expected, *byte)),
            };
            self.head += 1;
        }
    }

    fn element(&mut self) -> Result<Option<Record<T>>, Broken> {
        let bytes = &self.buffer[self.head..];
        if self.input == Input::Open && bytes.len() < self.wanted {
            return Ok(None);
        }
        match parse(bytes, self.input) {
            Parsed::Whole(_, length) if length > self.max_record => self.begin_to_pass(),
            Parsed::Whole(record, length) => {
                let whole = &bytes[..length];
                let record = record.or_else(|reason| salvage(whole).ok_or(reason));
                let record = record.map_err(|reason| self.unreadable(whole, &reason));
                self.advance(length);
                Ok(Some(record))
            }
            Parsed::Partial if bytes.len() > self.max_record => self.begin_to_pass(),
            Parsed::Partial if self.input == Input::Ended => Err(self.short()),
            Parsed::Partial => {
                let wanted = bytes.len() + bytes.len() / 2 + 1;
                self.wanted = wanted.min(self.max_record + 1);
                Ok(None)
            }
            Parsed::Invalid(reason) => Err(self.wrong(reason)),
        }
    }

    /// Goes on after an element whose last `length` bytes are at the head.
    fn advance(&mut self, length: usize) {
        self.head += length;
        self.wanted = 0;
        self.count += 1;
        self.expected = Expected::CommaOrEnd;
    }

    #[cold]
    fn begin_to_pass(&mut self) -> Result<Option<Record<T>>, Broken> {
        self.oversize = Some(Oversize::new(self.offset()));
        self.pass()
    }

    /// Reads past an element that is too large to be a record.
    #[cold]
    fn pass(&mut self) -> Result<Option<Record<T>>, Broken> {
        let Some(mut oversize) = self.oversize.take() else {
            return Ok(None);
        };
        match oversize.read(&self.buffer[self.head..]) {
            Some(length) => {
                let record = self.too_large(&oversize);
                self.advance(length);
                Ok(Some(Err(record)))
            }
            None if self.input == Input::Ended => Err(self.short()),
            None if oversize.length > self.max_element => Err(self.endless(&oversize)),
            None => {
                self.head = self.buffer.len();
                self.oversize = Some(oversize);
                Ok(None)
            }
        }
    }

    /// What has come and is not decoded.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.head..]
    }

    fn out_of_bytes(&self) -> Result<Option<Record<T>>, Broken> {
        if self.input == Input::Open || self.expected == Expected::Nothing {
            Ok(None)
        } else {
            Err(self.short())
        }
    }

    fn skip_byte_order_mark(&mut self) -> Skipped {
        let rest = self.rest();
        if rest.starts_with(BYTE_ORDER_MARK) {
            self.head += BYTE_ORDER_MARK.len();
        } else if BYTE_ORDER_MARK.starts_with(rest) && self.input == Input::Open {
            return Skipped::NotYet;
        }
        Skipped::Done
    }

    #[cold]
    fn unreadable(&self, element: &[u8], reason: &str) -> UnreadableRecord {
        UnreadableRecord {
            index: self.count,
            offset: self.offset(),
            id: id_of(element),
            reason: reason.to_owned(),
        }
    }

    fn too_large(&self, oversize: &Oversize) -> UnreadableRecord {
        let (size, limit) = (
            megabytes(oversize.length),
            megabytes(widened(self.max_record)),
        );
        UnreadableRecord {
            index: self.count,
            offset: oversize.offset,
            id: oversize.id.clone(),
            reason: format!("it has {size}, and a record may have {limit} at most"),
        }
    }

    fn endless(&self, oversize: &Oversize) -> Broken {
        let id = oversize.id.as_deref();
        let id = id.map_or_else(String::new, |id| format!(" (id `{id}`)"));
        let limit = megabytes(self.max_element);
        Broken {
            reason: format!("element {}{id} has more than {limit}", self.count + 1),
            offset: oversize.offset,
            flaw: Flaw::TooLarge,
        }
    }

    #[cold]
    fn stray(&self, expected: Expected, byte: u8) -> Broken {
        let found = byte.escape_ascii();
        self.wrong(match expected {
            Expected::Start => format!("it begins with `{found}`, not with `[`"),
            Expected::Nothing => format!("`{found}` follows after its end"),
            _ => format!("`{found}` stands where a comma or the end is due"),
        })
    }

    #[cold]
    fn wrong(&self, reason: String) -> Broken {
        let (offset, flaw) = (self.offset(), Flaw::Wrong);
        Broken {
            reason,
            offset,
            flaw,
        }
    }

    #[cold]
    fn short(&self) -> Broken {
        Broken {
            reason: "it ends before its closing bracket".to_owned(),
            offset: self.base + widened(self.buffer.len()),
            flaw: Flaw::Short,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Skipped {
    Done,
    NotYet,
}

enum Parsed<T> {
    /// The element, or why it is no record, and its length.
    Whole(Result<T, String>, usize),
    /// The bytes end before the element does.
    Partial,
    /// What is there is no JSON.
    Invalid(String),
}

/// Decodes the element at the start of the bytes.
fn parse<T: DeserializeOwned>(bytes: &[u8], input: Input) -> Parsed<T> {
    // Types with defaults for all fields would take `[]` for a record.
    if bytes.first() != Some(&b'{') {
        return skip(bytes, input, "it is no object".to_owned());
    }
    let mut elements = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    match elements.next() {
        Some(Ok(record)) => Parsed::Whole(Ok(record), elements.byte_offset()),
        Some(Err(error)) if error.is_eof() => Parsed::Partial,
        Some(Err(error)) => skip(bytes, input, without_position(&error)),
        None => Parsed::Partial,
    }
}

/// Finds the end of an element that is no record.
#[cold]
fn skip<T>(bytes: &[u8], input: Input, reason: String) -> Parsed<T> {
    let mut elements = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    match elements.next() {
        Some(Ok(IgnoredAny)) => {
            let length = elements.byte_offset();
            // A number or word may go on in the next piece.
            let closed = matches!(bytes.first(), Some(b'{' | b'[' | b'"'));
            if length == bytes.len() && !closed && input == Input::Open {
                return Parsed::Partial;
            }
            Parsed::Whole(Err(reason), length)
        }
        Some(Err(error)) if error.is_eof() => Parsed::Partial,
        // `serde_json` takes a number that ends after its sign or its point for an invalid one.
        Some(Err(error)) if input == Input::Open && is_at_end(&error, bytes) => Parsed::Partial,
        Some(Err(error)) => Parsed::Invalid(without_position(&error)),
        None => Parsed::Partial,
    }
}

fn is_at_end(error: &serde_json::Error, bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let column = lines.next_back().map_or(0, <[u8]>::len);
    (error.line(), error.column()) == (lines.count() + 1, column)
}

/// `serde_json` counts lines and columns from the start of the element: of no use to anybody.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    one_line(&text[..end])
}

fn id_of(element: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Identified {
        id: AppObjectId,
    }
    let identified: Identified = serde_json::from_slice(element).ok()?;
    (!identified.id.is_empty()).then(|| identified.id.into())
}

/// A size for people: `60.0 MB`.
fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn widened(length: usize) -> u64 {
    u64::try_from(length).expect("no address space has more than 64 bits")
}

#[cfg(any(test, fuzzing))]
pub(super) mod pieces;
#[cfg(test)]
mod tests;
