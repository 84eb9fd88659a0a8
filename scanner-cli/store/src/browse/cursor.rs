//! Cursors of lists: where the next page begins.
//!
//! A cursor is opaque text. It contains the last entry of a page, and a check value of that and of the list, so that a
//! damaged cursor and one of another list are refused.

use std::fmt::Write;

use serde::{Serialize, de::DeserializeOwned};

use super::BrowseError;
use crate::hashes::fingerprint;

/// Number of bytes of the check value.
const CHECK_BYTES: usize = 6;

/// Writes a cursor at `place` of the list that `list` describes.
pub(super) fn write(list: &str, place: &impl Serialize) -> String {
    // Places are numbers and texts, which JSON can represent.
    let place = serde_json::to_string(place).unwrap_or_default();
    let mut text = String::with_capacity(2 * (place.len() + CHECK_BYTES));
    let check = fingerprint(&[list, &place]);
    for byte in check[..CHECK_BYTES].iter().chain(place.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads a cursor of the list that `list` describes.
///
/// # Errors
/// If it is damaged, or belongs to another list.
pub(super) fn read<T: DeserializeOwned>(list: &str, cursor: &str) -> Result<T, BrowseError> {
    let bytes = bytes(cursor).ok_or(BrowseError::InvalidCursor)?;
    let (check, place) = bytes
        .split_at_checked(CHECK_BYTES)
        .ok_or(BrowseError::InvalidCursor)?;
    let place = std::str::from_utf8(place);
    let place = place.map_err(|_invalid| BrowseError::InvalidCursor)?;
    if fingerprint(&[list, place])[..CHECK_BYTES] != *check {
        return Err(BrowseError::InvalidCursor);
    }
    serde_json::from_str(place).map_err(|_invalid| BrowseError::InvalidCursor)
}

fn bytes(cursor: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = Vec::with_capacity(cursor.len() / 2);
    for pair in cursor.as_bytes().chunks(2) {
        let &[high, low] = pair else { return None };
        bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_by_its_own_list_only() {
        let cursor = write("a", &(7_i64, "ü"));
        let read_by = |list, cursor: &str| read::<(i64, String)>(list, cursor).ok();
        assert_eq!(read_by("a", &cursor), Some((7, "ü".to_owned())));
        assert_eq!(read_by("b", &cursor), None);
        for position in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[position] = if damaged[position] == b'0' {
                b'1'
            } else {
                b'0'
            };
            let damaged = String::from_utf8(damaged).unwrap();
            assert_eq!(read_by("a", &damaged), None, "{damaged}");
        }
        for damaged in ["", "0", "zz", "ü", "00", &cursor[..cursor.len() - 2]] {
            assert_eq!(read_by("a", damaged), None, "{damaged}");
        }
    }
}
