//! The text of a response, as people can read it: without tags, on one line.

/// Maximum length of a line, in characters.
const MAX_LINE_CHARS: usize = 300;

/// The text of a response, without the tags, scripts and styles of a web page. It contains whatever secrets the response
/// contains.
pub(crate) fn text_of(body: &[u8]) -> String {
    let body = without_byte_order_mark(body);
    let text = String::from_utf8_lossy(body);
    if is_html(body) {
        visible(&text)
    } else {
        text.into_owned()
    }
}

/// Whether a response body looks like a web page.
#[must_use]
pub fn is_html(body: &[u8]) -> bool {
    without_byte_order_mark(body)
        .trim_ascii_start()
        .starts_with(b"<")
}

/// A response body without the byte order mark that some servers put before it.
#[must_use]
pub fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// All text of a response on one line. It contains whatever secrets the response contains: compare it, never show it.
#[must_use]
pub fn text_on_one_line(body: &[u8]) -> String {
    joined(&text_of(body))
}

/// Maximum length of a title that is recognized as repeated, in words.
const MAX_TITLE_WORDS: usize = 20;

/// A line without its first words if the same words follow. Most error pages have their title in their first heading, too:
/// `Error 400 Error 400 - Bad request`.
pub(crate) fn without_repeated_title(line: String) -> String {
    let words: Vec<_> = line.split(' ').take(2 * MAX_TITLE_WORDS).collect();
    let repeated = (1..=words.len() / 2)
        .rev()
        .find(|count| words[..*count] == words[*count..2 * count]);
    match repeated {
        Some(count) => line
            .splitn(count + 1, ' ')
            .last()
            .unwrap_or_default()
            .to_owned(),
        None => line,
    }
}

/// Whether a web page contains a form.
#[must_use]
pub fn has_form(page: &[u8]) -> bool {
    let page = page.to_ascii_lowercase();
    page.windows(b"<form".len()).any(|tag| tag == b"<form")
}

/// The byte order mark of UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Text on one line, without control characters, cut after 300 characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut line = joined(text);
    if line.chars().nth(MAX_LINE_CHARS).is_some() {
        let cut = line.char_indices().nth(MAX_LINE_CHARS - 1);
        line.truncate(cut.map_or(0, |(at, _)| at));
        line.push('…');
    }
    line
}

/// Text on one line of any length: white space and control characters become single spaces.
pub(crate) fn joined(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut line = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// The text of a page that a browser would show.
fn visible(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        text.push(' ');
        rest = after_tag(&rest[start..]);
    }
    text.push_str(rest);
    with_entities_decoded(&text)
}

/// The rest after the tag at the start of the text, or after the whole element if its content is not text to read.
fn after_tag(text: &str) -> &str {
    if text.starts_with("<!--") {
        return text.split_once("-->").map_or("", |(_, after)| after);
    }
    let hidden = ["script", "style", "svg"].into_iter().find(|name| {
        let tag = text.get(1..=name.len());
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name))
    });
    let end = match hidden {
        Some(name) => find_ignoring_case(text, &format!("</{name}")).unwrap_or(text.len()),
        None => 0,
    };
    text[end..].split_once('>').map_or("", |(_, after)| after)
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    let windows = text.as_bytes().windows(wanted.len());
    windows
        .enumerate()
        .find(|(_, window)| window.eq_ignore_ascii_case(wanted.as_bytes()))
        .map(|(at, _)| at)
}

/// Maximum length of an entity, in bytes: `&#x10FFFF;`
const MAX_ENTITY_BYTES: usize = 10;

fn with_entities_decoded(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest
            .bytes()
            .take(MAX_ENTITY_BYTES)
            .position(|byte| byte == b';');
        let name = end.map_or("", |end| &rest[1..end]);
        match entity(name) {
            Some(character) => {
                decoded.push(character);
                rest = &rest[name.len() + 2..];
            }
            None => {
                decoded.push('&');
                rest = &rest[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

/// The character of an entity such as `amp` or `#92`.
pub(crate) fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "bsol" => Some('\\'),
        _ => {
            let number = name.strip_prefix('#')?;
            let hexadecimal = number.strip_prefix(['x', 'X']);
            let code = match hexadecimal {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, expected: &str) {
        assert_eq!(text_on_one_line(body.as_bytes()), expected, "{body}");
    }

    #[test]
    fn plain_text_becomes_one_line() {
        check("  An error\r\n\toccurred\u{7} ", "An error occurred");
        check(" \n", "");
        check("", "");
    }

    #[test]
    fn only_the_readable_part_of_a_page_is_kept() {
        let page = "\u{FEFF}<!DOCTYPE html><html><head><STYLE>p { color: red }</STYLE>\
            <script>if (a < b) { alert('x') }</script><title>Error</title></head>\
            <!-- a > b --><body><p>The&nbsp;http request<br>header is &#105;ncorrect</p></body>";
        check(page, "Error The http request header is incorrect");
        check("<script>never closed", "");
        check("<p", "");
        check("<p>5 &gt; 3 & 2 &unknown; &", "5 > 3 & 2 &unknown; &");
    }

    #[test]
    fn a_title_that_is_repeated_is_kept_once() {
        for (line, expected) in [
            (
                "Error 400 Error 400 - Bad request",
                "Error 400 - Bad request",
            ),
            ("Log in", "Log in"),
            ("no no no", "no no"),
            ("Access denied Access denied", "Access denied"),
            ("", ""),
        ] {
            assert_eq!(without_repeated_title(line.to_owned()), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_become_one_line(
            body in prop_oneof![
                any::<Vec<u8>>(),
                "(<(script|style|!--|p)?|>|&(#x?)?|;|[a-zé\\\\ 0-9]|</script>){0,40}"
                    .prop_map(String::into_bytes),
            ],
        ) {
            let line = one_line(&text_of(&body));
            prop_assert!(line.chars().count() <= MAX_LINE_CHARS && !line.contains('\n'));
        }
    }

    #[test]
    fn a_long_text_is_cut_at_300_characters() {
        let cut = one_line(&"é".repeat(5000));
        assert_eq!(cut.chars().count(), MAX_LINE_CHARS);
        assert!(cut.ends_with('…'));
        assert_eq!(one_line(&"x".repeat(300)).len(), 300);
    }
}
