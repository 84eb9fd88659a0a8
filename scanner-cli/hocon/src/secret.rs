//! Decides which settings are secret, and hides them in lines. In case of doubt, text is hidden.

use std::ops::Range;

use super::source::Source;

/// The endings of names whose values are never shown.
const SECRET_NAMES: [&str; 4] = ["password", "secret", "token", "passphrase"];

/// The last two elements of the paths whose values are never shown.
const SECRET_PATH_ENDS: [(&str, &str); 2] = [("auth", "value"), ("auth", "session")];

/// Nothing is shown after these words on a line.
const SECRET_WORDS: [&str; 5] = ["password", "secret", "token", "passphrase", "value"];

/// Whether the setting at `path` is a secret: its name ends in `password`, `secret`, `token` or `passphrase`, or its
/// path ends in `auth.value` or `auth.session`. Letter case is ignored.
#[must_use]
pub fn is_secret(path: &[String]) -> bool {
    let Some((last, before)) = path.split_last() else {
        return false;
    };
    let last = last.to_lowercase();
    let is_path_end = |(block, name): &(&str, &str)| match last.strip_suffix(name) {
        Some("") => (before.last()).is_some_and(|last| last.to_lowercase().ends_with(block)),
        // The dot may be part of a name in quotes.
        Some(rest) => (rest.strip_suffix('.')).is_some_and(|rest| rest.ends_with(block)),
        None => false,
    };
    SECRET_PATH_ENDS.iter().any(is_path_end) || SECRET_NAMES.iter().any(|name| last.ends_with(name))
}

/// Returns the part of `path` that may be shown: up to a secret name, because text after it may be part of a secret
/// value.
pub(super) fn showable(path: &[String]) -> &[String] {
    let secret = (1..path.len()).find(|&length| is_secret(&path[..length]));
    &path[..secret.unwrap_or(path.len())]
}

/// Whether a text that a message would quote may contain a secret: a word announces one, or a URL contains a user.
pub(super) fn announces_secret(text: &str) -> bool {
    first_word(text).is_some() || user_of_url(text).is_some()
}

/// Finds the user and password of the first URL in `text` that has them: the text before an `@`, after `://` if there
/// is one, that contains a `:`.
pub(super) fn user_of_url(text: &str) -> Option<Range<usize>> {
    let (mut start, mut has_scheme, mut has_colon) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'@' if has_colon => return Some(start..at),
            b' ' | b'\t' | b'"' | b'=' | b',' => {
                (start, has_scheme, has_colon) = (at + 1, false, false);
            }
            b':' if !has_scheme && text[at..].starts_with("://") => {
                (start, has_scheme, has_colon) = (at + 3, true, false);
            }
            b':' => has_colon = true,
            _ => {}
        }
    }
    None
}

/// The first and the last element of the path of a URL that may contain a secret, as that of a webhook does.
const FOLLOWER_URL: (&str, &str) = ("followers", "url");

/// Whether the setting at `path` is a secret, or a URL that may contain one. A line with an error does not show it.
pub(super) fn may_be_secret(path: &[String]) -> bool {
    let (first, last) = FOLLOWER_URL;
    let is = |found: Option<&String>, name| found.is_some_and(|found| found == name);
    is_secret(path) || (is(path.first(), first) && is(path.last(), last))
}

/// Finds the paths and queries of the URLs on a line of a file with followers.
fn paths_of_urls(file: &str, text: &str) -> Vec<Range<usize>> {
    if !file.contains(FOLLOWER_URL.0) {
        return Vec::new();
    }
    let path = |(at, mark): (usize, &str)| {
        let host = at + mark.len();
        let end = text[host..].find('"').map_or(text.len(), |end| host + end);
        let begin = text[host..end].find(['/', '?', '#', '\\'])?;
        Some(host + begin + 1..end)
    };
    text.match_indices("://").filter_map(path).collect()
}

/// Returns the line around the offset of an error. Every secret is replaced by stars, except for the byte with the
/// error.
pub(super) fn masked_line(source: &Source, error: usize) -> String {
    let line = source.line_around(error);
    let text = &source.text[line.clone()];
    let strings = strings(&source.text);
    let announced = announced(source, &line, &strings);
    let user = user_of_url(text).unwrap_or_default();
    let paths = paths_of_urls(&source.text, text);
    let on_line = |range: &&Range<usize>| range.start <= line.end && line.start <= range.end;
    let secrets: Vec<_> = source.secrets.iter().filter(on_line).cloned().collect();
    let mut begun = false;
    let mut shown = |(at, c): (usize, char)| {
        let offset = line.start + at;
        let within = |ranges: &[Range<usize>]| ranges.iter().any(|range| range.contains(&offset));
        let hidden = within(&secrets) || (within(&announced) && !source.is_open(offset));
        let at_error = offset == error && matches!(c, '\\' | '}' | ']' | ':' | '=' | ',');
        let is_path = paths.iter().any(|path| path.contains(&at)) && !source.is_open(offset);
        if user.contains(&at) || is_path {
            return '*';
        }
        let mark = c == '"' && is_mark(&source.text, &strings, offset);
        if !hidden || mark || at_error || (c.is_whitespace() && !begun) {
            return c;
        }
        begun = true;
        '*'
    };
    text.char_indices().map(&mut shown).collect()
}

