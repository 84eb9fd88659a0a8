//! Bodies that are made while they are sent, and packed.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::body::Piece;
use crate::answer::Flood;

/// Size at which parts that were put together are sent, in bytes.
const PIECE_SIZE: usize = 64 * 1024;

/// The body of a flood, piece by piece.
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

/// Pieces packed with gzip, each so that it can be read at once.
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
        const TAKES_ALL: &str = "a vector takes all that is written";
        let (bytes, records_before) = match self.pieces.next() {
            Some(piece) => {
                let encoder = self.encoder.as_mut()?;
                encoder.write_all(&piece.bytes).expect(TAKES_ALL);
                encoder.flush().expect(TAKES_ALL);
                (std::mem::take(encoder.get_mut()), piece.records_before)
            }
            None => (self.encoder.take()?.finish().expect(TAKES_ALL), None),
        };
        Some(Piece {
            bytes,
            records_before,
        })
    }
}
