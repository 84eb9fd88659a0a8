//! The secrets that were redactor out, to be taken out of texts.

use secrecy::{ExposeSecret, SecretString};
use url::{Url, form_urlencoded::byte_serialize};

use crate::hocon::MASK;

/// Secrets, however a text may spell them.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    spellings: Vec<SecretString>,
    /// How many secrets were noted.
    count: usize,
}

/// Maximum number of secrets of a file. Each is searched for in every text about its connection.
pub(super) const MAX_SECRETS: usize = 1_000;

/// Maximum number of bytes of a secret that is searched for. No setting takes a longer text, nor quotes it.
const MAX_SECRET_BYTES: usize = 10_000;

/// A shorter secret is only looked for where a message quotes it, or between the marks of an address: elsewhere it would
/// be found in words.
const SHORT: usize = 4;

impl Redactor {
    /// Notes a secret. A part of an address that it holds is one, too: messages name hosts.
    pub fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if self.count > MAX_SECRETS || secret.len() > MAX_SECRET_BYTES || self.is(secret) {
            return;
        }
        self.count += 1;
        let parts = address_parts(secret).filter(|part| !is_short(part));
        for part in std::iter::once(secret).chain(parts) {
            for spelling in spellings(part) {
                self.note(spelling);
            }
        }
    }

    /// Whether there are more secrets than are searched for.
    pub fn has_too_many(&self) -> bool {
        self.count > MAX_SECRETS
    }

    /// Whether this very text was redactor out.
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

    /// The text with stars for every secret, in whatever case it is written.
    pub fn redact(&self, text: String) -> String {
        let secrets = self.spellings.iter().map(SecretString::expose_secret);
        secrets.fold(text, without)
    }

    /// How many letters the longest has, stars for it included.
    pub fn longest(&self) -> usize {
        let lengths = self
            .spellings
            .iter()
            .map(|one| one.expose_secret().chars().count());
        lengths.max().unwrap_or(0).max(MASK.len())
    }

    fn note(&mut self, spelling: String) {
        let known = |known: &SecretString| known.expose_secret() == spelling;
        if spelling.is_empty() || self.spellings.iter().any(known) {
            return;
        }
        // The longest first, so that a short one that is part of it does not leave the rest readable.
        let is_longer = |known: &SecretString| known.expose_secret().len() >= spelling.len();
        let at = self.spellings.partition_point(is_longer);
        self.spellings.insert(at, spelling.into());
    }
}

/// How texts may spell a secret: plain, as a part of a URL, as its host, and between quotes; all in lower case.
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

/// Hosts and users of a secret that is an address or the beginning of one, and whatever else stands between its marks.
fn address_parts(secret: &str) -> impl Iterator<Item = &str> {
    let rest = secret.split_once("://").map_or(secret, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let parts = authority.split(['@', ':']);
    parts.filter(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_short(secret: &str) -> bool {
    secret.chars().count() < SHORT
}

/// The text with stars for a secret in lower case.
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

/// Whether a part of a text stands between quotes or the marks of an address.
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
    fn a_secret_is_found_however_it_is_spelled() {
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
    fn the_host_and_the_user_of_a_secret_address_are_secrets() {
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
    fn a_short_secret_is_found_where_it_is_marked_off() {
        check(
            "qs",
            &[
                ("https://qs/vp", "https://***/vp"),
                ("`qs` is no number", "`***` is no number"),
                ("the qsort of qs", "the qsort of qs"),
            ],
        );
    }
}
