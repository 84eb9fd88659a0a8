//! Bodies that are produced, and compressed, while they are sent.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::body::Piece;
use crate::answer::Flood;

/// Size in bytes at which collected parts are sent.
const PIECE_SIZE: usize = 64 * 1024;

/// The body of a flood in pieces.
pub(super) fn pieces(flood: &Flood) -> impl Iterator<Item = Vec<u8>> + Send + '_ {
    let numbered = flood.part.contains("{n}");
    let mut next = 0;
    let parts = std::iter::from_fn(move || {
        let mut piece = Vec::new();
        while piece.len() < PIECE_SIZE && flood.times.is_none_or(|times| next < times) {
            if numbered {
                piece.extend_from_slice(flood.part.replace("{n}", &next.to_string()).as_bytes());
            } else {
                piece.extend_from_slice(flood.part.as_bytes());
            }
            next += 1;
        }
        (!piece.is_empty()).then_some(piece)
    });
    std::iter::once(flood.start.as_bytes().to_vec())
        .chain(parts)
        .chain(std::iter::once_with(|| flood.end.as_bytes().to_vec()))
}

/// Pieces compressed with gzip, each flushed so that it can be decompressed immediately.
pub(super) struct Packed<'a> {
    pieces: Box<dyn Iterator<Item = Piece> + Send + 'a>,
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl<'a> Packed<'a> {
    pub(super) fn new(pieces: Box<dyn Iterator<Item = Piece> + Send + 'a>) -> Self {
        Self {
            pieces,
            encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
        }
    }
}

impl Iterator for Packed<'_> {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        const INFALLIBLE: &str = "writing to a vector cannot fail";
        let (bytes, records_before) = match self.pieces.next() {
            Some(piece) => {
                let encoder = self.encoder.as_mut()?;
                encoder.write_all(&piece.bytes).expect(INFALLIBLE);
                encoder.flush().expect(INFALLIBLE);
                (std::mem::take(encoder.get_mut()), piece.records_before)
            }
            None => (self.encoder.take()?.finish().expect(INFALLIBLE), None),
        };
        Some(Piece {
            bytes,
            records_before,
        })
    }
}
