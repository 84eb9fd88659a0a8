//! Decodes a JSON array while its bytes arrive: bytes in, records out. Nothing here touches the network.
//!
//! One element at a time is decoded from the head of the buffer. An incomplete element stays there until more bytes arrive; an
//! element that does not fit its type is skipped and reported.

use std::marker::PhantomData;

use outbound_http::{BYTE_ORDER_MARK, one_line};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::oversize::Oversize;
use super::{Record, UnreadableRecord};
use crate::id::AppObjectId;
use crate::lenient::salvage;

/// Maximum size of a record, in bytes. An app object has about 1.5 KB, a user in thousands of groups some 500 KB. A
/// larger element is skipped and reported; the list continues after it.
const MAX_RECORD_BYTES: usize = 4_000_000;

/// Maximum size of an element that is skipped, in bytes. A larger one ends the list: it may have no end.
const MAX_ELEMENT_BYTES: u64 = 64_000_000;

/// Maximum size of an empty buffer that is kept, in bytes. A larger one, after one large element, is freed.
const MAX_IDLE_BUFFER: usize = 1024 * 1024;

pub(super) struct ListDecoder<T> {
    buffer: Vec<u8>,
    /// Position in `buffer` of the first byte that is not decoded yet.
    head: usize,
    /// Position of `buffer` in the response.
    base: u64,
    expected: Expected,
    input: Input,
    /// The number of elements so far, good and bad.
    count: u64,
    /// Number of bytes that must be in the buffer before the element at the head is decoded again. It grows by half each time,
    /// so that all attempts at one huge element read three times its size.
    wanted: usize,
    /// The element at the head, if it is too large to be a record. Its bytes are not kept.
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

/// The response is not an array, or not a complete one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListError {
    pub(super) reason: String,
    /// Position in the response, in bytes.
    pub(super) offset: u64,
    pub(super) kind: ListErrorKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListErrorKind {
    /// It ends too early, for example because the connection was lost.
    Incomplete,
    /// It is not a JSON array.
    Invalid,
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

    /// Adds a piece of the response. Call [`next`](Self::next) until it returns `None` before the next piece, so that only the
    /// beginning of one element is ever moved.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.head);
        self.base += widened(self.head);
        self.head = 0;
        if self.buffer.is_empty() && self.buffer.capacity() > MAX_IDLE_BUFFER {
            self.buffer = Vec::new();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Marks the end of the response. Only the closing bracket shows whether the list is complete.
    pub(super) fn finish(&mut self) {
        self.input = Input::Ended;
    }

    /// Position of the next element in the response, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.base + widened(self.head)
    }

    /// The next record; `None` if more of the response is needed, or at the end of the list.
    pub(super) fn next(&mut self) -> Result<Option<Record<T>>, ListError> {
        if self.offset() == 0 && self.skip_byte_order_mark() == Skipped::NotYet {
            return Ok(None);
        }
        if self.oversize.is_some() {
            return self.skip();
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
                (expected, byte) => return Err(self.unexpected(expected, *byte)),
            };
            self.head += 1;
        }
    }

    fn element(&mut self) -> Result<Option<Record<T>>, ListError> {
        let bytes = &self.buffer[self.head..];
        if self.input == Input::Open && bytes.len() < self.wanted {
            return Ok(None);
        }
        match parse(bytes, self.input) {
            Parsed::Whole(_, length) if length > self.max_record => self.begin_to_skip(),
            Parsed::Whole(record, length) => {
                let whole = &bytes[..length];
                let record = record.or_else(|reason| salvage(whole).ok_or(reason));
                let record = record.map_err(|reason| self.unreadable(whole, &reason));
                self.advance(length);
                Ok(Some(record))
            }
            Parsed::Partial if bytes.len() > self.max_record => self.begin_to_skip(),
            Parsed::Partial if self.input == Input::Ended => Err(self.incomplete()),
            Parsed::Partial => {
                let wanted = bytes.len() + bytes.len() / 2 + 1;
                self.wanted = wanted.min(self.max_record + 1);
                Ok(None)
            }
            Parsed::Invalid(reason) => Err(self.invalid(reason)),
        }
    }

    /// Continues after an element whose last `length` bytes are at the head.
    fn advance(&mut self, length: usize) {
        self.head += length;
        self.wanted = 0;
        self.count += 1;
        self.expected = Expected::CommaOrEnd;
    }

    #[cold]
    fn begin_to_skip(&mut self) -> Result<Option<Record<T>>, ListError> {
        self.oversize = Some(Oversize::new(self.offset()));
        self.skip()
    }

