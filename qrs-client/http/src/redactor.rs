//! Removes secrets from texts of servers and libraries before they become part of an error or a log line.

mod search;
mod spelling;

use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use crate::char_boundary;
use crate::page_text::{is_html, joined, one_line, text_of, without_repeated_title};
use search::Search;
use spelling::each_spelling;

/// The text that replaces a secret.
const REDACTED: &str = "***";

/// Removes secrets from texts.
///
/// ```
/// use outbound_http::{Redactor, SecretString};
///
/// let redactor = Redactor::new([SecretString::from("ACME\\scanner")]);
/// assert_eq!(redactor.redact("no user acme%5Cscanner here"), "no user *** here");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Redactor(Vec<SecretString>);

/// Minimum length of a secret that is redacted inside words, in bytes. A shorter one, such as the user id `bi`, is redacted
/// only as a separate word: inside other words it reveals nothing, and redacting it would make every message unreadable.
const MIN_BYTES_IN_WORDS: usize = 3;

/// Maximum number of secrets to search for. Servers choose their cookies: with more secrets than this, no part of a text is
/// shown, so that the search never takes long.
const MAX_SECRETS: usize = 128;

/// Maximum total length of the secrets, in bytes.
const MAX_SECRET_BYTES: usize = 256 * 1024;

/// Maximum number of bytes at the end of a truncated text that are searched for the beginning of a secret.
const MAX_CUT_WINDOW: usize = 64 * 1024;

/// Maximum number of bytes that encode one byte of a secret: `%25255C`, `\\u005c`.
const MAX_SPELLING_BYTES: usize = 7;

/// Maximum length of a text that is searched for an excerpt or a line, in bytes.
const MAX_SOURCE_BYTES: usize = 16 * 1024;

/// Where a secret is redacted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Anywhere,
    AsWord,
}

impl Redactor {
    /// Creates a redactor of these secrets. Empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<_> = secrets
            .into_iter()
            .filter(|secret| !secret.expose_secret().is_empty())
            .collect();
        let exposed = |secret: &SecretString| secret.expose_secret().to_owned();
        secrets.sort_by_cached_key(|secret| {
            (
                std::cmp::Reverse(secret.expose_secret().len()),
                exposed(secret),
            )
        });
        secrets.dedup_by(|one, other| one.expose_secret() == other.expose_secret());
        Self(secrets)
    }

    /// Adds secrets.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = SecretString>) -> Self {
        Self::new(self.0.into_iter().chain(more))
    }

    /// Replaces every occurrence of a secret by `***`: in any case, plain, percent-encoded (once or several times), escaped
    /// as in a JSON string, or escaped as in a web page. The time is linear in the length of the text.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        if self.are_too_many() {
            return REDACTED.to_owned();
        }
        let mut redacted = String::with_capacity(text.len());
        let mut shown = 0;
        for range in self.occurrences(text) {
            redacted.push_str(&text[shown..range.start]);
            redacted.push_str(REDACTED);
            shown = range.end;
        }
        redacted.push_str(&text[shown..]);
        redacted
    }

    /// Redacts a text, puts it on one line and cuts it after 300 characters.
    #[must_use]
    pub fn redact_line(&self, text: &str) -> String {
        one_line(&self.redact(self.without_cut_secret(text)))
    }

    /// The beginning of a response's text, redacted, on one line of at most 300 characters, without the tags of a web page.
    /// `None` if the response has no text.
    #[must_use]
    pub fn excerpt(&self, body: &[u8]) -> Option<String> {
        let text = text_of(body);
        let line = joined(&self.redact(self.without_cut_secret(&text)));
        let line = match is_html(body) {
            true => one_line(&without_repeated_title(line)),
            false => one_line(&line),
        };
        (!line.is_empty()).then_some(line)
    }

    /// The first 16 KiB of a text, and less if they end within a secret. A shorter text may be truncated, too: a response without
    /// a length ends where its connection is closed.
    fn without_cut_secret<'t>(&self, text: &'t str) -> &'t str {
        if self.are_too_many() {
            return text;
        }
        let beginning = &text[..char_boundary::floor(text, MAX_SOURCE_BYTES)];
        let shown = self.shown_of_cut(beginning.as_bytes());
        let is_whole = beginning.len() == text.len();
        match is_whole && beginning.len() - shown < MIN_BYTES_IN_WORDS {
            true => text,
            false => &beginning[..char_boundary::floor(beginning, shown)],
        }
    }

    /// How many bytes of a truncated text may be shown: all up to the place where a secret may begin that the truncation
    /// cut off.
    pub(crate) fn shown_of_cut(&self, text: &[u8]) -> usize {
        let longest = self
            .0
            .first()
            .map_or(0, |secret| secret.expose_secret().len());
        let window = text.len().saturating_sub(MAX_CUT_WINDOW);
        if self.are_too_many() || (window > 0 && longest > MAX_CUT_WINDOW / MAX_SPELLING_BYTES) {
            return 0;
        }
        let tail = &text[window..];
        let tail = &tail[..spelling::without_open_escape(tail)];
        let searches = self.searches();
        let mut shown = tail.len();
        each_spelling(tail, |view| {
            for (search, _) in &searches {
                shown = shown.min(search.open_at_end(view));
            }
        });
        window + shown
    }

    fn searches(&self) -> Vec<(Search<'_>, Match)> {
        let kind = |secret: &SecretString| {
            let is_short = secret.expose_secret().len() < MIN_BYTES_IN_WORDS;
            if is_short {
                Match::AsWord
            } else {
                Match::Anywhere
            }
        };
        let secrets = self.0.iter();
        secrets
            .map(|secret| (Search::new(secret), kind(secret)))
            .collect()
    }

    fn are_too_many(&self) -> bool {
        let lengths = self.0.iter().map(|secret| secret.expose_secret().len());
        self.0.len() > MAX_SECRETS || lengths.sum::<usize>() > MAX_SECRET_BYTES
    }

    /// The ranges of the text that are secrets, in order. They do not overlap.
    fn occurrences(&self, text: &str) -> Vec<Range<usize>> {
        let searches = self.searches();
        let mut found = Vec::new();
        let mut short = Vec::new();
        each_spelling(text.as_bytes(), |view| {
            for (search, kind) in &searches {
                match kind {
                    Match::Anywhere => search.find(view, |range| push(&mut found, range)),
                    Match::AsWord => search.find(view, |range| short.push(range)),
                }
            }
        });
        let mut found = merged(found);
        short.retain(|range| is_word(text, range, &found));
        found.extend(short);
        let whole = |range: Range<usize>| {
            // A match may end inside a character only if the secret is not ASCII.
            char_boundary::floor(text, range.start)..char_boundary::ceil(text, range.end)
        };
        merged(found.into_iter().map(whole).collect())
    }
}

