//! The outermost elements of DER, as far as it takes to tell files apart.

/// One element, and what follows it.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) rest: &'a [u8],
}

/// Why there is no element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It would be this long, its head included.
    Truncated(usize),
    /// Its length is left open, as BER allows and DER does not.
    OpenLength,
    Malformed,
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// The element at the start of the bytes.
pub(super) fn element(bytes: &[u8]) -> Result<Element<'_>, Flaw> {
    let (&tag, after_tag) = bytes.split_first().ok_or(Flaw::Malformed)?;
    let (&first, after_first) = after_tag.split_first().ok_or(Flaw::Malformed)?;
    let (length, head) = match first {
        0..=0x7F => (usize::from(first), 2),
        0x80 => return Err(Flaw::OpenLength),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7F);
            let digits = after_first.get(..count).ok_or(Flaw::Malformed)?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, 2 + count)
        }
        _ => return Err(Flaw::Malformed),
    };
    let end = head.checked_add(length).ok_or(Flaw::Malformed)?;
    match (bytes.get(head..end), bytes.get(end..)) {
        (Some(content), Some(rest)) => Ok(Element { tag, content, rest }),
        _ => Err(Flaw::Truncated(end)),
    }
}
