//! Secrets are taken out of whatever a site or a library says before it becomes part of an error.

use secrecy::{ExposeSecret, SecretString};

const BLACKENED: &str = "***";

/// What must not show in any text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

/// How the text may spell a secret. Percent-encoding is looked through in both.
#[derive(Clone, Copy)]
enum Spelling {
    Plain,
    /// With backslashes before quotes and backslashes, as in a JSON string.
    Json,
}

impl Secrets {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut secrets: Vec<_> = secrets
            .into_iter()
            .filter(|secret| !secret.expose_secret().is_empty())
            .collect();
        // The longest first, lest a short one that is part of it leaves the rest readable.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self(secrets)
    }

    pub(crate) fn and(self, more: Vec<SecretString>) -> Self {
        Self::new(self.0.into_iter().chain(more))
    }

    /// The text with every occurrence of a secret blackened, in whatever case it is written,
    /// plain, percent-encoded (once or several times) or as in a JSON string.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text;
        let mut before = None;
        while let Some(next) = rest.chars().next() {
            let found = self.length_at_start(rest, before);
            // A match may end inside a character only if the secret is not ASCII.
            match found.and_then(|length| rest.get(length..)) {
                Some(after) => {
                    clean.push_str(BLACKENED);
                    before = Some('*');
                    rest = after;
                }
                None => {
                    clean.push(next);
                    before = Some(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        clean
    }

    /// The length of a secret that begins here, where `before` is the character before.
    fn length_at_start(&self, text: &str, before: Option<char>) -> Option<usize> {
        let bytes = text.as_bytes();
        self.0.iter().find_map(|secret| {
            let secret = secret.expose_secret().as_bytes();
            let length = spelled(bytes, secret, Spelling::Plain)
                .or_else(|| spelled(bytes, secret, Spelling::Json))?;
            let after = text.get(length..).and_then(|after| after.chars().next());
            let inside_word = [before, after]
                .into_iter()
                .flatten()
                .any(char::is_alphanumeric);
            (secret.len() >= SHORTEST_IN_WORDS || !inside_word).then_some(length)
        })
    }
}

/// A shorter secret, such as the user id `bi`, is blackened only as a word of its own: inside of others it would make
/// every message unreadable and give nothing away.
const SHORTEST_IN_WORDS: usize = 3;

/// How many bytes at the start of the text spell the secret.
fn spelled(text: &[u8], secret: &[u8], spelling: Spelling) -> Option<usize> {
    let mut at = 0;
    for wanted in secret {
        at += unit(&text[at..], *wanted, spelling)?;
    }
    Some(at)
}

/// How many bytes at the start of the text spell one byte of a secret.
fn unit(text: &[u8], wanted: u8, spelling: Spelling) -> Option<usize> {
    if matches!(spelling, Spelling::Json) && matches!(wanted, b'\\' | b'"' | b'/') {
        let backslash = unit(text, b'\\', Spelling::Plain);
        let escaped = backslash.and_then(|backslash| {
            Some(backslash + unit(&text[backslash..], wanted, Spelling::Plain)?)
        });
        if escaped.is_some() {
            return escaped;
        }
    }
    let first = *text.first()?;
    if first.eq_ignore_ascii_case(&wanted) || (wanted == b' ' && first == b'+') {
        return Some(1);
    }
    if first != b'%' {
        return None;
    }
    // `%255C` is a `%5C` that was encoded once more.
    let mut digits = 1;
    while text[digits..].starts_with(b"25") && is_hex(text.get(digits + 2..digits + 4)) {
        digits += 2;
    }
    let code = text.get(digits..digits + 2)?;
    let code = u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?;
    code.eq_ignore_ascii_case(&wanted).then_some(digits + 2)
}

fn is_hex(digits: Option<&[u8]>) -> bool {
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
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