/// Adds a range. The ranges come in order; overlapping ones are merged.
fn push(found: &mut Vec<Range<usize>>, range: Range<usize>) {
    match found.last_mut() {
        Some(last) if last.start <= range.start && range.start < last.end => {
            last.end = last.end.max(range.end)
        }
        _ => found.push(range),
    }
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut merged = Vec::new();
    for range in ranges {
        push(&mut merged, range);
    }
    merged
}

/// Whether the range is a word: no letter or digit that stays visible is next to it.
fn is_word(text: &str, range: &Range<usize>, redacted: &[Range<usize>]) -> bool {
    let is_redacted = |at: usize| {
        let before = redacted.partition_point(|range| range.start <= at);
        before > 0 && redacted[before - 1].contains(&at)
    };
    let before = text
        .get(..range.start)
        .and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    let before = before.filter(|_| !is_redacted(range.start - 1));
    let after = after.filter(|_| !is_redacted(range.end));
    !before.into_iter().chain(after).any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_redacted_in_every_encoding() {
        let secrets = Redactor::new(["ACME\\the scanner", "k3y"].map(SecretString::from));
        let cases = [
            ("user ACME\\the scanner!", "user ***!"),
            ("user acme\\THE Scanner", "user ***"),
            ("user \"ACME\\\\the scanner\"", "user \"***\""),
            ("?u=ACME%5Cthe%20scanner&x", "?u=***&x"),
            ("?u=acme%5cthe+scanner", "?u=***"),
            ("?u=ACME%255Cthe%2520scanner", "?u=***"),
            ("%41CME\\the scanner", "***"),
            ("ACME\\the scannek3y", "ACME\\the scanne***"),
            ("nothing to hide, é %", "nothing to hide, é %"),
        ];
        for (text, expected) in cases {
            assert_eq!(secrets.redact(text), expected, "{text}");
        }
    }

    #[test]
    fn escapes_of_json_and_of_web_pages_are_decoded() {
        let secrets = Redactor::new(["ACME\\a/b&c'd", "50%41x"].map(SecretString::from));
        let cases = [
            (r#""ACME\\a\/b\u0026c\u0027d""#, r#""***""#),
            ("ACME&#92;a/b&amp;c&#39;d", "***"),
            ("ACME&#x5C;a/b&amp;c&apos;d.", "***."),
            ("ACME%5c%5ca%2fb%26c%27d", "***"),
            ("ACME%5ca%2fb%26amp;c%27d", "***"),
            ("ACME%25255ca%2fb%2525252526c%27d", "***"),
            ("50%41x 50%2541x 50%252541x", "*** *** ***"),
        ];
        for (text, expected) in cases {
            assert_eq!(secrets.redact(text), expected, "{text}");
        }
    }

    #[test]
    fn secrets_that_overlap_are_redacted_as_one() {
        let secrets = Redactor::new(["abcd", "cdef", "abab"].map(SecretString::from));
        assert_eq!(secrets.redact("xabcdefx abababab"), "x***x ***");
        let more = secrets.with(vec![SecretString::from("bi")]);
        assert_eq!(more.redact("abcdbi abcdbill bi"), "****** ***bill ***");
    }

    #[test]
    fn a_possible_beginning_of_a_secret_at_a_cut_is_not_shown() {
        let secrets = Redactor::new(["ACME\\scanner", "k3y"].map(SecretString::from));
        let cases = [
            ("hello ACME\\sca", "hello "),
            ("hello acme%5", "hello "),
            ("hello acme%255", "hello "),
            ("hello acme%5Cs", "hello "),
            (r"hello ACME\", "hello "),
            (r"hello ACME\\s", "hello "),
            ("hello ACME&#9", "hello "),
            ("hello ACME\\scanner", "hello ACME\\scanner"),
            ("hello k", "hello "),
            ("hello", "hello"),
            ("", ""),
        ];
        for (text, expected) in cases {
            let shown = secrets.shown_of_cut(text.as_bytes());
            assert_eq!(&text[..shown], expected, "{text}");
        }
        let long = "x".repeat(100_000) + "ACME\\sc";
        assert_eq!(secrets.shown_of_cut(long.as_bytes()), 100_000);
    }

    #[test]
    fn a_text_that_may_be_truncated_ends_before_the_beginning_of_a_secret() {
        let secrets = Redactor::new([SecretString::from("ACME\\scanner")]);
        let cases = [
            ("no user ACME\\sca", "no user"),
            ("<p>no user ACME%5Csca", "no user"),
            ("no user ACME\\scanner", "no user ***"),
            // Two letters reveal nothing.
            ("no data", "no data"),
            ("no user AC", "no user AC"),
        ];
        for (text, expected) in cases {
            assert_eq!(
                secrets.excerpt(text.as_bytes()).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(secrets.redact_line("no user ACME\\s"), "no user");
    }

    #[test]
    fn many_long_secrets_that_almost_match_are_searched_in_linear_time() {
        let cookies =
            (0..30).map(|number| SecretString::from("a".repeat(8_000) + &number.to_string()));
        let secrets = Redactor::new(cookies);
        let page = "a".repeat(16_000);
        assert!(secrets.redact(&page) == page);
        assert_eq!(secrets.shown_of_cut(page.as_bytes()), 8_000);
        let nested =
            Redactor::new((1..100).map(|length| SecretString::from("a".repeat(length * 50))));
        assert_eq!(nested.redact(&page), "***");
        let escapes = "%25".repeat(5_000) + "&#" + &"\\".repeat(5_000);
        assert!(nested.redact(&escapes) == escapes);
    }

    #[test]
    fn no_text_is_shown_if_there_are_too_many_secrets() {
        let many =
            Redactor::new((0..200).map(|number| SecretString::from(format!("secret {number}"))));
        let large = Redactor::new([SecretString::from("x".repeat(300_000))]);
        for secrets in [many, large] {
            assert_eq!(secrets.redact("a page"), "***");
            assert_eq!(secrets.shown_of_cut(b"a page"), 0);
        }
    }

    #[test]
    fn two_backslashes_of_a_secret_are_found_plain_and_escaped() {
        let secrets = Redactor::new([SecretString::from("\\\\x")]);
        assert_eq!(secrets.redact("a\\\\x b"), "a*** b");
        assert_eq!(secrets.redact("a\\\\\\\\x b"), "a*** b");
    }

    #[test]
    fn a_short_secret_is_redacted_as_a_separate_word_only() {
        let secrets = Redactor::new([SecretString::from("bi")]);
        assert_eq!(
            secrets.redact("the combined bi, =bi& (Bi) bill"),
            "the combined ***, =***& (***) bill"
        );
    }

    #[test]
    fn an_excerpt_redacts_secrets_behind_entities() {
        let redactor = Redactor::new([SecretString::from("ACME\\scanner")]);
        let cases = [
            ("no user ACME\\scanner here", Some("no user *** here")),
            ("<p>ACME&#92;scanner</p>", Some("***")),
            (" \n", None),
        ];
        for (body, expected) in cases {
            assert_eq!(
                redactor.excerpt(body.as_bytes()).as_deref(),
                expected,
                "{body}"
            );
        }
    }
}
