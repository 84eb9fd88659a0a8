//! Decodes an answer cut in different ways, for tests and for the fuzz target `list`.

use std::fmt::Debug;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::{BYTE_ORDER_MARK, Broken, ListDecoder};
use crate::list::Record;
use crate::models::AppObject;

/// The elements, and how the list ended.
pub(super) type Outcome<T> = (Vec<Record<T>>, Result<(), Broken>);

/// Maximum size of a record of the strict decoder, in bytes.
const STRICT_RECORD: usize = 48;

/// Maximum size of an element of the strict decoder, in bytes.
const STRICT_ELEMENT: u64 = 256;

/// Checks that an answer gives the same records however it is cut: whole, in these pieces, and byte by byte.
///
/// # Panics
///
/// If it does not, if `serde_json` reads another number of elements, or if the decoder keeps more than it needs.
pub fn check_pieces(pieces: &[&[u8]]) {
    let answer = pieces.concat();
    let decoder = ListDecoder::<AppObject>::new;
    let (records, end) = check_cuts(decoder, pieces, &answer);
    check_memory(&answer);
    let list = answer.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&answer);
    let Ok(all) = serde_json::from_slice::<Vec<IgnoredAny>>(list) else {
        return;
    };
    assert_eq!((records.len(), end), (all.len(), Ok(())));
    let short = || ListDecoder::<AppObject> {
        max_record: STRICT_RECORD,
        ..ListDecoder::new()
    };
    let (records, end) = check_cuts(short, pieces, &answer);
    assert_eq!((records.len(), end), (all.len(), Ok(())));
}

/// Decodes the answer in each way, which must come to the same.
fn check_cuts<T: DeserializeOwned + Debug + PartialEq>(
    decoder: impl Fn() -> ListDecoder<T>,
    pieces: &[&[u8]],
    answer: &[u8],
) -> Outcome<T> {
    let whole = decode(decoder(), [answer]);
    let cut = decode(decoder(), pieces.iter().copied());
    assert_eq!(cut, whole, "in pieces: {}", answer.escape_ascii());
    let bytes = decode(decoder(), answer.chunks(1));
    assert_eq!(bytes, whole, "byte by byte: {}", answer.escape_ascii());
    whole
}

/// Checks that the decoder keeps no more than one record, whatever comes.
fn check_memory(answer: &[u8]) {
    let mut decoder = ListDecoder::<AppObject> {
        max_record: STRICT_RECORD,
        max_element: STRICT_ELEMENT,
        ..ListDecoder::new()
    };
    for piece in answer.chunks(1) {
        decoder.push(piece);
        if drain(&mut decoder, &mut Vec::new()).is_err() {
            return;
        }
        let kept = decoder.buffer.len();
        assert!(kept <= STRICT_RECORD + 1, "{}", answer.escape_ascii());
    }
}

/// Decodes an answer that comes in these pieces.
pub(super) fn decode<'a, T: DeserializeOwned>(
    mut decoder: ListDecoder<T>,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome<T> {
    let mut records = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        if let Err(broken) = drain(&mut decoder, &mut records) {
            return (records, Err(broken));
        }
    }
    decoder.finish();
    let end = drain(&mut decoder, &mut records);
    (records, end)
}

/// Takes all records that the decoder has.
pub(super) fn drain<T: DeserializeOwned>(
    decoder: &mut ListDecoder<T>,
    records: &mut Vec<Record<T>>,
) -> Result<(), Broken> {
    while let Some(record) = decoder.next()? {
        records.push(record);
    }
    Ok(())
}