    /// Skips an element that is too large to be a record.
    #[cold]
    fn skip(&mut self) -> Result<Option<Record<T>>, ListError> {
        let Some(mut oversize) = self.oversize.take() else {
            return Ok(None);
        };
        match oversize.read(&self.buffer[self.head..]) {
            Some(length) => {
                let record = self.record_too_large(&oversize);
                self.advance(length);
                Ok(Some(Err(record)))
            }
            None if self.input == Input::Ended => Err(self.incomplete()),
            None if oversize.length > self.max_element => Err(self.element_too_large(&oversize)),
            None => {
                self.head = self.buffer.len();
                self.oversize = Some(oversize);
                Ok(None)
            }
        }
    }

    /// The bytes that are not decoded yet.
    pub(super) fn rest(&self) -> &[u8] {
        &self.buffer[self.head..]
    }

    fn out_of_bytes(&self) -> Result<Option<Record<T>>, ListError> {
        if self.input == Input::Open || self.expected == Expected::Nothing {
            Ok(None)
        } else {
            Err(self.incomplete())
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

    fn record_too_large(&self, oversize: &Oversize) -> UnreadableRecord {
        let (size, limit) = (
            megabytes(oversize.length),
            megabytes(widened(self.max_record)),
        );
        UnreadableRecord {
            index: self.count,
            offset: oversize.offset,
            id: oversize.id.clone(),
            reason: format!("it has {size}, but a record may have at most {limit}"),
        }
    }

    fn element_too_large(&self, oversize: &Oversize) -> ListError {
        let id = oversize.id.as_deref();
        let id = id.map_or_else(String::new, |id| format!(" (id `{id}`)"));
        let limit = megabytes(self.max_element);
        ListError {
            reason: format!("element {}{id} has more than {limit}", self.count + 1),
            offset: oversize.offset,
            kind: ListErrorKind::TooLarge,
        }
    }

    #[cold]
    fn unexpected(&self, expected: Expected, byte: u8) -> ListError {
        let found = byte.escape_ascii();
        self.invalid(match expected {
            Expected::Start => format!("it begins with `{found}`, not with `[`"),
            Expected::Nothing => format!("`{found}` follows after its end"),
            _ => format!("there is `{found}` instead of a comma or the end"),
        })
    }

    #[cold]
    fn invalid(&self, reason: String) -> ListError {
        let (offset, kind) = (self.offset(), ListErrorKind::Invalid);
        ListError {
            reason,
            offset,
            kind,
        }
    }

    #[cold]
    fn incomplete(&self) -> ListError {
        ListError {
            reason: "it ends before its closing bracket".to_owned(),
            offset: self.base + widened(self.buffer.len()),
            kind: ListErrorKind::Incomplete,
        }
    }
}

#[derive(PartialEq, Eq)]
enum Skipped {
    Done,
    NotYet,
}

enum Parsed<T> {
    /// The element, or why it is not a record, and its length.
    Whole(Result<T, String>, usize),
    /// The bytes end before the element does.
    Partial,
    /// The bytes are not JSON.
    Invalid(String),
}

/// Decodes the element at the start of the bytes.
fn parse<T: DeserializeOwned>(bytes: &[u8], input: Input) -> Parsed<T> {
    // Types with defaults for all fields would accept `[]` as a record.
    if bytes.first() != Some(&b'{') {
        return skip(bytes, input, "it is not an object".to_owned());
    }
    let mut elements = serde_json::Deserializer::from_slice(bytes).into_iter::<T>();
    match elements.next() {
        Some(Ok(record)) => Parsed::Whole(Ok(record), elements.byte_offset()),
        Some(Err(error)) if error.is_eof() => Parsed::Partial,
        Some(Err(error)) => skip(bytes, input, without_position(&error)),
        None => Parsed::Partial,
    }
}

/// Finds the end of an element that is not a record.
#[cold]
fn skip<T>(bytes: &[u8], input: Input, reason: String) -> Parsed<T> {
    let mut elements = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    match elements.next() {
        Some(Ok(IgnoredAny)) => {
            let length = elements.byte_offset();
            // A number or word may continue in the next piece.
            let closed = matches!(bytes.first(), Some(b'{' | b'[' | b'"'));
            if length == bytes.len() && !closed && input == Input::Open {
                return Parsed::Partial;
            }
            Parsed::Whole(Err(reason), length)
        }
        Some(Err(error)) if error.is_eof() => Parsed::Partial,
        // `serde_json` reports a number that ends after its sign or its point as invalid.
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

/// The message without line and column: `serde_json` counts them from the start of the element, not of the list.
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
