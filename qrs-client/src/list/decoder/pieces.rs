//! Decodes a response cut in different ways, for tests and for the fuzz target `list`.

use std::fmt::Debug;

use outbound_http::BYTE_ORDER_MARK;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{ListDecoder, ListError, MAX_ELEMENT_BYTES};
use crate::lend::Owned;
use crate::list::Record;
use crate::models::AppObject;

impl ListDecoder {
    /// With other maximum sizes of a record and of an element, in bytes.
    pub(super) fn with_limits(mut self, record: usize, element: u64) -> Self {
        (self.state.max_record, self.state.max_element) = (record, element);
        self
    }
}

/// The elements, and the end of the list.
pub(super) type Outcome<T> = (Vec<Record<T>>, Result<(), ListError>);

/// Maximum size of a record of the strict decoder, in bytes.
const STRICT_RECORD: usize = 48;

/// Maximum size of an element of the strict decoder, in bytes.
const STRICT_ELEMENT: u64 = 256;

/// Checks that a response gives the same records in every cut: whole, in these pieces, and byte by byte.
///
/// # Panics
///
/// If the records differ, if `serde_json` reads another number of elements, or if the decoder keeps more than it needs.
pub fn check_pieces(pieces: &[&[u8]]) {
    let response = pieces.concat();
    let (records, end) = check_cuts::<AppObject>(ListDecoder::new, pieces, &response);
    check_memory(&response);
    let list = response.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&response);
    let Ok(all) = serde_json::from_slice::<Vec<IgnoredAny>>(list) else {
        return;
    };
    assert_eq!((records.len(), end), (all.len(), Ok(())));
    let short = || ListDecoder::new().with_limits(STRICT_RECORD, MAX_ELEMENT_BYTES);
    let (records, end) = check_cuts::<AppObject>(short, pieces, &response);
    assert_eq!((records.len(), end), (all.len(), Ok(())));
}

/// Decodes the response in each way. The results must be equal.
fn check_cuts<T: DeserializeOwned + Debug + PartialEq>(
    decoder: impl Fn() -> ListDecoder,
    pieces: &[&[u8]],
    response: &[u8],
) -> Outcome<T> {
    let whole = decode::<T>(decoder(), [response]);
    let cut = decode::<T>(decoder(), pieces.iter().copied());
    assert_eq!(cut, whole, "in pieces: {}", response.escape_ascii());
    let bytes = decode::<T>(decoder(), response.chunks(1));
    assert_eq!(bytes, whole, "byte by byte: {}", response.escape_ascii());
    whole
}

/// Checks that the decoder keeps at most one record.
fn check_memory(response: &[u8]) {
    let mut decoder = ListDecoder::new().with_limits(STRICT_RECORD, STRICT_ELEMENT);
    for piece in response.chunks(1) {
        decoder.push(piece);
        if drain::<AppObject>(&mut decoder, &mut Vec::new()).is_err() {
            return;
        }
        let kept = decoder.buffer.len();
        assert!(kept <= STRICT_RECORD + 1, "{}", response.escape_ascii());
    }
}

/// Decodes a response that arrives in these pieces.
pub(super) fn decode<'a, T: DeserializeOwned>(
    mut decoder: ListDecoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome<T> {
    let mut records = Vec::new();
    // The rest after an error depends on the pieces.
    let without_rest = |error: ListError| ListError {
        rest: Vec::new(),
        ..error
    };
    for piece in pieces {
        decoder.push(piece);
        if let Err(error) = drain(&mut decoder, &mut records) {
            return (records, Err(without_rest(error)));
        }
    }
    decoder.finish();
    let end = drain(&mut decoder, &mut records);
    (records, end.map_err(without_rest))
}

/// Takes all records that the decoder has.
pub(super) fn drain<T: DeserializeOwned>(
    decoder: &mut ListDecoder,
    records: &mut Vec<Record<T>>,
) -> Result<(), ListError> {
    while let Some(record) = decoder.next::<Owned<T>>()? {
        records.push(record);
    }
    Ok(())
}
