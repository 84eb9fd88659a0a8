//! Secrets are taken out of whatever a site or a library says before it becomes part of an error.

mod search;
mod spelling;

use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use search::Search;
use spelling::each_spelling;

const REDACTED: &str = "***";

/// What must not show in any text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

/// A shorter secret, such as the user id `bi`, is redacted only as a word of its own: inside of others it would make
/// every message unreadable and give nothing away.
const SHORTEST_IN_WORDS: usize = 3;

/// Maximum number of secrets that are looked for, and of their bytes in all. A site chooses its cookies: beyond this
/// no part of a text is shown, so that looking for them never takes long.
const MAX_SECRETS: usize = 128;
const MAX_SECRET_BYTES: usize = 256 * 1024;

/// How much at the end of a text is searched for a secret that a cut goes through, in bytes.
const MAX_CUT_WINDOW: usize = 64 * 1024;

/// How many bytes may spell one byte of a secret, within reason: `%25255C`, `\\u005c`.
const LONGEST_SPELLING: usize = 7;

/// How a match of a secret is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    Anywhere,
    AsWord,
}

impl Secrets {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
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

    pub(crate) fn and(self, more: Vec<SecretString>) -> Self {
        Self::new(self.0.into_iter().chain(more))
    }

    /// The text with every occurrence of a secret redacted, in whatever case it is written, plain, percent-encoded
    /// (once or several times), as in a JSON string, or as in a web page. Takes time that grows with the length of the
    /// text, whatever the secrets are.
    pub(crate) fn scrub(&self, text: &str) -> String {
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

    /// How much of a text that was cut off may be shown, in bytes: up to where a secret may begin that the cut goes
    /// through.
    pub(crate) fn shown_of_cut(&self, text: &[u8]) -> usize {
        let longest = self
            .0
            .first()
            .map_or(0, |secret| secret.expose_secret().len());
        let window = text.len().saturating_sub(MAX_CUT_WINDOW);
        if self.are_too_many() || (window > 0 && longest > MAX_CUT_WINDOW / LONGEST_SPELLING) {
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
            let is_short = secret.expose_secret().len() < SHORTEST_IN_WORDS;
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

    /// Where secrets are in the text, in order; they do not overlap.
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
            text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
        };
        merged(found.into_iter().map(whole).collect())
    }
}

/// Adds a range to those of the same secret, which come in order.
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

/// Whether no letter or digit that stays readable is next to the range.
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
    fn a_secret_is_blackened_however_it_is_spelled() {
        let secrets = Secrets::new(["ACME\\the scanner", "k3y"].map(SecretString::from));
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
            assert_eq!(secrets.scrub(text), expected, "{text}");
        }
    }

    #[test]
    fn spellings_of_json_and_of_pages_are_known() {
        let secrets = Secrets::new(["ACME\\a/b&c'd", "50%41x"].map(SecretString::from));
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
            assert_eq!(secrets.scrub(text), expected, "{text}");
        }
    }

    #[test]
    fn secrets_that_overlap_are_redacted_as_one() {
        let secrets = Secrets::new(["abcd", "cdef", "abab"].map(SecretString::from));
        assert_eq!(secrets.scrub("xabcdefx abababab"), "x***x ***");
        let more = secrets.and(vec![SecretString::from("bi")]);
        assert_eq!(more.scrub("abcdbi abcdbill bi"), "****** ***bill ***");
    }

    #[test]
    fn what_may_begin_a_secret_is_not_shown_where_a_text_is_cut() {
        let secrets = Secrets::new(["ACME\\scanner", "k3y"].map(SecretString::from));
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
    fn many_long_secrets_that_nearly_match_take_no_time_to_speak_of() {
        let cookies =
            (0..30).map(|number| SecretString::from("a".repeat(8_000) + &number.to_string()));
        let secrets = Secrets::new(cookies);
        let page = "a".repeat(16_000);
        assert!(secrets.scrub(&page) == page);
        assert_eq!(secrets.shown_of_cut(page.as_bytes()), 8_000);
        let nested =
            Secrets::new((1..100).map(|length| SecretString::from("a".repeat(length * 50))));
        assert_eq!(nested.scrub(&page), "***");
        let escapes = "%25".repeat(5_000) + "&#" + &"\\".repeat(5_000);
        assert!(nested.scrub(&escapes) == escapes);
    }

    #[test]
    fn nothing_is_shown_where_there_are_too_many_secrets_to_look_for() {
        let many =
            Secrets::new((0..200).map(|number| SecretString::from(format!("secret {number}"))));
        let large = Secrets::new([SecretString::from("x".repeat(300_000))]);
        for secrets in [many, large] {
            assert_eq!(secrets.scrub("a page"), "***");
            assert_eq!(secrets.shown_of_cut(b"a page"), 0);
        }
    }

    #[test]
    fn two_backslashes_of_a_secret_are_found_plain_and_escaped() {
        let secrets = Secrets::new([SecretString::from("\\\\x")]);
        assert_eq!(secrets.scrub("a\\\\x b"), "a*** b");
        assert_eq!(secrets.scrub("a\\\\\\\\x b"), "a*** b");
    }

    #[test]
    fn a_short_secret_is_blackened_as_a_word_alone() {
        let secrets = Secrets::new([SecretString::from("bi")]);
        assert_eq!(
            secrets.scrub("the combined bi, =bi& (Bi) bill"),
            "the combined ***, =***& (***) bill"
        );
    }
}
