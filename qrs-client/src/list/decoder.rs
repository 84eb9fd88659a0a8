//! Decodes a JSON array while its bytes arrive: bytes in, records out. Nothing here touches the network.
//!
//! One element at a time is decoded from the head of the buffer, and may borrow from it. An incomplete element stays there until
//! more bytes arrive; an element that does not fit its type is skipped and reported.

use outbound_http::{BYTE_ORDER_MARK, one_line};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::oversize::Oversize;
use super::{Record, UnreadableRecord};
use crate::id::AppObjectId;
use crate::lend::Lend;
use crate::lenient::salvage;

/// Maximum size of a record, in bytes. An app object has about 1.5 KB, a user in thousands of groups some 500 KB. A
/// larger element is skipped and reported; the list continues after it.
const MAX_RECORD_BYTES: usize = 4_000_000;

/// Maximum size of an element that is skipped, in bytes. A larger one ends the list: it may have no end.
const MAX_ELEMENT_BYTES: u64 = 64_000_000;

/// Maximum size of an empty buffer that is kept, in bytes. A larger one, after one large element, is freed.
const MAX_IDLE_BUFFER: usize = 1024 * 1024;

/// Room before a [`Piece`] for the beginning of an element that continues in it, in bytes. Most records are smaller.
const HEADROOM: usize = 8 * 1024;

/// A part of a response, with room before it.
pub(super) struct Piece(Vec<u8>);

impl Piece {
    /// An empty piece with a capacity in bytes.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADROOM + capacity);
        bytes.resize(HEADROOM, 0);
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0[HEADROOM..]
    }

    /// Adds bytes as far as there is room for them. Returns the others.
    pub(super) fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.0.capacity() - self.0.len();
        let (fitting, rest) = bytes.split_at(bytes.len().min(room));
        self.0.extend_from_slice(fitting);
        rest
    }
}

pub(super) struct ListDecoder {
    buffer: Vec<u8>,
    /// The text of a record of which some fields were left out.
    salvaged: String,
    state: State,
}

/// What is known of the list, apart from the bytes in the buffer: a record may borrow those while this changes.
struct State {
    /// Position in the buffer of the first byte that is not decoded yet.
    head: usize,
    /// Position of the buffer in the response. It is below 0, and wraps, while there is headroom before the first byte.
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
}

/// The result of one step: a record, or nothing if more of the response is needed or the list has ended.
type Next<T> = Result<Option<Record<T>>, ListError>;

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
    /// The beginning of what is not decoded: it shows what came instead of a list.
    pub(super) rest: Vec<u8>,
}

/// Maximum size of [`ListError::rest`], in bytes.
const MAX_REST_BYTES: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListErrorKind {
    /// It ends too early, for example because the connection was lost.
    Incomplete,
    /// It is not a JSON array.
    Invalid,
    /// One of its elements is larger than any element may be.
    TooLarge,
}

impl ListDecoder {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            salvaged: String::new(),
            state: State {
                head: 0,
                base: 0,
                expected: Expected::Start,
                input: Input::Open,
                count: 0,
                wanted: 0,
                oversize: None,
                max_record: MAX_RECORD_BYTES,
                max_element: MAX_ELEMENT_BYTES,
            },
        }
    }

    /// Adds a piece of the response. Call [`next`](Self::next) until it returns `None` before the next piece, so that only the
    /// beginning of one element is ever moved.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let Self { buffer, state, .. } = self;
        buffer.drain(..state.head);
        state.base = state.offset();
        state.head = 0;
        if buffer.is_empty() && buffer.capacity() > MAX_IDLE_BUFFER {
            *buffer = Vec::new();
        }
        buffer.extend_from_slice(bytes);
    }

    /// Adds a piece without moving it, if there is room before it for the beginning of the element that continues in it.
    pub(super) fn push_piece(&mut self, piece: Piece) {
        let Self { buffer, state, .. } = self;
        let rest = &buffer[state.head..];
        let Some(head) = HEADROOM.checked_sub(rest.len()) else {
            return self.push(piece.bytes());
        };
        let mut bytes = piece.0;
        bytes[head..HEADROOM].copy_from_slice(rest);
        state.base = state.offset().wrapping_sub(widened(head));
        state.head = head;
        *buffer = bytes;
    }

    /// Marks the end of the response. Only the closing bracket shows whether the list is complete.
    pub(super) fn finish(&mut self) {
        self.state.input = Input::Ended;
    }

    /// Position of the next element in the response, in bytes.
    pub(super) fn offset(&self) -> u64 {
        self.state.offset()
    }

    /// The next record, decoded as one of `L`; `None` if more of the response is needed, or at the end of the list.
    pub(super) fn next<L: Lend>(&mut self) -> Next<L::Record<'_>> {
        self.state.next::<L>(&self.buffer, &mut self.salvaged)
    }
}