/// Finds the parts of a line that words announce as secret: the values after them if their end is certain, otherwise
/// everything up to the end of the line.
fn announced(source: &Source, line: &Range<usize>, strings: &[Range<usize>]) -> Vec<Range<usize>> {
    let text = &source.text[line.clone()];
    let mut announced = Vec::new();
    let mut from = 0;
    while let Some(word) = first_word(&text[from..]) {
        let word = from + word.start..from + word.end;
        let at = line.start + word.start;
        let harmless = strings.iter().find(|string| {
            let is_filter = || key_of(&source.text, string) == Some("filter");
            string.contains(&at) && source.open.is_some() && (source.is_open(at) || is_filter())
        });
        if let Some(string) = harmless {
            from = (string.end - line.start).min(text.len());
            continue;
        }
        if is_kind(text, &word) {
            from = word.end;
            continue;
        }
        let start = line.start + value_start(text, word.clone());
        let blank = source.text[start..].len() - source.text[start..].trim_start_matches(' ').len();
        let end = match source.open {
            Some(_) => value_end(source, start + blank),
            None => line.end,
        };
        announced.push(start..end);
        from = (end.max(line.start + word.end) - line.start).min(text.len());
    }
    announced
}

/// Whether the word is the value of a setting `kind`, such as `kind = token`. One or two more letters are a misspelling; any
/// other text after the word may be a secret.
fn is_kind(text: &str, word: &Range<usize>) -> bool {
    let before = text[..word.start].trim_end_matches('"').trim_end();
    let key = before.strip_suffix(['=', ':']).map(str::trim_end);
    let key = key.and_then(|key| key.strip_suffix("kind"));
    let is_key = key.is_some_and(|key| {
        key.chars()
            .next_back()
            .is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '"'))
    });
    let after = &text[word.end..];
    let rest = after.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let is_short = after.len() - rest.len() <= 2;
    let rest = rest.strip_prefix('"').unwrap_or(rest).trim_start();
    is_key && is_short && (rest.is_empty() || rest.starts_with([',', '}', '#']))
}

/// Whether the quote at `offset` begins or ends a string.
fn is_mark(text: &str, strings: &[Range<usize>], offset: usize) -> bool {
    strings.iter().any(|string| {
        let raw = text[string.clone()].starts_with("\"\"\"");
        let marks = if raw { 3 } else { 1 };
        string.contains(&offset) && (offset < string.start + marks || offset + marks >= string.end)
    })
}

/// Returns the end of the value that begins at `start` if it is certain, otherwise the end of the line.
pub(super) fn value_end(source: &Source, start: usize) -> usize {
    let line_end = source.line_around(start).end.max(start);
    let strings = strings(&source.text);
    let mut end = start;
    while let Some(string) = strings.iter().find(|string| string.start == end) {
        end = string.end;
    }
    let stops = |c: char| matches!(c, ',' | '}' | ']' | '\n' | '\r');
    let rest = &source.text[end..];
    if end > start {
        let more = rest.trim_start_matches([' ', '\t']);
        let is_whole = more.is_empty() || more.starts_with(stops);
        return if is_whole { end } else { line_end.max(end) };
    }
    let plain = &rest[..rest.find(stops).unwrap_or(rest.len())];
    let is_plain = !plain.contains(['"', '$', '{', '[', '/', '#', '\\']);
    if is_plain {
        start + plain.trim_end().len()
    } else {
        line_end
    }
}

/// Finds the string around `offset`, if it is the value of a setting that cannot be a secret. Its content may be
/// quoted, even if it contains words that announce a secret.
pub(super) fn open_string(source: &Source, offset: usize) -> Option<Range<usize>> {
    let strings = strings(&source.text);
    let string = strings
        .into_iter()
        .find(|string| string.contains(&offset))?;
    let key = key_of(&source.text, &string)?;
    first_word(key).is_none().then_some(string)
}

/// Returns the key, as written, of the value that begins with the string.
fn key_of<'a>(text: &'a str, string: &Range<usize>) -> Option<&'a str> {
    let before = text[..string.start].trim_end();
    let key = before.strip_suffix(['=', ':'])?;
    let key = key.trim_end_matches('+').trim_end();
    let begin = key.rfind(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '[' | '}' | ']'));
    let key = &key[begin.map_or(0, |at| at + 1)..];
    (!key.is_empty()).then_some(key)
}

/// Finds the strings of a text including their quotes, and skips comments. An unclosed string ends at the end of its
/// line.
fn strings(text: &str) -> Vec<Range<usize>> {
    let mut strings = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find(['"', '#', '/']) {
        let start = at + found;
        let rest = &text[start..];
        let to_line_end = rest.find('\n').unwrap_or(rest.len());
        if rest.starts_with('"') {
            let length = string_length(rest).unwrap_or(to_line_end);
            strings.push(start..start + length);
            at = start + length;
        } else if rest.starts_with('#') || rest.starts_with("//") {
            at = start + to_line_end;
        } else {
            at = start + 1;
        }
    }
    strings
}

/// Returns the length of the string at the beginning of a text, including its quotes.
fn string_length(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix("\"\"\"") {
        let end = raw.find("\"\"\"")?;
        let quotes = raw[end..].bytes().take_while(|byte| *byte == b'"').count();
        return Some(3 + end + quotes);
    }
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            '"' if !escaped => return Some(at + 1),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

/// Finds the first word of a line that announces a secret.
fn first_word(line: &str) -> Option<Range<usize>> {
    // Not `to_lowercase`, which can change the number of bytes.
    let lower = line.to_ascii_lowercase();
    let found = SECRET_WORDS
        .iter()
        .filter_map(|word| lower.find(word).map(|at| at..at + word.len()));
    found.min_by_key(|word| word.start)
}

/// Returns where the value of the key that contains `word` may begin: after the separator, if one follows the key.
fn value_start(line: &str, word: Range<usize>) -> usize {
    let in_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '"');
    let after_key = line[word.end..].trim_start_matches(in_key).trim_start();
    let after_separator = after_key.trim_start_matches('+');
    if after_separator.starts_with(['=', ':', '{', '[']) {
        line.len() - after_separator.len() + 1
    } else {
        word.end
    }
}
