//! Maps bytes of a setting's text to their places in the file.

use catalog_model::Place;

use super::source::Source;

/// Returns the place of byte `within` of a text that begins at `place` in a file with this content. If the text is
/// joined from several pieces or is in another file, returns `place` itself.
pub fn place_within(content: &[u8], place: &Place, within: usize) -> Place {
    let source = Source::new(place.file.clone(), &String::from_utf8_lossy(content));
    let start = source.offset(place);
    let text = &source.text[start..];
    let offset = if let Some(raw) = text.strip_prefix("\"\"\"") {
        let within_it = raw.is_char_boundary(within) && within <= raw_length(raw);
        within_it.then_some(start + 3 + within)
    } else if let Some(quoted) = text.strip_prefix('"') {
        quoted_offset(quoted, within).map(|offset| start + 1 + offset)
    } else {
        unquoted_offset(text, within).map(|offset| start + offset)
    };
    offset.map_or_else(|| place.clone(), |offset| source.place(offset))
}

/// Returns the character at a place in a file with this content.
pub fn char_at(content: &[u8], place: &Place) -> Option<char> {
    let mut lines = content.split(|byte| *byte == b'\n');
    let line = lines.nth(place.line.checked_sub(1)? as usize)?;
    let column = place.column.checked_sub(1)? as usize;
    String::from_utf8_lossy(line).chars().nth(column)
}

/// Returns the offset of byte `within` of an unquoted text or key.
fn unquoted_offset(text: &str, within: usize) -> Option<usize> {
    let before = text.get(..within)?;
    let is_plain = !before.contains(['\n', '"', '$', '{', '}', '#', '=', '.']);
    is_plain.then_some(within)
}

/// Returns the length of a text that ends at `"""`. If there are more than three quotes, the last three end it.
fn raw_length(raw: &str) -> usize {
    let end = raw.find("\"\"\"").unwrap_or(raw.len());
    let quotes = raw[end..].bytes().take_while(|byte| *byte == b'"').count();
    end + quotes.saturating_sub(3)
}

/// Returns the offset, in a string with escapes, of byte `within` of its unescaped text. `None` beyond its end, or
/// after a numeric escape, which is not supported.
fn quoted_offset(quoted: &str, within: usize) -> Option<usize> {
    let (mut meant, mut offset) = (0, 0);
    while meant < within {
        let mut rest = quoted[offset..].chars();
        match rest.next()? {
            '"' | '\n' => return None,
            '\\' if rest.next()? != 'u' => {
                meant += 1;
                offset += 2;
            }
            '\\' => return None,
            plain => {
                meant += plain.len_utf8();
                offset += plain.len_utf8();
            }
        }
    }
    Some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_of_a_text_has_its_place_in_the_file() {
        for (file, within, expected) in [
            (r#"f = "abc""#, 2, (1, 8)),
            (r#"f = "a\"c""#, 2, (1, 9)),
            (r#"f = "a\u0041c""#, 2, (1, 5)),
            (r#"f = "abc""#, 3, (1, 9)),
            (r#"f = "abc""#, 9, (1, 5)),
            ("f = \"\"\"\n  abc\n  def\"\"\"", 9, (3, 3)),
            ("f = \"\"\"öx\"\"\"", 2, (1, 9)),
            ("f = \"\"\"öx\"\"\"", 1, (1, 5)),
            ("f = \"\"\"a\"\"\" \"b\"", 1, (1, 9)),
            ("f = \"\"\"a\"\"\" \"b\"", 2, (1, 5)),
            ("f = \"\"\"a\"\"\"\" \"b\"", 2, (1, 10)),
            ("f = abc", 1, (1, 6)),
            ("f = ${abc}", 3, (1, 5)),
        ] {
            let place = place_within(file.as_bytes(), &Place::new("a.conf", 1, 5), within);
            assert_eq!((place.line, place.column), expected, "{file} {within}");
        }
    }
}