impl State {
    fn offset(&self) -> u64 {
        self.base.wrapping_add(widened(self.head))
    }

    fn next<'a, L: Lend>(
        &mut self,
        buffer: &'a [u8],
        salvaged: &'a mut String,
    ) -> Next<L::Record<'a>> {
        if self.offset() == 0 && self.skip_byte_order_mark(&buffer[self.head..]) == Skipped::NotYet
        {
            return Ok(None);
        }
        if self.oversize.is_some() {
            return self.skip(buffer);
        }
        loop {
            let space = buffer[self.head..]
                .iter()
                .take_while(|byte| is_space(**byte));
            self.head += space.count();
            let Some(byte) = buffer.get(self.head) else {
                return self.out_of_bytes(buffer);
            };
            self.expected = match (self.expected, byte) {
                (Expected::Start, b'[') => Expected::ElementOrEnd,
                (Expected::ElementOrEnd | Expected::CommaOrEnd, b']') => Expected::Nothing,
                (Expected::CommaOrEnd, b',') => Expected::Element,
                (Expected::ElementOrEnd | Expected::Element, _) => {
                    return self.element::<L>(buffer, salvaged);
                }
                (expected, byte) => return Err(self.unexpected(expected, *byte, buffer)),
            };
            self.head += 1;
        }
    }

    fn element<'a, L: Lend>(
        &mut self,
        buffer: &'a [u8],
        salvaged: &'a mut String,
    ) -> Next<L::Record<'a>> {
        let bytes = &buffer[self.head..];
        if self.input == Input::Open && bytes.len() < self.wanted {
            return Ok(None);
        }
        match parse(bytes, self.input) {
            Parsed::Whole(_, length) if length > self.max_record => self.begin_to_skip(buffer),
            Parsed::Whole(record, length) => {
                let whole = &bytes[..length];
                let record = record.or_else(|reason| salvage::<L>(whole, salvaged).ok_or(reason));
                let record = record.map_err(|reason| self.unreadable(whole, &reason));
                self.advance(length);
                Ok(Some(record))
            }
            Parsed::Partial if bytes.len() > self.max_record => self.begin_to_skip(buffer),
            Parsed::Partial if self.input == Input::Ended => Err(self.incomplete(buffer)),
            Parsed::Partial => {
                let wanted = bytes.len() + bytes.len() / 2 + 1;
                self.wanted = wanted.min(self.max_record + 1);
                Ok(None)
            }
            Parsed::Invalid(reason) => Err(self.invalid(reason, buffer)),
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
    fn begin_to_skip<T>(&mut self, buffer: &[u8]) -> Next<T> {
        self.oversize = Some(Oversize::new(self.offset()));
        self.skip(buffer)
    }

    /// Skips an element that is too large to be a record.
    #[cold]
    fn skip<T>(&mut self, buffer: &[u8]) -> Next<T> {
        let Some(mut oversize) = self.oversize.take() else {
            return Ok(None);
        };
        match oversize.read(&buffer[self.head..]) {
            Some(length) => {
                let record = self.record_too_large(&oversize);
                self.advance(length);
                Ok(Some(Err(record)))
            }
            None if self.input == Input::Ended => Err(self.incomplete(buffer)),
            None if oversize.length > self.max_element => Err(self.element_too_large(&oversize)),
            None => {
                self.head = buffer.len();
                self.oversize = Some(oversize);
                Ok(None)
            }
        }
    }

    fn out_of_bytes<T>(&self, buffer: &[u8]) -> Next<T> {
        if self.input == Input::Open || self.expected == Expected::Nothing {
            Ok(None)
        } else {
            Err(self.incomplete(buffer))
        }
    }

    fn skip_byte_order_mark(&mut self, rest: &[u8]) -> Skipped {
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
            rest: Vec::new(),
        }
    }

    #[cold]
    fn unexpected(&self, expected: Expected, byte: u8, buffer: &[u8]) -> ListError {
        let found = byte.escape_ascii();
        let reason = match expected {
            Expected::Start => format!("it begins with `{found}`, not with `[`"),
            Expected::Nothing => format!("`{found}` follows after its end"),
            _ => format!("there is `{found}` instead of a comma or the end"),
        };
        self.invalid(reason, buffer)
    }

    #[cold]
    fn invalid(&self, reason: String, buffer: &[u8]) -> ListError {
        let rest = &buffer[self.head..];
        ListError {
            reason,
            offset: self.offset(),
            kind: ListErrorKind::Invalid,
            rest: rest[..rest.len().min(MAX_REST_BYTES)].to_vec(),
        }
    }

    #[cold]
    fn incomplete(&self, buffer: &[u8]) -> ListError {
        ListError {
            reason: "it ends before its closing bracket".to_owned(),
            offset: self.base.wrapping_add(widened(buffer.len())),
            kind: ListErrorKind::Incomplete,
            rest: Vec::new(),
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
fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8], input: Input) -> Parsed<T> {
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
