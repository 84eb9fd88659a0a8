//! Which settings are secret, and how a line is shown without them. When in doubt, it is hidden.

use std::ops::Range;

use super::source::Source;

/// The names, and the one path, whose values are never shown.
const NAMES: [&str; 5] = ["password", "secret", "token", "passphrase", "auth.value"];

/// The words after which nothing on a line is shown, whatever it may belong to.
const WORDS: [&str; 5] = ["password", "secret", "token", "passphrase", "value"];

/// Whether the setting at `path` is a secret: its name is or ends in `password`, `secret`, `token` or `passphrase`, or
/// its path ends in `auth.value`, in any mix of capitals.
#[must_use]
pub fn is_secret(path: &[String]) -> bool {
    let path = path.join(".").to_lowercase();
    NAMES.iter().any(|name| path.ends_with(name))
}

/// The part of `path` that may be shown: up to a secret name, since what comes after one may be a broken value.
pub(super) fn showable(path: &[String]) -> &[String] {
    let secret = (1..path.len()).find(|&length| is_secret(&path[..length]));
    &path[..secret.unwrap_or(path.len())]
}

/// Whether a text that is to be quoted in a message may hold a secret: a word announces one, or a URL names a user.
pub(super) fn announces_secret(text: &str) -> bool {
    first_word(text).is_some() || user_of_url(text).is_some()
}

/// The user and password of the first address in `text` that has them: what stands before an `@`, from `://` on if there
/// is one, with a `:` in it.
pub(super) fn user_of_url(text: &str) -> Option<Range<usize>> {
    text.match_indices('@').find_map(|(end, _)| {
        let before = &text[..end];
        let word = before
            .rfind([' ', '\t', '"', '=', ','])
            .map_or(0, |at| at + 1);
        let start = before[word..]
            .find("://")
            .map_or(word, |at| word + at + "://".len());
        before[start..].contains(':').then_some(start..end)
    })
}

/// The line around the offset of a fault, with every secret replaced by stars, but for the byte at fault itself.
pub(super) fn masked_line(source: &Source, fault: usize) -> String {
    let line = source.line_around(fault);
    let text = &source.text[line.clone()];
    let announced = first_word(text).map_or(line.end, |word| line.start + value_start(text, word));
    let user = user_of_url(text).unwrap_or_default();
    let mut begun = false;
    let mut shown = |(at, c): (usize, char)| {
        let offset = line.start + at;
        let known = source.secrets.iter().any(|secret| secret.contains(&offset));
        let at_fault = offset == fault && matches!(c, '\\' | '}' | ']' | ':' | '=' | ',');
        if user.contains(&at) {
            return '*';
        }
        if !(known || offset >= announced) || c == '"' || at_fault || (c.is_whitespace() && !begun)
        {
            return c;
        }
        begun = true;
        '*'
    };
    text.char_indices().map(&mut shown).collect()
}

/// The first word of a line that announces a secret.
fn first_word(line: &str) -> Option<Range<usize>> {
    // Not `to_lowercase`, which can change the number of bytes.
    let lower = line.to_ascii_lowercase();
    let found = WORDS
        .iter()
        .filter_map(|word| lower.find(word).map(|at| at..at + word.len()));
    found.min_by_key(|word| word.start)
}

/// Where the value may begin that the key with `word` in it announces: after the separator, if one follows the key.
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
