//! Who asks: a header that a virtual proxy trusts.

use std::fmt;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::Error;

/// The header that a virtual proxy with header authentication is told to trust, and its value.
///
/// Whoever reaches such a virtual proxy with that header *is* that user, so the value is a secret:
/// it shows in no text of this crate and is sent marked as sensitive. It is opaque: whether it is a
/// user id or `DOMAIN\user` depends on the virtual proxy.
#[derive(Clone)]
pub struct HeaderCredentials {
    name: HeaderName,
    /// US-ASCII without control characters, not empty, no space at either end.
    value: SecretString,
}

/// Headers that Qlik Sense keeps for itself (Qlik help, Header authentication), in lower case.
const QLIKS_OWN: [&str; 7] = [
    "x-qlik-security",
    "x-qlik-user",
    "x-qlik-proxysession",
    "x-qlik-proxyid",
    "x-qlik-trace",
    "x-qlik-app",
    "x-qlik-capabilities",
];

/// Headers that the client or HTTP itself needs.
const THE_CLIENTS_OWN: [&str; 14] = [
    "x-qlik-xrfkey",
    "cookie",
    "host",
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl HeaderCredentials {
    /// Takes the name of the header and its value.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the name is no header's
    /// name or one that Qlik Sense or the client needs for itself, in whatever case it is written,
    /// or if the value is empty or holds anything but printable US-ASCII.
    pub fn new(name: &str, value: SecretString) -> Result<Self, Error> {
        let name = header_name(name)?;
        if let Some(flaw) = flaw(value.expose_secret()) {
            return Err(Error::configuration(format!(
                "the value of the header `{name}` {flaw}"
            )));
        }
        Ok(Self { name, value })
    }

    /// The header's name, in lower case.
    #[must_use]
    pub fn header(&self) -> &str {
        self.name.as_str()
    }

    pub(crate) fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The value: to send it, to tie a session to it, and to blacken it in texts.
    pub(crate) fn value(&self) -> &SecretString {
        &self.value
    }

    pub(crate) fn header_value(&self) -> HeaderValue {
        let mut value = HeaderValue::from_str(self.value.expose_secret())
            .expect("the constructor took printable US-ASCII only");
        value.set_sensitive(true);
        value
    }
}

impl fmt::Debug for HeaderCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeaderCredentials")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    let parsed = HeaderName::from_bytes(name.trim().as_bytes());
    let Ok(parsed) = parsed else {
        return Err(
            Error::configuration("that is not a header's name").with_hint(
                "a header's name has letters, digits and dashes, such as `X-Scanner-User`",
            ),
        );
    };
    if QLIKS_OWN.contains(&parsed.as_str()) {
        return Err(Error::configuration(format!(
            "the header `{parsed}` belongs to Qlik Sense and can't say who asks"
        ))
        .with_hint("choose a name of your own in the virtual proxy, such as `X-Scanner-User`"));
    }
    if THE_CLIENTS_OWN.contains(&parsed.as_str()) {
        return Err(Error::configuration(format!(
            "the header `{parsed}` is needed for the request itself"
        ))
        .with_hint("choose a name of your own in the virtual proxy, such as `X-Scanner-User`"));
    }
    Ok(parsed)
}

fn flaw(value: &str) -> Option<String> {
    if value.is_empty() {
        return Some("is empty".to_owned());
    }
    if value.starts_with(' ') || value.ends_with(' ') {
        return Some("begins or ends with a space".to_owned());
    }
    let strange = value.chars().position(|c| !matches!(c, ' '..='~'))?;
    Some(format!(
        "must be printable US-ASCII, which its character {} is not",
        strange + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &str) -> Result<HeaderCredentials, String> {
        HeaderCredentials::new(name, SecretString::from(value)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_of_qlik_or_of_http_is_refused_in_any_case() {
        for name in QLIKS_OWN.into_iter().chain(THE_CLIENTS_OWN) {
            assert!(check(name, "scanner").is_err(), "{name}");
            assert!(check(&name.to_uppercase(), "scanner").is_err(), "{name}");
        }
        assert!(check("X-Qlik-Scanner", "scanner").is_ok());
        for name in ["", "a b", "a:", "é"] {
            assert!(
                check(name, "scanner")
                    .unwrap_err()
                    .contains("not a header's name")
            );
        }
    }

    #[test]
    fn a_value_is_printable_us_ascii_and_never_repeated() {
        assert!(check("X-User", "ACME\\scanner; x='1'").is_ok());
        let cases = [
            ("", "empty"),
            ("hunter2\n", "character 8"),
            ("hünter2", "character 2"),
            ("hunter2 ", "space"),
        ];
        for (value, expected) in cases {
            let message = check("X-User", value).unwrap_err();
            assert!(message.contains(expected), "{message}");
            assert!(!message.contains("nter2"), "{message}");
        }
    }

    #[test]
    fn debug_shows_the_name_alone() {
        let credentials = check("X-User", "hunter2").unwrap();
        assert_eq!(
            format!("{credentials:?}"),
            "HeaderCredentials { name: \"x-user\", .. }"
        );
        assert!(!format!("{:?}", credentials.header_value()).contains("hunter2"));
    }
}
