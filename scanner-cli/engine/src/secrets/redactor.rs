//! Redacts secrets in texts.

use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded::byte_serialize};

use crate::hocon::MASK;

/// A set of secrets, in all spellings that may occur in texts.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    spellings: Vec<SecretString>,
    /// Number of secrets.
    count: usize,
}

/// Maximum number of secrets of a file. Each is searched in every text about its connection.
pub(super) const MAX_SECRETS: usize = 1_000;

/// Maximum number of bytes of a secret that is searched. Longer texts are not valid settings, and are not quoted.
const MAX_SECRET_BYTES: usize = 10_000;

/// Minimum number of characters of a secret that is searched everywhere. A shorter secret is only redacted in quotes or
/// as a part of an address, because it would occur in ordinary words.
const MIN_SEARCH_LENGTH: usize = 4;

impl Redactor {
    /// Adds a secret. If it is an address, its parts are also secrets, because messages contain host names.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if self.count > MAX_SECRETS || secret.len() > MAX_SECRET_BYTES || self.is(secret) {
            return;
        }
        self.count += 1;
        let parts = address_parts(secret).filter(|part| !is_short(part));
        for part in std::iter::once(secret).chain(parts) {
            for spelling in spellings(part) {
                self.add_spelling(spelling);
            }
        }
    }

    /// Whether there are more secrets than the maximum.
    pub fn has_too_many(&self) -> bool {
        self.count > MAX_SECRETS
    }

    /// Whether the text is one of the secrets.
    pub fn is(&self, text: &str) -> bool {
        let text = text.trim().to_ascii_lowercase();
        self.spellings
            .iter()
            .any(|secret| secret.expose_secret() == text)
    }

    /// Whether there are no secrets.
    pub fn is_empty(&self) -> bool {
        self.spellings.is_empty()
    }

    /// Replaces every secret in a text with stars. Case is ignored.
    pub fn redact(&self, text: String) -> String {
        let secrets = self.spellings.iter().map(SecretString::expose_secret);
        secrets.fold(text, without)
    }

    /// Number of characters of the longest secret, at least the number of stars that replace it.
    pub fn longest(&self) -> usize {
        let lengths = self
            .spellings
            .iter()
            .map(|one| one.expose_secret().chars().count());
        lengths.max().unwrap_or(0).max(MASK.len())
    }

    fn add_spelling(&mut self, spelling: String) {
        let known = |known: &SecretString| known.expose_secret() == spelling;
        if spelling.is_empty() || self.spellings.iter().any(known) {
            return;
        }
        // The longest first, so that a shorter secret that is a part of it does not leave the rest readable.
        let is_longer = |known: &SecretString| known.expose_secret().len() >= spelling.len();
        let at = self.spellings.partition_point(is_longer);
        self.spellings.insert(at, spelling.into());
    }
}

/// The spellings of a secret in texts: plain, as a part of a URL, as a host, and in quotes; all in lower case.
fn spellings(secret: &str) -> Vec<String> {
    let plain = secret.to_ascii_lowercase();
    if is_short(secret) {
        return vec![plain];
    }
    let form: String = byte_serialize(plain.as_bytes()).collect();
    let percent = form.replace('+', "%20");
    let json = serde_json::Value::from(plain.as_str()).to_string();
    let json = json.trim_matches('"').to_owned();
    let host = Url::parse(&format!("http://{plain}/")).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    let host = host.filter(|_| !plain.contains(['/', '\\', '@', ':', '?', '#']));
    let mut spellings = vec![plain, form, percent, json];
    spellings.extend(host);
    for spelling in &mut spellings {
        spelling.make_ascii_lowercase();
    }
    spellings
}

/// The parts of a secret that is an address or the start of one, such as hosts and users.
fn address_parts(secret: &str) -> impl Iterator<Item = &str> {
    let rest = secret.split_once("://").map_or(secret, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let parts = authority.split(['@', ':']);
    parts.filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_short(secret: &str) -> bool {
    secret.chars().count() < MIN_SEARCH_LENGTH
}

/// Replaces a secret in lower case with stars.
fn without(text: String, secret: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::new();
    let mut rest = 0;
    for (start, found) in lower.match_indices(secret) {
        let end = start + found.len();
        if is_short(secret) && !is_marked_off(&text, start, end) {
            continue;
        }
        clean.push_str(&text[rest..start]);
        clean.push_str(MASK);
        rest = end;
    }
    if rest == 0 {
        return text;
    }
    clean.push_str(&text[rest..]);
    clean
}

/// Whether a part of a text is between quotes or the separators of an address.
fn is_marked_off(text: &str, start: usize, end: usize) -> bool {
    const MARKS: [char; 6] = ['`', '"', '\'', '/', ':', '@'];
    let after = &text[end..];
    text[..start].ends_with(MARKS) && (after.is_empty() || after.starts_with(MARKS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(secret: &str, cases: &[(&str, &str)]) {
        let mut redactor = Redactor::default();
        redactor.add(secret);
        for (text, expected) in cases {
            let clean = redactor.redact((*text).to_owned());
            assert_eq!(clean, expected.replace("***", MASK), "{secret}");
        }
        assert!(!format!("{redactor:?}").contains(secret));
    }

    #[test]
    fn a_secret_is_redacted_in_all_spellings() {
        check(
            "ACME\\the Scanner",
            &[
                ("user ACME\\the Scanner!", "user ***!"),
                ("user acme\\the scanner", "user ***"),
                ("?u=ACME%5Cthe%20Scanner&x", "?u=***&x"),
                ("?u=acme%5cthe+scanner", "?u=***"),
                ("\"ACME\\\\the Scanner\"", "\"***\""),
                ("twice ACME\\the Scanner ACME\\the Scanner", "twice *** ***"),
                ("the scanner of ACME, é", "the scanner of ACME, é"),
            ],
        );
    }

    #[test]
    fn the_parts_of_a_secret_address_are_redacted() {
        let address = "https://Ann:hunter2@Qlik.example.com:4242/vp";
        check(
            address,
            &[
                ("no answer from qlik.example.com", "no answer from ***"),
                (
                    "https://qlik.example.com:4242/vp/qrs",
                    "https://***:4242/vp/qrs",
                ),
                ("user hunter2", "user ***"),
            ],
        );
        check(
            "bücher.example",
            &[("at xn--bcher-kva.example:1", "at ***:1")],
        );
    }

    #[test]
    fn a_short_secret_is_redacted_in_quotes_and_addresses() {
        check(
            "qs",
            &[
                ("https://qs/vp", "https://***/vp"),
                ("`qs` is not a number", "`***` is not a number"),
                ("the qsort of qs", "the qsort of qs"),
            ],
        );
    }
}
