//! A JSON web token: its parts, and when it is valid. The signature is the site's to check.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// A JSON web token with its claims.
#[derive(Clone)]
pub(crate) struct Token {
    text: SecretString,
    /// What identifies the account: a digest of the claims that are the same in its next token.
    account: SecretString,
    /// The end of its validity in seconds since 1970, if it has one.
    expires: Option<i64>,
    /// The begin of its validity in seconds since 1970, if it has one.
    not_before: Option<i64>,
}

/// Whether a token is valid at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Validity {
    Valid,
    /// It ended at this time, in seconds since 1970.
    Ended(i64),
    /// It begins at this time, in seconds since 1970.
    NotYet(i64),
}

/// Claims that differ from one token of an account to the next.
const CHANGING_CLAIMS: [&str; 5] = ["exp", "nbf", "iat", "jti", "auth_time"];

/// Maximum difference of two clocks that a begin of validity is forgiven, in seconds.
const MAX_CLOCK_DIFFERENCE: i64 = 60;

/// Minimum length of a part of a token that is redacted by itself, in bytes.
const MIN_SECRET_BYTES: usize = 16;

impl Token {
    /// Reads a token, or returns what is wrong with it as the end of a sentence. Neither contains the token.
    pub(crate) fn parse(text: SecretString) -> Result<Self, &'static str> {
        let parts: Vec<_> = text.expose_secret().split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err("is not a JSON web token: it does not have three parts");
        };
        if object(header).is_none() {
            return Err(
                "is not a JSON web token: its first part is not a JSON object in base64url",
            );
        }
        let Some(mut claims) = object(claims) else {
            return Err(
                "is not a JSON web token: its second part is not a JSON object in base64url",
            );
        };
        if signature.is_empty() || URL_SAFE_NO_PAD.decode(signature).is_err() {
            return Err("has no signature in base64url");
        }
        let (expires, not_before) = (seconds(&claims, "exp"), seconds(&claims, "nbf"));
        claims.retain(|name, _| !CHANGING_CLAIMS.contains(&name.as_str()));
        let account = Sha256::digest(Value::Object(claims).to_string());
        Ok(Self {
            account: SecretString::from(URL_SAFE_NO_PAD.encode(account)),
            text,
            expires,
            not_before,
        })
    }

    pub(crate) fn text(&self) -> &SecretString {
        &self.text
    }

    pub(crate) fn account(&self) -> SecretString {
        self.account.clone()
    }

    /// The token and its parts: a message must not contain the claims or the signature alone either.
    pub(crate) fn secrets(&self) -> Vec<SecretString> {
        let text = self.text.expose_secret();
        let parts = text.split('.').skip(1);
        let parts = parts.filter(|part| part.len() >= MIN_SECRET_BYTES);
        std::iter::once(text)
            .chain(parts)
            .map(SecretString::from)
            .collect()
    }

    /// Whether the token is valid at a time, in seconds since 1970.
    pub(crate) fn validity(&self, now: i64) -> Validity {
        match (self.expires, self.not_before) {
            (Some(end), _) if now >= end => Validity::Ended(end),
            (_, Some(begin)) if now < begin.saturating_sub(MAX_CLOCK_DIFFERENCE) => {
                Validity::NotYet(begin)
            }
            _ => Validity::Valid,
        }
    }
}

/// The object that a part of a token contains.
fn object(part: &str) -> Option<Map<String, Value>> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

/// The value of a claim that is a time. RFC 7519 also allows fractions.
fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let claim = claims.get(name)?;
    claim
        .as_i64()
        .or_else(|| claim.as_f64().map(|seconds| seconds as i64))
}

/// A time as people read it: `2026-01-31 12:00:00 UTC`.
pub(crate) fn readable(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("{seconds} seconds after 1970"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        format!(
            "{}.{}.c2lnbmF0dXJl",
            encode("{\"alg\":\"RS256\"}"),
            encode(claims)
        )
    }

    fn parsed(claims: &str) -> Token {
        Token::parse(token(claims).into()).unwrap()
    }

    #[test]
    fn a_text_that_is_not_a_token_is_refused() {
        let good = token("{}");
        for (text, expected) in [
            ("", "three parts"),
            ("hunter2", "three parts"),
            ("a.b.c.d", "three parts"),
            ("a.b.c", "first part"),
            (&good.replace('.', ".x"), "second part"),
            (good.trim_end_matches("c2lnbmF0dXJl"), "signature"),
        ] {
            let problem = Token::parse(text.into()).err().unwrap();
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }

    #[test]
    fn a_token_is_valid_from_its_begin_to_its_end() {
        let cases = [
            ("{}", Validity::Valid),
            ("{\"exp\":1001}", Validity::Valid),
            ("{\"exp\":1000}", Validity::Ended(1000)),
            ("{\"exp\":999.5}", Validity::Ended(999)),
            ("{\"nbf\":1060}", Validity::Valid),
            ("{\"nbf\":1061}", Validity::NotYet(1061)),
            ("{\"nbf\":\"soon\",\"exp\":null}", Validity::Valid),
        ];
        for (claims, expected) in cases {
            assert_eq!(parsed(claims).validity(1000), expected, "{claims}");
        }
        assert_eq!(readable(1_769_860_800), "2026-01-31 12:00:00 UTC");
    }

    #[test]
    fn tokens_of_one_account_have_the_same_account() {
        let account = |claims| parsed(claims).account().expose_secret().to_owned();
        let first = account("{\"userId\":\"ada\",\"exp\":1,\"iat\":0,\"jti\":\"a\"}");
        assert_eq!(first, account("{\"exp\":2,\"nbf\":1,\"userId\":\"ada\"}"));
        assert_ne!(first, account("{\"userId\":\"ben\"}"));
    }
}
