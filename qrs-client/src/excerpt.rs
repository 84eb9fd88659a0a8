//! What a site said, cut down to one line that people can read.

use crate::scrub::Secrets;

/// Enough for a sentence or two; an error page of Qlik Sense has 88 KB.
const LONGEST_EXCERPT: usize = 300;

/// How much of an answer's text is considered for an excerpt, in bytes.
const MAX_CONSIDERED: usize = 16 * 1024;

/// The beginning of what an answer says, on one line: tags, scripts and styles of a web page are left out, white
/// space is joined, secrets are redacted.
pub(crate) fn readable(body: &[u8], secrets: &Secrets) -> String {
    let mut text = text_of(body);
    if text.len() > MAX_CONSIDERED {
        text.truncate(text.floor_char_boundary(MAX_CONSIDERED));
        let shown = secrets.shown_of_cut(text.as_bytes());
        text.truncate(text.floor_char_boundary(shown));
    }
    joined(&secrets.scrub(&text))
}

/// All that an answer says, secrets included.
pub(crate) fn text_of(body: &[u8]) -> String {
    let body = without_mark(body);
    let text = String::from_utf8_lossy(body);
    if is_html(body) {
        visible(&text)
    } else {
        text.into_owned()
    }
}

/// Whether an answer looks like a web page.
pub(crate) fn is_html(body: &[u8]) -> bool {
    without_mark(body).trim_ascii_start().starts_with(b"<")
}

/// The text without the byte order mark that some servers put before it.
pub(crate) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// At most 300 characters on one line, without control characters.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = joined(text);
    if line.chars().nth(LONGEST_EXCERPT).is_some() {
        let cut = line.char_indices().nth(LONGEST_EXCERPT - 1);
        line.truncate(cut.map_or(0, |(at, _)| at));
        line.push('…');
    }
    line
}

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

/// What a browser would show of a page.
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

/// What follows the tag at the start of the text, or the whole element where its content is not
/// for reading.
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

/// `&#x10FFFF;`
const LONGEST_ENTITY: usize = 10;

fn with_entities_decoded(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest
            .bytes()
            .take(LONGEST_ENTITY)
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
    use secrecy::SecretString;

    use super::*;

    fn check(body: &str, expected: &str) {
        let secrets = Secrets::new([SecretString::from("ACME\\scanner")]);
        assert_eq!(readable(body.as_bytes(), &secrets), expected, "{body}");
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
    fn secrets_are_blackened_behind_entities_too() {
        check("no user ACME\\scanner here", "no user *** here");
        check("<p>ACME&#92;scanner</p>", "***");
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
            let line = one_line(&readable(&body, &Secrets::default()));
            prop_assert!(line.chars().count() <= LONGEST_EXCERPT && !line.contains('\n'));
        }
    }

    #[test]
    fn a_long_text_is_cut_at_300_characters() {
        let cut = one_line(&"é".repeat(5000));
        assert_eq!(cut.chars().count(), LONGEST_EXCERPT);
        assert!(cut.ends_with('…'));
        assert_eq!(one_line(&"x".repeat(300)).len(), 300);
    }
}
