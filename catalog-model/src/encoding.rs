//! Detects the encoding of text files: the byte order mark of UTF-8, and bytes that are not UTF-8.

/// Why bytes are not UTF-8 text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotText {
    /// UTF-16, with or without a byte order mark.
    Utf16,
    /// Only NUL bytes.
    OnlyNul,
    /// A NUL byte at this offset.
    Nul(usize),
    /// Another byte that is not UTF-8, at this offset.
    NotUtf8(usize),
}

/// The byte order mark of UTF-8, which editors and PowerShell write before a text.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Maximum number of bytes that are examined for UTF-16.
const EXAMINED_BYTES: usize = 64 * 1024;

/// Removes the byte order mark at the beginning.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BOM).unwrap_or(bytes)
}

/// Converts the bytes to a text, without the byte order mark at its beginning.
///
/// # Errors
/// If they are not UTF-8, or contain NUL bytes.
pub fn text(bytes: &[u8]) -> Result<&str, NotText> {
    check_nul(bytes)?;
    str::from_utf8(without_bom(bytes)).map_err(|error| {
        let bom = bytes.len() - without_bom(bytes).len();
        NotText::NotUtf8(bom + error.valid_up_to())
    })
}

/// Removes one line break at the end.
pub fn without_line_break(text: &str) -> &str {
    let without = text.strip_suffix("\r\n").or(text.strip_suffix('\n'));
    without.unwrap_or(text)
}

/// Checks that the bytes have no NUL and are not UTF-16.
///
/// # Errors
/// If they are not text.
pub fn check_nul(bytes: &[u8]) -> Result<(), NotText> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        return Err(NotText::Utf16);
    }
    let Some(first) = bytes.iter().position(|byte| *byte == 0) else {
        return Ok(());
    };
    Err(match () {
        () if bytes.iter().all(|byte| *byte == 0) => NotText::OnlyNul,
        () if is_utf16(&bytes[..bytes.len().min(EXAMINED_BYTES)]) => NotText::Utf16,
        () => NotText::Nul(first),
    })
}

/// Whether the NUL bytes are halves of UTF-16 characters: all at even offsets, or all at odd offsets, and enough of
/// them. In every language, punctuation, spaces and line breaks have such a half.
fn is_utf16(bytes: &[u8]) -> bool {
    let mut nul = [0; 2];
    for (offset, byte) in bytes.iter().enumerate() {
        nul[offset % 2] += usize::from(*byte == 0);
    }
    let [rare, often] = [nul[0].min(nul[1]), nul[0].max(nul[1])];
    rare == 0 && often * 10 >= bytes.len()
}

impl NotText {
    /// Returns what is wrong, as the end of a sentence about a file, and what to do.
    pub fn explain(self) -> (String, &'static str) {
        match self {
            Self::Utf16 => (
                "is UTF-16".to_owned(),
                "save it as UTF-8 (some editors call UTF-16 \"Unicode\")",
            ),
            Self::OnlyNul => (
                "contains only NUL bytes".to_owned(),
                "a crash or a full disk leaves such files: write it again, or restore it from a backup",
            ),
            Self::Nul(offset) => (
                format!("is not text: it has a NUL byte at offset {offset}"),
                "a crash or a full disk leaves such files: write it again, or restore it from a backup",
            ),
            Self::NotUtf8(offset) => (
                format!("is not UTF-8: its byte at offset {offset} is not"),
                "save it as UTF-8",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn bytes_that_are_not_text_are_recognized() {
        for text in ["code = qlik\r\n", "name = \"Продажи\"\r\n", "a = 日本\n"] {
            for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
                let bytes = utf16(text, bytes);
                assert_eq!(super::text(&bytes), Err(NotText::Utf16), "{text}");
            }
        }
        for (bytes, expected) in [
            (&b"\xff\xfea"[..], NotText::Utf16),
            (&[0; 4096], NotText::OnlyNul),
            (&[0], NotText::OnlyNul),
            (b"code = a\n\0\0\0\0", NotText::Nul(9)),
            (
                b"code = a\0b, a long text that has one such byte",
                NotText::Nul(8),
            ),
            (b"ab\xe9", NotText::NotUtf8(2)),
            (b"\xEF\xBB\xBFab\xe9", NotText::NotUtf8(5)),
        ] {
            assert_eq!(text(bytes), Err(expected), "{bytes:?}");
        }
    }

    #[test]
    fn text_loses_its_byte_order_mark() {
        for (bytes, expected) in [
            (&b"\xEF\xBB\xBFa"[..], "a"),
            (b"a", "a"),
            (b"", ""),
            ("é\u{feff}".as_bytes(), "é\u{feff}"),
        ] {
            assert_eq!(text(bytes), Ok(expected));
        }
    }
}
