//! Elements of BER, a superset of DER: lengths may be indefinite, and octet strings may consist of pieces. `BouncyCastle` and
//! EJBCA write PKCS12 and PKCS7 like this. Lengths in a file never cause an allocation.

use std::borrow::Cow;

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// The context-specific tag 0 of an element that contains others.
pub(crate) const CONTEXT_0: u8 = 0xA0;

const CONSTRUCTED: u8 = 0x20;

/// Maximum depth of nested elements of indefinite length. PKCS12 has about ten levels.
const MAX_DEPTH: usize = 32;

/// An element, and the bytes after it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Head, content and end.
    pub(crate) whole: &'a [u8],
    pub(crate) rest: &'a [u8],
}

/// Why an element cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BerError {
    /// It is longer than the bytes. If its length is known, it has this many bytes, including its head.
    Truncated(Option<usize>),
    Malformed,
}

/// The element at the start of the bytes.
pub(crate) fn element(bytes: &[u8]) -> Result<Element<'_>, BerError> {
    element_at(bytes, 0)
}

fn element_at(bytes: &[u8], depth: usize) -> Result<Element<'_>, BerError> {
    let (tag, head, length) = head(bytes)?;
    let Some(length) = length else {
        return indefinite_element(bytes, tag, head, depth);
    };
    let end = head.checked_add(length).ok_or(BerError::Malformed)?;
    match (bytes.get(head..end), bytes.split_at_checked(end)) {
        (Some(content), Some((whole, rest))) => Ok(Element {
            tag,
            content,
            whole,
            rest,
        }),
        _ => Err(BerError::Truncated(Some(end))),
    }
}

/// Tag, length of the head, and length of the content unless it is indefinite.
fn head(bytes: &[u8]) -> Result<(u8, usize, Option<usize>), BerError> {
    let (&tag, after) = bytes.split_first().ok_or(BerError::Truncated(None))?;
    // Tags of several bytes are not used in these files.
    if tag & 0x1F == 0x1F {
        return Err(BerError::Malformed);
    }
    let (&first, after) = after.split_first().ok_or(BerError::Truncated(None))?;
    match first {
        0..=0x7F => Ok((tag, 2, Some(usize::from(first)))),
        0x80 if tag & CONSTRUCTED != 0 => Ok((tag, 2, None)),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7F);
            let digits = after.get(..count).ok_or(BerError::Truncated(None))?;
            let length = digits
                .iter()
                .fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
            let length = usize::try_from(length).map_err(|_error| BerError::Malformed)?;
            Ok((tag, 2 + count, Some(length)))
        }
        _ => Err(BerError::Malformed),
    }
}

/// An element of indefinite length, which ends with two zeros.
fn indefinite_element(
    bytes: &[u8],
    tag: u8,
    head: usize,
    depth: usize,
) -> Result<Element<'_>, BerError> {
    if depth > MAX_DEPTH {
        return Err(BerError::Malformed);
    }
    let mut rest = &bytes[head..];
    loop {
        if let [0, 0, after @ ..] = rest {
            let end = bytes.len() - after.len();
            return Ok(Element {
                tag,
                content: &bytes[head..end - 2],
                whole: &bytes[..end],
                rest: after,
            });
        }
        // The length of an inner element does not show how long the file should be.
        let inner = element_at(rest, depth + 1).map_err(|error| match error {
            BerError::Truncated(_) => BerError::Truncated(None),
            error => error,
        })?;
        rest = inner.rest;
    }
}

/// Consecutive elements, up to the first that cannot be read.
pub(crate) fn elements(bytes: &[u8]) -> impl Iterator<Item = Result<Element<'_>, BerError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = element(rest);
        rest = next.as_ref().map_or(&[], |next| next.rest);
        Some(next)
    })
}

impl<'a> Element<'a> {
    /// Whether it has this tag, in one piece or in several.
    pub(crate) fn is(&self, tag: u8) -> bool {
        self.tag == tag || self.tag == tag | CONSTRUCTED
    }

    /// The bytes of an octet string, or of an element that is used like one. Pieces are joined.
    pub(crate) fn octets(&self) -> Result<Cow<'a, [u8]>, BerError> {
        if self.tag & CONSTRUCTED == 0 {
            return Ok(Cow::Borrowed(self.content));
        }
        let mut octets = Vec::new();
        self.gather(&mut octets, 0)?;
        Ok(Cow::Owned(octets))
    }

    fn gather(&self, octets: &mut Vec<u8>, depth: usize) -> Result<(), BerError> {
        for piece in elements(self.content) {
            let piece = piece?;
            match piece.tag {
                OCTET_STRING => octets.extend_from_slice(piece.content),
                tag if tag == OCTET_STRING | CONSTRUCTED && depth < MAX_DEPTH => {
                    piece.gather(octets, depth + 1)?;
                }
                _ => return Err(BerError::Malformed),
            }
        }
        Ok(())
    }
}

/// Reads elements with expected tags from the front.
pub(crate) struct Reader<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn take(&mut self, tag: u8) -> Result<Element<'a>, BerError> {
        self.take_if(tag)?.ok_or(BerError::Malformed)
    }

    /// The next element if it has this tag.
    pub(crate) fn take_if(&mut self, tag: u8) -> Result<Option<Element<'a>>, BerError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let next = element(self.rest)?;
        if !next.is(tag) {
            return Ok(None);
        }
        self.rest = next.rest;
        Ok(Some(next))
    }

    /// An integer that is not negative.
    pub(crate) fn number(&mut self) -> Result<u64, BerError> {
        let digits = self.take(INTEGER)?.content;
        let digits = match digits {
            [0, rest @ ..] => rest,
            [0x80..=0xFF, ..] => return Err(BerError::Malformed),
            digits => digits,
        };
        // Numbers that are too large become the largest one.
        if digits.len() > 8 {
            return Ok(u64::MAX);
        }
        Ok(digits
            .iter()
            .fold(0, |number, digit| number << 8 | u64::from(*digit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_indefinite_length_and_octet_strings_in_pieces_are_read() {
        let bytes = [
            0x30, 0x80, 0x24, 0x80, 0x04, 2, b'h', b'e', 0x24, 0x05, 0x04, 3, b'l', b'l', b'o', 0,
            0, 0, 0, 0xFF,
        ];
        let outer = element(&bytes).unwrap();
        assert_eq!(outer.rest, [0xFF]);
        let inner = element(outer.content).unwrap();
        assert_eq!(inner.octets().unwrap().as_ref(), b"hello");
        for length in 0..bytes.len() - 1 {
            assert_eq!(
                element(&bytes[..length]).unwrap_err(),
                BerError::Truncated(None),
                "{length}"
            );
        }
    }

    #[test]
    fn false_lengths_and_endless_nesting_are_refused() {
        assert_eq!(
            element(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]).unwrap_err(),
            BerError::Truncated(Some(0xFFFF_FFFF + 6))
        );
        assert_eq!(
            element(&[0x30, 0x80].repeat(1000)).unwrap_err(),
            BerError::Malformed
        );
        assert_eq!(
            element(&[0x04, 0x80, 0, 0]).unwrap_err(),
            BerError::Malformed
        );
        assert_eq!(
            element(&[0x1F, 0x80, 0, 0]).unwrap_err(),
            BerError::Malformed
        );
    }
}
