//! Content codings: gzip under any of its names, also applied several times. Nothing here touches the network.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;

/// Maximum number of codings of one body.
const MAX_CODINGS: usize = 4;

/// Maximum size of a decompressed piece, in bytes. A compressed piece may expand to a thousand times its size.
const MAX_PIECE: usize = 32 * 1024;

/// A content coding that the client does not know, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UnknownCoding(pub(crate) String);

/// Decompresses a body piece by piece.
pub(crate) struct Unpacker {
    /// The coding that was applied last comes first.
    layers: Vec<Layer>,
}

/// What an unpacker returns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Piece(Bytes),
    /// It needs the next piece of the compressed body.
    NeedsInput,
    End,
}

struct Layer {
    decoder: MultiGzDecoder<Feed>,
    began: bool,
}

/// The compressed bytes that were received and are not decompressed yet.
#[derive(Default)]
struct Feed {
    bytes: Bytes,
    ended: bool,
}

impl Unpacker {
    /// An unpacker for the value of a `Content-Encoding` header; `None` if the body is not compressed.
    pub(crate) fn new(codings: &str) -> Result<Option<Self>, UnknownCoding> {
        let mut layers = Vec::new();
        for coding in codings.split(',').rev() {
            let coding = coding.trim().to_ascii_lowercase();
            match coding.as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" if layers.len() < MAX_CODINGS => layers.push(Layer::new()),
                _ => return Err(UnknownCoding(coding)),
            }
        }
        Ok((!layers.is_empty()).then_some(Self { layers }))
    }

    /// The next piece of the decompressed body.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the compressed body ends too early, another kind if it is not valid.
    pub(crate) fn next(&mut self) -> io::Result<Next> {
        next(&mut self.layers)
    }

    /// Adds the next piece of the compressed body; `None` at its end. Only after [`Next::NeedsInput`].
    pub(crate) fn feed(&mut self, packed: Option<Bytes>) {
        if let Some(outermost) = self.layers.first_mut() {
            outermost.feed(packed);
        }
    }
}

/// The next piece of the last layer. The layers before it are its input.
fn next(layers: &mut [Layer]) -> io::Result<Next> {
    let Some((last, before)) = layers.split_last_mut() else {
        return Ok(Next::NeedsInput);
    };
    loop {
        match last.next()? {
            Next::NeedsInput => {}
            next => return Ok(next),
        }
        match next(before)? {
            Next::NeedsInput => return Ok(Next::NeedsInput),
            Next::Piece(piece) => last.feed(Some(piece)),
            Next::End => last.feed(None),
        }
    }
}

impl Layer {
    fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Feed::default()),
            began: false,
        }
    }

    fn feed(&mut self, packed: Option<Bytes>) {
        let feed = self.decoder.get_mut();
        match packed {
            Some(bytes) => {
                feed.bytes = bytes;
                self.began = true;
            }
            None => feed.ended = true,
        }
    }

    fn next(&mut self) -> io::Result<Next> {
        // An empty body, such as that of a redirect, is not compressed at all.
        if !self.began {
            let ended = self.decoder.get_ref().ended;
            return Ok(if ended { Next::End } else { Next::NeedsInput });
        }
        let mut piece = vec![0; MAX_PIECE];
        match self.decoder.read(&mut piece) {
            Ok(0) => Ok(Next::End),
            Ok(length) => {
                piece.truncate(length);
                Ok(Next::Piece(piece.into()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Next::NeedsInput),
            Err(error) => Err(error),
        }
    }
}

impl Read for Feed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Feed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.bytes)
    }

    fn consume(&mut self, amount: usize) {
        self.bytes.advance(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// Decompresses a body that arrives in pieces of `size` bytes.
    fn unpack(codings: &str, packed: &[u8], size: usize) -> io::Result<Vec<u8>> {
        let mut unpacker = Unpacker::new(codings).unwrap().unwrap();
        let mut packed = packed.chunks(size);
        let mut unpacked = Vec::new();
        loop {
            match unpacker.next()? {
                Next::Piece(piece) => {
                    assert!(piece.len() <= MAX_PIECE);
                    unpacked.extend_from_slice(&piece);
                }
                Next::NeedsInput => unpacker.feed(packed.next().map(Bytes::copy_from_slice)),
                Next::End => return Ok(unpacked),
            }
        }
    }

    #[test]
    fn gzip_is_decompressed_with_any_name_members_and_pieces() {
        let text = "[{\"id\":\"1\"}]".repeat(20_000).into_bytes();
        let (start, end) = text.split_at(1000);
        let members = [gzip(start), gzip(b""), gzip(end)].concat();
        let twice = gzip(&gzip(&text));
        for (codings, packed) in [
            ("gzip", &gzip(&text)),
            ("GZIP", &gzip(&text)),
            ("x-gzip", &members),
            (" identity , X-GZip,", &members),
            ("gzip, gzip", &twice),
        ] {
            for size in [1, 2, 7, 1000, usize::MAX] {
                let unpacked = unpack(codings, packed, size).unwrap();
                assert!(unpacked == text, "{codings} {size}");
            }
        }
        assert_eq!(unpack("gzip", b"", 1).unwrap(), b"");
    }

    #[test]
    fn a_compressed_body_that_ends_too_early_is_an_error_at_every_byte() {
        let packed = [gzip(b"[1,"), gzip(b"2]")].concat();
        let first_member = gzip(b"[1,").len();
        for length in 1..packed.len() {
            let end = unpack("gzip", &packed[..length], 3);
            // A body may end after any member, so that this cannot be detected here.
            assert_eq!(end.is_ok(), length == first_member, "{length}");
            if let Err(error) = end {
                assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
            }
        }
    }

    #[test]
    fn a_damaged_or_uncompressed_body_is_an_error() {
        let mut damaged = gzip(b"[1,2,3,4,5,6,7,8,9]");
        damaged[12] ^= 0xff;
        for packed in [
            b"[{\"id\":\"1\"}]".to_vec(),
            damaged,
            [gzip(b"[]"), b"rubbish after the end".to_vec()].concat(),
        ] {
            assert!(unpack("gzip", &packed, 5).is_err());
        }
    }

    #[test]
    fn other_codings_are_unknown_and_no_coding_needs_no_unpacker() {
        for (codings, unknown) in [
            ("br", "br"),
            ("gzip, Zstd", "zstd"),
            ("deflate", "deflate"),
            ("gzip,gzip,gzip,gzip,gzip", "gzip"),
        ] {
            let Err(error) = Unpacker::new(codings) else {
                panic!("{codings}");
            };
            assert_eq!(error.0, unknown);
        }
        for codings in ["", "identity", " , IDENTITY"] {
            assert!(Unpacker::new(codings).unwrap().is_none());
        }
    }
}
